"""Columns of a layer as files of tables can hold them."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from twin.geo.city import City
from twin.geo.layerfile import encode, stored_names

SUFFIXES_OF_TABLES = (".gpkg", ".parquet", ".geoparquet")


def layers_with_rows(city: City) -> dict[str, gpd.GeoDataFrame]:
    """Layers of a city that have rows, in the order of `twin.geo.city.LAYERS`."""
    return {name: frame for name, frame in city.layers.items() if len(frame)}


def storable(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """A layer with its ids as the column ``id``, and with columns of numbers, truth values, times and text only.

    Names that differ by capitals only, or that a GeoPackage has for itself, get a number; nested values become JSON text.
    """
    names = [str(column) for column in frame.columns if column != frame.geometry.name]
    stored: dict[str, Any] = {"id": pd.array([str(one) for one in frame.index], dtype="str")}
    for name, short in zip(names, stored_names(names), strict=True):
        column = frame[name].reset_index(drop=True)
        if pd.api.types.is_datetime64_any_dtype(column):
            stored[short] = column.array
        elif isinstance(column.dtype, pd.CategoricalDtype):
            stored[short] = encode(column.astype(column.cat.categories.dtype))[0].array
        else:
            stored[short] = encode(column)[0].array
    return gpd.GeoDataFrame(stored, geometry=np.asarray(frame.geometry.array), crs=frame.crs)
