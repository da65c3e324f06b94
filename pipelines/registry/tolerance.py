"""What MLflow's failure costs a run: one warning, and nothing more is asked of MLflow."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import update_wrapper
from typing import Concatenate, ParamSpec, Protocol, TypeVar

log = logging.getLogger(__name__)

LOUD = "mlflow", "alembic", "urllib3", "matplotlib"
"""Libraries whose notes, mostly about their own database, stay out of our log."""


class MayFail(Protocol):
    """Something that remembers whether MLflow has failed."""

    lost: bool


M = TypeVar("M", bound=MayFail)
P = ParamSpec("P")
T = TypeVar("T")


def never_fails(method: Callable[Concatenate[M, P], T]) -> Callable[Concatenate[M, P], T | None]:
    """Turn a failure into one warning and None; after it nothing more is asked of MLflow."""

    def call(self: M, /, *args: P.args, **kwargs: P.kwargs) -> T | None:
        if self.lost:
            return None
        try:
            with _quiet(*LOUD):
                return method(self, *args, **kwargs)
        except Exception as error:  # MLflow's, SQLAlchemy's and each artifact store's errors share no other base
            self.lost = True
            reason = without_password((str(error).splitlines() or [type(error).__name__])[0])
            log.warning("mlflow failed, what follows is not tracked at=%s reason=%s", method.__name__, reason)
            return None

    update_wrapper(call, method)
    return call


def without_password(text: str) -> str:
    """Return a text whose addresses name nobody who logs in there, nor by what."""
    return re.sub(r"//[^/@\s]*@", "//", text)


@contextmanager
def _quiet(*names: str) -> Iterator[None]:
    levels = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
