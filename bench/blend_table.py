"""Is the blend as good as its best member, on every set and protocol? The table of docs/evaluation-table.md.

    python -m bench.blend_table --movielens ml-latest-small.zip --movielens ml-100k.zip --app ratings.csv.gz
    python -m bench.blend_table --protocol next --whole-only …          # fewer cells

Each set is measured whole and as a random half of its people, the sample too. Every blend learns its weights itself,
from the validation part of the protocol that it is measured on. A cell is nDCG@10 (Recall@10 for `last-out`), and the
difference from the best of the single models with its 95 % interval, paired by people. ``--out`` keeps what is done, so
that a stopped run goes on.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipelines.choice.evaluation.report import Evaluation
from pipelines.choice.evaluation.split import Ratings
from pipelines.films.films import Films
from pipelines.jobs.build import build
from pipelines.jobs.ingest import ingest
from pipelines.jobs.measure import Measurable, measure_set, open_lake, open_movielens
from pipelines.runs import new_run_id
from pipelines.settings import Settings, load_settings

BLEND = "hybrid"
SINGLES = ("popularity", "als", "ease", "covisitation", "content")
PROTOCOLS = ("next", "last-out", "stratified")
SEED = 7


def main() -> None:
    """Measure what is asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--movielens", type=Path, action="append", default=[], help="a MovieLens zip or folder")
    parser.add_argument("--app", type=Path, help="an app's ratings: user_id, movie_id, rating, created_at as CSV")
    parser.add_argument("--facts", type=Path, help="TMDB's records of the app's films, a JSON object a line, gzipped")
    parser.add_argument("--protocol", action="append", help=f"by default {', '.join(PROTOCOLS)}")
    parser.add_argument("--no-sample", action="store_true", help="leave the embedded sample out")
    parser.add_argument("--whole-only", action="store_true", help="no halves")
    parser.add_argument("--out", type=Path, default=Path("blend-table.json"), help="what was measured so far")
    options = parser.parse_args()
    settings = load_settings()
    cells: dict[str, dict[str, Any]] = json.loads(options.out.read_text()) if options.out.exists() else {}
    for name, opened in _sets(settings, options).items():
        whole: Measurable | None = None
        for half in (False,) if options.whole_only else (False, True):
            for protocol in options.protocol or PROTOCOLS:
                key = f"{name}{', half' * half}|{protocol}"
                if key in cells:
                    continue
                whole = whole or opened()
                found = measure_set(settings, half_of(whole) if half else whole, protocol, (*SINGLES, BLEND))
                cells[key] = cell(found)
                options.out.write_text(json.dumps(cells, indent=1))
                print(row(key, cells[key]), flush=True)
    print("\n" + table(cells))


def _sets(settings: Settings, options: argparse.Namespace) -> dict[str, Callable[[], Measurable]]:
    sets: dict[str, Callable[[], Measurable]] = {
        path.name.removesuffix(".zip"): lambda path=path: open_movielens(settings, path)  # type: ignore[misc]
        for path in options.movielens
    }
    if options.app is not None:
        sets["the app's ratings"] = lambda: open_app(options.app, options.facts)
    if not options.no_sample:
        sets["sample"] = lambda: open_sample(settings)
    return sets


def open_sample(settings: Settings) -> Measurable:
    """Read the embedded sample; the data folder is left alone."""
    with tempfile.TemporaryDirectory() as scratch:
        apart = settings.model_copy(update={"data_dir": Path(scratch)})
        ingest(apart, new_run_id(), dataset="sample")
        build(apart, new_run_id())
        return open_lake(apart)


def open_app(path: Path, facts: Path | None) -> Measurable:
    """Read an app's ratings in TMDB's film ids, with what TMDB says of the films where its records are given."""
    table = pd.read_csv(path).sort_values("id")
    ids, items = np.unique(table["movie_id"].to_numpy(np.int64), return_inverse=True)
    people, users = np.unique(table["user_id"].to_numpy(str), return_inverse=True)
    seconds = (
        pd.to_datetime(table["created_at"], utc=True)
        .dt.tz_localize(None)
        .to_numpy()
        .astype("datetime64[s]")
        .astype(np.int64)
    )
    records = {} if facts is None else _records(facts, set(ids.tolist()))
    metadata = pd.DataFrame([records.get(movie_id, {}) for movie_id in ids.tolist()], index=range(len(ids)))
    ratings = Ratings(
        users.astype(np.int64), items.astype(np.int32), table["rating"].to_numpy(np.float32), seconds, len(people),
        len(ids),
    )  # fmt: skip
    return Measurable(ratings, Films(ids, metadata), "app")


def _records(path: Path, wanted: set[int]) -> dict[int, dict[str, Any]]:
    found = {}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            if record["id"] in wanted:
                crew = record["credits"]["crew"]
                found[record["id"]] = {
                    "title": record["title"],
                    "overview": record["overview"],
                    "year": float(record["release_date"][:4]) if record["release_date"] else np.nan,
                    "genres": [genre["name"] for genre in record["genres"]],
                    "keywords": [keyword["name"] for keyword in record["keywords"]["keywords"]],
                    "cast_names": [person["name"] for person in record["credits"]["cast"]],
                    "directors": [person["name"] for person in crew if person["job"] == "Director"],
                }
    return found


def half_of(whole: Measurable) -> Measurable:
    """Return the ratings of a random half of the people, of all films."""
    ratings = whole.ratings
    chosen = np.zeros(ratings.n_users, dtype=bool)
    chosen[np.random.default_rng(SEED).permutation(ratings.n_users)[: ratings.n_users // 2]] = True
    rows = chosen[ratings.user_idx]
    half = replace(
        ratings, user_idx=ratings.user_idx[rows], item_idx=ratings.item_idx[rows], rating=ratings.rating[rows],
        rated_at=ratings.rated_at[rows],
    )  # fmt: skip
    return Measurable(half, whole.films, whole.dataset)


def cell(found: Evaluation) -> dict[str, Any]:
    """Return a protocol's figure of every model, and the blend's difference from the best of the single ones."""
    metric = "recall" if found.protocol == "last-out" else "ndcg"
    values = {name: found.results[name][metric, "all"].value for name in (*SINGLES, BLEND)}
    best = max(SINGLES, key=values.__getitem__)
    difference = found.compare(BLEND, best, metric)
    return {
        "metric": metric, "people": len(found.users), "values": values, "best": best,
        "difference": difference.value, "low": difference.low, "high": difference.high,
    }  # fmt: skip


def row(key: str, one: dict[str, Any]) -> str:
    """Write a cell as a line of the table."""
    name, protocol = key.split("|")
    metric = "Recall@10" if one["metric"] == "recall" else "nDCG@10"
    verdict = "above" if one["low"] > 0 else "within noise" if one["high"] >= 0 else "**below**"
    return (
        f"| {name} | `{protocol}` {metric} | {one['people']:,} | {one['values'][BLEND]:.4f} | {one['best']} "
        f"{one['values'][one['best']]:.4f} | {one['difference']:+.4f} ({one['low']:+.4f} to {one['high']:+.4f}) "
        f"| {verdict} |"
    )


def table(cells: dict[str, dict[str, Any]]) -> str:
    """Write all cells as a Markdown table."""
    head = "| set | protocol | people | hybrid | best single model | difference (95 %) | the hybrid is |"
    return "\n".join([head, "|---|---|---|---|---|---|---|", *(row(key, one) for key, one in cells.items())])


if __name__ == "__main__":
    main()
