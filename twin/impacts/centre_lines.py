"""Edges of a network of streets from centre lines that a city has."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.geo.walkable import STREET

if TYPE_CHECKING:
    from twin.geo.city import City

RAILS = frozenset({"rail", "tram", "light_rail", "subway", "narrow_gauge", "monorail", "funicular", "miniature", "preserved"})
SURFACES = {
    "footway": "footway", "path": "footway", "steps": "stairs", "corridor": "footway", "platform": "footway",
    "bridleway": "unpaved",
    "pedestrian": "pedestrian", "cycleway": "cycleway", "living_street": "lane", "service": "lane", "track": "unpaved",
    "busway": "busway", "motorway": "motorway", "motorway_link": "motorway",
}  # fmt: skip
"""Surfaces by kind of street; ``street`` for others."""

NO = frozenset({"no", "private"})
DEFAULT_M = 4.0
"""Width of a street that states none, and whose source gives none [m]."""
CLOSE_M = 0.01
"""Points of two lines this near are one: the streets meet there [m]."""

SECTION_M = 1.0
"""Between the cross-sections that are looked at where something stands in a street [m]."""


Key: TypeAlias = int | tuple[int, int, int]
"""Of a node: the number of its place where streets can meet there, else the line, its part and the point of it."""


class Taker(Protocol):
    """What nodes and edges are added to."""

    rows: list[dict[str, Any]]

    def node(self, x: float, y: float, level: str) -> int:
        """One more node."""
        ...


def rows_of(city: City, part: BaseGeometry | None) -> gpd.GeoDataFrame:
    """Centre lines of streets of a city in a part of it; no rails."""
    frame = city.streets
    if not len(frame):
        return frame
    shape = frame.geometry
    good = shape.notna() & ~shape.is_empty
    if "kind" in frame:
        good &= ~frame["kind"].isin(RAILS)
    frame = frame[good]
    if part is not None:
        frame = frame[frame.intersects(part)]
        frame = frame.set_geometry(frame.geometry.intersection(part))
    parts = frame.explode(index_parts=False)
    return parts[parts.geom_type == "LineString"]


def add(draft: Taker, frame: gpd.GeoDataFrame, closed: Mapping[str, BaseGeometry], piece_m: float) -> tuple[str, ...]:
    """Add edges of centre lines; they meet where they have a point in common, on whatever level."""
    lines = shapely.force_2d(frame.geometry.to_numpy())
    xy, of = shapely.get_coordinates(lines, return_index=True)
    _, number = np.unique(np.round(xy / CLOSE_M).astype(np.int64), axis=0, return_inverse=True)
    number = number.reshape(-1)
    ends = np.r_[True, of[1:] != of[:-1]] | np.r_[of[1:] != of[:-1], True]
    meets = np.bincount(number)[number] > 1
    known: dict[Key, int] = {}
    start = np.searchsorted(of, np.arange(len(lines) + 1))
    levels = frame["level"].fillna(STREET).astype(str).to_numpy() if "level" in frame else np.full(len(frame), STREET, dtype=object)
    for k in range(len(lines)):
        row, inside = frame.iloc[k], slice(int(start[k]), int(start[k + 1]))
        told = _columns(row)
        stops = np.flatnonzero(ends[inside] | meets[inside])
        points, numbers = xy[inside], number[inside]
        for a, b in pairwise(stops):
            dense = _dense(points[a : b + 1], piece_m)
            for first, last in cut(dense, piece_m):
                piece = dense[first : last + 1]
                begins = int(numbers[a]) if first == 0 else (k, int(a), first)
                ends_at = int(numbers[b]) if last == len(dense) - 1 else (k, int(a), last)
                tail = _node(draft, known, begins, piece[0], str(levels[k]))
                head = _node(draft, known, ends_at, piece[-1], str(levels[k]))
                line = shapely.LineString(piece)
                width = clear_width(line, told["width_m"], closed.get(str(levels[k])))
                if width > 0:
                    lies = {"tail": tail, "head": head, "level": str(levels[k]), "width_m": width, "geometry": line}
                    draft.rows.append({**told, **lies})
    _turn_round(draft.rows)
    stated = frame["width_source"].eq("tag").mean() if "width_source" in frame else float("nan")
    share = f"; {stated:.0%} of them state their width, that of others is usual for their kind" if np.isfinite(stated) else ""
    given = pd.to_numeric(frame["width_m"], errors="coerce") > 0 if "width_m" in frame else pd.Series(False, index=frame.index)
    without = int((~given.to_numpy(bool)).sum())
    taken = f"; {without} without a width are taken to be {DEFAULT_M:g} m wide" if without else ""
    return (f"Streets are the centre lines of the city ({len(frame)}){share}{taken}.",)


def _node(draft: Taker, known: dict[Key, int], key: Key, point: NDArray[np.float64], level: str) -> int:
    if key not in known:
        known[key] = draft.node(float(point[0]), float(point[1]), level)
    return known[key]


def _dense(points: NDArray[np.float64], piece_m: float) -> NDArray[np.float64]:
    """Points of a line with more between them, so that it can be cut."""
    found: NDArray[np.float64] = shapely.get_coordinates(shapely.segmentize(shapely.LineString(points), piece_m))
    return found


def cut(points: NDArray[np.float64], piece_m: float) -> list[tuple[int, int]]:
    """First and last point of the pieces of a line, as long as its points allow but no longer than a length, where they do.

    Parameters
    ----------
    points : (N, 2) float64
    piece_m : float
        [m]
    """
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    count = max(1, int(np.ceil(along[-1] / piece_m - 1e-9)))
    # as even as can be, but for a tenth, so that no crumb is left
    most = min(piece_m, 1.1 * along[-1] / count) + 1e-9
    stops = [0]
    while stops[-1] < len(points) - 1:
        here = stops[-1]
        stops.append(max(here + 1, int(np.searchsorted(along, along[here] + most, side="right")) - 1))
    return list(pairwise(stops))


def _columns(row: pd.Series[Any]) -> dict[str, Any]:
    kind = str(row.get("kind") or "")
    width = _number(row.get("width_m"))
    way = str(row.get("oneway") or "").lower()
    told: dict[str, Any] = {
        "name": row.get("name") if isinstance(row.get("name"), str) else "",
        "surface": SURFACES.get(kind, "street"),
        "width_m": width if width > 0 else DEFAULT_M,
        "steps": kind == "steps",
        "one_way": way in ("yes", "true", "1", "-1"),
        "backwards": way == "-1",
        "no_entry": row.get("motor_vehicle") in NO or (row.get("access") in NO and row.get("motor_vehicle") is None),
        "speed_km_h": _number(row.get("maxspeed_km_h")),
        "strict": bool(row.get("bridge") or False),
    }
    for column, of in (
        ("axle_limit_t", "max_axle_load_t"), ("weight_limit_t", "max_weight_t"), ("width_limit_m", "max_width_m"),
        ("height_limit_m", "max_height_m"),
    ):  # fmt: skip
        told[column] = _number(row.get(of))
    slope = _number(row.get("slope"))
    if np.isfinite(slope):
        told["slope"] = slope
    return told


def _number(value: Any) -> float:
    """A number; NaN for what is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _turn_round(rows: list[dict[str, Any]]) -> None:
    """One-way streets against the direction of their line lead along it from now on."""
    for row in rows:
        if row.pop("backwards", False):
            row["tail"], row["head"], row["geometry"] = row["head"], row["tail"], row["geometry"].reverse()


