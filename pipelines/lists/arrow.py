"""Flat numpy arrays into Arrow's nested columns, without a Python loop over rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def list_column(indptr: NDArray[np.int64], values: Any) -> pa.Array:
    """Return a list column: row ``u`` holds ``values[indptr[u]:indptr[u + 1]]``.

    ``values`` is a numpy array or an Arrow array.
    """
    flat = values if isinstance(values, pa.Array) else pa.array(values)
    return pa.ListArray.from_arrays(pa.array(indptr.astype(np.int32)), flat)


def because_column(per_list: NDArray[np.int64], per_film: NDArray[np.int64], movie_ids: Any, shares: Any) -> pa.Array:
    """Return the reasons: for each list, for each explained film, up to a few (movie_id, share).

    Parameters
    ----------
    per_list : int64 array, shape (n_lists + 1,)
        Bounds of each list's explained films.
    per_film : int64 array, shape (n_explained + 1,)
        Bounds of each explained film's reasons.
    movie_ids, shares : arrays, shape (n_reasons,)
    """
    fields = [pa.field("movie_id", pa.int32()), pa.field("share", pa.float32())]
    columns = [pa.array(movie_ids, type=pa.int32()), pa.array(shares, type=pa.float32())]
    reasons = pa.StructArray.from_arrays(columns, fields=fields)
    return list_column(per_list, list_column(per_film, reasons))


def named_column(codes: NDArray[np.int32], names: list[str]) -> pa.Array:
    """Return a string array: ``names[code]`` for each code."""
    coded = pa.DictionaryArray.from_arrays(pa.array(codes, type=pa.int32()), pa.array(names, type=pa.string()))
    return coded.dictionary_decode()
