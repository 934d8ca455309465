"""The local-inertial solver: a lake at rest, Manning's flow, a dam break, conservation, symmetry, threads, and a slow twin."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.reference import flood as reference
from twin.sim.impact.inertial import (
    GRAVITY,
    INTO_WATER,
    LEFT,
    OUTSIDE,
    RAIN,
    SEWER,
    SOAKED,
    WALL,
    WATER,
    Flood,
    Ground,
    advance,
    dry,
)

PAVED, SOFT = 3, 4


def _ground(
    z: NDArray[Any], kind: NDArray[Any] | None = None, *, edge: int = WALL, manning: float = 0.03, cell: float = 2.0
) -> Ground:
    own = np.full(z.shape, PAVED, np.uint8) if kind is None else kind
    z, own = np.pad(z.astype(np.float64), 1, mode="edge"), np.pad(own.astype(np.uint8), 1, constant_values=edge)
    supply = np.where((own == WALL) | (own == OUTSIDE), 0.0, 1.0)
    rough = np.array([0.0, manning, manning, manning, 2 * manning])
    return Ground(z, own, supply, rough, np.array([0, 0, 0, 0, 1e-5]), np.array([0, 0, 0, 5e-6, 0]), cell)


def _stored(ground: Ground, flood: Flood) -> float:
    return math.fsum(flood.depth.ravel()) * ground.cell**2


def test_a_lake_at_rest_stays_at_rest() -> None:
    rng = np.random.default_rng(3)
    z = rng.random((30, 40)) * 2.0
    kind = np.where(rng.random(z.shape) < 0.15, WALL, PAVED)
    ground = replace(_ground(z, kind), sewer=np.zeros(5), soak=np.zeros(5))
    depth = np.maximum(1.3 - ground.z, 0.0)  # islands stand out of it
    flood = dry(ground, depth)
    start = flood.depth.copy()
    advance(ground, flood, 600.0)
    assert flood.steps > 500
    assert np.abs(flood.depth - start).max() < 1e-12
    assert max(np.abs(flood.flow_x).max(), np.abs(flood.flow_y).max()) < 1e-12


def test_a_street_carries_what_manning_says() -> None:
    """Rain on the upper half of a street that falls 1 in 500: further down depth and flow are those of uniform flow."""
    length, slope, n, rain = 300, 0.002, 0.03, 1e-4
    z = np.tile(-slope * 2.0 * np.arange(length), (1, 1))
    ground = _ground(z, edge=WALL, manning=n)
    kind = ground.kind.copy()
    kind[1, -1] = OUTSIDE
    supply = ground.supply.copy()
    supply[:, length // 2 :] = 0.0
    ground = replace(ground, kind=kind, supply=supply, sewer=np.zeros(5))
    flood = dry(ground)
    advance(ground, flood, 4 * 3600.0, rain)
    flow = rain * supply.sum() * 2.0
    known = (flow * n / math.sqrt(slope)) ** 0.6
    middle = slice(length // 2 + 20, length - 60)
    assert flood.flow_x[1, middle] == pytest.approx(flow, rel=1e-4)
    assert flood.depth[1, middle] == pytest.approx(known, rel=1e-3)
    assert flow / known < math.sqrt(GRAVITY * known)  # slower than waves, so no limit is at work


def test_a_dam_break_is_that_of_the_equations_without_advection() -> None:
    """Behind the dam h = (x / t)^2 / g; Ritter's 4/9 at the dam and front at 2 c are missed by far: there is no advection."""
    half = 1000
    z = np.zeros((1, 2 * half))
    ground = replace(_ground(z, manning=0.0, cell=1.0), sewer=np.zeros(5))
    depth = np.zeros(ground.z.shape)
    depth[1, 1 : half + 1] = 1.0
    flood = dry(ground, depth)
    time, c = 150.0, math.sqrt(GRAVITY)
    advance(ground, flood, time)
    x = np.arange(2 * half) + 0.5 - half
    found = flood.depth[1, 1:-1]
    fan = (x > -0.95 * c * time) & (x < -0.80 * c * time)
    assert found[fan] == pytest.approx((x[fan] / time) ** 2 / GRAVITY, abs=0.02)
    assert found[half] == pytest.approx(0.576, abs=0.01)
    front = float(x[found > 0.01].max()) / (c * time)
    assert front == pytest.approx(0.655, abs=0.02)
    assert found.sum() == pytest.approx(half, rel=1e-13)


