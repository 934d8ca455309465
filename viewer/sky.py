"""Where on earth a scene is, and where the sun stands over it."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from twin.errors import ParameterError
from twin.geo import on_earth
from viewer.scene import Scene

if TYPE_CHECKING:
    from twin.geo.city import City

LOWEST_DEG = 5.0
"""Altitude from which the light of a lower sun is drawn [deg]."""


def where_on_earth(city: City) -> dict[str, Any]:
    """Longitude, latitude and time zone of the middle of a city, as `Scene` has them; nothing where its CRS does not tell."""
    place = on_earth.where_on_earth(city)
    return {} if place is None else asdict(place)


def sun_at(scene: Scene, when: dt.datetime) -> tuple[float, float]:
    """Azimuth from north clockwise and altitude above the horizon [deg] at a moment.

    By the formulas for the sun of low precision in the Astronomical Almanac (section C), good to 0.01 degrees from 1950 to 2050;
    the air bends light up by as much as Saemundsson (1986) says at 10 degrees C and 1010 hPa.

    Parameters
    ----------
    scene : Scene
        With a longitude and a latitude.
    when : datetime
        Without a time zone: the scene's clock.

    Raises
    ------
    ParameterError
        When the scene does not say where on earth it is, or its time zone is not known here.
    """
    if scene.longitude_deg is None or scene.latitude_deg is None:
        hint = "give `sun_azimuth_deg` and `sun_altitude_deg` instead"
        raise ParameterError("the scene does not say where on earth it is", hint=hint)
    if when.tzinfo is None:
        if not scene.timezone:
            hint = "give a moment with its distance from UTC: 2026-06-21T16:30+02:00"
            raise ParameterError("the time zone of the scene is not known", hint=hint)
        try:
            when = when.replace(tzinfo=ZoneInfo(scene.timezone))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            what = f"the time zone `{scene.timezone}` is not known here"
            raise ParameterError(what, hint="give a moment with a time zone, or install the package tzdata") from None
    return solar_position(when.astimezone(dt.UTC), scene.longitude_deg, scene.latitude_deg)


def solar_position(when: dt.datetime, longitude_deg: float, latitude_deg: float) -> tuple[float, float]:
    """As `sun_at`, for a place [deg] and a moment in UTC."""
    from math import asin, atan2, cos, degrees, radians, sin, tan

    days = (when - dt.datetime(2000, 1, 1, 12, tzinfo=dt.UTC)).total_seconds() / 86400.0
    mean = radians((280.460 + 0.9856474 * days) % 360)
    anomaly = radians((357.528 + 0.9856003 * days) % 360)
    ecliptic = mean + radians(1.915 * sin(anomaly) + 0.020 * sin(2 * anomaly))
    tilt = radians(23.439 - 4e-7 * days)
    ascension = atan2(cos(tilt) * sin(ecliptic), cos(ecliptic))
    declination = asin(sin(tilt) * sin(ecliptic))
    sidereal = radians((280.46062 + 360.98564737 * days + longitude_deg) % 360)
    hour, latitude = sidereal - ascension, radians(latitude_deg)
    altitude = degrees(asin(sin(latitude) * sin(declination) + cos(latitude) * cos(declination) * cos(hour)))
    azimuth = atan2(-sin(hour), tan(declination) * cos(latitude) - sin(latitude) * cos(hour))
    if altitude > -2.0:
        altitude += 1.02 / 60.0 / tan(radians(altitude + 10.3 / (altitude + 5.11)))
    return degrees(azimuth) % 360.0, altitude


def with_sun(scene: Scene, when: dt.datetime) -> Scene:
    """The scene in the light of a moment; when the sun has set it is in the look `night`.

    The light comes from `LOWEST_DEG` above the horizon at least: shadows of a lower sun would be all that is seen. A note says so.

    Raises
    ------
    ParameterError
        As `sun_at`.
    """
    azimuth, altitude = sun_at(scene, when)
    if altitude < -1.0:
        return scene.styled("night")
    notes = scene.notes
    if altitude < LOWEST_DEG:
        notes = (*notes, f"The sun stands at {altitude:.1f} degrees; its light is drawn from {LOWEST_DEG:g} degrees")
    return replace(scene, sun_azimuth_deg=azimuth, sun_altitude_deg=max(altitude, LOWEST_DEG), notes=notes)
