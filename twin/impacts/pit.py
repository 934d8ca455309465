"""The impact "pit": what excavations do to soil, water, the ground, buildings, trees, pipes and people around them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr
from numpy.typing import NDArray

from twin.geo.pits import pit_of
from twin.grid import GridSpec
from twin.impact_result import ImpactResult
from twin.impacts.pit_around import buildings_near, buildings_of, wells_of
from twin.impacts.pit_figures import assumptions_of, classes_of, figures_of
from twin.impacts.pit_green import pipes_around, trees_around
from twin.impacts.pit_lorries import ways_of
from twin.impacts.pit_nuisance import noise_of
from twin.impacts.pit_soil import see_heads, soil_model, soil_of, water_of
from twin.impacts.pit_stages import Dug, dig, read
from twin.impacts.pit_together import AllWater, overlaps, together
from twin.impacts.pit_unknown import ends_of
from twin.impacts.pit_unknown import wells_of as wells_not_known
from twin.impacts.rain_ground import burnt
from twin.impacts.site import Site, with_surface
from twin.scenario.apply import locate
from twin.scenario.pit import PitAnalysis
from twin.variables import variable

if TYPE_CHECKING:
    from twin.geo.city import City

BY_WATER = ("pit", "settled by water")
"""What a site keeps it by."""


def possible(city: City, settings: PitAnalysis) -> None:
    """See that the soil and the water are known at each pit that is designed, and the place to which lorries go.

    Raises
    ------
    GeometryError, ParameterError, ScenarioError
        When one is not, layers (by hand or of soundings) end above the floor of a pit, or water stands above the ground.
    """
    model = soil_model(city, settings)
    for name, row in city.pits.iterrows():
        if _designed(row):
            pit = pit_of(row, str(name))
            see_heads(pit, soil_of(pit, city, model, settings))
    if settings.to is not None:
        locate(settings.to, city, "analyses.pit.to")


def overlaps_of(city: City) -> list[str]:
    """What is said of pits of a scenario that overlap; see `twin.impacts.pit_together.overlaps`."""
    return overlaps([pit_of(row, str(name)) for name, row in city.pits.iterrows() if _designed(row)])


def _designed(row: pd.Series[Any]) -> bool:
    """Whether a row of the layer is a pit of the scenario: these have stages, one that a city merely knows of has none."""
    return bool(isinstance(row.get("stages"), str) and row["stages"])


def analyse(site: Site, settings: PitAnalysis, before: tuple[Site, ImpactResult] | None = None) -> ImpactResult:
    """What the pits of a site do; `before` as in `twin.impacts.registry.Impact`.

    Raises
    ------
    GeometryError, ParameterError
        When the ground or the water is not known, or the layers do not reach below a pit.
    """
    grid = site.grid(settings.cell_m)
    made, all_water = _dug(site, settings, grid, before)
    site.once(BY_WATER, lambda: _by_water(made, all_water, grid))
    fields = _fields(site, settings, grid, made, all_water, before)
    buildings = buildings_of(site.city, made, all_water, fields, grid, settings)
    loud = noise_of(site.pits, buildings_near(site.city, grid), settings)
    buildings["noise_db"], buildings["noisy"] = loud.highest_db, loud.too_many
    trees_of_city = site.city if before is None else before[0].city
    features = {
        "stages": _stages(site.city, made), "buildings": buildings, "lost": _lost(buildings, settings),
        "trees": trees_around(trees_of_city, made, grid, all_water), "pipes": pipes_around(site.city, made, grid, all_water),
        "wells": wells_of(site.city, made), **ways_of(site, site.pits, settings),
    }  # fmt: skip
    told = assumptions_of(made, settings, buildings.loc[buildings["settlement_mm"] > 1.0, "foundation"], all_water)
    fields, _ = with_surface(site, fields, settings.cell_m)
    figures = figures_of(made, features, loud, settings, all_water, of_changes=_of_changes(site, before))
    return ImpactResult(
        "pit", "Excavations", fields, features, figures, classes_of(), told, dict(settings.model_dump(mode="json"))
    )


class ByWater(NamedTuple):
    """What the ground settles by the water that pits lower.

    Attributes
    ----------
    grid : GridSpec
    settled : (R, C) float64
        NaN where it is not known [mm].
    """

    grid: GridSpec
    settled: NDArray[np.float64]

    def at(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """At points (N, 2) [m]: (N,) float64 [mm]."""
        return read(self.settled, self.grid, points)


def settled_by_water(site: Site, settings: PitAnalysis) -> ByWater:
    """What the ground settles by the water that the pits of a site lower, in the end: as in the maps of this impact.

    Raises
    ------
    GeometryError, ParameterError
        As `analyse`.
    """
    grid = site.grid(settings.cell_m)
    made: ByWater = site.once(BY_WATER, lambda: _by_water(*_dug(site, settings, grid, None), grid))
    return made


def _by_water(made: list[Dug], water: AllWater, grid: GridSpec) -> ByWater:
    blind = bool(ends_of(made) or wells_not_known(made))
    return ByWater(grid, np.full(grid.shape, np.nan) if blind else water.settled)


def _dug(
    site: Site, settings: PitAnalysis, grid: GridSpec, before: tuple[Site, ImpactResult] | None
) -> tuple[list[Dug], AllWater]:
    """The pits of a site with their stages, and the water around all of them."""
    model = soil_model(site.city, settings) if site.pits else None
    water = [shape for shape in site.city.water.geometry if shape is not None] if settings.canal else []
    made = []
    for pit in site.pits:
        assert model is not None
        # on a side with a pit its terrain is dug already
        undug = before is not None and pit.id not in {one.id for one in before[0].pits}
        terrain = before[0].city.terrain if before is not None and undug else None
        made.append(dig(pit, soil_of(pit, site.city, model, settings), grid, water, settings, terrain))
    return made, together(made, grid, water, settings)


def _of_changes(site: Site, before: tuple[Site, ImpactResult] | None) -> bool:
    """Whether all that pits do is done by the changes: not where a pit is there without them too."""
    return not (site.pits and not site.changed if before is None else before[0].pits)


def _lost(buildings: gpd.GeoDataFrame, settings: PitAnalysis) -> gpd.GeoDataFrame:
    """Buildings with more damage than is allowed, the worst first."""
    worse = buildings[(buildings["category"] > settings.allowed_category).fillna(False)]
    table = worse.assign(before_category=0.0, after_category=worse["category"].astype(float))
    return table.sort_values("strain_percent", ascending=False, kind="stable")


def _fields(
    site: Site, settings: PitAnalysis, grid: GridSpec, made: list[Dug], water: AllWater,
    before: tuple[Site, ImpactResult] | None,
) -> xr.Dataset:  # fmt: skip
    """Fields of the map, of all pits together."""
    x, y = np.meshgrid(grid.x, grid.y)
    points = np.column_stack([x.ravel(), y.ravel()])
    settled, fallen = water.settled.copy(), water.upper.copy()
    inside = np.zeros(grid.shape, bool)
    for one in made:
        moved = one.ground.at(points).settlement.reshape(grid.shape)
        here = _inside(one, grid)
        settled += np.where(here, 0.0, moved)
        inside |= here
        kept = min(stage.dry_to_m for stage in one.pit.stages)
        fallen[here] = np.maximum(fallen[here], one.soil.water_m - kept)
    settled[inside | _open_water(site.city, grid)] = np.nan
    arrays = {
        "settlement_mm": settled, "groundwater_m": _level(site, settings, made, before, grid) - fallen, "drawdown_m": fallen,
        "head_drawdown_m": water.lower,
    }  # fmt: skip
    made_of = {name: variable(name).array(values.astype(np.float32)) for name, values in arrays.items()}
    return xr.Dataset(made_of, coords={"y": grid.y, "x": grid.x}, attrs={"crs": grid.crs or "", "cell_m": float(grid.cell)})


def _open_water(city: City, grid: GridSpec) -> NDArray[np.bool_]:
    """Cells of canals: how far their beds settle is nobody's question."""
    return np.asarray(burnt([shape for shape in city.water.geometry if shape is not None], grid) >= 0)


