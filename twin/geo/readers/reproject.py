"""One coordinate reference system for what several files hold."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from twin.errors import CRSError
from twin.geo.crs import degrees_of, horizontal, is_plane, local_plane, plane_for, require_metres, same, short_name, vertical
from twin.geo.readers.model import ObjectModel, Reading, ReadOptions

if TYPE_CHECKING:
    from pyproj import CRS
    from pyproj.transformer import TransformerGroup

Move = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Coordinates (N, 3) of one system in another."""


def common_crs(readings: Sequence[Reading], options: ReadOptions) -> CRS:
    """The system that a city of several files will be in.

    The one asked for; else the first that is projected in metres, with the vertical datum of another file that has the same
    horizontal system; else, when all are geographic, RD New + NAP in the Netherlands and the UTM zone elsewhere; a local
    plane when no file states a system, or none holds anything. Files that hold nothing need not state one.

    Raises
    ------
    CRSError
        When some files state a system and others do not, or the one asked for is not in metres.
    """
    stated = [(reading.crs, reading) for reading in readings if reading.crs is not None]
    unstated = [reading.source.name for reading in readings if reading.crs is None and not reading.empty]
    if not stated:
        return local_plane() if options.crs is None else require_metres(options.crs)
    if unstated:
        crs, known = stated[0]
        raise CRSError(
            f"files of one city share one coordinate reference system: {known.source.name} is in {short_name(crs)}, "
            f"{unstated[0]} does not say in which it is",
            hint="write the system into that file, or read it alone",
        )
    if options.crs is not None:
        return require_metres(options.crs)
    planes = [crs for crs, _ in stated if is_plane(crs)]
    if not planes:
        filled = [(crs, reading) for crs, reading in stated if not reading.empty]
        return _plane_of(filled) if filled else local_plane()
    first = planes[0]
    if vertical(first) is None:
        for crs in planes[1:]:
            if vertical(crs) is not None and same(horizontal(crs), horizontal(first)):
                return crs
    return first


def _plane_of(stated: Sequence[tuple[CRS, Reading]]) -> CRS:
    """A plane for files of which none is in one."""
    for crs, reading in stated:
        point = _some_point(reading)
        if point is None:
            continue
        longitude, latitude = degrees_of(crs).transform(*point)
        if np.isfinite([longitude, latitude]).all():
            return plane_for(float(longitude), float(latitude), crs)
    crs, reading = stated[0]
    return require_metres(crs, where=reading.source.name)


def _some_point(reading: Reading) -> tuple[float, float] | None:
    """The middle of what a file holds, in its own system."""
    boxes = [frame.total_bounds for frame in reading.layers.values() if len(frame)]
    if reading.objects is not None and len(reading.objects.vertices):
        xy = reading.objects.vertices[:, :2] + reading.objects.shift[:2]
        boxes.append(np.concatenate([np.nanmin(xy, axis=0), np.nanmax(xy, axis=0)]))
    for raster in reading.rasters:
        a, b, c, d, e, f = raster.transform
        rows, columns = raster.values.shape
        x, y = c + a * columns / 2 + b * rows / 2, f + d * columns / 2 + e * rows / 2
        boxes.append(np.array([x, y, x, y]))
    boxes = [box for box in boxes if np.isfinite(box).all()]
    if not boxes:
        return None
    low, high = np.min([box[:2] for box in boxes], axis=0), np.max([box[2:] for box in boxes], axis=0)
    return float(low[0] + high[0]) / 2, float(low[1] + high[1]) / 2


BEYOND_DEG = 3.0
"""So far beyond the area that a system is made for its coordinates are still good enough to look at [deg]."""


def beyond_area(reading: Reading, target: CRS) -> str:
    """What to say of a file that lies where the system of the city is not made for; empty when it lies within."""
    area, point = target.area_of_use, _some_point(reading)
    if area is None or point is None or reading.crs is None:
        return ""
    if not (horizontal(reading.crs).is_projected or reading.crs.is_geographic):
        return ""
    longitude, latitude = degrees_of(reading.crs).transform(*point)
    if not np.isfinite([longitude, latitude]).all():
        return f"its place is not known on Earth in {short_name(target)}"
    inside = area.south - BEYOND_DEG <= latitude <= area.north + BEYOND_DEG
    west, east = area.west - BEYOND_DEG, area.east + BEYOND_DEG
    inside &= west <= longitude <= east or west > east
    if inside:
        return ""
    place = f"{_north(latitude)}, {_east(longitude)}"
    # the name of an area may be a list of all countries in it
    made_for = f"{_north(area.south)} to {_north(area.north)}, {_east(area.west)} to {_east(area.east)}"
    return f"it lies at {place}, far outside the area of {short_name(target)} ({made_for}): its coordinates mean little there"


