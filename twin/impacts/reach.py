"""Which buildings a vehicle reaches: how long it takes, and how far it is from where it can stand to their walls over the floor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, label
from shapely.geometry.base import BaseGeometry

from twin.discretize import Ground, discretize
from twin.errors import ScenarioError
from twin.geo.walkable import STREET, make_walkable
from twin.grid import GridSpec
from twin.impacts.access import Walk, building_times, burnt, floors_of, fronts_of, place_name, placed
from twin.impacts.routes import barred, nodes_at, ways_from
from twin.impacts.site import Site
from twin.impacts.standing import standing_on
from twin.impacts.streets import Box, StreetNetwork, street_network
from twin.scenario.analyses import settings_of
from twin.scenario.apply import locate
from twin.scenario.routes import RoutesAnalysis, Vehicle
from twin.sim.impact import access

if TYPE_CHECKING:
    from twin.geo.city import City


@dataclass(frozen=True, eq=False)
class Reach:
    """What a vehicle reaches on a site.

    Parameters
    ----------
    walk : Walk
        With distances to where it can stand instead of times [m].
    net : StreetNetwork
    seconds : (N,) float64
        Least time to each node; inf where it does not get [s].
    why : (E,) str
        What keeps it from each edge; empty where nothing does.
    """

    walk: Walk
    net: StreetNetwork
    seconds: NDArray[np.float64]
    why: NDArray[np.object_]

    @property
    def reached(self) -> NDArray[np.bool_]:
        """Edges that it drives on, (E,) bool."""
        ends = self.net.edges[["tail", "head"]].to_numpy(np.int64)
        found: NDArray[np.bool_] = (self.why == "") & np.isfinite(self.seconds[ends].min(axis=1))
        return found


def vehicle_reach(
    city: City,
    stations: Sequence[Any],
    *,
    vehicle: str | Mapping[str, Any] | Vehicle = "fire engine",
    area: Box | None = None,
    closed: Mapping[str, BaseGeometry] | None = None,
    front_m: float = 10.0,
    cell: float = 0.5,
) -> gpd.GeoDataFrame:
    """Which buildings a vehicle reaches, and how long it takes.

    Parameters
    ----------
    city : City
    stations : sequence of places
        From where it comes: ids of objects of the city, or as in a scenario.
    vehicle : str, mapping or Vehicle
        As in `twin.impacts.routes.route`.
    area : (west, south, east, north), optional
        By default the whole city [m].
    closed : mapping of str to shapely geometry, optional
        What is closed, by level.
    front_m : float
        Buildings further than this from the floor are left out [m].
    cell : float
        [m]

    Returns
    -------
    GeoDataFrame
        Footprints by id with ``drive_min`` (to the nearest street that it reaches) and ``distance_m`` (over the floor from where it
        can stand to before the walls); inf where it does not get.

    Raises
    ------
    ParameterError
        When a value cannot be used.
    ScenarioError
        When a place is not in the city, or no street leads from any of them.
    WalkableError, GridError
        When the city has no floor, or too large a one for the cells.
    """
    settings = settings_of(RoutesAnalysis, stations=tuple(stations), vehicle=vehicle, front_m=front_m, cell_m=cell)
    site = Site(city, area, closed or {})
    return buildings_of(reach_of(site, settings), site, settings.front_m)


def reach_of(site: Site, settings: RoutesAnalysis, *, all_there: bool = True) -> Reach:
    """What a vehicle reaches on a site; `all_there` as in `twin.impacts.access.walk_of`.

    Raises
    ------
    ScenarioError
        When a station is not in the city, or the vehicle cannot leave any of them.
    """
    city, grid = site.city, site.grid(settings.cell_m)
    part = None if site.area is None else shapely.box(*site.area)
    net = street_network(city, area=site.area, closed=site.obstacles or None)
    places = [locate(one, city, f"analyses.routes.stations[{k}]") for k, one in enumerate(settings.stations)]
    sources = np.unique(np.concatenate([nodes_at(net, one) for one in places]))
    ways = ways_from(net, settings.vehicle, sources.tolist())
    why = barred(net.edges, settings.vehicle)
    free = Reach(Walk(grid, (), np.empty((0, *grid.shape), np.float32), {}, (), ()), net, ways.cost, why)
    if not free.reached.any() and all_there:
        told = f"no street is open to {settings.vehicle.with_article} from any of: {', '.join(map(place_name, settings.stations))}"
        hint = "look at the width of the vehicle and of the streets there"
        raise ScenarioError(told, where="analyses.routes.stations", hint=hint)
    ground = discretize(city, cell=settings.cell_m, area=part, obstacles=site.obstacles or None, terrain_speeds=False)
    stand = _stand(ground, free, city, settings.vehicle)
    flat = ground.floor._replace(speed=np.ones_like(ground.floor.speed))
    metres = access.walking_times(flat, stand, 1.0)
    if not len(stand):
        metres = np.where(ground.floor.mask, np.float32(np.inf), np.float32(np.nan))
    far = np.stack([placed(one, ground.grid, grid) for one in metres])
    made = ground.walkable if not site.obstacles else make_walkable(city, area=part)
    places_told = tuple((place_name(one), at, True) for one, at in zip(settings.stations, places, strict=True))
    walk = Walk(grid, ground.levels, far, floors_of(site, grid, made), places_told, net.notes)
    return Reach(walk, net, ways.cost, why)


def _stand(ground: Ground, reach: Reach, city: City, vehicle: Vehicle) -> NDArray[np.int32]:
    """Cells of the floor on which the middle of a vehicle can stand, (K, 3) int32.

    They are as far from walls as half its width, and lie together with a street that it reaches, or on one.
    """
    found = []
    standing, _ = standing_on(city)
    edges = reach.net.edges
    lines = edges.geometry.to_numpy()
    for k, level in enumerate(ground.levels):
        on = (edges["level"] == level).to_numpy()
        grid = ground.grid
        floor = ground.floor.mask[k] & (burnt([standing], grid) < 0)
        clear = (distance_transform_edt(np.pad(floor, 1))[1:-1, 1:-1] - 0.5) * grid.cell
        room = floor & (clear >= vehicle.width_m / 2)
        # where it does not get through the network says so, whatever the cells let pass
        neck = burnt(list(shapely.buffer(lines[on & (reach.why != "")], 1.5 * grid.cell)), grid) >= 0
        room &= ~neck & ~_forbidden(city, level, vehicle, grid)
        driven = burnt(list(shapely.buffer(lines[on & reach.reached], 0.75 * grid.cell)), grid) >= 0
        number, count = label(room, structure=np.ones((3, 3)))
        kept = np.zeros(count + 1, bool)
        kept[number[driven & room]] = True
        kept[0] = False
        rows, columns = np.nonzero(kept[number] | (driven & floor))
        found.append(np.stack([np.full(len(rows), k), rows, columns], axis=1))
    return np.concatenate(found).astype(np.int32)


def _forbidden(city: City, level: str, vehicle: Vehicle, grid: GridSpec) -> NDArray[np.bool_]:
    """Cells above cellars on which a vehicle that rules hold for must not stand."""
    from twin.impacts.streets import CELLAR_AXLE_T, CELLAR_WEIGHT_T, CELLAR_WIDTH_M

    light = vehicle.axle_load_t <= CELLAR_AXLE_T and vehicle.weight_t <= CELLAR_WEIGHT_T and vehicle.width_m <= CELLAR_WIDTH_M
    if level != STREET or vehicle.emergency or vehicle.on_foot or light or not len(city.cellars):
        return np.zeros(grid.shape, bool)
    return burnt(list(shapely.buffer(shapely.force_2d(city.cellars.geometry.to_numpy()), vehicle.width_m / 2)), grid) >= 0


def buildings_of(reach: Reach, site: Site, front_m: float, plain: Site | None = None) -> gpd.GeoDataFrame:
    """Time and distance by building that has floor before it; what lies before it as it is on the site `plain`, where given."""
    walk = reach.walk
    of = site if plain is None else plain
    if plain is not None:
        walk = Walk(walk.grid, walk.levels, walk.times, floors_of(plain, walk.grid), walk.places, walk.notes)
    buildings = site.city.buildings
    distance = building_times(walk, fronts_of(walk, of.city.buildings, front_m)).reindex(buildings.index)
    table = pd.DataFrame({"drive_min": _drive(reach, buildings), "distance_m": distance.to_numpy()}, index=buildings.index)
    table.loc[~np.isfinite(table["distance_m"]), "drive_min"] = np.inf
    table.index.name = "id"
    return gpd.GeoDataFrame(table, geometry=buildings.geometry.to_numpy(), crs=site.city.crs)


def _drive(reach: Reach, buildings: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Time to the street nearest to each building that is reached [min]."""
    edges = reach.net.edges[reach.reached]
    out = np.full(len(buildings), np.inf)
    if not len(edges) or not len(buildings):
        return out
    ends = edges[["tail", "head"]].to_numpy(np.int64)
    least = reach.seconds[ends].min(axis=1) / 60.0
    which, near = shapely.STRtree(edges.geometry.to_numpy()).query_nearest(buildings.geometry.to_numpy(), all_matches=False)
    out[which] = least[near]
    return out
