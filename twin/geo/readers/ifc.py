"""IFC (IFC2X3, IFC4, IFC4X3) as STEP: a building with its storeys, elements, semantics and place on Earth."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.errors import FormatError, MissingExtraError
from twin.geo.city import Source
from twin.geo.mesh import SEMANTICS
from twin.geo.readers.ifc_child import MAX_VALUES
from twin.geo.readers.ifc_place import MapPlace, place_of
from twin.geo.readers.ifc_types import SLABS, root_of, semantic_of, type_of
from twin.geo.readers.meshfile import LOD, semantics_by_normal
from twin.geo.readers.meshparts import MAX_FACES, MeshFile, far_away, triangle_rings
from twin.geo.readers.model import Findings, ObjectModel, Reading, ReadOptions
from twin.geo.readers.source import Blob

SCHEMAS = ("IFC2X3", "IFC4", "IFC4X1", "IFC4X2", "IFC4X3")
SECONDS = 300.0
"""After so long no further products are taken; the file is refused when it takes twice as long as a whole [s]."""

MEMORY_BYTES = 8 * 1024**3
UNSAID = ("IfcBuildingElementProxy", "IfcProxy", "IfcBuilding")
"""Classes that do not say what their faces are."""

GROUND_STEP_M = 0.5
"""Slabs whose underside is within this of the lowest one's are the ground of their building [m]."""

TAIL_BYTES = 1024**2
"""The end of the exchange is looked for in so much of the end of the file: signatures and blanks may follow it."""

_END = re.compile(rb"ENDSEC\s*;(?:\s|/\*.*?\*/)*END-ISO-10303-21\s*;", re.IGNORECASE | re.DOTALL)
_SCHEMA = re.compile(rb"FILE_SCHEMA\s*\(\s*\(\s*'([^']{1,60})'", re.IGNORECASE)


class Parts(NamedTuple):
    """What the process that takes the file apart has found."""

    told: dict[str, Any]
    vertices: NDArray[np.float64]
    triangles: NDArray[np.int64]
    owner: NDArray[np.int32]
    colour: NDArray[np.uint8]


def read(blob: Blob, options: ReadOptions) -> Reading:
    """Read an IFC model.

    Rooms (IfcSpace) are objects without faces. Openings are taken out of walls and slabs.

    Parameters
    ----------
    blob : Blob
    options : ReadOptions
        None of them bears on IFC.

    Raises
    ------
    MissingExtraError
        When ifcopenshell is not installed.
    FormatError
        When it is another kind of STEP file, is broken, takes too long, or makes the library crash.
    """
    findings = Findings()
    parts = _taken_apart(blob, findings)
    place = place_of(parts.told["georeference"], blob.name, findings)
    model = model_of(parts, place, blob.name, findings)
    told = parts.told
    source = Source(blob.name, str(told["schema"]), sha256=blob.sha256, date=told["date"])
    return Reading(source, place.crs, findings, model, name=told["name"], date=told["date"])


def local_mesh(blob: Blob, findings: Findings) -> MeshFile:
    """All that is built of a model as one mesh in the coordinates of its project [m], to be placed elsewhere.

    Raises
    ------
    MissingExtraError, FormatError
        As `read`.
    """
    parts = _taken_apart(blob, findings)
    model = model_of(parts, MapPlace(), blob.name, findings)
    built = np.array([kind not in ("TINRelief", "GenericCityObject", "CityFurniture") for kind in model.types], dtype=bool)
    keep = built[model.owner]
    if not keep.any():
        raise FormatError("the model holds no faces of a building", where=blob.name)
    # the model may have fewer faces than what was taken apart: of its own, each a triangle
    rings = triangle_rings(model.rings.indices.reshape(-1, 3)[keep])
    colour = None if model.colour is None else model.colour[keep]
    return MeshFile(
        str(parts.told["schema"]), model.vertices, rings, np.zeros(int(keep.sum()), np.int32), [""], model.semantic[keep], colour,
        semantics_stated=True, up_stated=True, unit_stated=True,
    )  # fmt: skip


# --- the other process


