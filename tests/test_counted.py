"""Flow, N-t and occupancy of a run, against its trajectories and against each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

import twin
from tests.places import NORTH_CLOSED, at, box_of, town, town_scenario, two_levels
from twin.errors import ParameterError, ResultError, ScenarioError
from twin.measures import crossings, n_t
from twin.result import Result
from twin.scenario import scenario_from_text

AREA = shapely.box(0, 0, 24, 8).difference(shapely.box(-1, 3.9, 20, 4.1))
DOOR = shapely.LineString([(15.0, -1.0), (15.0, 9.0)])
SKEW = shapely.LineString([(9.0, -0.5), (11.5, 8.5)])
PARTS: dict[str, Any] = {
    "west": shapely.box(-1, -1, 9.3, 9), "middle": shapely.box(9.3, -1, 16.7, 9), "east": shapely.box(16.7, -1, 25, 9)
}  # fmt: skip


def walk(**more: Any) -> Result:
    """People go from the south-west round a wall to the north-west: over each line to the east, and back to the west."""
    starts = [(x, y) for x in np.arange(0.8, 6.0, 0.7) for y in np.arange(0.6, 3.5, 0.8)]
    return twin.simulate_crowd(
        AREA, starts=starts, exits={"end": shapely.box(0, 5, 0.6, 7)}, progress=False,
        **{"duration": 60, "lines": {"door": DOOR, "skew": SKEW}, "areas": PARTS, "frame_interval_s": 0.05, **more},
    )  # fmt: skip


@pytest.fixture(scope="module")
def walked() -> Result:
    return walk()


def test_n_t_is_that_of_the_trajectories(walked: Result) -> None:
    result = walked
    for name, line in (("door", DOOR), ("skew", SKEW)):
        counted = result.n_t(name)
        measured = n_t(result.trajectories, line)
        assert counted["cumulative_pedestrians"].iloc[-1] == measured["cumulative_pedestrians"].iloc[-1] == 32
        at_seconds = measured.set_index(measured["time"].round(6))["cumulative_pedestrians"]
        same = counted[counted["time"].isin(at_seconds.index)]
        assert len(same) > 20
        np.testing.assert_array_equal(same["cumulative_pedestrians"], at_seconds[same["time"]])


def test_flow_adds_up_to_everybody_who_crossed(walked: Result) -> None:
    result = walked
    every = crossings(result.trajectories, DOOR)
    for interval in (1.0, 7.0, 10.0, 1000.0):
        flow = result.flow("door", interval_s=interval)
        # the line goes north: who walks east crosses it to its right, who comes back to its left
        assert flow["to_left"].sum() >= 20
        assert flow["to_right"].sum() >= 32
        assert flow["to_right"].sum() + flow["to_left"].sum() == len(every)
        end = result.series["time_s"].iloc[-1]
        assert flow["time_s"].iloc[-1] == end
        assert (np.diff(np.append(0.0, flow["time_s"])) <= interval + 1e-9).all()
        counted = np.histogram(every["frame"] / 20.0, np.append(0.0, flow["time_s"]) + 0.01)[0]
        np.testing.assert_array_equal(flow["to_right"] + flow["to_left"], counted)
        seconds = np.diff(np.append(0.0, flow["time_s"]))
        np.testing.assert_allclose(flow["per_s"], counted / seconds)
        np.testing.assert_allclose(flow["per_m_s"], flow["per_s"] / 7.8)


def test_everybody_is_in_one_part_of_the_area(walked: Result) -> None:
    inside = walked.occupancy()
    assert list(inside.columns) == list(PARTS)
    assert inside.index.name == "time_s"
    np.testing.assert_array_equal(inside.sum(axis=1), walked.series["present"])
    table = walked.trajectories
    for second in (0, 8, 16):
        here = table[table["frame"] == 20 * second]
        expected = [int(shapely.contains_xy(shape, here["x"], here["y"]).sum()) for shape in PARTS.values()]
        assert inside.loc[float(second)].tolist() == expected
    areas = walked.features["areas"]
    assert areas.loc["west", "area_m2"] == pytest.approx(9.3 * 7.8), "only what is floor counts"
    for name in PARTS:
        assert areas.loc[name, "people_max"] == inside[name].max()
        assert areas.loc[name, "people_max_time_s"] == inside[name].idxmax()
        assert areas.loc[name, "people_mean"] == pytest.approx(inside[name].mean())
        assert areas.loc[name, "per_m2_max"] == pytest.approx(inside[name].max() / areas.loc[name, "area_m2"])


def test_what_is_in_the_middle_came_over_the_lines() -> None:
    """Conservation: who is between two lines is who was there, came in and did not go out."""
    lines = {"in": shapely.LineString([(9.3, -1), (9.3, 9)]), "out": shapely.LineString([(16.7, -1), (16.7, 9)])}
    result = walk(lines=lines)
    series = result.series
    net = [series[f"line_{name}_right"] - series[f"line_{name}_left"] for name in ("in", "out")]
    inside = result.occupancy()["middle"].to_numpy()
    assert inside.max() > 5
    assert all(series[f"line_in_{side}"].iloc[-1] > 20 for side in ("right", "left"))
    np.testing.assert_array_equal(inside, inside[0] + net[0] - net[1])


def test_an_area_may_have_parts_and_holes(walked: Result) -> None:
    ends = shapely.union_all([PARTS["west"], PARTS["east"]])
    holed = shapely.box(-1, -1, 25, 9).difference(PARTS["middle"].intersection(shapely.box(-1, 1, 25, 7)))
    assert (ends.geom_type, len(holed.interiors)) == ("MultiPolygon", 1)
    result = walk(areas={"ends": ends, "holed": holed})
    np.testing.assert_array_equal(result.occupancy()["ends"], walked.occupancy()[["west", "east"]].sum(axis=1))
    here = result.recording.read(frames=(20 * 12, 20 * 12 + 1))
    assert result.occupancy()["holed"].loc[12.0] == shapely.contains_xy(holed, here["x"], here["y"]).sum() < len(here)


def test_the_peak_of_a_line_has_both_directions(walked: Result) -> None:
    for name, line in (("door", DOOR), ("skew", SKEW)):
        at_s = np.sort(crossings(walked.trajectories, line)["frame"].to_numpy() / 20.0)
        rows = walked.series["time_s"].to_numpy()
        up_to = np.searchsorted(at_s, rows + 1e-9, side="right")
        minute_before = np.searchsorted(at_s, rows - 60.0 + 1e-9, side="right")
        assert walked.features["lines"].loc[name, "peak_per_min"] == (up_to - minute_before).max() > 50


def test_counting_changes_nothing(walked: Result) -> None:
    bare = walk(lines=None, areas=None)
    pd.testing.assert_frame_equal(bare.trajectories, walked.trajectories)
    assert not len(bare.features["areas"])
    assert bare.occupancy().shape == (len(bare.series), 0)
    with pytest.raises(ResultError, match="nobody was counted at a line `door`"):
        bare.flow("door")


def test_what_was_not_counted_is_told(walked: Result) -> None:
    with pytest.raises(ResultError, match="at a line `dor`; did you mean `door`"):
        walked.flow("dor")
    with pytest.raises(ResultError, match="there are: door, skew"):
        walked.n_t("x")
    for wrong in (0.0, -1.0, float("nan")):
        with pytest.raises(ParameterError, match="interval"):
            walked.flow("door", interval_s=wrong)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"lines": {"a": shapely.LineString([(0, 0), (1, 1), (2, 0)])}}, "`a` is no straight line"),
        ({"lines": {"a": shapely.box(0, 0, 1, 1)}}, "`a` is no straight line"),
        ({"lines": [DOOR]}, "`lines` have no names"),
        ({"lines": {"a": shapely.LineString([(50, 0), (50, 8)])}}, "`a` of the lines does not lie on the floor"),
        ({"areas": {"a": DOOR}}, "`a` is no valid polygon"),
        ({"areas": {"a": shapely.Polygon([(0, 0), (4, 4), (4, 0), (0, 4)])}}, "`a` is no valid polygon"),
        ({"areas": {"a": shapely.box(50, 0, 60, 8)}}, "`a` of the areas does not lie on the floor"),
        ({"zones": {"a": AREA}}, "`zones` is not a setting of simulate_crowd"),
    ],
)
def test_places_that_cannot_be_counted_at_are_told(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ParameterError, match=told):
        walk(**given)


# --- in a scenario


def test_zones_and_areas_of_a_scenario_are_counted() -> None:
    text = town_scenario(crowd=f"  areas: {{corner: {{polygon: {box_of(40, 0, 60, 60)}}}}}")
    result = twin.run(text, city=town(), progress=False)
    inside = result.occupancy()
    assert list(inside.columns) == ["west", "corner"]
    assert inside["west"].iloc[0] == 120
    assert inside["west"].iloc[-1] == 0
    assert result.features["areas"].loc["corner", "area_m2"] == pytest.approx(20 * 60)
    table = result.trajectories
    here = table[table["frame"] == 30]
    assert inside["corner"].loc[30.0] == (here["x"] > at(40, 0)[0]).sum()


def test_areas_know_their_level() -> None:
    deck = box_of(28, 0, 34, 9)
    scenario = scenario_from_text(f"""\
