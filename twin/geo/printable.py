"""A city as a model for a 3D printer: closed solids in millimetres on a base plate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.errors import OutputError, ParameterError
from twin.geo.city import City
from twin.geo.mesh import SEMANTICS
from twin.geo.solids import Solid, closed, down_to, prisms, slab, tidied
from twin.geo.terrain import Terrain
from twin.geo.topology import edge_use, shells

if TYPE_CHECKING:
    from collections.abc import Iterator

STEP_MM = 0.001
"""Corners lie on whole micrometres of the print; float32, which STL has, keeps those up to 8 m."""

NOZZLE_MM = 0.4
"""Width of what the usual nozzle lays down [mm]; relief finer than this is not printed."""

THINNEST_MM = 2 * NOZZLE_MM
"""A wall of two lines is the thinnest that printers make reliably [mm]."""

USUAL_BED_MM = 220.0
"""Side of the print bed of common desktop printers [mm]."""

LEAST_BODY_MM3 = 1.0
"""Loose bodies and voids smaller than this are not printed [mm3]: a dozen of the smallest drops that a nozzle lays down."""

LEAST_BASE_MM, MOST_BASE_MM = 0.6, 50.0
MAX_NODES = 1_000_000
"""Of the top of the base."""

FOOT_M = 0.5
"""Vertices of a closed building within this height of its lowest point are its foot [m]."""

FLAT_M = 0.1
"""An object lower than this is an outline, unless it is a roof [m]."""

UPWARD = 0.02
"""A face with less vertical component of its unit normal than this is a wall."""


@dataclass(frozen=True, eq=False)
class PrintModel:
    """Closed solids in millimetres, in the order base, buildings.

    Parameters
    ----------
    solids : tuple of (vertices (V, 3) int64, triangles (T, 3) int64)
        In steps of `STEP_MM`, each closed by itself; z = 0 is the print bed.
    scale : float
        Of the print to the city.
    united : bool
        Whether they are one solid; else they overlap, which slicers unite, or are bodies that do not touch, see `notes`.
    notes : tuple of str
        What the print cannot show, or was done to make it printable.
    """

    solids: tuple[Solid, ...]
    scale: float
    united: bool
    notes: tuple[str, ...] = ()

    @property
    def size_mm(self) -> tuple[float, float, float]:
        """Width (west-east), depth and height [mm]."""
        low, high = (edge([edge(vertices, axis=0) for vertices, _ in self.solids], axis=0) for edge in (np.min, np.max))
        size = (high - low) * STEP_MM
        return float(size[0]), float(size[1]), float(size[2])


def print_model(
    city: City,
    *,
    scale: float = 1 / 1000,
    base_mm: float = 3.0,
    margin_mm: float = 2.0,
    terrain: bool = True,
    layers: tuple[str, ...] = ("buildings", "bridges"),
    unite: bool | None = None,
) -> PrintModel:
    """Make a city printable.

    Buildings that are closed keep their shape and are lengthened down into the base; of the others what looks upward is
    lengthened down to it, so that overhangs and what is open below are filled. The base is a plate under the terrain.

    Parameters
    ----------
    city : City
    scale : float
        Of the print to the city: 1/1000 prints a kilometre as a metre.
    base_mm : float
        Least thickness of the base [mm].
    margin_mm : float
        Width of the base around what stands on it [mm].
    terrain : bool
        Whether the top of the base follows the terrain; else, and where there is none, it is flat.
    layers : tuple of str
        Layers that are printed.
    unite : bool, optional
        Unite all in one solid; by default where the library for it (manifold3d) is installed. Without it the solids overlap.

    Raises
    ------
    ParameterError
        When a measure cannot be printed.
    OutputError
        When there is nothing to print.
    MissingExtraError
        When `unite` is true and the library is not installed.
    """
    if not (np.isfinite(scale) and 0 < scale <= 1):
        raise ParameterError(f"{scale!r} is not a scale", where="scale", hint="give a part of 1, such as 1/1000")
    if not LEAST_BASE_MM <= base_mm <= MOST_BASE_MM:
        hint = f"{LEAST_BASE_MM:g} to {MOST_BASE_MM:g} mm"
        raise ParameterError(f"a base of {base_mm:g} mm cannot be", where="base_mm", hint=hint)
    if not 0 <= margin_mm <= 1000:
        raise ParameterError(f"a margin of {margin_mm:g} mm cannot be", where="margin_mm", hint="0 to 1000 mm")
    steps_a_metre = 1000.0 * scale / STEP_MM
    chosen = _chosen(city, layers)
    used = city.surfaces.vertices[city.surfaces.triangles[chosen].ravel()]
    low, high = used.min(axis=0), used.max(axis=0)
    margin = margin_mm / 1000.0 / scale
    box = (low[0] - margin, low[1] - margin, high[0] + margin, high[1] + margin)
    x, y, ground = _relief(city, box, scale, float(low[2]), follow=terrain)
    shift = np.array([box[0], box[1], ground.min() - base_mm / 1000.0 / scale])
    top = np.rint((ground - shift[2]) * steps_a_metre).astype(np.int64)
    along_x, along_y = (np.rint((one - one[0]) * steps_a_metre).astype(np.int64) for one in (x, y))
    plate = slab(along_x, along_y, top, 0)
    grid = np.rint((city.surfaces.vertices - shift) * steps_a_metre).astype(np.int64)
    sunk = int(top.min() // 2)
    made = _Made()
    solids = [plate, *_buildings(city, chosen, grid, sunk, steps_a_metre, made)]
    notes = [*made.notes(), *_thin(city, scale)]
    one = None
    if unite is not False:
        from twin.geo.union import united

        one = united(solids, required=unite is True)
    bodies = 1
    if one is not None:
        one, bodies, told = _without_crumbs(one)
        notes += told
    if one is None:
        notes.append("The solids overlap instead of being one; slicers unite them.")
    width, depth = float(along_x[-1]) * STEP_MM, float(along_y[-1]) * STEP_MM
    if max(width, depth) > USUAL_BED_MM:
        size = f"{width:.0f} x {depth:.0f} mm"
        hint = "take a smaller scale or a part of the city"
        notes.append(f"The print is {size}, larger than a usual bed of {USUAL_BED_MM:.0f} mm: {hint}.")
    return PrintModel((one,) if one is not None else tuple(solids), scale, one is not None and bodies == 1, tuple(notes))


def _without_crumbs(solid: Solid) -> tuple[Solid, int, list[str]]:
    """A closed solid without bodies and voids too small to print, the number of bodies left, and notes.

    Buildings that miss each other or the base by a hair leave such crumbs where they are united.
    """
    vertices, triangles = solid
    use = edge_use(triangles, np.zeros(len(triangles), np.int32), 1)
    part = shells(len(triangles), use.pairs)
    count = int(part.max()) + 1
    a, b, c = ((vertices[triangles[:, k]] - vertices[0]).astype(np.float64) for k in range(3))
    sixfold = np.bincount(part, weights=np.einsum("ij,ij->i", a, np.cross(b, c)), minlength=count)
    volume_mm3 = sixfold / 6.0 * STEP_MM**3
    small = np.abs(volume_mm3) < LEAST_BODY_MM3
    # what is left of a print that is all crumbs is the print
    small[np.argmax(volume_mm3)] = False
    notes = []
    for name, mine in (("Loose bodies", small & (volume_mm3 > 0)), ("Voids", small & (volume_mm3 <= 0))):
        if mine.any():
            notes.append(f"{name} under {LEAST_BODY_MM3:g} mm3, left out: {int(mine.sum())}.")
    bodies = int((~small & (volume_mm3 > 0)).sum())
    if bodies > 1:
        notes.append(f"The print is {bodies} bodies that do not touch.")
    if small.any():
        used, again = np.unique(triangles[~small[part]], return_inverse=True)
        solid = vertices[used], again.reshape(-1, 3)
    return solid, bodies, notes


class _Made:
    """Counts how buildings became solids."""

    def __init__(self) -> None:
        self.kept = self.filled = 0
        self.lost: list[str] = []

    def notes(self) -> Iterator[str]:
        if self.filled:
            yield f"Open buildings, filled from their roofs down to the base: {self.filled}."
        if self.lost:
            yield f"Objects with nothing that can be printed: {len(self.lost)} ({', '.join(self.lost[:5])})."


def _chosen(city: City, layers: tuple[str, ...]) -> NDArray[np.bool_]:
    """Triangles (T,) of the layers that are printed."""
    printed = city.objects["layer"].isin(layers).to_numpy()
    chosen = printed[city.surfaces.owner] if len(city.surfaces) else np.zeros(0, dtype=bool)
    if not chosen.any():
        raise OutputError(f"there is nothing to print: no triangles in {', '.join(layers)}", hint="give buildings a height first")
    return np.asarray(chosen)


def _relief(
    city: City, box: tuple[float, float, float, float], scale: float, lowest: float, *, follow: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Top of the base: x (C,), y (R,) and heights (R, C) relative to the origin of the city [m]."""
    west, south, east, north = box
    terrain = city.terrain if follow else None
    if terrain is None:
        return np.array([west, east]), np.array([south, north]), np.full((2, 2), lowest)
    cell = max(terrain.grid.cell, NOZZLE_MM / 1000.0 / scale, np.sqrt((east - west) * (north - south) / MAX_NODES))
    x = np.linspace(west, east, max(2, int(np.ceil((east - west) / cell)) + 1))
    y = np.linspace(south, north, max(2, int(np.ceil((north - south) / cell)) + 1))
    xx, yy = np.meshgrid(x + city.origin[0], y + city.origin[1])
    heights = _filled(terrain, xx, yy)
    if heights is None:
        return np.array([west, east]), np.array([south, north]), np.full((2, 2), lowest)
    return x, y, heights - city.origin[2]


