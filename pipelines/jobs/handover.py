"""What the stages of a run hand to one another on its workbench: train to evaluate, evaluate to promote, and so on."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from pipelines.choice.promotion import Side
from pipelines.runs import Workbench
from warehouse.errors import EmptyLakeError


@dataclass(frozen=True)
class TrainedModels:
    """What `train` hands over, next to the models' arrays.

    Attributes
    ----------
    dataset : str
        The data set that they were trained on.
    challenger : str
        The model that asks to be published.
    recipes : dict of model to its whole recipe
    mlflow : dict of model to its MLflow run
        Empty where the run is not tracked.
    mlflow_training : str
        MLflow's run of the whole training; empty where it is not tracked.
    mlflow_version : str or None
        The number that the challenger has among MLflow's registered models, once it has been judged.
    lessons : dict of model to what was learned of its weights
        The protocol that was learned on, the recipe it began with, and a `Lesson` as a record. Models whose weights
        were not learned have none.
    asked : dict of model to str
        The hash of each recipe before its weights were learned.
    """

    dataset: str
    challenger: str
    recipes: dict[str, dict[str, Any]]
    mlflow: dict[str, str] = field(default_factory=dict)
    mlflow_training: str = ""
    mlflow_version: str | None = None
    lessons: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)

    def recipe_for(self, name: str, protocol: str) -> dict[str, Any]:
        """Return the recipe to measure under a protocol: learned weights only where they were learned on it."""
        lesson = self.lessons.get(name)
        recipe: dict[str, Any] = self.recipes[name]
        return recipe if lesson is None or lesson["protocol"] == protocol else lesson["begun"]

    def write(self, bench: Workbench) -> None:
        """Leave it on the workbench."""
        bench.write("train", asdict(self))

    @classmethod
    def read(cls, bench: Workbench, dataset: str) -> TrainedModels:
        """Read it.

        Parameters
        ----------
        dataset : str
            The active data set.

        Raises
        ------
        EmptyLakeError
            If nothing was trained, or another data set has become the active one since.
        """
        trained = cls(**bench.read("train", "train"))
        if trained.dataset != dataset:
            raise EmptyLakeError(
                f"run {bench.run_id} was trained on {trained.dataset} and the active data set is {dataset}; "
                "run `playbill train` first"
            )
        return trained


@dataclass(frozen=True)
class Measured:
    """What `evaluate` hands over.

    Attributes
    ----------
    rows : list of dict
        Rows of the metrics ledger, without who recorded them and when.
    sides : dict of protocol to dict of model to `promotion.Side` as a dict
        What the gate looks at; the same people in the same order.
    opponent : dict
        `opponent.Opponent`, where the gate's protocol was measured.
    chances : dict of protocol to list of dict
        Rows of ``score_chances``: what each model's scores promise.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    sides: dict[str, dict[str, Any]] = field(default_factory=dict)
    opponent: dict[str, Any] = field(default_factory=dict)
    chances: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def write(self, bench: Workbench) -> None:
        """Leave it on the workbench, beside what was measured there under other protocols before."""
        protocols = {row["protocol"] for row in self.rows}
        before = self.read(bench) if bench.holds("evaluate") else Measured()
        rows = [row for row in before.rows if row["protocol"] not in protocols] + self.rows
        sides, chances = before.sides | self.sides, before.chances | self.chances
        bench.write("evaluate", asdict(Measured(rows, sides, self.opponent or before.opponent, chances)))

    @classmethod
    def read(cls, bench: Workbench) -> Measured:
        """Read it; raises EmptyLakeError if nothing was measured."""
        return cls(**bench.read("evaluate", "evaluate"))

    def of(self, protocol: str) -> dict[str, Side]:
        """Return what the gate looks at under a protocol, by model.

        Raises
        ------
        EmptyLakeError
            If it was not measured.
        """
        if protocol not in self.sides:
            raise EmptyLakeError(
                f"the gate looks at {protocol} and only {', '.join(self.sides) or 'nothing'} was measured; "
                f"run `playbill evaluate --protocol {protocol}` first"
            )
        return {model: Side(**side) for model, side in self.sides[protocol].items()}


@dataclass(frozen=True)
class Ranking:
    """What `promote` hands over: whose arrays rank the next release, and why.

    Attributes
    ----------
    model : str
    release_id : str or None
        The release whose folder holds them; None for this run's own.
    reasons : list of str
    """

    model: str
    release_id: str | None
    reasons: list[str]

    def write(self, bench: Workbench) -> None:
        """Leave it on the workbench."""
        bench.write("promote", asdict(self))

    @classmethod
    def read(cls, bench: Workbench) -> Ranking:
        """Read it; raises EmptyLakeError if nothing was decided."""
        return cls(**bench.read("promote", "promote"))
