"""Objects of CityJSON: geometry in the wanted level of detail, parents, attributes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.geo.readers.cityjson_appearance import Appearance
from twin.geo.readers.cityjson_geometry import DEPTH, SKELETONS, FlatGeometry, Piece
from twin.geo.readers.cityjson_lods import LODS, best_filled, lod_rank, lod_text, note_lod
from twin.geo.readers.cityjson_members import OWN_KEYS, Members
from twin.geo.readers.cityjson_templates import Instance, Templates
from twin.geo.readers.cityjson_textures import Textures
from twin.geo.readers.jsonarrays import NumberArrays
from twin.geo.readers.model import Findings, ObjectModel

TEMPLATE = "GeometryInstance"

ROLES = "children_roles"
"""Attribute with what the parts of an object are to it, by their ids."""


@dataclass(slots=True)
class Entry:
    """One object of the file with the part of the vertex table that it may use."""

    object_id: str
    content: dict[str, Any]
    first_vertex: int
    vertices: int
    first_material: int = 0
    materials: int = 2**31
    first_texture: tuple[int, int] = (0, 0)


class _Taken:
    """What is collected of all objects while they are gone through."""

    def __init__(
        self, arrays: NumberArrays, templates: Templates, appearance: Appearance, textures: Textures, findings: Findings
    ) -> None:
        self.flat = FlatGeometry(arrays, findings, appearance.themes, textures)
        self.templates = templates
        self.findings = findings
        self.instances: list[Instance] = []
        self.skeletons: dict[int, list[Piece]] = {}
        self.kinds: list[str] = []
        self.lods: list[str] = []
        self.seen: set[str] = set()
        self.left: dict[str, int] = {}


def build_model(
    entries: list[Entry],
    vertices: NDArray[np.float64],
    shift: NDArray[np.float64],
    findings: Findings,
    *,
    arrays: NumberArrays,
    templates: Templates,
    appearance: Appearance,
    textures: Textures,
    lod: str | None,
    left: dict[str, int],
    seen: set[str],
    members: Members,
) -> ObjectModel:
    """The model of a file, from its objects and its vertices.

    Puts the levels of detail that there are in `seen`, and counts in `left` the geometries of levels that were not taken.
    """
    taken = _Taken(arrays, templates, appearance, textures, findings)
    taken.left, taken.seen = left, seen
    unique: dict[str, Entry] = {}
    for entry in entries:
        if entry.object_id in unique:
            findings.add("duplicate-id", entry.object_id, "a second object with this id; left out", severity="error")
        else:
            unique[entry.object_id] = entry
    members.look(entry.content for entry in unique.values())
    for row, entry in enumerate(unique.values()):
        _add_geometries(taken, row, entry, lod)
    flat = taken.flat.finish()
    pieces = taken.flat.pieces
    owner = np.array([piece.row for piece in pieces], dtype=np.int32)[flat.piece] if len(flat.piece) else np.empty(0, np.int32)
    model = ObjectModel(
        ids=list(unique),
        types=[entry.content["type"] for entry in unique.values()],
        parents=_parents(unique, findings),
        lods=taken.lods,
        attributes=[_attributes(entry, vertices, shift, taken, members, findings) for entry in unique.values()],
        vertices=vertices,
        shift=shift,
        rings=flat.rings,
        owner=owner,
        semantic=flat.semantic,
        path_of=taken.flat.path_of,
        kinds=taken.kinds,
        colour=appearance.colours(flat.material, findings),
        surfaces=taken.flat.surfaces,
        surface=flat.surface,
        nest=flat.nest,
        textures=list(textures.found) if flat.texture is not None else [],
        texture=flat.texture,
        uv=flat.uv,
    )
    model = templates.placed(model, taken.instances, findings)
    # a template that could not be placed leaves nothing
    model.kinds = ["" if kind == TEMPLATE else kind for kind in model.kinds or ()]
    _skeletons(model, taken)
    taken.flat.forget()
    return model


def _add_geometries(taken: _Taken, row: int, entry: Entry, lod: str | None) -> None:
    """Take the geometries of one object in the level of detail wanted, and note which that was."""
    taken.kinds.append("")
    taken.lods.append("")
    geometries = entry.content.get("geometry")
    if not geometries:
        return
    if type(geometries) is list and len(geometries) == 1 and _add_plain(taken, row, entry, geometries[0], lod):
        return
    usable = _usable(taken, row, entry, geometries)
    if not usable:
        return
    root = f"CityObjects.{entry.object_id}.geometry"
    if len(usable) > 1:
        taken.seen |= {level for level, piece in usable if piece.kind not in SKELETONS}
        usable = _filled(taken, usable, lod)
    solid = [one for one in usable if one[1].kind not in SKELETONS]
    # lines and points stand for an object only where it has no surfaces
    usable = solid or usable
    levels = {level for level, _ in usable}
    taken.seen |= levels
    wanted = max(levels, key=lod_rank) if lod is None else lod
    chosen = [piece for level, piece in usable if level == wanted]
    for level, _ in usable:
        if level != wanted:
            taken.left[level] = taken.left.get(level, 0) + 1
    if not chosen:
        taken.findings.add("lod-absent", entry.object_id, f"the object has no lod {lod}", severity="info", path=root)
        return
    once = [level for level, piece in usable if piece.kind != TEMPLATE]
    if len(set(once)) < len(once):
        message = "several geometries state the same lod; all of that lod are taken"
        taken.findings.add("lod-repeated", entry.object_id, message, path=root)
    # of several no solid can be made again without a guess
    taken.kinds[row], taken.lods[row] = chosen[0].kind if len(once) < 2 else "MultiSurface", wanted
    for piece in chosen:
        if piece.kind in DEPTH:
            taken.flat.add(piece)
        elif piece.kind == TEMPLATE:
            instance = taken.templates.instance(piece, _point_number(piece, taken), taken.findings)
            if instance is not None:
                taken.instances.append(instance)
        else:
            taken.skeletons.setdefault(row, []).append(piece)


def _filled(taken: _Taken, usable: list[tuple[str, Piece]], lod: str | None) -> list[tuple[str, Piece]]:
    """Geometries without the empty ones of a level that would be taken; each is told."""

    def filled(piece: Piece) -> bool:
        return taken.templates.filled(piece.geometry.get("template")) if piece.kind == TEMPLATE else taken.flat.filled(piece)

    solid = [one for one in usable if one[1].kind not in SKELETONS]
    if not solid:
        return usable
    wanted = max((level for level, _ in solid), key=lod_rank) if lod is None else lod
    if next((filled(piece) for level, piece in solid if level == wanted), False):
        return usable
    kept, empty = best_filled(solid, filled, lod)
    if not empty and len(solid) < len(usable) and lod is None and not any(filled(piece) for _, piece in solid):
        kept, empty = [one for one in usable if one[1].kind in SKELETONS], solid
    for level, piece in empty:
        message = f"its geometry of lod {level or '(not stated)'} has no surface that can be drawn; not taken"
        taken.findings.add("lod-empty", piece.object_id, message, path=piece.path)
    return kept


def _add_plain(taken: _Taken, row: int, entry: Entry, geometry: Any, lod: str | None) -> bool:
    """The usual case made short: one geometry with surfaces in a proper level of detail. False for any other."""
    if type(geometry) is not dict:
        return False
    kind, level = geometry.get("type"), geometry.get("lod")
    if type(kind) is not str or type(level) is not str or kind not in DEPTH or level not in LODS or lod not in (None, level):
        return False
    taken.seen.add(level)
    taken.kinds[row], taken.lods[row] = kind, level
    own = entry.first_material, entry.materials, entry.first_texture
    taken.flat.add(Piece(row, entry.object_id, 0, kind, entry.first_vertex, entry.vertices, geometry, *own))
    return True


def _usable(taken: _Taken, row: int, entry: Entry, geometries: Any) -> list[tuple[str, Piece]]:
    """Geometries of one object that can be read, each with its level of detail."""
    findings, object_id = taken.findings, entry.object_id
    root = f"CityObjects.{object_id}.geometry"
    if not isinstance(geometries, list):
        findings.add("geometry", object_id, "the geometry is not a list; left out", severity="error", path=root)
        return []
    usable: list[tuple[str, Piece]] = []
    for number, geometry in enumerate(geometries):
        kind = geometry.get("type") if isinstance(geometry, dict) else None
        kind = kind if isinstance(kind, str) else ""
        if kind not in DEPTH and kind not in SKELETONS and kind != TEMPLATE:
            message = f"{kind[:60]!r} is not a type of geometry; left out"
            findings.add("geometry", object_id, message, severity="error", path=f"{root}[{number}]")
            continue
        own = entry.first_material, entry.materials, entry.first_texture
        piece = Piece(row, object_id, number, kind, entry.first_vertex, entry.vertices, geometry, *own)
        if kind == TEMPLATE:
            level = taken.templates.lod_of(geometry.get("template"))
        else:
            level = lod_text(geometry.get("lod"))
            if level not in LODS:
                note_lod(geometry.get("lod"), object_id, f"{root}[{number}]", findings)
        usable.append((level, piece))
    return usable


def _numbers(piece: Piece, depth: int, taken: _Taken) -> int:
    """Row of the boundaries of a geometry without surfaces; -1 when they are not vertex numbers."""
    row = taken.flat.pool.row_of(piece.geometry.get("boundaries"), depth)
    if row >= 0:
        numbers = taken.flat.pool.numbers_of(row)
        if not len(numbers) or (numbers.min() >= 0 and numbers.max() < piece.vertices):
            return row
    message = "the boundaries are not numbers of vertices that are there; left out"
    taken.findings.add("boundary", piece.object_id, message, severity="error", path=f"{piece.path}.boundaries")
    return -1


def _point_number(piece: Piece, taken: _Taken) -> int:
    """Vertex at which a template is placed; -1 when it is not there."""
    row = _numbers(piece, 1, taken)
    numbers = taken.flat.pool.numbers_of(row) if row >= 0 else np.empty(0, np.int64)
    return piece.first_vertex + int(numbers[0]) if len(numbers) else -1


def _skeletons(model: ObjectModel, taken: _Taken) -> None:
    """Points and lines of the objects that have no faces."""
    for row, pieces in taken.skeletons.items():
        points: list[NDArray[np.float64]] = []
        lines: list[shapely.LineString] = []
        for piece in pieces:
            depth = 1 if piece.kind == "MultiPoint" else 2
            found = _numbers(piece, depth, taken)
            if found < 0:
                continue
            xyz = model.vertices[piece.first_vertex + taken.flat.pool.numbers_of(found)]
            if depth == 1:
                points += [one for one in xyz if np.isfinite(one).all()]
                continue
            start = 0
            for size in taken.flat.pool.sizes_of(found, 0).tolist():
                line = xyz[start : start + size]
                start += size
                if size >= 2 and np.isfinite(line).all():
                    lines.append(shapely.LineString(line))
        if lines:
            model.shapes[row] = lines[0] if len(lines) == 1 else shapely.MultiLineString(lines)
        elif len(points) == 1:
            model.anchors[row] = points[0]
            model.shapes[row] = shapely.Point(points[0])
        elif points:
            model.shapes[row] = shapely.MultiPoint(np.array(points))


_TAKEN_APART = {"address", "children_roles"}
"""Of these, those that become attributes in another form."""


def _attributes(
    entry: Entry,
    vertices: NDArray[np.float64],
    shift: NDArray[np.float64],
    taken: _Taken,
    members: Members,
    findings: Findings,
) -> dict[str, Any]:
    """Attributes of one object, with its address and what an extension adds beside them."""
    content = entry.content
    attributes = content.get("attributes")
    if attributes is not None and not isinstance(attributes, dict):
        path = f"CityObjects.{entry.object_id}.attributes"
        findings.add("attributes", entry.object_id, "the attributes are not an object; ignored", path=path)
        attributes = None
    extra = content.keys() - OWN_KEYS
    if not extra and not content.keys() & _TAKEN_APART and content["type"] != "CityObjectGroup":
        return attributes or {}
    found = dict(attributes or {})
    if extra:
        found.update((key, value) for key, value in members.of(content).items() if key not in found)
    if "address" in content:
        found["address"] = _address(content["address"], entry, vertices, shift, taken)
    if content["type"] == "CityObjectGroup":
        found["members"] = content.get("children", content.get("members"))
        if content.get("children_roles") is not None:
            found["roles"] = content["children_roles"]
    elif content.get("children_roles") and ROLES not in found:
        found[ROLES] = _roles(content.get("children"), content["children_roles"])
    return found


def _roles(children: Any, roles: Any) -> Any:
    """Roles of parts by their ids; as they are stated where they are not one for each."""
    both = isinstance(children, list) and isinstance(roles, list) and len(children) == len(roles)
    return dict(zip(children, roles, strict=True)) if both and all(isinstance(one, str) for one in children) else roles


def _address(address: Any, entry: Entry, vertices: NDArray[np.float64], shift: NDArray[np.float64], taken: _Taken) -> Any:
    """Addresses with the coordinates of their places instead of vertex numbers."""
    rows = address if isinstance(address, list) else [address]
    told = []
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get("location"), dict):
            told.append(row)
            continue
        numbers = taken.flat.pool.as_lists(row["location"].get("boundaries"))
        places = []
        for number in numbers if isinstance(numbers, list) else []:
            if type(number) is int and 0 <= number < entry.vertices:
                point = vertices[entry.first_vertex + number] + shift
                places.append([round(float(value), 3) for value in point])
        told.append({**row, "location": places})
    return told


def _parents(entries: dict[str, Entry], findings: Findings) -> list[str]:
    """Parent of each object, from ``parents``, or from ``children`` of the other where that is missing."""
    found: dict[str, str] = {}
    for object_id, entry in entries.items():
        children = entry.content.get("children", entry.content.get("members"))
        if not isinstance(children, list):
            continue
        group = entry.content["type"] == "CityObjectGroup"
        for child in children:
            if child == object_id:
                path = f"CityObjects.{object_id}.children"
                findings.add("child", object_id, "the object is its own part; it stands for itself", path=path)
            elif isinstance(child, str) and child in entries:
                if not group:
                    found.setdefault(child, object_id)
            else:
                message = f"child {str(child)[:80]!r} is not in the file"
                findings.add("child", object_id, message, path=f"CityObjects.{object_id}.children")
    for object_id, entry in entries.items():
        stated = entry.content.get("parents", entry.content.get("parent"))
        stated = [stated] if isinstance(stated, str) else stated
        if not isinstance(stated, list) or not stated:
            continue
        if len(stated) == 1 and found.get(object_id) == stated[0]:
            # both ends say the same, as they should
            continue
        # one of them may be the group that the object is a member of, which is not its whole
        there = [one for one in stated if isinstance(one, str) and one in entries and one != object_id]
        whole = [one for one in there if entries[one].content["type"] != "CityObjectGroup"]
        if whole:
            found[object_id] = whole[0]
        elif not there:
            message = f"parent {str(stated[0])[:80]!r} is not in the file"
            if object_id in stated:
                message = "the object is its own parent; it stands for itself"
            findings.add("parent", object_id, message, path=f"CityObjects.{object_id}.parents")
    _cut_circles(found, findings)
    return [found.get(object_id, "") for object_id in entries]


def _cut_circles(parents: dict[str, str], findings: Findings) -> None:
    """Take out the parents of objects that are each other's, which would never end."""
    sound: set[str] = set()
    for first in list(parents):
        if parents.get(first) not in parents:
            continue
        path: dict[str, None] = {}
        one = first
        while one in parents and one not in sound and one not in path:
            path[one] = None
            one = parents[one]
        if one in path:
            findings.add("parent", one, "the object is a part of itself; it stands for itself", path=f"CityObjects.{one}.parents")
            del parents[one]
        sound.update(path)
