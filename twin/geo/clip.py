"""A part of a city: what lies in a box or a polygon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.errors import GeometryError, GridError
from twin.geo.city import City, Finding, Quality, with_descendants
from twin.geo.given import city_of
from twin.geo.readers.object_types import TERRAIN
from twin.geo.readers.options import clip_area
from twin.geo.terrain import Terrain
from twin.geo.valid import TOO_MANY, mended


def clip(city: City, area: Sequence[float] | BaseGeometry) -> City:
    """The part of a city in an area; `City.clip` calls this.

    Objects with triangles (buildings, bridges, ...) stay whole where their outline on the map touches the area, with all their
    parts, so that no solid is cut open. Rows without triangles (roads, water, trees, ...) are cut along its edge. Triangles of
    the ground stay where their middle is inside; rasters are cropped to its bounds.

    Raises
    ------
    GeometryError
        When nothing of the city lies in the area.
    """
    city_of(city)
    shape = clip_area(area)
    shapely.prepare(shape)
    objects = city.objects
    drawn = np.zeros(len(objects), dtype=bool)
    drawn[city.surfaces.owner] = True
    with_shape = _with_parts(city, drawn)
    boxes = _boxes(city) if any(_upright(frame, with_shape) for frame in city.layers.values()) else None
    layers: dict[str, gpd.GeoDataFrame] = {}
    stay: set[str] = set()
    findings: list[Finding] = []
    for name, frame in city.layers.items():
        if not len(frame):
            continue
        shapes = np.asarray(frame.geometry.array, dtype=object)
        touches = shapely.intersects(shape, shapes)
        whole = np.asarray(frame.index.isin(with_shape), dtype=bool)
        for row in np.flatnonzero(whole & shapely.is_empty(shapes)).tolist():
            # upright faces alone have no outline on the map: their box has
            touches[row] = boxes is not None and shapely.intersects(shape, shapely.box(*boxes[str(frame.index[row])]))
        stay.update(frame.index[touches & whole])
        cut = touches & ~whole & ~shapely.contains_properly(shape, shapes)
        if cut.any():
            shapes = shapes.copy()
            shapes[cut], whole_rows = _cut(shapes[cut], shape)
            findings += [
                Finding("clip-whole", str(frame.index[row]), f"{TOO_MANY}, so it is not cut along the edge: kept whole", path=name)
                for row in np.flatnonzero(cut)[whole_rows].tolist()
            ]
            touches &= ~shapely.is_empty(shapes)
            frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))
        layers[name] = frame[touches]
    keep = _kept(city, stay)
    ground = np.asarray(objects["layer"] == TERRAIN, dtype=bool)
    mesh = city.surfaces
    chosen = keep[mesh.owner]
    on_ground = np.flatnonzero(ground[mesh.owner])
    if len(on_ground):
        middle = mesh.vertices[mesh.triangles[on_ground]].mean(axis=1) + city.origin
        chosen[on_ground] = shapely.contains_xy(shape, middle[:, 0], middle[:, 1])
    keep |= ground & np.isin(np.arange(len(objects)), mesh.owner[chosen])
    renumber = (np.cumsum(keep) - 1).astype(np.int32)
    surfaces = mesh.select(chosen)
    rasters: dict[str, Any] = {name: _cropped(getattr(city, name), shape.bounds) for name in ("terrain", "dsm", "canopy")}
    if not len(surfaces) and not any(len(frame) for frame in layers.values()) and not any(rasters.values()):
        bounds = city.summary()["bounds"]
        hint = None if bounds is None else "the city reaches from {:.0f}, {:.0f} to {:.0f}, {:.0f}".format(*bounds)
        raise GeometryError("nothing of the city lies in the area to clip to", hint=hint)
    known = {str(one) for frame in layers.values() for one in frame.index} | {str(one) for one in objects.index[keep]}
    findings = [*(one for one in city.quality.findings if not one.object_id or one.object_id in known), *findings]
    return replace(
        city, layers=layers, objects=objects[keep], surfaces=surfaces.with_owner(renumber[surfaces.owner]),
        quality=Quality(tuple(findings)), parts=city.parts[city.parts.index.isin(objects.index[keep])], **rasters,
    )  # fmt: skip


def _with_parts(city: City, drawn: NDArray[np.bool_]) -> set[str]:
    """Ids of objects that have triangles themselves or in a part."""
    parent = dict(zip(city.objects.index, city.objects["parent"], strict=True))
    found: set[str] = set()
    for one in city.objects.index[drawn]:
        while one and one not in found:
            found.add(one)
            one = parent.get(one, "")
    return found


def _upright(frame: gpd.GeoDataFrame, with_shape: set[str]) -> bool:
    """Whether a layer has rows with triangles and without an outline."""
    return bool(len(frame) and (frame.geometry.is_empty & frame.index.isin(with_shape)).any())


def _boxes(city: City) -> dict[str, tuple[float, float, float, float]]:
    """West, south, east and north of the triangles of each object and its parts [m]."""
    count = len(city.objects)
    low, high = np.full((count, 2), np.inf), np.full((count, 2), -np.inf)
    corners = city.surfaces.vertices[city.surfaces.triangles][..., :2] + city.origin[:2]
    np.minimum.at(low, city.surfaces.owner, corners.min(axis=1))
    np.maximum.at(high, city.surfaces.owner, corners.max(axis=1))
    number = {str(one): row for row, one in enumerate(city.objects.index)}
    parents = [str(one) for one in city.objects["parent"]]
    found: dict[str, tuple[float, float, float, float]] = {}
    for row in np.flatnonzero(np.isfinite(low[:, 0])).tolist():
        one, seen = row, set()
        while one not in seen:
            seen.add(one)
            name = str(city.objects.index[one])
            west, south, east, north = found.get(name, (np.inf, np.inf, -np.inf, -np.inf))
            found[name] = (
                min(west, float(low[row, 0])), min(south, float(low[row, 1])), max(east, float(high[row, 0])),
                max(north, float(high[row, 1])),
            )  # fmt: skip
            one = number.get(parents[one], one)
    return found


def _kept(city: City, stay: set[str]) -> NDArray[np.bool_]:
    """Objects (O,) whose row stays, and the parts of those."""
    return np.asarray(city.objects.index.isin(with_descendants(city.objects, stay)), dtype=bool)


def _cut(shapes: NDArray[np.object_], area: BaseGeometry) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """The parts of shapes inside an area, and which are whole since they cannot be cut.

    Of an area only areas stay, of a line only lines.
    """
    sound = shapes.copy()
    for row in np.flatnonzero(~shapely.is_valid(shapes)).tolist():
        sound[row] = mended(shapes[row])
    lost = np.flatnonzero(shapely.is_missing(sound))
    inside = shapely.intersection(sound, area)
    inside[lost] = shapes[lost]
    for row, (before, after) in enumerate(zip(shapes, inside, strict=True)):
        if sound[row] is None:
            continue
        if after.geom_type == "GeometryCollection":
            wanted = shapely.get_dimensions(before)
            parts = [part for part in shapely.get_parts(after) if shapely.get_dimensions(part) == wanted]
            inside[row] = shapely.union_all(parts) if parts else shapely.Polygon()
        elif shapely.get_dimensions(after) < shapely.get_dimensions(before):
            inside[row] = shapely.Polygon()
    return np.asarray(inside), lost


def _cropped(raster: Terrain | None, bounds: tuple[float, float, float, float]) -> Terrain | None:
    """The cells of a raster that touch a box; None when there are none."""
    if raster is None:
        return None
    try:
        return raster.clipped(bounds)
    except GridError:
        return None
