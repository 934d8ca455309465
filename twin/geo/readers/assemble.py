"""Models of one or more files to one City."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import CRSError
from twin.geo.city import City, Quality
from twin.geo.crs import local_plane, short_name
from twin.geo.mesh import TriangleMesh
from twin.geo.readers.layers import ObjectTable, layers_of
from twin.geo.readers.model import MAX_FINDINGS_A_CODE, Findings, ObjectModel
from twin.geo.readers.object_types import TERRAIN, layer_of
from twin.geo.readers.tin import terrain_from_triangles
from twin.geo.triangulate import Rings, triangulate

if TYPE_CHECKING:
    from pyproj import CRS

FAULTS = {
    "not-finite": ("error", "a vertex of the surface is not a finite number; left out"),
    "too-few-points": ("error", "the surface has fewer than three different points; left out"),
    "no-area": ("error", "the surface has no area; left out"),
    "not-cut": ("error", "the surface cannot be cut into triangles; left out"),
    "hole-dropped": ("warning", "a hole with fewer than three different points; the hole is ignored"),
    "repeated-point": ("info", "the surface repeats a point; the repetition is ignored"),
    "non-planar": ("warning", "the surface is not planar within 1 cm; cut into triangles all the same"),
    "self-crossing": ("warning", "the surface crosses itself; its triangles may not cover it exactly"),
}
"""Severity and message of each fault that triangulation finds in a surface."""


def common_crs(models: Sequence[ObjectModel]) -> CRS:
    """The CRS that all files share; a local plane when none states one.

    Raises
    ------
    CRSError
        When they differ.
    """
    stated: dict[str, tuple[CRS | None, str]] = {}
    for model in models:
        label = "no CRS" if model.crs is None else short_name(model.crs)
        stated.setdefault(label, (model.crs, model.source.name))
    if len(stated) > 1:
        told = ", ".join(f"{name} is in {label}" for label, (_, name) in stated.items())
        raise CRSError(f"files of one city share one coordinate reference system: {told}", hint="reproject one of them")
    crs, _ = next(iter(stated.values()))
    return local_plane() if crs is None else crs


def local_origin(models: Sequence[ObjectModel]) -> NDArray[np.float64]:
    """South-west corner of what is drawn in whole metres, at height 0."""
    lows = []
    for model in models:
        used = model.vertices[model.rings.indices] if len(model.rings.indices) else model.vertices
        used = used[np.isfinite(used).all(axis=1)]
        if len(used):
            lows.append(used.min(axis=0) + model.shift)
    low = np.floor(np.min(lows, axis=0)) if lows else np.zeros(3)
    return np.array([low[0], low[1], 0.0])


def merged(models: Sequence[ObjectModel], findings: Findings) -> tuple[ObjectModel, NDArray[np.float64]]:
    """All models as one; of two objects with the same id the first is kept."""
    if len(models) == 1:
        return models[0], models[0].shift
    shift = models[0].shift
    first = models[0]
    whole = ObjectModel(
        first.crs, [], [], [], [], [], np.empty((0, 3)), shift, first.rings, first.owner, first.semantic, first.path_of,
        first.source, findings,
    )  # fmt: skip
    parts: list[tuple[ObjectModel, NDArray[np.int64]]] = []
    known: set[str] = set()
    for model in models:
        rows = np.full(len(model.ids), -1, dtype=np.int64)
        for number, object_id in enumerate(model.ids):
            if object_id in known:
                message = f"another file has an object with this id; the one in {model.source.name} is left out"
                findings.add("duplicate-id", object_id, message, severity="error", path=model.source.name)
                continue
            known.add(object_id)
            rows[number] = len(whole.ids)
            whole.ids.append(object_id)
            whole.types.append(model.types[number])
            whole.parents.append(model.parents[number])
            whole.lods.append(model.lods[number])
            whole.attributes.append(model.attributes[number])
        for number, anchor in model.anchors.items():
            if rows[number] >= 0:
                whole.anchors[int(rows[number])] = anchor + (model.shift - shift)
        parts.append((model, rows))
    _stack(whole, parts, shift)
    return whole, shift


def _stack(whole: ObjectModel, parts: list[tuple[ObjectModel, NDArray[np.int64]]], shift: NDArray[np.float64]) -> None:
    """Put the faces of all models in one set of arrays."""
    tables, indices, sizes, counts, owners, semantics = [], [], [], [], [], []
    start, faces = 0, [0]
    for model, rows in parts:
        keep: NDArray[np.bool_] = np.isin(model.owner, np.flatnonzero(rows >= 0))
        keep_ring = np.repeat(keep, model.rings.counts)
        tables.append(model.vertices + (model.shift - shift))
        indices.append(model.rings.indices[np.repeat(keep_ring, model.rings.sizes)] + start)
        sizes.append(model.rings.sizes[keep_ring])
        counts.append(np.where(keep, model.rings.counts, 0))
        owners.append(np.maximum(rows[model.owner], 0).astype(np.int32))
        semantics.append(model.semantic)
        start += len(model.vertices)
        faces.append(faces[-1] + len(model.owner))
    whole.vertices = np.concatenate(tables)
    whole.rings = Rings(np.concatenate(indices), np.concatenate(sizes), np.concatenate(counts))
    whole.owner, whole.semantic = np.concatenate(owners), np.concatenate(semantics)

    def path_of(face: int) -> str:
        number = int(np.searchsorted(faces, face, side="right")) - 1
        model = parts[number][0]
        return f"{model.source.name} {model.path_of(face - faces[number])}"

    whole.path_of = path_of


def mesh_of(
    model: ObjectModel, shift: NDArray[np.float64], origin: NDArray[np.float64], findings: Findings
) -> tuple[TriangleMesh, NDArray[np.float64], Rings]:
    """Triangles of a model, its vertices relative to `origin`, and its faces after mending."""
    used = np.zeros(len(model.vertices), dtype=bool)
    used[model.rings.indices] = True
    number = np.cumsum(used) - 1
    vertices = model.vertices[used] + (shift - origin)
    emptied = np.asarray(model.rings.counts == 0, dtype=bool)
    cut = triangulate(vertices, Rings(number[model.rings.indices], model.rings.sizes, model.rings.counts))
    for code, faces in cut.faults.items():
        # A face that a reader has emptied was noted there.
        _note(code, faces[np.flatnonzero(~emptied[faces])], model, findings)
    finite = np.asarray(np.isfinite(vertices).all(axis=1))
    vertices = np.where(finite[:, None], vertices, 0.0)
    mesh = TriangleMesh(vertices, cut.triangles, model.owner[cut.polygon], model.semantic[cut.polygon])
    return mesh, vertices, cut.rings


def _note(code: str, faces: NDArray[np.int64], model: ObjectModel, findings: Findings) -> None:
    severity, message = FAULTS[code]
    for face in faces[:MAX_FINDINGS_A_CODE].tolist():
        findings.add(code, model.ids[model.owner[face]], message, severity=severity, path=model.path_of(face))
    for _ in range(len(faces) - MAX_FINDINGS_A_CODE):
        findings.add(code, "", message, severity=severity)


def object_frame(model: ObjectModel, layers: list[str]) -> pd.DataFrame:
    """The table `City.objects` of a model."""
    columns = {"type": model.types, "layer": layers, "parent": model.parents, "lod": model.lods}
    index = pd.Index(model.ids, name="id", dtype="str")
    return pd.DataFrame({name: pd.array(values, dtype="str") for name, values in columns.items()}, index=index)


def assemble(models: Sequence[ObjectModel]) -> City:
    """Make a City of what the files hold.

    Raises
    ------
    CRSError
        When the files are in different coordinate reference systems.
    """
    crs = common_crs(models)
    origin = local_origin(models)
    findings = Findings()
    for model in models:
        findings.absorb(model.findings)
    model, shift = merged(models, findings)
    mesh, vertices, rings = mesh_of(model, shift, origin, findings)
    layers = [layer_of(kind) for kind in model.types]
    table = ObjectTable(
        ids=model.ids,
        types=model.types,
        parents=model.parents,
        layers=layers,
        attributes=model.attributes,
        # A micrometre: adding the origin leaves digits that mean nothing.
        points=np.round(vertices + origin, 6),
        rings=rings,
        owner=model.owner,
        semantic=model.semantic,
        anchors={row: anchor + shift for row, anchor in model.anchors.items()},
        crs=crs,
    )
    frames = layers_of(table)
    ground = np.array([layer == TERRAIN for layer in layers], dtype=bool)
    terrain = None
    if ground.any() and len(mesh):
        terrain = terrain_from_triangles(mesh.vertices + origin, mesh.triangles[ground[mesh.owner]], crs)
    return City(
        crs=crs,
        origin=origin,
        layers=frames,
        surfaces=mesh,
        objects=object_frame(model, layers),
        terrain=terrain,
        sources=tuple(model.source for model in models),
        quality=Quality(findings.collected()),
        **_about(models),
    )


def _about(models: Sequence[ObjectModel]) -> dict[str, Any]:
    names = [model.name for model in models if model.name]
    dates = sorted(model.date for model in models if model.date)
    return {"name": names[0] if names else "", "date": dates[-1] if dates else ""}
