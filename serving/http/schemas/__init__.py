"""The shapes of what the API takes and gives; `render` writes the bytes, and a test holds the two equal."""

from serving.http.schemas.base import Answer, Problem
from serving.http.schemas.films import (
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
from serving.http.schemas.lists import Batch, Because, Explanation, Item, RecommendationList, Understood, WishedList
from serving.http.schemas.music import MovieMusic, MusicAnswer, MusicItem
from serving.http.schemas.operations import Health, Ready, ReleaseInfo, Taken
from serving.http.schemas.people import ChannelSays, History, PredictedRating, RatedFilm, WhyNotAnswer

__all__ = [
    "Answer",
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
    "Problem",
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
