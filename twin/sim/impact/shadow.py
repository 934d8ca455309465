"""Shadow of a surface on itself, for one place of the sun: a sweep of parallel lines that costs one look at each cell.

Heights are blocks: each cell is as high as its value all over, and what is asked is whether the middle of its top sees the sun. The
sweep goes away from the sun, row by row (or column by column, whichever the light crosses faster), along lines that keep
their place within a cell exactly. What a line carries is the height up to which it is in shadow; a cell casts shadow by the edge
at which a line leaves it, and where a line crosses from one column into the next within a row both cells count. There are
several lines to a cell (`phases`), and a cell takes the one that passes nearest to its middle: that is the only thing which makes
it other than an exact traversal (`twin.sim.impact.traverse`), and only cells on the edge of a shadow feel it.

Crowns of trees hang above the surface, between a base and a top: light passes below them. A line carries the heights that lie in
the shadow of crowns as 256 bits, since they are many intervals, with the same arithmetic.

The idea of carrying one height along sheared rows is that of the shadow volumes of Ratti and Richens (1999) without their
repeated shifts of the whole image; UMEP and SOLWEIG (Lindberg and Grimmond 2011, doi:10.1007/s00704-010-0382-8) have the two
heights of a crown.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from twin.jit import njit

LOWEST_DEG = 0.1
"""A sun lower than this is taken as set [deg]: every ray would run along the ground."""

_NOTHING = np.float32(-3e38)
KNOWN_ABOVE = -1e30
"""Where a surface is lower than this it is not known."""
_PAD = 2
_BITS = 256
_WORDS = _BITS // 64
_TILE = 64
_CORNER = 1e-7
_UNITS_A_SECOND = 100

LIT, BUILT, LEAVES = 0, 1, 2
"""What a cell's middle sees in the direction of the sun: nothing, something solid, or leaves only."""


class Crowns(NamedTuple):
    """Crowns of trees over a surface.

    Parameters
    ----------
    base, top : (R, C) float32
        Heights between which there are leaves, in the datum of the surface [m]; NaN where there are none.
    """

    base: NDArray[np.float32]
    top: NDArray[np.float32]


