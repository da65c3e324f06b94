"""The words of wishes: genres and their synonyms, moods, languages, whom a film is for. Our own, in English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_STOP = (
    "a about after all also am an and another any anything are as at be been before best both but by can character "
    "characters could did do does dont em enjoy ever evening every everything feature features feel feeling few film "
    "films find flick flicks for from fun get give go going gonna good got great guy had has have having he her here "
    "high hi hey hello him his how i id if ill im in into is it its ive just keep kind let lets like likes liked list "
    "little looking lot lots love loved made make makes many maybe me might mood more most movie movies much must my "
    "need new nice night now of off ok on one ones only or other our out over people perfect picture pictures please "
    "plot possibly quite rather real really recommend recommendation recommendations right same seen set she should "
    "show shows similar since so some somebody someone something somewhat somewhere soon sort starring star stars "
    "story stories stuff style such suggest suggestion suggestions take tale than thanks that the them then there "
    "these they thing things think this those through time to today together tonight too top type u under until up us "
    "very vibe vibes wanna want wants was watch watched watching way we weekend well were what whats when where which "
    "while who whole whose why will with would year years old olds aged yes yet you your"
)
STOP = frozenset(_STOP.split())
"""Words that say nothing of a film."""

NEGATIONS = (
    "anything but", "nothing with", "do not want", "dont want", "do not like", "dont like", "not like", "cant stand",
    "no more", "sick of", "tired of", "instead of", "less", "avoid", "avoiding", "except", "excluding", "hate", "never",
    "no", "none", "not", "nothing", "skip", "without", "isnt", "arent",
)  # fmt: skip
"""Phrases after which what is named is to be kept out, the longest first."""
NEGATION_GOES_ON = frozenset(("or", "and", "nor", "too", "so", "very", "any", "much", "overly", "a", "an", "the", "to",
                              "of", "in", "films", "movies", "film", "movie", "be", "with", "by", "really", "more",
                              "that", "see", "watch", "from", "scenes", "themes", "stuff", "extremely", "at", "all",
                              "is", "are", "anything", "another", "again", "please"))  # fmt: skip
"""Words over which a negation reaches: "no horror or war"."""
LIKENESS = frozenset(("like", "similar to", "same as", "reminds me of", "remind me of", "in the style of", "such as",
                      "in the vein of", "along the lines of", "as good as", "fans of", "fan of", "loved", "enjoyed",
                      "more of", "style of", "similar films to", "similar movies to", "liked", "adored"))  # fmt: skip
"""Phrases after which a title stands."""

# synonym: names that catalogues give the genre, TMDB's first
_GENRES: dict[str, tuple[str, ...]] = {
    "Action": ("action",),
    "Adventure": ("adventure", "adventures", "swashbuckler", "swashbucklers"),
    "Animation": ("animation", "animated", "animations", "cartoon", "cartoons", "anime", "stop motion"),
    "Comedy": ("comedy", "comedies", "comedic", "slapstick", "farce", "sitcom", "spoof", "spoofs"),
    "Crime": ("crime", "gangster", "gangsters", "mafia", "mob", "heist", "heists"),
    "Documentary": ("documentary", "documentaries", "docu", "docs", "nonfiction", "non fiction"),
    "Drama": ("drama", "dramas", "dramatic"),
    "Family": (),
    "Fantasy": ("fantasy", "fantasies", "sword and sorcery"),
    "Film-Noir": ("film noir", "noir", "films noirs", "noirs"),
    "History": ("history", "historical", "costume drama", "period drama", "period piece"),
    "Horror": ("horror", "horrors", "slasher", "slashers", "zombie film", "gorefest"),
    "Music": ("musical", "musicals", "concert film"),
    "Mystery": ("mystery", "mysteries", "whodunit", "whodunits", "murder mystery", "detective story"),
    "Romance": ("romance", "romances", "love story", "love stories", "romantic film"),
    "Science Fiction": ("science fiction", "sci fi", "scifi", "sf", "sciencefiction", "space opera", "cyberpunk"),
    "Thriller": ("thriller", "thrillers"),
    "War": ("war", "war film", "war films"),
    "Western": ("western", "westerns", "spaghetti western", "cowboy", "cowboys"),
}
GENRE_ALIASES: Mapping[str, tuple[str, ...]] = {
    "Family": ("Family", "Children", "Children's"),
    "Film-Noir": ("Film-Noir", "Film Noir"),
    "Music": ("Music", "Musical"),
    "Science Fiction": ("Science Fiction", "Sci-Fi"),
}
"""Other names of a genre in the catalogues we know: MovieLens's beside TMDB's."""
GENRE_WORDS: Mapping[str, str] = {word: name for name, words in _GENRES.items() for word in words}
"""From what people type to TMDB's name."""
TWO_GENRES: Mapping[str, tuple[str, ...]] = {
    "romcom": ("Romance", "Comedy"), "rom com": ("Romance", "Comedy"), "romcoms": ("Romance", "Comedy"),
    "rom coms": ("Romance", "Comedy"), "romantic comedy": ("Romance", "Comedy"),
    "romantic comedies": ("Romance", "Comedy"), "dramedy": ("Drama", "Comedy"),
    "black comedy": ("Comedy",), "dark comedy": ("Comedy",), "dark comedies": ("Comedy",),
}  # fmt: skip
TOPIC_TOO = frozenset(("anime", "slasher", "slashers", "gangster", "gangsters", "mafia", "mob", "heist", "heists",
                       "cyberpunk", "cowboy", "cowboys", "zombie film", "spoof", "spoofs", "stop motion",
                       "black comedy", "dark comedy", "dark comedies", "space opera", "slapstick"))  # fmt: skip
