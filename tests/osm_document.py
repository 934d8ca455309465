"""Small OpenStreetMap files, written from metres east and north of a point in Utrecht."""

from __future__ import annotations

import math
from xml.sax.saxutils import quoteattr

LATITUDE, LONGITUDE = 52.09, 5.12
_E2 = 0.00669437999014
_W2 = 1.0 - _E2 * math.sin(math.radians(LATITUDE)) ** 2
EAST_M = math.radians(6_378_137.0 / math.sqrt(_W2) * math.cos(math.radians(LATITUDE)))
NORTH_M = math.radians(6_378_137.0 * (1 - _E2) / _W2**1.5)
"""Metres a degree of longitude and of latitude there, by the radii of curvature of WGS 84."""


class OsmDocument:
    """Nodes, ways and relations as they are added; points at one place are one node."""

    def __init__(self) -> None:
        self.nodes: list[str] = []
        self.ways: list[str] = []
        self.relations: list[str] = []
        self._at: dict[tuple[float, float], int] = {}

    def degrees(self, x: float, y: float) -> tuple[float, float]:
        """Longitude and latitude of a point [m]."""
        return LONGITUDE + x / EAST_M, LATITUDE + y / NORTH_M

    def node(self, x: float, y: float, **tags: str) -> int:
        """Add a node; one without tags only where there is none yet."""
        place = round(x, 3), round(y, 3)
        if not tags and place in self._at:
            return self._at[place]
        number = len(self.nodes) + 1
        lon, lat = self.degrees(x, y)
        self.nodes.append(f'<node id="{number}" version="1" lat="{lat:.9f}" lon="{lon:.9f}">{_tags(tags)}</node>')
        self._at.setdefault(place, number)
        return number

    def way(self, points: list[tuple[float, float]], tags: dict[str, str] | None = None, *, close: bool = False) -> int:
        """Add a way through points [m]."""
        refs = [self.node(*point) for point in points]
        number = len(self.ways) + 1
        drawn = "".join(f'<nd ref="{ref}"/>' for ref in (refs + refs[:1] if close else refs))
        self.ways.append(f'<way id="{number}" version="1">{drawn}{_tags(tags or {})}</way>')
        return number

    def box(self, west: float, south: float, east: float, north: float, tags: dict[str, str] | None = None) -> int:
        """Add a closed way round a box [m]."""
        return self.way([(west, south), (east, south), (east, north), (west, north)], tags, close=True)

    def relation(self, members: list[tuple[str, int, str]], tags: dict[str, str]) -> int:
        """Add a relation of (kind, id, role)."""
        number = len(self.relations) + 1
        drawn = "".join(f'<member type="{kind}" ref="{ref}" role="{role}"/>' for kind, ref, role in members)
        self.relations.append(f'<relation id="{number}" version="1">{drawn}{_tags(tags)}</relation>')
        return number

    def text(self) -> str:
        """The file."""
        return '<?xml version="1.0"?>\n<osm version="0.6">\n' + "\n".join(self.nodes + self.ways + self.relations) + "\n</osm>\n"


def _tags(tags: dict[str, str]) -> str:
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items())
