"""Objects to layers: one row an object, with the columns that each layer promises."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.geo.mesh import Rings
from twin.geo.readers.columns import NESTED, named, nested_names, note_kinds, typed
from twin.geo.readers.layer_columns import MAKERS, OURS_OF, Faces, Picked, areas, pick
from twin.geo.readers.model import Findings
from twin.geo.readers.object_types import TERRAIN

if TYPE_CHECKING:
    from pyproj import CRS
    from shapely.geometry.base import BaseGeometry

_PARTED = ("buildings", "bridges", "tunnels")
_WHOLE = ("Building", "BuildingPart", "Bridge", "BridgePart", "Tunnel", "TunnelPart")
_SAME_M = 0.0015


@dataclass(slots=True)
class ObjectTable:
    """All objects of a city with their faces, ready to be spread over the layers.

    Parameters
    ----------
    ids, types, parents, layers : list of str
        One entry an object.
    attributes : list of dict
        As in the source.
    points : (V, 3) float64
        Vertices in the coordinates of the CRS [m].
    rings : Rings
        Faces, mended.
    owner : (S,) int32
        Object of each face.
    semantic : (S,) uint8
        Index into `SEMANTIC_NAMES` of each face.
    anchors : dict of int to (3,) float64
        Points that stand for objects without faces [m].
    crs : pyproj.CRS
        Of the city.
    shapes : dict of int to shapely geometry
        Points and lines of objects without faces [m].
    own : (N,) bool
        Objects of a file that this library wrote: what they state in our columns is ours.
    rowless : (N,) bool
        Objects that have no row in a layer.
    """

    ids: list[str]
    types: list[str]
    parents: list[str]
    layers: list[str]
    attributes: list[dict[str, Any]]
    points: NDArray[np.float64]
    rings: Rings
    owner: NDArray[np.int32]
    semantic: NDArray[np.uint8]
    anchors: dict[int, NDArray[np.float64]]
    crs: CRS
    shapes: dict[int, BaseGeometry] = field(default_factory=dict)
    own: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))
    rowless: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))


def rows_of(objects: ObjectTable) -> NDArray[np.int64]:
    """Object whose row each object is told in, (N,): itself, or the whole that it is a part of."""
    number = {object_id: row for row, object_id in enumerate(objects.ids)}
    rows = np.arange(len(objects.ids))
    for row, parent in enumerate(objects.parents):
        up = number.get(parent, -1) if parent else -1
        if up >= 0 and objects.layers[up] == objects.layers[row] and objects.layers[row] in _PARTED:
            rows[row] = up
    for _ in range(8):
        further = rows[rows]
        if (further == rows).all():
            return rows
        rows = further
    # A chain that does not end is a circle of parents: each then stands for itself.
    return np.where(rows[rows] == rows, rows, np.arange(len(rows)))


def parts_of(objects: ObjectTable, frames: dict[str, gpd.GeoDataFrame], findings: Findings) -> pd.DataFrame:
    """Attributes of the objects that have no row in a layer, by id; only of those that state some."""
    there = {one for frame in frames.values() for one in frame.index}
    rows = [row for row, one in enumerate(objects.ids) if one not in there and objects.attributes[row]]
    columns = typed([objects.attributes[row] for row in rows])
    note_kinds(columns, "parts", findings)
    index = pd.Index([objects.ids[row] for row in rows], name="id", dtype="str")
    found = pd.DataFrame({name: values.array for name, values in columns.items()}, index=index)
    found.attrs[NESTED] = nested_names(columns)
    return found


def layers_of(objects: ObjectTable, findings: Findings) -> dict[str, gpd.GeoDataFrame]:
    """One GeoDataFrame a layer that has objects, with the columns of `twin.geo.city.LAYERS`.

    Columns that do not hold their values as they were stated are noted. An object without a geometry has a row with an empty one.
    """
    row = rows_of(objects)
    layer = np.array(objects.layers, dtype=object)
    whole = np.array([kind.removeprefix("+") in _WHOLE or kind.startswith("+") for kind in objects.types], dtype=bool)
    frames: dict[str, gpd.GeoDataFrame] = {}
    for name in sorted(set(objects.layers) - {TERRAIN}):
        members = np.flatnonzero((layer == name) & (row == np.arange(len(row))) & ~objects.rowless)
        if not len(members):
            continue
        position = np.full(len(row), -1)
        position[members] = np.arange(len(members))
        group = position[row[objects.owner]] if len(objects.owner) else np.empty(0, np.int64)
        # What is inside a building or stuck on it (rooms, chimneys) is not its footprint.
        chosen = (group >= 0) & (objects.rings.counts > 0)
        elements = np.zeros(len(members), dtype=bool)
        if name in _PARTED:
            own = chosen & (whole | (row == np.arange(len(row))))[objects.owner]
            # A building that is only made of elements (IFC) has no outline of its own: all of them make it.
            elements[:] = True
            elements[group[own]] = False
            chosen = own | (chosen & elements[np.maximum(group, 0)])
        faces = Faces(
            objects.points, pick(objects.rings, chosen), objects.semantic[chosen], group[chosen], len(members), elements
        )
        ids = pd.Index([objects.ids[member] for member in members], name="id", dtype="str")
        picked = Picked(
            [objects.types[m] for m in members],
            [objects.attributes[m] for m in members],
            {place: objects.anchors[m] for place, m in enumerate(members.tolist()) if m in objects.anchors},
        )
        said = _own_words(picked.attributes, objects.own[members], OURS_OF.get(name, set()))
        columns, geometry = MAKERS.get(name, areas)(picked, faces)
        for place, member in enumerate(members.tolist()):
            if member in objects.shapes and shapely.is_empty(geometry[place]):
                geometry[place] = objects.shapes[member]
        stated = named(picked.columns, {*columns, "geometry", "id"})
        bare = shapely.is_empty(geometry) if name == "buildings" else None
        note_kinds(stated, name, findings)
        _take_own(columns, said, bare)
        for key in columns:
            if f"{key}_attribute" in stated and _repeats(columns[key], stated[f"{key}_attribute"]):
                del stated[f"{key}_attribute"]
        data = {**columns, **{key: value.array for key, value in stated.items()}}
        frame = pd.DataFrame(data, index=ids)
        frames[name] = gpd.GeoDataFrame(
            frame, geometry=gpd.GeoSeries(geometry, index=ids, crs=objects.crs), crs=objects.crs
        )
        frames[name].attrs[NESTED] = nested_names(stated)
    return frames


def _own_words(attributes: list[dict[str, Any]], own: NDArray[np.bool_], ours: set[str]) -> dict[str, dict[int, Any]]:
    """What objects of a file of ours state in our columns, by column and row; taken out of their attributes.

    So an attribute of the source that has such a name, which is ``NAME_attribute`` in the file, keeps that name.
    """
    found: dict[str, dict[int, Any]] = {}
    for row in np.flatnonzero(own).tolist():
        for name in attributes[row].keys() & ours:
            found.setdefault(name, {})[row] = attributes[row].pop(name)
    return found


def _take_own(columns: dict[str, Any], said: dict[str, dict[int, Any]], bare: NDArray[np.bool_] | None) -> None:
    """Let what a file of ours states in our columns stand there.

    The heights of a building (`bare` is given) stay those of its geometry where it has one and says otherwise: somebody
    may have changed it since.
    """
    refused: set[int] = set()
    for key in ("ground_m", "roof_m"):
        for row, value in (said.get(key, {}) if bare is not None else {}).items():
            mine = float(columns[key][row])
            if bare is not None and not bare[row] and isinstance(value, int | float) and not abs(value - mine) < OWN_M:
                refused.add(row)
    for key in said.keys() & columns.keys():
        rows = [row for row in said[key] if row not in refused]
        values = [said[key][row] for row in rows]
        ours = columns[key]
        if pd.api.types.is_numeric_dtype(pd.Series(ours)):
            column = np.array(ours, dtype=np.float64)
            column[rows] = pd.to_numeric(pd.Series(values, dtype=object), errors="coerce").to_numpy(np.float64, na_value=np.nan)
            columns[key] = column
        else:
            texts = np.array(ours, dtype=object)
            texts[rows] = ["" if value is None else str(value) for value in values]
            columns[key] = pd.array(texts, dtype="str")


OWN_M = 0.02
"""Heights that a file of ours states are those of its geometry up to this [m]."""


def _repeats(ours: Any, stated: pd.Series[Any]) -> bool:
    """Whether an attribute says no more than a column of ours, as in a file that this library wrote."""
    mine, theirs = pd.Series(ours), stated.reset_index(drop=True)
    if pd.api.types.is_numeric_dtype(mine) and pd.api.types.is_numeric_dtype(theirs):
        a, b = mine.to_numpy(np.float64, na_value=np.nan), theirs.to_numpy(np.float64, na_value=np.nan)
        return bool((np.isnan(b) | (np.abs(a - b) < _SAME_M)).all())
    return bool((theirs.isna() | (mine.astype("str") == theirs.astype("str"))).all())
