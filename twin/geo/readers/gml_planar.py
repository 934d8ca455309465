"""Geometry of GML 3.1 on the map: points, curves with arcs, surfaces."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

ARC_TOLERANCE_M = 0.01
"""An arc is drawn by chords that are nowhere further from it than this [m]; the BGT itself is accurate to decimetres."""
MAX_CHORDS = 720
"""No arc has more chords."""
STRAIGHT_M = 1e-4
"""Three points of an arc within this of one line are taken for that line [m]."""
MAX_DEPTH = 12
"""Geometry nested deeper than this is not read."""

Points = NDArray[np.float64]


class GmlError(ValueError):
    """A geometry cannot be read; the reader of the file makes a finding of it."""


def local(element: Any) -> str:
    """Name of an element without its namespace; empty for comments."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def geometry_of(element: Any, depth: int = 0) -> BaseGeometry:
    """The geometry of a GML element, in two dimensions.

    Parameters
    ----------
    element : lxml element
        ``Point``, ``LineString``, ``Curve``, ``Polygon``, ``Surface``, or a collection of them.
    depth : int
        How deep it is nested.

    Raises
    ------
    GmlError
        When it is of another kind, refers to another element, or its numbers make no geometry.
    """
    if depth > MAX_DEPTH:
        raise GmlError("it is nested too deep")
    kind = local(element)
    if kind == "Point":
        points = _positions(element)
        if len(points) != 1:
            raise GmlError("a point needs one position")
        return shapely.Point(points[0])
    if kind in ("LineString", "Curve", "CompositeCurve", "OrientableCurve"):
        return shapely.LineString(_line(element, depth))
    if kind in ("Polygon", "PolygonPatch", "Rectangle", "Triangle"):
        return _polygon(element, depth)
    if kind in ("Surface", "PolyhedralSurface", "CompositeSurface", "MultiSurface", "MultiPolygon", "OrientableSurface"):
        return _collected(element, depth, ("Polygon", "MultiPolygon"))
    if kind in ("MultiCurve", "MultiLineString"):
        return _collected(element, depth, ("LineString", "MultiLineString"))
    if kind in ("MultiPoint", "MultiGeometry"):
        return _collected(element, depth, ())
    raise GmlError(f"{kind[:40] or 'a comment'} is no geometry that is read")


def _collected(element: Any, depth: int, kinds: tuple[str, ...]) -> BaseGeometry:
    parts: list[BaseGeometry] = []
    for holder in element:
        if not local(holder):
            continue
        _no_reference(holder)
        inner = [holder] if local(holder) in ("PolygonPatch", "Rectangle", "Triangle") else list(holder)
        for one in inner:
            if local(one):
                parts += shapely.get_parts(geometry_of(one, depth + 1)).tolist()
    if not parts:
        raise GmlError("it is empty")
    if kinds and any(part.geom_type not in kinds for part in parts):
        raise GmlError("its members are of another kind")
    if len(parts) == 1:
        return parts[0]
    single = {part.geom_type for part in parts}
    if single == {"Polygon"}:
        return shapely.union_all(parts) if local(element) in ("Surface", "CompositeSurface") else shapely.MultiPolygon(parts)
    if single == {"LineString"}:
        return shapely.MultiLineString(parts)
    return shapely.MultiPoint(parts) if single == {"Point"} else shapely.GeometryCollection(parts)


def _no_reference(element: Any) -> None:
    if any(name.endswith("}href") for name in element.attrib):
        raise GmlError("it refers to another element (xlink); those are not followed")


def _polygon(element: Any, depth: int) -> BaseGeometry:
    outer: list[Points] = []
    holes: list[Points] = []
    for side in element:
        into = {"exterior": outer, "outerBoundaryIs": outer, "interior": holes, "innerBoundaryIs": holes}.get(local(side))
        if into is None:
            continue
        _no_reference(side)
        into += [_ring(ring, depth + 1) for ring in side if local(ring)]
    if len(outer) != 1:
        raise GmlError("a polygon needs one outer ring")
    return shapely.Polygon(outer[0], holes)


def _ring(element: Any, depth: int) -> Points:
    points = _positions(element) if local(element) == "LinearRing" else _line(element, depth)
    if len(points) < 3:
        raise GmlError("a ring has fewer than three points")
    if (points[0] != points[-1]).any():
        points = np.vstack([points, points[:1]])
    if len(points) < 4:
        raise GmlError("a ring has fewer than three different points")
    return points


def _line(element: Any, depth: int) -> Points:
    """Points along a line, a curve, or a ring of curves."""
    if depth > MAX_DEPTH:
        raise GmlError("it is nested too deep")
    kind = local(element)
    pieces: list[Points] = []
    if kind in ("LineString", "LinearRing"):
        pieces.append(_positions(element))
    elif kind == "Curve":
        for segments in element:
            if local(segments) == "segments":
                pieces += [_segment(one) for one in segments if local(one)]
    elif kind in ("Ring", "CompositeCurve", "OrientableCurve"):
        for member in element:
            if local(member) in ("curveMember", "baseCurve"):
                _no_reference(member)
                pieces += [_line(one, depth + 1) for one in member if local(one)]
        if kind == "OrientableCurve" and element.get("orientation") == "-":
            pieces = [piece[::-1] for piece in reversed(pieces)]
    else:
        raise GmlError(f"{kind[:40]} is no curve that is read")
    if not pieces:
        raise GmlError("a curve is empty")
    points = np.vstack(pieces)
    fresh = np.ones(len(points), dtype=bool)
    fresh[1:] = (points[1:] != points[:-1]).any(axis=1)
    points = points[fresh]
    if len(points) < 2:
        raise GmlError("a line has fewer than two different points")
    return points


