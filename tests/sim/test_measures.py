"""Density keeps the number of people; counting and level of service against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference import measures as slow
from twin.errors import GridError
from twin.sim.crowd.measures import (
    LOS_SCHEMES,
    OCCUPIED_PER_M2,
    QUEUEING_M2,
    SMOOTHING_M,
    STAIRWAY_M2,
    WALKWAY_M2,
    count_people,
    density,
    density_grid,
    level_of_service,
)

seeds = st.integers(0, 2**31)


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
def test_everybody_is_counted_once(seed, people):
    random = np.random.default_rng(seed)
    x, y = random.uniform(0.0, 8.0, people), random.uniform(0.0, 6.0, people)
    level = random.integers(0, 2, people).astype(np.int32)
    out = np.zeros((2, 6, 8))
    count_people(x, y, level, 0.0, 6.0, 1.0, out)
    assert out.sum() == people
    np.testing.assert_array_equal(out, slow.count_people(x, y, level, 0.0, 6.0, 1.0, (2, 6, 8)))


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


def test_cells_are_whole_navigation_cells():
    mask = np.ones((1, 5, 7), bool)
    grid = density_grid(mask, 3.0, 9.0, 0.5, 2)
    assert grid.area.shape == (1, 3, 4)
    assert grid.area.sum() == pytest.approx(5 * 7 * 0.25)
    assert (grid.west, grid.north, grid.cell) == (3.0, 9.0, 1.0)
    assert grid.weights.sum() == pytest.approx(1.0)
    with pytest.raises(GridError, match="0 navigation cells"):
        density_grid(mask, 0.0, 0.0, 0.5, 0)
