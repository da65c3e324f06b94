"""The built-in reader of wishes: text in, plan out, by the catalogue's own names and a lexicon. Nothing is asked.

It goes through the words once, from the left, and takes the longest thing that it knows at each place: years and
lengths, titles and people of the catalogue, genres, languages, whom the film is for, moods. What is left and stands
in the catalogue's texts is a topic. A negation ("no", "without", "anything but") turns what follows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipelines.films.search import FilmSearch
from pipelines.films.titles import plain
from serving.words.audiences import LONGEST_PHRASE, audience_at, phrase_at
from serving.words.names import People, Titles
from serving.words.plan import Piece, Plan
from serving.words.quantities import read_quantities
from serving.words.vocabulary import (
    FOREIGN,
    GENRE_WORDS,
    LANGUAGES,
    LIKENESS,
    MOODS,
    NEGATION_GOES_ON,
    NEGATIONS,
    STOP,
    TOPIC_TOO,
    TWO_GENRES,
)

MAX_WORDS = 80
"""Words of a wish that are read; a longer text is cut here."""
LONGEST_TITLE, LONGEST_NAME = 9, 4
MAX_GUESSES = 4
"""Runs of unknown words whose spelling is compared with all names."""
TEXT_FIELDS = ("title", "keywords", "tags", "overview")
AND_SO_ON = ("or", "nor", "and")
KNOWN_BY_SURNAME = 5
"""Films that somebody has at least whose surname means them, although a film is called by it too."""


@dataclass(frozen=True)
class Reader:
    """What a reader knows of the catalogue."""

    people: People
    titles: Titles
    search: FilmSearch
    keywords: frozenset[str]
    newest_year: int

    def read(self, text: str) -> Plan:
        """Return what a text asks for; an empty plan where nothing in it is known."""
        return _Reading(self, plain(text).split()[:MAX_WORDS]).plan()


@dataclass
class _Reading:
    """One text on its way to a plan."""

    reader: Reader
    words: list[str]
    pieces: list[Piece] = field(default_factory=list)
    negative: bool = False
    was_negative: bool = False
    liking: bool = False
    firm: bool = False
    guesses: int = MAX_GUESSES

    def plan(self) -> Plan:
        quantities = self._quantities()
        at = 0
        unknown: list[int] = []
        while at < len(self.words):
            if at in quantities:
                piece, size = quantities[at]
                whole = self._title(at, max(size + 1, 2))  # "2001: A Space Odyssey" is no year
                if whole is None:
                    self._flush(unknown)
                    self._add(piece)
                    at += size
                    continue
            size = self._step(at, unknown)
            if size == 0:
                unknown.append(at)
                size = 1
            at += size
        self._flush(unknown)
        return Plan(pieces=tuple(dict.fromkeys(self.pieces)))

    def _quantities(self) -> dict[int, tuple[Piece, int]]:
        """Return years and lengths by the place of their first word."""
        starts, position = {}, 0
        for number, word in enumerate(self.words):
            starts[position] = number
            position += len(word) + 1
        found = read_quantities(" ".join(self.words), self.reader.newest_year)
        return {starts[q.start]: (q.piece, len(q.piece.text.split())) for q in found if q.start in starts}

    def _step(self, at: int, unknown: list[int]) -> int:
        """Take what stands at a place and return how many words it is; 0 where nothing is known."""
        for take in (self._control, self._audience, self._named, self._lexicon, self._keyword):
            size = take(at, unknown)
            if size:
                return size
        word = self.words[at]
        if word in STOP:
            self._flush(unknown)
            self.negative = (self.negative or (self.was_negative and word in AND_SO_ON)) and word in NEGATION_GOES_ON
            self.was_negative = False
            return 1
        return 0

    def _control(self, at: int, unknown: list[int]) -> int:
        """Take a negation, a likeness, a "but": they turn what follows."""
        size = phrase_at(self.words, at, NEGATIONS)
        if size and not (self.words[at] == "no" and self.words[at + 1 : at + 2] == ["1"]):
            self._flush(unknown)
            self.negative, self.liking = True, False
            return size
        size = phrase_at(self.words, at, LIKENESS)
        if size and not self.negative:
            self._flush(unknown)
            self.liking = True
            return size
        if self.words[at] in ("but", "with", "plus"):
            if self.words[at] == "but" and unknown:
                self._flush(unknown, before_but=True)
            self._flush(unknown)
            self.negative, self.firm = False, self.words[at] == "but"
            return 1
        return 0

    def _audience(self, at: int, unknown: list[int]) -> int:
        if self.negative:
            return 0
        value, size = audience_at(self.words, at)
        if size:
            self._flush(unknown)
            self._add(Piece(kind="audience", value=value, text=self._text(at, size)))
        return size

    def _named(self, at: int, unknown: list[int]) -> int:
        """Take a title or a person of the catalogue, whichever name is longer."""
        liking = self.liking
        title = self._title(at, 1 if self._one_word_title(at) else 2)
        surname = self.reader.people.by_surname(self.words[at]) if title and title[1] == 1 and not liking else None
        if surname is not None and surname[1] >= KNOWN_BY_SURNAME:
            title = None
        for size in range(min(LONGEST_NAME, len(self.words) - at), 1, -1):
            name = self.reader.people.find(self.words[at : at + size])
            if name is not None and not (title and title[1] > size):
                self._flush(unknown)
                self._add(Piece(kind="person", value=name, text=self._text(at, size)))
                return size
        if title is not None and not self._ordinary(at, title[1]):
            self._flush(unknown)
            kind_value = self.words[at : at + title[1]]
            self._add(Piece(kind="title", value=" ".join(kind_value), text=self._text(at, title[1]), low=title[0],
                            firm=liking))  # fmt: skip
            return title[1]
        return 0

    def _title(self, at: int, shortest: int) -> tuple[int, int] | None:
        """Return the place of the film whose title stands here, and of how many words it is."""
        for size in range(min(LONGEST_TITLE, len(self.words) - at), shortest - 1, -1):
            words = self.words[at : at + size]
            if size > 1 and all(word in STOP for word in words) and not self.liking:
                continue
            place = self.reader.titles.find(words)
            if place is not None and not (size > 1 and words[-1] in ("but", "and", "with", "or")):
                return place, size
        return None

    def _one_word_title(self, at: int) -> bool:
        """Tell whether one word may be a title here: the whole wish, after "like", or before "but"."""
        rest = [word for word in self.words if word not in STOP or word == self.words[at]]
        follows = self.words[at + 1 : at + 2]
        return (self.liking and self.words[at] not in STOP) or len(rest) == 1 or follows in (["but"], ["meets"])

    def _ordinary(self, at: int, size: int) -> bool:
        """Tell whether words that are a title mean something plainer here: a genre, a mood, a few common words."""
        words = self.words[at : at + size]
        text = " ".join(words)
        if self.liking or size == len(self.words):
            return text in GENRE_WORDS or text in TWO_GENRES
        known = text in GENRE_WORDS or text in TWO_GENRES or text in MOODS or text in LANGUAGES
        parts = all(w in STOP or w in GENRE_WORDS or w in MOODS or w in LANGUAGES for w in words)
        follows = self.words[at + size : at + size + 1]
        two_common = (
            size == 2
            and len(self.words) > 3
            and follows not in (["but"], ["meets"])
            and all(self.reader.search.frequency(word, TEXT_FIELDS) > 20 or word in STOP for word in words)
        )
        return known or parts or two_common

    def _lexicon(self, at: int, unknown: list[int]) -> int:
        for size in range(min(LONGEST_PHRASE, len(self.words) - at), 0, -1):
            text = " ".join(self.words[at : at + size])
            pieces = self._meaning(text, at)
            if pieces:
                self._flush(unknown)
                for piece in pieces:
                    self._add(piece)
                return size
        return 0

    def _meaning(self, text: str, at: int) -> list[Piece]:
        """Return what a word or phrase of the lexicon stands for."""
        pieces = [Piece(kind="genre", value=name, text=text) for name in TWO_GENRES.get(text, ())]
        if text in GENRE_WORDS:
            pieces = [Piece(kind="genre", value=GENRE_WORDS[text], text=text)]
        if pieces and text in TOPIC_TOO:
            pieces.append(Piece(kind="topic", value=text, text=text))
        if text == "anime":
            pieces = [pieces[0], Piece(kind="language", value="japanese", text=text)]
        if text in LANGUAGES:
            pieces = [Piece(kind="language", value=text, text=text)]
        if text in FOREIGN:
            pieces = [Piece(kind="language", value="english", text=text, negative=True)]
        if text in MOODS:
            pieces = [Piece(kind="mood", value=text, text=text)]
        return pieces

    def _keyword(self, at: int, unknown: list[int]) -> int:
        """Take a keyword of several words, such as "time travel"."""
        for size in range(min(LONGEST_PHRASE, len(self.words) - at), 1, -1):
            text = self._text(at, size)
            if text in self.reader.keywords:
                self._flush(unknown)
                self._add(Piece(kind="topic", value=text, text=text))
                return size
        return 0

    def _flush(self, unknown: list[int], *, before_but: bool = False) -> None:
        """Read a run of words that the lexicon does not have: a name nearly spelled, a surname, a topic."""
        while unknown:
            run = [self.words[at] for at in unknown]
            if before_but and len(run) == 1 and (place := self.reader.titles.find(run)) is not None:
                self._add(Piece(kind="title", value=run[0], text=run[0], low=place, firm=True))
            else:
                for piece in self._guess(run):
                    self._add(piece)
            unknown.clear()
        self.liking = False

    def _guess(self, run: Sequence[str]) -> list[Piece]:
        frequency = {word: self.reader.search.frequency(word, TEXT_FIELDS) for word in run}
        text = " ".join(run)
        strange = sum(n == 0 for n in frequency.values())
        if self.guesses and (self.liking or strange or 1 < len(run) <= 3) and len(text) > 4:
            self.guesses -= 1
            place = self.reader.titles.nearly(run) if self.liking else None
            if place is not None:
                return [Piece(kind="title", value=text, text=text, low=place, firm=True)]
            name = self.reader.people.nearly(run) if len(run) > 1 or strange else None
            if name is not None:
                return [Piece(kind="person", value=name, text=text)]
        pieces: list[Piece] = []
        topic: list[str] = []
        for word in run:
            meant = self.reader.people.by_surname(word) if len(word) > 3 else None
            if meant is not None and meant[1] > 1 and meant[1] > frequency[word]:
                pieces.append(Piece(kind="person", value=meant[0], text=word))
            elif frequency[word]:
                topic.append(word)
        if topic:
            pieces.append(Piece(kind="topic", value=" ".join(topic), text=" ".join(topic)))
        return pieces

    def _add(self, piece: Piece) -> None:
        firm = piece.firm or (self.firm and piece.kind == "mood")
        self.pieces.append(piece.model_copy(update={"negative": piece.negative != self.negative, "firm": firm}))
        self.was_negative, self.negative, self.liking = self.negative, False, False
        if piece.kind == "mood":
            self.was_negative = False  # "not too scary and funny" asks for something funny

    def _text(self, at: int, size: int) -> str:
        return " ".join(self.words[at : at + size])
