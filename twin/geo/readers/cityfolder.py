"""The city folder, read: the exact inverse of `twin.geo.writers.cityfolder`."""

from __future__ import annotations

import hashlib
import tomllib
import warnings
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd

from twin.errors import CRSError, FormatError, MissingFileError, TwinError, did_you_mean
from twin.geo.city import LAYERS, City, Finding, Quality, Source
from twin.geo.crs import parse, require_metres
from twin.geo.layerfile import read_layer
from twin.geo.readers import cityjson
from twin.geo.readers.assemble import mesh_of, object_frame, surface_frame
from twin.geo.readers.columns import typed
from twin.geo.readers.model import ReadOptions
from twin.geo.readers.object_types import layer_of
from twin.geo.readers.source import Blob, swells
from twin.geo.terrain import Terrain
from twin.geo.writers.cityfolder import FORMAT, INDEX, VERSION
from twin.geo.writers.cityjson import MARK_LAYER, MARK_LOD, MARK_TYPE
from twin.grid import GridSpec

if TYPE_CHECKING:
    from pyproj import CRS

MAX_INDEX_BYTES = 16 * 1024**2
MAX_TERRAIN_RATIO = 2000
"""A flat ground packs well; a file that swells more than this is refused."""
_CHANGED = "if you changed it on purpose, read the city from its sources and save it again"


def read_city_folder(folder: Path, *, lod: str | None = None) -> City:
    """Read a city folder.

    Parameters
    ----------
    folder : Path
        Holds ``city.toml``.
    lod : str, optional
        Refused unless objects have it, as for a file.

    Raises
    ------
    MissingFileError
        When a file that ``city.toml`` lists is not there.
    FormatError
        When there is no ``city.toml``, it is broken, points out of the folder, or a checksum does not match.
    CRSError
        When the CRS is not in metres.
    """
    index = _index(folder)
    where = str(folder / INDEX)
    crs = _crs(index, where)
    origin = np.array(_numbers(index, "origin", 3, where))
    contents = {entry["path"]: _content(folder, entry, where) for entry in index["files"]}
    parts: dict[str, Any] = {}
    layers: dict[str, gpd.GeoDataFrame] = {}
    for entry in index["files"]:
        name, kind = entry["path"], entry.get("kind")
        try:
            if kind == "objects":
                # with its place, so that pictures are found beside it
                opener = partial(BytesIO, contents[name])
                parts |= _objects(Blob(f"{folder.name}/{name}", folder / name, opener, plain=True), origin, lod)
            elif kind == "layer":
                layer = _layer_name(entry, where)
                _check_geopackage(contents[name], folder / name)
                layers[layer] = read_layer(folder / name, layer, _columns(entry, where), crs)
                if len(layers[layer]) != entry.get("rows"):
                    raise FormatError(
                        f"holds {len(layers[layer])} rows, not {entry.get('rows')}", where=str(folder / name)
                    )
            elif kind in ("terrain", "dsm", "canopy"):
                parts[kind] = _terrain(folder / name, entry, where)
            elif kind == "quality":
                parts["quality"] = parts.get("quality", Quality()) + _quality(contents[name])
            elif kind != "picture":
                raise FormatError(f"{kind!r} is not a kind of file", where=where)
        except TwinError:
            raise
        except (ValueError, TypeError, KeyError, LookupError, OSError, RuntimeError) as error:
            raise FormatError(f"cannot be read: {str(error)[:200]}", where=str(folder / name)) from None
    return City(
        crs=crs,
        origin=origin,
        layers=layers,
        sources=tuple(_source(row, where) for row in index.get("sources", [])),
        name=str(index.get("name", "")),
        date=str(index.get("date", "")),
        synthetic=index.get("synthetic") is True,
        metadata=_about(index, where),
        **parts,
    )


