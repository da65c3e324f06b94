"""Match titles: a set without links gets its TMDB ids from another set's links, then from TMDB's own search."""

from __future__ import annotations

import logging
from pathlib import Path

from pipelines.jobs.match import Matched, match
from pipelines.settings import Settings
from pipelines.sources.tmdb.key import find_key
from pipelines.sources.tmdb.search import searching
from warehouse.errors import SourceUnavailableError

log = logging.getLogger(__name__)


def match_titles(settings: Settings, run_id: str, *, links: Path | None = None, ask_tmdb: bool = True) -> Matched:
    """Match the active set's films; when TMDB is down, with the links alone.

    Parameters
    ----------
    links : Path, optional
        A MovieLens set with links and titles.
    ask_tmdb : bool
        Whether TMDB's search may be asked, where there is a key.

    Raises
    ------
    SourceError
        If ``links`` cannot be read.
    """
    found = match(settings, run_id, links=links)
    if not found.needed or not found.unmatched or not ask_tmdb or find_key(settings) is None:
        return found
    try:
        with searching(settings) as search:
            return match(settings, run_id, search=search)
    except SourceUnavailableError as error:
        log.warning("tmdb cannot be asked for titles, the links alone were used reason=%s", error)
        return found
