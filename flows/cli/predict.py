"""`playbill predict`: the stars that somebody would give a film, with the error that cross-validation found."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from flows.cli.console import out
from flows.cli.options import JsonOption, ReleaseOption, UserArgument
from flows.cli.printable import for_output
from pipelines.people.identity import of_request
from pipelines.people.suppression import suppressed, suppressed_among
from pipelines.settings import load_settings
from warehouse.errors import UnknownFilmError, UnknownModelError, UnknownUserError
from warehouse.release_reader import ReleaseReader
from warehouse.store import Release, ReleaseStore


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("predict")(predict)


def predict(
    user: UserArgument,
    movie: Annotated[int, typer.Argument(help="A film's TMDB id.")],
    release: ReleaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Predict the stars that somebody would give a film."""
    folder, user_id = load_settings().folder, of_request(user)
    store = ReleaseStore(folder)
    prediction = predicted(
        store.current() if release is None else store.get(release), user_id, movie, suppressed(folder)
    )
    if as_json:
        typer.echo(for_output(json.dumps(prediction, indent=1, ensure_ascii=False)))
        return
    mean = "" if prediction["known_film"] else " (their mean: no rating of the film was learned from)"
    gave = "" if prediction["rated"] is None else f"; they gave it {prediction['rated']:g}"
    out.print(
        f"{user_id} would give {prediction['title']} {prediction['predicted_rating']:.1f} stars{mean}, "
        f"{prediction['mae']:.2f} off on average (rmse {prediction['rmse']:.2f}){gave}"
    )


def predicted(release: Release, user_id: str, movie_id: int, forgotten: frozenset[str]) -> dict[str, Any]:
    """Return the stars that somebody would give a film, as the API says them.

    Raises
    ------
    UnknownUserError, UnknownFilmError
        If the release does not know them.
    UnknownModelError
        If the release predicts no ratings.
    """
    from pipelines.blend.catalogue import load_model
    from pipelines.lists.stars import predict_stars

    reader = ReleaseReader(release.database)
    stored = None if suppressed_among([user_id], forgotten) else reader.history_of(user_id)
    if stored is None:
        raise UnknownUserError(f"the release holds no ratings of {user_id!r}; ids look like ml_1 or sample_1")
    title = json.loads(reader.details_of(movie_id) or b"{}").get("title")
    if not title:
        raise UnknownFilmError(f"the release holds no film with a title and the TMDB id {movie_id}")
    errors = release.manifest.get("stars")
    if not errors:
        raise UnknownModelError(
            "the release predicts no ratings; set PLAYBILL_TRAINING__STARS=true, then train and publish"
        )
    model = load_model(release.models / "stars")
    prediction = predict_stars(model, stored.movie_ids, stored.ratings, stored.rated_seconds, movie_id)
    return {"user_id": user_id, "movie_id": movie_id, "title": title, **prediction.to_json(errors)}
