"""Pinned releases: never removed, and while the served one is pinned, a publish does not take its place.

``releases/PINS`` holds a release a line with what ends its pin: ``unpin`` (the command) or ``promotion`` (a rollback's
pin, so that the nightly run does not undo it: it ends when another recipe is promoted).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from warehouse.files import write_text

End = Literal["unpin", "promotion"]


class Pins:
    """The pins of one folder of releases."""

    def __init__(self, home: Path) -> None:
        self.path = home / "PINS"

    def read(self) -> dict[str, str]:
        """Return what ends the pin of each pinned release."""
        if not self.path.exists():
            return {}
        lines = (line.split() for line in self.path.read_text(encoding="utf-8").splitlines())
        return {words[0]: words[1] for words in lines if len(words) == 2}

    def add(self, release_id: str, until: End = "unpin") -> None:
        """Pin a release."""
        self._write({**self.read(), release_id: until})

    def remove(self, release_id: str) -> bool:
        """End a pin; return False where there was none."""
        pins = self.read()
        if pins.pop(release_id, None) is None:
            return False
        self._write(pins)
        return True

    def move(self, release_id: str, to: str) -> None:
        """Pin another release in the place of one that is pinned."""
        pins = self.read()
        if release_id in pins:
            self._write({to if pinned == release_id else pinned: until for pinned, until in pins.items()})

    def end_rollbacks(self) -> None:
        """End the pins that rollbacks have left."""
        pins = self.read()
        if "promotion" in pins.values():
            self._write({release_id: until for release_id, until in pins.items() if until != "promotion"})

    def _write(self, pins: Mapping[str, str]) -> None:
        write_text(self.path, "".join(f"{release_id} {until}\n" for release_id, until in sorted(pins.items())))


def is_promotion(facts: Mapping[str, Any], served: Mapping[str, Any]) -> bool:
    """Tell whether a new release brings another recipe that was promoted, from its facts and the served manifest.

    Arrays of an older release, the served recipe fitted anew, and the filler's lists after a refusal are none.
    """
    recipe, old = (
        json.dumps([one.get("model"), one.get("recipe")], sort_keys=True, default=str) for one in (facts, served)
    )
    return not facts.get("arrays_from") and facts.get("model") != facts.get("filler") and recipe != old