class Surface(NamedTuple):
    """A surface made ready for sweeps from all sides, see `surface`.

    Parameters
    ----------
    cell : float
        Side of a cell [m].
    rows, columns : (R, C) and (C, R) float32
        Heights in cells of the grid [cells]; the second is the first turned. Far below everything where unknown.
    crown_rows, crown_columns : (2, R, C) and (2, C, R) float32, or (2, 0, 0)
        Base and top of crowns in the same way.
    low, high : float
        Least height of the surface, and greatest of crowns [cells].
    corner : (int, int)
        Row and column of its first cell in a larger grid. Lines lie by that grid, so that a part of it comes out as it does in
        the whole, bit by bit, where nothing that matters lies beyond the part.
    eye_rows, eye_columns : (R, C) and (C, R) float32, optional
        Heights from which cells look at the sun, where these are not those of their tops; see `surface`.
    """

    cell: float
    rows: NDArray[np.float32]
    columns: NDArray[np.float32]
    crown_rows: NDArray[np.float32]
    crown_columns: NDArray[np.float32]
    low: float
    high: float
    corner: tuple[int, int] = (0, 0)
    eye_rows: NDArray[np.float32] | None = None
    eye_columns: NDArray[np.float32] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the grid."""
        rows, columns = self.rows.shape
        return rows, columns


def surface(
    height: NDArray[np.floating],
    cell: float,
    crowns: Crowns | None = None,
    *,
    corner: tuple[int, int] = (0, 0),
    range_m: tuple[float, float] | None = None,
    lift_m: NDArray[np.floating] | None = None,
) -> Surface:
    """Make a surface ready.

    Parameters
    ----------
    height : (R, C) float
        Height of what is solid, row 0 in the north [m]; NaN where unknown: there nothing casts shadow.
    cell : float
        Side of a cell [m].
    crowns : Crowns, optional
        Only what hangs above the surface counts.
    corner : (int, int)
        Of a part: see `Surface`.
    range_m : (float, float), optional
        Of a part: least height of the surface and greatest of the crowns of the whole, by which crowns are told apart [m].
    lift_m : (R, C) float, optional
        How far above its top the middle of a cell looks at the sun [m], 0 by default. Blocks make steps of a slope, and each step
        would shade the next one: half the rise of a cell keeps a plane from shading itself.
    """
    rows = np.asarray(height, dtype=np.float32) / np.float32(cell)
    known = np.isfinite(rows)
    low = float(rows[known].min()) if known.any() else 0.0
    rows = np.ascontiguousarray(np.where(known, rows, _NOTHING))
    hung, high = np.empty((2, 0, 0), np.float32), low
    if crowns is not None and np.isfinite(crowns.top).any():
        base, top = (np.asarray(one, dtype=np.float32) / np.float32(cell) for one in crowns)
        there = np.isfinite(base) & np.isfinite(top) & (top > np.maximum(base, rows))
        # from the surface up, and NaN as a top that is below everything
        hung = np.stack([np.where(there, np.maximum(base, rows), 0), np.where(there, top, _NOTHING)]).astype(np.float32)
        if there.any():
            low, high = min(low, float(hung[0][there].min())), float(hung[1][there].max())
        else:
            hung = np.empty((2, 0, 0), np.float32)
    if range_m is not None:
        low, high = min(low, range_m[0] / cell), max(high, range_m[1] / cell)
    hung_turned = np.ascontiguousarray(hung.transpose(0, 2, 1))
    made = Surface(float(cell), rows, turned(rows), hung, hung_turned, low, high, corner)
    if lift_m is None:
        return made
    eyes = rows + np.asarray(lift_m, dtype=np.float32) / np.float32(cell)
    return made._replace(eye_rows=eyes, eye_columns=turned(eyes))


def tops(height_m: NDArray[np.float32], cell: float) -> Surface:
    """A surface for lines of sight alone: not turned, and without crowns.

    Parameters
    ----------
    height_m : (R, C) float32
        As in `surface` [m]; it is used up: the surface is made of the same memory.
    cell : float
        [m]
    """
    known = np.isfinite(height_m)
    low, high = (float(find(height_m, where=known, initial=start)) for find, start in ((np.min, np.inf), (np.max, -np.inf)))
    height_m /= np.float32(cell)
    height_m[~known] = _NOTHING
    none = np.empty((2, 0, 0), np.float32)
    bounds = (low / cell, high / cell) if known.any() else (0.0, 0.0)
    return Surface(float(cell), np.ascontiguousarray(height_m), none[0], none, none, *bounds)


def cast(of: Surface, azimuth_deg: float, altitude_deg: float, *, phases: int | None = None) -> NDArray[np.uint8]:
    """What stands between each cell and the sun.

    Parameters
    ----------
    of : Surface
    azimuth_deg : float
        Of the sun, from north clockwise [deg].
    altitude_deg : float
        Above the horizon [deg]; at `LOWEST_DEG` or lower all is shadow.
    phases : int, optional
        Lines to a cell; an odd number, so that one goes through the middle; by default 7, and 11 for a sun below 20 degrees.

    Returns
    -------
    (R, C) uint8
        `LIT`, `BUILT` or `LEAVES`.
    """
    if altitude_deg <= LOWEST_DEG:
        return np.full(of.shape, BUILT, np.uint8)
    way = _Way.of(azimuth_deg, altitude_deg)
    out = np.empty(of.shape if way.by_rows else of.shape[::-1], np.uint8)
    _cast_way(of, way, phases or _phases(altitude_deg), out)
    return out if way.by_rows else out.T


def _cast_way(of: Surface, way: _Way, phases: int, out: NDArray[np.uint8]) -> None:
    """Write what stands between cells and sun, in the order in which the light crosses them."""
    heights, crowns = (of.rows, of.crown_rows) if way.by_rows else (of.columns, of.crown_columns)
    raised = of.eye_rows if way.by_rows else of.eye_columns
    eyes = heights if raised is None else raised
    first = of.corner[0 if way.by_rows else 1]
    start = -(first + len(heights) - 1) if way.back else first
    _cast(heights, eyes, way.drift, np.float32(way.drop), way.back, start, phases, out)
    if crowns.shape[1]:
        _cast_crowns(eyes, crowns[0], crowns[1], way.drift, way.drop, way.back, start, of.low, _bin(of), out)


def sunlight(
    of: Surface,
    azimuth_deg: NDArray[np.float64],
    altitude_deg: NDArray[np.float64],
    seconds: NDArray[np.float64],
    leaves: NDArray[np.float64] | float = 0.0,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How long each cell is in the sun.

    Parameters
    ----------
    of : Surface
    azimuth_deg, altitude_deg : (P,) float64
        Places of the sun [deg].
    seconds : (P,) float64
        How long it counts at each [s].
    leaves : float or (P,) float64
        Part of the light that crowns let through.

    Returns
    -------
    (R, C) float64
        Without trees: as the city would be without them [s].
    (R, C) float64
        With trees: what their leaves let through counts as so much time [s].
    """
    through = np.broadcast_to(np.asarray(leaves, dtype=np.float64), np.shape(azimuth_deg))
    risen = [k for k in range(len(azimuth_deg)) if altitude_deg[k] > LOWEST_DEG]
    ways = [(k, _Way.of(float(azimuth_deg[k]), float(altitude_deg[k]))) for k in risen]
    # whole numbers are added, so it is the same in whatever order it is done
    workers = max(1, numba.get_num_threads())
    parts = [ways[k::workers] for k in range(workers)]
    with ThreadPoolExecutor(workers) as pool:
        sums = list(pool.map(lambda part: _sum(of, part, altitude_deg, seconds, through), parts))
    totals = [np.asarray(np.sum([one[k] for one in sums], axis=0, dtype=np.uint64)) for k in range(2)]
    return totals[0] / float(_UNITS_A_SECOND), totals[1] / float(_UNITS_A_SECOND)


