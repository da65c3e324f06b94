"""People with a taste, films they name, and what must hold of the lists they get, said in the films' facts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.sense.catalogue import Film

LOVED, HATED = 5.0, 1.0
Test = Callable[[Film], bool]
Title = tuple[str, int]


@dataclass(frozen=True)
class Taste:
    """A kind of film: five that stand for it, and how to tell one by its facts."""

    name: str
    films: tuple[Title, ...]
    test: Test


@dataclass(frozen=True)
class Case:
    """Somebody's ratings, oldest first, and what must hold of the ten films they are offered.

    Attributes
    ----------
    at_least : sequence of (films, test, what is counted)
    at_most : the same
    """

    name: str
    loved: tuple[Title, ...] = ()
    hated: tuple[Title, ...] = ()
    at_least: Sequence[tuple[int, Test, str]] = ()
    at_most: Sequence[tuple[int, Test, str]] = ()


def of(*genres: str) -> Test:
    return lambda film: bool(set(genres) & film.genres)


def both(*genres: str) -> Test:
    return lambda film: set(genres) <= film.genres


def noir(film: Film) -> bool:
    """Tell a dark crime film of the studios' years."""
    return "film noir" in film.keywords or (1930 <= film.year <= 1965 and bool(film.genres & {"Crime", "Mystery"}))


def japanese_animation(film: Film) -> bool:
    return "Animation" in film.genres and film.language == "ja"


def indian(film: Film) -> bool:
    return film.language in ("hi", "ta", "te", "bn", "ml") or "bollywood" in film.keywords


HORROR = Taste(
    "horror",
    (("The Exorcist", 1973), ("Halloween", 1978), ("A Nightmare on Elm Street", 1984), ("The Evil Dead", 1981),
     ("Friday the 13th", 1980)),
    of("Horror"),
)  # fmt: skip
NOIR = Taste(
    "noir",
    (("Double Indemnity", 1944), ("The Maltese Falcon", 1941), ("The Big Sleep", 1946), ("Sunset Boulevard", 1950),
     ("Touch of Evil", 1958)),
    noir,
)  # fmt: skip
ANIME = Taste(
    "anime",
    (("Spirited Away", 2001), ("Princess Mononoke", 1997), ("Akira", 1988), ("Ghost in the Shell", 1995),
     ("My Neighbor Totoro", 1988)),
    japanese_animation,
)  # fmt: skip
WESTERNS = Taste(
    "westerns",
    (("The Good, the Bad and the Ugly", 1966), ("Unforgiven", 1992), ("Tombstone", 1993),
     ("High Noon", 1952), ("The Searchers", 1956)),
    of("Western"),
)  # fmt: skip
DOCUMENTARIES = Taste(
    "documentaries",
    (("Bowling for Columbine", 2002), ("Super Size Me", 2004), ("Fahrenheit 9/11", 2004), ("Hoop Dreams", 1994),
     ("An Inconvenient Truth", 2006)),
    of("Documentary"),
)  # fmt: skip
CHILDREN = Taste(
    "children's films",
    (("Finding Nemo", 2003), ("Monsters, Inc.", 2001), ("The Lion King", 1994), ("Babe", 1995), ("Shrek", 2001)),
    of("Family", "Animation"),
)  # fmt: skip
BOLLYWOOD = Taste(
    "Bollywood",
    (("Lagaan: Once Upon a Time in India", 2001), ("3 Idiots", 2009), ("Munna bhai M.B.B.S.", 2003),
     ("Like Stars on Earth", 2007), ("PK", 2014)),
    indian,
)  # fmt: skip
TASTES = (HORROR, NOIR, ANIME, WESTERNS, DOCUMENTARIES, CHILDREN, BOLLYWOOD)

