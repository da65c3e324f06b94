"""Answers made into shapes: a field that a newer server adds is passed over; one that an older one lacks is None."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from types import UnionType
from typing import Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

Shape = TypeVar("Shape")
MORE = "more"
"""The field of a shape that takes whatever else there is."""


def read(shape: type[Shape], answer: Any) -> Shape:
    """Return a JSON object as a shape.

    Raises
    ------
    TypeError, ValueError
        If it is something else; the message names the field.
    """
    if not isinstance(answer, Mapping):
        raise TypeError(f"a {shape.__name__} is an object")
    values: dict[str, Any] = {}
    kinds = dict(_fields(cast(Any, shape)))
    for name, kind in kinds.items():
        if name == MORE:
            continue
        try:
            values[name] = _value(kind, answer.get(name))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{shape.__name__}.{name}: {error}") from None
    if MORE in kinds:
        values[MORE] = {name: value for name, value in answer.items() if name not in kinds}
    return shape(**values)


@lru_cache(maxsize=64)
def _fields(shape: Any) -> tuple[tuple[str, Any], ...]:
    hints = get_type_hints(shape)
    return tuple((field.name, hints[field.name]) for field in dataclasses.fields(shape))


def _value(kind: Any, value: Any) -> Any:
    if isinstance(kind, UnionType):
        if value is None:
            return None
        kind = next(one for one in get_args(kind) if one is not type(None))
    if kind is Any:
        return value
    if get_origin(kind) is list:
        if not isinstance(value, list):
            raise TypeError("is no list")
        return [_value(get_args(kind)[0], one) for one in value]
    if dataclasses.is_dataclass(kind):
        return read(kind, value)  # type: ignore[arg-type]
    return _plain(kind, value)


def _plain(kind: Any, value: Any) -> Any:
    if kind is datetime:
        return datetime.fromisoformat(value)
    if kind is date:
        return date.fromisoformat(value)
    if get_origin(kind) is Literal:
        kind = str  # a newer server may say a new word
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if get_origin(kind) is dict:
        kind = dict
    if not isinstance(value, kind):
        raise TypeError("is missing" if value is None else f"is no {kind.__name__}")
    return value
