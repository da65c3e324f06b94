"""The sample's people: invented tastes, and the ratings such people would leave behind.

Every person likes a few worlds of film (``WORLDS``), a few directors and perhaps a decade, and
dislikes a world or two. They pick films by taste times popularity, in sittings in which one film
leads to the next, and rate them by taste with noise. Tastes drift, so recent films tell more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.people.identity import of_sample

SAMPLE_END = datetime(2026, 10, 31, tzinfo=UTC)
"""No sample rating is given at or after this moment. Fixed, so that the sample never ages."""

SAMPLE_DAYS = 3 * 365
"""Length of the sample in days, back from ``SAMPLE_END``."""

RATING_SCHEMA = pa.schema(
    [
        pa.field("user_id", pa.string(), nullable=False),
        pa.field("movie_id", pa.int32(), nullable=False),
        pa.field("rating", pa.float32(), nullable=False),
        pa.field("rated_at", pa.timestamp("s", tz="UTC"), nullable=False),
    ]
)
"""Columns of :func:`generate_ratings`; ``rating`` is in half stars, 0.5-5.0."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class World(NamedTuple):
    """A kind of film somebody can love: its genres, its keywords, and genres foreign to it."""

    genres: str
    keywords: str
    foreign: str = ""


WORLDS = {
    "space and machines": World(
        "Science Fiction",
        "space,spaceship,alien,android,robot,artificial intelligence,future,dystopia,astronaut",
        "Family",
    ),
    "nightmares": World(
        "Horror",
        "monster,ghost,demon,vampire,zombie,witch,haunted house,serial killer,survival,isolation",
        "Family",
    ),
    "whodunits": World("Mystery,Thriller", "detective,murder,serial killer,spy,conspiracy,obsession"),
    "gangland": World("Crime", "mafia,gangster,heist,drugs,betrayal,violence,money,con artist"),
    "chases": World("Action", "chase,gunfight,assassin,martial arts,car,bomb,hostage,revenge"),
    "frontier": World("Western", "western,gunfight,outlaw,sheriff,bounty hunter,frontier"),
    "battlefields": World("War", "war,soldier,world war ii,vietnam war,world war i,nazi"),
    "true stories": World("Documentary,History", "true story,journalist,politics,injustice,scientist"),
    "quiet lives": World("Drama", "family,coming of age,old age,grief,loneliness,poverty,school"),
    "inner worlds": World("", "dream,madness,identity,film-making,artist,writer,religion"),
    "love stories": World("Romance", "love,marriage,affair,memory,class", "Animation"),
    "song and dance": World("Music", "music,singing,dance,singer,theatre"),
    "laughs": World("Comedy", "satire,slapstick,absurdity,dark comedy,screwball", "Animation"),
    "cartoons": World("Family", "cartoon,toys,talking animals,singing,fairy tale,childhood"),
    "anime": World("", "anime,japan,tokyo"),
    "quests": World("Adventure,Fantasy", "quest,magic,sword,treasure,princess,journey,dragon"),
    "superheroes": World("", "superhero,comic book,secret identity,villain"),
}
"""What people of the sample can be fond of; genres and keywords are those of the films.

The order is a ring: who loves one world tends to love the next ones too, and to dislike the far side."""

_TASTE = 5.5  # how much more often a liked film is picked, in log odds a unit of liking
_OPENNESS = 0.8  # how far around the ring of worlds a person's likes are spread
_NEXT = 3.2  # pull of the film just seen on the next pick of a sitting, in the same unit
_SITTING = 4  # films in an average sitting
_MEDIAN_FILMS, _SPREAD = 41, 0.82  # history lengths are log-normal
_FEWEST, _MOST = 5, 200
_NEWCOMERS = 0.04  # share of people with one to four ratings


class _Films(NamedTuple):
    ids: Ints
    log_popularity: Floats  # (n_films,)
    worlds: Floats  # (n_films, n_worlds), 0-1
    leads_to: Floats  # (n_films, n_films), 0-1: row seen, column next
    directors: Floats  # (n_films, n_directors), 0 or 1; only those with three films or more
    decades: Floats  # (n_films, n_decades), 0 or 1
    quality: Floats  # (n_films,), in stars above or below the usual


