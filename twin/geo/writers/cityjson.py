"""CityJSON 2.0, the same byte for byte for the same city."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd

from twin.errors import OutputError
from twin.geo.city import City
from twin.geo.crs import horizontal
from twin.geo.readers.cityjson_lods import LODS
from twin.geo.readers.cityjson_members import put_back
from twin.geo.readers.cityjson_objects import ROLES
from twin.geo.readers.columns import NESTED, as_text
from twin.geo.readers.layer_columns import OURS_OF
from twin.geo.readers.object_types import ABOUT, LAYER, LAYER_OF, ROW, TERRAIN, layer_of
from twin.geo.writers.atomic import written_file
from twin.geo.writers.cityjson_pack import SCALE_M, Packed, geometry, pack
from twin.geo.writers.extents import stated_boxes, tell_extents
from twin.geo.writers.pictures import KIND, folder_of, named, write_pictures
from twin.geo.writers.readback import as_triangles, check_written, differing, read_again
from twin.geo.writers.row_objects import row_objects, skeleton

PARTS = ""
"""Stands for a layer where there is none: objects without a row."""

MARK_TYPE, MARK_LAYER, MARK_LOD = "stadstwin_type", LAYER, "stadstwin_lod"
"""Attributes that keep, in a city folder, what CityJSON cannot say."""

_CORE = {*LAYER_OF, "GenericCityObject", "OtherConstruction", "CityObjectGroup"} - {"BridgeConstructionElement"}
_SECOND = re.compile(
    r"^(Building|Bridge|Tunnel)(Part|Installation|ConstructiveElement|Furniture|Storey|Room|Unit|HollowSpace)$"
)
_EXTENSION = re.compile(r"^\+[A-Z]\w+$")
_EXTENSION_VERSION = re.compile(r"^(0|[1-9]\d*)\.(0|[1-9]\d*)(?:\.(0|[1-9]\d*))?$")
_WITH_ADDRESS = ("Building", "BuildingPart", "BuildingUnit", "Bridge", "BridgePart")
_SURFACES_ONLY = ("Road", "Railway", "TransportSquare", "Waterway", "LandUse")
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")


def write_cityjson(city: City, path: str | Path) -> Path:
    """Write the objects of a city with their triangles, semantics and attributes.

    Objects have the type of geometry and the polygons that their source had. Where it stated none, a closed object becomes a
    Solid (with its cavities as inner shells), any other a MultiSurface, of its triangles. Rows of a layer that are not in
    `City.objects` become points, lines or flat surfaces of lod 0. The terrain raster is not part of it; `City.save` keeps
    everything. Pictures on surfaces go into a folder beside the file, which is called after it: ``delft_pictures`` for
    ``delft.city.json``.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    path = Path(path)
    pictures, names = pictures_beside(city, path)
    with written_file(path) as place:
        write_checked(city, place, path, pictures, lambda one: cityjson_bytes(one, pictures=names))
    return path


def pictures_beside(city: City, path: Path) -> tuple[list[tuple[str, bytes]], dict[int, str]]:
    """Pictures to be written beside a file, and what the file calls them by their rows in `City.textures`.

    Raises
    ------
    OutputError
        When a picture is no longer where it was read.
    """
    found = named(city)
    return list(found.values()), {row: f"{folder_of(path)}/{name}" for row, (name, _) in found.items()}


def write_checked(
    city: City, place: Path, path: Path, pictures: list[tuple[str, bytes]], content: Callable[[City], bytes]
) -> None:
    """Write a file, see that it reads back with its pictures, then put the pictures beside its final place.

    An object whose outlines cross themselves once they are on whole millimetres is written in triangles.

    Raises
    ------
    OutputError
        When it does not read back, or something cannot be written.
    """
    place.write_bytes(content(city))
    write_pictures(pictures, place.parent / folder_of(path))
    wrong = differing(city, read_again(place, path), path)
    if wrong:
        place.write_bytes(content(as_triangles(city, np.unique(np.concatenate(list(wrong.values()))))))
        check_written(city, place, path)
    write_pictures(pictures, path.parent / folder_of(path))


