"""Green in a city: crowns, the view, homes and shade, before and after trees are felled, planted and built round."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr

import twin
from tests.impacts.places import CRS, SOUTH, WEST, block, plain, planted
from twin import report
from twin.errors import ParameterError, ScenarioError
from twin.geo.city import City
from twin.geo.crs import local_plane
from twin.geo.on_earth import OnEarth
from twin.geo.terrain import Terrain
from twin.grid import GridSpec
from twin.impacts import green
from twin.impacts.green_report import analyse, possible
from twin.impacts.homes import trees_from_homes
from twin.impacts.site import Site
from twin.impacts.sun import shadow_at
from twin.impacts.sun_position import sun_at
from twin.scenario import scenario_from_text
from twin.scenario.green import GreenAnalysis
from twin.sim.impact import shadow

ROW = [{"x": 20.0 + 10 * k, "y": 60.0, "height_m": 9.0, "crown_diameter_m": 7.0, "crown_base_m": 3.0} for k in range(6)]
QUICK = GreenAnalysis(directions=16, reach_m=40, cover_radius_m=30)


@pytest.fixture(scope="module")
def city() -> City:
    """A house in the south of a row of six trees, a shed in its lee, and a road between."""
    made = block(block(plain(120), "house", 40, 40, 52, 48, 8.0), "shed", 90, 10, 96, 16, 4.0)
    made = planted(made, ROW)
    road = gpd.GeoDataFrame(
        [{"surface": "street", "level": "street", "geometry": _box(0, 50, 120, 58)}], index=["road"], geometry="geometry", crs=CRS
    )
    road.index.name = "id"
    return made.with_layer("roads", road)


def _box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.box(WEST + west, SOUTH + south, WEST + east, SOUTH + north)


def _value(field: xr.DataArray, x: float, y: float) -> float:
    return float(field.sel(x=WEST + x, y=SOUTH + y, method="nearest"))


def test_crowns_are_counted_from_above_and_within_a_radius(city: City) -> None:
    one = math.pi * 3.5**2
    fine = green.canopy_cover(city, radius_m=20.0, cell=0.25)
    assert float(fine["canopy"].sum()) / 16 == pytest.approx(6 * one, rel=0.02)
    found = green.canopy_cover(city, radius_m=20.0)
    assert _value(found["canopy_cover"], 45, 60) == pytest.approx(_value(fine["canopy_cover"], 45, 60), rel=0.2)
    # two crowns lie wholly within 20 m of the middle between them, and parts of two more
    assert _value(found["canopy_cover"], 20, 20) == 0.0
    assert 2 * one < _value(found["canopy_cover"], 45, 60) * math.pi * 20**2 < 4.2 * one
    part = green.canopy_cover(city, radius_m=20.0, area=(WEST + 30, SOUTH + 30, WEST + 80, SOUTH + 80))
    assert np.array_equal(part["canopy_cover"], found["canopy_cover"].sel(x=part["x"], y=part["y"]))


def test_the_view_is_green_beside_the_trees_and_not_behind_the_house(city: City) -> None:
    view = green.green_view(city, directions=32, reach_m=60)
    beside, behind, far = _value(view, 45, 53), _value(view, 46, 38), _value(view, 5, 5)
    assert beside > 0.1 > behind
    assert far < 0.02
    assert np.isnan(_value(view, 46, 44)), "nobody looks from a roof"
    assert not green.green_view(plain(30)).any()


def test_a_home_sees_the_trees_that_its_walls_look_at(city: City) -> None:
    homes = trees_from_homes(city)
    assert homes.loc["house", "trees_seen"] == 6
    assert homes.loc["house", "viewpoints"] == 40
    walled = block(city, "wall", 0, 52, 120, 53, 12.0)
    seen = trees_from_homes(walled)
    assert seen.loc["house", "trees_seen"] == 0
    assert trees_from_homes(city, established_m=9.5).loc["house", "trees_seen"] == 0
    assert trees_from_homes(city, reach_m=15.0).loc["house", "trees_seen"] < 6
    used = city.buildings.assign(use=["dwelling", "shed"])
    assert list(trees_from_homes(city.with_layer("buildings", used)).index) == ["house"]
    assert len(trees_from_homes(plain(30))) == 0


def test_shade_is_that_of_the_moment_that_is_asked_for(city: City) -> None:
    found = analyse(Site(city), GreenAnalysis(directions=8, time="10:00"))
    expected = shadow_at(city, "2026-07-15T10:00")
    assert np.array_equal(found.fields["shadow"], expected)
    assert np.array_equal(found.fields["shade"] > 0, expected != shadow.LIT)
    assert found.figure("green_shade").limit is None, "the guideline is of the hottest hours"
    noon = green.sun_of(city, GreenAnalysis())
    assert noon.azimuth_deg == pytest.approx(180.0, abs=0.1)
    assert noon.altitude_deg == pytest.approx(90 - 52.1 + 21.5, abs=0.3)
    assert noon.clock == "13:45"
    with pytest.raises(ParameterError, match="at 23:00 the sun stands -") as caught:
        possible(city, GreenAnalysis(time="23:00"))
    assert "shade: false" in str(caught.value.hint)
    nowhere = City(local_plane(), np.zeros(3), terrain=plain(30).terrain)
    with pytest.raises(ParameterError, match="where on earth"):
        possible(nowhere, GreenAnalysis())
    possible(nowhere, GreenAnalysis(shade=False))


def test_noon_is_when_the_sun_stands_highest_anywhere() -> None:
    for longitude in (-170.0, -58.4, 5.1, 151.2):
        place = OnEarth(longitude, -33.0, "")
        noon = green._noon(place, dt.date(2026, 1, 10))
        times = noon + pd.to_timedelta([-600, 0, 600], unit="s")
        heights = sun_at(place, times)["geometric_deg"].to_numpy()
        assert heights[1] > max(heights[0], heights[2])


CHANGES = {
    "a tree felled": lambda city: city.without(["tree-2"]),
    "a tree planted": lambda city: planted(city, [*ROW, {"x": 100.0, "y": 100.0, "height_m": 6.0, "crown_diameter_m": 3.0}]),
    "a hall built": lambda city: block(city, "hall", 60, 20, 70, 30, 9.0),
    "a house taken away": lambda city: city.without(["house"]),
}


@pytest.mark.parametrize("name", CHANGES)
def test_after_a_change_the_part_that_it_reaches_is_as_in_a_full_run(city: City, name: str) -> None:
    before = Site(city)
    old = analyse(before, QUICK)
    after = Site(CHANGES[name](city))
    part, whole = analyse(after, QUICK, (before, old)), analyse(after, QUICK)
    assert part.fields.identical(whole.fields)
    assert part.features["homes"].equals(whole.features["homes"])
    assert [figure.value for figure in part.figures] == pytest.approx([figure.value for figure in whole.figures], nan_ok=True)
    assert not part.fields.identical(old.fields)


def test_a_tree_within_the_crown_of_another_counts_though_no_height_changes(city: City) -> None:
    inner = {"x": 40.2, "y": 60.0, "height_m": 7.0, "crown_diameter_m": 2.0, "crown_base_m": 5.0}
    settings = GreenAnalysis(directions=8, reach_m=40, shade=False)
    before = Site(planted(city, [*ROW, inner]))
    old = analyse(before, settings)
    part, whole = analyse(Site(city), settings, (before, old)), analyse(Site(city), settings)
    assert part.fields.identical(whole.fields)
    assert old.features["homes"].loc["house", "trees_seen"] == 7
    assert part.features["homes"].equals(whole.features["homes"])


def test_what_felling_takes_is_told_with_the_rule_it_is_judged_by(city: City, tmp_path: Path) -> None:
    scenario = scenario_from_text("""\
