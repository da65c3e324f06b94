"""The client's shapes, written from the API's: ``python -m serving.http.client_shapes playbill_client/shapes``.

The client needs neither pydantic nor anything of Playbill, so that an app can install it beside its own; what it reads
are plain dataclasses: a module for each of `serving/http/schemas`, and what a shape inherits there it inherits here. A
test keeps the files equal to what this writes.
"""

from __future__ import annotations

import re
import sys
import types
from collections import defaultdict
from itertools import chain
from pathlib import Path
from typing import Any, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from serving.http import schemas
from serving.http.schemas import Answer

WRITTEN = "Written by `serving/http/client_shapes.py` from `serving/http/schemas`; change those and write it anew."
FROM_ELSEWHERE = {"datetime": ("date", "datetime"), "typing": ("Any", "Literal")}
WIDTH = 120


def client_shapes() -> dict[str, str]:
    """Return the text of every module, by its file's name."""
    modules: dict[str, list[type[BaseModel]]] = defaultdict(list)
    for shape in vars(schemas).values():
        if isinstance(shape, type) and issubclass(shape, Answer) and shape is not Answer:
            modules[_module(shape)].append(shape)
    return {f"{module}.py": _text(module, modules[module]) for module in sorted(modules)} | {
        "__init__.py": _front(modules)
    }


def _module(shape: type[BaseModel]) -> str:
    return shape.__module__.rpartition(".")[2]


def _front(modules: dict[str, list[type[BaseModel]]]) -> str:
    lines = ['"""What the API answers, as frozen dataclasses.', "", WRITTEN, '"""', ""]
    names = {module: sorted(shape.__name__ for shape in modules[module]) for module in sorted(modules)}
    lines += [_import(f"playbill_client.shapes.{module}", names[module]) for module in names]
    lines += ["", "__all__ = [", *(f'    "{name}",' for name in sorted(chain(*names.values()))), "]"]
    return "\n".join(lines) + "\n"


def _text(module: str, shapes: list[type[BaseModel]]) -> str:
    source = sys.modules[shapes[0].__module__]
    order = list(vars(source))
    # as they stand there, so that what a shape is made of comes before it
    body = "\n\n\n".join(_shape(shape) for shape in sorted(shapes, key=lambda shape: order.index(shape.__name__)))
    used = set(re.findall(r"\w+", "\n".join(line.partition("#")[0] for line in body.splitlines())))
    header = [
        f'"""{str(source.__doc__).splitlines()[0]}',
        "",
        WRITTEN,
        '"""',
        "",
        "from __future__ import annotations",
        "",
    ]
    header.append("from dataclasses import dataclass")
    for library, names in FROM_ELSEWHERE.items():
        if wanted := [name for name in names if name in used]:
            header.append(_import(library, wanted))
    others: dict[str, set[str]] = defaultdict(set)
    for name in used:
        shape = getattr(schemas, name, None)
        if isinstance(shape, type) and _module(shape) not in (module, "base"):
            others[_module(shape)].add(name)
    imports = [_import(f"playbill_client.shapes.{other}", sorted(others[other])) for other in sorted(others)]
    return "\n".join([*header, *([""] if imports else []), *imports, "", "", body]) + "\n"


def _import(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"from {module} import (", *(f"    {name}," for name in names), ")"])


def _shape(shape: type[BaseModel]) -> str:
    parent = cast(type[BaseModel], shape.__bases__[0])
    inherits = "" if parent is Answer else f"({parent.__name__})"
    lines = ["@dataclass(frozen=True, slots=True, kw_only=True)", f"class {shape.__name__}{inherits}:"]
    lines += [f'    """{(shape.__doc__ or "").strip().splitlines()[0]}"""', ""]
    for name, field in shape.model_fields.items():
        if name not in parent.model_fields:
            lines += _field(name, field)
    if shape.model_config.get("extra") == "allow":
        lines.append("    more: dict[str, Any]")
    return "\n".join(lines)


def _field(name: str, field: FieldInfo) -> list[str]:
    line, remark = f"    {name}: {_spelled(field.annotation)}", f"# {field.description}"
    if field.description is None:
        return [line]
    return [f"{line}  {remark}"] if len(line) + 2 + len(remark) <= WIDTH else [f"    {remark}", line]


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


def main(folder: Path) -> None:
    """Write the modules into a folder."""
    folder.mkdir(exist_ok=True)
    for name, text in client_shapes().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
