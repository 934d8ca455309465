"""What people stand on: the node of the floor under each, and its height."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.jit import njit
from twin.sim.crowd.surroundings import near_nodes
from twin.sim.crowd.wayfinding import Routes
from twin.sim.model import Floor


def nodes_of(
    floor: Floor, routes: Routes, x: NDArray[np.float64], y: NDArray[np.float64], level: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Node of the floor at each point, (N,) int32; -1 for points off the floor.

    A point at the edge of the floor, whose cell has its centre off it, gets the nearest node that no wall hides.
    """
    out: NDArray[np.int32] = _nodes(floor, routes.node, x, y, level)
    return out


@njit()
def _nodes(floor, node, x, y, level):
    out = np.empty(x.shape[0], np.int32)
    _levels, rows, columns = floor.mask.shape
    for i in range(x.shape[0]):
        inside = (
            floor.west <= x[i] < floor.west + columns * floor.cell
            and floor.north - rows * floor.cell < y[i] <= floor.north
            and 0 <= level[i] < floor.mask.shape[0]
        )
        out[i] = near_nodes(floor, node, level[i], x[i], y[i])[0] if inside else -1
    return out


@njit()
def heights_of(floor, x, y, level):
    """Height of the floor under points, (N,) float64 [m]: bilinear over the cells of the level."""
    out = np.empty(x.shape[0])
    _levels, rows, columns = floor.mask.shape
    for i in range(x.shape[0]):
        fx = (x[i] - floor.west) / floor.cell - 0.5
        fy = (floor.north - y[i]) / floor.cell - 0.5
        c0, r0 = int(np.floor(fx)), int(np.floor(fy))
        fx -= c0
        fy -= r0
        total = weights = 0.0
        for a in range(2):
            for b in range(2):
                r, c = min(max(r0 + a, 0), rows - 1), min(max(c0 + b, 0), columns - 1)
                if floor.mask[level[i], r, c]:
                    w = (fy if a else 1.0 - fy) * (fx if b else 1.0 - fx)
                    total += w * floor.height[level[i], r, c]
                    weights += w
        if weights > 1e-6:
            out[i] = total / weights
        else:
            out[i] = floor.height[level[i], min(max(r0, 0), rows - 1), min(max(c0, 0), columns - 1)]
    return out
