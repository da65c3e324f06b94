"""Where `tune` looks: the hyper-parameters of each model that are searched, and their ranges.

Where a random quarter of the ratings is asked for and each counts alike (`stratified`), neither stars nor recency have
anything to say: weights are flat there by design, because a search over them could only fit noise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Space = Callable[[Any], dict[str, Any]]
"""From an optuna trial to the values to try, dotted as in `make_model`."""


DECAYS = [1.0, 0.995, 0.99, 0.98, 0.95, 0.9, 0.85, 0.8, 0.7]
FIELD_WEIGHTS = [0.0, 0.3, 1.0, 2.0]
SEARCHED_FIELDS = ("keywords", "cast", "directors", "title", "overview", "era", "tags")
FLAT = {"history.power": 0.0, "history.decay": 1.0, "history.floor": 0.0, "history.every_rating": True}


def _history(trial: Any, flat: bool) -> dict[str, Any]:
    if flat:
        return FLAT
    return {
        "history.power": trial.suggest_float("history.power", 0, 3, step=0.25),
        "history.decay": trial.suggest_categorical("history.decay", DECAYS),
        "history.floor": trial.suggest_categorical("history.floor", [0.0, 0.01, 0.03, 0.1, 0.2]),
    }


def _training(trial: Any, flat: bool) -> dict[str, Any]:
    return {"training.power": 0.0 if flat else trial.suggest_float("training.power", 0, 3, step=0.5)}


def _rounded(trial: Any, name: str, low: float, high: float) -> float:
    """Suggest on a log scale, with three digits."""
    return float(f"{trial.suggest_float(name, low, high, log=True):.3g}")


def _popularity(trial: Any, flat: bool) -> dict[str, Any]:
    return {
        "half_life_days": 1e6 if flat else _rounded(trial, "half_life_days", 30, 30_000),
        "damping": trial.suggest_categorical("damping", [0.0, 5.0, 10.0, 30.0]),
    }


def _content(trial: Any, flat: bool) -> dict[str, Any]:
    return {
        "fields.genres": 1.0,
        **{f"fields.{name}": trial.suggest_categorical(f"fields.{name}", FIELD_WEIGHTS) for name in SEARCHED_FIELDS},
        **_history(trial, flat),
    }


def _als(trial: Any, flat: bool) -> dict[str, Any]:
    return {
        "factors": trial.suggest_categorical("factors", [8, 12, 16, 24, 32, 48, 64, 96]),
        "regularization": _rounded(trial, "regularization", 0.1, 1000),
        "alpha": _rounded(trial, "alpha", 0.3, 100),
        "history_alpha": _rounded(trial, "history_alpha", 0.1, 100),
        **_training(trial, flat),
        **_history(trial, flat),
    }


def _bpr(trial: Any, flat: bool) -> dict[str, Any]:
    return {
        "factors": trial.suggest_categorical("factors", [16, 32, 64, 128]),
        "learning_rate": _rounded(trial, "learning_rate", 0.005, 0.2),
        "regularization": _rounded(trial, "regularization", 0.001, 0.1),
        "iterations": trial.suggest_categorical("iterations", [25, 50, 100, 200]),
        "ridge": _rounded(trial, "ridge", 0.3, 300),
        "bias": trial.suggest_float("bias", 0, 1.5, step=0.1),
        **_history(trial, flat),
    }


def _ease(trial: Any, flat: bool) -> dict[str, Any]:
    return {
        "regularization": _rounded(trial, "regularization", 30, 3000),
        **_training(trial, flat),
        **_history(trial, flat),
    }


def _covisitation(trial: Any, flat: bool) -> dict[str, Any]:
    return {
        "window": trial.suggest_categorical("window", [5, 10, 20, 40]),
        "falloff": trial.suggest_float("falloff", 0, 1.5, step=0.1),
        "forward": trial.suggest_float("forward", 1, 4, step=0.5),
        "damping": trial.suggest_float("damping", 0, 1, step=0.05),
        "source_damping": trial.suggest_float("source_damping", 0, 1, step=0.05),
        **_training(trial, flat),
        **_history(trial, flat),
    }


SPACES: dict[str, Callable[[Any, bool], dict[str, Any]]] = {
    "popularity": _popularity,
    "content": _content,
    "als": _als,
    "bpr": _bpr,
    "ease": _ease,
    "covisitation": _covisitation,
}


def space_of(name: str, protocol: str) -> Space:
    """Return what is searched for a model on a protocol."""
    suggest, flat = SPACES[name], protocol == "stratified"
    return lambda trial: suggest(trial, flat)
