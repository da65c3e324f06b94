"""``docs/wishes.md``, written from answers: ``python -m tests.sense.page > docs/wishes.md``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.sense.catalogue import publish_catalogue, read_catalogue
from tests.sense.wish_cases import CASES
from tests.serving.conftest import Api, running, settings_of

SHOWN = (
    "Tom Hanks", "Stanley Kubrick", "Stanly Kubrik movies", "Hitchcock", "like Toy Story", "Alien but funny",
    "80s action", "a comedy under 90 minutes", "french romance", "scifi thriller", "romcom", "I don't want horror",
    "mission impossible without tom cruise", "a film for my 5 year old daughter", "horror for children",
    "something dark and slow in space", "date night", "korean thriller", "Tom Hanks in space", "asdfgh qwerty zxcvb",
)  # fmt: skip
FILMS = 6


def page(api: Api) -> str:
    """Return the whole page."""
    rows = "\n".join(_row(api, text) for text in SHOWN)
    return f"{BEFORE}{rows}\n".replace("NUMBER", str(len(CASES)))


def _row(api: Api, text: str) -> str:
    body = api.post("/recommend", json={"query": text, "limit": FILMS}).json()
    films = [f"{item['title']} ({item['year']}){_mark(item['reason'])}" for item in body["recommendations"]]
    read = ", ".join(f"{'not ' if piece['negative'] else ''}{piece['kind']} *{piece['value']}*"
                     for piece in body["understood"])  # fmt: skip
    loosened = ", ".join(piece["value"] for piece in body["loosened"])
    return f"| {text} | {read or '–'}{f'; let go: {loosened}' if loosened else ''} | {'; '.join(films)} |"


def _mark(reason: str) -> str:
    return "" if reason == "content_based" else "\u00b0"


BEFORE = """# Wishes

`POST /recommend` with a `query` reads what somebody wishes for, in English, and finds films for it. `understood` in the
answer is what was read and is met, piece by piece; `loosened` is what was let go, in that order, because fewer films
than asked for met it. `fallback_used` is true, and the film's `reason` is `popular`, wherever popularity filled in.

## How

1. **Reading** (`serving/words/reader.py`): one pass over the words, the longest thing known at each place. Years and
   lengths by their grammar; titles and people by the catalogue's own names, also nearly spelled; genres, languages,
   moods and audiences by a lexicon; what is left and stands in the films' texts is a topic. "No", "without", "anything
   but" turn what follows. Nobody is asked, unless [an LLM](#an-llm-as-reader) is set up.
2. **Conditions** (`conditions.py`): each piece says which films meet it, and how well.
3. **Answering** (`answer.py`): films that meet everything come first. If they are too few, conditions are let go one by
   one: length, years, language, mood, genre, topic, title, person. What is to be kept out, and the rule for children,
   are never let go, even if the list is short. Among films that meet the same, likeness to the wish comes first, then
   votes and fame, and the person's own list where there is a history.

**For children** means Family, or Animation with a keyword that speaks of children, and never Horror, Thriller, Crime,
War, Film-Noir or a keyword that says otherwise, whatever the words of the wish (`children.py`). The rule goes by what
TMDB knows of a film: it is careful, but nobody has watched the films for you.

The text index is BM25 by field (title, people, keywords, genres, tags, overview; `pipelines/films/search.py`), made by
`publish` and part of the release.

## An LLM as reader

`PLAYBILL_LLM__BASE_URL` (an OpenAI-compatible endpoint), `PLAYBILL_LLM__MODEL` and `PLAYBILL_LLM__KEY` put an LLM
before the built-in reader; without them nothing is sent anywhere. It fills in a form, which becomes the same kind of
plan; what the catalogue does not have is dropped, and the built-in reader's exclusions and audiences stay whatever it
says. It never chooses a film. `read_by` says who read, and `explanations` has a sentence a film where it gave one. It
is sent the text and the chosen films' ids and titles, never who asks or what they rated. It has `TIMEOUT_SECONDS` a
wish, both questions together, `REQUESTS_PER_HOUR`, and a cache in memory; after three failures in a row it rests for
half a minute. Whatever fails, the built-in reader reads alone (`serving/words/llm.py`).

## Speed

`taskset -c 0 python -m bench.wishes` on one core, 20,000 films, 640 wishes without HTTP: p50 5.4 ms, p99 51 ms, the
longest 446 ms. The index takes 12 s, 7.1 s of them processor time, and 13.8 MB. The machine was shared (load 5 on two
cores), so times are upper bounds.

## Answers

From ml-latest-small with TMDB's facts, the first six of each; \u00b0 marks what popularity filled in.
`tests/sense/wish_cases.py` has NUMBER such wishes and what must hold of their first ten films.

| wish | understood | films |
|---|---|---|
"""
if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_of(Path(folder))
        publish_catalogue(settings.folder, read_catalogue())
        with running(settings) as started:
            sys.stdout.write(page(started))
