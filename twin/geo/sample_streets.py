"""Streets of the embedded sample: everything between the blocks, cut into named surfaces."""

from __future__ import annotations

import math
from dataclasses import dataclass

import shapely
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from twin.geo.sample_canal import SIDES, STREET_Z, Bridge, Stairway, wharf
from twin.geo.sample_houses import House
from twin.geo.sample_plan import DECK_Z, DISTRICT, PRECISION_M, WHARF_Z, Plan, clean, crossing_lines


@dataclass(frozen=True)
class Surface:
    """A piece of floor; `z_m` is NaN where it lies on the terrain."""

    id: str
    polygon: BaseGeometry
    surface: str
    level: str
    z_m: float = math.nan


def make_surfaces(
    plan: Plan, land: dict[str, Polygon], houses: list[House], bridges: list[Bridge], stairs: list[Stairway]
) -> list[Surface]:
    """All floor: streets, lanes, square, wharves and bridges."""
    canal = plan.canal
    between = Polygon(canal.line(-1, "quay") + canal.line(1, "quay")[::-1])
    squares = {block.name: block for block in plan.blocks if block.kind != "houses"}
    taken = [polygon for name, polygon in land.items() if name not in squares]
    taken += [between, *(stair.polygon for stair in stairs), *(house.footprint for house in houses)]
    holes = shapely.union_all(taken, grid_size=PRECISION_M)
    left = clean(shapely.difference(DISTRICT, holes, grid_size=PRECISION_M))
    found: list[Surface] = []
    for surface_id, zone, kind, z_m in _zones(plan):
        piece = clean(shapely.intersection(left, zone, grid_size=PRECISION_M))
        if piece.area < 1.0:
            continue
        left = clean(shapely.difference(left, zone, grid_size=PRECISION_M))
        found.append(Surface(surface_id, piece, kind, "street", z_m))
    for name, side in SIDES.items():
        found.append(Surface(f"wharf-{name}", wharf(canal, side), "wharf", "wharf", WHARF_Z))
    found += [Surface(f"deck-{bridge.id}", bridge.floor, "bridge", "street", DECK_Z) for bridge in bridges]
    return found


def _zones(plan: Plan) -> list[tuple[str, BaseGeometry, str, float]]:
    """Where each name applies, in order: the first zone that covers a place names it."""
    canal = plan.canal
    zones: list[tuple[str, BaseGeometry, str, float]] = []
    for name, side in SIDES.items():
        band = Polygon(canal.line(side, "axis") + canal.line(side, "facade")[::-1])
        zones.append((f"canal-street-{name}", band.buffer(0.12, join_style="mitre"), "street", STREET_Z[name]))
    for block in plan.blocks:
        if block.kind != "houses":
            name = "square" if block.kind == "square" else "churchyard"
            zones.append((name, block.polygon, "square", math.nan))
    for column in plan.columns:
        for crossing in column.crossings:
            south, north = crossing_lines(column, crossing)
            zone = Polygon([*south.coords, *reversed(north.coords)]).buffer(0.3, join_style="mitre")
            name = f"{crossing.name}-{column.name}" if crossing.name.startswith("street") else crossing.name
            zones.append((name, zone, crossing.surface, math.nan))
    for west, east in zip(plan.columns[:-1], plan.columns[1:], strict=True):
        if west.name == "w1":
            continue
        zone = _strip(west.east, east.west)
        zones.append((f"street-{west.name}-{east.name}", zone, "street", math.nan))
    return zones


def _strip(west: LineString, east: LineString) -> BaseGeometry:
    return Polygon([*west.coords, *reversed(east.coords)]).buffer(0.4, join_style="mitre")
