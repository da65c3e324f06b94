"""What the API answers, as frozen dataclasses.

Written by `serving/http/client_shapes.py` from `serving/http/schemas`; change those and write it anew.
"""

from playbill_client.shapes.films import (
    DiscoveredFilm,
    DiscoveryPage,
    Film,
    FilmPage,
    Genre,
    Genres,
    MovieDetails,
    RankedFilm,
    SimilarFilms,
)
from playbill_client.shapes.lists import Batch, Because, Explanation, Item, RecommendationList, Understood, WishedList
from playbill_client.shapes.music import MovieMusic, MusicAnswer, MusicItem
from playbill_client.shapes.operations import Health, Ready, ReleaseInfo, Taken
from playbill_client.shapes.people import ChannelSays, History, PredictedRating, RatedFilm, WhyNotAnswer

__all__ = [
    "Batch",
    "Because",
    "ChannelSays",
    "DiscoveredFilm",
    "DiscoveryPage",
    "Explanation",
    "Film",
    "FilmPage",
    "Genre",
    "Genres",
    "Health",
    "History",
    "Item",
    "MovieDetails",
    "MovieMusic",
    "MusicAnswer",
    "MusicItem",
    "PredictedRating",
    "RankedFilm",
    "RatedFilm",
    "Ready",
    "RecommendationList",
    "ReleaseInfo",
    "SimilarFilms",
    "Taken",
    "Understood",
    "WhyNotAnswer",
    "WishedList",
]
