"""Recipes: chosen hyper-parameters as TOML, one file a model, or one a model and protocol."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from warehouse.errors import ConfigError

RECIPES = Path(__file__).resolve().parents[1] / "recipes"
DIGITS = 6


def read_file(name: str, protocol: str | None = None, folder: Path = RECIPES) -> dict[str, Any]:
    """Return what ``<name>.<protocol>.toml`` says where there is one, else ``<name>.toml``, else nothing.

    Raises
    ------
    ConfigError
        If the file is not valid TOML.
    """
    for path in ([folder / f"{name}.{protocol}.toml"] if protocol else []) + [folder / f"{name}.toml"]:
        if path.exists():
            try:
                return tomllib.loads(path.read_text(encoding="utf-8"))
            except tomllib.TOMLDecodeError as error:
                raise ConfigError(f"{path} is not valid TOML: {error}") from error
    return {}


def merge(values: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``values`` with ``overrides`` laid over them, table by table; a dotted key names a value in a table."""
    merged = dict(values)
    for key, value in overrides.items():
        head, _, rest = key.partition(".")
        laid = {rest: value} if rest else value
        if isinstance(laid, Mapping):
            table = merged.get(head)
            merged[head] = merge(table if isinstance(table, Mapping) else {}, laid)
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
    lines += [f"{key} = {_value(value)}" for key, value in plain.items()]
    for key, value in values.items():
        if isinstance(value, Mapping):
            _table(value, f"{prefix}.{key}" if prefix else key, lines)


def _value(value: Any) -> str:
    # JSON writes strings, numbers, truth values and lists as TOML does
    return json.dumps(round(value, DIGITS) if isinstance(value, float) else value)
