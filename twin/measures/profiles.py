"""Density and speed over the squares of a grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.errors import ParameterError
from twin.measures.cells import VoronoiCells
from twin.measures.frames import checked, joined_speed, squares, starts_of
from twin.sim.crowd.voronoi import grid_shares

MAX_SQUARES = 50_000_000
"""Squares times frames of a profile."""


def voronoi_profile(
    cells: VoronoiCells,
    area: BaseGeometry | Sequence[float],
    *,
    cell_m: float = 1.0,
    speed: pd.DataFrame | None = None,
    frames: Sequence[int] | None = None,
    speed_weight: Literal["area", "people"] = "area",
) -> xr.Dataset:
    """Density, and with speeds also the mean speed, on a grid, frame by frame.

    Parameters
    ----------
    cells : VoronoiCells
    area : shapely geometry or (west, south, east, north)
        The grid covers its box; its squares count from the north-west corner [m].
    cell_m : float
        Side of a square [m].
    speed : DataFrame, optional
        ``id``, ``frame``, ``speed`` [m/s]; people without one count for the density only.
    frames : sequence of int, optional
        By default all.
    speed_weight : {"area", "people"}
        Whether a speed counts by the area that its cell shares with the square, over the area of the square, or as one of
        the people whose cell shares it.

    Returns
    -------
    Dataset
        ``density`` (frame, y, x) [1/m2] and ``speed`` [m/s], float64; ``y`` falls.

    Raises
    ------
    ParameterError
        When the squares are not possible or too many.
    """
    west, south, east, north = area.bounds if isinstance(area, BaseGeometry) else map(float, area)
    if not (np.isfinite(cell_m) and cell_m > 0):
        raise ParameterError(f"squares of {cell_m} m are not possible", hint="give a positive number of metres")
    columns, rows = squares(west, east, cell_m), squares(south, north, cell_m)
    table = cells.table
    wanted = np.unique(table["frame"].to_numpy()) if frames is None else np.asarray(frames, dtype=np.int64)
    if rows * columns * len(wanted) > MAX_SQUARES:
        raise ParameterError(
            f"{rows} x {columns} squares in {len(wanted)} frames are too many", hint="choose some `frames`, or a larger `cell_m`"
        )
    frame_of_ring = table["frame"].to_numpy()[cells.person]
    known = np.isin(frame_of_ring, wanted)
    rings = np.flatnonzero(known)
    rings = rings[np.argsort(frame_of_ring[rings], kind="stable")]
    ordered = np.sort(wanted)
    frame_ring = np.searchsorted(frame_of_ring[rings], np.append(ordered, ordered[-1] + 1 if len(ordered) else 0)).astype(np.int64)
    lengths = np.diff(cells.start)[rings]
    start = np.append(0, np.cumsum(lengths)).astype(np.int64)
    place = np.repeat(cells.start[:-1][rings] - start[:-1], lengths) + np.arange(start[-1])
    shift = np.floor([west, north])
    points = cells.corners[place] - shift
    walked = np.zeros(len(table)) if speed is None else joined_speed(table, speed)
    sums = [np.zeros((len(ordered), rows, columns)) for _ in range(4)]
    if len(ordered):
        grid_shares(
            frame_ring, start, points, cells.hole[rings], cells.person[rings], west - shift[0], north - shift[1], float(cell_m),
            rows, columns, table["density"].to_numpy(copy=True), walked, *sums,
        )  # fmt: skip
    density, flow, met, seen = sums
    size = cell_m * cell_m
    at = _at(ordered, west, north, cell_m, rows, columns)
    found = {"density": (DIMS, density / size, {"units": "m-2", "long_name": "Voronoi density"})}
    if speed is not None:
        mean = flow / size if speed_weight == "area" else np.divide(met, seen, out=np.zeros_like(met), where=seen > 0)
        found["speed"] = (DIMS, mean, {"units": "m s-1", "long_name": f"mean speed by {speed_weight}"})
    made = xr.Dataset(found, coords=at, attrs={"cell_m": float(cell_m)})
    return made.sel(frame=wanted) if frames is not None else made


def classic_profile(
    trajectories: pd.DataFrame,
    area: BaseGeometry | Sequence[float],
    *,
    cell_m: float = 1.0,
    speed: pd.DataFrame | None = None,
) -> xr.Dataset:
    """People in each square over its size, and with speeds also their mean speed, frame by frame.

    Parameters
    ----------
    trajectories : DataFrame
        ``id``, ``frame``, ``x``, ``y`` [m].
    area : shapely geometry or (west, south, east, north)
        The grid covers its box; its squares count from the south-west corner [m].
    cell_m : float
        Side of a square [m].
    speed : DataFrame, optional
        ``id``, ``frame``, ``speed`` [m/s]; people without one do not count for the speed.

    Returns
    -------
    Dataset
        ``density`` (frame, y, x) [1/m2] and ``speed`` [m/s], NaN where nobody is; float64, ``y`` falls.

    Raises
    ------
    ParameterError
        When the squares are not possible or too many.
    """
    data, ordered, number, grid = _gridded(trajectories, area, cell_m)
    west, south, rows, columns = grid
    x, y = data["x"].to_numpy(np.float64), data["y"].to_numpy(np.float64)
    # a square holds its western and southern edge; the last ones hold both
    column, row = np.floor((x - west) / cell_m).astype(np.int64), np.floor((y - south) / cell_m).astype(np.int64)
    inside = (column >= 0) & (row >= 0) & (column < columns) & (row < rows)
    flat = (number * rows + (rows - 1 - row)) * columns + column
    shape = (len(ordered), rows, columns)
    counted = np.bincount(flat[inside], minlength=int(np.prod(shape))).reshape(shape)
    found = {"density": (DIMS, counted / cell_m**2, {"units": "m-2", "long_name": "classic density"})}
    if speed is not None:
        walked = joined_speed(data, speed, missing=np.nan)
        known = inside & np.isfinite(walked)
        total = np.bincount(flat[known], weights=walked[known], minlength=int(np.prod(shape))).reshape(shape)
        people = np.bincount(flat[known], minlength=int(np.prod(shape))).reshape(shape)
        mean = np.divide(total, people, out=np.full(shape, np.nan), where=people > 0)
        found["speed"] = (DIMS, mean, {"units": "m s-1", "long_name": "mean speed"})
    return xr.Dataset(found, coords=_at(ordered, west, south + rows * cell_m, cell_m, rows, columns), attrs={"cell_m": cell_m})


def gaussian_profile(
    trajectories: pd.DataFrame,
    area: BaseGeometry | Sequence[float],
    *,
    cell_m: float = 1.0,
    width_m: float = 0.5,
) -> xr.Dataset:
    """Density at the middle of each square when everybody is spread by a Gaussian, frame by frame.

    Parameters
    ----------
    trajectories, area, cell_m
        As `classic_profile`; the squares count from the north-west corner.
    width_m : float
        Full width of the Gaussian at half of its height [m].

    Returns
    -------
    Dataset
        ``density`` (frame, y, x) [1/m2], float64; ``y`` falls. Walls are not known to it.

    Raises
    ------
    ParameterError
        When the squares or the width are not possible.
    """
    if not (np.isfinite(width_m) and width_m > 0):
        raise ParameterError(f"a Gaussian of {width_m} m is not possible", hint="give a positive width")
    data, ordered, number, grid = _gridded(trajectories, area, cell_m)
    west, _, rows, columns = grid
    north = (area.bounds if isinstance(area, BaseGeometry) else tuple(map(float, area)))[3]
    at = _at(ordered, west, north, cell_m, rows, columns)
    sigma = width_m / (2.0 * np.sqrt(2.0 * np.log(2.0)))
    x, y = data["x"].to_numpy(np.float64), data["y"].to_numpy(np.float64)
    density = np.empty((len(ordered), rows, columns))
    starts = starts_of(number)
    for frame in range(len(ordered)):
        here = slice(starts[frame], starts[frame + 1])
        across = np.exp(-0.5 * ((at["x"][:, None] - x[here]) / sigma) ** 2)
        down = np.exp(-0.5 * ((at["y"][:, None] - y[here]) / sigma) ** 2)
        density[frame] = down @ across.T / (2.0 * np.pi * sigma**2)
    found = {"density": (DIMS, density, {"units": "m-2", "long_name": "Gaussian density"})}
    return xr.Dataset(found, coords=at, attrs={"cell_m": cell_m})


DIMS = ("frame", "y", "x")


def _at(
    frames: NDArray[np.int64], west: float, north: float, cell_m: float, rows: int, columns: int
) -> dict[str, NDArray[Any]]:
    """Frames and middles of squares."""
    y, x = north - (np.arange(rows) + 0.5) * cell_m, west + (np.arange(columns) + 0.5) * cell_m
    return {"frame": frames, "y": y, "x": x}


def _gridded(
    trajectories: pd.DataFrame, area: BaseGeometry | Sequence[float], cell_m: float
) -> tuple[pd.DataFrame, NDArray[np.int64], NDArray[np.int64], tuple[float, float, int, int]]:
    """Trajectories by frame, the frames, the number of the frame of each row, and west, south, rows and columns of a grid."""
    west, south, east, north = area.bounds if isinstance(area, BaseGeometry) else map(float, area)
    if not (np.isfinite(cell_m) and cell_m > 0):
        raise ParameterError(f"squares of {cell_m} m are not possible", hint="give a positive number of metres")
    data = checked(trajectories)
    ordered, number = np.unique(data["frame"].to_numpy(np.int64), return_inverse=True)
    rows, columns = squares(south, north, cell_m), squares(west, east, cell_m)
    if rows * columns * len(ordered) > MAX_SQUARES:
        raise ParameterError(
            f"{rows} x {columns} squares in {len(ordered)} frames are too many", hint="choose some frames, or a larger `cell_m`"
        )
    return data, ordered, number.ravel().astype(np.int64), (west, south, rows, columns)
