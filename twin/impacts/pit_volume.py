"""Volume of a pit with a polygon as its floor: upright or sloped sides, by layers, against level ground, a raster or triangles.

The sides rise from the edges of the floor as planes that meet in mitred corners, however sharp. What they sweep is a union: where
the sides of two arms of a pit meet, they share it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from twin.errors import GeometryError, ParameterError
from twin.grid import GridSpec
from twin.sim.impact.pit import volume
from twin.sim.impact.pit.checked import finite, positive

_GRID_M = 1e-7
"""Outlines that are handed out have their corners on a grid of this, which closes slits of rounding [m]."""


class Layers(NamedTuple):
    """Volume of a pit by layers.

    Attributes
    ----------
    levels_m : (K,) float64
        Levels between them, rising [m].
    volume_m3 : (K + 1,) float64
        Below the first level, between each two, above the last [m3].
    """

    levels_m: NDArray[np.float64]
    volume_m3: NDArray[np.float64]

    @property
    def total_m3(self) -> float:
        """All of it [m3]."""
        return float(self.volume_m3.sum())


def _rings(floor: BaseGeometry) -> list[NDArray[np.float64]]:
    """Rings of the floor with the pit on their left, without corners that turn nothing."""
    if floor.geom_type not in ("Polygon", "MultiPolygon") or floor.is_empty:
        raise GeometryError(f"the floor of a pit is a polygon, not {floor.geom_type}{' without area' if floor.is_empty else ''}")
    if not floor.is_valid:
        raise GeometryError(f"the floor of a pit cannot be used: {shapely.is_valid_reason(floor)}")
    plain = shapely.orient_polygons(shapely.simplify(shapely.force_2d(floor), 0.0), exterior_cw=False)
    every = [ring for part in shapely.get_parts(plain) for ring in (part.exterior, *part.interiors)]
    return [_turning(shapely.get_coordinates(ring)[:-1]) for ring in every]


def _turning(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners without those on a straight line: simplifying keeps where a ring begins."""
    before, after = corners - np.roll(corners, 1, axis=0), np.roll(corners, -1, axis=0) - corners
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    return corners[np.abs(cross) > 1e-12 * np.hypot(*before.T) * np.hypot(*after.T)]


def _floor(rings: list[NDArray[np.float64]]) -> BaseGeometry:
    """The floor again, of just these corners: those of its faces are the same numbers, so that no slits are left between them."""
    return shapely.build_area(shapely.GeometryCollection([shapely.LinearRing(ring) for ring in rings]))


def _faces(rings: list[NDArray[np.float64]], reach: float) -> list[BaseGeometry]:
    """What each edge sweeps when it moves outward by `reach`: a trapezium, or a triangle where its ends meet."""
    faces = []
    for ring in rings:
        edges = volume.edges([ring])
        along, start = np.column_stack([edges.dx, edges.dy]), edges.start[:, None]
        outer = ring + reach * (np.column_stack([edges.dy, -edges.dx]) - start * along)
        corners = np.stack([ring, np.roll(ring, -1, axis=0), np.roll(outer, -1, axis=0), outer], axis=1)
        grown = edges.length + (edges.start + edges.end) * reach
        for k, four in enumerate(corners):
            if grown[k] > 0:
                faces.append(shapely.Polygon(four))
            else:
                far = -edges.length[k] / (edges.start[k] + edges.end[k])
                apex = four[0] + far * (np.array([edges.dy[k], -edges.dx[k]]) - edges.start[k] * along[k])
                faces.append(shapely.Polygon([four[0], four[1], apex]))
    return faces


def _swept(rings: list[NDArray[np.float64]], reach: float) -> BaseGeometry:
    """Floor and faces as one."""
    return shapely.union_all([_floor(rings), *_faces(rings, reach)])


def widened(floor: BaseGeometry, distance_m: float) -> BaseGeometry:
    """The outline of a pit where its sides have moved outward by a distance, with mitred corners.

    Raises
    ------
    GeometryError
        When the floor is no valid polygon.
    ParameterError
        When the distance is below 0.
    """
    if distance_m < 0:
        raise ParameterError(f"sides move outward by 0 m or more, not {distance_m:g}")
    rings = _rings(floor)
    return floor if distance_m == 0 else shapely.set_precision(_swept(rings, distance_m), _GRID_M)


