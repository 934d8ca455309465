"""Voronoi cells of people within a walkable area, and the density in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.errors import GeometryError, ParameterError
from twin.measures.frames import area_of, batches, checked, starts_of
from twin.sim.crowd.voronoi import boundary_of, ring_areas, voronoi_cells


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
    data = checked(trajectories)
    shape = area_of(area)
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
    starts = starts_of(data["frame"].to_numpy())
    parts = []
    for first, last in batches(starts):
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


def voronoi_density(cells: VoronoiCells, measurement_area: shapely.Polygon) -> pd.DataFrame:
    """Mean over an area of the density that each person has in its Voronoi cell, frame by frame.

    Returns
    -------
    DataFrame
        Indexed by ``frame``, those in which somebody is: ``density`` [1/m2].
    """
    shape = area_of(measurement_area)
    shared = shapely.area(shapely.intersection(cells.polygons(), shape))
    part = shared * cells.table["density"].to_numpy()
    found = pd.Series(part).groupby(cells.table["frame"].to_numpy()).sum() / shape.area
    return pd.DataFrame({"density": found.to_numpy()}, index=pd.Index(found.index, name="frame"))