def _sum(
    of: Surface, ways: list[tuple[int, _Way]], altitude_deg: NDArray[np.float64], seconds: NDArray[np.float64],
    through: NDArray[np.float64],
) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:  # fmt: skip
    """Time in the sun at some of its places, without and with trees, in hundredths of a second, (R, C) uint32 each."""
    with_trees = of.crown_rows.shape[1] > 0
    totals = []
    for by_rows in (True, False):
        shape = of.shape if by_rows else of.shape[::-1]
        bare, leafy = np.zeros(shape, np.uint32), np.zeros(shape if with_trees else (0, 0), np.uint32)
        out = np.empty(shape, np.uint8)
        for k, way in ways:
            if way.by_rows == by_rows:
                _cast_way(of, way, _phases(float(altitude_deg[k])), out)
                units = _UNITS_A_SECOND * float(seconds[k])
                _count(out, np.uint32(round(units)), np.uint32(round(units * float(through[k]))), bare, leafy)
        totals.append((bare, leafy))
    (bare, leafy), (bare_turned, leafy_turned) = totals
    bare = bare + bare_turned.T
    return bare, leafy + leafy_turned.T if with_trees else bare


@njit()
def _count(seen, lit, leaves, bare, leafy):
    """Add time where there is sun: `lit` or, behind leaves, `leaves`; `leafy` may be (0, 0)."""
    for r in range(len(seen)):
        for c in range(seen.shape[1]):
            bare[r, c] += np.uint32(0) if seen[r, c] == BUILT else lit
        if len(leafy):
            for c in range(seen.shape[1]):
                leafy[r, c] += lit if seen[r, c] == LIT else leaves if seen[r, c] == LEAVES else np.uint32(0)


@njit()
def turned(values):
    """An array with rows and columns swapped, tile by tile, (C, R)."""
    rows, columns = values.shape
    out = np.empty((columns, rows), values.dtype)
    for r in range(0, rows, _TILE):
        for c in range(0, columns, _TILE):
            for j in range(c, min(c + _TILE, columns)):
                for i in range(r, min(r + _TILE, rows)):
                    out[j, i] = values[i, j]
    return out


