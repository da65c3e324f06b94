"""The opponent: what a run's challenger is compared with, fitted on the same training part and asked the same people.

Where nothing was promoted it is popularity; else the champion's recipe. The champion's own recipe, trained again, is
compared with itself as it would be without the ratings that came since its arrays were made.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pipelines.choice.promotion import Case
from pipelines.choice.recipes import recipe_hash
from pipelines.films.films import Films
from pipelines.jobs.champion import champion_recipe, champion_release, recipe_asked, trained_for
from pipelines.jobs.handover import TrainedModels
from pipelines.lists.tables import rating_table
from pipelines.models.popularity import PopularityModel
from pipelines.people.history import Histories, IntArray
from pipelines.people.reader import People
from warehouse.builds import built_file
from warehouse.errors import ReleaseError
from warehouse.folder import DataFolder
from warehouse.release_people import changed_people, rated_films
from warehouse.store import Release, ReleaseStore
from warehouse.sums import digest_of

log = logging.getLogger(__name__)

CHAMPION = "champion"
"""What the opponent is called in an evaluation where it is not one of the trained models."""


@dataclass(frozen=True)
class Opponent:
    """What a challenger is compared with.

    Attributes
    ----------
    key : str
        Its name in the evaluation: a trained model's, or ``champion``.
    model : str
    recipe : dict
        Its whole recipe.
    release_id : str or None
        The release whose arrays rank now; None where nothing was promoted.
    asked : str
        The hash of its recipe before its weights were learned.
    """

    case: Case
    key: str
    model: str
    recipe: dict[str, Any]
    release_id: str | None
    asked: str = ""

    @property
    def recipe_hash(self) -> str:
        """What tells its recipe from others."""
        return recipe_hash(self.model, self.recipe)

    def to_json(self) -> dict[str, Any]:
        """Return it as the workbench keeps it."""
        return asdict(self)


def opponent_of(folder: DataFolder, trained: TrainedModels, people: People) -> Opponent:
    """Say what a run's challenger is compared with."""
    recipes = champion_recipe(folder, trained.dataset)
    release = champion_release(folder, trained.dataset)
    if release is None or not recipes:
        name = PopularityModel.name
        return Opponent("first", name, name, trained.recipes[name], None)
    (model, recipe), challenger, asked = next(iter(recipes.items())), trained.challenger, recipe_asked(release)
    same = recipe_hash(model, recipe) == recipe_hash(challenger, trained.recipes[challenger])
    if same and learned_from_the_same(folder, release, people):
        return Opponent("unchanged", challenger, model, recipe, release.release_id, asked)
    # weights that are learned anew, from more ratings, are no other recipe
    case: Case = "refresh" if same or trained.asked.get(challenger) == asked else "challenge"
    return Opponent(case, CHAMPION, model, recipe, release.release_id, asked)


def learned_from_the_same(folder: DataFolder, release: Release, people: People) -> bool:
    """Tell whether a release's arrays learned from these very ratings, and from the films as they are built now."""
    origin = _origin(folder, release)
    films = digest_of(built_file(folder, "movies"))
    if trained_for(release) != origin.release_id or films is None or origin.manifest.get("films_file") != films:
        return False
    changed, gone = changed_people(origin.database, rating_table(people))
    return not changed and not gone


def as_it_was(folder: DataFolder, release_id: str, people: People, films: Films) -> Callable[[Histories], Histories]:
    """Return what takes out of a training part the ratings that a release's arrays did not know.

    Histories have a row a person of ``people`` and positions in ``films``.
    """
    origin = _origin(folder, ReleaseStore(folder).get(release_id, older=True))
    table = rated_films(origin.database)
    rows = {user_id: row for row, user_id in enumerate(people.user_ids)}
    owners = np.array([rows.get(user_id, -1) for user_id in table["user_id"].to_pylist()], dtype=np.int64)
    lists = table["movie_ids"].combine_chunks()
    owner = np.repeat(owners, np.diff(lists.offsets.to_numpy()))
    places = films.index_of(lists.flatten().to_numpy())
    known = _codes(owner, places, len(films))[(owner >= 0) & (places >= 0)]

    def restrict(train: Histories) -> Histories:
        return train.keep(np.isin(_codes(train.owner, train.item_idx, len(films)), known))

    return restrict


def _codes(owner: IntArray, places: Any, n_films: int) -> IntArray:
    codes: IntArray = owner.astype(np.int64) * n_films + places
    return codes


def _origin(folder: DataFolder, release: Release) -> Release:
    """Return the release that the arrays were trained for; the one that has them now where that was removed."""
    try:
        return ReleaseStore(folder).get(trained_for(release), older=True)
    except ReleaseError:
        log.info("release removed meanwhile release=%s stands_in=%s", trained_for(release), release.release_id)
        return release
