"""Recipes: chosen hyper-parameters as TOML, one file a model, or one a model and protocol.

The project ships some; a data folder's own ``recipes/`` may hold others, and a file there stands in place of the
shipped file of the same name. A recipe that was published is not read from files at all: see `from_recipe`.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipelines.blend.catalogue import model_class
from pipelines.blend.channels import split_name
from pipelines.blend.hybrid import HybridConfig, HybridModel
from pipelines.models.base import Model
from warehouse.errors import ConfigError
from warehouse.folder import DataFolder

RECIPES = Path(__file__).resolve().parents[1] / "recipes"
SHIPPED = (RECIPES,)
DIGITS = 6
HASH_DIGITS = 12

BY_CHANNEL = ("weights",)
"""Tables whose keys are channels, which have points in their names."""

Folders = tuple[Path, ...]
"""Where recipes are looked for, the first one first."""


def recipe_folders(folder: DataFolder) -> Folders:
    """Return where a data folder's recipes are looked for: its own ``recipes/``, then those that ship."""
    return (folder.recipes, *SHIPPED)


def file_name(name: str, protocol: str | None = None) -> str:
    """Return the name of a recipe's file; a model's recipe for `next` is the one that ships, without a protocol."""
    return f"{name}.toml" if protocol in (None, "next") else f"{name}.{protocol}.toml"


def read_file(name: str, protocol: str | None = None, folders: Folders = SHIPPED) -> dict[str, Any]:
    """Return what ``<name>.<protocol>.toml`` says where there is one, else ``<name>.toml``, else nothing.

    Raises
    ------
    ConfigError
        If the file is not valid TOML.
    """
    names = dict.fromkeys((file_name(name, protocol), file_name(name)))
    for path in (folder / each for each in names for folder in folders):
        if path.exists():
            try:
                return tomllib.loads(path.read_text(encoding="utf-8"))
            except tomllib.TOMLDecodeError as error:
                raise ConfigError(f"{path} is not valid TOML: {error}") from error
    return {}


def read_recipe(name: str, protocol: str | None = None, folders: Folders = SHIPPED) -> dict[str, Any]:
    """Return the hyper-parameters that were chosen for a model; without a recipe, nothing: its defaults hold.

    ``<name>.<protocol>.toml`` is read where there is one, else ``<name>.toml``, which won on `next` and is what ships.
    The hybrid's members bring their own recipes for the same protocol; its file may change single values of theirs.
    """
    values = read_file(name, protocol, folders)
    if name == HybridModel.name:
        shipped = HybridConfig()
        channels = (*values.get("weights", shipped.weights), *values.get("channels", ()))
        members = {split_name(channel)[0] for channel in channels} | set(values.get("alike", shipped.alike))
        own = {member: read_recipe(member, protocol, folders) for member in sorted(members)}
        values = merge({"members": own}, values)
    return values


def make_model(
    name: str,
    overrides: Mapping[str, Any] | None = None,
    *,
    protocol: str | None = None,
    folders: Folders = SHIPPED,
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
    model_class(name)  # a wrong name is told before its file is looked for
    return from_recipe(name, merge(read_recipe(name, protocol, folders), overrides or {}))


def from_recipe(name: str, recipe: Mapping[str, Any]) -> Model:
    """Make an unfitted model from a whole recipe, such as a release's; no file is read and nothing is merged in.

    Raises
    ------
    UnknownModelError
        If no model has that name.
    ConfigError
        If a hyper-parameter is unknown or out of range; the message names it.
    """
    kind = model_class(name)
    try:
        return kind(kind.config_class.model_validate(dict(recipe)))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        known = ", ".join(kind.config_class.model_fields)
        raise ConfigError(f"{name}: {where}: {first['msg']}; its parameters are {known}") from error


def recipe_hash(name: str, recipe: Mapping[str, Any]) -> str:
    """Return twelve hex digits that are equal when and only when the model and its whole recipe are."""
    text = json.dumps([name, recipe], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:HASH_DIGITS]


def merge(values: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``values`` with ``overrides`` laid over them, table by table; a dotted key names a value in a table.

    ``weights.ease.likes`` is the weight of the channel ``ease.likes``.
    """
    merged = dict(values)
    for key, value in overrides.items():
        head, _, rest = key.partition(".")
        laid = {rest: value} if rest else value
        if isinstance(laid, Mapping):
            table = merged.get(head)
            table = table if isinstance(table, Mapping) else {}
            merged[head] = {**table, **laid} if head in BY_CHANNEL else merge(table, laid)
        else:
            merged[head] = laid
    return merged


def to_toml(values: Mapping[str, Any], comment: str = "") -> str:
    """Write a recipe: plain values first, then its tables; floats with at most six digits after the point.

    Parameters
    ----------
    comment : str
        Where the values come from; put on top, a ``#`` before each line.
    """
    lines = [f"# {line}" for line in comment.splitlines()]
    _table(values, "", lines)
    return "\n".join(lines) + "\n"


def _table(values: Mapping[str, Any], prefix: str, lines: list[str]) -> None:
    plain = {key: value for key, value in values.items() if not isinstance(value, Mapping)}
    if prefix and plain:
        lines += ["", f"[{prefix}]"]
    lines += [f"{json.dumps(key) if '.' in key else key} = {_value(value)}" for key, value in plain.items()]
    for key, value in values.items():
        if isinstance(value, Mapping):
            _table(value, f"{prefix}.{key}" if prefix else key, lines)


def _value(value: Any) -> str:
    # JSON writes strings, numbers, truth values and lists as TOML does
    return json.dumps(round(value, DIGITS) if isinstance(value, float) else value)
