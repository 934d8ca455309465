"""What rain falls on: a city as heights, walls, open water, and kinds of ground that water soaks into or runs off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.errors import ParameterError
from twin.geo.rasterize import rasterize
from twin.grid import GridSpec
from twin.impacts.site import Site
from twin.sim.impact.inertial import OUTSIDE, WALL, WATER, Ground
from twin.sim.impact.runoff import roof_supply

if TYPE_CHECKING:
    from twin.geo.city import City
    from twin.scenario.rain import RainAnalysis

STREET, PAVED, UNPAVED = 3, 4, 5
"""Kinds of ground: paved and with sewers, other paving, and what water soaks into."""

MOST_CELLS = 16_000_000
"""Each takes some 150 bytes of memory, with fill and spill some 250."""

SUNK_M = 0.5
"""A building whose roof is no higher than this above its foot stands in nobody's way: it is underground [m]."""

SOFT = frozenset({
    # OpenStreetMap
    "unpaved", "ground", "dirt", "earth", "grass", "sand", "gravel", "fine_gravel", "pebblestone", "mud", "woodchips", "compacted",
    "forest", "meadow", "farmland", "orchard", "cemetery", "allotments", "recreation_ground", "village_green", "greenfield", "park",
    "garden", "flowerbed", "scrub", "wood", "heath", "grassland", "plant_nursery", "vineyard", "grass_paver",
    # the Dutch large-scale base map (BGT)
    "onverhard", "half verhard", "zand", "grind", "puin", "schelpen", "gras- en kruidachtigen", "boomschors", "groenvoorziening",
})  # fmt: skip
"""What a source calls ground that water soaks into, in lower case."""


@dataclass(frozen=True, eq=False)
class Catchment:
    """A city made ready for rain.

    Parameters
    ----------
    grid : GridSpec
    ground : Ground
        With a ring of one cell around the grid.
    building : (R, C) int32
        Row of ``city.buildings`` that stands on each cell; -1 for none.
    pits : (R, C) bool
        Cells in excavation pits.
    lost : float
        Cells of roof whose rain reaches no ground.
    notes : tuple of str
    """

    grid: GridSpec
    ground: Ground
    building: NDArray[np.int32]
    pits: NDArray[np.bool_]
    lost: float
    notes: tuple[str, ...]

    @property
    def kind(self) -> NDArray[np.uint8]:
        """Of each cell of the grid, (R, C)."""
        return self.ground.kind[1:-1, 1:-1]

    @property
    def is_ground(self) -> NDArray[np.bool_]:
        """Where water can stand, (R, C)."""
        return self.kind > OUTSIDE

    @property
    def is_street_level(self) -> NDArray[np.bool_]:
        """Ground that is not in a pit, (R, C): water in a pit stands before no facade and on no road."""
        return self.is_ground & ~self.pits


def burnt(shapes: Sequence[BaseGeometry], grid: GridSpec) -> NDArray[np.int32]:
    """Number of the last shape that covers the middle of each cell, (R, C) int32; -1 for none."""
    from rasterio.features import rasterize as burn
    from rasterio.transform import Affine

    out: NDArray[np.int32] = np.full(grid.shape, -1, np.int32)
    pairs = [(shapely.force_2d(shape), k) for k, shape in enumerate(shapes) if shape is not None and not shape.is_empty]
    pairs = [(shape, k) for shape, k in pairs if shape.geom_type in ("Polygon", "MultiPolygon", "GeometryCollection")]
    if pairs:
        burn(pairs, out=out, transform=Affine(*grid.gdal_transform()))
    return out


def _soft(frame: gpd.GeoDataFrame, columns: Sequence[str]) -> NDArray[np.bool_]:
    """Whether water soaks into each row of a layer, by what it is called."""
    out: NDArray[np.bool_] = np.zeros(len(frame), bool)
    for column in columns:
        if column in frame:
            out |= frame[column].fillna("").astype(str).str.strip().str.lower().isin(SOFT).to_numpy(bool)
    return out


