"""Rows of layers that have no triangles, as objects of CityJSON: points and lines stay so, outlines become flat."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.geo.city import City
from twin.geo.readers.object_types import LAYER, ROW, SPACE, layer_of
from twin.geo.topology import quantised

TYPE_OF = {
    "buildings": "Building",
    "roads": "Road",
    "bridges": "Bridge",
    "tunnels": "Tunnel",
    "water": "WaterBody",
    "trees": "SolitaryVegetationObject",
    "green": "PlantCover",
    "furniture": "CityFurniture",
    "landuse": "LandUse",
}
"""Type of CityJSON for the rows of a layer; any other becomes a GenericCityObject that names its layer."""

HEIGHTS = ("z_m", "ground_m", "surface_m", "top_m", "bottom_z_m", "floor_m")
"""Columns that say how high a row lies, most fitting first [m]."""

LOD = "0"


def row_objects(
    city: City, rows: dict[tuple[str, str], dict[str, Any]], first_vertex: int, scale: float
) -> tuple[dict[str, Any], list[list[int]]]:
    """Objects for the rows that `City.objects` does not have; one whose id another layer has too is called ``id@layer``.

    Parameters
    ----------
    city : City
    rows : dict
        Attributes of every row by its layer and id.
    first_vertex : int
        Number of the first new vertex.
    scale : float
        Step of the vertices [m].

    Returns
    -------
    dict
        Objects by id.
    list of [x, y, z]
        New vertices in steps from the origin of the city.
    """
    objects: dict[str, Any] = {}
    vertices: list[list[int]] = []
    known = set(zip(city.objects["layer"], city.objects.index, strict=True))
    used = set(city.objects.index)
    for layer, frame in city.layers.items():
        for object_id, shape in zip(frame.index, frame.geometry.array, strict=True):
            if (layer, object_id) in known:
                continue
            name = str(object_id) if object_id not in used else f"{object_id}@{layer}"
            used.add(name)
            attributes = dict(rows.get((layer, str(object_id)), {}))
            written: dict[str, Any] = {"type": TYPE_OF.get(layer, "GenericCityObject")}
            if layer_of(written["type"]) != layer:
                attributes[LAYER] = layer
            attributes[ROW] = str(object_id)
            if shape is not None and shapely.has_z(shape):
                attributes[SPACE] = True
            written["attributes"] = attributes
            z = _height(city, attributes, shape)
            geometries = [_geometry(one, z, city.origin, scale, first_vertex, vertices) for one in _of_one_kind(shape)]
            if any(geometries):
                written["geometry"] = [one for one in geometries if one is not None]
            objects[name] = written
    return objects, vertices


def skeleton(
    city: City, shape: Any, attributes: dict[str, Any], lod: str, first_vertex: int, vertices: list[list[int]]
) -> dict[str, Any] | None:
    """Geometry of an object that is only a point or a line, from its row; None for any other.

    Parameters
    ----------
    city : City
    shape : shapely geometry or None
    attributes : dict
        Of its row.
    lod : str
        Its level of detail.
    first_vertex : int
        Number of the first of `vertices`.
    vertices : list of [x, y, z]
        Its vertices are put behind these, in steps from the origin of the city.
    """
    if shape is None or shape.is_empty or shape.geom_type not in ("Point", "MultiPoint", "LineString", "MultiLineString"):
        return None
    found = _geometry(shape, _height(city, attributes, shape), city.origin, 0.001, first_vertex, vertices)
    return None if found is None else {**found, "lod": lod}


def _height(city: City, attributes: dict[str, Any], shape: Any) -> float:
    """How high a row lies: as it says, else on the terrain, else at 0 m."""
    for name in HEIGHTS:
        if isinstance(attributes.get(name), int | float):
            return float(attributes[name])
    if city.terrain is not None and shape is not None and not shape.is_empty:
        point = shapely.point_on_surface(shape)
        found = float(city.terrain.at(np.array([point.x]), np.array([point.y]))[0])
        return found if np.isfinite(found) else 0.0
    return 0.0


def _of_one_kind(shape: Any) -> list[Any]:
    """The shape, or of a collection its polygons, its lines and its points: CityJSON has no geometry for a mixture."""
    if shape is None or shape.geom_type != "GeometryCollection":
        return [shape]
    parts = _flat_parts(shape)
    kinds = [("Polygon", shapely.MultiPolygon), ("LineString", shapely.MultiLineString), ("Point", shapely.MultiPoint)]
    found = [(made, [part for part in parts if part.geom_type.replace("LinearRing", "LineString") == kind]) for kind, made in kinds]
    return [made(some) for made, some in found if some]


def _flat_parts(shape: Any) -> list[Any]:
    """Single polygons, lines and points of a collection, in which others may be nested."""
    parts = [part for part in shapely.get_parts([shape]).tolist() if not part.is_empty]
    while any(hasattr(part, "geoms") for part in parts):
        parts = [part for part in shapely.get_parts(parts).tolist() if not part.is_empty]
    return parts


def _geometry(
    shape: Any, z: float, origin: NDArray[np.float64], scale: float, first_vertex: int, vertices: list[list[int]]
) -> dict[str, Any] | None:
    if shape is None or shape.is_empty:
        return None

    def numbers(ring: Any) -> list[int]:
        plan = shapely.get_coordinates(ring, include_z=True)
        # a line in space keeps its heights
        plan[:, 2] = np.where(np.isfinite(plan[:, 2]), plan[:, 2], z)
        grid = quantised(plan - origin, scale)
        # A ring is not closed in CityJSON, and no point comes twice in a row.
        keep = np.append((grid[1:] != grid[:-1]).any(axis=1), True)
        grid = grid[keep]
        if ring.geom_type == "LinearRing":
            grid = grid[:-1]
        start = first_vertex + len(vertices)
        vertices.extend(grid.tolist())
        return list(range(start, start + len(grid)))

    kind = shape.geom_type
    if kind in ("Point", "MultiPoint"):
        return {"type": "MultiPoint", "lod": LOD, "boundaries": numbers(shape)}
    if kind in ("LineString", "MultiLineString"):
        lines = [line for line in (numbers(part) for part in shapely.get_parts(shape)) if len(line) >= 2]
        return {"type": "MultiLineString", "lod": LOD, "boundaries": lines} if lines else None
    if kind not in ("Polygon", "MultiPolygon"):
        return None
    faces = []
    for part in shapely.get_parts(shape):
        part = shapely.geometry.polygon.orient(part)
        rings = [ring for ring in (numbers(ring) for ring in (part.exterior, *part.interiors)) if len(ring) >= 3]
        if rings:
            faces.append(rings)
    return {"type": "MultiSurface", "lod": LOD, "boundaries": faces} if faces else None
