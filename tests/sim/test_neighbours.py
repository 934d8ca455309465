"""Who is listed near whom, by the sorting and by a look at every pair."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tests.sim.scenes import crowd_of, ground_of, people_of
from twin.sim.crowd.models.collision_free_speed import CollisionFreeSpeed
from twin.sim.crowd.state import BLOCK
from twin.sim.crowd.store import SKIN_M
from twin.sim.lanes import LANES

SQUARE = shapely.box(0, 0, 24, 24)
EXIT = shapely.box(23, 0, 24, 24)


def lists_of(crowd, mode):
    """Rows near each, as the engine lists them."""
    store = crowd.store
    store.sort(mode)
    store.list_neighbours(mode)
    a = store.arrays
    return [store.neighbour[f : f + k].tolist() for f, k in zip(a["first"][: store.n], a["number"][: store.n], strict=True)]


def near_by(crowd, skin=SKIN_M):
    """Rows near each, from all pairs."""
    a, n = crowd.store.arrays, crowd.store.n
    x, y, reach = a["x"][:n], a["y"][:n], crowd.store.reach[a["person"][:n]] + skin
    d = np.hypot(x[:, None] - x[None, :], y[:, None] - y[None, :])
    np.fill_diagonal(d, np.inf)
    return [np.flatnonzero(d[i] <= reach[i]).tolist() for i in range(n)]


@pytest.fixture(scope="module")
def crowd():
    ticks = np.arange(1.0, 22.0)
    points = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    return crowd_of(ground_of(SQUARE, 0.5), [EXIT], people_of(points), model=CollisionFreeSpeed())


@given(st.integers(0, 2**31), st.integers(1, 441), st.sampled_from([0.2, 1.0, 3.0, 12.0]), st.integers(0, 1))
def test_everybody_in_reach_is_listed_once(crowd, seed, count, spread, mode):
    """Also where hundreds stand on one spot, more than any list had room for."""
    random = np.random.default_rng(seed)
    a = crowd.store.arrays
    middle = random.uniform(6.0, 18.0, 2)
    for name, centre in zip("xy", middle, strict=True):
        a[name][:count] = np.clip(centre + random.normal(0.0, spread, count), 0.1, 22.9)
    a["person"][:count], a["body"][:count] = np.arange(count), a["radius"][:count]
    crowd.store.set_count(count)
    found = lists_of(crowd, mode)
    first, number, room = (a["first"], a["number"], crowd.store.room)
    for block in range(0, count, BLOCK):  # models load a few numbers behind the lists of a block, too
        end = first[min(block + BLOCK, count) - 1] + number[min(block + BLOCK, count) - 1]
        assert end + LANES <= (block // BLOCK + 1) * room
        assert (crowd.store.neighbour[first[block] : end + LANES] < crowd.store.capacity).all()
    for mine, expected, more in zip(found, near_by(crowd), near_by(crowd, SKIN_M + 1e-4), strict=True):
        assert len(set(mine)) == len(mine)
        assert set(expected) <= set(mine) <= set(more)


@pytest.mark.parametrize("mode", [0, 1])
def test_nobody_is_listed_across_a_wall(mode):
    area = SQUARE.difference(shapely.box(11.9, 0.0, 12.1, 20.0))
    points = [(11.5, 5.0), (12.5, 5.0), (11.5, 6.0), (12.5, 23.0), (11.5, 23.0)]
    crowd = crowd_of(ground_of(area, 0.1), [EXIT], people_of(points), model=CollisionFreeSpeed())
    lists = lists_of(crowd, mode)
    person = crowd.store.arrays["person"]
    found = {int(person[i]): {int(person[j]) for j in row} for i, row in enumerate(lists)}
    assert found == {0: {2}, 1: set(), 2: {0}, 3: {4}, 4: {3}}
