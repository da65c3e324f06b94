"""The films of a release as the API holds them: each one's JSON made once, and arrays to filter by."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.films.films import Films
from pipelines.people.history import ItemArray
from serving.words.vocabulary import GENRE_ALIASES, GENRE_WORDS


class FilmTable:
    """Every film with a title, by movie_id; a film's place here is its ``item_idx``.

    Attributes
    ----------
    films : Films
    cards : list of bytes
        What a list says of the film, as JSON without its braces, so that rank and score go around it.
    reasons : list of bytes
        The beginning of a reason: ``{"movie_id":11,"title":"Star Wars","share":``.
    years : int16 array, shape (n_films,)
        0 where unknown.
    votes : float32 array, shape (n_films,)
        TMDB's mean vote, 0-10; NaN where unknown.
    genres : dict of str to bool array
        By lower-case name: which films are of that genre.
    genre_names : list of str
        As they are written, by name.
    """

    def __init__(self, table: pa.Table) -> None:
        self.films = Films(table["movie_id"].to_numpy().astype(np.int64))
        self.cards: list[bytes] = [card[1:-1] for card in table["card"].to_pylist()]
        self.reasons: list[bytes] = [reason[:-1] + b',"share":' for reason in table["reason"].to_pylist()]
        self.years = table["year"].fill_null(0).to_numpy().astype(np.int16)
        self.votes = table["vote_average"].to_numpy().astype(np.float32)
        self.genre_names, self.genres = _genres(table["genres"].combine_chunks(), len(table))
        movielens = table["movielens_id"].fill_null(-1).to_numpy().astype(np.int64)
        order = np.argsort(movielens, kind="stable")
        self._movielens_ids, self._movielens_places = movielens[order], order.astype(np.int32)

    def __len__(self) -> int:
        return len(self.films)

    def places(self, ids: list[int], *, movielens: bool = False) -> ItemArray:
        """Return the item_idx of each id, -1 for a film that is not here, int32."""
        if not movielens:
            return self.films.index_of(ids)
        wanted = np.asarray(ids, dtype=np.int64)
        if len(self) == 0:
            return np.full(wanted.shape, -1, dtype=np.int32)
        place = np.minimum(np.searchsorted(self._movielens_ids, wanted), len(self) - 1)
        known = (self._movielens_ids[place] == wanted) & (wanted >= 0)
        return np.where(known, self._movielens_places[place], -1).astype(np.int32)

    def named(self, place: int) -> tuple[int, str]:
        """Return a film's movie_id and title."""
        card = json.loads(b"{%b}" % self.cards[place])
        return int(card["movie_id"]), str(card["title"])

    def of_genre(self, name: str) -> NDArray[np.bool_] | None:
        """Return the films of a genre by any name that catalogues or people give it, or None where no film is."""
        masks = [self.genres[alias] for alias in self.genre_keys(name)]
        return np.logical_or.reduce(masks) if masks else None

    def genre_keys(self, name: str) -> list[str]:
        """Return the keys of ``genres`` that a name of a genre stands for; none where no film is of it."""
        typed = name.strip().lower()
        aliases = next((group for group in GENRE_ALIASES.values() if typed in map(str.lower, group)), None)
        if aliases is None and typed not in self.genres:
            meant = GENRE_WORDS.get(" ".join(typed.replace("-", " ").split()), typed)
            aliases = GENRE_ALIASES.get(meant, (meant,))
        return [alias.lower() for alias in aliases or (typed,) if alias.lower() in self.genres]


def _genres(lists: pa.ListArray, n_films: int) -> tuple[list[str], dict[str, NDArray[np.bool_]]]:
    owner = np.repeat(np.arange(n_films), np.diff(lists.offsets.to_numpy()))
    coded = lists.flatten().dictionary_encode()
    codes = coded.indices.to_numpy(zero_copy_only=False)
    masks: dict[str, NDArray[np.bool_]] = {}
    names: list[str] = coded.dictionary.to_pylist()
    for code, name in enumerate(names):
        mask = masks.setdefault(name.lower(), np.zeros(n_films, dtype=bool))
        mask[owner[codes == code]] = True
    return sorted(names), masks
