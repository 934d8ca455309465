"""What lies below the ground in vector files: which layers hold it, and its volumes in the city."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.geo.cellars import cellar_volumes, cellars_frame, settled_cellars
from twin.geo.measures import key_of
from twin.geo.mesh import TriangleMesh
from twin.geo.pipes import (
    COVERS,
    DIAMETERS,
    INVERTS,
    MAX_TUBE_VERTICES,
    TOPS,
    pipe_volumes,
    settled_utilities,
    utilities_frame,
)
from twin.geo.vaults import SIDES

if TYPE_CHECKING:
    from twin.geo.city import City
    from twin.geo.readers.model import Findings

LAYERS = ("cellars", "utilities")
TYPE_OF = {"cellars": "OtherConstruction", "utilities": "GenericCityObject"}
"""Type of CityJSON 2.0 of the objects: it has none for cellars outside buildings, nor for mains."""

_CELLARS = ("werfkelder", "kelder", "cellar", "wharf_vault", "basement", "souterrain")
_NOT_CELLARS = ("gebouw", "building", "pand", "woning", "house", "address", "adres")
_PIPES = (
    "leiding", "riool", "riolering", "rioolbuis", "kabel", "kabels", "mantelbuis", "pipe", "pipes", "pipeline", "sewer", "sewers",
    "utilities", "utility", "nutsleiding", "watermain", "gasnet", "conduit", "duct", "cable", "cables", "mains", "vrijverval",
    "warmtenet", "drain",
)  # fmt: skip
_NOT_PIPES = ("bovengronds", "overhead", "aerial", "powerline", "kabelbaan", "cableway", "tram")
_POLYGONS, _LINES = {"Polygon", "MultiPolygon"}, {"LineString", "MultiLineString"}


def recognise_layer(name: str, columns: Iterable[str], geometry_types: Iterable[str]) -> str | None:
    """Whether a layer of a vector file holds cellars or pipes.

    Parameters
    ----------
    name : str
        Of the layer, or of the file.
    columns : iterable of str
        Names of its columns.
    geometry_types : iterable of str
        Types of its geometries, as shapely names them; a ``Z`` or ``25D`` behind or before the name is fine.

    Returns
    -------
    {"cellars", "utilities"} or None
        Cellars are polygons in a layer that is called so, or that has a column called so (``kelder_id``), unless it is one of
        buildings. Pipes are lines in a layer that is called so, or that has a diameter together with a depth or an invert.
    """
    kinds = {str(kind).replace("25D", "").replace("2.5D", "").split(" ")[0].strip() for kind in geometry_types}
    layer, keys = key_of(name), [key_of(str(column)) for column in columns]
    if kinds & _POLYGONS and not any(word in layer for word in _NOT_CELLARS):
        if any(word in layer for word in _CELLARS):
            return "cellars"
        if any(key.startswith(_CELLARS[:3]) for key in keys):
            return "cellars"
    if kinds & _LINES and not any(word in layer for word in _NOT_PIPES):
        words = layer.split("_")
        if any(word in words or (len(word) > 5 and word in layer) for word in _PIPES):
            return "utilities"
        if _has(keys, DIAMETERS[:8]) and (_has(keys, COVERS) or _has(keys, INVERTS) or _has(keys, TOPS)):
            return "utilities"
    return None


def _has(keys: list[str], names: Iterable[str]) -> bool:
    units = ("", "_m", "_cm", "_mm")
    return any(name + unit in keys for name in names for unit in units)


def with_volumes(city: City, layer: str, frame: gpd.GeoDataFrame, where: str, findings: Findings) -> City:
    """The city with rows of ``cellars`` or ``utilities`` settled below its ground, and a volume for each that can have one.

    Parameters
    ----------
    city : City
        Without the rows.
    layer : {"cellars", "utilities"}
    frame : GeoDataFrame
        From `cellars_frame` or `utilities_frame`, or rows of the layer made elsewhere; in the CRS of the city. Of ``utilities``
        only lines that have a column ``diameter_m`` are settled: a power line or a manhole is not a pipe.
    where : str
        For messages.
    findings : Findings
    """
    if layer == "cellars":
        settled = settled_cellars(frame, city, where, findings)
        rows, drawable = settled.frame, settled.drawable & _free(settled.frame, city, where, findings)
        return _with_rows(city, layer, rows, drawable, cellar_volumes(rows[drawable], city.origin, len(city.objects)))
    shapes = np.asarray(frame.geometry.array, dtype=object)
    pipes = np.isin(shapely.get_type_id(shapes), (1, 5)) & ~shapely.is_empty(shapes)
    if "diameter_m" not in frame or not pipes.any():
        return _with_rows(city, layer, frame, np.zeros(len(frame), dtype=bool), TriangleMesh.empty())
    laid = settled_utilities(frame[pipes], city, where, findings)
    if not pipes.all():
        city = _with_rows(city, layer, frame[~pipes], np.zeros(int((~pipes).sum()), dtype=bool), TriangleMesh.empty())
    drawn = np.zeros(len(laid.frame), dtype=bool)
    drawn[[row for row, _ in laid.courses]] = True
    drawn &= _free(laid.frame, city, where, findings)
    if sum(len(course) for _, course in laid.courses) * SIDES > MAX_TUBE_VERTICES:
        message = "so many pipes are kept as lines, without volumes; read a smaller area"
        findings.add("pipes-as-lines", "", message, path=where)
        drawn[:] = False
    owners = (len(city.objects) + np.cumsum(drawn) - 1).astype(np.int32)
    laid = laid._replace(courses=[(row, course) for row, course in laid.courses if drawn[row]])
    return _with_rows(city, layer, laid.frame, drawn, pipe_volumes(laid, city.origin, owners))


def _free(frame: gpd.GeoDataFrame, city: City, where: str, findings: Findings) -> NDArray[np.bool_]:
    taken = np.asarray(frame.index.isin(city.objects.index), dtype=bool)
    for key in frame.index[taken]:
        message = "another object of the city has this id; no volume is made"
        findings.add("duplicate-id", str(key), message, severity="error", path=where)
    return ~taken


def _with_rows(city: City, layer: str, rows: gpd.GeoDataFrame, drawn: NDArray[np.bool_], mesh: TriangleMesh) -> City:
    there = city.layers[layer]
    whole = gpd.GeoDataFrame(pd.concat([there, rows]), geometry="geometry", crs=city.crs) if len(there) else rows
    index = pd.Index([str(key) for key in rows.index[drawn]], name="id", dtype="str")
    lod = "2" if layer == "cellars" else "1"
    stated = {"type": TYPE_OF[layer], "layer": layer, "parent": "", "lod": lod}
    objects = pd.DataFrame({key: pd.array([value] * len(index), dtype="str") for key, value in stated.items()}, index=index)
    return replace(
        city.with_layer(layer, whole),
        objects=pd.concat([city.objects, objects]) if len(objects) else city.objects,
        surfaces=TriangleMesh.concatenate([city.surfaces, mesh]),
    )


__all__ = ["LAYERS", "cellars_frame", "recognise_layer", "utilities_frame", "with_volumes"]