FAMOUS = (
    Taste(
        "crime",
        (("Pulp Fiction", 1994), ("GoodFellas", 1990), ("Se7en", 1995), ("The Usual Suspects", 1995), ("Fargo", 1996)),
        of("Crime"),
    ),
    Taste(
        "fantasy",
        (
            ("The Lord of the Rings: The Fellowship of the Ring", 2001), ("The Princess Bride", 1987),
            ("Harry Potter and the Philosopher's Stone", 2001),
            ("Pirates of the Caribbean: The Curse of the Black Pearl", 2003),
        ),
        of("Fantasy"),
    ),
)  # fmt: skip
"""Kinds of which popular lists are full."""

WANTED = {"horror": 7, "noir": 7, "anime": 7, "westerns": 6, "documentaries": 6, "children's films": 8, "Bollywood": 5}
"""Films of ten that must be of the kind that somebody has told they love, five films at five stars each."""


def likes() -> list[Case]:
    return [
        Case(f"loves {taste.name}", taste.films, at_least=[(WANTED[taste.name], taste.test, taste.name)])
        for taste in TASTES
    ]


def dislikes() -> list[Case]:
    return [
        *(Case(f"hates {taste.name}", hated=taste.films, at_most=[(0, taste.test, taste.name)]) for taste in TASTES),
        *(Case(f"hates {taste.name}", hated=taste.films, at_most=[(2, taste.test, taste.name)]) for taste in FAMOUS),
    ]


ROMANCES: tuple[Title, ...] = (("Notting Hill", 1999), ("Pretty Woman", 1990), ("You've Got Mail", 1998))
SPACE: tuple[Title, ...] = (("Alien", 1979), ("2001: A Space Odyssey", 1968), ("Interstellar", 2014))
WAR: tuple[Title, ...] = (("Saving Private Ryan", 1998), ("Platoon", 1986), ("Full Metal Jacket", 1987))

MIXED = [
    Case(
        "loves romances, hates horror",
        ROMANCES,
        HORROR.films,
        at_least=[(6, of("Romance"), "romance")],
        at_most=[(0, of("Horror"), "horror")],
    ),
    Case(
        "loves horror, hates children's films",
        HORROR.films,
        CHILDREN.films,
        at_least=[(6, of("Horror"), "horror")],
        at_most=[(0, of("Family", "Animation"), "children's films")],
    ),
    Case(
        "loves anime and westerns",
        tuple(title for pair in zip(ANIME.films, WESTERNS.films, strict=True) for title in pair),
        at_least=[(2, of("Animation"), "animation"), (2, of("Western"), "westerns")],
    ),
    Case(
        "loves films of space, hates romances",
        SPACE,
        ROMANCES,
        at_least=[(6, of("Science Fiction"), "science fiction")],
        at_most=[(1, of("Romance"), "romance")],
    ),
    Case(
        "loves films of war, hates children's films",
        WAR,
        CHILDREN.films,
        at_least=[(4, of("War", "History"), "war or history")],
        at_most=[(0, of("Family", "Animation"), "children's films")],
    ),
]

ONE_FILM = [
    Case("Toy Story", (("Toy Story", 1995),), at_least=[(6, of("Family", "Animation"), "animation or family")]),
    Case("The Godfather", (("The Godfather", 1972),), at_least=[(6, of("Crime", "Drama"), "crime or drama")]),
    Case("The Matrix", (("The Matrix", 1999),), at_least=[(6, of("Science Fiction", "Action"), "action or sf")]),
    Case("Alien", (("Alien", 1979),), at_least=[(7, of("Science Fiction", "Horror"), "sf or horror")]),
    Case("Halloween", (("Halloween", 1978),), at_least=[(6, of("Horror"), "horror")]),
    Case("Notting Hill", (("Notting Hill", 1999),), at_least=[(7, of("Romance", "Comedy"), "romance or comedy")]),
    Case("Spirited Away", (("Spirited Away", 2001),), at_least=[(6, of("Animation", "Fantasy"), "animation, fantasy")]),
    Case("Goldfinger", (("Goldfinger", 1964),), at_least=[(7, of("Action", "Adventure"), "action or adventure")]),
    Case("The Lion King", (("The Lion King", 1994),), at_least=[(6, of("Family", "Animation"), "family")]),
    Case("Saving Private Ryan", (("Saving Private Ryan", 1998),), at_least=[(5, of("War", "History", "Drama"), "war")]),
]


