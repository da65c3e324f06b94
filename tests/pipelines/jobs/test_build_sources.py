"""All sources together: one row a person and film, by hand; and the checks that compare with the last build."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.jobs.build import build
from pipelines.jobs.ingest import ingest
from pipelines.jobs.ingest_events import ingest_events
from pipelines.jobs.ingest_supabase import ingest_supabase
from pipelines.people.reader import read_films, read_people
from pipelines.runs import new_run_id
from pipelines.settings import Settings
from pipelines.settings_sections import EventRule, EventSettings, QualitySettings
from tests.conftest import SetMaker
from tests.pipelines.sources.supabase.postgrest import Table
from warehouse.db import connect
from warehouse.errors import QualityError

ANN = "00000000-0000-4000-8000-00000000000a"
BEN = "00000000-0000-4000-8000-00000000000b"
DAY = 86_400


def rated(number: int, user: str, film: int, stars: float, day: int) -> dict[str, Any]:
    when = f"2026-01-{day:02d}T00:00:00+00:00"
    row = {"id": number, "user_id": user, "movie_id": film, "rating": stars}
    return {**row, "created_at": when, "updated_at": when}


def log(settings: Settings, *events: tuple[str, str, int | str, str, int], value: float | None = None) -> None:
    """Drop a log of (user, kind of id, id, event, day of January 2026)."""
    settings.folder.inbox.mkdir(parents=True, exist_ok=True)
    lines = []
    for user, key, film, event, day in events:
        record = {"user_id": user, key: film, "event": event, "timestamp": f"2026-01-{day:02d}"}
        lines.append(json.dumps(record if value is None else {**record, "value": value}))
    number = len(list(settings.folder.inbox.iterdir())) + 1
    (settings.folder.inbox / f"{number}.jsonl").write_text("\n".join(lines) + "\n")


def interactions(settings: Settings, user: str) -> list[tuple[Any, ...]]:
    query = (
        "SELECT movie_id, rating, day(rated_at), array_to_string(sources, '+') "
        f"FROM read_parquet('{settings.folder.dataset('interactions')}') WHERE user_id = ? ORDER BY movie_id"
    )
    with connect() as con:
        return con.execute(query, [user]).fetchall()


def build_all(settings: Settings, *rows: dict[str, Any]) -> None:
    if rows:
        ingest_supabase(settings, new_run_id(), full=True, transport=Table(list(rows)).transport)
    ingest_events(settings, new_run_id())
    build(settings, new_run_id())


def test_stars_beat_events_and_the_latest_stars_win(app: Settings) -> None:
    log(app, (ANN, "tmdb_id", 501, "like", 9), (ANN, "tmdb_id", 501, "view", 8), (ANN, "tmdb_id", 503, "dislike", 9))
    log(app, (ANN, "movielens_id", 2, "rating", 7), value=1.0)
    build_all(app, rated(1, ANN, 501, 3.0, 5), rated(2, ANN, 502, 4.0, 5), rated(3, ANN, 504, 5.0, 6))
    assert interactions(app, ANN) == [
        (501, 3.0, 5, "events+supabase"),  # the 3 stars of the 5th stand, whatever the like of the 9th says
        (502, 1.0, 7, "events+supabase"),
        (503, 1.0, 9, "events"),
        (504, 5.0, 6, "supabase"),
    ]


def test_a_later_opinion_takes_the_place_of_an_earlier_one(app: Settings) -> None:
    log(app, (BEN, "movie_id", 501, "dislike", 3), (BEN, "movie_id", 501, "like", 2), (BEN, "movie_id", 501, "view", 4))
    build_all(app)
    assert interactions(app, BEN) == [(501, 1.0, 4, "events")]


def test_repeated_views_say_less_and_less(app: Settings) -> None:
    # a finish weighs 1.5 and stands for 4 stars; seven views weigh 0.5 (1 + ln 7) = 1.47, eight 1.54, and stand for 3.5
    for film, views in ((505, 7), (506, 8)):
        log(
            app,
            (BEN, "movie_id", film, "finish", 1),
            *((BEN, "movie_id", film, "view", day + 2) for day in range(views)),
        )
    build_all(app)
    assert interactions(app, BEN) == [(505, 4.0, 8, "events"), (506, 3.5, 9, "events")]


def test_without_an_opinion_the_strongest_event_tells_the_stars(app: Settings) -> None:
    log(app, (BEN, "movie_id", 501, "skip", 5), (BEN, "movie_id", 501, "finish", 1))
    build_all(app)
    assert interactions(app, BEN) == [(501, 4.0, 5, "events")]


def test_the_weights_are_settings(app: Settings) -> None:
    rules = {"view": EventRule(weight=3.0, stars=2.5)}
    own = app.model_copy(update={"events": EventSettings(rules=rules, settle_seconds=0)})
    log(own, (BEN, "movie_id", 501, "view", 5), (BEN, "movie_id", 501, "like", 5))
    assert ingest_events(own, new_run_id()).reasons == {"event is missing or unknown": 1}
    build(own, new_run_id())
    assert interactions(own, BEN) == [(501, 2.5, 5, "events")]


def test_a_film_that_only_the_app_knows_stays_in_the_data_and_out_of_the_lists(app: Settings) -> None:
    build_all(app, rated(1, ANN, 777_777, 5.0, 5), rated(2, ANN, 501, 5.0, 6))
    assert [row[0] for row in interactions(app, ANN)] == [501, 777_777]
    assert 777_777 in read_people(app.folder).movie_ids
    films = read_films(app.folder)
    assert len(films) == 40
    assert 777_777 not in films.movie_ids


def test_events_about_unknown_films_are_counted(app: Settings) -> None:
    log(
        app,
        (BEN, "movielens_id", 999, "like", 5),
        (BEN, "imdb_id", "tt9999999", "view", 5),
        (BEN, "movie_id", 501, "like", 5),
    )
    build_all(app)
    with connect(app.folder.warehouse_file, read_only=True) as con:
        dropped = con.execute("SELECT source, reason, ratings FROM mart_dropped_ratings").fetchall()
        counts = con.execute("SELECT source, ratings FROM mart_source_counts ORDER BY source").fetchall()
    assert dropped == [("events", "film has no TMDB id", 2)]
    assert counts == [("events", 3), ("movielens", 960)]


def test_a_source_that_lost_half_its_rows_stops_the_run(app: Settings) -> None:
    rows = [rated(number, ANN, 500 + number, 4.0, 5) for number in range(1, 21)]
    build_all(app, *rows)
    lax = app.model_copy(update={"quality": QualitySettings(max_drop_share=1.0)})
    ingest_supabase(lax, new_run_id(), full=True, transport=Table(rows[:9]).transport)
    with pytest.raises(QualityError, match=r'sudden_drop: 1 row,.*"source": "supabase", "before": 20, "found": 9'):
        build(app, new_run_id())
    with pytest.raises(QualityError):  # and does so until somebody lets it pass
        build(app, new_run_id())
    build(lax, new_run_id())
    build(app, new_run_id())


def test_a_smaller_set_of_another_name_is_no_drop(app: Settings, make_set: SetMaker, tmp_path: Path) -> None:
    build(app, new_run_id())
    ingest(
        app,
        new_run_id(),
        movielens=make_set("mine", ratings_csv="userId,movieId,rating,timestamp\n1,1,4,10\n1,2,3,11\n"),
    )
    build(app, new_run_id())


def findings(settings: Settings) -> dict[str, int]:
    return {finding.check_name: finding.rows_found for finding in build(settings, new_run_id()).findings}


def test_warnings_about_unknown_films_and_the_future(app: Settings) -> None:
    rows = [rated(number, ANN, 900_000 + number, 4.0, 5) for number in range(1, 61)]
    rows[0] |= {"updated_at": "2090-01-01T00:00:00+00:00"}
    ingest_supabase(app, new_run_id(), transport=Table(rows).transport)
    found = findings(app)
    # 60 of 1,020 interactions are more than a twentieth
    # and a time later than the server's clock never lands
    assert (found["unknown_films"], found["rated_in_the_future"], found["sudden_drop"]) == (1, 0, 0)
