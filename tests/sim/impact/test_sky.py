"""Sky view factors: streets and basins of which they are known, a slow twin, and laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference.sunlight import sky_of_blocks
from tests.sim.impact.test_shadow import town
from twin.sim.impact import shadow, sky

WAYS = [sky.sky_view, sky.sky_view_of_horizons]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("height", "width"), [(10, 20), (20, 20), (5, 20), (10, 10)])
def test_a_street_canyon_within_five_thousandths(way: sky.Way, turned: bool, height: int, width: int) -> None:
    z = np.full((401, 801), float(height))
    z[200 - width // 2 : 200 + width // 2] = 0.0
    at = (400, 200) if turned else (200, 400)
    found = way(shadow.surface(z.T if turned else z, 1.0), 64)[at]
    # the middle of that cell lies half a metre off the middle of the street
    walls = [math.cos(math.atan(height / (width / 2 + side))) for side in (-0.5, 0.5)]
    assert found == pytest.approx(sum(walls) / 2, abs=0.005)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("radius", "height"), [(40, 40), (20, 20), (30, 10), (15, 30)])
def test_a_basin_within_five_thousandths(way: sky.Way, radius: int, height: int) -> None:
    y, x = np.mgrid[-150:151, -150:151]
    z = np.where(np.hypot(x, y) <= radius, 0.0, float(height))
    found = way(shadow.surface(z, 1.0), 64)[150, 150]
    assert found == pytest.approx(radius**2 / (radius**2 + height**2), abs=0.005)


@pytest.mark.parametrize("way", WAYS)
def test_it_is_what_rays_find(way: sky.Way) -> None:
    z = town(70, 70, 8)
    found = way(shadow.surface(z, 1.0), 128)
    cells = [(r, c) for r in range(6, 70, 9) for c in range(4, 70, 9)]
    off = np.array([found[cell] - sky_of_blocks(z, *cell, 128) for cell in cells])
    assert abs(off.mean()) < 0.004
    assert off.std() < 0.012
    assert abs(off).max() < 0.06


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.integers(4, 40))
def test_it_is_a_part_of_the_sky_and_less_where_more_is_built(seed: int, directions: int) -> None:
    z = town(50, 60, seed)
    before = sky.sky_view_of_horizons(shadow.surface(z, 1.0), directions)
    assert before.min() >= 0.0
    assert before.max() <= 1.0 + 1e-6
    higher = z.copy()
    higher[20:25, 20:25] += 8.0
    after = sky.sky_view_of_horizons(shadow.surface(higher, 1.0), directions)
    around = np.ones(z.shape, dtype=bool)
    around[20:25, 20:25] = False
    assert (after <= before + 1e-5)[around].all()
    levels = sky.sky_view(shadow.surface(z, 1.0), directions)
    assert levels.min() >= 0.0
    assert levels.max() <= 1.0


def test_open_ground_sees_all_of_the_sky() -> None:
    flat = shadow.surface(np.full((40, 50), 3.0), 1.0)
    for way in WAYS:
        np.testing.assert_allclose(way(flat, 12), 1.0, atol=1e-6)


def test_a_part_comes_out_as_in_the_whole_to_the_bit() -> None:
    z = 0.02 * town(300, 320, 2, houses=300)
    whole, part = shadow.surface(z, 1.0, corner=(-456, 1365)), (slice(100, 220), slice(90, 250))
    cut = shadow.surface(z[part], 1.0, corner=(-356, 1455))
    reach = math.ceil((z.max() - z.min()) / math.tan(math.radians(sky.LOWEST_DEG))) + 2
    assert reach < 40
    inner = slice(reach, 120 - reach), slice(reach, 160 - reach)
    np.testing.assert_array_equal(sky.sky_view(whole, 16)[part][inner], sky.sky_view(cut, 16)[inner])
    near = slice(31, 120 - 31), slice(31, 160 - 31)
    one, two = (sky.sky_view_of_horizons(of, 16, reach_m=10.0) for of in (whole, cut))
    np.testing.assert_array_equal(one[part][near], two[near])


def test_it_is_the_same_on_any_number_of_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    of = shadow.surface(town(60, 50, 6), 1.0)
    many = sky.sky_view(of, 24)
    monkeypatch.setattr(sky.numba, "get_num_threads", lambda: 1)
    np.testing.assert_array_equal(many, sky.sky_view(of, 24))


def test_only_what_can_be_in_the_way_needs_to_be_looked_at() -> None:
    z = np.random.default_rng(4).uniform(0.0, 3.0, (130, 150))
    of = shadow.surface(z, 1.0, corner=(17, -40))
    core, within = (slice(50, 70), slice(60, 90)), []
    for azimuth, lowest in zip(*sky.lowest_of(16), strict=True):
        run = 3.0 / np.tan(np.radians(lowest)) + 3.0
        east, south = run * np.sin(np.radians(azimuth)), -run * np.cos(np.radians(azimuth))
        sides = [(int(min(0.0, way)) - 3, int(max(0.0, way)) + 3) for way in (south, east)]
        shape = zip(core, sides, z.shape, strict=True)
        within.append(tuple(slice(max(0, one.start + low), min(count, one.stop + high)) for one, (low, high), count in shape))
    assert min(part[0].stop - part[0].start for part in within) < 40
    found = sky.sky_view(of, 16, within=within)
    np.testing.assert_array_equal(found[core], sky.sky_view(of, 16)[core])
    assert (sky.lowest_of(64)[1] >= sky.LOWEST_DEG - 1e-9).all()
