"""The canal of the embedded sample: wharves, quay walls, stairs, bridges and the cellars under the street."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from twin.geo.sample_plan import (
    DECK_Z,
    DISTRICT,
    FACADE_M,
    STREET_EAST_Z,
    STREET_WEST_Z,
    WHARF_Z,
    Canal,
    Dice,
    Plan,
    clean,
)

DECK_THICKNESS_M = 0.6
PARAPET_M = 0.3
STAIR_RUN_M = 6.4
LEAST_COVER_M = 0.3
CELLAR_FRONT_M = 0.55
"""Thickness of the quay wall before a cellar [m]."""
SIDES = {"west": -1, "east": 1}
STREET_Z = {"west": STREET_WEST_Z, "east": STREET_EAST_Z}
STAIRS_AT = {"west": (112.0, 236.0, 300.0, 402.0), "east": (30.0, 156.0, 262.0, 374.0)}
"""Northing on the canal's axis of the stairs on each side [m]."""


@dataclass(frozen=True)
class Stairway:
    """A stair from the wharf up to the street, cut into the street strip."""

    id: str
    polygon: Polygon
    top_z_m: float
    up_azimuth_deg: float
    y: float
    side: int
    width: float


@dataclass(frozen=True)
class Bridge:
    """A bridge from quay wall to quay wall: its slab, and what of the slab one walks on."""

    id: str
    deck: Polygon
    floor: Polygon
    y: float
    width: float


@dataclass(frozen=True)
class CellarState:
    """What is said of a cellar beside its measures, made up as all of the sample is; ``unknown`` as a register has it.

    Measures stay estimates, of inspected ones too: what varies is how much is known of their state.
    """

    condition: str
    foundation: str
    owner_class: str
    use: str
    inspected: str


@dataclass(frozen=True)
class Cellar:
    """A brick barrel vault under the street with its front on the wharf; estimated measures [m]."""

    id: str
    polygon: Polygon
    floor_m: float
    crown_m: float
    vault_m: float
    cover_m: float
    span_azimuth_deg: float
    y: float
    side: int
    width: float


def patch(canal: Canal, y: float, width: float, near: float, far: float) -> Polygon:
    """Rectangle square to the canal: `width` along it, between two signed distances from the axis."""
    nx, ny = canal.normal(y)
    x0, y0 = float(canal.axis_x(y)), y
    corners = []
    for distance, along in ((near, -1), (far, -1), (far, 1), (near, 1)):
        step = along * width / 2
        corners.append((round(x0 + distance * nx - step * ny, 3), round(y0 + distance * ny + step * nx, 3)))
    return Polygon(corners)


def water(canal: Canal) -> BaseGeometry:
    """The canal's water."""
    return clean(Polygon(canal.line(-1, "water") + canal.line(1, "water")[::-1]).intersection(DISTRICT))


def wharf(canal: Canal, side: int) -> BaseGeometry:
    """The wharf on one side, from the water to the quay wall."""
    return canal.band(side, "water", "quay")


def make_bridges(plan: Plan) -> list[Bridge]:
    """Bridges, square to the canal."""
    canal = plan.canal
    between = clean(Polygon(canal.line(-1, "quay") + canal.line(1, "quay")[::-1]))
    found = []
    for name, (y, width) in plan.bridges.items():
        deck = clean(patch(canal, y, width, -25.0, 25.0).intersection(between))
        floor = clean(patch(canal, y, width - 2 * PARAPET_M, -25.0, 25.0).intersection(between))
        found.append(Bridge(name, deck, floor, y, width))
    return found


def make_stairs(plan: Plan) -> list[Stairway]:
    """Stairs on both sides; the foot lies on the edge of the wharf."""
    canal = plan.canal
    found = []
    for name, side in SIDES.items():
        floor = wharf(canal, side)
        for number, y in enumerate(STAIRS_AT[name]):
            width = 1.8 + 0.2 * (number % 2)
            edge = canal.wharf_edge(y, side)
            strip = patch(canal, y, width, side * (edge - 0.8), side * (edge + STAIR_RUN_M))
            polygon = clean(strip.difference(floor))
            nx, ny = canal.normal(y)
            azimuth = round(math.degrees(math.atan2(side * nx, side * ny)) % 360.0, 3)
            stair_id = f"stair-{name}-{number + 1}"
            found.append(Stairway(stair_id, polygon, STREET_Z[name], azimuth, y, side, width))
    return found