"""Genre words that also say what a film is about."""

LANGUAGES: Mapping[str, tuple[str, ...]] = {
    "arabic": ("ar",), "bollywood": ("hi",), "cantonese": ("cn",), "chinese": ("zh", "cn"), "czech": ("cs",),
    "danish": ("da",), "dutch": ("nl",), "finnish": ("fi",), "french": ("fr",), "german": ("de",), "greek": ("el",),
    "hebrew": ("he",), "hindi": ("hi",), "hungarian": ("hu",), "icelandic": ("is",), "indian": ("hi", "ta", "te"),
    "iranian": ("fa",), "israeli": ("he",), "italian": ("it",), "japanese": ("ja",), "korean": ("ko",),
    "mandarin": ("zh",), "norwegian": ("no", "nb"), "persian": ("fa",), "polish": ("pl",), "portuguese": ("pt",),
    "romanian": ("ro",), "russian": ("ru",), "spanish": ("es",), "swedish": ("sv",), "thai": ("th",),
    "turkish": ("tr",), "english": ("en",),
}  # fmt: skip
"""Languages and countries, as TMDB's codes of a film's original language."""
FOREIGN = frozenset(("foreign", "subtitled", "foreign language", "non english", "with subtitles", "world cinema"))

CHILDREN = (
    "children", "child", "kids", "kid", "daughter", "son", "toddler", "toddlers", "preschooler", "preschoolers",
    "grandchildren", "grandchild", "grandson", "granddaughter", "grandkids", "niece", "nephew", "little ones",
    "little one", "whole family", "entire family", "the family", "family", "all the family", "little girl",
    "little boy", "boys and girls", "year olds", "year old",
)  # fmt: skip
CHILDREN_AS_THEY_ARE = (
    "family friendly", "kid friendly", "child friendly", "kids movie", "kids movies", "kids film", "kids films",
    "childrens movie", "childrens film", "childrens films", "childrens movies", "family movie", "family film",
    "family movies", "family films", "family night", "family movie night", "suitable for children", "all ages",
    "bedtime", "safe for kids", "safe for children", "for children", "for kids", "children can watch",
    "kids can watch", "children will enjoy", "kids will love", "watch with my kids", "watch with the kids",
    "watch with my children", "watch with kids", "watch with children", "with my kids", "with my children",
    "with the kids", "kids would like", "children would like", "pg rated", "g rated",
)  # fmt: skip
DATE_NIGHT = ("date night", "for a date", "on a date", "first date", "romantic evening", "romantic night")
GROWN_FROM = 13
"""Years of age from which a film need not be for children."""