def _taken_apart(blob: Blob, findings: Findings) -> Parts:
    if importlib.util.find_spec("ifcopenshell") is None:
        raise MissingExtraError("IFC needs the library ifcopenshell", where=blob.name, hint='pip install "stadstwin[bim]"')
    found = _SCHEMA.search(blob.head)
    schema = found[1].decode("ascii", "replace").upper() if found else ""
    if not schema.startswith(SCHEMAS):
        what = f"of the schema {schema}" if schema else "that names no schema"
        raise FormatError(f"this is a STEP file {what}, not IFC", where=blob.name, hint=f"readable are {', '.join(SCHEMAS)}")
    with tempfile.TemporaryDirectory(prefix="stadstwin-") as folder, blob.as_file() as path:
        _check_whole(path, blob.name)
        _run(path, Path(folder), blob.name)
        parts = _found(Path(folder), blob.name)
    for problem in parts.told["problems"]:
        _note(problem, blob.name, findings)
    _note_attributes(parts.told["entities"], blob.name, findings)
    if parts.told["rooms"]:
        message = f"{parts.told['rooms']} rooms are kept without faces"
        findings.add("rooms-not-drawn", "", message, severity="info", path=blob.name)
    return parts


def _check_whole(path: Path, name: str) -> None:
    """See that a file has the end that ISO 10303-21, 5.2 asks for: the library reads a cut one as far as it goes.

    Raises
    ------
    FormatError
        When it has not.
    """
    with path.open("rb") as stream:
        stream.seek(max(path.stat().st_size - TAIL_BYTES, 0))
        tail = stream.read(TAIL_BYTES)
    if _END.search(tail) is None:
        what = "ends too early: it does not end with `ENDSEC; END-ISO-10303-21;`, so a part of the model is missing"
        raise FormatError(what, where=name, hint="download or export it again")


def _run(path: Path, folder: Path, name: str) -> None:
    job = {
        "file": str(path.resolve()),
        "folder": str(folder),
        "path": sys.path,
        "seconds": SECONDS,
        "memory": MEMORY_BYTES,
        "max_faces": MAX_FACES,
        "threads": min(os.cpu_count() or 1, 8),
    }
    child = Path(__file__).with_name("ifc_child.py")
    try:
        # -P: the folder of this package is no place to import from.
        done = subprocess.run(
            [sys.executable, "-P", str(child)],
            input=json.dumps(job).encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=2 * SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise FormatError(f"the file takes longer than {2 * SECONDS:.0f} s to take apart", where=name, hint="split it") from None
    if not (folder / "told.json").is_file():
        what = f"the IFC library stopped while reading the file (code {done.returncode})"
        raise FormatError(what, where=name, hint="the file is damaged, or too large")


def _found(folder: Path, name: str) -> Parts:
    told = json.loads((folder / "told.json").read_text(encoding="utf-8"))
    if "error" in told:
        raise FormatError(f"the IFC cannot be read: {told['error']}", where=name)
    with np.load(folder / "faces.npz", allow_pickle=False) as arrays:
        return Parts(told, arrays["vertices"], arrays["triangles"], arrays["owner"], arrays["colour"])


def _note(problem: str, name: str, findings: Findings) -> None:
    if problem == "!limit":
        message = "the file holds more faces, or takes longer, than is allowed; the products after that are left out"
        findings.add("limit", "", message, severity="error", path=name)
        return
    object_id, _, why = problem.partition(": ")
    message = f"its geometry cannot be made{': ' + why if why else ''}; left out"
    findings.add("geometry", object_id, message, severity="error", path=name)


def _note_attributes(rows: list[dict[str, Any]], name: str, findings: Findings) -> None:
    """Note the objects whose property sets cannot be read, and how many have more values than are kept."""
    for row in rows:
        if row["unread"]:
            message = f"its property sets cannot be read: {row['unread']}; left out"
            findings.add("attributes", row["id"], message, path=name)
    long = [row["more"] for row in rows if row["more"]]
    if long:
        message = f"{len(long)} objects have more than {MAX_VALUES} property values; {sum(long)} values are left out"
        findings.add("attribute-skipped", "", message, path=name)


# --- objects


def model_of(parts: Parts, place: MapPlace, name: str, findings: Findings) -> ObjectModel:
    """The objects of a model on the map, or in the coordinates of the project for a place that is nowhere."""
    entities = {row["id"]: row for row in parts.told["entities"]}
    rows = list(entities.values())
    _adopt(rows, name, findings)
    types = [type_of(row, root_of(row, entities)) for row in rows]
    owner, triangles, colour = _without_undersides(parts, types)
    drawn = np.bincount(owner, minlength=len(rows)) > 0
    # A site without a ground of its own, and what only holds it together, is no object of a city.
    kept = np.array([drawn[number] or kind != "TINRelief" for number, kind in enumerate(types)], dtype=bool)
    number = np.cumsum(kept) - 1
    vertices = far_away(place.on_map(parts.vertices), findings, name)
    rings = triangle_rings(triangles)
    semantic = _semantics(rows, entities, owner, vertices, triangles)
    known = {row["id"] for row, one in zip(rows, kept, strict=True) if one}
    chosen = [(row, kind) for row, kind, one in zip(rows, types, kept, strict=True) if one]
    ids = [row["id"] for row, _ in chosen]
    return ObjectModel(
        ids=ids,
        types=[kind for _, kind in chosen],
        parents=[row["parent"] if row["parent"] in known else "" for row, _ in chosen],
        lods=[LOD if one else "" for one in drawn[kept]],
        attributes=[{"ifc_class": row["class"], **row["attributes"]} for row, _ in chosen],
        vertices=vertices,
        shift=place.origin,
        rings=rings,
        owner=number[owner].astype(np.int32),
        semantic=semantic,
        path_of=lambda face: f"{name} {ids[number[owner[face]]]}",
        colour=colour if colour[:, 3].any() else None,
    )


def _adopt(rows: list[dict[str, Any]], name: str, findings: Findings) -> None:
    """Give elements of a building that stand in none to the one there is."""
    buildings = [row["id"] for row in rows if row["class"] == "IfcBuilding"]
    built = {"IfcBuildingElement", "IfcBuiltElement", "IfcFurnishingElement", "IfcDistributionElement"}
    orphans = [row for row in rows if not row["spatial"] and not row["parent"] and built & set(row["bases"])]
    if len(buildings) != 1 or not orphans:
        return
    for row in orphans:
        row["parent"] = buildings[0]
    message = f"{len(orphans)} elements stand in no building; taken as parts of the only one"
    findings.add("orphan", buildings[0], message, severity="info", path=name)


def _without_undersides(parts: Parts, types: list[str]) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.uint8]]:
    """Owner, triangles and colour without what of the ground does not look upward: a terrain has one height a place."""
    ground = np.array([kind == "TINRelief" for kind in types], dtype=bool)[parts.owner] if len(parts.owner) else np.zeros(0, bool)
    a, b, c = (parts.vertices[parts.triangles[:, k]] for k in range(3))
    upward = np.cross(b - a, c - a)[:, 2] > 0
    keep = ~ground | upward
    return parts.owner[keep], parts.triangles[keep], parts.colour[keep]