def _filled(terrain: Terrain, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Heights at points (R, C), those that are unknown from the nearest that is known; None when none is."""
    from scipy.ndimage import distance_transform_edt

    heights = terrain.at(x.ravel(), y.ravel()).reshape(x.shape)
    unknown = ~np.isfinite(heights)
    if unknown.all():
        return None
    if unknown.any():
        rows, columns = distance_transform_edt(unknown, return_distances=False, return_indices=True)
        heights = heights[rows, columns]
    return heights


def _buildings(
    city: City, chosen: NDArray[np.bool_], grid: NDArray[np.int64], sunk: int, steps_a_metre: float, made: _Made
) -> list[Solid]:
    """Solids of all objects that are printed."""
    mesh = city.surfaces
    rows = np.flatnonzero(chosen)
    order = rows[np.argsort(mesh.owner[rows], kind="stable")]
    found: list[Solid] = []
    for mine in np.split(order, np.flatnonzero(np.diff(mesh.owner[order])) + 1):
        flat = np.ptp(grid[mesh.triangles[mine].ravel(), 2]) < FLAT_M * steps_a_metre
        if flat and not (mesh.semantic[mine] == SEMANTICS["RoofSurface"]).any():
            # An outline on the ground (level of detail 0) beside the solid.
            continue
        some = _of_object(grid, mesh.triangles[mine].astype(np.int64), mesh.semantic[mine], sunk, steps_a_metre, made)
        if not some:
            made.lost.append(str(city.objects.index[mesh.owner[mine[0]]]))
        found += some
    return found


def _of_object(
    grid: NDArray[np.int64],
    triangles: NDArray[np.int64],
    semantic: NDArray[np.uint8],
    sunk: int,
    steps_a_metre: float,
    made: _Made,
) -> list[Solid]:
    """Solids of one object: its closed shells, made longer, or what its roofs cover."""
    used, again = np.unique(triangles, return_inverse=True)
    vertices, corners = tidied(grid[used], again.reshape(-1, 3))
    if not len(corners):
        return []
    use = edge_use(corners, np.zeros(len(corners), np.int32), 1)
    if use.closed[0]:
        part = shells(len(corners), use.pairs)
        solids = [_kept(vertices, corners[part == number], sunk, steps_a_metre) for number in range(int(part.max()) + 1)]
        whole = [solid for solid in solids if solid is not None]
        # A shell that looks inward is a cavity, which a print does not show.
        if whole and all(closed(solid) for solid in whole):
            made.kept += 1
            return whole
    made.filled += 1
    points = grid[used].astype(np.float64)
    corners = again.reshape(-1, 3)
    normal = np.cross(points[corners[:, 1]] - points[corners[:, 0]], points[corners[:, 2]] - points[corners[:, 0]])
    length = np.linalg.norm(normal, axis=1)
    upright = np.abs(normal[:, 2]) <= UPWARD * np.maximum(length, 1e-9)
    roofs = ~upright & (semantic != SEMANTICS["GroundSurface"]) & (semantic != SEMANTICS["OuterCeilingSurface"])
    return prisms(grid[used], corners[roofs], sunk)


def _kept(vertices: NDArray[np.int64], corners: NDArray[np.int64], sunk: int, steps_a_metre: float) -> Solid | None:
    """A closed shell with its foot in the base; None for a cavity."""
    used, again = np.unique(corners, return_inverse=True)
    shell = vertices[used], again.reshape(-1, 3)
    if not closed(shell):
        return None
    z = shell[0][:, 2]
    low, high = int(z.min()), int(z.max())
    foot = low + int(min(FOOT_M * steps_a_metre, 0.25 * (high - low)))
    if low <= sunk:
        return shell
    return down_to(shell, sunk, foot)


def _thin(city: City, scale: float) -> list[str]:
    """What is thinner than a printer can make it."""
    if not len(city.buildings):
        return []
    shapes = np.asarray(city.buildings.geometry.array, dtype=object)
    shapes = shapes[~shapely.is_missing(shapes)]
    least = THINNEST_MM / 1000.0 / scale
    gone = shapely.is_empty(shapely.buffer(shapes, -least / 2.0, join_style="mitre")) & ~shapely.is_empty(shapes)
    if not gone.any():
        return []
    return [f"Buildings thinner than {THINNEST_MM:g} mm at this scale, which may not be printed: {int(gone.sum())}."]