def clear_width(line: shapely.LineString, width_m: float, closed: BaseGeometry | None) -> float:
    """What is left of the width of a street at its narrowest: the longest piece of each cross-section that nothing stands on.

    Parameters
    ----------
    line : LineString
    width_m : float
        [m]
    closed : shapely geometry, optional
    """
    if closed is None or closed.is_empty or line.distance(closed) > width_m / 2:
        return width_m
    band = shapely.buffer(line, width_m / 2, cap_style="square")
    corners = shapely.get_coordinates(shapely.segmentize(shapely.intersection(closed, band), SECTION_M))
    # between two corners of what stands there the free width goes evenly, and what is thin lies between even steps
    stops = np.unique(shapely.line_locate_point(line, shapely.points(corners)))
    even = np.linspace(0.0, line.length, max(2, int(np.ceil(line.length / SECTION_M)) + 1))
    at = np.unique(np.concatenate([even, stops, 0.5 * (stops[1:] + stops[:-1])]))
    points = shapely.get_coordinates(shapely.line_interpolate_point(line, at))
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(line, np.minimum(at + 0.01, line.length)))
    behind = shapely.get_coordinates(shapely.line_interpolate_point(line, np.maximum(at - 0.01, 0.0)))
    way = ahead - behind
    way /= np.maximum(np.hypot(*way.T), 1e-12)[:, None]
    side = 0.5 * width_m * np.stack([-way[:, 1], way[:, 0]], axis=1)
    left = shapely.difference(shapely.linestrings(np.stack([points - side, points + side], axis=1)), closed)
    return float(min(max(shapely.length(shapely.get_parts(one)), default=0.0) for one in left))
