"""Registered versions: a model's arrays once, loadable with MLflow alone, and which of them is the champion.

``models:/playbill@champion`` is what was served last, from whichever data folder; ``champion-SET-FOLDER`` and
``challenger-SET-FOLDER`` are one folder's and set's own.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from warehouse.files import link_tree, make_folder, sha256_of

REGISTERED = "playbill"
KEPT = 2
"""Versions whose arrays stay in a local ``mlruns/``, beside those that an alias names."""
REMOVED = "playbill.removed"
"""The tag of a version whose arrays were taken out."""
ABOUT = (
    "Ranks films for people: `mlflow.pyfunc.load_model('models:/playbill@champion').predict(histories, {'k': 10})`, "
    "where histories has the columns user_id, movie_id (TMDB), rating (0.5-5 stars), rated_at (seconds)."
)


class Versions:
    """The registered versions of one data folder.

    Parameters
    ----------
    client : MlflowClient
    key : str
        What tells the data folder from others.
    scratch : Path
        A folder of the data folder, where files are put together: on its disk they need no room of their own.
    """

    def __init__(self, client: Any, key: str, scratch: Path) -> None:
        self._client, self._key, self._scratch = client, key, scratch

    def register(
        self, mlflow_id: str, dataset: str, model: Path, popularity: Path, tags: Mapping[str, str], note: str
    ) -> str:
        """Log the files to the model's run and register them; the same arrays are the version that they were before."""
        if not self._client.search_registered_models(filter_string=f"name = '{REGISTERED}'"):
            self._client.create_registered_model(REGISTERED, description=ABOUT)
        arrays = _digest(model)
        number = self._known(arrays)
        if number is None:
            self._upload(mlflow_id, model, popularity)
            source = f"{self._client.get_run(mlflow_id).info.artifact_uri}/model"
            whole = {**tags, "playbill.folder": self._key, "playbill.dataset": dataset, "playbill.arrays": arrays}
            made = self._client.create_model_version(REGISTERED, source, mlflow_id, tags=whole, description=note)
            number = str(made.version)
        self._alias("challenger", dataset, number)
        self._tidy()
        return number

    def serve(self, dataset: str, number: str, release_id: str, model: Path, popularity: Path) -> None:
        """Say that a version is served, and in which release, whose files are put back where they were taken out."""
        if REMOVED in self.tags(number):
            self._upload(str(self._client.get_model_version(REGISTERED, number).run_id), model, popularity)
            self._client.delete_model_version_tag(REGISTERED, number, REMOVED)
        self._client.set_model_version_tag(REGISTERED, number, "playbill.release_id", release_id)
        self._alias("champion", dataset, number)
        self._client.set_registered_model_alias(REGISTERED, "champion", number)

    def tags(self, number: str) -> dict[str, str]:
        """Return a version's tags."""
        return dict(self._client.get_model_version(REGISTERED, number).tags)

    def _alias(self, role: str, dataset: str, number: str) -> None:
        self._client.set_registered_model_alias(REGISTERED, f"{role}-{dataset}-{self._key}", number)

    def _all(self) -> list[Any]:
        """Return this folder's versions, the newest first."""
        versions = self._client.search_model_versions(f"name = '{REGISTERED}'")
        own = [version for version in versions if version.tags.get("playbill.folder") == self._key]
        return sorted(own, key=lambda version: -int(version.version))

    def _known(self, arrays: str) -> str | None:
        same = (version for version in self._all() if version.tags.get("playbill.arrays") == arrays)
        return next((str(version.version) for version in same if REMOVED not in version.tags), None)

    def _upload(self, mlflow_id: str, model: Path, popularity: Path) -> None:
        make_folder(self._scratch)
        with tempfile.TemporaryDirectory(prefix=".mlflow-", suffix=".tmp", dir=self._scratch) as scratch:
            home = Path(scratch)
            for folder in {model, popularity}:
                link_tree(folder, home / "data" / folder.name)
            _describe(home, model.name, mlflow_id)
            self._client.log_artifacts(mlflow_id, str(home), artifact_path="model")

    def _tidy(self) -> None:
        """Take the arrays of old versions out of a local store; a server's are its own affair."""
        named = {str(number) for number in self._client.get_registered_model(REGISTERED).aliases.values()}
        for version in self._all()[KEPT:]:
            place = urlparse(version.source)
            if str(version.version) in named or REMOVED in version.tags or place.scheme != "file":
                continue
            shutil.rmtree(Path(unquote(place.path)) / "data", ignore_errors=True)
            self._client.set_model_version_tag(REGISTERED, version.version, REMOVED, "its arrays")


def _describe(home: Path, name: str, mlflow_id: str) -> None:
    """Write what MLflow loads a version by: the module that reads it, and what goes in and comes out."""
    from mlflow.models import Model, ModelSignature
    from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema

    text, whole, real = DataType.string, DataType.long, DataType.double
    rated = [("user_id", text), ("movie_id", whole), ("rating", real), ("rated_at", whole)]
    listed = [("user_id", text), ("rank", whole), ("movie_id", whole), ("score", real)]
    taken, given = (Schema([ColSpec(kind, column) for column, kind in columns]) for columns in (rated, listed))
    length = ParamSchema([ParamSpec("k", DataType.long, 10)])
    about = Model(
        artifact_path="model", run_id=mlflow_id, signature=ModelSignature(taken, given, length),
        flavors={"python_function": {
            "loader_module": "pipelines.registry.pyfunc", "data": "data", "env": {},
            "python_version": platform.python_version(),
        }},
        metadata={"model": name},
    )  # fmt: skip
    (home / "data" / "model.txt").write_text(name + "\n", encoding="utf-8")
    about.save(str(home / "MLmodel"))


def _digest(folder: Path) -> str:
    """Return what tells these files from others."""
    lines = [f"{path.relative_to(folder)} {sha256_of(path)}" for path in sorted(folder.rglob("*")) if path.is_file()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
