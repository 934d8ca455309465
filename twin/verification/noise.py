"""Sound: cases of ISO/TR 17534-4 over flat ground and over a building, a stage in the open, and what an edge takes.

Of its 28 cases these apply: the others need ground by areas, sloping ground, ways round corners, or walls that send sound back.
"""

from __future__ import annotations

import math

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.impacts.sound_sources import power_of
from twin.scenario.noise import SoundSource
from twin.sim.impact import noise
from twin.sim.impact.acoustics import BANDS_HZ, absorption, total, weights
from twin.verification.case import Case, Chart, Curve, Found, Measure, Site, Trial

_FIELD = Site({"ground": shapely.box(0, 0, 210, 60)})
_CUBE = Site({"ground": shapely.difference(shapely.box(0, 0, 100, 20), shapely.box(55, 5, 65, 15))})
_WALL = Site({"ground": shapely.difference(shapely.box(0, 0, 120, 20), shapely.box(59.5, 0, 60.5, 20))})

FLAT = {
    "TC01": (0.0, (39.21, 39.16, 39.03, 38.86, 38.53, 37.36, 32.87, 16.54)),
    "TC02": (0.5, (37.71, 37.66, 37.53, 35.01, 29.82, 35.86, 31.37, 15.04)),
    "TC03": (1.0, (36.21, 36.16, 34.45, 26.19, 30.49, 34.36, 29.87, 13.54)),
}
"""Ground factor, and levels in a homogeneous atmosphere [dB], of the cases of flat ground of one kind."""

CUBE = (40.19, 36.52, 33.38, 33.36, 33.33, 33.21, 32.74, 31.04)
"""Levels of TC10 over the roof in a homogeneous atmosphere; what comes round the corners is apart [dB]."""

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
        Case("noise-stage", "Noise", "stage", "A stage in the open", "110 dB(C) at 30 m.", "95 dB(C) at 169 m: 20 lg of distances.",
             "Known answer: spherical spreading", _stage, _FIELD),
        Case("noise-edge", "Noise", "edge", "What a wall takes", "A wall of 1 m half-way over 60 m of hard ground, by its height.",
             "10 lg 3 = 4.77 dB when its edge lies on the line of sight and the ground adds nothing; at most 25 dB and 3 more.",
             "CNOSSOS-EU (Directive 2015/996), 2.5.6", _edge, _WALL),
    )  # fmt: skip
