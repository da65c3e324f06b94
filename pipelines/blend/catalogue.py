"""The models there are, by name; recipes, the command line and saved models find their class here."""

from __future__ import annotations

from pathlib import Path

from pipelines.blend.hybrid import MEMBERS, HybridModel
from pipelines.models.base import Model
from pipelines.models.parts.storage import read_header
from warehouse.errors import UnknownModelError

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


def load_model(folder: Path, *, mmap: bool = True) -> Model:
    """Load whichever model was saved in ``folder``."""
    return model_class(str(read_header(folder).get("model"))).load(folder, mmap=mmap)
