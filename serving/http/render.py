"""The bytes of an answer, put together from prepared pieces; pydantic only describes them (`serving.http.schemas`)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import lru_cache
from math import isfinite
from typing import Any

from serving.films import FilmTable
from serving.lists.everybody import Picks
from serving.snapshot import Snapshot

REASON_OF_SOURCE = {"popular": "popular", "popularity": "popular", "content": "content_based"}
OUTDATED = {None: b"null", True: b"true", False: b"false"}
REASONS = ("hybrid", "content_based", "popular_in_genre", "popular")


def reason_of(source: str, *, in_genre: bool = False) -> str:
    """Return the word that the API has for a stored source; a model that learns from ratings is ``hybrid``."""
    reason = source if source in REASONS else REASON_OF_SOURCE.get(source, "hybrid")
    return "popular_in_genre" if in_genre and reason == "popular" else reason


def items(films: FilmTable, picks: Picks, chances: list[float], *, in_genre: bool = False) -> bytes:
    """Return the films of a list as a JSON array; ``chances`` are the scores that callers see."""
    cards, because = films.cards, picks.because
    check_scores(chances)
    explained = len(because)
    parts = []
    for at, (place, score, source) in enumerate(zip(picks.places, chances, picks.sources, strict=True)):
        reasons = because[at] if at < explained else None
        parts.append(
            b'{"rank":%d,%b,"score":%b,"reason":"%b","because":%b}'
            % (
                at + 1,
                cards[place],
                b"%.4f" % score,
                reason_of(source, in_genre=in_genre).encode(),
                b"null" if reasons is None else _because(films, reasons),
            )
        )
    return b"[" + b",".join(parts) + b"]"


def film_items(films: FilmTable, picks: Picks, *, first: int) -> bytes:
    """Return films of a list that is the same for everybody as a JSON array; ``first`` is the first one's rank."""
    cards = films.cards
    check_scores(picks.scores)
    parts = [
        b'{"rank":%d,%b,"score":%.4f,"recommendable":true}' % (first + at, cards[place], score)
        for at, (place, score) in enumerate(zip(picks.places, picks.scores, strict=True))
    ]
    return b"[" + b",".join(parts) + b"]"


def check_scores(scores: list[float]) -> None:
    """Refuse what JSON has no number for; releases with such scores are not opened, so it is a fault of a live list.

    Raises
    ------
    ValueError
        If a score is NaN or infinite.
    """
    if not all(map(isfinite, scores)):
        raise ValueError("a list has a score that is not a number")


def _because(films: FilmTable, reasons: list[tuple[int, float]]) -> bytes:
    return b"[" + b",".join(b"%b%.3g}" % (films.reasons[p], share) for p, share in reasons if p >= 0) + b"]"


def is_filled(picks: Picks) -> bool:
    """Tell whether any film of the list came from popularity."""
    return any(reason_of(source) == "popular" for source in set(picks.sources))


def list_body(
    snapshot: Snapshot,
    picks: Picks,
    *,
    user_id: str | None,
    strategy: str,
    stale: bool = False,
    outdated: bool | None = None,
    in_genre: bool = False,
    extra: bytes = b"",
) -> bytes:
    """Return one list as a JSON object; ``extra`` is more members, each with a comma before it."""
    return (
        b'{"user_id":%b,"strategy":"%b","fallback_used":%b,"stale":%b,"outdated":%b,"total_ratings":%d,"release_id":"%b",'
        b'"generated_at":"%b"%b,"recommendations":%b}'
        % (
            b"null" if user_id is None else json.dumps(user_id).encode(),
            strategy.encode(),
            b"true" if is_filled(picks) else b"false",
            b"true" if stale else b"false",
            OUTDATED[outdated],
            picks.ratings,
            snapshot.release_id.encode(),
            moment(picks.generated_us),
            extra,
            items(snapshot.films, picks, snapshot.chances.of(picks), in_genre=in_genre),
        )
    )


def plain_json(value: Any) -> bytes:
    """Return small values as compact JSON; a number that is none is refused, half a surrogate pair becomes ``?``."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")


@lru_cache(maxsize=64)
def moment(microseconds: int) -> bytes:
    """Return a time as RFC 3339 text in UTC."""
    return datetime.fromtimestamp(microseconds / 1e6, UTC).isoformat().replace("+00:00", "Z").encode()
