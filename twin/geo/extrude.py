"""Buildings from footprints: blocks of level of detail 1 with walls, roof and ground."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.errors import GeometryError
from twin.geo.along import points_along
from twin.geo.city import City, Finding, Quality
from twin.geo.ears import starts_of
from twin.geo.given import frame_of, in_system, told
from twin.geo.mesh import SEMANTICS, Rings, TriangleMesh
from twin.geo.terrain import Terrain
from twin.geo.triangulate import triangulate

LOD = "1"
GROUND_STEP_M = 1.0
"""The ground under a footprint is looked at each so many metres along its outline [m]."""


def add_buildings(city: City, frame: gpd.GeoDataFrame) -> City:
    """A city with buildings added from footprints; `City.with_buildings` calls this.

    Parameters
    ----------
    city : City
    frame : GeoDataFrame
        Footprint (multi)polygons indexed by id, with ``height_m`` [m] and optionally ``ground_m`` [m]. Where the ground
        is not stated it is the lowest terrain along the footprint, else the median ground of the buildings there are,
        else 0, which is noted in the quality of the city.

    Returns
    -------
    City
        With rows in `buildings` and `objects`, and closed blocks in `surfaces`.

    Raises
    ------
    GeometryError
        When an id is taken, a footprint is not a valid polygon, or a height is missing or not positive.
    CRSError
        When the frame is in another CRS than the city.
    """
    if not len(frame_of(frame, "footprints")):
        return city
    frame = in_system(frame, city.crs, "the footprints")
    ids = [str(one) for one in frame.index]
    check_free(city, ids)
    footprints = np.asarray(frame.geometry.array, dtype=object)
    _check_footprints(footprints, ids)
    height = _heights(frame, ids)
    ground, assumed = _ground(city, frame, footprints, ids)
    first = len(city.objects)
    mesh = blocks(footprints, ground, ground + height, city.origin, first)
    rows = pd.DataFrame(frame.drop(columns=frame.geometry.name)).set_axis(pd.Index(ids, name="id", dtype="str"))
    rows = rows.assign(ground_m=ground, roof_m=ground + height, height_m=height)
    for name, value in (("type", "Building"), ("height_source", "stated")):
        if name not in rows:
            rows[name] = pd.array([value] * len(rows), dtype="str")
    added = gpd.GeoDataFrame(rows, geometry=gpd.GeoSeries(footprints, index=rows.index, crs=city.crs), crs=city.crs)
    buildings = city.buildings
    if buildings.geometry.name != "geometry":
        buildings = buildings.rename_geometry("geometry")
    table = pd.concat([buildings, added]) if len(buildings) else added
    object_rows = {"type": "Building", "layer": "buildings", "parent": "", "lod": LOD, "geometry": "Solid"}
    objects = pd.DataFrame(
        {key: pd.array([value] * len(ids), dtype="str") for key, value in object_rows.items()}, index=rows.index
    )
    return replace(
        city,
        layers={**city.layers, "buildings": gpd.GeoDataFrame(table, geometry="geometry", crs=city.crs)},
        surfaces=TriangleMesh.concatenate([city.surfaces, mesh]),
        objects=pd.concat([city.objects, objects]),
        quality=city.quality + assumed,
    )


def check_free(city: City, ids: list[str]) -> None:
    """See that new buildings have ids that no object of the city has.

    Raises
    ------
    GeometryError
        Names the one that is taken.
    """
    if len(set(ids)) < len(ids):
        twice = sorted(one for one in set(ids) if ids.count(one) > 1)
        raise GeometryError(f"two new buildings are called `{twice[0]}`", hint="give each its own id")
    taken = set(city.objects.index).union(*(frame.index for frame in city.layers.values()))
    for one in ids:
        if one in taken:
            raise GeometryError(
                f"the city already has an object `{one}`",
                hint="give the new building another id, or remove the old one first",
            )


def _check_footprints(footprints: NDArray[np.object_], ids: list[str]) -> None:
    """Name the first footprint that cannot be built on."""
    kinds = shapely.get_type_id(footprints)
    polygonal = np.isin(kinds, (3, 6))
    box = shapely.bounds(footprints)
    points, owner = shapely.get_coordinates(footprints, return_index=True)
    endless = np.zeros(len(footprints), dtype=bool)
    endless[owner[~np.isfinite(points).all(axis=1)]] = True
    endless |= polygonal & ~shapely.is_empty(footprints) & ~np.isfinite(box).all(axis=1)
    valid = np.zeros(len(footprints), dtype=bool)
    valid[~endless] = shapely.is_valid(footprints[~endless])
    # two halves of an outline that crosses itself may cancel each other out
    empty = shapely.is_empty(footprints) | (valid & ~(shapely.area(footprints) > 0))
    for number in np.flatnonzero(~polygonal | empty | endless | ~valid)[:1].tolist():
        one, shape = ids[number], footprints[number]
        if not polygonal[number]:
            found = "missing" if shape is None else f"a {shape.geom_type}"
            raise GeometryError(f"the footprint of building `{one}` is {found}, not a polygon")
        if endless[number]:
            raise GeometryError(f"the footprint of building `{one}` has coordinates that are not finite")
        if empty[number] and valid[number]:
            raise GeometryError(f"the footprint of building `{one}` is empty")
        reason = shapely.is_valid_reason(shape)
        raise GeometryError(f"the footprint of building `{one}` is not a valid polygon: {reason}")


def _heights(frame: gpd.GeoDataFrame, ids: list[str]) -> NDArray[np.float64]:
    if "height_m" not in frame:
        raise GeometryError(
            "the footprints have no column `height_m`", hint="give the height above the ground in metres"
        )
    height = pd.to_numeric(frame["height_m"], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = np.flatnonzero(~(np.isfinite(height) & (height > 0)))
    if len(wrong):
        one, value = ids[wrong[0]], float(height[wrong[0]])
        stated = frame["height_m"].iloc[wrong[0]]
        what = f"{value} m" if np.isfinite(value) or not isinstance(stated, str) else repr(stated)
        raise GeometryError(f"the height of building `{one}` is {what}; it must be positive", hint="give metres above its ground")
    return np.asarray(height)


def _ground(
    city: City, frame: gpd.GeoDataFrame, footprints: NDArray[np.object_], ids: list[str]
) -> tuple[NDArray[np.float64], Quality]:
    ground = np.full(len(ids), np.nan)
    if "ground_m" in frame:
        ground = pd.to_numeric(frame["ground_m"], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan).copy()
        text = np.flatnonzero(np.isnan(ground) & frame["ground_m"].notna().to_numpy())
        if len(text):
            stated = frame["ground_m"].iloc[text[0]]
            hint = "give metres in the datum of the city, or nothing for the terrain"
            raise GeometryError(f"the ground of building `{ids[text[0]]}` is {told(stated)}, which is no height", hint=hint)
        ground[~np.isfinite(ground)] = np.nan
    if city.terrain is not None:
        open_ = np.isnan(ground)
        ground[open_] = lowest_along_each(footprints[open_], city.terrain)
    missing = np.isnan(ground)
    if missing.any() and "ground_m" in city.buildings:
        known = city.buildings["ground_m"].to_numpy(dtype=np.float64, na_value=np.nan)
        known = known[np.isfinite(known)]
        if len(known):
            ground[missing] = float(np.median(known))
            missing = np.isnan(ground)
    message = "the city has neither terrain nor buildings with a ground height; taken as 0 m"
    findings = tuple(Finding("ground-assumed", ids[number], message) for number in np.flatnonzero(missing))
    return np.where(missing, 0.0, ground), Quality(findings)


def lowest_along(footprint: shapely.Geometry, terrain: Terrain) -> float:
    """Lowest terrain along the outline of a footprint [m]; NaN where the terrain is unknown."""
    return float(lowest_along_each(np.array([footprint], dtype=object), terrain)[0])


def lowest_along_each(footprints: NDArray[np.object_], terrain: Terrain) -> NDArray[np.float64]:
    """Lowest terrain along the outline of each footprint, (N,) [m]; NaN where the terrain is unknown.

    Parameters
    ----------
    footprints : (N,) object
        (Multi)polygons in the CRS of the terrain; others have no outline.
    terrain : Terrain
    """
    lowest = np.full(len(footprints), np.nan)
    polygonal = np.isin(shapely.get_type_id(footprints), (3, 6))
    points, owner = points_along(shapely.boundary(footprints[polygonal]), GROUND_STEP_M)
    owner = np.flatnonzero(polygonal)[owner]
    # Beyond its edge the terrain repeats its last cells: a building out there has no ground in it.
    on_it = terrain.grid.contains(*terrain.grid.index(points[:, 0], points[:, 1]))
    np.fmin.at(lowest, owner[on_it], terrain.at(points[on_it, 0], points[on_it, 1]))
    return lowest


def blocks(
    footprints: NDArray[np.object_],
    bottom: NDArray[np.float64],
    top: NDArray[np.float64],
    origin: NDArray[np.float64],
    first_owner: int = 0,
) -> TriangleMesh:
    """Closed blocks that stand on footprints.

    Parameters
    ----------
    footprints : (N,) object
        Valid (multi)polygons, holes allowed, in the CRS of the city.
    bottom, top : (N,) float64
        Heights in the vertical datum [m].
    origin : (3,) float64
        Origin of the mesh [m].
    first_owner : int
        Owner of the first block; the next ones count on.

    Returns
    -------
    TriangleMesh
        Normals outward; ground, walls and roof by their semantics.
    """
    rings, polygon, owner = _rings(footprints, origin)
    sizes = rings.sizes
    faces = _Faces.of(sizes, np.bincount(polygon, minlength=len(owner)))
    corners = len(rings.corners)
    ring_of = np.repeat(np.arange(len(sizes)), sizes)
    place = np.arange(corners) - starts_of(sizes)[ring_of]
    here = place + 2 * starts_of(sizes)[ring_of]
    there = here + 1 - np.where(place == sizes[ring_of] - 1, sizes[ring_of], 0)
    low = bottom[owner][polygon][ring_of] - origin[2]
    high = top[owner][polygon][ring_of] - origin[2]
    points = np.empty((2 * corners, 3))
    points[here] = np.column_stack([rings.corners, low])
    points[here + sizes[ring_of]] = np.column_stack([rings.corners, high])
    # Each polygon: the walls of all its rings, then the roof, then the ground, which runs the other way round.
    indices = np.empty(6 * corners, dtype=np.int64)
    wall = np.column_stack([here, there, there + sizes[ring_of], here + sizes[ring_of]])
    before = starts_of(faces.corners)[polygon][ring_of]
    within = np.arange(corners) - before
    indices[(6 * before + 4 * within)[:, None] + np.arange(4)] = wall
    roof = 6 * before + 4 * faces.corners[polygon][ring_of] + within
    indices[roof] = here + sizes[ring_of]
    mirrored = within + sizes[ring_of] - 1 - 2 * place
    indices[roof - within + faces.corners[polygon][ring_of] + mirrored] = here
    cut = triangulate(points, Rings(indices, faces.sizes(sizes, polygon), faces.counts()))
    of_face, semantic = faces.meaning()
    return TriangleMesh(points, cut.triangles, (owner[of_face] + first_owner).astype(np.int32)[cut.polygon], semantic[cut.polygon])


class _Outlines(NamedTuple):
    """Rings of many polygons: corners (N, 2) without the repeated one, and the number of each ring's."""

    corners: NDArray[np.float64]
    sizes: NDArray[np.int64]


