"""The embedded sample into the lake, as one batch that the same seed always makes the same."""

from __future__ import annotations

import hashlib

import pyarrow as pa

from pipelines.sources.landed import Batch
from pipelines.sources.sample.films import load_films
from pipelines.sources.sample.people import generate_ratings
from warehouse.batches import has_landed, landing
from warehouse.folder import DataFolder
from warehouse.landing import write_rows


def land_sample(folder: DataFolder, *, seed: int = 42) -> Batch:
    """Land the sample's films and its people's ratings, or find that they have landed already.

    Parameters
    ----------
    seed : int
        Of the invented people.
    """
    films = load_films()
    ratings = generate_ratings(films, seed=seed)
    batch_id = f"sample-{_digest(films, ratings)[:10]}"
    home = folder.batches("sample") / batch_id
    if has_landed(home):
        return Batch.read(home)
    with landing(home) as target:
        for name, table in (("ratings", ratings), ("films", films)):
            write_rows(table, target / f"{name}.parquet")
        batch = Batch("sample", "sample", batch_id, ratings.num_rows, films.num_rows, 0, {}, new=True)
        batch.write(target)
    return batch


def _digest(*tables: pa.Table) -> str:
    digest = hashlib.sha256()
    for table in tables:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table.combine_chunks())
        digest.update(sink.getvalue())
    return digest.hexdigest()
