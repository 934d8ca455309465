"""Sound: cases of ISO/TR 17534-4 over flat ground, over buildings and off walls, a stage in the open, and what an edge takes.

Of its 28 cases these apply, in a homogeneous atmosphere and without the ways round corners. The others need ground by areas, mean
planes that follow buildings, or ways round corners (TC04, TC07, TC08, TC11, TC12, TC14, TC15, TC28), or sloping ground (TC05, TC06,
TC09, TC13, TC16 to TC24, TC27).
"""

from __future__ import annotations

import math

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.geo.city import City
from twin.geo.crs import parse
from twin.geo.terrain import Terrain
from twin.grid import GridSpec
from twin.impacts.site import Site as Around
from twin.impacts.sound_lines import of_pieces, pieces_of
from twin.impacts.sound_paths import Paths
from twin.impacts.sound_sources import power_of
from twin.scenario.noise import NoiseAnalysis, SoundSource
from twin.sim.impact import noise, reflect
from twin.sim.impact.acoustics import BANDS_HZ, absorption, total, weights
from twin.verification.case import Case, Chart, Curve, Found, Measure, Site, Trial

_FIELD = Site({"ground": shapely.box(0, 0, 210, 60)})
_CUBE = Site({"ground": shapely.difference(shapely.box(0, 0, 100, 20), shapely.box(55, 5, 65, 15))})
_WALL = Site({"ground": shapely.difference(shapely.box(0, 0, 120, 20), shapely.box(59.5, 0, 60.5, 20))})

_BARRIER = shapely.LineString([(59.19, 24.47), (64.17, 6.95)])
_NORTH, _SOUTH = shapely.box(75, 26, 110, 34), shapely.box(83, 10, 118, 18)
_STANDING = shapely.union_all([_BARRIER.buffer(0.2), _NORTH, _SOUTH])
_YARD = Site({"ground": shapely.difference(shapely.box(30, -5, 122, 45), _STANDING)})
_SLANT = (74.0, 52.0), (130.0, 60.0)
_ROAD = Site({"ground": shapely.difference(shapely.box(5, 0, 135, 70), shapely.LineString(_SLANT).buffer(0.3))})

FLAT = {
    "TC01": (0.0, (39.21, 39.16, 39.03, 38.86, 38.53, 37.36, 32.87, 16.54)),
    "TC02": (0.5, (37.71, 37.66, 37.53, 35.01, 29.82, 35.86, 31.37, 15.04)),
    "TC03": (1.0, (36.21, 36.16, 34.45, 26.19, 30.49, 34.36, 29.87, 13.54)),
}
"""Ground factor, and levels in a homogeneous atmosphere [dB], of the cases of flat ground of one kind."""

CUBE = (40.19, 36.52, 33.38, 33.36, 33.33, 33.21, 32.74, 31.04)
"""Levels of TC10 over the roof in a homogeneous atmosphere; what comes round the corners is apart [dB]."""

YARD = {
    "over the barrier": (39.11, 35.47, 32.03, 28.87, 25.74, 23.27, 21.69, 15.95),
    "off the building": (41.68, 39.86, 37.59, 34.98, 32.11, 28.81, 24.23, 15.30),
}
"""Levels of TC25 in a homogeneous atmosphere, its direct and its reflected path [dB]."""

ROAD = {
    "direct": (43.14, 43.10, 43.03, 42.92, 42.72, 42.02, 39.31, 29.44),
    "off the wall": (37.60, 37.10, 36.53, 35.94, 35.34, 34.57, 33.34, 25.54),
}
"""Levels of TC26 in a homogeneous atmosphere, its direct and its reflected path [dB]."""

ABSORPTION = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.5)
"""Of the wall of TC26, in each band."""

AIR = (0.12, 0.41, 1.04, 1.93, 3.66, 9.66, 32.77, 116.88)
"""Absorption at 10 degrees and 70 % [dB/km]."""


def _level(
    z: NDArray[np.float32], source: tuple[float, float, float], place: tuple[float, float, float], factor: float = 0.0
) -> NDArray[np.float64]:
    """What comes of a power of 0 dB in each band, over ground of a factor [dB]."""
    share = noise.transfer_to(noise.Place(z, np.zeros_like(z), 1.0), source, np.array([place]), noise.air(10.0, 70.0, factor))
    return np.asarray(10.0 * np.log10(share[0]))


