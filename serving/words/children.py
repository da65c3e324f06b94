"""Films for children: a rule over what is known of a film, never over the words of a wish.

A film passes if its genres say Family (Children in MovieLens), or Animation together with a keyword that speaks of
children, and if neither a genre nor a keyword says otherwise. A film of which little is known does not pass: leaving
a good one out costs less than showing a wrong one.
"""

from __future__ import annotations

from serving.words.facts import Facts, Mask

FOR_THEM = ("Family",)
DRAWN = ("Animation",)
NOT_FOR_THEM = ("Horror", "Thriller", "Crime", "War", "Film-Noir")
SPEAKS_FOR = (
    "cartoon", "talking animal", "talking animals", "kids", "children", "kids and family", "toy", "fairy tale",
    "disney", "pixar", "family", "anthropomorphism", "cartoon animal", "children's book", "cartoon cat", "cartoon dog",
    "cartoon mouse", "toys", "stuffed animal", "kids' entertainment",
)  # fmt: skip
SPEAKS_AGAINST = (
    "abuse", "adult animation", "adult humor", "adultery", "alcoholism", "assassin", "assassination", "bdsm", "blood",
    "brutality", "cannibal", "cannibalism", "child abuse", "cocaine", "concentration camp", "death penalty",
    "decapitation", "demon", "demonic possession", "drug", "drug abuse", "drug addiction", "drug dealer", "drugs",
    "drug use", "erotic", "eroticism", "erotic movie", "execution", "exorcism", "extramarital affair", "female nudity",
    "gang rape", "gangster", "genocide", "gore", "graphic violence", "heroin", "hitman", "holocaust",
    "holocaust (shoah)", "horror", "hostage", "incest", "infidelity", "lust", "male nudity", "marijuana", "massacre",
    "mass murder", "molestation", "murder", "murderer", "nudity", "nude", "orgy", "pedophilia", "porn", "pornography",
    "pornographic video", "prostitute", "prostitution", "psychopath", "rape", "sadism", "seduction", "self mutilation",
    "serial killer", "sex", "sex comedy", "sex scene", "sexual abuse", "sexual humor", "sexuality", "slasher",
    "softcore", "splatter", "stoner", "strip club", "stripper", "suicide", "suicide attempt", "terrorism", "terrorist",
    "torture", "vietnam war", "violence", "war crimes", "world war i", "world war ii", "zombie", "nazi", "nazis",
    "crude humor", "obscenity", "vulgar", "lsd", "one-night stand", "mistress", "affair", "alcohol abuse",
)  # fmt: skip
HARD_WORDS = (
    "cocaine", "drug", "drugs", "gore", "heroin", "incest", "nude", "nudity", "porn", "pornography", "prostitute",
    "prostitutes", "prostitution", "rape", "rapist", "sex", "suicidal", "suicide", "torture", "tortured",
)  # fmt: skip
"""Words that speak against a film in any keyword that has them, such as "attempted rape"."""


def for_children(facts: Facts) -> Mask:
    """Return the films that somebody may show a child without looking first, shape (n_films,)."""
    drawn_for_them = facts.of_genres(DRAWN) & facts.with_keywords(SPEAKS_FOR)
    wanted = facts.of_genres(FOR_THEM) | drawn_for_them
    against = facts.with_keywords(SPEAKS_AGAINST) | facts.with_words_in_keywords(HARD_WORDS)
    return wanted & ~facts.of_genres(NOT_FOR_THEM) & ~against
