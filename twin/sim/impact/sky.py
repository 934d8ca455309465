"""How much of the sky a surface sees.

The sky view factor is that of a horizontal plane under a uniform sky: the mean over directions of the squared cosine of the horizon
(Johnson and Watson 1984, doi:10.1175/1520-0450(1984)023<0329:TDOVFI>2.0.CO;2). It is had in two ways.

`sky_view` asks of each direction whether the sky is seen at some levels, by the sweep of `twin.sim.impact.shadow` with one line to
a cell. Levels are as far apart as parts of the sky that count the same, and lie elsewhere in every direction, so what is lost
between two levels in one of them is not in the next. This takes a few operations a level on whole rows, and never a branch.

`sky_view_of_horizons` finds the horizon itself, from the tangent to what lies along a line: of all cells passed only those on
their upper convex hull can ever be touched again, so they stand on a stack (Timonen and Westerholm 2010, "Scalable height field
self-shadowing", doi:10.1111/j.1467-8659.2010.01642.x). It knows no levels, and takes about three times as long.

In both a block hides the sky by the edge at which a line leaves its row, and lines lie by the numbers of a larger grid
(`Surface.corner`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
from numpy.typing import NDArray

from twin.jit import njit, prange
from twin.sim.impact.shadow import Surface, crossing

LOWEST_DEG = 2.0
"""What stands lower than this above the horizon hides nothing [deg]; below it lies 0.0012 of the sky."""

LEVELS = 24
"""At which `sky_view` looks, of each direction."""

REACH_M = 500.0
"""How far `sky_view_of_horizons` looks for what hides the sky [m]. What stands further off counts where it happens to be seen, up
to three times as far: a tower of 100 m that is 30 m wide hides 0.0004 of the sky from there."""

Way = Callable[[Surface, int], NDArray[np.float32]]
"""Either of the two."""

_BLOCK = 32
_GOLDEN = 0.6180339887498949
_NOTHING = np.float32(-3e38)


def sky_view(
    of: Surface, directions: int = 64, *, levels: int = LEVELS, within: Sequence[tuple[slice, slice]] | None = None
) -> NDArray[np.float32]:
    """Sky view factor of each cell of a surface, without trees, by levels.

    Parameters
    ----------
    of : Surface
        Beyond it the horizon is free.
    directions : int
        In which is looked, evenly round.
    levels : int
        At which it is asked whether the sky is seen, in each.
    within : sequence of (slice, slice), optional
        Rows and columns that are worked on in each direction, where only cells in all of them are wanted, and what stands beyond
        them hides nothing from those (see `lowest_of`). What comes out of other cells means nothing.

    Returns
    -------
    (R, C) float32
        From 0 (no sky) to 1 (nothing but sky).
    """
    ways = [(*_level_way(k, directions, levels), None if within is None else within[k]) for k in range(directions)]
    workers = max(1, numba.get_num_threads())
    with ThreadPoolExecutor(workers) as pool:
        # numbers of levels are added, which are whole: the same in whatever order it is done
        sums = list(pool.map(lambda part: _sum_levels(of, part), (ways[k::workers] for k in range(workers))))
    total = sums[0]
    for one in sums[1:]:
        total += one
    total /= np.float32(directions * levels)
    return total


def lowest_of(directions: int, levels: int = LEVELS) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Azimuth of each direction in which `sky_view` looks, and altitude of the lowest of its levels there, (D,) each [deg]."""
    slopes = np.array([_slopes(k, directions, levels)[0] for k in range(directions)])
    return 360.0 * (np.arange(directions) + 0.5) / directions, np.degrees(np.arctan(slopes))


def _level_way(number: int, directions: int, levels: int) -> tuple[bool, bool, float, NDArray[np.float32]]:
    """By rows or not, back or not, drift, and how far a shadow falls from one row to the next at each level, of one direction."""
    azimuth = 2.0 * math.pi * (number + 0.5) / directions
    east, south = math.sin(azimuth), -math.cos(azimuth)
    by_rows = abs(south) >= abs(east)
    main, side_way = (abs(south), east) if by_rows else (abs(east), south)
    slope = _slopes(number, directions, levels)
    return by_rows, (south if by_rows else east) > 0, -side_way / main, (slope / main).astype(np.float32)


