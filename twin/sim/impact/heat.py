"""How hot it feels outside on a summer day, cell by cell: PET by the method of the Dutch heat stress test, or UTCI.

Given the weather of an hour, what a place makes of it depends on three things only: whether the sun reaches it, how much of the sky
it sees, and whether its ground is green. So an index is worked out for each hour once, for sun and shade and for both kinds of
ground at some sky view factors between 0 and 1 (a *table*), and `by_hour` reads it for each cell.

PET, the physiologically equivalent temperature, is that of Koopmans, Heusinkveld and Steeneveld (2020,
doi:10.1016/j.buildenv.2020.106984): a regression on what the model RayMan makes of weather and streets, one equation for the sun
and one for shade and night. UTCI asks for the mean radiant temperature, which is had from six directions with the formulas of
SOLWEIG (Lindberg, Holmer and Thorsson 2008, doi:10.1007/s00484-008-0162-7), simplified: all directions see as much of the sky, and
the ground around is as the ground underfoot.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.jit import njit, prange
from twin.sim.impact.utci import utci, vapour_pressure

PAVED, GREEN, APART = 0, 1, 2
"""Kinds of ground: what is neither (water, roofs, the unknown) gets no value."""

STEPS = 64
"""Of the sky view factor, in tables."""

LEAST_WIND = 0.5
"""Wind at 1.2 m that is taken at least, as in the Dutch method [m/s]."""

BOWEN = (3.0, 0.4)
"""Heat that paved and green ground gives off as warmth, over what goes into evaporation, in the Dutch method."""

GROUND_WARMING = ((0.37, -3.41, 15.0), (0.21, -3.38, 14.0))
"""How much warmer than the air ground in the sun gets, paved (cobbles) and green: per degree of the highest sun of the day and at
the start [K], and the hour of solar time at which it is warmest (Lindberg, Onomura and Grimmond 2016,
doi:10.1007/s00484-016-1135-x)."""

STEFAN_BOLTZMANN = 5.67e-8
SOLAR_CONSTANT = 1367.0
"""As the Dutch method has it [W/m2]."""

ABSORBED_SUN, ABSORBED_WARMTH = 0.70, 0.97
UP, SIDE, BEAM = 0.06, 0.22, 0.28
"""Of a standing person: what is taken in of light and of heat radiation, and the weight of up and down, of each side, and of the
light that comes straight from the sun (ISO 7726; Lindberg et al. 2008)."""

GROUND_ALBEDO, WALL_ALBEDO = 0.15, 0.20
GROUND_EMISSIVITY, WALL_EMISSIVITY = 0.95, 0.90
"""Usual values of SOLWEIG."""

WIND_AT_10M = math.log(10.0 / 0.01) / math.log(1.1 / 0.01)
"""Wind at 10 m over wind at the height of people, over the ground that UTCI is defined for (roughness 0.01 m)."""


class Weather(NamedTuple):
    """The weather of some hours.

    Parameters
    ----------
    air_c : (H,) float64
        Air temperature [degrees Celsius].
    humidity_percent : (H,) float64
        Relative humidity [%].
    wind_m_s : (H,) float64
        Between buildings, at 1.2 m [m/s].
    global_w_m2, diffuse_w_m2 : (H,) float64
        Light on level ground in the open: all of it, and that of the sky [W/m2].
    altitude_deg : (H,) float64
        Of the sun [deg].
    warming_k : (H, 2) float64
        How much warmer than the air paved and green ground in the sun is [K].
    """

    air_c: NDArray[np.float64]
    humidity_percent: NDArray[np.float64]
    wind_m_s: NDArray[np.float64]
    global_w_m2: NDArray[np.float64]
    diffuse_w_m2: NDArray[np.float64]
    altitude_deg: NDArray[np.float64]
    warming_k: NDArray[np.float64]


def wet_bulb(air_c: ArrayLike, humidity_percent: ArrayLike) -> NDArray[np.float64]:
    """Wet-bulb temperature (Stull 2011, doi:10.1175/JAMC-D-11-0143.1) [degrees Celsius].

    Parameters
    ----------
    air_c : array_like
        Air temperature [degrees Celsius].
    humidity_percent : array_like
        Relative humidity [%].
    """
    air, wet = np.asarray(air_c, dtype=np.float64), np.asarray(humidity_percent, dtype=np.float64)
    warm = air * np.arctan(0.151977 * np.sqrt(wet + 8.313659)) + np.arctan(air + wet) - np.arctan(wet - 1.676331)
    return np.asarray(warm + 0.00391838 * wet**1.5 * np.arctan(0.023101 * wet) - 4.686035, dtype=np.float64)


def diffuse_light(global_w_m2: ArrayLike, altitude_deg: ArrayLike) -> NDArray[np.float64]:
    """Light of the sky on level ground [W/m2], by how much of the sun's light comes through the air, as in the Dutch method.

    Parameters
    ----------
    global_w_m2 : array_like
        All light on level ground [W/m2].
    altitude_deg : array_like
        Of the sun [deg].
    """
    light = np.asarray(global_w_m2, dtype=np.float64)
    height = np.sin(np.radians(np.asarray(altitude_deg, dtype=np.float64)))
    through = light / np.maximum(SOLAR_CONSTANT * height, 1e-9)
    return np.asarray(light * np.clip(1.6 - 2.0 * through, 0.2, 1.0), dtype=np.float64)


def pet_in_sun(
    air_c: ArrayLike, humidity_percent: ArrayLike, wind_m_s: ArrayLike, global_w_m2: ArrayLike, altitude_deg: ArrayLike,
    sky_view: ArrayLike, bowen: ArrayLike,
) -> NDArray[np.float64]:  # fmt: skip
    """PET where the sun shines by day (Koopmans et al. 2020) [degrees Celsius].

    Parameters
    ----------
    air_c, humidity_percent : array_like
        Air temperature [degrees Celsius] and relative humidity [%].
    wind_m_s : array_like
        At 1.2 m; below 0.5 it counts as 0.5 [m/s].
    global_w_m2 : array_like
        All light on level ground [W/m2].
    altitude_deg : array_like
        Of the sun [deg].
    sky_view : array_like
        Sky view factor, 0 to 1.
    bowen : array_like
        Bowen ratio of the ground: see `BOWEN`.
    """
    air, light = np.asarray(air_c, dtype=np.float64), np.asarray(global_w_m2, dtype=np.float64)
    log = np.log(np.maximum(np.asarray(wind_m_s, dtype=np.float64), LEAST_WIND))
    height = np.sin(np.radians(np.asarray(altitude_deg, dtype=np.float64)))
    weather = -13.26 + 1.25 * air + 0.011 * light - 3.37 * log + 0.078 * wet_bulb(air, humidity_percent)
    sun = 0.0055 * light * log + 5.56 * height - 0.0103 * light * log * height
    place = 0.546 * np.asarray(bowen, dtype=np.float64) + 1.94 * np.asarray(sky_view, dtype=np.float64)
    return np.asarray(weather + sun + place, dtype=np.float64)


def pet_in_shade(
    air_c: ArrayLike, humidity_percent: ArrayLike, wind_m_s: ArrayLike, diffuse_w_m2: ArrayLike, sky_view: ArrayLike
) -> NDArray[np.float64]:
    """PET in the shade and at night (Koopmans et al. 2020) [degrees Celsius].

    Parameters
    ----------
    air_c, humidity_percent, wind_m_s, sky_view : array_like
        As `pet_in_sun`.
    diffuse_w_m2 : array_like
        Light of the sky on level ground [W/m2].
    """
    air, sky = np.asarray(air_c, dtype=np.float64), np.asarray(sky_view, dtype=np.float64)
    log = np.log(np.maximum(np.asarray(wind_m_s, dtype=np.float64), LEAST_WIND))
    weather = -12.14 + 1.25 * air - 1.47 * log + 0.060 * wet_bulb(air, humidity_percent)
    walls = 0.0060 * (1.0 - sky) * STEFAN_BOLTZMANN * (air + 273.15) ** 4
    return np.asarray(weather + 0.015 * sky * np.asarray(diffuse_w_m2, dtype=np.float64) + walls, dtype=np.float64)


def ground_warming(highest_deg: float, solar_hour: float, sunrise_hour: float, ground: int) -> float:
    """How much warmer than the air ground in the sun is [K], on a clear day; see `GROUND_WARMING`.

    Parameters
    ----------
    highest_deg : float
        Altitude of the sun at noon [deg].
    solar_hour, sunrise_hour : float
        Solar time now and at sunrise [h].
    ground : int
        `PAVED` or `GREEN`.
    """
    by_degree, start, warmest = GROUND_WARMING[ground]
    phase = (solar_hour - sunrise_hour) / (warmest - sunrise_hour)
    return max((by_degree * highest_deg + start) * math.sin(0.5 * math.pi * phase), 0.0) if phase > 0.0 else 0.0


def radiant_temperature(
    air_c: float, humidity_percent: float, global_w_m2: float, diffuse_w_m2: float, altitude_deg: float, warming_k: float,
    sky_view: ArrayLike, *, lit: bool,
) -> NDArray[np.float64]:  # fmt: skip
    """Mean radiant temperature of a person who stands [degrees Celsius], from six directions.

    Parameters
    ----------
    air_c, humidity_percent : float
        Air temperature [degrees Celsius] and relative humidity [%].
    global_w_m2, diffuse_w_m2 : float
        Light on level ground in the open: all of it, and that of the sky [W/m2].
    altitude_deg : float
        Of the sun [deg].
    warming_k : float
        How much warmer than the air the ground is where the sun shines on it [K].
    sky_view : array_like
        Sky view factor, 0 to 1.
    lit : bool
        Whether the sun shines there.
    """
    sky = np.asarray(sky_view, dtype=np.float64)
    height = max(math.sin(math.radians(altitude_deg)), 1e-9)
    level = max(global_w_m2 - diffuse_w_m2, 0.0) if lit else 0.0
    # light of an hour may be more than a sun so low can give
    beam = min(level / height, SOLAR_CONSTANT)
    # half of the walls around are taken to be in the sun
    from_walls = WALL_ALBEDO * (1.0 - sky) * 0.5 * (global_w_m2 + diffuse_w_m2)
    above = diffuse_w_m2 * sky + from_walls
    below = GROUND_ALBEDO * (level + above)
    light = BEAM * beam * math.cos(math.asin(min(height, 1.0))) + UP * (level + above + below) + 4.0 * SIDE * 0.5 * (above + below)

    kelvin = air_c + 273.15
    steam = 46.5 * float(vapour_pressure(air_c, humidity_percent)) / kelvin
    sky_emissivity = 1.0 - (1.0 + steam) * math.exp(-math.sqrt(1.2 + 3.0 * steam))  # Prata 1996
    air_radiation = STEFAN_BOLTZMANN * kelvin**4
    wall = WALL_EMISSIVITY * air_radiation + (1.0 - WALL_EMISSIVITY) * sky_emissivity * air_radiation
    down = sky * sky_emissivity * air_radiation + (1.0 - sky) * wall
    warm = STEFAN_BOLTZMANN * (kelvin + (warming_k if lit else 0.0)) ** 4
    up = GROUND_EMISSIVITY * warm + (1.0 - GROUND_EMISSIVITY) * down
    heat = UP * (down + up) + 4.0 * SIDE * 0.5 * (down + up)
    taken = ABSORBED_SUN * light + ABSORBED_WARMTH * heat
    return np.asarray((taken / (ABSORBED_WARMTH * STEFAN_BOLTZMANN)) ** 0.25 - 273.15, dtype=np.float64)


def pet_tables(weather: Weather) -> NDArray[np.float32]:
    """PET by hour, in shade and in the sun, on paved and on green ground, by sky view factor: (H, 2, 2, `STEPS` + 1) float32."""
    sky = np.linspace(0.0, 1.0, STEPS + 1)
    made = np.empty((len(weather.air_c), 2, 2, len(sky)), np.float32)
    for h in range(len(made)):
        air, wet, wind = weather.air_c[h], weather.humidity_percent[h], weather.wind_m_s[h]
        made[h, 0] = pet_in_shade(air, wet, wind, weather.diffuse_w_m2[h], sky)
        for ground in (PAVED, GREEN):
            made[h, 1, ground] = pet_in_sun(
                air, wet, wind, weather.global_w_m2[h], weather.altitude_deg[h], sky, BOWEN[ground]
            )
    return made


def utci_tables(weather: Weather) -> NDArray[np.float32]:
    """UTCI, as `pet_tables`."""
    sky = np.linspace(0.0, 1.0, STEPS + 1)
    made = np.empty((len(weather.air_c), 2, 2, len(sky)), np.float32)
    for h, lit, ground in np.ndindex(made.shape[:3]):
        air, wet = float(weather.air_c[h]), float(weather.humidity_percent[h])
        radiant = radiant_temperature(
            air, wet, float(weather.global_w_m2[h]), float(weather.diffuse_w_m2[h]), float(weather.altitude_deg[h]),
            float(weather.warming_k[h, ground]), sky, lit=bool(lit),
        )  # fmt: skip
        made[h, lit, ground] = utci(air, radiant, weather.wind_m_s[h] * WIND_AT_10M, wet)
    return made


def read(
    table: NDArray[np.float32], lit: NDArray[np.bool_], sky_view: NDArray[np.float32], ground: NDArray[np.uint8],
    total: NDArray[np.float32], most: NDArray[np.float32],
) -> NDArray[np.float32]:  # fmt: skip
    """An index at one hour, cell by cell, and what it adds to the sum and the greatest of a day.

    Parameters
    ----------
    table : (2, 2, N) float32
        Of the hour: in shade and in the sun, on paved and on green ground, by sky view factor.
    lit : (R, C) bool
        Whether the sun shines there.
    sky_view : (R, C) float32
        0 to 1.
    ground : (R, C) uint8
        `PAVED`, `GREEN` or `APART`.
    total, most : (R, C) float32
        Changed in place.

    Returns
    -------
    (R, C) float32
        NaN where the ground is `APART`; the same to the bit on any number of threads.
    """
    out = np.empty(lit.shape, np.float32)
    _read(np.ascontiguousarray(table, np.float32), lit, sky_view, ground, total, most, out)
    return out


@njit(parallel=True)
def _read(table, lit, sky_view, ground, total, most, out):
    last = table.shape[2] - 1
    for r in prange(lit.shape[0]):
        row = np.int64(r)
        for c in range(lit.shape[1]):
            kind = ground[row, c]
            if kind >= 2:
                out[row, c] = np.float32(np.nan)
            else:
                at = min(max(sky_view[row, c], np.float32(0.0)), np.float32(1.0)) * np.float32(last)
                k = min(int(at), last - 1)
                beyond = at - np.float32(k)
                sun = 1 if lit[row, c] else 0
                low = table[sun, kind, k]
                out[row, c] = low + beyond * (table[sun, kind, k + 1] - low)
            total[row, c] += out[row, c]
            most[row, c] = max(most[row, c], out[row, c])


def street_wind_share(height_m: float, frontal_density: float) -> float:
    """Wind at 1.2 m between buildings over that at 10 m at a weather station, by the profile of the Dutch method.

    It is Macdonald's (2000, doi:10.1023/A:1002785830512) with an exponential profile below the roofs, for buildings that stand
    evenly; over open grass it is 0.635.

    Parameters
    ----------
    height_m : float
        Mean height of what stands in the wind; at least 4 counts [m].
    frontal_density : float
        Area of fronts across the wind over area of ground.
    """
    height, density = max(height_m, 4.0), min(frontal_density + 0.015, 0.33)
    _, rough, lifted, layer, far, b = next(row for row in _ROUGHNESS if density < row[0])
    z0, shift, top, a = rough * height, lifted * height, layer * height, far * height
    grass = 0.03
    open_wind = 1.0 / 0.63501
    friction = open_wind * math.log(60.0 / grass) / math.log(10.0 / grass) * 0.4 / math.log((60.0 - shift) / z0)
    over = friction / 0.4 * math.log((top - shift) / z0)
    roofs = over - friction / b * math.log((a + b * top) / (a + b * height))
    low = min(roofs * math.exp(9.6 * density * (1.2 / height - 1.0)), 1.0)
    return (low - 0.125) * 0.5829 + 0.125


_ROUGHNESS = (
    (0.08, 0.048, 0.066, 2.0, -0.35, 0.56), (0.135, 0.071, 0.26, 2.5, -0.35, 0.50), (0.18, 0.084, 0.32, 2.7, -0.34, 0.48),
    (0.265, 0.08, 0.42, 1.5, -0.56, 0.66), (math.inf, 0.077, 0.57, 1.2, -0.85, 0.92),
)  # fmt: skip