def _semantics(
    rows: list[dict[str, Any]],
    entities: dict[str, dict[str, Any]],
    owner: NDArray[np.int32],
    vertices: NDArray[np.float64],
    triangles: NDArray[np.int64],
) -> NDArray[np.uint8]:
    """What each face is: by the class of its element; the lowest slabs of a building are its ground."""
    by_row = np.array([semantic_of(row, entities) for row in rows] or [0], dtype=np.uint8)
    low, high = np.full(len(rows), np.inf), np.full(len(rows), -np.inf)
    z = vertices[triangles, 2]
    np.fmin.at(low, owner, z.min(axis=1))
    np.fmax.at(high, owner, z.max(axis=1))
    root = _roots(rows, entities)
    slabs = [n for n, row in enumerate(rows) if row["class"] in SLABS and np.isfinite(low[n])]
    slabs = [n for n in slabs if by_row[n] != SEMANTICS["RoofSurface"]]
    lowest: dict[str, float] = {}
    for n in slabs:
        lowest[root[n]] = min(lowest.get(root[n], np.inf), low[n])
    for n in slabs:
        if low[n] <= lowest[root[n]] + GROUND_STEP_M:
            by_row[n] = SEMANTICS["GroundSurface"]
    semantic = by_row[owner]
    # Proxies and the like say nothing: where they look tells.
    unsaid = np.array([row["class"] in UNSAID for row in rows] or [False], dtype=bool)
    loose = (semantic == 0) & unsaid[owner]
    if loose.any():
        rings = triangle_rings(triangles[loose])
        closed = np.ones(int(loose.sum()), dtype=bool)
        semantic[loose] = semantics_by_normal(vertices, rings, owner[loose].astype(np.int64), closed)
    return semantic


def _roots(rows: list[dict[str, Any]], entities: dict[str, dict[str, Any]]) -> list[str]:
    """Id of the outermost entity that each is in."""
    found = []
    for row in rows:
        seen = {row["id"]}
        while row["parent"] in entities and row["parent"] not in seen and row["class"] != "IfcBuilding":
            row = entities[row["parent"]]
            seen.add(row["id"])
        found.append(row["id"])
    return found
