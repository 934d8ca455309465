"""A part of a city: what lies in a box or a polygon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.errors import GeometryError, GridError
from twin.geo.city import City, Finding, Quality
from twin.geo.given import city_of
from twin.geo.readers.object_types import TERRAIN
from twin.geo.readers.options import clip_area
from twin.geo.terrain import Terrain
from twin.geo.valid import TOO_MANY, mended


def clip(city: City, area: Sequence[float] | BaseGeometry) -> City:
    """The part of a city in an area; `City.clip` calls this.

    Objects with triangles (buildings, bridges, ...) stay whole where their outline on the map touches the area, so that no solid
    is cut open. What is told in the row of a whole (parts of buildings, bridges and tunnels) stays with it; other parts (of roads,
    groups, ...) have rows of their own and are judged by them. A whole without a shape of its own stays where a part of it does.
    Rows without triangles (roads, water, trees, ...) are cut along the edge of the area. Triangles of the ground stay where their
    middle is inside; rasters are cropped to its bounds.

    Raises
    ------
    GeometryError
        When nothing of the city lies in the area.
    """
    city_of(city)
    shape = clip_area(area)
    shapely.prepare(shape)
    objects, mesh = city.objects, city.surfaces
    told_in = _rows_told_in(city)
    code, names = pd.factorize(np.array(told_in, dtype=object))
    with_shape = {str(one) for one in names[np.unique(code[mesh.owner])]}
    boxes = _Boxes(city, code)
    number = {str(one): place for place, one in enumerate(names)}
    touching: dict[str, NDArray[np.bool_]] = {}
    layers: dict[str, gpd.GeoDataFrame] = {}
    shapeless: set[str] = set()
    findings: list[Finding] = []
    for name, frame in city.layers.items():
        if not len(frame):
            continue
        shapes = np.asarray(frame.geometry.array, dtype=object)
        touches = shapely.intersects(shape, shapes)
        whole = np.asarray(frame.index.isin(with_shape), dtype=bool)
        empty = shapely.is_empty(shapes) | shapely.is_missing(shapes)
        for row in np.flatnonzero(whole & empty).tolist():
            # upright faces alone have no outline on the map: their box has
            touches[row] = shapely.intersects(shape, boxes.of(number[str(frame.index[row])]))
        shapeless.update(str(one) for one in frame.index[empty & ~whole])
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
        layers[name], touching[name] = frame, touches
    rows = {str(one) for frame in layers.values() for one in frame.index}
    stay = {str(one) for name, frame in layers.items() for one in frame.index[touching[name]]}
    keep = np.array([one in stay for one in told_in], dtype=bool)
    ground = np.asarray(objects["layer"] == TERRAIN, dtype=bool)
    keep &= ~ground
    rowless = np.array([one not in rows for one in told_in], dtype=bool)
    drawn = np.zeros(len(objects), dtype=bool)
    drawn[mesh.owner] = True
    for one in np.flatnonzero(rowless & drawn & ~ground).tolist():
        keep[one] = shapely.intersects(shape, boxes.of(int(code[one])))
    chosen = keep[mesh.owner]
    on_ground = np.flatnonzero(ground[mesh.owner])
    if len(on_ground):
        middle = mesh.vertices[mesh.triangles[on_ground]].mean(axis=1) + city.origin
        chosen[on_ground] = shapely.contains_xy(shape, middle[:, 0], middle[:, 1])
    keep |= ground & np.isin(np.arange(len(objects)), mesh.owner[chosen])
    bare = rowless & ~drawn & ~ground
    keep, back = _with_wholes(objects, keep, bare | np.asarray(objects.index.isin(shapeless), dtype=bool))
    layers = {name: frame[touching[name] | np.asarray(frame.index.isin(back), dtype=bool)] for name, frame in layers.items()}
    renumber = (np.cumsum(keep) - 1).astype(np.int32)
    surfaces = mesh.select(chosen)
    rasters: dict[str, Any] = {name: _cropped(getattr(city, name), shape.bounds) for name in ("terrain", "dsm", "canopy")}
    if not len(surfaces) and not any(len(frame) for frame in layers.values()) and not any(rasters.values()):
        bounds = city.summary()["bounds"]
        hint = None if bounds is None else "the city reaches from {:.0f}, {:.0f} to {:.0f}, {:.0f}".format(*bounds)
        raise GeometryError("nothing of the city lies in the area to clip to", hint=hint)
    kept = _without_lost_parents(objects, keep)
    known = {str(one) for frame in layers.values() for one in frame.index} | {str(one) for one in kept.index}
    findings = [*(one for one in city.quality.findings if not one.object_id or one.object_id in known), *findings]
    return replace(
        city, layers=layers, objects=kept, surfaces=surfaces.with_owner(renumber[surfaces.owner]),
        quality=Quality(tuple(findings)), parts=city.parts[city.parts.index.isin(kept.index)], **rasters,
    )  # fmt: skip


def _rows_told_in(city: City) -> list[str]:
    """Id of the row that each object is told in: its own, else of the nearest whole with one, else of the object itself."""
    rows = {str(one) for frame in city.layers.values() for one in frame.index}
    ids = [str(one) for one in city.objects.index]
    parent = dict(zip(ids, map(str, city.objects["parent"]), strict=True))
    found: list[str] = []
    for one in ids:
        up, seen = one, set()
        while up and up not in rows and up not in seen:
            seen.add(up)
            up = parent.get(up, "")
        found.append(up if up in rows else one)
    return found


class _Boxes:
    """Boxes on the map round all triangles that are told in one row, worked out when the first is asked for."""

    def __init__(self, city: City, code: NDArray[np.int64]) -> None:
        self._city, self._code = city, code
        self._found: NDArray[np.float64] | None = None

    def of(self, number: int) -> BaseGeometry:
        """The box of a row by its number in the codes [m]."""
        if self._found is None:
            mesh, count = self._city.surfaces, int(self._code.max(initial=-1)) + 1
            low, high = np.full((count, 2), np.inf), np.full((count, 2), -np.inf)
            corners = mesh.vertices[mesh.triangles][..., :2] + self._city.origin[:2]
            row = self._code[mesh.owner]
            np.minimum.at(low, row, corners.min(axis=1))
            np.maximum.at(high, row, corners.max(axis=1))
            self._found = np.hstack([low, high])
        return shapely.box(*self._found[number])


def _with_wholes(
    objects: pd.DataFrame, keep: NDArray[np.bool_], shapeless: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], set[str]]:
    """The objects that stay (O,) with the wholes that have no shape of their own (O,), and the ids of those."""
    keep = keep.copy()
    number = {str(one): row for row, one in enumerate(objects.index)}
    parents = [number.get(str(one), -1) for one in objects["parent"]]
    back: set[str] = set()
    for row in np.flatnonzero(keep).tolist():
        up = parents[row]
        while up >= 0 and not keep[up] and shapeless[up]:
            keep[up] = True
            back.add(str(objects.index[up]))
            up = parents[up]
    return keep, back


def _without_lost_parents(objects: pd.DataFrame, keep: NDArray[np.bool_]) -> pd.DataFrame:
    """The objects that stay; one whose whole does not stay is a part of nothing."""
    kept = objects[keep]
    lost = kept["parent"].isin(objects.index[~keep])
    return kept.assign(parent=kept["parent"].mask(lost, "")) if lost.any() else kept


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
