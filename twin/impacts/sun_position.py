"""Where the sun stands over a city: pvlib's implementation of the algorithm of NREL (Reda and Andreas 2004,
doi:10.1016/j.solener.2003.12.003), good to 0.0003 degrees."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from twin.errors import ParameterError
from twin.geo.city import City
from twin.geo.on_earth import OnEarth, where_on_earth


def place_of(city: City) -> OnEarth:
    """Where a city lies on earth.

    Raises
    ------
    ParameterError
        When its CRS does not tell: then nobody knows where its sun stands.
    """
    place = where_on_earth(city)
    if place is None:
        hint = "give the city its CRS: twin.read_city(path, crs=...)"
        raise ParameterError("the city does not say where on earth it lies, so its sun is not known", hint=hint)
    return place


def spoken(day: str | dt.date) -> str:
    """A day of any year as people say it: ``"19 February"``."""
    one = dt.date.fromisoformat(day) if isinstance(day, str) else day
    return f"{one.day} {one:%B}"


def day_of(given: str | dt.date) -> dt.date:
    """A day, given as one or as ``"2026-02-19"``.

    Raises
    ------
    ParameterError
        When it is none.
    """
    if isinstance(given, dt.datetime):
        return given.date()
    if isinstance(given, dt.date):
        return given
    try:
        return dt.date.fromisoformat(str(given))
    except ValueError:
        raise ParameterError(f"`{given}` is not a day such as 2026-02-19") from None


def zone_of(place: OnEarth) -> dt.tzinfo:
    """Time zone of a place; where that is not known, clocks that are right at noon on average, to whole hours."""
    if place.timezone:
        try:
            return ZoneInfo(place.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    return dt.timezone(dt.timedelta(hours=round(place.longitude_deg / 15.0)))


def sun_at(place: OnEarth, times: pd.DatetimeIndex) -> pd.DataFrame:
    """Where the sun stands at moments.

    Parameters
    ----------
    place : OnEarth
    times : DatetimeIndex
        With a time zone.

    Returns
    -------
    DataFrame
        Index `times`; ``azimuth_deg`` from north clockwise, ``altitude_deg`` above the horizon as it is seen through the air, and
        ``geometric_deg`` as it would be without [deg].
    """
    import pvlib.solarposition

    at = pvlib.solarposition.get_solarposition(times, place.latitude_deg, place.longitude_deg)
    return pd.DataFrame({
        "azimuth_deg": at["azimuth"], "altitude_deg": at["apparent_elevation"], "geometric_deg": at["elevation"],
    })  # fmt: skip


def sun_path(place: OnEarth, days: Sequence[str | dt.date], *, step_min: float = 5.0) -> pd.DataFrame:
    """Where the sun stands through some days, while it is above the horizon.

    Each row stands for an equal part of its day, `step_min` long or a little less, and has the sun of the middle of it.

    Parameters
    ----------
    place : OnEarth
    days : sequence of day
    step_min : float
        [min]

    Returns
    -------
    DataFrame
        As `sun_at`, with ``day`` (number of it in `days`) and ``seconds``: how long the row stands for.

    Raises
    ------
    ParameterError
        When a day is none, or the step is not above 0 and at most an hour.
    """
    if not 0.0 < step_min <= 60.0:
        raise ParameterError(f"a step of {step_min} min is not possible", hint="give one above 0 and of at most 60")
    zone, parts = zone_of(place), []
    for number, day in enumerate(map(day_of, days)):
        first = dt.datetime.combine(day, dt.time(), zone)
        last = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), zone)
        length = last.timestamp() - first.timestamp()  # a day on which clocks change has 23 or 25 hours
        count = int(np.ceil(length / (60.0 * step_min)))
        seconds = length / count
        stamps = first.timestamp() + (np.arange(count) + 0.5) * seconds
        times = pd.DatetimeIndex(pd.to_datetime(stamps, unit="s", utc=True)).tz_convert(zone)
        path = sun_at(place, times).assign(day=number, seconds=seconds)
        parts.append(path[path["altitude_deg"] > 0.0])
    return pd.concat(parts)
