"""GeoParquet 1.1: a layer of a city as a file, or all layers as a folder of files."""

from __future__ import annotations

import io
import json
from pathlib import Path

import geopandas as gpd

from twin.errors import OutputError, did_you_mean
from twin.geo.city import City
from twin.geo.writers.atomic import new_folder, write_bytes
from twin.geo.writers.tables import layers_with_rows, storable
from twin.geo.writers.tables_readback import about, check_frame

SUFFIXES = (".parquet", ".geoparquet")
KEY = b"stadstwin"
"""Key of our metadata in the footer of the file."""


def write_geoparquet(city: City, path: str | Path, *, layer: str | None = None) -> Path:
    """Write layers of a city as GeoParquet, with a bounding box for each row so that readers can take a part.

    Parameters
    ----------
    city : City
    path : str or Path
        With a suffix (``.parquet``): one file with one layer. Without: a new or empty folder, a file for each layer with rows.
    layer : str, optional
        Which layer a single file holds; may be left out when only one has rows.

    Raises
    ------
    OutputError
        When several layers would go into one file, there are no rows, the folder is not empty, or what was written does not
        read as it was.
    """
    path = Path(path)
    layers = layers_with_rows(city)
    if layer is not None:
        if layer not in layers:
            raise OutputError(f"the city has no rows in a layer `{layer}`{did_you_mean(layer, layers)}", where=str(path))
        layers = {layer: layers[layer]}
    if not layers:
        raise OutputError("no layer of the city has rows", where=str(path))
    if path.suffix.lower() in SUFFIXES:
        if len(layers) > 1:
            hint = f"say which, layer={next(iter(layers))!r}, or give a folder"
            raise OutputError(f"a GeoParquet file has one layer, the city {len(layers)} with rows", where=str(path), hint=hint)
        name, frame = next(iter(layers.items()))
        return write_bytes(path, _content(name, frame, city, str(path)))
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise OutputError("there is something with this name", where=str(path), hint="give a new or empty folder")
    with new_folder(path) as place:
        for name, frame in layers.items():
            (place / f"{name}.parquet").write_bytes(_content(name, frame, city, f"{path}/{name}.parquet"))
    return path


def _content(name: str, frame: gpd.GeoDataFrame, city: City, where: str) -> bytes:
    """Bytes of one layer, read again and compared."""
    import pyarrow.parquet as pq

    table = storable(frame)
    try:
        first, second = io.BytesIO(), io.BytesIO()
        table.to_parquet(first, index=False, schema_version="1.1.0", write_covering_bbox=True)
        arrow = pq.read_table(io.BytesIO(first.getvalue()))
        said = json.dumps({**about(city), "layer": name}, ensure_ascii=False).encode()
        pq.write_table(arrow.replace_schema_metadata({**arrow.schema.metadata, KEY: said}), second, compression="zstd")
        content = second.getvalue()
        again = gpd.read_parquet(io.BytesIO(content))
    except Exception as error:
        # Arrow, pandas and geopandas have errors of many kinds without one base: whichever it is, no file was made
        raise OutputError(f"cannot be written as GeoParquet: {' '.join(str(error).split())[:200]}", where=where) from error
    if again.crs != table.crs:
        raise OutputError("the coordinate reference system is another after reading it again", where=where)
    check_frame(table, again, where)
    return content
