"""Where on a picture panels go: where they hide least of what people look for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from viewer.backends.camera import Camera
from viewer.scene import FieldLayer, MeshLayer, PeopleLayer, Scene

Box = tuple[float, float, float, float]

MOST_POINTS = 4000
TALLEST = 3
"""So many of the highest buildings in the picture are kept in sight."""


@dataclass(frozen=True, eq=False)
class Sights:
    """What in a picture is not to be hidden.

    Parameters
    ----------
    picture : Image
    crowd : (N, 2) float64
        Pixels where people are.
    boxes : tuple of Box
        Names, the tops of the highest buildings, and water and cellars that are cut open.
    """

    picture: Image.Image
    crowd: NDArray[np.float64]
    boxes: tuple[Box, ...]

    def cost(self, box: Box) -> float:
        """How much a panel hides: a name or a tower is worth more than a street, the crowd more than empty ground."""
        hidden = sum(meet(box, other) for other in self.boxes)
        x, y = self.crowd.T
        inside = (x > box[0]) & (x < box[2]) & (y > box[1]) & (y < box[3])
        return hidden + 20.0 * float(inside.mean() if len(x) else 0.0) + round(busy(self.picture, box), 3)

    def best(self, boxes: Sequence[Box], taken: Sequence[Box], size: tuple[float, float]) -> Box:
        """Of some boxes the one that hides least, the first of equals; within a picture and free of what is taken if any is."""
        inside = [box for box in boxes if box[0] >= 0 and box[1] >= 0 and box[2] <= size[0] and box[3] <= size[1]]
        free = [box for box in inside if not any(meet(box, other) for other in taken)] or list(boxes[:1])
        # a panel leaves its usual corner only for something: pictures that are compared should be laid out alike
        return min(free, key=lambda box: self.cost(box) - (0.05 if box == boxes[0] else 0.0))


def sights(picture: Image.Image, scene: Scene, time: float, camera: Camera, names: Sequence[Box]) -> Sights:
    """What is not to be hidden in the picture of a scene; `names` are the boxes of what is written over things."""
    return Sights(picture, _crowd(scene, time, camera), (*names, *_towers(scene, camera), *_opened(scene, camera)))


def meet(one: Box, other: Box) -> bool:
    """Whether two boxes have some of the picture in common."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def busy(picture: Image.Image, box: Box) -> float:
    """Share of a part of a picture where something begins or ends: ground and sky are smooth, a city is not."""
    west, north, east, south = (round(v) for v in box)
    part = np.asarray(picture.convert("L").crop((west, north, east, south)), dtype=np.int16)
    if part.size < 4:
        return 0.0
    steps = np.abs(np.diff(part, axis=0))[:, :-1] + np.abs(np.diff(part, axis=1))[:-1]
    return float((steps > 10).mean())


def _crowd(scene: Scene, time: float, camera: Camera) -> NDArray[np.float64]:
    places = [np.empty((0, 3))]
    for layer in scene.layers:
        if isinstance(layer, PeopleLayer) and layer.visible:
            places.append(np.asarray(layer.frame(time), dtype=np.float64))
        elif isinstance(layer, FieldLayer) and layer.visible:
            row, column = np.nonzero(np.isfinite(layer.frame(time)))
            x, y = layer.west + (column + 0.5) * layer.cell, layer.north - (row + 0.5) * layer.cell
            places.append(np.column_stack([x, y, layer.height[row, column]]))
    points = np.concatenate(places)
    points = points[:: max(1, len(points) // MOST_POINTS)]
    pixels, depth = camera.project(points)
    seen = (depth > 0) & (pixels >= 0).all(axis=1) & (pixels <= [camera.width, camera.height]).all(axis=1)
    return pixels[seen]


def _towers(scene: Scene, camera: Camera) -> list[Box]:
    """Upper halves of the highest buildings of which the top is in the picture."""
    found: list[Box] = []
    for layer in scene.layers:
        if not (isinstance(layer, MeshLayer) and layer.visible and layer.group == "buildings" and layer.owner is not None):
            continue
        if camera.parallel or not len(layer.triangles):
            continue
        top = np.full(int(layer.owner.max()) + 1, -np.inf)
        np.maximum.at(top, layer.owner, layer.vertices[layer.triangles][:, :, 2].max(axis=1))
        for row in np.argsort(-top)[: 4 * TALLEST]:
            points = layer.vertices[np.unique(layer.triangles[layer.owner == row])]
            if len(found) == TALLEST or not len(points):
                break
            upper = points[points[:, 2] >= (points[:, 2].min() + points[:, 2].max()) / 2]
            pixels, depth = camera.project(upper)
            peak = pixels[np.argmax(upper[:, 2])]
            if (depth > 0).all() and 0 <= peak[0] <= camera.width and 0 <= peak[1] <= camera.height:
                found.append((*pixels.min(axis=0).tolist(), *pixels.max(axis=0).tolist()))
    return found


CUT_OPEN = ("cellars_cut", "cellars_mesh_cut", "cut_water")
"""Layers of faces of a cut that it was made to show."""
MOST_OPENED = 40


def _opened(scene: Scene, camera: Camera) -> list[Box]:
    """Faces of cellars and of water in a cut, each by itself."""
    found: list[Box] = []
    for layer in scene.layers:
        if not (isinstance(layer, MeshLayer) and layer.visible and len(layer.triangles)) or layer.name not in CUT_OPEN:
            continue
        owner = np.zeros(len(layer.triangles), np.int64) if layer.owner is None else layer.owner
        for row in np.unique(owner)[:MOST_OPENED]:
            pixels, depth = camera.project(layer.vertices[np.unique(layer.triangles[owner == row])])
            box = (*pixels.min(axis=0).tolist(), *pixels.max(axis=0).tolist())
            if (depth > 0).all() and meet(box, (0.0, 0.0, camera.width, camera.height)):
                found.append(box)
    return found
