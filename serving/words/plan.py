"""A plan: what a wish asks for, piece by piece; a reader makes one, an answer works through it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["person", "title", "genre", "years", "length", "language", "audience", "mood", "topic"]


class Piece(BaseModel):
    """One thing that a wish asks for.

    Attributes
    ----------
    kind : str
    value : str
        In the catalogue's words: a person's or genre's name, a title, ``children``; a mood's or topic's words.
    text : str
        What was typed.
    negative : bool
        Whether it is to be kept out ("no horror").
    low, high : int, optional
        Years, or minutes of length, both counted in.
    firm : bool
        Whether a mood is asked for as a condition ("but funny"), not as a colour.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    value: str = Field(max_length=200)
    text: str = Field("", max_length=500)
    negative: bool = False
    low: int | None = None
    high: int | None = None
    firm: bool = False

    def label(self) -> str:
        """Return the piece in words, as an answer names it: ``not genre: Horror``."""
        return f"{'not ' if self.negative else ''}{self.kind}: {self.value}"


class Plan(BaseModel):
    """All pieces of a wish, in the order they were typed; none where nothing was understood."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pieces: tuple[Piece, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.pieces)
