"""The plan of a run: a recipe to try, new ratings to learn from, or nothing to compare."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from pipelines.choice.recipes import make_model, recipe_folders, recipe_hash
from pipelines.jobs.champion import champion_recipe, champion_release, recipe_asked
from pipelines.jobs.opponent import learned_from_the_same
from pipelines.people.reader import read_people
from pipelines.settings import Settings
from warehouse import ledgers
from warehouse.folder import DataFolder

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """What a run trains.

    Attributes
    ----------
    recipes : dict of model to its whole recipe
        The champion's, where only that is trained; else empty, and the settings' models are, by their files.
    nothing : str or None
        Why there is nothing to train and compare; None where there is.
    """

    recipes: dict[str, dict[str, Any]]
    nothing: str | None = None


def plan_of(settings: Settings, dataset: str, mode: str) -> Plan:
    """Say what a run trains.

    Parameters
    ----------
    mode : {"auto", "all", "champion"}
        ``auto``: the settings' models where there is no champion, or where the file of the one to be published says
        something that was not judged yet; the champion's recipe where there are new ratings; else nothing.
    """
    folder = settings.folder
    champion = {} if mode == "all" else champion_recipe(folder, dataset)
    if mode != "auto" or not champion:
        return Plan(champion)
    released, (model, recipe) = champion_release(folder, dataset), next(iter(champion.items()))
    wanted = settings.training.published
    asked = recipe_hash(wanted, make_model(wanted, folders=recipe_folders(folder)).recipe)
    known = recipe_hash(model, recipe) if released is None else recipe_asked(released)
    if asked != known and not was_turned_down(folder, dataset, asked):
        log.info("plan challenge model=%s recipe=%s champion=%s", wanted, asked, model)
        return Plan({})
    newest = next((row for row in ledgers.read(folder, "promotion") if row["dataset"] == dataset), None)
    if newest is not None and newest["case_name"] == "rollback":
        return Plan(champion, f"{newest['reasons'][0]}; until another recipe is tried, or --train champion or all")
    if released is not None and learned_from_the_same(folder, released, read_people(folder)):
        return Plan(
            champion, f"nothing to compare: {model}'s own recipe, and the same ratings that its arrays learned from"
        )
    return Plan(champion)


def was_turned_down(folder: DataFolder, dataset: str, recipe: str) -> bool:
    """Tell whether the newest decision about a recipe was a refusal, or somebody put another in its place."""
    for row in ledgers.read(folder, "promotion"):
        if row["dataset"] != dataset or row["case_name"] == "unchanged":
            continue
        if row["challenger_asked"] == recipe:
            return not row["promoted"]
        if row["case_name"] in ("rollback", "override") and row["champion_asked"] == recipe:
            return True
    return False
