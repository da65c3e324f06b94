"""Whom a row names that could not be read: for taking a person, and nobody else, out of what was kept aside."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from typing import Any

WORD = re.compile(r"[^\s\"'`,;=(){}\[\]<>|\\]+")
SHORTEST_CUT = 8
"""Characters that the beginning of an id must have to stand for it, where a row was cut inside of it."""


class NamedPeople:
    """Tells which people a row names.

    Parameters
    ----------
    fields : collection of str
        What the row may call its user id.
    spell : function
        From an id as the row has it to a user id; raises ValueError for what is none.
    """

    def __init__(self, fields: Collection[str], spell: Callable[[Any], str]) -> None:
        self._fields, self._spell = frozenset(fields), spell
        names = "|".join(sorted(re.escape(name) for name in self._fields))
        self._field = re.compile(
            rf"""["'](?:{names})["']\\*\s*:\s*(?:"((?:[^"\\]|\\.)*)("?)|'((?:[^'\\]|\\.)*)('?)|(-?[0-9]+))"""
        )

    def of(self, text: str) -> frozenset[str]:
        """Return the user ids of a row: those in its user field; where it has none, of each of its words.

        A row that says whose it is names nobody else, whatever its other fields hold.
        """
        try:
            parsed = json.loads(text, object_pairs_hook=_Pairs)
        except (ValueError, RecursionError):
            parsed = None
        if isinstance(parsed, _Pairs):
            given = list(self._values(parsed)) or [*_leaves(parsed), *WORD.findall(text)]
        else:
            given = [value for value, _ in self._scanned(text)] or WORD.findall(_unescaped(text))
        return self._spelled(given)

    def may_be(self, text: str, user_id: str) -> bool:
        """Tell whether a row names a person, also by the beginning of their id where the row was cut inside of it."""
        if user_id in self.of(text):
            return True
        for value, whole in self._scanned(text):
            if not whole and isinstance(value, str) and len(value) >= SHORTEST_CUT:
                return any(user_id.startswith(name) for name in (value.lower(), *self._spelled([value])))
        return False

    def _values(self, pairs: _Pairs) -> Iterator[Any]:
        for name, value in pairs:
            if name in self._fields:
                yield value
            elif isinstance(value, _Pairs):
                inner = [(f"{name}.{key}", part) for key, part in value]
                yield from self._values(_Pairs(inner))

    def _scanned(self, text: str) -> Iterator[tuple[Any, bool]]:
        for match in self._field.finditer(text):
            double, double_end, single, single_end, number = match.groups()
            if number is not None:
                yield int(number), True
            elif double is not None:
                yield _unescaped(double), bool(double_end)
            else:
                yield single.replace("\\'", "'").replace("\\\\", "\\"), bool(single_end)

    def _spelled(self, given: Collection[Any]) -> frozenset[str]:
        names = set()
        for value in given:
            try:
                names.add(self._spell(value))
            except ValueError:
                continue
        return frozenset(names)


class _Pairs(list[tuple[str, Any]]):
    """A JSON object with every field, also one that stands twice."""


def _leaves(value: Any) -> Iterator[Any]:
    for part in [inner for _, inner in value] if isinstance(value, _Pairs) else value:
        if isinstance(part, list):
            yield from _leaves(part)
        else:
            yield part


def _unescaped(text: str) -> str:
    """Return the inside of a JSON string without its escapes, as far as they can be read."""
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return re.sub(r"\\u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), text).replace("\\/", "/")
