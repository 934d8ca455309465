"""What people call a spot in a city: by names and addresses, never by an id that only a machine can read."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import shapely

from twin.decimals import told_place
from twin.geo.city import City

ON_M = 0.5
"""A spot this near to a bridge or road lies on it [m]."""
NEAR_M = 250.0
"""Something named that is farther off says nothing of a spot [m]."""

_NAMES = ("name", "naam", "label", "official_name")
_ADDRESSES = ("address", "adres")
_STREETS = (("addr:street", "addr:housenumber"), ("street", "housenumber"), ("straat", "huisnummer"))
_FOR_MACHINES = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-|\d{5}|^\{|^(guid|uuid|gml|nl\.imbag|nl\.imgeo|id)[._-]", re.IGNORECASE)
_WINDS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")


def speaks(text: object) -> bool:
    """Whether a name or id is for people: not a GUID, a number of a register, or nothing."""
    return isinstance(text, str) and bool(text.strip()) and _FOR_MACHINES.search(text.strip()) is None


def title_of(row: Any) -> str:
    """What people call an object: its name, its address, or an id that speaks; empty when it has none of them."""
    for column in _NAMES:
        if speaks(row.get(column)):
            return str(row[column]).strip().replace("_", " ")
    for column in _ADDRESSES:
        value = row.get(column)
        if isinstance(value, str) and value.strip() and value.strip()[0] not in "[{":
            return value.strip()
    for street, number in _STREETS:
        if isinstance(row.get(street), str) and row[street].strip():
            told = row.get(number)
            return f"{row[street].strip()} {told}" if isinstance(told, str | int) and str(told) else row[street].strip()
    return str(row.name) if speaks(str(row.name)) else ""


def name_of_place(city: City | None, point: shapely.Point, level: str) -> str:
    """What people call a point: the bridge, street or place it lies on, else the nearest building or street that has a name."""
    if city is None:
        return told_place(point.x, point.y)
    kind = ""
    for layer in ("bridges", "roads"):
        frame = city.layers[layer]
        if not len(frame):
            continue
        here = frame[frame.geometry.distance(point) < ON_M]
        if "level" in here:
            here = here[here["level"].fillna(level) == level]
        for _, row in here.iterrows():
            title = title_of(row)
            if title:
                return title
            kind = kind or ("a bridge" if layer == "bridges" else _road(row))
    for _, row in _covering(city.landuse, point):
        if title_of(row):
            return title_of(row)
    near = _nearest_named(city, point)
    if kind:
        return f"{kind}, {near}" if near else f"{kind} at ({point.x:.0f}, {point.y:.0f})"
    if len(city.buildings):
        distance = city.buildings.geometry.distance(point)
        row = city.buildings.loc[distance.idxmin()]
        title = title_of(row)
        away = f"{distance.min():.0f} m from"
        if title:
            return f"{away} building {title}" if title == str(row.name) else f"{away} {title}"
        return f"{away} a building, {near}" if near else f"{away} a building at ({point.x:.0f}, {point.y:.0f})"
    return near or f"({point.x:.0f}, {point.y:.0f})"


def _road(row: Any) -> str:
    surface = row.get("surface")
    return f"a {surface} without a name" if speaks(surface) else "a street without a name"


def _covering(frame: gpd.GeoDataFrame, point: shapely.Point) -> Iterator[tuple[Any, Any]]:
    """Rows that a point lies in, smallest first."""
    if not len(frame):
        return
    here = frame[frame.intersects(point)]
    yield from here.loc[here.area.sort_values().index].iterrows()


def _nearest_named(city: City, point: shapely.Point) -> str:
    """Distance and direction from the nearest street, bridge, place or water that has a name; empty when there is none near."""
    best, told = NEAR_M, ""
    for layer in ("streets", "roads", "bridges", "landuse", "water"):
        frame = city.layers[layer]
        if not len(frame):
            continue
        distance = frame.geometry.distance(point)
        close = distance[distance < best].sort_values()
        for key in close.index:
            row = frame.loc[key]
            title = title_of(row)
            if title:
                best, told = float(close[key]), _from(row.geometry, point, title)
                break
    return told


def _from(shape: shapely.Geometry, point: shapely.Point, title: str) -> str:
    (x, y), (px, py) = shapely.get_coordinates(shapely.shortest_line(shapely.force_2d(shape), point))[:2]
    away = math.hypot(px - x, py - y)
    if away < 1.0:
        return f"at {title}"
    wind = _WINDS[round(math.degrees(math.atan2(px - x, py - y)) / 45.0) % 8]
    return f"{away:.0f} m {wind} of {title}"
