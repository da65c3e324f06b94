"""Ingest: the chosen data set lands in the lake and becomes the active one."""

from __future__ import annotations

import logging
from dataclasses import asdict
from pathlib import Path

from pipelines.settings import Settings
from pipelines.sources.landed import Batch
from pipelines.sources.movielens.download import download_movielens
from pipelines.sources.movielens.landing import land_movielens
from pipelines.sources.sample import land_sample
from warehouse import ledgers
from warehouse.files import remove_leftovers
from warehouse.lock import writing

log = logging.getLogger(__name__)

SAMPLE = "sample"


def ingest(settings: Settings, run_id: str, *, dataset: str | None = None, movielens: Path | None = None) -> Batch:
    """Land a data set; the same content lands once, however often it is asked for.

    Parameters
    ----------
    dataset : str, optional
        ``sample`` or a MovieLens set; without it the sample, or whatever ``movielens`` holds.
    movielens : Path, optional
        A zip or folder to read instead of a download.

    Raises
    ------
    SourceError
        If it cannot be read; the lake is as it was.
    """
    folder = settings.folder
    with writing(folder):
        batches = folder.batches("movielens"), folder.batches("sample")
        for home in (folder.root, folder.lake, *batches, folder.builds, folder.releases):
            remove_leftovers(home)
        if movielens is None and (dataset or SAMPLE) == SAMPLE:
            batch = land_sample(folder, seed=settings.random_state)
        else:
            asked = None if dataset == SAMPLE else dataset
            path = movielens or download_movielens(str(asked), folder.downloads, settings.movielens)
            limit = settings.quality.max_bad_share
            batch = land_movielens(path, folder, asked=asked, max_bad_share=limit)
        reasons = [f"{reason}: {count:,}" for reason, count in batch.reasons.items()]
        ledgers.append(folder, "ingest", run_id, [{**asdict(batch), "reasons": reasons}])
    log.info(
        "ingest done dataset=%s batch=%s ratings=%d films=%d bad_rows=%d new=%s",
        batch.dataset, batch.batch_id, batch.ratings, batch.films, batch.bad_rows, batch.new,
    )  # fmt: skip
    return batch
