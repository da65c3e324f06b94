"""Measure: a protocol's figures on demand, on the lake's ratings or on a MovieLens set that stays outside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pipelines.evaluation.report import Evaluation
from pipelines.evaluation.report import evaluate as measure
from pipelines.evaluation.split import Ratings
from pipelines.jobs.active import active_set
from pipelines.jobs.evaluate import ratings_of, read_own_ids
from pipelines.models.base import Model
from pipelines.models.catalogue import make_model
from pipelines.models.films import Films
from pipelines.people import read_films, read_people
from pipelines.progress import step
from pipelines.settings import Settings
from pipelines.sources.movielens import land_movielens
from warehouse.folder import DataFolder


def measure_lake(settings: Settings, protocol: str, names: tuple[str, ...], *, k: int = 10) -> Evaluation:
    """Measure models on everybody's ratings in the lake; nothing is recorded."""
    films = read_films(settings.folder)
    ratings = ratings_of(read_people(settings.folder), films)
    return _measure(settings, ratings, films, protocol, names, active_set(settings.folder).dataset, k)


def measure_movielens(
    settings: Settings, path: Path, protocol: str, names: tuple[str, ...], *, scratch: Path, k: int = 10
) -> Evaluation:
    """Measure models on a MovieLens zip or folder in the set's own film ids; the data folder is left alone.

    Parameters
    ----------
    scratch : Path
        An empty folder to land the set in.
    """
    folder = DataFolder(scratch)
    batch = land_movielens(path, folder, max_bad_share=settings.quality.max_bad_share)
    ratings, films = read_own_ids(folder.batches("movielens") / batch.batch_id)
    return _measure(settings, ratings, films, protocol, names, batch.dataset, k)


def _measure(
    settings: Settings, ratings: Ratings, films: Films, protocol: str, names: tuple[str, ...], dataset: str, k: int
) -> Evaluation:
    makers: dict[str, Callable[[], Model]] = {name: _maker(name, protocol) for name in names}
    for maker in makers.values():
        maker()  # a wrong name or recipe is told before anything is fitted
    show: Callable[[str], None] = lambda line: step(f"evaluate {line}", 0, None)  # noqa: E731
    return measure(
        makers, ratings, films, protocol, k=k, dataset=dataset, seed=settings.random_state, progress=show
    )  # fmt: skip


def _maker(name: str, protocol: str) -> Callable[[], Model]:
    return lambda: make_model(name, protocol=protocol)
