"""Point clouds to rasters of heights: LAS, LAZ and COPC, read in pieces so that memory does not grow with the file.

The terrain is the mean of the ground points of a cell (class 2), the surface its highest point, trees are how far vegetation
(classes 3 to 5) rises above the terrain. Noise (classes 7 and 18) and withheld points are left out, and so is a single point far
above everything around it. A cloud without classes gets its ground by a filter, which is said.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from twin.errors import CRSError, FormatError
from twin.geo.city import Source
from twin.geo.readers.gdal import told
from twin.geo.readers.model import Findings, Raster, Reading, ReadOptions
from twin.geo.readers.pointcloud_grid import Accumulator, Plan, plan_for
from twin.geo.readers.raster_roles import told_role
from twin.geo.readers.raster_units import FOOT_M, SURVEY_FOOT_M, in_metres_up, vertical_factor, with_margin
from twin.geo.readers.source import Blob, swells
from twin.geo.readers.vector_sources import crs_of

if TYPE_CHECKING:
    from pyproj import CRS

AT_ONCE = 2_000_000
"""Points that are unpacked at once."""

MAX_RATIO = 250
"""LAZ packs points 5 to 25 times; a file that swells more is refused."""

_RECORD = (20, 28, 26, 34, 57, 63, 30, 36, 38, 59, 67)
"""Least bytes of a point of each format (LAS 1.4 R15, tables 6 to 21)."""

_VERTICAL_UNIT_KEY = 4099
_UNITS = {9001: 1.0, 9002: FOOT_M, 9003: SURVEY_FOOT_M}
"""Codes of units of length (EPSG) [m]."""


class _Header(NamedTuple):
    version: str
    points: int
    packed: bool
    copc: bool


def read(blob: Blob, options: ReadOptions) -> Reading:
    """Read a point cloud.

    Raises
    ------
    FormatError
        When it is broken, ends too early, or states what cannot be.
    """
    findings = Findings()
    with blob.as_file() as path:
        stated = _checked(path, blob.name)
        with told(blob.name, "point cloud"):
            return _read(path, stated, blob, options, findings)


def _read(path: Path, stated: _Header, blob: Blob, options: ReadOptions, findings: Findings) -> Reading:
    import laspy

    with laspy.open(path) as reader:
        header = reader.header
        date = header.creation_date.isoformat() if header.creation_date else ""
        crs = _crs(header, blob.name, findings)
        up = _metres_up(header, crs, blob.name, findings)
        kind = "COPC" if stated.copc else "LAZ" if stated.packed else "LAS"
        source = Source(blob.name, f"{kind} {stated.version}", sha256=blob.sha256, date=date)
        window = with_margin(options.window(crs), crs)
        plan = plan_for(np.array([header.mins, header.maxs]), stated.points, crs, window, blob.name)
        reading = Reading(source, in_metres_up(crs), findings, date=date)
        if plan is None:
            message = "no points of the cloud lie in the clip" if stated.points else "the cloud has no points"
            findings.add("outside", "", message, severity="info", path=blob.name)
            return reading
        points = Accumulator(plan)
        pieces = _octree(path, plan, stated) if stated.copc and window is not None else reader.chunk_iterator(AT_ONCE)
        for piece in pieces:
            _add(points, piece, up)
    if not stated.copc and points.seen != stated.points:
        raise FormatError(f"holds {points.seen} points, not the {stated.points} that it states", where=blob.name)
    reading.rasters = _rasters(points, plan, blob.name, options, findings)
    return reading


def _checked(path: Path, name: str) -> _Header:
    """What the header states, after a look at whether it can be.

    Raises
    ------
    FormatError
        When a count or a place is beyond the file.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(589)
    if len(head) < 227:
        raise FormatError("the point cloud ends in its header", where=name)
    major, minor = head[24], head[25]
    header_size, offset, records, kind, length, count = struct.unpack_from("<HIIBHI", head, 94)
    if (major, minor) not in ((1, 0), (1, 1), (1, 2), (1, 3), (1, 4)):
        raise FormatError(f"LAS {major}.{minor} is not known; 1.0 to 1.4 are", where=name)
    packed, kind = bool(kind & 0x80), kind & 0x3F
    extended = 0
    if minor == 4:
        if len(head) < 375:
            raise FormatError("the point cloud ends in its header", where=name)
        first, extended, count = struct.unpack_from("<QIQ", head, 235)
        if extended and (first + 60 * extended > size or first < offset):
            raise FormatError(f"states {extended} extended records beyond its end", where=name)
    if kind >= len(_RECORD) or length < _RECORD[kind]:
        raise FormatError(f"points of format {kind} with {length} bytes cannot be", where=name)
    if header_size > offset or offset > size or records * 54 > offset - min(header_size, offset):
        raise FormatError(f"states {records} records before its points, for which there is no room", where=name)
    room = (size - offset) // length
    if not packed and count > room:
        raise FormatError(f"ends too early: it states {count} points and has room for {room}", where=name, hint="download it again")
    if packed and swells(count * length, size, MAX_RATIO):
        raise FormatError(f"{count} points in {size} bytes cannot be", where=name)
    copc = packed and head[377:381] == b"copc"
    return _Header(f"{major}.{minor}", count, packed, copc)


