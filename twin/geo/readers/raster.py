"""Height rasters: GeoTIFF (also cloud-optimised), VRT mosaics, ESRI ASCII grids.

Values become float32 metres with NaN where nothing is known; where they lie stays as in the file. Only the window of a clip is
read, strip by strip.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.errors import CRSError, FormatError
from twin.geo.city import Source
from twin.geo.readers.formats import text_of
from twin.geo.readers.gdal import RASTER_ENVIRONMENT, disk_path, told
from twin.geo.readers.model import Findings, Raster, Reading, ReadOptions
from twin.geo.readers.raster_roles import role_of
from twin.geo.readers.raster_units import in_metres_up, metres_per, vertical_factor, with_margin
from twin.geo.readers.source import Blob, swells
from twin.geo.readers.vector_sources import crs_of, said_by
from twin.geo.readers.vrt import safe_vrt

if TYPE_CHECKING:
    from pyproj import CRS

MAX_CELLS = 400_000_000
"""More cells than this at once (1.6 GB) are refused; clip then."""

MAX_RATIO = 2000
"""A flat ground packs well; a raster that swells more than this is refused."""

MAX_BLOCK_BYTES = 512 * 1024**2
"""A file is unpacked block by block; one with a larger block is refused."""

STRIP_CELLS = 4_000_000
EARTH_M = (-12_000.0, 9_000.0)
"""Lowest sea floor and highest mountain, with some room; what lies beyond is not a height on Earth [m]."""

SENTINELS = (-9999.0, -32768.0, -99999.0, 32767.0, 99999.0, 9999.0)
"""Numbers that stand for "not known" where a file forgets to say so."""


class _Window(NamedTuple):
    row: int
    column: int
    rows: int
    columns: int


def read(blob: Blob, options: ReadOptions) -> Reading:
    """Read the heights of a raster file.

    Raises
    ------
    FormatError
        When it is broken, has no place on the map, holds something else than heights, or is too large.
    """
    findings = Findings()
    with blob.as_file() as path, _opened(blob, path) as (file, kind):
        if path.with_name(f"{path.name}.msk").exists():
            message = "the mask in the .msk file beside the raster is not read, and cells that it hides count as known; put it in"
            findings.add("mask-beside", "", message, path=blob.name)
        transform, crs = _place(file, path, blob.name, findings)
        window = _window(file, transform, crs, options, blob.name)
        about = said_by(file.tags())
        source = Source(blob.name, kind, about.get("licence", ""), about.get("credit", ""), blob.sha256, about.get("date", ""))
        if window is None:
            findings.add("outside", "", "the raster lies beyond the clip; nothing of it was read", severity="info", path=blob.name)
            return Reading(source, in_metres_up(crs), findings)
        _check_size(file, window, path, blob)
        rasters = []
        for band, role in _bands(file, blob, options, findings):
            with told(blob.name, "raster"):
                values = _values(file, band, window, role, crs, blob.name, findings)
            a, b, c, d, e, f = transform
            x, y = c + a * window.column + b * window.row, f + d * window.column + e * window.row
            rasters.append(Raster(role, values, (a, b, x, d, e, y), _base(blob.name)))
    return Reading(source, in_metres_up(crs), findings, rasters=rasters)


def _base(name: str) -> str:
    return name.split("!")[-1].replace("\\", "/").split("/")[-1]


@contextlib.contextmanager
def _opened(blob: Blob, path: Path) -> Iterator[tuple[Any, str]]:
    """The file opened by the one driver that its content asks for, and what it is."""
    import rasterio

    head = text_of(blob.head)
    if head[:11] == b"<VRTDataset":
        if not blob.plain:
            raise FormatError("a VRT in an archive has its files apart from it", where=blob.name, hint="unpack the archive")
        what, driver, kind = safe_vrt(blob.content, path.absolute().parent, blob.name), "VRT", "GDAL virtual raster"
    elif head[:6].lower() == b"ncols ":
        what, driver, kind = disk_path(path), "AAIGrid", "ESRI ASCII grid"
    else:
        what, driver, kind = disk_path(path), "GTiff", "GeoTIFF"
    with contextlib.ExitStack() as stack:
        with told(blob.name, kind):
            stack.enter_context(rasterio.Env(**RASTER_ENVIRONMENT))
            file = stack.enter_context(rasterio.open(what, driver=driver))
            if file.tags(ns="IMAGE_STRUCTURE").get("LAYOUT") == "COG":
                kind = "Cloud Optimized GeoTIFF"
        yield file, kind


def _place(file: Any, path: Path, name: str, findings: Findings) -> tuple[tuple[float, ...], CRS | None]:
    """Affine map and system of a raster; those of its world file and ``.prj`` where it has none itself."""
    transform = tuple(file.transform)[:6]
    if transform == (1.0, 0.0, 0.0, 0.0, 1.0, 0.0):
        transform = _world_file(path) or transform
        if transform == (1.0, 0.0, 0.0, 0.0, 1.0, 0.0):
            hint = "give a GeoTIFF with its place in it, or a world file (.tfw) beside it"
            raise FormatError("the raster does not say where on the map it lies", where=name, hint=hint)
    if not np.isfinite(transform).all() or abs(transform[0] * transform[4] - transform[1] * transform[3]) < 1e-18:
        raise FormatError(f"the raster has no proper place on the map: {transform}", where=name)
    with told(name, "raster"):
        wkt = file.crs.to_wkt() if file.crs else ""
    if not wkt:
        beside = path.with_suffix(".prj")
        if beside.is_file() and beside.stat().st_size < 100_000:
            wkt = beside.read_text(encoding="utf-8", errors="replace").strip()
    try:
        crs = crs_of(wkt, name)
    except CRSError:
        if not file.crs:
            raise
        crs = None
    if crs is None:
        findings.add("no-crs", "", "the raster does not say in which coordinate reference system it is", path=name)
    return transform, crs


def _world_file(path: Path) -> tuple[float, ...] | None:
    """Affine map in a world file: x scale, rotations, y scale, centre of the first cell."""
    for suffix in (".tfw", ".tifw", ".wld"):
        beside = path.with_suffix(suffix)
        if beside.is_file() and beside.stat().st_size < 4096:
            try:
                a, d, b, e, x, y = (float(word) for word in beside.read_text(encoding="ascii").split())
            except (ValueError, UnicodeDecodeError):
                return None
            return a, b, x - a / 2 - b / 2, d, e, y - d / 2 - e / 2
    return None


def _window(
    file: Any, transform: tuple[float, ...], crs: CRS | None, options: ReadOptions, name: str
) -> _Window | None:
    """Cells that the clip touches, with its margin; all without a clip, None when it touches none."""
    box = with_margin(options.window(crs), crs)
    if box is None:
        return _Window(0, 0, file.height, file.width)
    a, b, c, d, e, f = transform
    x, y = np.array([box[0], box[2], box[0], box[2]]) - c, np.array([box[1], box[1], box[3], box[3]]) - f
    determinant = a * e - b * d
    columns, rows = (e * x - b * y) / determinant, (a * y - d * x) / determinant
    left, right = max(int(np.floor(columns.min())) - 1, 0), min(int(np.ceil(columns.max())) + 1, file.width)
    top, bottom = max(int(np.floor(rows.min())) - 1, 0), min(int(np.ceil(rows.max())) + 1, file.height)
    if right <= left or bottom <= top:
        return None
    if columns.max() < 0 or columns.min() > file.width or rows.max() < 0 or rows.min() > file.height:
        return None
    return _Window(top, left, bottom - top, right - left)


def _check_size(file: Any, window: _Window, path: Path, blob: Blob) -> None:
    cells = window.rows * window.columns
    if cells > MAX_CELLS:
        hint = "read a part of it: clip=(west, south, east, north)"
        raise FormatError(f"{window.rows} x {window.columns} cells are more than can be read at once", where=blob.name, hint=hint)
    depth = max(np.dtype(kind).itemsize for kind in file.dtypes)
    if file.driver == "VRT":
        sizes = [Path(one).stat().st_size for one in file.files if Path(one).is_file()]
        packed = sum(sizes)
    else:
        packed = path.stat().st_size
        block = max(rows * columns for rows, columns in file.block_shapes) * depth
        if block > MAX_BLOCK_BYTES and block > 2 * packed:
            hint = "save it in tiles: gdal_translate -co TILED=YES"
            raise FormatError(f"has blocks of {block / 1e6:.0f} MB", where=blob.name, hint=hint)
    if swells(cells * depth, packed, MAX_RATIO):
        message = f"{window.rows} x {window.columns} cells in a file of {packed} bytes: refused"
        raise FormatError(message, where=blob.name, hint="unpack it yourself if you trust it")
    if file.driver == "AAIGrid" and file.width * file.height > packed:
        raise FormatError(f"{file.height} x {file.width} cells are more than the file has numbers", where=blob.name)


def _bands(file: Any, blob: Blob, options: ReadOptions, findings: Findings) -> list[tuple[int, str]]:
    """Bands that hold heights, and what each is."""
    from rasterio.enums import ColorInterp

    colours = [one for one in file.colorinterp if one not in (ColorInterp.alpha,)]
    if {ColorInterp.red, ColorInterp.green} <= set(colours) or ColorInterp.palette in colours:
        raise FormatError("this is a picture, not a raster of heights", where=blob.name)
    numbers = [number for number, one in enumerate(file.colorinterp, 1) if one != ColorInterp.alpha]
    for number in numbers:
        if np.dtype(file.dtypes[number - 1]).kind not in "iuf":
            raise FormatError(f"band {number} holds {file.dtypes[number - 1]}, not heights", where=blob.name)
    described = [(number, role_of("", file.descriptions[number - 1] or "", {})[0]) for number in numbers]
    named = [(number, role) for number, role in described if role]
    if len(numbers) > 1 and len({role for _, role in named}) == len(named) and len(named) > 1:
        return named
    number = named[0][0] if named else numbers[0]
    if len(numbers) > 1:
        message = f"the raster has {len(numbers)} bands; band {number} was read"
        findings.add("bands", "", message, path=blob.name)
    description = " ".join(filter(None, [file.descriptions[number - 1], file.tags().get("TIFFTAG_IMAGEDESCRIPTION", "")[:500]]))
    role, how = role_of(blob.name, description, options.roles)
    say = f"say what it is: roles={{{_base(blob.name)!r}: 'terrain'}}, or 'dsm', or 'canopy'"
    if role == "":
        message = f"by its {how} this is not a raster of heights (land cover, a picture, or something computed from heights)"
        if blob.members:
            findings.add("not-heights", "", f"{message}; left out; {say}", severity="error", path=blob.name)
            return []
        raise FormatError(message, where=blob.name, hint=f"leave it out, or {say}")
    if role is None:
        role = "terrain"
        message = f"nothing says what the heights are; taken for the terrain; if they are not, {say}"
        findings.add("role-assumed", "", message, severity="info", path=blob.name)
    return [(number, role)]


def _values(
    file: Any, band: int, window: _Window, role: str, crs: CRS | None, name: str, findings: Findings
) -> NDArray[np.float32]:
    """Heights of a band in metres, strip by strip."""
    from rasterio.windows import Window

    factor, offset = _scaling(file, band, role, crs, name, findings)
    out = np.empty((window.rows, window.columns), dtype=np.float32)
    tall = max(STRIP_CELLS // window.columns, 1)
    absurd = sentinel = 0
    for top in range(0, window.rows, tall):
        rows = min(tall, window.rows - top)
        part = Window(window.column, window.row + top, window.columns, rows)
        raw = file.read(band, window=part)
        known = file.read_masks(band, window=part) != 0
        known &= np.isfinite(raw)
        if raw.dtype.kind == "f":
            # Nodata is often written as the largest float, and stated as another spelling of it.
            known &= np.abs(raw) < 1e30
        forgotten = known & np.isin(raw, np.array(SENTINELS)) if _forgets(file, band) else np.zeros_like(known)
        known &= ~forgotten
        sentinel += int(forgotten.sum())
        if factor == 1.0 and offset == 0.0:
            heights = raw.astype(np.float32)
        else:
            heights = (raw.astype(np.float64) * factor + offset).astype(np.float32)
        wrong = known & ((heights < EARTH_M[0]) | (heights > EARTH_M[1]))
        absurd += int(wrong.sum())
        heights[~known | wrong] = np.nan
        out[top : top + rows] = heights
    for count, what in ((sentinel, "hold a number that stands for nothing known, which the file does not say"),
                        (absurd, "hold a height that is nowhere on Earth")):  # fmt: skip
        if count:
            findings.add("not-known", "", f"{count} cells {what}; taken as not known", path=name)
    return out


def _forgets(file: Any, band: int) -> bool:
    return file.nodatavals[band - 1] is None


def _scaling(file: Any, band: int, role: str, crs: CRS | None, name: str, findings: Findings) -> tuple[float, float]:
    """Factor and offset from stored values to metres."""
    scale, offset = float(file.scales[band - 1]), float(file.offsets[band - 1])
    if not (np.isfinite(scale) and np.isfinite(offset) and scale):
        raise FormatError(f"scale {scale} and offset {offset} cannot be", where=name)
    unit = file.units[band - 1] or file.tags(band).get("UNITTYPE", "") or ""
    metres = metres_per(unit)
    if metres is None:
        findings.add("unit", "", f"the unit {unit[:40]!r} of the heights is not known; taken as metres", path=name)
        metres = 1.0
    elif not unit:
        metres = vertical_factor(crs)
    if metres != 1.0:
        message = f"heights are in {unit[:40] or 'the unit of the vertical system'}; {metres:.6g} m each"
        findings.add("unit", "", message, severity="info", path=name)
    return scale * metres, offset * metres