def cityjson_bytes(
    city: City, *, attributes: bool = True, marks: bool = False, pictures: Mapping[int, str] | None = None
) -> bytes:
    """The CityJSON of a city as UTF-8 text; `cityjson_document` has the parameters.

    Raises
    ------
    OutputError
        When a value cannot be written as JSON.
    """
    return dumped(cityjson_document(city, attributes=attributes, marks=marks, pictures=pictures))


def dumped(document: dict[str, Any]) -> bytes:
    """A document as one line of UTF-8 text.

    Raises
    ------
    OutputError
        When a value cannot be written as JSON.
    """
    try:
        return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)
    except (TypeError, ValueError) as error:
        raise OutputError(f"the city cannot be written as CityJSON: {error}") from None


def cityjson_document(
    city: City, *, attributes: bool = True, marks: bool = False, pictures: Mapping[int, str] | None = None
) -> dict[str, Any]:
    """The CityJSON of a city.

    Parameters
    ----------
    attributes : bool
        With the rows of the layers as attributes, and the extent of each object.
    marks : bool
        With attributes that keep type, layer and lod where CityJSON has no room for them; for the city folder.
    pictures : mapping of int to str, optional
        What to call the pictures by their rows in `City.textures`; without it surfaces show none.
    """
    packed = pack(city.surfaces if pictures else replace(city.surfaces, texture=None, uv=None), len(city.objects))
    rows = _attributes({**(city.layers if attributes else {}), PARTS: city.parts})
    surfaces = _surfaces(city)
    themes = {what: _theme(city, what) for what in ("material", "texture")}
    children: dict[str, list[str]] = {}
    known = set(city.objects.index)
    for object_id, parent in city.objects["parent"].items():
        if parent in known:
            children.setdefault(parent, []).append(str(object_id))
    with_row = {(name, str(one)) for name, frame in city.layers.items() for one in frame.index}
    objects: dict[str, Any] = {}
    places = _places(city) if attributes else {}
    loose: list[list[int]] = []
    for number, (object_id, row) in enumerate(
        zip(city.objects.index, city.objects.itertuples(index=False), strict=True)
    ):
        kind = str(row.type)
        written: dict[str, Any] = {"type": kind if kind in _CORE or _EXTENSION.match(kind) else "GenericCityObject"}
        of_row = rows.get((str(row.layer), str(object_id)), rows.get((PARTS, str(object_id)), {}))
        stated = dict(of_row)
        found = _shape(packed, number, written["type"], str(row.lod), str(row.geometry), surfaces)
        if marks:
            _mark(stated, written["type"], row, found)
        if attributes and layer_of(written["type"]) != row.layer:
            stated[LAYER] = str(row.layer)
        if stated.get("type") == row.type:
            del stated["type"]
        for name in ("type", "id", "geometry"):
            # a column of the city cannot have this name, an attribute can
            if name not in stated and f"{name}_attribute" in stated:
                stated[name] = stated.pop(f"{name}_attribute")
        if attributes and (str(row.layer), str(object_id)) not in with_row and _may_have_row(row, known):
            stated[ROW] = ""
        if written["type"] in _WITH_ADDRESS and (places_at := _addresses(stated, city, len(packed.grid), loose)):
            written["address"] = places_at
        group = written["type"] == "CityObjectGroup"
        members, roles = _members(stated, known) if group else ([], None)
        below = [*members, *children.get(str(object_id), [])]
        roles = _roles_of(stated, below) if not group else roles
        if attributes:
            put_back(stated, written, city.metadata)
        if stated:
            written["attributes"] = stated
        if row.parent in known:
            written["parents"] = [row.parent]
        elif _SECOND.match(written["type"]):
            written["parents"] = []
        if below or group:
            written["children"] = below
            if roles is not None:
                written["children_roles"] = roles
        if found is None:
            found = skeleton(
                city, places.get((str(row.layer), str(object_id))), of_row, _known_lod(str(row.lod)) if row.lod else "0",
                len(packed.grid), loose,
            )  # fmt: skip
        if found is not None:
            for what, theme in themes.items():
                if what in found:
                    found[what] = {theme: found[what]}
            written["geometry"] = [found]
        objects[str(object_id)] = written
    _tell_members(objects)
    vertices = [*packed.grid.tolist(), *loose]
    if attributes:
        more, points = row_objects(city, rows, len(vertices), SCALE_M)
        objects |= more
        vertices += points
        tell_extents(objects, vertices, city.origin)
    return {
        "type": "CityJSON",
        "version": "2.0",
        "transform": {"scale": [SCALE_M] * 3, "translate": [float(value) for value in city.origin]},
        "metadata": _metadata(city, vertices) | (_about(city) if attributes else {}),
        **_extensions(city),
        **_appearance(packed, city, pictures or {}),
        "CityObjects": objects,
        "vertices": vertices,
    }


