"""Rings and lines of GML that are not just a list of positions: positions one by one, tuples of GML 2, curves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from twin.geo.readers.citygml_names import HREF, Position, position_of, split
from twin.geo.readers.citygml_numbers import RingNumbers

if TYPE_CHECKING:
    from lxml.etree import _Element

CURVED = ("Arc", "Circle", "CubicSpline", "BSpline", "Bezier", "Geodesic", "Clothoid")
"""How the names of curves start that are not straight between their points."""

_PIECES = ("LineString", "LineStringSegment")

Tell = Callable[[str, str, int, str], None]
"""Notes a finding: code, message, line, severity."""


def joined(ring: _Element) -> str:
    """Numbers of a ring whose positions are elements of their own."""
    try:
        return " ".join([position.text for position in ring])
    except TypeError:
        # one is empty, or holds another element
        return " ".join(ring.itertext())


def odd_ring(ring: _Element, place: _Element, numbers: RingNumbers, tell: Tell) -> str | None:
    """Numbers of a ring that starts with something else than positions; None for what is not a ring."""
    if split(ring.tag)[1] not in ("LinearRing", "Ring"):
        return None
    return _coordinates(place, numbers) if position_of(place.tag) is Position.COORDINATES else _nested(ring, tell)


def _coordinates(element: _Element, numbers: RingNumbers) -> str:
    """Tuples as GML 2 has them: parted by `ts`, their numbers by `cs`."""
    comma, space, point = (element.get(name) or default for name, default in (("cs", ","), ("ts", " "), ("decimal", ".")))
    tuples = (element.text or "").replace(space, " ").split()
    found = [one.replace(comma, " ").replace(point, ".") for one in tuples]
    if found and len(found[0].split()) == 2:
        numbers.two_next()
    return " ".join(found)


def _nested(ring: _Element, tell: Tell) -> str:
    """A ring of points or curves that are elements of their own."""
    curved = bent = False
    lists: list[str] = []
    for child in ring.iter():
        name = split(child.tag)[1]
        curved |= name.startswith(CURVED)
        bent |= name == "OrientableCurve" or bool(child.get(HREF))
        if position_of(child.tag) is not Position.NESTED:
            lists.append(child.text or "")
    line = int(ring.sourceline or 0)
    if bent:
        tell("curve", "a ring of links or turned curves is not read; left out", line, "error")
        return ""
    if curved:
        tell("curve", "a curved edge is taken as straight between its points", line, "warning")
    return " ".join(lists)


def lines_of(element: _Element) -> list[str]:
    """Positions of each line below an element."""
    found = []
    for piece in element.iter():
        if split(piece.tag)[1] in _PIECES:
            texts = [one.text or "" for one in piece.iter() if position_of(one.tag) in (Position.LIST, Position.ONE)]
            found.append(" ".join(texts))
    return found
