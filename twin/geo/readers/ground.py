"""Objects whose heights count from the ground, put on it."""

from __future__ import annotations

import numpy as np

from twin.geo.readers.model import Findings, ObjectModel
from twin.geo.terrain import Terrain


def lift(model: ObjectModel, terrain: Terrain | None, findings: Findings) -> None:
    """Raise each object, with its parts, to the lowest terrain below its vertices; changes the model.

    Parameters
    ----------
    model : ObjectModel
        With ``relative``; objects that are not parts of the same whole share no vertices.
    terrain : Terrain or None
        Where it is None or unknown the ground is taken at 0 m, which is noted.
    findings : Findings
    """
    roots = _roots(model)
    face_of_ring = np.repeat(np.arange(len(model.rings.counts)), model.rings.counts)
    face_of_index = np.repeat(face_of_ring, model.rings.sizes)
    root_of_vertex = np.full(len(model.vertices), -1)
    root_of_vertex[model.rings.indices] = roots[model.owner[face_of_index]]
    used = np.flatnonzero(root_of_vertex >= 0)
    ground = np.full(len(model.ids), np.nan)
    if terrain is not None and len(used):
        xy = model.vertices[used, :2] + model.shift[:2]
        np.fmin.at(ground, root_of_vertex[used], terrain.at(xy[:, 0], xy[:, 1]))
    there = np.zeros(len(model.ids), dtype=bool)
    there[root_of_vertex[used]] = True
    unknown = there & np.isnan(ground)
    if unknown.any():
        message = f"the ground below {int(unknown.sum())} objects is not known; taken as 0 m"
        findings.add("ground-assumed", "", message)
    ground[np.isnan(ground)] = 0.0
    model.vertices[used, 2] += ground[root_of_vertex[used]]
    for row, anchor in model.anchors.items():
        z = float("nan") if terrain is None else float(terrain.at(*(np.array([one]) for one in (anchor + model.shift)[:2]))[0])
        model.anchors[row] = anchor + np.array([0.0, 0.0, z if np.isfinite(z) else 0.0])
    model.relative = False


def _roots(model: ObjectModel) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The whole that each object is a part of, (N,); itself when it is none, or in a circle of parents."""
    number = {object_id: row for row, object_id in enumerate(model.ids)}
    up = np.array([number.get(parent, row) for row, parent in enumerate(model.parents)], dtype=np.int64)
    roots = up.copy()
    for _ in range(8):
        roots = up[roots]
    return np.where(up[roots] == roots, roots, np.arange(len(up))).astype(np.int64)
