"""Stops of public transport: two real feeds against a count by hand, and small feeds that are broken in one way."""

from __future__ import annotations

import csv
import datetime
import io
import random
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tests.geo.damage import damaged, read_or_told
from twin.errors import FormatError
from twin.geo.city import City, read_city
from twin.geo.readers.gtfs_service import clock, mode_of, seconds

FEED = {
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\nU,U-OV,x,Europe/Amsterdam\n",
    "routes.txt": "route_id,agency_id,route_type\nr1,U,3\nr2,U,900\n",
    "stops.txt": (
        "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station,platform_code,wheelchair_boarding\n"
        "S,Centraal,52.0893,5.1100,1,,,1\nA,Centraal,52.0894,5.1101,0,S,A,\nB,Centraal,52.0892,5.1102,0,S,B,2\n"
        "C,Neude,52.0930,5.1190,,,,\nE,Ingang,52.0891,5.1099,2,S,,\nN,Knoop,,,3,S,,\nX,Nergens,52.10,5.12,0,,,\n"
    ),
    "trips.txt": "route_id,service_id,trip_id\nr1,week,t1\nr1,week,t2\nr2,week,t3\nr2,party,t4\n",
    "stop_times.txt": (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type\n"
        "t1,08:00:00,08:00:00,A,1,\nt1,08:05:00,08:06:00,C,2,\nt1,08:10:00,08:10:00,B,3,\n"
        "t2,25:10:00,25:10:00,A,5,0\nt2,25:15:00,25:15:00,C,9,0\n"
        "t3,07:30:00,07:30:00,C,1,\nt3,07:35:00,07:35:00,B,2,1\nt3,07:36:00,07:36:00,A,3,\n"
        "t4,09:00:00,09:00:00,C,1,\nt4,09:05:00,09:05:00,B,2,\n"
    ),
    "calendar.txt": (
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "week,1,1,1,1,1,0,0,20250401,20250430\n"
    ),
    "calendar_dates.txt": "service_id,date,exception_type\nparty,20250424,1\nweek,20250421,2\n",
}
"""Two lines at a station: Monday 21 April 2025 is a holiday, on the 24th a tram more runs."""


@pytest.fixture
def feed(tmp_path: Path) -> Callable[..., Path]:
    """Write a feed with some tables changed (text), or left out (None)."""

    def write(changes: dict[str, Any] | None = None, folder: str = "", name: str = "feed.zip") -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for table, content in {**FEED, **(changes or {})}.items():
                if content is not None:
                    archive.writestr(folder + table, content)
        return path

    return write


def codes(city: City) -> dict[str, int]:
    found = city.quality.counts()
    return {code: count for code, count in found.items() if code not in ("crs", "service-day")}


def table(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.TextIOWrapper(archive.open(name), "utf-8-sig")))


def by_hand(path: Path) -> tuple[str, Counter[str], Counter[str], dict[str, tuple[str, str]]]:
    """Busiest day, departures and calls of each stop on it, and first and last departure, one row at a time."""
    with zipfile.ZipFile(path) as archive:
        trips = {row["trip_id"]: row["service_id"] for row in table(archive, "trips.txt")}
        calendar = table(archive, "calendar.txt")
        changes = table(archive, "calendar_dates.txt")
        times = table(archive, "stop_times.txt")
    size = Counter(trips.values())

    def day(text: str) -> datetime.date:
        return datetime.date(int(text[:4]), int(text[4:6]), int(text[6:]))

    runs: dict[datetime.date, set[str]] = defaultdict(set)
    for row in calendar:
        now = day(row["start_date"])
        while now <= day(row["end_date"]):
            if row[now.strftime("%A").lower()] == "1":
                runs[now].add(row["service_id"])
            now += datetime.timedelta(1)
    for row in changes:
        (runs[day(row["date"])].add if row["exception_type"] == "1" else runs[day(row["date"])].discard)(row["service_id"])
    busy = {now: sum(size[one] for one in services) for now, services in runs.items()}
    weeks: Counter[tuple[int, int]] = Counter()
    for now, count in busy.items():
        weeks[now.isocalendar()[:2]] += count
    week = min(week for week, count in weeks.items() if count == max(weeks.values()))
    best = max((now for now in busy if now.isocalendar()[:2] == week), key=lambda now: (busy[now], -now.toordinal()))
    rows = defaultdict(list)
    for row in times:
        if trips[row["trip_id"]] in runs[best]:
            rows[row["trip_id"]].append((int(row["stop_sequence"]), row["stop_id"], row["departure_time"], row.get("pickup_type")))
    calls: Counter[str] = Counter()
    leaves: Counter[str] = Counter()
    span: dict[str, tuple[str, str]] = {}
    for visits in rows.values():
        visits.sort()
        calls.update(stop for _, stop, _, _ in visits)
        for _, stop, time, pickup in visits[:-1]:
            if pickup != "1":
                leaves[stop] += 1
                if not time:
                    continue
                first, last = span.get(stop, (time, time))
                span[stop] = min(first, time), max(last, time)
    return best.isoformat(), leaves, calls, span


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "stops", "date", "mode", "epsg"),
    [("cairns", 416, "2014-05-30", "bus", 32755), ("nyc_subway", 273, "2024-12-16", "metro", 32618)],
)
def test_real_feeds_against_a_count_by_hand(real_data: Path, name: str, stops: int, date: str, mode: str, epsg: int) -> None:
    path = real_data / "gtfs" / f"{name}_gtfs.zip"
    city = read_city(path)
    frame = city.stops
    assert (len(frame), city.crs.to_epsg()) == (stops, epsg)
    best, leaves, _, span = by_hand(path)
    assert set(frame["service_date"]) == {best} == {date}
    mine = frame.set_index("stop_id")["departures_day"]
    assert {stop: int(count) for stop, count in mine.items() if count} == dict(leaves)
    assert sum(leaves.values()) > 10_000
    known = frame[frame["first_departure"] != ""].set_index("stop_id")
    assert {stop: (row["first_departure"], row["last_departure"]) for stop, row in known.iterrows()} == span
    assert set(known["mode"]) == {mode}
    assert codes(city) == {}
    assert frame.geometry.is_valid.all()