def pit_volume(
    floor: BaseGeometry, *, floor_m: float, top_m: float, slope: float | None = None, levels_m: ArrayLike = ()
) -> Layers:
    """Volume of a pit in level ground.

    Parameters
    ----------
    floor : shapely polygon
        Outline of the floor [m].
    floor_m, top_m : float
        Levels of the floor and of the ground [m].
    slope : float, optional
        How far the sides go outward for each metre up, as 1.5 for 1:1.5 (V:H); upright without.
    levels_m : (K,) array_like
        Levels between layers or stages, in any order [m].

    Returns
    -------
    Layers
        Exact but for rounding.

    Raises
    ------
    GeometryError
        When the floor is no valid polygon.
    ParameterError
        When the levels are upside down or the slope is not positive.
    """
    finite(floor_m=floor_m, top_m=top_m)
    if floor_m > top_m:
        raise ParameterError(f"levels are upside down: the floor at {floor_m:g} m is above the ground at {top_m:g} m")
    levels = _levels(levels_m)
    floor, rings = _near_origin(floor)
    bounds = np.clip(np.array([floor_m, *levels, top_m]), floor_m, top_m)
    if slope is None:
        return Layers(levels, floor.area * np.diff(bounds))
    positive(slope=slope)
    whole = volume.section(rings[0]) if len(rings) == 1 else None

    def area(height: float) -> float:
        distance = slope * (height - floor_m)
        # a convex outline has no edge that vanishes and none that meets another
        if whole is not None and whole.until_m == np.inf and _convex(rings[0]):
            return whole.at(distance)
        return float(_swept(rings, distance).area) if distance > 0 else float(floor.area)

    return Layers(levels, np.array([volume.integrate(area, low, high) for low, high in pairwise(bounds)]))


def _near_origin(floor: BaseGeometry) -> tuple[BaseGeometry, list[NDArray[np.float64]]]:
    """The floor moved to the origin, and its rings: areas are less exact among the coordinates of a country."""
    _rings(floor)
    corner = np.array(floor.bounds[:2])
    near = shapely.transform(floor, lambda at: at - corner)
    return near, _rings(near)


def _convex(ring: NDArray[np.float64]) -> bool:
    along = np.roll(ring, -1, axis=0) - ring
    after = np.roll(along, -1, axis=0)
    return bool((along[:, 0] * after[:, 1] - along[:, 1] * after[:, 0] > 0).all())


def _levels(levels_m: ArrayLike) -> NDArray[np.float64]:
    levels = np.sort(np.atleast_1d(np.asarray(levels_m, np.float64)))
    finite(levels_m=levels)
    return levels


def pit_volume_of_raster(
    floor: BaseGeometry, ground_m: NDArray[np.floating], grid: GridSpec, *, floor_m: float, slope: float | None = None,
    levels_m: ArrayLike = (),
) -> Layers:  # fmt: skip
    """Volume of a pit in ground that is a raster; the error falls with the square of the cell.

    Parameters
    ----------
    floor : shapely polygon
        Outline of the floor, in the coordinates of the grid [m].
    ground_m : (R, C) array
        Heights at the centres of cells [m].
    grid : GridSpec
    floor_m, slope, levels_m
        As in `pit_volume`.

    Raises
    ------
    GeometryError
        When the floor is no valid polygon, or the pit reaches to where no height is known or beyond the raster.
    ParameterError
        When the slope is not positive or the raster has another shape than its grid.
    """
    finite(floor_m=floor_m)
    if ground_m.shape != grid.shape:
        raise ParameterError(f"the raster has {ground_m.shape} cells and its grid {grid.shape}")
    levels, rings, ground = _levels(levels_m), _rings(floor), np.asarray(ground_m, np.float64)
    outside = floor.difference(shapely.box(*grid.bounds)).area > 1e-9 * floor.area
    if slope is None:
        share = _shares(floor, grid)
        pit = np.where(share > 0, floor_m, np.inf)
    else:
        positive(slope=slope)
        share = None
        pit = volume.pit_surface(grid.x, grid.y, volume.edges(rings), floor_m, 1.0 / slope)
        dug = ground > pit
        outside |= bool(dug[[0, -1]].any() or dug[:, [0, -1]].any())
    # a cell whose height is not known is a hole in the sum when the ground beside it is dug
    unknown = np.isfinite(pit) & ~np.isfinite(ground) & _beside(ground > pit, share)
    if outside or unknown.any():
        raise GeometryError(
            "the pit reaches to where the height of the ground is not known",
            hint="take a larger raster or fill its gaps, or give the pit upright sides",
        )
    return Layers(levels, volume.between_surfaces(ground, pit, levels, grid.cell, share))


