"""What stands on the floor of the embedded sample: trees, lamps, benches, the planned pit, soundings and places."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from twin.geo.sample_canal import SIDES, STREET_Z, Stairway, terrace
from twin.geo.sample_plan import HEIGHT_M, WHARF_Z, WIDTH_M, Block, Dice, Plan, clean, crossing_lines
from twin.geo.sample_streets import Surface

TERRACE_Y = 236.0


@dataclass(frozen=True)
class Tree:
    """A tree; heights [m]."""

    id: str
    x: float
    y: float
    z_m: float
    height_m: float
    crown_diameter_m: float


@dataclass(frozen=True)
class Furnishing:
    """A lamp or a bench."""

    id: str
    kind: str
    x: float
    y: float
    z_m: float
    height_m: float


def square_block(plan: Plan, kind: str = "square") -> Block:
    """The block that is the square (or the churchyard)."""
    return next(block for block in plan.blocks if block.kind == kind)


def in_block(block: Block, across: float, along: float) -> tuple[float, float]:
    """Point in a block by fractions from west to east and from south to north."""
    a, b = (side.interpolate(along, normalized=True) for side in (block.west, block.east))
    return round(a.x + across * (b.x - a.x), 3), round(a.y + across * (b.y - a.y), 3)


def make_trees(plan: Plan, gardens: dict[str, BaseGeometry], dice: Dice, keep_free: BaseGeometry) -> list[Tree]:
    """Trees along the water, on the square, in the churchyard and in the gardens."""
    found: list[Tree] = []

    def add(name: str, x: float, y: float, z: float, low: float, high: float) -> None:
        n = len(found)
        height = round(dice.uniform("tree/height", low, high, n), 1)
        crown = round(height * dice.uniform("tree/crown", 0.48, 0.66, n), 1)
        found.append(Tree(f"tree-{name}-{n + 1:03d}", round(x, 2), round(y, 2), round(z, 2), height, crown))

    for name, side in SIDES.items():
        for slot in range(40):
            y = 8.0 + 12.4 * slot + dice.uniform(f"tree/wharf/{name}", -1.5, 1.5, slot)
            x, north = plan.canal.at(y, side * 8.3)
            near_bridge = any(abs(y - at) < width / 2 + 4.5 for at, width in plan.bridges.values())
            if not near_bridge and 2 < north < HEIGHT_M - 2 and not keep_free.contains(Point(x, north)):
                add(f"wharf-{name}", x, north, WHARF_Z, 9.5, 13.0)
    square = square_block(plan)
    for along, count in ((0.075, 7), (0.925, 7)):
        for n in range(count):
            x, y = in_block(square, 0.16 + 0.68 * n / (count - 1), along)
            add("square", x, y, float(plan.height(np.array(x), np.array(y))), 8.0, 11.0)
    for name, garden in gardens.items():
        lawn = "lawn" in name
        inner = garden.buffer(-1.2 if lawn else -2.4)
        if inner.is_empty:
            continue
        west, south, east, north_ = inner.bounds
        spacing = 6.0 if lawn else 7.6
        for i in range(int((east - west) / spacing) + 1):
            for j in range(int((north_ - south) / spacing) + 1):
                if dice.uniform(f"{name}/there", 0.0, 1.0, i, j) > 0.62:
                    continue
                x = west + spacing * (i + dice.uniform(f"{name}/x", 0.1, 0.9, i, j))
                y = south + spacing * (j + dice.uniform(f"{name}/y", 0.1, 0.9, i, j))
                if inner.contains(Point(x, y)):
                    low, high = (8.0, 12.5) if lawn else (4.5, 10.5)
                    add("garden", x, y, float(plan.height(np.array(x), np.array(y))), low, high)
    return found


def make_furniture(plan: Plan, stairs: list[Stairway]) -> list[Furnishing]:
    """Lamps along the canal streets and round the square; benches on the square and the wharves."""
    found: list[Furnishing] = []
    avoid = shapely.union_all([stair.polygon.buffer(1.2) for stair in stairs])
    canal = plan.canal
    for name, side in SIDES.items():
        for n in range(19):
            y = 18.0 + 26.0 * n + (9.0 if side > 0 else 0.0)
            x, north = canal.at(y, side * (canal.wharf_edge(y, side) + 0.7))
            clear = all(abs(y - at) > width / 2 + 1.0 for at, width in plan.bridges.values())
            if clear and 1 < north < HEIGHT_M - 1 and not avoid.contains(Point(x, north)):
                found.append(Furnishing(f"lamp-{name}-{n + 1:02d}", "lamp", x, north, STREET_Z[name], 4.2))
        for n in range(9):
            y = 40.0 + 52.0 * n
            x, north = canal.at(y, side * (canal.wharf_edge(y, side) - 0.5))
            clear = all(abs(y - at) > width / 2 + 3.0 for at, width in plan.bridges.values())
            if clear and not avoid.contains(Point(x, north)) and abs(y - TERRACE_Y) > 24:
                found.append(Furnishing(f"bench-wharf-{name}-{n + 1}", "bench", x, north, WHARF_Z, 0.45))
    square = square_block(plan)
    for n, (across, along) in enumerate(((0.06, 0.1), (0.06, 0.9), (0.94, 0.1), (0.94, 0.9), (0.5, 0.04), (0.5, 0.96))):
        x, y = in_block(square, across, along)
        z = round(float(plan.height(np.array(x), np.array(y))), 2)
        found.append(Furnishing(f"lamp-square-{n + 1}", "lamp", x, y, z, 5.0))
    for n, across in enumerate((0.21, 0.33, 0.44, 0.56, 0.67, 0.79)):
        x, y = in_block(square, across, 0.105 if n % 2 else 0.895)
        z = round(float(plan.height(np.array(x), np.array(y))), 2)
        found.append(Furnishing(f"bench-square-{n + 1}", "bench", x, y, z, 0.45))
    return found


def make_pit(plan: Plan) -> tuple[Polygon, float]:
    """Outline and street height of the planned pit, which leaves about 2.8 m of an 11 m wide street."""
    column = next(column for column in plan.columns if column.name == "e2")
    crossing = next(crossing for crossing in column.crossings if crossing.width > 10)
    south, _north = crossing_lines(column, crossing)
    (ax, ay), (bx, by) = south.coords[0], south.coords[-1]
    length = math.hypot(bx - ax, by - ay)
    ux, uy = (bx - ax) / length, (by - ay) / length
    start, end, near, far = 0.30 * length, 0.30 * length + 25.0, 2.8, crossing.width - 0.5
    corners = [(start, near), (end, near), (end, far), (start, far)]
    outline = Polygon([(round(ax + s * ux - t * uy, 3), round(ay + s * uy + t * ux, 3)) for s, t in corners])
    centre = outline.centroid
    return outline, round(float(plan.height(np.array(centre.x), np.array(centre.y))), 2)


def make_places(plan: Plan, surfaces: list[Surface]) -> dict[str, BaseGeometry]:
    """Places that scenarios refer to: parts of the floor, by id."""
    square = square_block(plan)
    floor = {surface.id: surface.polygon for surface in surfaces}
    x, y = in_block(square, 0.9, 0.5)
    (ax, ay), (bx, by) = in_block(square, 0.9, 0.45), in_block(square, 0.9, 0.55)
    length = math.hypot(bx - ax, by - ay)
    ux, uy = (bx - ax) / length, (by - ay) / length
    corners = [(-4, -3), (4, -3), (4, 3), (-4, 3)]
    stage = Polygon([(round(x + s * ux - t * uy, 3), round(y + s * uy + t * ux, 3)) for s, t in corners])
    free = floor["square"].buffer(-1.5, join_style="mitre").difference(stage.buffer(1.0, join_style="mitre"))
    # a start area is one polygon: what lies behind the stage is left out
    free = max(shapely.get_parts(clean(free)), key=lambda part: part.area)
    depth = 2.5
    edges = {
        "exit-north": ("canal-street-east", box(0, HEIGHT_M - depth, WIDTH_M, HEIGHT_M)),
        "exit-north-west": ("canal-street-west", box(0, HEIGHT_M - depth, WIDTH_M, HEIGHT_M)),
        "exit-south": ("canal-street-east", box(0, 0, WIDTH_M, depth)),
        "exit-south-west": ("canal-street-west", box(0, 0, WIDTH_M, depth)),
        "exit-east": ("street-2-e4", box(WIDTH_M - depth, 0, WIDTH_M, HEIGHT_M)),
        "exit-west": ("street-2-w3", box(0, 0, depth, HEIGHT_M)),
    }
    places: dict[str, BaseGeometry] = {"place-square": free, "place-stage": stage}
    places |= {name: clean(floor[street].intersection(strip)) for name, (street, strip) in edges.items()}
    places["place-wharf-terrace"] = terrace(plan, TERRACE_Y, 40.0, SIDES["east"])
    return places
