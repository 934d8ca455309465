"""What an OpenStreetMap file holds: tagged points, lines and areas, assembled by libosmium.

The file is gone through by kind: relations first (which ways does an area need), then nodes, then ways. Nodes without tags
never become Python objects, and the order of the file does not matter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from twin.errors import FormatError
from twin.geo.readers.model import Findings

NEGATIVE = 2**60
"""Ids from here on stand for negative ones, which libosmium's location store does not know; see `osm_rewrite`."""

AREA_TYPES = ("multipolygon",)
"""Types of relation that are areas; boundaries are not read, for they are rarely whole in an extract."""


@dataclass(slots=True)
class Element:
    """One tagged object.

    Parameters
    ----------
    id : str
        ``"node/1"``, ``"way/2"`` or ``"relation/3"``.
    tags : dict of str to str
    shape : shapely geometry or None
        Point of a node, line of a way [deg, later m].
    area : shapely geometry or None
        Valid (multi)polygon of a closed way or of a multipolygon [deg, later m].
    ends : tuple of int
        First and last node of a way; (0, 0) else.
    version : int
    """

    id: str
    tags: dict[str, str]
    shape: BaseGeometry | None = None
    area: BaseGeometry | None = None
    ends: tuple[int, int] = (0, 0)
    version: int = 0


@dataclass(slots=True)
class BuildingRelation:
    """A relation of type ``building``: which ways and multipolygons are its outline and its parts."""

    id: str
    tags: dict[str, str]
    outlines: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Extract:
    """All that is of use in one file.

    Parameters
    ----------
    elements : dict of str to Element
        By id; ways without tags only where a building relation needs them.
    buildings : list of BuildingRelation
    relations : Counter
        Relations that are not read, by type.
    generator, timestamp : str
        As the header states them.
    """

    elements: dict[str, Element] = field(default_factory=dict)
    buildings: list[BuildingRelation] = field(default_factory=list)
    relations: Counter[str] = field(default_factory=Counter)
    generator: str = ""
    timestamp: str = ""


class NegativeIds(Exception):
    """The file has ids below zero."""


class NotSorted(Exception):
    """The objects of the file are not in the order of their ids, or there twice; libosmium needs that to assemble areas."""


def id_of(kind: str, number: int) -> str:
    """``"way/12"``; numbers from `NEGATIVE` on are negative ones."""
    return f"{kind}/{number if number < NEGATIVE else NEGATIVE - number}"


@contextmanager
def told(name: str) -> Iterator[None]:
    """Errors of libosmium in our words."""
    try:
        yield
    except (NegativeIds, NotSorted):
        raise
    except MemoryError:
        raise FormatError("the file needs more memory than there is", where=name, hint="cut an extract from it") from None
    except FormatError:
        raise
    except Exception as error:
        # libosmium's own errors have no common base in Python; what is none of them is a fault of ours and goes on as it is
        if not isinstance(error, RuntimeError | ValueError | OverflowError) and not type(error).__module__.startswith("osmium"):
            raise
        if "out of order" in str(error) or "twice in input" in str(error):
            raise NotSorted from None
        raise FormatError(f"the OpenStreetMap file is broken: {str(error)[:200]}", where=name) from None


def extract(path: Path, form: str, name: str, findings: Findings) -> Extract:
    """Read a file of OpenStreetMap.

    Parameters
    ----------
    path : Path
    form : {"osm", "pbf", "o5m"}
        Its format, as libosmium calls it.
    name : str
        For messages.
    findings : Findings

    Raises
    ------
    FormatError
        When it is broken or holds the history of objects.
    NegativeIds, NotSorted
        When it has ids below zero or is not in order: `osm_rewrite` makes a file that is.
    """
    with told(name):
        return _Passes(path, form, name, findings).run()


