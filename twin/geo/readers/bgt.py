"""BGT/IMGeo, the Dutch large-scale base map: GeoJSON of its OGC API and GML of its download service.

What each type of object becomes is in `bgt_tables`. The map is flat: a building is a footprint whose height
`twin.geo.heights` decides, and levels are told from ``relatieveHoogteligging``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.errors import CRSError, FormatError
from twin.geo.city import Source
from twin.geo.crs import parse
from twin.geo.readers.bgt_gml import Record, Stream
from twin.geo.readers.bgt_levels import joints
from twin.geo.readers.bgt_tables import (
    FURNITURE_M,
    KINDS,
    NOT_READ,
    OPEN_WORKS,
    PIECE_M,
    RAIL_M,
    WALKED_WORKS,
    WORDS_NOT_THERE,
    Facts,
    ground_of,
    kind_from,
    plain,
)
from twin.geo.readers.columns import note_kinds, table
from twin.geo.readers.json_errors import broken_json
from twin.geo.readers.model import Findings, Reading, ReadOptions
from twin.geo.readers.reproject import mover
from twin.geo.readers.source import Blob
from twin.geo.valid import TOO_MANY, mended

if TYPE_CHECKING:
    from pyproj import CRS

LICENCE = "CC0-1.0"
CREDIT = "BGT, PDOK"
RD = "EPSG:28992"
RD_BOX = (-50_000.0, 280_000.0, 310_000.0, 650_000.0)
"""Coordinates of RD New in and round the Netherlands [m]."""
FARTHEST_M = 1e8
"""No projected coordinate on Earth is larger [m]."""
_COLLECTION = re.compile(r"/collections/([a-z_]+)")


def read(blob: Blob, options: ReadOptions) -> Reading:
    """Read one file of the BGT.

    Parameters
    ----------
    blob : Blob
    options : ReadOptions
        Of `clip`, what does not touch its box is left out.

    Returns
    -------
    Reading
        Rows only, in the system of the file; in RD New where that is in degrees, for tracks and levels are measured.

    Raises
    ------
    FormatError
        When it is broken.
    CRSError
        When it states a coordinate reference system that is not known.
    """
    findings = Findings()
    if blob.head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
        document = _document(blob)
        crs = _json_crs(document, blob.name, findings)
        made = _Map(_json_records(document, blob.name), findings, blob.name)
        kind = "BGT GeoJSON"
    else:
        with blob.as_file() as path:
            stream = Stream(path, blob.name, findings)
            made = _Map(stream, findings, blob.name)
        made.unread.update(stream.others)
        crs = _gml_crs(stream, blob.name)
        kind = "BGT GML (IMGeo 2.1)"
    source = Source(blob.name, kind, LICENCE, CREDIT, blob.sha256, made.date)
    crs = made.in_metres(crs)
    layers = made.layers(crs, options.window(crs))
    if not layers:
        findings.add("bgt-empty", "", "the file holds no objects of the map that are read", path=blob.name)
    return Reading(source, crs, findings, layers=layers, date=made.date)


def _document(blob: Blob) -> dict[str, Any]:
    content = blob.content.removeprefix(b"\xef\xbb\xbf")
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise broken_json(error, content, blob.name) from None
    finally:
        blob.forget()
    if isinstance(document, dict) and document.get("type") == "Feature":
        document = {"type": "FeatureCollection", "features": [document], "links": document.get("links"), "crs": document.get("crs")}
    if not isinstance(document, dict) or not isinstance(document.get("features"), list):
        raise FormatError("`features` is missing or not a list", where=blob.name)
    return document


def _json_crs(document: dict[str, Any], name: str, findings: Findings) -> CRS:
    """The system of a collection: as stated, else told from the size of its numbers (the API states it in a header only)."""
    stated = document.get("crs")
    properties = stated.get("properties") if isinstance(stated, dict) else None
    text = properties.get("name") if isinstance(properties, dict) else None
    if isinstance(text, str):
        if text.upper().endswith(("CRS84", "CRS84H")):
            return parse("EPSG:4326")
        try:
            return parse(text)
        except CRSError as error:
            raise CRSError(error.what, where=f"{name} crs", hint=error.hint) from None
    for feature in document["features"]:
        numbers = _first_position(feature.get("geometry") if isinstance(feature, dict) else None)
        if numbers is None:
            continue
        west, south, east, north = RD_BOX
        if west <= numbers[0] <= east and south <= numbers[1] <= north:
            findings.add("crs", "", "coordinates are those of RD New (EPSG:28992), which the file does not say", severity="info")
            return parse(RD)
        break
    return parse("EPSG:4326")


def _first_position(geometry: Any) -> tuple[float, float] | None:
    here = geometry.get("coordinates") if isinstance(geometry, dict) else None
    for _ in range(6):
        if not isinstance(here, list) or not here:
            return None
        if all(isinstance(one, int | float) for one in here[:2]) and len(here) >= 2:
            return float(here[0]), float(here[1])
        here = here[0]
    return None


def _gml_crs(stream: Stream, name: str) -> CRS:
    if not stream.systems:
        return parse(RD)
    stated = stream.systems.most_common(1)[0][0]
    if len(stream.systems) > 1:
        message = f"the file states several coordinate reference systems; {stated} is taken for all"
        stream.findings.add("crs", "", message, path=name)
    epsg = re.search(r"epsg\.xml#(\d+)$", stated)
    try:
        return parse(f"EPSG:{epsg[1]}" if epsg else stated)
    except CRSError as error:
        raise CRSError(error.what, where=f"{name} srsName", hint=error.hint) from None


def _json_records(document: dict[str, Any], name: str) -> Iterator[Record]:
    """Objects of a collection; their type from what names it: the object, the collection's links, its name, the file."""
    whole = _collection_of(document, name)
    for number, feature in enumerate(document["features"]):
        path = f"features[{number}]"
        if not isinstance(feature, dict):
            yield Record("", {}, None, path)
            continue
        properties = feature.get("properties")
        attributes = dict(properties) if isinstance(properties, dict) else {}
        named = any(plain(str(key)) in ("lokaalid", "identificatielokaalid") for key in attributes)
        if not named and isinstance(feature.get("id"), str | int):
            attributes["lokaal_id"] = str(feature["id"])
        kind = ""
        for key in ("featuretype", "feature_type", "objecttype", "collection", "laag", "layer"):
            kind = kind or _kind_of(attributes.get(key))
        shape = _json_shape(feature.get("geometry"), attributes)
        yield Record(kind or whole, attributes, shape, path)


