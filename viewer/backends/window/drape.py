"""Fields on their floors, without gaps between cells that lie level, or nearly so."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewer import style
from viewer.scene import FieldLayer, Legend

STEP_M = 0.4
"""Cells whose heights differ by more do not meet: one is a floor above the other."""

ROOF_STEP_M = 1.8
"""Likewise on roofs, which slope."""


class Drape:
    """A field as squares that share their corners.

    Parameters
    ----------
    layer : FieldLayer
    lift : float
        How far above the floor it is drawn [m].
    """

    def __init__(self, layer: FieldLayer, lift: float) -> None:
        self.layer = layer
        height = layer.height.astype(np.float32) + np.float32(lift)
        # north-west, south-west, south-east, north-east: the mean of the cells that meet there
        step = ROOF_STEP_M if layer.roofs else STEP_M
        self._corners = np.stack([_meeting(height, i, j, step) for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1))], axis=-1)

    def mesh(self, legend: Legend, time: float) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.uint8]]:
        """Vertices (4 N, 3), triangles (2 N, 3) and RGBA of each vertex at a moment."""
        layer = self.layer
        classes = style.classify(layer.frame(time), legend)
        row, column = np.nonzero((classes >= 0) & np.isfinite(layer.height))
        west, east = layer.west + column * layer.cell, layer.west + (column + 1) * layer.cell
        north, south = layer.north - row * layer.cell, layer.north - (row + 1) * layer.cell
        x, y = np.stack([west, west, east, east], axis=1), np.stack([north, south, south, north], axis=1)
        vertices = np.stack([x, y, self._corners[row, column]], axis=-1).reshape(-1, 3)
        base = 4 * np.arange(len(row), dtype=np.int32)[:, None]
        faces = np.concatenate([base + np.array([0, 1, 2], np.int32), base + np.array([0, 2, 3], np.int32)], axis=1).reshape(-1, 3)
        colours = np.full((len(row), 4), round(255 * layer.opacity), np.uint8)
        colours[:, :3] = style.class_colours(legend)[classes[row, column]]
        return vertices, faces, np.repeat(colours, 4, axis=0)


def _meeting(height: NDArray[np.float32], down: int, right: int, step: float) -> NDArray[np.float32]:
    """Height of one corner of each cell."""
    padded = np.pad(height, 1, constant_values=np.nan)
    rows, columns = height.shape
    near = [padded[1 + i : 1 + i + rows, 1 + j : 1 + j + columns] for i in (0, down) for j in (0, right)]
    every = np.stack(near)
    meets = np.abs(every - height) <= step
    count = np.maximum(meets.sum(axis=0), 1)
    return np.asarray(np.where(meets, every, 0.0).sum(axis=0) / count, dtype=np.float32)
