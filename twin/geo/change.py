"""Objects of a city changed: other attributes, another height, another outline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry.base import BaseGeometry

from twin.errors import GeometryError, ParameterError
from twin.geo.city import City, with_descendants
from twin.geo.given import ids_of, told

OWN = ("ground_m", "roof_m", "height_source")


def change(city: City, ids: str | Iterable[str], *, geometry: BaseGeometry | None = None, **attributes: Any) -> City:
    """A city in which some objects are changed; `City.change` calls this.

    Raises
    ------
    GeometryError
        When an id is not in the city, or the objects are of several layers.
    ParameterError
        When nothing is to be changed, or a new outline is given for several objects.
    """
    wanted = ids_of(ids)
    if geometry is not None and not isinstance(geometry, BaseGeometry):
        raise ParameterError(f"a {type(geometry).__name__} is not a shape", where="geometry", hint="give a shapely geometry")
    if not wanted or (geometry is None and not attributes):
        raise ParameterError("nothing is to be changed", hint="give ids, and a geometry or attributes such as height_m=12.0")
    if geometry is not None and len(wanted) > 1:
        raise ParameterError(f"one outline cannot be that of {len(wanted)} objects", hint="change them one by one")
    layers = {city.find(one)[0] for one in wanted}
    if len(layers) > 1:
        raise GeometryError(f"the objects are of the layers {', '.join(sorted(layers))}", hint="change one layer at a time")
    layer = layers.pop()
    _check_names(city, layer, attributes)
    if layer == "buildings" and "roof_m" in attributes:
        if "height_m" in attributes:
            raise ParameterError("both height_m and roof_m", hint="give one: the height above the ground, or of the roof")
        ground = attributes.get("ground_m", city.buildings.loc[wanted, "ground_m"].to_numpy(dtype=np.float64))
        others = {name: value for name, value in attributes.items() if name != "roof_m"}
        attributes = {**others, "height_m": attributes["roof_m"] - ground}
    if layer == "buildings" and (geometry is not None or attributes.keys() & {"height_m", "ground_m"}):
        return _rebuilt(city, wanted, geometry, attributes)
    frame = city.layers[layer].copy()
    rows = frame.index.isin(wanted)
    for name, value in attributes.items():
        frame[name] = _set(frame.get(name), rows, value, len(frame), frame.index)
    if geometry is not None:
        frame.loc[rows, frame.geometry.name] = geometry
        if len(with_descendants(city.objects, wanted) & set(city.objects.index)):
            # the triangles of the old outline would stay where it was
            city = _without_triangles(city, wanted)
    return city.with_layer(layer, gpd.GeoDataFrame(frame, geometry=frame.geometry.name, crs=city.crs))


def _check_names(city: City, layer: str, attributes: dict[str, Any]) -> None:
    """A column that is almost one that there is, is most often a slip of the pen."""
    known = [str(name) for name in city.layers[layer].columns]
    for name in attributes:
        near = get_close_matches(name, known, n=1, cutoff=0.85)
        if name not in known and near:
            raise ParameterError(f"the layer `{layer}` has no column `{name}`; did you mean `{near[0]}`?")


def _set(column: Any, rows: Any, value: Any, count: int, index: pd.Index[Any]) -> Any:
    """A column with a new value in some rows; of a wider type where the value does not fit."""
    if column is None:
        values: list[Any] = [None] * count
    else:
        values = column.tolist()
    values = [value if row else old for row, old in zip(rows, values, strict=True)]
    if column is not None:
        try:
            return pd.Series(values, index=index, dtype=column.dtype)
        except (TypeError, ValueError):
            pass
    from twin.geo.readers.columns import column as typed

    plain = [None if one is None or one is pd.NA or one is pd.NaT else one for one in values]
    return typed(plain).set_axis(index)


def _rebuilt(city: City, ids: list[str], geometry: BaseGeometry | None, attributes: dict[str, Any]) -> City:
    """Buildings of another height or outline: taken out, and put back as blocks on their place."""
    rows = city.buildings.loc[ids].copy()
    for name, value in attributes.items():
        try:
            rows[name] = value
        except (TypeError, ValueError):
            hint = "give one value, or one for each of them"
            raise ParameterError(f"{told(value)} is not what {len(rows)} buildings can have", where=name, hint=hint) from None
    if geometry is not None:
        rows[rows.geometry.name] = [geometry]
    drop = [name for name in OWN if name in rows and name not in attributes and name != "ground_m"]
    rows = rows.drop(columns=drop).assign(height_source="stated")
    gone = with_descendants(city.objects, ids)
    elsewhere = city.objects.index[city.objects.index.isin(gone) & (city.objects["layer"] != "buildings")]
    # what belongs to a building and is none (a lamp on its wall) stays, as a part of the new one
    kept = with_descendants(city.objects, elsewhere)
    parents = city.objects["parent"].where(~city.objects.index.isin(kept & gone), "")
    bare = replace(city, objects=city.objects.assign(parent=parents)).without(ids).with_buildings(rows)
    back = city.objects["parent"].reindex(bare.objects.index)
    restored = bare.objects["parent"].where(~bare.objects.index.isin(kept), back)
    there = restored.isin(bare.objects.index)
    changed = replace(bare, objects=bare.objects.assign(parent=restored.where(there, "").astype("str")))
    # the order of the rows is that of before
    return changed.with_layer("buildings", changed.buildings.loc[list(city.buildings.index)])


def _without_triangles(city: City, ids: list[str]) -> City:
    rows = np.asarray(city.objects.index.isin(with_descendants(city.objects, ids)), dtype=bool)
    return replace(city, surfaces=city.surfaces.select(~rows[city.surfaces.owner]))
