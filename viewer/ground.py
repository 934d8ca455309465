"""The ground: plate or terrain with streets, squares, wharves and water cut in, and walls where they drop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from viewer import raster, shapes, style

if TYPE_CHECKING:
    from twin.geo.city import City

DROP_M = 0.12
"""A step in the floor that is higher than this gets a vertical side [m]."""
DECK_M = 1.5
"""The ground goes on below a surface that is higher above it than this [m]."""
MAX_GROUND_CELLS = 20_000
FLAT_M = 0.06
AREAS = (3, 6, 7)
"""Polygon, MultiPolygon and GeometryCollection by their numbers in GEOS."""


class Ground:
    """Height of the ground in local coordinates: the city's terrain, or what its buildings stand on.

    Parameters
    ----------
    city : City
    """

    def __init__(self, city: City) -> None:
        self._origin = city.origin
        self._terrain = None
        self._points: NDArray[np.float64] | None = None
        if city.terrain is not None and np.isfinite(city.terrain.height).any():
            self._terrain = _filled(city.terrain)
        else:
            self._points = _foots(city)
        self._tree: Any = None

    @property
    def known(self) -> bool:
        """Whether the heights are a terrain's, not guessed from buildings."""
        return self._terrain is not None

    def at(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Height at local points (N, 2), (N,) float64 [m]."""
        xy = np.asarray(xy, dtype=np.float64)
        if not len(xy):
            return np.empty(0)
        if self._terrain is not None:
            return self._terrain.at(xy[:, 0] + self._origin[0], xy[:, 1] + self._origin[1]) - self._origin[2]
        if self._points is None or not len(self._points):
            return np.zeros(len(xy))
        from scipy.spatial import cKDTree

        if self._tree is None:
            self._tree = cKDTree(self._points[:, :2])
        count = min(12, len(self._points))
        distance, index = self._tree.query(xy, k=count)
        weight = 1.0 / (distance.reshape(len(xy), count) ** 2 + 400.0)
        height = self._points[index.reshape(len(xy), count), 2]
        return np.asarray((weight * height).sum(axis=1) / weight.sum(axis=1))


def _filled(terrain: Any) -> Any:
    from scipy.ndimage import distance_transform_edt

    from twin.geo.terrain import Terrain

    unknown = ~np.isfinite(terrain.height)
    if not unknown.any():
        return terrain
    nearest = distance_transform_edt(unknown, return_distances=False, return_indices=True)
    return Terrain(terrain.grid, terrain.height[tuple(nearest)])


def _foots(city: City) -> NDArray[np.float64]:
    """Points of the ground: of the city's own surfaces on it, else where buildings meet it, (N, 3) local."""
    own = city.objects["layer"].isin(["roads", "green", "landuse"]).to_numpy()
    if len(city.surfaces) and own[city.surfaces.owner].any():
        corners = city.surfaces.vertices[np.unique(city.surfaces.triangles[own[city.surfaces.owner]])]
        corners = _lowest_in_cells(corners)
        return np.asarray(corners[:: max(1, len(corners) // 20_000)])
    frame = city.buildings
    if len(frame) and "ground_m" in frame:
        centres = frame.geometry.centroid
        points = np.column_stack([centres.x, centres.y, frame["ground_m"].astype(float)]) - city.origin
        points = points[np.isfinite(points).all(axis=1)]
        if len(points):
            return np.asarray(points)
    if len(city.surfaces):
        return _lowest(city)
    streets = city.roads[city.roads["level"].fillna("street") == "street"] if "level" in city.roads else city.roads
    levels = [frame["z_m"].astype(float).to_numpy() for frame in (streets, city.water) if len(frame) and "z_m" in frame]
    heights = np.concatenate(levels) if levels else np.empty(0)
    heights = heights[np.isfinite(heights)]
    return np.array([[0.0, 0.0, float(heights.max()) - city.origin[2]]]) if len(heights) else np.empty((0, 3))


def _lowest_in_cells(points: NDArray[np.float64], cell: float = 8.0) -> NDArray[np.float64]:
    """The lowest point of each cell: crowns of trees and upper decks are not the ground."""
    cells = np.floor(points[:, :2] / cell).astype(np.int64)
    order = np.lexsort((points[:, 2], cells[:, 1], cells[:, 0]))
    _, first = np.unique(cells[order], axis=0, return_index=True)
    return points[order][first]


def _lowest(city: City) -> NDArray[np.float64]:
    mesh = city.surfaces
    owner = np.repeat(mesh.owner, 3)
    corners = mesh.vertices[mesh.triangles.ravel()]
    order = np.lexsort((corners[:, 2], owner))
    first = np.unique(owner[order], return_index=True)[1]
    return np.asarray(corners[order][first])


@dataclass(frozen=True, slots=True)
class Patch:
    """A part of the floor: polygon in local coordinates, height (NaN: on the ground), what it is."""

    polygon: BaseGeometry
    z: float
    kind: str
    layer: str
    row: int
    lift: float = 0.0
    own_mesh: bool = False


def local(geometry: Any, city: City) -> Any:
    """Geometries in plan, relative to the city's origin."""
    shift = city.origin[:2]
    return shapely.transform(shapely.force_2d(geometry), lambda xy: xy - shift)


def areas(geometry: Any, city: City) -> Any:
    """Outlines in plan, as `local`, each of them sound (see `shapes.sound`); lines and points as they are."""
    found = np.array(local(geometry, city), dtype=object)
    wrong = np.isin(shapely.get_type_id(found), AREAS) & ~shapely.is_valid(found)
    found[wrong] = [shapes.sound(shape) for shape in found[wrong]]
    return found


def extent_of(city: City, margin: float = 0.0) -> BaseGeometry:
    """Box round everything in the city, local, grown by `margin` [m]."""
    west, south, east, north = city.bounds
    x, y = city.origin[:2]
    return shapely.box(west - x - margin, south - y - margin, east - x + margin, north - y + margin)


def margin_of(city: City) -> float:
    """How far the ground goes on beyond the city [m]: in a wide city far enough that a post at its edge stands on it."""
    west, south, east, north = city.bounds
    return float(max(12.0, 0.02 * max(east - west, north - south)))


def border_of(
    meshes: list[tuple[NDArray[np.float64], NDArray[np.int32]]], extent: BaseGeometry
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Edges of meshes along the sides of a box, as they are drawn: starts (N, 3) and ends (N, 3), the box on the left."""
    west, south, east, north = extent.bounds
    near = 1e-6 * max(1.0, east - west, north - south)
    starts, ends = [np.empty((0, 3))], [np.empty((0, 3))]
    for vertices, faces in meshes:
        if not len(faces):
            continue
        first = vertices[faces.ravel()]
        second = vertices[np.roll(faces, -1, axis=1).ravel()]
        for axis, side in ((0, west), (0, east), (1, south), (1, north)):
            on = (np.abs(first[:, axis] - side) < near) & (np.abs(second[:, axis] - side) < near)
            # the walls of a quay may stand on the border too: only what has a length in plan is an edge of the floor
            on &= np.abs(first[:, 1 - axis] - second[:, 1 - axis]) > near
            starts.append(first[on])
            ends.append(second[on])
    return np.concatenate(starts), np.concatenate(ends)


def pieces(geometry: BaseGeometry, ground: Ground, finest: float) -> list[shapely.Polygon]:
    """Cut a geometry until the ground under each piece is as good as a plane, or the piece is `finest` [m]."""
    todo = [part for part in shapes.polygons(geometry) if part.area > 1e-6]
    done: list[shapely.Polygon] = []
    while todo:
        boxes = np.array([part.bounds for part in todo])
        width, depth = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
        small = np.maximum(width, depth) <= finest
        fine = small | (_unevenness(boxes, ground) < FLAT_M)
        done += [part for part, stop in zip(todo, fine, strict=True) if stop]
        halves: list[shapely.Polygon] = []
        for part, box, stop in zip(todo, boxes, fine, strict=True):
            if not stop:
                for half in _halves(box):
                    halves += [piece for piece in shapes.polygons(_clip(part, half)) if piece.area > 1e-6]
        todo = halves
    return done


def _unevenness(boxes: NDArray[np.float64], ground: Ground) -> NDArray[np.float64]:
    """Largest distance between the ground and a plane through it, over each box (N, 4), (N,) [m]."""
    side = np.linspace(0.0, 1.0, 6)
    u, v = (axis.ravel() for axis in np.meshgrid(side, side))
    x = boxes[:, :1] + (boxes[:, 2:3] - boxes[:, :1]) * u
    y = boxes[:, 1:2] + (boxes[:, 3:4] - boxes[:, 1:2]) * v
    heights = ground.at(np.column_stack([x.ravel(), y.ravel()])).reshape(len(boxes), -1)
    design = np.column_stack([u, v, np.ones(len(u))])
    plane = design @ np.linalg.pinv(design)
    return np.asarray(np.abs(heights - heights @ plane.T).max(axis=1))


def _halves(box: NDArray[np.float64]) -> tuple[tuple[float, float, float, float], tuple[float, float, float, float]]:
    west, south, east, north = (float(v) for v in box)
    if east - west >= north - south:
        middle = (west + east) / 2
        return (west, south, middle, north), (middle, south, east, north)
    middle = (south + north) / 2
    return (west, south, east, middle), (west, middle, east, north)


def _clip(part: shapely.Polygon, box: tuple[float, float, float, float]) -> BaseGeometry:
    try:
        return shapely.intersection(part, shapely.box(*box))
    except shapely.errors.GEOSException:
        return shapely.intersection(shapes.sound(part), shapely.box(*box))


def drape(geometry: BaseGeometry, ground: Ground, lift: float, size: float) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """A surface that follows the ground, in as few pieces as its unevenness allows."""
    if geometry.is_empty:
        return np.empty((0, 3)), np.empty((0, 3), np.int32)
    meshes = [shapes.plate(part, 0.0) for part in pieces(geometry, ground, size)]
    vertices, faces = shapes.join([mesh for mesh in meshes if len(mesh[1])] or [shapes.plate(shapely.Polygon(), 0.0)])
    vertices[:, 2] = ground.at(vertices[:, :2]) + lift
    return vertices, faces


def raised(patch: Patch, ground: Ground) -> bool:
    """Whether a part of the floor is a deck: so high above the ground that this is seen below it."""
    if not np.isfinite(patch.z):
        return False
    point = shapely.get_coordinates(shapely.point_on_surface(patch.polygon))
    return bool(len(point)) and bool(patch.z - ground.at(point)[0] > DECK_M)


def patch_mesh(patch: Patch, ground: Ground, size: float) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Triangles of a part of the floor."""
    if np.isfinite(patch.z):
        return shapes.plate(patch.polygon, patch.z + patch.lift)
    return drape(patch.polygon, ground, patch.lift, size)


def height_of(patch: Patch, ground: Ground, xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Height of a part of the floor at local points."""
    return np.full(len(xy), patch.z + patch.lift) if np.isfinite(patch.z) else ground.at(xy) + patch.lift


@dataclass(frozen=True, slots=True)
class Floor:
    """Raster of the highest floor (no decks, no buildings), local."""

    heights: NDArray[np.float32]
    west: float
    north: float
    cell: float

    def at(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Height at points (N, 2); NaN outside."""
        return raster.sample(self.heights, self.west, self.north, self.cell, xy[:, 0], xy[:, 1])


def floor_raster(
    extent: BaseGeometry, meshes: list[tuple[NDArray[np.float64], NDArray[np.int32]]], max_cells: int = 4_000_000
) -> Floor:
    """Raster of the highest of some meshes over an extent, at 0.5 m or as fine as `max_cells` allow."""
    west, south, east, north = extent.bounds
    cell = max(0.5, float(np.sqrt((east - west) * (north - south) / max_cells)))
    shape = (max(1, int(np.ceil((north - south) / cell))), max(1, int(np.ceil((east - west) / cell))))
    heights = np.full(shape, np.nan, np.float32)
    for vertices, faces in meshes:
        raster.top_heights(vertices, faces, west, north, cell, shape, heights)
    return Floor(heights, west, north, cell)


def walls_where_it_drops(
    outlines: list[BaseGeometry], tops: list[Any], floor: Floor, keep_clear: BaseGeometry | None = None
) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.float64]]:
    """Vertical sides where the floor beside an outline is lower.

    Parameters
    ----------
    outlines : list of geometry
    tops : list of callable
        Height of each outline at local points (N, 2).
    floor : Floor
    keep_clear : geometry, optional
        No wall where the middle of an edge is inside (under a deck).

    Returns
    -------
    vertices (V, 3), triangles (T, 3), drop (T,) [m]
    """
    first, second, which = shapes.edges_of(outlines, 4.0)
    empty = np.empty((0, 3)), np.empty((0, 3), np.int32), np.empty(0)
    if not len(first):
        return empty
    along = second - first
    length = np.linalg.norm(along, axis=1)
    right = np.column_stack([along[:, 1], -along[:, 0]]) / np.maximum(length, 1e-9)[:, None]
    middle = (first + second) / 2
    beside = right * (1.3 * floor.cell)
    outside = floor.at(middle + beside)
    lowest = np.fmin(np.fmin(outside, floor.at(0.9 * first + 0.1 * second + beside)), floor.at(0.1 * first + 0.9 * second + beside))
    top_first, top_second = np.empty(len(first)), np.empty(len(first))
    for index, top in enumerate(tops):
        mine = which == index
        top_first[mine], top_second[mine] = top(first[mine]), top(second[mine])
    drop = (top_first + top_second) / 2 - lowest
    keep = (drop > DROP_M) & (length > 1e-6)
    if keep_clear is not None and keep.any():
        inside = np.zeros(len(keep), bool)
        inside[keep] = shapely.contains_xy(keep_clear, middle[keep])
        keep &= ~inside
    if not keep.any():
        return empty
    foot = lowest[keep] - 0.3
    vertices, faces = shapes.curtain(first[keep], second[keep], foot, foot, top_first[keep], top_second[keep])
    return vertices, faces, np.tile(drop[keep], 2)


def grid_size(extent: BaseGeometry, ground: Ground, terrain_cell: float | None) -> float:
    """Size of the pieces that follow the terrain [m]."""
    finest = max(4.0, terrain_cell or 10.0)
    return max(finest, float(np.sqrt(extent.area / MAX_GROUND_CELLS)))


def kind_colour(kind: str) -> tuple[int, int, int]:
    """Colour of a part of the floor."""
    return style.WATER if kind == "water" else style.surface_colour(kind)
