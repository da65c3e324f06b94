"""What somebody means by "something dark and slow in space": words of mood into words and genres of films.

The lexicon is our own. A phrase says which words its films are described with, which genres it likes, and which it
does not go with. Words that are in no phrase are searched for as they are.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

LIKE = 1.0
"""Weight of a word that somebody typed."""
HINT = 0.5
"""Weight of a word that a phrase stands for."""

_STOP = (
    "a about all an and any are as at be but by can could film films flick for from get give good great have i i'd if "
    "im in into is it its kind like looking me mood more movie movies my of on one or please really set show so some "
    "something somewhat stuff tale story that the there these thing this to tonight up very want watch what where "
    "which who will with would you"
)
STOP = frozenset(_STOP.split())
NEGATIONS = frozenset(("no", "not", "without", "never", "nothing", "except", "hardly"))

TOPICS = frozenset(
    (
        "christmas", "coming of age", "crime", "futuristic", "haunted", "heist", "historical", "kids", "magical",
        "martial arts", "musical", "noir", "outer space", "road trip", "sci fi", "space", "true story", "war",
    )
)  # fmt: skip
"""Phrases of the lexicon that say what a film is about; the others say how it feels."""

# phrase: (words of its films, genres it likes, genres it does not go with)
_LEXICON: dict[str, tuple[str, str, str]] = {
    "action packed": ("chase explosion fight", "Action,Adventure", "Romance"),
    "adventurous": ("quest journey expedition treasure", "Adventure", ""),
    "artsy": ("surreal art", "Drama", "Action"),
    "atmospheric": ("noir fog night atmospheric", "Mystery,Thriller", "Comedy"),
    "bleak": ("dystopia grief bleak despair war", "Drama", "Comedy,Family,Animation"),
    "brainy": ("mathematics genius puzzle scientist", "Mystery,Science Fiction,Drama", ""),
    "charming": ("friendship paris love", "Comedy,Romance", "Horror"),
    "cerebral": ("philosophy memory dream identity", "Science Fiction,Mystery,Drama", "Action"),
    "cheerful": ("friendship music dance", "Comedy,Music,Family", "Horror,War"),
    "christmas": ("christmas holiday", "Family,Comedy", ""),
    "coming of age": ("teenager growing school youth", "Drama", ""),
    "cosy": ("village family friendship", "Comedy,Family,Romance", "Horror,War"),
    "cozy": ("village family friendship", "Comedy,Family,Romance", "Horror,War"),
    "creepy": ("ghost haunted supernatural eerie", "Horror,Thriller,Mystery", "Comedy,Family"),
    "crime": ("police detective gangster murder", "Crime", ""),
    "dark": ("dark noir murder dystopia revenge", "Thriller,Crime,Mystery", "Comedy,Family,Animation,Music"),
    "date night": ("love relationship", "Romance,Comedy", "Horror,War"),
    "depressing": ("grief loss suicide illness", "Drama", "Comedy,Family"),
    "dreamy": ("dream surreal fantasy", "Fantasy,Drama", "Action"),
    "easy going": ("friendship road trip", "Comedy", "Horror,War"),
    "eerie": ("ghost haunted mysterious", "Mystery,Horror", "Comedy"),
    "epic": ("battle empire king war quest", "Adventure,History,War,Fantasy", ""),
    "erotic": ("desire affair seduction", "Romance,Drama", "Family,Animation"),
    "exciting": ("chase race mission", "Action,Adventure,Thriller", ""),
    "fast": ("chase race heist", "Action,Thriller", "Drama"),
    "feel good": ("friendship underdog dance music family", "Comedy,Family,Romance,Music", "Horror,War,Crime"),
    "frightening": ("ghost killer monster haunted", "Horror", "Comedy,Family"),
    "fun": ("friendship comedy party", "Comedy,Adventure", "War"),
    "funny": ("comedy satire parody", "Comedy", "Horror,War"),
    "futuristic": ("future robot android cyberpunk", "Science Fiction", "Western,History"),
    "gentle": ("friendship family village", "Drama,Family,Romance", "Action,Horror"),
    "gloomy": ("grief rain noir", "Drama,Mystery", "Comedy"),
    "gritty": ("gangster drugs police street", "Crime,Thriller,Drama", "Family,Animation"),
    "happy": ("friendship love music", "Comedy,Family,Music,Romance", "Horror,War"),
    "haunted": ("ghost haunted house", "Horror", ""),
    "heartbreaking": ("grief loss love illness", "Drama,Romance", "Comedy"),
    "heartwarming": ("friendship family dog kindness", "Family,Comedy,Drama", "Horror"),
    "heist": ("heist robbery thief bank casino", "Crime", ""),
    "historical": ("history king war biography", "History,Drama,War", "Science Fiction"),
    "hilarious": ("comedy parody satire", "Comedy", "Drama"),
    "inspiring": ("underdog biography teacher sport", "Drama,History", "Horror"),
    "intense": ("survival revenge hostage", "Thriller,Action", "Comedy,Family"),
    "kids": ("children cartoon talking animals", "Family,Animation", "Horror,Crime"),
    "light": ("friendship comedy", "Comedy,Romance", "Horror,War"),
    "lighthearted": ("friendship comedy", "Comedy,Romance", "Horror,War"),
    "lonely": ("loneliness isolation solitude", "Drama", ""),
    "magical": ("magic wizard fairy", "Fantasy,Family", ""),
    "martial arts": ("kung fu martial arts samurai", "Action", ""),
    "meditative": ("loneliness silence nature memory", "Drama", "Action"),
    "melancholic": ("loneliness grief memory nostalgia", "Drama,Romance", "Action"),
    "mind bending": ("dream memory time identity reality", "Science Fiction,Mystery,Thriller", ""),
    "moody": ("noir night rain", "Drama,Mystery", "Family"),
    "musical": ("music singing dance musical", "Music", ""),
    "mysterious": ("mystery detective secret", "Mystery", ""),
    "noir": ("noir detective femme fatale", "Crime,Mystery,Film-Noir", "Family"),
    "nostalgic": ("childhood memory nostalgia", "Drama,Family", ""),
    "outer space": ("space spaceship astronaut planet", "Science Fiction", ""),
    "quirky": ("eccentric absurd satire", "Comedy", "War"),
    "quiet": ("silence solitude family", "Drama", "Action"),
    "relaxing": ("nature friendship village", "Comedy,Family,Romance", "Horror,War,Thriller"),
    "road trip": ("road trip journey", "Comedy,Drama", ""),
    "romantic": ("love romance wedding", "Romance", "Horror,War"),
    "sad": ("grief loss death illness", "Drama", "Comedy"),
    "scary": ("ghost monster killer haunted", "Horror", "Comedy,Family"),
    "sci fi": ("space future robot alien", "Science Fiction,Sci-Fi", ""),
    "serious": ("politics history trial", "Drama,History", "Comedy"),
    "sexy": ("desire affair seduction", "Romance", "Family"),
    "silly": ("parody slapstick", "Comedy", "Drama"),
    "slow": ("loneliness memory silence philosophy", "Drama", "Action"),
    "slow burn": ("loneliness paranoia secret", "Drama,Mystery", "Action"),
    "smart": ("scientist puzzle genius", "Mystery,Science Fiction", ""),
    "space": ("space spaceship astronaut planet", "Science Fiction", ""),
    "spooky": ("ghost haunted witch", "Horror,Mystery", ""),
    "strange": ("surreal dream absurd", "Fantasy,Mystery", ""),
    "sweet": ("love friendship", "Romance,Comedy,Family", "Horror"),
    "suspenseful": ("conspiracy hostage killer", "Thriller,Mystery", "Comedy"),
    "tearjerker": ("illness loss love", "Drama,Romance", "Comedy"),
    "tense": ("hostage conspiracy survival", "Thriller", "Comedy"),
    "thought provoking": ("philosophy identity society", "Drama,Science Fiction", "Action"),
    "thrilling": ("chase conspiracy hostage", "Thriller,Action", ""),
    "true story": ("biography based true history", "History,Drama", "Fantasy"),
    "twisted": ("killer revenge madness", "Thriller,Horror", "Family"),
    "twisty": ("conspiracy secret con", "Thriller,Mystery", ""),
    "uplifting": ("underdog friendship hope", "Drama,Comedy,Family,Music", "Horror,War"),
    "violent": ("revenge gangster war fight", "Action,Crime,War", "Family,Animation"),
    "war": ("war soldier battle", "War", ""),
    "weird": ("surreal absurd dream", "Fantasy,Comedy", ""),
    "whimsical": ("fairy magic eccentric", "Fantasy,Comedy,Family", "War"),
    "witty": ("satire dialogue", "Comedy", "Action"),
}
LONGEST_PHRASE = 3


@dataclass(frozen=True)
class Part:
    """One phrase of a wish.

    Attributes
    ----------
    phrase : str
        As it was typed.
    words : dict of str to float
        Words that its films are described with, and how much each says.
    likes, clashes : tuple of str
        Lower-case genres it goes with, and does not go with.
    sign : float
        -1 for what should not be there ("not scary"), else 1.
    """

    phrase: str
    words: dict[str, float]
    likes: tuple[str, ...]
    clashes: tuple[str, ...]
    sign: float


@dataclass
class Wish:
    """What a text asks for: what films are about, and how they feel."""

    topics: list[Part] = field(default_factory=list)
    moods: list[Part] = field(default_factory=list)


def plain(text: str) -> str:
    """Return a text in lower case, without accents and signs: "Feel-good, Amélie!" is "feel good amelie"."""
    folded = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).lower()
    return " ".join(re.findall(r"[^\W_]+", folded.replace("'", "")))


def read_wish(text: str) -> Wish:
    """Return what a text asks for; nothing in an empty one."""
    words, wish, at, sign = plain(text).split(), Wish(), 0, 1.0
    name: list[str] = []  # plain words side by side are one topic: "tom hanks"

    def end_of_name() -> None:
        if name:
            wish.topics.append(_part(" ".join(name), sign))
            name.clear()

    while at < len(words):
        size = next((n for n in range(LONGEST_PHRASE, 0, -1) if " ".join(words[at : at + n]) in _LEXICON), 1)
        phrase = " ".join(words[at : at + size])
        at += size
        if phrase not in _LEXICON and phrase not in STOP and phrase not in NEGATIONS:
            name.append(phrase)
            continue
        if name:
            end_of_name()
            sign = 1.0
        if phrase in NEGATIONS:
            sign = -1.0
        elif phrase in _LEXICON:
            (wish.topics if phrase in TOPICS else wish.moods).append(_part(phrase, sign))
            sign = 1.0
    end_of_name()
    return wish


def _part(phrase: str, sign: float) -> Part:
    hints, likes, clashes = _LEXICON.get(phrase, ("", "", ""))
    words = dict.fromkeys(hints.split(), HINT) | dict.fromkeys(phrase.split(), LIKE)
    return Part(phrase, words, _genres(likes), _genres(clashes), sign)


def _genres(names: str) -> tuple[str, ...]:
    return tuple(filter(None, names.lower().split(",")))
