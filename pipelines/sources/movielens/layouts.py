"""MovieLens's three file layouts. A set is recognised by the files it holds, never by its size."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.sources.movielens.archive import Archive
from warehouse.errors import SourceFormatError
from warehouse.landing import Field

LINK_FIELDS = (
    Field("movielens_id", "INTEGER", 0, 2**31 - 1),
    Field("imdb_number", "BIGINT", optional=True),
    Field("tmdb_id", "INTEGER", optional=True),
)
CLOCKS_DIFFER = 86_400
"""Seconds that a rating may be ahead of this machine's clock."""


def rating_fields(now: float) -> tuple[Field, ...]:
    """Return the fields of a rating that was given before ``now``, in seconds since 1970.

    One rating in the year 2100 would make everybody else's a hundred years old to whatever weighs by age.
    """
    return (
        Field("user_id", "BIGINT", 0, 2**53),
        Field("movielens_id", "INTEGER", 0, 2**31 - 1),
        Field("rating", "FLOAT", 0.5, 5.0),
        Field("timestamp", "BIGINT", 0, int(now) + CLOCKS_DIFFER, too_high="is in the future"),
    )


@dataclass(frozen=True)
class Layout:
    """How one family of MovieLens sets is written.

    Attributes
    ----------
    name : str
    datasets : tuple of str
        The published sets in this layout; the first is the default name of an unknown subset.
    ratings, movies : str
        The files that must be there.
    optional : tuple of str
        Files that are read when they are there.
    delimiter : str
    encoding : str
    header : bool
        Whether each file begins with a line of names.
    """

    name: str
    datasets: tuple[str, ...]
    ratings: str
    movies: str
    optional: tuple[str, ...]
    delimiter: str
    encoding: str
    header: bool


CSV = Layout(
    "csv",
    ("ml-latest-small", "ml-latest", "ml-20m", "ml-25m", "ml-32m"),
    "ratings.csv",
    "movies.csv",
    ("links.csv", "tags.csv"),
    ",",
    "utf-8",
    True,
)
DAT = Layout("dat", ("ml-1m", "ml-10m"), "ratings.dat", "movies.dat", ("tags.dat",), "::", "utf-8", False)
ML100K = Layout("100k", ("ml-100k",), "u.data", "u.item", (), "\t", "iso-8859-1", False)

LAYOUTS = (CSV, DAT, ML100K)
DATASETS = tuple(dataset for layout in LAYOUTS for dataset in layout.datasets)

INNER_NAMES = {"ml-10M100K": "ml-10m"}
"""Folders inside a published zip that are not called like the set."""

HEADERS = {
    "ratings.csv": "userId,movieId,rating,timestamp",
    "movies.csv": "movieId,title,genres",
    "links.csv": "movieId,imdbId,tmdbId",
    "tags.csv": "userId,movieId,tag,timestamp",
}

ML100K_GENRES = (
    "unknown", "Action", "Adventure", "Animation", "Children", "Comedy", "Crime", "Documentary", "Drama", "Fantasy",
    "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
)  # fmt: skip
"""The genre columns of ``u.item``, in order."""


def recognise(archive: Archive) -> Layout:
    """Tell the layout by the files an archive holds.

    Raises
    ------
    SourceFormatError
        If it is no MovieLens set, or one of the two files every set has is missing.
    """
    for layout in LAYOUTS:
        found = [name for name in (layout.ratings, layout.movies) if name in archive]
        if len(found) == 2:
            return layout
        if found:
            missing = layout.movies if found == [layout.ratings] else layout.ratings
            raise SourceFormatError(
                f"{archive.path} holds {found[0]} but no {missing}; both are needed, download the set again"
            )
    held = ", ".join(archive.names[:8]) or "nothing"
    raise SourceFormatError(
        f"{archive.path} is not a MovieLens set: it holds {held}; expected ratings.csv and movies.csv, "
        "ratings.dat and movies.dat, or u.data and u.item"
    )


def dataset_name(archive: Archive, layout: Layout, asked: str | None) -> str:
    """Return the set's name: as asked for, else the archive's own, else a plain name of the layout.

    Raises
    ------
    SourceFormatError
        If the set asked for has another layout.
    """
    if asked is not None:
        if asked not in layout.datasets:
            raise SourceFormatError(
                f"{archive.path} is a set like {layout.datasets[0]} (it holds {layout.ratings}), not {asked}; "
                "leave out --dataset or give the right file"
            )
        return asked
    for name in (archive.inner_name, archive.path.stem):
        known = INNER_NAMES.get(name, name)
        if known in layout.datasets:
            return known
    return f"movielens-{layout.name}"


def id_space_of(dataset: str) -> str:
    """Return whose film numbers a set uses: ML-100k has its own, all later sets share one numbering."""
    own = (*ML100K.datasets, f"movielens-{ML100K.name}")
    return ML100K.datasets[0] if dataset in own else "movielens"
