"""One byte a cell that says what a step there has to look at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.jit import njit
from twin.sim.crowd.state import FLOOR, GOAL, LINE, LINK, PORTAL, SLOW, SMOOTH, WALL, Tiles
from twin.sim.model import Floor, Goals


def make_tiles(
    floor: Floor, node: NDArray[np.int32], goals: Goals, lines: NDArray[np.float64], line_level: NDArray[np.int32], *,
    wall_reach: float, stride: float, entries: NDArray[np.int32] | None = None,
) -> Tiles:  # fmt: skip
    """Flag the cells of a floor.

    Parameters
    ----------
    floor : Floor
    node : (L, H, W) int32
        Numbers of the nodes.
    goals : Goals
    lines : (M, 4) float64
        Lines that are counted at or guarded [m].
    line_level : (M,) int32
    wall_reach : float
        Distance within which walls matter to anybody [m].
    stride : float
        Longest way anybody goes in a step [m].
    entries : (E, 3) int32, optional
        Level, row and column of the cells in which people step onto links.
    """
    near = max(wall_reach, stride) + 0.75 * floor.cell
    kind = _kinds(node, floor.mask, floor.distance, floor.speed, floor.portal, floor.cell, near)
    level, row, column = goals.cells.T if len(goals.cells) else np.empty((3, 0), np.int32)
    kind[level, row, column] |= GOAL
    if entries is not None:
        kind[entries[:, 0], entries[:, 1], entries[:, 2]] |= LINK
    rows, columns = kind.shape[1:]
    for (x0, y0, x1, y1), at in zip(lines, line_level, strict=True):
        if not 0 <= at < len(kind):
            continue
        # a step ends in the cell that is looked at, and the line may cross the step anywhere
        reach = stride + floor.cell
        c0, c1 = ((np.array([min(x0, x1) - reach, max(x0, x1) + reach]) - floor.west) / floor.cell).astype(np.int64)
        r0, r1 = ((floor.north - np.array([max(y0, y1) + reach, min(y0, y1) - reach])) / floor.cell).astype(np.int64)
        r0, r1, c0, c1 = max(r0, 0), min(r1, rows - 1), max(c0, 0), min(c1, columns - 1)
        if r0 > r1 or c0 > c1:
            continue
        x = floor.west + (np.arange(c0, c1 + 1) + 0.5) * floor.cell
        y = floor.north - (np.arange(r0, r1 + 1) + 0.5) * floor.cell
        along = np.array([x1 - x0, y1 - y0])
        length2 = max(float(along @ along), 1e-18)
        t = np.clip(((x[None, :] - x0) * along[0] + (y[:, None] - y0) * along[1]) / length2, 0.0, 1.0)
        apart = np.hypot(x[None, :] - x0 - t * along[0], y[:, None] - y0 - t * along[1])
        kind[at, r0 : r1 + 1, c0 : c1 + 1][apart <= reach] |= LINE
    return Tiles(node, kind)


@njit()
def _kinds(node, mask, distance, speed, portal, cell, near):
    levels, rows, columns = node.shape
    kind = np.zeros(node.shape, np.uint8)
    for level in range(levels):
        for r in range(rows):
            for c in range(columns):
                flags = 0
                if mask[level, r, c]:
                    flags |= FLOOR
                if distance[level, r, c] < near:
                    flags |= WALL
                if portal[level, r, c] >= 0:
                    flags |= PORTAL
                if speed[level, r, c] != 1.0:
                    flags |= SLOW
                if r + 1 < rows and c + 1 < columns:
                    a, b, d, e = node[level, r, c], node[level, r, c + 1], node[level, r + 1, c], node[level, r + 1, c + 1]
                    room = min(
                        min(distance[level, r, c], distance[level, r, c + 1]),
                        min(distance[level, r + 1, c], distance[level, r + 1, c + 1]),
                    )
                    if a >= 0 and d >= 0 and b == a + 1 and e == d + 1 and room >= cell:
                        flags |= SMOOTH
                kind[level, r, c] = flags
    return kind