def _phases(altitude_deg: float) -> int:
    return 7 if altitude_deg >= 20.0 else 11


def _bin(of: Surface) -> float:
    """Height of one of the bits that crowns are carried in [cells]."""
    return step_of_crowns((of.low, of.high), 1.0)


def step_of_crowns(range_m: tuple[float, float], cell: float) -> float:
    """How much higher a crown may seem than it is: one of the bits that crowns are carried in [m].

    Parameters
    ----------
    range_m : (float, float)
        Least height of the surface and greatest of crowns [m].
    cell : float
        [m]
    """
    return max((range_m[1] - range_m[0]) / (_BITS - 2), 1e-3 * cell)


class _Way(NamedTuple):
    """How light goes over the grid: by rows or by columns, from the last to the first (`back`) or not; how far it drifts to the
    side and how far it drops from one to the next [cells]."""

    by_rows: bool
    back: bool
    drift: float
    drop: float

    @classmethod
    def of(cls, azimuth_deg: float, altitude_deg: float) -> _Way:
        east, south = math.sin(math.radians(azimuth_deg)), -math.cos(math.radians(azimuth_deg))
        slope = math.tan(math.radians(altitude_deg))
        if abs(south) >= abs(east):
            return cls(True, south > 0, -east / abs(south), slope / abs(south))
        return cls(False, east > 0, -south / abs(east), slope / abs(east))


@njit(inline="always")
def crossing(inside, drift):
    """Where a line that passes `inside` a cell (0 to 1 across) in the middle of a row leaves that cell within the row.

    Returns
    -------
    int, int
        Column beside the cell that it ends in, and that it comes from (one of them is 0).
    float
        Part of a row between the crossing and the end of the row.
    """
    first, last = inside - 0.5 * drift, inside + 0.5 * drift
    if first < -_CORNER:
        return 0, -1, 0.5 + inside / drift
    if first > 1.0 + _CORNER:
        return 0, 1, 0.5 - (1.0 - inside) / drift
    if last > 1.0 + _CORNER:
        return 1, 0, 0.5 - (1.0 - inside) / drift
    if last < -_CORNER:
        return -1, 0, 0.5 + inside / drift
    return 0, 0, 0.0


@njit()
def _cast(z, eyes, drift, drop, back, start, phases, out):
    """The sweep: see the module.

    `z`, and the `eyes` that look from it, (R, C) float32 [cells]; `drop` float32; `start` numbers the first row; writes `out`.
    """
    rows, columns = z.shape
    carried = np.full((phases, 2, columns + 2 * _PAD), _NOTHING, np.float32)
    row = np.full(columns + 2 * _PAD, _NOTHING, np.float32)
    at = np.zeros(phases, np.int64)
    half = np.float32(0.5) * drop
    now = 0
    for k in range(rows):
        r = rows - 1 - k if back else k
        row[_PAD : _PAD + columns] = z[r]
        for line in range(phases):
            x = (line + 0.5) / phases + (start + k) * drift
            place = int(np.floor(x))
            inside = x - place
            moved = place - at[line] if k else 0
            at[line] = place
            before = carried[line, now, _PAD - moved : _PAD - moved + columns]
            after = carried[line, 1 - now, _PAD : _PAD + columns]
            if abs(inside - 0.5) <= 0.5 / phases:
                _mark(before, eyes[r], half, out[r])
            end, come, part = crossing(inside, drift)
            last, first = row[_PAD + end : _PAD + end + columns], row[_PAD + come : _PAD + come + columns]
            if come == 0 and end == 0:
                _carry_one(before, last, drop, after)
            else:
                _carry(before, last, first, drop, np.float32(drop * part), after)
        now = 1 - now


@njit(inline="always")
def _mark(before, z, half, out):
    for j in range(len(z)):
        out[j] = np.uint8(1) if before[j] - half > z[j] else np.uint8(0)


