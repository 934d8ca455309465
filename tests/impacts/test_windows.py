"""A city in small windows: what comes out is the same to the bit, whatever stands where, and before and after a change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.impacts.places import SOUTH, WEST, block, plain, planted
from tests.impacts.towns import CHANGES, SIDE, area_of, other, towns
from twin.geo import skyline
from twin.geo.city import City
from twin.geo.on_earth import OnEarth
from twin.geo.terrain import Terrain
from twin.impacts import site as sites
from twin.impacts import sky, solar
from twin.impacts.climate import hours_of_year
from twin.impacts.green import fields_of
from twin.impacts.noise import sound_field
from twin.impacts.site import Reach, Site, Window, all_windows, changed_windows, joined, parts, with_surface
from twin.impacts.sky import sky_of
from twin.impacts.sun import hours_of, shadow_at
from twin.scenario.analyses import DE_BILT_KWH_M2, SkyAnalysis, SolarAnalysis, SunAnalysis
from twin.scenario.green import GreenAnalysis

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


LIGHT = hours_of_year(OnEarth(5.12, 52.09, "Europe/Amsterdam"), DE_BILT_KWH_M2).iloc[::600]
WITHOUT_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)  # a smaller city would take minutes to find
GREEN = GreenAnalysis(directions=8, reach_m=15, cover_radius_m=12, day="2026-07-01")


def _map(name: str, site: Site, cell: float, known: tuple[Site, xr.Dataset] | None = None) -> xr.Dataset:
    """A map that is made in windows, as after a change if another site is given."""
    if name == "sun":
        sun = SunAnalysis(days=("2026-03-21",), step_min=60, lowest_deg=8, facades=False, cell_m=cell)
        return with_surface(site, hours_of(site, sun, before=known), cell)[0]
    if name == "sky":
        return sky_of(site, SkyAnalysis(directions=8, cell_m=cell), before=known)
    if name == "green":
        return fields_of(site, GREEN.model_copy(update={"cell_m": cell}), before=known)
    if name == "solar":
        return solar._irradiation(site, SolarAnalysis(cell_m=cell), LIGHT, known)
    return shadow_at(site.city, "2026-03-21T09:00", cell=cell, area=site.area).to_dataset()


@contextmanager
def _laid(cells: int | None) -> Iterator[None]:
    """Windows of so many cells at most, and bounds by small blocks; None for all at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sites, "MOST_CELLS", 10**9 if cells is None else cells)
        patch.setattr(sites, "FAIR_CELLS", 10**9 if cells is None else cells // 2)
        patch.setattr(sites, "LEAST_SHARE", 0.02)
        patch.setattr(skyline, "BLOCK_M", 15.0)
        patch.setattr(solar, "BANDS", 2)
        patch.setattr(sky, "BANDS", 2)
        patch.setattr(sky, "AZIMUTHS", 6)
        yield


def _same(one: xr.Dataset, two: xr.Dataset) -> None:
    for variable in one.data_vars:
        np.testing.assert_array_equal(one[variable].to_numpy(), two[variable].to_numpy(), str(variable))
    assert one.identical(two)


def _maps(quick: tuple[str, ...], slow: tuple[str, ...]) -> list[Any]:
    """Laws for any town take minutes; of maps of which other tests look at a town or two they are run with the slow ones."""
    return [*quick, *(pytest.param(name, marks=pytest.mark.slow) for name in slow)]


@pytest.mark.parametrize("name", _maps(("green", "shadow"), ("sun", "sky", "solar")))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=WITHOUT_SHRINKING)
@given(towns(), st.sampled_from([1.0, 2.0, 3.0]), st.sampled_from([4, 12]), st.integers(0, 10_000))
def test_no_window_and_no_part_makes_a_map_other_than_the_whole(name: str, city: City, cell: float, many: int, seed: int) -> None:
    with _laid(None):
        whole = _map(name, Site(city), cell)
    with _laid(int(SIDE**2 / cell**2) // many):
        _same(_map(name, Site(city), cell), whole)
        part = _map(name, Site(city, area_of(seed)), cell)
    _same(part, whole.sel(x=part["x"], y=part["y"]))


@pytest.mark.parametrize("name", _maps(("green",), ("sky", "sun", "solar")))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=WITHOUT_SHRINKING)
@given(towns(), st.sampled_from([1.0, 2.0, 3.0]), st.integers(0, 10_000), st.sampled_from(CHANGES))
def test_what_a_change_reaches_is_as_in_a_full_run(name: str, city: City, cell: float, seed: int, what: str) -> None:
    changed, area = other(city, seed, what), city.bounds
    with _laid(int(SIDE**2 / cell**2) // 4):
        old = _map(name, Site(city, area), cell)
        part = _map(name, Site(changed, area), cell, (Site(city, area), old))
    with _laid(None):
        _same(part, _map(name, Site(changed, area), cell))


@settings(max_examples=8, deadline=None, phases=WITHOUT_SHRINKING)
@given(towns(), st.integers(0, 10_000))
def test_levels_of_sound_are_the_same_in_windows(city: City, seed: int) -> None:
    spots = np.random.default_rng(seed).uniform(20, SIDE - 20, (3, 2)) + np.array([WEST, SOUTH])
    sources = [
        {"id": f"stage-{k}", "at": {"point": tuple(at)}, "level_db": 95 + k, **({"facing_deg": 80.0} if k else {})}
        for k, at in enumerate(spots.tolist())
    ]
    heard = sound_field(city, sources, cell=2.0, reach_m=120)
    with _laid(700):
        many = sound_field(city, sources, cell=2.0, reach_m=120)
        assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(many.shares, heard.shares, strict=True))
        in_windows = [many.level("C", chosen) for chosen in (None, ["stage-2"])]
    for one, chosen in zip(in_windows, (None, ["stage-2"]), strict=True):
        assert one.identical(heard.level("C", chosen))
        assert bool(np.isfinite(one).any())


def test_roofs_of_buildings_are_summed_over_windows(small: pytest.MonkeyPatch) -> None:
    city = _city(3, 200)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(solar, "_light", lambda place, months: LIGHT)
        patch.setattr(solar, "BANDS", 2)
        many = solar.analyse(Site(city), SolarAnalysis())
        with small.context() as large:
            large.setattr(sites, "MOST_CELLS", 10**9)
            large.setattr(sites, "FAIR_CELLS", 10**9)
            whole = solar.analyse(Site(city), SolarAnalysis())
    assert many.fields.identical(whole.fields)
    one, two = (pd.DataFrame(side.features["buildings"].drop(columns="geometry")) for side in (many, whole))
    assert len(one) == 6
    pd.testing.assert_frame_equal(one, two, rtol=1e-9)


def test_a_city_that_grows_keeps_its_sun() -> None:
    city = plain(200)
    before, after = Site(city), Site(block(city, "beyond", 195, 20, 230, 40, 8.0))
    assert after.city.bounds != city.bounds
    assert after.continues(before)
    assert not Site(block(city, "tall", 20, 20, 30, 30, 90.0)).continues(before), "crowns are told apart by other heights"
    assert Site(block(city, "far", 5000, 20, 5010, 30, 8.0)).continues(before)
