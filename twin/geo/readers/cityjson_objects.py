"""Objects of a CityJSON file: geometry in the wanted level of detail, parents, attributes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import FormatError
from twin.geo.readers.cityjson_geometry import DEPTH, NOT_READ, FlatGeometry, Piece
from twin.geo.readers.model import Findings, ObjectModel

LODS = ("0", "1", "2", "3", *(f"{whole}.{part}" for whole in range(4) for part in range(4)))
"""Levels of detail of CityJSON 2.0 (Biljecki et al. 2016)."""


@dataclass(slots=True)
class Entry:
    """One object of the file with the part of the vertex table that it may use."""

    object_id: str
    content: dict[str, Any]
    first_vertex: int
    vertices: int


def lod_text(value: Any) -> str:
    """Level of detail as text: ``"2.2"``; numbers of version 1.0 are spelt the same."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return f"{value:g}"
    return ""


def _lod_rank(lod: str) -> tuple[float, str]:
    try:
        return float(lod), lod
    except ValueError:
        return -1.0, lod


def _note_lod(stated: Any, object_id: str, path: str, findings: Findings) -> None:
    if stated is None:
        findings.add("lod", object_id, "the geometry states no lod", severity="info", path=path)
    else:
        findings.add("lod", object_id, f"{str(stated)[:40]!r} is not a level of detail of CityJSON", path=path)


def note_templates(templates: Any, findings: Findings) -> None:
    """Note that a file has templates, and which of them state no proper level of detail."""
    if templates is None:
        return
    findings.add("templates", "", "geometry templates are not read yet", severity="info", path="geometry-templates")
    rows = templates.get("templates") if isinstance(templates, dict) else None
    for number, template in enumerate(rows if isinstance(rows, list) else []):
        stated = template.get("lod") if isinstance(template, dict) else None
        if lod_text(stated) not in LODS:
            _note_lod(stated, "", f"geometry-templates.templates[{number}]", findings)


def build_model(
    entries: list[Entry],
    vertices: NDArray[np.float64],
    shift: NDArray[np.float64],
    findings: Findings,
    *,
    lod: str | None,
    file: str,
) -> ObjectModel:
    """The model of a file, from its objects and its vertices.

    Raises
    ------
    FormatError
        When nothing is in the level of detail asked for; lists those there are.
    """
    flat = FlatGeometry(findings)
    lods: list[str] = []
    seen: set[str] = set()
    unique: dict[str, Entry] = {}
    for entry in entries:
        if entry.object_id in unique:
            findings.add("duplicate-id", entry.object_id, "a second object with this id; left out", severity="error")
        else:
            unique[entry.object_id] = entry
    for row, entry in enumerate(unique.values()):
        lods.append(_add_geometries(flat, row, entry, lod, seen, findings))
    if lod is not None and seen and lod not in seen:
        there = ", ".join(sorted(seen - {""}, key=_lod_rank)) or "none stated"
        raise FormatError(f"nothing in lod {lod!r}; the file has: {there}", where=file)
    rings, owner, semantic = flat.finish()
    drawn = set(owner.tolist())
    anchors = {row: found for row, entry in enumerate(unique.values()) if row not in drawn
               for found in _anchor(entry, vertices)}  # fmt: skip
    return ObjectModel(
        ids=list(unique),
        types=[entry.content["type"] for entry in unique.values()],
        parents=_parents(unique, findings),
        lods=lods,
        attributes=[_attributes(entry, findings) for entry in unique.values()],
        vertices=vertices,
        shift=shift,
        rings=rings,
        owner=owner,
        semantic=semantic,
        path_of=flat.path_of,
        anchors=anchors,
    )


def _attributes(entry: Entry, findings: Findings) -> dict[str, Any]:
    attributes = entry.content.get("attributes")
    if attributes is None:
        return {}
    if not isinstance(attributes, dict):
        path = f"CityObjects.{entry.object_id}.attributes"
        findings.add("attributes", entry.object_id, "the attributes are not an object; ignored", path=path)
        return {}
    return attributes


