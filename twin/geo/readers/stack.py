"""Objects of several files, or of several pieces of one, as one model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.geo.mesh import Rings
from twin.geo.readers.model import Findings, ObjectModel
from twin.geo.readers.surface_links import rows_moved


def merged(models: Sequence[ObjectModel], names: Sequence[str], findings: Findings) -> ObjectModel:
    """The models of several files as one; of two objects with the same id the one of the file named first is kept.

    Parameters
    ----------
    models : sequence of ObjectModel
    names : sequence of str
        File of each.
    findings : Findings
        Each object that is left out is noted.
    """
    if len(models) == 1:
        return models[0]
    known: dict[str, str] = {}
    parts: list[tuple[ObjectModel, NDArray[np.int64], str]] = []
    count = 0
    for model, name in zip(models, names, strict=True):
        rows = np.full(len(model.ids), -1, dtype=np.int64)
        for number, object_id in enumerate(model.ids):
            if object_id in known:
                note_duplicate(object_id, known[object_id], name, findings)
                continue
            known[object_id] = name
            rows[number] = count
            count += 1
        parts.append((model, rows, name))
    return _stack(parts)


def stacked(models: Sequence[ObjectModel], findings: Findings) -> ObjectModel:
    """The pieces of one file as one model; a parent may be in another piece than its parts."""
    if len(models) == 1:
        return models[0]
    known: set[str] = set()
    parts: list[tuple[ObjectModel, NDArray[np.int64], str]] = []
    for model in models:
        rows = np.full(len(model.ids), -1, dtype=np.int64)
        for number, object_id in enumerate(model.ids):
            if object_id in known:
                findings.add("duplicate-id", object_id, "a second object with this id; left out", severity="error")
                continue
            rows[number] = len(known)
            known.add(object_id)
        parts.append((model, rows, ""))
    return _stack(parts)


def within(model: ObjectModel, window: tuple[float, float, float, float] | None) -> ObjectModel:
    """The objects of which some part, or a part of the same whole, may lie in a box.

    Parameters
    ----------
    model : ObjectModel
    window : (west, south, east, north)
        In the CRS of the model [m].
    """
    if window is None:
        return model
    count = len(model.ids)
    low, high = np.full((count, 2), np.inf), np.full((count, 2), -np.inf)
    owner = np.repeat(np.repeat(model.owner, model.rings.counts), model.rings.sizes)
    xy = model.vertices[model.rings.indices, :2]
    np.fmin.at(low, owner, xy)
    np.fmax.at(high, owner, xy)
    for row, anchor in model.anchors.items():
        low[row], high[row] = np.fmin(low[row], anchor[:2]), np.fmax(high[row], anchor[:2])
    for row, shape in model.shapes.items():
        west, south, east, north = shape.bounds
        low[row], high[row] = np.fmin(low[row], (west, south)), np.fmax(high[row], (east, north))
    west, south, east, north = np.array(window) - np.tile(model.shift[:2], 2)
    near = (low[:, 0] <= east) & (high[:, 0] >= west) & (low[:, 1] <= north) & (high[:, 1] >= south)
    number = {object_id: row for row, object_id in enumerate(model.ids)}
    up = np.array([number.get(parent, row) for row, parent in enumerate(model.parents)], dtype=np.int64)
    for _ in range(8):
        up = up[up]
    wanted = np.zeros(count, dtype=bool)
    wanted[up[near]] = True
    rows = np.where(wanted[up], np.cumsum(wanted[up]) - 1, -1)
    return _stack([(model, rows, "")])


def chosen(model: ObjectModel, gone: set[int]) -> ObjectModel:
    """The model without the objects in some rows."""
    if not gone:
        return model
    keep = np.ones(len(model.ids), dtype=bool)
    keep[list(gone)] = False
    return _stack([(model, np.where(keep, np.cumsum(keep) - 1, -1), "")])


def picked(model: ObjectModel, keep: NDArray[np.bool_]) -> ObjectModel:
    """Some of the objects of a model, (N,)."""
    return _stack([(model, np.where(keep, np.cumsum(keep) - 1, -1), "")])


def note_duplicate(object_id: str, kept: str, left_out: str, findings: Findings) -> None:
    """The rule for two objects with one id: the file named first wins."""
    message = f"{kept} has an object with this id too; the one in {left_out} is left out"
    findings.add("duplicate-id", object_id, message, severity="error", path=left_out)


def _stack(parts: list[tuple[ObjectModel, NDArray[np.int64], str]]) -> ObjectModel:
    """One model of the objects whose new row (not -1) is given."""
    shift = parts[0][0].shift
    none = np.empty(0, np.int64)
    whole = ObjectModel(
        [], [], [], [], [], np.empty((0, 3)), shift, Rings(none, none, none), np.empty(0, np.int32), np.empty(0, np.uint8), str
    )
    kinds: list[str] = []
    tables, indices, sizes, counts, owners, semantics = [], [], [], [], [], []
    colours, faces_of = [], []
    start, faces = 0, [0]
    for model, rows, _ in parts:
        kept = np.flatnonzero(rows >= 0).tolist()
        for name in ("ids", "types", "parents", "lods", "attributes"):
            values = getattr(model, name)
            getattr(whole, name).extend(values[number] for number in kept)
        kinds += [model.kinds[number] if model.kinds is not None else "" for number in kept]
        moved = model.shift - shift
        whole.anchors.update({int(rows[k]): anchor + moved for k, anchor in model.anchors.items() if rows[k] >= 0})
        whole.shapes.update({int(rows[k]): _moved(shape, moved) for k, shape in model.shapes.items() if rows[k] >= 0})
        keep: NDArray[np.bool_] = np.isin(model.owner, kept)
        keep_ring = np.repeat(keep, model.rings.counts)
        numbers = model.rings.indices[np.repeat(keep_ring, model.rings.sizes)]
        vertices = model.vertices
        if len(kept) < len(model.ids):
            used = np.zeros(len(vertices), dtype=bool)
            used[numbers] = True
            numbers, vertices = (np.cumsum(used) - 1)[numbers], vertices[used]
        tables.append(vertices + moved)
        indices.append(numbers + start)
        sizes.append(model.rings.sizes[keep_ring])
        counts.append(model.rings.counts[keep])
        owners.append(rows[model.owner[keep]].astype(np.int32))
        semantics.append(model.semantic[keep])
        blank = np.zeros((len(model.owner), 4), np.uint8) if model.colour is None else model.colour
        colours.append(blank[keep])
        start += len(vertices)
        faces_of.append(np.flatnonzero(keep))
        faces.append(faces[-1] + len(faces_of[-1]))
    whole.vertices = np.concatenate(tables)
    whole.rings = Rings(np.concatenate(indices), np.concatenate(sizes), np.concatenate(counts))
    whole.owner, whole.semantic = np.concatenate(owners), np.concatenate(semantics)
    whole.kinds = kinds
    if any(model.colour is not None for model, _, _ in parts):
        whole.colour = np.concatenate(colours)
    _stack_textures(whole, parts)
    if any(model.nest is not None for model, _, _ in parts):
        nests = []
        for (model, _, _), kept_faces in zip(parts, faces_of, strict=True):
            nest = np.full((len(model.owner), 2), -1, np.int32) if model.nest is None else model.nest
            nests.append(nest[kept_faces])
        whole.nest = np.concatenate(nests)
    if any(model.surface is not None for model, _, _ in parts):
        surface_rows = []
        for (model, _, _), kept_faces in zip(parts, faces_of, strict=True):
            row = np.full(len(model.owner), -1, np.int32) if model.surface is None else model.surface
            surface_rows.append(np.where(row >= 0, row + len(whole.surfaces), -1).astype(np.int32)[kept_faces])
            whole.surfaces += rows_moved(model.surfaces, len(whole.surfaces))
        whole.surface = np.concatenate(surface_rows)
    paths = [(model.path_of, name) for model, _, name in parts]

    def path_of(face: int) -> str:
        number = int(np.searchsorted(faces, face, side="right")) - 1
        path, name = paths[number]
        return f"{name} {path(int(faces_of[number][face - faces[number]]))}".strip()

    whole.path_of = path_of
    return whole


def _stack_textures(whole: ObjectModel, parts: list[tuple[ObjectModel, NDArray[np.int64], str]]) -> None:
    """Put the pictures of all models in one list."""
    if all(model.texture is None for model, _, _ in parts):
        return
    textures, places = [], []
    for model, rows, _ in parts:
        keep = np.isin(model.owner, np.flatnonzero(rows >= 0))
        keep_index = np.repeat(np.repeat(keep, model.rings.counts), model.rings.sizes)
        count = int(keep_index.sum())
        texture = np.full(len(model.owner), -1, np.int32) if model.texture is None else model.texture
        textures.append(np.where(texture >= 0, texture + len(whole.textures), -1).astype(np.int32)[keep])
        places.append(np.full((count, 2), np.nan, np.float32) if model.uv is None else model.uv[keep_index])
        whole.textures += model.textures
    whole.texture, whole.uv = np.concatenate(textures), np.concatenate(places)


def _moved(shape: shapely.Geometry, move: NDArray[np.float64]) -> shapely.Geometry:
    return shapely.transform(shape, lambda points: points + move, include_z=True)
