"""Runs from a scenario to a result, on cities small enough to know the answer."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr
from geopandas.testing import assert_geodataframe_equal

import twin
from tests.places import NORTH_CLOSED, at, box_of, frame, town, town_scenario, two_levels
from twin.errors import (
    GeometryError,
    MissingFileError,
    ParameterError,
    ScenarioError,
    StairError,
    StartError,
    TwinError,
    UnreachableError,
    WalkableError,
)
from twin.geo.city import City
from twin.scenario import scenario_from_text


def test_everybody_gets_out_round_the_house() -> None:
    result = twin.run(town_scenario(), city=town(), progress=False)
    assert result.figure("people").value == 120
    assert result.figure("left").value == 120
    assert result.series["exit_east"].iloc[-1] == 120
    # 42 to 58 m; the slowest walk at 0.5 m/s
    assert 60.0 < result.figure("evacuation").value < 58 / 0.5 + 10
    last = result.series.iloc[-1]
    assert last["present"] + last["left"] + last["waiting"] == 120
    assert not result.partial
    assert (result.series[["present", "waiting", "left"]].sum(axis=1) == 120).all()
    people = gpd.points_from_xy(result.trajectories["x"], result.trajectories["y"])
    house = town().buildings.geometry["house"]
    assert not shapely.intersects(house, people).any()


def test_density_adds_up_to_the_people_present() -> None:
    result = twin.run(town_scenario(), city=town(), progress=False)
    density = result.fields["density"]
    total = (density.sum(("level", "y", "x")) * result.fields.attrs["cell_m"] ** 2).to_numpy()
    present = result.series.set_index("time_s")["present"]
    for time_s, counted in zip(density["time"].to_numpy(), total, strict=True):
        if time_s % 10:
            continue  # the last interval ends with the run
        mean = present[(present.index > time_s - 10.0) & (present.index <= time_s)].mean()
        assert counted == pytest.approx(mean, rel=0.02, abs=0.5)
    xr.testing.assert_equal(density.max("time"), result.fields["density_max"])
    for name in ("density", "density_max", "floor_height", "walkable"):
        assert result.fields[name].attrs["units"]


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


def test_same_seed_gives_the_same_to_the_bit_and_another_does_not() -> None:
    scenario = town_scenario()
    first, again = (twin.run(scenario, city=town(), progress=False) for _ in range(2))
    xr.testing.assert_identical(first.fields, again.fields)
    pd.testing.assert_frame_equal(first.trajectories, again.trajectories)
    other = twin.run(scenario, city=town(), seed=2, progress=False)
    assert not first.trajectories["x"].equals(other.trajectories["x"])


def test_another_group_does_not_shift_the_random_numbers_of_the_first() -> None:
    more = f"  flows: [{{id: late, at: {{polygon: {box_of(2, 2, 8, 8)}}}, people: 5, from_s: 80, until_s: 85}}]"
    alone = twin.run(town_scenario(), city=town(), progress=False).trajectories
    joined = twin.run(town_scenario(crowd=more), city=town(), progress=False).trajectories
    first = [frame[frame["frame"] == 20].reset_index(drop=True) for frame in (alone, joined)]
    pd.testing.assert_frame_equal(first[0], first[1])


def test_the_base_city_is_not_edited() -> None:
    city = town()
    before = city.buildings.copy(), city.terrain.height.copy()  # type: ignore[union-attr]
    changes = f"""\
  - {{id: tower, type: building, footprint: {box_of(42, 4, 50, 12)}, height_m: 30}}
  - {{id: gone, type: building, remove: house}}
  - {{id: pit, type: excavation, outline: {{polygon: {box_of(42, 44, 50, 52)}}}, bottom_m: -3}}
"""
    both = twin.compare(town_scenario(changes), city=city, seeds=1, progress=False)
    assert_geodataframe_equal(city.buildings, before[0])
    np.testing.assert_array_equal(city.terrain.height, before[1])  # type: ignore[union-attr]
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


def test_bridge_and_wharf_do_not_touch() -> None:
    """People on the deck and people under it walk as if the others were not there."""
    text = """\
