"""Reuse: a run without training, whose lists come from the arrays that are served and from fresh histories."""

from __future__ import annotations

import logging

from pipelines.jobs.champion import served_release
from pipelines.jobs.handover import Ranking
from pipelines.runs import clear_others, workbench
from pipelines.settings import Settings
from warehouse.errors import NoReleaseError
from warehouse.lock import writing

log = logging.getLogger(__name__)


def reuse(settings: Settings, run_id: str, dataset: str, *, because: str = "nothing was trained") -> Ranking:
    """Have the arrays that are served rank the run's release.

    Parameters
    ----------
    because : str
        Why nothing is trained.

    Raises
    ------
    NoReleaseError
        If there is no whole release of this data set to take them from.
    """
    folder = settings.folder
    release = served_release(folder, dataset)
    if release is None:
        raise NoReleaseError(f"{folder.releases} holds no whole release of {dataset}; use `playbill run --train all`")
    ranking = Ranking(release.manifest["model"], release.release_id, [because])
    with writing(folder):
        clear_others(folder, run_id)
        ranking.write(workbench(folder, run_id))
    log.info("reuse done release=%s model=%s reason=%r", release.release_id, ranking.model, because)
    return ranking