def _index(folder: Path) -> dict[str, Any]:
    path = folder / INDEX
    if not path.is_file():
        hint = "a city folder holds city.toml; give the file in the folder instead"
        raise FormatError("this folder is not a city folder", where=str(folder), hint=hint)
    try:
        if path.stat().st_size > MAX_INDEX_BYTES:
            raise FormatError("is larger than an index can be", where=str(path))
        index = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MissingFileError(f"cannot be read: {error.strerror or error}", where=str(path)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(f"broken TOML: {error}", where=str(path)) from None
    if index.get("format") != FORMAT:
        raise FormatError(f"is not the index of a city folder: `format` is not {FORMAT!r}", where=str(path))
    if index.get("format_version") != VERSION:
        stated = index.get("format_version")
        raise FormatError(f"version {stated!r} of the city folder is not known; {VERSION} is", where=str(path))
    files, sources = index.get("files"), index.get("sources", [])
    if not isinstance(files, list) or not all(
        isinstance(one, dict) and isinstance(one.get("path"), str) for one in files
    ):
        raise FormatError("`files` is not a list of tables with a `path`", where=str(path))
    if not isinstance(sources, list) or not all(isinstance(one, dict) for one in sources):
        raise FormatError("`sources` is not a list of tables", where=str(path))
    return index


def _crs(index: dict[str, Any], where: str) -> CRS:
    from pyproj import CRS
    from pyproj.exceptions import CRSError as ProjError

    stated = index.get("crs")
    if not isinstance(stated, str):
        raise CRSError("`crs` is missing", where=where)
    try:
        crs = CRS.from_wkt(stated) if "[" in stated else parse(stated)
    except ProjError:
        raise CRSError("`crs` is not a coordinate reference system", where=where) from None
    except CRSError as error:
        raise CRSError(error.what, where=where, hint=error.hint) from None
    return require_metres(crs, where=where)


def _numbers(table: dict[str, Any], key: str, count: int, where: str) -> list[float]:
    values = table.get(key)
    if isinstance(values, list) and len(values) == count and all(type(one) in (int, float) for one in values):
        return [float(one) for one in values]
    raise FormatError(f"`{key}` is not {count} numbers", where=where)


def _content(folder: Path, entry: dict[str, Any], where: str) -> bytes:
    """Bytes of a file of the folder, after its place and its checksum were looked at."""
    name = entry["path"]
    if not name or name in (".", "..") or any(mark in name for mark in "/\\:\0"):
        raise FormatError(f"the path {name!r} is not the name of a file in the folder", where=where)
    path = folder / name
    if path.is_symlink():
        raise FormatError(f"{name!r} is a link; files of a city folder lie in it", where=where)
    if not path.is_file():
        near = did_you_mean(name, sorted(one.name for one in folder.iterdir()))
        raise MissingFileError(f"city.toml lists `{name}`, which is not there{near}", where=str(path))
    try:
        content = path.read_bytes()
    except OSError as error:
        raise MissingFileError(f"cannot be read: {error.strerror or error}", where=str(path)) from None
    if hashlib.sha256(content).hexdigest() != entry.get("sha256"):
        raise FormatError(
            "the checksum does not match city.toml: the file was changed or damaged", where=str(path), hint=_CHANGED
        )
    return content


def _objects(blob: Blob, origin: np.ndarray[Any, np.dtype[np.float64]], lod: str | None) -> dict[str, Any]:
    reading = cityjson.read(blob, ReadOptions(lod=lod))
    model = reading.objects
    assert model is not None
    layers, stated = [], {}
    for row, attributes in enumerate(model.attributes):
        layers.append(str(attributes.pop(MARK_LAYER, layer_of(model.types[row]))))
        model.types[row] = str(attributes.pop(MARK_TYPE, model.types[row]))
        model.lods[row] = str(attributes.pop(MARK_LOD, model.lods[row]))
        if attributes:
            # only what has no row in a layer has attributes here
            stated[model.ids[row]] = attributes
    columns = typed(list(stated.values()))
    parts = pd.DataFrame(
        {name: values.array for name, values in columns.items()}, index=pd.Index(list(stated), name="id", dtype="str")
    )
    mesh, _, _ = mesh_of(model, origin, reading.findings)
    # what was odd about the shapes was noted when the city was first read, and is in its quality
    found = tuple(finding for finding in reading.findings.collected() if finding.severity == "error")
    table = surface_frame(model.surfaces, reading.findings)
    objects = object_frame(model, layers)
    return {
        "surface_table": table, "parts": parts, "surfaces": mesh, "objects": objects, "quality": Quality(found),
        "textures": tuple(model.textures),
    }  # fmt: skip


def _layer_name(entry: dict[str, Any], where: str) -> str:
    name = entry.get("layer")
    if name not in LAYERS:
        raise FormatError(f"a city has no layer `{name}`{did_you_mean(str(name), LAYERS)}", where=where)
    return str(name)


def _check_geopackage(content: bytes, path: Path) -> None:
    """GDAL tells formats from content: a file of a kind that points elsewhere must not pass for a GeoPackage."""
    if content[:16] != b"SQLite format 3\0" or content[68:70] != b"GP":
        raise FormatError("is not a GeoPackage", where=str(path))


def _columns(entry: dict[str, Any], where: str) -> list[dict[str, str]]:
    columns = entry.get("columns", [])
    keys = ("name", "stored", "kind")
    if isinstance(columns, list) and all(
        isinstance(one, dict) and all(isinstance(one.get(k), str) for k in keys) for one in columns
    ):
        return columns
    raise FormatError(f"`columns` of {entry['path']} is not a list of tables with {', '.join(keys)}", where=where)


def _terrain(path: Path, entry: dict[str, Any], where: str) -> Terrain:
    import rasterio

    shape = tuple(int(one) for one in _numbers({"shape": [entry.get("rows"), entry.get("columns")]}, "shape", 2, where))
    west, north, cell = _numbers({"grid": [entry.get(key) for key in ("west", "north", "cell_m")]}, "grid", 3, where)
    grid = GridSpec(west, north, cell, (shape[0], shape[1]), str(entry.get("grid_crs")) or None)
    if swells(grid.rows * grid.columns * 4, path.stat().st_size, MAX_TERRAIN_RATIO):
        raise FormatError(
            f"a raster of {grid.rows} x {grid.columns} cells in so small a file is refused", where=str(path)
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        with rasterio.open(path, driver="GTiff") as file:
            if file.shape != grid.shape or file.count != 1:
                raise FormatError(f"a raster of {file.shape} is not the {grid.shape} of city.toml", where=str(path))
            height = file.read(1)
    return Terrain(grid, height.astype(np.float32))


def _quality(content: bytes) -> Quality:
    document = orjson.loads(content)
    fields = document["fields"]
    rows = [dict(zip(fields, row, strict=True)) for row in document["findings"]]
    return Quality(tuple(Finding(**{name: str(value) for name, value in row.items()}) for row in rows))


def _about(index: dict[str, Any], where: str) -> dict[str, Any]:
    """What the sources said of themselves."""
    stated = index.get("metadata", "{}")
    try:
        found = orjson.loads(stated) if isinstance(stated, str) else None
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise FormatError("`metadata` is not an object of JSON", where=where)
    return found


def _source(row: dict[str, Any], where: str) -> Source:
    known = ("name", "format", "licence", "credit", "sha256", "date")
    source = Source(str(row.get("name", "")), str(row.get("format", "")))
    layers = row.get("layers", [])
    if not isinstance(layers, list) or not all(isinstance(one, str) for one in layers):
        raise FormatError("`layers` of a source is not a list of names", where=where)
    return replace(source, layers=tuple(layers), **{name: str(row.get(name, "")) for name in known})
