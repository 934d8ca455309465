"""Baseline and variant side by side: what the changes do, and what is judged."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

import twin
from tests.places import NORTH_CLOSED, at, box_of, town, town_scenario
from twin.errors import ParameterError, ScenarioError
from twin.geo.city import City
from twin.scenario import scenario_from_text


def test_closure_sends_everybody_round_the_other_side() -> None:
    both = twin.compare(town_scenario(NORTH_CLOSED), city=town(), progress=False)
    assert both.seeds == (1, 2)
    lines = both.baseline.features["lines"], both.variant.features["lines"]
    assert lines[0].loc["north-side", "to_right"] + lines[0].loc["north-side", "to_left"] > 20
    assert lines[1].loc["north-side", "to_right"] + lines[1].loc["north-side", "to_left"] == 0
    people = both.variant.trajectories
    west, south = at(20, 37)
    inside = (people["x"] > west) & (people["x"] < west + 20) & (people["y"] > south)
    assert not inside.any()
    table = both.table()
    assert table.loc["evacuation", "change"] > 0
    assert set(table.columns) >= {"baseline", "variant", "change", "within_noise", "limit", "verdict"}
    change = both.difference["density_max_change"]
    assert float(change.max()) > 0 > float(change.min())


def test_the_base_city_is_not_edited() -> None:
    city = town()
    before = city.buildings.copy(), city.terrain.height.copy()
    changes = f"""\
  - {{id: tower, type: building, footprint: {box_of(42, 4, 50, 12)}, height_m: 30}}
  - {{id: gone, type: building, remove: house}}
  - {{id: pit, type: excavation, outline: {{polygon: {box_of(42, 44, 50, 52)}}}, bottom_m: -3}}