def _inside(one: Dug, grid: GridSpec) -> NDArray[np.bool_]:
    return np.asarray(burnt([one.pit.outline_at_top], grid) >= 0)


def _level(
    site: Site, settings: PitAnalysis, made: list[Dug], before: tuple[Site, ImpactResult] | None, grid: GridSpec
) -> NDArray[np.float64]:
    """The water table as it is without pits: that of the nearest pit, well or sounding [m in the vertical datum]."""
    if before is not None and not before[0].pits:
        known = before[1].fields["groundwater_m"].to_numpy().astype(np.float64)
        if np.isfinite(known).all():
            return known
    if made:
        x, y = np.meshgrid(grid.x, grid.y)
        points = shapely.points(np.column_stack([x.ravel(), y.ravel()]))
        nearest = np.argmin([shapely.distance(one.pit.outline, points) for one in made], axis=0)
        return np.array([one.soil.water_m for one in made])[nearest].reshape(grid.shape)
    west, south, east, north = grid.bounds
    level, _ = water_of(site.city, settings, 0.5 * (west + east), 0.5 * (south + north), within_m=math.inf)
    return np.full(grid.shape, level)


def _stages(city: City, made: list[Dug]) -> gpd.GeoDataFrame:
    """A row a stage and pit, with the outline of the pit at that depth."""
    rows: list[dict[str, Any]] = [row for one in made for row in one.stages]
    shapes = [one.pit.outline_at(row["dug_m"]) for one in made for row in one.stages]
    frame = pd.DataFrame(rows, index=[f"{row['pit']} {row['stage']}" for row in rows])
    for name in ("starts", "ends"):
        if name in frame:
            frame[name] = frame[name].map(lambda day: "" if day is None else day.isoformat()).astype("str")
    frame.index.name = "id"
    return gpd.GeoDataFrame(frame, geometry=shapes, crs=city.crs)
