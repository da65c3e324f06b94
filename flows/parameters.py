"""The parameters of the main job, as the Prefect form and the command line offer them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

Dataset = Literal[
    "sample",
    "ml-latest-small",
    "ml-latest",
    "ml-100k",
    "ml-1m",
    "ml-10m",
    "ml-20m",
    "ml-25m",
    "ml-32m",
]
"""Data sets by name; the sample needs no network."""

TrainMode = Literal["auto", "all", "champion", "none"]
"""``all`` models; only the ``champion``'s recipe; ``none``: fresh lists from the current release's arrays;
``auto``: the champion when there is one for this data set, else all."""

DATASET_NAMES: tuple[str, ...] = get_args(Dataset)
TRAIN_MODES: tuple[str, ...] = get_args(TrainMode)

POPULAR = 250
"""TMDB's most popular films that a run adds by default; the enrichment job has the same number."""
MAX_POPULAR = 10_000
"""As many as TMDB has pages for."""


@dataclass(frozen=True)
class Request:
    """What a run is asked for; the fields are the command's options."""

    dataset: str | None = None
    movielens: Path | None = None
    links: Path | None = None
    enrich: bool = True
    popular: int = POPULAR
    train: str = "auto"
    replace: bool = False
