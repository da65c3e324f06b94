"""Override: somebody decides over the gate, and the record says who and why."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from pipelines.choice.recipes import recipe_hash
from pipelines.jobs.active import active_set
from pipelines.jobs.champion import recipe_asked, served_release, trained_for
from pipelines.jobs.handover import Ranking, TrainedModels
from pipelines.jobs.promote import Promoted, track_decision
from pipelines.jobs.promotion_record import decision_of, no_numbers, record_decision
from pipelines.models.popularity import PopularityModel
from pipelines.registry import Registry
from pipelines.runs import RUN_ID, clear_others, new_run_id, workbench
from pipelines.settings import Settings
from warehouse.errors import ConfigError, ReleaseError, UnknownReleaseError
from warehouse.lock import writing
from warehouse.store import Release, ReleaseStore

log = logging.getLogger(__name__)


def promote_anyway(settings: Settings, version: str | None, *, because: str, who: str) -> Promoted:
    """Have a model rank the next release, whatever the gate said of it.

    Parameters
    ----------
    version : str, optional
        A release, whose arrays are taken; a run that is still on its workbench; or the number that a version of either
        has in MLflow. By default the newest run that trained.
    because, who : str
        For the record.

    Raises
    ------
    UnknownReleaseError
        If the version names none of these any more.
    """
    folder, store = settings.folder, ReleaseStore(settings.folder)
    _check(because)
    named = version
    if version is not None and version.isdecimal():
        named = _of_number(settings, version)
    newest = workbench(folder) if named is None or RUN_ID.match(named) else None
    if newest is not None and named in (None, newest.run_id) and newest.holds("train"):
        with writing(folder):
            trained = TrainedModels.read(newest, active_set(folder).dataset)
            reasons = [f"promoted by {who} over the gate: {because}"]
            ranking = Ranking(trained.challenger, None, reasons)
            ranking.write(newest)
            judged = decision_of(folder, newest.run_id) or _left_behind(settings, trained.dataset)
            row = judged | {
                "case_name": "override", "promoted": True, "dataset": trained.dataset, "reasons": reasons,
                "challenger": trained.challenger, "model": trained.challenger, "release_id": None,
                "challenger_recipe": recipe_hash(trained.challenger, trained.recipes[trained.challenger]),
                "challenger_asked": trained.asked[trained.challenger],
                "mlflow_run_id": trained.mlflow.get(trained.challenger), "decided_by": who, "because": because,
            }  # fmt: skip
            if record_decision(folder, newest.run_id, row):
                track_decision(settings, newest, trained, row, [])
        return Promoted(trained.challenger, True, ranking, row)
    if named not in store.ids():
        known = ", ".join(store.ids()[:3]) or "none"
        raise UnknownReleaseError(
            f"{version} names no release and no run on its workbench; the newest releases are {known}; "
            "train the model again to promote it"
        )
    return _take(settings, store.get(str(named), older=True), "override", because=because, who=who)


def back_to(settings: Settings, release_id: str | None, *, because: str, who: str) -> Promoted:
    """Have the arrays that ranked before rank again, over fresh histories, until another recipe is promoted.

    Parameters
    ----------
    release_id : str, optional
        A release with the arrays that are meant; by default the newest one whose arrays are not those served now.

    Raises
    ------
    UnknownReleaseError
        If there are no other arrays.
    """
    store = ReleaseStore(settings.folder)
    _check(because)
    if release_id is not None:
        return _take(settings, store.get(release_id, older=True), "rollback", because=because, who=who)
    dataset = active_set(settings.folder).dataset
    served = served_release(settings.folder, dataset)
    for release in _others(store, dataset):
        if served is not None and trained_for(release) != trained_for(served):
            return _take(settings, release, "rollback", because=because, who=who)
    raise UnknownReleaseError(
        f"no release of {dataset} was ranked by another model than the one served now; `playbill releases` lists them"
    )


def _others(store: ReleaseStore, dataset: str) -> Iterator[Release]:
    for release_id in store.ids():
        try:
            release = store.get(release_id, older=True)
        except ReleaseError:
            continue
        if release.manifest["dataset"] == dataset and release.manifest["model"] != PopularityModel.name:
            yield release


def _take(settings: Settings, release: Release, case: str, *, because: str, who: str) -> Promoted:
    """Have a release's arrays rank the next one."""
    folder, run_id, facts = settings.folder, new_run_id(), release.manifest
    dataset = active_set(folder).dataset
    if facts["dataset"] != dataset:
        raise ConfigError(f"{release.release_id} is of {facts['dataset']} and the active data set is {dataset}")
    damaged = ReleaseStore(folder).damaged(release.release_id, under="models/")
    if damaged:
        raise UnknownReleaseError(f"release {release.release_id}: {', '.join(damaged)} is damaged; take another")
    verb = "promoted" if case == "override" else "put back"
    reasons = [f"{facts['model']} of release {trained_for(release)} {verb} by {who}: {because}"]
    with writing(folder):
        bench = workbench(folder, run_id)
        clear_others(folder, run_id)
        ranking = Ranking(facts["model"], release.release_id, reasons)
        ranking.write(bench)
        row = _left_behind(settings, dataset) | {
            "case_name": case, "promoted": True, "challenger": facts["model"], "model": facts["model"],
            "challenger_recipe": facts["recipe_hash"], "challenger_asked": recipe_asked(release),
            "release_id": release.release_id,
            "mlflow_run_id": facts.get("mlflow_run_id"), "decided_by": who, "because": because, "reasons": reasons,
        }  # fmt: skip
        record_decision(folder, run_id, row)
        ReleaseStore(folder).pins.end_rollbacks()  # the lists made with it are to be served
    log.info("%s done model=%s release=%s by=%s", case, facts["model"], release.release_id, who)
    return Promoted(facts["model"], True, ranking, row)


def _left_behind(settings: Settings, dataset: str) -> dict[str, Any]:
    """Return a row without numbers, whose champion is what ranks now."""
    served = served_release(settings.folder, dataset)
    facts = {} if served is None else served.manifest
    return no_numbers() | {
        "dataset": dataset, "champion": facts.get("model", "nothing"), "champion_recipe": facts.get("recipe_hash", ""),
        "champion_asked": "" if served is None else recipe_asked(served),
    }  # fmt: skip


def _of_number(settings: Settings, number: str) -> str:
    """Return the release, or else the run, that a version in MLflow is of."""
    tags = Registry(settings).version_tags(number) or {}
    release_id, run_id = tags.get("playbill.release_id"), tags.get("playbill.run_id")
    if release_id in ReleaseStore(settings.folder).ids():
        return str(release_id)
    if run_id is None:
        raise UnknownReleaseError(f"MLflow knows no version {number} of Playbill's models; name a release or a run")
    return run_id


def _check(because: str) -> None:
    if not because.strip():
        raise ConfigError('--because is empty; say why, for whoever asks later: --because "…"')
