"""``.env.example``, written from the settings: ``python -m pipelines.settings_example > .env.example``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic_core import to_jsonable_python

from pipelines.settings import Settings
from pipelines.settings_llm import Section
from pipelines.settings_names import variables_of

INTRODUCTION = """# Playbill's settings. Copy this file to .env and take the "# " off the lines that you change.
# Every value here is the default; nothing is needed for the embedded sample. The environment beats the file.
"""


def settings_example() -> str:
    """Return the whole file: each setting under a line that says what it is for."""
    return INTRODUCTION + "".join(_section(Settings, "PLAYBILL_"))


def _section(section: type[Section] | type[Settings], prefix: str) -> Iterator[str]:
    nested: list[tuple[type[Section], str]] = []
    for name, field in section.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, Section):
            nested.append((inner, f"{prefix}{name.upper()}__"))
            continue
        for variable in variables_of(name, field, prefix):
            yield f"\n# {field.description}\n# {variable}={_shown(field.get_default(call_default_factory=True))}\n"
    for inner, inner_prefix in nested:
        yield f"\n# --- {(inner.__doc__ or '').strip().splitlines()[0]}\n"
        yield from _section(inner, inner_prefix)


def _shown(value: Any) -> str:
    if value is None or isinstance(value, SecretStr) or value == ():
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list | dict):
        return json.dumps(to_jsonable_python(value))
    return value.as_posix() if isinstance(value, Path) else str(value)


if __name__ == "__main__":
    sys.stdout.write(settings_example())