def _addresses(stated: dict[str, Any], city: City, first_vertex: int, loose: list[list[int]]) -> list[dict[str, Any]]:
    """Addresses as CityJSON has them, taken out of the attributes; their places become vertices. Empty for any other form."""
    rows = stated.get("address")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        return []
    found = []
    for row in rows:
        points = row.get("location")
        kept = {key: value for key, value in row.items() if key != "location"}
        try:
            grid = np.rint((np.array(points, dtype=np.float64).reshape(-1, 3) - city.origin) / SCALE_M)
        except (TypeError, ValueError):
            grid = np.empty((0, 3))
        if points is not None and (not len(grid) or not np.isfinite(grid).all()):
            return []
        if len(grid):
            start = first_vertex + len(loose)
            loose.extend(grid.astype(np.int64).tolist())
            kept["location"] = {"type": "MultiPoint", "lod": "0", "boundaries": list(range(start, start + len(grid)))}
        found.append(kept)
    del stated["address"]
    return found


def _tell_members(objects: dict[str, Any]) -> None:
    """Let the members of groups point to them, after what they are parts of."""
    for group_id, group in objects.items():
        if group["type"] == "CityObjectGroup":
            for child in group["children"]:
                parents = objects[child].setdefault("parents", []) if child in objects else [group_id]
                if group_id not in parents:
                    parents.append(group_id)


def _places(city: City) -> dict[tuple[str, str], Any]:
    """Points and lines of rows by layer and id: of objects that may have no triangles."""
    return {
        (name, str(one)): shape
        for name, frame in city.layers.items()
        for one, shape in zip(frame.index, frame.geometry.array, strict=True)
        if shape is not None and shape.geom_type in ("Point", "MultiPoint", "LineString", "MultiLineString")
    }


def _surfaces(city: City) -> list[dict[str, Any]]:
    """Attributes of semantic surfaces by row, without what is missing."""
    if city.surfaces.outlines is None or city.surfaces.outlines.row is None:
        return []
    packed = set(city.surface_table.attrs.get(NESTED, ()))
    columns = {
        str(name): [nested(plain(value)) if name in packed else plain(value) for value in city.surface_table[name].tolist()]
        for name in city.surface_table
    }
    return [
        {name: values[row] for name, values in columns.items() if values[row] is not None} for row in range(len(city.surface_table))
    ]


def _shape(
    packed: Packed, number: int, kind: str, lod: str, stated: str, surfaces: Sequence[dict[str, Any]] = ()
) -> dict[str, Any] | None:
    """Geometry of one object, of a type that its kind of object may have."""
    may_be_solid = kind not in _SURFACES_ONLY and kind != "TINRelief"
    wanted = "CompositeSurface" if kind == "TINRelief" else stated
    return geometry(packed, number, _known_lod(lod), wanted, may_be_solid, surfaces)