def _flat(trial: Trial) -> Found:
    z = np.zeros((60, 210), np.float32)
    measures = []
    for name, (factor, levels) in FLAT.items():
        found = 93.0 + _level(z, (5.0, 5.0, 1.0), (195.0, 45.0, 4.0), factor)
        measures += [
            Measure(f"{name}, {band} Hz", float(value), "dB", known - 0.1, known + 0.1)
            for band, value, known in zip(BANDS_HZ, found, levels, strict=True)
        ]
    taken = 1000.0 * absorption(10.0, 70.0)
    measures += [
        Measure(f"air, {band} Hz", float(value), "dB/km", known - 0.006, known + 0.006)
        for band, value, known in zip(BANDS_HZ, taken, AIR, strict=True)
    ]
    return Found(tuple(measures))


def _cube(trial: Trial) -> Found:
    z = np.zeros((20, 100), np.float32)
    z[5:15, 55:65] = 10.0
    found = 93.0 + _level(z, (49.5, 9.5, 1.0), (69.5, 9.5, 4.0), 0.5)
    return Found(tuple(
        Measure(f"{band} Hz", float(value), "dB", known - 0.1, known + 0.1)
        for band, value, known in zip(BANDS_HZ, found, CUBE, strict=True)
    ))  # fmt: skip


class _Fine:
    """A drawing on cells of 0.1 m, so that a thin wall is thin."""

    def __init__(self, west: float, south: float, east: float, north: float) -> None:
        self.west, self.north, self.cell = west, north, 0.1
        columns, rows = round((east - west) / 0.1), round((north - south) / 0.1)
        x, y = west + 0.1 * (np.arange(columns) + 0.5), north - 0.1 * (np.arange(rows) + 0.5)
        self.x, self.y = np.meshgrid(x, y)
        self.z = np.zeros((rows, columns), np.float32)

    def at(self, x: float, y: float, height: float) -> tuple[float, float, float]:
        return (x - self.west) / self.cell - 0.5, (self.north - y) / self.cell - 0.5, height

    @property
    def place(self) -> noise.Place:
        return noise.Place(self.z, np.zeros_like(self.z), self.cell)

    def wall(self, a: tuple[float, float], b: tuple[float, float], kept: tuple[float, ...]) -> reflect.Walls:
        """A wall with its outer side on the right, from a to b."""
        along = np.array(b) - a
        along /= np.hypot(*along)
        ends = np.array([[*self.at(*a, 0.0)[:2], *self.at(*b, 0.0)[:2]]])
        return reflect.Walls(ends, np.array([[along[1], along[0]]]), np.zeros(1, np.int32), np.array([kept]))


def _within(prefix: str, found: NDArray[np.float64], known: tuple[float, ...]) -> list[Measure]:
    return [
        Measure(f"{prefix}, {band} Hz", float(value), "dB", one - 0.1, one + 0.1)
        for band, value, one in zip(BANDS_HZ, found, known, strict=True)
    ]


def _yard(trial: Trial) -> Found:
    drawn = _Fine(30.0, -5.0, 122.0, 45.0)
    for shape, height in ((_NORTH, 9.0), (_SOUTH, 6.0), (_BARRIER.buffer(0.08), 5.0)):
        drawn.z[shapely.contains_xy(shape, drawn.x, drawn.y)] = height
    source, ends, through = drawn.at(38.0, 14.0, 1.0), np.array([drawn.at(106.0, 18.5, 4.0)]), noise.air(10.0, 70.0)
    wall = drawn.wall((75.0, 26.0), (110.0, 26.0), (0.2,) * 8)
    over = 93.0 + 10.0 * np.log10(noise.transfer_to(drawn.place, source, ends, through)[0])
    off = 93.0 + 10.0 * np.log10(reflect.reflected_to(drawn.place, source, ends, through, wall, 50.0)[0])
    found = {"over the barrier": over, "off the building": off}
    return Found(tuple(measure for name, levels in found.items() for measure in _within(name, levels, YARD[name])))