def _north(latitude: float) -> str:
    return f"{abs(latitude):.1f} {'N' if latitude >= 0 else 'S'}"


def _east(longitude: float) -> str:
    return f"{abs(longitude):.1f} {'E' if longitude >= 0 else 'W'}"


def mover(crs: CRS, target: CRS, name: str) -> tuple[Move | None, str]:
    """How coordinates of `crs` become ones of `target`, and what to say about it.

    Returns
    -------
    Move or None
        None when they stay as they are.
    str
        What was assumed or how exact it is; empty when there is nothing to say.

    Raises
    ------
    CRSError
        When heights are in two datums between which no exact way is known here.
    """
    if same(crs, target):
        return None, ""
    up, wanted = vertical(crs), vertical(target)
    told = ""
    if up is not None and wanted is not None and not same(up, wanted):
        return _mover_in_space(crs, target, name)
    if up is None and wanted is not None:
        told = f"{short_name(crs)} has no vertical datum: heights are taken as {wanted.name}"
    if same(horizontal(crs), horizontal(target)):
        return None, told
    group = _ways(horizontal(crs), horizontal(target))
    if not group.transformers:
        raise CRSError(f"there is no way from {short_name(crs)} to {short_name(target)}", where=name)
    transformer = group.transformers[0]
    accuracy = transformer.accuracy
    exact = f", accurate to about {accuracy:g} m" if accuracy is not None and accuracy > 0 else ""
    if accuracy == 0:
        exact = ", without loss"
    told = "; ".join(part for part in (f"reprojected from {short_name(crs)} to {short_name(target)}{exact}", told) if part)

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = transformer.transform(points[:, 0], points[:, 1])
        return np.column_stack([x, y, points[:, 2]])

    return move, told


def _ways(crs: CRS, target: CRS) -> TransformerGroup:
    """Ways from one system to the other, best first; pyproj warns when the grid of a better one is not installed."""
    from pyproj.transformer import TransformerGroup

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return TransformerGroup(crs, target, always_xy=True)


def _mover_in_space(crs: CRS, target: CRS, name: str) -> tuple[Move, str]:
    group = _ways(crs, target)
    if not group.transformers or not group.best_available or group.transformers[0].accuracy < 0:
        raise CRSError(
            f"heights of {short_name(crs)} cannot be brought exactly to {short_name(target)} here: "
            "the grid between the two vertical datums is not installed",
            where=name,
            hint="bring the file into the system of the others with a GIS first",
        )
    transformer = group.transformers[0]

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(transformer.transform(points[:, 0], points[:, 1], points[:, 2]))

    return move, f"reprojected from {short_name(crs)} to {short_name(target)}, accurate to about {transformer.accuracy:g} m"


def moved_model(model: ObjectModel, move: Move) -> ObjectModel:
    """The objects with their coordinates moved; changes the model and returns it."""
    whole = move(model.vertices + model.shift)
    finite = np.asarray(np.isfinite(whole).all(axis=1))
    shift = np.floor(whole[finite].min(axis=0)) if finite.any() else np.zeros(3)
    shift[2] = 0.0
    for row, anchor in model.anchors.items():
        model.anchors[row] = move((anchor + model.shift)[None, :])[0] - shift
    for row, shape in model.shapes.items():
        model.shapes[row] = shapely.transform(shape, lambda points: move(points + model.shift) - shift, include_z=True)
    model.vertices = np.where(finite[:, None], whole - shift, np.nan)
    model.shift = shift
    return model


def moved_frame(frame: gpd.GeoDataFrame, target: CRS, move: Move | None) -> gpd.GeoDataFrame:
    """The rows with their geometry moved, in `target`."""
    shapes = np.asarray(frame.geometry.array, dtype=object)
    if move is not None:
        def shift(points: NDArray[np.float64]) -> NDArray[np.float64]:
            flat = points if points.shape[1] == 3 else np.column_stack([points, np.zeros(len(points))])
            return move(flat)[:, : points.shape[1]]

        has_z = shapely.has_z(shapes)
        shapes = shapes.copy()
        for three in (False, True):
            rows = np.flatnonzero((has_z == three) & ~shapely.is_missing(shapes))
            if len(rows):
                shapes[rows] = shapely.transform(shapes[rows], shift, include_z=three)
    plain = frame.drop(columns=frame.geometry.name)
    return gpd.GeoDataFrame(plain, geometry=gpd.GeoSeries(shapes, index=frame.index, crs=target), crs=target)