@st.composite
def _floods(draw: st.DrawFn) -> tuple[Ground, NDArray[np.float64], float, float]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = draw(st.integers(1, 10)), draw(st.integers(1, 10))
    z = rng.random(shape) * draw(st.sampled_from([0.0, 0.2, 4.0]))
    kind = rng.choice(np.array([PAVED] * 5 + [SOFT] * 3 + [WALL, WATER]), shape)
    ground = _ground(z, kind, edge=draw(st.sampled_from([WALL, OUTSIDE])), manning=draw(st.sampled_from([0.0, 0.015, 0.1])))
    depth = np.maximum(rng.random(ground.z.shape) * 1.5 - 0.5, 0.0)
    return ground, depth, draw(st.floats(0.5, 60.0)), draw(st.sampled_from([0.0, 2e-5, 1e-3]))


@settings(max_examples=60, deadline=None)
@given(_floods())
def test_water_is_kept_and_never_negative(case: tuple[Ground, NDArray[np.float64], float, float]) -> None:
    ground, depth, until, rain = case
    flood = dry(ground, depth)
    before = _stored(ground, flood)
    advance(ground, flood, until, rain)
    gone = math.fsum(flood.volume(what) for what in (SOAKED, SEWER, INTO_WATER, LEFT))
    total = before + flood.volume(RAIN)
    assert _stored(ground, flood) + gone == pytest.approx(total, rel=1e-12, abs=1e-12)
    assert flood.volume(RAIN) == pytest.approx(rain * until * ground.supply.sum() * ground.cell**2, rel=1e-12)
    assert (flood.depth >= 0.0).all()
    assert (flood.peak >= flood.depth).all()
    assert all(flood.volume(what) >= -1e-12 for what in range(5))
    assert not flood.depth[ground.kind <= OUTSIDE].any()
    assert np.isfinite(flood.depth).all()
    assert np.isfinite(flood.speed).all()


@settings(max_examples=40, deadline=None)
@given(_floods())
def test_the_slow_twin_finds_the_same(case: tuple[Ground, NDArray[np.float64], float, float]) -> None:
    ground, depth, _, rain = case
    flood = advance(ground, dry(ground, depth), 8.0, rain)
    slow = reference.flow(ground, depth, 8.0, rain)
    assert flood.depth == pytest.approx(slow["depth"], abs=1e-9)
    assert flood.peak == pytest.approx(slow["peak"], abs=1e-9)
    for what, name in ((RAIN, "rain"), (SOAKED, "soaked"), (SEWER, "sewer"), (INTO_WATER, "water"), (LEFT, "left")):
        assert flood.volume(what) == pytest.approx(slow[name], abs=1e-8)


@settings(max_examples=20, deadline=None)
@given(_floods())
def test_a_mirrored_city_floods_mirrored_to_the_bit(case: tuple[Ground, NDArray[np.float64], float, float]) -> None:
    ground, depth, until, rain = case
    found = advance(ground, dry(ground, depth), until, rain)
    for turn in (np.fliplr, np.flipud, np.transpose):
        turned = replace(
            ground, z=np.ascontiguousarray(turn(ground.z)), kind=np.ascontiguousarray(turn(ground.kind)),
            supply=np.ascontiguousarray(turn(ground.supply)),
        )  # fmt: skip
        other = advance(turned, dry(turned, np.ascontiguousarray(turn(depth))), until, rain)
        assert np.array_equal(other.depth, turn(found.depth))
        assert np.array_equal(other.peak, turn(found.peak))


def test_any_number_of_threads_gives_the_same_to_the_bit() -> None:
    rng = np.random.default_rng(8)
    z = rng.random((90, 70))
    ground = _ground(z, rng.choice(np.array([PAVED, PAVED, SOFT, WALL, WATER]), z.shape), edge=OUTSIDE)
    most, found = numba.get_num_threads(), []
    try:
        for threads in sorted({1, min(2, most)}):
            numba.set_num_threads(threads)
            found.append(advance(ground, dry(ground), 120.0, 2e-5))
    finally:
        numba.set_num_threads(most)
    for other in found[1:]:
        assert np.array_equal(found[0].depth, other.depth)
        assert np.array_equal(found[0].speed, other.speed)
        assert np.array_equal(found[0].volumes, other.volumes)


def test_stopping_on_the_way_changes_little() -> None:
    """A stop shortens a step, no more."""
    rng = np.random.default_rng(5)
    ground = _ground(rng.random((20, 20)) * 0.3)
    at_once = advance(ground, dry(ground), 300.0, 2e-5)
    by_parts = dry(ground)
    for time in (70.0, 110.0, 300.0):
        advance(ground, by_parts, time, 2e-5)
    assert by_parts.time == 300.0
    assert by_parts.depth == pytest.approx(at_once.depth, abs=2e-3)
    assert by_parts.volume(RAIN) == pytest.approx(at_once.volume(RAIN), rel=1e-12)
