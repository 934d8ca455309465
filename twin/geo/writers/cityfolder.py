"""The city folder: ``city.toml`` beside one file a layer."""

from __future__ import annotations

import hashlib
import tomllib
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from twin.errors import GeometryError, OutputError
from twin.geo.city import City, Quality
from twin.geo.layerfile import write_layer
from twin.geo.terrain import Terrain
from twin.geo.writers.atomic import new_folder
from twin.geo.writers.cityjson import cityjson_bytes, plain
from twin.geo.writers.exact import check_exact
from twin.geo.writers.pictures import named
from twin.geo.writers.readback import as_triangles, check_written, differing, read_again
from twin.geo.writers.toml import dumps

FORMAT = "stadstwin city folder"
VERSION = 1
INDEX, OBJECTS, QUALITY = "city.toml", "objects.city.json", "quality.json"


def write_city_folder(city: City, folder: Path) -> Path:
    """Write a city so that `read_city` gives it back.

    Vertices are rounded to the millimetre the first time; a city that was read from a folder is written without change.
    The folder appears whole or not at all; an older city folder is replaced.

    Parameters
    ----------
    city : City
    folder : Path
        New, empty, or a city folder.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    OutputError
        When something else is there, or it cannot be written.
    """
    folder = Path(folder)
    if folder.suffix and not folder.is_dir():
        from twin.geo.writers import WRITERS

        if folder.name.lower().endswith(tuple(suffix for writer in WRITERS for suffix in writer.suffixes)):
            hint = f"twin.write_city(city, {folder.name!r}) writes files by their suffix; a city folder has none"
            raise OutputError("a city folder is not written under the name of a file", where=str(folder), hint=hint)
    _check_place(folder)
    with new_folder(folder) as place:
        pictures = named(city)
        names = {row: name for row, (name, _) in pictures.items()}
        entries = [_entry(place, OBJECTS, "objects", cityjson_bytes(city, attributes=False, marks=True, pictures=names))]
        entries += [_entry(place, name, "picture", content) for name, content in dict(pictures.values()).items()]
        for name, frame in city.layers.items():
            if len(frame) or len(frame.columns) > 1:
                columns = write_layer(frame, place / f"{name}.gpkg", name)
                extra = {"layer": name, "rows": len(frame), "columns": columns}
                entries.append(_entry(place, f"{name}.gpkg", "layer", None, **extra))
        for kind, raster in (("terrain", city.terrain), ("dsm", city.dsm), ("canopy", city.canopy)):
            if raster is not None:
                entries.append(_write_raster(raster, city, place, kind))
        if len(city.quality):
            entries.append(_entry(place, QUALITY, "quality", _quality(city.quality)))
        (place / INDEX).write_text(dumps(_index(city, entries)), encoding="utf-8")
        _check(city, place, folder, entries, names)
    return folder


def _check(city: City, place: Path, folder: Path, entries: list[dict[str, Any]], pictures: dict[int, str]) -> None:
    """See that a folder reads back; objects whose outlines cross themselves on whole millimetres are written in triangles.

    Raises
    ------
    OutputError
        When it does not.
    """
    again = read_again(place, folder)
    wrong = differing(city, again, folder)
    if wrong:
        torn = as_triangles(city, np.unique(np.concatenate(list(wrong.values()))))
        content = cityjson_bytes(torn, attributes=False, marks=True, pictures=pictures)
        entries[0] = _entry(place, OBJECTS, "objects", content)
        (place / INDEX).write_text(dumps(_index(city, entries)), encoding="utf-8")
        again = check_written(city, place, folder)
    check_exact(city, again, folder)


def _check_place(folder: Path) -> None:
    """Nothing but an older city folder is ever removed."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise OutputError("there is something else with this name", where=str(folder), hint="choose another folder")
    if not folder.exists():
        return
    present = {entry.name for entry in folder.iterdir()}
    if not present:
        return
    listed: set[str] = {INDEX}
    try:
        index = tomllib.loads((folder / INDEX).read_text(encoding="utf-8"))
        listed |= {str(entry.get("path")) for entry in index.get("files", [])}
        known = index.get("format") == FORMAT
    except (OSError, ValueError, AttributeError, TypeError):
        known = False
    if not known:
        raise OutputError(
            "the folder is not empty and not a city folder", where=str(folder), hint="choose another folder"
        )
    if present - listed:
        other = ", ".join(sorted(present - listed)[:3])
        raise OutputError(
            f"the city folder also holds files that are not its own: {other}", where=str(folder), hint="move them first"
        )


def _entry(place: Path, name: str, kind: str, content: bytes | None, **extra: Any) -> dict[str, Any]:
    """One row of the index; writes the content when it is given."""
    if content is not None:
        (place / name).write_bytes(content)
    else:
        content = (place / name).read_bytes()
    return {"path": name, "kind": kind, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), **extra}


def _write_raster(terrain: Terrain, city: City, place: Path, kind: str) -> dict[str, Any]:
    import rasterio

    name = f"{kind}.tif"

    grid = terrain.grid
    # by its code: GDAL changes the text of a system of a plane and heights
    code = city.crs.to_authority()
    crs = None if code is None else f"{code[0]}:{code[1]}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        place_of = rasterio.Affine(grid.cell, 0.0, grid.west, 0.0, -grid.cell, grid.north)
        profile = {"driver": "GTiff", "count": 1, "dtype": "float32", "nodata": float("nan"), "compress": "deflate"}
        shape = {"height": grid.rows, "width": grid.columns}
        with rasterio.open(place / name, "w", crs=crs, transform=place_of, predictor=3, **shape, **profile) as file:
            file.write(terrain.height, 1)
    where = {"west": float(grid.west), "north": float(grid.north), "cell_m": float(grid.cell)}
    extra = {"rows": grid.rows, "columns": grid.columns, **where, "grid_crs": grid.crs or ""}
    return _entry(place, name, kind, None, **extra)


def _quality(quality: Quality) -> bytes:
    fields = ("code", "object_id", "message", "severity", "path")
    rows = [
        [getattr(finding, name).encode("utf-8", "replace").decode() for name in fields] for finding in quality.findings
    ]
    return orjson.dumps({"fields": fields, "findings": rows}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _index(city: City, entries: list[dict[str, Any]]) -> dict[str, Any]:
    code = city.crs.to_authority()
    try:
        extent = [float(value) for value in city.bounds]
    except GeometryError:
        extent = []
    sources: list[dict[str, Any]] = []
    for source in city.sources:
        told = {name: getattr(source, name) for name in ("name", "format", "licence", "credit", "sha256", "date")}
        sources.append({**told, **({"layers": list(source.layers)} if source.layers else {})})
    # what the sources say of themselves is of any shape, which TOML could not hold
    about = {"metadata": orjson.dumps(plain(dict(city.metadata))).decode()} if city.metadata else {}
    return {
        "format": FORMAT,
        "format_version": VERSION,
        "name": city.name,
        "crs": f"{code[0]}:{code[1]}" if code else city.crs.to_wkt(),
        "origin": [float(value) for value in city.origin],
        "extent": [value for value in extent if np.isfinite(value)],
        "date": city.date,
        "synthetic": bool(city.synthetic),
        **about,
        "sources": sources,
        "files": entries,
    }