@pytest.mark.realdata
def test_stations_of_new_york_have_the_departures_of_their_platforms(real_data: Path) -> None:
    frame = read_city(real_data / "gtfs" / "nyc_subway_gtfs.zip").stops
    stations = frame[frame["place"] == "station"]
    platforms = frame[frame["place"] == "stop"]
    assert len(stations) == 91
    assert len(platforms) == 182
    assert (stations["departures_day"] == 0).all()
    summed = platforms.groupby("parent_station")["departures_day"].sum()
    pd.testing.assert_series_equal(stations["departures_day_total"].sort_index(), summed.sort_index(), check_names=False)
    # 125 is 59 St-Columbus Circle, in Manhattan at 40.7682 N 73.9819 W; UTM zone 18.
    point = frame.loc["nyc_subway_gtfs/125"].geometry
    assert abs(point.x - 585_900) < 200
    assert abs(point.y - 4_513_700) < 300


@pytest.mark.realdata
def test_a_feed_survives_the_city_folder(real_data: Path, tmp_path: Path) -> None:
    city = read_city(real_data / "gtfs" / "cairns_gtfs.zip")
    assert city.sources[0].credit.startswith("Department of Transport and Main Roads - TransLink")
    again = read_city(city.save(tmp_path / "out"))
    pd.testing.assert_frame_equal(pd.DataFrame(city.stops), pd.DataFrame(again.stops))


def test_a_small_feed_by_hand(feed: Callable[..., Path]) -> None:
    city = read_city(feed())
    frame = city.stops.set_index("stop_id")
    assert city.crs.to_epsg() == 7415
    # The week of 21 April lacks its Monday: 4 days of 3 trips and one more; those of 7 and 14 April have 15.
    assert set(frame["service_date"]) == {"2025-04-07"}
    assert frame["departures_day"].to_dict() == {"S": 0, "A": 2, "B": 0, "C": 2, "E": 0, "N": 0, "X": 0}
    assert frame["departures_day_total"].to_dict()["S"] == 2
    assert frame["mode"].to_dict() == {"S": "tram", "A": "bus", "B": "tram", "C": "tram", "E": "", "N": "", "X": ""}
    assert frame.loc["A", "modes"] == "bus, tram"
    assert frame["first_departure"].to_dict() == {"S": "", "A": "08:00:00", "B": "", "C": "07:30:00", "E": "", "N": "", "X": ""}
    assert frame.loc["A", "last_departure"] == "25:10:00"
    assert frame["wheelchair_boarding"].to_dict() == {"S": "yes", "A": "yes", "B": "no", "C": "", "E": "yes", "N": "yes", "X": ""}
    assert frame["place"].tolist() == ["station", "stop", "stop", "stop", "entrance", "node", "stop"]
    assert frame.loc["A", "parent_station"] == "feed/S"
    assert frame.loc["A", "platform_code"] == "A"
    # A node without coordinates is where its station is.
    assert frame.loc["N"].geometry.equals(frame.loc["S"].geometry)
    # The Dutch grid from latitude and longitude by the polynomials of Schreutelkamp and Strang van Hees (2001), to a metre.
    p, q = 0.36 * (52.0893 - 52.15517440), 0.36 * (5.1100 - 5.38720621)
    x = 155_000 + 190_094.945 * q - 11_832.228 * p * q - 114.221 * p**2 * q - 32.391 * q**3
    y = 463_000 + 309_056.544 * p + 3_638.893 * q**2 + 73.077 * p**2 - 157.984 * p * q**2
    assert abs(frame.loc["S"].geometry.x - x) < 1.0
    assert abs(frame.loc["S"].geometry.y - y) < 1.0
    assert city.sources[0].credit == "U-OV"