def _crs(header: Any, name: str, findings: Findings) -> CRS | None:
    """The system that the records of the cloud state, as WKT or as keys of GeoTIFF."""
    try:
        stated = header.parse_crs()
        crs = None if stated is None else crs_of(stated.to_wkt(), name)
    except (CRSError, Exception) as error:
        text = " ".join(str(error).split())[:120]
        findings.add("no-crs", "", f"the coordinate reference system of the cloud cannot be understood: {text}", path=name)
        return None
    if crs is None:
        findings.add("no-crs", "", "the cloud does not say in which coordinate reference system it is", path=name)
    return crs


def _metres_up(header: Any, crs: CRS | None, name: str, findings: Findings) -> float:
    """Metres in the unit of the heights: of the vertical system, else of the key for it, else as the plan (LAS 1.4, 2.4)."""
    if crs is None:
        return 1.0
    factor = vertical_factor(crs)
    if factor == 1.0 and not (crs.is_compound or len(crs.axis_info) == 3):
        keys = {key.id: key.value_offset for record in header.vlrs.get("GeoKeyDirectoryVlr") for key in record.geo_keys}
        plan = 1.0 if crs.is_geographic else float(crs.axis_info[0].unit_conversion_factor)
        factor = _UNITS.get(keys.get(_VERTICAL_UNIT_KEY, 0), plan)
    if factor != 1.0:
        findings.add("unit", "", f"heights are in units of {factor:.10g} m; brought to metres", severity="info", path=name)
    return factor


def _octree(path: Path, plan: Plan, stated: _Header) -> Iterator[Any]:
    """Points of a COPC in the window, by its octree, in strips of about `AT_ONCE` points."""
    import laspy
    from laspy.copc import Bounds, CopcReader

    with CopcReader.open(path) as reader:
        strips = max(int(np.ceil(stated.points * plan.part / AT_ONCE)), 1)
        edges = np.linspace(plan.south, plan.north, strips + 1)
        for low, high in pairwise(edges):
            found = reader.query(bounds=Bounds(np.array([plan.west, low]), np.array([plan.east, high])))
            y = np.asarray(found.y)
            keep = (y >= low) & ((y < high) | (high == plan.north))
            yield laspy.ScaleAwarePointRecord(found.array[keep], found.point_format, found.scales, found.offsets)


def _add(points: Accumulator, piece: Any, up: float) -> None:
    names = set(piece.point_format.dimension_names)
    withheld = np.asarray(piece["withheld"]).astype(bool) if "withheld" in names else np.zeros(len(piece), dtype=bool)
    kinds = np.asarray(piece["classification"]).astype(np.uint8)
    points.add(np.asarray(piece.x), np.asarray(piece.y), np.asarray(piece.z) * up, kinds, withheld)


def _rasters(points: Accumulator, plan: Plan, name: str, options: ReadOptions, findings: Findings) -> list[Raster]:
    """Terrain, surface and trees, as far as there are points for them."""
    _tell(points, plan, name, findings)
    if not points.used:
        findings.add("no-points", "", "no point of the cloud can be used", severity="error", path=name)
        return []
    dsm, outliers = points.surface()
    if outliers:
        message = f"{outliers} cells had a lone point far above all around it (a bird, a fault); taken as not known"
        findings.add("outliers", "", message, path=name)
    terrain = points.ground()
    if terrain is None:
        terrain = points.filtered_ground(plan.cell_m)
        message = (
            "no point is classified as ground: the ground is the lowest points that a progressive morphological filter leaves "
            "(Zhang et al. 2003); look at it before you trust it"
        )
        findings.add("no-ground-class", "", message, path=name)
    base = name.split("!")[-1].replace("\\", "/").split("/")[-1]
    rasters = [Raster("terrain", terrain, plan.transform, base), Raster("dsm", dsm, plan.transform, base)]
    trees = points.trees(terrain)
    if trees is not None:
        rasters.append(Raster("canopy", trees, plan.transform, base))
    wanted = told_role(options.roles, name)
    return rasters if wanted is None else [raster for raster in rasters if raster.role == wanted]


def _tell(points: Accumulator, plan: Plan, name: str, findings: Findings) -> None:
    filled = points.filled()
    message = f"{points.used} points were put in cells of {plan.cell_m:g} m, of which {filled:.0%} have one"
    findings.add("gridded", "", message, severity="info", path=name)
    for count, code, what in (
        (points.noise, "noise", "points are noise or withheld; left out"),
        (points.beyond, "beyond", "points lie beyond the bounds that the header states; left out"),
    ):
        if count:
            findings.add(code, "", f"{count} {what}", severity="info" if code == "noise" else "error", path=name)