class _Faces(NamedTuple):
    """Faces of the blocks on P polygons: corners and rings of each polygon."""

    corners: NDArray[np.int64]
    rings: NDArray[np.int64]

    @classmethod
    def of(cls, sizes: NDArray[np.int64], rings: NDArray[np.int64]) -> _Faces:
        polygon = np.repeat(np.arange(len(rings)), rings)
        return cls(np.bincount(polygon, weights=sizes, minlength=len(rings)).astype(np.int64), rings)

    def sizes(self, sizes: NDArray[np.int64], polygon: NDArray[np.int64]) -> NDArray[np.int64]:
        """Corners of each ring of each face: four of a wall, those of the outline of roof and ground."""
        start = starts_of(self.corners + 2 * self.rings)
        out = np.full(int((self.corners + 2 * self.rings).sum()), 4, dtype=np.int64)
        number = np.arange(len(sizes)) - starts_of(self.rings)[polygon]
        flat = start[polygon] + self.corners[polygon] + number
        out[flat], out[flat + self.rings[polygon]] = sizes, sizes
        return out

    def counts(self) -> NDArray[np.int64]:
        """Rings of each face."""
        out = np.ones(int((self.corners + 2).sum()), dtype=np.int64)
        roof = starts_of(self.corners + 2) + self.corners
        out[roof], out[roof + 1] = self.rings, self.rings
        return out

    def meaning(self) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Polygon and semantic code of each face."""
        of_face = np.repeat(np.arange(len(self.corners)), self.corners + 2)
        semantic = np.full(len(of_face), SEMANTICS["WallSurface"], dtype=np.uint8)
        roof = starts_of(self.corners + 2) + self.corners
        semantic[roof], semantic[roof + 1] = SEMANTICS["RoofSurface"], SEMANTICS["GroundSurface"]
        return of_face, semantic


def _rings(
    footprints: NDArray[np.object_], origin: NDArray[np.float64]
) -> tuple[_Outlines, NDArray[np.int64], NDArray[np.int64]]:
    """Rings of all polygons, the polygon of each ring, and the footprint of each polygon.

    Outer rings counter-clockwise, holes clockwise, open, relative to the origin; each millimetre once.
    """
    polygons, owner = shapely.get_parts(footprints, return_index=True)
    rings, polygon = shapely.get_rings(polygons, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    outer = np.ones(len(rings), dtype=bool)
    outer[1:] = polygon[1:] != polygon[:-1]
    last = np.ones(len(points), dtype=bool)
    last[:-1] = ring[1:] != ring[:-1]
    corners, ring = points[~last] - origin[:2], ring[~last]
    # What follows a corner; the first of its ring follows the last, which the repeated one says.
    keep = np.abs(corners - (points[1:][~last[:-1]] - origin[:2])).max(axis=1) >= 1e-3
    sizes = np.bincount(ring[keep], minlength=len(rings))
    enough = sizes >= 3
    keep &= enough[ring]
    corners, ring, sizes = corners[keep], (np.cumsum(enough) - 1)[ring[keep]], sizes[enough]
    turned = (shapely.is_ccw(rings) != outer)[enough][ring]
    number = np.arange(len(corners))
    start = starts_of(sizes)[ring]
    corners = corners[np.where(turned, 2 * start + sizes[ring] - 1 - number, number)]
    return _Outlines(corners, sizes), polygon[enough], owner