def _beside(dug: NDArray[np.bool_], share: NDArray[np.float64] | None) -> NDArray[np.bool_]:
    """Cells beside those that are dug; with upright sides all that the pit has a share of."""
    if share is not None:
        return share > 0
    near = np.pad(dug, 1)
    return np.asarray(near[:-2, 1:-1] | near[2:, 1:-1] | near[1:-1, :-2] | near[1:-1, 2:])


def _shares(floor: BaseGeometry, grid: GridSpec) -> NDArray[np.float64]:
    """How much of each cell lies within the floor, (R, C) float64."""
    share = np.zeros(grid.shape)
    west, south, east, north = floor.bounds
    row, column = grid.index(np.array([west, east]), np.array([north, south]))
    rows = np.arange(max(int(row[0]), 0), min(int(row[1]), grid.rows - 1) + 1)
    columns = np.arange(max(int(column[0]), 0), min(int(column[1]), grid.columns - 1) + 1)
    if not len(rows) or not len(columns):
        return share
    r, c = (part.ravel() for part in np.meshgrid(rows, columns, indexing="ij"))
    x, y = grid.west + c * grid.cell, grid.north - r * grid.cell
    boxes = shapely.box(x, y - grid.cell, x + grid.cell, y)
    shapely.prepare(floor)
    inside = shapely.contains_properly(floor, boxes)
    cut = ~inside & shapely.intersects(floor, boxes)
    values = inside.astype(np.float64)
    values[cut] = shapely.area(shapely.intersection(floor, boxes[cut])) / grid.cell**2
    share[r, c] = values
    return share


def pit_triangles(floor: BaseGeometry, *, floor_m: float, top_m: float, slope: float | None = None) -> NDArray[np.float64]:
    """Floor and sloped sides of a pit up to a level, as triangles.

    Parameters
    ----------
    floor : shapely polygon
        Outline of the floor [m].
    floor_m, top_m : float
        Levels of the floor, and that which the sides reach up to [m].
    slope : float, optional
        As in `pit_volume`; without it there are no sides.

    Returns
    -------
    (P, 3, 3) float64
        x, y and z of their corners; seen from above none overlap [m].
    """
    flat = _triangles(floor)
    parts = [np.dstack([flat, np.full(flat.shape[:2], floor_m)])]
    if slope is not None:
        positive(slope=slope)
        rings = _rings(floor)
        edges = volume.edges(rings)
        faces = _lowest_faces(floor, rings, slope * (top_m - floor_m))
        for face, x, y, dx, dy in zip(faces, edges.x, edges.y, edges.dx, edges.dy, strict=True):
            plan = _triangles(face)
            out = (plan[..., 0] - x) * dy - (plan[..., 1] - y) * dx
            parts.append(np.dstack([plan, floor_m + out / slope]))
    return np.concatenate(parts)


def _lowest_faces(floor: BaseGeometry, rings: list[NDArray[np.float64]], reach: float) -> list[BaseGeometry]:
    """Faces of the sides where each is the lowest of all."""
    faces, edges = _faces(rings, reach), volume.edges(rings)
    kept = []
    for k, face in enumerate(faces):
        mine = face.difference(floor)
        for m, other in enumerate(faces):
            if m != k and not mine.is_empty and other.intersects(mine):
                mine = mine.difference(_nearer(other, edges, m, k, reach))
        kept.append(mine)
    return kept


def _nearer(face: BaseGeometry, edges: volume.Edges, mine: int, other: int, reach: float) -> BaseGeometry:
    """The part of a face that is nearer to its edge than to the line of another edge."""
    a = edges.dy[mine] - edges.dy[other]
    b = -edges.dx[mine] + edges.dx[other]
    c = [edges.y[k] * edges.dx[k] - edges.x[k] * edges.dy[k] for k in (mine, other)]
    size = np.hypot(a, b)
    if size < 1e-12:
        # sides that go the same way: the further edge is the lower one; of one line the first has it
        return face if (c[0] - c[1], mine - other) < (0.0, 0) else shapely.Polygon()
    normal = np.array([a, b]) / size
    foot = -normal * (c[0] - c[1]) / size
    span = 4.0 * (reach + shapely.hausdorff_distance(face, shapely.Point(foot)))
    side = np.array([-normal[1], normal[0]])
    corners = [foot + span * side, foot - span * side, foot - span * side - span * normal, foot + span * side - span * normal]
    return face.intersection(shapely.Polygon(corners))


