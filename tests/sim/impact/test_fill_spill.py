"""Fill and spill: bowls of known volume, conservation, and a slow twin that grows lakes cell by cell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.reference import flood as reference
from twin.sim.impact.fill_spill import stand
from twin.sim.impact.inertial import OUTSIDE, WALL, WATER

GROUND = 3


def _ringed(z: NDArray[np.float64], kind: NDArray[np.uint8] | None = None, edge: int = OUTSIDE) -> tuple[NDArray, NDArray]:
    own = np.full(z.shape, GROUND, np.uint8) if kind is None else kind
    return np.pad(z, 1, mode="edge"), np.pad(own, 1, constant_values=edge)


def _bowl() -> tuple[NDArray[np.float64], float]:
    """A cone of 1 m in a plain, and what it holds up to its brim [m of one cell]."""
    y, x = np.mgrid[-12:13, -12:13]
    z = np.minimum(0.1 * np.hypot(x, y), 1.0)
    return z, float((1.0 - z).sum())


@pytest.mark.parametrize("part", [0.01, 0.3, 0.999, 1.0])
def test_a_bowl_is_filled_with_what_is_poured_into_it(part: float) -> None:
    z, room = _bowl()
    z, kind = _ringed(z)
    supply = np.zeros(z.shape)
    supply[13, 13] = part * room
    found = stand(z, kind, supply)
    assert found.depth.sum() == pytest.approx(part * room, rel=1e-14)
    assert found.left == pytest.approx(0.0, abs=1e-12)
    level = (z + found.depth)[found.depth > 0]
    assert np.ptp(level) < 1e-14
    assert level.max() <= 1.0 + 1e-14


def test_what_a_bowl_does_not_hold_leaves_the_area() -> None:
    z, room = _bowl()
    z, kind = _ringed(z)
    supply = np.zeros(z.shape)
    supply[14, 11] = room + 2.5
    found = stand(z, kind, supply)
    assert found.left == pytest.approx(2.5, abs=1e-12)
    assert (z + found.depth)[found.depth > 0] == pytest.approx(1.0, abs=1e-14)


def test_two_bowls_spill_into_each_other_and_rise_together() -> None:
    z = np.array([[9.0, 9, 9, 9, 9], [9, 0, 2, 1, 9], [9, 9, 9, 9, 9]])
    kind = np.full(z.shape, GROUND, np.uint8)
    for poured, depths in ((1.5, (1.5, 0, 0)), (2.5, (2, 0, 0.5)), (3.0, (2, 0, 1)), (6.0, (3, 1, 2))):
        supply = np.zeros(z.shape)
        supply[1, 1] = poured
        assert stand(z, kind, supply).depth[1, 1:4] == pytest.approx(depths)


def test_open_water_takes_what_reaches_it_at_its_level() -> None:
    # from left to right: a hollow, a sill, the water; its level is that of the sill or above it
    for level, depth in ((0.2, 0.5), (0.9, 0.9)):
        z = np.array([[9.0, 9, 9, 9, 9], [9, 0.0, 0.5, level, 9], [9, 9, 9, 9, 9]])
        kind = np.full(z.shape, GROUND, np.uint8)
        kind[1, 3] = WATER
        supply = np.zeros(z.shape)
        supply[1, 1], supply[1, 3] = 5.0, 0.25
        found = stand(z, kind, supply)
        assert found.depth[1, 1] == pytest.approx(depth)
        assert found.into_water == pytest.approx(5.25 - found.depth.sum())


def test_rain_on_a_plain_runs_off_or_stands_evenly() -> None:
    z = np.zeros((20, 30))
    open_z, kind = _ringed(z)
    supply = np.where(kind == GROUND, 0.07, 0.0)
    assert stand(open_z, kind, supply).left == pytest.approx(supply.sum())
    shut_z, kind = _ringed(z, edge=WALL)
    found = stand(shut_z, kind, supply)
    assert found.depth[1:-1, 1:-1] == pytest.approx(0.07, rel=1e-13)


def test_no_cell_at_all_is_no_mistake() -> None:
    found = stand(np.zeros((3, 3)), np.zeros((3, 3), np.uint8), np.ones((3, 3)))
    assert found.depth.sum() == found.left == found.into_water == 0.0


@st.composite
def _lands(draw: st.DrawFn) -> tuple[NDArray[np.float64], NDArray[np.uint8], NDArray[np.float64]]:
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    rows, columns = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    steps = draw(st.sampled_from([3, 8, 1000]))
    z = np.floor(rng.random((rows, columns)) * steps) / 8
    kind = rng.choice(np.array([GROUND] * 8 + [WALL, WATER], np.uint8), z.shape)
    z, kind = _ringed(z, kind, draw(st.sampled_from([OUTSIDE, WALL])))
    supply = np.where(kind == WALL, 0.0, np.floor(rng.random(z.shape) * 4) / 4 * draw(st.sampled_from([0.25, 1.0, 4.0])))
    return z, kind, supply


@settings(max_examples=150, deadline=None)
@given(_lands())
def test_water_is_kept_lies_level_and_stands_nowhere_else_than_in_the_slow_twin(land: tuple[NDArray, NDArray, NDArray]) -> None:
    z, kind, supply = land
    found = stand(z, kind, supply)
    depth, into_water, left = reference.stand(z, kind, supply)
    total = supply.sum()
    assert found.depth.sum() + found.into_water + found.left == pytest.approx(total, rel=1e-12, abs=1e-12)
    assert (found.depth >= 0).all()
    assert not found.depth[kind < GROUND].any()
    assert found.depth == pytest.approx(depth, abs=1e-9)
    assert (found.into_water, found.left) == pytest.approx((into_water, left), abs=1e-9)
    # water that touches water is as high
    level = np.where(found.depth > 1e-9, z + found.depth, np.nan)
    for axis in (0, 1):
        step = np.diff(level, axis=axis)
        assert np.nanmax(np.abs(step), initial=0.0) < 1e-9


@settings(max_examples=30, deadline=None)
@given(_lands(), st.floats(1.0, 3.0))
def test_more_rain_never_makes_water_lower(land: tuple[NDArray, NDArray, NDArray], more: float) -> None:
    z, kind, supply = land
    assert (stand(z, kind, supply * more).depth >= stand(z, kind, supply).depth - 1e-9).all()