def make_cellars(plan: Plan, stairs: list[Stairway], dice: Dice) -> list[Cellar]:
    """A cellar about every ten metres along both banks, except at stairs and bridges."""
    canal = plan.canal
    found: list[Cellar] = []
    for name, side in SIDES.items():
        count = 0
        taken = shapely.union_all([stair.polygon.buffer(0.8) for stair in stairs if stair.side == side])
        for slot in range(48):
            y = round(13.0 + 10.0 * slot + dice.uniform(f"cellar/{name}/at", -0.6, 0.6, slot), 2)
            width = round(dice.uniform(f"cellar/{name}/width", 3.6, 6.0, slot), 2)
            if any(abs(y - bridge_y) < wide / 2 + width / 2 + 1.0 for bridge_y, wide in plan.bridges.values()):
                continue
            edge = canal.wharf_edge(y, side) + CELLAR_FRONT_M
            polygon = patch(canal, y, width, side * edge, side * (FACADE_M - 0.15))
            if polygon.intersects(taken) or not DISTRICT.contains(polygon):
                continue
            count += 1
            nx, ny = canal.normal(y)
            # the span runs along the bank, from springing to springing
            span = round(math.degrees(math.atan2(-ny, nx)) % 180.0, 2)
            measures = _measures(STREET_Z[name], f"cellar/{name}", slot, dice)
            found.append(Cellar(f"cellar-{name}-{count:02d}", polygon, *measures, span, y, side, width))
    return found


CONDITIONS = {"good": 0.25, "fair": 0.4, "poor": 0.1, "unknown": 0.25}
FOUNDATIONS = {"shallow": 0.7, "piles": 0.05, "unknown": 0.25}
OWNERS = {"private": 0.7, "municipal": 0.2, "unknown": 0.1}
USES = {"catering": 0.3, "storage": 0.3, "shop": 0.15, "dwelling": 0.1, "none": 0.1, "unknown": 0.05}
"""How often cellars of the sample are said to be so: made up, not counted in Utrecht."""


def state_of(cellar: Cellar, dice: Dice) -> CellarState:
    """What is said of a cellar, by its name alone, so that nothing else of the sample depends on it."""
    name, number = cellar.id.rsplit("-", 1)

    def picked(what: str, weights: dict[str, float]) -> str:
        return dice.pick(f"{name}/{what}", weights, int(number))

    condition = picked("condition", CONDITIONS)
    year = int(dice.uniform(f"{name}/year", 2016, 2026, int(number)))
    month = int(dice.uniform(f"{name}/month", 1, 13, int(number)))
    return CellarState(
        condition, picked("foundation", FOUNDATIONS), picked("owner", OWNERS), picked("use", USES),
        f"{year}-{month:02d}-15" if condition != "unknown" else "",
    )  # fmt: skip


def _measures(street: float, name: str, slot: int, dice: Dice) -> tuple[float, float, float, float]:
    """Floor, crown, vault and cover [m]; the cover is what is left below the street."""
    floor = round(WHARF_Z + dice.uniform(f"{name}/floor", 0.0, 0.06, slot), 2)
    vault = round(dice.uniform(f"{name}/vault", 0.22, 0.33, slot), 2)
    most = street - floor - vault - LEAST_COVER_M
    crown = math.floor(100 * dice.uniform(f"{name}/crown", 2.2, min(most, 2.62), slot) + 1e-9) / 100
    return floor, crown, vault, round(street - floor - crown - vault, 3)


def terrace(plan: Plan, y: float, length: float, side: int) -> Polygon:
    """A part of the wharf, `length` long, kept free of the water's edge and the quay wall."""
    canal = plan.canal
    ys = np.linspace(y - length / 2, y + length / 2, 21)
    inner = [canal.at(float(v), side * 8.0) for v in ys]
    outer = [canal.at(float(v), side * (canal.wharf_edge(float(v), side) - 0.4)) for v in ys]
    return clean(Polygon(inner + outer[::-1]))


def quay_line(canal: Canal, side: int, kind: str) -> LineString:
    """A line along the canal within the district, from south to north."""
    return LineString(canal.line(side, kind)).intersection(DISTRICT)


def deck_underside_m() -> float:
    """Height of the underside of the bridges [m]."""
    return round(DECK_Z - DECK_THICKNESS_M, 3)