def _segment(element: Any) -> Points:
    kind = local(element)
    if kind in ("LineStringSegment", "GeodesicString"):
        return _positions(element)
    if kind == "CircleByCenterPoint":
        radius = [float(one.text or "nan") for one in element if local(one) == "radius"]
        centre = _positions(element)
        if len(centre) != 1 or len(radius) != 1 or not (math.isfinite(radius[0]) and radius[0] > 0):
            raise GmlError("a circle needs a centre and a radius")
        east, west = centre[0] + (radius[0], 0.0), centre[0] - (radius[0], 0.0)
        north, south = centre[0] + (0.0, radius[0]), centre[0] - (0.0, radius[0])
        return np.vstack([arc(east, north, west), arc(west, south, east)[1:]])
    points = _positions(element)
    if kind == "Circle":
        if len(points) != 3:
            raise GmlError("a circle needs three points")
        return np.vstack([arc(*points), _other_side(*points)[1:]])
    if kind in ("Arc", "ArcString"):
        if len(points) < 3 or len(points) % 2 == 0 or (kind == "Arc" and len(points) != 3):
            raise GmlError("an arc needs three points")
        arcs = [arc(*points[start : start + 3]) for start in range(0, len(points) - 2, 2)]
        return np.vstack([arcs[0], *(one[1:] for one in arcs[1:])])
    raise GmlError(f"a segment of kind {kind[:40]} is not read")


def _positions(element: Any) -> Points:
    """All positions directly in an element (N, 2)."""
    found: list[Points] = []
    for child in element:
        kind = local(child)
        text = child.text or ""
        try:
            if kind == "posList":
                found.append(_rows(np.array(text.split(), dtype=np.float64), child, element))
            elif kind == "pos":
                found.append(np.array(text.split(), dtype=np.float64)[None, :2])
            elif kind == "coordinates":
                found.append(np.array([pair.split(",")[:2] for pair in text.split()], dtype=np.float64))
            elif kind in ("pointProperty", "pointRep"):
                _no_reference(child)
                found += [_positions(point) for point in child if local(point)]
        except ValueError as error:
            raise GmlError(f"its coordinates are no numbers: {str(error)[:80]}") from None
    if not found or any(one.ndim != 2 or one.shape[1] != 2 for one in found):
        raise GmlError("it has no positions")
    points = np.vstack(found)
    if not np.isfinite(points).all():
        raise GmlError("its coordinates are not finite")
    return points


def _rows(numbers: Points, child: Any, element: Any) -> Points:
    stated = child.get("srsDimension") or element.get("srsDimension") or child.get("dimension") or "2"
    dimension = 3 if stated.strip() == "3" else 2
    if not len(numbers) or len(numbers) % dimension:
        raise GmlError(f"{len(numbers)} numbers are no positions in {dimension} dimensions")
    return numbers.reshape(-1, dimension)[:, :2]


def _circle(a: Points, b: Points, c: Points) -> tuple[Points, float] | None:
    """Centre and radius of the circle through three points; None when they are nearly on a line."""
    ab, ac = b - a, c - a
    cross = float(ab[0] * ac[1] - ab[1] * ac[0])
    longest = max(float(np.hypot(*ab)), float(np.hypot(*ac)), float(np.hypot(*(c - b))))
    if longest == 0 or abs(cross) / longest < STRAIGHT_M:
        return None
    squares = float(ab @ ab), float(ac @ ac)
    offset = np.array([ac[1] * squares[0] - ab[1] * squares[1], ab[0] * squares[1] - ac[0] * squares[0]]) / (2 * cross)
    return a + offset, float(np.hypot(*offset))


def arc(a: Points, b: Points, c: Points) -> Points:
    """Chords of the arc from `a` over `b` to `c`, each within `ARC_TOLERANCE_M` of it.

    An arc and the same one the other way round have the same points: neighbours on the map keep their common edge.

    Parameters
    ----------
    a, b, c : (2,) float64
        [m].

    Returns
    -------
    (N, 2) float64
        From `a` to `c`, both as given.
    """
    if tuple(a) > tuple(c):
        return arc(c, b, a)[::-1]
    circle = _circle(a, b, c)
    if circle is None:
        return np.vstack([a, c]) if float(np.hypot(*(c - a))) > 0 else np.vstack([a, b, c])
    centre, radius = circle
    start, middle, end = (math.atan2(*(point - centre)[::-1]) for point in (a, b, c))
    turn = (end - start) % (2 * math.pi)
    if (middle - start) % (2 * math.pi) > turn:
        turn -= 2 * math.pi
    return _chords(a, c, centre, radius, start, turn)


def _other_side(a: Points, b: Points, c: Points) -> Points:
    """Chords from `c` on along the circle to `a`."""
    circle = _circle(a, b, c)
    if circle is None:
        raise GmlError("the three points of a circle are on a line")
    centre, radius = circle
    start, middle, end = (math.atan2(*(point - centre)[::-1]) for point in (a, b, c))
    turn = (end - start) % (2 * math.pi)
    if (middle - start) % (2 * math.pi) > turn:
        turn -= 2 * math.pi
    return _chords(c, a, centre, radius, end, math.copysign(2 * math.pi - abs(turn), turn))


def _chords(a: Points, c: Points, centre: Points, radius: float, start: float, turn: float) -> Points:
    step = 2 * math.acos(1 - ARC_TOLERANCE_M / radius) if radius > ARC_TOLERANCE_M else math.pi / 2
    count = min(max(math.ceil(abs(turn) / step), 2), MAX_CHORDS)
    angles = start + turn * np.arange(1, count) / count
    between = centre + radius * np.column_stack([np.cos(angles), np.sin(angles)])
    return np.vstack([a, between, c])
