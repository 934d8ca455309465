"""A cloudburst in small cities: where the rain goes, roofs, sewers, open water, pits, and what a change does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

import twin
from tests.impacts.places import CRS, SOUTH, WEST, block, plain
from twin.errors import ParameterError
from twin.geo.city import City
from twin.geo.terrain import Terrain
from twin.impact_result import ImpactResult
from twin.impacts.rain import cloudburst, outcome_of, standing_water
from twin.impacts.rain_ground import PAVED, STREET, UNPAVED, catchment
from twin.impacts.rain_report import analyse, possible
from twin.impacts.site import Site
from twin.report.impacts import impact_section
from twin.report.texts import ENGLISH
from twin.scenario import scenario_from_text
from twin.scenario.rain import RainAnalysis
from twin.sim.impact.inertial import OUTSIDE, WALL, WATER

NOTHING_LOST = {"sewer_mm_h": 0.0, "unpaved_infiltration_mm_h": 0.0}


def _box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.box(WEST + west, SOUTH + south, WEST + east, SOUTH + north)


def _frame(rows: dict[str, dict[str, object]]) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(list(rows.values()), index=list(rows), geometry="geometry", crs=CRS)
    frame.index.name = "id"
    return frame


def _valley(size: int = 60, deep: float = 0.5) -> City:
    """A plain that falls to a hollow in its middle, with a street across, on 1 m cells."""
    city = plain(size)
    assert city.terrain is not None
    grid = city.terrain.grid
    away = np.hypot(grid.x[None, :] - WEST - size / 2, grid.y[:, None] - SOUTH - size / 2)
    height = (2.0 - np.maximum(deep - 0.03 * away, 0.0)).astype(np.float32)
    return replace(city, terrain=Terrain(grid, height)).with_layer(
        "roads", _frame({"street": {"surface": "street", "geometry": _box(0, 25, size, 35)}})
    )


def _dug(city: City) -> City:
    pits = _frame({"pit": {"bottom_m": -1.0, "top_m": 2.0, "status": "planned", "geometry": _box(10, 10, 16, 16)}})
    assert city.terrain is not None
    grid, height = city.terrain.grid, city.terrain.height.copy()
    x, y = grid.x - WEST, grid.y - SOUTH
    height[((y > 10) & (y < 16))[:, None] & ((x > 10) & (x < 16))[None, :]] = -1.0
    return replace(city, terrain=Terrain(grid, height)).with_layer("pits", pits)


def _impact(city: City, before: tuple[City, ImpactResult] | None = None, **options: object) -> ImpactResult:
    known = None if before is None else (Site(before[0]), before[1])
    return analyse(Site(city), RainAnalysis.model_validate({"method": "fill", "cell_m": 1.0, **options}), known)


def test_the_same_rain_is_accounted_for_both_ways() -> None:
    city = block(_valley(), "house", 26, 36, 34, 44, 8.0)
    for method in ("fill", "flow"):
        balance = outcome_of(Site(city), RainAnalysis(method=method, after_min=5)).balance  # type: ignore[arg-type]
        assert balance.rain == pytest.approx(60 * 60 * 0.07, rel=1e-12)
        assert abs(balance.error) < 1e-11 * balance.rain
        assert min(balance.stands, balance.infiltrated + balance.sewer, balance.left) > 0
        assert balance.infiltrated == 0.0  # all is paved


def test_a_flood_ends_where_fill_and_spill_says() -> None:
    """A hollow behind closed edges, nothing soaks away: long after the rain the flow has come to the same rest."""
    city = _valley(40)
    options = {**NOTHING_LOST, "edges": "closed", "cell": 2.0}
    stood = standing_water(city, **options)["water_depth"].to_numpy()
    flowed = cloudburst(city, after_min=120.0, **options)["water_depth_end"].to_numpy()
    assert np.nanmax(stood) > 0.3
    assert flowed == pytest.approx(stood, abs=0.005)


def test_depths_over_time_are_kept_where_they_are_asked_for() -> None:
    found = cloudburst(_valley(40), every_min=15.0, after_min=30.0)
    series = found["water_depth_series"]
    assert series["time"].to_numpy().tolist() == [0.0, 900.0, 1800.0, 2700.0, 3600.0, 4500.0, 5400.0]
    assert float(series.isel(time=0).max()) == 0.0
    assert series.isel(time=-1).to_numpy() == pytest.approx(found["water_depth_end"].to_numpy(), nan_ok=True)
    assert (series.max("time") <= found["water_depth"] + 1e-6).all()
    assert 0 < float(found["water_depth_time"].max()) <= 90.0
    assert found.attrs["balance_error_m3"] == pytest.approx(0.0, abs=1e-9)


def test_sewers_take_from_streets_and_soil_from_gardens() -> None:
    garden = _frame({"garden": {"kind": "garden", "geometry": _box(0, 0, 60, 20)}})
    city = _valley().with_layer("green", garden)
    kind = catchment(Site(city), RainAnalysis(cell_m=1.0)).kind
    assert {STREET, PAVED, UNPAVED} == set(np.unique(kind))
    assert (kind == STREET).sum() == 600
    assert (kind == UNPAVED).sum() == 1200
    found = standing_water(city, cell=1.0, rain_mm=70.0, duration_min=30.0)
    assert found.attrs["sewer_m3"] == pytest.approx(600 * 0.020 * 0.5)
    assert found.attrs["infiltrated_m3"] == pytest.approx(1200 * 0.010 * 0.5)
    soft = city.with_layer("roads", _frame({"path": {"surface": "gravel", "geometry": _box(0, 25, 60, 35)}}))
    assert (catchment(Site(soft), RainAnalysis(cell_m=1.0)).kind == UNPAVED).sum() == 1800
    assert (catchment(Site(plain()), RainAnalysis(elsewhere="unpaved")).kind == UNPAVED).all()


def test_paving_that_is_taken_out_lets_water_soak_away() -> None:
    corners = ", ".join(f"[{WEST + x}, {SOUTH + y}]" for x, y in ((0, 25), (30, 25), (30, 35), (0, 35)))
    text = "{title: green, analyses: {rain: {method: fill, cell_m: 1}}, changes: [{id: lawn, type: paving, surface: unpaved, "
    scenario = scenario_from_text(text + f"at: {{polygon: [{corners}]}}}}]}}")
    both = twin.compare(scenario, city=_valley(), progress=False)
    assert both.baseline.figure("rain_infiltrated").value == 0.0
    assert both.variant.figure("rain_infiltrated").value == pytest.approx(300 * 0.010)
    assert both.variant.figure("rain_sewer").value == pytest.approx(0.5 * both.baseline.figure("rain_sewer").value)


def test_open_water_takes_what_reaches_it_and_a_bridge_over_it_is_a_street() -> None:
    canal = _frame({"canal": {"z_m": 0.5, "geometry": _box(20, 0, 30, 60)}})
    deck = _frame({"deck": {"z_m": 2.2, "level": "street", "geometry": _box(18, 28, 32, 34)}})
    city = plain(60).with_layer("water", canal).with_layer("bridges", deck)
    made = catchment(Site(city), RainAnalysis(cell_m=2.0))
    assert (made.kind == WATER).sum() == 5 * 27
    assert (made.ground.z[1:-1, 1:-1][made.kind == WATER] == 0.5).all()
    assert (made.kind == STREET).sum() == 7 * 3
    found = standing_water(city, edges="closed", **NOTHING_LOST)
    assert found.attrs["open_water_m3"] == pytest.approx(60 * 60 * 0.07)
    assert np.isnan(found["water_depth"].to_numpy()[0, 12])


def test_a_building_is_a_wall_whose_roof_runs_off() -> None:
    city = block(plain(40), "house", 10, 10, 20, 20, 6.0)
    made = catchment(Site(city), RainAnalysis(cell_m=1.0))
    assert (made.kind == WALL).sum() == 100
    assert made.ground.supply.sum() == pytest.approx(1600)
    assert made.ground.supply.max() == pytest.approx(1 + 100 / 40)
    assert outcome_of(Site(city), RainAnalysis(cell_m=1.0, after_min=0)).balance.rain == pytest.approx(1600 * 0.07)


def test_a_pit_holds_what_runs_into_it() -> None:
    flat, dug = _valley(), _dug(_valley())
    before = _impact(flat)
    after = _impact(dug, (flat, before))
    # what falls into it, and what a level plain sends there; far from full
    assert 36 * 0.07 <= after.figure("rain_pits").value < 3.0 * 36.0
    assert "rain_pits" not in {figure.key for figure in before.figures}
    with pytest.raises(ParameterError):
        outcome_of(Site(dug, (WEST, SOUTH, WEST + 60, SOUTH + 60)), RainAnalysis.model_construct(cell_m=0.01))


def test_who_gets_wet_by_a_change_is_listed() -> None:
    """A house stands on a plain, which walls around it turn into a basin that does not run off."""
    options = {**NOTHING_LOST, "rain_mm": 120.0}
    city = block(plain(60), "house", 26, 36, 34, 44, 8.0)
    before = _impact(city, **options)
    assert not before.features["buildings"]["wet"].any()
    shut = city
    for name, sides in (
        ("west", (20, 20, 21, 50)), ("east", (39, 20, 40, 50)), ("south", (20, 19, 40, 20)), ("north", (20, 50, 40, 51)),
    ):  # fmt: skip
        shut = block(shut, name, *sides, 3.0)
    after = _impact(shut, (city, before), **options)
    lost = after.features["lost"]
    assert "house" in lost.index
    assert lost.loc["house", "after_cm"] > 10 > lost.loc["house", "before_cm"]
    figure = after.figure("rain_lost")
    assert figure.value == len(lost) > 0
    assert figure.verdict == "exceeds"
    section = impact_section(after, {}, ENGLISH)
    assert "house" in section
    assert ENGLISH["rain_lost"] in section
    change = after.difference(before)["water_depth_change"]
    assert float(change.max()) > 0.05


def test_who_stood_in_water_and_gets_deeper_is_listed_too() -> None:
    options = {"rain_mm": 400.0, "edges": "closed", **NOTHING_LOST}
    city = block(_valley(), "house", 26, 36, 34, 44, 8.0)
    before = _impact(city, **options)
    known = before.features["buildings"]
    deep = float(known.loc["house", "depth_m"])
    assert deep > 0.3
    for rise, listed in ((0.06, True), (0.04, False)):
        known.loc["house", "depth_m"] = deep - rise
        after = _impact(city, (city, before), **options)
        assert after.features["lost"].index.tolist() == (["house"] if listed else [])


def test_roads_that_are_too_deep_are_told() -> None:
    found = _impact(_valley(deep=1.5), **NOTHING_LOST)
    road = found.features["roads"].loc["street"]
    assert road["impassable"]
    assert road["depth_m"] > 0.3
    assert 0 < road["impassable_m2"] < 600
    assert found.figure("rain_roads").value == 1.0
    assert found.figure("rain_deepest").value == pytest.approx(float(found.fields["water_depth"].max()), abs=1e-6)


def test_the_result_tells_the_error_of_its_balance_and_what_is_left_out() -> None:
    found = _impact(_valley(40), method="flow", after_min=5, cell_m=2.0)
    assert abs(found.figure("rain_error").value) < 1.0  # mm3
    told = " ".join(found.assumptions)
    for word in ("cellars", "sewers as a network", "stress test", "assumption", "no open water"):
        assert word in told
    parts = [found.figure(f"rain_{key}").value for key in ("infiltrated", "sewer", "open_water", "left", "stands")]
    assert sum(parts) == pytest.approx(found.figure("rain_volume").value, abs=5e-6)
    assert {one.variable for one in found.classes} == {"water_depth", "water_depth_end", "water_speed"}


def test_a_city_without_terrain_is_flat_and_says_so() -> None:
    city = replace(block(plain(40), "house", 10, 10, 20, 20, 6.0), terrain=None)
    assert any("no terrain" in one for one in _impact(city).assumptions)


def test_the_edge_of_what_is_known_is_an_edge_too() -> None:
    city = plain(30)
    assert city.terrain is not None
    wider = replace(city, terrain=city.terrain)
    made = catchment(Site(wider, (WEST - 10, SOUTH, WEST + 30, SOUTH + 30)), RainAnalysis(cell_m=1.0))
    assert (made.kind[:, :10] == OUTSIDE).all()
    assert made.ground.supply[:, :11].sum() == 0.0
    shut = catchment(Site(wider, (WEST - 10, SOUTH, WEST + 30, SOUTH + 30)), RainAnalysis(cell_m=1.0, edges="closed"))
    assert (shut.kind[:, :10] == WALL).all()


@pytest.mark.parametrize(
    ("options", "named"),
    [({"rain_mm": -1.0}, "rain_mm"), ({"cell": 0.0}, "cell_m"), ({"edges": "ajar"}, "edges"), ({"sill_m": "high"}, "sill_m")],
)
def test_bad_values_are_named(options: dict[str, object], named: str) -> None:
    with pytest.raises(ParameterError, match=named):
        standing_water(plain(20), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("minutes", [50 / 7, 20 / 3, 7.0])
def test_all_the_rain_falls_however_long_it_lasts(minutes: float) -> None:
    for every in (None, minutes, 3.0):
        found = cloudburst(plain(10), duration_min=minutes, after_min=0.0, every_min=every)
        assert found.attrs["rain_m3"] == pytest.approx(7.0, rel=1e-12)


def test_a_hole_in_the_terrain_is_no_hole_in_the_ground() -> None:
    """Open water is such a hole in many terrains, and its level is then that of its banks."""
    canal = _frame({"canal": {"geometry": _box(20, 0, 30, 60)}})
    city = block(plain(60).with_layer("water", canal), "house", 2, 2, 6, 6, 5.0)
    assert city.terrain is not None
    height = city.terrain.height.copy()
    height[:, 20:30] = height[20:24, 40:44] = np.nan
    made = catchment(Site(replace(city, terrain=Terrain(city.terrain.grid, height))), RainAnalysis(cell_m=1.0))
    assert (made.ground.z == 2.0)[made.ground.kind != WALL].all()
    assert any("On 16 m2 of ground the terrain has no height" in note for note in made.notes)
    assert not any("no height" in note for note in catchment(Site(city), RainAnalysis(cell_m=1.0)).notes)


def test_a_pit_in_a_street_has_no_gullies() -> None:
    city = _dug(_valley())
    assert city.terrain is not None
    street = _frame({"street": {"surface": "street", "geometry": _box(0, 0, 60, 35)}})
    made = catchment(Site(city.with_layer("roads", street)), RainAnalysis(cell_m=1.0))
    assert made.pits.sum() == 36
    assert (made.kind[made.pits] == PAVED).all()
    assert (made.kind == STREET).sum() == 60 * 35 - 36
    planned = _valley().with_layer("roads", street).with_layer("pits", city.pits)  # not dug yet: a street like any other
    made = catchment(Site(planned), RainAnalysis(cell_m=1.0))
    assert not made.pits.any()
    assert (made.kind == STREET).sum() == 60 * 35


def test_a_deck_without_a_surface_lies_where_it_is_stated() -> None:
    canal = _frame({"canal": {"z_m": -0.5, "geometry": _box(20, 0, 30, 60)}})
    decks = {"deck": {"z_m": 2.4, "geometry": _box(18, 28, 32, 34)}, "flyover": {"z_m": 9.0, "geometry": _box(40, 0, 46, 60)}}
    made = catchment(Site(plain(60).with_layer("water", canal).with_layer("bridges", _frame(decks))), RainAnalysis(cell_m=1.0))
    z = made.ground.z[1:-1, 1:-1]
    assert (z[27:31, 19:31] == 2.4).all()
    assert (z[:, 40:46] == 2.0).all()


def test_a_roof_that_hardly_rises_stands_in_no_way() -> None:
    city = block(plain(40), "garage", 10, 10, 30, 30, 0.3)
    assert (catchment(Site(city), RainAnalysis(cell_m=1.0)).kind != WALL).all()
    assert (catchment(Site(block(plain(40), "shed", 10, 10, 30, 30, 0.6)), RainAnalysis(cell_m=1.0)).kind == WALL).sum() == 400


def test_what_stands_beneath_a_flyover_is_not_on_it() -> None:
    roads = _frame({
        "street": {"surface": "street", "level": "street", "geometry": _box(0, 25, 60, 35)},
        "flyover": {"surface": "street", "level": "level1", "geometry": _box(25, 0, 35, 60)},
    })  # fmt: skip
    found = _impact(_valley(deep=1.5).with_layer("roads", roads), **NOTHING_LOST).features["roads"]
    assert found.index.tolist() == ["street"]
    assert found.loc["street", "impassable"]


def test_roads_that_are_lines_are_told() -> None:
    line = _frame({"street": {"surface": "street", "geometry": shapely.LineString([(WEST, SOUTH + 9), (WEST + 20, SOUTH + 9)])}})
    notes = catchment(Site(plain(20).with_layer("roads", line)), RainAnalysis()).notes
    assert any("lines without a surface" in note for note in notes)


def test_a_scenario_hears_which_key_asks_for_too_much() -> None:
    text = f"{{title: T, area: [{WEST}, {SOUTH}, {WEST + 9000}, {SOUTH + 9000}], analyses: {{rain: {{method: fill}}}}}}"
    with pytest.raises(ParameterError, match=r"analyses\.rain\.cell_m: 20,250,000 cells of 2 m"):
        twin.run(scenario_from_text(text), city=plain(20), progress=False)


def test_an_area_that_lies_elsewhere_is_refused() -> None:
    with pytest.raises(ParameterError, match="area: no part of it lies in the city"):
        standing_water(plain(20), area=(0.0, 0.0, 20.0, 20.0))


def test_times_that_are_none_are_refused() -> None:
    with pytest.raises(ParameterError, match="every_min"):
        cloudburst(plain(20), every_min=0.0)


def test_a_scenario_asks_for_rain_and_keeps_it(tmp_path: Path) -> None:
    text = "{title: wet, analyses: {rain: {method: fill}}, changes: [{id: slab, type: building, height_m: 9, footprint: ["
    text += ", ".join(f"[{WEST + x}, {SOUTH + y}]" for x, y in ((20, 20), (40, 20), (40, 24), (20, 24))) + "]}]}"
    scenario = scenario_from_text(text)
    city = _valley()
    assert scenario.analyses.rain is not None
    possible(city, scenario.analyses.rain)
    both = twin.compare(scenario, city=city, progress=False)
    assert "rain_error" in both.table().index
    both.variant.save(tmp_path / "wet")
    again = twin.open_result(tmp_path / "wet").impacts["rain"]
    assert again.figure("rain_volume").value == pytest.approx(252.0)
    assert np.array_equal(again.fields["water_depth"], both.variant.impacts["rain"].fields["water_depth"], equal_nan=True)
