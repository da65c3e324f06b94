"""How fast everybody's lists are made: the shipped hybrid with sources and reasons, and ALS alone against implicit.

Method. Arrays are made up in the shape of MovieLens 32M: people's activity and films' popularity as in
`bench.movielens_like`, histories of different films, and for each film × film model as many weights as the recipe
keeps, drawn so that well-known films lead to more others. The shipped recipe's hybrid (its own weights, decays, sizes)
then ranks everybody through `pipelines.engine.local`: 50 films each, sources, three reasons for the first ten, written
as Parquet shards. People a second are the whole call's, processes started included; the processor time a person hardly
depends on what else the machine does. Peak memory is that of this process and its children at one moment, shared pages
counted once. ALS: 20,000 films, 128 factors, the same histories given to implicit's `recommend(recalculate_user=True)`
with the same item factors, in the same run, and to the engine, lists of 50, once without reasons (what implicit gives)
and once with ten. Run:

    python -m bench.materialise                      everything, at full size
    python -m bench.materialise --people 20000       a tenth of the people
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import scipy.sparse as sp

from bench.movielens_like import Shape, film_weights, lengths
from pipelines.blend.hybrid import HybridModel
from pipelines.choice.recipes import make_model
from pipelines.engine.local import rank_everybody
from pipelines.films.films import Films
from pipelines.models.als import AlsConfig, AlsModel
from pipelines.models.base import Model
from pipelines.models.popularity import PopularityModel
from pipelines.people.history import Histories
from pipelines.people.reader import People

LENGTH, EXPLAINED = 50, 10
SKEW = 0.6
"""Exponent of a film's popularity in its chance to lead to another one; at 0.6 a rated film leads to some 2,000."""


