"""Rasters of files to the terrain of a city: put together, resampled once at most, holes filled and counted."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twin.errors import GridError
from twin.geo.crs import horizontal, is_plane, same, short_name, vertical
from twin.geo.holes import fill_holes
from twin.geo.terrain import Terrain
from twin.grid import GridSpec

if TYPE_CHECKING:
    from pyproj import CRS

    from twin.geo.readers.model import Findings, Raster

MAX_CELLS = 400_000_000
"""More cells than this in one grid (1.6 GB) are refused: tiles far apart, or a part of a country."""

ON_LATTICE = 0.01
"""Tiles whose cells fit each other within this part of a cell share one lattice and are put together as they are."""

HOLE_M = {"terrain": 50.0, "dsm": 5.0, "canopy": 0.0}
"""Holes no point of which is further than half of this from a known height are filled [m]: in a terrain the holes that houses,
boats and narrow water leave (AHN has no ground under them); in a surface single cells without a point. Larger ones stay open."""


@dataclass(slots=True)
class _Piece:
    """A raster with its system; `transform` as in `Raster`."""

    values: NDArray[np.float32]
    transform: tuple[float, float, float, float, float, float]
    crs: CRS | None
    names: list[str]

    @property
    def upright(self) -> bool:
        """North up and square: the longest side is off by less than a hundredth of a cell."""
        a, b, _, d, e, _ = self.transform
        return b == 0 and d == 0 and a > 0 and abs(a + e) * max(self.values.shape) < ON_LATTICE * a


def merged_raster(rasters: Sequence[tuple[Raster, CRS | None]], target: CRS, findings: Findings) -> Terrain:
    """Rasters of one role, each with its CRS, as one grid in `target`.

    Rasters whose cells fit each other are first put together as they are, so that tiles have no seams. What is then one raster,
    north up, square and in `target` is taken bit by bit. Anything else is resampled once, bilinearly, to square cells of the
    finest input. Where rasters overlap the first one that knows a height wins. Small holes are filled, see `HOLE_M`.

    Parameters
    ----------
    rasters : sequence of (Raster, CRS or None)
        Of one role.
    target : pyproj.CRS
    findings : Findings
        What was resampled and filled is noted here.

    Raises
    ------
    GridError
        When the grid would be too large.
    """
    role = rasters[0][0].role
    pieces = [_Piece(raster.values, raster.transform, crs, [raster.name]) for raster, crs in rasters]
    for piece in pieces:
        if role != "canopy":
            _to_datum(piece, target)
    pieces = _joined(pieces)
    names = list(dict.fromkeys(raster.name for raster, _ in rasters))
    name = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    only = pieces[0]
    if len(pieces) == 1 and only.upright and (only.crs is None or same(horizontal(only.crs), horizontal(target))):
        a, _, west, _, _, north = only.transform
        rows, columns = only.values.shape
        grid, values = GridSpec(west, north, a, (rows, columns), short_name(target)), only.values
    else:
        grid, values = _resampled(pieces, target, findings)
    return Terrain(grid, _without_holes(values, grid, role, name, findings), name)


def _without_holes(
    values: NDArray[np.float32], grid: GridSpec, role: str, name: str, findings: Findings
) -> NDArray[np.float32]:
    filled = fill_holes(values, grid.cell, HOLE_M.get(role, 0.0))
    if filled.cells:
        message = (
            f"{filled.holes} holes with {filled.cells} cells ({filled.cells * grid.cell**2:.0f} m2) were filled between the "
            f"heights around them; none is wider than {HOLE_M[role]:g} m"
        )
        findings.add("holes-filled", "", message, severity="info", path=name)
    if filled.open and role != "canopy":
        part = filled.open / values.size
        message = f"{filled.open} cells ({part:.1%}) have no height and lie too far from one; they stay unknown"
        findings.add("holes-left", "", message, severity="info", path=name)
    return filled.values


def _to_datum(piece: _Piece, target: CRS) -> None:
    """Bring heights from one vertical system to that of `target`, where an exact way is known; changes the piece."""
    from twin.geo.readers.reproject import mover

    if piece.crs is None:
        return
    up, wanted = vertical(piece.crs), vertical(target)
    if up is None or wanted is None or same(up, wanted):
        return
    move, _ = mover(piece.crs, target, piece.names[0])
    assert move is not None
    # The surface between two datums is smooth: looked at in a few hundred places, and interpolated.
    from scipy.interpolate import RegularGridInterpolator

    rows, columns = (np.linspace(0.0, max(size - 1.0, 1.0), min(max(size, 2), 17)) for size in piece.values.shape)
    row, column = np.meshgrid(rows, columns, indexing="ij")
    a, b, c, d, e, f = piece.transform
    x, y = c + a * (column + 0.5) + b * (row + 0.5), f + d * (column + 0.5) + e * (row + 0.5)
    shift = move(np.column_stack([x.ravel(), y.ravel(), np.zeros(x.size)]))[:, 2].reshape(x.shape)
    between = RegularGridInterpolator((rows, columns), shift)
    moved = piece.values.copy()
    across = np.arange(moved.shape[1], dtype=np.float64)
    for number in range(len(moved)):
        moved[number] += between(np.column_stack([np.full(len(across), float(number)), across])).astype(np.float32)
    piece.values = moved


def _joined(pieces: list[_Piece]) -> list[_Piece]:
    """Pieces with those that share a lattice put together."""
    groups: list[list[_Piece]] = []
    for piece in pieces:
        group = next((some for some in groups if _fit(some[0], piece)), None)
        if group is None:
            groups.append([piece])
        else:
            group.append(piece)
    return [group[0] if len(group) == 1 else _mosaic(group) for group in groups]


def _fit(one: _Piece, other: _Piece) -> bool:
    """Whether the cells of two pieces are of one lattice, north up."""
    if one.crs is None or other.crs is None:
        if one.crs is not other.crs:
            return False
    elif not same(horizontal(one.crs), horizontal(other.crs)):
        return False
    a, b, c, d, e, f = one.transform
    a2, b2, c2, d2, e2, f2 = other.transform
    if b or d or b2 or d2 or a <= 0 or e >= 0:
        return False
    span = max(*one.values.shape, *other.values.shape, abs(c2 - c) / a, abs(f2 - f) / -e)
    if abs(a2 - a) * span > ON_LATTICE * a or abs(e2 - e) * span > ON_LATTICE * a:
        return False
    column, row = (c2 - c) / a, (f2 - f) / e
    return abs(column - round(column)) < ON_LATTICE and abs(row - round(row)) < ON_LATTICE


def _mosaic(pieces: list[_Piece]) -> _Piece:
    """Pieces of one lattice as one, the first on top."""
    a, _, c, _, e, f = pieces[0].transform
    places = [(round((piece.transform[5] - f) / e), round((piece.transform[2] - c) / a)) for piece in pieces]
    top, left = min(row for row, _ in places), min(column for _, column in places)
    rows = max(row + piece.values.shape[0] for (row, _), piece in zip(places, pieces, strict=True)) - top
    columns = max(column + piece.values.shape[1] for (_, column), piece in zip(places, pieces, strict=True)) - left
    _check(rows, columns, pieces)
    whole = np.full((rows, columns), np.nan, dtype=np.float32)
    for (row, column), piece in zip(places, pieces, strict=True):
        part = whole[row - top : row - top + piece.values.shape[0], column - left : column - left + piece.values.shape[1]]
        np.copyto(part, piece.values, where=np.isnan(part))
    names = [name for piece in pieces for name in piece.names]
    return _Piece(whole, (a, 0.0, c + left * a, 0.0, e, f + top * e), pieces[0].crs, names)


def _check(rows: int, columns: int, pieces: Sequence[_Piece]) -> None:
    if rows * columns > MAX_CELLS:
        names = ", ".join(piece.names[0] for piece in pieces[:3])
        raise GridError(
            f"{rows} x {columns} cells are more than can be held at once ({names}): the rasters are large or far apart",
            hint="read a part: clip=(west, south, east, north), or fewer tiles",
        )


def _resampled(pieces: list[_Piece], target: CRS, findings: Findings) -> tuple[GridSpec, NDArray[np.float32]]:
    """One grid of all pieces, each resampled to it."""
    import rasterio
    from rasterio.warp import Resampling, reproject

    plane = horizontal(target).to_wkt()
    boxes, cells = zip(*[_reach(piece, plane) for piece in pieces], strict=True)
    stacked = np.array(boxes)
    low, high = stacked[:, :2].min(axis=0), stacked[:, 2:].max(axis=0)
    cell = _round_cell(float(min(cells)))
    _check(int((high[1] - low[1]) / cell), int((high[0] - low[0]) / cell), pieces)
    grid = GridSpec.from_bounds((float(low[0]), float(low[1]), float(high[0]), float(high[1])), cell, crs=short_name(target))
    whole = np.full(grid.shape, np.nan, dtype=np.float32)
    for piece in pieces:
        part = np.full(grid.shape, np.nan, dtype=np.float32)
        reproject(
            piece.values, part, src_transform=rasterio.Affine(*piece.transform), src_nodata=np.nan, dst_nodata=np.nan,
            src_crs=plane if piece.crs is None else horizontal(piece.crs).to_wkt(), dst_crs=plane,
            dst_transform=rasterio.Affine(*grid.gdal_transform()), resampling=Resampling.bilinear,
        )  # fmt: skip
        np.copyto(whole, part, where=np.isnan(whole))
        for name in piece.names:
            findings.add("resampled", "", f"{name} was resampled to cells of {grid.cell:g} m", severity="info", path=name)
    return grid, whole


def _reach(piece: _Piece, plane: str) -> tuple[tuple[float, float, float, float], float]:
    """Bounds of a piece in the system of the city, and the cell that keeps its detail."""
    from rasterio.warp import calculate_default_transform, transform_bounds

    rows, columns = piece.values.shape
    a, b, c, d, e, f = piece.transform
    corners = np.array([(c + a * x + b * y, f + d * x + e * y) for x in (0, columns) for y in (0, rows)])
    west, south, east, north = (float(value) for value in (*corners.min(axis=0), *corners.max(axis=0)))
    own = _round_cell(float(np.sqrt(abs(a * e - b * d))))
    if piece.crs is None or horizontal(piece.crs).to_wkt() == plane:
        return (west, south, east, north), own
    there = horizontal(piece.crs).to_wkt()
    with warnings.catch_warnings():
        # rasterio multiplies its maps in a way that newer versions of affine warn of.
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        moved, _, _ = calculate_default_transform(there, plane, columns, rows, west, south, east, north)
    box = transform_bounds(there, plane, west, south, east, north, densify_pts=21)
    # Between two systems in metres a cell keeps its size.
    return box, own if is_plane(horizontal(piece.crs)) else _round_cell(float(abs(moved.a)))


def _round_cell(cell: float) -> float:
    """Three digits: the cells of a reprojected raster are not better known, and tiles get the same ones."""
    return float(f"{cell:.3g}")
