"""Promote: ask the gate whether the run's challenger may take the champion's place."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Any

from pipelines.choice.promotion import Comparison, Decision, compare, decide
from pipelines.choice.recipes import recipe_hash
from pipelines.jobs.active import active_set
from pipelines.jobs.champion import champion_release, trained_for
from pipelines.jobs.handover import Measured, Ranking, TrainedModels
from pipelines.jobs.opponent import Opponent
from pipelines.jobs.promotion_record import numbers_of, record_decision
from pipelines.jobs.tracking import note_of, pictures
from pipelines.models.popularity import PopularityModel
from pipelines.registry import Registry
from pipelines.runs import Workbench, workbench
from pipelines.settings import Settings
from warehouse.folder import DataFolder

log = logging.getLogger(__name__)

GATE = "gate"


@dataclass(frozen=True)
class Promoted:
    """What the gate said of the challenger, and whose arrays rank the next release.

    Attributes
    ----------
    numbers : dict
        The row of the promotion ledger: all that was compared.
    """

    challenger: str
    promoted: bool
    ranking: Ranking
    numbers: dict[str, Any]


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
    measured = Measured.read(bench)
    sides, opponent = measured.of(settings.training.gate), Opponent(**measured.opponent)
    numbers = compare(
        opponent.case, trained.challenger, sides[trained.challenger], opponent.model, sides[opponent.key],
        seed=settings.random_state, key=opponent.key,
    )  # fmt: skip
    decision = decide(numbers, settings.gate)
    ranking = _ranking(folder, trained, decision, numbers)
    ranking.write(bench)
    row = _record(numbers, trained, opponent, decision, ranking)
    if record_decision(folder, bench.run_id, row):
        track_decision(settings, bench, trained, row, measured.rows)
    log.info(
        "promote done case=%s challenger=%s promoted=%s model=%s reason=%r",
        numbers.case, trained.challenger, decision.promoted, ranking.model, " ".join(ranking.reasons),
    )  # fmt: skip
    return Promoted(trained.challenger, decision.promoted, ranking, row)


def track_decision(
    settings: Settings, bench: Workbench, trained: TrainedModels, row: dict[str, Any], rows: list[dict[str, Any]]
) -> None:
    """Put a decision into MLflow: its numbers and words, the training's pictures, the challenger as a version."""
    mlflow_id = trained.mlflow.get(trained.challenger)
    if mlflow_id is None:
        return
    registry, name, note = Registry(settings), trained.challenger, note_of(row)
    registry.log_decision([trained.mlflow_training, mlflow_id], row, note)
    if rows:
        recipe, protocol = trained.recipes[name], settings.training.gate
        registry.log_figures(trained.mlflow_training, pictures(settings.folder, rows, protocol, name, recipe))
    if row["case_name"] != "unchanged":
        tags = {
            "playbill.model": name,
            "playbill.run_id": bench.run_id,
            "playbill.recipe_hash": row["challenger_recipe"],
        }
        version = registry.register(
            mlflow_id, trained.dataset, bench.model(name), bench.model(PopularityModel.name), tags, note
        )
        replace(trained, mlflow_version=version).write(bench)
    registry.end(trained.mlflow_training)
    if registry.lost:
        replace(trained, mlflow={}).write(bench)


def _ranking(folder: DataFolder, trained: TrainedModels, decision: Decision, numbers: Comparison) -> Ranking:
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


def _record(
    numbers: Comparison, trained: TrainedModels, opponent: Opponent, decision: Decision, ranking: Ranking
) -> dict[str, Any]:
    """Return the row of the promotion ledger."""
    return {
        **numbers_of(numbers),
        "dataset": trained.dataset,
        "promoted": decision.promoted,
        "challenger_recipe": recipe_hash(trained.challenger, trained.recipes[trained.challenger]),
        "challenger_asked": trained.asked[trained.challenger],
        "champion_recipe": opponent.recipe_hash,
        "champion_asked": opponent.asked or opponent.recipe_hash,
        "model": ranking.model,
        "release_id": ranking.release_id,
        "mlflow_run_id": trained.mlflow.get(trained.challenger),
        "decided_by": GATE,
        "because": None,
        "reasons": ranking.reasons,
    }
