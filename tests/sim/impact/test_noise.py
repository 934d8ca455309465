"""The way of sound: published figures, a slow twin, and laws."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.reference import sound
from twin.sim.impact import noise
from twin.sim.impact.acoustics import absorption, total, weights

AIR = noise.air()


def _flat(size: int = 60) -> NDArray[np.float32]:
    return np.zeros((size, size), np.float32)


def _blocks(seed: int, size: int = 60, count: int = 6, free: int = 6) -> NDArray[np.float32]:
    """Blocks round a middle that is left free."""
    rng, z = np.random.default_rng(seed), _flat(size)
    for _ in range(count):
        i, j = rng.integers(0, size - 8, 2)
        z[i : i + rng.integers(3, 10), j : j + rng.integers(3, 10)] = rng.uniform(2, 15)
    middle = size // 2
    z[middle - free : middle + free, middle - free : middle + free] = 0.0
    return z


def _db(share: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(10.0 * np.log10(share), dtype=np.float64)


def test_the_first_case_of_the_standard() -> None:
    """ISO/TR 17534-4, TC01: flat hard ground, source 1 m and place 4 m up, 194.19 m apart, 10 degrees and 70 %."""
    known = np.array([0.12, 0.41, 1.04, 1.93, 3.66, 9.66, 32.77, 116.88])
    assert 1000.0 * absorption(10.0, 70.0) == pytest.approx(known, abs=0.005)
    place = noise.Place(_flat(260), _flat(260), 1.0)
    found = noise.transfer_to(place, (10.0, 10.0, 1.0), np.array([[200.0, 50.0, 4.0]]), AIR)
    expected = np.array([39.21, 39.16, 39.03, 38.86, 38.53, 37.36, 32.87, 16.54])
    assert 93.0 + _db(found[0]) == pytest.approx(expected, abs=0.01)


def test_weights_are_those_of_the_meter() -> None:
    assert weights("A").round(1).tolist() == [-26.2, -16.1, -8.6, -3.2, 0.0, 1.2, 1.0, -1.1]
    assert weights("C").round(1).tolist() == [-0.8, -0.2, 0.0, 0.0, 0.0, -0.2, -0.8, -3.0]
    assert not weights("Z").any()
    assert float(total(np.array([60.0, 60.0]))) == pytest.approx(63.0103, abs=1e-4)
    with pytest.raises(ValueError, match="no weighting `B`"):
        weights("B")


@pytest.mark.parametrize("seed", range(6))
def test_each_way_is_the_slow_one(seed: int) -> None:
    z = _blocks(seed)
    rng = np.random.default_rng(seed + 100)
    start = 30.0 + rng.uniform(-3, 3), 30.0 + rng.uniform(-3, 3)
    top = rng.uniform(0.5, 8.0)
    ends = np.column_stack([rng.uniform(1, 58, 40), rng.uniform(1, 58, 40), rng.uniform(0.5, 12.0, 40)])
    found = _db(noise.transfer_to(noise.Place(z, _flat(), 1.0), (*start, top), ends, AIR))
    compared = 0
    for end, levels in zip(ends, found, strict=True):
        edges = sound.profile(z.astype(float), 1.0, start, (end[0], end[1]))
        x = float(np.hypot(end[0] - start[0], end[1] - start[1]))
        bends = sound.string([(d, h) for d, h, _, _ in edges if 0.0 < d < x], (0.0, top), (x, end[2]))
        grazed = [h for d, h, r, c in edges if z[r, c] > 0 and d > 0]
        if not bends and grazed:  # what is near to the line of sight from below is tried apart
            continue
        compared += 1
        for band in range(8):
            known = sound.level_change(
                (0.0, top), (x, float(end[2])), bends, 0.0, 0.0, float(AIR.wavelength_m[band]), float(AIR.absorption_db_m[band])
            )
            assert levels[band] == pytest.approx(known, abs=0.02)
    assert compared >= 10


@pytest.mark.parametrize("seed", [0, 3])
def test_the_map_is_that_of_a_ray_to_each_place(seed: int) -> None:
    z = _blocks(seed, 120, 20, 8)
    place = noise.Place(z, _flat(120), 1.0)
    made = noise.transfer_map(place, 60, 60, 3.0, 1.5, AIR)
    rows, columns = (one.ravel() for one in np.mgrid[0:120, 0:120])
    ends = np.column_stack([columns, rows, z.ravel() + 1.5]).astype(np.float64)
    each = noise.transfer_to(place, (60.0, 60.0, 3.0), ends, AIR).reshape(made.shape)
    off = np.abs(_db(made) - _db(each))
    assert off.mean() < 0.2  # cells on the edge of what a corner hides are other
    assert np.percentile(off, 95) < 0.5


def test_an_edge_on_the_line_of_sight_takes_what_the_formula_says() -> None:
    z = _flat(101)
    z[:, 50] = 2.0
    found = noise.transfer_to(noise.Place(z, _flat(101), 1.0), (20.0, 50.0, 2.0), np.array([[80.0, 50.0, 2.0]]), AIR)
    for band in range(8):
        known = sound.level_change(
            (0.0, 2.0), (60.0, 2.0), [(29.5, 2.0)], 0.0, 0.0, float(AIR.wavelength_m[band]),
            float(AIR.absorption_db_m[band]),
        )  # fmt: skip
        assert _db(found[0])[band] == pytest.approx(known, abs=0.02)
    far = noise.transfer_to(noise.Place(_flat(101), _flat(101), 1.0), (20.0, 50.0, 2.0), np.array([[80.0, 50.0, 2.0]]), AIR)
    assert (found <= far).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 500), st.floats(0.5, 10.0), st.floats(0.5, 10.0))
def test_sound_goes_back_as_it_came(seed: int, one: float, two: float) -> None:
    """Reciprocity: over hard level ground source and place may be exchanged."""
    z = _blocks(seed)
    z[:3], z[-3:] = 0.0, 0.0
    place = noise.Place(z, _flat(), 1.0)
    there = noise.transfer_to(place, (30.0, 30.0, one), np.array([[7.0, 1.0, two]]), AIR)
    back = noise.transfer_to(place, (7.0, 1.0, two), np.array([[30.0, 30.0, one]]), AIR)
    bent = (z > 0).any()
    assert _db(there) == pytest.approx(_db(back), abs=0.02 if not bent else 6.0)
    if _blocked(z, (30.0, 30.0, one), (7.0, 1.0, two)):
        assert _db(there) == pytest.approx(_db(back), abs=0.02)


def _blocked(z: NDArray[np.float32], a: tuple[float, float, float], b: tuple[float, float, float]) -> bool:
    edges = sound.profile(z.astype(float), 1.0, a[:2], b[:2])
    x = float(np.hypot(a[0] - b[0], a[1] - b[1]))
    return any(h > a[2] + (b[2] - a[2]) * d / x + 1e-6 for d, h, _, _ in edges)


@settings(max_examples=30, deadline=None)
@given(st.floats(2.0, 400.0), st.floats(0.5, 20.0), st.floats(0.5, 20.0), st.floats(0.0, 1.0))
def test_what_stands_between_takes_and_never_more_than_25_db(way: float, source: float, height: float, soft: float) -> None:
    size = 420
    z = np.zeros((5, size), np.float32)
    through = noise.air(ground_factor=0.0)
    ends = np.array([[1.0 + way, 2.0, height]])
    free = noise.transfer_to(noise.Place(z, np.zeros_like(z), 1.0), (1.0, 2.0, source), ends, through)
    wall = z.copy()
    wall[:, 2 : max(3, int(1 + way / 2))] = 200.0
    behind = noise.transfer_to(noise.Place(wall, np.zeros_like(z), 1.0), (1.0, 2.0, source), ends, through)
    lost = _db(free) - _db(behind)
    assert (lost >= -1e-6).all() or way < 3.0
    assert (lost <= 25.0 + 3.0 + 1e-6).all()
    softer = noise.air(ground_factor=soft)
    over = noise.transfer_to(noise.Place(z, np.zeros_like(z), 1.0), (1.0, 2.0, source), ends, softer)
    assert (over <= free * (1.0 + 1e-9)).all()  # soft ground never sends back more than hard ground


def test_twice_as_far_is_six_decibels() -> None:
    z = np.zeros((3, 420), np.float32)
    silent = AIR._replace(absorption_db_m=np.zeros(8))
    ends = np.array([[101.0, 1.0, 2.0], [201.0, 1.0, 2.0], [401.0, 1.0, 2.0]])
    found = _db(noise.transfer_to(noise.Place(z, z, 1.0), (1.0, 1.0, 2.0), ends, silent))
    assert np.diff(found, axis=0) == pytest.approx(-20.0 * np.log10(2.0), abs=1e-9)


def test_it_is_the_same_on_any_number_of_threads() -> None:
    place, most = noise.Place(_blocks(4), _flat(), 1.0), numba.get_num_threads()
    several = noise.transfer_map(place, 30, 30, 2.0, 1.5, AIR)
    numba.set_num_threads(1)
    try:
        assert np.array_equal(noise.transfer_map(place, 30, 30, 2.0, 1.5, AIR), several)
    finally:
        numba.set_num_threads(most)


def test_where_nothing_is_known_nothing_is_told() -> None:
    z = _flat()
    z[:10] = np.nan
    made = noise.transfer_map(noise.Place(z, z, 1.0), 30, 30, 2.0, 1.5, AIR)
    assert np.isnan(made[:10]).all()
    assert np.isfinite(made[10:]).all()


def test_soft_ground_takes_the_middle_tones() -> None:
    place = noise.Place(_flat(260), _flat(260), 1.0)
    ends = np.array([[200.0, 50.0, 1.5]])
    hard, soft = (
        _db(noise.transfer_to(place, (10.0, 10.0, 1.0), ends, noise.air(ground_factor=g)))[0] for g in (0.0, 1.0)
    )
    taken = hard - soft
    assert taken.argmax() in (2, 3, 4)
    assert taken.max() > 8.0
    assert taken[0] < 5.0
