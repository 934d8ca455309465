"""Plan of the embedded sample: canal, streets and blocks, before anything is built on them.

Coordinates are local: metres east and north of the district's south-west corner.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, Polygon, box
from shapely.geometry.base import BaseGeometry

from twin import rng

WIDTH_M, HEIGHT_M = 600.0, 500.0
SOUTH_WEST = (136500.0, 455600.0)
WATER_Z, WHARF_Z, BED_Z = 0.6, 1.2, -1.4
STREET_WEST_Z, STREET_EAST_Z, DECK_Z = 4.3, 4.4, 4.4
HALF_WATER_M = 7.0
FACADE_M = 21.0
"""Distance from the canal's axis to the house fronts along it [m]."""
PRECISION_M = 0.001
DISTRICT = box(0, 0, WIDTH_M, HEIGHT_M)


@dataclass(frozen=True)
class Dice:
    """Numbers by name and coordinates, so that nothing depends on the order of drawing."""

    seed: int

    def uniform(self, name: str, low: float, high: float, a: int = 0, b: int = 0) -> float:
        """A number in [low, high)."""
        return low + (high - low) * float(rng.uniform(self.seed, rng.stream(f"sample/{name}"), a, b))

    def pick(self, name: str, weights: dict[str, float], a: int = 0, b: int = 0) -> str:
        """One of the keys, as often as its weight says."""
        at = self.uniform(name, 0.0, sum(weights.values()), a, b)
        for key, weight in weights.items():
            at -= weight
            if at < 0:
                return key
        return key


