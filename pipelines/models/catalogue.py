"""The models there are, by name; recipes, the command line and saved models find their class here."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipelines.models.base import Model
from pipelines.models.hybrid import MEMBERS, HybridModel
from pipelines.models.storage import read_header
from warehouse.errors import ConfigError, UnknownModelError

MODELS: dict[str, type[Model]] = {**MEMBERS, HybridModel.name: HybridModel}

RECIPES = Path(__file__).resolve().parents[1] / "recipes"


def model_class(name: str) -> type[Model]:
    """Return the class of a model.

    Raises
    ------
    UnknownModelError
        If no model has that name.
    """
    if name not in MODELS:
        raise UnknownModelError(f"no model is called {name!r}; there are {', '.join(MODELS)}")
    return MODELS[name]


def read_recipe(name: str, folder: Path = RECIPES) -> dict[str, Any]:
    """Return the hyper-parameters of ``recipes/<name>.toml``; a model without a recipe has its defaults."""
    path = folder / f"{name}.toml"
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error


def make_model(name: str, overrides: dict[str, Any] | None = None, *, folder: Path = RECIPES) -> Model:
    """Make an unfitted model from its recipe, with single values overridden.

    Raises
    ------
    UnknownModelError
        If no model has that name.
    ConfigError
        If a hyper-parameter is unknown or out of range; the message names it.
    """
    kind = model_class(name)
    values = {**read_recipe(name, folder), **(overrides or {})}
    try:
        return kind(kind.config_class.model_validate(values))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        known = ", ".join(kind.config_class.model_fields)
        raise ConfigError(f"{name}: {where}: {first['msg']}; its parameters are {known}") from error


def load_model(folder: Path, *, mmap: bool = True) -> Model:
    """Load whichever model was saved in ``folder``."""
    return model_class(str(read_header(folder).get("model"))).load(folder, mmap=mmap)