def _known_lod(lod: str) -> str:
    """A level of detail of CityJSON: the one stated, its whole number (2 for ``"2.7"`` or ``"LOD2"``), or 1 where it has none."""
    if lod in LODS:
        return lod
    whole = re.search(r"\d+", lod)
    return whole[0] if whole is not None and whole[0] in LODS else "1"


def with_kinds(city: City) -> City:
    """The city with the type of geometry that each object would be written with, where its source stated none."""
    packed = pack(city.surfaces, len(city.objects))
    kinds = []
    for number, row in enumerate(city.objects.itertuples(index=False)):
        found = None if row.geometry else _shape(packed, number, str(row.type), str(row.lod), "")
        kinds.append(str(row.geometry) or (found["type"] if found is not None else ""))
    return replace(city, objects=city.objects.assign(geometry=pd.array(kinds, dtype="str")))


def _mark(stated: dict[str, Any], written: str, row: Any, geometry: dict[str, Any] | None) -> None:
    """Note what reading the plain CityJSON would give differently."""
    if written != row.type:
        stated[MARK_TYPE] = str(row.type)
    if layer_of(written) != row.layer:
        stated[MARK_LAYER] = str(row.layer)
    if (geometry["lod"] if geometry else "") != row.lod:
        stated[MARK_LOD] = str(row.lod)


def _members(stated: dict[str, Any], known: set[str]) -> tuple[list[str], list[str | None] | None]:
    """Members of a group and their roles, taken out of the attributes that hold them."""
    members, roles = _listed(stated.pop("members", None)), _listed(stated.pop("roles", None))
    there = [str(one) for one in members if str(one) in known]
    if len(roles) != len(members):
        return there, None
    return there, [None if role is None else str(role) for one, role in zip(members, roles, strict=True) if str(one) in known]


def _roles_of(stated: dict[str, Any], children: list[str]) -> list[str | None] | None:
    """What the parts of an object are to it, taken out of the attribute that holds it by id; None where nothing is said."""
    by_id = _parsed(stated.get(ROLES))
    if not isinstance(by_id, dict) or not by_id.keys() & set(children):
        return None
    del stated[ROLES]
    return [None if by_id.get(one) is None else str(by_id[one]) for one in children]


def _listed(value: Any) -> list[Any]:
    value = _parsed(value)
    return value if isinstance(value, list) else []


def _parsed(value: Any) -> Any:
    """What a text of JSON says; any other value, and None for a text that is none."""
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return None
    return value


def _appearance(packed: Packed, city: City, pictures: Mapping[int, str]) -> dict[str, Any]:
    """Materials of the colours in use, and pictures."""
    materials = []
    for number, colour in enumerate((packed.materials / 255.0).round(4).tolist()):
        material = {"name": f"colour {number}", "diffuseColor": colour[:3], "transparency": round(1.0 - colour[3], 4)}
        materials.append(material)
    found: dict[str, Any] = {"materials": materials} if materials else {}
    if len(packed.pictures):
        rows = packed.pictures.tolist()
        found["textures"] = [{"type": KIND[city.textures[row].media_type], "image": pictures[row]} for row in rows]
        found["vertices-texture"] = packed.uv.tolist()
    return {"appearance": found} if found else {}


def _theme(city: City, what: str) -> str:
    """Name of the one theme that the materials or pictures of a city were taken from; empty when there is none, or several."""
    themes = city.metadata.get("themes")
    stated = themes.get(what) if isinstance(themes, dict) else None
    taken = stated.get("taken") if isinstance(stated, dict) else None
    return taken[0] if isinstance(taken, list) and len(taken) == 1 and isinstance(taken[0], str) else ""


def _extensions(city: City) -> dict[str, Any]:
    """Extensions that the source declared, in the form that version 2.0 asks for, and their properties of the whole file."""
    stated = city.metadata.get("extensions")
    own = {str(key): plain(value) for key, value in city.metadata.items() if str(key).startswith("+")}
    declared = stated if isinstance(stated, dict) else {}
    sound = {
        str(name): plain(one) for name, one in declared.items()
        if isinstance(one, dict) and isinstance(one.get("url"), str) and _EXTENSION_VERSION.match(str(one.get("version", "")))
    }  # fmt: skip
    return {"extensions": sound, **own} if sound else own


