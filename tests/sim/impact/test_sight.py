"""Lines of sight over blocks: a slow twin, a wall of which it is known, the bend of the earth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference.sunlight import seen_over_blocks
from tests.sim.impact.test_shadow import town
from twin.sim.impact import shadow, sight


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 13), st.integers(0, 16), st.floats(0.3, 12), st.floats(0, 3))
def test_exact_sight_is_what_small_steps_find(seed: int, row: int, column: int, eye: float, target: float) -> None:
    z = town(14, 17, seed, houses=4).astype(np.float32)
    height = float(z[row, column]) + eye
    found = sight.viewshed(shadow.surface(z, 1.0), row, column, height, target, exact=True)
    expected = seen_over_blocks(z.astype(np.float64), row, column, height, target)
    assert (found != expected).sum() <= 2, "a line may graze a corner"


@pytest.mark.parametrize("target", [0.0, 1.6])
@pytest.mark.parametrize("eye", [1.6, 20.0])
def test_the_fan_is_other_in_about_a_cell_in_a_hundred_at_most(eye: float, target: float) -> None:
    z = town(220, 260, 3, houses=120)
    of = shadow.surface(z, 1.0)
    for row, column in ((110, 130), (10, 200), (219, 0)):
        height = float(z[row, column]) + eye
        fan, exact = (sight.viewshed(of, row, column, height, target, exact=how) for how in (False, True))
        assert 0.001 < exact.mean() < 0.9
        assert (fan != exact).mean() < 0.012


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("turn", range(4))
def test_behind_a_wall_only_what_is_high_enough_shows(exact: bool, turn: int) -> None:
    """Eye 1.6 m, wall of 10 m whose near face is 50 m off: at 200 m what is above 1.6 + 8.4 * 200 / 50 = 35.2 m."""
    z = np.zeros((5, 421))
    z[:, 60] = 10.0
    z = np.rot90(z, turn).copy()
    eye, far = np.zeros((5, 421), bool), np.zeros((5, 421), bool)
    eye[2, 10], far[2, 208] = True, True  # 198 cells off, the wall 49.5: as 200 to 50
    (row, column), (i, j) = (tuple(int(k[0]) for k in np.nonzero(np.rot90(one, turn))) for one in (eye, far))
    of = shadow.surface(z, 1.0)
    assert not sight.viewshed(of, row, column, 1.6, 35.1, exact=exact)[i, j]
    assert sight.viewshed(of, row, column, 1.6, 35.3, exact=exact)[i, j]


def test_the_earth_falls_away() -> None:
    z = np.zeros((3, 40_000), np.float32)
    of = shadow.surface(z, 1.0)
    seen = sight.viewshed(of, 1, 0, 10.0)[1]
    # level ground is seen to the horizon, sqrt(2 R h / (1 - k))
    horizon = np.sqrt(2 * sight.EARTH_M * 10.0 / (1 - sight.REFRACTION))
    assert np.flatnonzero(seen).max() == pytest.approx(horizon, rel=0.02)
    assert sight.viewshed(shadow.surface(z[:, :1000], 1.0), 1, 0, 10.0).all()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.floats(0.5, 10), st.floats(0, 5), st.floats(0, 5))
def test_what_is_higher_is_seen_by_more(seed: int, eye: float, target: float, more: float) -> None:
    z = town(60, 70, seed)
    of = shadow.surface(z, 1.0)
    for exact in (False, True):
        low = sight.viewshed(of, 30, 35, float(z[30, 35]) + eye, target, exact=exact)
        high = sight.viewshed(of, 30, 35, float(z[30, 35]) + eye, target + more, exact=exact)
        assert (high | ~low).all()


def test_what_is_not_known_is_not_seen_and_hides_nothing() -> None:
    z = np.zeros((9, 30))
    z[:, 10] = np.nan
    seen = sight.viewshed(shadow.surface(z, 1.0), 4, 2, 1.6)
    assert not seen[:, 10].any()
    assert seen[:, 11:].all()
    assert sight.viewshed(shadow.surface(np.zeros((1, 1)), 1.0), 0, 0, 1.6).all()
