"""Trees from above, from the street and from homes: canopy cover, the green in view, and how many trees are seen.

The green view index is the share of a view that is vegetation (Yang, Zhao, McBride and Gong 2009, "Can you see green?",
doi:10.1016/j.landurbplan.2008.12.004, by photographs). Here the view is a panorama: all directions round, a band of angles above
and below the horizon, each part of it counting by its angles. `green_view` walks rays from each cell outward through every cell
that they enter (Amanatides and Woo 1987). A ray keeps the steepest slope up to which solid things hide what lies behind, and the
slopes at which leaves were seen before that, as intervals that do not touch: leaves behind leaves count once, leaves behind a wall
do not, and leaves before a wall do. So what is lost is only what lies between two rays.

Blocks are as in `twin.sim.impact.shadow`: a cell is as high as its value all over, and a crown fills its cell between base and top.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from twin.jit import njit, prange
from twin.sim.impact.shadow import Surface
from twin.sim.impact.sight import blocked_at

EYE_M = 1.6
"""Height of the eyes of a person who stands [m]."""

FIELD_DEG = 60.0
"""How much of the panorama is looked at, from below the horizon to as much above it [deg]."""

_TOUCH = 1e-9


def share_within(what: NDArray[np.bool_], known: NDArray[np.bool_], radius: float) -> NDArray[np.float32]:
    """Share of the cells round each cell that have something; exact, whole numbers are counted.

    Parameters
    ----------
    what : (R, C) bool
        Cells that have it.
    known : (R, C) bool
        Cells that count at all: at an edge only what lies within it does.
    radius : float
        Cells whose middle is as near as this are round a cell [cells].

    Returns
    -------
    (R, C) float32
        0 to 1; NaN where nothing round a cell counts.
    """
    reach = math.floor(radius + _TOUCH)
    widths = np.array([math.floor(math.sqrt(max(radius * radius - d * d, 0.0)) + _TOUCH) for d in range(reach + 1)], np.int64)
    counts = []
    for mask in (what & known, known):
        sums = np.zeros((mask.shape[0], mask.shape[1] + 1), np.int32)
        np.cumsum(mask, axis=1, dtype=np.int32, out=sums[:, 1:])
        counted = np.zeros(mask.shape, np.int32)
        _count_round(sums, widths, counted)
        counts.append(counted)
    some, all_ = counts
    share = np.full(some.shape, np.nan, np.float32)
    np.divide(some, all_, out=share, where=all_ > 0, casting="same_kind")
    return share


@njit(parallel=True)
def _count_round(sums, widths, out):
    """Count in the rows of a disc: `sums` (R, C + 1) are those of each row from its start; writes `out` (R, C)."""
    rows, columns = out.shape
    reach = len(widths) - 1
    for row in prange(rows):
        r = np.int64(row)
        for d in range(-reach, reach + 1):
            i = r + d
            if not 0 <= i < rows:
                continue
            wide = widths[abs(d)]
            for c in range(columns):
                out[r, c] += sums[i, min(c + wide + 1, columns)] - sums[i, max(c - wide, 0)]


def green_view(
    of: Surface,
    where: NDArray[np.bool_],
    directions: int = 32,
    *,
    eye_m: float = EYE_M,
    reach_m: float = 100.0,
    field_deg: float = FIELD_DEG,
) -> NDArray[np.float32]:
    """Green view index of each cell: the share of a panorama that leaves fill.

    Parameters
    ----------
    of : Surface
        With its crowns.
    where : (R, C) bool
        Cells from which it is looked.
    directions : int
        In which is looked, evenly round.
    eye_m : float
        Height of the eyes above the surface [m].
    reach_m : float
        What lies further off is not looked at [m].
    field_deg : float
        Height of the panorama, half of it below the horizon [deg].

    Returns
    -------
    (R, C) float32
        0 to 1; NaN where it is not looked from.
    """
    out = np.full(of.shape, np.nan, np.float32)
    look = where & (of.rows > -1e30)
    if not of.crown_rows.shape[1]:
        out[look] = 0.0
        return out
    azimuth = 2.0 * np.pi * (np.arange(directions) + 0.5) / directions
    reach, half = reach_m / of.cell, math.radians(0.5 * field_deg)
    base, top = of.crown_rows
    leaves = top > base
    near = share_within(leaves, np.ones(of.shape, np.bool_), math.hypot(reach + 2.0, 1.0)) > 0.0
    out[look & ~near] = 0.0
    room = 2 * math.ceil(reach) + 16
    highest = float(top[leaves].max())
    east, south, eye = np.sin(azimuth), -np.cos(azimuth), eye_m / of.cell
    _look_round(of.rows, base, top, look & near, east, south, eye, reach, math.tan(half), highest, room, out)
    return out


@njit(parallel=True)
def _look_round(z, base, top, where, east, south, eye, reach, last, highest, room, out):
    """Write the index of each cell of `where`; slopes from ``-last`` to `last` are looked at."""
    rows, columns = z.shape
    whole = len(east) * 2.0 * np.arctan(last)
    for row in prange(rows):
        r = np.int64(row)
        starts, ends = np.empty(room), np.empty(room)
        for c in range(columns):
            if where[r, c]:
                seen = 0.0
                for k in range(len(east)):
                    seen += _green_angle(z, base, top, r, c, east[k], south[k], eye, reach, last, highest, starts, ends)
                out[r, c] = min(seen / whole, 1.0)


@njit()
def _green_angle(z, base, top, r, c, east, south, eye, reach, last, highest, starts, ends):
    """Angle that leaves fill in one direction [rad]; `starts` and `ends` are room for the slopes between which they are seen."""
    rows, columns = z.shape
    each_r = 1.0 / abs(south) if abs(south) > 1e-12 else np.inf
    each_c = 1.0 / abs(east) if abs(east) > 1e-12 else np.inf
    step_r, step_c = (1 if south > 0 else -1), (1 if east > 0 else -1)
    next_r, next_c, entered = 0.5 * each_r, 0.5 * each_c, 0.0
    i, j, height = r, c, z[r, c] + eye
    hidden, count = -last, 0
    while True:
        leaving = min(next_r, next_c)
        near = max(entered, 1e-9)
        rise = z[i, j] - height
        if top[i, j] > base[i, j]:
            low, high = base[i, j] - height, top[i, j] - height
            # what stands in the same cell hides leaves only by the edge at which the ray comes in
            start = max(low / leaving if low > 0.0 else low / near, hidden, rise / near if entered > 0.0 else -last)
            end = min(high / near if high > 0.0 else high / leaving, last)
            if end > start:
                count = _joined(starts, ends, count, start, end)
        hidden = max(hidden, rise / near if rise > 0.0 else rise / leaving)
        # nothing further off can show above this, and be it the highest crown of all
        if hidden >= last or hidden * leaving > (highest - height) * (1.0 + 1e-9) > 0.0:
            break
        if count == 1 and starts[0] <= hidden and ends[0] >= last:
            break
        both = abs(next_r - next_c) < _TOUCH
        if both or next_r < next_c:
            i += step_r
            next_r += each_r
        if both or next_c <= leaving:
            j += step_c
            next_c += each_c
        entered = leaving
        if entered > reach or not (0 <= i < rows and 0 <= j < columns):
            break
    angle = 0.0
    for k in range(count):
        angle += np.arctan(ends[k]) - np.arctan(starts[k])
    return angle


@njit()
def _joined(starts, ends, count, start, end):
    """Put an interval among those that are there, rising and apart; how many there are then."""
    first = 0
    while first < count and ends[first] < start:
        first += 1
    after = first
    while after < count and starts[after] <= end:
        start, end = min(start, starts[after]), max(end, ends[after])
        after += 1
    gone = after - first
    if gone == 0:
        for k in range(count, first, -1):
            starts[k], ends[k] = starts[k - 1], ends[k - 1]
    elif gone > 1:
        for k in range(after, count):
            starts[k - gone + 1], ends[k - gone + 1] = starts[k], ends[k]
    starts[first], ends[first] = start, end
    return count + 1 - gone


def trees_seen(
    of: Surface,
    first: NDArray[np.int64],
    row: NDArray[np.int64],
    column: NDArray[np.int64],
    trees: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]],
    *,
    eye_m: float = EYE_M,
    reach_m: float = 100.0,
) -> NDArray[np.int32]:
    """How many trees are seen from each of some things, such as homes, from any of its viewpoints.

    Parameters
    ----------
    of : Surface
        Crowns hide nothing.
    first : (H + 1,) int64
        Where the viewpoints of each begin.
    row, column : (V,) int64
        Cells of the viewpoints.
    trees : (row, column, height)
        Cells, (T,) int64, and the heights in the datum of the surface that are looked for, (T,) float64 [m].
    eye_m : float
        Height of the eyes above the surface at a viewpoint [m].
    reach_m : float
        Trees further off do not count [m].

    Returns
    -------
    (H,) int32
    """
    seen = np.zeros(len(first) - 1, np.int32)
    if len(row) and len(trees[0]):
        reach, eye = reach_m / of.cell, eye_m / of.cell
        _count_seen(of.rows, first, row, column, trees[0], trees[1], trees[2] / of.cell, eye, reach, seen)
    return seen


@njit(parallel=True)
def _count_seen(z, first, row, column, tree_row, tree_column, tree_height, eye, reach, seen):
    for number in prange(len(seen)):
        h = np.int64(number)
        points = slice(first[h], first[h + 1])
        if first[h + 1] <= first[h]:
            continue
        top, bottom = row[points].min() - reach, row[points].max() + reach
        left, right = column[points].min() - reach, column[points].max() + reach
        for t in range(len(tree_row)):
            i, j = tree_row[t], tree_column[t]
            if not (top <= i <= bottom and left <= j <= right):
                continue
            for v in range(first[h], first[h + 1]):
                if (row[v] - i) ** 2 + (column[v] - j) ** 2 > reach * reach:
                    continue
                if blocked_at(z, row[v], column[v], i, j, z[row[v], column[v]] + eye, tree_height[t], 0.0) < 0.0:
                    seen[h] += 1
                    break
