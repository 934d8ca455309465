"""Sight: what is seen from a point, what stands between two points, and from where a landmark is seen, before and after a change.

The kernels are in `twin.sim.impact.sight`. Trees are left out: in winter one sees through them, and what they hide in summer is
told by no rule. Under arches and decks it is not looked, for a cell is solid up to its top.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr
from numpy.typing import NDArray

from twin.decimals import told_place
from twin.errors import GeometryError, ParameterError
from twin.grid import GridSpec
from twin.impact_result import Classes, ImpactResult
from twin.impacts.access import burnt
from twin.impacts.air import STREETS
from twin.impacts.site import Site, Window, part_of, with_surface
from twin.impacts.tops import tops_of
from twin.palette import Colour
from twin.result import Figure, headlined
from twin.scenario.analyses import SightAnalysis
from twin.sim.impact import shadow, sight
from twin.variables import variable

if TYPE_CHECKING:
    from twin.geo.city import City

EYE_M = 1.6
"""Height of the eye of a person who stands [m]."""

EXACT_CELLS = 4_000_000
"""Up to so many cells each is looked at by a ray of its own; a fan beyond this differs from that on 0.4 % of the cells."""

AROUND_CELLS = 20
"""Around a landmark, of whose ground nothing is known, its foot is looked for [cells]."""

BAND_ROWS = 256
"""Rows that are worked on at once where that takes more than the heights themselves."""

SHADES: tuple[Colour, ...] = ((226, 221, 211), (214, 194, 221), (180, 143, 196), (134, 94, 165), (84, 48, 122))
BORDERS = (0.01, 0.25, 0.5, 0.75)

ANGLES = (1.0, 4.5, 9.0, 18.0, 27.0, 45.0)
ANGLE_SHADES: tuple[Colour, ...] = (
    (226, 221, 211), (214, 194, 221), (190, 160, 205), (160, 120, 185), (134, 94, 165), (104, 62, 140), (66, 30, 100),
)  # fmt: skip
MAERTENS = "at 18 degrees one sees a building with what stands around it, at 27 it alone, at 45 its parts: Maertens 1884"
"""Der optische Massstab: distances of three, two and one times the height."""
NEAR_DEG = 18.0
"""From here on a building is not only one of what is seen [degrees]."""


def viewshed(
    city: City,
    point: Sequence[float],
    *,
    eye_m: float = EYE_M,
    target_m: float = 0.0,
    cell: float = 1.0,
    area: tuple[float, float, float, float] | None = None,
    exact: bool = False,
) -> xr.DataArray:
    """Which places are seen from a point.

    Parameters
    ----------
    city : City
    point : (x, y) or shapely Point
        In the CRS of the city [m].
    eye_m : float
        Above the ground, or above the roof where the point is on one [m].
    target_m : float
        Height above each place of what is looked for: 1.6 for the eyes of a person there [m].
    cell : float
        [m]
    area : (west, south, east, north), optional
        Part to tell of; what stands elsewhere is in the way all the same [m].
    exact : bool
        By a ray of its own to every cell, for reports: some hundred times slower, other in about one cell in a thousand.

    Returns
    -------
    DataArray
        ``visible`` (y, x) uint8.

    Raises
    ------
    ParameterError
        When the point is none, or lies outside the city.
    """
    site = Site(city, area)
    grid, whole, tops = _all(site, cell)
    x, y = _point(point)
    row, column = _cell_of(part_of(grid, whole), x, y)
    seen = sight.viewshed(tops, row, column, _top(tops, row, column) + eye_m, target_m, exact=exact)
    made = variable("visible").array(_part(seen, grid, whole).astype(np.uint8))
    about = {"crs": grid.crs or "", "cell_m": float(cell), "x": x, "y": y, "eye_m": float(eye_m)}
    return xr.DataArray(made, coords={"y": grid.y, "x": grid.x}, name="visible").assign_attrs(about)


def sightline(
    city: City, start: Sequence[float], end: Sequence[float], *, eye_m: float = EYE_M, target_m: float = 0.0, cell: float = 0.5
) -> gpd.GeoDataFrame:
    """Whether one point is seen from another, and what stands between.

    Parameters
    ----------
    city : City
    start, end : (x, y), (x, y, z) or shapely Point
        In the CRS of the city; a z is a height in its datum, without it `eye_m` and `target_m` above what is there [m].
    eye_m, target_m : float
        [m]
    cell : float
        [m]

    Returns
    -------
    GeoDataFrame
        One row: ``visible``, ``length_m``, ``blocked_at_m`` (from the start; NaN when it is visible), ``blocked_by`` (id of a
        building, ``"ground"``, or empty), and the line.

    Raises
    ------
    ParameterError
        When a point is none, or lies outside the city.
    """
    site = Site(city)
    grid, whole, tops = _all(site, cell)
    ends = [_height(part_of(grid, whole), tops, one, above) for one, above in ((start, eye_m), (end, target_m))]
    (row, column, eye, a), (i, j, height, b) = ends
    z = tops.rows
    fall = cell * (1.0 - sight.REFRACTION) / (2.0 * sight.EARTH_M)
    at = float(sight.blocked_at(z, row, column, i, j, eye / cell, height / cell, fall)) * cell
    what = ""
    if at >= 0:
        # just inside the cell that is in the way, from middle to middle of the cells of both ends
        part = (at / cell + 0.01) / math.dist((row, column), (i, j))
        r, c = round(row + part * (i - row)), round(column + part * (j - column))
        there = Window(r + whole.top, r + whole.top + 1, c + whole.left, c + whole.left + 1)
        owner = int(site.relief(grid, there, trees=False).building[0, 0])
        what = str(city.buildings.index[owner]) if owner >= 0 else "ground"
    table = pd.DataFrame({
        "visible": [at < 0], "length_m": [math.dist(a, b)], "blocked_at_m": [at if at >= 0 else math.nan], "blocked_by": [what],
    })  # fmt: skip
    line = shapely.LineString([(*a, eye), (*b, height)])
    return gpd.GeoDataFrame(table, geometry=[line], crs=city.crs)


def isovist(
    city: City, point: Sequence[float], *, eye_m: float = EYE_M, cell: float = 0.5, far_m: float = 500.0
) -> gpd.GeoDataFrame:
    """The open ground that is seen from a point, as one polygon.

    Parameters
    ----------
    city : City
    point : (x, y) or shapely Point
        In the CRS of the city [m].
    eye_m : float
        [m]
    cell : float
        [m]
    far_m : float
        What lies further is left out [m].

    Returns
    -------
    GeoDataFrame
        One row: ``area_m2``, ``perimeter_m``, ``farthest_m``, and the shape.

    Raises
    ------
    ParameterError
        As `viewshed`.
    """
    from rasterio.features import shapes
    from rasterio.transform import Affine

    x, y = _point(point)
    west, south, east, north = city.bounds
    area = max(west, x - far_m), max(south, y - far_m), min(east, x + far_m), min(north, y + far_m)
    if not (area[0] < area[2] and area[1] < area[3]):
        raise ParameterError(f"{told_place(x, y)} lies outside the city")
    seen = viewshed(city, (x, y), eye_m=eye_m, cell=cell, area=area)
    grid = Site(city, area).grid(cell)
    relief = Site(city, area).relief(grid, Window(0, grid.rows, 0, grid.columns), trees=False)
    open_ = (seen.to_numpy() > 0) & (relief.building < 0)
    patches = shapes(open_.astype(np.uint8), mask=open_, transform=Affine(*grid.gdal_transform()))
    found = [shapely.geometry.shape(one) for one, _ in patches]
    shape = shapely.intersection(shapely.union_all(found), shapely.Point(x, y).buffer(far_m, quad_segs=64))
    corners = shapely.get_coordinates(shape)
    farthest = float(np.hypot(corners[:, 0] - x, corners[:, 1] - y).max()) if len(corners) else 0.0
    table = pd.DataFrame({"area_m2": [shape.area], "perimeter_m": [shape.length], "farthest_m": [farthest]})
    return gpd.GeoDataFrame(table, geometry=[shape], crs=city.crs)


def share_seen(site: Site, settings: SightAnalysis) -> xr.Dataset:
    """What share of the height of a landmark is seen from each place.

    Parameters
    ----------
    site : Site
    settings : SightAnalysis
        The landmark is looked at along the line under its highest point, and does not hide itself.

    Returns
    -------
    Dataset
        ``landmark_seen`` (y, x), 0 to 1, and ``landmark_angle`` (y, x) [degrees]: how high the part that is seen stands in view.

    Raises
    ------
    GeometryError
        When the city has no such building, or none of its height is known.
    """
    cell = settings.cell_m
    possible(site.city, settings)
    grid, whole, tops = _all(site, cell)
    near, own, ground = _landmark(site, grid, whole, settings.landmark)
    here = near.inside(whole).cells
    top = np.where(own, tops.rows[here] * np.float32(cell), -np.inf)
    row, column = (int(k) for k in np.unravel_index(int(top.argmax()), top.shape))
    foot = float(ground[row, column])
    foot = foot if np.isfinite(foot) else _lowest(tops.rows[here][~own]) * cell
    step = (float(top[row, column]) - foot) / settings.points
    # it does not hide itself
    tops.rows[here] = np.where(own, np.where(np.isfinite(ground), ground, np.float32(foot)) / np.float32(cell), tops.rows[here])
    row, column = row + here[0].start, column + here[1].start
    heights = foot + (np.arange(settings.points) + 0.5) * step
    count, angle = np.zeros(tops.shape, np.uint8), np.zeros(tops.shape, np.float32)
    for height in heights:
        seen = sight.viewshed(tops, row, column, float(height), settings.eye_m, exact=_exactly(tops.shape))
        count += seen
        seen[here] &= ~own
        _add_angles(angle, seen, tops, (row, column), settings.eye_m, (height - 0.5 * step, height + 0.5 * step))
    share = _part(count, grid, whole).astype(np.float32)
    share /= np.float32(len(heights))
    return _dataset(grid, {"landmark_seen": share, "landmark_angle": _part(angle, grid, whole)})


def _lowest(heights: NDArray[np.float32]) -> float:
    """Of those that are known; 0 where none is."""
    known = heights[heights > shadow.KNOWN_ABOVE]
    return float(known.min()) if len(known) else 0.0


def _landmark(
    site: Site, grid: GridSpec, whole: Window, name: str
) -> tuple[Window, NDArray[np.bool_], NDArray[np.float32]]:
    """The window around a building, which of its cells that is, and the ground there.

    Raises
    ------
    GeometryError
        When no height of it is known.
    """
    buildings = site.city.buildings
    west, south, east, north = buildings.geometry.loc[name].bounds
    rows, columns = grid.index(np.array([west, east]), np.array([north, south]))
    near = Window(int(rows[0]), int(rows[1]) + 1, int(columns[0]), int(columns[1]) + 1).grown(AROUND_CELLS).cut(whole)
    relief = None if near is None else site.relief(grid, near, trees=False)
    own = None if relief is None else relief.building == buildings.index.get_loc(name)
    if near is None or relief is None or own is None or not own.any():
        raise GeometryError(f"the height of `{name}` is not known")
    return near, own, relief.ground


def _add_angles(
    angle: NDArray[np.float32], seen: NDArray[np.bool_], tops: shadow.Surface, at: tuple[int, int], eye_m: float,
    slice_m: tuple[float, float],
) -> None:  # fmt: skip
    """Add what a slice of a landmark between two heights fills of the view from where it is seen [degrees], some rows at a time."""
    columns = np.arange(tops.shape[1])
    for first in range(0, tops.shape[0], BAND_ROWS):
        rows = slice(first, first + BAND_ROWS)
        away = tops.cell * np.hypot(np.arange(first, min(first + BAND_ROWS, tops.shape[0]))[:, None] - at[0], columns - at[1])
        eyes = tops.rows[rows] * np.float32(tops.cell) + np.float32(eye_m)
        fills = np.degrees(np.arctan2(slice_m[1] - eyes, away) - np.arctan2(slice_m[0] - eyes, away))
        angle[rows] += np.where(seen[rows] & (away > 0.0), fills, 0.0).astype(np.float32)


def _exactly(shape: tuple[int, ...]) -> bool:
    """Whether every cell is looked at by a ray of its own: where there are too many, by the ray of a fan that is nearest to it."""
    return math.prod(shape) <= EXACT_CELLS


def _dataset(grid: GridSpec, fields: Mapping[str, NDArray[np.float32]]) -> xr.Dataset:
    made = {name: variable(name).array(values) for name, values in fields.items()}
    return xr.Dataset(made, coords={"y": grid.y, "x": grid.x}, attrs={"crs": grid.crs or "", "cell_m": float(grid.cell)})


def possible(city: City, settings: SightAnalysis) -> None:
    """See that a city has the landmark.

    Raises
    ------
    GeometryError
        When it has no building of that id.
    """
    if settings.landmark not in city.buildings.index:
        city.find(settings.landmark)  # tells a name that is near
        raise GeometryError(f"`{settings.landmark}` is not a building, so nobody looks for it")


def analyse(site: Site, settings: SightAnalysis, before: tuple[Site, ImpactResult] | None = None) -> ImpactResult:
    """From where a landmark is seen; `before` as in `twin.impacts.registry.Impact`.

    A line of sight has no end, so after a change all is looked at anew.
    """
    there = settings.landmark in site.city.buildings.index
    grid = site.grid(settings.cell_m)
    nowhere = {name: np.zeros(grid.shape, np.float32) for name in ("landmark_seen", "landmark_angle")}
    made = share_seen(site, settings) if there or settings.landmark not in site.on_one_side else _dataset(grid, nowhere)
    fields, ground = with_surface(site, made, settings.cell_m)
    share, angle = fields["landmark_seen"].to_numpy(), fields["landmark_angle"].to_numpy()
    area, name = settings.cell_m**2, settings.landmark
    seen = ground & (share >= BORDERS[0])
    old = np.zeros(grid.shape, np.float32) if before is None else before[1].fields["landmark_seen"].to_numpy()
    planned = before is not None and name not in before[0].city.buildings.index
    both = np.zeros_like(ground) if before is None else ground & (before[1].fields["on_ground"].to_numpy() > 0)
    gone, come = both & (old >= BORDERS[0]) & (share < BORDERS[0]), both & (old < BORDERS[0]) & seen
    streets = _streets(site, grid) & ground
    figures = [
        Figure("sight_seen", f"Open ground from which `{name}` is seen", float(seen.sum()) * area, "m2", digits=0, exact=True),
        Figure(
            "sight_mean", f"How much of its height is seen there, `{name}`",
            100.0 * float(share[seen].mean()) if seen.any() else float("nan"), "%", digits=0, note="mean", exact=True,
        ),
        Figure(
            "sight_near", f"Open ground where `{name}` stands {NEAR_DEG:g} degrees high in view or more",
            float((ground & (angle >= NEAR_DEG)).sum()) * area, "m2", digits=0, note=MAERTENS, exact=True,
        ),
    ]  # fmt: skip
    if streets.any():
        part = 100.0 * float((seen & streets).sum()) / float(streets.sum())
        figures.append(Figure("sight_streets", f"Streets and squares from which `{name}` is seen", part, "%", digits=1, exact=True))
    figures += [
        Figure(
            "sight_come", f"Open ground that comes to see `{name}`", float(come.sum()) * area, "m2", digits=0,
            note="did not see it without the changes", exact=True,
        ),
        Figure(
            "sight_lost", f"Open ground that no longer sees `{name}`", float(gone.sum()) * area, "m2", digits=0,
            note="saw it without the changes", exact=True,
        ),
    ]  # fmt: skip
    if planned:
        figures.append(figures.pop(-2))
    labels = ("not at all", "< 25 %", "25 – 50 %", "50 – 75 %", "> 75 %")
    note = f"share of the height of `{name}` that is seen from eye height"
    better = "lower" if planned else "higher"
    classes = (
        Classes("landmark_seen", "Landmark in sight", "share", BORDERS, SHADES, labels, note, (0.05, 0.25, 0.5), better),
        Classes(
            "landmark_angle", "How high it stands in view", "degrees", ANGLES, ANGLE_SHADES,
            ("< 1", "1 – 4.5", "4.5 – 9", "9 – 18", "18 – 27", "27 – 45", "> 45"), MAERTENS, (1.0, 4.5, 9.0), better,
        ),
    )  # fmt: skip
    size = site.all_of(site.grid(settings.cell_m)).shape
    rays = "each by a ray of its own" if _exactly(size) else "by rays that pass near their middles"
    told = (
        f"`{name}` is looked at in {settings.points} points along its height from {settings.eye_m:g} m above the ground, on cells "
        f"of {settings.cell_m:g} m, {rays}; trees hide nothing, and under arches and decks it is not looked. How high it stands in "
        f"view is along the line under its highest point ({MAERTENS}).",
    )
    first = ("sight_come",) if planned else ("sight_seen", "sight_lost")
    shown = headlined(figures, *first, of_changes=("sight_come", "sight_lost"))
    return ImpactResult("sight", "Sight", fields, {}, shown, classes, told, dict(settings.model_dump(mode="json")))


def _streets(site: Site, grid: GridSpec) -> NDArray[np.bool_]:
    """Cells of streets, squares, bridges and stairs, (H, W)."""
    layers = site.city.layers
    return burnt([shapely.force_2d(shape) for name in STREETS for shape in layers[name].geometry], grid) >= 0


def _all(site: Site, cell: float) -> tuple[GridSpec, Window, shadow.Surface]:
    """Grid of the area, the cells of the whole city in its numbers, and the heights of that: a line of sight has no end."""
    grid = site.grid(cell)
    whole = site.all_of(grid)
    return grid, whole, tops_of(site, grid, whole)


def _top(tops: shadow.Surface, row: int, column: int) -> float:
    """Height of what is there, in the datum; NaN where it is not known [m]."""
    height = float(tops.rows[row, column])
    return height * tops.cell if height > shadow.KNOWN_ABOVE else math.nan


def _part(values: NDArray[Any], grid: GridSpec, whole: Window) -> NDArray[Any]:
    """The cells of a grid, of values of the whole city; 0 beyond it."""
    if whole == Window(0, grid.rows, 0, grid.columns):
        return values
    made = np.zeros(grid.shape, values.dtype)
    core = whole.cut(Window(0, grid.rows, 0, grid.columns))
    if core is not None:
        made[core.cells] = values[core.top - whole.top : core.bottom - whole.top, core.left - whole.left : core.right - whole.left]
    return made


def _point(given: Any) -> tuple[float, float]:
    """x and y of a place.

    Raises
    ------
    ParameterError
        When it is none.
    """
    try:
        coordinates = given.coords[0] if hasattr(given, "coords") else tuple(given)
        x, y = float(coordinates[0]), float(coordinates[1])
    except (TypeError, ValueError, IndexError):
        raise ParameterError(f"{given!r} is not a place", hint="give (x, y) in the CRS of the city") from None
    if not (math.isfinite(x) and math.isfinite(y)):
        raise ParameterError(f"{given!r} is not a place", hint="give (x, y) in the CRS of the city")
    return x, y


def _cell_of(grid: GridSpec, x: float, y: float) -> tuple[int, int]:
    row, column = (int(one) for one in grid.index(x, y))
    if not (0 <= row < grid.rows and 0 <= column < grid.columns):
        west, south, east, north = grid.bounds
        hint = f"the city reaches from ({west:.0f}, {south:.0f}) to ({east:.0f}, {north:.0f})"
        raise ParameterError(f"{told_place(x, y)} lies outside the city", hint=hint)
    return row, column


def _height(grid: GridSpec, tops: shadow.Surface, given: Any, above: float) -> tuple[int, int, float, tuple[float, float]]:
    """Row, column, height in the datum and place of an end of a line."""
    x, y = _point(given)
    row, column = _cell_of(grid, x, y)
    coordinates = given.coords[0] if hasattr(given, "coords") else tuple(given)
    stated = float(coordinates[2]) if len(coordinates) > 2 else math.nan
    return row, column, stated if math.isfinite(stated) else _top(tops, row, column) + above, (x, y)
