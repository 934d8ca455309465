"""Stairs of OpenStreetMap: steps whose ends lie on two levels, and the ends of bridges and tunnels that meet the street."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
import shapely.ops
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.geo.readers.decks import BOTTOM_DECK, TOP_DECK
from twin.geo.readers.model import Findings
from twin.geo.readers.osm_decks import Meeting
from twin.geo.readers.osm_streets import Street, band, level_name, surface_of

WALK_LAYER_M = 5.0
"""Height from one ``layer`` to the next where the map states none [m]: 4.5 m clearance over roads (Eurocode 1991-1-7 takes
5.0 m and more as free of impact) and the deck. Layers order, they do not measure: every stair that uses this is noted."""

RISER_M = 0.17
"""Height of a step [m]; Dutch building decree: at most 0.185 m to 0.21 m, outdoors 0.15 m to 0.18 m is usual."""

ABUTMENT_M = 4.0
"""Length of the end of a bridge or tunnel that joins it to the street [m]."""

SHORTEST_M = 4.0
"""A bridge shorter than this has no room for two ends [m]."""

STEEPEST_M = 2.0
"""Steps shorter than this in plan cannot join two levels [m]."""

Row = tuple[BaseGeometry, dict[str, Any]]


@dataclass(slots=True)
class _Flight:
    """Steps that join two layers; `up` points up (2,) [m]."""

    street: Street
    low: int
    high: int
    up: NDArray[np.float64]
    count: int | None
    bottom_deck: str | None
    top_deck: str | None

    @property
    def rise_m(self) -> float:
        """How far they rise by themselves [m]."""
        return self.count * RISER_M if self.count else (self.high - self.low) * WALK_LAYER_M


def stair_rows(streets: Sequence[Street], meeting: Meeting, findings: Findings) -> dict[str, Row]:
    """Rows of ``stairs``.

    Parameters
    ----------
    streets : sequence of Street
        In metres.
    meeting : Meeting
        Of all that people walk on.
    findings : Findings

    Returns
    -------
    dict of str to (polygon, columns)
        Heights count from the ground (``z_from_ground``): a bridge ends on it; a stair to another layer has the height of its
        ``step_count``, else of the other stairs between the same two, else `WALK_LAYER_M` a layer, which is noted.
    """
    rows: dict[str, Row] = {}
    flights: dict[str, _Flight] = {}
    for one in streets:
        if one.rail or one.element.shape is None or one.element.shape.geom_type != "LineString":
            continue
        points = shapely.get_coordinates(one.element.shape)
        if one.kind == "steps":
            flight = _flight(one, points, meeting, findings)
            if flight is not None:
                flights[one.element.id] = flight
                rows[one.element.id] = band(one.element.shape, one.width_m, flat=True), {}
        elif one.layer != 0 and surface_of(one.element.tags, one.kind) != "motorway":
            rows.update(_abutments(one, points, meeting, findings))
    told: dict[tuple[str | None, str | None, int], list[float]] = {}
    for flight in flights.values():
        if flight.count and flight.top_deck:
            told.setdefault((flight.top_deck, flight.bottom_deck, flight.low), []).append(flight.rise_m)
    for key, flight in flights.items():
        others = told.get((flight.top_deck, flight.bottom_deck, flight.low), [])
        rise = float(np.mean(others)) if others else flight.rise_m
        why = "" if flight.count else "; other steps there state their number" if others else "; no number of steps is stated"
        message = f"layers {flight.low} and {flight.high} are taken to be {rise:.1f} m apart{why}"
        findings.add("osm-steps-height", key, message)
        rows[key] = rows[key][0], _columns_of(flight, rise)
    return rows


def _flight(one: Street, points: NDArray[np.float64], meeting: Meeting, findings: Findings) -> _Flight | None:
    """What steps join; None, noted where there is doubt, when they are floor."""
    ends = [(float(points[end][0]), float(points[end][1])) for end in (0, -1)]
    first, last = (meeting.at(end) for end in ends)
    pairs = [(a, b) for a in first for b in last if a != b]
    if not pairs:
        message = _astray(one, first, last)
        if message:
            findings.add("osm-steps", one.element.id, message)
        return None
    if len(pairs) > 1 or first & last:
        message = "the steps meet ways of several layers; they are floor, but join no levels"
        findings.add("osm-steps", one.element.id, message)
        return None
    start, end = pairs[0]
    low, high = min(start, end), max(start, end)
    bottom, top = ends if start < end else ends[::-1]
    up = (points[-1] - points[0]) * (1 if start < end else -1)
    if float(np.hypot(*up)) < STEEPEST_M:
        findings.add("osm-steps", one.element.id, "the steps are too short to join two levels; left as floor")
        return None
    return _Flight(one, low, high, up, one.columns["step_count"], meeting.deck(bottom, low), meeting.deck(top, high))


def _astray(one: Street, first: set[int], last: set[int]) -> str:
    """What is wrong with steps that join no two layers; empty for those of one level, and for a way into a house."""
    there = first | last
    if not there or there == {0} or (first and last and one.layer in there):
        return ""
    layers = " and ".join(map(str, sorted(there)))
    if first and last:
        return f"both ends of the steps meet ways of layer {layers}, but they state layer {one.layer}; they are floor there"
    return f"the steps lead from layer {layers} to where no way meets them; they are floor, but join no levels"


def _columns_of(flight: _Flight, rise: float) -> dict[str, Any]:
    base = flight.low * WALK_LAYER_M if flight.low else 0.0
    if flight.low < 0 and flight.high == 0:
        base = -rise
    columns = _stair_columns(level_name(flight.low), level_name(flight.high), base, base + rise, flight.up, "steps")
    return {**columns, BOTTOM_DECK: flight.bottom_deck, TOP_DECK: flight.top_deck}


def _stair_columns(bottom: str, top: str, bottom_z: float, top_z: float, up: Any, kind: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "bottom_level": bottom,
        "top_level": top,
        "bottom_z_m": bottom_z,
        "top_z_m": top_z,
        "up_azimuth_deg": float(np.degrees(np.arctan2(up[0], up[1])) % 360.0),
        "z_from_ground": True,
    }


def _abutments(one: Street, points: NDArray[np.float64], meeting: Meeting, findings: Findings) -> dict[str, Row]:
    """Where a bridge or tunnel meets the street: a level strip that belongs to both."""
    rows: dict[str, Row] = {}
    line = one.element.shape
    assert line is not None
    for name, end in (("start", 0), ("end", -1)):
        if 0 not in meeting.at((float(points[end][0]), float(points[end][1]))):
            continue
        if line.length < SHORTEST_M:
            message = f"the bridge or tunnel of {line.length:.1f} m is too short to be joined to the street"
            findings.add("osm-abutment", one.element.id, message)
            continue
        reach = min(ABUTMENT_M, line.length / 2)
        piece = shapely.ops.substring(line, 0.0, reach) if end == 0 else shapely.ops.substring(line, -reach, line.length)
        inward = shapely.get_coordinates(piece)
        into = (inward[-1] - inward[0]) if end == 0 else (inward[0] - inward[-1])
        if one.layer > 0:
            columns = _stair_columns("street", one.level, 0.0, 0.0, into, "abutment")
        else:
            columns = _stair_columns(one.level, "street", 0.0, 0.0, -into, "abutment")
        rows[f"{one.element.id}#{name}"] = band(piece, one.width_m, flat=True), columns
    return rows
