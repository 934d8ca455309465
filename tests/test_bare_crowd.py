"""`twin.simulate_crowd`: people on a bare area, without a city."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

import twin
from twin.errors import ParameterError, StartError, UnreachableError


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
        ({"dt": 0.5}, ParameterError, "`dt`"),
        ({"desired_speed": 5.0, "dt": 0.1}, ParameterError, "further than people are wide"),
        ({"start_times": np.zeros(3)}, ParameterError, "start_times"),
    ):
        with pytest.raises(kind) as caught:
            twin.simulate_crowd(area, **{**good, **change})
        assert told in str(caught.value)
    apart = shapely.union_all([area, shapely.box(30, 0, 40, 10)])
    with pytest.raises(UnreachableError, match="no exit can be reached"):
        twin.simulate_crowd(apart, **{**good, "exits": shapely.box(39, 4, 40, 6)})


def test_people_who_start_in_each_other_are_told_with_place_and_remedy() -> None:
    floor, end = shapely.box(0, 0, 20, 10), {"end": shapely.box(19, 0, 20, 10)}
    starts = [(1.0, 1.0), (5.0, 5.0), (5.0, 5.2), (5.0, 5.0)]
    with pytest.raises(StartError, match=r"(?s)\(5.00, 5.00\): 3 people start closer than bodies of radius 0.2 m.*0.36 m apart"):
        twin.simulate_crowd(floor, starts=starts, exits=end, radius_m=0.2)
    result = twin.simulate_crowd(floor, starts=starts, exits=end, start_times=np.zeros(4), radius_m=0.2, duration=60.0)
    assert result.series["waiting"].iloc[0] == 2
    assert result.figure("left").value == 4


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"dt": 1.0}, "`dt` is 1.0\n  it should be less than or equal to 0.1"),
        ({"duration": float("nan")}, "`duration` is nan\n  it should be a finite number"),
        ({"cell": 0}, "`cell` is 0\n  it should be greater than or equal to 0.1"),
        ({"radius_m": -1}, "`radius_m` is -1\n  it should be greater than 0"),
    ],
)  # fmt: skip
def test_a_number_that_cannot_be_is_told_by_the_name_it_was_given_by(given: dict[str, float], told: str) -> None:
    with pytest.raises(ParameterError) as error:
        twin.simulate_crowd(shapely.box(0, 0, 9, 9), starts=[(2, 2)], exits={"end": shapely.box(8, 0, 9, 9)}, **given)
    assert str(error.value) == told
