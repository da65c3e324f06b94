"""The champion: the model whose arrays a data set is served with, and what its release says of it."""

from __future__ import annotations

import logging
from typing import Any

from pipelines.choice.recipes import from_recipe, recipe_hash
from pipelines.models.popularity import PopularityModel
from warehouse.columns import Relation
from warehouse.db import connect
from warehouse.errors import ContractError, PlaybillError, ReleaseError, WarehouseError
from warehouse.folder import DataFolder
from warehouse.store import Release, ReleaseStore

log = logging.getLogger(__name__)


def served_release(folder: DataFolder, dataset: str) -> Release | None:
    """Return the release that a data set is served with: the current one, or its newest where another set is served.

    Releases of an older schema count: their models' arrays have a version of their own. One whose arrays are damaged
    does not: they would rank the next release.
    """
    store = ReleaseStore(folder)
    try:
        ids = dict.fromkeys((store.current_id(), *store.ids()))
    except ReleaseError:
        return None
    for release_id in ids:
        try:
            release = store.get(release_id, older=True)
        except ReleaseError as error:
            log.warning("release passed over release=%s reason=%s", release_id, error)
            continue
        if release.manifest["dataset"] != dataset:
            continue
        if damaged := store.damaged(release_id, under="models/"):
            log.warning("release passed over release=%s reason=%r", release_id, f"damaged: {', '.join(damaged)}")
            continue
        return release
    return None


def champion_release(folder: DataFolder, dataset: str) -> Release | None:
    """Return the release whose model was promoted and serves the data set, None where that is popularity."""
    release = served_release(folder, dataset)
    return None if release is None or release.manifest["model"] == PopularityModel.name else release


def trained_for(release: Release) -> str:
    """Return the release that its arrays were trained for: itself, or an older one that nobody has beaten since."""
    return str(release.manifest.get("arrays_from") or release.release_id)


def recipe_asked(release: Release) -> str:
    """Return the hash of its model's recipe as it was asked for, before weights were learned."""
    facts = release.manifest
    return str(facts.get("recipe_asked") or recipe_hash(facts["model"], facts["recipe"]))


def asked_of(folder: DataFolder, dataset: str, name: str, recipe: dict[str, Any]) -> str:
    """Return the hash of a recipe as it was asked for: the champion's, trained again as it is, was asked for before."""
    release, own = champion_release(folder, dataset), recipe_hash(name, recipe)
    if release is None or recipe_hash(release.manifest["model"], release.manifest["recipe"]) != own:
        return own
    return recipe_asked(release)


def champion_recipe(folder: DataFolder, dataset: str) -> dict[str, dict[str, Any]]:
    """Return the champion's name with its whole recipe; empty where there is none that this version can make."""
    release = champion_release(folder, dataset)
    if release is None:
        return {}
    name, recipe = release.manifest["model"], release.manifest["recipe"]
    try:
        from_recipe(name, recipe)
    except PlaybillError as error:
        log.warning("champion's recipe cannot be trained again release=%s reason=%s", release.release_id, error)
        return {}
    return {name: recipe}


def rows_of(release: Release, relation: Relation) -> list[dict[str, Any]]:
    """Return the rows of a release's table; none where its schema had other columns or it is damaged."""
    try:
        with connect(release.database, read_only=True) as con:
            relation.check(con)
            query = con.sql(f'SELECT {relation.column_list} FROM "{relation.name}"')
            rows: list[dict[str, Any]] = query.to_arrow_table().to_pylist()
    except ContractError:
        return []
    except WarehouseError as error:
        log.warning(
            "figures of a release cannot be read and are left out release=%s reason=%s", release.release_id, error
        )
        return []
    return rows
