"""People of a moment: bodies near the camera, upright marks farther away."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewer import props
from viewer.backends.camera import Camera
from viewer.backends.pack import person_colours
from viewer.scene import PeopleLayer

NEAR_M = 150.0
MOST_BODIES = 4000
"""More bodies than this are not told apart, and cost more than they show."""


@dataclass(frozen=True, eq=False)
class Moment:
    """People at a moment.

    Parameters
    ----------
    feet : (M, 3) float32
    colours : (M, 3) uint8
    ids : (M,) int32
    layer : (M,) int16
        Place in the list of layers of people.
    """

    feet: NDArray[np.float32]
    colours: NDArray[np.uint8]
    ids: NDArray[np.int32]
    layer: NDArray[np.int16]


class Crowd:
    """The people of some layers, over time.

    Parameters
    ----------
    layers : sequence of PeopleLayer
    """

    def __init__(self, layers: list[PeopleLayer]) -> None:
        self.layers = layers
        self._body = props.capsule(0.26, 1.75, 6)
        heights = self._body[0][:, 2] / 1.75
        # darker at the feet and lighter on the shoulders: a body without it is a silhouette
        self._tone = (0.72 + 0.45 * heights).astype(np.float32)

    def at(self, time: float, visible: dict[str, bool]) -> Moment:
        """Everybody who is there and shown."""
        parts = []
        for number, layer in enumerate(self.layers):
            if not visible.get(layer.name, layer.visible):
                continue
            ids, feet = layer.between(time)
            parts.append((feet, person_colours(layer.colour, ids), ids, np.full(len(ids), number, np.int16)))
        if not parts:
            return Moment(np.empty((0, 3), np.float32), np.empty((0, 3), np.uint8), np.empty(0, np.int32), np.empty(0, np.int16))
        feet, colours, ids, numbers = (np.concatenate(column) for column in zip(*parts, strict=True))
        return Moment(feet, colours, ids, numbers)

    def bodies(
        self, moment: Moment, near: NDArray[np.int64], shift: NDArray[np.float64]
    ) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.uint8]]:
        """Some of the people as bodies: vertices relative to `shift`, triangles and a colour a vertex."""
        body, faces = self._body
        size = len(body)
        feet = (moment.feet[near] - shift).astype(np.float32)
        vertices = (feet[:, None, :] + body.astype(np.float32)[None]).reshape(-1, 3)
        triangles = (faces[None] + (size * np.arange(len(near)))[:, None, None]).reshape(-1, 3).astype(np.int32)
        shaded = moment.colours[near].astype(np.float32)[:, None, :] * self._tone[None, :, None]
        shaded += 26.0 * (self._tone[None, :, None] > 1.0)
        return vertices, triangles, np.clip(shaded, 0, 255).astype(np.uint8).reshape(-1, 3)


_MARK = np.array([[-0.4, -1.0], [0.4, -1.0], [-1.0, 0.25], [1.0, 0.25], [-0.5, 1.0], [0.5, 1.0]])
_FACES = np.array([[0, 1, 3], [0, 3, 2], [2, 3, 5], [2, 5, 4]], np.int32)
_TONES = np.array([0.75, 0.75, 1.05, 1.05, 1.2, 1.2], np.float32)


def marks_of(
    moment: Moment, far: NDArray[np.int64], shift: NDArray[np.float64], camera: Camera
) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.uint8]]:
    """Some of the people as flat marks that face the camera: vertices relative to `shift`, triangles and a colour a vertex.

    Farther away they are a little wider than people are, so that a crowd can be seen.
    """
    middle = (moment.feet[far] - shift + [0.0, 0.0, 0.9]).astype(np.float32)
    depth = np.linalg.norm(moment.feet[far] - camera.eye, axis=1)
    wide = (0.26 * np.clip(depth / 250.0, 1.0, 1.6)).astype(np.float32)[:, None, None]
    level = math.sqrt(max(1.0 - float(camera.forward[2]) ** 2, 0.0))
    tall = np.float32(0.9 * level + 0.3 * (1.0 - level))
    right, up = camera.right.astype(np.float32), camera.up.astype(np.float32)
    mark = _MARK.astype(np.float32)
    vertices = middle[:, None, :] + wide * (mark[None, :, :1] * right) + tall * (mark[None, :, 1:] * up)
    triangles = (_FACES[None] + (6 * np.arange(len(far), dtype=np.int32))[:, None, None]).reshape(-1, 3)
    colours = np.clip(moment.colours[far].astype(np.float32)[:, None, :] * _TONES[None, :, None], 0, 255).astype(np.uint8)
    return vertices.reshape(-1, 3), triangles, colours.reshape(-1, 3)


def split(feet: NDArray[np.float32], eye: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """People near enough to have bodies, at most `MOST_BODIES` and then the nearest, and the others."""
    far = np.linalg.norm(feet - eye.astype(np.float32), axis=1)
    is_near = far <= NEAR_M
    if is_near.sum() > MOST_BODIES:
        limit = np.partition(far, MOST_BODIES)[MOST_BODIES]
        is_near = far < limit
    return np.flatnonzero(is_near), np.flatnonzero(~is_near)
