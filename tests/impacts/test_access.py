"""Access on foot in small cities: detours, who is cut off, levels and stairs, before and after."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import shapely

import twin
from tests.impacts import places
from tests.impacts.places import SOUTH, WEST, block, box, frame, plain, spot
from twin.errors import ParameterError, ScenarioError
from twin.geo.city import City
from twin.impacts.access import isochrones, walking_time
from twin.impacts.access_report import analyse, possible
from twin.impacts.site import Site
from twin.report.impacts import impact_section
from twin.report.texts import ENGLISH
from twin.scenario import scenario_from_text
from twin.scenario.analyses import AccessAnalysis

SPEED = 1.34


@pytest.fixture
def city() -> City:
    """A street from west to east with a house at its end, and a second street round it to the north."""
    streets = {"main": box(0, 20, 100, 26), "up": box(60, 26, 66, 60), "round": box(0, 54, 60, 60), "down": box(0, 26, 6, 54)}
    made = block(block(plain(100), "near", 20, 10, 30, 18, 8.0), "far", 80, 10, 90, 18, 8.0)
    made = block(made, "garden", 30, 80, 40, 90, 5.0)
    return made.with_layer("roads", frame({name: {"surface": "street", "geometry": shape} for name, shape in streets.items()}))


TO = (spot(3, 23),)
WALL = {"street": box(40, 19, 42, 27)}


def test_a_wall_across_the_street_makes_the_known_detour(city: City) -> None:
    settings = AccessAnalysis(to=TO, cell_m=0.5, terrain_speeds=False, detour_limit_min=1.0)
    before = Site(city)
    old = analyse(before, settings)
    new = analyse(Site(city, obstacles=WALL), settings, (before, old))
    houses = new.features["buildings"]
    assert set(houses.index) == {"near", "far"}, "nobody walks within 10 m of the garden house"
    straight = (80.0 - 3.0 - 0.6) / SPEED / 60.0
    found = old.features["buildings"].loc["far", "walking_time_min"]
    assert found == pytest.approx(straight, rel=0.03), "what lies before a corner counts too"
    # over the street in the north: by the inner corners, 54 m north of the south edge, from x = 6 to x = 60
    legs = np.hypot(3, 3), 28.0, 54.0, 28.0, np.hypot(80 - 66, 3)
    assert houses.loc["far", "walking_time_min"] == pytest.approx((sum(legs) + 6.0) / SPEED / 60.0, rel=0.06)
    assert houses.loc["near", "detour_min"] == pytest.approx(0.0, abs=1e-6)
    assert list(new.features["lost"].index) == []
    tight = analyse(Site(city, obstacles=WALL), settings.model_copy(update={"detour_limit_min": 0.5}), (before, old))
    assert list(tight.features["lost"].index) == ["far"]
    assert tight.figure("access_detour_over").verdict == "exceeds"
    assert tight.figure("access_area_closed").value == pytest.approx(12.0, abs=1.0)
    assert old.figure("access_cut_off").value == 0.0


def test_what_is_cut_off_is_counted_and_stays_in_sight(city: City) -> None:
    settings = AccessAnalysis(to=TO, terrain_speeds=False)
    before = Site(city.with_layer("buildings", city.buildings.assign(addresses=[2, 3, 1], residents=[4, 6, 2])))
    old = analyse(before, settings)
    both = {"street": shapely.union(WALL["street"], box(30, 50, 31, 62))}
    new = analyse(dataclasses.replace(before, obstacles=both), settings, (before, old))
    lost = new.features["lost"]
    assert list(lost.index) == ["far"]
    assert np.isposinf(lost.loc["far", "after_min"])
    assert new.figure("access_cut_off").value == 1.0
    assert (old.figure("access_addresses_5").value, new.figure("access_addresses_5").value) == (100.0, 40.0)
    assert new.figure("access_people_5").value == 40.0
    gone = 58 * 6 + 34 * 6 + 29 * 6
    assert new.figure("access_area_cut_off").value == pytest.approx(gone, abs=2.0)
    change = new.difference(old)["walking_time_change"]
    assert np.isposinf(change).sum() * 0.25 == new.figure("access_area_cut_off").value
    assert "cut off" in impact_section(new, {}, ENGLISH)
    # a house whose street is closed from wall to wall is cut off, though there is floor beyond
    front = {"street": box(70, 19, 95, 27)}
    shut = analyse(dataclasses.replace(before, obstacles=front), settings, (before, old))
    assert shut.figure("access_cut_off").value == 1.0


def test_after_a_change_the_fields_are_as_in_a_full_run(city: City) -> None:
    settings = AccessAnalysis(to=TO)
    before, after = Site(city), Site(block(city, "new", 50, 20, 56, 24, 9.0), obstacles={"street": box(10, 20, 12, 24)})
    part, whole = analyse(after, settings, (before, analyse(before, settings))), analyse(after, settings)
    assert part.fields.identical(whole.fields)
    assert not part.fields.identical(analyse(before, settings).fields)


@pytest.fixture
def quay() -> City:
    return places.quay()


def test_stairs_take_longer_and_are_no_way_without_steps(quay: City) -> None:
    times = walking_time(quay, [spot(31.5, 18.5)], terrain_speeds=False)
    assert times.dims == ("level", "y", "x")
    assert times.attrs["units"] == "min"
    foot = float(times.sel(level="wharf").sel(x=WEST + 31.25, y=SOUTH + 4.25, method="nearest")) * 60.0
    assert foot == pytest.approx((18.5 - 0.6 - 11.0) / SPEED + 6.0 / 0.65 + 0.75 / SPEED, rel=0.06)
    free = walking_time(quay, [spot(31.5, 18.5)], steps_free=True, terrain_speeds=False)
    lower = free.sel(level="wharf").to_numpy()
    assert np.isposinf(lower[~np.isnan(lower)]).all()
    assert np.isfinite(free.sel(level="street")).any()
    found = analyse(Site(quay), AccessAnalysis(to=(spot(31.5, 18.5),), steps_free=True))
    seen = found.fields["walking_time"]
    assert np.isposinf(seen.sel(x=WEST + 10.25, y=SOUTH + 2.25, method="nearest")), "the wharf is seen where there is no street"


def test_what_it_costs_to_take_no_steps_is_told(quay: City) -> None:
    house = block(quay, "cellar", 10, 0, 20, 2, 4.0)
    to = (spot(31.5, 18.5),)
    found = analyse(Site(house), AccessAnalysis(to=to, steps_free=True))
    assert found.figure("access_steps_only").value == 1.0
    assert found.figure("access_steps_detour").value == pytest.approx(0.0, abs=0.05)
    again = analyse(Site(house), AccessAnalysis(to=to, steps_free=True), (Site(house), found))
    assert again.figure("access_steps_only").value == 1.0
    with pytest.raises(ParameterError, match="slope_limit"):
        walking_time(quay, to, slope_limit=-0.05)


def test_floor_that_is_too_steep_is_not_taken() -> None:
    roads = frame({"street": {"surface": "street", "geometry": box(0, 10, 60, 20)}})
    city = plain(60).with_layer("roads", roads)
    height = city.terrain.height.copy()  # a ramp of 1 in 10 from x = 20 to x = 40
    height += np.clip(np.arange(60) + 0.5 - 20.0, 0.0, 20.0).astype(np.float32)[None, :] / np.float32(10.0)
    hill = dataclasses.replace(city, terrain=dataclasses.replace(city.terrain, height=height))
    end = [spot(55, 15)]
    here = {"x": WEST + 5.25, "y": SOUTH + 15.25, "method": "nearest"}
    assert np.isfinite(walking_time(hill, end, steps_free=True).sel(level="street").sel(**here))
    assert np.isfinite(walking_time(hill, end, steps_free=True, slope_limit=0.12).sel(level="street").sel(**here))
    assert np.isposinf(walking_time(hill, end, steps_free=True, slope_limit=1 / 12).sel(level="street").sel(**here))


def test_isochrones_hold_the_floor_within_their_time(city: City) -> None:
    shapes = isochrones(city, TO, (0.25, 0.5), cell=0.5)
    times = walking_time(city, TO, cell=0.5)
    assert list(shapes["minutes"]) == [0.25, 0.5]
    for minutes, shape, area in zip(shapes["minutes"], shapes.geometry, shapes["area_m2"], strict=True):
        assert shape.is_valid
        assert shape.area == pytest.approx(area)
        assert area == pytest.approx(float((times <= np.float32(minutes)).sum()) * 0.25)
    assert shapes.geometry.iloc[1].covers(shapes.geometry.iloc[0])
    assert shapes.crs == city.crs


def test_a_destination_may_be_a_building_and_must_be_reachable(city: City) -> None:
    times = walking_time(city, ["near"])
    assert float(times.min()) == 0.0
    with pytest.raises(ScenarioError, match="nobody can walk to `garden`"):
        walking_time(city, ["garden"])
    with pytest.raises(ScenarioError, match="nowhere"):
        possible(city, AccessAnalysis(to=("nowhere",)))
    with pytest.raises(ParameterError, match="`speed_m_s`"):
        walking_time(city, TO, speed_m_s=0)
    with pytest.raises(ParameterError, match="`limits_min`"):
        isochrones(city, TO, (5, 2))
    # one that a change closes is out of use, and said to be
    settings = AccessAnalysis(to=(*TO, spot(95, 23)))
    before = Site(city)
    shut = Site(city, obstacles={"street": box(92, 20, 98, 26)})
    found = analyse(shut, settings, (before, analyse(before, settings)))
    assert any(told.startswith("Out of use") and "(136095, 455023)" in told for told in found.assumptions)
    assert list(found.features["destinations"]["in_use"]) == [True, False]


def test_a_scenario_tells_what_a_closure_does(city: City, tmp_path: Path) -> None:
    scenario = scenario_from_text(f"""\
