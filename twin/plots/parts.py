"""What a section is made of, as data: shapes in distance and height, each with what it is and how well it is known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.plots.course import Course
from twin.plots.cutting import Cut, crossed, cut_objects, guessed, mains, profile, under_streets
from twin.plots.vault_cut import ring_over

if TYPE_CHECKING:
    from twin.geo.city import City

KNOWN, INFERRED, GUESSED = "known", "inferred", "guessed"
NOTHING: Mapping[str, Any] = {}
FLAT = ("roads", "streets", "water", "green", "landuse", "utilities")
KINDS = {"buildings": "building", "cellars": "cellar", "bridges": "bridge", "tunnels": "tunnel", "stairs": "stairs"}
"""Kinds of what is cut by its triangles, by layer; else ``construction``."""
NAMES = ("name", "naam", "label", "official_name", "address", "adres")
FOOT_SHARE = 0.35
"""Walls whose feet differ by more than this share of their height are not taken for those of one building."""
WATER_M = 1.0
"""Water whose bed is not known is drawn so deep [m]."""


class Part(NamedTuple):
    """One thing in a section.

    Parameters
    ----------
    kind : str
    id : str
    shape : shapely geometry
        x is the distance along the line, y the height in the vertical datum [m].
    label : str
        What people call it; empty where nothing tells.
    certainty : {"known", "inferred", "guessed"}
    values : mapping
        What else is known of it.
    """

    kind: str
    id: str
    shape: Any
    label: str = ""
    certainty: str = KNOWN
    values: Mapping[str, Any] = NOTHING


class Profile(NamedTuple):
    """The ground along a line.

    Parameters
    ----------
    distance, height : (N,) float64
        [m]
    estimated : (N,) bool
        Where its height is not measured.
    """

    distance: NDArray[np.float64]
    height: NDArray[np.float64]
    estimated: NDArray[np.bool_]


def ground_along(city: City, course: Course) -> Profile:
    """The ground with what streets fill up."""
    distance, height = under_streets(city, course, *profile(city, course))
    return Profile(distance, height, guessed(city, course, distance))


def city_parts(city: City, course: Course, ground: Profile, beside_m: float) -> list[Part]:
    """What a line meets in a city, from the ground to its trees.

    Parameters
    ----------
    city : City
    course : Course
    ground : Profile
    beside_m : float
        Trees so near to the line are shown; 0 for none [m].
    """
    cuts = cut_objects(city, course)
    drawn = {cut.id for cut in cuts}
    parts = [*_ground(ground), *_water(city, course, ground), *_streets(city, course, ground), *_plain_pits(city, course)]
    for cut in cuts:
        if cut.layer in FLAT:
            continue
        kind, row = KINDS.get(cut.layer, "construction"), _row(city, cut.layer, cut.id)
        if not cut.area.is_empty:
            sure = GUESSED if kind == "cellar" and _yes(row.get("estimated")) else KNOWN
            parts.append(Part(kind, cut.id, cut.area, title(row, cut.id), sure, {"layer": cut.layer, "from": "triangles"}))
        walls = _closed_at_the_foot(cut) if kind == "building" else []
        if walls:
            name = title(row, cut.id)
            parts += [Part(kind, cut.id, one, name, INFERRED, {"layer": cut.layer, "from": "open surfaces"}) for one in walls]
        elif not cut.lines.is_empty:
            parts.append(Part("surface", cut.id, cut.lines, "", KNOWN, {"layer": cut.layer}))
    parts += [*_boxes(city, course, drawn), *_flat_cellars(city, course, drawn)]
    parts += _rings(city, course, [part for part in parts if part.kind == "cellar"])
    parts += _mains(city, course, ground)
    return parts + (_trees(city, course, beside_m) if beside_m > 0 else [])


def _closed_at_the_foot(cut: Cut) -> list[Any]:
    """Walls and a roof without a floor: what they enclose above the line between their feet."""
    if not cut.area.is_empty:
        return []
    made = []
    for line in shapely.get_parts(shapely.line_merge(shapely.node(cut.lines))):
        ends = shapely.get_coordinates(line)[[0, -1]]
        low, high = line.bounds[1], line.bounds[3]
        if len(line.coords) < 4 or ends[:, 1].max() - low > FOOT_SHARE * (high - low):
            continue
        shape = shapely.make_valid(shapely.Polygon(shapely.get_coordinates(line)))
        made += [one for one in shapely.get_parts(shape) if one.geom_type == "Polygon" and one.area > 0.1]
    return made


def _mains(city: City, course: Course, ground: Profile) -> list[Part]:
    """Circles of their size, and of 0.2 m where that is not known."""
    made = []
    for height, at, row in mains(city, course, (ground.distance, ground.height)):
        radius = 0.5 * finite(row.get("diameter_m"), 0.2)
        told = {name: row.get(name) for name in ("material", "diameter_m", "cover_m") if row.get(name) is not None}
        told |= {"runs": str(row.get("kind", "")).lower(), "layer": "utilities"}
        sure = GUESSED if _yes(row.get("estimated")) else KNOWN
        made.append(Part("main", str(row.name), shapely.Point(at, height).buffer(radius), "", sure, told))
    return made


def finite(value: Any, default: float = math.nan) -> float:
    """A number, or what is taken where there is none."""
    return float(value) if isinstance(value, int | float | np.number) and math.isfinite(value) else default


def title(row: Any, id: str) -> str:
    """What people call an object: its name or address; empty when nothing tells."""
    for column in NAMES:
        value = row.get(column)
        if isinstance(value, str) and value.strip() and value.strip()[0] not in "[{":
            return value.strip()
    street, number = (row.get(name) for name in ("addr:street", "addr:housenumber"))
    if isinstance(street, str) and street.strip():
        return f"{street.strip()} {number}" if isinstance(number, str | int) else street.strip()
    words = id.replace("_", "-").split("-")
    plain = not any(len(word) > 20 or (any(map(str.isdigit, word)) and any(map(str.isalpha, word))) for word in words)
    return id if plain and len(id) <= 24 and words[0].isalpha() and "." not in id else ""


def _row(city: City, layer: str, id: str) -> Any:
    """The row of an object, or of what it is a part of."""
    frame = city.layers.get(layer)
    if frame is None:
        return NOTHING
    if id in frame.index:
        return frame.loc[id]
    objects = city.objects
    parent = objects["parent"].get(id) if "parent" in objects else None
    return frame.loc[parent] if isinstance(parent, str) and parent in frame.index else NOTHING


def _yes(value: Any) -> bool:
    return value is True or str(value) == "True"


def _ground(ground: Profile) -> list[Part]:
    made = []
    for sure, rows in ((KNOWN, ~ground.estimated), (GUESSED, ground.estimated)):
        known = np.isfinite(ground.height) & rows
        # up to the next place that is told, so that no gap is left between the two
        reach = known | np.append(False, known[:-1]) & np.isfinite(ground.height)
        lines = [
            shapely.LineString(np.column_stack([ground.distance[run], ground.height[run]])) for run in _runs(reach) if len(run) > 1
        ]
        if known.any() and lines:
            made.append(Part("ground", "", shapely.MultiLineString(lines), "", sure))
    return made


def _runs(there: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    rows = np.flatnonzero(there)
    return np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1) if len(rows) else []


def _water(city: City, course: Course, ground: Profile) -> list[Part]:
    """Water from its surface to the ground below; where that is not known, a metre of it."""
    made = []
    for reach, row in crossed(city, "water", course):
        for start, end in reach:
            inside = (ground.distance > start) & (ground.distance < end)
            bed = ground.height[inside]
            level = finite(row.get("z_m"), float(np.nanmin(bed)) if np.isfinite(bed).any() else math.nan)
            if not math.isfinite(level):
                continue
            deep = np.isfinite(bed).any() and float(np.nanmax(level - bed)) > 0.1
            at = np.concatenate([[start], ground.distance[inside], [end]])
            bottom = np.minimum(np.interp(at, ground.distance, ground.height), level) if deep else np.full(len(at), level - WATER_M)
            outline = np.concatenate([np.column_stack([at, bottom]), [(end, level), (start, level)]])
            shape = shapely.make_valid(shapely.Polygon(outline))
            told = {"level_m": level, "layer": "water"}
            made.append(Part("water", str(row.name), shape, title(row, str(row.name)), KNOWN if deep else GUESSED, told))
    return made


def _streets(city: City, course: Course, ground: Profile) -> list[Part]:
    """Streets at their height; bridges of which only deck and underside are known."""
    made = []
    for name in ("roads", "streets"):
        for reach, row in crossed(city, name, course):
            surface = str(row.get("surface", "street")).lower()
            if surface == "bridge":
                continue
            z = finite(row.get("z_m"))
            for start, end in reach:
                at = np.linspace(start, end, 24)
                level = np.full(len(at), z) if math.isfinite(z) else np.interp(at, ground.distance, ground.height)
                if np.isfinite(level).all():
                    told = {"surface": surface, "layer": name}
                    line = shapely.LineString(np.column_stack([at, level]))
                    made.append(Part("street", str(row.name), line, title(row, str(row.name)), KNOWN, told))
    for reach, row in crossed(city, "bridges", course):
        top = finite(row.get("z_m"))
        if not math.isfinite(top):
            continue
        below = finite(row.get("underside_z_m"), top - 0.6)
        slabs = [shapely.box(start, below, end, top) for start, end in reach]
        made += [Part("bridge", str(row.name), slab, title(row, str(row.name)), INFERRED, {"layer": "bridges"}) for slab in slabs]
    return made


def _plain_pits(city: City, course: Course) -> list[Part]:
    made = []
    for reach, row in crossed(city, "pits", course):
        bottom, top = finite(row.get("bottom_m")), finite(row.get("top_m"))
        if math.isfinite(bottom) and math.isfinite(top):
            boxes = [shapely.box(start, bottom, end, top) for start, end in reach]
            made += [Part("pit", str(row.name), box, title(row, str(row.name)), KNOWN, {"layer": "pits"}) for box in boxes]
    return made


def _boxes(city: City, course: Course, drawn: set[str]) -> list[Part]:
    """Buildings without triangles, as boxes of their height."""
    objects = city.objects
    owners = set(objects["parent"].loc[objects.index.isin(drawn)]) if "parent" in objects else set()
    made = []
    for reach, row in crossed(city, "buildings", course):
        if str(row.name) in drawn or row.name in owners:
            continue
        low = finite(row.get("ground_m"))
        if not math.isfinite(low):
            spot = row.geometry.representative_point()
            low = float(city.ground_at(np.array([spot.x]), np.array([spot.y]))[0])
        high = finite(row.get("roof_m"), low + finite(row.get("height_m")))
        if math.isfinite(low) and high > low:
            told = {"layer": "buildings", "from": "box"}
            name = title(row, str(row.name))
            made += [Part("building", str(row.name), shapely.box(a, low, b, high), name, INFERRED, told) for a, b in reach]
    return made


def _flat_cellars(city: City, course: Course, drawn: set[str]) -> list[Part]:
    """Cellars of which only floor and crown are known; the crown counts from the floor."""
    made = []
    for reach, row in crossed(city, "cellars", course):
        floor, crown = finite(row.get("floor_m")), finite(row.get("crown_m"))
        if str(row.name) not in drawn and math.isfinite(floor) and crown > 0:
            boxes = [shapely.box(start, floor, end, floor + crown) for start, end in reach]
            told = {"layer": "cellars", "from": "box"}
            made += [Part("cellar", str(row.name), box, title(row, str(row.name)), GUESSED, told) for box in boxes]
    return made


def _rings(city: City, course: Course, rooms: list[Part]) -> list[Part]:
    made = []
    for room in rooms:
        row = _row(city, "cellars", room.id)
        found = ring_over(room.shape, row, course)
        if found is not None:
            made.append(Part("vault", room.id, found[0], room.label, GUESSED if _yes(row.get("estimated")) else KNOWN, found[1]))
    return made


def _trees(city: City, course: Course, beside_m: float) -> list[Part]:
    frame = city.layers["trees"]
    if not len(frame) or "height_m" not in frame:
        return []
    made = []
    near = frame.iloc[np.sort(frame.sindex.query(course.line.buffer(beside_m, cap_style="flat"), predicate="intersects"))]
    for shape, (_, row) in zip(near.geometry, near.iterrows(), strict=True):
        height = finite(row["height_m"])
        if shape.geom_type != "Point" or not math.isfinite(height):
            continue
        at, aside = course.nearest(np.array([shape.x, shape.y]))
        foot = finite(row.get("z_m"))
        if not math.isfinite(foot):
            foot = float(city.ground_at(np.array([shape.x]), np.array([shape.y]))[0])
        base, wide = finite(row.get("crown_base_m"), 0.3 * height), finite(row.get("crown_diameter_m"), 0.5 * height)
        angle = np.linspace(0.0, 2.0 * np.pi, 49)[:-1]
        middle, half = foot + 0.5 * (base + height), 0.5 * (height - base)
        crown = shapely.Polygon(np.column_stack([at + 0.5 * wide * np.cos(angle), middle + half * np.sin(angle)]))
        trunk = shapely.LineString([(at, foot), (at, foot + base + 0.2 * (height - base))])
        told = {"aside_m": aside, "height_m": height, "layer": "trees"}
        made += [Part("trunk", str(row.name), trunk, "", KNOWN, told), Part("tree", str(row.name), crown, "", KNOWN, told)]
    return made


def between(lower: NDArray[np.float64], upper: NDArray[np.float64], distance: NDArray[np.float64]) -> list[Any]:
    """Polygons between two profiles where the upper one is above the lower one, as quads that are united."""
    made = []
    for run in _runs((upper - lower > 1e-6) & np.isfinite(upper) & np.isfinite(lower)):
        # one more place on both sides, where it wedges out
        first, last = max(run[0] - 1, 0), min(run[-1] + 1, len(distance) - 1)
        rows = np.arange(first, last + 1)
        rows = rows[np.isfinite(lower[rows]) & np.isfinite(upper[rows])]
        top = np.maximum(upper[rows], lower[rows])
        if len(rows) < 2:
            continue
        ring = np.concatenate([np.column_stack([distance[rows], lower[rows]]), np.column_stack([distance[rows], top])[::-1]])
        made += [one for one in shapely.get_parts(shapely.make_valid(shapely.Polygon(ring))) if one.geom_type == "Polygon"]
    return made


def split_at(values: NDArray[Any]) -> list[tuple[int, int, Any]]:
    """Stretches of one value: first, last (with it) and the value; neighbours share the place where they meet."""
    edges = [0, *(np.flatnonzero(values[1:] != values[:-1]) + 1).tolist(), len(values)]
    return [(first, min(last, len(values) - 1), values[first]) for first, last in pairwise(edges)]
