"""GTFS: the stops of public transport of a feed, with how often they are served on its busiest day."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import PurePosixPath
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.errors import FormatError
from twin.geo.city import Source
from twin.geo.readers.formats import GTFS_TABLES
from twin.geo.readers.gtfs_service import MODES, Calls, Day, busiest_day, clock, count_calls, mode_of
from twin.geo.readers.model import Findings, Reading, ReadOptions
from twin.geo.readers.source import Blob, members_of

MAX_ROWS = 20_000_000
"""Rows of any table but ``stop_times.txt``."""
CHUNK_ROWS = 500_000
MAX_COLUMNS = 100
NULL_ISLAND_DEG = 0.01
"""Coordinates nearer than this to (0, 0), in the Gulf of Guinea, are ones that were not filled in [deg]."""

PLACES = {"": "stop", "0": "stop", "1": "station", "2": "entrance", "3": "node", "4": "boarding area"}
"""What a row of ``stops.txt`` is, by its ``location_type``."""
_PARTLY = ("3", "4")
_WHEELCHAIR = {"1": "yes", "2": "no"}
_CALLS = ("trip_id", "stop_id", "arrival_time", "departure_time", "stop_sequence", "pickup_type")


def read(blob: Blob, options: ReadOptions) -> Reading:
    """Read a feed.

    Parameters
    ----------
    blob : Blob
        The zip archive.
    options : ReadOptions
        Nothing of it matters here.

    Returns
    -------
    Reading
        One row in ``stops`` for each of ``stops.txt``, in degrees. ``departures_day`` counts departures from the row itself, on
        the busiest day of the busiest week (``service_date``); ``departures_day_total`` also those from its platforms.

    Raises
    ------
    FormatError
        When there are no stops, or ``stops.txt`` lacks their ids or coordinates.
    """
    from pyproj import CRS

    tables = _members(blob)
    findings = Findings()
    stops = _stops(tables, blob.name, findings)
    day, calls = _service(tables, pd.Index(stops["stop_id"]), findings)
    frame = _frame(stops, day, calls, PurePosixPath(blob.name).stem, findings)
    crs = CRS.from_epsg(4326)
    frame = gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=gpd.GeoSeries(frame["geometry"], crs=crs), crs=crs)
    licence, credit, date, name = _about(tables, findings)
    source = Source(blob.name, "GTFS", licence, credit, blob.sha256, date)
    return Reading(source, crs, findings, layers={"stops": frame}, name=name, date=date)


def _members(blob: Blob) -> dict[str, Blob]:
    """Tables of the feed by lower-case name: all beside the ``stops.txt`` that has other tables, nearest to the top."""
    members = {member.name.split("!", 1)[1]: member for member in members_of(blob)}
    homes = [PurePosixPath(name).parent for name in members if PurePosixPath(name).name.lower() == "stops.txt"]
    full = {PurePosixPath(name).parent for name in members if PurePosixPath(name).name.lower() in GTFS_TABLES}
    home = min(homes, key=lambda place: (place not in full, len(place.parts), str(place)))
    return {PurePosixPath(name).name.lower(): one for name, one in members.items() if PurePosixPath(name).parent == home}


def _parts(
    tables: dict[str, Blob], name: str, wanted: Sequence[str], needed: Sequence[str], findings: Findings, rows: int = MAX_ROWS
) -> Iterator[pd.DataFrame]:
    """Parts of a table as text, stripped of spaces in its header; nothing when it is not there or lacks a column."""
    blob = tables.get(name)
    if blob is None:
        return
    keep = set(wanted)
    settings: dict[str, Any] = {
        "dtype": "str", "keep_default_na": False, "na_filter": False, "encoding": "utf-8-sig", "encoding_errors": "replace",
        "skipinitialspace": True, "on_bad_lines": "warn", "chunksize": CHUNK_ROWS, "index_col": False,
        "usecols": (lambda column: column.strip().lower() in keep) if keep else None,
    }  # fmt: skip
    count = 0
    try:
        with blob.open() as stream, warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            with pd.read_csv(stream, **settings) as reader:
                for part in reader:
                    part = part.rename(columns=lambda column: str(column).strip().lower())
                    part = part.loc[:, ~part.columns.duplicated()].iloc[:, :MAX_COLUMNS]
                    missing = [column for column in needed if column not in part]
                    if missing:
                        message = f"{name} has no {', '.join(missing)}; not used"
                        findings.add("column", "", message, severity="error", path=name)
                        return
                    count += len(part)
                    if count > rows:
                        raise FormatError(f"{name} has more than {rows} rows", where=blob.name)
                    yield part
            bad = sum(str(one.message).count("expected") for one in told if issubclass(one.category, pd.errors.ParserWarning))
        if bad:
            message = f"{bad} lines have more values than the header has columns; left out"
            findings.add("line", "", message, severity="error", path=name)
    except pd.errors.EmptyDataError:
        return
    except (pd.errors.ParserError, UnicodeError, ValueError) as error:
        raise FormatError(f"broken table: {str(error).strip()[:160]}", where=blob.name) from None


def _table(
    tables: dict[str, Blob], name: str, wanted: Sequence[str], needed: Sequence[str], findings: Findings
) -> pd.DataFrame | None:
    parts = list(_parts(tables, name, wanted, needed, findings))
    return pd.concat(parts, ignore_index=True) if parts else None


def _stops(tables: dict[str, Blob], where: str, findings: Findings) -> pd.DataFrame:
    stops = _table(tables, "stops.txt", (), (), findings)
    if stops is None or not len(stops):
        raise FormatError("stops.txt is empty", where=where)
    missing = [name for name in ("stop_id", "stop_lat", "stop_lon") if name not in stops]
    if missing:
        raise FormatError(f"stops.txt has no {', '.join(missing)}", where=where)
    stops = stops.apply(lambda column: column.str.strip())
    nameless = stops["stop_id"] == ""
    if nameless.any():
        message = f"{int(nameless.sum())} rows have no stop_id; left out"
        findings.add("no-id", "", message, severity="error", path="stops.txt")
    twice = stops["stop_id"].duplicated() & ~nameless
    for stop in stops.loc[twice, "stop_id"]:
        findings.add("duplicate-id", stop, "stops.txt has this stop twice; the first is kept", severity="error", path="stops.txt")
    return stops[~nameless & ~twice].reset_index(drop=True)


def _service(tables: dict[str, Blob], stops: pd.Index, findings: Findings) -> tuple[Day | None, Calls | None]:
    """The day that counts and how each stop is served; None where the feed does not tell."""
    trips = _table(tables, "trips.txt", ("trip_id", "route_id", "service_id"), ("trip_id", "service_id"), findings)
    if trips is None or "stop_times.txt" not in tables:
        missing = "trips.txt" if trips is None else "stop_times.txt"
        findings.add("no-service", "", f"there is no {missing} to use: how often stops are served is not known", path=missing)
        return None, None
    trips = trips.drop_duplicates("trip_id")
    mode = _modes(tables, trips, findings)
    calendar = _table(tables, "calendar.txt", (), (), findings)
    exceptions = _table(tables, "calendar_dates.txt", (), (), findings)
    day = busiest_day(calendar, exceptions, trips["service_id"].value_counts(), findings)
    if day is None:
        message = "no service runs on any day by calendar.txt and calendar_dates.txt: departures are not known"
        findings.add("no-calendar", "", message, path="calendar.txt")
    else:
        findings.add("service-day", "", f"departures are those of {day.date}, the busiest day of the busiest week", severity="info")
    runs = trips["service_id"].isin(day.services if day is not None else ())
    table = pd.DataFrame({"mode": mode, "runs": runs.to_numpy()}, index=pd.Index(trips["trip_id"]))
    frequencies = _table(tables, "frequencies.txt", (), (), findings)
    chunks = _parts(tables, "stop_times.txt", _CALLS, ("trip_id", "stop_id", "stop_sequence"), findings, rows=1_000_000_000)
    start = next(chunks, None)
    if start is None or not len(start):
        findings.add("no-service", "", "stop_times.txt has nothing to use: how often stops are served is not known")
        return day, None
    return day, count_calls(chain([start], chunks), stops, table, frequencies, findings)


def _modes(tables: dict[str, Blob], trips: pd.DataFrame, findings: Findings) -> NDArray[np.int64]:
    """Number in `MODES` of each trip; ``other`` where the route or its type is not known."""
    routes = _table(tables, "routes.txt", ("route_id", "route_type"), ("route_id", "route_type"), findings)
    other = MODES.index("other")
    if routes is None or "route_id" not in trips:
        findings.add("no-routes", "", "the way of transport is not known: there is no routes.txt to use", path="routes.txt")
        return np.full(len(trips), other, dtype=np.int64)
    routes = routes.drop_duplicates("route_id")
    words = [mode_of(kind.strip()) for kind in routes["route_type"]]
    for route, kind, word in zip(routes["route_id"], routes["route_type"], words, strict=True):
        if not word:
            findings.add("route-type", route, f"{kind!r} is not a type of route; taken as other", path="routes.txt")
    numbers = pd.Series([MODES.index(word or "other") for word in words], index=routes["route_id"])
    return np.asarray(numbers.reindex(trips["route_id"]).fillna(other), dtype=np.int64)


def _frame(stops: pd.DataFrame, day: Day | None, calls: Calls | None, feed: str, findings: Findings) -> pd.DataFrame:
    count = len(stops)

    def text(name: str) -> pd.Series[str]:
        return stops[name] if name in stops else pd.Series([""] * count, dtype="str")

    ids = [str(one) for one in stops["stop_id"]]
    kind = text("location_type")
    parent = pd.Index(stops["stop_id"]).get_indexer(text("parent_station"))
    parent = np.where(text("parent_station") == "", -1, parent)
    orphan = (text("parent_station") != "").to_numpy() & (parent < 0)
    for stop in stops.loc[orphan, "stop_id"]:
        findings.add("unknown-parent", stop, "its parent_station is not in stops.txt", path="stops.txt")
    wheelchair = text("wheelchair_boarding").where(text("wheelchair_boarding") != "", "0")
    # A platform that does not say takes what its station says (GTFS, stops.txt).
    inherited = np.where((wheelchair == "0") & (parent >= 0), wheelchair.to_numpy()[parent], wheelchair)
    columns: dict[str, Any] = {
        "stop_id": stops["stop_id"],
        "name": text("stop_name"),
        "place": [PLACES.get(one, "stop") for one in kind],
        "parent_station": [f"{feed}/{ids[row]}" if row >= 0 else "" for row in parent],
        "platform_code": text("platform_code"),
        "wheelchair_boarding": [_WHEELCHAIR.get(one, "") for one in inherited],
    }
    columns |= _served(count, parent, day, calls)
    taken = (
        "stop_id",
        "stop_name",
        "location_type",
        "parent_station",
        "platform_code",
        "wheelchair_boarding",
        "stop_lat",
        "stop_lon",
    )
    others = [str(name) for name in stops.columns if name not in taken and name not in columns]
    columns |= {name if name not in ("id", "geometry") else f"{name}_attribute": stops[name] for name in others}
    index = pd.Index(feed + "/" + stops["stop_id"].astype("str"), name="id", dtype="str")
    texts = {
        name: pd.array(values, dtype="str")
        for name, values in columns.items()
        if not isinstance(values, pd.api.extensions.ExtensionArray)
    }
    frame = pd.DataFrame({name: texts.get(name, values) for name, values in columns.items()}, index=index)
    return frame.assign(geometry=_points(stops, kind, parent, findings))


def _served(count: int, parent: NDArray[np.int64], day: Day | None, calls: Calls | None) -> dict[str, Any]:
    """Columns of service of each stop; without a calendar the departures are missing, not 0."""
    nothing = pd.array([pd.NA] * count, dtype="Int64")
    if calls is None:
        blank = [""] * count
        found: dict[str, Any] = {"mode": blank, "modes": blank, "departures_day": nothing, "departures_day_total": nothing}
        return found | {"first_departure": blank, "last_departure": blank, "service_date": blank}
    root = np.where(parent >= 0, parent, np.arange(count))
    root = np.where(root[root] != root, root[root], root)  # a boarding area's platform has a station
    whole = np.zeros_like(calls.by_mode)
    np.add.at(whole, root, calls.by_mode)
    is_root = root == np.arange(count)
    by_mode = np.where(is_root[:, None], whole, calls.by_mode)
    total = np.bincount(root, weights=calls.departures, minlength=count).astype(np.int64)
    total = np.where(is_root, total, calls.departures)
    any_mode = by_mode.sum(axis=1) > 0
    return {
        "mode": [MODES[row.argmax()] if known else "" for row, known in zip(by_mode, any_mode, strict=True)],
        "modes": [", ".join(MODES[k] for k in np.argsort(-row, kind="stable") if row[k]) for row in by_mode],
        "departures_day": nothing if day is None else pd.array(calls.departures, dtype="Int64"),
        "departures_day_total": nothing if day is None else pd.array(total, dtype="Int64"),
        "first_departure": [clock(time) for time in calls.first],
        "last_departure": [clock(time) for time in calls.last],
        "service_date": [day.date if day is not None else ""] * count,
    }


def _points(stops: pd.DataFrame, kind: pd.Series[str], parent: NDArray[np.int64], findings: Findings) -> NDArray[np.object_]:
    """Where the stops are; nodes and boarding areas that do not say are where their station is."""
    lat, lon = (pd.to_numeric(stops[name], errors="coerce").to_numpy(dtype=np.float64) for name in ("stop_lat", "stop_lon"))
    missing = np.isnan(lat) | np.isnan(lon)
    partly = missing & kind.isin(_PARTLY).to_numpy() & (parent >= 0)
    lat, lon = np.where(partly, lat[parent], lat), np.where(partly, lon[parent], lon)
    beyond = (np.abs(lat) > 90) | (np.abs(lon) > 180)
    island = (np.abs(lat) < NULL_ISLAND_DEG) & (np.abs(lon) < NULL_ISLAND_DEG)
    lost = np.isnan(lat) | np.isnan(lon)
    for wrong, what in (
        (lost, "no coordinates"),
        (beyond, "coordinates that are not on Earth"),
        (island, "the coordinates (0, 0)"),
    ):
        for row in np.flatnonzero(wrong):
            message = f"the stop has {what}; it has no place"
            findings.add("coordinates", str(stops["stop_id"].iat[int(row)]), message, severity="error", path="stops.txt")
    bad = lost | beyond | island
    points = np.full(len(stops), shapely.Point(), dtype=object)
    points[~bad] = shapely.points(lon[~bad], lat[~bad])
    return points


def _about(tables: dict[str, Blob], findings: Findings) -> tuple[str, str, str, str]:
    """Licence, credit, date and name of the feed as it states them."""
    info = _table(tables, "feed_info.txt", (), (), findings)
    agency = _table(tables, "agency.txt", (), (), findings)
    credits = _table(tables, "attributions.txt", (), (), findings)

    def of(frame: pd.DataFrame | None, *names: str) -> str:
        for name in names:
            if frame is not None and name in frame:
                stated = list(dict.fromkeys(value.strip() for value in frame[name] if value.strip()))
                if stated:
                    return ", ".join(stated[:5])
        return ""

    date = of(info, "feed_start_date")[:8]
    if not (len(date) == 8 and date.isdigit()):
        date = ""
    publisher = of(info, "feed_publisher_name")
    credit = of(credits, "organization_name") or of(agency, "agency_name") or publisher
    licence = of(info, "feed_license", "feed_licence", "license", "license_url") or of(credits, "license", "license_url")
    return licence, credit, f"{date[:4]}-{date[4:6]}-{date[6:]}" if date else "", publisher
