"""What cannot be walked is refused at the border, with a message that names the culprit."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

import twin
from tests.sim.scenes import crowd_of, goals_of, ground_of, journeys_of, leaving, people_of, wharf_and_street
from twin.errors import ParameterError, StartError, TwinError, UnreachableError, WalkableError
from twin.sim.crowd.engine import Crowd
from twin.sim.crowd.models.collision_free_speed import CollisionFreeSpeed
from twin.sim.crowd.wayfinding import find_routes
from twin.sim.model import STAGE_LEAVE

ROOM = shapely.box(0, 0, 10, 6)
EXIT = shapely.box(9, 0, 10, 6)
POINTS = [(1.0, 1.0), (2.0, 3.0), (4.0, 5.0)]


def crowd_with(people=None, **settings):
    return crowd_of(ground_of(ROOM), [EXIT], people_of(POINTS) if people is None else people, **settings)


@pytest.mark.parametrize("field", ["x", "y", "start", "desired_speed", "radius"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_a_number_names_the_person(field, value):
    people = people_of(POINTS)
    getattr(people, field)[1] = value
    with pytest.raises(ParameterError, match=rf"`{field}` of person 1 is not a finite number"):
        crowd_with(people)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": np.zeros(2)}, r"`y` of the people has shape \(2,\), not \(3,\)"),
        ({"radius": np.array([0.2, 0.0, 0.2])}, "radii must be positive"),
        ({"desired_speed": np.array([1.0, -0.1, 1.0])}, "desired speeds not negative"),
        ({"start": np.array([0.0, 2.0, 1.0])}, "`start` of the people must rise"),
        ({"journey": np.array([0, 1, 0])}, "`journey` of the people points past the 1 journeys"),
        ({"journey": np.array([0, -1, 0])}, "`journey` of the people"),
    ],
)
def test_people_that_do_not_fit_together(change, message):
    with pytest.raises(ParameterError, match=message):
        crowd_with(people_of(POINTS)._replace(**change))


@pytest.mark.parametrize("dt", [0.0, -0.1, np.nan, np.inf])
def test_a_step_must_be_positive(dt):
    with pytest.raises(ParameterError, match="a step of"):
        crowd_with(dt=dt)


def test_a_step_may_not_be_longer_than_people_are_wide():
    with pytest.raises(ParameterError, match=r"walks 0\.54 m, further than people are wide") as caught:
        crowd_with(dt=0.4)
    assert "0.30 s" in str(caught.value)
    crowd_with(people_of(POINTS, speed=0.5), dt=0.4).advance()


@pytest.mark.parametrize("field", CollisionFreeSpeed._fields)
@pytest.mark.parametrize("value", [-1.0, np.nan])
def test_parameters_of_the_model_must_be_positive(field, value):
    with pytest.raises(ParameterError, match=f"`{field}` of the collision-free speed model"):
        crowd_with(model=CollisionFreeSpeed()._replace(**{field: value}))


def test_people_wider_than_the_floor_is_prepared_for():
    with pytest.raises(ParameterError, match=r"reach 1\.19 m"):
        crowd_with(people_of([(5.0, 3.0)], radius=1.1))


@pytest.mark.parametrize("point", [(-5.0, 1.0), (11.0, 3.0), (5.0, 6.4), (5.0, -0.2), (1e9, 0.0)])
def test_who_starts_off_the_floor_is_named(point):
    with pytest.raises(StartError, match=r"1 people would start off the floor") as caught:
        crowd_with(people_of([*POINTS, point]))
    assert "person 3 at (" in str(caught.value)


def test_who_starts_in_an_obstacle_narrower_than_a_cell_is_named():
    area = ROOM.difference(shapely.box(5, 2, 5.3, 4))
    ground = ground_of(area, 0.5)
    with pytest.raises(StartError, match="off the floor"):
        crowd_of(ground, [EXIT], people_of([(5.15, 3.0)]))


def test_who_starts_on_a_level_that_is_not_there():
    for level in (1, -1):
        with pytest.raises(StartError, match="off the floor"):
            crowd_with(people_of(POINTS, level=level))
    ground = wharf_and_street()
    goals = goals_of(ground, shapely.box(0, 9, 20, 10))
    with pytest.raises(StartError, match="off the floor"):
        Crowd(ground.floor, goals, leaving(), people_of([(2.0, -9.0)], level=0))


def test_who_cannot_reach_a_goal():
    area = ROOM.difference(shapely.box(6, 0, 6.02, 6))
    with pytest.raises(UnreachableError, match="2 people of journey 0 cannot reach goal 0"):
        crowd_of(ground_of(area), [EXIT], people_of([(1.0, 1.0), (7.0, 1.0), (2.0, 1.0)]))


@pytest.mark.parametrize(
    ("journeys", "message"),
    [
        (journeys_of([(2, STAGE_LEAVE, np.inf)]), "stage 0 of journey 0 is goal 2, of the 1 goals"),
        (journeys_of([(-1, STAGE_LEAVE, np.inf)]), "is goal -1"),
        (journeys_of([(0, 7, np.inf)]), "neither passed, stayed at nor left by"),
        (journeys_of([(0, 1, np.nan)]), "`until` of a stay is not a number"),
        (leaving()._replace(until=np.zeros((1, 1))), "have shapes"),
    ],
)
def test_journeys_that_lead_nowhere(journeys, message):
    with pytest.raises(ParameterError, match=message):
        crowd_with(journeys=journeys)


def test_lines_that_do_not_fit():
    with pytest.raises(ParameterError, match=r"`lines` have shape \(2, 3\)"):
        crowd_with(lines=np.zeros((2, 3)))
    with pytest.raises(ParameterError, match=r"`line_level` \(1,\)"):
        crowd_with(lines=np.zeros((2, 4)), line_level=np.zeros(1, np.int32))
    with pytest.raises(ParameterError, match="not a finite number"):
        crowd_with(lines=np.full((1, 4), np.nan))


def test_routes_of_another_floor():
    other = ground_of(shapely.box(0, 0, 4, 4))
    routes = find_routes(other.floor, goals_of(other, shapely.box(3, 0, 4, 4)))
    with pytest.raises(ParameterError, match="the routes are to 1 goals on a floor of"):
        crowd_with(routes=routes)


# --- the public face


def simulate(**change):
    given = {"starts": POINTS, "exits": {"east": EXIT}, "duration": 5.0, **change}
    return twin.simulate_crowd(given.pop("area", ROOM), **given)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"model": "social-farce"}, ParameterError, "did you mean `social-force`"),
        ({"model_parameters": {"mass": 70.0}}, ParameterError, "`mass` is not a parameter of the model `collision-free-speed`"),
        ({"model": "social-force", "time_gap_s": 1.0}, ParameterError, "no headway in the model `social-force`"),
        ({"model": "social-force", "radius_m": 0.45}, ParameterError, "people or their repulsion by walls reach 1.08 m"),
        ({"exits": {}}, ParameterError, "there is no exit"),
        ({"exits": {"east": EXIT, "moon": shapely.box(50, 0, 51, 1)}}, UnreachableError, "exit `moon` has no floor"),
        ({"starts": [(1.0, 1.0), (20.0, 1.0)]}, StartError, r"start 1 at \(20.00, 1.00\) is outside the area"),
        ({"starts": [(1.0, np.nan)]}, StartError, "start 0 at"),
        ({"starts": [(1.0, 1.0, 0.0)]}, ParameterError, r"`starts` has shape \(1, 3\)"),
        ({"starts": [1.0, 1.0]}, ParameterError, r"`starts` has shape \(2,\)"),
        ({"desired_speed": [1.0, 2.0]}, ParameterError, r"`desired_speed` has shape \(2,\), not \(3,\)"),
        ({"desired_speed": np.nan}, ParameterError, "`desired_speed` of person 0"),
        ({"start_times": [0.0]}, ParameterError, r"`start_times` has shape \(1,\)"),
        ({"start_times": [0.0, np.nan, 1.0]}, ParameterError, "`start` of person"),
        ({"dt": 0.45}, ParameterError, "`dt`"),
        ({"dt": -1.0}, ParameterError, "`dt`"),
        ({"headway": 1.0}, ParameterError, "`headway`"),
        ({"area": shapely.Point(0, 0)}, WalkableError, "not a polygon"),
        ({"area": shapely.Polygon()}, WalkableError, "not a polygon"),
        (
            {"area": ROOM.difference(shapely.box(6, 0, 6.02, 6)), "starts": [(8.0, 1.0), (1.0, 1.0)]},
            UnreachableError,
            r"from start 1 at \(1.00, 1.00\) no exit can be reached",
        ),
    ],
)
def test_simulate_crowd_says_what_is_wrong(change, error, message):
    with pytest.raises(error, match=message) as caught:
        simulate(**change)
    assert isinstance(caught.value, TwinError)


def test_who_starts_beside_a_wall_takes_the_nearest_exit():
    """The centre of their cell lies off the floor: a start in a narrow tip must not be sent to the first exit."""
    area = shapely.Polygon([(0, 0), (20, 0), (20, 4), (10.06, 4), (10.0, 4.3), (9.94, 4), (0, 4)])
    exits = {"west": shapely.box(0, 0, 0.8, 4), "east": shapely.box(19.2, 0, 20, 4)}
    wall = area.exterior.coords
    assert len(wall) == 8
    result = twin.simulate_crowd(area, starts=[(18.5, 3.99), (12.0, 3.97), (10.0, 4.02)], exits=exits, duration=20.0)
    assert result.series["exit_east"].iloc[-1] >= 2
