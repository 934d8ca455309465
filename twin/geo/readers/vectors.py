"""Vector files to rows of a city: GeoPackage, Shapefile, FlatGeobuf, GeoParquet, GeoJSON.

Each layer of a file becomes rows of the layer of the city that the caller names (`ReadOptions.layer`), or that its name, its
columns and its geometry speak of. Polygons of which a column says how high they are, or that are called buildings, are
footprints. What cannot be told goes to ``other``, with a finding that says how to name it: lines too, since contours, parcel
boundaries and pipes are lines as streets are, and people must not walk on what was guessed.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.errors import FormatError
from twin.geo.city import LAYERS, Source
from twin.geo.readers.formats import text_of
from twin.geo.readers.geojson import geojson_tables
from twin.geo.readers.model import Findings, Reading, ReadOptions
from twin.geo.readers.source import Blob
from twin.geo.readers.vector_columns import typed, with_promised
from twin.geo.readers.vector_layers import layers_of_rows
from twin.geo.readers.vector_sources import OWN, SYSTEM, Table, tables_of
from twin.geo.valid import TOO_MANY, mended

SAFE_CHANGE = 0.01
"""A polygon that crosses itself is repaired when that changes its area by no more than this part: its shape is not in doubt."""

ID_COLUMNS = (
    "id_attribute", "id", "fid", "gml_id", "identificatie", "identificatiebagpnd", "lokaalid", "lokaal_id", "localid",
    "local_id", "globalid", "uuid", "uid", "osm_id", "@id", "objectid", "gid", "ogc_fid", "feature_id", "bag_id",
    "building_id", "mi_prinx",
)  # fmt: skip
"""Columns that name an object, in lower case, most trusted first."""

REGISTERED = frozenset(
    ("identificatie", "identificatiebagpnd", "lokaalid", "lokaal_id", "localid", "local_id", "gml_id", "globalid", "uuid", "bag_id")
)
"""Columns of ids that a register gives out: they name an object in the whole world, however short they are."""

LONG_ID = 8
"""A text of so many letters names an object in the whole world; of other columns than those of registers shorter ones and numbers
get the name of their layer in front."""

SHORT_NAME = 10
"""Letters that a shapefile has for the name of a column."""

_KINDS = {0: "Point", 4: "Point", 1: "Line", 2: "Line", 5: "Line", 3: "Polygon", 6: "Polygon"}


def read(blob: Blob, options: ReadOptions) -> Reading:
    """Read a vector file.

    Raises
    ------
    FormatError
        When it is broken, or could lead to other files.
    CRSError
        When its coordinate reference system is not known.
    """
    findings = Findings()
    tables = (geojson_tables if text_of(blob.head)[:1] in (b"{", b"\x1e") else tables_of)(blob, options, findings)
    if not tables.tables:
        raise FormatError("the file has no layer with geometry", where=blob.name)
    said = tables.about
    source = Source(blob.name, tables.format, said.get("licence", ""), said.get("credit", ""), blob.sha256, said.get("date", ""))
    frames = _one_system([_sound(table, blob.name, findings) for table in tables.tables], blob.name, findings)
    own = OWN in said
    if own and frames:
        frames = _whole_system(frames, said.get(SYSTEM, ""))
    crs = frames[0].frame.crs if frames else None
    parts: dict[str, list[gpd.GeoDataFrame]] = {}
    taken: set[str] = set()
    for table in frames:
        for layer, rows in _by_layer(table, blob.name, options, findings, taken, own=own).items():
            parts.setdefault(layer, []).append(rows)
    layers = {layer: some[0] if len(some) == 1 else _stacked(some) for layer, some in parts.items()}
    return Reading(source, crs, findings, layers=layers, name=said.get("title", ""), date=said.get("date", ""))


def _stacked(frames: list[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(pd.concat(frames), geometry="geometry", crs=frames[0].crs)


def _whole_system(tables: list[Table], stated: str) -> list[Table]:
    """The layers in the system that a file of ours names beside what its format can hold, if it is the same on the map."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError as ProjError

    from twin.geo.crs import horizontal, same

    try:
        crs = CRS.from_wkt(stated) if stated else None
    except ProjError:
        crs = None
    there = tables[0].frame.crs
    if crs is None or there is None or not same(horizontal(crs), horizontal(there)):
        return tables
    return [Table(table.name, table.frame.set_crs(crs, allow_override=True)) for table in tables]