@njit(inline="always")
def _carry_one(before, last, drop, after):
    for j in range(len(after)):
        fallen, top = before[j] - drop, last[j]
        after[j] = fallen if fallen > top else top


@njit(inline="always")
def _carry(before, last, first, drop, fall, after):
    for j in range(len(after)):
        fallen, top, other = before[j] - drop, last[j], first[j] - fall
        higher = fallen if fallen > top else top
        after[j] = higher if higher > other else other


@njit()
def _cast_crowns(eyes, base, top, drift, drop, back, start, low, bin_, out):
    """Mark what is lit by `_cast` and in the shadow of a crown: one line to a cell, and one bit to `bin_` of height.

    Bit i of a line stands for the heights from ``low + (i - rest) bin`` on, where `rest` is what the fall so far is more than a
    whole number of bins; so the bits of many rows fit each other.
    """
    rows, columns = eyes.shape
    carried = np.zeros((2, columns + 2 * _PAD, _WORDS), np.uint64)
    at, now, fallen = 0, 0, int(np.floor(start * drop / bin_))
    for k in range(rows):
        r = rows - 1 - k if back else k
        x = 0.5 + (start + k) * drift
        place = int(np.floor(x))
        moved = place - at if k else 0
        at = place
        end, come, part = crossing(x - place, drift)
        whole = int(np.floor((start + k + 1) * drop / bin_))
        rest_before, rest = (start + k) * drop / bin_ - fallen, (start + k + 1) * drop / bin_ - whole
        before, after = carried[now], carried[1 - now]
        for j in range(columns):
            mask = before[_PAD + j - moved]
            here = after[_PAD + j]
            some = (mask[0] | mask[1] | mask[2] | mask[3]) != 0
            # leaves right above, before the ray goes out of its own cell
            above = top[r, j] > base[r, j] and top[r, j] >= eyes[r, j] and base[r, j] <= eyes[r, j] + 0.5 * drop
            if above and out[r, j] == LIT:
                out[r, j] = LEAVES
            if some and out[r, j] == LIT:
                i = int(np.floor((eyes[r, j] + 0.5 * drop - low) / bin_ + rest_before))
                if 0 <= i < _BITS and (mask[i >> 6] >> np.uint64(i & 63)) & np.uint64(1):
                    out[r, j] = LEAVES
            if some:
                _fall(mask, whole - fallen, here)
            else:
                here[:] = 0
            across = end != 0 or come != 0
            last, first = j + end, j + come
            if 0 <= last < columns and top[r, last] > base[r, last]:
                _hang(here, base[r, last] - (drop * part if across else drop), top[r, last], low, bin_, rest)
            if across and 0 <= first < columns and top[r, first] > base[r, first]:
                _hang(here, base[r, first] - drop, top[r, first] - drop * part, low, bin_, rest)
        fallen = whole
        now = 1 - now


@njit(inline="always")
def _fall(mask, bins, out):
    """The bits of `mask` so many places lower."""
    words, bits = bins >> 6, np.uint64(bins & 63)
    for w in range(_WORDS):
        here = mask[w + words] if w + words < _WORDS else np.uint64(0)
        above = mask[w + words + 1] if w + words + 1 < _WORDS else np.uint64(0)
        out[w] = here >> bits | (above << (np.uint64(64) - bits) if bits else np.uint64(0))


@njit(inline="always")
def _hang(mask, bottom, top, low, bin_, rest):
    """Set the bits of the heights from `bottom` to `top`."""
    first = max(0, int(np.floor((bottom - low) / bin_ + rest)))
    last = min(_BITS - 1, int(np.floor((top - low) / bin_ + rest)))
    for w in range(first >> 6, (last >> 6) + 1 if last >= first else 0):
        ones = np.uint64(0xFFFFFFFFFFFFFFFF)
        if w == first >> 6:
            ones &= ones << np.uint64(first & 63)
        if w == last >> 6:
            ones &= ones >> np.uint64(63 - (last & 63))
        mask[w] |= ones
