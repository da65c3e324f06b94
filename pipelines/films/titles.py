"""Titles as keys: without case, accents, articles' places and punctuation, so that two spellings of one title meet."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
ROMAN = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "xi": "11", "xii": "12"}
ARTICLES = (
    "the", "a", "an", "le", "la", "les", "l", "un", "une", "il", "lo", "gli", "una", "uno", "el", "los", "las",
    "der", "die", "das", "ein", "eine", "den", "det", "en", "ett", "de", "het", "o", "os", "as", "i",
)  # fmt: skip
MOVED = re.compile(r"^(.*), ([A-Za-z]{1,4}'?)$")
"""An article at the end: ``Postino, Il``."""
BRACKETS = re.compile(r"\(([^()]*)\)")
ALSO_KNOWN = re.compile(r"^(?:a\.?k\.?a\.?|also known as)[\s:]+", re.IGNORECASE)
OWNER = re.compile(r"^(?:[\w.\-]+ )+[\w.\-]+['’]s (?=\S)")
"""Whose film it is, by first and last name: ``Bram Stoker's Dracula``, but not ``Jupiter's Wife``."""
ENGLISH_ARTICLE = re.compile(r"^(?:the|an?) (?=\S)", re.IGNORECASE)
SEGMENTS = re.compile(r": | - | – ")
NUMBERS = re.compile(r"\d+")
PART_WORDS = 2
PART_LENGTH = 8
"""A part of a title this short says too little."""


@dataclass(frozen=True)
class TitleKeys:
    """The keys of one title.

    Attributes
    ----------
    title : frozenset of str
        Of its main name.
    alias : frozenset of str
        Of each name it goes by.
    loose : frozenset of str
        Of each name without its article, its owner, the number before its subtitle.
    part : frozenset of str
        Of what stands before and after a colon; a part may only meet another film's whole name.
    words : frozenset of str
        Its names as plain words, for near misses.
    """

    title: frozenset[str]
    alias: frozenset[str]
    loose: frozenset[str]
    part: frozenset[str]
    words: frozenset[str]


@lru_cache(maxsize=65_536)
def title_keys(title: str) -> TitleKeys:
    """Return the keys of a title, year left out; two titles meet at a level when they share a key there.

    >>> title_keys("Seven (a.k.a. Se7en)").alias >= {"seven", "se7en"}
    True
    """
    names = aliases(title)
    whole = frozenset({compact(plain(names[0]))}) - {""}
    alias = frozenset(compact(plain(name)) for name in (*names, title)) - {""}
    loose = frozenset(key for name in names for key in _loose(name)) | alias
    part = frozenset(key for name in names for key in _parts(name))
    return TitleKeys(whole, alias, loose, part, frozenset(plain(name) for name in names) - {""})


def aliases(title: str) -> tuple[str, ...]:
    """Return the names in a title, brackets taken apart, each with its article in front; the main name first.

    >>> aliases("Shadow of Angels (Schatten der Engel)")
    ('Shadow of Angels', 'Schatten der Engel')
    """
    main = BRACKETS.sub(" ", title).strip()
    names = [main] if main else []
    names += [ALSO_KNOWN.sub("", text.strip()) for text in BRACKETS.findall(title)]
    fronted = [_fronted(re.sub(r"\s+", " ", name).strip()) for name in names]
    return tuple(dict.fromkeys(name for name in fronted if name)) or (title,)


def plain(text: str) -> str:
    """Return lower-case words without accents and punctuation; & and + are "and", Roman numerals digits.

    >>> plain("Évil Dead II & Co.")
    'evil dead 2 and co'
    """
    folded = unicodedata.normalize("NFKD", text.casefold().translate(LETTERS))
    letters = "".join(ch for ch in folded if not unicodedata.combining(ch))
    joined = re.sub(r"['’`´.*]", "", letters.replace("&", " and ").replace("+", " and "))
    words = re.sub(r"[\W_]+", " ", joined).split()
    return " ".join(ROMAN.get(word, word) for word in words)


def compact(words: str) -> str:
    """Return the words without spaces: ``Jungle2Jungle`` is ``Jungle 2 Jungle``."""
    return words.replace(" ", "")


def _fronted(name: str) -> str:
    moved = MOVED.match(name)
    if moved and moved.group(2).rstrip("'").lower() in ARTICLES:
        return f"{moved.group(2)}{'' if moved.group(2).endswith(chr(39)) else ' '}{moved.group(1)}"
    return name


def _loose(name: str) -> set[str]:
    bare = ENGLISH_ARTICLE.sub("", name)
    found = {bare, ENGLISH_ARTICLE.sub("", OWNER.sub("", name))}
    if len(SEGMENTS.split(bare)) > 1:
        found.add(" ".join(word for word in plain(bare).split() if not word.isdigit()))
    return {compact(plain(text)) for text in found} - {""}


def _parts(name: str) -> set[str]:
    segments = SEGMENTS.split(name)
    ends = (segments[0], segments[-1], " ".join(segments[1:])) if len(segments) > 1 else ()
    words = [plain(ENGLISH_ARTICLE.sub("", part.strip())) for part in ends]
    return {compact(text) for text in words if len(text.split()) >= PART_WORDS and len(text) >= PART_LENGTH}
