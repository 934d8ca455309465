"""When a GTFS feed runs and how often each stop is served: the busiest day, and the calls on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.geo.readers.model import Findings

MODES = ("tram", "metro", "rail", "bus", "ferry", "cable car", "funicular", "air", "taxi", "other")
"""Ways of transport; a stop's ``mode`` is one of them."""

_BASIC = {0: "tram", 1: "metro", 2: "rail", 3: "bus", 4: "ferry", 5: "tram", 6: "cable car", 7: "funicular", 11: "bus", 12: "metro"}
_EXTENDED = {
    1: "rail", 2: "bus", 4: "metro", 7: "bus", 8: "bus", 9: "tram", 10: "ferry", 11: "air", 12: "ferry", 13: "cable car",
    14: "funicular", 15: "taxi",
}  # fmt: skip
_TIME = re.compile(r"^\s*(\d{1,3}):([0-5]\d):([0-5]\d)\s*$")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MAX_DAYS = 20_000
"""Calendars that run longer than this (55 years) are cut off."""
NO_DEPARTURE = "1"
"""``pickup_type`` of a call at which nobody may get on."""


def mode_of(route_type: str) -> str:
    """Way of transport of a route type: of the basic ones (GTFS, routes.txt), or of the extended ones folded by hundreds.

    Urban railways (400 to 404) and monorails count as metro, trolleybuses and coaches as bus, cable trams as tram, aerial
    lifts as cable car. Empty when it is none.
    """
    try:
        number = int(route_type)
    except ValueError:
        return ""
    if number in _BASIC:
        return _BASIC[number]
    if 100 <= number < 1700:
        return _EXTENDED.get(number // 100, "other")
    return "other" if 1700 <= number < 1800 else ""


@dataclass(slots=True)
class Day:
    """The day that counts, and what runs on it.

    Parameters
    ----------
    date : str
        ISO 8601.
    services : set of str
        Ids of the services that run.
    """

    date: str
    services: set[str]


def busiest_day(
    calendar: pd.DataFrame | None, exceptions: pd.DataFrame | None, trips: pd.Series[int], findings: Findings
) -> Day | None:
    """The busiest day of the busiest week (from Monday) of a feed, by the number of trips; the first of several.

    Parameters
    ----------
    calendar, exceptions : DataFrame or None
        ``calendar.txt`` and ``calendar_dates.txt``, all text.
    trips : Series of int
        Number of trips by service.
    findings : Findings

    Returns
    -------
    Day or None
        None when no service ever runs.
    """
    base, changes = _calendar(calendar, findings), _exceptions(exceptions, findings)
    limits = np.concatenate([base["start"], base["end"], changes["date"]]).astype(np.int64)
    if not len(limits):
        return None
    first = int(limits.min())
    first -= _weekday(first)
    days = int(limits.max()) - first + 1
    if days > MAX_DAYS:
        findings.add("calendar", "", f"the calendar spans {days} days; those after the first {MAX_DAYS} do not count")
        days = MAX_DAYS
    count = _trips_by_day(base, changes, trips, first, days + (-days) % 7)
    if not count.any():
        return None
    weeks = count.reshape(-1, 7)
    week = int(weeks.sum(axis=1).argmax())
    day = first + 7 * week + int(weeks[week].argmax())
    bits = base["days"].to_numpy(dtype=np.int64) >> _weekday(day)
    on = base[(base["start"] <= day) & (base["end"] >= day) & ((bits & 1) == 1)]
    that_day = changes[changes["date"] == day]
    services = set(on["service_id"]) - set(that_day.loc[~that_day["added"], "service_id"])
    services |= set(that_day.loc[that_day["added"], "service_id"])
    return Day(str(np.datetime64(day, "D")), services)


def _weekday(day: int) -> int:
    """Day of the week from Monday of a day since 1970, which began on a Thursday."""
    return (day + 3) % 7


def _trips_by_day(base: pd.DataFrame, changes: pd.DataFrame, trips: pd.Series[int], first: int, days: int) -> NDArray[np.int64]:
    """Number of trips on each day from a Monday on, (days,)."""
    count = np.zeros(days, dtype=np.int64)
    number = trips.reindex(base["service_id"]).fillna(0).to_numpy(dtype=np.int64)
    spans = base[["start", "end", "days"]].to_numpy(dtype=np.int64)
    for (start, end, bits), n in zip(spans.tolist(), number.tolist(), strict=True):
        for weekday in range(7):
            if bits >> weekday & 1:
                begin = start - first + (weekday - _weekday(start)) % 7
                count[begin : max(end - first + 1, 0) : 7] += n
    number = trips.reindex(changes["service_id"]).fillna(0).to_numpy(dtype=np.int64)
    added, runs = changes["added"].to_numpy(dtype=bool), _runs(base, changes)
    place = changes["date"].to_numpy(dtype=np.int64) - first
    step = np.where(added & ~runs, number, np.where(~added & runs, -number, 0))
    inside = place < days
    np.add.at(count, place[inside], step[inside])
    return count


def _days(dates: pd.Series[str]) -> NDArray[np.int64]:
    """Days since 1970 of dates as GTFS writes them (``20140526``); -1 for what is none."""
    found = pd.to_datetime(dates.str.strip(), format="%Y%m%d", errors="coerce")
    days = found.to_numpy(dtype="datetime64[D]").astype(np.int64)
    return np.where(found.isna().to_numpy(), -1, days)


def _calendar(calendar: pd.DataFrame | None, findings: Findings) -> pd.DataFrame:
    """Services by week: ``service_id``, ``start``, ``end`` (days since 1970), ``days`` (bits from Monday)."""
    needed = ["service_id", "start_date", "end_date", *WEEKDAYS]
    if calendar is None or any(name not in calendar for name in needed):
        if calendar is not None:
            missing = ", ".join(name for name in needed if name not in calendar)
            findings.add("calendar", "", f"calendar.txt has no {missing}; not used", severity="error", path="calendar.txt")
        return pd.DataFrame({"service_id": pd.Series(dtype="str"), "start": [], "end": [], "days": []})
    bits = np.zeros(len(calendar), dtype=np.int64)
    for place, name in enumerate(WEEKDAYS):
        bits |= (calendar[name].str.strip() == "1").to_numpy(dtype=np.int64) << place
    frame = pd.DataFrame(
        {"service_id": calendar["service_id"], "start": _days(calendar["start_date"]), "end": _days(calendar["end_date"])}
    )
    frame["days"] = bits
    good = (frame["start"] >= 0) & (frame["end"] >= frame["start"])
    if not good.all():
        message = f"{int((~good).sum())} rows have no period from start_date to end_date; left out"
        findings.add("calendar", "", message, severity="error", path="calendar.txt")
    return frame[good].drop_duplicates("service_id")


def _exceptions(exceptions: pd.DataFrame | None, findings: Findings) -> pd.DataFrame:
    """Days added and removed: ``service_id``, ``date`` (days since 1970), ``added``."""
    nothing = pd.DataFrame(
        {"service_id": pd.Series(dtype="str"), "date": pd.Series(dtype="int64"), "added": pd.Series(dtype="bool")}
    )
    if exceptions is None:
        return nothing
    if any(name not in exceptions for name in ("service_id", "date", "exception_type")):
        message = "calendar_dates.txt lacks service_id, date or exception_type; not used"
        findings.add("calendar", "", message, severity="error", path="calendar_dates.txt")
        return nothing
    kind = exceptions["exception_type"].str.strip()
    frame = pd.DataFrame({"service_id": exceptions["service_id"], "date": _days(exceptions["date"]), "added": kind == "1"})
    good = (frame["date"] >= 0) & kind.isin(["1", "2"])
    if not good.all():
        message = f"{int((~good).sum())} rows have no date or exception_type 1 or 2; left out"
        findings.add("calendar", "", message, severity="error", path="calendar_dates.txt")
    return frame[good].drop_duplicates(["service_id", "date"])


def _runs(base: pd.DataFrame, changes: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether the weekly calendar has the service run on the day of each change (N,)."""
    known = changes[["service_id", "date"]].merge(base, on="service_id", how="left")
    day = known["date"].to_numpy(dtype=np.int64)
    bits = known["days"].fillna(0).to_numpy(dtype=np.int64)
    inside = (known["start"].to_numpy(dtype=np.float64) <= day) & (day <= known["end"].to_numpy(dtype=np.float64))
    return np.asarray(inside & ((bits >> (day + 3) % 7 & 1) == 1))


@dataclass(slots=True)
class Calls:
    """How each stop (S,) is served.

    Parameters
    ----------
    by_mode : (S, M) int64
        Calls of all trips of the feed by `MODES`.
    departures : (S,) int64
        Departures on the day.
    first, last : (S,) float64
        Times of the first and the last departure on the day, after midnight of its start [s]; NaN without any.
    """

    by_mode: NDArray[np.int64]
    departures: NDArray[np.int64]
    first: NDArray[np.float64]
    last: NDArray[np.float64]


def count_calls(
    chunks: Iterator[pd.DataFrame],
    stops: pd.Index,
    trips: pd.DataFrame,
    frequencies: pd.DataFrame | None,
    findings: Findings,
) -> Calls:
    """Go once through ``stop_times.txt``.

    A call is a departure when it is not the last one of its trip and people may get on.

    Parameters
    ----------
    chunks : iterator of DataFrame
        Parts of the file, all text.
    stops : Index of str
        Ids of the stops.
    trips : DataFrame
        Indexed by trip id: ``mode`` (number in `MODES`), ``runs`` (whether it runs on the day).
    frequencies : DataFrame or None
        ``frequencies.txt``: trips that are repeated.
    findings : Findings
    """
    by_mode = np.zeros((len(stops), len(MODES)), dtype=np.int64)
    mode, runs = trips["mode"].to_numpy(dtype=np.int64), trips["runs"].to_numpy(dtype=bool)
    running = np.flatnonzero(runs)
    kept: list[pd.DataFrame] = []
    lost_stop, lost_trip = 0, 0
    for chunk in chunks:
        stop, trip = stops.get_indexer(pd.Index(chunk["stop_id"])), trips.index.get_indexer(pd.Index(chunk["trip_id"]))
        lost_stop, lost_trip = lost_stop + int((stop < 0).sum()), lost_trip + int((trip < 0).sum())
        known = (stop >= 0) & (trip >= 0)
        cell = stop[known] * len(MODES) + mode[trip[known]]
        by_mode += np.bincount(cell, minlength=by_mode.size).reshape(by_mode.shape)
        today = np.isin(trip, running)
        if today.any():
            kept.append(_compact(chunk[today], stop[today], trip[today]))
    if lost_stop:
        message = f"{lost_stop} calls are at stops that stops.txt does not have; left out"
        findings.add("unknown-stop", "", message, severity="error", path="stop_times.txt")
    if lost_trip:
        message = f"{lost_trip} calls are of trips that trips.txt does not have; left out"
        findings.add("unknown-trip", "", message, severity="error", path="stop_times.txt")
    departures, first, last = np.zeros(len(stops), np.int64), np.full(len(stops), np.nan), np.full(len(stops), np.nan)
    if kept:
        calls = pd.concat(kept, ignore_index=True)
        calls = _repeated(calls, trips, frequencies, findings)
        final = calls.groupby("trip")["sequence"].transform("max") == calls["sequence"]
        calls = calls[~final & calls["leaves"] & (calls["stop"] >= 0)]
        departures = np.bincount(calls["stop"], weights=calls["times"], minlength=len(stops)).astype(np.int64)
        np.fmin.at(first, calls["stop"].to_numpy(), calls["first"].to_numpy())
        np.fmax.at(last, calls["stop"].to_numpy(), calls["last"].to_numpy())
    return Calls(by_mode, departures, first, last)


def _compact(chunk: pd.DataFrame, stop: NDArray[np.int64], trip: NDArray[np.int64]) -> pd.DataFrame:
    nothing = pd.Series([""] * len(chunk), index=chunk.index, dtype="str")
    time = seconds(chunk.get("departure_time", nothing))
    if np.isnan(time).any():
        time = np.where(np.isnan(time), seconds(chunk.get("arrival_time", nothing)), time)
    return pd.DataFrame(
        {
            "stop": stop.astype(np.int32),
            "trip": trip.astype(np.int32),
            "sequence": pd.to_numeric(chunk["stop_sequence"], errors="coerce").fillna(0).to_numpy(dtype=np.int64),
            "time": time,
            "leaves": (chunk.get("pickup_type", nothing).str.strip() != NO_DEPARTURE).to_numpy(),
        }
    )


def seconds(times: pd.Series[str]) -> NDArray[np.float64]:
    """Times of a service day (``25:10:00`` is ten past one in the night after), [s]; NaN for what is none."""
    # A day has few different times, so each is parsed once.
    codes, different = pd.factorize(np.asarray(times, dtype=object))
    values = np.array([_second(text) for text in different] + [np.nan], dtype=np.float64)
    return values[codes]


def _second(text: object) -> float:
    found = _TIME.match(text) if isinstance(text, str) else None
    if found is None:
        return float("nan")
    return int(found[1]) * 3600.0 + int(found[2]) * 60.0 + int(found[3])


def clock(time_s: float) -> str:
    """A time of a service day as GTFS writes it; beyond 24 hours in the night after. Empty for NaN."""
    if not np.isfinite(time_s):
        return ""
    whole = int(time_s)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _repeated(calls: pd.DataFrame, trips: pd.DataFrame, frequencies: pd.DataFrame | None, findings: Findings) -> pd.DataFrame:
    """Calls with how often they are made: trips of ``frequencies.txt`` leave again and again from a start to an end."""
    calls = calls.assign(times=1, first=calls["time"], last=calls["time"])
    needed = ("trip_id", "start_time", "end_time", "headway_secs")
    if frequencies is None or any(name not in frequencies for name in needed):
        return calls
    start, end = seconds(frequencies["start_time"]), seconds(frequencies["end_time"])
    headway = pd.to_numeric(frequencies["headway_secs"], errors="coerce").to_numpy(dtype=np.float64)
    trip = trips.index.get_indexer(pd.Index(frequencies["trip_id"]))
    good = (headway >= 1) & (end > start) & (trip >= 0)
    if not good.all():
        message = f"{int((~good).sum())} rows have no trip, period or headway; left out"
        findings.add("frequency", "", message, severity="error", path="frequencies.txt")
    start, end, headway, trip = start[good], end[good], headway[good], trip[good]
    leaves = np.ceil((end - start) / headway)
    table = pd.DataFrame({"trip": trip, "times": leaves, "start": start, "end": start + (leaves - 1) * headway})
    table = table.groupby("trip").agg(times=("times", "sum"), start=("start", "min"), end=("end", "max"))
    repeated = calls["trip"].isin(table.index)
    if repeated.any():
        mine = calls.loc[repeated]
        offset = mine["time"] - mine.groupby("trip")["time"].transform("min")
        rows = table.loc[mine["trip"]]
        calls.loc[repeated, "times"] = rows["times"].to_numpy(dtype=np.int64)
        calls.loc[repeated, "first"] = rows["start"].to_numpy() + offset.to_numpy()
        calls.loc[repeated, "last"] = rows["end"].to_numpy() + offset.to_numpy()
    return calls