title: Two levels
crowd:
  duration_s: 40
  speed_sd_m_s: 0
  exits: {{end: {{polygon: {deck}, level: street}}, east: {{polygon: {east}, level: wharf}}}}
  flows:
{flows}
"""
    deck, east = box_of(28, 0, 34, 1), box_of(38, 0, 40, 10)
    above = f"    - {{id: above, at: {{polygon: {box_of(28, 12, 34, 20)}}}, people: 40, until_s: 5, to: {{end: 1}}}}"
    below = f"    - {{id: below, at: {{polygon: {box_of(2, 2, 20, 8)}, level: wharf}}, people: 60, until_s: 5, to: {{east: 1}}}}"

    def walk(flows: list[str]) -> pd.DataFrame:
        scenario = scenario_from_text(text.format(deck=deck, east=east, flows="\n".join(flows)))
        return twin.run(scenario, city=two_levels(), progress=False).trajectories

    both, alone = walk([above, below]), walk([below])
    under = both[both["level"] == "wharf"].sort_values(["frame", "x"]).reset_index(drop=True)
    only = alone[alone["level"] == "wharf"].sort_values(["frame", "x"]).reset_index(drop=True)
    np.testing.assert_allclose(under[["x", "y"]], only[["x", "y"]], atol=1e-6)
    crossing = both[(both["level"] == "street") & (both["y"] < at(0, 9)[1])]
    passing = both[(both["level"] == "wharf") & both["x"].between(at(28, 0)[0], at(34, 0)[0])]
    assert len(crossing) > 20
    assert len(passing) > 20


def test_people_climb_the_stair_and_change_level() -> None:
    scenario = scenario_from_text(f"""\
title: Up
crowd:
  duration_s: 90
  exits: {{street: {{polygon: {box_of(0, 22, 4, 24)}, level: street}}}}
  flows: [{{id: up, at: {{polygon: {box_of(16, 2, 30, 8)}, level: wharf}}, people: 25, until_s: 20}}]
""")
    result = twin.run(scenario, city=two_levels(), progress=False)
    assert result.figure("left").value == 25
    climbing = result.trajectories[result.trajectories["id"] == 3].sort_values("frame")
    assert climbing["z"].iloc[0] == pytest.approx(1.0, abs=0.01)
    assert climbing["z"].iloc[-1] == pytest.approx(4.0, abs=0.01)
    assert climbing["z"].diff().dropna().min() > -0.2
    assert list(dict.fromkeys(climbing["level"])) == ["wharf", "street"]


# --- what goes wrong


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("zones: [{id: a, at: {polygon: HOUSE}, present: 5}]", StartError, "in building `house`"),
        ("zones: [{id: a, at: {polygon: SMALL}, present: 500}]", StartError, "do not fit"),
        ("zones: [{id: a, at: hose, present: 5}]", ScenarioError, "did you mean `house`?"),
        ("zones: [{id: a, at: {point: [0, 0]}, present: 5}]", ScenarioError, "outside the city"),
        ("zones: [{id: a, at: {polygon: OPEN, level: roof}, present: 5}]", ScenarioError, "no level `roof`"),
        ("zones: [{id: a, at: {polygon: OPEN}, present: 5, exits: {est: 1}}]", ScenarioError, "did you mean `east`?"),
        ("arrivals: [{id: a, at: {polygon: OPEN}, people: 3, to: {wst: 1}}]", ScenarioError, "`wst` is not the name"),
        ("arrivals: [{id: a, at: {polygon: HOUSE}, people: 3}]", StartError, "in building `house`"),
    ],
)
def test_people_that_cannot_be_placed_are_told(text: str, kind: type[TwinError], told: str) -> None:
    for name, shape in (("HOUSE", box_of(24, 24, 36, 36)), ("SMALL", box_of(2, 2, 6, 6)), ("OPEN", box_of(2, 2, 16, 16))):
        text = text.replace(name, str(shape))
    scenario = scenario_from_text(f"""\