def _kept(stated: dict[str, Any]) -> dict[str, Any]:
    """What the source said of itself, as far as it is of the form that CityJSON 2.0 asks for."""
    found: dict[str, Any] = {}
    if isinstance(stated.get("identifier"), str):
        found["identifier"] = stated["identifier"]
    contact = stated.get("pointOfContact")
    if isinstance(contact, dict) and all(isinstance(contact.get(key), str) for key in ("contactName", "emailAddress")):
        found["pointOfContact"] = {
            key: plain(value) for key, value in contact.items() if key != "address" or isinstance(value, dict)
        }
    return found


def _may_have_row(row: Any, known: set[str]) -> bool:
    """Whether reading would make a row of an object: of all but ground and parts of others."""
    return row.layer != TERRAIN and row.parent not in known


def _about(city: City) -> dict[str, Any]:
    """That this library wrote the file, and what CityJSON has no room for: the system of heights, licences."""
    own: dict[str, Any] = {"version": 1}
    if city.crs.to_authority() is None and horizontal(city.crs).to_authority() is not None:
        own["crs"] = city.crs.to_wkt()
    licences = "; ".join(dict.fromkeys(source.licence for source in city.sources if source.licence))
    return {ABOUT: own, **({"license": licences} if licences else {})}


def _metadata(city: City, vertices: list[list[int]]) -> dict[str, Any]:
    stated = city.metadata.get("metadata")
    metadata = _kept(stated) if isinstance(stated, dict) else {}
    if vertices:
        grid = np.array(vertices, dtype=np.int64)
        metadata["geographicalExtent"] = stated_boxes(np.concatenate([grid.min(axis=0), grid.max(axis=0)])[None], city.origin)[0]
    if _DATE.match(city.date):
        metadata["referenceDate"] = city.date
    # of a plane and heights without a code for both, CityJSON can name the plane
    code = city.crs.to_authority() or horizontal(city.crs).to_authority()
    if code is not None:
        metadata["referenceSystem"] = f"https://www.opengis.net/def/crs/{code[0]}/0/{code[1]}"
    if city.name:
        metadata["title"] = city.name
    return metadata


def _attributes(frames: Mapping[str, pd.DataFrame]) -> dict[tuple[str, str], dict[str, Any]]:
    """Row of each object as JSON values by layer and id, without what is missing: two layers may have the same id."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for layer, frame in frames.items():
        table = pd.DataFrame(frame.drop(columns=frame.geometry.name) if isinstance(frame, gpd.GeoDataFrame) else frame)
        names = [str(name) for name in table.columns]
        packed = set(frame.attrs.get(NESTED, ()))
        columns = [[plain(value) for value in table.iloc[:, number].tolist()] for number in range(len(names))]
        for row, object_id in enumerate(frame.index):
            stated = {
                name: nested(column[row]) if name in packed else column[row]
                for name, column in zip(names, columns, strict=True)
                if column[row] is not None or name in OURS_OF.get(layer, ())
            }
            if stated:
                found[layer, str(object_id)] = stated
    return found


def nested(value: Any) -> Any:
    """The list or object that a reader has made a text of, as itself again; any other value as it is."""
    if not isinstance(value, str) or value[:1] not in ("{", "[") or value[-1:] not in ("}", "]"):
        return value
    try:
        found = orjson.loads(value)
    except ValueError:
        return value
    return found if as_text(found) == value else value


def plain(value: Any) -> Any:
    """A value as JSON can hold it; None for what is missing."""
    if isinstance(value, str | bool):
        return value
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | np.ndarray):
        return [plain(one) for one in value]
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**64 else str(value)
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if isinstance(value, pd.Timestamp):
        # whole seconds are how a column of dates without a time of day is held
        return value.date().isoformat() if value.unit == "s" else value.isoformat().replace("+00:00", "Z")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
