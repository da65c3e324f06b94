"""Measure: a protocol's figures on demand, on the lake's ratings or on a MovieLens set that stays outside it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipelines.choice.evaluation.rating_errors import RatingErrors, cross_validate
from pipelines.choice.evaluation.report import Evaluation
from pipelines.choice.evaluation.report import evaluate as measure
from pipelines.choice.evaluation.split import Ratings
from pipelines.choice.learning import Learner
from pipelines.choice.recipes import make_model, recipe_folders
from pipelines.films.films import Films
from pipelines.jobs.active import active_set
from pipelines.jobs.build import build
from pipelines.jobs.evaluate import ratings_of, read_own_ids
from pipelines.jobs.ingest import ingest
from pipelines.jobs.match_titles import match_titles
from pipelines.jobs.tracked_data import dataset_of, datasets_of
from pipelines.models.base import Model
from pipelines.people.reader import read_films, read_people, read_tags
from pipelines.progress import step
from pipelines.runs import new_run_id
from pipelines.settings import Settings
from pipelines.sources.movielens.landing import land_movielens
from warehouse.errors import ConfigError
from warehouse.folder import DataFolder


@dataclass(frozen=True)
class Measurable:
    """A data set ready for evaluation or tuning.

    Attributes
    ----------
    datasets : tuple of dict
        The batches that it is made of, as MLflow's datasets.
    """

    ratings: Ratings
    films: Films
    dataset: str
    datasets: tuple[dict[str, str], ...] = ()


def open_lake(settings: Settings) -> Measurable:
    """Read everybody's ratings in the lake, in Playbill's film ids."""
    folder, active = settings.folder, active_set(settings.folder)
    films, people = read_films(folder), read_people(folder)
    ratings = ratings_of(people, films, read_tags(folder, people, films))
    return Measurable(ratings, films, active.dataset, tuple(datasets_of(folder, active)))


def open_movielens(settings: Settings, path: Path) -> Measurable:
    """Read a MovieLens zip or folder in the set's own film ids; the data folder is left alone."""
    with tempfile.TemporaryDirectory(prefix="playbill-") as scratch:
        folder = DataFolder(Path(scratch))
        batch = land_movielens(path, folder, max_bad_share=settings.quality.max_bad_share, limits=settings.limits)
        home = folder.batches("movielens") / batch.batch_id
        ratings, films = read_own_ids(home)
        datasets = (dataset_of(batch.dataset, home, folder.root),)
    return Measurable(ratings, films, batch.dataset, datasets)


def open_matched(settings: Settings, path: Path, links: Path) -> Measurable:
    """Read a MovieLens set as `run` would train on it: films matched by another set's links, others left out."""
    with tempfile.TemporaryDirectory(prefix="playbill-") as scratch:
        apart, run_id = settings.model_copy(update={"data_dir": Path(scratch)}), new_run_id()
        ingest(apart, run_id, movielens=path)
        match_titles(apart, run_id, links=links, ask_tmdb=False)
        build(apart, run_id)
        return open_lake(apart)


def open_set(settings: Settings, path: Path | None, links: Path | None = None) -> Measurable:
    """Read a MovieLens set where a path is given, else the lake; the data folder is left alone.

    Raises
    ------
    ConfigError
        If there are links and no set to match.
    """
    if path is None and links is not None:
        raise ConfigError("--links matches the films of a set; give the set with --movielens")
    if path is None:
        return open_lake(settings)
    return open_movielens(settings, path) if links is None else open_matched(settings, path, links)


def measure_set(
    settings: Settings, chosen: Measurable, protocol: str, names: tuple[str, ...], *, k: int = 10
) -> Evaluation:
    """Measure models under a protocol, each with its file's recipe for that protocol; nothing is recorded.

    What a recipe leaves to be learned is learned on that protocol's validation part.
    """
    folders = recipe_folders(settings.folder)
    makers: dict[str, Callable[[], Model]] = {
        name: partial(make_model, name, protocol=protocol, folders=folders) for name in names
    }
    for maker in makers.values():
        maker()  # a wrong name or recipe is told before anything is fitted
    seed = settings.random_state
    learner = Learner(protocol, chosen.ratings, chosen.films, seed, show)
    return measure(
        makers, chosen.ratings, chosen.films, protocol,
        k=k, dataset=chosen.dataset, seed=seed, max_people=settings.training.measured_people,
        learn=learner.learn, progress=show,
    )  # fmt: skip


def measure_rating_errors(settings: Settings, chosen: Measurable, *, n_folds: int = 5) -> RatingErrors:
    """Cross-validate SVD's rating estimates, trained users and folded-in ones side by side."""
    return cross_validate(chosen.ratings, chosen.films, n_folds=n_folds, seed=settings.random_state, progress=show)


def show(line: str) -> None:
    """Report a line of an evaluation's progress."""
    step(line, 0, None)