title: Two levels
crowd:
  duration_s: 30
  exits: {{east: {{polygon: {box_of(38, 0, 40, 10)}, level: wharf}}}}
  areas: {{above: {{polygon: {deck}, level: street}}, below: {{polygon: {deck}, level: wharf}}}}
  flows: [{{id: below, at: {{polygon: {box_of(2, 2, 20, 8)}, level: wharf}}, people: 40, until_s: 5}}]
""")
    inside = twin.run(scenario, city=two_levels(), progress=False).occupancy()
    assert inside["above"].max() == 0
    assert inside["below"].max() > 3


def test_an_area_that_a_change_closes_is_empty_and_one_that_is_nowhere_is_told() -> None:
    closed = f"  areas: {{north: {{polygon: {box_of(21, 38.2, 39, 59)}}}}}"
    both = twin.compare(town_scenario(NORTH_CLOSED, crowd=closed), city=town(), seeds=1, progress=False)
    assert both.baseline.occupancy()["north"].max() > 0
    assert both.variant.occupancy()["north"].max() == 0
    assert both.variant.features["areas"].loc["north", "area_m2"] == 0
    assert both.variant.features["areas"].loc["north", "per_m2_max"] == 0
    with pytest.raises(ScenarioError, match="`roof` has no floor") as caught:
        twin.run(town_scenario(crowd=f"  areas: {{roof: {{polygon: {box_of(24, 24, 36, 36)}}}}}"), city=town(), progress=False)
    assert "crowd.areas.roof" in str(caught.value.where)
    with pytest.raises(ScenarioError, match="`west` is used twice"):
        twin.run(town_scenario(crowd=f"  areas: {{west: {{polygon: {box_of(2, 2, 6, 6)}}}}}"), city=town(), progress=False)
    lost = town_scenario(crowd=f"  areas: {{a: {{polygon: {box_of(2, 2, 6, 6)}, level: roof}}}}")
    with pytest.raises(ScenarioError, match="no level `roof`"):
        twin.run(lost, city=town(), progress=False)