def _add_geometries(
    flat: FlatGeometry, row: int, entry: Entry, lod: str | None, seen: set[str], findings: Findings
) -> str:
    """Take the geometries of one object in the level of detail wanted; return that level."""
    geometries = entry.content.get("geometry")
    if not geometries:
        return ""
    root = f"CityObjects.{entry.object_id}.geometry"
    if not isinstance(geometries, list):
        findings.add("geometry", entry.object_id, "the geometry is not a list; left out", severity="error", path=root)
        return ""
    usable: list[tuple[str, Piece]] = []
    for number, geometry in enumerate(geometries):
        kind = _kind(geometry)
        if kind in DEPTH:
            level = lod_text(geometry.get("lod"))
            piece = Piece(row, entry.object_id, number, kind, entry.first_vertex, entry.vertices, geometry)
            usable.append((level, piece))
            if level not in LODS:
                _note_lod(geometry.get("lod"), entry.object_id, f"{root}[{number}]", findings)
        elif kind == "MultiPoint" and _is_point(geometry, entry):
            # It becomes the place of the object, see `_anchor`.
            continue
        elif kind in NOT_READ:
            code = "not-read-" + kind.lower()
            findings.add(code, entry.object_id, f"{kind}: {NOT_READ[kind]}", path=f"{root}[{number}]")
        else:
            message = f"{kind[:60]!r} is not a type of geometry; left out"
            findings.add("geometry", entry.object_id, message, severity="error", path=f"{root}[{number}]")
    if not usable:
        return ""
    levels = {level for level, _ in usable}
    seen |= levels
    wanted = max(levels, key=_lod_rank) if lod is None else lod
    taken = [piece for level, piece in usable if level == wanted]
    if len(levels) < len(usable):
        message = "several geometries state the same lod; all of that lod are taken"
        findings.add("lod-repeated", entry.object_id, message, path=root)
    for piece in taken:
        flat.add(piece)
    if not taken:
        findings.add("lod-absent", entry.object_id, f"the object has no lod {lod}", severity="info", path=root)
        return ""
    return wanted


def _kind(geometry: Any) -> str:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    return kind if isinstance(kind, str) else ""


def _is_point(geometry: dict[str, Any], entry: Entry) -> bool:
    numbers = geometry.get("boundaries")
    if not isinstance(numbers, list) or len(numbers) != 1:
        return False
    return type(numbers[0]) is int and 0 <= numbers[0] < entry.vertices


def _anchor(entry: Entry, vertices: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """The point of an object that is only a point, or a template placed at one; else nothing."""
    geometries = entry.content.get("geometry")
    for geometry in geometries if isinstance(geometries, list) else []:
        if _kind(geometry) in ("MultiPoint", "GeometryInstance") and _is_point(geometry, entry):
            point = vertices[entry.first_vertex + geometry["boundaries"][0]]
            if np.isfinite(point).all():
                return [point]
    return []


def _parents(entries: dict[str, Entry], findings: Findings) -> list[str]:
    """Parent of each object, from ``parents``, or from ``children`` of the other where that is missing."""
    found: dict[str, str] = {}
    for object_id, entry in entries.items():
        children = entry.content.get("children", entry.content.get("members"))
        if not isinstance(children, list) or entry.content["type"] == "CityObjectGroup":
            continue
        for child in children:
            if isinstance(child, str) and child in entries:
                found.setdefault(child, object_id)
            else:
                message = f"child {str(child)[:80]!r} is not in the file"
                findings.add("child", object_id, message, path=f"CityObjects.{object_id}.children")
    for object_id, entry in entries.items():
        stated = entry.content.get("parents")
        if not isinstance(stated, list) or not stated:
            continue
        if isinstance(stated[0], str) and stated[0] in entries and stated[0] != object_id:
            found[object_id] = stated[0]
        else:
            message = f"parent {str(stated[0])[:80]!r} is not in the file"
            findings.add("parent", object_id, message, path=f"CityObjects.{object_id}.parents")
    return [found.get(object_id, "") for object_id in entries]
