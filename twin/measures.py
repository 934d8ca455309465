"""What is measured on trajectories, of a run or of people who were filmed: density, speed, and both over a grid.

Definitions are those of PedPy 1.5 (https://pedpy.readthedocs.io), so that figures can be held beside published ones; the
tests compare them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.errors import GeometryError, ParameterError
from twin.sim.crowd.voronoi import boundary_of, grid_shares, ring_areas, voronoi_cells

PEOPLE_AT_ONCE = 200_000
"""Cells that are made at a time, which bounds the memory."""

MAX_SQUARES = 50_000_000
"""Squares times frames of a profile."""


@dataclass(frozen=True, eq=False)
class VoronoiCells:
    """Voronoi cells of people, frame by frame.

    Parameters
    ----------
    table : DataFrame
        ``id``, ``frame``, ``area_m2`` and ``density`` [1/m2]; one row a person a frame, ordered by frame.
    start : (R + 1,) int64
        First corner of each ring.
    corners : (P, 2) float64
        Corners of the rings, not closed [m].
    person : (R,) int64
        Row of `table` of each ring.
    hole : (R,) bool
        Whether a ring is a hole in the cell of its person.
    """

    table: pd.DataFrame
    start: NDArray[np.int64]
    corners: NDArray[np.float64]
    person: NDArray[np.int64]
    hole: NDArray[np.bool_]

    def polygons(self) -> NDArray[np.object_]:
        """The cells as shapely polygons, in the order of `table`."""
        lengths = np.diff(self.start)
        rings = np.repeat(np.arange(len(lengths)), lengths)
        made = shapely.linearrings(self.corners, indices=rings)
        return np.asarray(shapely.polygons(made, indices=self.person))

    def frame(self, crs: Any = None) -> gpd.GeoDataFrame:
        """The table with the cells as its geometry."""
        return gpd.GeoDataFrame(self.table.copy(), geometry=self.polygons(), crs=crs)


def voronoi(
    trajectories: pd.DataFrame,
    area: shapely.Polygon,
    *,
    cut_off_m: float | None = None,
    quad_segments: int = 3,
) -> VoronoiCells:
    """The Voronoi cell of each person in each frame, within the walkable area (Steffen & Seyfried 2010).

    Parameters
    ----------
    trajectories : DataFrame
        ``id``, ``frame``, ``x``, ``y`` [m].
    area : shapely Polygon
        Walkable area. Of a cell that it cuts into parts the one with the person in it is kept.
    cut_off_m : float, optional
        No cell reaches further than this from its person [m].
    quad_segments : int
        Segments of a quarter of that circle.

    Raises
    ------
    ParameterError
        When columns are missing, or a parameter is out of range.
    GeometryError
        When somebody is outside the area.
    """
    data = _checked(trajectories)
    shape = _area(area)
    if cut_off_m is not None and not (np.isfinite(cut_off_m) and cut_off_m > 0):
        raise ParameterError(f"a cut-off of {cut_off_m} m is not possible", hint="give a positive number of metres, or None")
    if cut_off_m is not None and not (isinstance(quad_segments, int) and 1 <= quad_segments <= 64):
        raise ParameterError(f"a quarter of a circle has {quad_segments} segments", hint="from 1 to 64; 3 is usual")
    xy = data[["x", "y"]].to_numpy(np.float64)
    shapely.prepare(shape)
    outside = ~shapely.intersects_xy(shape, xy[:, 0], xy[:, 1])
    if outside.any():
        row = {name: data[name].iloc[int(np.flatnonzero(outside)[0])] for name in ("id", "frame", "x", "y")}
        raise GeometryError(
            f"{int(outside.sum())} positions are outside the walkable area",
            where=f"id {row['id']}, frame {row['frame']}: ({row['x']:.2f}, {row['y']:.2f})",
            hint="give the area in the coordinates of the trajectories, or leave those rows out",
        )
    # the same to the last digit wherever the city lies
    middle = np.floor(np.array(shape.bounds).reshape(2, 2).mean(axis=0))
    shape = shapely.transform(shape, lambda points: points - middle)
    convex = not shape.interiors and shapely.area(shapely.convex_hull(shape)) <= shape.area * (1 + 1e-12)
    rings = [shapely.get_coordinates(ring) for ring in (shape.exterior, *shape.interiors)]
    boundary = boundary_of(rings, convex=bool(convex))
    if cut_off_m is None:
        west, south, east, north = shape.buffer(1.0).bounds
        outline = np.array([[west, south], [east, south], [east, north], [west, north]])
    else:
        circle = shapely.buffer(shapely.Point(0, 0), cut_off_m, quad_segs=quad_segments)
        outline = shapely.get_coordinates(shapely.geometry.polygon.orient(circle).exterior)[:-1]
    starts = _starts(data["frame"].to_numpy())
    parts = []
    for first, last in _batches(starts):
        here = slice(int(starts[first]), int(starts[last]))
        x, y = xy[here, 0] - middle[0], xy[here, 1] - middle[1]
        cells = voronoi_cells(starts[first : last + 1] - starts[first], x, y, outline, cut_off_m is not None, boundary)
        parts.append(_within(cells.corners, cells.size, cells.touches, np.column_stack([x, y]), shape, here.start))
    lengths = np.concatenate([part[0] for part in parts]) if parts else np.empty(0, np.int64)
    corners = np.concatenate([part[1] for part in parts]) if parts else np.empty((0, 2))
    person = np.concatenate([part[2] for part in parts]) if parts else np.empty(0, np.int64)
    hole = np.concatenate([part[3] for part in parts]) if parts else np.empty(0, np.bool_)
    start = np.append(0, np.cumsum(lengths)).astype(np.int64)
    signed = np.where(hole, -1.0, 1.0) * ring_areas(start, corners)
    size = np.bincount(person, weights=signed, minlength=len(data))
    table = data[["id", "frame"]].reset_index(drop=True).assign(area_m2=size, density=1.0 / size)
    return VoronoiCells(table, start, corners + middle, person, hole)


def _within(
    corners: NDArray[np.float64], count: NDArray[np.int32], touches: NDArray[np.bool_], xy: NDArray[np.float64],
    area: shapely.Polygon, offset: int,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:  # fmt: skip
    """Rings of cells within an area: lengths, corners, person and hole; only those near an edge are cut by it."""
    free = np.flatnonzero(~touches)
    taken = np.arange(corners.shape[1]) < count[:, None]
    lengths, points = [count[free].astype(np.int64)], [corners[free][taken[free]]]
    person, hole = [free], [np.zeros(len(free), np.bool_)]
    near = np.flatnonzero(touches)
    if len(near):
        ring = np.repeat(np.arange(len(near)), count[near])
        cells = shapely.polygons(shapely.linearrings(corners[near][taken[near]], indices=ring))
        cut = shapely.intersection(cells, area)
        for k in np.flatnonzero(shapely.get_type_id(cut) != 3).tolist():
            some = shapely.get_parts(cut[k])
            some = some[shapely.get_type_id(some) == 3]
            there = some[shapely.intersects_xy(some, *xy[near[k]])]
            cut[k] = there[0] if len(there) else some[np.argmin(shapely.distance(some, shapely.Point(xy[near[k]])))]
        rings, owner = shapely.get_rings(cut, return_index=True)
        closed, of = shapely.get_coordinates(rings, return_index=True)
        size = np.bincount(of, minlength=len(rings)) - 1
        keep = np.ones(len(closed), np.bool_)
        keep[np.cumsum(size + 1) - 1] = False
        lengths.append(size)
        points.append(closed[keep])
        person.append(near[owner])
        hole.append(np.append(False, owner[1:] == owner[:-1]))
    lengths_all, person_all, hole_all = np.concatenate(lengths), np.concatenate(person), np.concatenate(hole)
    # in the order of the people, so that a frame is one run of rings
    order = np.argsort(person_all, kind="stable")
    first = np.cumsum(lengths_all) - lengths_all
    moved = lengths_all[order]
    place = np.repeat(first[order] - (np.cumsum(moved) - moved), moved) + np.arange(int(moved.sum()))
    return moved, np.concatenate(points)[place], person_all[order] + offset, hole_all[order]


def individual_speed(trajectories: pd.DataFrame, *, frame_step: int = 5, frame_rate: float | None = None) -> pd.DataFrame:
    """Speed of each person over `frame_step` frames before and after each; those without both are left out.

    Parameters
    ----------
    trajectories : DataFrame
        ``id``, ``frame``, ``x``, ``y`` [m].
    frame_step : int
    frame_rate : float, optional
        Frames a second; by default ``trajectories.attrs["frame_rate"]``.

    Returns
    -------
    DataFrame
        ``id``, ``frame``, ``speed`` [m/s], ordered by id and frame.

    Raises
    ------
    ParameterError
        When columns are missing or the frame rate is not known.
    """
    rate = _rate(trajectories, frame_rate)
    if not (isinstance(frame_step, int) and frame_step > 0):
        raise ParameterError(f"`frame_step` is {frame_step!r}", hint="give a whole number of frames, from 1")
    data = _checked(trajectories).sort_values(["id", "frame"], kind="stable")
    ids, frames = data["id"].to_numpy(), data["frame"].to_numpy(np.int64)
    xy = data[["x", "y"]].to_numpy(np.float64)
    number = np.cumsum(np.append(0, ids[1:] != ids[:-1])) if len(ids) else np.empty(0, np.int64)
    # by person and frame in one number, so that the rows some frames away are found at once
    low = int(frames.min()) if len(frames) else 0
    width = (int(frames.max()) - low + 1 if len(frames) else 1) + 2 * frame_step
    key = number * width + frames - low + frame_step
    before, after = np.searchsorted(key, key - frame_step), np.searchsorted(key, key + frame_step)
    there = (key[np.minimum(before, len(key) - 1)] == key - frame_step) & (key[np.minimum(after, len(key) - 1)] == key + frame_step)
    moved = xy[after[there]] - xy[before[there]]
    speed = np.sqrt((moved**2).sum(axis=1)) / (2 * frame_step / rate)
    return pd.DataFrame({"id": ids[there], "frame": frames[there], "speed": speed})


def classic_density(trajectories: pd.DataFrame, measurement_area: shapely.Polygon) -> pd.DataFrame:
    """People in an area over its size, frame by frame.

    Returns
    -------
    DataFrame
        Indexed by ``frame``, every one from the first to the last: ``density`` [1/m2].
    """
    data, shape = _checked(trajectories), _area(measurement_area)
    shapely.prepare(shape)
    inside = shapely.contains_xy(shape, data["x"].to_numpy(np.float64), data["y"].to_numpy(np.float64))
    frames = data["frame"].to_numpy(np.int64)
    every = np.arange(frames.min(), frames.max() + 1) if len(frames) else np.empty(0, np.int64)
    counted = np.bincount(frames[inside] - every[0], minlength=len(every)) if len(frames) else np.empty(0)
    return pd.DataFrame({"density": counted / shape.area}, index=pd.Index(every, name="frame"))


def voronoi_density(cells: VoronoiCells, measurement_area: shapely.Polygon) -> pd.DataFrame:
    """Mean over an area of the density that each person has in its Voronoi cell, frame by frame.

    Returns
    -------
    DataFrame
        Indexed by ``frame``, those in which somebody is: ``density`` [1/m2].
    """
    shape = _area(measurement_area)
    shared = shapely.area(shapely.intersection(cells.polygons(), shape))
    part = shared * cells.table["density"].to_numpy()
    found = pd.Series(part).groupby(cells.table["frame"].to_numpy()).sum() / shape.area
    return pd.DataFrame({"density": found.to_numpy()}, index=pd.Index(found.index, name="frame"))


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
    columns, rows = _squares(west, east, cell_m), _squares(south, north, cell_m)
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
    walked = np.zeros(len(table)) if speed is None else _joined_speed(table, speed)
    sums = [np.zeros((len(ordered), rows, columns)) for _ in range(4)]
    if len(ordered):
        grid_shares(
            frame_ring, start, points, cells.hole[rings], cells.person[rings], west - shift[0], north - shift[1], float(cell_m),
            rows, columns, table["density"].to_numpy(), walked, *sums,
        )  # fmt: skip
    density, flow, met, seen = sums
    size = cell_m * cell_m
    at = {
        "frame": ordered,
        "y": north - (np.arange(rows) + 0.5) * cell_m,
        "x": west + (np.arange(columns) + 0.5) * cell_m,
    }
    dims = ("frame", "y", "x")
    found = {"density": (dims, density / size, {"units": "m-2", "long_name": "Voronoi density"})}
    if speed is not None:
        mean = flow / size if speed_weight == "area" else np.divide(met, seen, out=np.zeros_like(met), where=seen > 0)
        found["speed"] = (dims, mean, {"units": "m s-1", "long_name": f"mean speed by {speed_weight}"})
    made = xr.Dataset(found, coords=at, attrs={"cell_m": float(cell_m)})
    return made.sel(frame=wanted) if frames is not None else made


def _squares(low: float, high: float, side: float) -> int:
    """Squares along an axis: as many as begin within it."""
    return max(1, int(np.ceil((high - low) / side - 1e-9)))


def _joined_speed(table: pd.DataFrame, speed: pd.DataFrame) -> NDArray[np.float64]:
    """Speed of each row of a table; 0 where none is known."""
    lacking = [name for name in ("id", "frame", "speed") if name not in speed]
    if lacking:
        raise ParameterError(f"the speeds lack the column `{lacking[0]}`", hint="give what `individual_speed` returns")
    found = table.merge(speed[["id", "frame", "speed"]], on=["id", "frame"], how="left")["speed"]
    return found.fillna(0.0).to_numpy(np.float64)


def _checked(trajectories: pd.DataFrame) -> pd.DataFrame:
    """Trajectories with finite places, ordered by frame and id."""
    if not isinstance(trajectories, pd.DataFrame):
        raise ParameterError("the trajectories are not a DataFrame", hint="with the columns id, frame, x, y")
    lacking = [name for name in ("id", "frame", "x", "y") if name not in trajectories]
    if lacking:
        raise ParameterError(f"the trajectories lack the column `{lacking[0]}`", hint="they have id, frame, x, y")
    if not np.isfinite(trajectories[["x", "y"]].to_numpy(np.float64)).all():
        raise ParameterError("some x or y of the trajectories is not a finite number", hint="leave those rows out")
    ordered = trajectories.sort_values(["frame", "id"], kind="stable")
    if ordered.duplicated(["frame", "id"]).any():
        first = int(np.flatnonzero(ordered.duplicated(["frame", "id"]))[0])
        who, when = ordered["id"].iloc[first], ordered["frame"].iloc[first]
        raise ParameterError(f"person {who} is in frame {when} twice", hint="a person has one place a frame")
    return ordered


def _area(area: object) -> shapely.Polygon:
    if not isinstance(area, shapely.Polygon) or area.is_empty or not area.is_valid:
        raise ParameterError("an area is one valid shapely Polygon", hint="for example shapely.box(0, 0, 10, 4)")
    return shapely.geometry.polygon.orient(shapely.force_2d(area))


def _rate(trajectories: pd.DataFrame, frame_rate: float | None) -> float:
    rate = trajectories.attrs.get("frame_rate") if frame_rate is None else frame_rate
    if not isinstance(rate, int | float) or not rate > 0:
        raise ParameterError("the frame rate is not known", hint="give frame_rate=..., in frames a second")
    return float(rate)


def _starts(frames: NDArray[Any]) -> NDArray[np.int64]:
    """First row of each frame of an ordered column, and the number of rows."""
    if not len(frames):
        return np.zeros(1, np.int64)
    return np.append(np.flatnonzero(np.append(True, frames[1:] != frames[:-1])), len(frames)).astype(np.int64)


def _batches(starts: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Runs of frames with about `PEOPLE_AT_ONCE` people."""
    found, first = [], 0
    while first < len(starts) - 1:
        last = max(first + 1, int(np.searchsorted(starts, starts[first] + PEOPLE_AT_ONCE, side="right")) - 1)
        found.append((first, last))
        first = last
    return found
