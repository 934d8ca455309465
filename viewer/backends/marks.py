"""Lines and dots of a width in the picture, as triangles that face the camera."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewer.backends.camera import Camera
from viewer.backends.figures import Mesh
from viewer.scene import LineLayer, PointLayer

CORNERS = 8
"""Of a dot."""

TOWARD = 0.002
"""Marks are drawn nearer to the camera by this share of their distance, so that they are not half within what they lie on."""


def ribbons(layer: LineLayer, camera: Camera) -> Mesh:
    """Polylines as bands as wide as `layer.width` pixels."""
    starts = [path[:-1] for path in layer.paths if len(path) > 1]
    ends = [path[1:] for path in layer.paths if len(path) > 1]
    if not starts:
        return np.empty((0, 3)), np.empty((0, 3), np.int32), np.empty((0, 3), np.uint8)
    one, two = _nearer(np.concatenate(starts), camera), _nearer(np.concatenate(ends), camera)
    toward = _toward((one + two) / 2, camera)
    across = np.cross(two - one, toward)
    size = np.linalg.norm(across, axis=1, keepdims=True)
    across = np.divide(across, size, out=np.broadcast_to(camera.right, across.shape).copy(), where=size > 1e-9)
    first, second = (0.5 * layer.width * across * _metres(end, camera)[:, None] for end in (one, two))
    vertices = np.stack([one - first, one + first, two + second, two - second], axis=1).reshape(-1, 3)
    base = 4 * np.arange(len(one))[:, None]
    faces = np.concatenate([base + np.array([0, 1, 2]), base + np.array([0, 2, 3])], axis=1).reshape(-1, 3).astype(np.int32)
    return vertices, faces, np.broadcast_to(np.array(layer.colour, np.uint8), (len(faces), 3)).copy()


def dots(layer: PointLayer, camera: Camera) -> Mesh:
    """Points as discs of `layer.size_px` pixels."""
    if not len(layer.points):
        return np.empty((0, 3)), np.empty((0, 3), np.int32), np.empty((0, 3), np.uint8)
    middle = _nearer(layer.points, camera)
    radius = 0.5 * layer.size_px * _metres(middle, camera)
    angle = 2 * np.pi * np.arange(CORNERS) / CORNERS
    ring = np.cos(angle)[:, None] * camera.right + np.sin(angle)[:, None] * camera.up
    vertices = (middle[:, None] + radius[:, None, None] * ring).reshape(-1, 3)
    fan = np.column_stack([np.zeros(CORNERS - 2), np.arange(1, CORNERS - 1), np.arange(2, CORNERS)]).astype(np.int32)
    faces = (fan[None] + CORNERS * np.arange(len(middle), dtype=np.int32)[:, None, None]).reshape(-1, 3)
    return vertices, faces, np.repeat(layer.colours, len(fan), axis=0)


def _toward(points: NDArray[np.float64], camera: Camera) -> NDArray[np.float64]:
    """From points towards the camera, (N, 3), not of length 1."""
    return np.broadcast_to(-camera.forward, points.shape) if camera.parallel else camera.eye - points


def _nearer(points: NDArray[np.float64], camera: Camera) -> NDArray[np.float64]:
    toward = _toward(points, camera)
    return np.asarray(points + TOWARD * (camera.distance * toward if camera.parallel else toward))


def _metres(points: NDArray[np.float64], camera: Camera) -> NDArray[np.float64]:
    """Metres a pixel at each point, (N,)."""
    depth = np.full(len(points), camera.distance) if camera.parallel else np.maximum((points - camera.eye) @ camera.forward, 0.1)
    return np.asarray(2 * camera.tan_half * depth / camera.height)