def _one_system(tables: list[Table], name: str, findings: Findings) -> list[Table]:
    """All layers in the system of the first that states one; as they are when none does, which is told."""
    from twin.geo.crs import same, short_name

    systems = [table.frame.crs for table in tables if table.frame.crs is not None]
    if not systems:
        if any(len(table.frame) for table in tables):
            findings.add("no-crs", "", "the file does not say in which coordinate reference system it is", path=name)
        return tables
    out: list[Table] = []
    for table in tables:
        if table.frame.crs is None:
            if len(table.frame):
                message = f"layer `{table.name}` does not say in which coordinate reference system it is; left out"
                findings.add("no-crs", "", message, severity="error", path=f"{name}:{table.name}")
            continue
        if same(table.frame.crs, systems[0]):
            out.append(Table(table.name, table.frame.set_crs(systems[0], allow_override=True)))
            continue
        message = f"layer `{table.name}` was reprojected from {short_name(table.frame.crs)}"
        findings.add("crs", "", message, severity="info", path=f"{name}:{table.name}")
        out.append(Table(table.name, table.frame.to_crs(systems[0])))
    return out


def _sound(table: Table, name: str, findings: Findings) -> Table:
    """The layer with its CRS as we spell it, its geometry called ``geometry``, and without rows that have none."""
    from twin.geo.readers.vector_sources import crs_of

    frame, where = table.frame, f"{name}:{table.name}"
    shapes = np.asarray(frame.geometry.array, dtype=object)
    if len(frame) and not np.isin(shapely.get_type_id(shapes), (-1, *_KINDS, 7)).all():
        raise FormatError("the layer has curves or solids, which are not read", where=where, hint="save it with plain geometry")
    gone = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    box = shapely.bounds(shapes)
    endless = ~gone & ~(np.isfinite(box).all(axis=1) & (np.abs(np.nan_to_num(box)) < 1e9).all(axis=1))
    endless[~gone] |= ~np.array([np.isfinite(shapely.get_coordinates(one)).all() for one in shapes[~gone]], dtype=bool)
    for rows, code, what in (
        (gone, "no-geometry", "rows have no geometry"),
        (endless, "not-finite", "rows have coordinates that are not numbers"),
    ):
        if rows.any():
            findings.add(code, "", f"{int(rows.sum())} {what}; left out", severity="error", path=where)
    keep = ~gone & ~endless
    crs = None if frame.crs is None else crs_of(frame.crs.to_wkt(), where)
    geometry = gpd.GeoSeries(shapes[keep], crs=crs)
    columns = pd.DataFrame(frame.drop(columns=frame.geometry.name)).loc[keep].reset_index(drop=True)
    return Table(table.name, gpd.GeoDataFrame(typed(columns), geometry=geometry, crs=crs))


def _by_layer(
    table: Table, name: str, options: ReadOptions, findings: Findings, taken: set[str], *, own: bool
) -> dict[str, gpd.GeoDataFrame]:
    """Rows of one layer of the file by layer of the city."""
    frame, where = table.frame, f"{name}:{table.name}"
    if not len(frame):
        return {}
    frame = _without_collections(frame)
    shapes = np.asarray(frame.geometry.array, dtype=object)
    kinds = np.array([_KINDS[one] for one in shapely.get_type_id(shapes).tolist()], dtype=object)
    plain = pd.DataFrame(frame.drop(columns="geometry"))
    layer, how = layers_of_rows(name, table.name, plain, kinds, options.layer)
    ids = _own_ids(plain) if own else None
    if ids is None:
        ids = _ids(plain, table.name, taken)
    stated = plain[_ID].astype("str").str.strip().tolist() if _ID in plain else None
    if stated == ids:
        frame = frame.drop(columns=_ID)
    frame = frame.set_axis(pd.Index(ids, name="id", dtype="str"))
    frame = frame.assign(geometry=gpd.GeoSeries(_repaired(shapes, ids, kinds, where, findings), index=frame.index, crs=frame.crs))
    _tell(table.name, layer, how, kinds, where, findings)
    found: dict[str, gpd.GeoDataFrame] = {}
    for one in dict.fromkeys(layer.tolist()):
        rows = frame[layer == one]
        found[one] = with_promised(one, rows, where, findings)
    return found


