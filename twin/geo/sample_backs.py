"""Behind the houses of the embedded sample: annexes, almshouses round a court, halls and garden walls."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
import shapely.ops
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from twin.geo.sample_houses import House, Plot, ground_of
from twin.geo.sample_plan import DISTRICT, Block, Dice, Plan, clean
from twin.geo.sample_solids import Point2, mid, mm, signed_area

OFF_WALL_M = 0.002
"""Gap between an annex and the house it leans on [m]: less than is seen, more than rounding."""
WALL_THICKNESS_M = 0.3
WALL_HEIGHT_M = 2.1


@dataclass(frozen=True)
class GardenWall:
    """A brick wall that closes the gardens of a block off from the street; heights [m]."""

    id: str
    polygon: BaseGeometry
    bottom_m: float
    top_m: float


def make_annexes(
    plan: Plan, block: Block, plots: list[Plot], built: BaseGeometry, dice: Dice, first: int
) -> list[House]:
    """Low buildings in the gardens, on the back of about half of the houses."""
    found: list[House] = []
    land = block.polygon.buffer(-1.0).intersection(DISTRICT.buffer(-0.5))
    name = f"annex/{block.name}"
    for number, plot in enumerate(plots):
        if dice.uniform(f"{name}/there", 0.0, 1.0, number) > 0.5:
            continue
        near = mid(plot.back[0], plot.back[1], dice.uniform(f"{name}/from", 0.005, 0.25, number))
        far = mid(plot.back[0], plot.back[1], dice.uniform(f"{name}/to", 0.62, 0.995, number))
        length = math.hypot(plot.back[0][0] - plot.front[0][0], plot.back[0][1] - plot.front[0][1])
        ux, uy = (plot.back[0][0] - plot.front[0][0]) / length, (plot.back[0][1] - plot.front[0][1]) / length
        depth = dice.uniform(f"{name}/depth", 3.0, 7.5, number)
        corners = [_moved(far, ux, uy, depth), _moved(near, ux, uy, depth), _moved(near, ux, uy, OFF_WALL_M)]
        ring: list[Point2] = [*corners, _moved(far, ux, uy, OFF_WALL_M)]
        if signed_area(ring) < 0:
            ring = [ring[1], ring[0], ring[3], ring[2]]
        outline = Polygon(ring)
        if not land.contains(outline) or outline.intersection(built).area > 1e-4:
            continue
        built = built.union(outline)
        roof = dice.pick(f"{name}/roof", {"flat": 0.55, "shed": 0.45}, number)
        ground = ground_of(plan, ring)
        eaves = mm(ground + round(dice.uniform(f"{name}/eaves", 2.8, 4.2, number), 1))
        ridge = mm(eaves + 1.3) if roof == "shed" else eaves
        found.append(
            House(f"annex-{first + len(found) + 1:04d}", tuple(ring), ([], []), roof, ground, eaves, ridge, "annex")
        )
    return found


def _moved(point: Point2, ux: float, uy: float, distance: float) -> Point2:
    return mm(point[0] + distance * ux), mm(point[1] + distance * uy)


def make_courts(plan: Plan, block: Block, built: BaseGeometry, dice: Dice) -> list[House]:
    """Almshouses round a court in some blocks, and halls and workshops where there is room."""
    found: list[House] = []
    court = dice.uniform(f"court/{block.name}", 0.0, 1.0) < 0.3
    angle = _direction(block)
    for number in range(4):
        free = block.polygon.intersection(DISTRICT).difference(built).buffer(-2.2)
        if free.is_empty:
            break
        site = max(shapely.get_parts(free), key=lambda part: part.area)
        centre = _roomiest(site)
        name = f"{block.name}-{number + 1}"
        across = round(dice.uniform(f"hall/{block.name}/across", 7.0, 12.0, number), 1)
        along = round(across * dice.uniform(f"hall/{block.name}/along", 1.1, 2.2, number), 1)
        if number % 2:
            across, along = along, across
        here: list[House] = []
        if court and number == 0 and site.contains(Polygon(_rectangle(centre, angle, 38.0, 33.0))):
            here = _court(
                plan, block.name, _rectangle(centre, angle, 38.0, 33.0), _rectangle(centre, angle, 23.0, 18.0)
            )
        elif site.contains(Polygon(_rectangle(centre, angle, across, along))):
            roof = "hipped" if dice.uniform(f"hall/{block.name}/roof", 0.0, 1.0, number) < 0.3 else "gable-front"
            ring = _rectangle(centre, angle, across, along)
            ring = ring if along >= across else ring[1:] + ring[:1]
            eaves = round(dice.uniform(f"hall/{block.name}/eaves", 3.4, 7.0, number), 1)
            rise = mm(0.42 * min(across, along))
            here = [_range(plan, f"hall-{name}", tuple(ring), roof, eaves, rise)]
        found += here
        built = shapely.union_all([built, *(house.footprint.buffer(4.0) for house in here)])
    return found


def _roomiest(site: Polygon) -> tuple[float, float]:
    """Point of a two-metre grid that is farthest from the edge, the same in every version of GEOS."""
    west, south, east, north = site.bounds
    x, y = np.meshgrid(np.arange(math.ceil(west), east, 2.0), np.arange(math.ceil(south), north, 2.0))
    points = shapely.points(x.ravel(), y.ravel())
    shapely.prepare(site)
    inside = points[shapely.contains(site, points)]
    if not len(inside):
        return west, south
    best = inside[int(np.argmax(np.round(shapely.distance(inside, site.boundary), 4)))]
    return float(best.x), float(best.y)


def _court(plan: Plan, name: str, outer: list[Point2], inner: list[Point2]) -> list[House]:
    """Four ranges, mitred at the corners so that their roofs run on."""
    sides = ("south", "east", "north", "west")
    rings = [(outer[k], outer[(k + 1) % 4], inner[(k + 1) % 4], inner[k]) for k in range(4)]
    return [
        _range(plan, f"almshouses-{name}-{side}", ring, "gable-side", 6.2, 4.1)
        for side, ring in zip(sides, rings, strict=True)
    ]


def _range(plan: Plan, name: str, ring: tuple[Point2, ...], roof: str, eaves: float, rise: float) -> House:
    ground = ground_of(plan, ring)
    top = mm(ground + eaves)
    return House(name, ring, ([], []), roof, ground, top, mm(top + rise), "almshouse" if "alms" in name else "hall")


def _direction(block: Block) -> float:
    """Direction of a block's west side, from the y axis [rad]."""
    side = block.west if "w" in block.rows else block.east
    (x0, y0), (x1, y1) = side.coords[0], side.coords[-1]
    return math.atan2(x1 - x0, y1 - y0)