def _triangles(of: BaseGeometry) -> NDArray[np.float64]:
    """Corners of the triangles of a polygon, (T, 3, 2) float64."""
    polygons = [part for part in shapely.get_parts(of) if part.geom_type == "Polygon" and part.area > 0]
    made = [one for part in polygons for one in shapely.get_parts(shapely.constrained_delaunay_triangles(part))]
    return np.array([shapely.get_coordinates(one)[:3] for one in made]).reshape(-1, 3, 2)


def pit_volume_of_triangles(
    floor: BaseGeometry, ground: NDArray[np.float64], *, floor_m: float, slope: float | None = None, levels_m: ArrayLike = ()
) -> Layers:
    """Volume of a pit in ground that is triangles; exact but for rounding.

    Parameters
    ----------
    floor : shapely polygon
        Outline of the floor [m].
    ground : (T, 3, 3) float64
        x, y and z of the corners; seen from above they do not overlap [m].
    floor_m, slope, levels_m
        As in `pit_volume`.

    Raises
    ------
    GeometryError
        When the floor is no valid polygon, or the pit reaches beyond the triangles.
    ParameterError
        When the slope is not positive.
    """
    finite(floor_m=floor_m, ground=ground)
    levels, _ = _levels(levels_m), _rings(floor)
    origin = np.array([*floor.bounds[:2], floor_m])
    here = shapely.transform(floor, lambda at: at - origin[:2])
    near = np.asarray(ground, np.float64) - origin
    near, outline, top = _around(near, here, slope)
    if float(shapely.area(shapely.intersection(shapely.polygons(near[..., :2]), outline)).sum()) < (1.0 - 1e-9) * outline.area:
        raise GeometryError(
            "the pit reaches beyond the triangles of the ground", hint="take more ground around it, or give the pit upright sides"
        )
    pit = pit_triangles(here, floor_m=0.0, top_m=top, slope=slope)
    return Layers(levels, volume.between_triangles(near, pit, levels - floor_m))


def _around(
    ground: NDArray[np.float64], floor: BaseGeometry, slope: float | None
) -> tuple[NDArray[np.float64], BaseGeometry, float]:
    """Triangles that a pit can reach, its outline where its sides are as high as the highest of them, and how high that is."""
    plan = shapely.polygons(ground[..., :2])
    near = shapely.area(plan) > 0
    outline, top = floor, 0.0
    for _ in range(8):
        top = float(max(ground[near][..., 2].max(initial=0.0), 0.0)) + 1e-6
        outline = floor if slope is None else widened(floor, slope * top)
        closer = near & shapely.intersects(plan, outline)
        if (closer == near).all():
            break
        near = closer
    return ground[near], outline, top


def stage_volumes(
    floor: BaseGeometry, stages_m: Sequence[float], *, top_m: float, slope: float | None = None
) -> NDArray[np.float64]:
    """What each stage takes out: from the ground, or the floor of the stage before, down to its own, within the pit as it ends.

    Parameters
    ----------
    floor : shapely polygon
        Outline of the floor of the last stage [m].
    stages_m : sequence of float
        Levels of the floors, in the order of the stages [m].
    top_m, slope
        As in `pit_volume`.

    Returns
    -------
    (S,) float64
        [m3]

    Raises
    ------
    ParameterError
        When a stage is not lower than the one before.
    """
    levels = [top_m, *stages_m]
    for k, (above, below) in enumerate(pairwise(levels)):
        if not below < above:
            raise ParameterError(f"stage {k + 1} digs to {below:g} m, which is not below {above:g} m, where it begins")
    if not stages_m:
        return np.zeros(0)
    found = pit_volume(floor, floor_m=stages_m[-1], top_m=top_m, slope=slope, levels_m=stages_m[:-1])
    return found.volume_m3[::-1]
