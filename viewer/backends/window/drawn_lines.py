"""Lines and points of a scene as arrays: polylines, leaders of remarks, measured lengths with their ticks, clouds of points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewer.scene import AnnotationLayer, Colour, LineLayer, PointLayer, Scene

TICK = 0.04
"""Length of the tick at an end of a measured line, in its length."""

Lines = tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.uint8]]


def layer_lines(scene: Scene, shift: NDArray[np.float64]) -> Lines:
    """Points, cells and colours of the lines of all visible layers; widths are those of the window."""
    parts: list[tuple[NDArray[np.float64], Colour]] = []
    for layer in scene.layers:
        if isinstance(layer, LineLayer) and layer.visible:
            parts += [(np.stack([path[:-1], path[1:]], axis=1), layer.colour) for path in layer.paths if len(path) > 1]
        elif isinstance(layer, AnnotationLayer) and layer.visible and len(layer.starts):
            parts.append((np.stack([layer.starts, layer.ends], axis=1), layer.colour))
            if layer.dimension:
                parts.append((_ticks(layer.starts, layer.ends), layer.colour))
    if not parts:
        return np.empty((0, 3), np.float32), np.empty((0, 2), np.int32), np.empty((0, 3), np.uint8)
    ends = np.concatenate([part for part, _ in parts]).reshape(-1, 3)
    colours = np.concatenate([np.broadcast_to(np.array(colour, np.uint8), (2 * len(part), 3)) for part, colour in parts])
    return (ends - shift).astype(np.float32), np.arange(len(ends), dtype=np.int32).reshape(-1, 2), colours


def _ticks(starts: NDArray[np.float64], ends: NDArray[np.float64]) -> NDArray[np.float64]:
    along = ends - starts
    length = np.linalg.norm(along, axis=1, keepdims=True)
    across = np.column_stack([-along[:, 1], along[:, 0], np.zeros(len(along))])
    flat = np.linalg.norm(across, axis=1, keepdims=True)
    # an upright line has its ticks to the east
    across = np.where(flat > 0.2 * length, across / np.maximum(flat, 1e-9), [1.0, 0.0, 0.0]) * np.clip(TICK * length, 0.15, 2.0)
    both = np.concatenate([starts, ends])
    side = np.concatenate([across, across])
    return np.stack([both - side, both + side], axis=1)


def layer_points(
    scene: Scene, shift: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.uint8], float]:
    """Points, cells and colours of all visible clouds of points, and the largest size of them [px]."""
    layers = [one for one in scene.layers if isinstance(one, PointLayer) and one.visible and len(one.points)]
    if not layers:
        return np.empty((0, 3), np.float32), np.empty((0, 1), np.int32), np.empty((0, 3), np.uint8), 6.0
    points = np.concatenate([one.points for one in layers])
    colours = np.concatenate([one.colours for one in layers])
    size = max(one.size_px for one in layers)
    return (points - shift).astype(np.float32), np.arange(len(points), dtype=np.int32)[:, None], colours, size