def generate_ratings(films: pa.Table, *, n_people: int = 600, seed: int = 42) -> pa.Table:
    """Invent people with visible tastes and give the ratings they left over three years.

    Parameters
    ----------
    films : pyarrow.Table
        One film or more, as :func:`~pipelines.sources.sample.films.load_films` gives it. Read: ``movie_id``,
        ``year``, ``genres``, ``keywords``, ``directors``, ``cast_names``, ``fame``.
    n_people : int
        How many people to invent; 0 gives an empty table.
    seed : int
        The same seed and films give the same table, always.

    Returns
    -------
    pyarrow.Table
        Columns of ``RATING_SCHEMA``, one row for a person and film at most, sorted by the number
        in ``user_id``, then ``rated_at``, then ``movie_id``.
    """
    rng = np.random.default_rng(seed)
    shelf = _describe(films, rng)
    early, late, warmth = _invent_tastes(shelf, n_people, rng)
    lengths = np.minimum(_history_lengths(n_people, rng), len(shelf.ids))
    steps = int(lengths.max(initial=0))
    opens = rng.random((n_people, steps)) < 1 / _SITTING
    opens[:, :1] = True
    picks, liking = _watch(shelf, (early, late), lengths, opens, rng)
    noise = 0.45 * rng.standard_t(4, picks.shape)
    stars = 2.92 + warmth[:, None] + 0.95 * liking + shelf.quality[picks] + noise
    stars = np.clip(np.round(stars * 2) / 2, 0.5, 5.0)
    seconds = _times(opens, lengths, rng)

    kept = np.arange(steps) < lengths[:, None]
    person = np.broadcast_to(np.arange(n_people)[:, None], kept.shape)[kept]
    movie_id, rating, rated_at = shelf.ids[picks][kept], stars[kept], seconds[kept]
    order = np.lexsort((movie_id, rated_at, person))
    columns = [
        pa.array([of_sample(number + 1) for number in person[order]], pa.string()),
        pa.array(movie_id[order].astype(np.int32)),
        pa.array(rating[order].astype(np.float32)),
        pa.array(rated_at[order]).cast(RATING_SCHEMA.field("rated_at").type),
    ]
    return pa.Table.from_arrays(columns, schema=RATING_SCHEMA)


