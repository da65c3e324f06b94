"""Fitting several models on the same histories without doing the same work twice.

The hybrid fits its members; a model that is evaluated or saved on its own with the same settings is the same model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pipelines.films.films import Films
from pipelines.models.base import Model
from pipelines.people.history import Histories


def fit_all(models: Mapping[str, Model], histories: Histories, films: Films) -> Iterator[tuple[str, Model]]:
    """Fit each model, those made of others first, and give it by name.

    A model whose class and config equal those of a member fitted before is that member, not fitted again: a fit
    depends on nothing else.
    """
    fitted: dict[tuple[type[Model], str], Model] = {}
    for name, model in sorted(models.items(), key=lambda item: -len(item[1].members)):
        known = fitted.get(_identity(model))
        ready = known if known is not None else model.fit(histories, films)
        for each in (ready, *ready.members.values()):
            fitted[_identity(each)] = each
        yield name, ready


def _identity(model: Model) -> tuple[type[Model], str]:
    return type(model), model.config.model_dump_json()
