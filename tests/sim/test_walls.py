"""Nobody is ever in a wall or across one: exact geometry, on random floors."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from tests.sim.scenes import crowd_of, goals_of, ground_of, leaving, people_of, scattered, wharf_and_street
from twin.errors import ParameterError, TwinError
from twin.sim.crowd.engine import Crowd
from twin.sim.crowd.models.collision_free_speed import CollisionFreeSpeed, wall_push
from twin.sim.crowd.surroundings import distance_at, keep_clear


def random_area(seed):
    """A room of 14 x 11 m with a bite taken out, turned obstacles and thin screens in it."""
    random = np.random.default_rng(seed)
    area = shapely.box(0, 0, 14, 11).difference(shapely.box(9 + 4 * random.random(), 7, 15, 12))
    for _ in range(random.integers(2, 7)):
        x, y, angle = random.uniform(2, 12), random.uniform(1, 10), random.uniform(0, 180)
        half = random.uniform(0.02, 1.2, 2) if random.random() < 0.6 else np.array([0.015, random.uniform(0.5, 2.5)])
        shape = shapely.affinity.rotate(shapely.box(x - half[0], y - half[1], x + half[0], y + half[1]), angle)
        area = area.difference(shape)
    parts = shapely.get_parts(area)
    return max(parts, key=lambda part: part.area)


@settings(max_examples=25)
@given(st.integers(0, 2**31), st.sampled_from([0.02, 0.05, 0.1, 0.29]), st.sampled_from([0.25, 0.5]))
def test_nobody_is_ever_in_a_wall_or_across_one(seed, dt, cell):
    area = random_area(seed)
    points = scattered(area, 70, seed, clear=0.05, apart=0.3)
    exits = [shapely.box(0, 4, 0.8, 6)]
    ground = ground_of(area, cell)
    try:
        crowd = crowd_of(ground, exits, people_of(points, speed=1.34), dt=dt, journeys=leaving())
    except TwinError:
        assume(False)
    shapely.prepare(area)
    before = crowd.snapshot()
    for _ in range(max(10, round(6.0 / dt / 3))):
        crowd.advance()
        one = crowd.snapshot()
        assert shapely.contains_xy(area, one.x, one.y).all()
        _, i, j = np.intersect1d(before.id, one.id, return_indices=True)
        moves = shapely.linestrings(np.stack([np.stack([before.x[i], before.y[i]], 1), np.stack([one.x[j], one.y[j]], 1)], 1))
        assert not shapely.crosses(moves, area.boundary).any()
        assert shapely.covers(area, moves).all()
        before = one


@settings(max_examples=20)
@given(st.integers(0, 2**31))
def test_where_there_is_room_people_keep_a_radius_from_walls(seed):
    area = random_area(seed)
    wide = area.buffer(-0.6)
    points = scattered(area, 30, seed, clear=0.3, apart=0.6)
    try:
        crowd = crowd_of(ground_of(area), [shapely.box(0, 4, 0.8, 6)], people_of(points))
    except TwinError:
        assume(False)
    boundary = area.boundary
    for _ in range(30):
        crowd.advance(4)
        shot = crowd.snapshot()
        at = shapely.points(shot.x, shot.y)
        roomy = shapely.distance(at, wide) < 0.35 if not wide.is_empty else np.zeros(len(at), bool)
        assert (shapely.distance(at, boundary)[roomy] > 0.2 - 1e-6).all()


@settings(max_examples=60)
@given(st.integers(0, 500), st.floats(0.1, 0.4), st.floats(0.0, 6.28), st.floats(0.0, 0.4))
def test_a_move_is_kept_on_this_side_of_walls(seed, radius, angle, far):
    area = random_area(seed)
    ground = ground_of(area, 0.25)
    for x0, y0 in scattered(area, 12, seed + 1, clear=radius + 0.01, apart=0.1):
        x, y = x0 + far * np.cos(angle), y0 + far * np.sin(angle)
        px, py = keep_clear(ground.floor, 0, x0, y0, x, y, radius)
        assert area.covers(shapely.LineString([(x0, y0), (px, py)])) or (px, py) == (x0, y0)
        free = shapely.Point(x, y).distance(area.boundary) >= radius and area.covers(shapely.LineString([(x0, y0), (x, y)]))
        if free:
            assert (px, py) == (x, y)


@pytest.mark.parametrize("cell", [0.25, 0.5])
@pytest.mark.parametrize("offset", np.linspace(0.0, 0.5, 6))
def test_everybody_finds_the_way_along_a_fence_thinner_than_a_cell(cell, offset):
    y = 5.0 + offset
    area = shapely.box(0, 0, 16, 10).difference(shapely.box(0, y - 0.01, 12, y + 0.01))
    points = np.array([(2.0 + 0.7 * k, y - 0.24) for k in range(10)] + [(2.0, 1.0)])
    crowd = crowd_of(ground_of(area, cell), [shapely.box(0, 8, 1, 10)], people_of(points))
    crowd.advance(round(45 / 0.05))
    assert crowd.left == len(points)


@settings(max_examples=12)
@given(st.integers(0, 2**31), st.sampled_from([0.25, 0.5]), st.sampled_from([0.05, 0.2]))
def test_nobody_slips_off_a_stair(seed, cell, dt):
    ground = wharf_and_street(cell)
    street, wharf = ground.walkable.floors["street"], ground.walkable.floors["wharf"]
    random = np.random.default_rng(seed)
    up = scattered(shapely.box(0, -12, 20, -6), 40, seed)
    down = scattered(shapely.box(0, 0, 20, 10), 40, seed + 1)
    people = people_of(
        np.vstack([up, down]), level=np.repeat([1, 0], [len(up), len(down)]), journey=np.repeat([0, 1], [len(up), len(down)]),
        speed=random.uniform(0.8, 1.6, len(up) + len(down)), radius=0.187,
    )  # fmt: skip
    goals = goals_of(ground, shapely.box(0, 9, 20, 10), (shapely.box(0, -12, 20, -11), "wharf"))
    crowd = Crowd(ground.floor, goals, leaving(2), people, dt=dt, seed=seed)
    # what the two levels leave open between them at the top of the stair
    either = shapely.union_all([street, wharf])
    for _ in range(round(40 / dt)):
        crowd.advance()
        shot = crowd.snapshot()
        on_street = shapely.contains_xy(street.buffer(1e-6), shot.x, shot.y)
        on_wharf = shapely.contains_xy(wharf.buffer(1e-6), shot.x, shot.y)
        assert np.where(shot.level == 0, on_street, on_wharf).all()
        assert shapely.contains_xy(either, shot.x, shot.y).all()
    if dt <= 0.05:  # opposite streams on a stair block each other for long, and with longer steps for longer
        assert crowd.left > 0 or (shot.level != people.level[shot.id]).any()


@given(st.integers(0, 500), st.sampled_from([0.25, 0.5]))
def test_the_distance_between_cells_is_bilinear_and_its_gradient_is_how_it_changes(seed, cell):
    area = random_area(seed)
    floor = ground_of(area, cell).floor
    rows, columns = floor.mask.shape[1:]
    for x, y in scattered(area, 20, seed + 7, clear=0.05, apart=0.1):
        at = [[(floor.north - y) / cell - 0.5], [(x - floor.west) / cell - 0.5]]
        expected = map_coordinates(floor.distance[0].astype(np.float64), at, order=1, mode="nearest")[0]
        d, east, north = distance_at(floor.distance, 0, floor.west, floor.north, cell, x, y)
        assert d == pytest.approx(expected, abs=1e-6)
        step = 1e-5
        inside = [abs((value[0] % 1.0) - 0.5) < 0.49 for value in at]  # a step from there stays between the same cells
        inside += [0.0 < at[0][0] < rows - 1, 0.0 < at[1][0] < columns - 1]
        if all(inside):
            ahead = distance_at(floor.distance, 0, floor.west, floor.north, cell, x + step, y)[0]
            above = distance_at(floor.distance, 0, floor.west, floor.north, cell, x, y + step)[0]
            assert (east, north) == pytest.approx(((ahead - d) / step, (above - d) / step), abs=1e-5)


@given(st.floats(0.05, 0.6), st.floats(0.0, 6.28), st.sampled_from([0.25, 0.5]))
def test_beside_a_straight_wall_its_signed_distance_pushes_as_it_does_itself(off, angle, cell):
    area = shapely.affinity.rotate(shapely.box(0, 0, 30, 12), angle, origin=(0, 0), use_radians=True)
    floor = ground_of(area, cell).floor
    model = CollisionFreeSpeed.presets()["jupedsim"].model
    x, y = 15.0 * np.cos(angle) - off * np.sin(angle), 15.0 * np.sin(angle) + off * np.cos(angle)
    reach = model.wall_reach(0.2)
    exact, found = (np.array(wall_push(floor, 0, x, y, 0.2, model._replace(by_distance=by), reach)) for by in (0.0, 1.0))
    np.testing.assert_allclose(found, exact, atol=1e-4 * max(np.hypot(*exact), 0.1))


@settings(max_examples=10)
@given(st.integers(0, 2**31), st.sampled_from([0.05, 0.2]))
def test_nobody_is_in_a_wall_when_walls_push_by_their_distance(seed, dt):
    area = random_area(seed)
    model = CollisionFreeSpeed(by_distance=1.0)
    try:
        crowd = crowd_of(ground_of(area), [shapely.box(0, 4, 0.8, 6)], people_of(scattered(area, 40, seed)), model=model, dt=dt)
    except TwinError:
        assume(False)
    shapely.prepare(area)
    for _ in range(20):
        crowd.advance(5)
        shot = crowd.snapshot()
        assert shapely.contains_xy(area, shot.x, shot.y).all()


def test_walls_by_distance_let_as_many_through_a_door():
    area = shapely.box(0, 0, 12, 8).union(shapely.box(12, 3.4, 16, 4.6))
    points = scattered(shapely.box(1, 1, 11, 7), 80, 5)
    times = []
    for by in (0.0, 1.0):
        model = CollisionFreeSpeed(by_distance=by)
        crowd = crowd_of(ground_of(area), [shapely.box(15, 3, 16, 5)], people_of(points), model=model)
        crowd.advance(2000)
        assert crowd.finished
        times.append(crowd.exit_time.max())
    assert times[1] == pytest.approx(times[0], rel=0.1)


def test_walls_are_by_distance_or_not():
    with pytest.raises(ParameterError, match=r"`by_distance` of the collision-free speed model is 0\.5"):
        CollisionFreeSpeed(by_distance=0.5).check()
