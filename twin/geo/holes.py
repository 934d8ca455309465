"""Holes in rasters of heights: small ones filled between the heights around them, large ones left open."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MAX_RIM = 1_000_000
"""Heights around holes that are triangulated at once."""


class Filled(NamedTuple):
    """A raster without its small holes.

    Parameters
    ----------
    values : (R, C) float32
        Known cells are as they were, bit by bit [m].
    cells, holes : int
        How many were filled.
    open : int
        Cells that stay unknown.
    """

    values: NDArray[np.float32]
    cells: int
    holes: int
    open: int


def fill_holes(values: NDArray[np.float32], cell: float, widest_m: float) -> Filled:
    """Fill holes by linear interpolation over triangles between the known cells around them.

    A hole is a set of unknown cells that touch, also by their corners. It is filled as a whole when it does not reach the edge
    of the raster and no cell of it is further than half of `widest_m` from a known one; a plane is filled exactly.

    Parameters
    ----------
    values : (R, C) float32
        NaN where unknown [m].
    cell : float
        Side of a cell [m].
    widest_m : float
        Width of the widest hole that is filled [m].
    """
    unknown = np.isnan(values)
    missing = int(unknown.sum())
    if not missing or missing == values.size or widest_m <= 0:
        return Filled(values, 0, 0, missing)
    from scipy import ndimage

    label, count = ndimage.label(unknown, structure=np.ones((3, 3), dtype=bool))
    deep = ndimage.maximum(ndimage.distance_transform_edt(unknown), label, np.arange(1, count + 1)) * cell
    small = np.concatenate([[False], np.asarray(deep) <= widest_m / 2])
    # What reaches the edge has no heights on its other side: filling it would be a guess.
    edge = np.concatenate([label[0], label[-1], label[:, 0], label[:, -1]])
    small[np.unique(edge)] = False
    wanted = small[label]
    if not wanted.any():
        return Filled(values, 0, 0, missing)
    rim = ndimage.binary_dilation(wanted, structure=np.ones((3, 3), dtype=bool)) & ~unknown
    out = values.copy()
    out[wanted] = _between(values, rim, wanted)
    cells = int(wanted.sum())
    return Filled(out, cells, int(small.sum()), missing - cells)


def _between(values: NDArray[np.float32], rim: NDArray[np.bool_], wanted: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Heights of the wanted cells from those of the rim."""
    from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator

    if rim.sum() > MAX_RIM:
        from rasterio.fill import fillnodata

        filled = fillnodata(values.copy(), mask=~np.isnan(values), max_search_distance=float(max(values.shape)))
        return np.asarray(filled[wanted], dtype=np.float32)
    known, places = np.argwhere(rim).astype(np.float64), np.argwhere(wanted).astype(np.float64)
    heights = values[rim].astype(np.float64)
    found = LinearNDInterpolator(known, heights)(places)
    beyond = np.isnan(found)
    if beyond.any():
        found[beyond] = NearestNDInterpolator(known, heights)(places[beyond])
    return np.asarray(found, dtype=np.float32)
