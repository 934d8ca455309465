"""Meshes (OBJ, STL, PLY, GLB) as buildings: one a file, with its named parts, or several that stand side by side.

A mesh says little of what it is. Its axis that points upward is known for glTF (y) and assumed for the others (z); its
unit is the metre in glTF and assumed to be in the others. Without semantics faces are told apart by where they look.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.errors import FormatError
from twin.geo.city import Source
from twin.geo.mesh import SEMANTICS, Rings
from twin.geo.readers import meshkind
from twin.geo.readers.footprints import STEP_M, face_heights
from twin.geo.readers.mesh_obj import Neighbour
from twin.geo.readers.meshparts import MeshFile, far_away
from twin.geo.readers.model import Findings, ObjectModel, Reading, ReadOptions
from twin.geo.readers.source import Blob
from twin.geo.triangulate import newell

LOD = "3"
"""Level of detail of architectural models (CityGML 3.0)."""

ROOF_Z = 0.2588
"""Cosine of 75 degrees: a face that is steeper is a wall."""

CLOSED_PART = 1e-3
"""The area vectors of a closed surface cancel; their sum may be this part of the area for a mesh to count as closed."""

APART = 1.2
"""Parts whose outlines on the map cover each other less than this (sum over union) stand side by side."""

LARGE_M = 5000.0
"""A mesh without a unit that is larger is likely in millimetres [m]."""

MAX_MATERIAL_BYTES = 10_000_000


def read(blob: Blob, options: ReadOptions) -> Reading:
    """Read a mesh file as (part of) a city.

    Parameters
    ----------
    blob : Blob
    options : ReadOptions
        None of them bears on a mesh.

    Returns
    -------
    Reading
        Without a CRS unless the file states one, which those of this library do.

    Raises
    ------
    FormatError
        When it is broken as a whole, or holds no faces.
    """
    findings = Findings()
    mesh = parse(blob, findings)
    _tell_assumptions(mesh, blob.name, findings)
    mesh.upright()
    model = model_of(mesh, stem_of(blob.name), findings)
    source = Source(blob.name, mesh.form, sha256=blob.sha256)
    return Reading(source, mesh.crs, findings, model)


def parse(blob: Blob, findings: Findings) -> MeshFile:
    """Faces of a mesh file as they are in it.

    Raises
    ------
    FormatError
        When it is of no known kind, broken as a whole, or holds no faces.
    """
    head, name = blob.head, blob.name.lower()
    if meshkind.is_glb(head):
        from twin.geo.readers import mesh_glb

        mesh = mesh_glb.parse(blob.content, blob.name, findings)
    elif meshkind.is_ply(head):
        from twin.geo.readers import mesh_ply

        mesh = mesh_ply.parse(blob.content, blob.name, findings)
    elif meshkind.is_stl_text(head):
        from twin.geo.readers import mesh_stl

        mesh = mesh_stl.parse_text(blob.content, blob.name, findings)
    elif meshkind.is_obj(head, name):
        from twin.geo.readers import mesh_obj

        mesh = mesh_obj.parse(blob.content, blob.name, findings, neighbours(blob))
    elif meshkind.is_stl_binary(head, name):
        from twin.geo.readers import mesh_stl

        mesh = mesh_stl.parse_binary(blob.content, blob.name, findings)
    else:
        raise FormatError("this is no mesh that is readable", where=blob.name, hint="readable are .obj, .stl, .ply and .glb")
    if not len(mesh.rings.counts):
        raise FormatError("the mesh holds no faces", where=blob.name)
    mesh.vertices = far_away(mesh.vertices, findings, blob.name)
    return mesh


def neighbours(blob: Blob) -> Neighbour:
    """Files beside a file on disk: in its folder or below, of a moderate size, not by a link that leads out."""

    def content(name: str) -> bytes | None:
        if not blob.plain or not inside(name):
            return None
        folder = blob.path.parent.resolve()
        try:
            path = (folder / name).resolve()
            if path.is_relative_to(folder) and path.is_file() and path.stat().st_size <= MAX_MATERIAL_BYTES:
                return path.read_bytes()
        except (OSError, ValueError):
            return None
        return None

    return content


def inside(name: str) -> bool:
    """Whether a path stays in the folder that it is relative to, by what it says."""
    parts = PurePosixPath(name.replace("\\", "/"))
    return bool(name) and "\0" not in name and not parts.is_absolute() and ".." not in parts.parts and ":" not in parts.parts[0]


def stem_of(name: str) -> str:
    """Name of a file without folders and suffixes, for an id."""
    own = PurePosixPath(name.split("!")[-1].replace("\\", "/")).name
    for packed in (".gz", ".bz2"):
        own = own.removesuffix(packed)
    return Path(own).stem or "mesh"


def _tell_assumptions(mesh: MeshFile, name: str, findings: Findings) -> None:
    if mesh.crs is None:
        message = "the file does not say in which coordinate reference system it is"
        findings.add("no-crs", "", message, path=name)
    if not mesh.unit_stated:
        findings.add("unit-assumed", "", f"{mesh.form} states no unit; taken as metres", severity="info", path=name)
        used = mesh.vertices[mesh.rings.indices]
        size = float(np.nanmax(np.nanmax(used, axis=0) - np.nanmin(used, axis=0))) if np.isfinite(used).any() else 0.0
        if size > LARGE_M:
            message = f"the mesh would be {size:.0f} m large: perhaps its unit is the millimetre; place it with scale=0.001"
            findings.add("unit-doubtful", "", message, path=name)
    if not mesh.up_stated:
        message = f"{mesh.form} does not say which axis points upward; taken as z"
        findings.add("up-assumed", "", message, severity="info", path=name)


# --- faces


def triangles_area(vertices: NDArray[np.float64], rings: Rings) -> NDArray[np.float64]:
    """Area vector of each face, (S, 3) [m2]; NaN vertices give zero. One ring a face."""
    area = newell(vertices[rings.indices], rings.sizes)
    return np.where(np.isfinite(area.sum(axis=1))[:, None], area, 0.0)


def turned_outward(mesh: MeshFile, findings: Findings, name: str) -> NDArray[np.bool_]:
    """Which parts (P,) are closed; those of them whose faces look inward are turned."""
    parts = len(mesh.names)
    area = triangles_area(mesh.vertices, mesh.rings)
    first = np.cumsum(mesh.rings.sizes) - mesh.rings.sizes
    with np.errstate(invalid="ignore"):
        corner = mesh.vertices[mesh.rings.indices[first]]
        middle = np.nanmean(mesh.vertices[mesh.rings.indices], axis=0) if len(mesh.vertices) else np.zeros(3)
        corner = np.where(np.isfinite(corner), corner - np.where(np.isfinite(middle), middle, 0.0), 0.0)
    size = np.linalg.norm(area, axis=1)
    total = np.bincount(mesh.part, weights=size, minlength=parts)
    rest = np.column_stack([np.bincount(mesh.part, weights=area[:, axis], minlength=parts) for axis in range(3)])
    volume = np.bincount(mesh.part, weights=np.einsum("ij,ij->i", corner, area), minlength=parts) / 3.0
    closed = (total > 0) & (np.linalg.norm(rest, axis=1) < CLOSED_PART * total)
    inward = closed & (volume < -1e-6 * total**1.5)
    if inward.any():
        message = f"the faces of {int(inward.sum())} closed parts looked inward; turned"
        findings.add("inside-out", "", message, path=name)
        mesh.rings = reversed_rings(mesh.rings, inward[mesh.part])
    return np.asarray(closed)


def reversed_rings(rings: Rings, chosen: NDArray[np.bool_]) -> Rings:
    """The faces with those chosen (S,) turned to look the other way. One ring a face."""
    first = np.cumsum(rings.sizes) - rings.sizes
    place = np.arange(len(rings.indices)) - np.repeat(first, rings.sizes)
    back = np.repeat(first + rings.sizes - 1, rings.sizes) - place
    order = np.where(np.repeat(chosen, rings.sizes), back, np.arange(len(rings.indices)))
    return Rings(rings.indices[order], rings.sizes, rings.counts)


def semantics_by_normal(
    vertices: NDArray[np.float64], rings: Rings, group: NDArray[np.int64], closed: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """What each face (S,) is, by where it looks.

    Parameters
    ----------
    vertices : (V, 3) float64
        z upward [m].
    rings : Rings
        Faces of one ring each.
    group : (S,) int64
        Building that each face is of: the ground is at its foot.
    closed : (S,) bool
        Whether the faces look outward for certain; of the others the height decides.
    """
    area = triangles_area(vertices, rings)
    length = np.linalg.norm(area, axis=1)
    normal = np.divide(area[:, 2], length, out=np.zeros(len(area)), where=length > 0)
    low, high = face_heights(vertices, rings)
    groups = int(group.max()) + 1 if len(group) else 0
    foot = np.full(groups, np.inf)
    np.fmin.at(foot, group, low)
    lies = np.abs(normal) >= ROOF_Z
    with np.errstate(invalid="ignore"):
        at_foot = high <= foot[group] + STEP_M
    out = np.full(len(rings.counts), SEMANTICS["WallSurface"], np.uint8)
    out[lies] = SEMANTICS["RoofSurface"]
    down = lies & closed & (normal < 0)
    out[down] = SEMANTICS["OuterCeilingSurface"]
    out[at_foot & (down | (lies & ~closed))] = SEMANTICS["GroundSurface"]
    return out


# --- objects


def model_of(mesh: MeshFile, stem: str, findings: Findings, *, one: bool = False, root_id: str = "") -> ObjectModel:
    """The objects of a mesh that is upright.

    Parameters
    ----------
    mesh : MeshFile
    stem : str
        Id of a building that has no name in the file.
    findings : Findings
    one : bool
        All parts are of one building, whatever the file says.
    root_id : str
        Its id; by default `stem`.
    """
    closed = turned_outward(mesh, findings, stem)
    parts = len(mesh.names)
    used = np.bincount(mesh.part, minlength=parts) > 0
    stated = bool(mesh.stated) and not one
    if stated:
        rows = _stated_rows(mesh, stem)
    elif one or int(used.sum()) == 1 or not _apart(mesh, used, findings, stem):
        rows = _one_building(mesh, root_id or stem, used)
    else:
        rows = _side_by_side(mesh, stem, used)
    ids, types, parents, place = rows
    owner = place[mesh.part].astype(np.int32)
    number = {object_id: row for row, object_id in enumerate(ids)}
    root = np.array([number.get(parent, row) for row, parent in enumerate(parents)], dtype=np.int64)
    semantic = mesh.semantic.copy()
    built = np.isin(np.array(types, dtype=object)[owner], ("Building", "BuildingPart"))
    unknown = (semantic == 0) & built & (not (stated and mesh.semantics_stated))
    semantic[unknown] = semantics_by_normal(mesh.vertices, mesh.rings, root[owner], closed[mesh.part])[unknown]
    drawn = np.bincount(owner, minlength=len(ids)) > 0
    lods: list[str] = [LOD if one_drawn else "" for one_drawn in drawn]
    if stated:
        told: dict[int, str] = {int(place[row]): str(mesh.stated[row].get("lod") or LOD) for row in range(parts)}
        lods = [told.get(row, LOD) if drawn[row] else "" for row in range(len(ids))]
    return ObjectModel(
        ids=ids,
        types=types,
        parents=parents,
        lods=lods,
        attributes=_attributes(mesh, ids, place, used),
        vertices=mesh.vertices,
        shift=mesh.origin,
        rings=mesh.rings,
        owner=owner,
        semantic=semantic,
        path_of=mesh.where,
        colour=mesh.colour,
    )


Rows = tuple[list[str], list[str], list[str], NDArray[np.int64]]
"""Ids, types and parents of objects, and the object of each part."""


def _one_building(mesh: MeshFile, root: str, used: NDArray[np.bool_]) -> Rows:
    """A building; its parts are objects of their own where there are several."""
    place = np.zeros(len(mesh.names), np.int64)
    if int(used.sum()) <= 1:
        return [root], ["Building"], [""], place
    ids, taken = [root], {root}
    for part in np.flatnonzero(used).tolist():
        ids.append(_free(f"{root}-{mesh.names[part] or part + 1}", taken))
        place[part] = len(ids) - 1
    return ids, ["Building"] + ["BuildingPart"] * (len(ids) - 1), [""] + [root] * (len(ids) - 1), place


def _side_by_side(mesh: MeshFile, stem: str, used: NDArray[np.bool_]) -> Rows:
    """A building for each part."""
    place = np.zeros(len(mesh.names), np.int64)
    ids: list[str] = []
    taken: set[str] = set()
    for part in np.flatnonzero(used).tolist():
        place[part] = len(ids)
        ids.append(_free(mesh.names[part] or f"{stem}-{part + 1}", taken))
    return ids, ["Building"] * len(ids), [""] * len(ids), place


def _stated_rows(mesh: MeshFile, stem: str) -> Rows:
    """The objects that the file says its parts are; a parent without faces is one too."""
    ids: list[str] = []
    types: list[str] = []
    parents: list[str] = []
    taken: set[str] = set()
    place = np.arange(len(mesh.names), dtype=np.int64)
    for number, told in enumerate(mesh.stated):
        ids.append(_free(_word(told.get("id")) or mesh.names[number] or f"{stem}-{number + 1}", taken))
        types.append(_word(told.get("type")) or "Building")
        parents.append(_word(told.get("parent")))
    for parent, kind in dict(zip(parents, types, strict=True)).items():
        if parent and parent not in taken:
            taken.add(parent)
            ids.append(parent)
            whole = next((one for one in ("Building", "Bridge", "Tunnel") if kind.startswith(one)), "GenericCityObject")
            types.append(whole)
            parents.append("")
    return ids, types, parents, place


def _word(value: Any) -> str:
    return value[:200] if isinstance(value, str) else ""


def _free(name: str, taken: set[str]) -> str:
    """A name that no other object has."""
    found, number = name, 2
    while found in taken:
        found, number = f"{name}-{number}", number + 1
    taken.add(found)
    return found


def _apart(mesh: MeshFile, used: NDArray[np.bool_], findings: Findings, stem: str) -> bool:
    """Whether the parts stand side by side, as the buildings of a street, and not over each other or as flat pieces."""
    group = np.repeat(mesh.part, mesh.rings.sizes)
    points = mesh.vertices[mesh.rings.indices]
    finite = np.asarray(np.isfinite(points).all(axis=1))
    order = np.argsort(group[finite], kind="stable")
    group, points = group[finite][order], points[finite][order]
    if not len(points):
        return False
    _, first, number = np.unique(group, return_index=True, return_inverse=True)
    hulls = shapely.convex_hull(shapely.multipoints(points[:, :2], indices=number))
    rise = np.maximum.reduceat(points[:, 2], first) - np.minimum.reduceat(points[:, 2], first)
    solid = np.mean((shapely.area(hulls) > 1.0) & (rise > 1.0))
    total, union = float(shapely.area(hulls).sum()), float(shapely.area(shapely.union_all(hulls)))
    apart = bool(solid > 0.9 and total < APART * union)
    how = "stand side by side: read as buildings of their own" if apart else "share their ground: read as parts of one building"
    findings.add("parts", "", f"the {int(used.sum())} parts of the mesh {how}", severity="info", path=stem)
    return apart


def _attributes(mesh: MeshFile, ids: list[str], place: NDArray[np.int64], used: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """Name of each object, where it is not its id."""
    found: list[dict[str, Any]] = [{} for _ in ids]
    for part in np.flatnonzero(used).tolist():
        row = found[int(place[part])]
        if mesh.names[part] and mesh.names[part] != ids[int(place[part])] and not mesh.stated:
            row["name"] = mesh.names[part]
    return found
