"""The nightly read of the app's table: only what changed, nothing missed, nothing moved by a failure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pyarrow.parquet as pq
import pytest
import stamina

from pipelines.jobs.ingest_supabase import SupabaseIngested, ingest_supabase
from pipelines.people.suppression import suppress
from pipelines.runs import new_run_id
from pipelines.settings import Settings
from pipelines.settings_sections import QualitySettings
from tests.pipelines.sources.supabase.postgrest import Table, refusal
from tests.pipelines.sources.supabase.test_api import USERS, rows, stamp, without
from warehouse import ledgers
from warehouse.errors import ConfigError, SourceError, SourceUnavailableError, TooManyBadRowsError


@pytest.fixture(autouse=True)
def quick_retries() -> Iterator[None]:
    stamina.set_testing(True, attempts=2, cap=True)
    yield
    stamina.set_testing(False)


@pytest.fixture
def app(settings: Settings) -> Settings:
    update = {"supabase_url": "https://project.example", "supabase_key": "sb_secret_test"}
    return Settings(**{**settings.model_dump(include={"data_dir", "mlruns_dir"}), **update})


def ingest(settings: Settings, table: Table, *, full: bool = False) -> SupabaseIngested:
    return ingest_supabase(settings, new_run_id(), full=full, transport=table.transport)


def landed(settings: Settings) -> dict[tuple[str, int], float]:
    found: dict[tuple[str, int], float] = {}
    for path in sorted(settings.folder.batches("supabase").glob("*/ratings.parquet")):
        for row in pq.read_table(path).to_pylist():
            found.pop((row["user_id"], row["movie_id"]), None)
            if not row["deleted"]:
                found[row["user_id"], row["movie_id"]] = row["rating"]
    return found


def wanted(table: Table) -> dict[tuple[str, int], float]:
    return {(row["user_id"], row["movie_id"]): row["rating"] for row in table.rows}


def test_nothing_is_configured(settings: Settings) -> None:
    assert ingest_supabase(settings, new_run_id()).mode == "off"
    assert not settings.folder.lake.exists()


def test_a_url_without_a_key(settings: Settings) -> None:
    with pytest.raises(ConfigError, match="SUPABASE_SECRET_KEY"):
        ingest_supabase(settings.model_copy(update={"supabase_url": "https://x.example"}), new_run_id())


def test_the_second_read_takes_the_overlap_and_what_changed(app: Settings) -> None:
    table = Table(rows(200), max_rows=30)  # the last change is at minute 50
    assert ingest(app, table) == SupabaseIngested("full", 200, 200, 0, 0, 0, "000001-" + batches(app)[0][-6:])
    table.given = 0
    second = ingest(app, table)
    # of the ten minutes before minute 50 and of it: ids 160 to 200, and the three questions before
    assert (second.mode, second.rows_read, second.fresh, second.changed, second.batch_id) == ("changes", 41, 0, 0, None)
    assert table.given == 41 + 3
    table.rows[5] |= {"rating": 0.5, "updated_at": stamp(55)}
    table.rows.append({**table.rows[6], "id": 201, "movie_id": 999, "updated_at": stamp(56)})
    third = ingest(app, table)
    assert (third.fresh, third.changed, third.rows_read) == (1, 1, 43)
    assert landed(app) == wanted(table)


def batches(settings: Settings) -> list[str]:
    return sorted(path.name for path in settings.folder.batches("supabase").iterdir())


def test_a_late_commit_within_the_overlap_is_not_missed(app: Settings) -> None:
    table = Table(rows(40))
    ingest(app, table)
    # a transaction that began at minute 3 is only seen now, after rows of minute 10
    table.rows.append({**table.rows[0], "id": 41, "movie_id": 999, "updated_at": stamp(3)})
    assert ingest(app, table).fresh == 1


def test_a_row_changed_while_all_is_read_comes_with_the_next_read(app: Settings) -> None:
    table = Table(rows(40), max_rows=10)

    def change(request: httpx.Request, number: int) -> None:
        if number == 5:  # its page has been given already, and twenty minutes of changes follow
            table.rows[0] |= {"rating": 5.0, "updated_at": stamp(11)}
            table.rows[39] |= {"updated_at": stamp(40)}

    table.before = change
    ingest(app, table)
    ingest(app, table)
    assert landed(app) == wanted(table)


@pytest.mark.parametrize("made", ["created_at", None])
def test_a_row_that_was_never_updated_is_read_all_the_same(app: Settings, made: str | None) -> None:
    fresh = [{**row, "updated_at": None} if row["id"] > 5 else row for row in rows(40)]
    table = Table(fresh if made else without(fresh, "created_at"), max_rows=7)
    ingest(app, table)
    assert landed(app) == wanted(table)
    new = {**table.rows[20], "id": 41, "movie_id": 999}
    table.rows.append({**new, "created_at": stamp(500)} if made else new)
    result = ingest(app, table)
    assert (result.mode, result.fresh) == ("changes", 1)
    assert landed(app) == wanted(table)


@pytest.mark.parametrize(
    ("moment", "bad"),
    [
        ("2099-01-01T00:00:00+00:00", 0),
        ("2999-12-31T00:00:00+00:00", 0),
        ("9999-12-31T23:59:59.999999+00:00", 0),
        ("9999-12-31T23:59:59-12:00", 1),
        ("infinity", 1),
        ("-infinity", 1),
        ("0044-03-15T12:00:00+00:00 BC", 1),
        ("12026-01-01T00:00:00+00:00", 1),
    ],
)
def test_one_odd_time_costs_its_own_row_at_most_and_never_the_next_change(app: Settings, moment: str, bad: int) -> None:
    app = app.model_copy(update={"quality": QualitySettings(max_bad_share=0.1)})
    table = Table(rows(40), max_rows=7)
    table.rows[3]["updated_at"] = moment
    first = ingest(app, table)
    assert (first.fresh, first.bad_rows) == (40 - bad, bad)
    table.rows[7] |= {"rating": 0.5, "updated_at": stamp(55)}
    table.rows.append({**table.rows[6], "id": 41, "movie_id": 999, "updated_at": stamp(56)})
    second = ingest(app, table)
    assert (second.mode, second.fresh, second.changed) == ("changes", 1, 1)
    assert max(row["watermark"] for row in ledgers.read(app.folder, "reads")) <= datetime.now(UTC)


def test_the_mark_is_never_past_the_servers_own_clock(app: Settings) -> None:
    server = datetime(2026, 1, 1, 0, 5, tzinfo=UTC)
    ingest(app, Table(rows(40), clock=server))  # the last change is at minute 10
    assert ledgers.read(app.folder, "reads")[0]["watermark"] <= server


def test_a_mark_that_an_earlier_version_put_into_the_future_is_not_believed(app: Settings) -> None:
    table = Table(rows(40))
    ingest(app, table)
    last = ledgers.read(app.folder, "reads")[0]
    row = {key: value for key, value in last.items() if key not in ("run_id", "recorded_at")}
    ledgers.append(app.folder, "reads", new_run_id(), [{**row, "watermark": datetime(2999, 1, 1, tzinfo=UTC)}])
    assert ingest(app, table).mode == "full"
    assert ingest(app, table).mode == "changes"


def test_a_full_read_finds_deletions_when_it_is_due(app: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table(rows(40))
    ingest(app, table)
    del table.rows[3]
    assert ingest(app, table).deleted == 0
    assert ingest(app, table, full=True).deleted == 1
    del table.rows[3]

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) + timedelta(days=8)

    monkeypatch.setattr("pipelines.jobs.ingest_supabase.datetime", Later)
    result = ingest(app, table)
    assert (result.mode, result.deleted) == ("full", 1)
    assert landed(app) == wanted(table)


def test_a_table_without_times_is_compared_whole(app: Settings) -> None:
    table = Table(without(rows(40), "id", "created_at", "updated_at"), max_rows=7)
    assert ingest(app, table).fresh == 40
    assert ingest(app, table).batch_id is None
    table.rows[0]["rating"], gone = 5.0, table.rows.pop()
    result = ingest(app, table)
    assert (result.changed, result.deleted) == (1, 1)
    assert (gone["user_id"], gone["movie_id"]) not in landed(app)


def test_a_page_that_fails_moves_no_watermark(app: Settings) -> None:
    table = Table(rows(40), max_rows=10)
    table.before = lambda request, number: httpx.Response(503) if number > 3 else None
    with pytest.raises(SourceUnavailableError):
        ingest(app, table)
    assert not settings_lake(app)
    assert ledgers.read(app.folder, "reads") == []
    table.before = lambda request, number: None
    assert ingest(app, table).fresh == 40


def settings_lake(settings: Settings) -> list[str]:
    home = settings.folder.batches("supabase")
    return [path.name for path in home.iterdir()] if home.exists() else []


def test_a_table_that_is_suddenly_empty_deletes_nothing(app: Settings) -> None:
    table = Table(rows(40))
    ingest(app, table)
    table.rows = []
    with pytest.raises(SourceError, match="PLAYBILL_QUALITY__MAX_DROP_SHARE=1"):
        ingest(app, table, full=True)
    assert len(landed(app)) == 40


def test_too_many_bad_rows_stop_the_ingest(app: Settings) -> None:
    table = Table(rows(40))
    for row in table.rows[:2]:
        row["rating"] = 100
    with pytest.raises(TooManyBadRowsError, match=r"2 of 40 rows are unusable .*rating is outside"):
        ingest(app, table)
    assert list((app.folder.quarantine / "supabase").glob("*.csv"))


def test_no_grant(app: Settings) -> None:
    table = Table(rows(4))
    table.before = lambda request, number: refusal(403, "42501", "permission denied for table ratings")
    with pytest.raises(SourceError, match=r"GRANT SELECT ON public\.ratings TO service_role"):
        ingest(app, table)


def test_another_table_begins_with_a_full_read(app: Settings) -> None:
    table = Table(rows(40))
    ingest(app, table)
    other = app.model_copy(update={"supabase_url": "https://other.example"})
    assert ingest(other, table).mode == "full"


def test_forgotten_people_are_not_read_again(app: Settings) -> None:
    suppress(app.folder, USERS[1])
    table = Table(rows(40))
    ingest(app, table)
    assert {user for user, _ in landed(app)} == {USERS[0], USERS[2]}