def _describe(films: pa.Table, rng: np.random.Generator) -> _Films:
    genres, keywords, directors, cast = (
        films.column(name).to_pylist() for name in ("genres", "keywords", "directors", "cast_names")
    )
    year = np.asarray(films.column("year"), dtype=np.int64)
    fame = np.asarray(films.column("fame"), dtype=np.float64)
    n_films = films.num_rows

    rank = np.empty(n_films)
    rank[np.argsort(-(fame + rng.normal(0, 0.35, n_films)), kind="stable")] = np.arange(n_films)
    worlds = [_belonging(world, genres, keywords) for world in WORLDS.values()]
    made = Counter(name for names in directors for name in names)
    prolific = sorted(name for name, count in made.items() if count >= 3)
    by = _one_hot(directors)
    akin = 0.5 * _overlap(_one_hot(keywords)) + 0.3 * np.minimum(by @ by.T, 1)
    akin += 0.4 * _overlap(_one_hot(cast))
    onwards = np.where(year[None, :] >= year[:, None], 1.0, 0.5)
    return _Films(
        ids=np.asarray(films.column("movie_id"), dtype=np.int64),
        log_popularity=-3.5 * np.log(rank + 30),
        worlds=np.stack(worlds, axis=1).reshape(n_films, len(WORLDS)),
        leads_to=akin * onwards,
        directors=_one_hot(directors, prolific),
        decades=_one_hot([[str(value // 10)] for value in year]),
        quality=0.1 * (fame - 3) + rng.normal(0, 0.15, n_films),
    )


def _belonging(world: World, genres: Sequence[Sequence[str]], keywords: Sequence[Sequence[str]]) -> Floats:
    """How much each film belongs to a world, 0-1: its genre, then keyword after keyword."""
    home, words, foreign = (set(part.split(",")) for part in world)
    by_genre = np.array([bool(home & set(names)) for names in genres])
    by_words = np.array([len(words & set(names)) for names in keywords])
    stranger = np.array([bool(foreign & set(names)) for names in genres])
    belonging: Floats = np.minimum(0.35 * by_genre + 0.25 * by_words, 1.0) * np.where(stranger, 0.3, 1.0)
    return belonging


def _one_hot(lists: Sequence[Sequence[str]], names: Sequence[str] | None = None) -> Floats:
    names = sorted({name for row in lists for name in row}) if names is None else names
    column = {name: position for position, name in enumerate(names)}
    hot = np.zeros((len(lists), len(names)))
    for position, row in enumerate(lists):
        hot[position, [column[name] for name in row if name in column]] = 1.0
    return hot


def _overlap(hot: Floats) -> Floats:
    """Shared names over the geometric mean of the two counts (cosine), 0-1."""
    norms = np.sqrt(np.maximum(hot.sum(axis=1), 1))
    shared: Floats = (hot @ hot.T) / norms[:, None] / norms[None, :]
    return shared


def _invent_tastes(shelf: _Films, n_people: int, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Each person's liking of each film when they start and at the end, and how warmly they rate."""
    n_worlds = shelf.worlds.shape[1]
    people = np.arange(n_people)
    steps_apart = np.abs(np.arange(n_worlds) - rng.integers(0, n_worlds, n_people)[:, None])
    steps_apart = np.minimum(steps_apart, n_worlds - steps_apart)
    order = np.argsort(steps_apart + rng.gumbel(scale=_OPENNESS, size=steps_apart.shape), axis=1)
    n_liked = rng.choice([1, 2, 3], n_people, p=[0.25, 0.45, 0.3])
    weights = rng.uniform(0.8, 1.5, (n_people, n_worlds))
    liked = np.arange(n_worlds) < n_liked[:, None]
    hated = np.arange(n_worlds) >= n_worlds - rng.integers(2, 8, n_people)[:, None]
    worlds = np.zeros((n_people, n_worlds))
    np.put_along_axis(worlds, order, weights * liked - weights * hated, axis=1)

    later = worlds.copy()  # most people find a new world and lose some of the first one
    drifts = rng.random(n_people) < 0.65
    later[people, order[:, 0]] *= np.where(drifts, rng.uniform(0.2, 0.9, n_people), 1.0)
    later[people, order[:, 3]] += np.where(drifts, rng.uniform(0.6, 1.3, n_people), 0.0)

    fits = worlds @ shelf.worlds.T
    seen_fit = fits @ shelf.directors / np.maximum(shelf.directors.sum(axis=0), 1)
    draw = 2 * seen_fit + rng.gumbel(size=seen_fit.shape)
    favourites = np.argsort(np.argsort(-draw, axis=1), axis=1) < rng.integers(1, 5, n_people)[:, None]
    n_decades = shelf.decades.shape[1]
    decade = np.eye(n_decades)[rng.integers(0, n_decades, n_people)]
    decade *= (rng.random(n_people) < 0.35)[:, None]
    whims = rng.normal(0, 0.15, fits.shape)
    constant = 0.8 * favourites @ shelf.directors.T + 0.6 * decade @ shelf.decades.T + whims
    warmth = rng.normal(0, 0.3, n_people)
    return fits + constant, later @ shelf.worlds.T + constant, warmth


def _history_lengths(n_people: int, rng: np.random.Generator) -> Ints:
    usual = np.round(_MEDIAN_FILMS * np.exp(rng.normal(0, _SPREAD, n_people)))
    newcomers = rng.random(n_people) < _NEWCOMERS
    few = rng.integers(1, 5, n_people)
    return np.where(newcomers, few, np.clip(usual, _FEWEST, _MOST)).astype(np.int64)


def _watch(
    shelf: _Films, tastes: tuple[Floats, Floats], lengths: Ints, opens: Bools, rng: np.random.Generator
) -> tuple[Ints, Floats]:
    """Let everybody pick film after film; give the picks and how much each was to their taste.

    All people take a step at once. A pick is a draw without replacement (Gumbel-max trick) with
    log odds popularity + taste + kinship with the film before, if that was in the same sitting.
    """
    early, late = tastes
    picks = np.zeros(opens.shape, dtype=np.int64)
    liking = np.zeros(opens.shape)
    fresh = np.zeros(early.shape)  # 0 for a film not yet seen, -inf after
    for step in range(opens.shape[1]):
        who = np.flatnonzero(lengths > step)
        progress = (step / np.maximum(lengths[who] - 1, 1))[:, None]
        taste = (1 - progress) * early[who] + progress * late[who]
        odds = shelf.log_popularity + _TASTE * taste + fresh[who] + rng.gumbel(size=taste.shape)
        if step:
            same_sitting = ~opens[who, step, None]
            odds += _NEXT * same_sitting * shelf.leads_to[picks[who, step - 1]]
        chosen = odds.argmax(axis=1)
        picks[who, step] = chosen
        liking[who, step] = taste[np.arange(len(who)), chosen]
        fresh[who, chosen] = -np.inf
    return picks, liking


def _times(opens: Bools, lengths: Ints, rng: np.random.Generator) -> Ints:
    """Seconds since 1970 of every rating, never falling along a person's row."""
    n_people, steps = opens.shape
    window = SAMPLE_DAYS * 86_400
    joined = np.asarray(0.98 * window * rng.beta(1.0, 1.4, size=n_people), dtype=np.float64)
    stays = np.where(rng.random(n_people) < 0.6, 1.0, rng.uniform(0.1, 1.0, n_people))
    sitting = np.cumsum(opens, axis=1) - 1
    n_sittings = np.sum(opens & (np.arange(steps) < lengths[:, None]), axis=1)
    starts = rng.random(opens.shape)
    starts[np.arange(steps) >= n_sittings[:, None]] = 1.0  # sittings nobody holds come last
    starts = np.sort(starts, axis=1)
    starts = joined[:, None] + (stays * (window - joined))[:, None] * starts
    gaps = np.where(rng.random(opens.shape) < 0.12, 0.0, 3 + rng.exponential(50, opens.shape))
    within = np.cumsum(gaps, axis=1)
    opened_at = np.maximum.accumulate(np.where(opens, within, 0.0), axis=1)
    elapsed = np.take_along_axis(starts, sitting, axis=1) + within - opened_at
    elapsed = np.minimum(np.maximum.accumulate(np.floor(elapsed), axis=1), window - 1)
    begin = int(SAMPLE_END.timestamp()) - window
    return begin + elapsed.astype(np.int64)
