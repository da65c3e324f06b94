"""The client's shapes, written from the API's: ``python -m serving.http.client_shapes > playbill_client/shapes.py``.

The client needs neither pydantic nor anything of Playbill, so that an app can install it beside its own; what it reads
are plain dataclasses. A test keeps the file equal to what this writes.
"""

from __future__ import annotations

import sys
import types
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from serving.http import schemas

FILE = '''"""What the API answers, as frozen dataclasses.

Written by `serving/http/client_shapes.py` from `serving/http/schemas.py`; change those and write it anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

'''
LEFT_OUT = {"Answer", "Problem"}
WIDTH = 120


def client_shapes() -> str:
    """Return the module's text."""
    shapes = [
        shape
        for shape in vars(schemas).values()
        if isinstance(shape, type) and issubclass(shape, schemas.Answer) and shape.__name__ not in LEFT_OUT
    ]
    return FILE + "\n".join(_shape(shape) for shape in shapes)


def _shape(shape: type[BaseModel]) -> str:
    lines = [
        "",
        "@dataclass(frozen=True, slots=True, kw_only=True)",
        f"class {shape.__name__}:",
        f'    """{_doc(shape)}',
    ]
    lines[-1] += '"""'
    lines.append("")
    for name, field in shape.model_fields.items():
        line, remark = f"    {name}: {_spelled(field.annotation)}", f"# {field.description}"
        if field.description is None:
            lines.append(line)
        elif len(line) + 2 + len(remark) <= WIDTH:
            lines.append(f"{line}  {remark}")
        else:
            lines += [f"    {remark}", line]
    if shape.model_config.get("extra") == "allow":
        lines.append("    more: dict[str, Any]")
    return "\n".join(lines) + "\n"


def _doc(shape: type[BaseModel]) -> str:
    return (shape.__doc__ or "").strip().splitlines()[0]


def _spelled(kind: Any) -> str:
    """Return a type as a programmer writes it."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return f"Literal[{', '.join(f'{value!r}'.replace(chr(39), chr(34)) for value in inner)}]"
    if origin in (Union, types.UnionType):
        return " | ".join(_spelled(one) for one in inner)
    if origin is not None:
        return f"{origin.__name__}[{', '.join(_spelled(one) for one in inner)}]"
    if kind is type(None):
        return "None"
    return "Any" if kind is Any else str(kind.__name__)


if __name__ == "__main__":
    sys.stdout.write(client_shapes())
