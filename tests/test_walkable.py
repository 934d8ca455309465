"""The floor: levels, stairs, walls, heights."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from tests.places import SOUTH, WEST, at, frame, town, two_levels
from twin.discretize import STAIR_SPEED_FACTOR, discretize, discretize_area
from twin.errors import GridError, StairError, WalkableError
from twin.geo.city import City
from twin.geo.walkable import make_walkable
from twin.sim.crowd.surroundings import wall_between
from twin.sim.crowd.wayfinding import find_routes
from twin.sim.model import Goals


def test_levels_lie_above_each_other() -> None:
    walkable = make_walkable(two_levels())
    assert walkable.levels == ("street", "wharf")
    overlap = walkable.floors["street"].intersection(walkable.floors["wharf"])
    portal = walkable.stairs[0].portal
    # the deck passes over the wharf, and the upper end of the stair belongs to both
    assert overlap.area == pytest.approx(6 * 10 + portal.area, abs=0.5)


def test_stair_is_the_only_way_between_levels() -> None:
    ground = discretize(two_levels(), cell=0.5)
    street = ground.cells(shapely.box(*at(0, 22), *at(4, 24)), "street")
    routes = find_routes(ground.floor, Goals(np.array([0, len(street)]), street), wall_aversion=0.0)
    wharf = ground.level_number("wharf")
    row, column = ground.grid.index(WEST + 20.0, SOUTH + 5.0)
    time = float(routes.time[0, routes.node[wharf, row, column]])
    # about 10 m to the foot, 6 m of stair at half speed, 9 m to the corner
    assert 25.0 < time < 40.0
    without = two_levels()
    without = without.with_layer("stairs", without.stairs.iloc[:0])
    alone = discretize(without, cell=0.5)
    street = alone.cells(shapely.box(*at(0, 22), *at(4, 24)), "street")
    routes = find_routes(alone.floor, Goals(np.array([0, len(street)]), street))
    assert np.isinf(routes.time[0, routes.node[wharf, row, column]])


def test_heights_rise_along_the_stair_and_people_are_slower_on_it() -> None:
    ground = discretize(two_levels(), cell=0.5)
    wharf = ground.level_number("wharf")
    rows, columns = ground.grid.index(np.full(6, WEST + 11.5), SOUTH + np.arange(10.5, 16.0, 1.0))
    heights = ground.floor.height[wharf, rows, columns]
    np.testing.assert_allclose(heights, 1.0 + (np.arange(6) + 0.5) * 0.5, atol=0.13)
    np.testing.assert_allclose(ground.floor.speed[wharf, rows, columns], STAIR_SPEED_FACTOR, rtol=1e-6)
    street = ground.level_number("street")
    top = rows[-1], columns[-1]
    assert ground.floor.portal[street][top] == ground.floor.portal[wharf][top] == 0
    assert ground.floor.height[street][top] == pytest.approx(ground.floor.height[wharf][top], abs=0.02)


def test_people_are_slower_up_than_down_a_stair_and_between_when_they_cross_it() -> None:
    floor = discretize(two_levels(), cell=0.5).floor
    on = floor.sloping[floor.sloping >= 0]
    assert set(on.tolist()) == {0}
    np.testing.assert_allclose(floor.slopes, [[0.0, -0.04 / 0.65]], atol=1e-9)  # it rises to the north
    assert (floor.speed[floor.sloping >= 0] < 1).all()
    assert (floor.speed[floor.sloping < 0] == 1).all()


def test_the_ends_of_the_portal_are_no_walls_but_its_flanks_are() -> None:
    ground = discretize(two_levels(), cell=0.5)
    street, wharf = ground.level_number("street"), ground.level_number("wharf")
    assert not wall_between(ground.floor, street, 11.5, 15.5, 11.5, 17.0)  # portal to street
    assert not wall_between(ground.floor, wharf, 11.5, 15.5, 11.5, 13.0)  # portal to lower steps
    assert not wall_between(ground.floor, wharf, 11.5, 9.0, 11.5, 11.0)  # wharf to foot
    assert wall_between(ground.floor, street, 9.5, 12.0, 11.5, 12.0)  # street beside the stairwell
    assert wall_between(ground.floor, wharf, 9.0, 12.0, 11.5, 12.0)
    assert wall_between(ground.floor, street, 20.0, 11.0, 20.0, 9.0)  # the quay


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"geometry": shapely.box(10, 12, 13, 18)}, "bottom is 2.0 m away from level `wharf`"),
        ({"top_z_m": 6.0}, "top edge is 2.0 m above level `street`"),
        ({"bottom_z_m": -1.0}, "bottom edge is 2.0 m below level `wharf`"),
        ({"top_level": "roof"}, "top level `roof` is not a level"),
        ({"geometry": shapely.box(10, 10, 13, 11)}, "shorter than"),
    ],
)
def test_stair_that_joins_nothing_is_refused_by_name(change: dict[str, object], told: str) -> None:
    with pytest.raises(StairError, match="stair `stair`") as caught:
        make_walkable(two_levels(**change))
    assert told in str(caught.value)


def test_city_without_surfaces_is_walkable_round_buildings_and_says_so() -> None:
    walkable = make_walkable(town())
    assert walkable.floors["street"].area == pytest.approx(60 * 60 - 16 * 16)
    assert "no surface types" in walkable.assumptions[0]
    assert not make_walkable(two_levels()).assumptions


def test_obstacles_and_area_take_floor_away() -> None:
    city = town()
    closed = shapely.box(*at(0, 0), *at(60, 10))
    walkable = make_walkable(city, area=shapely.box(*at(0, 0), *at(60, 30)), obstacles={"street": closed})
    assert walkable.floors["street"].area == pytest.approx(60 * 20 - 16 * 8)
    with pytest.raises(WalkableError, match="nothing is left"):
        make_walkable(city, obstacles={"street": shapely.box(*city.bounds).buffer(1)})


def test_signed_distance_is_exact_within_its_cap() -> None:
    ground = discretize(town(), cell=0.5)
    level, row, column = 0, *ground.grid.index(WEST + 20.25, SOUTH + 30.25)
    assert ground.floor.distance[level, row, column] == pytest.approx(22 - 20.25, abs=1e-5)
    row, column = ground.grid.index(WEST + 23.25, SOUTH + 30.25)
    assert ground.floor.distance[level, row, column] == pytest.approx(-1.25, abs=1e-5)
    assert not ground.floor.mask[level, row, column]


def test_hole_in_an_area_is_a_wall_all_round() -> None:
    ground = discretize_area(shapely.box(0, 0, 20, 20).difference(shapely.box(8, 8, 12, 12)), cell=0.25)
    for x0, y0, x1, y1 in ((7, 10, 9, 10), (11, 10, 13, 10), (10, 7, 10, 9), (10, 11, 10, 13)):
        assert wall_between(ground.floor, 0, float(x0), float(y0), float(x1), float(y1))


def test_bare_area_must_be_a_polygon_and_not_too_large() -> None:
    with pytest.raises(WalkableError, match="not a polygon"):
        discretize_area(shapely.LineString([(0, 0), (1, 1)]))
    with pytest.raises(GridError, match="cells"):
        discretize_area(shapely.box(0, 0, 1e5, 1e5), cell=0.25)


def test_level_of_the_sample_is_whole(sample: City) -> None:
    walkable = make_walkable(sample)
    assert walkable.levels == ("street", "wharf")
    assert len(shapely.get_parts(walkable.floors["street"])) == 1
    ground = discretize(sample, cell=0.5)
    cells = ground.cells(sample.landuse.geometry["exit-west"], "street")
    routes = find_routes(ground.floor, Goals(np.array([0, len(cells)]), cells))
    # from the wharf terrace one comes to the far street only up a stair and over a bridge
    there = ground.cells(sample.landuse.geometry["place-wharf-terrace"], "wharf")
    nodes = routes.node[there[:, 0], there[:, 1], there[:, 2]]
    assert np.isfinite(routes.time[0, nodes]).all()


def test_layer_rows_without_geometry_are_left_out() -> None:
    city = two_levels()
    roads = city.roads.copy()
    extra = frame({"empty": {"surface": "street", "level": "street", "z_m": 4.0, "geometry": shapely.Polygon()}})
    import pandas as pd

    city = city.with_layer("roads", pd.concat([roads, extra]))
    assert make_walkable(city).levels == ("street", "wharf")