title: Closed
changes:
  - {{id: works, type: closure, at: {{line: [[{WEST + 40}, {SOUTH + 18}], [{WEST + 40}, {SOUTH + 28}]], width_m: 2}}}}
  - {{id: gate, type: fence, line: [[{WEST + 30}, {SOUTH + 50}], [{WEST + 30}, {SOUTH + 62}]]}}
analyses: {{access: {{to: [{{point: [{WEST + 3}, {SOUTH + 23}]}}], detour_limit_min: 2}}}}
""")
    both = twin.compare(scenario, city=city, progress=False)
    table = both.table()
    assert table.loc["access_cut_off", ["baseline", "variant"]].tolist() == [0.0, 1.0]
    assert table.loc["access_detour_over", "verdict"] == "exceeds"
    both.save(tmp_path / "out")
    kept = twin.open_result(tmp_path / "out" / "variant").impacts["access"]
    assert kept.fields.identical(both.variant.impacts["access"].fields)
    assert np.isposinf(kept.features["lost"]["after_min"]).all()
    for language, word in (("en", "Walking"), ("nl", "Looptijd")):
        axes = both.variant.impacts["access"].plot_map(city=city, language=language)
        assert any(word in text.get_text() for text in axes.figure.findobj(lambda one: hasattr(one, "get_text")))
