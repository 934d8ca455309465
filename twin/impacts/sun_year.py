"""The places of the sun through a year in bins, so that a year costs some hundreds of sweeps instead of tens of thousands.

The sun goes over the same part of the sky again and again: places within some degrees of each other throw nearly the same shadows.
A bin stands for its places with the mean of their directions, weighted by what they give.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.geo.on_earth import OnEarth
from twin.impacts.sun_position import sun_at, zone_of

BIN_DEG = 2.5
"""Size of a bin: in altitude, and sideways along the sky [deg]. Shadows then lie within a degree or two of where they are; over a
year that evens out (see the tests: within 1 % of every tenth minute)."""

LEAVES_FROM, LEAVES_UNTIL = (4, 15), (10, 31)
"""Month and day between which deciduous trees in the Netherlands are in leaf (an estimate: years differ by weeks)."""


def in_leaf(times: pd.DatetimeIndex) -> NDArray[np.bool_]:
    """Whether trees are in leaf, (N,)."""
    day = times.month.to_numpy() * 100 + times.day.to_numpy()
    return np.asarray((day >= 100 * LEAVES_FROM[0] + LEAVES_FROM[1]) & (day <= 100 * LEAVES_UNTIL[0] + LEAVES_UNTIL[1]))


def sun_of_year(place: OnEarth, year: int, *, step_min: float = 10.0) -> pd.DataFrame:
    """Where the sun stands through a year, while it is up.

    Returns
    -------
    DataFrame
        Index with time zone; ``azimuth_deg``, ``altitude_deg`` (as seen), ``geometric_deg``, ``seconds`` that the row stands for.
    """
    return _sun_of_year(place, year, step_min).copy()


@lru_cache(maxsize=4)
def _sun_of_year(place: OnEarth, year: int, step_min: float) -> pd.DataFrame:
    # both sides of a comparison, and more than one impact, ask for the same year
    zone = zone_of(place)
    seconds = 60.0 * step_min
    start, end = (pd.Timestamp(one, 1, 1, tz=zone).timestamp() for one in (year, year + 1))
    stamps = np.arange(start + 0.5 * seconds, end, seconds)
    times = pd.DatetimeIndex(pd.to_datetime(stamps, unit="s", utc=True)).tz_convert(zone)
    frame = sun_at(place, times).assign(seconds=seconds)
    return frame[frame["altitude_deg"] > 0.0]


def binned(
    azimuth_deg: NDArray[np.float64], altitude_deg: NDArray[np.float64], weight: NDArray[np.float64],
    leaves: NDArray[np.float64], *, bin_deg: float = BIN_DEG,
) -> pd.DataFrame:  # fmt: skip
    """Places of the sun in bins.

    Parameters
    ----------
    azimuth_deg, altitude_deg : (N,) float64
    weight : (N,) float64
        What each place gives; those that give nothing are left out.
    leaves : (N,) float64
        Part of it that crowns let through then.
    bin_deg : float

    Returns
    -------
    DataFrame
        ``azimuth_deg``, ``altitude_deg``, ``weight`` (sum) and ``leaves`` (mean by weight) of each bin that has something.
    """
    used = weight > 0.0
    azimuth, altitude, gives, through = (one[used] for one in (azimuth_deg, altitude_deg, weight, leaves))
    band = np.floor(altitude / bin_deg).astype(np.int64)
    around = np.maximum(1, np.round(360.0 * np.cos(np.radians((band + 0.5) * bin_deg)) / bin_deg)).astype(np.int64)
    column = np.floor((azimuth % 360.0) / 360.0 * around).astype(np.int64)
    _, number = np.unique(band * 1_000_000 + column, return_inverse=True)
    count = int(number.max()) + 1 if len(number) else 0
    flat = np.cos(np.radians(altitude))
    parts = flat * np.sin(np.radians(azimuth)), flat * np.cos(np.radians(azimuth)), np.sin(np.radians(altitude))
    east, north, up = (np.bincount(number, gives * part, count) for part in parts)
    total = np.bincount(number, gives, count)
    return pd.DataFrame({
        "azimuth_deg": np.degrees(np.arctan2(east, north)) % 360.0,
        "altitude_deg": np.degrees(np.arctan2(up, np.hypot(east, north))),
        "weight": total, "leaves": np.bincount(number, gives * through, count) / np.maximum(total, 1e-300),
    })  # fmt: skip
