"""Where the sun stands, against published positions."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from twin.errors import ParameterError
from twin.geo.city import City
from viewer.scene import Scene
from viewer.sky import solar_position, sun_at, where_on_earth, with_sun

# Reda & Andreas (2008, NREL/TP-560-34302), table A5.1: 17 October 2003, 12:30:30 in Golden, Colorado (UTC-7): zenith 50.11162 deg
# with refraction at 820 hPa and 11 deg C, azimuth 194.34024 deg
GOLDEN = (dt.datetime(2003, 10, 17, 19, 30, 30, tzinfo=dt.UTC), -105.1786, 39.742476)


def test_the_published_position_is_met() -> None:
    azimuth, altitude = solar_position(*GOLDEN)
    assert azimuth == pytest.approx(194.34024, abs=0.02)
    assert altitude == pytest.approx(90 - 50.11162, abs=0.02)


@pytest.mark.parametrize(
    ("day", "expected"), [(dt.date(2026, 6, 21), 61.35), (dt.date(2026, 12, 21), 14.53), (dt.date(2026, 3, 20), 37.9)]
)
def test_noon_in_utrecht_is_as_high_as_the_latitude_says(day: dt.date, expected: float) -> None:
    best = max(
        solar_position(dt.datetime.combine(day, dt.time(), dt.UTC) + dt.timedelta(minutes=m), 5.1214, 52.0907)[::-1]
        for m in range(600, 800)
    )
    assert best[0] == pytest.approx(expected, abs=0.15)
    assert best[1] == pytest.approx(180.0, abs=1.0)


def test_a_city_knows_where_it_is_and_its_clocks(town: City, scene: Scene) -> None:
    place = where_on_earth(town)
    assert place["longitude_deg"] == pytest.approx(5.12, abs=0.02)
    assert place["latitude_deg"] == pytest.approx(52.08, abs=0.02)
    assert place["timezone"] == "Europe/Amsterdam"
    summer = sun_at(scene, dt.datetime(2026, 6, 21, 13, 40))
    assert summer == pytest.approx(sun_at(scene, dt.datetime(2026, 6, 21, 11, 40, tzinfo=dt.UTC)))
    assert summer[0] == pytest.approx(180, abs=2)


def test_a_scene_in_the_light_of_a_moment(scene: Scene) -> None:
    evening = with_sun(scene, dt.datetime(2026, 6, 21, 20, 0))
    assert 270 < evening.sun_azimuth_deg < 310
    assert evening.look == "presentation"
    night = with_sun(scene, dt.datetime(2026, 6, 21, 23, 59))
    assert night.look == "night"
    with pytest.raises(ParameterError, match="where on earth"):
        with_sun(replace(scene, longitude_deg=None), dt.datetime(2026, 6, 21, 12))
    with pytest.raises(ParameterError, match="time zone `Mars/Base`"):
        with_sun(replace(scene, timezone="Mars/Base"), dt.datetime(2026, 6, 21, 12))