def shared_facts(one: Film, other: Film) -> float:
    """Return how alike two films are by their facts alone, 0 to 1: genres, keywords, and people, no model asked."""
    return sum(
        share * len(mine & theirs) / max(1, len(mine | theirs))
        for share, mine, theirs in (
            (0.6, one.genres, other.genres),
            (0.3, one.keywords, other.keywords),
            (0.1, one.people, other.people),
        )
    )


def mean_likeness(films: Sequence[Film], to: Sequence[Film]) -> float:
    """Return the mean likeness of films to some others, by their facts."""
    return sum(shared_facts(film, other) for film in films for other in to) / (len(films) * len(to))


@dataclass(frozen=True)
class Similar:
    """A well-known film and what must hold of the ten most like it."""

    title: Title
    kind: Test
    said: str
    wanted: int
    among: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


SIMILAR = [
    Similar(
        ("Toy Story", 1995), of("Animation", "Family"), "animation or family", 8, ("Toy Story 2", "Toy Story 3"),
        ("Apollo 13", "Fargo", "Independence Day", "Mission: Impossible"),
    ),
    Similar(("The Matrix", 1999), of("Science Fiction"), "science fiction", 8,
            ("The Matrix Reloaded", "The Matrix Revolutions")),
    Similar(("The Godfather", 1972), of("Crime"), "crime", 7, ("The Godfather: Part II",)),
    Similar(("Alien", 1979), of("Science Fiction", "Horror"), "science fiction or horror", 9, ("Aliens",)),
    Similar(("Spirited Away", 2001), of("Animation"), "animation", 8, ("Princess Mononoke", "My Neighbor Totoro")),
    Similar(("Psycho", 1960), of("Horror", "Thriller", "Mystery"), "horror, thriller or mystery", 9, ("Vertigo",)),
    Similar(("Unforgiven", 1992), of("Western"), "westerns", 6, ("High Plains Drifter",)),
    Similar(("Bowling for Columbine", 2002), of("Documentary"), "documentaries", 8, ("Fahrenheit 9/11",)),
    Similar(("Scream", 1996), of("Horror"), "horror", 7, ("Scream 2",)),
    Similar(("Star Wars", 1977), of("Science Fiction", "Adventure"), "sf or adventure", 9,
            ("The Empire Strikes Back", "Return of the Jedi")),
    Similar(("Jurassic Park", 1993), of("Science Fiction", "Adventure"), "sf or adventure", 8,
            ("The Lost World: Jurassic Park",)),
    Similar(("The Lion King", 1994), of("Animation", "Family"), "animation or family", 8),
    Similar(("Goldfinger", 1964), of("Action", "Adventure"), "action or adventure", 9, ("From Russia with Love",)),
    Similar(("Airplane!", 1980), of("Comedy"), "comedies", 9),
    Similar(("Harry Potter and the Philosopher's Stone", 2001), of("Fantasy"), "fantasy", 8,
            ("Harry Potter and the Chamber of Secrets", "Harry Potter and the Prisoner of Azkaban")),
    Similar(("Schindler's List", 1993), of("War", "History", "Drama"), "war, history or drama", 7),
    Similar(("Notting Hill", 1999), of("Romance"), "romances", 8),
    Similar(("Lagaan: Once Upon a Time in India", 2001), indian, "Indian", 4),
]  # fmt: skip


def find(films: dict[int, Film], title: Title) -> int:
    """Return the movie_id of a film by its title and year."""
    # some titles bear the original one behind them, in brackets
    named = [film for film in films.values() if film.title.split(" (")[0] == title[0]]
    found = [film.movie_id for film in named if abs(film.year - title[1]) <= 1]
    if len(found) != 1:
        raise LookupError(f"{title}: {len(found)} films of that title and year")
    return found[0]