# phrase: (words of its films, genres it likes, genres it does not go with)
_MOODS: dict[str, tuple[str, str, str]] = {
    "action packed": ("chase explosion fight", "Action,Adventure", "Romance"),
    "adventurous": ("quest journey expedition treasure", "Adventure", ""),
    "artsy": ("surreal art", "Drama", "Action"),
    "atmospheric": ("noir fog night atmospheric", "Mystery,Thriller", "Comedy"),
    "bleak": ("dystopia grief bleak despair war", "Drama", "Comedy,Family,Animation"),
    "brainy": ("mathematics genius puzzle scientist", "Mystery,Science Fiction,Drama", ""),
    "charming": ("friendship paris love", "Comedy,Romance", "Horror"),
    "cerebral": ("philosophy memory dream identity", "Science Fiction,Mystery,Drama", "Action"),
    "cheerful": ("friendship music dance", "Comedy,Music,Family", "Horror,War"),
    "cosy": ("village family friendship", "Comedy,Family,Romance", "Horror,War"),
    "cozy": ("village family friendship", "Comedy,Family,Romance", "Horror,War"),
    "creepy": ("ghost haunted supernatural eerie", "Horror,Thriller,Mystery", "Comedy,Family"),
    "dark": ("dark noir murder dystopia revenge", "Thriller,Crime,Mystery", "Comedy,Family,Animation,Music"),
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
    "gentle": ("friendship family village", "Drama,Family,Romance", "Action,Horror"),
    "gloomy": ("grief rain noir", "Drama,Mystery", "Comedy"),
    "gritty": ("gangster drugs police street", "Crime,Thriller,Drama", "Family,Animation"),
    "happy": ("friendship love music", "Comedy,Family,Music,Romance", "Horror,War"),
    "heartbreaking": ("grief loss love illness", "Drama,Romance", "Comedy"),
    "heartwarming": ("friendship family dog kindness", "Family,Comedy,Drama", "Horror"),
    "hilarious": ("comedy parody satire", "Comedy", "Drama"),
    "inspiring": ("underdog biography teacher sport", "Drama,History", "Horror"),
    "intense": ("survival revenge hostage", "Thriller,Action", "Comedy,Family"),
    "light": ("friendship comedy", "Comedy,Romance", "Horror,War"),
    "lighthearted": ("friendship comedy", "Comedy,Romance", "Horror,War"),
    "lonely": ("loneliness isolation solitude", "Drama", ""),
    "magical": ("magic wizard fairy", "Fantasy,Family", ""),
    "meditative": ("loneliness silence nature memory", "Drama", "Action"),
    "melancholic": ("loneliness grief memory nostalgia", "Drama,Romance", "Action"),
    "mind bending": ("dream memory time identity reality", "Science Fiction,Mystery,Thriller", ""),
    "moody": ("noir night rain", "Drama,Mystery", "Family"),
    "mysterious": ("mystery detective secret", "Mystery", ""),
    "nostalgic": ("childhood memory nostalgia", "Drama,Family", ""),
    "quirky": ("eccentric absurd satire", "Comedy", "War"),
    "quiet": ("silence solitude family", "Drama", "Action"),
    "relaxing": ("nature friendship village", "Comedy,Family,Romance", "Horror,War,Thriller"),
    "romantic": ("love romance wedding", "Romance", "Horror,War"),
    "sad": ("grief loss death illness", "Drama", "Comedy"),
    "terrifying": ("monster killer terror", "Horror", "Comedy,Family"),
    "gory": ("gore blood slasher", "Horror", "Family,Animation"),
    "bloody": ("gore blood slasher", "Horror", "Family,Animation"),
    "scary": ("ghost monster killer haunted", "Horror", "Comedy,Family"),
    "serious": ("politics history trial", "Drama,History", "Comedy"),
    "sexy": ("desire affair seduction", "Romance", "Family"),
    "silly": ("parody slapstick", "Comedy", "Drama"),
    "slow": ("loneliness memory silence philosophy", "Drama", "Action"),
    "slow burn": ("loneliness paranoia secret", "Drama,Mystery", "Action"),
    "smart": ("scientist puzzle genius", "Mystery,Science Fiction", ""),
    "spooky": ("ghost haunted witch", "Horror,Mystery", ""),
    "strange": ("surreal dream absurd", "Fantasy,Mystery", ""),
    "sweet": ("love friendship", "Romance,Comedy,Family", "Horror"),
    "suspenseful": ("conspiracy hostage killer", "Thriller,Mystery", "Comedy"),
    "tearjerker": ("illness loss love", "Drama,Romance", "Comedy"),
    "tense": ("hostage conspiracy survival", "Thriller", "Comedy"),
    "thought provoking": ("philosophy identity society", "Drama,Science Fiction", "Action"),
    "thrilling": ("chase conspiracy hostage", "Thriller,Action", ""),
    "twisted": ("killer revenge madness", "Thriller,Horror", "Family"),
    "twisty": ("conspiracy secret con", "Thriller,Mystery", ""),
    "uplifting": ("underdog friendship hope", "Drama,Comedy,Family,Music", "Horror,War"),
    "violent": ("revenge gangster war fight", "Action,Crime,War", "Family,Animation"),
    "weird": ("surreal absurd dream", "Fantasy,Comedy", ""),
    "whimsical": ("fairy magic eccentric", "Fantasy,Comedy,Family", "War"),
    "witty": ("satire dialogue", "Comedy", "Action"),
}


