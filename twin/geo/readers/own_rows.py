"""CityJSON that this library wrote: its columns are ours, and rows that never had triangles become rows again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from twin.geo.city import LAYERS
from twin.geo.readers.columns import NESTED, nested_names, typed
from twin.geo.readers.layer_columns import OUR_NUMBERS
from twin.geo.readers.model import Findings, ObjectModel
from twin.geo.readers.object_types import LAYER, OWN, ROW, SPACE, layer_of
from twin.geo.readers.stack import picked
from twin.geo.readers.vector_columns import with_promised

if TYPE_CHECKING:
    from pyproj import CRS
    from shapely.geometry.base import BaseGeometry


PROFILE = "profile"
"""Column of `soundings` that holds what was measured at each depth, as an object."""


def taken_apart(
    model: ObjectModel, crs: CRS | None, where: str, findings: Findings
) -> tuple[ObjectModel | None, dict[str, gpd.GeoDataFrame]]:
    """The objects of a file of ours, and the rows by layer that stood in it as objects.

    Parameters
    ----------
    model : ObjectModel
        Of the whole file.
    crs : pyproj.CRS or None
    where : str
        The file, for messages.
    findings : Findings
    """
    stated = [attributes.get(ROW) for attributes in model.attributes]
    rows = [row for row, name in enumerate(stated) if isinstance(name, str) and name]
    if not rows:
        return model, {}
    shapes = _shapes(model, rows)
    by_layer: dict[str, list[int]] = {}
    for row in rows:
        layer = model.attributes[row].pop(LAYER, None)
        by_layer.setdefault(layer if layer in LAYERS else layer_of(model.types[row]), []).append(row)
    frames: dict[str, gpd.GeoDataFrame] = {}
    for layer, members in by_layer.items():
        ids = [str(model.attributes[row].pop(ROW)) for row in members]
        for row in members:
            model.attributes[row].pop(OWN, None)
            if not model.attributes[row].pop(SPACE, False) and shapes[row] is not None:
                shapes[row] = shapely.force_2d(shapes[row])
        index = pd.Index(ids, name="id", dtype="str")
        made = typed([model.attributes[row] for row in members])
        columns = {name: values.array for name, values in made.items()}
        columns.pop("geometry", None)
        if layer == "soundings" and PROFILE in columns:
            columns[PROFILE] = pd.array([model.attributes[row].get(PROFILE) for row in members], dtype=object)
        for name in columns.keys() & OUR_NUMBERS:
            columns[name] = pd.to_numeric(pd.Series(columns[name]), errors="coerce").astype("float64").array
        geometry = gpd.GeoSeries([shapes[row] for row in members], index=index, crs=crs)
        frame = gpd.GeoDataFrame(pd.DataFrame(columns, index=index), geometry=geometry, crs=crs)
        twice = frame.index.duplicated()
        for object_id in frame.index[twice]:
            findings.add("duplicate-id", str(object_id), "a second row with this id; left out", severity="error", path=where)
        frame = frame[~twice]
        frame.attrs[NESTED] = [name for name in nested_names(made) if name != PROFILE]
        # cellars and mains are as they were read the first time
        frames[layer] = frame if layer in ("cellars", "utilities", "buildings") else with_promised(layer, frame, where, findings)
    gone = np.zeros(len(model.ids), dtype=bool)
    gone[rows] = True
    return (None if gone.all() else picked(model, ~gone)), frames


def _shapes(model: ObjectModel, rows: list[int]) -> dict[int, BaseGeometry | None]:
    """Polygons, lines and points of some objects, in the system of the file."""
    whole = model.vertices + model.shift
    found: dict[int, BaseGeometry | None] = {}
    ends = np.cumsum(model.rings.sizes)
    first_ring = np.cumsum(model.rings.counts) - model.rings.counts
    polygons: dict[int, list[Any]] = {row: [] for row in rows}
    for face in np.flatnonzero(np.isin(model.owner, rows)).tolist():
        outline = []
        for ring in range(int(first_ring[face]), int(first_ring[face] + model.rings.counts[face])):
            points = whole[model.rings.indices[ends[ring] - model.rings.sizes[ring] : ends[ring]]]
            if np.isfinite(points).all() and len(points) >= 3:
                outline.append(points)
        if outline:
            polygons[int(model.owner[face])].append(shapely.Polygon(outline[0], outline[1:]))
    for row in rows:
        parts = polygons[row]
        if row in model.shapes:
            shape = model.shapes[row]
            found[row] = shapely.transform(shape, lambda points: points + model.shift[: points.shape[1]], include_z=True)
        elif row in model.anchors:
            found[row] = shapely.Point(model.anchors[row] + model.shift)
        else:
            found[row] = (parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)) if parts else None
    return found
