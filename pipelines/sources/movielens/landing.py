"""MovieLens into the lake: one zip or folder becomes one batch of Parquet files, whole or not at all.

https://grouplens.org/datasets/movielens/ (the README of each set describes its files).
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from pipelines.sources.landed import Batch
from pipelines.sources.movielens.archive import Archive
from pipelines.sources.movielens.films_text import check_header, read_films, read_tags
from pipelines.sources.movielens.layouts import LINK_FIELDS, RATING_FIELDS, Layout, dataset_name, recognise
from warehouse.batches import has_landed, landing
from warehouse.errors import SourceFormatError, TooManyBadRowsError
from warehouse.folder import DataFolder
from warehouse.landing import Landed, land_lines, land_table

LINKS = "links"
"""The source under which another set's links land."""
PARSER_VERSION = 2
"""Rises when the same files would land differently, so that they land anew."""


def land_movielens(path: Path, folder: DataFolder, *, asked: str | None = None, max_bad_share: float = 0.01) -> Batch:
    """Land a MovieLens set, or find that it has landed already.

    Parameters
    ----------
    path : Path
        A zip as GroupLens publishes it, or the folder that is in it.
    asked : str, optional
        The set that it must be, such as ``ml-25m``.
    max_bad_share : float
        Share of a file's rows that may be unusable, 0 to 1.

    Raises
    ------
    SourceError
        If it cannot be read, is another set, or has too many bad rows; nothing is left in the lake then.
    """
    archive = Archive(path)
    layout = recognise(archive)
    dataset = dataset_name(archive, layout, asked)
    batch_id = f"{dataset}-{archive.fingerprint()[:10]}-v{PARSER_VERSION}"
    home = folder.batches("movielens") / batch_id
    if has_landed(home):
        return Batch.read(home)
    with landing(home) as target:
        landed = _land_files(archive, layout, target, folder.quarantine / batch_id, max_bad_share)
        batch = Batch(
            source="movielens",
            dataset=dataset,
            batch_id=batch_id,
            ratings=landed[layout.ratings].rows,
            films=landed[layout.movies].rows,
            bad_rows=sum(part.bad_rows for part in landed.values()),
            reasons={f"{name}: {why}": n for name, part in landed.items() for why, n in part.reasons.items()},
            new=True,
        )
        batch.write(target)
    return batch


def land_links(path: Path, folder: DataFolder, *, max_bad_share: float = 0.01) -> Batch:
    """Land the titles and links of a set, for matching another set that has none.

    Raises
    ------
    SourceError
        If it cannot be read or has no links.csv.
    """
    archive = Archive(path, option="--links")
    layout = recognise(archive)
    if "links.csv" not in archive:
        raise SourceFormatError(
            f"{path} has no links.csv, so it cannot tell TMDB ids; give --links a set that has one, such as "
            "ml-latest-small or ml-32m"
        )
    dataset = dataset_name(archive, layout, None)
    batch_id = f"{dataset}-{archive.fingerprint()[:10]}-v{PARSER_VERSION}"
    home = folder.batches(LINKS) / batch_id
    if has_landed(home):
        return Batch.read(home)
    with landing(home) as target:
        names = (layout.movies, "links.csv")
        landed = _land_files(archive, layout, target, folder.quarantine / LINKS / batch_id, max_bad_share, names)
        bad = sum(part.bad_rows for part in landed.values())
        batch = Batch(LINKS, dataset, batch_id, 0, landed[layout.movies].rows, bad, {}, new=True)
        batch.write(target)
    return batch


def _land_files(
    archive: Archive, layout: Layout, target: Path, quarantine: Path, limit: float, names: tuple[str, ...] = ()
) -> dict[str, Landed]:
    landed: dict[str, Landed] = {}
    with tempfile.TemporaryDirectory(prefix=".extract-", suffix=".tmp", dir=target.parent) as scratch:
        for name in names or (layout.ratings, layout.movies, *layout.optional):
            if name not in archive:
                continue
            text = archive.extract(name, Path(scratch) / name)
            stem = _stem(name, layout)
            landed[name] = _land_one(text, name, layout, target / f"{stem}.parquet", quarantine / f"{stem}.csv")
            text.unlink()
            _check_share(archive, name, landed[name], quarantine / f"{stem}.csv", limit)
    if layout.ratings in landed and landed[layout.ratings].rows == 0:
        raise SourceFormatError(f"{archive.path}: {layout.ratings} holds no rating; download the set again")
    return landed


def _land_one(text: Path, name: str, layout: Layout, target: Path, quarantine: Path) -> Landed:
    if name == layout.movies:
        films, bad = read_films(text, layout)
        return land_table(films, target, bad, quarantine)
    if name.startswith("tags"):
        tags, bad = read_tags(text, layout, name)
        return land_table(tags, target, bad, quarantine)
    if layout.header:
        check_header(text, name)
    fields = LINK_FIELDS if name == "links.csv" else RATING_FIELDS
    return land_lines(
        text, target, quarantine, label=name, delimiter=layout.delimiter, fields=fields, skip=int(layout.header)
    )


def _check_share(archive: Archive, name: str, landed: Landed, quarantine: Path, limit: float) -> None:
    if landed.bad_share > limit:
        raise TooManyBadRowsError(
            f"{archive.path}: {name}: {landed.bad_rows:,} of {landed.rows + landed.bad_rows:,} rows are unusable "
            f"({landed.bad_share:.1%}, allowed {limit:.1%}); first {landed.first_bad}; all of them: {quarantine}"
        )


def _stem(name: str, layout: Layout) -> str:
    return {layout.ratings: "ratings", layout.movies: "films"}.get(name, Path(name).stem)
