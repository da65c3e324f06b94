"""What a model's members say of one history, worked out once while one list is made, then forgotten.

A model that is made of others asks each of them for the same scores three times: to rank, to name the source, to
explain. Inside `one_list` the answers are kept; outside of it nothing is, so nothing about anybody outlives a request.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from pipelines.models.base import Model
from pipelines.people.history import FloatArray, Histories

_kept: ContextVar[dict[tuple[str, bytes], FloatArray] | None] = ContextVar("kept", default=None)


@contextmanager
def one_list() -> Iterator[None]:
    """Keep members' scores until the end of the block; each thread and task has its own."""
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def remember_members(model: Model) -> None:
    """Let the members of a loaded model answer from what is kept; a model without members is left as it is."""
    for name, member in model.members.items():
        # the member is held weakly, or it would refer to itself and keep its mapped files until a garbage collection
        member.score = _remembering(name, weakref.ref(member))  # type: ignore[method-assign, assignment]
        remember_members(member)


def _remembering(name: str, reference: weakref.ref[Model]) -> Callable[[Histories], FloatArray]:
    def score(histories: Histories) -> FloatArray:
        member = reference()
        assert member is not None  # noqa: S101 - it is called as the member's own method
        return type(member).score(member, histories)

    def remembered(histories: Histories) -> FloatArray:
        kept = _kept.get()
        if kept is None or len(histories) != 1:
            return score(histories)
        content = (histories.item_idx.tobytes(), histories.ratings.tobytes(), histories.rated_at.tobytes())
        key = (name, b"|".join(content))
        if key not in kept:
            kept[key] = score(histories)
        return kept[key].copy()

    return remembered
