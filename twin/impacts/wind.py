"""The impact "wind": how often it blows too hard for what people do, by NEN 8100, from factors that a wind tunnel or CFD gave.

No flow is worked out: factors by direction come from a file for the city as it is, and from another for the city with its changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr
from numpy.typing import NDArray

from twin.errors import FormatError, ParameterError
from twin.grid import GridSpec
from twin.impact_result import ImpactResult
from twin.impacts.nen8100 import CLASSES, DANGER_M_S, DANGERS, NUISANCE_M_S, comfort_class, danger_class
from twin.impacts.site import Site, with_surface
from twin.impacts.wind_climate import checked, climate_of, read_climate, read_knmi_hours, wind_climate
from twin.impacts.wind_factors import Factors, read_factors
from twin.impacts.wind_report import assumptions_of, classes_of, figures_of, not_judged, old_shares, places_of, short_of, worse_of
from twin.scenario.apply import file_beside, locate
from twin.scenario.wind import WindAnalysis
from twin.sim.impact import wind
from twin.variables import variable

if TYPE_CHECKING:
    from twin.geo.city import City

LONGEST = 1.5
"""Between points is interpolated where none is further from the next than this many spacings: the diagonal of a square is 1.41."""

MOST_POINTS = 50_000
"""More points than this are on the map, and not in a table."""


@dataclass(frozen=True, eq=False)
class Shares:
    """What comes of factors and a climate at each point.

    Parameters
    ----------
    factors : Factors
    sectors : DataFrame
        Of the climate.
    p5, p15 : (N,) float64
        Hours above 5 and above 15 m/s [%]; NaN where nothing was computed.
    """

    factors: Factors
    sectors: pd.DataFrame
    p5: NDArray[np.float64]
    p15: NDArray[np.float64]


def shares_of(factors: Factors, climate: pd.DataFrame, *, transfer: float = 1.0) -> Shares:
    """How often it blows harder than 5 and than 15 m/s, exactly: the sum over the sectors of the climate.

    Parameters
    ----------
    factors : Factors
    climate : DataFrame
        ``direction_deg``, ``frequency_percent``, ``k`` and ``a_m_s``; see `twin.impacts.wind_climate`.
    transfer : float
        Speed at the height that factors are over, over that of the climate.

    Raises
    ------
    ParameterError
        When the climate cannot be used, or has fewer sectors than there are directions.
    """
    sectors = checked(climate)
    if not 0.05 <= transfer <= 10.0:
        raise ParameterError(f"`transfer` is a ratio of two speeds, not {transfer:g}")
    angles = sectors["direction_deg"].to_numpy()
    of = wind.weights(angles, factors.directions_deg)
    unused = factors.directions_deg[of.sum(axis=0) == 0.0]
    if len(unused):
        raise ParameterError(
            f"the climate has {len(angles)} sectors and the factors {len(factors.directions_deg)} directions: none stands for "
            f"{', '.join(f'{one:g}' for one in unused[:6])} degrees",
            hint="give a climate with at least these directions; `wind_climate(hours, sectors)` makes any number of them",
        )  # fmt: skip
    at = climate_of(sectors, transfer)
    p5, p15 = (100.0 * wind.exceedance(factors.values, of, at, speed) for speed in (NUISANCE_M_S, DANGER_M_S))
    return Shares(factors, sectors, p5, p15)


def wind_points(factors: Factors, climate: pd.DataFrame, *, transfer: float = 1.0, crs: Any = None) -> gpd.GeoDataFrame:
    """Nuisance and danger of wind at each point where factors were computed.

    Parameters
    ----------
    factors : Factors
        From `twin.impacts.wind_factors.read_factors`.
    climate : DataFrame
        From `twin.impacts.wind_climate.read_climate` or `wind_climate`.
    transfer : float
        Speed at the height that factors are over, over that of the climate.
    crs : optional
        Of the points.

    Returns
    -------
    GeoDataFrame
        ``name``, ``level``, ``p5_percent`` and ``p15_percent`` [% of hours], ``class`` ("A" to "E") and ``danger``.

    Raises
    ------
    ParameterError
        As `shares_of`.
    """
    return _frame(shares_of(factors, climate, transfer=transfer), crs)


def wind_comfort(
    city: City,
    factors: Factors,
    climate: pd.DataFrame,
    *,
    transfer: float = 1.0,
    cell: float = 1.0,
    area: tuple[float, float, float, float] | None = None,
    spacing_m: float | None = None,
) -> xr.Dataset:
    """Maps of how often it blows harder than 5 and than 15 m/s; empty where nothing was computed.

    Parameters
    ----------
    city : City
    factors, climate, transfer
        As `wind_points`.
    cell : float
        [m]
    area : (west, south, east, north), optional
        By default the whole city [m].
    spacing_m : float, optional
        Points no further apart than this are interpolated between; by default that of the points [m].

    Returns
    -------
    Dataset
        ``wind_p5`` and ``wind_p15`` (y, x) float32 [%].

    Raises
    ------
    FormatError
        When no factors lie in the area.
    ParameterError
        As `shares_of`.
    """
    site = Site(city, area)
    shares = shares_of(factors, climate, transfer=transfer)
    return _fields(site, shares, _counted(site, factors), cell, spacing_of(factors, spacing_m))


def possible(city: City, settings: WindAnalysis) -> None:
    """See that the files can be read and lie where the city is, and that the places are in it.

    Raises
    ------
    TwinError
        When they cannot, do not or are not.
    """
    site = Site(city)
    for key in ("factors", "variant"):
        if getattr(settings, key) is not None:
            found = _read(settings, city, key)
            _counted(site, found, key)
            climate, _ = _climate(settings, len(found.directions_deg))
            shares_of(replace(found, xy=found.xy[:0], values=found.values[:0]), climate)
    for k, place in enumerate(settings.places):
        locate(place.at, city, f"analyses.wind.places[{k}].at")


def analyse(site: Site, settings: WindAnalysis, before: tuple[Site, ImpactResult] | None = None) -> ImpactResult:
    """Wind on a site, by the factors of its side.

    Parameters
    ----------
    site : Site
        Where it is the changed one, the factors are those of `variant`.
    settings : WindAnalysis
    before : (Site, ImpactResult), optional
        The same without a change: then it is told where the class becomes worse.

    Raises
    ------
    FormatError, CRSError
        When a file cannot be used.
    ScenarioError
        When a file or a place is not there.
    """
    key = "variant" if site.changed and settings.variant is not None else "factors"
    found = _read(settings, site.city, key)
    climate, notes = _climate(settings, len(found.directions_deg))
    shares = shares_of(found, climate, transfer=1.0 if settings.transfer is None else settings.transfer)
    counted = _counted(site, found, key)
    spacing = spacing_of(found, settings.spacing_m)
    fields, ground = with_surface(site, _fields(site, shares, counted, settings.cell_m, spacing), settings.cell_m)
    # where the city knows no surface it knows no building either
    open_ground = xr.DataArray(ground, dims=("y", "x")) | fields["surface_height"].isnull()
    fields = fields.assign({name: fields[name].where(open_ground) for name in ("wind_p5", "wind_p15")})
    points = _frame(shares, site.city.crs)[counted]
    old = None if before is None else old_shares(points, before[1], spacing)
    features = {
        "places": places_of(site, settings, points), "short": short_of(site, points, settings),
        "worse": worse_of(site, points, old),
    }  # fmt: skip
    if len(points) <= MOST_POINTS:
        features["points"] = points.reset_index(drop=True)
    left_out = int(np.isfinite(shares.p5).sum()) - len(points)
    notes = [*assumptions_of(site, settings, found, climate, spacing, left_out, features["places"]), *notes]
    settled = {
        **settings.model_dump(mode="json"), "file": getattr(settings, key), "sha256": _digest(settings, key),
        "sectors": shares.sectors.to_dict("records"),
    }  # fmt: skip
    figures = figures_of(points, old, features["places"], settings)
    if site.changed and settings.variant is None:
        figures = not_judged(figures)
    return ImpactResult("wind", "Wind", fields, features, figures, classes_of(), tuple(notes), settled)


def spacing_of(factors: Factors, given_m: float | None = None) -> float:
    """How far apart points lie: as given, else the median distance from each to the nearest of its level [m]; 0 for one point."""
    if given_m is not None:
        return float(given_m)
    if factors.raster is not None:
        return max(factors.raster.width, factors.raster.height)
    from scipy.spatial import cKDTree

    away = [np.empty(0)]
    for level in set(factors.level):
        xy = factors.xy[factors.level == level]
        if len(xy) > 1:
            away.append(cKDTree(xy).query(xy, k=2)[0][:, 1])
    every = np.concatenate(away)
    return float(np.median(every)) if len(every) else 0.0


def _read(settings: WindAnalysis, city: City, key: str) -> Factors:
    path = file_beside(settings.folder, getattr(settings, key), f"analyses.wind.{key}")
    return read_factors(
        path, crs=settings.crs, target=city.crs, directions=settings.directions, unit=settings.unit,
        reference_m_s=settings.reference_m_s,
    )  # fmt: skip


def _digest(settings: WindAnalysis, key: str) -> str:
    with file_beside(settings.folder, getattr(settings, key), f"analyses.wind.{key}").open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _climate(settings: WindAnalysis, directions: int) -> tuple[pd.DataFrame, list[str]]:
    """Sectors of the climate, and what has to be told of how they came about."""
    given = settings.climate
    if given.sectors is not None:
        return checked(pd.DataFrame([one.model_dump() for one in given.sectors])), []
    if given.file is not None:
        return read_climate(file_beside(settings.folder, given.file, "analyses.wind.climate.file")), []
    path = file_beside(settings.folder, str(given.hours), "analyses.wind.climate.hours")
    hours = read_knmi_hours(path)
    made = wind_climate(hours, directions)
    above, fitted = made.attrs["above_5_percent"], made.attrs["above_5_fitted_percent"]
    told = f"It was fitted to {len(hours):,} hours, of which {above:.1f} % are above 5 m/s; by the fit {fitted:.1f} % are."
    return made, [told]


def _counted(site: Site, factors: Factors, key: str = "factors") -> NDArray[np.bool_]:
    """Points that count, (N,): those with factors in the area, outside of buildings.

    Raises
    ------
    FormatError
        When no factors lie in the city, or all of them in buildings.
    """
    x, y = factors.xy.T
    known = np.isfinite(factors.values).all(axis=1)
    west, south, east, north = site.city.bounds
    in_city = known & (x >= west) & (x <= east) & (y >= south) & (y <= north)
    if not in_city.any():
        lies = f"x {x[known].min():.0f} to {x[known].max():.0f}, y {y[known].min():.0f} to {y[known].max():.0f}"
        raise FormatError(
            f"the factors of `{key}` lie outside the city ({lies}; the city: x {west:.0f} to {east:.0f}, "
            f"y {south:.0f} to {north:.0f})",
            hint="if they are in another coordinate system give `crs`, such as EPSG:28992",
        )  # fmt: skip
    if site.area is not None:
        west, south, east, north = site.area
        in_city &= (x >= west) & (x <= east) & (y >= south) & (y <= north)
        if not in_city.any():
            raise FormatError(f"the factors of `{key}` lie outside the area that is looked at", hint="give another `area`, or none")
    inside = np.zeros(len(x), dtype=bool)
    rows = np.flatnonzero(in_city)
    if len(site.city.buildings):
        tree = shapely.STRtree(site.city.buildings.geometry.to_numpy())
        hit = tree.query(shapely.points(x[rows], y[rows]), predicate="within")[0]
        inside[rows[hit]] = True
    if not (in_city & ~inside).any():
        raise FormatError(
            f"all factors of `{key}` that lie where is looked lie in buildings", hint="see that the points lie on open ground"
        )
    return np.asarray(in_city & ~inside)


def _frame(shares: Shares, crs: Any) -> gpd.GeoDataFrame:
    # judged is what is told: a class beside a share on the other side of its border would be a riddle
    p5, p15 = shares.p5.round(4), shares.p15.round(5)
    classes, dangers = comfort_class(p5), danger_class(p15)
    letters = np.array([*CLASSES, ""], dtype=object)
    words = np.array([*DANGERS, ""], dtype=object)
    table = pd.DataFrame({
        "name": shares.factors.names.astype(str), "level": shares.factors.level.astype(str), "p5_percent": p5,
        "p15_percent": p15, "class": letters[classes], "danger": words[dangers],
    })  # fmt: skip
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(*shares.factors.xy.T), crs=crs)


def _fields(site: Site, shares: Shares, counted: NDArray[np.bool_], cell: float, spacing: float) -> xr.Dataset:
    grid = site.grid(cell)
    values = {"wind_p5": shares.p5, "wind_p15": shares.p15}
    if shares.factors.raster is not None:
        made = _of_cells(grid, shares.factors, values)
    else:
        made = _of_points(site, grid, shares.factors, values, counted, spacing)
    arrays = {name: variable(name).array(one.astype(np.float32)) for name, one in made.items()}
    about = {"crs": grid.crs or "", "cell_m": float(grid.cell)}
    return xr.Dataset(arrays, coords={"y": grid.y, "x": grid.x}, attrs=about)


def _of_cells(grid: GridSpec, factors: Factors, values: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """Values of the cell of the raster that the middle of each cell of the grid lies in."""
    raster = factors.raster
    assert raster is not None
    rows, columns = raster.shape
    row = np.floor((raster.north - grid.y) / raster.height).astype(np.int64)
    column = np.floor((grid.x - raster.west) / raster.width).astype(np.int64)
    inside = ((row >= 0) & (row < rows))[:, None] & ((column >= 0) & (column < columns))[None, :]
    of = np.clip(row, 0, rows - 1)[:, None] * columns + np.clip(column, 0, columns - 1)[None, :]
    return {name: np.where(inside, one[of], np.nan) for name, one in values.items()}


def _of_points(
    site: Site, grid: GridSpec, factors: Factors, values: Mapping[str, NDArray[np.float64]], counted: NDArray[np.bool_],
    spacing: float,
) -> dict[str, NDArray[np.float64]]:  # fmt: skip
    """Values between points, level by level, the street first; a cell with a point and nothing between has that of the point."""
    made = {name: np.full(grid.shape, np.nan) for name in values}
    levels = sorted(set(factors.level[counted]), key=lambda one: (one != "street", one))
    for level in levels:
        rows = np.flatnonzero(counted & (factors.level == level))
        xy = factors.xy[rows]
        found = _between(site, grid, xy, {name: one[rows] for name, one in values.items()}, spacing)
        row, column = (np.asarray(one).astype(np.int64) for one in grid.index(xy[:, 0], xy[:, 1]))
        there = (row >= 0) & (row < grid.rows) & (column >= 0) & (column < grid.columns)
        for name, one in values.items():
            own = np.full(grid.shape, np.nan)
            own[row[there], column[there]] = one[rows[there]]
            part = np.where(np.isnan(found[name]), own, found[name])
            made[name] = np.where(np.isnan(made[name]), part, made[name])
    return made


def _between(
    site: Site, grid: GridSpec, xy: NDArray[np.float64], values: Mapping[str, NDArray[np.float64]], spacing: float
) -> dict[str, NDArray[np.float64]]:
    from scipy.spatial import Delaunay, QhullError

    made = {name: np.full(grid.shape, np.nan) for name in values}
    origin = np.array([grid.west, grid.north])
    try:
        mesh = Delaunay(xy - origin)
    except (QhullError, ValueError):
        return made  # fewer than three points, or all on a line
    triangles = mesh.simplices.astype(np.int32)
    keep = wind.kept_triangles(xy, triangles, LONGEST * spacing + 1e-6) & ~_crossed(site, xy, triangles)
    x, y = np.meshgrid(grid.x - origin[0], grid.y - origin[1])
    at = np.column_stack([x.ravel(), y.ravel()])
    of = mesh.find_simplex(at).astype(np.int64)
    of = np.where((of >= 0) & keep[np.maximum(of, 0)], of, -1)
    for name, one in values.items():
        made[name] = wind.between(xy - origin, triangles, one, at, of).reshape(grid.shape)
    return made


def _crossed(site: Site, xy: NDArray[np.float64], triangles: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Triangles with an edge through a building, (T,): what blows on one side of it says nothing of the other."""
    buildings = site.city.buildings
    crossed = np.zeros(len(triangles), dtype=bool)
    if not len(buildings) or not len(triangles):
        return crossed
    tree = shapely.STRtree(buildings.geometry.to_numpy())
    for one, two in ((0, 1), (1, 2), (2, 0)):
        edges = shapely.linestrings(np.stack([xy[triangles[:, one]], xy[triangles[:, two]]], axis=1))
        crossed[np.unique(tree.query(edges, predicate="intersects")[0])] = True
    return crossed
