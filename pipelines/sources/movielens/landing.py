"""MovieLens into the lake: one zip or folder becomes one batch of Parquet files, whole or not at all.

https://grouplens.org/datasets/movielens/ (the README of each set describes its files).
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from pipelines.settings_sections import LimitSettings
from pipelines.sources.landed import Batch, check_share
from pipelines.sources.movielens.archive import Archive
from pipelines.sources.movielens.films_text import check_header, land_tags, read_films
from pipelines.sources.movielens.layouts import LINK_FIELDS, Layout, dataset_name, rating_fields, recognise
from warehouse.batches import has_landed, landing
from warehouse.errors import SourceFormatError
from warehouse.folder import DataFolder
from warehouse.landing import Landed, land_lines, write_rows
from warehouse.quarantine import quarantining

LINKS = "links"
"""The source under which another set's links land."""
PARSER_VERSION = 2
"""Rises when the same files would land differently, so that they land anew."""


def land_movielens(
    path: Path,
    folder: DataFolder,
    *,
    asked: str | None = None,
    max_bad_share: float = 0.01,
    limits: LimitSettings | None = None,
) -> Batch:
    """Land a MovieLens set, or find that it has landed already.

    Parameters
    ----------
    path : Path
        A zip as GroupLens publishes it, or the folder that is in it.
    asked : str, optional
        The set that it must be, such as ``ml-25m``.
    max_bad_share : float
        Share of a file's rows that may be unusable, 0 to 1.
    limits : LimitSettings, optional
        How long a line and an unpacked file may be, and how many unusable rows are kept.

    Raises
    ------
    SourceError
        If it cannot be read, is another set, or has too many bad rows; nothing is left in the lake then.
    """
    limits = limits or LimitSettings()
    archive = Archive(path, limits)
    layout = recognise(archive)
    dataset = dataset_name(archive, layout, asked)
    batch_id = f"{dataset}-{archive.fingerprint()[:10]}-v{PARSER_VERSION}"
    home = folder.batches("movielens") / batch_id
    if has_landed(home):
        return Batch.read(home)
    with landing(home) as target:
        landed = _land_files(archive, layout, target, folder.quarantine / batch_id, max_bad_share, limits)
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


def land_links(
    path: Path, folder: DataFolder, *, max_bad_share: float = 0.01, limits: LimitSettings | None = None
) -> Batch:
    """Land the titles and links of a set, for matching another set that has none.

    Raises
    ------
    SourceError
        If it cannot be read or has no links.csv.
    """
    limits = limits or LimitSettings()
    archive = Archive(path, limits, option="--links")
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
        landed = _land_files(
            archive, layout, target, folder.quarantine / LINKS / batch_id, max_bad_share, limits, names
        )
        bad = sum(part.bad_rows for part in landed.values())
        batch = Batch(LINKS, dataset, batch_id, 0, landed[layout.movies].rows, bad, {}, new=True)
        batch.write(target)
    return batch


def _land_files(
    archive: Archive,
    layout: Layout,
    target: Path,
    quarantine: Path,
    allowed: float,
    limits: LimitSettings,
    names: tuple[str, ...] = (),
) -> dict[str, Landed]:
    landed: dict[str, Landed] = {}
    with tempfile.TemporaryDirectory(prefix=".extract-", suffix=".tmp", dir=target.parent) as scratch:
        for name in names or (layout.ratings, layout.movies, *layout.optional):
            if name not in archive:
                continue
            text = archive.extract(name, Path(scratch) / name)
            stem = _stem(name, layout)
            aside = quarantine / f"{stem}.csv"
            part = landed[name] = _land_one(text, name, layout, target / f"{stem}.parquet", aside, limits)
            text.unlink()
            what, rows = f"{archive.path}: {name}", part.rows + part.bad_rows
            check_share(what, part.bad_rows, rows, allowed, first=part.first_bad, kept_in=aside)
    if layout.ratings in landed and landed[layout.ratings].rows == 0:
        raise SourceFormatError(f"{archive.path}: {layout.ratings} holds no rating; download the set again")
    return landed


def _land_one(text: Path, name: str, layout: Layout, target: Path, quarantine: Path, limits: LimitSettings) -> Landed:
    if name == layout.movies or name.startswith("tags"):
        with quarantining(quarantine, kept=limits.bad_rows_kept) as aside:
            if name == layout.movies:
                films = read_films(text, layout, aside, line_bytes=limits.line_bytes)
                rows = write_rows(films, target)
            else:
                rows = land_tags(text, target, layout, name, aside, line_bytes=limits.line_bytes)
        return Landed(rows, aside.rows, aside.reasons, aside.first)
    if layout.header:
        check_header(text, name)
    return land_lines(
        text, target, quarantine, label=name, delimiter=layout.delimiter,
        fields=LINK_FIELDS if name == "links.csv" else rating_fields(time.time()), skip=int(layout.header),
        line_bytes=limits.line_bytes, kept=limits.bad_rows_kept,
    )  # fmt: skip


def _stem(name: str, layout: Layout) -> str:
    return {layout.ratings: "ratings", layout.movies: "films"}.get(name, Path(name).stem)
