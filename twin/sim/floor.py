"""From masks and wall chains to a `Floor`: signed distance, blocked edges and walls by bucket."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.errors import GridError
from twin.jit import njit
from twin.sim.model import Floor

DISTANCE_CAP_M = 4.0
"""Signed distances are exact up to here; beyond it, a cell only knows that it is further away."""

BUCKET_M = 2.0
BUCKET_REACH_M = 1.0


class Chain(NamedTuple):
    """A wall as a polyline.

    Attributes
    ----------
    level : int
    points : (P, 2) float64
        Local coordinates [m]; the last point differs from the first.
    closed : bool
        Whether the last point is joined to the first.
    """

    level: int
    points: NDArray[np.float64]
    closed: bool


class Portals(NamedTuple):
    """Cells that two levels share: the upper ends of stairs.

    Attributes
    ----------
    cells : (L, H, W) int16
        Number of the portal, -1 for most.
    levels : (P, 2) int32
        Lower and upper level.
    up : (P, 2) float64
        Unit vector in plan that points up the stair.
    """

    cells: NDArray[np.int16]
    levels: NDArray[np.int32]
    up: NDArray[np.float64]

    @classmethod
    def none(cls, shape: tuple[int, int, int]) -> Portals:
        """No portals on levels of this shape (L, H, W)."""
        return cls(np.full(shape, -1, np.int16), np.empty((0, 2), np.int32), np.empty((0, 2)))


class Slopes(NamedTuple):
    """Where people walk at another speed up than down.

    Attributes
    ----------
    cells : (L, H, W) int16
        Row of `tilt` of each cell, -1 for none.
    tilt : (T, 2) float64
        As `Floor.slopes`.
    """

    cells: NDArray[np.int16]
    tilt: NDArray[np.float64]


def build_floor(
    *,
    west: float,
    north: float,
    cell: float,
    mask: NDArray[np.bool_],
    chains: Sequence[Chain],
    height: NDArray[np.float32] | None = None,
    speed: NDArray[np.float32] | None = None,
    portals: Portals | None = None,
    slopes: Slopes | None = None,
) -> Floor:
    """Prepare a floor for the crowd.

    Parameters
    ----------
    west, north : float
        Outer corner of cell (0, 0) [m].
    cell : float
        Side of a cell [m].
    mask : (L, H, W) bool
        True where the centre of the cell is floor.
    chains : sequence of Chain
        The edges of the floor that nobody crosses.
    height : (L, H, W) float32, optional
        [m]; 0 by default.
    speed : (L, H, W) float32, optional
        Factor on the desired speed; 1 by default.
    portals : Portals, optional
    slopes : Slopes, optional

    Raises
    ------
    GridError
        When shapes differ.
    """
    shape = mask.shape
    if len(shape) != 3:
        raise GridError(f"a floor mask is (levels, rows, columns), not {shape}")
    height = np.zeros(shape, np.float32) if height is None else np.ascontiguousarray(height, np.float32)
    speed = np.ones(shape, np.float32) if speed is None else np.ascontiguousarray(speed, np.float32)
    portals = Portals.none(shape) if portals is None else portals
    slopes = Slopes(np.empty((0, 0, 0), np.int16), np.empty((0, 2))) if slopes is None else slopes
    if len(slopes.tilt) and slopes.cells.shape != shape:
        raise GridError(f"`slopes` has shape {slopes.cells.shape}, the mask {shape}")
    for name, array in (("height", height), ("speed", speed), ("portals", portals.cells)):
        if array.shape != shape:
            raise GridError(f"`{name}` has shape {array.shape}, the mask {shape}")
    mask, west, north, cell = np.ascontiguousarray(mask, np.bool_), float(west), float(north), float(cell)
    segments, levels = _segments(chains)
    distance = _signed_distance(mask, segments, levels, west, north, cell, DISTANCE_CAP_M)
    blocked = _blocked_edges(shape[0], shape[1], shape[2], segments, levels, west, north, cell)
    rows = int(np.ceil(shape[1] * cell / BUCKET_M)) + 1
    columns = int(np.ceil(shape[2] * cell / BUCKET_M)) + 1
    order, start = _bucket(segments, levels, west, north, shape[0], rows, columns, BUCKET_M, BUCKET_REACH_M)
    return Floor(
        west=west,
        north=north,
        cell=cell,
        mask=mask,
        distance=distance,
        height=height,
        speed=speed,
        portal=np.ascontiguousarray(portals.cells, np.int16),
        portal_levels=np.ascontiguousarray(portals.levels, np.int32),
        portal_up=np.ascontiguousarray(portals.up, np.float64),
        blocked=blocked,
        walls=np.ascontiguousarray(segments[order]),
        wall_start=start,
        bucket=BUCKET_M,
        bucket_reach=BUCKET_REACH_M,
        bucket_rows=rows,
        bucket_columns=columns,
        sloping=np.ascontiguousarray(slopes.cells, np.int16),
        slopes=np.ascontiguousarray(slopes.tilt, np.float64),
    )


def edges_across(floor: Floor, lines: NDArray[np.float64], levels: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Bits as in ``Floor.blocked`` of the steps from cell to cell that some lines cross, (L, H, W) uint8.

    Parameters
    ----------
    floor : Floor
    lines : (M, 4) float64
        x0, y0, x1, y1 [m].
    levels : (M,) int32
    """
    count, rows, columns = floor.mask.shape
    lines, levels = np.ascontiguousarray(lines, np.float64), np.asarray(levels, np.int32)
    found: NDArray[np.uint8] = _blocked_edges(count, rows, columns, lines, levels, floor.west, floor.north, floor.cell)
    return found


