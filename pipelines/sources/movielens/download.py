"""MovieLens zip files from their publisher: resumed when cut, checked by MD5, kept for the next run."""

from __future__ import annotations

import hashlib
import logging
import re
from pathlib import Path

import httpx

from pipelines.progress import step
from pipelines.settings_sections import LimitSettings, MovieLensSettings
from pipelines.sources.http import RETRIED_STATUS, Policy, Reply, Service, Transport, TryAgainError, pieces, run_async
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
    dataset: str,
    home: Path,
    settings: MovieLensSettings,
    limits: LimitSettings | None = None,
    *,
    transport: Transport | None = None,
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
        If the file's MD5 is wrong, or it is longer than is taken; it is deleted.
    """
    if dataset not in DATASETS:
        raise ConfigError(f"there is no data set {dataset!r}; there are sample, {', '.join(DATASETS)}")
    target = home / f"{dataset}.zip"
    if target.exists():
        return target
    home.mkdir(parents=True, exist_ok=True)
    part = home / f"{dataset}.zip.part"
    what = f"download of {dataset}.zip from {settings.base_url}"
    try:
        wanted = run_async(_fetched(dataset, part, settings, limits or LimitSettings(), transport))
    except SourceUnavailableError as error:
        raise SourceUnavailableError(
            f"{what}: {error}; try again later, or fetch the file another way and give it with --movielens PATH"
        ) from error
    except SourceFormatError as error:
        part.unlink(missing_ok=True)
        raise SourceFormatError(f"{what}: {error}; it was deleted") from error
    found = _md5(part)
    if found != wanted:
        part.unlink()
        raise SourceFormatError(f"{what}: its MD5 is {found}, published is {wanted}; it was deleted, try again")
    part.replace(target)
    sync_folder(home)
    log.info("download done dataset=%s bytes=%d", dataset, target.stat().st_size)
    return target


async def _fetched(
    dataset: str, part: Path, settings: MovieLensSettings, limits: LimitSettings, transport: Transport | None
) -> str:
    """Have the whole file in ``part``, and return the MD5 that it must have."""
    policy = Policy(
        timeout_seconds=settings.timeout_seconds,
        answer_seconds=limits.answer_seconds,
        answer_bytes=int(limits.answer_mb * 2**20),
        attempts=settings.attempts,
    )
    async with Service("the server", settings.base_url, policy, redirects=True, transport=transport) as service:
        wanted = KNOWN_MD5.get(dataset)
        if wanted is None:
            wanted = await service.ask(f"/{dataset}.zip.md5", _published_md5)
        await service.retrying(lambda: _fetch(service, f"/{dataset}.zip", part, limits))
        return wanted


def _published_md5(reply: Reply) -> str:
    _check_status(reply.status, reply.headers, reply.phrase)
    published = MD5.search(reply.content[:1000].decode("utf-8", errors="replace"))
    if not published:
        raise SourceUnavailableError("the published checksum is no MD5")
    return published.group()


def _check_status(status: int, headers: httpx.Headers, phrase: str) -> None:
    if status in RETRIED_STATUS:
        raise TryAgainError.after(status, headers, f"the server answered {phrase}")
    if not 200 <= status < 300:
        raise SourceUnavailableError(f"the server answered {phrase}")


async def _fetch(service: Service, path: str, part: Path, limits: LimitSettings) -> None:
    """Append what is missing of the file to ``part``."""
    have = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={have}-"} if have else {})}
    async with service.opened(path, headers=headers, seconds=limits.download_seconds) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # it is all here already
        _check_status(response.status_code, response.headers, str(response.status_code))
        continued = response.status_code == httpx.codes.PARTIAL_CONTENT
        done = have if continued else 0
        length = response.headers.get("Content-Length", "")
        total = done + int(length) if length.isdigit() and len(length) < 16 else None
        room = int(limits.download_mb * 2**20) - done
        with part.open("ab" if continued else "wb") as sink:
            async for block in pieces(response, room, "the file", "PLAYBILL_LIMITS__DOWNLOAD_MB"):
                sink.write(block)
                done += len(block)
                step("download", done, total)


def _md5(path: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as handle:
        while block := handle.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
