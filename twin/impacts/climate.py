"""How much sun there is in a year: light of the sun and of the sky by hour, from months or from measured hours.

Months become hours by published relations: the diffuse part by Erbs, Klein and Duffie (1982, doi:10.1016/0038-092X(82)90302-4), the
course of a day by Collares-Pereira and Rabl (1979, doi:10.1016/0038-092X(79)90100-2) for all light and by Liu and Jordan
(1960, doi:10.1016/0038-092X(60)90062-1) for that of the sky; all three as in Duffie and Beckman, Solar Engineering of Thermal
Processes, chapter 2.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import ParameterError
from twin.geo.on_earth import OnEarth
from twin.impacts.sun_position import sun_at
from twin.impacts.sun_year import sun_of_year

MOST_KWH_M2 = 350.0
"""More than this does not fall on level ground in a month anywhere."""

SOLAR_CONSTANT = 1361.0
"""Power of the sun outside of the air [W/m2] (Kopp and Lean 2011, doi:10.1029/2010GL045777)."""

_LOWEST_COSINE = 0.05  # the sun 3 degrees up: dividing by less makes much of little


def hours_of_year(place: OnEarth, months: Sequence[float], *, year: int = 2025, step_min: float = 10.0) -> pd.DataFrame:
    """Light through a year, from its months.

    Parameters
    ----------
    place : OnEarth
    months : sequence of float
        Global irradiation on level ground from January to December [kWh/m2]; what comes out has the same sums.
    year : int
    step_min : float
        [min]

    Returns
    -------
    DataFrame
        While the sun is up: index with time zone; ``azimuth_deg``, ``altitude_deg``, ``seconds`` that the row stands for, and
        ``ghi``, ``dni``, ``dhi``: light on level ground, of the sun on a plane that faces it, of the sky on level ground [W/m2].

    Raises
    ------
    ParameterError
        When there are not twelve months, or one cannot be.
    """
    given = np.asarray(months, dtype=np.float64)
    if given.shape != (12,) or not ((given >= 0.0) & (given <= MOST_KWH_M2)).all():
        raise ParameterError(f"twelve months of 0 to {MOST_KWH_M2:g} kWh/m2 are needed, not {list(map(float, given.ravel()))}")
    sun = sun_of_year(place, year, step_min=step_min)
    times, hours = pd.DatetimeIndex(sun.index), step_min / 60.0
    frame = sun[["azimuth_deg", "altitude_deg", "seconds"]].copy()
    height = np.maximum(np.sin(np.radians(sun["geometric_deg"].to_numpy())), 0.0)
    outside = _outside(times) * height
    month = times.month.to_numpy() - 1
    course = _course(place, times)
    ghi, dhi = np.zeros(len(frame)), np.zeros(len(frame))
    for k in range(12):
        here = month == k
        clearness = 1000.0 * given[k] / max(float(outside[here].sum()) * hours, 1e-9)
        for profile, energy, out in ((course[0], 1.0, ghi), (course[1], _diffuse_part(clearness, place, k), dhi)):
            of_day = np.where(height > 0.0, profile, 0.0)[here] * _outside(times[here])
            whole = float(of_day.sum()) * hours
            out[here] = of_day * (1000.0 * given[k] * energy / whole if whole > 0.0 else 0.0)
    dhi = np.minimum(dhi, ghi)
    frame["ghi"], frame["dhi"] = ghi, dhi
    beam = np.minimum((ghi - dhi) / np.maximum(height, _LOWEST_COSINE), _outside(times))
    frame["dni"] = beam
    frame["dhi"] = np.maximum(ghi - beam * height, 0.0)  # what a low sun does not give comes from the sky
    return frame[frame["ghi"] > 0.0]


def measured_hours(place: OnEarth, weather: pd.DataFrame) -> pd.DataFrame:
    """Light that was measured, as `hours_of_year` gives it.

    Parameters
    ----------
    place : OnEarth
    weather : DataFrame
        Index of times with a time zone, evenly apart, the middle of what each row stands for; ``ghi``, ``dni`` and ``dhi``
        [W/m2], in the terms of pvlib (of a typical year or of a measured one).

    Raises
    ------
    ParameterError
        When a column is missing, the times have no zone or are not even, or a value is below 0 or unknown.
    """
    missing = [name for name in ("ghi", "dni", "dhi") if name not in weather]
    if missing:
        hint = "it needs ghi, dni and dhi [W/m2], as pvlib names them"
        raise ParameterError(f"the weather has no column `{missing[0]}`", hint=hint)
    times = weather.index
    if not isinstance(times, pd.DatetimeIndex) or times.tz is None or len(times) < 2:
        raise ParameterError("the weather needs an index of times with a time zone", hint="weather.tz_localize('Europe/Amsterdam')")
    apart = np.diff(times.as_unit("ns").asi8) / 1e9
    if not (apart[0] > 0.0 and np.allclose(apart, apart[0]) and apart[0] <= 3600.0):
        raise ParameterError("the times of the weather must rise evenly, by an hour or less")
    values = weather[["ghi", "dni", "dhi"]].to_numpy(np.float64)
    if not (np.isfinite(values) & (values >= 0.0) & (values < 2000.0)).all():
        row = int(np.flatnonzero(~(np.isfinite(values) & (values >= 0.0) & (values < 2000.0)).all(axis=1))[0])
        raise ParameterError(f"the weather at {times[row]} has a value that is unknown, below 0 or above 2000 W/m2")
    sun = sun_at(place, times)
    frame = pd.DataFrame({
        "azimuth_deg": sun["azimuth_deg"], "altitude_deg": sun["altitude_deg"], "seconds": float(apart[0]),
        "ghi": values[:, 0], "dhi": values[:, 2], "dni": values[:, 1],
    }, index=times)  # fmt: skip
    return frame[frame["altitude_deg"] > 0.0]


def circumsolar(frame: pd.DataFrame) -> NDArray[np.float64]:
    """Part of the light of the sky that comes from around the sun (Hay and Davies 1980), (N,) 0 to 1."""
    outside = _outside(pd.DatetimeIndex(frame.index))
    return np.clip(frame["dni"].to_numpy() / outside, 0.0, 1.0)


def _outside(times: pd.DatetimeIndex) -> NDArray[np.float64]:
    """Light outside of the air on a plane that faces the sun, by the distance to it (Spencer 1971), (N,) [W/m2]."""
    import pvlib.irradiance

    made = pvlib.irradiance.get_extra_radiation(times.day_of_year.to_numpy(), solar_constant=SOLAR_CONSTANT, method="spencer")
    return np.asarray(made, dtype=np.float64)


def _declination(times: pd.DatetimeIndex) -> NDArray[np.float64]:
    import pvlib.solarposition

    return np.asarray(pvlib.solarposition.declination_spencer71(times.day_of_year.to_numpy()), dtype=np.float64)


def _course(place: OnEarth, times: pd.DatetimeIndex) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How all light and that of the sky go through a day: not normalised, (N,) each."""
    import pvlib.solarposition

    equation = pvlib.solarposition.equation_of_time_spencer71(times.day_of_year.to_numpy())
    angle = np.radians(np.asarray(pvlib.solarposition.hour_angle(times, place.longitude_deg, equation), dtype=np.float64))
    angle = (angle + np.pi) % (2.0 * np.pi) - np.pi
    declination = _declination(times)
    cosine = np.clip(-np.tan(np.radians(place.latitude_deg)) * np.tan(declination), -1.0, 1.0)
    sunset = np.arccos(cosine)
    a = 0.409 + 0.5016 * np.sin(sunset - np.pi / 3.0)
    b = 0.6609 - 0.4767 * np.sin(sunset - np.pi / 3.0)
    size = np.maximum(np.sin(sunset) - sunset * cosine, 1e-6)
    sky = np.maximum(np.cos(angle) - cosine, 0.0) / size
    return np.maximum(a + b * np.cos(angle), 0.0) * sky, sky


def _diffuse_part(clearness: float, place: OnEarth, month: int) -> float:
    """Diffuse part of a month's light by how clear it is; two curves, for short days and for long ones."""
    middle = pd.DatetimeIndex([pd.Timestamp(2025, month + 1, 15)])
    cosine = -np.tan(np.radians(place.latitude_deg)) * np.tan(_declination(middle)[0])
    sunset = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
    k = float(np.clip(clearness, 0.3, 0.8))
    if sunset <= 81.4:
        return float(1.391 - 3.560 * k + 4.189 * k**2 - 2.137 * k**3)
    return float(1.311 - 3.022 * k + 3.427 * k**2 - 1.821 * k**3)
