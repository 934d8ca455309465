"""Where on earth a city lies, and what its clocks show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from twin.geo.crs import NETHERLANDS

if TYPE_CHECKING:
    from twin.geo.city import City


@dataclass(frozen=True, slots=True)
class OnEarth:
    """Middle of a city [deg], and its time zone by its name in the IANA database: empty where that is not known."""

    longitude_deg: float
    latitude_deg: float
    timezone: str = ""


def where_on_earth(city: City) -> OnEarth | None:
    """Where a city lies, to a hundredth of a degree; None where its CRS does not tell.

    That is its origin, which no change moves, or the middle of a city that has its origin elsewhere: so a city that a change makes
    larger lies where it did, and its sun stands where it stood.
    """
    from pyproj import Transformer
    from pyproj.exceptions import ProjError

    west, south, east, north = city.bounds
    x, y = float(city.origin[0]), float(city.origin[1])
    if not (west <= x <= east and south <= y <= north):
        x, y = (west + east) / 2, (south + north) / 2
    try:
        to_degrees = Transformer.from_crs(city.crs.to_2d(), "EPSG:4326", always_xy=True)
        longitude, latitude = to_degrees.transform(x, y, errcheck=True)
    except ProjError:
        return None
    at_home = NETHERLANDS[0] <= longitude <= NETHERLANDS[2] and NETHERLANDS[1] <= latitude <= NETHERLANDS[3]
    # elsewhere clocks go by laws that a longitude does not tell
    return OnEarth(round(float(longitude), 2), round(float(latitude), 2), "Europe/Amsterdam" if at_home else "")
