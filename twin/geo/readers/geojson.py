"""GeoJSON (RFC 7946, and the older one with a `crs`), also one feature a line (RFC 8142).

It is parsed here and not by GDAL: a JSON document that GDAL reads may name a pipeline to run or a file to fetch.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely

from twin.errors import CRSError, FormatError
from twin.geo.crs import is_plane, parse
from twin.geo.readers.columns import note_kinds, table
from twin.geo.readers.formats import text_of
from twin.geo.readers.json_errors import broken_json
from twin.geo.readers.model import Findings, ReadOptions
from twin.geo.readers.source import Blob
from twin.geo.readers.vector_sources import Table, Tables, said_by

if TYPE_CHECKING:
    from pyproj import CRS

GEOMETRIES = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection")
_SEPARATOR = b"\x1e"


def geojson_tables(blob: Blob, options: ReadOptions, findings: Findings) -> Tables:
    """The one layer of a GeoJSON file.

    Raises
    ------
    FormatError
        When it is not GeoJSON.
    CRSError
        When its coordinates cannot be the degrees that RFC 7946 asks for, and it does not say what they are.
    """
    about, features, lines = _document(blob)
    if not features:
        findings.add("no-features", "", "the GeoJSON has no features", path=blob.name)
    records: list[dict[str, Any]] = []
    texts: list[bytes | None] = []
    for number, feature in enumerate(features):
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            message = f"entry {number} of the file is not a Feature; left out"
            findings.add("feature", "", message, severity="error", path=f"{blob.name} features[{number}]")
            continue
        properties = feature.get("properties")
        record = dict(properties) if isinstance(properties, dict) else {}
        if feature.get("id") is not None and not isinstance(feature["id"], dict | list):
            record.setdefault("id", feature["id"])
        records.append(record)
        geometry = feature.get("geometry")
        texts.append(orjson.dumps(geometry) if isinstance(geometry, dict) else None)
    shapes = shapely.from_geojson(np.array(texts, dtype=object), on_invalid="ignore") if texts else np.empty(0, dtype=object)
    unreadable = [n for n, (text, shape) in enumerate(zip(texts, shapes, strict=True)) if text is not None and shape is None]
    for number in unreadable:
        findings.add("geometry", "", "the geometry is not one of GeoJSON", path=f"{blob.name} features[{number}]")
    stated = _crs(about, shapes, blob.name)
    # degrees in which nothing lies say nothing of the city
    crs = stated if features or is_plane(stated) else None
    made = table(records, {"geometry"})
    note_kinds(made, blob.name, findings)
    columns = {key: value.array for key, value in made.items()}
    frame = gpd.GeoDataFrame(pd.DataFrame(columns, index=pd.RangeIndex(len(records))), geometry=shapes, crs=crs)
    window = options.window(crs)
    if window is not None:
        frame = frame.cx[window[0] : window[2], window[1] : window[3]]
    stem = blob.name.split("!")[-1].replace("\\", "/").split("/")[-1].split(".")[0]
    said = about.get("name")
    kind = "GeoJSON, one feature a line" if lines else "GeoJSON"
    return Tables(kind, [Table(said if isinstance(said, str) and said else stem, frame)], said_by(about))


def _document(blob: Blob) -> tuple[dict[str, Any], list[Any], bool]:
    """Members of the collection, its features, and whether they were one a line."""
    content = text_of(blob.content)
    try:
        document = orjson.loads(content) if not content.startswith(_SEPARATOR) else None
    except orjson.JSONDecodeError as error:
        first = content.split(b"\n", 1)[0].strip()
        if not first.endswith(b"}") or first == content.strip():
            raise broken_json(error, content, blob.name) from None
        document = None
    if document is None:
        return {}, list(_lines(content, blob.name)), True
    blob.forget()
    kind = document.get("type") if isinstance(document, dict) else None
    if kind == "Feature":
        return {"crs": document.get("crs")}, [document], False
    if kind in GEOMETRIES:
        return {}, [{"type": "Feature", "geometry": document, "properties": {}}], False
    features = document.get("features") if isinstance(document, dict) else None
    if kind != "FeatureCollection" or not isinstance(features, list):
        raise FormatError("the JSON is not a FeatureCollection with `features`", where=blob.name)
    return {key: value for key, value in document.items() if key != "features"}, features, False


def _lines(content: bytes, name: str) -> Iterator[Any]:
    separator = _SEPARATOR if content.startswith(_SEPARATOR) else b"\n"
    for number, line in enumerate(content.split(separator), start=1):
        if not line.strip():
            continue
        try:
            yield orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise broken_json(error, line, name, first_line=number) from None


def _crs(about: dict[str, Any], shapes: np.ndarray[Any, Any], name: str) -> CRS:
    """What the file states; WGS 84 by RFC 7946 when it states nothing and its coordinates can be degrees."""
    stated = about.get("crs") or about.get("coordRefSys")
    if isinstance(stated, dict):
        properties = stated.get("properties")
        stated = properties.get("name") if isinstance(properties, dict) else None
        if not isinstance(stated, str):
            hint = 'write "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}}'
            raise CRSError("`crs` is not a named coordinate reference system", where=name, hint=hint)
    if isinstance(stated, str):
        try:
            return parse(stated.removeprefix("[").removesuffix("]"))
        except CRSError as error:
            raise CRSError(error.what, where=name, hint=error.hint) from None
    west, south, east, north = shapely.total_bounds(shapes) if len(shapes) else (np.nan,) * 4
    if west < -180.0 or east > 180.0 or south < -90.0 or north > 90.0:
        raise CRSError(
            f"coordinates up to {max(abs(west), abs(east)):.0f}, {max(abs(south), abs(north)):.0f} are not degrees, which "
            "GeoJSON has (RFC 7946), and the file does not say what they are",
            where=name,
            hint='write "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}} beside "features"',
        )
    return parse("EPSG:4326")