"""
    both = twin.compare(town_scenario(changes), city=city, seeds=1, progress=False)
    assert_geodataframe_equal(city.buildings, before[0])
    np.testing.assert_array_equal(city.terrain.height, before[1])
    floors = [r.fields["walkable"].sum() for r in (both.baseline, both.variant)]
    assert floors[0] != floors[1]
    people = gpd.points_from_xy(both.variant.trajectories["x"], both.variant.trajectories["y"])
    assert not shapely.intersects(shapely.Polygon(box_of(42, 4, 50, 12)), people).any()
    assert shapely.intersects(city.buildings.geometry["house"], people).any()  # it is gone: people walk there
    assert not shapely.intersects(shapely.Polygon(box_of(41.5, 43.5, 50.5, 52.5)), people).any()


def test_a_fence_is_not_crossed() -> None:
    fence = f"  - {{id: fence, type: fence, line: [{at(20, 38)}, {at(20, 60)}]}}"
    both = twin.compare(town_scenario(fence), city=town(), seeds=1, progress=False)
    walked = both.variant.trajectories.sort_values(["id", "frame"])
    x0 = at(20, 0)[0]
    north = walked["y"] > at(0, 38.2)[1]
    side = np.sign(walked["x"] - x0)
    step = (side != side.shift()) & (walked["id"] == walked["id"].shift()) & north & north.shift(fill_value=False)
    assert not step.any()
    assert both.variant.figure("left").value == 120


def test_a_limit_that_is_not_kept_within_the_run_is_exceeded() -> None:
    text = town_scenario(NORTH_CLOSED).text.replace("duration_s: 150", "duration_s: 40")
    judged = {}
    for limit in (20, 60):
        scenario = scenario_from_text(text + f"\nanalyses: {{crowding: {{evacuation_limit_s: {limit}}}}}\n")
        both = twin.compare(scenario, city=town(), progress=False)
        judged[limit] = both.table().loc["evacuation"]
        assert any("not judged" in told for told in both.variant.provenance["remarks"]) == (limit == 60)
    assert judged[20]["verdict"] == "exceeds"
    assert np.isinf(judged[20]["variant"])
    assert judged[60]["verdict"] == ""
    assert np.isnan(judged[60]["variant"])


def test_one_seed_says_nothing_of_noise() -> None:
    both = twin.compare(town_scenario(NORTH_CLOSED), city=town(), seeds=1, progress=False)
    assert both.table().loc["evacuation", "within_noise"] is None
    assert not both.table().loc["people", "within_noise"]
    assert both.table().loc["people", "within_noise"] is not None


def test_nothing_to_compare_is_told() -> None:
    with pytest.raises(ScenarioError, match="nothing to compare"):
        twin.compare(town_scenario(), city=town())
    with pytest.raises(ParameterError, match="at least one seed"):
        twin.ensemble(town_scenario(), seeds=[], city=town())


@pytest.mark.parametrize(
    ("name", "duration"),
    [
        ("demo", 20.0),
        pytest.param("pit_garage", 30.0, marks=pytest.mark.slow),
        pytest.param("kings_day", 10.0, marks=pytest.mark.slow),
    ],
)
def test_sample_scenarios_are_valid_and_run(sample: City, name: str, duration: float) -> None:
    """The shipped scenarios, shortened: the whole event is run by `make test-all`."""
    from twin.geo.samples import sample_folder

    scenario = twin.read_scenario(sample_folder().parent / f"{name}.yaml").with_crowd(duration_s=duration)
    both = twin.compare(scenario, seeds=1, city=sample, progress=False)
    assert both.variant.figure("people").value > 1000 or name == "pit_garage"
    assert len(both.variant.trajectories)


@pytest.mark.slow
def test_the_sample_tower_takes_the_sun_from_some(sample: City) -> None:
    from twin.geo.samples import sample_folder

    both = twin.compare(sample_folder().parent / "tower.yaml", city=sample, progress=False)
    assert both.table().loc["sun_buildings_lost", "verdict"] == "exceeds"
    assert "planned-tower" not in both.variant.impacts["sun"].features["lost"].index


@pytest.mark.slow
def test_a_market_behind_barriers_takes_houses_of_the_sample_out_of_reach(sample: City) -> None:
    from twin.geo.samples import sample_folder

    both = twin.compare(twin.read_scenario(sample_folder().parent / "fire_engine.yaml"), city=sample, progress=False)
    before, after, _ = both.impacts["routes"]
    assert before.figure("routes_within").value == 100.0
    assert after.figure("routes_lost").verdict == "exceeds"
    told = after.features["routes"]["told"]
    assert told["market"].startswith("no way for a fire engine of 2.55 m: canal-street-west is 2.1 m wide here")
    assert told["terrace"].startswith("no way for a wheelchair: stair-east-")
    assert told["terrace"].endswith("has steps")
    ways = after.features["routes"]
    assert ways.loc["west", "time_min"] > ways.loc["west", "before_min"]
    assert not before.features["routes"].loc["delivery", "found"], "cellars bear no lorry"


def test_closed_bridges_of_the_sample_cut_off_who_lives_at_the_works(sample: City) -> None:
    from twin.geo.samples import sample_folder

    scenario = twin.read_scenario(sample_folder().parent / "closed_bridge.yaml")
    both = twin.compare(scenario, city=sample, progress=False)
    assert both.table().loc["access_detour_over", "verdict"] == "exceeds"
    assert both.variant.figure("access_cut_off").value == len(both.variant.impacts["access"].features["lost"]) == 3
    assert 0.3 < both.variant.figure("access_detour").value < 2.0
    assert both.baseline.figure("access_unreached").value == 0


def test_trees_make_the_hot_square_of_the_sample_cooler(sample: City) -> None:
    from twin.geo.samples import sample_folder

    scenario = twin.read_scenario(sample_folder().parent / "hot_day.yaml")
    near = scenario.model_copy(update={"area": (136800.0, 455800.0, 136900.0, 455890.0)})
    both = twin.compare(near, city=sample, progress=False)
    change = both.table()["change"]
    assert change["heat_cooler"] > 500
    assert change["heat_streets"] < -1.0
    places = [side.impacts["heat"].features["places"].loc["square", "mean_c"] for side in (both.baseline, both.variant)]
    assert places[0] - places[1] > 2.0


def test_the_open_pit_of_the_sample_takes_water_in_a_cloudburst(sample: City) -> None:
    from twin.geo.samples import sample_folder

    scenario = twin.read_scenario(sample_folder().parent / "cloudburst.yaml")
    assert scenario.analyses.rain is not None
    quick = scenario.analyses.rain.model_copy(update={"method": "fill"})
    scenario = scenario.model_copy(update={"analyses": scenario.analyses.model_copy(update={"rain": quick})})
    both = twin.compare(scenario, city=sample, progress=False)
    assert both.variant.figure("rain_pits").value > 10.0
    assert both.variant.figure("rain_lost").value == len(both.variant.impacts["rain"].features["lost"])
    for side in (both.baseline, both.variant):
        assert abs(side.figure("rain_error").value) < 10.0  # mm3
        assert side.figure("rain_volume").value == pytest.approx(600 * 500 * 0.07)


def test_young_trees_of_the_sample_make_up_in_number_and_not_in_crowns(sample: City) -> None:
    from twin.geo.samples import sample_folder

    scenario = twin.read_scenario(sample_folder().parent / "trees.yaml")
    near = scenario.model_copy(update={"area": (136800.0, 455790.0, 136960.0, 455945.0)})
    change = twin.compare(near, city=sample, progress=False).table()["change"]
    assert change["green_trees"] == 8
    assert change["green_crowns"] < -50
    assert change["green_view"] < 0
    assert change["green_shade_trees"] < 0


def test_small_cells_of_the_sample_lose_signal_to_the_tower(sample: City) -> None:
    from twin.geo.samples import sample_folder

    both = twin.compare(sample_folder().parent / "small_cells.yaml", city=sample, progress=False)
    table = both.table()
    assert table.loc["signal_covered", "verdict"] == "meets"
    assert table.loc["signal_covered", "change"] < -0.5
    assert table.loc["signal_posts", "baseline"] == len(both.baseline.impacts["signal"].features["posts"]) > 0
    assert both.variant.impacts["signal"].features["posts"]["kept"].any()


def test_kings_day_of_the_sample_is_no_matter_for_cellars_and_its_lorry_is(sample: City) -> None:
    from twin.geo.samples import sample_folder

    scenario = twin.read_scenario(sample_folder().parent / "kings_day_cellars.yaml").with_crowd(duration_s=40.0)
    both = twin.compare(scenario, seeds=1, city=sample, progress=False)
    before, after, _ = both.impacts["cellars"]
    assert 0 < after.figure("cellars_crowd").value < 0.5
    assert after.figure("cellars_way_stage lorry").verdict == "exceeds"
    assert "no way round" in after.features["ways"].loc["stage lorry", "told"]
    assert after.features["ways"].loc["beer lorry", "cellars"] == 0
    assert after.features["ways"].loc["kegs", "rule"] == "allowed"
    crane = after.features["cranes"].loc["stage crane"]
    assert (crane["cellars"], crane["cellar"]) == (1, "cellar-east-24")
    assert after.figure("cellars_crane_stage crane").value == crane["use_factor"] > 0
    places = after.features["places"]
    assert places.loc["carousel", "screening"] == "not judged"
    assert places.loc["beer-tank", "largest_kn_m2"] > 20 > places.loc["beer-tank", "largest_low_kn_m2"]
    assert before.figure("cellars_worst").value < after.figure("cellars_worst").value
    assert not len(before.features["places"])
