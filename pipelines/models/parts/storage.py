"""Saved models: one .npy file an array, so that it can be memory-mapped, and JSON for the rest.

Nothing here can run code when it is read: no pickle, and `allow_pickle` is off.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from warehouse.errors import ModelFormatError

Learned = Mapping[str, Any]
"""Learned attributes by name: arrays, CSR matrices, or values that JSON can hold."""


def save_learned(folder: Path, header: Mapping[str, Any], learned: Learned) -> None:
    """Write ``learned`` and ``header`` into ``folder``; ``model.json`` comes last and marks it whole.

    A CSR matrix becomes its three arrays, ``name.data.npy``, ``name.indices.npy`` and ``name.indptr.npy``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kinds: dict[str, Any] = {}
    for name, value in learned.items():
        if sp.issparse(value):
            matrix = sp.csr_matrix(value)
            for part in ("data", "indices", "indptr"):
                np.save(folder / f"{name}.{part}.npy", getattr(matrix, part), allow_pickle=False)
            kinds[name] = {"kind": "csr", "shape": list(matrix.shape)}
        elif isinstance(value, np.ndarray):
            np.save(folder / f"{name}.npy", value, allow_pickle=False)
            kinds[name] = {"kind": "array"}
        else:
            kinds[name] = {"kind": "json", "value": value}
    text = json.dumps({**header, "learned": kinds}, indent=1, sort_keys=True, ensure_ascii=False)
    (folder / "model.json").write_text(text + "\n", encoding="utf-8")


def read_header(folder: Path) -> dict[str, Any]:
    """Return a saved model's ``model.json``.

    Raises
    ------
    ModelFormatError
        If the folder holds no readable ``model.json``.
    """
    path = folder / "model.json"
    try:
        header = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelFormatError(f"{path} cannot be read ({error}); train and publish again") from error
    if not isinstance(header, dict) or "learned" not in header:
        raise ModelFormatError(f"{path} is not a saved model; train and publish again")
    return header


def load_learned(folder: Path, header: Mapping[str, Any], *, mmap: bool = True) -> dict[str, Any]:
    """Return the learned attributes of a saved model; arrays are memory-mapped read-only when ``mmap``.

    Raises
    ------
    ModelFormatError
        If a file named in the header is missing or unreadable, or holds NaN or plus infinity.
    """
    mode = "r" if mmap else None
    learned: dict[str, Any] = {}
    try:
        for name, entry in header["learned"].items():
            if entry["kind"] == "json":
                learned[name] = entry["value"]
            elif entry["kind"] == "array":
                learned[name] = _load_array(folder / f"{name}.npy", mode)
            else:
                parts = [_load_array(folder / f"{name}.{part}.npy", mode) for part in ("data", "indices", "indptr")]
                learned[name] = sp.csr_matrix(tuple(parts), shape=tuple(entry["shape"]), copy=False)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelFormatError(f"{folder} is not a whole saved model ({error}); train and publish again") from error
    return learned


def _load_array(path: Path, mode: Any) -> np.ndarray[Any, Any]:
    array: np.ndarray[Any, Any] = np.load(path, mmap_mode=mode, allow_pickle=False)
    # max is NaN or infinite if any value is, and needs no array of its own; minus infinity says "never" of a film
    if array.dtype.kind == "f" and array.size and not array.max() < np.inf:
        raise ValueError(f"{path.name} holds numbers that are none")
    return array
