"""The date and hour that the sun of a window follows."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from viewer.scene import Scene
from viewer.sky import solar_position

_YEAR_OF_NO_DATE = 2026


@dataclass(frozen=True)
class SunClock:
    """Where the sun stands, by date and hour once one of them was changed.

    Parameters
    ----------
    longitude_deg, latitude_deg : float
        NaN where it is not known where the scene lies.
    zone : str
        Name of the time zone, or empty.
    day : date
    hours : float
        Clock time [h].
    as_scene : tuple of float, optional
        Azimuth and altitude that the scene gives; None once date or hour were chosen.
    """

    longitude_deg: float
    latitude_deg: float
    zone: str
    day: date
    hours: float
    as_scene: tuple[float, float] | None

    @classmethod
    def of(cls, scene: Scene) -> SunClock:
        """The light of a scene."""
        known = scene.longitude_deg is not None and scene.latitude_deg is not None
        longitude, latitude = (scene.longitude_deg or 0.0, scene.latitude_deg or 0.0) if known else (math.nan, math.nan)
        try:
            day = date.fromisoformat(scene.date) if scene.date else date(_YEAR_OF_NO_DATE, 6, 21)
        except ValueError:
            day = date(_YEAR_OF_NO_DATE, 6, 21)
        parts = [int(part) for part in scene.clock_start.split(":")] if scene.clock_start else [14]
        hours = sum(part / unit for part, unit in zip(parts, (1, 60, 3600), strict=False))
        return cls(longitude, latitude, scene.timezone, day, hours % 24.0, (scene.sun_azimuth_deg, scene.sun_altitude_deg))

    @property
    def known(self) -> bool:
        """Whether the place, and so the sun, is known."""
        return math.isfinite(self.longitude_deg) and math.isfinite(self.latitude_deg)

    def position(self) -> tuple[float, float]:
        """Azimuth and altitude [deg]."""
        if self.as_scene is not None or not self.known:
            return self.as_scene or (215.0, 38.0)
        midnight = datetime(self.day.year, self.day.month, self.day.day, tzinfo=zone_of(self.zone, self.longitude_deg))
        # clock time: added to a date of the same zone, whatever that zone does to its clocks that night
        moment = midnight + timedelta(hours=self.hours)
        return solar_position(moment.astimezone(UTC), self.longitude_deg, self.latitude_deg)

    def moved(self, hours: float = 0.0, months: int = 0) -> SunClock:
        """Some hours, or months, later; the first time on the whole half hour."""
        total = round((self.hours + hours) * 2) / 2 if hours else self.hours
        day = self.day + timedelta(days=math.floor(total / 24.0))
        month = day.year * 12 + day.month - 1 + months
        year, number = month // 12, month % 12 + 1
        if months:
            last = (date(year + number // 12, number % 12 + 1, 1) - timedelta(days=1)).day
            day = date(year, number, min(day.day, last))
        return replace(self, day=day, hours=total % 24.0, as_scene=None)


def zone_of(name: str, longitude_deg: float) -> tzinfo:
    """A time zone by name; where that is empty or not known here, the whole hours of the longitude."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return timezone(timedelta(hours=round(longitude_deg / 15.0)))
