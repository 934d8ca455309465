"""Small CityGML documents, written by hand."""

from __future__ import annotations

from collections.abc import Sequence

Point = tuple[float, float, float]

SPACES = {
    "2.0": (
        'xmlns="http://www.opengis.net/citygml/2.0" xmlns:core="http://www.opengis.net/citygml/2.0" '
        'xmlns:bldg="http://www.opengis.net/citygml/building/2.0" xmlns:con="http://www.opengis.net/citygml/building/2.0" '
        'xmlns:gen="http://www.opengis.net/citygml/generics/2.0" xmlns:app="http://www.opengis.net/citygml/appearance/2.0" '
        'xmlns:tran="http://www.opengis.net/citygml/transportation/2.0" xmlns:wtr="http://www.opengis.net/citygml/waterbody/2.0" '
        'xmlns:veg="http://www.opengis.net/citygml/vegetation/2.0" xmlns:frn="http://www.opengis.net/citygml/cityfurniture/2.0" '
        'xmlns:dem="http://www.opengis.net/citygml/relief/2.0" xmlns:luse="http://www.opengis.net/citygml/landuse/2.0" '
        'xmlns:grp="http://www.opengis.net/citygml/cityobjectgroup/2.0" xmlns:brid="http://www.opengis.net/citygml/bridge/2.0" '
        'xmlns:xAL="urn:oasis:names:tc:ciq:xsdschema:xAL:2.0" xmlns:gml="http://www.opengis.net/gml" '
    ),
    "3.0": (
        'xmlns="http://www.opengis.net/citygml/3.0" xmlns:core="http://www.opengis.net/citygml/3.0" '
        'xmlns:bldg="http://www.opengis.net/citygml/building/3.0" xmlns:con="http://www.opengis.net/citygml/construction/3.0" '
        'xmlns:gen="http://www.opengis.net/citygml/generics/3.0" xmlns:app="http://www.opengis.net/citygml/appearance/3.0" '
        'xmlns:tran="http://www.opengis.net/citygml/transportation/3.0" xmlns:wtr="http://www.opengis.net/citygml/waterbody/3.0" '
        'xmlns:veg="http://www.opengis.net/citygml/vegetation/3.0" xmlns:dem="http://www.opengis.net/citygml/relief/3.0" '
        'xmlns:brid="http://www.opengis.net/citygml/bridge/3.0" xmlns:tun="http://www.opengis.net/citygml/tunnel/3.0" '
        'xmlns:xAL="urn:oasis:names:tc:ciq:xal:3" xmlns:gml="http://www.opengis.net/gml/3.2" '
    ),
}
COMMON = 'xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:x="urn:example:extension"'
RD = "urn:ogc:def:crs:EPSG::7415"
EAST, NORTH = 136_000.0, 455_000.0
"""Where the houses stand: Utrecht, in RD New [m]."""


def model(*members: str, version: str = "2.0", srs: str | None = RD, head: str = "", before: str = "") -> str:
    """A CityModel; `members` are objects, wrapped here unless they are members already."""
    name = "" if srs is None else f' srsName="{srs}"'
    envelope = (
        f"<gml:boundedBy><gml:Envelope{name}><gml:lowerCorner>{EAST} {NORTH} 0</gml:lowerCorner>"
        f"<gml:upperCorner>{EAST + 100} {NORTH + 100} 30</gml:upperCorner></gml:Envelope></gml:boundedBy>"
    )
    body = "".join(one if "Member" in one[:40] else f"<cityObjectMember>{one}</cityObjectMember>" for one in members)
    return f'<?xml version="1.0" encoding="UTF-8"?>{before}<CityModel {SPACES[version]}{COMMON}>{head}{envelope}{body}</CityModel>'


def numbers(points: Sequence[Point]) -> str:
    return " ".join(f"{a!r} {b!r} {c!r}" for a, b, c in points)


def ring(points: Sequence[Point], side: str = "exterior") -> str:
    """A side of a polygon; it is closed here."""
    return f"<gml:{side}><gml:LinearRing><gml:posList>{numbers([*points, points[0]])}</gml:posList></gml:LinearRing></gml:{side}>"


def polygon(points: Sequence[Point], key: str = "", holes: Sequence[Sequence[Point]] = ()) -> str:
    name = f' gml:id="{key}"' if key else ""
    return f"<gml:Polygon{name}>{ring(points)}{''.join(ring(hole, 'interior') for hole in holes)}</gml:Polygon>"


def members(*surfaces: str) -> str:
    return "".join(f"<gml:surfaceMember>{one}</gml:surfaceMember>" if one[:1] == "<" else link(one) for one in surfaces)


def link(key: str) -> str:
    return f'<gml:surfaceMember xlink:href="#{key}"/>'


def turned(key: str) -> str:
    """A surface that is there, turned round."""
    return f'<gml:OrientableSurface orientation="-"><gml:baseSurface xlink:href="#{key}"/></gml:OrientableSurface>'


def multi(*surfaces: str) -> str:
    return f"<gml:MultiSurface>{members(*surfaces)}</gml:MultiSurface>"


def solid(*surfaces: str, inner: Sequence[str] = ()) -> str:
    hollow = f"<gml:interior><gml:CompositeSurface>{members(*inner)}</gml:CompositeSurface></gml:interior>" if inner else ""
    outer = f"<gml:exterior><gml:CompositeSurface>{members(*surfaces)}</gml:CompositeSurface></gml:exterior>"
    return f"<gml:Solid>{outer}{hollow}</gml:Solid>"


def box(west: float, south: float, low: float, size: float = 10.0, *, inward: bool = False) -> list[list[Point]]:
    """Six faces of a cube, seen from outside: ground, roof and four walls."""
    x, y, z = EAST + west, NORTH + south, low
    a, b, c, d = (x, y, z), (x + size, y, z), (x + size, y + size, z), (x, y + size, z)
    e, f, g, h = ((p[0], p[1], p[2] + size) for p in (a, b, c, d))
    faces = [[a, d, c, b], [e, f, g, h], [a, b, f, e], [b, c, g, f], [c, d, h, g], [d, a, e, h]]
    return [face[::-1] for face in faces] if inward else faces


KINDS = ("GroundSurface", "RoofSurface", "WallSurface", "WallSurface", "WallSurface", "WallSurface")


def bounded(faces: Sequence[Sequence[Point]], key: str, version: str = "2.0", lod: int = 2, kinds: Sequence[str] = KINDS) -> str:
    """Boundary surfaces with the faces; ids are ``KEY-0`` and so on."""
    wrap, space, inner = ("bldg:boundedBy", "bldg", "bldg") if version == "2.0" else ("boundary", "con", "core")
    return "".join(
        f"<{wrap}><{space}:{kind}><{inner}:lod{lod}MultiSurface>{multi(polygon(face, f'{key}-{k}'))}"
        f"</{inner}:lod{lod}MultiSurface></{space}:{kind}></{wrap}>"
        for k, (face, kind) in enumerate(zip(faces, kinds, strict=True))
    )


def building(*parts: str, key: str = "house", kind: str = "bldg:Building") -> str:
    return f'<{kind} gml:id="{key}">{"".join(parts)}</{kind}>'


def house(key: str = "house", version: str = "2.0", west: float = 0.0, more: str = "") -> str:
    """A cube of 10 m whose solid links to the surfaces round it."""
    inner = "bldg" if version == "2.0" else "core"
    links = solid(*(f"{key}-{k}" for k in range(6)))
    return building(
        f"<{inner}:lod2Solid>{links}</{inner}:lod2Solid>", bounded(box(west, 0, 1), key, version), more, key=key
    )
