"""What is seen from a point over a surface of blocks.

`viewshed` walks rays from the point to every cell of a square around it (Franklin and Ray 1994, "Higher isn't necessarily better":
R2), each keeping the steepest slope that a line of sight must have to clear what it passed; a cell takes the one ray that comes
nearest to its middle, so each is written once. `viewshed_exactly` goes to the middle of each cell by a ray of its own and looks at
every block that it enters (Amanatides and Woo 1987).

A line of sight clears a block when it passes above its top all the way: above the near edge when it rises, above the far edge
when it falls. The block that is looked at does not hide itself. Far away the earth falls off by d2 (1 - k) / 2R, with k for the
air that bends light (0.13, the usual value of surveyors).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.jit import njit, prange
from twin.sim.impact.shadow import KNOWN_ABOVE, Surface

EARTH_M, REFRACTION = 6_371_000.0, 0.13


def viewshed(
    of: Surface,
    row: int,
    column: int,
    eye_m: float,
    target_m: float = 0.0,
    *,
    exact: bool = False,
    reach: int | None = None,
) -> NDArray[np.bool_]:
    """Which cells are seen from a point; seen from there, the same: who stands on them sees the point.

    Parameters
    ----------
    of : Surface
        Without its crowns.
    row, column : int
        Cell of the point.
    eye_m : float
        Height of the point in the datum of the surface [m].
    target_m : float
        Height above the surface of what is looked for on each cell [m].
    exact : bool
        By a ray of its own to every cell.
    reach : int, optional
        Half the side of the square in which the fan looks; by default it holds the whole surface. With one, what is found does not
        depend on how much of the city the surface shows beyond it [cells].

    Returns
    -------
    (R, C) bool
        False where nothing is known, and beyond the reach of a fan.
    """
    seen = np.zeros(of.shape, np.bool_)
    eye, target = eye_m / of.cell, target_m / of.cell
    fall = of.cell * (1.0 - REFRACTION) / (2.0 * EARTH_M)
    if exact:
        _to_each(of.rows, row, column, eye, target, fall, seen)
    else:
        rows, columns = of.shape
        reach = max(row, rows - 1 - row, column, columns - 1 - column) if reach is None else reach
        for by_rows in (True, False):
            for way in (-1, 1):
                _fan(of.rows, row, column, by_rows, way, reach, eye, target, fall, seen)
    seen[row, column] = True
    seen &= of.rows > KNOWN_ABOVE
    return seen


@njit(inline="always")
def _needed(rise, near, far, fall):
    """Slope that clears a block between two distances, whose top lies so much above the eye; `fall` is that of the earth."""
    top = rise - fall * near * near
    return top / near if top > 0.0 else (rise - fall * far * far) / far


@njit(parallel=True)
def _fan(z, row, column, by_rows, way, reach, eye, target, fall, seen):
    """Rays to one side of the square; writes the cells that they are the nearest of."""
    rows, columns = z.shape
    for number in prange(2 * reach + 1):
        drift = (np.int64(number) - reach) / reach if reach else 0.0
        sink = fall * (1.0 + drift * drift)
        steepest = -np.inf
        for k in range(1, reach + 1):
            here = drift * k
            side = int(np.floor(here + 0.5))
            i, j = (row + way * k, column + side) if by_rows else (row + side, column + way * k)
            if not (0 <= i < rows and 0 <= j < columns):
                break
            # is this the ray that comes nearest to the middle of that cell?
            if int(np.floor(side * reach / k + 0.5)) == np.int64(number) - reach:
                seen[i, j] = (z[i, j] + target - sink * k * k - eye) / k >= steepest
            first, last = int(np.floor(here - 0.5 * drift + 0.5)), int(np.floor(here + 0.5 * drift + 0.5))
            if first == last:
                steepest = max(steepest, _needed(z[i, j] - eye, k - 0.5, k + 0.5, sink))
            else:
                border = (max(first, last) - 0.5) / drift
                for one in range(2):
                    beside = first if one == 0 else last
                    a, b = (row + way * k, column + beside) if by_rows else (row + beside, column + way * k)
                    if 0 <= a < rows and 0 <= b < columns:
                        near, far = (k - 0.5, border) if one == 0 else (border, k + 0.5)
                        steepest = max(steepest, _needed(z[a, b] - eye, near, far, sink))


@njit(parallel=True)
def _to_each(z, row, column, eye, target, fall, seen):
    rows, columns = z.shape
    for i in prange(rows):
        for j in range(columns):
            seen[i, j] = blocked_at(z, row, column, np.int64(i), np.int64(j), eye, z[i, j] + target, fall) < 0.0


@njit()
def blocked_at(z, row, column, i, j, eye, height, fall):
    """How far along a line of sight something stands in the way first [cells]; -1 where nothing does.

    Parameters
    ----------
    z : (R, C) float32
        [cells]
    row, column, i, j : int
        Cells of the eye and of what is looked at, whose heights are `eye` and `height` [cells].
    fall : float
        Fall of the earth over a cell [cells].
    """
    down, right = float(i - row), float(j - column)
    length = np.sqrt(down * down + right * right)
    if length < 1.5:
        return -1.0
    slope = (height - fall * length * length - eye) / length
    each_r = length / abs(down) if down != 0.0 else np.inf
    each_c = length / abs(right) if right != 0.0 else np.inf
    step_r, step_c = (1 if down > 0 else -1), (1 if right > 0 else -1)
    next_r, next_c = 0.5 * each_r, 0.5 * each_c
    r, c = row, column
    while True:
        near = min(next_r, next_c)
        both = abs(next_r - next_c) < 1e-9
        if both or next_r < next_c:
            r += step_r
            next_r += each_r
        if both or next_c <= near:
            c += step_c
            next_c += each_c
        if (r == i and c == j) or near >= length:
            return -1.0
        far = min(next_r, next_c)
        if _needed(z[r, c] - eye, near, far, fall) > slope:
            return near
