"""Shadows of blocks: against an exact traversal, against geometry, and against themselves in parts."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.reference.sunlight import shadow_of_blocks
from twin.sim.impact import shadow, traverse

NOTHING = np.full((1, 1), np.nan)


def town(rows: int, columns: int, seed: int, *, houses: int = 30) -> NDArray[np.float64]:
    """A made-up relief: gentle ground with blocks on it."""
    rng = np.random.default_rng(seed)
    z = 0.01 * rng.standard_normal((rows, columns)) + np.linspace(0, 2, columns)
    for _ in range(houses):
        r, c = rng.integers(0, rows), rng.integers(0, columns)
        z[r : r + rng.integers(3, 12), c : c + rng.integers(3, 12)] += rng.uniform(3, 14)
    return z


def trees(z: NDArray[np.float64], seed: int, count: int = 40) -> shadow.Crowns:
    rng = np.random.default_rng(seed)
    base, top = np.full(z.shape, np.nan, np.float32), np.full(z.shape, np.nan, np.float32)
    for _ in range(count):
        r, c = rng.integers(0, z.shape[0] - 4), rng.integers(0, z.shape[1] - 4)
        part = slice(r, r + 4), slice(c, c + 4)
        base[part], top[part] = z[part] + rng.uniform(2, 4), z[part] + rng.uniform(6, 11)
    return shadow.Crowns(base, top)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 359.9), st.floats(4, 80))
def test_the_traversal_is_what_plain_rays_find(seed: int, azimuth: float, altitude: float) -> None:
    z = town(14, 17, seed, houses=4).astype(np.float32)
    crowns = trees(z, seed, 3)
    of = shadow.surface(z, 1.0, crowns)
    base, top = (np.asarray(one, dtype=np.float64) for one in of.crown_rows)
    expected = shadow_of_blocks(z.astype(np.float64), base, top, azimuth, altitude)
    found = traverse.cast_exactly(of, azimuth, altitude)
    assert (found != expected).sum() <= 1, "a ray may graze a corner"


@pytest.mark.parametrize("azimuth", [7.0, 62.0, 118.0, 160.0, 180.0, 201.0, 225.0, 250.0, 299.0, 351.0])
@pytest.mark.parametrize("altitude", [12.0, 30.0, 55.0])
def test_the_sweep_is_within_a_cell_in_a_hundred_of_the_traversal(azimuth: float, altitude: float) -> None:
    z = town(220, 260, 3, houses=150)
    of = shadow.surface(z, 1.0)
    exact = traverse.cast_exactly(of, azimuth, altitude)
    assert (exact > 0).mean() > 0.08
    off = (exact != shadow.cast(of, azimuth, altitude)).mean()
    assert off <= 0.01
    assert (exact != shadow.cast(of, azimuth, altitude, phases=45)).mean() <= max(0.0018, 0.5 * off)
    # crowns are carried by one line to a cell; here they cover a sixth of the ground in pieces of four metres
    leafy = shadow.surface(z, 1.0, trees(z, 4, 120))
    assert (traverse.cast_exactly(leafy, azimuth, altitude) != shadow.cast(leafy, azimuth, altitude)).mean() <= 0.02


@pytest.mark.realdata
def test_on_a_surveyed_town_with_its_trees_a_cell_in_a_hundred_is_other_at_most(real_data: Path) -> None:
    import rasterio

    town = real_data / "raster" / "goteborg"
    z, high, ground = (rasterio.open(town / f"{name}_KRbig.tif").read(1) for name in ("DSM", "CDSM", "DEM"))
    base, top = (np.where(high > 0, ground + part * high, np.nan) for part in (0.25, 1.0))
    of = shadow.surface(z, 1.0, shadow.Crowns(base, top))
    for azimuth, altitude in ((160.0, 30.0), (225.0, 20.0), (250.0, 15.0), (100.0, 45.0), (200.0, 8.0)):
        exact = traverse.cast_exactly(of, azimuth, altitude)
        assert (exact == shadow.LEAVES).mean() > 0.01
        assert (exact != shadow.cast(of, azimuth, altitude)).mean() <= 0.01


@pytest.mark.parametrize(("azimuth", "way"), [(180.0, (-1, 0)), (0.0, (1, 0)), (90.0, (0, -1)), (270.0, (0, 1))])
def test_ten_metres_at_thirty_degrees_cast_seventeen_metres_and_a_third(azimuth: float, way: tuple[int, int]) -> None:
    z = np.zeros((201, 201))
    z[100, 100] = 10.0
    shade = shadow.cast(shadow.surface(z / 1.0, 1.0), azimuth, 30.0) == shadow.BUILT
    cells = [shade[100 + n * way[0], 100 + n * way[1]] for n in range(1, 30)]
    # a middle n cells away lies n - 1/2 from the edge of the block
    assert sum(cells) == math.floor(17.32 + 0.5)
    assert shade.sum() == sum(cells)


def test_light_passes_below_crowns_and_leaves_are_told_from_walls() -> None:
    z = np.zeros((3, 60))
    base, top = np.full(z.shape, np.nan, np.float32), np.full(z.shape, np.nan, np.float32)
    base[1, 30], top[1, 30] = 4.0, 8.0
    of = shadow.surface(z, 1.0, shadow.Crowns(base, top))
    seen = shadow.cast(of, 90.0, 45.0)[1]  # the sun in the east: shadows to the west
    dark = np.flatnonzero(seen == shadow.LEAVES)
    # the block of leaves over column 30 shades from 4 - 1/2 to 8 + 1/2 columns on
    assert dark.tolist() == list(range(30 - 8, 30 - 3))
    assert (seen[30:] == shadow.LIT).all()
    assert not (seen == shadow.BUILT).any()
    z[1, 31] = 20.0
    walled = shadow.cast(shadow.surface(z, 1.0, shadow.Crowns(base, top)), 90.0, 45.0)[1]
    assert set(walled[12:31].tolist()) == {shadow.BUILT}, "what is behind a wall is not behind leaves"


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(0, 359.9), st.floats(25, 80))
def test_a_part_comes_out_as_in_the_whole_to_the_bit(seed: int, azimuth: float, altitude: float) -> None:
    z = town(120, 140, seed)
    crowns = trees(z, seed)
    whole = shadow.surface(z, 1.0, crowns, corner=(-456, 1365))
    reach = math.ceil((whole.high - whole.low) / math.tan(math.radians(altitude))) + 2
    part = slice(20, 110), slice(15, 130)
    cut = shadow.surface(
        z[part], 1.0, shadow.Crowns(crowns.base[part], crowns.top[part]), corner=(-436, 1380), range_m=(whole.low, whole.high)
    )
    inner = slice(reach, 90 - reach), slice(reach, 115 - reach)
    np.testing.assert_array_equal(
        shadow.cast(whole, azimuth, altitude)[part][inner], shadow.cast(cut, azimuth, altitude)[inner]
    )


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(0, 359.9), st.floats(5, 80), st.floats(0.5, 5))
def test_whoever_is_lit_stays_lit_when_what_stands_around_is_lower(seed: int, azimuth: float, altitude: float, by: float) -> None:
    z = town(60, 70, seed)
    lower = z.copy()
    lower[10:30, 10:30] -= by
    kept = np.ones(z.shape, dtype=bool)
    kept[10:30, 10:30] = False
    lit = shadow.cast(shadow.surface(z, 1.0), azimuth, altitude) == shadow.LIT
    now = shadow.cast(shadow.surface(lower, 1.0), azimuth, altitude) == shadow.LIT
    assert now[lit & kept].all()


def test_hours_are_the_sum_of_moments_and_the_same_on_any_number_of_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    z = town(80, 90, 5)
    of = shadow.surface(z, 1.0, trees(z, 5))
    azimuth, altitude = np.linspace(95, 265, 19), np.concatenate([np.linspace(4, 40, 10), np.linspace(36, 4, 9)])
    seconds = np.full(19, 1800.0)
    bare, leafy = shadow.sunlight(of, azimuth, altitude, seconds, 0.4)
    moments = [shadow.cast(of, float(a), float(h)) for a, h in zip(azimuth, altitude, strict=True)]
    np.testing.assert_allclose(bare, 1800.0 * sum((one != shadow.BUILT).astype(float) for one in moments))
    light = sum(np.array([1.0, 0.0, 0.4])[one] for one in moments)
    np.testing.assert_allclose(leafy, 1800.0 * light)
    assert (leafy <= bare).all()
    monkeypatch.setattr(shadow.numba, "get_num_threads", lambda: 1)
    for one, two in zip(shadow.sunlight(of, azimuth, altitude, seconds, 0.4), (bare, leafy), strict=True):
        np.testing.assert_array_equal(one, two)


def test_what_is_not_known_casts_no_shadow_and_a_sun_that_has_set_lights_nothing() -> None:
    z = np.zeros((20, 20))
    z[:, 10] = np.nan
    assert (shadow.cast(shadow.surface(z, 1.0), 90.0, 20.0)[:, :10] == shadow.LIT).all()
    assert (shadow.cast(shadow.surface(z, 1.0), 90.0, 0.0) == shadow.BUILT).all()
    assert (traverse.cast_exactly(shadow.surface(z, 1.0), 90.0, -5.0) == shadow.BUILT).all()
    assert shadow.surface(np.full((3, 3), np.nan), 1.0).shape == (3, 3)
    bare, leafy = shadow.sunlight(shadow.surface(z, 1.0), np.zeros(0), np.zeros(0), np.zeros(0))
    assert not bare.any()
    assert not leafy.any()


def test_the_size_of_a_cell_is_a_measure_only() -> None:
    z = town(70, 80, 9)
    fine = shadow.cast(shadow.surface(z, 1.0, trees(z, 9)), 200.0, 25.0)
    crowns = trees(z, 9)
    half = shadow.cast(shadow.surface(z * 0.5, 0.5, shadow.Crowns(crowns.base * 0.5, crowns.top * 0.5)), 200.0, 25.0)
    np.testing.assert_array_equal(fine, half)
