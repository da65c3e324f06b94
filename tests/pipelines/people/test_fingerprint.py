from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.people.fingerprint import HASH_BITS, fingerprints

Rated = dict[int, float]
HISTORY = st.dictionaries(
    st.integers(1, 2_000_000), st.sampled_from([0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0]), max_size=30
)


def of(history: Rated) -> int:
    return int(fingerprints(list(history), list(history.values()), [0, len(history)])[0])


def test_the_count_is_in_the_upper_bits() -> None:
    assert of({}) == 0
    assert of({603: 4.0, 862: 3.5}) >> HASH_BITS == 2


def test_the_first_step_is_splitmix64s_own() -> None:
    # SplitMix64 seeded with 0 gives 0xE220A8397B1DCDAF first (the reference implementation's test vector)
    from pipelines.people.fingerprint import _mix

    assert int(_mix(np.zeros(1, dtype=np.uint64))[0]) == 0xE220A8397B1DCDAF


@given(HISTORY)
def test_the_order_does_not_matter(history: Rated) -> None:
    assert of(history) == of(dict(reversed(history.items())))


@given(HISTORY, st.data())
def test_any_change_shows(history: Rated, data: st.DataObject) -> None:
    if not history:
        return
    film = data.draw(st.sampled_from(sorted(history)))
    changed = {**history, film: 5.5 - history[film]}
    without = {other: stars for other, stars in history.items() if other != film}
    assert len({of(history), of(changed), of(without)}) == 3


def test_many_at_once_are_each_their_own() -> None:
    both = fingerprints([603, 862, 603], [4.0, 3.5, 4.0], [0, 2, 2, 3])
    assert [int(x) for x in both] == [of({603: 4.0, 862: 3.5}), 0, of({603: 4.0})]
