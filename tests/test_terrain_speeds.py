"""People are slower uphill and on soft ground."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tests.places import CRS, SOUTH, WEST, frame, town, town_scenario, two_levels
from tests.sim.scenes import crowd_of, people_of
from twin.discretize import Ground, discretize
from twin.geo.city import City
from twin.geo.terrain import Terrain
from twin.grid import GridSpec
from twin.run import prepare
from twin.sim.grade import GRADE_FROM, GRADE_STEP, GRADE_TO, grades, slopes_of, tobler

ON = np.ones((40, 60), bool)


def street(rise: float = 0.0, **columns: str) -> City:
    """A street of 60 by 10 m that rises eastward from its fifteenth metre to its forty-fifth."""
    grid = GridSpec(WEST, SOUTH + 10.0, 1.0, (10, 60), "EPSG:28992")
    height = 2.0 + rise * np.clip(np.arange(60) + 0.5 - 15.0, 0.0, 30.0)
    terrain = Terrain(grid, np.broadcast_to(height, grid.shape).astype(np.float32))
    road = {"surface": "street", "level": "street", "z_m": np.nan, **columns, "geometry": shapely.box(0, 0, 60, 10)}
    return City(CRS, np.array([WEST, SOUTH, 0.0]), layers={"roads": frame({"road": road})}, terrain=terrain, name="street")


def seconds(ground: Ground, start: float, finish: float) -> float:
    """Time for one alone from one end of the street's slope to the other."""
    exit_ = shapely.box(WEST + finish - 1.0, SOUTH, WEST + finish + 1.0, SOUTH + 10.0)
    crowd = crowd_of(ground, [(exit_, "street")], people_of(np.array([[start, 5.0]]), speed=1.4))
    while not crowd.finished and crowd.time < 200.0:
        crowd.advance()
    return float(crowd.exit_time[0])


def test_the_hiking_function_has_its_published_values() -> None:
    np.testing.assert_allclose(tobler(np.array([0.0, 0.05, 0.1, 0.2])), [1.0, 0.8395, 0.7047, 0.4966], atol=1e-4)
    np.testing.assert_allclose(tobler(np.array([-0.03, -0.05, -0.1, -0.2])), [1.0, 1.0, 1.0, 0.7047], atol=1e-4)


@given(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5), st.sampled_from([0.25, 0.5, 1.0]))
def test_a_plane_has_the_same_grade_everywhere(east: float, north: float, cell: float) -> None:
    rows, columns = np.mgrid[:40, :60]
    height = (5.0 + cell * (east * columns - north * rows)).astype(np.float32)
    found = grades(height, ON, cell)
    steep = np.hypot(east, north)
    expected = np.array([east, north]) * min(1.0, GRADE_TO / max(steep, 1e-9))
    if abs(steep - GRADE_FROM) > 1e-3:
        expected = expected if steep > GRADE_FROM else np.zeros(2)
        np.testing.assert_allclose(found, np.broadcast_to(expected[:, None, None], found.shape), atol=0.5 * GRADE_STEP + 1e-3)


def test_kerbs_and_the_noise_of_a_survey_are_no_slopes() -> None:
    height = np.zeros(ON.shape, np.float32)
    height[:, 30:] = 0.12
    height += np.random.default_rng(3).normal(0.0, 0.03, ON.shape).astype(np.float32)
    assert not grades(height, ON, 0.5).any()


def test_a_path_one_cell_wide_has_a_slope_along_it_and_none_across() -> None:
    on = np.zeros_like(ON)
    on[20, 5:55] = True
    height = np.broadcast_to(0.05 * np.arange(60, dtype=np.float32), on.shape)
    found = grades(np.where(on, height, 99.0).astype(np.float32), on, 1.0)
    np.testing.assert_allclose(found[0, on], 0.05)
    assert not found[1].any()


