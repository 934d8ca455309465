"""Tables of vector files as they are: GeoPackage, Shapefile, FlatGeobuf, GeoParquet."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from twin.errors import CRSError, FormatError
from twin.geo.readers.gdal import disk_path, told
from twin.geo.readers.model import Findings, ReadOptions
from twin.geo.readers.source import Blob, swells

if TYPE_CHECKING:
    from pyproj import CRS

MAX_ROWS = 50_000_000
"""More rows than this in one layer are refused."""
MAX_PARQUET_RATIO = 1000
"""Parquet packs columns that repeat; a file that swells more than this is refused."""
MAX_LAYERS = 200

GEOPACKAGE, SHAPEFILE, FLATGEOBUF, PARQUET = b"SQLite format 3\0", b"\x00\x00\x27\x0a", b"fgb", b"PAR1"
_APPLICATIONS = (b"GPKG", b"GP10", b"GP11")
_OWN_VIRTUAL = ("rtree",)
"""Virtual tables that a GeoPackage has by its standard; any other runs code of its module."""


OWN, SYSTEM = "stadstwin", "stadstwin_crs"
"""What a file of ours says of itself: that it is one, and its system where the file format has no room for all of it."""


class Table(NamedTuple):
    """One layer of a file.

    Parameters
    ----------
    name : str
    frame : GeoDataFrame
        As in the file; its `crs` may be None.
    """

    name: str
    frame: gpd.GeoDataFrame


class Tables(NamedTuple):
    """All layers of a file.

    Parameters
    ----------
    format : str
        With its version.
    tables : list of Table
    about : mapping of str to str
        What the file says of itself: licence, credit, title, date.
    """

    format: str
    tables: list[Table]
    about: Mapping[str, str]


def is_geopackage(head: bytes) -> bool:
    """Whether the first bytes are of a GeoPackage: SQLite with its application id, or with its tables."""
    return head[:16] == GEOPACKAGE and (head[68:72] in _APPLICATIONS or b"gpkg_contents" in head)


def is_shapefile(head: bytes) -> bool:
    """Whether the first bytes are of the main file of a shapefile: file code 9994 and version 1000."""
    return head[:4] == SHAPEFILE and head[28:32] == b"\xe8\x03\x00\x00"


def is_flatgeobuf(head: bytes) -> bool:
    """Whether the first bytes are of a FlatGeobuf of version 3."""
    return head[:4] == b"fgb\x03" and head[4:7] == FLATGEOBUF


def is_parquet(head: bytes) -> bool:
    """Whether the first bytes are of a Parquet file."""
    return head[:4] == PARQUET


def tables_of(blob: Blob, options: ReadOptions, findings: Findings) -> Tables:
    """All layers of a file in a binary format.

    Raises
    ------
    FormatError
        When it is broken, or could lead elsewhere.
    """
    head = blob.head
    with blob.as_file() as path:
        if is_geopackage(head):
            return _geopackage(blob, path, options, findings)
        if is_shapefile(head):
            return _shapefile(blob, path, options, findings)
        if is_flatgeobuf(head):
            with _named(path, ".fgb") as named:
                return _by_gdal(blob, named, "FlatGeobuf", "FlatGeobuf 3", options, findings)
        return _parquet(blob, path, options, findings)


@contextmanager
def _named(path: Path, suffix: str) -> Iterator[Path]:
    """The file under a name with the suffix that GDAL expects."""
    if path.suffix.lower() == suffix:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="stadstwin-") as folder:
        link = Path(folder) / f"{path.name.split('.')[0] or 'content'}{suffix}"
        link.symlink_to(path.absolute())
        yield link


def _geopackage(blob: Blob, path: Path, options: ReadOptions, findings: Findings) -> Tables:
    journal = path.with_name(f"{path.name}-wal")
    if journal.exists() and journal.stat().st_size:
        raise FormatError("another program has the GeoPackage open", where=blob.name, hint="close it there first")
    version, about = _check_sqlite(path, blob.name)
    with _named(path, ".gpkg") as named:
        found = _by_gdal(blob, named, "GPKG", f"GeoPackage {version}", options, findings)
    return found._replace(about={**found.about, **about})


def _check_sqlite(path: Path, name: str) -> tuple[str, dict[str, str]]:
    """Version of a GeoPackage and what it says of itself, after a look at what SQLite would run when it is read.

    Raises
    ------
    FormatError
        When it has views, or virtual tables other than the index of the standard, in the place of tables.
    """
    with told(name, "GeoPackage"), closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as base:
        base.execute("PRAGMA trusted_schema = OFF")
        number = int(base.execute("PRAGMA user_version").fetchone()[0])
        rows = base.execute("SELECT type, name, sql FROM sqlite_master LIMIT 100000").fetchall()
        views = [str(one) for kind, one, _ in rows if kind == "view"]
        if views:
            hint = "save the layers as tables of a new GeoPackage"
            raise FormatError(f"`{views[0]}` is a view; only tables are read", where=name, hint=hint)
        for _, one, sql in rows:
            words = str(sql or "").split("(")[0].lower().split()
            if words[:3] == ["create", "virtual", "table"] and words[-1] not in _OWN_VIRTUAL:
                raise FormatError(f"`{one}` is a virtual table; only tables are read", where=name)
        tables = {str(one) for kind, one, _ in rows if kind == "table"}
        about: dict[str, str] = {}
        if "gpkg_metadata" in tables:
            query = "SELECT metadata FROM gpkg_metadata WHERE mime_type = 'application/json' LIMIT 20"
            for (text,) in base.execute(query):
                about |= statements(text)
    return (f"{number // 10000}.{number // 100 % 100}" if number >= 10000 else "1.0"), about


def statements(text: object) -> dict[str, str]:
    """Licence, credit, title and date that a JSON text states; empty when it is none."""
    try:
        document = json.loads(text) if isinstance(text, str | bytes) and len(text) < 1_000_000 else None
    except (ValueError, RecursionError):
        return {}
    return said_by(document)


_WORDS = {
    "licence": ("licence", "license", "rights", "LICENCE", "LICENSE"),
    "credit": ("credit", "attribution", "copyright", "ATTRIBUTION", "COPYRIGHT"),
    "title": ("title", "name", "TITLE"),
    "date": ("date", "DATE"),
    OWN: (OWN,),
    SYSTEM: (SYSTEM,),
}


def said_by(document: object) -> dict[str, str]:
    """Licence, credit, title and date among the members of an object."""
    if not isinstance(document, Mapping):
        return {}
    found: dict[str, str] = {}
    for key, words in _WORDS.items():
        for word in words:
            value = document.get(word)
            if isinstance(value, str) and value:
                found.setdefault(key, value[: 20_000 if key == SYSTEM else 500])
    return found


def _shapefile(blob: Blob, path: Path, options: ReadOptions, findings: Findings) -> Tables:
    """A shapefile with its siblings, and what was told of those that are missing."""
    found = _shapefile_tables(blob, path, options, findings)
    system = path.with_suffix(".prj").name
    if any(table.frame.crs is None for table in found.tables):
        message = f"the file {system} is missing, or empty: the coordinate reference system"
        findings.add("sibling-missing", "", message, path=blob.name)
    return found


def _shapefile_tables(blob: Blob, path: Path, options: ReadOptions, findings: Findings) -> Tables:
    """The one layer of a shapefile; an index that is missing is made again in a temporary place."""
    siblings = {one.suffix.lower(): one for one in path.parent.iterdir() if one.stem.lower() == path.stem.lower()}
    missing = [suffix for suffix in (".shx", ".dbf") if suffix not in siblings]
    for suffix, what in ((".shx", "the index, which was made again"), (".dbf", "the attributes")):
        if suffix in missing:
            findings.add("sibling-missing", "", f"the file {path.stem}{suffix} is missing: {what}", path=blob.name)
    if ".shx" not in missing and path.suffix == ".shp":
        return _by_gdal(blob, path, "ESRI Shapefile", "Shapefile", options, findings, encoding=_encoding(siblings))
    with tempfile.TemporaryDirectory(prefix="stadstwin-") as folder:
        for suffix, one in {**siblings, ".shp": path}.items():
            (Path(folder) / f"{path.stem}{suffix}").symlink_to(one.absolute())
        main = Path(folder) / f"{path.stem}.shp"
        return _by_gdal(blob, main, "ESRI Shapefile", "Shapefile", options, findings, encoding=_encoding(siblings), restore=True)


def _encoding(siblings: Mapping[str, Path]) -> str | None:
    """UTF-8 for a table of attributes that does not say what it is in and reads as that; None: as it says."""
    table = siblings.get(".dbf")
    if table is None or ".cpg" in siblings:
        return None
    with table.open("rb") as stream:
        content = stream.read(16 * 1024**2)
    if len(content) < 32 or content[29] != 0:
        return None
    try:
        # Cut where a letter may have been cut in two.
        content[32:-8].decode("utf-8") if len(content) == 16 * 1024**2 else content[32:].decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "UTF-8"


def _by_gdal(
    blob: Blob, path: Path, driver: str, kind: str, options: ReadOptions, findings: Findings,
    *, encoding: str | None = None, restore: bool = False,
) -> Tables:  # fmt: skip
    """Every layer of a file whose format was told and looked at."""
    import pyogrio

    place = disk_path(path)
    opening: dict[str, Any] = {"IMMUTABLE": "YES", "LIST_ALL_TABLES": "NO"} if driver == "GPKG" else {}
    tables: list[Table] = []
    about: dict[str, str] = {}
    before = pyogrio.get_gdal_config_option("SHAPE_RESTORE_SHX")
    with told(blob.name, kind.split()[0]):
        try:
            if restore:
                pyogrio.set_gdal_config_options({"SHAPE_RESTORE_SHX": True})
            layers = pyogrio.list_layers(place).tolist()
            if len(layers) > MAX_LAYERS:
                raise FormatError(f"{len(layers)} layers in one file are too many", where=blob.name)
            for name, geometry in layers:
                if geometry is None:
                    message = f"table `{name}` has no geometry; not read"
                    findings.add("no-geometry-column", "", message, severity="info", path=blob.name)
                    continue
                info = pyogrio.read_info(place, layer=name, encoding=encoding, **opening)
                if info["driver"] != driver:
                    raise FormatError(f"GDAL takes it for {info['driver']}, not {driver}", where=blob.name)
                _check_rows(int(info["features"]), path, blob.name)
                about = {**said_by(info.get("layer_metadata")), **said_by(info.get("dataset_metadata")), **about}
                window = options.window(crs_of(info["crs"], blob.name))
                how = {"layer": name, "bbox": window, "encoding": encoding, **opening}
                tables.append(Table(str(name), as_stored(pyogrio.read_dataframe(place, **how), info, place, **how)))
        finally:
            if restore:
                pyogrio.set_gdal_config_options({"SHAPE_RESTORE_SHX": before})
    return Tables(kind, tables, about)


EXACT = 2**53
"""A float holds every whole number up to this one."""


def as_stored(frame: gpd.GeoDataFrame, info: Mapping[str, Any], place: str | Path, **how: Any) -> gpd.GeoDataFrame:
    """Whole numbers and truth values with gaps as such: pyogrio makes floats of them.

    Parameters
    ----------
    frame : GeoDataFrame
        As pyogrio reads it.
    info : mapping
        What ``pyogrio.read_info`` says of it.
    place : str or Path
        The file, which is read again where a float cannot hold a whole number.
    **how
        As it was read.
    """
    restored: dict[str, Any] = {}
    for name, kind in zip(info["fields"], info["dtypes"], strict=True):
        if name not in frame or not pd.api.types.is_float_dtype(frame[name]):
            continue
        if kind == "bool":
            restored[name] = frame[name].astype("boolean")
        elif str(kind).startswith(("int", "uint")):
            restored[name] = frame[name].astype("Int64")
    large = [name for name in restored if restored[name].dtype == "Int64" and bool((frame[name].abs() >= EXACT).any())]
    if large:
        restored |= _whole(frame, large, place, **how)
    return frame.assign(**restored) if restored else frame


def _whole(frame: gpd.GeoDataFrame, names: list[str], place: str | Path, **how: Any) -> dict[str, pd.Series[Any]]:
    """Columns of whole numbers as the file has them, to the last digit.

    Raises
    ------
    ValueError
        When they are not those of the frame.
    """
    import pyogrio

    table = pyogrio.read_arrow(place, columns=names, **how)[1]
    return {name: _same_whole(table.column(name).to_pylist(), frame[name]) for name in names}


def _same_whole(values: list[int | None], rounded: pd.Series[Any]) -> pd.Series[Any]:
    """Whole numbers that a column of floats was made of."""
    if len(values) != len(rounded) or not np.array_equal(np.array(values, np.float64), rounded.to_numpy(), equal_nan=True):
        raise ValueError(f"column `{rounded.name}` reads differently a second time")
    return pd.Series(pd.array(values, dtype="Int64"), index=rounded.index)


def _check_rows(rows: int, path: Path, name: str) -> None:
    """A row takes some bytes: a count beyond the size of the file is a lie, for which memory would be taken."""
    size = sum(one.stat().st_size for one in path.parent.glob(f"{glob_safe(path.stem)}.*"))
    if rows > max(size // 4, 1) or rows > MAX_ROWS:
        raise FormatError(f"{rows} rows in {size} bytes cannot be", where=name)


def glob_safe(text: str) -> str:
    """A text of which no letter is a wild card of glob."""
    import glob

    return glob.escape(text)


def crs_of(stated: object, name: str) -> CRS | None:
    """The system that a file states as WKT, PROJJSON or code; None when it states none.

    Raises
    ------
    CRSError
        When it cannot be understood.
    """
    from pyproj import CRS
    from pyproj.exceptions import CRSError as ProjError

    if stated is None or stated == "":
        return None
    try:
        crs = CRS.from_user_input(stated)
    except ProjError:
        raise CRSError(f"{str(stated)[:80]!r} is not a coordinate reference system", where=name) from None
    if crs.type_name == "Engineering CRS":
        return None
    return CRS.from_user_input(_registered(crs))


def _registered(crs: CRS) -> CRS:
    """The registered system that the WKT of a file spells, where it is certain; else as it is."""
    code = crs.to_authority(min_confidence=100) or crs.to_epsg(min_confidence=70)
    if code is None:
        return crs
    from pyproj import CRS

    return CRS.from_authority(*code) if isinstance(code, tuple) else CRS.from_epsg(code)


def _parquet(blob: Blob, path: Path, options: ReadOptions, findings: Findings) -> Tables:
    import pyarrow.parquet as pq

    with told(blob.name, "Parquet"), path.open("rb") as stream:
        file = pq.ParquetFile(stream)
        footer = file.metadata
        said = {key.decode("utf-8", "replace"): value for key, value in (footer.metadata or {}).items()}
        if "geo" not in said:
            hint = "save it with geopandas: GeoDataFrame.to_parquet"
            raise FormatError("the Parquet file has no geometry: it is not a GeoParquet", where=blob.name, hint=hint)
        geo = json.loads(said["geo"]) if len(said["geo"]) < 10_000_000 else {}
        unpacked = sum(footer.row_group(number).total_byte_size for number in range(footer.num_row_groups))
        # A value takes some bytes in memory, however well it packs.
        least = 16 * footer.num_rows * footer.num_columns
        size = path.stat().st_size
        if footer.num_rows > MAX_ROWS or swells(max(unpacked, least), size, MAX_PARQUET_RATIO):
            raise FormatError(f"{footer.num_rows} rows in {size} bytes cannot be", where=blob.name)
        stream.seek(0)
        frame = gpd.read_parquet(stream)
        large = {
            name: _same_whole(file.read(columns=[name]).column(name).to_pylist(), frame[name])
            for name in frame.columns
            if pd.api.types.is_float_dtype(frame[name].dtype) and _is_whole(file.schema_arrow, name)
        }
        frame = _within(frame.assign(**large) if large else frame, options, blob.name)
    about = {**statements(said.get("stadstwin", b"")), **said_by({k: v.decode("utf-8", "replace") for k, v in said.items()})}
    version = str(geo.get("version", "")) if isinstance(geo, dict) else ""
    return Tables(f"GeoParquet {version}".strip(), [Table(Path(blob.name.split("!")[-1]).name.split(".")[0], frame)], about)


def _is_whole(schema: Any, name: str) -> bool:
    """Whether a column of a Parquet file is of whole numbers; with gaps they are read as floats."""
    return name in schema.names and str(schema.field(name).type).startswith(("int", "uint"))


def _within(frame: gpd.GeoDataFrame, options: ReadOptions, name: str) -> gpd.GeoDataFrame:
    window = options.window(frame.crs)
    return frame if window is None else frame.cx[window[0] : window[2], window[1] : window[3]]