@dataclass(frozen=True)
class Mood:
    """What a word of mood stands for.

    Attributes
    ----------
    words : tuple of str
        Words that its films are described with.
    likes, clashes : tuple of str
        Genres it goes with, and does not go with.
    """

    words: tuple[str, ...]
    likes: tuple[str, ...]
    clashes: tuple[str, ...]


def _genres(names: str) -> tuple[str, ...]:
    return tuple(filter(None, names.split(",")))


MOODS: Mapping[str, Mood] = {
    phrase: Mood(tuple(words.split()), _genres(likes), _genres(clashes))
    for phrase, (words, likes, clashes) in _MOODS.items()
}
KEPT_OUT: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    **dict.fromkeys(
        ("creepy", "eerie", "frightening", "scary", "spooky", "terrifying"),
        (("Horror",), ("horror", "gore", "slasher", "ghost", "demon", "haunted house", "supernatural horror")),
    ),
    **dict.fromkeys(
        ("sad", "depressing", "heartbreaking", "tearjerker", "bleak", "melancholic", "gloomy"),
        ((), ("grief", "loss", "dying and death", "suicide", "tragedy", "terminal illness", "cancer", "death",
              "depression", "loss of loved one", "holocaust", "genocide")),
    ),
    **dict.fromkeys(
        ("violent", "gory", "bloody", "gritty"),
        (("Horror", "War"), ("violence", "gore", "blood", "torture", "murder", "rape", "slasher", "shootout",
                             "brutality")),
    ),
    **dict.fromkeys(
        ("erotic", "sexy"), ((), ("sex", "nudity", "female nudity", "male nudity", "erotic", "eroticism", "sex scene")),
    ),
    "romantic": (("Romance",), ()),
    **dict.fromkeys(("funny", "hilarious", "silly"), (("Comedy",), ())),
    **dict.fromkeys(("thrilling", "suspenseful", "tense"), (("Thriller", "Horror"), ())),
    "action packed": (("Action",), ()),
}  # fmt: skip
"""What is kept out when a mood is not wanted: genres, and films with one of these keywords."""
