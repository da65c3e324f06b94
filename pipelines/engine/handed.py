"""What processes are handed to rank a shard: paths and numbers; the arrays behind them are mapped, not copied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.blend.catalogue import load_model
from pipelines.films.films import Films
from pipelines.lists.rank import Ranker
from pipelines.models.popularity import PopularityModel
from pipelines.people.history import Histories
from pipelines.people.reader import People
from warehouse.errors import DamagedFileError

ARRAYS = ("indptr", "item_idx", "ratings", "rated_at")


@dataclass(frozen=True)
class Handed:
    """A ranking's inputs on disk.

    Attributes
    ----------
    model, popularity : Path
        Saved models: the one that ranks, and the one that fills lists up.
    people : Path
        The folder that `spill` wrote.
    length, explained : int
        As in `rank_shard`.
    """

    model: Path
    popularity: Path
    people: Path
    length: int
    explained: int

    def ranker(self) -> Ranker:
        """Return the ranker; its arrays are memory-mapped."""
        films = Films(np.load(self.people / "films.npy"))
        return Ranker.of(load_model(self.model), PopularityModel.load(self.popularity), films)

    def shard(self, start: int, stop: int) -> People:
        """Return the people from ``start`` to ``stop``; only their ratings are read."""
        bounds = np.load(self.people / "indptr.npy", mmap_mode="r")[start : stop + 1]
        flat = slice(bounds[0], bounds[-1])
        items, ratings, times = (
            np.array(np.load(self.people / f"{name}.npy", mmap_mode="r")[flat]) for name in ARRAYS[1:]
        )
        with pa.memory_map(str(self.people / "user_ids.arrow")) as source:
            names = pa.ipc.open_file(source).read_all().slice(start, stop - start)["user_id"].to_pylist()
        histories = Histories(np.asarray(bounds - bounds[0]), items, ratings, times)
        return People(names, histories, np.load(self.people / "movie_ids.npy"), pa.nulls(len(items), pa.string()))


def spill(people: People, films: Films, folder: Path) -> Path:
    """Write what ranking reads of people and films into a folder, one array a file."""
    folder.mkdir(parents=True)
    for name in ARRAYS:
        np.save(folder / f"{name}.npy", getattr(people.histories, name), allow_pickle=False)
    np.save(folder / "movie_ids.npy", people.movie_ids, allow_pickle=False)
    np.save(folder / "films.npy", films.movie_ids, allow_pickle=False)
    names = pa.table({"user_id": pa.array(people.user_ids, type=pa.string())})
    with pa.OSFile(str(folder / "user_ids.arrow"), "wb") as sink, pa.ipc.new_file(sink, names.schema) as writer:
        writer.write_table(names)
    return folder


def write_shard(batch: pa.RecordBatch, path: Path) -> None:
    """Write a shard's lists as Parquet; a half-written file never bears the shard's name."""
    unfinished = path.with_suffix(".unfinished")
    pq.write_table(
        pa.Table.from_batches([batch]), unfinished, compression="zstd", compression_level=1, write_page_checksum=True
    )
    unfinished.replace(path)


def read_shards(files: Sequence[Path]) -> pa.Table:
    """Return all shards' lists in the order of ``files``, every page compared with its checksum.

    Raises
    ------
    DamagedFileError
        If one is not what was written.
    """
    parts = []
    for path in files:
        try:
            parts.append(pq.read_table(path, read_dictionary=["sources.list.element"], page_checksum_verification=True))
        except (OSError, ValueError) as error:
            raise DamagedFileError(
                f"{path} is damaged: it is not what was written there; publish again, the last release stays"
            ) from error
    return pa.concat_tables(parts)
