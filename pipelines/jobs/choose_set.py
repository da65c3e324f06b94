"""Which data set a run takes: the one asked for, else the one the folder works on; never another in silence."""

from __future__ import annotations

from pathlib import Path

from pipelines.jobs.active import Active, active_set
from warehouse import ledgers
from warehouse.errors import ConfigError, ReleaseError
from warehouse.folder import DataFolder
from warehouse.store import ReleaseStore

SAMPLE = "sample"


def set_to_take(folder: DataFolder, dataset: str | None, movielens: Path | None) -> str | Active | None:
    """Return the name asked for, the active set where nothing is asked for, or None where a path tells it.

    Raises
    ------
    ConfigError
        If a path is given for the embedded sample.
    EmptyLakeError
        If the active set's batch is gone.
    """
    if movielens is not None:
        if dataset == SAMPLE:
            raise ConfigError("--movielens names a MovieLens set and --dataset the embedded sample; give one of them")
        return dataset
    if dataset is not None:
        return dataset
    landed = any(row["source"] in ("movielens", SAMPLE) for row in ledgers.read(folder, "ingest"))
    return active_set(folder) if landed else SAMPLE


def refuse_another(folder: DataFolder, dataset: str, *, replace: bool) -> None:
    """Refuse a data set that would take the place of another one that is served, unless that is meant.

    Raises
    ------
    ConfigError
        The message says what is served now and how to replace it.
    """
    served = _served(folder)
    if served is not None and served[1] != dataset and not replace:
        raise ConfigError(
            f"release {served[0]} serves lists of {served[1]}; add --replace to have {dataset} take its place, "
            f"or leave --dataset and --movielens out to go on with {served[1]}"
        )


def _served(folder: DataFolder) -> tuple[str, str] | None:
    """Return the current release's id and data set, or None where nothing is served."""
    try:
        release = ReleaseStore(folder).current()
    except ReleaseError:
        return None
    return release.release_id, str(release.manifest["dataset"])
