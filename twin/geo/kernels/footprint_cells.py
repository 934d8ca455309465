"""Cells of a raster whose centre lies in a polygon, many polygons at once, each for itself: they may overlap.

Polygons are flat arrays as `shapely.to_ragged_array` makes them of multipolygons: corners, where each ring starts, which
rings each polygon has, which polygons each multipolygon has. A centre is inside by the even-odd rule; an edge that runs
through a centre counts it for the polygon to its east, so that neighbours share no cell.
"""

from __future__ import annotations

import numpy as np

from twin.jit import njit, prange


@njit(inline="always")
def _crossings(xy, rings, first, last, y, found):
    """Sorted x where the rings `first` to `last` cross the line at y; their number."""
    count = 0
    for ring in range(first, last):
        for k in range(rings[ring], rings[ring + 1] - 1):
            y1, y2 = xy[k, 1], xy[k + 1, 1]
            if (y1 <= y) != (y2 <= y):
                found[count] = xy[k, 0] + (y - y1) / (y2 - y1) * (xy[k + 1, 0] - xy[k, 0])
                count += 1
    found[:count].sort()
    return count


@njit(inline="always")
def _span(x1, x2, west, cell, columns):
    """First column, and the one after the last, of the centres in [x1, x2)."""
    start = max(np.ceil((x1 - west) / cell - 0.5), 0.0)
    stop = min(np.ceil((x2 - west) / cell - 0.5), float(columns))
    return int(min(start, float(columns))), int(max(stop, 0.0))


@njit(inline="always")
def _rows(xy, start, stop, north, cell, rows):
    """First row, and the one after the last, whose centres can be in the corners `start` to `stop`."""
    low, high = np.inf, -np.inf
    for k in range(start, stop):
        low, high = min(low, xy[k, 1]), max(high, xy[k, 1])
    first = max(np.floor((north - high) / cell - 0.5), 0.0)
    last = min(np.ceil((north - low) / cell + 0.5), float(rows))
    return int(min(first, float(rows))), int(max(last, 0.0))


@njit(parallel=True)
def percentiles_inside(xy, rings, parts, groups, height, west, north, cell, excluded, wanted):
    """Percentiles of the known heights inside each of G multipolygons.

    Parameters
    ----------
    xy : (N, 2) float64
        Corners [m].
    rings, parts, groups : int64
        Offsets of rings in `xy`, of polygons in rings, of multipolygons in polygons.
    height : (R, C) float32
        NaN where unknown [m].
    west, north, cell : float
        Of the raster [m].
    excluded : (R, C) or (0, 0) bool
        Cells that are not looked at.
    wanted : (P,) float64
        Percentiles [%], linear between values.

    Returns
    -------
    (G, P) float64
        NaN where no cell is known [m].
    (G, 2) int64
        Known cells, and all cells inside that are not excluded.
    """
    count, rows, columns = len(groups) - 1, height.shape[0], height.shape[1]
    out = np.full((count, len(wanted)), np.nan)
    cells = np.zeros((count, 2), dtype=np.int64)
    some_excluded = excluded.shape[0] > 0
    for g in prange(count):
        first, last = parts[groups[g]], parts[groups[g + 1]]
        start, stop = rings[first], rings[last]
        found = np.empty(stop - start + 1)
        top, bottom = _rows(xy, start, stop, north, cell, rows)
        inside, known = 0, 0
        values = np.empty(0, dtype=np.float64)
        for turn in range(2):
            if turn == 1:
                values = np.empty(known)
                known = 0
            for row in range(top, bottom):
                number = _crossings(xy, rings, first, last, north - (row + 0.5) * cell, found)
                for pair in range(0, number - 1, 2):
                    left, right = _span(found[pair], found[pair + 1], west, cell, columns)
                    for column in range(left, right):
                        if some_excluded and excluded[row, column]:
                            continue
                        z = height[row, column]
                        if turn == 0:
                            inside += 1
                        if np.isfinite(z):
                            if turn == 1:
                                values[known] = z
                            known += 1
        cells[g, 0], cells[g, 1] = known, inside
        if known:
            values.sort()
            for p in range(len(wanted)):
                place = wanted[p] / 100.0 * (known - 1)
                below = int(np.floor(place))
                above = min(below + 1, known - 1)
                out[g, p] = values[below] + (place - below) * (values[above] - values[below])
    return out, cells


@njit()
def mark_inside(xy, rings, parts, groups, west, north, cell, mask):
    """Set `mask` (R, C) where a centre lies in any of the multipolygons; see `percentiles_inside`."""
    rows, columns = mask.shape
    for g in range(len(groups) - 1):
        first, last = parts[groups[g]], parts[groups[g + 1]]
        start, stop = rings[first], rings[last]
        found = np.empty(stop - start + 1)
        top, bottom = _rows(xy, start, stop, north, cell, rows)
        for row in range(top, bottom):
            number = _crossings(xy, rings, first, last, north - (row + 0.5) * cell, found)
            for pair in range(0, number - 1, 2):
                left, right = _span(found[pair], found[pair + 1], west, cell, columns)
                for column in range(left, right):
                    mask[row, column] = True
