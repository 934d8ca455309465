"""Heat: the universal thermal climate index at known points, PET of the Dutch method by hand, and sun and shade behind a wall."""

from __future__ import annotations

import math

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.sim.impact import heat, shadow, sky
from twin.sim.impact.utci import utci
from twin.verification.case import Case, Chart, Curve, Found, Measure, Site, Trial

_SPOT = Site({"plain": shapely.box(0, 0, 40, 20)}, areas={"who stands there": shapely.Point(20, 10).buffer(1.0)})
_WALL = Site(
    {"plain": shapely.difference(shapely.box(0, 0, 120, 60), shapely.box(0, 20, 120, 24))},
    areas={"in the shade": shapely.box(0, 24, 120, 34), "in the sun": shapely.box(0, 34, 120, 60)},
)

_HEIGHT, _ALTITUDE = 10.0, 45.0
_HOUR = heat.Weather(
    np.array([30.0]), np.array([50.0]), np.array([1.0]), np.array([800.0]), np.array([160.0]), np.array([_ALTITUDE]),
    np.array([[18.0, 9.0]]),
)  # fmt: skip


def _near(name: str, value: float, known: float, half: float, digits: int = 2) -> Measure:
    return Measure(name, value, "°C", known - half, known + half, digits)


def _known_utci(trial: Trial) -> Found:
    radiant: NDArray[np.float64] = np.linspace(20.0, 80.0, 61)
    curves = tuple(Curve(f"air {air:g} °C", radiant, utci(air, radiant, 1.0, 50.0)) for air in (25.0, 30.0, 35.0))
    found = (
        _near("air 25 °C, radiant 25 °C", float(utci(25.0, 25.0, 1.0, 50.0)), 24.6, 0.05),
        _near("air 30 °C, radiant 60 °C", float(utci(30.0, 60.0, 1.0, 50.0)), 37.9, 0.05),
    )
    return Found(found, Chart(curves, "mean radiant temperature (°C)", "UTCI (°C)"))


def _pet(trial: Trial) -> Found:
    """At 1 m/s the logarithm of the wind is 0. Wet-bulb temperature at 30 degrees and 50 %: 22.28 (Stull 2011).

    Sun 30 degrees high: -13.26 + 37.5 + 0.011 x 800 + 0.078 x 22.28 + 5.56 x 0.5 + 0.546 x 3 + 1.94. Shade under half a sky:
    -12.14 + 37.5 + 0.060 x 22.28 + 0.015 x 0.5 x 160 + 0.0060 x 0.5 x 5.67e-8 x 303.15^4.
    """
    sun = float(heat.pet_in_sun(30.0, 50.0, 1.0, 800.0, 30.0, 1.0, heat.BOWEN[heat.PAVED]))
    green = float(heat.pet_in_sun(30.0, 50.0, 1.0, 800.0, 30.0, 1.0, heat.BOWEN[heat.GREEN]))
    shade = float(heat.pet_in_shade(30.0, 50.0, 1.0, 160.0, 0.5))
    return Found((
        _near("wet-bulb temperature at 20 °C and 50 %", float(heat.wet_bulb(20.0, 50.0)), 13.7, 0.05),
        _near("in the sun, on paving", sun, 41.136, 0.01, 3), _near("in the sun, on grass", green, 39.716, 0.01, 3),
        _near("in the shade, half of the sky", shade, 29.333, 0.01, 3),
    ))  # fmt: skip


def _behind_a_wall(trial: Trial) -> Found:
    """The sun stands in the south, so high that the wall casts a shadow as long as it is high."""
    z = np.zeros((60, 120), np.float32)
    z[36:40] = _HEIGHT  # rows count from the north: the wall is from 20 to 24 m
    of = shadow.surface(z, 1.0)
    lit = shadow.cast(of, 180.0, _ALTITUDE) == shadow.LIT
    view = sky.sky_view(of)
    kinds = np.where(z > 0.0, np.uint8(heat.APART), np.uint8(heat.PAVED)).astype(np.uint8)
    total, most = np.zeros(z.shape, np.float32), np.full(z.shape, -np.inf, np.float32)
    made = heat.read(heat.pet_tables(_HOUR)[0], lit, view, kinds, total, most)
    column = made[:36, 60][::-1].astype(np.float64)  # from the wall to the north
    sky_there = view[:36, 60][::-1].astype(np.float64)
    shade = heat.pet_in_shade(30.0, 50.0, 1.0, 160.0, sky_there)
    sun = heat.pet_in_sun(30.0, 50.0, 1.0, 800.0, _ALTITUDE, sky_there, heat.BOWEN[heat.PAVED])
    dark = np.abs(column - shade) < 0.05
    off = np.where(dark, np.abs(column - shade), np.abs(column - sun))
    away: NDArray[np.float64] = np.arange(36, dtype=np.float64) + 0.5
    return Found(
        (
            Measure("length of the cool strip", float(dark.sum()), "m", _HEIGHT / math.tan(math.radians(_ALTITUDE)) - 1.0,
                    _HEIGHT / math.tan(math.radians(_ALTITUDE)) + 1.0, 1),
            Measure("greatest error of reading from tables", float(off.max()), "K", 0.0, 0.05, 4),
            Measure("sun over shade beyond the strip", float(column[12] - column[8]), "K", 8.0, 16.0, 1),
        ),
        Chart((Curve("PET", away, column),), "distance from the wall (m)", "PET (°C)"),
    )  # fmt: skip


def cases() -> tuple[Case, ...]:
    """Known points of both indices, and a wall."""
    return (
        Case("heat-utci", "Heat", "UTCI", "The universal thermal climate index at known points",
             "Wind 1 m/s at 10 m, humidity 50 %.",
             "24.6 °C where air and surroundings are 25 °C, 37.9 °C where air is 30 °C and the surroundings radiate as at 60 °C: "
             "half of the last digit.",
             "Broede et al. 2012, doi:10.1007/s00484-011-0454-1", _known_utci, _SPOT),
        Case("heat-pet", "Heat", "PET", "PET of the Dutch heat stress test, worked out by hand",
             "Air 30 °C, humidity 50 %, wind 1 m/s at 1.2 m; 800 W/m2 with the sun 30 degrees high, or shade that sees half of a "
             "sky of 160 W/m2.",
             "The regressions for sun and shade with their published coefficients, within 0.01 °C (the bound is ours); "
             "the wet-bulb temperature is that of the example of its source.",
             "Koopmans et al. 2020, doi:10.1016/j.buildenv.2020.106984; Stull 2011, doi:10.1175/JAMC-D-11-0143.1", _pet, _SPOT),
        Case("heat-wall", "Heat", "behind a wall", "It is cool as far as the shadow reaches",
             "A wall of 10 m with the sun in the south, 45 degrees high.",
             "A strip of 10 m is in the shade, within a cell; what is read from tables by sky view is within 0.05 K of the "
             "equations.",
             "Known answer: geometry", _behind_a_wall, _WALL),
    )  # fmt: skip