title: Wrong
changes: [{{id: party, type: event, {text}}}]
crowd: {{duration_s: 10, exits: {{east: {{polygon: {box_of(56, 0, 60, 60)}}}}}}}
""")
    with pytest.raises(kind, match="changes\\[party\\]") as caught:
        twin.run(scenario, city=town(), progress=False)
    assert told in str(caught.value)


def test_errors_of_places_name_the_line() -> None:
    scenario = town_scenario("  - {id: shut, type: closure, at: hose}")
    with pytest.raises(ScenarioError) as caught:
        twin.compare(scenario, city=town(), progress=False)
    line = next(k for k, text in enumerate(scenario.text.splitlines(), 1) if "hose" in text)
    assert caught.value.where == f"scenario:{line} changes[shut].at"
    crossed = [at(20, 40), at(30, 50), at(30, 40), at(20, 50)]
    with pytest.raises(ScenarioError, match="its sides do not cross"):
        twin.compare(town_scenario(f"  - {{id: x, type: closure, at: {{polygon: {crossed}}}}}"), city=town(), progress=False)


def test_place_outside_the_area_is_told() -> None:
    scenario = scenario_from_text(town_scenario().text + f"\narea: {[*at(0, 0), *at(50, 60)]}\n")
    with pytest.raises(UnreachableError, match="outside the `area`"):
        twin.run(scenario, city=town(), progress=False)


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


def test_exit_nobody_can_reach_is_told_with_both_names() -> None:
    wall = f"  - {{id: wall, type: fence, line: [{at(50, -1)}, {at(50, 61)}]}}"
    with pytest.raises(UnreachableError) as caught:
        twin.compare(town_scenario(wall), city=town(), progress=False)
    assert "120 people of `west` cannot reach `east`" in str(caught.value)


def test_counting_line_off_the_floor_is_told() -> None:
    line = f"  lines: [{{id: nowhere, line: [{at(24, 30)}, {at(36, 30)}]}}]"
    scenario = scenario_from_text(town_scenario().text.split("  lines:")[0] + line + "\n")
    with pytest.raises(ScenarioError, match="`nowhere` does not cross the floor"):
        twin.run(scenario, city=town(), progress=False)


def test_width_of_a_counting_line_is_that_on_the_floor() -> None:
    line = f"  lines: [{{id: across, line: [{at(30, 10)}, {at(30, 60)}]}}]"
    scenario = scenario_from_text(town_scenario().text.split("  lines:")[0] + line + "\n")
    counted = twin.run(scenario, city=town(), progress=False).features["lines"].loc["across"]
    assert counted["width_m"] == pytest.approx(50 - 16)
    assert counted["peak_per_m_min"] == pytest.approx(counted["peak_per_min"] / counted["width_m"])


def test_exit_inside_a_building_is_told() -> None:
    scenario = scenario_from_text(f"""\
title: Wrong
crowd:
  exits: {{inside: {{polygon: {box_of(25, 25, 35, 35)}}}}}
  flows: [{{id: f, at: {{polygon: {box_of(2, 2, 8, 8)}}}, people: 4}}]
