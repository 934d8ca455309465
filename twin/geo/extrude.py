"""Buildings from footprints: blocks of level of detail 1 with walls, roof and ground."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.errors import CRSError, GeometryError
from twin.geo.city import City, Finding, Quality
from twin.geo.crs import short_name
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
    if not len(frame):
        return city
    if frame.crs is not None and frame.crs != city.crs:
        raise CRSError(
            f"the footprints are in {short_name(frame.crs)}, the city in {short_name(city.crs)}",
            hint="reproject them first",
        )
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
    kinds = shapely.get_type_id(footprints)
    for number, one in enumerate(ids):
        shape = footprints[number]
        if kinds[number] not in (3, 6):
            found = "missing" if shape is None else f"a {shape.geom_type}"
            raise GeometryError(f"the footprint of building `{one}` is {found}, not a polygon")
        if shape.is_empty or shape.area <= 0:
            raise GeometryError(f"the footprint of building `{one}` is empty")
        if not np.isfinite(shapely.get_coordinates(shape)).all():
            raise GeometryError(f"the footprint of building `{one}` has coordinates that are not finite")
        if not shape.is_valid:
            reason = shapely.is_valid_reason(shape)
            raise GeometryError(f"the footprint of building `{one}` is not a valid polygon: {reason}")


def _heights(frame: gpd.GeoDataFrame, ids: list[str]) -> NDArray[np.float64]:
    if "height_m" not in frame:
        raise GeometryError(
            "the footprints have no column `height_m`", hint="give the height above the ground in metres"
        )
    height = pd.to_numeric(frame["height_m"], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    for one, value in zip(ids, height.tolist(), strict=True):
        if not (np.isfinite(value) and value > 0):
            raise GeometryError(f"the height of building `{one}` is {value} m; it must be positive")
    return np.asarray(height)


def _ground(
    city: City, frame: gpd.GeoDataFrame, footprints: NDArray[np.object_], ids: list[str]
) -> tuple[NDArray[np.float64], Quality]:
    ground = np.full(len(ids), np.nan)
    if "ground_m" in frame:
        ground = pd.to_numeric(frame["ground_m"], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan).copy()
        ground[~np.isfinite(ground)] = np.nan
    if city.terrain is not None:
        for number in np.flatnonzero(np.isnan(ground)):
            ground[number] = lowest_along(footprints[number], city.terrain)
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
    outline = shapely.get_coordinates(shapely.segmentize(shapely.boundary(footprint), GROUND_STEP_M))
    found = terrain.at(outline[:, 0], outline[:, 1])
    return float(np.nanmin(found)) if np.isfinite(found).any() else float("nan")


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
    vertices: list[NDArray[np.float64]] = []
    indices: list[int] = []
    sizes: list[int] = []
    counts: list[int] = []
    owners: list[int] = []
    semantics: list[int] = []
    start = 0
    for number, footprint in enumerate(footprints):
        for polygon in shapely.get_parts(footprint):
            rings = _rings(polygon, origin)
            floor: list[range] = []
            for ring in rings:
                size = len(ring)
                low, high = np.full((size, 1), bottom[number] - origin[2]), np.full((size, 1), top[number] - origin[2])
                vertices += [np.hstack([ring, low]), np.hstack([ring, high])]
                floor.append(range(start, start + size))
                for here in range(size):
                    there = (here + 1) % size
                    indices += [start + here, start + there, start + size + there, start + size + here]
                sizes += [4] * size
                counts += [1] * size
                owners += [first_owner + number] * size
                semantics += [SEMANTICS["WallSurface"]] * size
                start += 2 * size
            for code, above in ((SEMANTICS["RoofSurface"], True), (SEMANTICS["GroundSurface"], False)):
                for numbers in floor:
                    indices += [one + len(numbers) for one in numbers] if above else list(reversed(numbers))
                    sizes.append(len(numbers))
                counts.append(len(floor))
                owners.append(first_owner + number)
                semantics.append(code)
    points = np.concatenate(vertices)
    cut = triangulate(points, Rings(np.array(indices), np.array(sizes), np.array(counts)))
    owner, semantic = np.array(owners, dtype=np.int32), np.array(semantics, dtype=np.uint8)
    return TriangleMesh(points, cut.triangles, owner[cut.polygon], semantic[cut.polygon])


def _rings(polygon: shapely.Polygon, origin: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Outer ring counter-clockwise, holes clockwise, open, relative to the origin; each millimetre once."""
    found: list[NDArray[np.float64]] = []
    for number, ring in enumerate((polygon.exterior, *polygon.interiors)):
        corners = shapely.get_coordinates(ring)[:-1] - origin[:2]
        corners = corners[np.abs(corners - np.roll(corners, -1, axis=0)).max(axis=1) >= 1e-3]
        if len(corners) < 3:
            continue
        if shapely.is_ccw(ring) != (number == 0):
            corners = corners[::-1]
        found.append(corners)
    return found