def catchment(site: Site, settings: RainAnalysis) -> Catchment:
    """Make a site ready for rain.

    Raises
    ------
    ParameterError
        When there are too many cells.
    """
    grid, city = site.grid(settings.cell_m), site.city
    if grid.rows * grid.columns > MOST_CELLS:
        told = f"{grid.rows * grid.columns:,} cells of {grid.cell:g} m are more than the {MOST_CELLS:,} that are worked out at once"
        raise ParameterError(told, where="cell_m", hint="take larger cells, or a smaller area")
    relief = rasterize(replace(city, dsm=None), grid.cell, bounds=grid.bounds, trees=False)
    bare, z = relief.ground.astype(np.float64), relief.surface.astype(np.float64)
    if not np.isfinite(z).any():
        raise ParameterError("no part of it lies in the city", where="area", hint=f"the city has bounds {city.bounds}")
    holes = _holes(city, grid, bare)
    if holes.any():
        lies = holes & (z == bare)
        bare = _nearest(bare, holes)
        z[lies] = bare[lies]
    building = _buildings(city, grid, relief.building)
    water, decks, pits = (burnt(list(city.layers[name].geometry), grid) for name in ("water", "bridges", "pits"))
    kind = _kinds(city, grid, settings)
    # a bridge over water is a street that drains to its ends or sides; beneath other decks water passes; a pit is as deep as the
    # terrain
    over = (decks >= 0) & np.isin(decks, decks[water >= 0])
    z[over] = np.fmax(z, _stated(city.bridges, decks))[over]
    dug = _dug(city.pits, pits, bare)
    z = np.where(((decks >= 0) & ~over) | dug, bare, z)
    wet = (water >= 0) & ~over
    level = _stated(city.water, water)
    z[wet] = np.where(np.isfinite(level), level, bare)[wet]
    kind[dug & (kind == STREET)] = PAVED  # no gullies at the bottom of an excavation
    kind[over] = STREET
    kind[wet] = WATER
    kind[building >= 0] = WALL
    outside = ~np.isfinite(z)
    kind[outside & (building < 0)] = WALL if settings.edges == "closed" else OUTSIDE
    building[outside] = -1
    z = _filled(z)
    supply, lost = roof_supply(building, kind)
    ring = WALL if settings.edges == "closed" else OUTSIDE
    per_s = 1.0 / (1000.0 * 3600.0)
    hard, soft = settings.paved_infiltration_mm_h * per_s, settings.unpaved_infiltration_mm_h * per_s
    ground = Ground(
        np.pad(z, 1, mode="edge"), np.pad(kind, 1, constant_values=ring), np.pad(supply, 1), np.array(
            [0.0, settings.paved_manning, settings.paved_manning, settings.paved_manning, settings.paved_manning,
             settings.unpaved_manning]
        ), np.array([0.0, 0.0, 0.0, hard, hard, soft]), np.array([0.0, 0.0, 0.0, settings.sewer_mm_h * per_s, 0.0, 0.0]), grid.cell,
    )  # fmt: skip
    return Catchment(grid, ground, building, dug & (kind > OUTSIDE), lost, _notes(city, settings, grid, kind, holes))


def _buildings(city: City, grid: GridSpec, roofs: NDArray[np.int32]) -> NDArray[np.int32]:
    """Row of the building on each cell: its footprint, or a roof over it."""
    frame = city.buildings
    shapes = list(frame.geometry)
    if "height_m" in frame:
        low = frame["height_m"].to_numpy(np.float64) < SUNK_M
        shapes = [None if sunk else shape for shape, sunk in zip(shapes, low, strict=True)]
        roofs = np.where((roofs >= 0) & low[roofs], -1, roofs) if len(low) else roofs
    number = burnt(shapes, grid)
    return np.where(number >= 0, number, roofs).astype(np.int32)