def test_what_is_no_floor_makes_no_slope() -> None:
    height = np.zeros(ON.shape, np.float32)
    on = ON.copy()
    height[:, 30:], on[:, 28:32] = 9.0, False  # a canal wall, say, with the floor ending on both sides
    height[~on] = 4.0
    found = grades(height, on, 1.0)
    assert not found[:, ~on].any()
    assert not found[:, :, :20].any()
    assert not found[:, :, 40:].any()
    assert not grades(height, np.zeros_like(on), 1.0).any()


def test_each_slope_is_as_slow_up_and_down_as_the_function_says() -> None:
    grade = np.zeros((2, 1, 2, 3))
    grade[:, 0, 0, 0], grade[:, 0, 1, 2], grade[:, 0, 1, 1] = (0.05, 0.0), (-0.06, 0.08), (0.05, 0.0)
    number, speed, tilt = slopes_of(grade)
    assert (number >= 0).sum() == 3
    assert number[0, 0, 0] == number[0, 1, 1]
    for at, up, steep in (((0, 0, 0), (1.0, 0.0), 0.05), ((0, 1, 2), (-0.6, 0.8), 0.1)):
        k = number[at]
        assert speed[k] * (1 + tilt[k] @ up) == pytest.approx(tobler(np.array(steep)), rel=1e-6)
        assert speed[k] * (1 - tilt[k] @ up) == pytest.approx(tobler(np.array(-steep)), rel=1e-6)
        assert tilt[k] @ (-up[1], up[0]) == pytest.approx(0.0, abs=1e-12)


def test_somebody_takes_longer_up_a_street_than_down_it() -> None:
    up, down = (seconds(discretize(street(0.06)), *way) for way in ((17.0, 43.0), (43.0, 17.0)))
    level = seconds(discretize(street()), 17.0, 43.0)
    assert level == pytest.approx(25.0 / 1.4, abs=0.3)
    assert down == pytest.approx(level, abs=0.3)
    assert up == pytest.approx(level / float(tobler(np.array(0.06))), rel=0.03)
    assert seconds(discretize(street(0.06), terrain_speeds=False), 17.0, 43.0) == pytest.approx(level, abs=0.1)


@pytest.mark.parametrize(
    ("columns", "factor"),
    [
        ({"paving": "grass"}, 1 / 1.03), ({"paving": "Sand"}, 1 / 1.19), ({"paving": "asphalt", "surface": "sand"}, 1 / 1.19),
        ({"paving": "paving_stones"}, 1.0), ({"paving": "puin"}, 1 / 1.24), ({"surface": "grass"}, 1 / 1.03), ({}, 1.0),
    ],
)  # fmt: skip
def test_the_ground_is_as_fast_as_its_paving(columns: dict[str, str], factor: float) -> None:
    floor = discretize(street(**columns)).floor
    np.testing.assert_allclose(floor.speed[floor.mask], factor, rtol=1e-6)


def test_the_report_tells_of_slopes_and_soft_ground_and_the_scenario_leaves_them_out() -> None:
    assert discretize(street(paving="sand")).assumptions[0].startswith("People are slower on 100% of the floor")
    assert discretize(street()).assumptions == ()
    steep = town()
    terrain = Terrain(steep.terrain.grid, (2.0 + 0.05 * np.arange(60)[None, :] + np.zeros((60, 1))).astype(np.float32))
    city = City(steep.crs, steep.origin, layers=steep.layers, terrain=terrain, name="hill")
    slow, fast = (prepare(town_scenario(crowd=f"  terrain_speeds: {word}"), city=city).ground for word in ("true", "false"))
    assert (slow.floor.speed[slow.floor.mask] < 1.0).mean() > 0.9
    assert (fast.floor.speed[fast.floor.mask] == 1.0).all()


def test_stairs_stay_stairs() -> None:
    with_, without = (discretize(two_levels(), terrain_speeds=speeds) for speeds in (True, False))
    np.testing.assert_array_equal(with_.steps(), without.steps())
    assert with_.steps().any()
    assert not discretize(street(0.06)).steps().any()
