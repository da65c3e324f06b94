"""``docs/sense.md``, written from lists: ``python -m tests.sense.tastes_page > docs/sense.md``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.sense.asking import ask, films_like, films_of
from tests.sense.catalogue import Film, publish_shipped, read_catalogue
from tests.sense.tastes import (
    MIXED,
    ONE_FILM,
    SIMILAR,
    Case,
    dislikes,
    likes,
)
from tests.serving.conftest import Api, running, settings_of

BEFORE = """# Do the lists make sense?

Figures tell how often a list holds what somebody saw next. They do not tell whether a lover of horror is shown horror.
This page shows lists as films, from ml-latest-small with TMDB's facts, ranked by what ships with weights learned by
training itself. `tests/sense/tastes.py` has the cases and what must hold of each, said in the films' facts (genres,
keywords, languages, years) and computed from them; `tests/sense/test_tastes.py` asks over HTTP and holds them, for
stored lists and for lists made on the spot. The page is written by `python -m tests.sense.tastes_page > docs/sense.md`.

Who loves gave five films five stars, who hates gave five films one star. The column "of ten" is what was counted.
"""


def page(api: Api, catalogue: dict[int, Film]) -> str:
    """Return the whole page."""
    parts = [BEFORE]
    for said, cases in (
        ("Loves", likes()),
        ("Hates, and has told nothing else", dislikes()),
        ("Loves and hates", MIXED),
        ("One film, five stars", ONE_FILM),
    ):
        parts.append(f"\n## {said}\n\n| who | of ten | films |\n|---|---|---|\n")
        parts += [_row(api, catalogue, case) for case in cases]
    parts.append("\n## Similar films\n\n| film | of ten | the ten most like it |\n|---|---|---|\n")
    for case in SIMILAR:
        films = films_like(api, catalogue, case)
        parts.append(f"| {case.title[0]} | {sum(map(case.kind, films))} {case.said} | {_titles(films)} |\n")
    return "".join(parts)


def _row(api: Api, catalogue: dict[int, Film], case: Case) -> str:
    films = films_of(catalogue, ask(api, catalogue, case))
    counted = ", ".join(f"{sum(map(test, films))} {said}" for _, test, said in (*case.at_least, *case.at_most))
    return f"| {case.name} | {counted} | {_titles(films)} |\n"


def _titles(films: list[Film]) -> str:
    return "; ".join(f"{film.title} ({film.year})" for film in films)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        settings, known = settings_of(Path(folder)), read_catalogue()
        publish_shipped(settings.folder, known, {})
        with running(settings) as started:
            sys.stdout.write(page(started, known))
