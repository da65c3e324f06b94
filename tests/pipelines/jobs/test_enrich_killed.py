"""A run that is killed with no chance to say goodbye: the next one asks only for the rest."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.tmdb_fake import API_KEY, FakeTmdb, film, serving

N = 120
SCRIPT = """
from pathlib import Path
from pipelines.jobs.enrich import enrich
from pipelines.jobs.ingest import ingest
from pipelines.runs import new_run_id
from pipelines.settings import Settings
settings = Settings()
ingest(settings, new_run_id(), movielens=Path({movielens!r}))
print(enrich(settings, new_run_id(), popular=0).note)
"""


def movielens(home: Path) -> Path:
    home.mkdir()
    numbers = range(1, N + 1)
    (home / "movies.csv").write_text(
        "movieId,title,genres\n" + "".join(f"{n},Film {n} (2000),Drama\n" for n in numbers)
    )
    (home / "links.csv").write_text("movieId,imdbId,tmdbId\n" + "".join(f"{n},{n:07d},{1000 + n}\n" for n in numbers))
    ratings = "".join(f"1,{n},4.0,{1_000_000_000 + n}\n" for n in numbers)
    (home / "ratings.csv").write_text("userId,movieId,rating,timestamp\n" + ratings)
    return home


@pytest.mark.slow
def test_kill_9_loses_no_more_than_was_not_on_disk(tmp_path: Path) -> None:
    def unhurried(request: httpx.Request, before: int) -> None:
        time.sleep(0.05)

    fake = FakeTmdb({1000 + n: film(1000 + n) for n in range(1, N + 1)}, fault=unhurried)
    script = SCRIPT.format(movielens=str(movielens(tmp_path / "ml-latest-small")))
    parts = tmp_path / "data" / "lake" / "ledgers" / "enrichment"
    with serving(fake) as url:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PLAYBILL", "TMDB"))},
            "PLAYBILL_DATA_DIR": str(tmp_path / "data"),
            "PLAYBILL_TMDB__BASE_URL": url,
            "PLAYBILL_TMDB__IN_FLIGHT": "4",
            "PLAYBILL_TMDB__RATE": "40",
            "PLAYBILL_TMDB__FLUSH_SECONDS": "0.2",
            "TMDB_API_KEY": API_KEY,
        }
        first = subprocess.Popen([sys.executable, "-c", script], env=environment)
        while len(list(parts.glob("*.parquet"))) < 3 and first.poll() is None:
            time.sleep(0.02)
        first.send_signal(signal.SIGKILL)
        assert first.wait() == -signal.SIGKILL
        time.sleep(0.5)
        asked_before = set(fake.asked)
        assert 0 < len(asked_before) < N
        fake.forget()
        second = subprocess.run(
            [sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True
        )
    assert fake.paths("/movie/changes") == []
    again = set(fake.asked) & asked_before
    # what 0.2 seconds between two writes, and one write, may hold at 40 a second, and four in flight; with room
    assert len(again) <= 30
    assert len(asked_before - again) > 0
    assert set(fake.asked) | asked_before == {1000 + n for n in range(1, N + 1)}
    assert max(fake.asked.values()) == 1
    assert f"facts of {N} of {N} films" in second.stdout
