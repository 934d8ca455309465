"""OpenStreetMap: extracts in XML, PBF and o5m, and answers of the Overpass API in JSON.

What is read goes to the layers of a city by the tables of `osm_layers`, `osm_streets` and `osm_measures`; what is not is
counted by its tag in one finding. Coordinates become metres at once, for widths and roofs are measured: in the system that
was asked for, else in the one `twin.geo.crs.plane_for` has for the middle of the file.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.errors import FormatError
from twin.geo.city import Source
from twin.geo.crs import horizontal, plane_for
from twin.geo.readers import osm_layers, osm_rewrite, osm_streets
from twin.geo.readers.columns import table
from twin.geo.readers.decks import DECK, TOP_DECK
from twin.geo.readers.model import Findings, Reading, ReadOptions
from twin.geo.readers.osm_buildings import Buildings, buildings_of, is_outline, is_part
from twin.geo.readers.osm_decks import Meeting, Place, walked
from twin.geo.readers.osm_elements import Element, Extract, NegativeIds, NotSorted, extract
from twin.geo.readers.osm_stairs import stair_rows
from twin.geo.readers.osm_tags import truth
from twin.geo.readers.reproject import mover
from twin.geo.readers.source import Blob
from twin.geo.valid import TOO_MANY, mended

if TYPE_CHECKING:
    from pyproj import CRS

LICENCE = "ODbL-1.0"
CREDIT = "© OpenStreetMap contributors"
USED_TAGS = ("height", "building:levels")
"""Tags of footprints that were found to state no height: `twin.geo.heights` must not take them for one."""
NOT_READ_LISTED = 40
"""So many kinds of what is not read are named in the finding."""


def read(blob: Blob, options: ReadOptions) -> Reading:
    """Read one file of OpenStreetMap.

    Parameters
    ----------
    blob : Blob
    options : ReadOptions
        `crs` and `clip` are followed; what does not touch the box of `clip` is left out.

    Returns
    -------
    Reading
        Buildings with a height as `objects` (``relative``), those without as rows; streets and all else as rows.

    Raises
    ------
    FormatError
        When it is broken, or holds changes or the history of objects.
    """
    findings = Findings()
    form = kind_of(blob.head)
    with _file(blob) as path:
        if form == "json":
            found = _rewritten(osm_rewrite.of_json(blob.content, blob.name, findings), blob.name, findings)
            blob.forget()
        elif form == "osm" and osm_rewrite.edited(path):
            found = _rewritten(osm_rewrite.of_xml(path, blob.name, findings), blob.name, findings)
        else:
            found = _extract(path, form, blob.name, findings)
    name = {"osm": "OSM XML", "pbf": "OSM PBF", "o5m": "OSM o5m", "json": "Overpass JSON"}[form]
    date = found.timestamp[:10]
    source = Source(blob.name, f"{name} 0.6", LICENCE, CREDIT, blob.sha256, date)
    if not found.elements:
        findings.add("osm-empty", "", "the file holds no tagged objects: the city is empty there", path=blob.name)
        return Reading(source, options.crs or plane_for(5.1, 52.1), findings, date=date)
    crs = _in_metres(found, options, blob.name, findings)
    _drop_outside(found, options.window(crs))
    made = _Map(found, crs, findings, blob.name)
    return Reading(source, crs, findings, made.objects(), made.layers(), date=date)


def kind_of(head: bytes) -> str:
    """Which of the formats of OpenStreetMap some first bytes are of: ``"osm"``, ``"pbf"``, ``"o5m"`` or ``"json"``."""
    if b"OSMHeader" in head[:64]:
        return "pbf"
    if head[2:7] == b"\x04o5m2" or head[:7] == b"\xff\xe0\x04o5m2":
        return "o5m"
    return "json" if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{" else "osm"


@contextmanager
def _file(blob: Blob) -> Iterator[Path]:
    with blob.as_file() as path:
        yield path


def _extract(path: Path, form: str, name: str, findings: Findings) -> Extract:
    """Read a file; one with ids below zero or not in order is written anew first."""
    mine = Findings()
    try:
        found = extract(path, form, name, mine)
    except NegativeIds:
        if form != "osm":
            raise FormatError("the file has ids below zero", where=name, hint="number its objects anew: osmium renumber") from None
        return _rewritten(osm_rewrite.of_xml(path, name, findings), name, findings)
    except NotSorted:
        return _ordered(path, form, name, findings)
    findings.absorb(mine)
    return found


def _ordered(path: Path, form: str, name: str, findings: Findings) -> Extract:
    with tempfile.TemporaryDirectory(prefix="stadstwin-") as folder:
        target = Path(folder) / "ordered.osm.pbf"
        osm_rewrite.put_in_order(path, form, target, name, findings)
        try:
            return extract(target, "pbf", name, findings)
        except (NegativeIds, NotSorted):
            what = "the file has ids below zero and is not in order"
            raise FormatError(what, where=name, hint="osmium sort, then osmium renumber") from None


def _rewritten(records: Iterator[osm_rewrite.Record], name: str, findings: Findings) -> Extract:
    with tempfile.TemporaryDirectory(prefix="stadstwin-") as folder:
        target = Path(folder) / "extract.osm.pbf"
        osm_rewrite.rewritten(records, target, name)
        return _extract(target, "pbf", name, findings)


def _in_metres(found: Extract, options: ReadOptions, name: str, findings: Findings) -> CRS:
    """Bring all shapes into a system in metres; return it."""
    from pyproj import CRS

    elements = list(found.elements.values())
    lines = np.array([one.shape for one in elements], dtype=object)
    areas = np.array([one.area for one in elements], dtype=object)
    points = shapely.get_coordinates(np.concatenate([lines, areas]))
    if not len(points):
        return options.crs or plane_for(5.1, 52.1)
    longitude, latitude = np.median(points, axis=0).tolist()
    crs = options.crs or plane_for(longitude, latitude)
    move, told = mover(CRS.from_epsg(4326), horizontal(crs), name)
    if told:
        findings.add("crs", "", told, severity="info", path=name)

    def moved(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        assert move is not None
        return move(np.column_stack([xy, np.zeros(len(xy))]))[:, :2]

    for shapes, field in ((lines, "shape"), (areas, "area")):
        there = np.flatnonzero(~shapely.is_missing(shapes))
        if len(there):
            shapes[there] = shapely.transform(shapes[there], moved)
        finite = np.ones(len(shapes), dtype=bool)
        finite[there] = np.isfinite(shapely.bounds(shapes[there])).all(axis=1)
        for number in np.flatnonzero(~finite):
            message = "it lies where the coordinate reference system of the city has no place for it; left out"
            findings.add("osm-location", elements[number].id, message, severity="error", path=name)
            shapes[number] = None
        for one, shape in zip(elements, shapes, strict=True):
            setattr(one, field, shape)
    return crs


def _drop_outside(found: Extract, window: tuple[float, float, float, float] | None) -> None:
    """Leave out what does not touch a box [m]; a part of a building stays where its outline is in it."""
    if window is None:
        return
    box = shapely.box(*window)
    for key, one in list(found.elements.items()):
        shape = one.area if one.area is not None else one.shape
        if shape is not None and not is_part(one.tags) and not shape.intersects(box):
            del found.elements[key]
    outlines = [one.area for one in found.elements.values() if one.area is not None and is_outline(one.tags)]
    reach = shapely.union_all([box, *outlines])
    for key, one in list(found.elements.items()):
        if one.area is not None and is_part(one.tags) and not one.area.intersects(reach):
            del found.elements[key]


Row = tuple[str, BaseGeometry, dict[str, Any], dict[str, str]]
"""Id, geometry, our columns, tags of the source."""


class _Map:
    """The elements of one file, spread over the layers."""

    def __init__(self, found: Extract, crs: CRS, findings: Findings, name: str) -> None:
        self.crs = crs
        self.findings = findings
        self.name = name
        self.rows: dict[str, list[Row]] = {}
        self.unread: Counter[str] = Counter({f"type={kind}": count for kind, count in found.relations.items()})
        for one in found.elements.values():
            self.mend(one)
        self.buildings: Buildings = buildings_of(found, findings)
        self.streets: list[osm_streets.Street] = []
        self.squares: list[Place] = []
        for one in found.elements.values():
            if not self.take(one) and one.tags and one.id not in self.buildings.used:
                self.unread[osm_layers.feature_of(one.tags)] += 1
        self.take_streets()
        self.take_footprints()
        self.note_unread()

    def objects(self) -> Any:
        """Buildings with a height; None when there are none."""
        made = self.buildings.objects
        return made.model() if len(made) else None

    def mend(self, one: Element) -> None:
        """A closed way that should be an area and crosses itself becomes the areas that it goes round."""
        line = one.shape
        if one.area is not None or line is None or line.geom_type != "LineString" or not one.ends[0] or one.ends[0] != one.ends[1]:
            return
        if one.tags.get("area") == "no" or not _wants_area(one.tags):
            return
        if len(line.coords) < 4:
            message = "the area has fewer than three corners; left out"
            self.findings.add("osm-area", one.id, message, severity="error", path=self.name)
            return
        sound = mended(shapely.Polygon(line))
        if sound is None:
            self.findings.add("osm-area", one.id, f"{TOO_MANY}; left out", severity="error", path=self.name)
            return
        pieces = [part for part in shapely.get_parts(sound) if part.geom_type == "Polygon"]
        pieces = [part for piece in pieces for part in shapely.get_parts(piece) if part.area > 0.01]
        if not pieces:
            self.findings.add("osm-area", one.id, "the area has no extent; left out", severity="error", path=self.name)
            return
        one.area = pieces[0] if len(pieces) == 1 else shapely.MultiPolygon(pieces)
        message = f"the way crosses or touches itself; taken as the {len(pieces)} areas that it goes round"
        self.findings.add("osm-area", one.id, message, path=self.name)

    def put(self, layer: str, one: Element, shape: BaseGeometry, columns: dict[str, Any], suffix: str = "") -> bool:
        self.rows.setdefault(layer, []).append((one.id + suffix, shape, columns, one.tags))
        return True

    def take(self, one: Element) -> bool:
        """Put one element where it belongs; False when it belongs nowhere."""
        if one.shape is None and one.area is None:
            return True
        if one.id.startswith("node/"):
            return self.take_point(one)
        taken = False
        area_only = one.area is not None and _wants_area(one.tags)
        if not area_only:
            street = osm_streets.street_of(one, self.findings)
            if street is not None:
                self.streets.append(street)
                taken = True
            taken = self.take_line(one) or taken
        if one.area is not None and (area_only or not taken):
            taken = self.take_area(one) or taken
        if not taken and one.area is None and (is_outline(one.tags) or is_part(one.tags)) and one.shape is not None:
            message = "the building is a line that does not close; left out"
            self.findings.add("osm-area", one.id, message, severity="error", path=self.name)
            return True
        return taken

    def take_point(self, one: Element) -> bool:
        tags, shape = one.tags, one.shape
        assert shape is not None
        if tags.get("natural") == "tree":
            return self.put("trees", one, shape, osm_layers.tree_columns(tags))
        piece = osm_layers.furniture_of(tags)
        taken = False
        if piece is not None:
            taken = self.put("furniture", one, shape, {"kind": piece[0], "height_m": piece[1], "z_m": np.nan})
        return self.take_stop(one, shape) or taken

    def take_stop(self, one: Element, shape: BaseGeometry) -> bool:
        mode = osm_layers.stop_of(one.tags)
        if mode is None:
            return False
        return self.put("stops", one, shape, {"name": one.tags.get("name"), "mode": mode, "departures_day": np.nan})

    def take_line(self, one: Element) -> bool:
        tags, line = one.tags, one.shape
        if line is None:
            return False
        if tags.get("natural") == "tree_row":
            columns = osm_layers.tree_columns(tags)
            for number, point in enumerate(osm_layers.row_of_trees(line, tags), start=1):
                self.put("trees", one, point, columns, f"#{number}")
            return True
        wide = osm_layers.waterway_width(tags)
        if wide is not None:
            columns = {"kind": tags["waterway"], "z_m": np.nan, "width_m": wide[0], "width_source": wide[1]}
            return self.put("water", one, osm_streets.band(line, wide[0]), columns)
        if tags.get("barrier") in osm_layers.BARRIER_LINES:
            return self.put("other", one, line, {"kind": tags["barrier"]})
        return False

    def take_area(self, one: Element) -> bool:
        """Areas; a building is one already, but may be more."""
        tags, area = one.tags, one.area
        assert area is not None
        taken = one.id in self.buildings.used
        layer = osm_streets.layer_number(tags)
        if tags.get("man_made") == "bridge":
            level = osm_streets.level_name(layer or 1)
            taken = self.put("bridges", one, area, {"kind": "bridge", "level": level, "z_m": np.nan, "underside_z_m": np.nan})
        paved = osm_layers.paved_area(tags)
        if paved is not None and not taken:
            columns = {"surface": paved[0], "level": osm_streets.level_name(layer), "z_m": np.nan, "kind": paved[1]}
            columns |= {"paving": tags.get("surface"), "foot": tags.get("foot"), "from_line": False}
            taken = self.put("roads", one, area, columns)
            self.squares.append(Place(one.id, layer, area))
        if osm_layers.find(tags, osm_layers.WATER) and not truth(tags.get("tunnel")):
            return self.put("water", one, area, {"kind": tags.get("water") or tags.get("natural") or "water", "z_m": np.nan})
        for name, found in (
            ("green", osm_layers.find(tags, osm_layers.GREEN)),
            ("landuse", osm_layers.find(tags, {"landuse": osm_layers.LANDUSE})),
        ):
            if found is not None:
                return self.put(name, one, area, {"kind": found[1]})
        piece = osm_layers.furniture_of(tags)
        if piece is not None and not taken:
            columns = {"kind": piece[0], "height_m": piece[1], "z_m": np.nan}
            return self.put("furniture", one, area.representative_point(), columns)
        return self.take_stop(one, area.representative_point()) or taken

    def take_streets(self) -> None:
        """Centre lines, their surfaces, and the bridges and tunnels they run on and in."""
        for street in self.streets:
            one, line = street.element, street.element.shape
            assert line is not None
            if not street.rail:
                self.put("streets", one, line, street.columns)
            self.put("roads", one, osm_streets.band(line, street.width_m), osm_streets.road_columns(street))
            for side, strip in osm_streets.sidewalks(street).items():
                columns = {**osm_streets.road_columns(street), "surface": "footway", "kind": "sidewalk", "paving": None}
                self.rows["roads"].append((f"{one.id}#sidewalk-{side}", strip, columns, {}))
            if truth(one.tags.get("bridge")):
                columns = {"kind": one.tags["bridge"], "level": street.level, "z_m": np.nan, "underside_z_m": np.nan}
                self.put("bridges", one, osm_streets.band(line, street.width_m + 1.0, flat=True), columns)
            if truth(one.tags.get("tunnel")):
                columns = {"kind": one.tags["tunnel"], "level": street.level}
                self.put("tunnels", one, osm_streets.band(line, street.width_m + 1.0, flat=True), columns)
        meeting = Meeting(walked(self.streets), self.squares)
        stairs = stair_rows(self.streets, meeting, self.findings)
        self.rows["stairs"] = [(key, shape, columns, {}) for key, (shape, columns) in stairs.items()]
        reached = {columns[TOP_DECK] for _, columns in stairs.values() if columns.get(TOP_DECK)}
        if reached:
            self.note_decks({key: deck for key, deck in meeting.deck_of.items() if deck in reached})

    def note_decks(self, deck_of: dict[str, str]) -> None:
        """Say of surfaces and bridges which deck they are part of; of the outline of a bridge, by the ways on it."""
        for layer in ("roads", "bridges"):
            for key, _, columns, _ in self.rows.get(layer, ()):
                columns[DECK] = deck_of.get(key.partition("#")[0])
        ways = [(one.level, one.element.shape, deck_of[one.element.id]) for one in self.streets if one.element.id in deck_of]
        for _, shape, columns, _ in self.rows.get("bridges", ()):
            if columns[DECK] is None and ways:
                over = [shapely.intersection(shape, way).length if level == columns["level"] else 0.0 for level, way, _ in ways]
                longest = int(np.argmax(over))
                columns[DECK] = ways[longest][2] if over[longest] > 0 else None

    def take_footprints(self) -> None:
        made = self.buildings
        self.rows["buildings"] = [(key, shape, {}, tags) for key, (shape, tags) in made.footprints.items()]
        for key, (shape, tags) in made.below.items():
            self.rows.setdefault("other", []).append((key, shape, {"kind": "underground building"}, tags))

    def note_unread(self) -> None:
        if not self.unread:
            return
        listed = self.unread.most_common(NOT_READ_LISTED)
        text = ", ".join(f"{kind} ({count})" for kind, count in listed)
        more = len(self.unread) - len(listed)
        text += f" and {more} more kinds" if more else ""
        message = f"{self.unread.total()} objects are of kinds that are not read: {text}"
        self.findings.add("osm-not-read", "", message, severity="info", path=self.name)

    def layers(self) -> dict[str, gpd.GeoDataFrame]:
        """Frames of all layers that have rows."""
        reserved = {"buildings": USED_TAGS}
        return {layer: _frame(rows, self.crs, reserved.get(layer, ())) for layer, rows in self.rows.items() if rows}


def _wants_area(tags: dict[str, str]) -> bool:
    """Whether a closed way with these tags is an area, not a line that comes back to its start."""
    if tags.get("area") == "yes":
        return True
    if any(key in tags for key in ("building", "building:part", "landuse", "leisure", "area:highway", "place", "water")):
        return True
    if tags.get("natural") not in (None, "tree_row", "cliff", "ridge", "coastline", "arete", "valley", "earth_bank"):
        return True
    if tags.get("man_made") in ("bridge", "pier", "street_cabinet", "breakwater"):
        return True
    if tags.get("railway") == "platform" or tags.get("public_transport") == "platform":
        return True
    return "amenity" in tags or tags.get("waterway") in osm_layers.WATER["waterway"]


def _frame(rows: list[Row], crs: CRS, reserved: tuple[str, ...] = ()) -> gpd.GeoDataFrame:
    """Rows as a frame: our columns first, then the tags that say more; one with a reserved name gets another."""
    columns = table([row[2] for row in rows], set())
    told = [{key: value for key, value in tags.items() if mine.get(key) != value} for _, _, mine, tags in rows]
    stated = table(told, {*columns, *reserved, "geometry", "id"})
    ids = pd.Index([row[0] for row in rows], name="id", dtype="str")
    content = {**{key: value.array for key, value in columns.items()}, **{key: value.array for key, value in stated.items()}}
    shapes = np.array([row[1] for row in rows], dtype=object)
    return gpd.GeoDataFrame(pd.DataFrame(content, index=ids), geometry=gpd.GeoSeries(shapes, index=ids, crs=crs), crs=crs)


