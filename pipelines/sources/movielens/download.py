"""MovieLens zip files from their publisher: resumed when cut, checked by MD5, kept for the next run."""

from __future__ import annotations

import hashlib
import logging
import re
from pathlib import Path

import httpx

from pipelines.progress import step
from pipelines.settings import MovieLensSettings
from pipelines.sources.http import make_client, with_retries
from pipelines.sources.movielens.layouts import DATASETS
from warehouse.errors import ConfigError, SourceFormatError, SourceUnavailableError
from warehouse.files import BLOCK_BYTES, sync_folder

log = logging.getLogger(__name__)

KNOWN_MD5 = {
    "ml-100k": "0e33842e24a9c977be4e0107933c0723",
    "ml-1m": "c4d9eecfca2ab87c1945afe126590906",
    "ml-10m": "ce571fd55effeba0271552578f2648bd",
    "ml-25m": "6b51fb2759a8657d3bfcbfc42b592ada",
    "ml-32m": "d472be332d4daa821edc399621853b57",
}
"""Of the sets that never change; the others are checked against the .md5 file beside them."""

MD5 = re.compile(r"\b[0-9a-f]{32}\b")


def download_movielens(
    dataset: str, home: Path, settings: MovieLensSettings, *, transport: httpx.BaseTransport | None = None
) -> Path:
    """Fetch ``<dataset>.zip``, or return the one that was fetched before.

    A download that is cut is continued where it stopped, now or at the next call.

    Raises
    ------
    ConfigError
        If there is no such set.
    SourceUnavailableError
        If the server does not answer, or its certificate is not valid.
    SourceFormatError
        If the file's MD5 is wrong; it is deleted.
    """
    if dataset not in DATASETS:
        raise ConfigError(f"there is no data set {dataset!r}; there are sample, {', '.join(DATASETS)}")
    target = home / f"{dataset}.zip"
    if target.exists():
        return target
    home.mkdir(parents=True, exist_ok=True)
    part = home / f"{dataset}.zip.part"
    what = f"download of {dataset}.zip from {settings.base_url}"
    with make_client(settings.base_url, settings.timeout_seconds, transport) as client:
        try:
            wanted = KNOWN_MD5.get(dataset) or _published_md5(client, dataset, settings.attempts)
            with_retries(lambda: _fetch(client, f"/{dataset}.zip", part), what=what, attempts=settings.attempts)
        except SourceUnavailableError as error:
            raise SourceUnavailableError(
                f"{error}; try again later, or fetch the file another way and give it with --movielens PATH"
            ) from error
    found = _md5(part)
    if found != wanted:
        part.unlink()
        raise SourceFormatError(f"{what}: its MD5 is {found}, published is {wanted}; it was deleted, try again")
    part.replace(target)
    sync_folder(home)
    log.info("download done dataset=%s bytes=%d", dataset, target.stat().st_size)
    return target


def _published_md5(client: httpx.Client, dataset: str, attempts: int) -> str:
    def ask() -> str:
        return client.get(f"/{dataset}.zip.md5").raise_for_status().text

    found = MD5.search(with_retries(ask, what=f"checksum of {dataset}.zip", attempts=attempts))
    if not found:
        raise SourceUnavailableError(f"{dataset}.zip.md5 holds no MD5")
    return found.group()


def _fetch(client: httpx.Client, url: str, part: Path) -> None:
    """Append what is missing of the file to ``part``."""
    have = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    with client.stream("GET", url, headers=headers) as answer:
        if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # it is all here already
        answer.raise_for_status()
        continued = answer.status_code == httpx.codes.PARTIAL_CONTENT
        done = have if continued else 0
        length = answer.headers.get("Content-Length")
        total = done + int(length) if length else None
        with part.open("ab" if continued else "wb") as sink:
            for block in answer.iter_bytes(BLOCK_BYTES):
                sink.write(block)
                done += len(block)
                step("download", done, total)


def _md5(path: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as handle:
        while block := handle.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