def _road(trial: Trial) -> Found:
    drawn = _Fine(5.0, 0.0, 135.0, 70.0)
    a, b = np.array(_SLANT[0]), np.array(_SLANT[1])
    long = float(np.hypot(*(b - a)))
    u = (b - a) / long
    along = (drawn.x - a[0]) * u[0] + (drawn.y - a[1]) * u[1]
    behind = (drawn.y - a[1]) * u[0] - (drawn.x - a[0]) * u[1]
    inside = (along >= 0.0) & (along <= long) & (behind > 0.0) & (behind < 0.3)
    drawn.z[inside] = (6.0 + 2.0 * along / long)[inside]
    source, ends = drawn.at(10.0, 10.0, 0.05), np.array([drawn.at(120.0, 50.0, 8.0)])
    # the ground is hard up to x 50: what the ways have of the soft ground beyond
    direct, back = 0.5 * 70.0 / 110.0, 0.3141
    over = 93.0 + 10.0 * np.log10(noise.transfer_to(drawn.place, source, ends, noise.air(10.0, 70.0, direct, 0.0))[0])
    wall, through = drawn.wall(_SLANT[0], _SLANT[1], ABSORPTION), noise.air(10.0, 70.0, back, 0.0)
    off = 93.0 + 10.0 * np.log10(reflect.reflected_to(drawn.place, source, ends, through, wall, 50.0)[0])
    return Found((*_within("direct", over, ROAD["direct"]), *_within("off the wall", off, ROAD["off the wall"])))


def _line(trial: Trial) -> Found:
    """A line of 120 m on hard ground in the open: at places near and far, beside it and past its end."""
    grid = GridSpec(136_000.0, 455_200.0, 1.0, (200, 200), "EPSG:7415")
    city = City(parse("EPSG:7415"), np.array([136_000.0, 455_000.0, 0.0]), terrain=Terrain(grid, np.zeros((200, 200), np.float32)))
    along = ((136_040.0, 455_100.5), (136_160.0, 455_100.5))
    asked = {"lines": ({"id": "line", "along": along, "power_db_m": 80.0},)}
    paths = Paths.of(Around(city), NoiseAnalysis.model_validate(asked))
    silent = noise.air()._replace(absorption_db_m=np.zeros(len(BANDS_HZ)))
    heard = of_pieces(paths, pieces_of(shapely.LineString(along), np.empty((0, 2)), 15.0), 0.05, silent, 300.0)
    measures = []
    for x, y in ((100.5, 103.5), (100.5, 120.5), (70.5, 140.5), (180.5, 120.5), (100.5, 190.5)):
        off = math.hypot(y - 100.5, 1.45)
        known = 2.0 * (math.atan((x - 40.0) / off) + math.atan((160.0 - x) / off)) / (4.0 * math.pi * off)
        found = 10.0 * math.log10(float(heard.share[199 - int(y), int(x), 4]) / known)
        measures.append(Measure(f"{x - 100.0:+.1f} m along and {y - 100.5:.0f} m off, against the formula", found, "dB", -0.1, 0.1))
    return Found(tuple(measures))


def _stage(trial: Trial) -> Found:
    source = SoundSource.model_validate({"id": "stage", "at": "x", "level_db": 110, "weighting": "C", "distance_m": 30})
    power = float(total(power_of(source) + weights("C")))
    return Found((Measure("169 m in the open", power - 20.0 * math.log10(169.0) - 11.0, "dB(C)", 94.95, 95.05),))


