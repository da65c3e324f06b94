"""Promote: ask the gate whether the run's best model may replace plain popularity."""

from __future__ import annotations

import logging
import math
from dataclasses import asdict

import numpy as np

from pipelines.choice.promotion import Decision, decide
from pipelines.models.popularity import PopularityModel
from pipelines.registry import open_registry
from pipelines.runs import workbench
from pipelines.settings import Settings
from warehouse import ledgers

log = logging.getLogger(__name__)


def promote(settings: Settings, run_id: str | None = None) -> Decision:
    """Decide which model's lists are published; the decision and its reasons are recorded."""
    bench = workbench(settings.folder, run_id)
    trained, evaluated = bench.read("train", "train"), bench.read("evaluate", "evaluate")
    baseline = PopularityModel.name
    others = [name for name in evaluated["ndcg"] if name != baseline]
    challenger = settings.training.published if settings.training.published in others else (others or [baseline])[-1]
    if challenger == baseline:
        n = int(np.count_nonzero(~np.isnan(np.array(evaluated["ndcg"][baseline], dtype=np.float64))))
        decision = Decision(True, ["popularity is the only model of this run"], math.nan, math.nan, math.nan, n)
    else:
        decision = decide(
            np.array(evaluated["ndcg"][challenger], dtype=np.float64),
            np.array(evaluated["ndcg"][baseline], dtype=np.float64),
            challenger_name=challenger,
            baseline_name=baseline,
            seed=settings.random_state,
        )
    told = {name: None if math.isnan(value) else value for name, value in _figures(decision).items()}
    record = {**asdict(decision), **told, "challenger": challenger, "baseline": baseline, "dataset": trained["dataset"]}
    bench.write("promote", {**record, "published": challenger if decision.promoted else baseline})
    ledgers.append(settings.folder, "promotion", bench.run_id, [record])
    registry = open_registry(settings)
    mlflow_id = trained["mlflow"].get(challenger)
    if registry is not None and mlflow_id:
        registry.log_decision(mlflow_id, decision.promoted, decision.reasons)
        if decision.promoted:
            registry.register_champion(mlflow_id, {"playbill.run_id": bench.run_id, "playbill.model": challenger})
    log.info("promote done challenger=%s promoted=%s reason=%r", challenger, decision.promoted, decision.reasons[0])
    return decision


def _figures(decision: Decision) -> dict[str, float]:
    return {"difference": decision.difference, "low": decision.low, "high": decision.high}
