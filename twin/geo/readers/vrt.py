"""Virtual rasters of GDAL (VRT), looked at before GDAL sees them.

A VRT may name any file or address, run Python, and nest any other format. Only a plain mosaic of files that lie beside it is
read: it is parsed here, and GDAL gets what was understood, written anew.
"""

from __future__ import annotations

from pathlib import Path

from lxml import etree

from twin.errors import FormatError

MAX_BYTES = 64 * 1024**2
MAX_SOURCES = 20_000

ALLOWED: dict[str, frozenset[str]] = {
    "VRTDataset": frozenset({"rasterXSize", "rasterYSize"}),
    "SRS": frozenset({"dataAxisToSRSAxisMapping", "coordinateEpoch"}),
    "GeoTransform": frozenset(),
    "Metadata": frozenset({"domain"}),
    "MDI": frozenset({"key"}),
    "VRTRasterBand": frozenset({"dataType", "band", "blockXSize", "blockYSize"}),
    "Description": frozenset(),
    "UnitType": frozenset(),
    "Offset": frozenset(),
    "Scale": frozenset(),
    "NoDataValue": frozenset(),
    "HideNoDataValue": frozenset(),
    "ColorInterp": frozenset(),
    "SimpleSource": frozenset({"name"}),
    "ComplexSource": frozenset({"name"}),
    "SourceFilename": frozenset({"relativeToVRT", "shared"}),
    "SourceBand": frozenset(),
    "SourceProperties": frozenset({"RasterXSize", "RasterYSize", "DataType", "BlockXSize", "BlockYSize"}),
    "SrcRect": frozenset({"xOff", "yOff", "xSize", "ySize"}),
    "DstRect": frozenset({"xOff", "yOff", "xSize", "ySize"}),
    "NODATA": frozenset(),
    "ScaleOffset": frozenset(),
    "ScaleRatio": frozenset(),
}
"""Elements of a plain mosaic, and their attributes; `resampling` is left out, since cells are not to be resampled twice."""

_LEFT_OUT = frozenset({"Histograms", "Metadata", "BlockXSize", "BlockYSize"})
"""Elements that say nothing about heights and are dropped."""

_RASTERS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def safe_vrt(content: bytes, folder: Path, name: str) -> str:
    """A VRT as GDAL may have it: with absolute paths of the files that it joins.

    Parameters
    ----------
    content : bytes
    folder : Path
        That the VRT lies in; every file that it names must lie in it.
    name : str
        For messages.

    Raises
    ------
    FormatError
        When it is more than a mosaic of GeoTIFF or ASCII grid files in its folder.
    """
    root = _parsed(content, name)
    if root.tag != "VRTDataset":
        raise FormatError(f"the root is `{root.tag}`, not VRTDataset", where=name)
    kept = _checked(root, name)
    sources = list(kept.iter("SourceFilename"))
    if not sources:
        raise FormatError("the VRT names no files", where=name)
    if len(sources) > MAX_SOURCES:
        raise FormatError(f"the VRT names {len(sources)} files, which are too many", where=name)
    for element in sources:
        path = _source(element, folder, name)
        element.attrib.clear()
        element.set("relativeToVRT", "0")
        element.text = str(path)
    return str(etree.tostring(kept, encoding="unicode"))


def _parsed(content: bytes, name: str) -> etree._Element:
    if len(content) > MAX_BYTES:
        raise FormatError("is larger than a VRT can be", where=name)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FormatError(f"broken XML: {str(error)[:150]}", where=name) from None
    if root.getroottree().docinfo.doctype or root.getroottree().docinfo.internalDTD is not None:
        raise FormatError("the XML has a document type, which a VRT does not need", where=name)
    return root


def _checked(element: etree._Element, name: str) -> etree._Element:
    """A copy with what is allowed only."""
    allowed = ALLOWED.get(element.tag)
    if allowed is None:
        hint = "only plain mosaics of files are read; make one with gdalbuildvrt, or a GeoTIFF with gdal_translate"
        raise FormatError(f"the VRT has the element `{str(element.tag)[:40]}` (line {element.sourceline})", where=name, hint=hint)
    copy = etree.Element(element.tag)
    copy.text = element.text
    for key, value in element.attrib.items():
        if key not in allowed:
            hint = "only plain mosaics of files are read"
            raise FormatError(f"`{element.tag}` has the attribute `{key[:40]}` (line {element.sourceline})", where=name, hint=hint)
        copy.set(key, value)
    for child in element:
        if not isinstance(child.tag, str) or child.tag in _LEFT_OUT:
            continue
        copy.append(_checked(child, name))
    return copy


def _source(element: etree._Element, folder: Path, name: str) -> Path:
    """The file that a source names, in the folder of the VRT."""
    text = (element.text or "").strip()
    where = f"{name}:{element.sourceline}" if element.sourceline else name
    plain = text.replace("\\", "/")
    if element.get("relativeToVRT") != "1" or not plain or plain.startswith(("/", "<", "{", "~")) or ":" in plain or "\0" in plain:
        hint = "every file of a VRT is named relative to it, and lies in its folder"
        raise FormatError(f"{text[:100]!r} is not a file in the folder of the VRT", where=where, hint=hint)
    if ".." in plain.split("/"):
        raise FormatError(f"{text[:100]!r} lies out of the folder of the VRT", where=where)
    path = folder / plain
    try:
        inside = path.resolve(strict=True).is_relative_to(folder.resolve())
        with path.open("rb") as stream:
            head = stream.read(16)
    except (OSError, ValueError):
        raise FormatError(f"the VRT names {text[:100]!r}, which is not there", where=where) from None
    if not inside:
        raise FormatError(f"{text[:100]!r} is a link out of the folder of the VRT", where=where)
    if head[:4] not in _RASTERS and head.lstrip()[:6].lower() != b"ncols ":
        raise FormatError(f"{text[:100]!r} is neither a GeoTIFF nor an ESRI ASCII grid", where=where)
    return path.resolve()
