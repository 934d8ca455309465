"""Who meets somebody steps aside in time, and streams that meet form lanes."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from tests.sim.scenes import crowd_of, ground_of, people_of, scattered
from twin.sim.crowd.models.collision_free_speed import CollisionFreeSpeed

CORRIDOR = shapely.box(0, 0, 30, 2)
WEST, EAST = shapely.box(0, 0, 0.75, 2), shapely.box(29.25, 0, 30, 2)


def met(points, bound, model, *, seconds=120.0):
    """A crowd in the corridor: who is bound for 0 leaves in the east."""
    people = people_of(points, journey=np.asarray(bound, np.int32))
    crowd = crowd_of(ground_of(CORRIDOR), [EAST, WEST], people, model=model, dt=0.05)
    crowd.advance(round(seconds / 0.05))
    return crowd


@pytest.mark.parametrize("offset", [0.0, 0.05, -0.05])
def test_two_who_meet_pass_each_other_on_the_right(offset):
    people = people_of([(8.0, 1.0), (22.0, 1.0 + offset)], journey=np.array([0, 1], np.int32))
    crowd = crowd_of(ground_of(CORRIDOR), [EAST, WEST], people, model=CollisionFreeSpeed(), dt=0.05)
    aside = np.inf
    for _ in range(400):
        crowd.advance()
        shot = crowd.snapshot()
        if len(shot.x) == 2 and abs(shot.x[1] - shot.x[0]) < 0.1:
            aside = shot.y[1] - shot.y[0]
    assert 0.3 < aside < 1.2  # who walks east has the other one on its left, which is north
    assert crowd.left == 2
    assert crowd.exit_time.max() < 21.25 / 1.34 + 1.0  # and both hardly lose time


def test_streams_that_meet_form_lanes_and_pass():
    random = np.random.default_rng(4)
    west = scattered(shapely.box(1, 0, 11, 2), 30, 3, apart=0.45)
    east = scattered(shapely.box(19, 0, 29, 2), 30, 4, apart=0.45)
    points = np.vstack([west, east])
    bound = np.repeat([0, 1], [len(west), len(east)])
    order = random.permutation(len(points))
    with_, without = (met(points[order], bound[order], CollisionFreeSpeed(evasion=evasion)) for evasion in (4.0, 0.0))
    assert with_.left == len(points)
    assert with_.exit_time.max() < 0.75 * np.nan_to_num(without.exit_time, nan=120.0).max()


def test_who_walks_to_the_same_goal_is_not_evaded():
    """In a crowd with one goal nothing changes but in the last digits: more neighbours are listed, and summed in other sixteens."""
    points = scattered(shapely.box(1, 0, 29, 2), 60, 5, apart=0.45)
    one, other = (met(points, np.zeros(60), CollisionFreeSpeed(evasion=evasion), seconds=10.0) for evasion in (4.0, 0.0))
    np.testing.assert_allclose(one.snapshot().y, other.snapshot().y, atol=1e-4)
