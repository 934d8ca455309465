"""Fields and people of one moment as plain meshes, for formats that know nothing else."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewer import props, style
from viewer.scene import FieldLayer, MeshLayer, PeopleLayer, Scene

Mesh = tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.uint8]]


def field_mesh(layer: FieldLayer, scene: Scene, time: float, lift: float = 0.08) -> Mesh:
    """A square a cell in the colour of its class, just above the floor; cells with nothing are left out."""
    legend = scene.legend(layer.legend)
    values = layer.frame(time)
    classes = style.classify(values, legend)
    row, column = np.nonzero((classes >= 0) & np.isfinite(layer.height))
    x, y = layer.west + column * layer.cell, layer.north - row * layer.cell
    z = layer.height[row, column].astype(float) + lift
    n, c = len(row), layer.cell
    vertices = np.stack(
        [
            np.column_stack([x, y, z]),
            np.column_stack([x, y - c, z]),
            np.column_stack([x + c, y - c, z]),
            np.column_stack([x + c, y, z]),
        ],
        axis=1,
    ).reshape(-1, 3)
    base = 4 * np.arange(n)[:, None]
    faces = np.concatenate([base + np.array([0, 1, 2]), base + np.array([0, 2, 3])], axis=1).reshape(-1, 3).astype(np.int32)
    colours = np.repeat(style.class_colours(legend)[classes[row, column]], 2, axis=0)
    return vertices, faces, colours


def people_mesh(layer: PeopleLayer, time: float) -> Mesh:
    """Everybody who is there as a small figure."""
    at = layer.frame(time).astype(np.float64)
    body, faces = props.capsule(segments=6 if len(at) <= 3000 else 4)
    vertices, triangles = props.placed(body, faces, at)
    colours = np.broadcast_to(np.array(layer.colour, np.uint8), (len(triangles), 3))
    return vertices, triangles, colours


def meshes(scene: Scene, time: float) -> list[tuple[str, str, Mesh, float]]:
    """Every visible layer that has triangles at a moment: name, label, mesh, opacity."""
    out: list[tuple[str, str, Mesh, float]] = []
    for layer in scene.layers:
        if not layer.visible:
            continue
        if isinstance(layer, MeshLayer):
            out.append((layer.name, layer.label, (layer.vertices, layer.triangles, layer.colours), layer.opacity))
        elif isinstance(layer, FieldLayer):
            out.append((layer.name, layer.label, field_mesh(layer, scene, time), layer.opacity))
        elif isinstance(layer, PeopleLayer):
            out.append((layer.name, layer.label, people_mesh(layer, time), 1.0))
    return [item for item in out if len(item[2][1])]