def _rectangle(centre: tuple[float, ...], angle: float, across: float, along: float) -> list[Point2]:
    """Corners counter-clockwise from the south-west."""
    ux, uy, vx, vy = math.cos(angle), -math.sin(angle), math.sin(angle), math.cos(angle)
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return [
        (
            mm(centre[0] + a * across / 2 * ux + b * along / 2 * vx),
            mm(centre[1] + a * across / 2 * uy + b * along / 2 * vy),
        )
        for a, b in signs
    ]


def make_garden_walls(plan: Plan, land: dict[str, Polygon], houses: list[House]) -> list[GardenWall]:
    """Walls along the edge of each block where no house stands, with a gate of 1.2 m left open."""
    footprints = [house.footprint for house in houses]
    tree = shapely.STRtree(footprints)
    found: list[GardenWall] = []
    inner = DISTRICT.buffer(-0.05)
    for name, outline in land.items():
        near = [footprints[i] for i in tree.query(outline)]
        houses_here = shapely.union_all(near)
        open_edge = outline.exterior.intersection(inner).difference(houses_here.buffer(0.02))
        merged = shapely.line_merge(open_edge) if open_edge.geom_type == "MultiLineString" else open_edge
        lines = [line for line in shapely.get_parts(merged) if line.geom_type == "LineString" and line.length > 1.0]
        for number, line in enumerate(sorted(lines, key=lambda line: (line.coords[0], line.length))):
            for part, piece in enumerate(_pieces(line)):
                strip = piece.buffer(WALL_THICKNESS_M, cap_style="flat", join_style="mitre")
                polygon = clean(strip.intersection(outline).difference(houses_here))
                if polygon.area < 0.1:
                    continue
                coordinates = shapely.get_coordinates(polygon)
                heights = plan.height(coordinates[:, 0], coordinates[:, 1])
                bottom, top = mm(float(heights.min()) - 0.1), mm(float(heights.max()) + WALL_HEIGHT_M)
                found.append(GardenWall(f"garden-wall-{name}-{number + 1}{'abcdefgh'[part]}", polygon, bottom, top))
    return found


def _pieces(line: LineString) -> list[LineString]:
    """A long wall in pieces with a gate between them, so that its top follows the ground."""
    count = max(1, min(8, round(line.length / 16.0)))
    if count == 1:
        return [line]
    step = line.length / count
    return [
        shapely.ops.substring(line, n * step + (0.6 if n else 0.0), (n + 1) * step - (0.6 if n + 1 < count else 0.0))
        for n in range(count)
    ]