def _kinds(city: City, grid: GridSpec, settings: RainAnalysis) -> NDArray[np.uint8]:
    """Kind of ground of each cell, buildings and water left out."""
    kind: NDArray[np.uint8] = np.full(grid.shape, PAVED if settings.elsewhere == "paved" else UNPAVED, np.uint8)
    land = burnt(list(city.landuse.geometry[_soft(city.landuse, ("kind", "landuse", "surface"))]), grid)
    green = burnt(list(city.green.geometry), grid)
    kind[(land >= 0) | (green >= 0)] = UNPAVED
    soft = _soft(city.roads, ("surface", "paving"))
    road = burnt(list(city.roads.geometry), grid)
    there = road >= 0
    kind[there] = np.where(soft[road[there]], UNPAVED, STREET) if len(soft) else kind[there]
    if "laid" in city.landuse:
        laid = city.landuse["laid"].fillna("").astype(str).to_numpy()
        mine = laid != ""
        number = burnt(list(city.landuse.geometry[mine]), grid)
        codes = np.where(laid[mine] == "paved", STREET, UNPAVED).astype(np.uint8)
        kind[number >= 0] = codes[number[number >= 0]]
    return kind


def _dug(frame: gpd.GeoDataFrame, number: NDArray[np.int32], bare: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Cells in pits that are there: of one that is planned only the terrain knows nothing yet."""
    heights = [frame[name].to_numpy(np.float64) if name in frame else np.full(len(frame), np.nan) for name in ("top_m", "bottom_m")]
    middle = np.append(0.5 * (heights[0] + heights[1]), np.nan)[number]
    return np.asarray((number >= 0) & (np.isnan(middle) | (bare < middle)))


def _stated(frame: gpd.GeoDataFrame, number: NDArray[np.int32]) -> NDArray[np.float64]:
    """Height that a layer states for the row on each cell; NaN where it states none [m]."""
    known = frame["z_m"].to_numpy(np.float64) if "z_m" in frame else np.full(len(frame), np.nan)
    return np.append(known, np.nan)[number]


def _holes(city: City, grid: GridSpec, bare: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Cells of the city of which its terrain does not know the height."""
    if city.terrain is None:
        return np.zeros(grid.shape, bool)
    return np.asarray(np.isnan(city.terrain.resampled(grid).height) & np.isfinite(bare))


def _nearest(bare: NDArray[np.float64], holes: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Heights with those of the nearest known cell in holes: any other would be a pit or a hill that is not there."""
    from scipy.ndimage import distance_transform_edt

    unknown = holes | ~np.isfinite(bare)
    if unknown.all():
        return bare
    rows, columns = distance_transform_edt(unknown, return_distances=False, return_indices=True)
    return np.where(holes, bare[rows, columns], bare)


def _filled(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Heights where they are unknown: the lowest of those beside, so that what reaches them runs off; elsewhere as they are."""
    known = np.where(np.isfinite(z), z, np.inf)
    around = np.pad(known, 1, constant_values=np.inf)
    least = np.minimum(
        np.minimum(around[:-2, 1:-1], around[2:, 1:-1]), np.minimum(around[1:-1, :-2], around[1:-1, 2:])
    )
    least = np.where(np.isfinite(least), least, 0.0)
    return np.where(np.isfinite(z), z, least)


def _notes(
    city: City, settings: RainAnalysis, grid: GridSpec, kind: NDArray[np.uint8], holes: NDArray[np.bool_]
) -> tuple[str, ...]:
    told = []
    if city.terrain is None:
        told.append("The city has no terrain: its ground is flat, so where water gathers is not known, and a pit holds none.")
    missing = float((holes & (kind > WATER)).sum()) * grid.cell**2
    if missing:
        told.append(f"On {missing:,.0f} m2 of ground the terrain has no height: that of the nearest ground that has one counts.")
    if not len(city.roads):
        told.append("The city has no layer of roads, so nothing runs into sewers and no road is judged.")
    elif not city.roads.geometry.geom_type.isin(("Polygon", "MultiPolygon", "GeometryCollection")).any():
        told.append("The roads of the city are lines without a surface, so nothing runs into sewers and no road is judged.")
    if not len(city.water):
        told.append("The city has no open water.")
    elif "z_m" not in city.water or city.water["z_m"].isna().any():
        told.append("Where the level of open water is not stated it is that of the ground there.")
    told.append(f"Ground that no layer tells of counts as {settings.elsewhere}.")
    return tuple(told)