def _json_shape(geometry: Any, attributes: dict[str, Any]) -> BaseGeometry | None:
    if not isinstance(geometry, dict):
        return None
    try:
        shape = shapely.from_geojson(orjson.dumps(geometry))
    except (shapely.GEOSException, TypeError, ValueError) as error:
        attributes["geometry_fault"] = str(error)[:100]
        return None
    return shapely.force_2d(shape)


def _kind_of(stated: Any) -> str:
    """Type by a name such as ``wegdeel``, ``bgt_wegdeel`` or ``vegetatieobject_punt``; empty when it is none."""
    if not isinstance(stated, str):
        return ""
    word = re.sub(r"_(punt|lijn|vlak|v|l|p)$", "", stated.strip().lower()).removeprefix("bgt_").removeprefix("bgt:")
    return KINDS.get(plain(word), "")


def _collection_of(document: dict[str, Any], name: str) -> str:
    links = document.get("links")
    for link in links if isinstance(links, list) else []:
        href = link.get("href") if isinstance(link, dict) else None
        found = _COLLECTION.search(href) if isinstance(href, str) else None
        if found and _kind_of(found[1]):
            return _kind_of(found[1])
    return _kind_of(document.get("name")) or _kind_of(re.split(r"[!/\\]", name)[-1].split(".")[0])


Row = tuple[str, BaseGeometry, dict[str, Any], dict[str, Any]]
"""Id, geometry, our columns, attributes of the source."""


