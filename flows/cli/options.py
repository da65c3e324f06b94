"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.completion import release_ids
from flows.parameters import DATASET_NAMES, MAX_POPULAR, TRAIN_MODES
from warehouse.errors import ConfigError

DatasetOption = Annotated[
    str | None,
    typer.Option(
        "--dataset",
        help=f"One of {', '.join(DATASET_NAMES)}; by default the set of the data folder, the sample in an empty one.",
    ),
]
MovieLensOption = Annotated[
    Path | None, typer.Option("--movielens", help="A MovieLens zip or folder, instead of a download.")
]
LinksOption = Annotated[
    Path | None, typer.Option("--links", help="A MovieLens set with links.csv, to match a set that has none.")
]
PopularOption = Annotated[
    int, typer.Option("--popular", min=0, max=MAX_POPULAR, help="TMDB's most popular films to add.")
]
EnrichOption = Annotated[bool, typer.Option("--enrich/--no-enrich", help="Whether to ask TMDB about the films.")]
ReplaceOption = Annotated[
    bool, typer.Option("--replace", help="Let the data set take the place of another one that is served.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
UserArgument = Annotated[str, typer.Argument(help="A user id such as sample_1 or ml_1.")]
ReleaseOption = Annotated[
    str | None, typer.Option("--release", autocompletion=release_ids, help="A release instead of the current one.")
]
TrainOption = Annotated[str, typer.Option("--train", help=f"One of {', '.join(TRAIN_MODES)}.")]


def one_of(value: str, known: tuple[str, ...], option: str) -> str:
    """Return the value, or refuse it with the known ones.

    Raises
    ------
    ConfigError
        If it is not among them.
    """
    if value not in known:
        raise ConfigError(f"{option} {value!r} is not known; it may be {', '.join(known)}")
    return value


def chosen_dataset(dataset: str | None) -> str | None:
    """Return the data set that was asked for, or refuse a name that is none."""
    return None if dataset is None else one_of(dataset, DATASET_NAMES, "--dataset")