def made_up_people(n_people: int, n_films: int, mean_ratings: float, seed: int = 0) -> People:
    """Draw histories of different films, as active and as popular as MovieLens's."""
    rng = np.random.default_rng(seed)
    shape = Shape(ratings=int(mean_ratings * n_people), people=n_people, films=n_films)
    weights, counts = film_weights(shape), lengths(shape, rng)
    rng.shuffle(counts)
    cumulative, parts = np.cumsum(weights), []
    for first in range(0, n_people, 20_000):
        wanted = counts[first : first + 20_000]
        # a third more than wanted, then without repeats
        owner = np.repeat(np.arange(len(wanted)), wanted + wanted // 3)
        drawn = np.minimum(np.searchsorted(cumulative, rng.random(len(owner))), n_films - 1)
        keys = np.unique(owner * n_films + drawn)
        keys = rng.permutation(keys)
        keys = keys[np.argsort(keys // n_films, kind="stable")]
        owner = keys // n_films
        place = np.arange(len(keys)) - np.searchsorted(owner, np.arange(len(wanted)))[owner]
        parts.append(keys[place < wanted[owner]] + first * n_films)
    keys = np.concatenate(parts)
    owner, items = keys // n_films, (keys % n_films).astype(np.int32)
    indptr = np.concatenate(([0], np.cumsum(np.bincount(owner, minlength=n_people)))).astype(np.int64)
    place = np.arange(len(items)) - indptr[owner]
    stars = rng.choice(np.arange(0.5, 5.5, 0.5).astype(np.float32), len(items))
    ids = rng.permutation(n_films).astype(np.int32)  # popular films are not the low ids
    histories = Histories(indptr, ids[items], stars, place * 60)
    names = [f"ml_{number:06}" for number in range(n_people)]
    return People(names, histories, np.arange(n_films) + 1, pa.nulls(len(items), pa.string()))


def neighbours(counts: np.ndarray[Any, Any], kept: int, per_film: int, rng: np.random.Generator) -> sp.csr_matrix:
    """Make a film × film matrix: ``per_film`` films, well-known ones oftener, lead to each of the most rated ones."""
    n_films = len(counts)
    known = np.argsort(-counts, kind="stable")[:kept]
    chance = np.maximum(counts[known], 1) ** SKEW
    cumulative = np.cumsum(chance) / chance.sum()
    rows = known[np.searchsorted(cumulative, rng.random(kept * per_film)).clip(0, kept - 1)]
    columns = np.repeat(known, per_film)
    values = rng.exponential(0.02, len(rows)).astype(np.float32)
    matrix = sp.csr_matrix((values, (rows, columns)), shape=(n_films, n_films), dtype=np.float32)
    matrix.setdiag(0)
    matrix.eliminate_zeros()
    return matrix


def factors_of(model: AlsModel, people: People, rng: np.random.Generator) -> AlsModel:
    """Give an ALS model made-up factors."""
    n_films = len(people.movie_ids)
    model.movie_ids_ = people.movie_ids
    model.item_factors_ = rng.normal(0, 0.1, (n_films, model.config.factors)).astype(np.float32)
    wide = model.item_factors_.astype(np.float64)
    model.gram_ = wide.T @ wide + model.config.regularization * np.eye(model.config.factors)
    model.rated_ = np.bincount(people.histories.item_idx, minlength=n_films) > 0
    return model


def made_up_hybrid(people: People, seed: int = 1) -> Model:
    """Return the shipped hybrid with made-up arrays."""
    rng = np.random.default_rng(seed)
    model, n_films = make_model("hybrid"), len(people.movie_ids)
    assert isinstance(model, HybridModel)
    counts = np.bincount(people.histories.item_idx, minlength=n_films)
    model.movie_ids_, model.cold_ = people.movie_ids, counts == 0
    for name, member in model.members.items():
        member.movie_ids_ = people.movie_ids
        made: Any = member
        if name == "ease":
            made.kept_ = np.sort(np.argsort(-counts)[: member.config.max_items]).astype(np.int32)
            made.weights_ = neighbours(counts, min(n_films, member.config.max_items), member.config.neighbours, rng)
        elif name == "covisitation":
            made.counts_, made.ratings_ = neighbours(counts, n_films, 120, rng), counts.astype(np.float32)
        elif name == "content":
            made.nearest_ = neighbours(np.ones(n_films), n_films, member.config.neighbours, rng)
        elif name == "als":
            factors_of(made, people, rng)
        else:
            raise NotImplementedError(name)
    return model


def popularity_of(people: People) -> PopularityModel:
    """Return the popularity of these people's films."""
    return PopularityModel().fit(people.histories, Films(people.movie_ids))


class Peak:
    """The most memory that this process and its children held at once, in bytes, looked at twice a second."""

    def __enter__(self) -> Peak:
        self.bytes, self._stop = 0, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        own = Path("/proc/self")
        while not self._stop.wait(0.5):
            children = [
                Path(f"/proc/{pid}") for pid in (own / f"task/{own.resolve().name}/children").read_text().split()
            ]
            self.bytes = max(self.bytes, sum(map(_private, [own, *children])))


def _private(process: Path) -> int:
    """Return a process's memory, shared pages divided among those who map them."""
    try:
        lines = (process / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def engine_run(model: Model, people: People, *, explained: int, processes: int) -> dict[str, float]:
    """Rank everybody and return seconds, people a second and peak memory."""
    with tempfile.TemporaryDirectory(prefix="playbill-bench-") as scratch:
        folder = Path(scratch)
        model.save(folder / "model")
        popularity_of(people).save(folder / "popularity")
        started, used = time.perf_counter(), _processor_seconds()
        with Peak() as peak:
            files = rank_everybody(
                folder / "model", folder / "popularity", people, Films(people.movie_ids), folder / "out",
                length=LENGTH, explained=explained, processes=processes,
            )  # fmt: skip
        seconds, used = time.perf_counter() - started, _processor_seconds() - used
        size = sum(file.stat().st_size for file in files)
    n_people = len(people.user_ids)
    return {
        "seconds": round(seconds, 1), "people_a_second": round(n_people / seconds),
        "processor_ms_a_person": round(1000 * used / n_people, 2),
        "peak_gb": round(peak.bytes / 1e9, 2), "parquet_mb": round(size / 1e6),
    }  # fmt: skip


def _processor_seconds() -> float:
    """Return the processor time of this process and of its children that have ended."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def implicit_run(model: AlsModel, people: People) -> dict[str, float]:
    """Rank everybody with implicit, users solved anew from the same confidences, 5,000 people at a time."""
    from implicit.cpu.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits

    histories = people.histories
    extra = model.signals(histories, model.history_weights(histories))[1]
    confidence = histories.matrix(extra.astype(np.float32), len(people.movie_ids))
    trainer = AlternatingLeastSquares(
        factors=model.config.factors, regularization=model.config.regularization, alpha=1.0, num_threads=0
    )
    trainer.item_factors = model.item_factors_
    started = time.perf_counter()
    with threadpool_limits(1, "blas"):
        for first in range(0, len(people.user_ids), 5_000):
            rows = confidence[first : first + 5_000]
            trainer.recommend(np.arange(rows.shape[0]), rows, N=LENGTH, recalculate_user=True)
    seconds = time.perf_counter() - started
    return {"seconds": round(seconds, 1), "people_a_second": round(len(people.user_ids) / seconds)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--people", type=int, default=200_948)
    parser.add_argument("--films", type=int, default=87_585)
    parser.add_argument("--als-people", type=int, default=140_000)
    parser.add_argument("--als-films", type=int, default=20_000)
    parser.add_argument("--processes", type=int, default=0)
    parser.add_argument("--only", choices=["hybrid", "als"])
    chosen = parser.parse_args()
    found: dict[str, Any] = {}
    if chosen.only != "als":
        people = made_up_people(chosen.people, chosen.films, 159.2)
        model = made_up_hybrid(people)
        found["hybrid"] = engine_run(model, people, explained=EXPLAINED, processes=chosen.processes)
        found["hybrid"] |= {"people": chosen.people, "films": chosen.films, "ratings": len(people.histories.item_idx)}
        del people, model
    if chosen.only != "hybrid":
        people = made_up_people(min(chosen.als_people, chosen.people), chosen.als_films, 100)
        als = factors_of(AlsModel(AlsConfig(factors=128)), people, np.random.default_rng(2))
        found["implicit"] = implicit_run(als, people)
        found["als"] = engine_run(als, people, explained=0, processes=chosen.processes)
        found["als_with_reasons"] = engine_run(als, people, explained=EXPLAINED, processes=chosen.processes)
        for name in ("als", "als_with_reasons"):
            share = found[name]["people_a_second"] / found["implicit"]["people_a_second"]
            found[name]["of_implicit"] = round(share, 2)
    for name, figures in found.items():
        print(f"{name:18}" + "".join(f"{key} {value:>10,}  " for key, value in figures.items()))
    found["own_peak_gb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