class _Passes:
    """The three passes over one file. Handlers are kept in names: libosmium holds no references of its own."""

    def __init__(self, path: Path, form: str, name: str, findings: Findings) -> None:
        import osmium

        self.osmium = osmium
        self.file = osmium.io.File(str(path), form)
        self.name = name
        self.findings = findings
        self.out = Extract()
        self.manager = osmium.area.AreaManager()
        self.store = osmium.index.create_map("sparse_mem_array")
        self.locations = osmium.NodeLocationsForWays(self.store)
        self.locations.ignore_errors()
        self.wkb = osmium.geom.WKBFactory()
        self.members: dict[str, list[int]] = {}
        self.wanted: set[int] = set()
        self.ways: set[int] = set()
        self.member_ways: set[int] = set()
        self.assembled: dict[str, tuple[int, bytes | None]] = {}
        self.shapes: dict[str, bytes] = {}
        self.deleted = 0

    def run(self) -> Extract:
        self.header()
        self.relations()
        self.nodes()
        self.way_pass()
        self.give_shapes()
        if self.deleted:
            message = f"{self.deleted} objects are marked as deleted; left out"
            self.findings.add("osm-deleted", "", message, severity="info", path=self.name)
        return self.out

    def header(self) -> None:
        osmium = self.osmium
        with osmium.io.Reader(self.file, osmium.osm.NOTHING) as reader:
            header = reader.header()
        if header.has_multiple_object_versions:
            raise history(self.name)
        self.out.generator = header.get("generator")
        self.out.timestamp = header.get("osmosis_replication_timestamp") or header.get("timestamp")

    def relations(self) -> None:
        osmium = self.osmium
        first_pass, areas = self.manager.first_pass_handler(), osmium.filter.TagFilter(*(("type", one) for one in AREA_TYPES))
        with osmium.io.Reader(self.file, osmium.osm.RELATION) as reader:
            osmium.apply(reader, areas, first_pass)
        with osmium.io.Reader(self.file, osmium.osm.RELATION) as reader:
            for relation in osmium.OsmFileIterator(reader):
                self.take_relation(relation)

    def take_relation(self, relation: Any) -> None:
        tags = dict(relation.tags)
        one = self.known(relation, "relation", tags)
        if one is None:
            return
        kind = tags.get("type", "")
        ways = [member.ref for member in relation.members if member.type == "w"]
        if kind in AREA_TYPES:
            if len(tags) > 1:
                self.members[one.id] = ways
                self.member_ways.update(ways)
                self.out.elements[one.id] = one
            return
        if kind != "building":
            self.out.relations[kind or "no type"] += 1
            return
        building = BuildingRelation(one.id, tags)
        for member in relation.members:
            if member.type == "w":
                self.wanted.add(member.ref)
            if member.type in "wr":
                into = building.outlines if member.role in ("outline", "outer") else building.parts
                if member.role in ("outline", "outer", "part", ""):
                    into.append(id_of("way" if member.type == "w" else "relation", member.ref))
        self.out.buildings.append(building)

    def known(self, thing: Any, kind: str, tags: dict[str, str]) -> Element | None:
        """A new element; None for what is deleted or older than what is there."""
        if thing.id < 0:
            raise NegativeIds
        if not thing.visible:
            self.deleted += 1
            return None
        one = Element(id_of(kind, thing.id), tags, version=int(thing.version))
        there = self.out.elements.get(one.id)
        if there is not None:
            message = f"the object is there twice (versions {there.version} and {one.version}); the newer one is taken"
            self.findings.add("duplicate-id", one.id, message, severity="error", path=self.name)
            if there.version >= one.version:
                return None
        return one

    def nodes(self) -> None:
        osmium = self.osmium
        tagged = osmium.filter.EmptyTagFilter()
        last = (0, 0)
        with osmium.io.Reader(self.file, osmium.osm.NODE) as reader:
            for node in osmium.OsmFileIterator(reader, self.locations, tagged):
                last = not_history(node, last, self.name)
                one = self.known(node, "node", dict(node.tags))
                if one is None:
                    continue
                if not node.location.valid():
                    message = "the node has no place on Earth; left out"
                    self.findings.add("osm-location", one.id, message, severity="error", path=self.name)
                    continue
                one.shape = shapely.Point(node.location.lon, node.location.lat)
                self.out.elements[one.id] = one

    def way_pass(self) -> None:
        osmium = self.osmium
        tagged = osmium.filter.EmptyTagFilter()
        finished = osmium.BufferIterator(tagged)
        assemble = self.manager.second_pass_to_buffer(finished)
        untagged = _Untagged(self)
        with osmium.io.Reader(self.file, osmium.osm.WAY) as reader:
            iterator = osmium.OsmFileIterator(reader, self.locations, assemble, tagged)
            iterator.set_filtered_handler(untagged)
            for way in iterator:
                self.take_way(way)
                self.take_areas(finished)
        self.take_areas(finished)

    def take_areas(self, finished: Any) -> None:
        for area in finished if finished else ():
            key = id_of("way" if area.from_way() else "relation", area.orig_id())
            outer, _ = area.num_rings()
            shape = bytes.fromhex(self.wkb.create_multipolygon(area)) if outer else None
            there = self.assembled.get(key)
            if there is None or there[0] <= area.version:
                self.assembled[key] = int(area.version), shape

    def take_way(self, way: Any) -> None:
        self.ways.add(way.id)
        one = self.known(way, "way", dict(way.tags))
        if one is None:
            return
        count = len(way.nodes)
        if count:
            one.ends = way.nodes[0].ref, way.nodes[count - 1].ref
            if min(one.ends) < 0:
                raise NegativeIds
        self.out.elements[one.id] = one
        try:
            self.shapes[one.id] = bytes.fromhex(self.wkb.create_linestring(way, use_nodes=self.osmium.geom.ALL))
        except (self.osmium.InvalidLocationError, RuntimeError):
            self.take_incomplete(way, one)

    def take_incomplete(self, way: Any, one: Element) -> None:
        """A way of which nodes are missing: what lies between them."""
        runs: list[list[tuple[float, float]]] = [[]]
        missing = 0
        for ref in way.nodes:
            if ref.ref < 0:
                raise NegativeIds
            if ref.location.valid():
                runs[-1].append((ref.lon, ref.lat))
            else:
                missing += 1
                runs.append([])
        lines = [shapely.LineString(run) for run in runs if len(run) > 1]
        if not lines:
            what = f"{missing} of its {len(way.nodes)} nodes are not in the file" if missing else "it has fewer than two nodes"
            self.findings.add("osm-incomplete", one.id, f"{what}; left out", severity="error", path=self.name)
            one.ends = (0, 0)
            return
        message = f"{missing} of its {len(way.nodes)} nodes are not in the file; only what lies between the others is read"
        self.findings.add("osm-incomplete", one.id, message, path=self.name)
        one.shape = lines[0] if len(lines) == 1 else shapely.MultiLineString(lines)

    def give_shapes(self) -> None:
        """All lines and areas at once from their binary form."""
        elements = self.out.elements
        for key, line in zip(self.shapes, shapely.from_wkb(list(self.shapes.values())), strict=True):
            elements[key].shape = line
        whole = {key: shape for key, (_, shape) in self.assembled.items() if shape is not None and key in elements}
        areas = np.asarray(shapely.from_wkb(list(whole.values())), dtype=object)
        single = shapely.get_num_geometries(areas) == 1
        areas[single] = shapely.get_geometry(areas[single], 0)
        for key, area in zip(whole, areas, strict=True):
            elements[key].area = area
        for key in self.members:
            if key in elements and elements[key].area is None:
                self.broken_relation(key)

    def broken_relation(self, key: str) -> None:
        members = self.members[key]
        missing = [ref for ref in members if ref not in self.ways]
        if not members:
            what = "the multipolygon has no ways"
        elif missing:
            what = f"{len(missing)} of the {len(members)} ways of the multipolygon are not in the file"
        else:
            what = "the ways of the multipolygon do not close, or cross each other"
        self.findings.add("osm-multipolygon", key, f"{what}; left out", severity="error", path=self.name)
        del self.out.elements[key]


class _Untagged:
    """Sees the ways without tags; only those that a building relation needs are kept."""

    def __init__(self, passes: _Passes) -> None:
        self.passes = passes

    def way(self, way: Any) -> None:
        if way.id < 0:
            raise NegativeIds
        if way.id in self.passes.wanted:
            self.passes.take_way(way)
        elif way.id in self.passes.member_ways:
            self.passes.ways.add(way.id)


def not_history(thing: Any, last: tuple[int, int], name: str) -> tuple[int, int]:
    """Id and version of an object; refuses a file that lists the versions of an object one after the other."""
    here = int(thing.id), int(thing.version)
    if here[0] == last[0] and here[1] != last[1]:
        raise history(name)
    return here


def history(name: str) -> FormatError:
    """The refusal of a file with several versions of its objects."""
    what = "this file holds changes or several versions of its objects, not one state of the map"
    return FormatError(what, where=name, hint="make one: osmium time-filter FILE TIMESTAMP -o STATE.osm.pbf")
