"""Why not: what became of a film in somebody's list, worked out from the release that holds the list."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.blend.catalogue import load_model
from pipelines.films.films import Films
from pipelines.lists.rank import Ranker
from pipelines.lists.why_not import WhyNot, why_not
from pipelines.models.popularity import PopularityModel
from pipelines.people.reader import one_person
from pipelines.people.suppression import suppressed, suppressed_among
from pipelines.settings import Settings
from warehouse.errors import UnknownFilmError, UnknownUserError
from warehouse.query import ask, open_releases
from warehouse.release_reader import ReleaseReader
from warehouse.store import ReleaseStore


@dataclass(frozen=True)
class Explained:
    """The answer, and which film and release it is about."""

    movie_id: int
    title: str
    release_id: str
    answer: WhyNot


def explain(settings: Settings, user_id: str, film: str, release_id: str | None = None) -> Explained:
    """Tell what became of a film in somebody's list.

    Parameters
    ----------
    film : str
        A TMDB id, or a title.

    Raises
    ------
    UnknownUserError, UnknownFilmError
        If the release knows no such person or film, or the film has no title.
    """
    folder, store = settings.folder, ReleaseStore(settings.folder)
    release = store.get(release_id or store.current_id())
    movie_id, title = _film(settings, release.release_id, film)
    reader = ReleaseReader(release.database)
    stored = None if suppressed_among([user_id], suppressed(folder)) else reader.history_of(user_id)
    if stored is None:
        raise UnknownUserError(f"the release holds no ratings of {user_id!r}; ids look like ml_1 or sample_1")
    films = Films(reader.films()["movie_id"].to_numpy().astype("int64"))
    popularity = PopularityModel.load(release.models / PopularityModel.name)
    ranker = Ranker.of(load_model(release.models / str(release.manifest["model"])), popularity, films)
    person = one_person(stored.movie_ids, stored.ratings, stored.rated_seconds)
    answer = why_not(ranker, person, movie_id, length=int(release.manifest["list_length"]))
    return Explained(movie_id, title, release.release_id, answer)


def _film(settings: Settings, release_id: str, film: str) -> tuple[int, str]:
    with open_releases(settings.folder, release_id) as con:
        if film.strip().isdecimal():
            rows = ask(con, "SELECT movie_id, title FROM movies WHERE movie_id = ?", [int(film)]).rows
        else:
            query = "SELECT movie_id, title FROM movies WHERE lower(title) = lower(trim(?)) ORDER BY ratings DESC, 1"
            rows = ask(con, query, [film]).rows
    if not rows:
        raise UnknownFilmError(f"release {release_id} has no film {film!r}; give a TMDB id or a whole title")
    movie_id, title = rows[0]
    if not (title or "").strip():
        raise UnknownFilmError(f"film {movie_id} has no title, and what has no title is never recommended")
    return int(movie_id), str(title)