title: Felled
changes:
  - {id: gone, type: trees, label: Four trees go, remove: [tree-0, tree-1, tree-2, tree-3]}
analyses: {green: {directions: 16, reach_m: 60}}
""")
    both = twin.compare(scenario, city=city, progress=False)
    after, change = both.variant.impacts["green"], {d.figure.key: d for d in both.differences}
    assert change["green_trees"].baseline == 6
    assert change["green_trees"].variant == 2
    assert change["green_homes"].variant == 0.0
    assert change["green_cover"].verdict == "falls short"
    assert "Konijnendijk 2023" in change["green_cover"].figure.limit_source
    assert sorted(after.features["lost"].index) == ["house", "shed"]
    assert sorted(after.features["felled"].index) == ["tree-0", "tree-1", "tree-2", "tree-3"]
    assert not len(after.features["planted"])
    page = report.write(both)
    assert "It should be at least 30.0 %: it falls short." in page
    assert "Buildings that no longer see three trees" in page
    assert "<td>house</td><td class=\"n\">6</td><td class=\"n\">2</td>" in page
    assert "does not say which buildings people live in" in page
    kept = twin.open_result(both.variant.save(tmp_path / "kept"))
    assert kept.impacts["green"].fields.identical(after.fields)
    assert kept.impacts["green"].features["homes"].equals(after.features["homes"])
    for language in ("en", "nl"):
        axes = after.plot_map(before=both.baseline.impacts["green"], city=city, language=language)
        assert ("Groen" if language == "nl" else "Green") in " ".join(text.get_text() for text in axes.figure.findobj(_is_text))


def _is_text(one: object) -> bool:
    return hasattr(one, "get_text")


def test_crowns_of_a_raster_are_green_but_no_trees() -> None:
    grid = GridSpec(WEST, SOUTH + 60, 1.0, (60, 60), "EPSG:7415")
    height = np.full((60, 60), np.nan, np.float32)
    height[20:30, 20:30] = 8.0
    city = dataclasses.replace(block(plain(60), "house", 40, 40, 50, 48, 8.0), canopy=Terrain(grid, height))
    found = analyse(Site(city), QUICK)
    assert found.figure("green_crowns").value == 100.0
    assert math.isnan(found.figure("green_trees").value)
    assert math.isnan(found.figure("green_homes").value)
    assert any("raster only" in told for told in found.assumptions)
    text = "title: a\nchanges: [{id: a, type: trees, plant: [[136005, 455005]], height_m: 6}]\n"
    with pytest.raises(ScenarioError, match="as a raster only"):
        twin.compare(scenario_from_text(text), city=city, progress=False)


def test_a_value_that_cannot_be_used_is_named(city: City) -> None:
    with pytest.raises(ParameterError, match="`cover_radius_m`"):
        green.canopy_cover(city, radius_m=-1)
    with pytest.raises(ParameterError, match="`directions`"):
        green.green_view(city, directions=2)
    with pytest.raises(ParameterError, match="`reach_m`"):
        trees_from_homes(city, reach_m=1)
