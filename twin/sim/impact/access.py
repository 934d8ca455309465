"""How long it takes to walk from everywhere to the nearest of some places, and what lies before buildings.

Times are those of the ways that the crowd takes (`twin.sim.crowd.wayfinding`): one eikonal field over all levels, without the
crowd's dislike of walls.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from twin.sim.crowd.wayfinding import build_graph, solve
from twin.sim.model import Floor, Goals

BESIDE_M = 1.0
"""How much further than the nearest cell another may be from a building and still lie before it [m]."""


class Fronts(NamedTuple):
    """Cells of floor that lie before buildings.

    Attributes
    ----------
    owner : (K,) int32
        Number of the building; rises.
    cells : (K, 3) int32
        Level, row and column.
    """

    owner: NDArray[np.int32]
    cells: NDArray[np.int32]


def walking_times(
    floor: Floor, goal: NDArray[np.int32], speed_m_s: float, *, shut: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    """Time to the nearest cell of a goal.

    Parameters
    ----------
    floor : Floor
    goal : (K, 3) int32
        Level, row and column of its cells.
    speed_m_s : float
        On the flat; `Floor.speed` is relative to it [m/s].
    shut : (L, H, W) bool, optional
        Cells that are not walked on, as stairs by who takes none.

    Returns
    -------
    (L, H, W) float32
        NaN off the floor and where it is shut, inf where the goal cannot be reached [s].
    """
    graph = build_graph(floor, wall_aversion=0.0)
    speed = graph.speed
    if shut is not None:
        speed = np.where(shut.reshape(-1)[graph.first], np.float32(0.0), speed)
        goal = goal[~shut[tuple(goal.T)]]
    seconds = solve(graph, Goals(np.array([0, len(goal)], np.int64), goal), speed=speed).time[0] / np.float32(speed_m_s)
    out = np.full(floor.mask.shape, np.nan, np.float32)
    there = graph.node >= 0
    out[there] = seconds[graph.node[there]]
    if shut is not None:
        out[shut] = np.nan
    return out


def fronts(building: NDArray[np.int32], floor: NDArray[np.bool_], cell: float, reach_m: float) -> Fronts:
    """The floor before each building: nearer to it than to any other, and there not further off than its nearest cell and a metre.

    Parameters
    ----------
    building : (H, W) int32
        Number of the building on each cell; -1 for none.
    floor : (L, H, W) bool
    cell : float
        [m]
    reach_m : float
        Floor further from a building than this does not lie before it [m].
    """
    if not (building >= 0).any():
        return Fronts(np.empty(0, np.int32), np.empty((0, 3), np.int32))
    away, (rows, columns) = distance_transform_edt(building < 0, return_indices=True)
    metres = (away - 0.5) * cell
    cells = np.argwhere(floor & (metres <= reach_m)).astype(np.int32)
    far = metres[cells[:, 1], cells[:, 2]]
    nearest = rows[cells[:, 1], cells[:, 2]], columns[cells[:, 1], cells[:, 2]]
    owner = building[nearest].astype(np.int32)
    least = np.full(int(building.max()) + 1, np.inf)
    np.minimum.at(least, owner, far)
    near = far <= least[owner] + BESIDE_M
    owner, cells = owner[near], cells[near]
    order = np.argsort(owner, kind="stable")
    return Fronts(owner[order], cells[order])


def least_before(of: Fronts, values: NDArray[np.float32], count: int) -> NDArray[np.float64]:
    """Least value on the cells before each building.

    Parameters
    ----------
    of : Fronts
    values : (L, H, W) float32
        NaN counts as inf.
    count : int
        Number of buildings.

    Returns
    -------
    (count,) float64
        NaN for a building with no floor before it.
    """
    found = values[tuple(of.cells.T)].astype(np.float64)
    found[np.isnan(found)] = np.inf
    out = np.full(count, np.nan)
    first = np.flatnonzero(np.r_[True, of.owner[1:] != of.owner[:-1]]) if len(of.owner) else np.empty(0, np.int64)
    if len(first):
        out[of.owner[first]] = np.minimum.reduceat(found, first)
    return out
