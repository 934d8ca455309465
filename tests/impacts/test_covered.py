"""Cells that something covers, kept as bits."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from twin.impacts.covered import Covered, Sets

PARTS = st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 6), st.integers(0, 6)).flatmap(
    lambda box: st.tuples(st.just(box), arrays(np.bool_, box[2:]))
)


@given(PARTS)
def test_cells_come_back_as_they_were(given_part: tuple[tuple[int, int, int, int], np.ndarray]) -> None:
    (top, left, rows, columns), inside = given_part
    whole = np.zeros((12, 13), bool)
    part = slice(top, top + rows), slice(left, left + columns)
    whole[part] = inside
    kept = Covered.of(part, inside, whole.shape[1])
    assert np.array_equal(kept.cells(), np.flatnonzero(whole))
    assert len(kept.bits) <= (inside.size + 7) // 8
    sets = Sets([Covered.nothing(), kept])
    assert len(sets) == 2
    assert not len(sets[0])
    assert np.array_equal(sets[1:][0], sets[1])
