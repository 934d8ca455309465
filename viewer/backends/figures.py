"""Fields and people of one moment as plain meshes, and what is dots and lines, for formats that know nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from viewer import props, style
from viewer.scene import AnnotationLayer, FieldLayer, LineLayer, MeshLayer, PeopleLayer, PointLayer, Scene

ROOF_LIFT_M = 0.5
"""Squares on roofs lie so far above the middle of their cell that the slope does not come through [m]."""

Mesh = tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.uint8]]


def field_mesh(layer: FieldLayer, scene: Scene, time: float, lift: float = 0.08) -> Mesh:
    """A square a cell in the colour of its class, just above the floor; cells with nothing are left out."""
    legend = scene.legend(layer.legend)
    values = layer.frame(time)
    classes = style.classify(values, legend)
    row, column = np.nonzero((classes >= 0) & np.isfinite(layer.height))
    x, y = layer.west + column * layer.cell, layer.north - row * layer.cell
    z = layer.height[row, column].astype(float) + (ROOF_LIFT_M if layer.roofs else lift)
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


class Drawn(NamedTuple):
    """A layer at a moment as triangles; `owner` is the row of `attributes` of each, where something is known of its objects."""

    name: str
    label: str
    mesh: Mesh
    opacity: float
    owner: NDArray[np.int32] | None = None
    attributes: Mapping[str, Sequence[Any]] = MappingProxyType({})


class Strokes(NamedTuple):
    """A layer of dots or lines: places (K, 3), of lines two a piece, with a colour each."""

    name: str
    label: str
    places: NDArray[np.float64]
    colours: NDArray[np.uint8]
    lines: bool
    attributes: Mapping[str, Sequence[Any]] = MappingProxyType({})


def meshes(scene: Scene, time: float) -> list[Drawn]:
    """Every visible layer that has triangles at a moment."""
    out: list[Drawn] = []
    for layer in scene.layers:
        if not layer.visible:
            continue
        if isinstance(layer, MeshLayer):
            mesh = (layer.vertices, layer.triangles, layer.colours)
            known = layer.attributes if layer.owner is not None else {}
            out.append(Drawn(layer.name, layer.label, mesh, layer.opacity, layer.owner, known))
        elif isinstance(layer, FieldLayer):
            out.append(Drawn(layer.name, layer.label, field_mesh(layer, scene, time), layer.opacity))
        elif isinstance(layer, PeopleLayer):
            out.append(Drawn(layer.name, layer.label, people_mesh(layer, time), 1.0))
    return [one for one in out if len(one.mesh[1])]


def strokes(scene: Scene) -> list[Strokes]:
    """Every visible layer of dots and lines; the lines of remarks without their texts."""
    out: list[Strokes] = []
    for layer in scene.layers:
        if not layer.visible:
            continue
        if isinstance(layer, PointLayer):
            out.append(Strokes(layer.name, layer.label, layer.points, layer.colours, False, layer.attributes))
        elif isinstance(layer, LineLayer | AnnotationLayer):
            if isinstance(layer, LineLayer):
                pieces = [np.stack([path[:-1], path[1:]], axis=1).reshape(-1, 3) for path in layer.paths if len(path) > 1]
                places = np.concatenate([np.empty((0, 3)), *pieces])
            else:
                places = np.stack([layer.starts, layer.ends], axis=1).reshape(-1, 3)
            colours = np.broadcast_to(np.array(layer.colour, np.uint8), (len(places), 3))
            out.append(Strokes(layer.name, layer.label, places, colours, True))
    return [one for one in out if len(one.places)]
