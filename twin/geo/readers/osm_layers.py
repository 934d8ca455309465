"""What else OpenStreetMap has of a city: surfaces, bridges, water, trees, green, furniture, stops, land use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from twin.geo.readers.osm_tags import length_m, number, truth

FEATURE_KEYS = (
    "building", "building:part", "highway", "area:highway", "railway", "aeroway", "waterway", "water", "natural", "landuse",
    "leisure", "barrier", "amenity", "man_made", "public_transport", "power", "place", "emergency", "historic", "tourism",
    "shop", "office", "craft", "boundary", "route", "indoor", "advertising", "aerialway", "military", "geological",
    "playground", "entrance", "noexit", "traffic_sign", "traffic_calming", "healthcare", "club", "sport", "bridge", "tunnel",
    "type",
)  # fmt: skip
"""Keys that say what a thing is, most telling first: what is not read is counted by the first of them."""

WATERWAYS_M = {"river": 15.0, "canal": 12.0, "fairway": 15.0, "tidal_channel": 6.0, "stream": 1.5, "ditch": 1.5, "drain": 1.5}
"""Width of waterways that state none [m]; with an area of water round them it does not matter."""

GREEN = {
    "landuse": {
        "grass", "forest", "meadow", "orchard", "vineyard", "village_green", "recreation_ground", "allotments", "cemetery",
        "flowerbed", "greenfield", "plant_nursery", "farmland",
    },
    "leisure": {"park", "garden", "pitch", "playground", "golf_course", "nature_reserve", "dog_park", "common"},
    "natural": {
        "wood", "scrub", "grassland", "heath", "wetland", "shrubbery", "tree_group", "fell", "moor", "beach", "sand", "tundra",
    },
}  # fmt: skip
"""Areas of the layer ``green`` by key."""

LANDUSE = {
    "residential", "commercial", "industrial", "retail", "construction", "brownfield", "railway", "military", "religious",
    "education", "institutional", "garages", "farmyard", "depot", "port", "quarry", "landfill", "highway", "harbour",
    "winter_sports", "greenhouse_horticulture", "civic_admin", "healthcare", "fairground",
}  # fmt: skip
"""Values of ``landuse`` of the layer of that name."""

WATER = {
    "natural": {"water", "bay", "strait"},
    "landuse": {"reservoir", "basin"},
    "waterway": {"riverbank", "dock", "boatyard"},
    "leisure": {"swimming_pool"},
}
"""Areas of water by key."""

FURNITURE_M = {
    ("highway", "street_lamp"): ("lamp", 6.0),
    ("highway", "traffic_signals"): ("traffic_signals", 3.5),
    ("amenity", "bench"): ("bench", 0.8),
    ("amenity", "waste_basket"): ("waste_basket", 1.0),
    ("amenity", "bicycle_parking"): ("bicycle_parking", 0.9),
    ("amenity", "recycling"): ("recycling", 1.6),
    ("amenity", "waste_disposal"): ("waste_disposal", 1.4),
    ("amenity", "drinking_water"): ("drinking_water", 1.1),
    ("amenity", "fountain"): ("fountain", 1.5),
    ("amenity", "post_box"): ("post_box", 1.3),
    ("amenity", "telephone"): ("telephone", 2.2),
    ("amenity", "vending_machine"): ("vending_machine", 1.8),
    ("amenity", "parking_meter"): ("parking_meter", 1.5),
    ("amenity", "charging_station"): ("charging_station", 1.5),
    ("amenity", "clock"): ("clock", 4.0),
    ("amenity", "hunting_stand"): ("hunting_stand", 4.0),
    ("amenity", "table"): ("table", 0.8),
    ("amenity", "parcel_locker"): ("parcel_locker", 2.0),
    ("barrier", "bollard"): ("bollard", 1.0),
    ("barrier", "block"): ("block", 0.6),
    ("barrier", "jersey_barrier"): ("jersey_barrier", 0.8),
    ("barrier", "planter"): ("planter", 0.6),
    ("barrier", "gate"): ("gate", 1.5),
    ("barrier", "lift_gate"): ("lift_gate", 1.1),
    ("barrier", "swing_gate"): ("gate", 1.1),
    ("barrier", "kissing_gate"): ("gate", 1.2),
    ("barrier", "cycle_barrier"): ("cycle_barrier", 1.0),
    ("barrier", "turnstile"): ("turnstile", 1.2),
    ("barrier", "stile"): ("stile", 1.2),
    ("barrier", "log"): ("block", 0.4),
    ("emergency", "fire_hydrant"): ("fire_hydrant", 0.8),
    ("emergency", "defibrillator"): ("defibrillator", 1.5),
    ("emergency", "siren"): ("siren", 10.0),
    ("man_made", "flagpole"): ("flagpole", 8.0),
    ("man_made", "street_cabinet"): ("street_cabinet", 1.3),
    ("man_made", "utility_pole"): ("pole", 8.0),
    ("man_made", "mast"): ("mast", 15.0),
    ("man_made", "surveillance"): ("camera", 4.0),
    ("man_made", "water_well"): ("water_well", 1.0),
    ("man_made", "manhole"): ("manhole", 0.0),
    ("power", "pole"): ("pole", 9.0),
    ("power", "tower"): ("power_tower", 30.0),
    ("power", "catenary_mast"): ("mast", 8.0),
    ("advertising", "column"): ("advertising_column", 3.0),
    ("advertising", "billboard"): ("billboard", 4.0),
    ("advertising", "poster_box"): ("poster_box", 2.0),
    ("historic", "memorial"): ("memorial", 2.0),
    ("historic", "wayside_cross"): ("wayside_cross", 2.0),
    ("historic", "wayside_shrine"): ("wayside_shrine", 2.0),
    ("tourism", "artwork"): ("artwork", 2.0),
    ("tourism", "information"): ("information", 2.0),
    ("leisure", "picnic_table"): ("picnic_table", 0.8),
}
"""Point features of the layer ``furniture``: kind, and height where none is stated, of common products [m]."""

# fmt: off
BARRIER_LINES = frozenset(
    {
        "fence", "wall", "hedge", "guard_rail", "retaining_wall", "handrail", "city_wall", "kerb", "jersey_barrier", "bollard",
        "ditch", "chain", "cable_barrier", "yes", "gate", "block", "railing", "planter", "rope",
    }
)
# fmt: on
"""Barriers drawn as lines; they go to the layer ``other``."""

STOPS = {
    ("highway", "bus_stop"): "bus",
    ("railway", "tram_stop"): "tram",
    ("railway", "station"): "rail",
    ("railway", "halt"): "rail",
    ("amenity", "bus_station"): "bus",
    ("amenity", "ferry_terminal"): "ferry",
    ("public_transport", "platform"): "",
}
"""Features of the layer ``stops`` and their mode."""

ROW_SPACING_M = 8.0
"""Distance of the trees of a ``tree_row`` that states none [m]; usual for trees of the first size along Dutch streets is 8 m
to 12 m."""
TREES_A_ROW = 2000
"""No row of trees has more."""
TALLEST_TREE_M = 130.0
"""The tallest known tree has 116 m [m]."""


def find(tags: Mapping[str, str], table: Mapping[str, set[str]]) -> tuple[str, str] | None:
    """The first key and value of a table that an element has."""
    for key, values in table.items():
        if tags.get(key) in values:
            return key, tags[key]
    return None


def feature_of(tags: Mapping[str, str]) -> str:
    """What an element is, as ``key=value``, for the count of what is not read."""
    for key in FEATURE_KEYS:
        if key in tags:
            return f"{key}={tags[key]}"[:80]
    keys = sorted(tags)
    if any(key.startswith("addr:") for key in keys):
        return "addr:*"
    return f"{keys[0]}=*"[:80] if keys else "no tags"


def paved_area(tags: Mapping[str, str]) -> tuple[str, str] | None:
    """Surface (in the words of ``roads``) and kind of an area that people walk or drive on; None when it is no such area."""
    from twin.geo.readers.osm_streets import NOT_THERE, POINTS_ONLY, surface_of

    kind = tags.get("area:highway")
    if kind:
        kind = {"sidewalk": "footway", "emergency": "service"}.get(kind, kind)
        return surface_of(dict(tags), kind), kind
    kind = tags.get("highway")
    if kind and kind not in NOT_THERE and kind not in POINTS_ONLY:
        return surface_of(dict(tags), kind), kind
    if tags.get("place") == "square" and tags.get("leisure") != "park":
        return "square", "square"
    if tags.get("railway") == "platform" or tags.get("public_transport") == "platform":
        return "footway", "platform"
    if tags.get("amenity") in ("parking", "motorcycle_parking", "bicycle_parking", "parking_space"):
        return (None if tags.get("parking") in ("underground", "multi-storey", "rooftop") else ("parking", "parking"))
    if tags.get("amenity") == "marketplace":
        return "square", "marketplace"
    if tags.get("man_made") in ("pier", "breakwater", "quay") and tags.get("floating") != "yes":
        return "footway", tags["man_made"]
    if tags.get("aeroway") in ("runway", "taxiway", "apron"):
        return "runway", tags["aeroway"]
    return None


def tree_columns(tags: Mapping[str, str]) -> dict[str, Any]:
    """Row of ``trees``."""
    height = length_m(tags.get("height") or tags.get("est_height"))
    crown = length_m(tags.get("diameter_crown"))
    girth = length_m(tags.get("circumference"))
    return {
        "height_m": height if height is not None and 0 < height < TALLEST_TREE_M else np.nan,
        "crown_diameter_m": crown if crown is not None and 0 < crown < 60 else np.nan,
        "crown_base_m": np.nan,
        "z_m": np.nan,
        "species": tags.get("species") or tags.get("genus") or tags.get("taxon"),
        "leaf_type": tags.get("leaf_type"),
        "girth_m": girth if girth is not None and 0 < girth < 40 else np.nan,
    }


def row_of_trees(line: BaseGeometry, tags: Mapping[str, str]) -> list[BaseGeometry]:
    """Places of the trees of a row [m]: as many as ``count`` or ``tree_count`` says, else each ``spacing``."""
    stated = number(tags.get("count") or tags.get("tree_count"))
    spacing = length_m(tags.get("spacing") or tags.get("distance"))
    length = float(line.length)
    if stated is not None and 2 <= stated <= TREES_A_ROW:
        count = int(stated)
    else:
        step = spacing if spacing is not None and spacing >= 1.0 else ROW_SPACING_M
        count = min(int(length // step) + 1, TREES_A_ROW)
    places = np.linspace(0.0, length, count) if count > 1 else np.array([length / 2])
    return list(shapely.line_interpolate_point(line, places))


def furniture_of(tags: Mapping[str, str]) -> tuple[str, float] | None:
    """Kind and height [m] of a piece of street furniture; None when it is none."""
    for (key, value), (kind, usual) in FURNITURE_M.items():
        if tags.get(key) == value:
            stated = length_m(tags.get("height"))
            return kind, stated if stated is not None and 0 <= stated < 400 else usual
    return None


def stop_of(tags: Mapping[str, str]) -> str | None:
    """Mode of a stop of public transport; None when it is none."""
    for (key, value), mode in STOPS.items():
        if tags.get(key) == value:
            for name in ("bus", "tram", "train", "subway", "ferry", "light_rail", "trolleybus"):
                if tags.get(name) == "yes":
                    return {"train": "rail", "trolleybus": "bus", "light_rail": "tram"}.get(name, name)
            return mode or "unknown"
    return None


def waterway_width(tags: Mapping[str, str]) -> tuple[float, str] | None:
    """Width of a waterway drawn as a line and where it is from [m]; None when no open water is there."""
    kind = tags.get("waterway", "")
    if kind not in WATERWAYS_M or truth(tags.get("tunnel")):
        return None
    if tags.get("location") == "underground" or tags.get("covered") == "yes":
        return None
    stated = length_m(tags.get("width") or tags.get("est_width"))
    if stated is not None and 0.1 <= stated <= 3000:
        return stated, "tag"
    return WATERWAYS_M[kind], "default"
