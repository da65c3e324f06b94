"""Fitting several models on the same histories without doing the same work twice.

The hybrid fits its members; a model that is evaluated or saved on its own with the same settings is the same model.
A model that learns from films alone is fitted once a catalogue, whatever the ratings of a fold are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from pipelines.films.films import Films
from pipelines.models.base import Model
from pipelines.people.history import Histories


def fit_all(
    models: Mapping[str, Model], histories: Histories, films: Films, *, ready: Iterable[Model] = ()
) -> Iterator[tuple[str, Model]]:
    """Fit each model, those made of others first, and give it by name.

    A model whose class and config equal those of a member fitted before is that member, not fitted again: a fit
    depends on nothing else.

    Parameters
    ----------
    ready : models, optional
        Fitted before, on other ratings: those that learn from films alone take the place of their equals, and are
        fitted again only where the films are others.
    """
    known = {_identity(model): model for model in of_films_alone(ready)}
    fitted: dict[tuple[type[Model], str], Model] = {}
    for name, model in sorted(models.items(), key=lambda item: -len(item[1].members)):
        model.members = {each: known.get(_identity(member), member) for each, member in model.members.items()}
        again = fitted.get(_identity(model))
        whole = again if again is not None else known.get(_identity(model), model).fit(histories, films)
        for each in (whole, *whole.members.values()):
            fitted[_identity(each)] = each
        yield name, whole


def of_films_alone(models: Iterable[Model]) -> list[Model]:
    """Return the models and members that learn nothing from ratings."""
    return [each for model in models for each in (model, *model.members.values()) if each.of_films_alone]


def _identity(model: Model) -> tuple[type[Model], str]:
    # in one order: a table of weights that was saved and loaded is the same table
    return type(model), json.dumps(model.config.model_dump(mode="json"), sort_keys=True)
