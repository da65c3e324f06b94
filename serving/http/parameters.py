"""What routes take: path and query parameters with their limits, and the filters made of them."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Literal

import numpy as np
from fastapi import Path, Query
from numpy.typing import NDArray

from pipelines.people.identity import LONGEST_USER_ID
from serving.films import FilmTable
from serving.http.errors import Problem

MAX_ID = 2_147_483_647
ID_LIST = r"^ *[0-9]{1,10} *(, *[0-9]{1,10} *){0,499}(, *)?$"
"""Ids as people type them: ``296, 318,`` too."""
NAME_LIST = r"^[^,]{1,40}(,[^,]{1,40}){0,19}$"

UserId = Annotated[
    str,
    Path(
        min_length=1,
        max_length=LONGEST_USER_ID,
        description="A user; a bare number n is MovieLens's ml_n.",
        examples=["ml_1"],
    ),
]
MovieId = Annotated[int, Path(ge=0, le=MAX_ID, description="TMDB id of a film.", examples=[603])]
Limit = Annotated[int, Query(ge=1, le=100, description="How many films.", examples=[10])]
Genre = Annotated[
    str | None,
    Query(pattern=NAME_LIST, description="Films of all of these genres, separated by commas.", examples=["Drama"]),
]
GenresMode = Annotated[Literal["all", "any"], Query(description="Whether a film has all of the genres or any of them.")]
YearFrom = Annotated[int | None, Query(ge=1870, le=2200, description="Films of this year or later.")]
YearTo = Annotated[int | None, Query(ge=1870, le=2200, description="Films of this year or earlier.")]
Vote = Annotated[float | None, Query(ge=0, le=10, description="Films with at least this mean vote on TMDB.")]
Exclude = Annotated[str | None, Query(pattern=ID_LIST, description="TMDB ids to leave out, separated by commas.")]
Language = Annotated[
    str | None,
    Query(pattern="^[a-z]{2,3}(-[A-Z]{2})?$", description="Of titles and texts, as en-US.", examples=["en-US"]),
]
Region = Annotated[str | None, Query(pattern="^[A-Z]{2}$", description="A country, as US.", examples=["US"])]
Page = Annotated[int, Query(ge=1, le=500, description="Page of 20 films.")]


@dataclass(frozen=True)
class Filters:
    """Which films may be listed."""

    genres: tuple[str, ...] = ()
    year_from: int | None = None
    year_to: int | None = None
    min_rating: float | None = None
    exclude: tuple[int, ...] = ()
    any_genre: bool = False

    def __bool__(self) -> bool:
        return self != NO_FILTERS

    def mask(self, films: FilmTable) -> NDArray[np.bool_]:
        """Return which films pass, shape (n_films,). A film whose year or vote is unknown passes no limit on it.

        Raises
        ------
        Problem
            422 for a genre that no film has; it names those that there are.
        """
        passed = np.ones(len(films), dtype=bool)
        if self.genres:
            together = np.logical_or if self.any_genre else np.logical_and
            passed &= together.reduce([_of_genre(films, name) for name in self.genres])
        if self.year_from is not None:
            passed &= films.years >= self.year_from
        if self.year_to is not None:
            passed &= (films.years <= self.year_to) & (films.years > 0)
        if self.min_rating is not None:
            passed &= films.votes >= np.float32(self.min_rating)
        places = films.places(list(self.exclude))
        passed[places[places >= 0]] = False
        return passed


NO_FILTERS = Filters()


def _of_genre(films: FilmTable, name: str) -> NDArray[np.bool_]:
    mask = films.of_genre(name)
    if mask is None:
        raise unknown_genre(films, name)
    return mask


def unknown_genre(films: FilmTable, name: str) -> Problem:
    """Return the problem of a genre that no film has: it names the nearest one and all that there are."""
    near = get_close_matches(name.strip().title(), films.genre_names, n=1)
    meant = f"did you mean {near[0]}? " if near else ""
    return Problem(
        422, f"no film here has the genre {name.strip()!r}; {meant}there are: {', '.join(films.genre_names)}"
    )


def filters_of(
    genre: str | None, year_from: int | None, year_to: int | None, min_rating: float | None, exclude: str | None,
    genres_mode: Literal["all", "any"] = "all",
) -> Filters:  # fmt: skip
    """Return the filters of a query; none of them is the usual case."""
    if genre is None and year_from is None and year_to is None and min_rating is None and exclude is None:
        return NO_FILTERS
    genres = tuple(genre.split(",")) if genre else ()
    return Filters(genres, year_from, year_to, min_rating, ids_of(exclude), genres_mode == "any")


def ids_of(text: str | None) -> tuple[int, ...]:
    """Return the ids of a list separated by commas; nothing between two, or after the last, is no id."""
    return tuple(int(part) for part in text.split(",") if part.strip()) if text else ()