def _edge(trial: Trial) -> Found:
    """A wall between source and place, both 2 m up, that rises from the line of sight on: what it takes by its height."""
    heights = np.array([2.0, 2.5, 3.0, 4.0, 6.0, 10.0, 20.0])
    free = _level(np.zeros((21, 121), np.float32), (30.0, 10.0, 2.0), (90.0, 10.0, 2.0))
    curves, deepest, zero = [], [], math.nan
    for band in (0, 2, 4, 6):
        taken = []
        for height in heights:
            z = np.zeros((21, 121), np.float32)
            z[:, 60] = height
            taken.append(float((free - _level(z, (30.0, 10.0, 2.0), (90.0, 10.0, 2.0)))[band]))
        curves.append(Curve(f"{BANDS_HZ[band]} Hz", heights, np.array(taken)))
        deepest.append(max(taken))
    # on the line of sight the formula has 10 lg 3; for so short waves the ground adds nothing behind the edge
    hull, out = np.zeros((3, 3)), np.zeros(8)
    silent = noise.air()._replace(absorption_db_m=np.zeros(8), wavelength_m=np.full(8, 1e-7))
    hull[:, 1] = 30.0, 2.0, 30.0
    noise._share(hull, 1, 60.0, 2.0, -1e6, (2.0, -1e6), (-1.0, 0.0), 0.0, silent, np.ones((100, 8)), out)
    zero = -10.0 * math.log10(float(out[4])) - 20.0 * math.log10(60.0) - 11.0
    chart = Chart(tuple(curves), "height of the wall (m)", "taken by the wall (dB)")
    return Found((
        Measure("edge on the line of sight, ground far below", zero, "dB", 4.76, 4.78),
        Measure("most that a wall of 20 m takes", max(deepest), "dB", 20.0, 28.0),
    ), chart)  # fmt: skip


def cases() -> tuple[Case, ...]:
    """The way of sound."""
    return (
        Case("noise-flat", "Noise", "TC01-TC03", "Flat ground, hard, mixed and soft: the first cases of the standard",
             "Source 1 m and place 4 m up, 194.19 m apart, 93 dB in each octave band, 10 degrees and 70 %; G 0, 0.5 and 1.",
             "Levels of a homogeneous atmosphere within 0.1 dB; absorption of the air as ISO 9613-1.",
             "ISO/TR 17534-4:2020, TC01 to TC03", _flat, _FIELD),
        Case("noise-cube", "Noise", "TC10", "Over a building of 10 m",
             "Source 1 m and place 4 m up, 20 m apart, a cube of 10 m between, ground factor 0.5.",
             "Levels over the roof in a homogeneous atmosphere within 0.1 dB; those round its sides are not worked out.",
             "ISO/TR 17534-4:2020, TC10, direct path", _cube, _CUBE),
        Case("noise-yard", "Noise", "TC25", "Over a barrier, and off a building behind it",
             "Source 1 m and place 4 m up, a barrier of 5 m and two buildings on hard ground; facades keep 0.2 of the energy.",
             "Levels of the direct and of the reflected path in a homogeneous atmosphere within 0.1 dB; those round the ends of "
             "the barrier are not worked out.",
             "ISO/TR 17534-4:2020, TC25", _yard, _YARD),
        Case("noise-road", "Noise", "TC26", "A low source before a wall that rises",
             "Source 0.05 m and place 8 m up, a wall of 6 to 8 m that keeps 0.1 to 0.7 of the energy; the ground is hard up to "
             "x 50 and of factor 0.5 beyond, which is given as the factor of each way.",
             "Levels of the direct and of the reflected path in a homogeneous atmosphere within 0.1 dB, retrodiffraction included.",
             "ISO/TR 17534-4:2020, TC26", _road, _ROAD),
        Case("noise-line", "Noise", "line", "A line in the open", "A line of 120 m on hard ground, cut into pieces of 15 m.",
             "Levels within 0.1 dB of those by the angle that the line is seen under, over 4 pi and the distance.",
             "Known answer: cylindrical spreading of a finite incoherent line", _line, _FIELD),
        Case("noise-stage", "Noise", "stage", "A stage in the open", "110 dB(C) at 30 m.", "95 dB(C) at 169 m: 20 lg of distances.",
             "Known answer: spherical spreading", _stage, _FIELD),
        Case("noise-edge", "Noise", "edge", "What a wall takes", "A wall of 1 m half-way over 60 m of hard ground, by its height.",
             "10 lg 3 = 4.77 dB when its edge lies on the line of sight and the ground adds nothing; at most 25 dB and 3 more.",
             "CNOSSOS-EU (Directive 2015/996), 2.5.6", _edge, _WALL),
    )  # fmt: skip
