"""Slots: places of a list kept for films that could never win one by their score."""

from __future__ import annotations

import numpy as np

from pipelines.models.parts.top_k import Lists


def give_slots(lists: Lists, fresh: Lists, every: int, k: int) -> Lists:
    """Give every ``every``-th place of each list to the next film of ``fresh`` that the list does not hold above it.

    A film in a slot bears the score of the film above it, so scores still never rise. Lists keep at most ``k`` films,
    and a longer list still begins with the shorter one.
    """
    parts: list[Lists] = []
    for row in range(len(lists)):
        ranked = list(zip(*(column.tolist() for column in lists.row(row)), strict=True))
        waiting = fresh.row(row)[0].tolist()
        chosen: dict[int, float] = {}
        while len(chosen) < k and (ranked or waiting):
            is_slot = (len(chosen) + 1) % every == 0
            waiting = [item for item in waiting if item not in chosen]
            if is_slot and waiting:
                item = waiting.pop(0)
                score = list(chosen.values())[-1] if chosen else (ranked[0][1] if ranked else 0.0)
            elif ranked:
                item, score = ranked.pop(0)
                if item in chosen:
                    continue
            else:
                break
            chosen[item] = score
        indptr = np.array([0, len(chosen)], dtype=np.int64)
        items, scores = np.array(list(chosen), np.int32), np.array(list(chosen.values()), np.float32)
        parts.append(Lists(indptr, items, scores))
    return Lists.concatenate(parts)
