"""Findings of quality as a table, as JSON, or on the map."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely
from pyproj.exceptions import ProjError

from twin.errors import OutputError
from twin.geo.city import City, Quality
from twin.geo.crs import horizontal, same
from twin.geo.quality import CODES
from twin.geo.writers.atomic import write_bytes, written_file

if TYPE_CHECKING:
    from pyproj import CRS

SUFFIXES = (".csv", ".json", ".gpkg")


def write_findings(quality: Quality, city: City, path: str | Path) -> Path:
    """Write findings; the suffix says how: ``.csv``, ``.json`` or ``.gpkg`` (points, for a GIS).

    Parameters
    ----------
    quality : Quality
    city : City
        That they were found in.
    path : str or Path

    Raises
    ------
    OutputError
        When the suffix is another one, or the file cannot be written.
    """
    return _write(findings_frame(quality, city), quality, {"city": city.name, "sources": _sources([city])}, Path(path))


class Checked(NamedTuple):
    """What was found in one file.

    Parameters
    ----------
    file : str
        As it was named.
    quality : Quality
    city : City or None
        None when the file was refused.
    """

    file: str
    quality: Quality
    city: City | None


def write_findings_of(files: Sequence[Checked], path: str | Path) -> Path:
    """Write the findings of several files as one table, with a column ``file``; see `write_findings`.

    JSON lists the files with the name of the city of each; ``city`` is that of a file alone, and empty for several.

    On the map they are in the system of the first city; findings of a city that cannot be brought there have no place.

    Parameters
    ----------
    files : sequence of Checked
    path : str or Path

    Raises
    ------
    OutputError
        When the suffix is another one, or the file cannot be written.
    """
    cities = [one.city for one in files if one.city is not None]
    crs = cities[0].crs if cities else None
    frames = []
    for one in files:
        frame = one.quality.to_frame().astype("str")
        points = [shapely.Point()] * len(frame) if one.city is None else _points(one.quality, one.city, crs)
        frames.append(gpd.GeoDataFrame(frame.assign(file=one.file), geometry=gpd.GeoSeries(points, crs=crs), crs=crs))
    table = gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), geometry="geometry", crs=crs)
    quality = Quality(tuple(finding for one in files for finding in one.quality.findings))
    about = [{"file": one.file, "city": one.city.name if one.city else "", "refused": one.city is None} for one in files]
    # of several files none lends its name to all
    name = about[0]["city"] if len(files) == 1 else ""
    return _write(table, quality, {"city": name, "files": about, "sources": _sources(cities)}, Path(path))


def _sources(cities: Sequence[City]) -> list[str]:
    return list(dict.fromkeys(source.name for city in cities for source in city.sources))


def _points(quality: Quality, city: City, crs: CRS | None) -> list[Any]:
    """A point for each finding in a system; an empty one where it has no place, or none that is known there."""
    points = findings_frame(quality, city).geometry
    if crs is None or same(horizontal(city.crs), horizontal(crs)):
        return list(points)
    try:
        return list(points.to_crs(crs))
    except ProjError:
        return [shapely.Point()] * len(points)


def _write(frame: gpd.GeoDataFrame, quality: Quality, about: Mapping[str, Any], path: Path) -> Path:
    """Write a table of findings as the suffix says; JSON also holds what they are about."""
    suffix = path.suffix.lower()
    plain = pd.DataFrame(frame.drop(columns="geometry"))
    if suffix == ".csv":
        return write_bytes(path, plain.to_csv(index=False).encode("utf-8"))
    if suffix == ".json":
        document = {
            "format": "stadstwin findings",
            **about,
            "counts": quality.counts(),
            "codes": {code: CODES.get(code, "") for code in quality.counts()},
            "findings": plain.to_dict(orient="records"),
        }
        return write_bytes(path, orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    if suffix == ".gpkg":
        with written_file(path) as place:
            import pyogrio

            crs = frame.crs if frame.crs is not None and frame.crs.to_authority() is not None else None
            table = frame.set_crs(crs, allow_override=True)
            with warnings.catch_warnings():
                # a local plane has no code that a GeoPackage knows, and files that are refused have no system
                warnings.simplefilter("ignore", UserWarning)
                pyogrio.write_dataframe(table, place, layer="findings", driver="GPKG", geometry_type="Point")
        return path
    hint = f"give a name that ends in {', '.join(SUFFIXES)}"
    raise OutputError(f"findings are not written as {path.suffix or 'a file without suffix'}", where=str(path), hint=hint)


def findings_frame(quality: Quality, city: City) -> gpd.GeoDataFrame:
    """Findings with the place of their object; an empty point for those of a file as a whole.

    Returns
    -------
    GeoDataFrame
        One row a finding: code, severity, object_id, message, path, and a point in the CRS of the city.
    """
    places = _places(city)
    frame = quality.to_frame()
    shapes: list[Any] = [places.get(one, shapely.Point()) for one in frame["object_id"]]
    return gpd.GeoDataFrame(frame.astype("str"), geometry=gpd.GeoSeries(shapes, crs=city.crs), crs=city.crs)


def _places(city: City) -> dict[str, shapely.Point]:
    """A point on the map for each object that has a place."""
    found: dict[str, shapely.Point] = {}
    mesh = city.surfaces
    if len(mesh):
        count = len(city.objects)
        middle = mesh.vertices[mesh.triangles].mean(axis=1) + city.origin
        times = np.bincount(mesh.owner, minlength=count)
        xy = [np.bincount(mesh.owner, weights=middle[:, k], minlength=count) / np.maximum(times, 1) for k in range(2)]
        for row in np.flatnonzero(times).tolist():
            found[str(city.objects.index[row])] = shapely.Point(xy[0][row], xy[1][row])
    for frame in city.layers.values():
        shapes = np.asarray(frame.geometry.array, dtype=object)
        there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
        for one, point in zip(frame.index[there], shapely.point_on_surface(shapes[there]), strict=True):
            found[str(one)] = point
    return found


def counts_table(quality: Quality) -> pd.DataFrame:
    """Number of findings by code, with what each code means."""
    counts = quality.counts()
    return pd.DataFrame({"count": list(counts.values()), "meaning": [CODES.get(code, "") for code in counts]}, index=list(counts))
