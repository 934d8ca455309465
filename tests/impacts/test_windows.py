"""A city in small windows: what comes out is the same to the bit, whatever stands where, and before and after a change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.impacts.places import block, plain, planted
from twin.geo.city import City
from twin.geo.terrain import Terrain
from twin.impacts import site as sites
from twin.impacts.site import Reach, Site, Window, all_windows, changed_windows, joined, parts, with_surface
from twin.impacts.sky import sky_of
from twin.impacts.sun import hours_of, shadow_at
from twin.scenario.analyses import SkyAnalysis, SunAnalysis

SUN = SunAnalysis(days=("2026-03-21",), step_min=60, lowest_deg=8, facades=False)
SKY = SkyAnalysis(directions=8, trees=False)


def _city(seed: int, side: int = 420) -> City:
    made = np.random.default_rng(seed)
    city = plain(side)
    assert city.terrain is not None
    hills = 0.7 * np.sin(np.arange(side) / 23.0)[:, None] * np.cos(np.arange(side) / 31.0)
    city = replace(city, terrain=Terrain(city.terrain.grid, hills.astype(np.float32)))
    for k, (x, y) in enumerate(made.uniform(0, side - 20, (6, 2))):
        wide, deep = made.uniform(4, 20, 2)
        city = block(city, f"house-{k}", x, y, x + wide, y + deep, 12.0 if k == 0 else made.uniform(2, 5))
    return planted(city, [{"x": x, "y": y, "height_m": 5.0} for x, y in made.uniform(2, side - 2, (6, 2))])


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Windows of some thousand cells."""
    monkeypatch.setattr(sites, "MOST_CELLS", 20_000)
    monkeypatch.setattr(sites, "FAIR_CELLS", 10_000)
    monkeypatch.setattr(sites, "LEAST_SHARE", 0.1)
    return monkeypatch


@pytest.mark.parametrize("seed", [1, 2])
def test_small_windows_change_nothing(seed: int, small: pytest.MonkeyPatch) -> None:
    city = _city(seed)
    before = Site(city)
    x, y = np.random.default_rng(seed).uniform(60, 360, 2)
    after = Site(block(city, "new", x, y, x + 9, y + 7, 6.0))
    grid = before.grid(1.0)
    laid = list(parts(before, grid, all_windows(grid), Reach.all_round(8.0)))
    assert len(laid) > 8
    assert np.mean([around.size for _, around in laid]) < 0.5 * grid.rows * grid.columns
    assert len(list(sites.windows(grid))) > 8

    def all_of(site: Site, known: tuple[Site, list[xr.Dataset]] | None = None) -> list[xr.Dataset]:
        old = [None, None] if known is None else [(known[0], one) for one in known[1]]
        return [
            with_surface(site, hours_of(site, SUN, before=old[0]), 1.0)[0], sky_of(site, SKY, before=old[1]),
            shadow_at(site.city, "2026-03-21T09:00").to_dataset(),
        ]  # fmt: skip

    tiled, new = all_of(before), all_of(after)
    part = all_of(Site(after.city), (before, tiled[:2]))
    with small.context() as large:
        large.setattr(sites, "MOST_CELLS", 10**9)
        large.setattr(sites, "FAIR_CELLS", 10**9)
        assert all(a.identical(b) for a, b in zip(tiled, all_of(Site(city)), strict=True))
        whole = all_of(Site(after.city))
    assert all(a.identical(b) for a, b in zip(new, whole, strict=True))
    assert all(a.identical(b) for a, b in zip(part, whole, strict=True))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 60)] * 2, *[st.integers(1, 12)] * 2), max_size=25))
def test_joined_windows_hold_all_and_lie_apart(boxes: list[tuple[int, int, int, int]]) -> None:
    patches = [Window(top, top + rows, left, left + columns) for top, left, rows, columns in boxes]
    made = joined(patches)
    covered = np.zeros((80, 80), np.int64)
    for window in made:
        covered[window.cells] += 1
    assert (covered <= 1).all()
    assert all((covered[patch.cells] == 1).all() for patch in patches)
    assert all(one.grown(1).cut(other) is None for one in made for other in made if one is not other)


def test_what_changed_is_found_once_and_only_near_it(monkeypatch: pytest.MonkeyPatch) -> None:
    city = _city(5)
    before, after = Site(city), Site(block(city, "new", 100, 100, 109, 107, 14.0))
    looked: list[int] = []
    asked = Site.relief
    monkeypatch.setattr(Site, "relief", lambda *given, **more: looked.append(given[2].size) or asked(*given, **more))
    grid = before.grid(1.0)
    ((patch, _, _),) = changed_windows(before, after, grid)
    assert patch == Window(420 - 107, 420 - 100, 100, 109)
    assert 0 < sum(looked) < 1000
    count = len(looked)
    assert changed_windows(before, after, grid) == changed_windows(before, after, grid)
    assert len(looked) == count
    assert changed_windows(Site(city), after, grid) == changed_windows(before, after, grid)
    assert changed_windows(before, Site(city), grid) == []


def test_around_a_part_is_what_can_be_in_its_way() -> None:
    city = block(plain(900), "tower", 20, 20, 30, 30, 90.0)
    site = Site(city)
    grid = site.grid(1.0)
    far, near = Window(0, 100, 800, 900), Window(600, 700, 100, 200)
    assert site.around(grid, far, Reach.all_round(30.0)).size <= 150**2
    assert site.around(grid, near, Reach.all_round(20.0)).bottom >= 880
    assert site.around(grid, near, Reach.all_round(80.0)).size <= 200**2
    south, north = (Reach.towards(np.array([azimuth]), np.array([20.0])) for azimuth in (180.0, 0.0))
    assert (south.south, south.north, north.south) == pytest.approx((south.far, 0.0, 0.0), abs=1e-9)
    assert site.around(grid, Window(600, 700, 0, 100), south).bottom >= 880
    assert site.around(grid, Window(600, 700, 0, 100), north).bottom <= 750
    assert site.around(grid, Window(600, 700, 300, 400), south).bottom <= 750
    assert site.around(grid, Window(0, 900, 0, 900), Reach.all_round(30.0)) == Window(0, 900, 0, 900)