class _Map:
    """The objects of one file: one version of each, spread over the layers."""

    def __init__(self, records: Iterable[Record], findings: Findings, name: str) -> None:
        self.findings = findings
        self.name = name
        self.date = ""
        self.unread: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.newest: dict[str, tuple[str, Record, Facts]] = {}
        self.rows: dict[str, list[Row]] = {}
        for record in records:
            self.take(record)
        self.note_left_out()

    def take(self, record: Record) -> None:
        """Keep an object that stands there, in its newest version."""
        facts = Facts(record.attributes)
        self.date = max(self.date, facts.exact("published")[:10])
        kind = record.kind or kind_from(facts)
        object_id = facts.exact("lokaal_id")
        if not kind:
            message = "the type of the object is not known: neither its file nor its attributes say it; left out"
            self.findings.add("bgt-type", object_id, message, severity="error", path=record.path)
            return
        if kind in NOT_READ:
            self.unread[kind] += 1
            return
        if facts.there("unregistered") or facts.there("ended"):
            self.left_out["end-dated"] += 1
            return
        for name in ("status", "plus_status"):
            if facts.text(name) in WORDS_NOT_THERE:
                self.left_out[f"with status {facts.text(name)}"] += 1
                return
        if not object_id:
            self.findings.add("bgt-id", "", "the object has no lokaalID; left out", severity="error", path=record.path)
            return
        registered = facts.exact("registered")
        there = self.newest.get(object_id)
        if there is not None:
            message = f"two versions of the object ({there[0] or 'no date'}, {registered or 'no date'}); the newer one is taken"
            self.findings.add("bgt-version", object_id, message, severity="error", path=record.path)
            if there[0] >= registered:
                return
        self.newest[object_id] = registered, record._replace(kind=kind), facts

    def note_left_out(self) -> None:
        for what, count in self.left_out.items():
            message = f"{count} objects {what} are left out"
            self.findings.add("bgt-not-current", "", message, severity="info", path=self.name)

    def in_metres(self, crs: CRS) -> CRS:
        """Bring the geometry into RD New where it is in degrees; return the system it is in."""
        if not crs.is_geographic:
            return crs
        target = parse(RD)
        move, told = mover(crs, target, self.name)
        if told:
            self.findings.add("crs", "", told, severity="info", path=self.name)
        assert move is not None

        def moved(xy: NDArray[np.float64]) -> NDArray[np.float64]:
            return move(np.column_stack([xy, np.zeros(len(xy))]))[:, :2]

        keys = list(self.newest)
        shapes = np.array([self.newest[key][1].shape for key in keys], dtype=object)
        there = np.flatnonzero(~shapely.is_missing(shapes) & ~shapely.is_empty(shapes))
        shapes[there] = shapely.transform(shapes[there], moved)
        for key, shape in zip(keys, shapes, strict=True):
            registered, record, facts = self.newest[key]
            self.newest[key] = registered, record._replace(shape=shape), facts
        return target

    def layers(self, crs: CRS, window: tuple[float, float, float, float] | None) -> dict[str, gpd.GeoDataFrame]:
        """Frames of all layers that have rows."""
        box = None if window is None else shapely.box(*window)
        for object_id, (_, record, facts) in self.newest.items():
            shape = self.sound(object_id, record)
            if shape is not None and (box is None or shape.intersects(box)):
                self.place(object_id, record, facts, shape)
        walls = [row[1] for row in self.rows.get("other", []) if row[2]["bgt"] == "scheiding"]
        stairs = joints([(row[0], row[1], row[2]) for row in self.rows.get("roads", [])], walls)
        self.rows["stairs"] = [(key, shape, columns, {}) for key, (shape, columns) in stairs.items()]
        if self.unread:
            kinds = ", ".join(f"{kind} ({count})" for kind, count in self.unread.most_common(40))
            message = f"{self.unread.total()} objects are of types that are not read: {kinds}"
            self.findings.add("bgt-not-read", "", message, severity="info", path=self.name)
        return {layer: _frame(rows, crs, layer, self.findings) for layer, rows in self.rows.items() if rows}

    def sound(self, object_id: str, record: Record) -> BaseGeometry | None:
        """The geometry, valid; None (noted) when there is none to use."""
        shape = record.shape
        if shape is None or shape.is_empty or not (np.abs(shapely.get_coordinates(shape)) < FARTHEST_M).all():
            empty = shape is None or shape.is_empty
            why = record.attributes.get("geometry_fault", "it is missing or empty" if empty else "it lies nowhere on Earth")
            message = f"the geometry cannot be used: {why}; left out"
            self.findings.add("bgt-geometry", object_id, message, severity="error", path=record.path)
            return None
        if shape.is_valid:
            return shape
        reason = shapely.is_valid_reason(shape)
        sound = mended(shape)
        if sound is None:
            message = f"the geometry cannot be used: {TOO_MANY}; left out"
            self.findings.add("bgt-geometry", object_id, message, severity="error", path=record.path)
            return None
        pieces = [one for part in shapely.get_parts(sound) for one in shapely.get_parts(part)]
        parts = [one for one in pieces if shapely.get_dimensions(one) == shapely.get_dimensions(shape)]
        if not parts:
            self.findings.add("bgt-geometry", object_id, f"the geometry has no extent ({reason}); left out", severity="error")
            return None
        self.findings.add("bgt-geometry", object_id, f"the geometry is not valid ({reason}); mended", path=record.path)
        return parts[0] if len(parts) == 1 else shapely.union_all(parts)

    def place(self, object_id: str, record: Record, facts: Facts, shape: BaseGeometry) -> None:
        """Put one object in its layer."""
        number = facts.level()
        if number is None:
            self.findings.add("bgt-level", object_id, "relatieveHoogteligging is not a whole number; taken as 0", path=record.path)
            number = 0
        level = "street" if number == 0 else f"level{number}"
        layer, columns = self.columns_of(record.kind, facts, shape, level, number)
        if layer == "roads" and shape.geom_type in ("LineString", "MultiLineString"):
            shape = self.track(shape, facts)
        if layer in ("furniture", "trees") and shape.geom_type != "Point":
            shape = shape.representative_point() if shape.geom_type != "MultiPoint" else shapely.get_parts(shape)[0]
        self.rows.setdefault(layer, []).append((object_id, shape, columns, record.attributes))

    def track(self, line: BaseGeometry, facts: Facts) -> BaseGeometry:
        """The strip that vehicles take along a track."""
        return shapely.buffer(line, RAIL_M.get(facts.text("function"), RAIL_M["trein"]) / 2, quad_segs=4)

    def columns_of(
        self, kind: str, facts: Facts, shape: BaseGeometry, level: str, number: int
    ) -> tuple[str, dict[str, Any]]:
        """Layer of an object and the columns that this layer promises."""
        own = facts.text("kind") or facts.text("plus_kind")
        base: dict[str, Any] = {"bgt": kind, "level": level}
        line = shape.geom_type in ("LineString", "MultiLineString")
        if kind in ("wegdeel", "ondersteunendwegdeel", "onbegroeidterreindeel"):
            ground = ground_of(kind, facts)
            told = {"kind": facts.text("function") or facts.text("appearance"), "paving": facts.text("appearance") or None}
            surface = {"surface": ground.surface, "z_m": np.nan} if ground.layer == "roads" else {}
            return ground.layer, base | told | surface
        if kind == "spoor":
            return "roads", base | {"surface": "railway", "kind": facts.text("function") or "spoor", "z_m": np.nan}
        if kind == "kunstwerkdeel" and own in WALKED_WORKS and not line:
            return "roads", base | {"surface": "footway", "kind": own, "z_m": np.nan}
        if kind in ("begroeidterreindeel", "ondersteunendwaterdeel"):
            return "green", base | {"kind": facts.text("appearance") or own}
        if kind == "waterdeel" or own == "bassin":
            return "water", base | {"kind": own, "z_m": np.nan}
        if kind == "pand" or (kind == "overigbouwwerk" and own not in OPEN_WORKS):
            return ("buildings" if number >= 0 and not line else "other"), base | {"kind": own or kind}
        if kind == "overbruggingsdeel":
            if facts.text("part") in ("dek", "") and not line:
                return "bridges", base | {"kind": facts.text("kind") or "dek", "z_m": np.nan, "underside_z_m": np.nan}
            return "other", base | {"kind": facts.text("part") or kind}
        if kind == "tunneldeel":
            return "tunnels", base | {"kind": kind}
        if kind == "vegetatieobject":
            if shape.geom_type == "Point":
                return "trees", base | {"height_m": np.nan, "crown_diameter_m": np.nan, "crown_base_m": np.nan, "z_m": np.nan}
            return ("other" if line else "green"), base | {"kind": facts.text("plus_kind") or "haag"}
        if kind in FURNITURE_M and not line:
            piece = facts.text("plus_kind") or facts.text("function") or kind
            return "furniture", base | {"kind": piece, "height_m": PIECE_M.get(piece, FURNITURE_M[kind]), "z_m": np.nan}
        if kind == "functioneelgebied":
            return "landuse", base | {"kind": own or kind}
        return "other", base | {"kind": own or kind}


def _frame(rows: list[Row], crs: CRS, layer: str, findings: Findings) -> gpd.GeoDataFrame:
    """Rows as a frame: our columns first, then the attributes of the source."""
    columns = table([row[2] for row in rows], set())
    kept = [{name: value for name, value in row[3].items() if name != "geometry_fault"} for row in rows]
    stated = table(kept, {*columns, "geometry", "id"})
    note_kinds(stated, layer, findings)
    ids = pd.Index([row[0] for row in rows], name="id", dtype="str")
    content = {**{key: value.array for key, value in columns.items()}, **{key: value.array for key, value in stated.items()}}
    shapes = np.array([row[1] for row in rows], dtype=object)
    return gpd.GeoDataFrame(pd.DataFrame(content, index=ids), geometry=gpd.GeoSeries(shapes, index=ids, crs=crs), crs=crs)
