"""Streets of OpenStreetMap: centre lines with their width and level, and the surfaces that people walk on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from twin.geo.readers.model import Findings
from twin.geo.readers.osm_elements import Element
from twin.geo.readers.osm_tags import incline, layer_of, length_m, mass_t, number, speed_km_h, truth

LANE_M = 3.0
"""Width of a lane where only their number is known [m]: between the 2.75 m of a Dutch street of 30 km/h and the 3.25 m and
more of main roads (CROW, ASVV 2021)."""

WIDTH_M = {
    "motorway": 11.0, "motorway_link": 6.0, "trunk": 9.0, "trunk_link": 6.0, "primary": 8.0, "primary_link": 5.5,
    "secondary": 7.0, "secondary_link": 5.0, "tertiary": 6.5, "tertiary_link": 5.0, "unclassified": 5.5, "residential": 5.5,
    "living_street": 5.0, "pedestrian": 5.0, "service": 3.5, "busway": 6.5, "bus_guideway": 6.5, "road": 5.5, "track": 3.0,
    "cycleway": 2.5, "footway": 1.8, "path": 1.5, "bridleway": 2.0, "steps": 2.0, "corridor": 2.0, "raceway": 10.0,
    "escape": 4.0, "platform": 3.0, "ladder": 1.0, "via_ferrata": 1.0, "elevator": 2.0,
}  # fmt: skip
"""Width by class where neither ``width`` nor ``lanes`` is stated [m]: carriageways after the common cross-sections of ASVV
2021 for two directions (one for motorways and links), footways after its least width of 1.8 m."""

RAIL_WIDTH_M = {"tram": 2.65, "light_rail": 3.0, "subway": 3.0, "narrow_gauge": 2.5, "monorail": 3.0, "funicular": 2.5}
"""Width that vehicles take by kind of railway; 3.15 m (gauge G2 of EN 15273) for others [m]."""
RAIL_M = 3.15

ONEWAY_SHARE = 0.65
"""A street for one direction without lanes has this share of the width of its class."""

WIDEST_M = 100.0
"""A wider street than this is a typing error [m]."""

NOT_THERE = frozenset({"proposed", "construction", "planned", "abandoned", "razed", "disused", "no", "dismantled", "demolished"})
"""Values of ``highway`` and ``railway`` for what cannot be walked or driven."""

POINTS_ONLY = frozenset({"rest_area", "services", "emergency_bay", "bus_stop", "crossing", "street_lamp", "traffic_signals"})
"""Values of ``highway`` that are no streets, though some are drawn as lines or areas."""

SURFACE = {
    "motorway": "motorway", "motorway_link": "motorway", "raceway": "motorway",
    "pedestrian": "pedestrian", "living_street": "street", "cycleway": "cycleway", "busway": "busway", "bus_guideway": "busway",
    "footway": "footway", "path": "footway", "steps": "footway", "bridleway": "footway", "corridor": "footway",
    "platform": "footway", "ladder": "footway", "via_ferrata": "footway", "elevator": "footway",
}  # fmt: skip
"""Surface of the layer ``roads`` by class; ``street`` for others."""

RAILWAYS = frozenset({"rail", "tram", "light_rail", "subway", "narrow_gauge", "monorail", "funicular", "miniature", "preserved"})
QUADRANT = 4
"""Segments a quarter circle of round line ends and bends."""


@dataclass(slots=True)
class Street:
    """One way that is a street, path, stair or track.

    Parameters
    ----------
    element : Element
    kind : str
        Value of ``highway``, or of ``railway``.
    width_m : float
    level : str
        Name of its walkable level.
    layer : int
    columns : dict
        Of its row in ``streets``.
    rail : bool
    """

    element: Element
    kind: str
    width_m: float
    level: str
    layer: int
    columns: dict[str, Any] = field(default_factory=dict)
    rail: bool = False


def layer_number(tags: dict[str, str]) -> int:
    """The layer of a way: as stated, else 1 on a bridge and -1 in a tunnel (not in a passage through a building)."""
    stated = layer_of(tags)
    if stated is not None:
        return stated
    if truth(tags.get("bridge")):
        return 1
    if truth(tags.get("tunnel")) and tags.get("tunnel") not in ("building_passage", "avalanche_protector", "covered"):
        return -1
    return 0


def level_name(layer: int) -> str:
    """Name of the walkable level of a layer."""
    return "street" if layer == 0 else f"level{layer}"


def street_of(element: Element, findings: Findings) -> Street | None:
    """The street that an element is; None when it is none."""
    tags = element.tags
    kind, rail = tags.get("highway", ""), False
    if not kind or kind in NOT_THERE or kind in POINTS_ONLY:
        kind, rail = tags.get("railway", ""), True
        if kind not in RAILWAYS:
            return None
    if element.shape is None or element.shape.geom_type not in ("LineString", "MultiLineString"):
        return None
    width, source = rail_width(tags, kind) if rail else street_width(tags, kind, element.id, findings)
    layer = layer_number(tags)
    one = Street(element, kind, width, level_name(layer), layer, rail=rail)
    one.columns = _columns(one, tags, source)
    return one


def street_width(tags: dict[str, str], kind: str, object_id: str, findings: Findings) -> tuple[float, str]:
    """Width of a street and where it is from: ``"tag"``, ``"lanes"`` or ``"default"`` [m]."""
    for name in ("width", "width:carriageway", "est_width"):
        if name in tags:
            stated = length_m(tags[name])
            if stated is not None and 0.2 <= stated <= WIDEST_M:
                return stated, "tag"
            findings.add("osm-width", object_id, f"{name}={tags[name][:60]!r} is not the width of a street; not used", path=name)
    lanes = number(tags.get("lanes"))
    if lanes is not None and 1 <= lanes <= 16:
        return lanes * LANE_M, "lanes"
    width = WIDTH_M.get(kind, WIDTH_M["road"])
    one_way = tags.get("oneway") in ("yes", "-1", "1", "true") and kind in ("primary", "secondary", "tertiary", "unclassified",
                                                                            "residential")  # fmt: skip
    return (round(width * ONEWAY_SHARE, 2) if one_way else width), "default"


def rail_width(tags: dict[str, str], kind: str) -> tuple[float, str]:
    """Width that the vehicles of a railway take [m]."""
    return RAIL_WIDTH_M.get(kind, RAIL_M), "default"


def surface_of(tags: dict[str, str], kind: str) -> str:
    """What a street is for those who walk, in the words of the layer ``roads``.

    A ``trunk`` is taken for a motorway unless people may or can walk there: in the Netherlands and Germany most are
    ``motorroad=yes``, elsewhere they have sidewalks.
    """
    if tags.get("motorroad") == "yes" and tags.get("foot") not in ("yes", "designated"):
        return "motorway"
    if kind in ("trunk", "trunk_link"):
        walks = tags.get("foot") in ("yes", "designated", "permissive") or any(
            tags.get(name) not in (None, "no", "none") for name in ("sidewalk", "sidewalk:both", "sidewalk:left", "sidewalk:right")
        )
        return "street" if walks else "motorway"
    if kind == "service":
        return {"driveway": "driveway", "parking_aisle": "parking"}.get(tags.get("service", ""), "street")
    return SURFACE.get(kind, "street")


def _columns(one: Street, tags: dict[str, str], width_source: str) -> dict[str, Any]:
    steps = number(tags.get("step_count"))
    lanes = number(tags.get("lanes"))
    columns: dict[str, Any] = {
        "kind": one.kind,
        "name": tags.get("name"),
        "width_m": one.width_m,
        "width_source": width_source,
        "level": one.level,
        "layer": one.layer,
        "bridge": truth(tags.get("bridge")) or False,
        "tunnel": truth(tags.get("tunnel")) or False,
        "steps": one.kind == "steps",
        "step_count": int(steps) if steps is not None and 0 < steps < 10_000 else None,
        "incline": tags.get("incline"),
        "slope": incline(tags.get("incline")),
        "handrail": truth(tags.get("handrail")),
        "surface": tags.get("surface"),
        "maxspeed_km_h": speed_km_h(tags.get("maxspeed")),
        "lanes": int(lanes) if lanes is not None and 0 < lanes < 100 else None,
        "oneway": tags.get("oneway"),
        "foot": tags.get("foot"),
        "motor_vehicle": tags.get("motor_vehicle"),
        "access": tags.get("access"),
        "lit": truth(tags.get("lit")),
        "max_weight_t": mass_t(tags.get("maxweight")),
        "max_axle_load_t": mass_t(tags.get("maxaxleload")),
        "max_width_m": length_m(tags.get("maxwidth")),
        "max_height_m": length_m(tags.get("maxheight")),
    }
    return columns


def band(line: BaseGeometry, width_m: float, *, flat: bool = False) -> BaseGeometry:
    """The surface along a line [m]; with round ends, so that ways that meet leave no gap, unless `flat`."""
    return shapely.buffer(line, width_m / 2, quad_segs=QUADRANT, cap_style="flat" if flat else "round")


SIDEWALK_M = 1.8
"""Width of a sidewalk that states none [m]; the least of ASVV 2021."""


def sidewalks(one: Street) -> dict[str, BaseGeometry]:
    """Strips beside a street that has sidewalks by its tags (not those that are drawn as ways of their own), by side."""
    tags, line = one.element.tags, one.element.shape
    if one.rail or line is None or line.geom_type != "LineString" or line.is_ring:
        return {}
    both = tags.get("sidewalk:both", tags.get("sidewalk", "no"))
    found: dict[str, BaseGeometry] = {}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        stated = tags.get(f"sidewalk:{side}", "yes" if both in ("both", "yes", side) else "no")
        if stated != "yes":
            continue
        names = (f"sidewalk:{side}:width", "sidewalk:both:width", "sidewalk:width")
        wide = next((width for name in names if (width := length_m(tags.get(name))) is not None and 0.3 <= width <= 20), SIDEWALK_M)
        strip = shapely.buffer(line, sign * (one.width_m / 2 + wide), single_sided=True, quad_segs=QUADRANT)
        strip = strip.difference(band(line, one.width_m, flat=True))
        if strip.geom_type in ("Polygon", "MultiPolygon") and not strip.is_empty:
            found[side] = strip
    return found


def road_columns(one: Street) -> dict[str, Any]:
    """Row of ``roads`` for the surface of a street."""
    tags = one.element.tags
    return {
        "surface": "railway" if one.rail else surface_of(tags, one.kind),
        "level": one.level,
        "z_m": np.nan,
        "kind": one.kind,
        "paving": tags.get("surface"),
        "foot": tags.get("foot"),
        "from_line": True,
    }
