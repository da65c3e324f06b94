"""Promote: ask the gate whether the run's best model may replace plain popularity."""

from __future__ import annotations

import logging
import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pipelines.choice.promotion import Comparison, Decision, compare, decide
from pipelines.jobs.active import active_set
from pipelines.jobs.champion import champion_release, trained_for
from pipelines.jobs.handover import Measured, Ranking, TrainedModels
from pipelines.models.popularity import PopularityModel
from pipelines.registry import Registry
from pipelines.runs import Workbench, workbench
from pipelines.settings import Settings
from warehouse import ledgers
from warehouse.folder import DataFolder

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Promoted:
    """What the gate said of the challenger, and whose arrays rank the next release."""

    challenger: str
    promoted: bool
    ranking: Ranking


def promote(settings: Settings, run_id: str | None = None) -> Promoted:
    """Decide whose arrays rank the next release: the challenger's, or those that are served, which a refusal keeps.

    The numbers, the decision and its reasons in words go to the promotion ledger and to MLflow.

    Raises
    ------
    EmptyLakeError
        If nothing was trained, or not measured under the gate's protocol.
    """
    folder = settings.folder
    bench = workbench(folder, run_id)
    trained = TrainedModels.read(bench, active_set(folder).dataset)
    ndcg, baseline = Measured.read(bench).of(settings.training.gate), PopularityModel.name
    numbers = compare(
        trained.challenger, np.array(ndcg[trained.challenger]), baseline, np.array(ndcg[baseline]),
        seed=settings.random_state,
    )  # fmt: skip
    decision = decide(numbers)
    ranking = _ranking(folder, trained, decision)
    ranking.write(bench)
    ledgers.append(folder, "promotion", bench.run_id, [_record(numbers, decision, ranking, trained.dataset)])
    _track(settings, bench, trained, decision.promoted, ranking.reasons)
    log.info(
        "promote done challenger=%s promoted=%s model=%s reason=%r",
        trained.challenger, decision.promoted, ranking.model, " ".join(ranking.reasons),
    )  # fmt: skip
    return Promoted(trained.challenger, decision.promoted, ranking)


def _ranking(folder: DataFolder, trained: TrainedModels, decision: Decision) -> Ranking:
    """Say whose arrays rank: popularity's only where no other model of this data set is served."""
    if decision.promoted:
        return Ranking(trained.challenger, None, decision.reasons)
    release = champion_release(folder, trained.dataset)
    if release is None:
        consequence = f"no model of {trained.dataset} was promoted before, so {PopularityModel.name} ranks"
        return Ranking(PopularityModel.name, None, [*decision.reasons, consequence])
    champion = release.manifest["model"]
    consequence = f"{champion} of release {trained_for(release)} goes on ranking, over fresh histories"
    return Ranking(champion, release.release_id, [*decision.reasons, consequence])


def _record(numbers: Comparison, decision: Decision, ranking: Ranking, dataset: str) -> dict[str, Any]:
    """Return the row of the promotion ledger; a number that could not be measured is none."""
    told = {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in asdict(numbers).items()
    }
    served = {"model": ranking.model, "release_id": ranking.release_id}
    return {**told, **served, "dataset": dataset, "promoted": decision.promoted, "reasons": ranking.reasons}


def _track(settings: Settings, bench: Workbench, trained: TrainedModels, promoted: bool, reasons: list[str]) -> None:
    mlflow_id = trained.mlflow.get(trained.challenger)
    if mlflow_id is None:
        return
    registry = Registry(settings)
    registry.log_decision(mlflow_id, promoted, reasons)
    if promoted:
        registry.register_champion(mlflow_id, {"playbill.run_id": bench.run_id, "playbill.model": trained.challenger})