def test_a_day_that_exceptions_make_the_busiest(feed: Callable[..., Path]) -> None:
    only = "service_id,date,exception_type\nparty,20250424,1\nweek,20250424,1\nweek,20250425,1\n"
    frame = read_city(feed({"calendar.txt": None, "calendar_dates.txt": only})).stops.set_index("stop_id")
    assert set(frame["service_date"]) == {"2025-04-24"}
    assert frame.loc["C", "departures_day"] == 3


def test_trips_that_are_repeated(feed: Callable[..., Path]) -> None:
    text = "trip_id,start_time,end_time,headway_secs\nt1,06:00:00,07:00:00,600\nt1,22:00:00,22:01:00,600\nt9,1:00:00,2:00:00,60\n"
    city = read_city(feed({"frequencies.txt": text}))
    frame = city.stops.set_index("stop_id")
    # t1 leaves six times in the hour and once at ten, t3 once; t2 ends at C.
    assert frame.loc["C", "departures_day"] == 8
    assert frame.loc["C", ["first_departure", "last_departure"]].tolist() == ["06:06:00", "22:06:00"]
    assert codes(city) == {"frequency": 1}


def test_order_of_tables_columns_and_folders_do_not_matter(feed: Callable[..., Path]) -> None:
    plain = read_city(feed()).stops
    rows = FEED["stops.txt"].splitlines()
    odd = "\ufeff" + "\r\n".join([rows[0].replace(",", " , "), *rows[1:]]) + "\r\n"
    moved = read_city(feed({"stops.txt": odd.replace("Neude", '"Neude, ""het plein"""')}, folder="utrecht/", name="feed.zip")).stops
    assert moved.loc["feed/C", "name"] == 'Neude, "het plein"'
    pd.testing.assert_frame_equal(
        pd.DataFrame(plain.drop(columns="name")), pd.DataFrame(moved.drop(columns="name")), check_like=True
    )


@pytest.mark.parametrize(
    ("changes", "code", "departures"),
    [
        ({"stop_times.txt": None}, "no-service", None),
        ({"trips.txt": None}, "no-service", None),
        ({"trips.txt": "route_id,service_id,trip_id\n"}, "no-calendar", None),
        ({"stop_times.txt": "trip_id,stop_id,stop_sequence\n"}, "no-service", None),
        ({"routes.txt": None}, "no-routes", 2),
        ({"calendar.txt": None, "calendar_dates.txt": None}, "no-calendar", None),
        ({"calendar.txt": FEED["calendar.txt"].replace("20250401", "soon")}, "calendar", 1),
        ({"calendar.txt": FEED["calendar.txt"].replace("monday", "maandag")}, "calendar", 1),
        ({"calendar_dates.txt": "service_id,day\nweek,1\n"}, "calendar", 2),
        ({"stops.txt": FEED["stops.txt"].replace("52.0930,5.1190", "0.0,0.0")}, "coordinates", 2),
        ({"stops.txt": FEED["stops.txt"].replace("52.0930,5.1190", "952,5.1")}, "coordinates", 2),
        ({"stops.txt": FEED["stops.txt"].replace("52.0930,5.1190", "north,5.1")}, "coordinates", 2),
        ({"stops.txt": FEED["stops.txt"] + "C,Twice,52.1,5.1,,,,\n"}, "duplicate-id", 2),
        ({"stops.txt": FEED["stops.txt"] + ",Nameless,52.1,5.1,,,,\n"}, "no-id", 2),
        ({"stops.txt": FEED["stops.txt"].replace("5.1101,0,S", "5.1101,0,Q")}, "unknown-parent", 2),
        ({"stops.txt": FEED["stops.txt"] + "Y,a,52.1,5.1,,,,,1,2,3\n"}, "line", 2),
        ({"routes.txt": FEED["routes.txt"].replace("900", "fast")}, "route-type", 2),
        ({"stop_times.txt": FEED["stop_times.txt"] + "t1,1:00:00,1:00:00,Q,4,\n"}, "unknown-stop", 2),
        ({"stop_times.txt": FEED["stop_times.txt"] + "t9,1:00:00,1:00:00,A,4,\n"}, "unknown-trip", 2),
        ({"stop_times.txt": FEED["stop_times.txt"].replace("stop_sequence", "order")}, "column", None),
    ],
)  # fmt: skip
def test_a_broken_feed_is_told(feed: Callable[..., Path], changes: dict[str, Any], code: str, departures: int | None) -> None:
    city = read_city(feed(changes))
    assert code in codes(city)
    stated = city.stops.set_index("stop_id").loc["C", "departures_day"]
    if departures is None:
        assert pd.isna(stated)
    else:
        assert stated == departures
    lost = city.stops.geometry.is_empty
    assert lost.sum() == (code == "coordinates")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stops.txt": "stop_name,stop_lat,stop_lon\na,1,2\n"}, "no stop_id"),
        ({"stops.txt": "stop_id,stop_name\na,b\n"}, "no stop_lat, stop_lon"),
        ({"stops.txt": "stop_id,stop_lat,stop_lon\n"}, "stops.txt is empty"),
        ({"stops.txt": 'stop_id,stop_lat,stop_lon\n"a,1,2\n'}, "broken table"),
    ],
)
def test_a_feed_without_stops_is_refused(feed: Callable[..., Path], changes: dict[str, Any], message: str) -> None:
    with pytest.raises(FormatError, match=message) as caught:
        read_city(feed(changes))
    assert "feed.zip" in str(caught.value)


