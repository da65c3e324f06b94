"""The names of all settings: which variables there are, and which of those that are set nothing would read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, get_args

from dotenv import dotenv_values
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from warehouse.errors import ConfigError

ModelName = Literal["popularity", "als", "bpr", "svd", "ease", "covisitation", "content", "hybrid"]
ProtocolName = Literal["next", "last-out", "stratified", "temporal", "strong"]
MODEL_NAMES: tuple[str, ...] = get_args(ModelName)
"""Every model of the catalogue, which is slow to load."""
PROTOCOLS: tuple[str, ...] = get_args(ProtocolName)

PREFIX = "PLAYBILL_"
NESTED = "__"


def variables_of(name: str, field: FieldInfo, prefix: str = PREFIX) -> list[str]:
    """Return the environment variables that set a field: its own names where it has them."""
    alias = field.validation_alias
    if alias is None:
        return [f"{prefix}{name.upper()}"]
    return [str(choice) for choice in getattr(alias, "choices", [alias])]


def known_variables(section: type[BaseModel], prefix: str = PREFIX) -> Iterator[str]:
    """Yield every variable that a group of settings reads, groups within it as well."""
    for name, field in section.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield f"{prefix}{name.upper()}"
            yield from known_variables(inner, f"{prefix}{name.upper()}{NESTED}")
        else:
            yield from variables_of(name, field, prefix)


def variables_given(env_file: Path) -> Mapping[str, str]:
    """Return the variables that are set, names in capitals; the environment beats the file."""
    from_file = dotenv_values(env_file) if env_file.is_file() else {}
    return {name.upper(): value or "" for name, value in {**from_file, **os.environ}.items()}


def refuse_unknown(section: type[BaseModel], given: Mapping[str, str]) -> None:
    """Refuse a variable of ours that no setting reads: it is a slip of the pen that would change nothing, silently.

    Raises
    ------
    ConfigError
        The message has the nearest name there is.
    """
    known = list(known_variables(section))
    for name in sorted(given):
        if not name.startswith(PREFIX) or name in known:
            continue
        if any(name.startswith(f"{one}{NESTED}") for one in known if not _has_inner(one, known)):
            continue  # a part of a setting that is a mapping of its own, such as PLAYBILL_EVENTS__RULES__LIKE
        near = get_close_matches(name, known, n=1, cutoff=0.6)
        raise ConfigError(f"there is no setting {name}{f'; did you mean {near[0]}?' if near else ''} See .env.example")


def _has_inner(name: str, known: list[str]) -> bool:
    return any(other.startswith(f"{name}{NESTED}") for other in known)


def variable_not_json(field: str, given: Mapping[str, str]) -> str:
    """Return the variable of a field (or of the group of that name) whose value was meant as JSON and is none."""
    stem = f"{PREFIX}{field.upper()}"
    unread = []
    for name, value in given.items():
        if name == stem or name.startswith(f"{stem}{NESTED}"):
            try:
                json.loads(value)
            except json.JSONDecodeError:
                unread.append(name)
    # text is no JSON either, and need not be; what has JSON's marks, or is a list of words, was meant for it
    likely = [
        name for name in unread if name == stem or given[name].lstrip().startswith(("[", "{")) or "," in given[name]
    ]
    return (likely or unread or [stem])[0]
