"""How the continuum flows: waves, doors, exits, sources, stairs, streams that meet, against theory."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from tests.sim.continuum_scenes import STILL, WEIDMANN, along, column, corridor, floor_of, goals_at, sources_of
from tests.sim.scenes import goals_of, wharf_and_street
from twin.sim.crowd.continuum import Continuum
from twin.sim.crowd.hughes import Hughes
from twin.sim.floor import Chain, build_floor

# --- waves


def centre_and_width(density, cell):
    x = (np.arange(len(density)) + 0.5) * cell
    centre = (x * density).sum() / density.sum()
    return centre, np.sqrt(((x - centre) ** 2 * density).sum() / density.sum())


@pytest.mark.parametrize(("cell", "dt"), [(1.0, 0.5), (0.5, 0.25), (0.5, 1.0), (1.0, 0.1)])
def test_a_lone_block_walks_at_free_speed_and_stays_a_block(cell, dt):
    crowd = corridor(round(220 / cell), cell=cell, dt=dt)
    here = np.zeros(crowd.floor.mask.shape)
    here[:, :, round(10 / cell) : round(30 / cell)] = 0.2
    crowd.place(0, here)
    before = centre_and_width(along(crowd), cell)
    crowd.advance(round(100 / dt))
    after = centre_and_width(along(crowd), cell)
    assert after[0] - before[0] == pytest.approx(134.0, rel=1e-3)
    assert after[1] / before[1] < 1.1
    assert along(crowd).max() == pytest.approx(0.2, abs=0.01)


def test_a_block_that_walks_askew_keeps_its_speed_and_its_edges():
    side = 160
    floor = floor_of(np.ones((side, side)))
    crowd = Continuum(floor, goals_at([(0, side - 1)]), None, STILL)
    here = np.zeros(floor.mask.shape)
    here[0, side - 30 : side - 10, 10:30] = 0.2
    crowd.place(0, here)
    centres = []
    for _ in range(2):
        density = crowd.density()[0]
        row, col = (np.arange(side) + 0.5) @ density.sum(axis=1), (np.arange(side) + 0.5) @ density.sum(axis=0)
        centres.append(np.array([-row, col]) / density.sum())
        crowd.advance(100)
    walked = centres[1] - centres[0]
    assert walked[0] == pytest.approx(walked[1], rel=0.01)
    # not quite the free speed, as those beside the diagonal walk towards it
    assert np.hypot(*walked) == pytest.approx(67.0, rel=0.02)


def test_a_smooth_crowd_is_followed_to_second_order():
    """At few people to the square metre the equation is that of a wave at v0; halving the cells takes the error to a quarter."""
    errors = []
    for cell in (2.0, 1.0, 0.5):
        crowd = corridor(round(240 / cell), width=3, cell=cell, dt=0.5 * cell)
        x = (np.arange(crowd.floor.mask.shape[2]) + 0.5) * cell
        here = 0.02 * np.exp(-(((x - 50.0) / 15.0) ** 2))
        crowd.place(0, np.where(crowd.floor.mask, here, 0.0))
        crowd.advance(round(80 / crowd.dt))
        exact = 0.02 * np.exp(-(((x - 50.0 - 1.34 * crowd.time) / 15.0) ** 2))
        errors.append(np.abs(along(crowd) - exact).sum() * cell / (0.02 * 15.0 * np.sqrt(np.pi)))
    assert errors[2] < 0.003
    assert errors[0] / errors[1] > 3.0
    assert errors[1] / errors[2] > 3.0


def place_step(crowd, at, left, right):
    here = np.full(crowd.floor.mask.shape, right)
    here[:, :, :at] = left
    crowd.place(0, here)


@pytest.mark.parametrize(("left", "right"), [(0.5, 4.0), (1.0, 3.0), (0.3, 1.2), (2.5, 5.0), (1.5, 5.4)])
def test_a_jump_travels_as_lighthill_and_whitham_say(left, right):
    """Jump of the flow over jump of the density (1955, doi:10.1098/rspa.1955.0089)."""
    crowd = corridor(400)
    place_step(crowd, 200, left, right)
    people = along(crowd)[100:300].sum()
    flows = WEIDMANN.flow([left, right])
    speed = (flows[1] - flows[0]) / (right - left)
    crowd.advance(80)
    # who came in and went out of the middle is known, so where the jump is follows from who is there
    density = along(crowd)
    at = np.flatnonzero(density > 0.5 * (left + right))[0]
    assert abs(at - (200 + 40.0 * speed)) < 1.5
    assert density[100:300].sum() - people == pytest.approx(40.0 * (flows[0] - flows[1]), abs=0.02)
    between = (density > left + 0.05 * (right - left)) & (density < right - 0.05 * (right - left))
    assert np.count_nonzero(between[100:300]) <= 8


def test_a_jam_dissolves_from_its_front_at_the_capacity():
    crowd = corridor(400)
    place_step(crowd, 200, 5.4, 0.0)
    crowd.advance(120)
    density = along(crowd)
    passed = density[200:].sum()
    assert passed == pytest.approx(60.0 * WEIDMANN.capacity, rel=0.03)
    # the fan of Lighthill and Whitham: density rho where the wave of it has come
    for rho in (0.4, 1.0, 1.75, 3.0, 4.5):
        at = 200 + 60.0 * float(WEIDMANN.wave_speed(rho))
        assert np.interp(at, np.arange(400) + 0.5, density) == pytest.approx(rho, abs=0.15 if rho < WEIDMANN.critical else 0.3)


# --- doors, exits, sources, stairs


def hall(width, cell, model):
    """40 m of hall, a wall with a door in its middle, an exit behind it."""
    n, half = round(40 / cell), round(0.5 * width / cell)
    mask = np.ones((n, n), bool)
    mask[:, n // 2] = False
    mask[n // 2 - half : n // 2 + half, n // 2] = True
    crowd = Continuum(floor_of(mask, cell), goals_at(column(n - 1, n)), None, model)
    here = np.zeros((1, n, n))
    here[0, :, round(2 / cell) : n // 2] = 2.0
    crowd.place(0, here)
    return crowd


@pytest.mark.parametrize("model", [STILL, Hughes()], ids=["still", "informed"])
@pytest.mark.parametrize(("width", "cell"), [(2.0, 1.0), (4.0, 1.0), (2.0, 0.5), (4.0, 0.5)])
def test_a_door_passes_the_capacity_times_its_width(width, cell, model):
    crowd = hall(width, cell, model)
    crowd.advance(250)
    _, left = crowd.history
    flow = (left[250, 0] - left[100, 0]) / 75.0
    assert 0.92 * WEIDMANN.capacity * width < flow < 1.001 * WEIDMANN.capacity * width


def test_a_wall_thinner_than_a_cell_holds_but_for_its_gap():
    walls = [Chain(0, np.array([[20.03, y], [20.03, end]]), False) for y, end in ((-1.0, 9.0), (11.0, 21.0))]
    floor = build_floor(west=0.0, north=20.0, cell=1.0, mask=np.ones((1, 20, 40), bool), chains=walls)
    crowd = Continuum(floor, goals_at(column(39, 20)))
    here = np.zeros((1, 20, 40))
    here[0, :, 2:20] = 2.0
    crowd.place(0, here)
    crowd.advance(200)
    beyond = crowd.left[0] + crowd.density()[0, :, 20:].sum()
    assert 0.9 < beyond / (100.0 * 2.0 * WEIDMANN.capacity) < 1.001


def test_people_walk_at_the_speed_of_their_density():
    ground = wharf_and_street(cell=0.5)
    crowd = Continuum(ground.floor, goals_of(ground, shapely.box(0, 9, 20, 10)))
    crowd.place(0, np.where(ground.floor.mask, 1.0, 0.0))
    crowd.advance(20)
    expected = np.where(ground.floor.mask, ground.floor.speed * WEIDMANN.speed(crowd.density()), 0.0)
    np.testing.assert_allclose(crowd.speed(), expected, atol=1e-6)


def test_people_step_aside_to_use_all_of_a_door():
    passed = {}
    for aside in (0.0, Hughes().aside):
        crowd = hall(4.0, 1.0, STILL._replace(aside=aside))
        crowd.advance(200)
        passed[aside] = crowd.left[0]
    assert passed[Hughes().aside] > 1.5 * passed[0.0]


@pytest.mark.parametrize("cell", [1.0, 0.5])
def test_an_exit_passes_no_more_than_its_capacity(cell):
    length = round(60 / cell)
    crowd = corridor(length, round(4 / cell), cell, capacity=np.array([2.0]))
    here = np.zeros(crowd.floor.mask.shape)
    here[0, :, length // 2 : length - 10] = 2.0
    crowd.place(0, here)
    crowd.advance(100)
    times, left = crowd.history
    assert (left[:, 0] <= 2.0 * times + 1e-9).all()
    busy = times > 25.0
    np.testing.assert_allclose(np.diff(left[busy, 0]), 1.0, rtol=1e-9)
    crowd.capacity[0] = 0.0
    before = crowd.left[0]
    crowd.advance(50)
    assert crowd.left[0] == before
    assert along(crowd)[-3:].min() > 5.0
    crowd.capacity[0] = np.inf
    crowd.advance(300)
    assert crowd.finished


def test_sources_give_people_over_time():
    floor = floor_of(np.ones((4, 50)))
    sources = sources_of((30.0, 10.0, 40.0, 0, [(0, 1, 2), (0, 2, 2)]), (8.0, 0.0, 0.0, 0, [(0, 1, 30), (0, 2, 30)]))
    crowd = Continuum(floor, goals_at(column(49, 4)), sources)
    assert crowd.came == crowd.present == pytest.approx(8.0)
    crowd.advance(20)
    assert crowd.came == pytest.approx(8.0)
    crowd.advance(30)
    assert crowd.came == pytest.approx(8.0 + 15.0)
    crowd.advance(200)
    assert crowd.came == pytest.approx(38.0)
    assert crowd.left[0] == pytest.approx(38.0, abs=1e-4)
    assert crowd.finished


def test_who_finds_no_room_waits():
    floor = floor_of(np.ones((1, 50)))
    sources = sources_of((100.0, 0.0, 10.0, 0, [(0, 0, 0)]))
    crowd = Continuum(floor, goals_at([(0, 49)]), sources)
    crowd.advance(40)
    assert crowd.came + crowd.waiting == pytest.approx(100.0)
    # one metre lets in the capacity
    assert crowd.came == pytest.approx(20.0 * WEIDMANN.capacity, rel=0.05)
    crowd.advance(300)
    assert crowd.waiting == 0.0
    assert crowd.finished


def test_stairs_are_slow_and_let_fewer_through():
    ground = wharf_and_street(cell=0.5)
    goals = goals_of(ground, shapely.box(0, 9, 20, 10))
    crowd = Continuum(ground.floor, goals)
    wharf = ground.level_number("wharf")
    here = np.zeros(ground.floor.mask.shape)
    here[wharf] = np.where(
        ground.floor.mask[wharf] & (ground.floor.portal[wharf] < 0) & (ground.floor.speed[wharf] == 1.0), 3.0, 0.0
    )
    crowd.place(0, here)
    came = crowd.came
    crowd.advance(200)
    times, left = crowd.history
    on = (times > 40) & (times < 100)
    flow = np.polyfit(times[on], left[on, 0], 1)[0]
    assert flow == pytest.approx(3.0 * WEIDMANN.capacity * 0.65 / 1.34, rel=0.08)
    assert crowd.present + crowd.left[0] == pytest.approx(came, rel=1e-12)
    shared = ground.floor.portal[wharf] >= 0
    np.testing.assert_array_equal(crowd.density()[0][shared], crowd.density()[1][shared])
    assert crowd.density()[0][shared].max() > 0.5
    crowd.advance(400)
    assert crowd.finished


# --- ways and streams


def two_doors(informed):
    """A hall whose near door is narrow and whose far one is wide; how many have left after two minutes."""
    n = 40
    mask = np.ones((n, n), bool)
    mask[:, 30] = False
    mask[20, 30] = mask[2:8, 30] = True
    crowd = Continuum(floor_of(mask), goals_at(column(n - 1, n)), None, Hughes(informed=informed))
    here = np.zeros((1, n, n))
    here[0, 16:32, 5:25] = 1.5
    crowd.place(0, here)
    crowd.advance(240)
    return crowd


def test_who_is_informed_goes_round_a_jam():
    left = {informed: two_doors(informed).left[0] for informed in (0.0, 0.5, 1.0)}
    assert left[0.0] < 1.1 * 120 * WEIDMANN.capacity
    assert left[0.5] > 1.5 * left[0.0]
    assert left[1.0] > 2.0 * left[0.0]


def test_streams_that_meet_head_on_pass_each_other():
    crowds = []
    for passing in (0.0, Hughes().passing):
        floor = floor_of(np.ones((4, 160)))
        exits = goals_at(column(159, 4), column(0, 4))
        crowd = Continuum(floor, exits, None, STILL._replace(passing=passing))
        here = np.zeros((2, 1, 4, 160))
        here[0, 0, :, 15:75], here[1, 0, :, 85:145] = 2.0, 2.0
        for g in range(2):
            crowd.place(g, here[g])
        crowd.advance(900)
        crowds.append(crowd)
    assert crowds[0].left.sum() < 0.5 * crowds[0].came
    assert crowds[1].finished
    np.testing.assert_allclose(crowds[1].left, 480.0, atol=1e-3)


def test_streams_cross():
    floor = floor_of(np.ones((30, 30)))
    exits = goals_at([(r, 29) for r in range(12, 18)], [(0, c) for c in range(12, 18)])
    crowd = Continuum(floor, exits)
    here = np.zeros((2, 1, 30, 30))
    here[0, 0, 12:18, 1:11], here[1, 0, 19:29, 12:18] = 2.0, 2.0
    for g in range(2):
        crowd.place(g, here[g])
    crowd.advance(400)
    assert crowd.finished
    np.testing.assert_allclose(crowd.left, 120.0, atol=1e-3)
