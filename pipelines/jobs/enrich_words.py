"""The enrichment's result in a line, for logs, reports and the terminal."""

from __future__ import annotations

from pipelines.sources.tmdb.key import HOW_TO_GET_ONE

POORER = "films have MovieLens's titles, years, genres and tags only: no cast, no keywords, no posters, no new films"


def without_tmdb(*, wanted: bool, films: int, covered: int) -> str:
    """Say why TMDB was not asked and what the films' facts are then."""
    reason = f"no TMDB key, so nothing was asked ({HOW_TO_GET_ONE})" if wanted else "left out by --no-enrich"
    if covered:
        return f"{reason}: facts of {covered:,} of {films:,} films are known from earlier runs"
    return f"{reason}: {POORER}"


def describe(
    *, films: int, covered: int, popular: int, counts: dict[str, int], kept: int, left_over: int, warnings: list[str]
) -> str:
    """Say what a run did and how far the films are covered now."""
    share = covered / films if films else 1.0
    parts = [
        f"facts of {covered:,} of {films:,} films ({share:.1%})" + (f" and {popular:,} popular ones" if popular else "")
    ]
    shown = [f"{counts[status]:,} {status}" for status in ("found", "missing", "remapped", "failed") if counts[status]]
    parts.append(f"asked now: {', '.join(shown) or 'none'}")
    parts.append(f"{kept:,} known from before")
    if left_over:
        parts.append(f"{left_over:,} left for the next run")
    if films and not covered:
        parts.append(POORER)
    text = "; ".join(parts)
    return f"{'; '.join(warnings)}; {text}" if warnings else text
