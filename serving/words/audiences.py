"""Whom a wish is for: children, whatever their age is called, or an evening for two."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from serving.words.vocabulary import CHILDREN, CHILDREN_AS_THEY_ARE, DATE_NIGHT, GROWN_FROM, STOP

LONGEST_PHRASE = 4
WORDS_TO_CHILDREN = 8
"""How far after "for" the children stand at most."""
BETWEEN = frozenset(
    ("young", "younger", "small", "own", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
     "month", "months")
)  # fmt: skip
WILL = frozenset(("will", "would", "can", "could", "to"))
WATCH = frozenset(("love", "enjoy", "like", "watch", "see"))
AGES = frozenset(("year", "years", "old", "olds"))


def audience_at(words: Sequence[str], at: int) -> tuple[str, int]:
    """Return ``children`` or ``date night`` and how many words say so at a place; 0 where none do."""
    evening = phrase_at(words, at, DATE_NIGHT)
    if evening:
        return "date night", evening
    size = phrase_at(words, at, CHILDREN_AS_THEY_ARE) or _who_will_watch(words, at) or _for_whom(words, at)
    while size and at + size < len(words) and words[at + size] in AGES:
        size += 1
    return "children", size


def phrase_at(words: Sequence[str], at: int, phrases: Collection[str]) -> int:
    """Return how many words the longest of some phrases is that stands at a place, or 0."""
    for size in range(min(LONGEST_PHRASE, len(words) - at), 0, -1):
        if " ".join(words[at : at + size]) in phrases:
            return size
    return 0


def _for_whom(words: Sequence[str], at: int) -> int:
    """Take "for my 5 year old daughter", unless she is grown."""
    if words[at] not in ("for", "with"):
        return 0
    for stop in range(at + 1, min(len(words), at + WORDS_TO_CHILDREN)):
        if phrase_at(words, stop, CHILDREN):
            size = stop - at
            while more := phrase_at(words, at + size, CHILDREN):  # "5 year old" and "daughter"
                size += more
            ages = [int(word) for word in words[at:stop] if word.isdigit() and len(word) < 3]
            return 0 if ages and max(ages) >= GROWN_FROM else size
        if words[stop] not in STOP and not words[stop].isdigit() and words[stop] not in BETWEEN:
            return 0
    return 0


def _who_will_watch(words: Sequence[str], at: int) -> int:
    """Take "my grandchildren will love"."""
    size = phrase_at(words, at, CHILDREN)
    rest = words[at + size : at + size + 2]
    return size + 2 if size and len(rest) == 2 and rest[0] in WILL and rest[1] in WATCH else 0
