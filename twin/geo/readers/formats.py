"""Formats that can be read, told by content first and by suffix second.

A new format is one module with a function ``read(blob, options) -> Reading`` and one line in `FORMATS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module

from twin.errors import FormatError
from twin.geo.readers import meshkind
from twin.geo.readers.model import Reading, ReadOptions
from twin.geo.readers.source import HEAD_BYTES, Blob
from twin.geo.readers.xml_kinds import root_of, what_xml

_BOM = b"\xef\xbb\xbf"


def text_of(head: bytes) -> bytes:
    """First bytes of a text without its byte order mark and white space."""
    return head.removeprefix(_BOM).lstrip()


@dataclass(frozen=True, slots=True)
class Format:
    """One format of files.

    Parameters
    ----------
    name : str
        For people.
    module : str
        Module under `twin.geo.readers` whose function ``read(blob, options)`` reads it; imported when it is needed.
    recognises : callable
        ``recognises(head, name)``: whether the first bytes (and, failing those, the lower-case name) are of this format.
    archive : callable, optional
        ``archive(members)``: whether a zip archive with members of these names is one file of this format.
    """

    name: str
    module: str
    recognises: Callable[[bytes, str], bool]
    archive: Callable[[Sequence[str]], bool] | None = None

    def read(self, blob: Blob, options: ReadOptions) -> Reading:
        """What a file of this format holds.

        Raises
        ------
        FormatError
            When it is broken.
        CRSError
            When its coordinate reference system cannot be used.
        MissingExtraError
            When the library for it is not installed.
        """
        reading: Reading = import_module(f"twin.geo.readers.{self.module}").read(blob, options)
        return reading


def _cityjson(head: bytes, name: str) -> bool:
    text = text_of(head)
    if text[:1] != b"{":
        return False
    return b'"CityJSON' in head or b'"CityObjects"' in head or name.endswith((".json", ".jsonl"))


_GEOJSON = re.compile(
    rb'"type"\s*:\s*"(?:Feature|FeatureCollection|GeometryCollection|(?:Multi)?(?:Point|LineString|Polygon))"'
)


def _geojson(head: bytes, name: str) -> bool:
    text = text_of(head).lstrip(b"\x1e").lstrip()
    return text[:1] == b"{" and not any(word in head for word in (b'"CityObjects"', b'"CityJSON')) and bool(_GEOJSON.search(head))


def _vectors(head: bytes, name: str) -> bool:
    geopackage = head[:16] == b"SQLite format 3\0" and (head[68:72] in (b"GPKG", b"GP10", b"GP11") or b"gpkg_contents" in head)
    # a shapefile has file code 9994 and version 1000
    shapefile = head[:4] == b"\x00\x00\x27\x0a" and head[28:32] == b"\xe8\x03\x00\x00"
    return geopackage or shapefile or head[:7] == b"fgb\x03fgb" or head[:4] == b"PAR1"


def _raster(head: bytes, name: str) -> bool:
    tiff = head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
    return tiff or text_of(head)[:6].lower() == b"ncols " or text_of(head)[:11] == b"<VRTDataset"


def _pointcloud(head: bytes, name: str) -> bool:
    return head[:4] == b"LASF"


def _ifc(head: bytes, name: str) -> bool:
    return text_of(head)[:12] == b"ISO-10303-21"


def _osm(head: bytes, name: str) -> bool:
    text = text_of(head)
    if text[:1] == b"{":
        return b'"elements"' in head and (b'"osm3s"' in head or b'"Overpass' in head)
    if text[:1] == b"<":
        return re.search(rb"<osm(Change)?[\s/>]", head) is not None
    return b"OSMHeader" in head[:64] or head[:7] == b"\xff\xe0\x04o5m2"


def _bgt(head: bytes, name: str) -> bool:
    text = text_of(head)
    if text[:1] == b"{":
        low = head.lower()
        if b'"feature' not in low or b"cityjson" in low or b'"cityobjects"' in low:
            return False
        named = re.search(rb"lokaal[_-]?id|nl\.imgeo", low) is not None
        return b"/lv/bgt/" in low or (b'"bronhouder"' in low and named)
    # A city in 3D with IMGeo's attributes is for the reader of CityGML.
    flat = (b"geometrie2d" in head or b"lokaalID" in head) and re.search(rb"[<:]lod[1-4]", head) is None
    return b"geostandaarden.nl/imgeo/2" in head and flat


def _gef(head: bytes, name: str) -> bool:
    return b"#GEFID" in text_of(head)[:4096].upper() and text_of(head)[:1] == b"#"


def _bro(head: bytes, name: str) -> bool:
    return text_of(head)[:1] == b"<" and b"broservices.nl/xsd/" in head


def _levels(head: bytes, name: str) -> bool:
    text = head[:8192].lower()
    dino = b"filternummer" in text and b"locatie" in text and b"(cm t.o.v" in text
    return dino or (text_of(text).lstrip(b'"').startswith(b"tijdstip") and b"waarde" in text[:200])


GTFS_TABLES = ("stop_times.txt", "trips.txt", "routes.txt", "agency.txt")
"""Tables that stand beside ``stops.txt`` in a feed."""


def _gtfs(members: Sequence[str]) -> bool:
    homes = {name[: -len("stops.txt")] for name in members if name == "stops.txt" or name.endswith("/stops.txt")}
    if any(home + other in members for home in homes for other in GTFS_TABLES):
        return True
    # stops alone, at the top or in a folder: nothing else in the archive could be a city
    return bool(homes) and all(name.endswith(".txt") or name.startswith("__macosx/") for name in members)


def _citygml(head: bytes, name: str) -> bool:
    tag, spaces = root_of(text_of(head))
    imgeo = any("imgeo" in space.lower() for space in spaces.values())
    # IMGeo in 2D is for the reader of the BGT
    return tag.endswith("}CityModel") and (not imgeo or re.search(rb"[<:]lod[1-4]", head) is not None)


FORMATS: tuple[Format, ...] = (
    Format("OpenStreetMap", "osm", _osm),
    Format("BGT", "bgt", _bgt),
    Format("GeoJSON", "vectors", _geojson),
    Format("CityJSON", "cityjson", _cityjson),
    Format("CityGML", "citygml", _citygml),
    Format("GEF", "gef", _gef),
    Format("BRO", "bro", _bro),
    Format("groundwater levels (CSV)", "levels_csv", _levels),
    Format("GTFS", "gtfs", lambda head, name: False, _gtfs),
    Format("GeoPackage, Shapefile, FlatGeobuf, GeoParquet", "vectors", _vectors),
    Format("rasters (GeoTIFF, VRT, ESRI ASCII grid)", "raster", _raster),
    Format("point clouds (LAS, LAZ, COPC)", "pointcloud", _pointcloud),
    Format("IFC", "ifc", _ifc),
    Format("GLB (binary glTF)", "meshfile", meshkind.is_glb),
    Format("PLY", "meshfile", meshkind.is_ply),
    Format("STL", "meshfile", meshkind.is_stl_text),
    Format("OBJ", "meshfile", meshkind.is_obj),
    # The last of all: a binary STL starts with 80 bytes of anything.
    Format("STL (binary)", "meshfile", meshkind.is_stl_binary),
)
"""Every format that can be read, asked in this order."""

_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"<!DOCTYPE html", "a web page"),
    (b"<html", "a web page"),
    (b"SQLite format 3\0", "an SQLite file that is not a GeoPackage"),
    (b"fcb", "FlatCityBuf, which is not readable yet"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\xff\xfe\0\0", "text in UTF-32; save it as UTF-8"),
    (b"\0\0\xfe\xff", "text in UTF-32; save it as UTF-8"),
    (b"\xff\xfe", "text in UTF-16; save it as UTF-8"),
    (b"\xfe\xff", "text in UTF-16; save it as UTF-8"),
)


_SCENARIO = re.compile(rb"(?m)^(title|question|city|changes|crowd|analyses|outputs)[ \t]*:")


_YAML_LINE = re.compile(rb"[\w-]+[ \t]*:([ \t]|$)|[#\s\]})-]|\.\.\.$|$")
"""How a line of a mapping in YAML starts: with a key, a comment, an item, or further in."""


def _is_scenario(text: bytes) -> bool:
    """Whether a text is a scenario: YAML with its keys, not prose that shows one."""
    # the last line may be cut off
    lines = text.splitlines()[: -1 if len(text) > HEAD_BYTES // 2 else None]
    return len(set(_SCENARIO.findall(text))) >= 2 and all(_YAML_LINE.match(line) for line in lines)


def _wide(head: bytes) -> str:
    """Encoding of a text of which each character takes two or four bytes, most of them 0; empty for any other."""
    start = head[:64]
    for width, names in ((4, ("UTF-32-BE", "UTF-32-LE")), (2, ("UTF-16-BE", "UTF-16-LE"))):
        for name, kept in zip(names, (width - 1, 0), strict=True):
            plain = start[kept::width]
            others = bytes(byte for place, byte in enumerate(start) if place % width != kept)
            if len(plain) >= 2 and not any(others) and all(byte in b"\t\r\n" or 32 <= byte < 127 or byte >= 160 for byte in plain):
                return name
    return ""


def format_of(blob: Blob) -> Format:
    """The format of some content.

    Raises
    ------
    FormatError
        When no reader knows it; says what it seems to be.
    """
    head, name = blob.head, blob.name.lower()
    wide = _wide(head)
    if wide:
        raise FormatError(f"this is text in {wide}; save it as UTF-8", where=blob.name, hint=readable())
    for known in FORMATS:
        if known.recognises(head, name):
            return known
    text = text_of(head)
    for start, what in _OTHERS:
        if text[: len(start)].lower() == start.lower():
            raise FormatError(f"this is {what}", where=blob.name, hint=readable())
    if text[:1] == b"<":
        raise FormatError(f"this is {what_xml(*root_of(text))}", where=blob.name, hint=readable())
    if not text and not blob.content.strip():
        raise FormatError("the file is empty", where=blob.name)
    if _is_scenario(text):
        raise FormatError("this is a scenario, not a city", where=blob.name, hint=f"run it: twin run {blob.name}")
    what = "JSON, but not CityJSON" if text[:1] in b"{[" else "of no known format"
    raise FormatError(f"this is {what}", where=blob.name, hint=readable())


def told_by(head: bytes) -> str:
    """Name of the format that the first bytes of a file are of, whatever the file is called; empty for none."""
    return next((known.name for known in FORMATS if known.recognises(head, "")), "")


def archive_format(members: Sequence[str]) -> Format | None:
    """The format that a zip archive as a whole is of; None when its members are files for themselves."""
    names = [name.lower() for name in members]
    for known in FORMATS:
        if known.archive is not None and known.archive(names):
            return known
    return None


def readable() -> str:
    """One line that lists the formats."""
    return "readable are: a city folder, " + ", ".join(known.name for known in FORMATS) + " (also in .gz, .bz2 and .zip)"
