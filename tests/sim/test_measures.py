"""Density keeps the number of people; counting and level of service against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference import measures as slow
from twin.errors import GridError, ParameterError
from twin.reporters.fields import _fields_of
from twin.sim.crowd.measures import (
    LOS_SCHEMES,
    OCCUPIED_PER_M2,
    QUEUEING_M2,
    SMOOTHING_M,
    STAIRWAY_M2,
    WALKWAY_M2,
    DensityGrid,
    density_grid,
    level_of_service,
)
from twin.sim.crowd.spread import EVERYBODY, MOVING, SPEED, SQUARE, TILE, Gathered, spread_over_floor

seeds = st.integers(0, 2**31)


def full(grid: DensityGrid, cells, values):
    """Values of some cells as an array over all."""
    assert len(np.unique(cells)) == len(cells)
    out = np.zeros(grid.area.size)
    out[cells] = values
    return out.reshape(grid.area.shape)


def density(grid, count):
    """People a square metre of floor, from people in each cell."""
    cells = np.flatnonzero(count).astype(np.int32)
    reached, fields = spread_over_floor(grid, cells, count.ravel()[cells][:, None])
    return full(grid, reached, fields[:, EVERYBODY])


def scene(seed, factor=2, share=0.25, shape=(1, 17, 22)):
    """A floor with holes, and people on cells that have some of it."""
    random = np.random.default_rng(seed)
    mask = random.random(shape) > share
    mask[:, 4:9, 8:12] = False
    grid = density_grid(mask, 0.0, shape[1] * 0.5, 0.5, factor)
    count = np.where(grid.area > 0, random.poisson(0.3, grid.area.shape), 0).astype(float)
    return mask, grid, count


@settings(max_examples=30)
@given(seeds, st.sampled_from([1, 2, 3]))
def test_density_is_the_direct_sum_of_gaussians(seed, factor):
    _, grid, count = scene(seed, factor)
    expected = slow.density(grid.area[0], count[0], grid.cell, SMOOTHING_M)
    np.testing.assert_allclose(density(grid, count)[0], expected, rtol=2e-6, atol=1e-7)


@given(seeds, st.sampled_from([1, 2, 3]), st.floats(0.0, 0.8))
def test_density_keeps_the_number_of_people(seed, factor, share):
    _, grid, count = scene(seed, factor, share)
    # on a sliver of less than a tenth of a cell people count for less, rather than as a crush that is none
    sliver = (count > 0) & (grid.reach < 0.1 * grid.cell**2)
    total = (density(grid, count) * grid.area).sum()
    assert total <= count.sum() * (1 + 1e-6)
    assert total >= count[~sliver].sum() * (1 - 1e-6)
    if not sliver.any():
        assert total == pytest.approx(count.sum(), rel=1e-6)


def test_one_person_beside_a_wall_is_still_one():
    mask = np.zeros((1, 40, 40), bool)
    mask[0, :, :20] = True
    grid = density_grid(mask, 0.0, 20.0, 0.5, 2)
    for column in range(10):
        count = np.zeros(grid.area.shape)
        count[0, 10, column] = 1.0
        found = density(grid, count)
        assert (found * grid.area).sum() == pytest.approx(1.0, rel=1e-6)
        assert (found[0, :, 10:] == 0).all()


def test_a_level_does_not_blur_into_another():
    mask = np.ones((2, 20, 20), bool)
    grid = density_grid(mask, 0.0, 10.0, 0.5, 2)
    count = np.zeros(grid.area.shape)
    count[0, 5, 5] = 3.0
    assert not density(grid, count)[1].any()


def test_an_even_crowd_has_an_even_density_up_to_the_wall():
    """Each cell of floor has two people to the square metre; so it reads, beside the wall as well."""
    mask = np.zeros((1, 60, 60), bool)
    mask[0, 10:50, 10:50] = True
    grid = density_grid(mask, 0.0, 30.0, 0.5, 2)
    found = density(grid, 2.0 * grid.area)
    # spreading by what each person can reach evens out to a tenth at a straight wall, a fifth in a corner
    inside = found[grid.area > 0]
    assert inside.mean() == pytest.approx(2.0, rel=1e-6)
    assert found[0, 13:17, 13:17] == pytest.approx(2.0, rel=1e-3)
    assert np.abs(inside - 2.0).max() < 0.5


@given(seeds, st.floats(0.5, 1.5))
def test_density_is_linear(seed, factor):
    _, grid, count = scene(seed)
    np.testing.assert_allclose(density(grid, factor * count), factor * density(grid, count), rtol=1e-5, atol=1e-7)


@given(seeds, st.integers(0, 50))
def test_everybody_counts_in_the_cell_where_they_are(seed, people):
    random = np.random.default_rng(seed)
    x, y = random.uniform(0.0, 8.0, people), random.uniform(0.0, 6.0, people)
    level = random.integers(0, 2, people).astype(np.int32)
    grid = density_grid(np.ones((2, 6, 8), bool), 0.0, 6.0, 1.0, 1)
    gathered = Gathered(grid, people, motion=False)
    gathered.add(np.arange(people, dtype=np.int32), x, y, level, 1.0)
    cells, fields = gathered.spread()
    found = full(grid, cells, fields[:, EVERYBODY])
    np.testing.assert_allclose(found, density(grid, slow.count_people(x, y, level, 0.0, 6.0, 1.0, (2, 6, 8))), atol=1e-12)
    assert (found * grid.area).sum() == pytest.approx(people)


@given(seeds, st.sampled_from([1, 2]))
def test_tiles_do_not_show(seed, factor):
    """A crowd over many tiles is the Gaussian of each of its cells laid on the floor, whatever tile that reaches into."""
    random = np.random.default_rng(seed)
    side = 3 * TILE + 5
    mask = random.random((2, side * factor, side * factor)) > 0.2
    grid = density_grid(mask, 0.0, side * 0.5 * factor, 0.5, factor)
    cells = random.choice(np.flatnonzero(grid.area.ravel()), 60, replace=False).astype(np.int32)
    sums = np.column_stack([random.uniform(0.5, 3.0, 60), random.normal(0.0, 1.0, 60)])
    reached, fields = spread_over_floor(grid, cells, sums)
    taps = len(grid.weights) // 2
    levels, rows, columns = grid.area.shape
    laid = np.zeros((2, levels, rows + 2 * taps, columns + 2 * taps))
    for cell, of_cell in zip(cells, sums, strict=True):
        level, r, c = np.unravel_index(cell, grid.area.shape)
        patch = np.outer(grid.weights, grid.weights) / max(grid.reach[level, r, c], 0.1 * grid.cell**2)
        laid[:, level, r : r + 2 * taps + 1, c : c + 2 * taps + 1] += of_cell[:, None, None] * patch
    for j in range(2):
        expected = np.where(grid.area > 0, laid[j, :, taps : taps + rows, taps : taps + columns], 0.0)
        np.testing.assert_allclose(full(grid, reached, fields[:, j]), expected, atol=1e-12)


def test_far_apart_is_no_dearer():
    """Only the tiles in use are looked at: two people at the ends of a city touch as many cells as two in one place."""
    grid = density_grid(np.ones((1, 2000, 2000), bool), 0.0, 2000.0, 1.0, 1)
    cells, _ = spread_over_floor(grid, np.array([5 * 2000 + 5, 1990 * 2000 + 1990], np.int32), np.ones((2, 1)))
    assert len(cells) == 2 * len(grid.weights) ** 2


@settings(max_examples=20)
@given(seeds, st.integers(1, 4), st.integers(1, 8))
def test_motion_is_what_each_person_tells(seed, looks, people):
    """Velocities from place to place, with people who appear and go, against sums person by person."""
    random = np.random.default_rng(seed)
    mask = random.random((1, 9, 11)) > 0.2
    grid = density_grid(mask, 0.0, 9.0, 1.0, 1)
    seconds = 0.5
    floor = np.argwhere(mask[0])

    def place(count):
        chosen = floor[random.integers(0, len(floor), count)]
        return chosen[:, 1] + random.uniform(0.05, 0.95, count), 9.0 - chosen[:, 0] - random.uniform(0.05, 0.95, count)

    gathered = Gathered(grid, people, motion=True)
    last = {}
    first = np.flatnonzero(random.random(people) < 0.5).astype(np.int32)
    x, y = place(len(first))
    gathered.remember(first, x, y)
    last.update({int(p): np.array([x[i], y[i]]) for i, p in enumerate(first)})
    cells, velocities = [], []
    for _ in range(looks):
        here = np.flatnonzero(random.random(people) < 0.8).astype(np.int32)
        x, y = place(len(here))
        gathered.add(here, x, y, np.zeros(len(here), np.int32), seconds)
        cells.append([(int(p), int(9.0 - y[i]), int(x[i])) for i, p in enumerate(here)])
        now = {p: np.array([x[i], y[i]]) for i, p in enumerate(here.tolist())}
        velocities.append([tuple((now[p] - last[p]) / seconds) if p in last else None for p in now])
        last = now  # who was away for a look has no velocity at the next
    reached, sums = gathered.spread()
    found = _fields_of(sums, looks, ("density", "mean_speed", "speed_variance", "crowd_pressure"))
    for k, cell in enumerate(reached.tolist()):
        at = divmod(cell, 11)
        expected = slow.motion(grid.area[0], cells, velocities, 1.0, SMOOTHING_M, at)
        np.testing.assert_allclose([values[k] for values in found.values()], expected, rtol=2e-5, atol=2e-5, err_msg=str(at))
    # laws: speeds are kept as people are, and nothing is left for the next interval
    moves = [np.hypot(*move) for look in velocities for move in look if move is not None]
    area = grid.area.ravel()[reached]
    if not ((grid.reach < 0.1) & (grid.area > 0)).any():
        for column, total in ((MOVING, len(moves)), (SPEED, sum(moves)), (SQUARE, sum(move**2 for move in moves))):
            assert (sums[:, column] * area).sum() == pytest.approx(total, rel=1e-9, abs=1e-9)
    gathered.remember(here, x, y)
    fresh = Gathered(grid, people, motion=True)
    fresh.remember(here, x, y)
    for again in (gathered, fresh):
        again.add(here, x + 0.01, y, np.zeros(len(here), np.int32), seconds)
    for one, other in zip(gathered.spread(), fresh.spread(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(gathered.spread()[0]) == 0


def test_a_crowd_that_moves_as_one_has_no_pressure_and_two_streams_have():
    grid = density_grid(np.ones((1, 20, 20), bool), 0.0, 20.0, 1.0, 1)
    x, y = (values.ravel() for values in np.meshgrid(np.arange(2.25, 18.0, 0.5), np.arange(2.25, 18.0, 0.5)))
    count, middle = len(x), 10 * 20 + 10
    person, level = np.arange(count, dtype=np.int32), np.zeros(count, np.int32)
    for sign, speed, pressure in ((np.ones(count), 1.2, 0.0), (np.where(person % 2, 1.0, -1.0), 1.2, 4.0 * 1.2**2)):
        gathered = Gathered(grid, count, motion=True)
        gathered.remember(person, x - 1.2 * sign, y)
        gathered.add(person, x, y, level, 1.0)
        cells, sums = gathered.spread()
        at = int(np.flatnonzero(cells == middle)[0])
        found = _fields_of(sums, 1, ("density", "mean_speed", "speed_variance", "crowd_pressure"))
        assert found["density"][at] == pytest.approx(4.0, rel=1e-3)
        assert found["mean_speed"][at] == pytest.approx(speed)
        assert found["speed_variance"][at] == pytest.approx(0.0, abs=1e-6)
        assert found["crowd_pressure"][at] == pytest.approx(pressure, rel=2e-2, abs=1e-6)


@given(st.floats(0.011, 12.0), st.sampled_from(sorted(LOS_SCHEMES)))
def test_level_of_service_is_fruins(value, scheme):
    areas = LOS_SCHEMES[scheme]
    if min(abs(1.0 / value - area) for area in areas) < 1e-5:
        return
    assert level_of_service(np.array([value], np.float32), scheme)[0] == slow.level_of_service(value, areas)


def test_the_tables_are_fruins():
    assert WALKWAY_M2 == (3.25, 2.32, 1.39, 0.93, 0.46)
    assert STAIRWAY_M2 == (1.86, 1.39, 0.93, 0.65, 0.37)
    assert QUEUEING_M2 == (1.21, 0.93, 0.65, 0.28, 0.19)
    found = level_of_service(np.array([0.0, OCCUPIED_PER_M2, 0.1, 0.4, 0.5, 1.0, 2.0, 3.0], np.float32))
    assert found.tolist() == [0, 0, 1, 2, 3, 4, 5, 6]
    with pytest.raises(ParameterError, match="no scheme `ramp`"):
        level_of_service(np.zeros(1, np.float32), "ramp")


def test_cells_are_whole_navigation_cells():
    mask = np.ones((1, 5, 7), bool)
    grid = density_grid(mask, 3.0, 9.0, 0.5, 2)
    assert grid.area.shape == (1, 3, 4)
    assert grid.area.sum() == pytest.approx(5 * 7 * 0.25)
    assert (grid.west, grid.north, grid.cell) == (3.0, 9.0, 1.0)
    assert grid.weights.sum() == pytest.approx(1.0)
    with pytest.raises(GridError, match="0 navigation cells"):
        density_grid(mask, 0.0, 0.0, 0.5, 0)