def _segments(chains: Sequence[Chain]) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Rows (x0, y0, x1, y1, previous dx, dy) of all chains, and the level of each."""
    rows: list[NDArray[np.float64]] = []
    levels: list[NDArray[np.int32]] = []
    for chain in chains:
        points = np.asarray(chain.points, dtype=np.float64)
        if chain.closed:
            ends = np.roll(points, -1, axis=0)
        else:
            # a point of its own closes an open chain, so that its far end repels as well
            ends = np.vstack([points[1:], points[-1:]])
        along = ends - points
        length = np.linalg.norm(along, axis=1, keepdims=True)
        along = np.divide(along, length, out=np.zeros_like(along), where=length > 0)
        before = np.roll(along, 1, axis=0)
        if not chain.closed:
            before[0] = 0.0
        rows.append(np.hstack([points, ends, before]))
        levels.append(np.full(len(points), chain.level, np.int32))
    if not rows:
        return np.empty((0, 6)), np.empty(0, np.int32)
    return np.vstack(rows), np.concatenate(levels)


@njit()
def _signed_distance(mask, segments, levels, west, north, cell, cap):
    n_levels, rows, columns = mask.shape
    squared = np.full(mask.shape, cap * cap)
    for s in range(segments.shape[0]):
        level = levels[s]
        x0, y0, x1, y1 = segments[s, 0], segments[s, 1], segments[s, 2], segments[s, 3]
        c_low = max(0, int(np.floor((min(x0, x1) - cap - west) / cell)))
        c_high = min(columns - 1, int(np.floor((max(x0, x1) + cap - west) / cell)))
        r_low = max(0, int(np.floor((north - max(y0, y1) - cap) / cell)))
        r_high = min(rows - 1, int(np.floor((north - min(y0, y1) + cap) / cell)))
        ax, ay = x1 - x0, y1 - y0
        length2 = ax * ax + ay * ay
        for r in range(r_low, r_high + 1):
            y = north - (r + 0.5) * cell - y0
            for c in range(c_low, c_high + 1):
                x = west + (c + 0.5) * cell - x0
                t = 0.0
                if length2 > 0.0:
                    t = min(1.0, max(0.0, (x * ax + y * ay) / length2))
                dx, dy = x - t * ax, y - t * ay
                d2 = dx * dx + dy * dy
                if d2 < squared[level, r, c]:
                    squared[level, r, c] = d2
    out = np.empty(mask.shape, np.float32)
    for level in range(n_levels):
        for r in range(rows):
            for c in range(columns):
                d = np.sqrt(squared[level, r, c])
                out[level, r, c] = d if mask[level, r, c] else -d
    return out


@njit()
def _blocked_edges(n_levels, rows, columns, segments, levels, west, north, cell):
    """Which neighbouring centres a wall divides: exact, so a wall thinner than a cell still holds."""
    out = np.zeros((n_levels, rows, columns), np.uint8)
    for s in range(segments.shape[0]):
        level = levels[s]
        # in cell units, centres at whole numbers, y downward
        x0, y0 = (segments[s, 0] - west) / cell - 0.5, (north - segments[s, 1]) / cell - 0.5
        x1, y1 = (segments[s, 2] - west) / cell - 0.5, (north - segments[s, 3]) / cell - 0.5
        # east edges: row r whole, from c to c + 1
        if y0 != y1:
            for r in range(max(0, int(np.ceil(min(y0, y1)))), min(rows - 1, int(np.floor(max(y0, y1)))) + 1):
                x = x0 + (r - y0) / (y1 - y0) * (x1 - x0)
                c = int(np.floor(x))
                if 0 <= c < columns:
                    out[level, r, c] |= 1
                if x == c and 0 <= c - 1 < columns:
                    out[level, r, c - 1] |= 1
        if x0 != x1:
            for c in range(max(0, int(np.ceil(min(x0, x1)))), min(columns - 1, int(np.floor(max(x0, x1)))) + 1):
                y = y0 + (c - x0) / (x1 - x0) * (y1 - y0)
                r = int(np.floor(y))
                if 0 <= r < rows:
                    out[level, r, c] |= 2
                if y == r and 0 <= r - 1 < rows:
                    out[level, r - 1, c] |= 2
    return out


@njit()
def _bucket(segments, levels, west, north, n_levels, rows, columns, side, reach):
    """Rows of `segments` by bucket and the first of each: counted, then filled."""
    start = np.zeros(n_levels * rows * columns + 1, np.int64)
    order = np.empty(0, np.int64)
    half = 0.5 * side
    for phase in range(2):
        if phase == 1:
            for b in range(start.shape[0] - 1):
                start[b + 1] += start[b]
            order = np.empty(start[-1], np.int64)
        fill = start.copy()
        for s in range(segments.shape[0]):
            x0, y0, x1, y1 = segments[s, 0], segments[s, 1], segments[s, 2], segments[s, 3]
            c_low = max(0, int(np.floor((min(x0, x1) - reach - west) / side)))
            c_high = min(columns - 1, int(np.floor((max(x0, x1) + reach - west) / side)))
            r_low = max(0, int(np.floor((north - max(y0, y1) - reach) / side)))
            r_high = min(rows - 1, int(np.floor((north - min(y0, y1) + reach) / side)))
            ax, ay = x1 - x0, y1 - y0
            length2 = ax * ax + ay * ay
            for r in range(r_low, r_high + 1):
                for c in range(c_low, c_high + 1):
                    # a long oblique segment misses most buckets of its box
                    x, y = west + c * side + half - x0, north - r * side - half - y0
                    t = 0.0
                    if length2 > 0.0:
                        t = min(1.0, max(0.0, (x * ax + y * ay) / length2))
                    dx, dy = x - t * ax, y - t * ay
                    if dx * dx + dy * dy > (reach + half * 1.4143) ** 2:
                        continue
                    b = (levels[s] * rows + r) * columns + c
                    if phase == 0:
                        start[b + 1] += 1
                    else:
                        order[fill[b]] = s
                        fill[b] += 1
    return order, start