def test_a_bomb_is_refused(feed: Callable[..., Path]) -> None:
    with pytest.raises(FormatError, match="unpacks from"):
        read_city(feed({"shapes.txt": "0" * 60_000_000}))


@pytest.mark.parametrize(
    ("number", "word"),
    [
        ("0", "tram"), ("1", "metro"), ("2", "rail"), ("3", "bus"), ("4", "ferry"), ("7", "funicular"), ("11", "bus"),
        ("12", "metro"), ("109", "rail"), ("200", "bus"), ("401", "metro"), ("714", "bus"), ("800", "bus"), ("906", "tram"),
        ("1000", "ferry"), ("1100", "air"), ("1300", "cable car"), ("1501", "taxi"), ("1702", "other"),
        ("99", ""), ("-1", ""), ("x", ""), ("", ""),
    ],
)  # fmt: skip
def test_types_of_routes(number: str, word: str) -> None:
    assert mode_of(number) == word


@given(st.integers(0, 3 * 86400))
def test_times_of_a_service_day_are_written_as_they_are_read(time: int) -> None:
    assert seconds(pd.Series([clock(time), "", "7", "x:y:z", "-1:00:00"])).tolist()[0] == time
    assert np.isnan(seconds(pd.Series(["", "7", "x:y:z", "-1:00:00"]))).all()


@pytest.mark.parametrize("seed", range(40))
def test_any_damage_to_a_feed_is_told(feed: Callable[..., Path], seed: int) -> None:
    chance = random.Random(seed)
    name = chance.choice(list(FEED))
    letters = b'",\n\r;0123456789.-:\x00'
    city = read_or_told(feed({name: damaged(FEED[name].encode(), chance, times=5, cut=50, letters=letters, longest=6)}))
    if city is None:
        return
    assert city.summary()
    assert not shapely.is_missing(np.asarray(city.stops.geometry.array, dtype=object)).any()


@pytest.mark.parametrize("folder", ["", "feed/", "een/twee/"])
@pytest.mark.parametrize("alone", [False, True])
def test_a_feed_in_a_folder_and_stops_alone(feed: Callable[..., Path], folder: str, alone: bool) -> None:
    without = dict.fromkeys(FEED.keys() - {"stops.txt"}) if alone else {}
    path = feed(without, folder=folder)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"__MACOSX/{folder}._stops.txt", b"\0\5\26\7")
    city = read_city(path)
    assert city.stops["stop_id"].tolist() == read_city(feed(name="plain.zip")).stops["stop_id"].tolist()
    assert ("no-service" in codes(city)) == alone


def test_tables_beside_the_stops_count_for_more_than_a_place_at_the_top(feed: Callable[..., Path]) -> None:
    path = feed(folder="feed/")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("stops.txt", "notes on the stops\n")
    assert len(read_city(path).stops) == len(read_city(feed(name="plain.zip")).stops)


def test_a_list_of_stops_beside_other_files_is_no_feed(tmp_path: Path) -> None:
    path = tmp_path / "mixed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("stops.txt", "notes on the stops\n")
        archive.writestr("a.geojson", '{"type": "FeatureCollection", "features": []}')
    assert not len(read_city(path).stops)