""")
    with pytest.raises(UnreachableError, match="in building `house`"):
        twin.run(scenario, city=town(), progress=False)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("{id: x, type: building, remove: hous}", "did you mean `house`?"),
        (f"{{id: x, type: excavation, outline: {{polygon: {box_of(2, 44, 10, 52)}}}, bottom_m: 5}}", "not below the ground"),
        (f"{{id: house, type: building, footprint: {box_of(42, 4, 50, 12)}, height_m: 5}}", "house"),
        (f"{{id: x, type: building, footprint: {[at(2, 2), at(8, 8), at(2, 8), at(8, 2)]}, height_m: 5}}", "x"),
    ],
)
def test_changes_that_cannot_be_made_are_told(change: str, told: str) -> None:
    with pytest.raises((ScenarioError, GeometryError)) as caught:
        twin.compare(town_scenario(f"  - {change}"), city=town(), progress=False)
    assert told in str(caught.value)


def test_one_seed_says_nothing_of_noise() -> None:
    both = twin.compare(town_scenario(NORTH_CLOSED), city=town(), seeds=1, progress=False)
    assert both.table().loc["evacuation", "within_noise"] is None
    assert not both.table().loc["people", "within_noise"]
    assert both.table().loc["people", "within_noise"] is not None


def test_natural_mistakes_in_types_are_told(tmp_path: Path) -> None:
    scenario = town_scenario(people=5)
    for wrong in ("1", -1, 1.5, True):
        with pytest.raises(ParameterError, match="not a seed"):
            twin.run(scenario, city=town(), seed=wrong)  # type: ignore[arg-type]
    assert twin.ensemble(scenario, seeds=np.int64(1), city=town(), progress=False).seeds == (1,)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="a scenario is needed"):
        twin.run({"title": "x"})  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="a city is needed"):
        twin.run(scenario, city="sample")  # type: ignore[arg-type]
    (tmp_path / "town.yaml").write_text(scenario.text)
    assert twin.run(tmp_path / "town.yaml", city=town(), progress=False).figure("people").value == 5
    assert len(town().without("house").buildings) == 0


def test_whoever_is_due_after_the_run_is_counted_and_told() -> None:
    late = f"  flows: [{{id: late, at: {{polygon: {box_of(2, 2, 8, 8)}}}, people: 5, from_s: 5000, until_s: 6000}}]"
    result = twin.run(town_scenario(crowd=late, people=10), city=town(), progress=False)
    assert result.figure("not_entered").value == 5
    tally = [result.figure(key).value for key in ("left", "remaining", "not_entered")]
    assert sum(tally) == result.figure("people").value == 15
    assert any("`late`" in remark for remark in result.provenance["remarks"])


def test_nothing_to_compare_is_told() -> None:
    with pytest.raises(ScenarioError, match="nothing to compare"):
        twin.compare(town_scenario(), city=town())
    with pytest.raises(ParameterError, match="at least one seed"):
        twin.ensemble(town_scenario(), seeds=[], city=town())


def test_missing_city_is_told(tmp_path: Path) -> None:
    scenario = scenario_from_text("title: x\ncity: nowhere.city.json\n", source=tmp_path / "s.yaml")
    with pytest.raises(MissingFileError, match="nowhere"):
        twin.run(scenario)


# --- simulate_crowd


def test_bare_area_needs_no_city() -> None:
    area = shapely.box(0, 0, 20, 10)
    starts = [(x, y) for x in np.arange(1.0, 8.0) for y in np.arange(1.0, 9.5)]
    result = twin.simulate_crowd(
        area, starts=starts, exits={"east": shapely.box(19, 4, 20, 6)}, duration=60, seed=7, progress=False
    )
    assert result.figure("left").value == len(starts)
    assert list(result.fields["level"].to_numpy()) == ["floor"]
    assert set(result.trajectories.columns) == {"id", "frame", "x", "y", "z", "level"}
    assert result.fields["density"].sel(level="floor").max("time").dims == ("y", "x")


def test_an_exit_may_be_an_edge() -> None:
    area = shapely.box(0, 0, 20, 10)
    starts = [(x, y) for x in np.arange(1.0, 8.0) for y in np.arange(1.0, 9.5)]
    edge = shapely.LineString([(20, 3), (20, 7)])
    result = twin.simulate_crowd(area, starts=starts, exits={"east": edge}, duration=60, progress=False)
    assert result.figure("left").value == len(starts)
    last = result.trajectories.sort_values("frame").groupby("id")["x"].last()
    assert last.max() > 17.0


def test_bare_area_tells_what_is_wrong() -> None:
    area = shapely.box(0, 0, 20, 10)
    good = {"starts": [(1.0, 1.0)], "exits": shapely.box(19, 4, 20, 6), "duration": 5.0, "progress": False}
    for change, kind, told in (
        ({"starts": [(30.0, 1.0)]}, StartError, "outside the area"),
        ({"exits": shapely.box(30, 0, 31, 1)}, UnreachableError, "has no floor"),
        ({"exits": {}}, ParameterError, "no exit"),
        ({"model": "magic"}, ParameterError, "no model `magic`"),
        ({"time_gap": 1.0}, ParameterError, "did you mean `time_gap_s`?"),
        ({"flows": []}, ParameterError, "`flows` is not a setting"),
        ({"starts": ["a"]}, ParameterError, "`starts` are not points"),
        ({"exits": {"e": [(1, 2)]}}, ParameterError, "not shapely shapes"),
        ({"dt": 0.5}, ParameterError, "`dt_s`"),
        ({"desired_speed": 5.0, "dt": 0.1}, ParameterError, "further than people are wide"),
        ({"start_times": np.zeros(3)}, ParameterError, "start_times"),
    ):
        with pytest.raises(kind) as caught:
            twin.simulate_crowd(area, **{**good, **change})  # type: ignore[arg-type]
        assert told in str(caught.value)
    apart = shapely.union_all([area, shapely.box(30, 0, 40, 10)])
    with pytest.raises(UnreachableError, match="no exit can be reached"):
        twin.simulate_crowd(apart, **{**good, "exits": shapely.box(39, 4, 40, 6)})  # type: ignore[arg-type]


def test_sample_scenarios_are_valid_and_run(sample: City) -> None:
    """The shipped scenarios, shortened: the whole event is run by `make test-all`."""
    from twin.geo.samples import sample_folder

    for name, duration in (("demo", 20.0), ("pit_garage", 30.0), ("kings_day", 10.0)):
        scenario = twin.read_scenario(sample_folder().parent / f"{name}.yaml").with_crowd(duration_s=duration)
        both = twin.compare(scenario, seeds=1, city=sample, progress=False)
        assert both.variant.figure("people").value > 1000 or name == "pit_garage"
        assert len(both.variant.trajectories)


@pytest.mark.slow
def test_whole_event_of_half_an_hour(sample: City) -> None:
    from twin.geo.samples import sample_folder

    scenario = twin.read_scenario(sample_folder().parent / "kings_day.yaml")
    result = twin.run(scenario, city=sample, progress=False)
    assert result.figure("people").value > 6000
    last = result.series.iloc[-1]
    assert last["time_s"] == 1800
    assert last["present"] + last["waiting"] + last["left"] == result.figure("people").value
    assert last["waiting"] == 0


def test_people_arrive_at_a_stop_of_public_transport(tmp_path: Path) -> None:
    """The city of a scenario may be several files: here a folder and a timetable."""
    from zipfile import ZipFile

    from pyproj import Transformer

    town().save(tmp_path / "town")
    x, y = at(8, 30)
    longitude, latitude = Transformer.from_crs(28992, 4326, always_xy=True).transform(x, y)
    with ZipFile(tmp_path / "bus.zip", "w") as feed:
        feed.writestr("stops.txt", f"stop_id,stop_name,stop_lat,stop_lon\nmarkt,Markt,{latitude:.7f},{longitude:.7f}\n")
        feed.writestr("routes.txt", "route_id,route_type\n5,3\n")
        feed.writestr("trips.txt", "route_id,service_id,trip_id\n5,day,t\n")
        feed.writestr(
            "stop_times.txt", "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
            "t,08:00:00,08:00:00,markt,1\nt,08:05:00,08:05:00,markt,2\n",
        )  # fmt: skip
        feed.writestr("calendar_dates.txt", "service_id,date,exception_type\nday,20260401,1\n")
    (tmp_path / "plan.yaml").write_text(
        f"title: Bus\ncity: [town, bus.zip]\ncrowd:\n  duration_s: 120\n"
        f"  flows: [{{id: bus, at: {{object: bus/markt, radius_m: 3}}, people: 12, until_s: 20}}]\n"
        f"  exits: {{east: {{polygon: {box_of(56, 0, 60, 60)}}}}}\n"
    )
    result = twin.run(twin.read_scenario(tmp_path / "plan.yaml"), progress=False)
    assert result.figure("people").value == 12
    first = result.trajectories.groupby("id").first()
    assert np.hypot(first["x"] - x, first["y"] - y).max() < 4.0
    assert result.figure("left").value == 12
    (tmp_path / "plan.yaml").write_text("title: Bus\ncity: [town, bsu.zip]\n")
    with pytest.raises(MissingFileError, match=r"bus\.zip"):
        twin.run(twin.read_scenario(tmp_path / "plan.yaml"), progress=False)


@pytest.mark.parametrize(
    ("corners", "told"),
    [
        ((2, -8, 6, -4), "it lies in water `canal`"),
        ((2, 26, 6, 28), "it lies in green `garden`, which is no floor"),
        ((22, 26, 26, 28), "it lies on a railway, which is not for people"),
        ((32, 26, 36, 28), "nothing that people walk on (street, square, path) is there on level `street`"),
        ((12, 18, 16, 22), "it lies in the closure `works`"),
    ],
)
def test_why_a_place_has_no_floor_speaks_of_an_area_only_when_there_is_one(
    corners: tuple[float, float, float, float], told: str
) -> None:
    base = two_levels()
    roads = pd.concat([
        base.roads, frame({"rails": {"surface": "railway", "level": "street", "z_m": 4.0, "geometry": shapely.box(20, 25, 28, 30)}})
    ])  # fmt: skip
    city = (
        base.with_layer("roads", roads)
        .with_layer("water", frame({"canal": {"geometry": shapely.box(0, -10, 40, 0)}}))
        .with_layer("green", frame({"garden": {"kind": "garden", "geometry": shapely.box(0, 25, 10, 30)}}))
    )
    text = f"""\
