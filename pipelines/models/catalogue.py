"""The models there are, by name; recipes, the command line and saved models find their class here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipelines.models.base import Model
from pipelines.models.hybrid import MEMBERS, HybridConfig, HybridModel
from pipelines.models.recipes import RECIPES, merge, read_file
from pipelines.models.storage import read_header
from warehouse.errors import ConfigError, UnknownModelError

MODELS: dict[str, type[Model]] = {**MEMBERS, HybridModel.name: HybridModel}


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


def read_recipe(name: str, protocol: str | None = None, folder: Path = RECIPES) -> dict[str, Any]:
    """Return the hyper-parameters that were chosen for a model; without a recipe, nothing: its defaults hold.

    ``<name>.<protocol>.toml`` is read where there is one, else ``<name>.toml``, which won on `next` and is what ships.
    The hybrid's members bring their own recipes for the same protocol; its file may change single values of theirs.
    """
    values = read_file(name, protocol, folder)
    if name == HybridModel.name:
        weights = values.get("weights", HybridConfig().weights)
        own = {member: read_recipe(member, protocol, folder) for member in weights}
        values = merge({"members": own}, values)
    return values


def make_model(
    name: str, overrides: Mapping[str, Any] | None = None, *, protocol: str | None = None, folder: Path = RECIPES
) -> Model:
    """Make an unfitted model from its recipe, with single values overridden.

    Parameters
    ----------
    overrides : mapping, optional
        Nested (``{"history": {"decay": 0.9}}``) or dotted (``{"history.decay": 0.9}``).
    protocol : str, optional
        Whose recipe to take; by default the shipped one.

    Raises
    ------
    UnknownModelError
        If no model has that name.
    ConfigError
        If a hyper-parameter is unknown or out of range; the message names it.
    """
    kind = model_class(name)
    values = merge(read_recipe(name, protocol, folder), overrides or {})
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