@dataclass(frozen=True)
class Canal:
    """The canal's axis, and places given by the northing of the axis and the distance from it.

    Parameters
    ----------
    phase, amplitude : float
        Shape of the bend [m].
    """

    phase: float
    amplitude: float

    def axis_x(self, y: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """Easting of the axis [m]."""
        y = np.asarray(y, dtype=np.float64)
        return np.asarray(288.0 + self.amplitude * np.sin(2 * np.pi * (y - self.phase) / 455.0) + 0.03 * (y - 250.0))

    def normal(self, y: float) -> tuple[float, float]:
        """Unit vector across the canal, to the east."""
        slope = self.amplitude * 2 * math.pi / 455.0 * math.cos(2 * math.pi * (y - self.phase) / 455.0) + 0.03
        length = math.hypot(1.0, slope)
        return 1.0 / length, -slope / length

    def at(self, y: float, distance: float) -> tuple[float, float]:
        """Point at a distance from the axis, east positive."""
        nx, ny = self.normal(y)
        x = 288.0 + self.amplitude * math.sin(2 * math.pi * (y - self.phase) / 455.0) + 0.03 * (y - 250.0)
        return round(x + distance * nx, 3), round(y + distance * ny, 3)

    def wharf_edge(self, y: float, side: int) -> float:
        """Distance from the axis to the quay wall between wharf and street [m]."""
        width = 4.3 + 0.6 * math.sin(2 * math.pi * (y + 90.0 * side) / 310.0)
        return HALF_WATER_M + width

    def line(self, side: int, kind: str, step: float = 4.0) -> list[tuple[float, float]]:
        """Points from south to north: ``axis``, ``water``, ``quay`` (wharf to street) or ``facade``."""
        ys = np.arange(-40.0, HEIGHT_M + 40.0 + step / 2, step)
        distance = {
            "axis": lambda _: 0.0,
            "water": lambda _: HALF_WATER_M,
            "quay": lambda y: self.wharf_edge(y, side),
            "facade": lambda _: FACADE_M,
        }[kind]
        return [self.at(float(y), side * distance(float(y))) for y in ys]

    def band(self, side: int, inner: str, outer: str) -> BaseGeometry:
        """Polygon between two lines on one side, cut to the district."""
        return clean(Polygon(self.line(side, inner) + self.line(side, outer)[::-1]).intersection(DISTRICT))


@dataclass(frozen=True)
class Block:
    """Land between streets: a patch with curved west and east sides and straight south and north sides."""

    name: str
    west: LineString
    east: LineString
    kind: str
    rows: str
    """Sides that houses face, of ``wens``."""

    @property
    def south(self) -> LineString:
        return LineString([self.west.coords[0], self.east.coords[0]])

    @property
    def north(self) -> LineString:
        return LineString([self.west.coords[-1], self.east.coords[-1]])

    @property
    def polygon(self) -> Polygon:
        return Polygon([*self.west.coords, *reversed(self.east.coords)])


@dataclass(frozen=True)
class Crossing:
    """A street across a column, from its west to its east side."""

    name: str
    west_y: float
    east_y: float
    width: float
    surface: str = "street"


@dataclass(frozen=True)
class Column:
    """Land between two north-south lines, cut into blocks by crossings."""

    name: str
    west: LineString
    east: LineString
    crossings: tuple[Crossing, ...]
    rows: str = "we"
    kinds: dict[int, str] = field(default_factory=dict)


def clean(geometry: BaseGeometry) -> BaseGeometry:
    """Snap to whole millimetres and keep polygons only."""
    geometry = shapely.set_precision(geometry, PRECISION_M)
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon" and part.area > 1e-3]
    # rings start at the same corner whatever version of GEOS made them
    return shapely.normalize(shapely.union_all(parts, grid_size=PRECISION_M)) if parts else Polygon()


@dataclass(frozen=True)
class Plan:
    """Everything that is drawn on the map before building.

    Parameters
    ----------
    canal : Canal
    columns : tuple of Column
    blocks : tuple of Block
    bridges : mapping of str to (float, float)
        Northing on the canal's axis and width of each bridge [m].
    """

    canal: Canal
    columns: tuple[Column, ...]
    blocks: tuple[Block, ...]
    bridges: dict[str, tuple[float, float]]

    def height(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Height of street and ground away from the canal [m above the datum]."""
        u = np.asarray(x, dtype=np.float64) - self.canal.axis_x(y)
        west = STREET_WEST_Z - 1.0 * _ease((-u - 34.0) / 190.0)
        mound = 0.55 * _ease((u - 34.0) / 40.0) - 0.95 * _ease((u - 130.0) / 150.0)
        return np.asarray(np.round(np.where(u < 0, west, STREET_EAST_Z + mound), 3))


def _ease(t: NDArray[np.float64]) -> NDArray[np.float64]:
    t = np.clip(t, 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t))


BRIDGES = {"bridge-1": (62.0, 6.6), "bridge-2": (197.0, 8.0), "bridge-3": (338.0, 6.6), "bridge-4": (441.0, 6.6)}
"""Northing on the canal's axis and width of each bridge [m]."""
STREETS = {
    # base easting, share of the canal's bend, amplitude and shift of a wave of its own [m], half width [m]
    "w2": (122.0, 0.35, 7.0, 120.0, 4.0),
    "w1": (200.0, 0.72, 3.0, 60.0, 3.5),
    "e1": (377.0, 0.74, 2.0, 0.0, 4.5),
    "e2": (449.0, 0.45, 5.0, 210.0, 4.0),
    "e3": (527.0, 0.2, 7.0, 60.0, 4.0),
}
LANES: dict[str, tuple[tuple[float, float], ...]] = {
    "w3": ((262.0, 255.0),),
    "w2": ((122.0, 130.0), (272.0, 262.0), (388.0, 396.0)),
    "w1": ((137.0, 128.0), (268.0, 273.0)),
    "e1": ((120.0, 128.0), (391.0, 386.0)),
    "e2": ((134.0, 126.0),),
    "e3": ((118.0, 126.0), (262.0, 270.0), (395.0, 387.0)),
    "e4": ((268.0, 272.0),),
}
"""Northing of the ends of each lane by column [m]."""
SQUARE_NORTH = {"e1": (277.0, 281.0), "e2": (284.0, 276.0)}
PIT_STREET = (("bridge-3", "e2"), ("bridge-3", "e3"))
"""The wider street that the planned pit narrows."""
DRIFT = {"w3": (-14.0, -9.0), "w2": (-9.0, -5.0), "e2": (5.0, 1.0), "e3": (1.0, 7.0), "e4": (7.0, 9.0)}
"""How far the streets over the bridges stray from the bridge's northing, at both ends of a column [m]."""
KINDS = {"e1": {3: "square"}, "e2": {3: "church"}}


def make_plan(dice: Dice) -> Plan:
    """Lay out the canal, the streets and the blocks."""
    canal = Canal(round(dice.uniform("canal", 30.0, 60.0), 1), round(dice.uniform("canal", 24.0, 29.0, 1), 1))
    border_west, border_east = (LineString([(x, -40.0), (x, HEIGHT_M + 40.0)]) for x in (0.0, WIDTH_M))
    west = {"w3": border_west, "e1": LineString(canal.line(1, "facade"))}
    east = {"w1": LineString(canal.line(-1, "facade")), "e4": border_east}
    # a street lies between the column before it and the one after it
    beside = {"w2": ("w3", "w2"), "w1": ("w2", "w1"), "e1": ("e1", "e2"), "e2": ("e2", "e3"), "e3": ("e3", "e4")}
    for name, (before, after) in beside.items():
        east[before], west[after] = _street_sides(canal, name)
    columns = []
    for name in ("w3", "w2", "w1", "e1", "e2", "e3", "e4"):
        rows = {"w3": "e", "e4": "w"}.get(name, "we")
        crossings = tuple(sorted(_crossings(canal, name), key=lambda c: c.west_y + c.east_y))
        columns.append(Column(name, west[name], east[name], crossings, rows, KINDS.get(name, {})))
    blocks = tuple(block for column in columns for block in _blocks(column))
    return Plan(canal, tuple(columns), blocks, BRIDGES)


def _street_sides(canal: Canal, name: str) -> tuple[LineString, LineString]:
    """West and east side of a street that follows the canal from afar."""
    base, fade, wave, shift, half = STREETS[name]
    ys = np.arange(-40.0, HEIGHT_M + 41.0, 4.0)
    xs = base + fade * (canal.axis_x(ys) - 288.0) + wave * np.sin(2 * np.pi * (ys - shift) / 390.0)
    sides = [[(round(float(x) + d, 3), float(y)) for x, y in zip(xs, ys, strict=True)] for d in (-half, half)]
    return LineString(sides[0]), LineString(sides[1])


def _crossings(canal: Canal, column: str) -> list[Crossing]:
    """Streets over the bridges, which meet the canal at a right angle, and lanes across a column."""
    found = []
    for number, (name, (y, _)) in enumerate(BRIDGES.items()):
        turn = 1.0 if number % 2 else -1.0
        if column == "w1":
            ends = (y - 5.0 * turn, canal.at(y, -FACADE_M)[1])
        elif column == "e1":
            ends = (canal.at(y, FACADE_M)[1], y + 5.0 * turn)
        else:
            ends = (y + turn * DRIFT[column][0], y + turn * DRIFT[column][1])
        found.append(Crossing(f"street-{name[7:]}", *ends, 11.0 if (name, column) in PIT_STREET else 8.0))
    for number, ends in enumerate(LANES[column]):
        found.append(Crossing(f"lane-{column}-{number + 1}", *ends, 4.2 + 0.4 * (number % 2), "lane"))
    if column in SQUARE_NORTH:
        found.append(Crossing(f"square-north-{column}", *SQUARE_NORTH[column], 6.0))
    return found


def crossing_lines(column: Column, crossing: Crossing) -> tuple[LineString, LineString]:
    """South and north edge of a crossing, cut at the sides of its column."""
    a = _at_northing(column.west, crossing.west_y)
    b = _at_northing(column.east, crossing.east_y)
    length = math.hypot(b[0] - a[0], b[1] - a[1])
    ux, uy = (b[0] - a[0]) / length, (b[1] - a[1]) / length
    edges = []
    for offset in (-crossing.width / 2, crossing.width / 2):
        line = LineString([
            (a[0] - uy * offset - 30 * ux, a[1] + ux * offset - 30 * uy),
            (b[0] - uy * offset + 30 * ux, b[1] + ux * offset + 30 * uy),
        ])  # fmt: skip
        ends = [line.intersection(side) for side in (column.west, column.east)]
        edges.append(LineString([(round(p.x, 3), round(p.y, 3)) for p in ends]))
    return edges[0], edges[1]


def _at_northing(line: LineString, y: float) -> tuple[float, float]:
    point = line.intersection(LineString([(-100.0, y), (WIDTH_M + 100.0, y)]))
    return float(point.x), float(point.y)


def _blocks(column: Column) -> list[Block]:
    border_south = LineString([_at_northing(column.west, 0.0), _at_northing(column.east, 0.0)])
    border_north = LineString([_at_northing(column.west, HEIGHT_M), _at_northing(column.east, HEIGHT_M)])
    edges = [crossing_lines(column, crossing) for crossing in column.crossings]
    lows = [border_south, *(north for _, north in edges)]
    highs = [*(south for south, _ in edges), border_north]
    surfaces = ["border", *(crossing.surface for crossing in column.crossings), "border"]
    blocks = []
    for number, (low, high) in enumerate(zip(lows, highs, strict=True)):
        rows = column.rows
        rows += "s" if surfaces[number] == "street" else ""
        rows += "n" if surfaces[number + 1] == "street" else ""
        west = _between(column.west, low.coords[0], high.coords[0])
        east = _between(column.east, low.coords[-1], high.coords[-1])
        blocks.append(Block(f"{column.name}-{number + 1}", west, east, column.kinds.get(number, "houses"), rows))
    return blocks


def _between(line: LineString, start: tuple[float, ...], end: tuple[float, ...]) -> LineString:
    """Part of a line between two points on it."""
    a, b = (line.project(shapely.Point(point)) for point in (start, end))
    points = shapely.get_coordinates(line)
    way = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    inner = points[(way > a + 0.2) & (way < b - 0.2)]
    return LineString([(round(float(x), 3), round(float(y), 3)) for x, y in (start[:2], *inner, end[:2])])