def _without_collections(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Collections of geometry as one row a part; their attributes are repeated."""
    mixed = shapely.get_type_id(np.asarray(frame.geometry.array, dtype=object)) == 7
    while mixed.any():
        parts = frame[mixed].explode(index_parts=False)
        frame = gpd.GeoDataFrame(pd.concat([frame[~mixed], parts], ignore_index=True), geometry="geometry", crs=frame.crs)
        mixed = shapely.get_type_id(np.asarray(frame.geometry.array, dtype=object)) == 7
    return frame


_ID = "id_attribute"
"""What `typed` calls a column ``id``."""


def _own_ids(columns: pd.DataFrame) -> list[str] | None:
    """Ids of a layer that this library wrote, where two layers may have the same; None when they are no ids after all."""
    if _ID not in columns or columns[_ID].isna().any():
        return None
    found = [str(one) for one in columns[_ID]]
    return found if len(set(found)) == len(found) and "" not in found else None


def _ids(columns: pd.DataFrame, table: str, taken: set[str]) -> list[str]:
    """A unique id for each row: a column that names objects, else the name of the layer and a number."""
    found: list[str] | None = None
    for known, name in _id_columns(columns):
        if (found := _named_by(columns[name], table, registered=known in REGISTERED)) is not None:
            if known in ("id", _ID) and table in LAYERS and not pd.api.types.is_numeric_dtype(columns[name]):
                # a table that is named as a layer of a city holds its objects by their own ids
                own = [str(value).strip() for value in columns[name].tolist()]
                found = own if taken.isdisjoint(own) else found
            break
    if found is None or not taken.isdisjoint(found):
        found = [f"{table}-{number}" for number in range(1, len(columns) + 1)]
    number = 1
    while not taken.isdisjoint(found):
        number += 1
        found = [f"{table}-{number}-{row}" for row in range(1, len(columns) + 1)]
    taken.update(found)
    return found


def _id_columns(columns: pd.DataFrame) -> list[tuple[str, Any]]:
    """The columns that may name objects, as `ID_COLUMNS` and as the table calls them, most trusted first.

    Whole numbers count the rows of a table, so what a register gave out comes before them.
    """
    by_name = {str(name).lower(): name for name in columns.columns}
    there = [(known, by_name.get(known, by_name.get(known[:SHORT_NAME]))) for known in ID_COLUMNS]
    found = [(known, name) for known, name in there if name is not None]
    return sorted(found, key=lambda one: one[0] not in REGISTERED and pd.api.types.is_numeric_dtype(columns[one[1]]))


def _named_by(column: pd.Series[Any], table: str, *, registered: bool = False) -> list[str] | None:
    if column.isna().any():
        return None
    if pd.api.types.is_float_dtype(column):
        if not (np.isfinite(column) & (column == np.floor(column)) & (np.abs(column) < 2**53)).all():
            return None
        column = column.astype("int64")
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return None
    texts = [str(value).strip() for value in column.tolist()]
    if len(set(texts)) < len(texts) or "" in texts:
        return None
    whole_world = not pd.api.types.is_numeric_dtype(column) and min(map(len, texts)) >= LONG_ID
    return texts if registered or whole_world else [f"{table}-{text}" for text in texts]


def _repaired(
    shapes: NDArray[np.object_], ids: list[str], kinds: NDArray[np.object_], where: str, findings: Findings
) -> NDArray[np.object_]:
    """Polygons that cross or touch themselves made valid, where that leaves their area as it was."""
    bad = np.flatnonzero((kinds == "Polygon") & ~shapely.is_valid(shapes))
    if not len(bad):
        return shapes
    shapes = shapes.copy()
    for row in bad.tolist():
        area = float(shapely.area(shapes[row]))
        reason = shapely.is_valid_reason(shapes[row])
        sound = mended(shapes[row])
        if sound is None:
            findings.add("invalid", ids[row], f"the polygon is not valid ({reason}): {TOO_MANY}; kept as it is", path=where)
            continue
        if sound.geom_type == "GeometryCollection":
            sound = shapely.union_all([one for one in shapely.get_parts(sound) if one.geom_type in ("Polygon", "MultiPolygon")])
        if sound.geom_type in ("Polygon", "MultiPolygon") and abs(sound.area - area) <= SAFE_CHANGE * area and area > 0:
            shapes[row] = sound
            findings.add("repaired", ids[row], f"the polygon was not valid ({reason}); repaired", path=where)
        else:
            message = f"the polygon is not valid ({reason}) and cannot be repaired without a guess; kept as it is"
            findings.add("invalid", ids[row], message, path=where)
    return shapes


def _tell(
    table: str, layer: NDArray[np.object_], how: str, kinds: NDArray[np.object_], where: str, findings: Findings
) -> None:
    """What the rows were taken for, and what to say when that is not what they are."""
    other = layer == "other"
    hint = f"say what it is: layer={{{table!r}: 'landuse'}}, or any other layer of a city"
    if how == "caller":
        if other.any() and not other.all():
            message = f"{int(other.sum())} rows of `{table}` have a geometry that this layer does not have; they are in `other`"
            findings.add("layer-geometry", "", message, path=where)
        return
    if not how:
        message = f"neither name nor columns say what the {len(layer)} rows of `{table}` are; they are in `other`; {hint}"
        findings.add("layer-unknown", "", message, severity="info", path=where)
        return
    if how == "name" and set(layer.tolist()) == {table.lower()}:
        return
    counted = ", ".join(f"{int((layer == one).sum())} {one}" for one in dict.fromkeys(layer.tolist()))
    message = f"`{table}` was taken, by its {how}, for {counted}; if it is not, {hint}"
    findings.add("layer-told", "", message, severity="info", path=where)