title: Wrong
changes: [{{id: works, type: closure, at: {{polygon: {box_of(10, 17, 18, 23)}}}}}]
crowd: {{exits: {{a: {{polygon: {box_of(*corners)}}}}}}}
"""
    with pytest.raises(UnreachableError) as caught:
        twin.run(scenario_from_text(text), city=city, progress=False)
    assert told in str(caught.value)
    assert "`area`" not in str(caught.value)


def test_a_city_that_is_not_there_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "Delft.city.json").write_text("{}")
    path = tmp_path / "plan.yaml"
    path.write_text("title: Plan\nquestion: Why?\ncity: delft.city.jsn\n")
    with pytest.raises(MissingFileError, match=r"did you mean `Delft\.city\.json`") as caught:
        twin.run(path, progress=False)
    assert caught.value.where == f"{path}:3 city"
    path.write_text("title: Plan\ncity:\n  - sample\n  - trees.gpkg\n")
    with pytest.raises(MissingFileError) as caught:
        twin.run(path, progress=False)
    assert caught.value.where == f"{path}:4 city[1]"


def test_a_stair_without_its_level_is_told_with_the_line_of_the_city() -> None:
    scenario = scenario_from_text("title: Plan\nquestion: Why?\ncity: sample\n")
    with pytest.raises(StairError, match="level `quay` is not a level of the city") as caught:
        twin.run(scenario, city=two_levels(bottom_level="quay"), progress=False)
    assert caught.value.where == "scenario:3 city, stair `stair`"
    nowhere = scenario_from_text(f"title: Plan\narea: {[*at(500, 500), *at(600, 600)]}\n")
    with pytest.raises(WalkableError, match="nothing is left to stand on") as lost:
        twin.run(nowhere, city=two_levels(), progress=False)
    assert lost.value.where == "scenario:2 area"


@pytest.mark.parametrize(
    "change",
    [
        f"type: fence, line: [{at(2, 12)}, {at(8, 12)}], level: warf",
        f"type: closure, at: {{polygon: {box_of(2, 2, 6, 6)}, level: warf}}",
        f"type: excavation, bottom_m: -3, outline: {{polygon: {box_of(2, 2, 6, 6)}, level: warf}}",
    ],
)
def test_a_change_on_a_level_that_is_not_there_would_do_nothing(change: str) -> None:
    scenario = scenario_from_text(f"title: Plan\nchanges:\n  - {{id: shut, {change}}}\n")
    with pytest.raises(ScenarioError, match="there is no level `warf`; did you mean `wharf`") as caught:
        twin.run(scenario, city=two_levels(), progress=False)
    assert str(caught.value.where).startswith("scenario:3 changes[shut].")
