"""Ingest: the chosen data set lands in the lake and becomes the active one."""

from __future__ import annotations

import logging
from dataclasses import asdict
from pathlib import Path

from pipelines.jobs.active import Active
from pipelines.jobs.choose_set import SAMPLE, refuse_another, set_to_take
from pipelines.settings import Settings
from pipelines.sources.landed import Batch
from pipelines.sources.movielens.download import download_movielens
from pipelines.sources.movielens.landing import land_movielens
from pipelines.sources.sample import land_sample
from warehouse import ledgers
from warehouse.contracts.ledgers import LEDGERS
from warehouse.files import remove_leftovers
from warehouse.lock import writing

log = logging.getLogger(__name__)


def ingest(
    settings: Settings,
    run_id: str,
    *,
    dataset: str | None = None,
    movielens: Path | None = None,
    replace: bool = False,
) -> Batch:
    """Land a data set; the same content lands once, however often it is asked for.

    Parameters
    ----------
    dataset : str, optional
        ``sample`` or a MovieLens set; without it whatever ``movielens`` holds, else the set that the folder works on
        as it landed, else the sample.
    movielens : Path, optional
        A zip or folder to read instead of a download.
    replace : bool
        Whether the set may take the place of another one that is served.

    Raises
    ------
    ConfigError
        If another set is served and ``replace`` is not given.
    SourceError
        If it cannot be read; the lake is as it was.
    """
    folder = settings.folder
    with writing(folder):
        batches = folder.batches("movielens"), folder.batches("sample")
        for home in (folder.root, folder.lake, *batches, folder.builds, folder.releases, *folder.ledgers.glob("*")):
            remove_leftovers(home)
        folder.inbox.mkdir(parents=True, exist_ok=True)  # where the README says that logs are dropped
        wanted = set_to_take(folder, dataset, movielens)
        if isinstance(wanted, str):
            refuse_another(folder, wanted, replace=replace)
        batch = _land(settings, wanted, movielens)
        refuse_another(folder, batch.dataset, replace=replace)
        reasons = [f"{reason}: {count:,}" for reason, count in batch.reasons.items()]
        ledgers.append(folder, "ingest", run_id, [{**asdict(batch), "reasons": reasons}])
        for name in LEDGERS:
            ledgers.mend(folder, name)
    log.info(
        "ingest done dataset=%s batch=%s ratings=%d films=%d bad_rows=%d new=%s",
        batch.dataset, batch.batch_id, batch.ratings, batch.films, batch.bad_rows, batch.new,
    )  # fmt: skip
    return batch


def _land(settings: Settings, wanted: str | Active | None, movielens: Path | None) -> Batch:
    folder = settings.folder
    if isinstance(wanted, Active) and wanted.dataset != SAMPLE:
        return Batch.read(wanted.batch)
    if isinstance(wanted, Active) or wanted == SAMPLE:
        return land_sample(folder, seed=settings.random_state)
    path = movielens or download_movielens(str(wanted), folder.downloads, settings.movielens, settings.limits)
    allowed = settings.quality.max_bad_share
    return land_movielens(path, folder, asked=wanted, max_bad_share=allowed, limits=settings.limits)