def _slopes(number: int, directions: int, levels: int) -> NDArray[np.float64]:
    """Slopes of the levels of a direction, rising, (L,)."""
    # the four directions that see the same of a street share out what lies between two levels
    quarter = max(1, directions // 4)
    side, within = divmod(number, quarter)
    within = within if side % 2 == 0 else quarter - 1 - within
    shift = (side / 4.0 + (within * _GOLDEN) % 1.0 / 4.0) % 1.0
    share = (np.arange(levels) + shift) / levels
    return np.asarray(np.maximum(np.sqrt(share / (1.0 - share)), math.tan(math.radians(LOWEST_DEG))))


def _sum_levels(
    of: Surface, ways: list[tuple[bool, bool, float, NDArray[np.float32], tuple[slice, slice] | None]]
) -> NDArray[np.float32]:
    """Number of levels at which each cell sees the sky in some directions, (R, C) float32."""
    by_rows, by_columns = np.zeros(of.rows.shape, np.float32), np.zeros(of.columns.shape, np.float32)
    for rows, back, drift, drops, part in ways:
        z, total, corner = (of.rows, by_rows, of.corner[0]) if rows else (of.columns, by_columns, of.corner[1])
        ends = [(0, count) for count in z.shape]
        if part is not None:
            ends = [(one.start, one.stop) for one in (part if rows else part[::-1])]
        (top, bottom), (left, right) = ends
        begin = -(corner + bottom - 1) if back else corner + top
        _count_levels(z, (top, bottom, left, right), drift, back, begin, drops, total)
    by_rows += by_columns.T
    return by_rows


@njit()
def _count_levels(z, part, drift, back, begin, drops, total):
    """Add the number of levels at which each cell of a part of `z` (R, C) sees the sky in one direction.

    Parameters
    ----------
    z, total : (R, C) float32
    part : (int, int, int, int)
        Rows from and until, columns from and until.
    """
    top, bottom, left, right = part
    rows, columns = bottom - top, right - left
    one, last = int(np.floor(begin * drift + 0.5)), int(np.floor((begin + rows - 1) * drift + 0.5))
    most = max(one, last)
    carried = np.full((len(drops), columns + most - min(one, last)), _NOTHING, np.float32)
    row = np.full(columns + 2, _NOTHING, np.float32)
    seen = np.empty(columns, np.float32)
    for k in range(rows):
        r = bottom - 1 - k if back else top + k
        x = 0.5 + (begin + k) * drift
        here = int(np.floor(x))
        end, come, share = crossing(x - here, drift)
        heights = z[r, left:right]
        row[1 : columns + 1] = heights
        late, early = row[1 + end : 1 + end + columns], row[1 + come : 1 + come + columns]
        seen[:] = 0
        for m in range(len(drops)):
            # a line keeps its place in `carried`, and comes to lie over another column
            lines = carried[m, most - here : most - here + columns]
            if end == 0 and come == 0:
                _pass_level(lines, heights, drops[m], seen)
            else:
                _pass_border(lines, heights, late, early, drops[m], np.float32(share) * drops[m], seen)
        _add(seen, total[r, left:right])


@njit(inline="always")
def _pass_level(carried, z, drop, seen):
    half = np.float32(0.5) * drop
    for j in range(len(z)):
        seen[j] += np.float32(0.0) if carried[j] - half > z[j] else np.float32(1.0)
        fallen = carried[j] - drop
        carried[j] = fallen if fallen > z[j] else z[j]


@njit(inline="always")
def _pass_border(carried, z, late, early, drop, fall, seen):
    half = np.float32(0.5) * drop
    for j in range(len(z)):
        seen[j] += np.float32(0.0) if carried[j] - half > z[j] else np.float32(1.0)
        fallen, top, other = carried[j] - drop, late[j], early[j] - fall
        higher = fallen if fallen > top else top
        carried[j] = higher if higher > other else other


@njit(inline="always")
def _add(seen, total):
    for j in range(len(seen)):
        total[j] += seen[j]


def sky_view_of_horizons(of: Surface, directions: int = 64, *, reach_m: float = REACH_M) -> NDArray[np.float32]:
    """Sky view factor of each cell of a surface, without trees, from its horizons.

    Parameters
    ----------
    of : Surface
        Beyond it the horizon is free.
    directions : int
        In which a horizon is looked for, evenly round.
    reach_m : float
        How far at least [m].

    Returns
    -------
    (R, C) float32
        From 0 (no sky) to 1 (nothing but sky).
    """
    by_columns = np.zeros(of.columns.shape, np.float32)
    by_rows = np.zeros(of.rows.shape, np.float32)
    reach = max(1, math.ceil(reach_m / of.cell))
    for k in range(directions):
        azimuth = 2.0 * math.pi * (k + 0.5) / directions
        east, south = math.sin(azimuth), -math.cos(azimuth)
        # lines run along what lies side by side in memory
        if abs(south) >= abs(east):
            _open_sky(of.columns, -east / abs(south), south > 0, of.corner[0], reach, by_columns)
        else:
            _open_sky(of.rows, -south / abs(east), east > 0, of.corner[1], reach, by_rows)
    return (by_rows + by_columns.T) / np.float32(directions)


@njit(parallel=True)
def _open_sky(z, drift, back, corner, reach, total):
    """Add the squared cosine of the horizon of each cell in one direction.

    Parameters
    ----------
    z, total : (L, N) float32
        Lines run along the second axis, from its end when `back`, and drift over the first by `drift` a step. Each cell lies on
        exactly one of them.
    corner : int
        Number of the first step in a larger grid.
    reach : int
        [cells]
    """
    lines, steps = z.shape
    begin = -(corner + steps - 1) if back else corner
    across, at, beside, borders = _course(steps, drift, back, begin)
    first, last = -max(across[0], across[-1]), lines - min(across[0], across[-1])
    flat, sums = z.ravel(), total.ravel()
    square = np.float32(1.0 + drift * drift)
    for block in prange((last - first + _BLOCK - 1) // _BLOCK):
        stack_at, stack = np.empty(2 * steps + 2, np.float32), np.empty(2 * steps + 2, np.float32)
        start = first + np.int64(block) * _BLOCK
        for line in range(start, min(start + _BLOCK, last)):
            # the steps at which this line is on the grid
            here, end = 0, steps
            while here < end and not 0 <= line + across[here] < lines:
                here += 1
            while end > here and not 0 <= line + across[end - 1] < lines:
                end -= 1
            # in stretches that begin at whole multiples: each looks back at least by the reach
            enter = here
            while here < end:
                zero = here - (begin + here) % (2 * reach)
                stop = min(end, zero + 2 * reach)
                span = max(enter, here - reach), here, stop
                _along(flat, line * steps, at, beside, borders, span, zero, square, stack_at, stack, sums)
                here = stop


@njit()
def _course(steps, drift, back, begin):
    """What all lines of a direction share.

    Returns
    -------
    (N,) int64
        How far they have drifted aside at each step.
    (N,) int64
        Where the cell of each step lies in memory, for line 0.
    (N,) int64
        How far off in memory the other cell lies that they touch within the step: 0 where there is none, odd where they are in it
        first. (It is a multiple of the length of a line, and that is doubled to have room for this.)
    (N,) float32
        How far from the middle of the step they go from the one into the other.
    """
    across, at = np.empty(steps, np.int64), np.empty(steps, np.int64)
    beside, borders = np.zeros(steps, np.int64), np.zeros(steps, np.float32)
    for k in range(steps):
        x = 0.5 + (begin + k) * drift
        across[k] = int(np.floor(x))
        at[k] = across[k] * steps + (steps - 1 - k if back else k)
        end, come, part = crossing(x - across[k], drift)
        beside[k] = 2 * end * steps if end != 0 else 2 * come * steps + (1 if come != 0 else 0)
        borders[k] = 0.5 - part
    return across, at, beside, borders


@njit()
def _along(z, base, place, beside, borders, span, zero, square, at, height, total):
    """One stretch of a line: `span` is where it begins, counts from, and ends. `at` and `height` are the stack.

    Steps are counted from `zero`, which is a place of the larger grid, so that they are rounded alike in each part of it.
    """
    begin, count, end = span
    depth = 0
    for k in range(begin, end):
        x = np.float32(k - zero)
        i = base + place[k]
        here = z[i]
        # who lies below the line from the one before to here is not seen from here, nor from further on
        while depth >= 2:
            a, b = depth - 2, depth - 1
            if (height[b] - here) * (x - at[a]) > (height[a] - here) * (x - at[b]):
                break
            depth -= 1
        share = np.float32(1.0)
        if depth and height[depth - 1] > here:
            up, away = height[depth - 1] - here, x - at[depth - 1]
            away = away * away * square
            share = away / (away + up * up)
        else:
            depth = 0
        if k >= count:
            total[i] += share
        if beside[k] != 0:
            other = here
            o = i + (beside[k] >> 1)
            first = (beside[k] & 1) != 0
            if 0 <= o < len(z):
                other = z[o]
            # the block that is left first hides the sky by the border, and the other one by the end of the step
            before, after = (other, here) if first else (here, other)
            if before > after:
                depth = _push(at, height, depth, x + borders[k], before)
            here = after
        depth = _push(at, height, depth, x + np.float32(0.5), here)


@njit(inline="always")
def _push(at, height, depth, x, z):
    """Put a point on the hull; what lies below the line to it from the one before goes."""
    while depth >= 2:
        a, b = depth - 2, depth - 1
        if (height[b] - z) * (x - at[a]) > (height[a] - z) * (x - at[b]):
            break
        depth -= 1
    at[depth], height[depth] = x, z
    return depth + 1
