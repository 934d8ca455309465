"""The tower and the church on the square of the embedded sample."""

from __future__ import annotations

import math
from dataclasses import dataclass

from shapely.geometry import Polygon

from twin.geo.sample_furnish import in_block, square_block
from twin.geo.sample_houses import House, ground_of
from twin.geo.sample_plan import Plan
from twin.geo.sample_solids import Point2, Point3, mm

JOINT_M = 0.003
"""Gap between parts that meet along a wall without sharing its ends [m]: more than rounding can overlap."""


@dataclass(frozen=True)
class Tower:
    """A tower of prisms that step back, under a spire; heights [m]."""

    id: str
    stages: tuple[tuple[list[Point2], float, float], ...]
    apex: Point3
    ground_m: float

    @property
    def footprint(self) -> Polygon:
        return Polygon(self.stages[0][0])


def _frame(plan: Plan) -> tuple[Point2, Point2]:
    """Middle of the churchyard's west side, and the direction of the nave (east, along the yard)."""
    yard = square_block(plan, "church")
    a, b = in_block(yard, 0.0, 0.5), in_block(yard, 1.0, 0.5)
    length = math.hypot(b[0] - a[0], b[1] - a[1])
    return a, ((b[0] - a[0]) / length, (b[1] - a[1]) / length)


def _place(plan: Plan, points: list[tuple[float, float]]) -> list[Point2]:
    """From metres along and left of the nave's axis to the district."""
    (x, y), (ux, uy) = _frame(plan)
    return [(mm(x + s * ux - t * uy), mm(y + s * uy + t * ux)) for s, t in points]


def _square(centre: float, half: float) -> list[tuple[float, float]]:
    return [(centre - half, -half), (centre + half, -half), (centre + half, half), (centre - half, half)]


def _octagon(centre: float, radius: float) -> list[tuple[float, float]]:
    angles = [math.pi / 8 + k * math.pi / 4 for k in range(8)]
    return [(centre + radius * math.cos(a), radius * math.sin(a)) for a in angles]


def make_tower(plan: Plan) -> Tower:
    """A Gothic tower of some 86 m: two square stages, an octagonal lantern and a spire."""
    centre = 11.0 - JOINT_M
    base = _place(plan, _square(centre, 8.0))
    ground = ground_of(plan, base)
    outlines = [
        (base, 3.0), (_place(plan, _square(centre, 7.5)), 33.0), (_place(plan, _square(centre, 6.2)), 34.5),
        (_place(plan, _square(centre, 5.9)), 55.0), (_place(plan, _octagon(centre, 5.0)), 57.0),
        (_place(plan, _octagon(centre, 4.6)), 71.5), (_place(plan, _octagon(centre, 3.9)), 73.0),
    ]  # fmt: skip
    stages = []
    bottom = ground
    for ring, height in outlines:
        top = mm(ground + height)
        stages.append((ring, bottom, top))
        bottom = top
    apex = (*_place(plan, [(centre, 0.0)])[0], mm(ground + 86.0))
    return Tower("tower", tuple(stages), apex, ground)


def make_church(plan: Plan) -> list[House]:
    """Nave, aisles, transept and choir east of the tower, each a closed solid of its own."""

    # along from, to, left from, to; the first edge is the south side
    def part(name: str, s0: float, s1: float, t0: float, t1: float, roof: str, eaves: float, ridge: float) -> House:
        corners = [(s0, t0), (s1, t0), (s1, t1), (s0, t1)]
        turn = {"church-choir": 3, "church-aisle-north": 2}.get(name, 0)
        ring = _place(plan, corners[turn:] + corners[:turn])
        ground = ground_of(plan, ring)
        return House(name, tuple(ring), ([], []), roof, ground, mm(ground + eaves), mm(ground + ridge), "church")

    return [
        part("church-nave", 19.0, 52.0, -6.0, 6.0, "gable-side", 18.0, 26.5),
        part("church-choir", 52.0 + JOINT_M, 63.0, -4.6, 4.6, "hipped", 16.5, 23.0),
        part("church-aisle-south", 19.0, 41.0, -11.5, -6.0 - JOINT_M, "shed", 8.5, 12.5),
        part("church-aisle-north", 19.0, 41.0, 6.0 + JOINT_M, 11.5, "shed", 8.5, 12.5),
        part("church-transept-south", 41.0 + JOINT_M, 52.0, -16.0, -6.0 - JOINT_M, "gable-front", 17.0, 25.0),
        part("church-transept-north", 41.0 + JOINT_M, 52.0, 6.0 + JOINT_M, 16.0, "gable-front", 17.0, 25.0),
    ]


def make_lawns(plan: Plan) -> dict[str, Polygon]:
    """Grass with old trees on both sides of the church."""
    south = [(19.0, -26.0), (60.0, -26.0), (60.0, -19.0), (38.0, -19.0), (38.0, -14.0), (19.0, -14.0)]
    north = [(s, -t) for s, t in reversed(south)]
    return {"lawn-south": Polygon(_place(plan, south)), "lawn-north": Polygon(_place(plan, north))}
