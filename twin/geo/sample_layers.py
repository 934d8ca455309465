"""Layers of the embedded sample: what was laid out, as rows with the columns that `twin.geo.city.LAYERS` names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely
from shapely.affinity import translate
from shapely.geometry import Point, Polygon
from shapely.geometry.base import BaseGeometry

from twin.geo.sample_backs import GardenWall, make_annexes, make_courts, make_garden_walls
from twin.geo.sample_canal import (
    Bridge,
    Cellar,
    CellarState,
    Stairway,
    deck_underside_m,
    make_bridges,
    make_cellars,
    make_stairs,
    state_of,
    water,
)
from twin.geo.sample_furnish import make_furniture, make_pit, make_places, make_trees
from twin.geo.sample_ground import make_soundings
from twin.geo.sample_houses import House, Plot, make_houses, polygon_of
from twin.geo.sample_landmark import Tower, make_church, make_lawns, make_tower
from twin.geo.sample_networks import make_sensors, make_utilities
from twin.geo.sample_plan import DECK_Z, SOUTH_WEST, WATER_Z, WHARF_Z, Dice, Plan, clean
from twin.geo.sample_streets import Surface, make_surfaces

if TYPE_CHECKING:
    from pyproj import CRS

Rows = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class District:
    """All that the sample consists of, in local coordinates."""

    plan: Plan
    dice: Dice
    houses: list[House]
    tower: Tower
    surfaces: list[Surface]
    stairs: list[Stairway]
    bridges: list[Bridge]
    cellars: list[Cellar]
    gardens: dict[str, BaseGeometry]
    water: Polygon
    garden_walls: list[GardenWall]


def make_district(plan: Plan, dice: Dice) -> District:
    """Lay out everything on the plan."""
    houses, plots, land = make_houses(plan, dice)
    houses += _behind(plan, dice, plots)
    tower, church = make_tower(plan), make_church(plan)
    stairs, bridges = make_stairs(plan), make_bridges(plan)
    lawns = make_lawns(plan)
    parts = [tower.footprint, *(part.footprint for part in church), *lawns.values()]
    # millimetres more, so that no crumb of floor is left between walls that touch
    landmark = shapely.union_all(shapely.buffer(parts, 0.002, join_style="mitre"))
    surfaces = [
        replace(s, polygon=_largest(clean(s.polygon.difference(landmark)))) if s.id == "churchyard" else s
        for s in make_surfaces(plan, land, houses, bridges, stairs)
    ]
    cellars = make_cellars(plan, stairs, dice)
    gardens = {**_gardens(land, houses, plan), **lawns}
    return District(
        plan, dice, houses + church, tower, surfaces, stairs, bridges, cellars, gardens, clean(water(plan.canal)),
        make_garden_walls(plan, {b.name: land[b.name] for b in plan.blocks if b.kind == "houses"}, houses),
    )  # fmt: skip


def _largest(geometry: BaseGeometry) -> BaseGeometry:
    return max(shapely.get_parts(geometry), key=lambda part: part.area)


def _behind(plan: Plan, dice: Dice, plots: dict[str, list[Plot]]) -> list[House]:
    """Courts, halls and annexes in the blocks."""
    found: list[House] = []
    annexes = 0
    for block in plan.blocks:
        if block.kind != "houses":
            continue
        here = [polygon_of(plot) for plot in plots[block.name]]
        courts = make_courts(plan, block, shapely.union_all(here), dice)
        built = shapely.union_all([*here, *(house.footprint.buffer(3.0) for house in courts)])
        extra = make_annexes(plan, block, plots[block.name], built, dice, annexes)
        annexes += len(extra)
        found += courts + extra
    return found


def _gardens(land: dict[str, Polygon], houses: list[House], plan: Plan) -> dict[str, BaseGeometry]:
    """What of each block is not built on."""
    footprints = [house.footprint for house in houses]
    tree = shapely.STRtree(footprints)
    found: dict[str, BaseGeometry] = {}
    for block in plan.blocks:
        if block.kind != "houses":
            continue
        inside = land[block.name].intersection(shapely.box(0, 0, 600, 500))
        near = [footprints[i] for i in tree.query(inside)]
        # slivers of less than a step between walls are no garden
        open_land = (
            inside.difference(shapely.union_all(near))
            .buffer(-0.3, join_style="mitre")
            .buffer(0.29, join_style="mitre")
            .simplify(0.02)
        )
        parts = [part for part in shapely.get_parts(clean(open_land)) if part.area > 8.0]
        for number, part in enumerate(sorted(parts, key=lambda part: -part.area)):
            found[f"garden-{block.name}-{number + 1}" if number else f"garden-{block.name}"] = part
    return found


def layer_rows(district: District) -> dict[str, Rows]:
    """Rows of every layer by id."""
    plan = district.plan
    places = make_places(plan, district.surfaces)
    trees = make_trees(plan, district.gardens, district.dice, places["place-wharf-terrace"].buffer(1.0))
    return {
        "buildings": _buildings(district),
        "roads": {
            s.id: {"geometry": s.polygon, "surface": s.surface, "level": s.level, "z_m": s.z_m}
            for s in district.surfaces
        },
        "stairs": {
            s.id: {
                "geometry": s.polygon, "bottom_level": "wharf", "top_level": "street", "bottom_z_m": WHARF_Z,
                "top_z_m": s.top_z_m, "up_azimuth_deg": s.up_azimuth_deg,
            }
            for s in district.stairs
        },
        "bridges": {
            b.id: {"geometry": b.deck, "level": "street", "z_m": DECK_Z, "underside_z_m": deck_underside_m()}
            for b in district.bridges
        },
        "water": {"canal": {"geometry": district.water, "z_m": WATER_Z}},
        "trees": {
            t.id: {
                "geometry": Point(t.x, t.y), "height_m": t.height_m, "crown_diameter_m": t.crown_diameter_m,
                "crown_base_m": round(0.3 * t.height_m, 1), "z_m": t.z_m,
            }
            for t in trees
        },
        "green": {
            name: {"geometry": garden, "kind": "lawn" if "lawn" in name else "garden"}
            for name, garden in district.gardens.items()
        },
        "furniture": {
            f.id: {"geometry": Point(f.x, f.y), "kind": f.kind, "height_m": f.height_m, "z_m": f.z_m}
            for f in make_furniture(plan, district.stairs)
        },
        "cellars": {c.id: _cellar(c, state_of(c, district.dice)) for c in district.cellars},
        "pits": _pits(plan),
        "utilities": make_utilities(plan),
        "sensors": make_sensors(plan),
        "soundings": make_soundings(plan, district.dice),
        "landuse": {name: {"geometry": polygon, "kind": "place"} for name, polygon in places.items()},
    }  # fmt: skip


def _buildings(district: District) -> Rows:
    rows: Rows = {}
    for house in district.houses:
        rows[house.id] = _building(house.footprint, house.ground_m, house.ridge_m, house.roof, house.use)
    tower = district.tower
    rows[tower.id] = _building(tower.footprint, tower.ground_m, tower.apex[2], "spire", "church")
    return rows


def _building(footprint: Polygon, ground: float, roof: float, shape: str, use: str) -> dict[str, Any]:
    return {
        "geometry": footprint, "type": "Building", "ground_m": ground, "roof_m": roof,
        "height_m": round(roof - ground, 3), "height_source": "generated", "roof_shape": shape, "use": use,
    }  # fmt: skip


def _cellar(cellar: Cellar, state: CellarState) -> dict[str, Any]:
    return {
        "geometry": cellar.polygon, "floor_m": cellar.floor_m, "crown_m": cellar.crown_m, "vault_m": cellar.vault_m,
        "cover_m": cellar.cover_m, "span_azimuth_deg": cellar.span_azimuth_deg, "estimated": True,
        "kind": "wharf", "condition": state.condition, "foundation": state.foundation, "owner_class": state.owner_class,
        "use": state.use, "inspected": state.inspected,
    }  # fmt: skip


def _pits(plan: Plan) -> Rows:
    outline, top = make_pit(plan)
    return {"pit-garage": {"geometry": outline, "bottom_m": round(top - 6.5, 2), "top_m": top, "status": "planned"}}


def frame(rows: Rows, crs: CRS) -> gpd.GeoDataFrame:
    """A layer in the CRS of the city from rows in local coordinates."""
    geometry = [translate(row["geometry"], *SOUTH_WEST) for row in rows.values()]
    geometry = [shapely.normalize(shapely.set_precision(shape, 0.001)) for shape in geometry]
    columns = pd.DataFrame([{k: v for k, v in row.items() if k != "geometry"} for row in rows.values()])
    columns.index = pd.Index(list(rows), name="id", dtype="str")
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=crs)
