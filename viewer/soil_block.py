"""Layers of the ground on cells, as a scene has them: what a cut through the ground is filled with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewer.cells import between_cells

ABOVE_M = 1.0
"""The highest layer goes up to the ground where that lies no more than this above where the soundings begin [m]."""


@dataclass(frozen=True, eq=False)
class SoilBlock:
    """Units of soil below an area.

    Parameters
    ----------
    west, north : float
        Outer corner of cell (0, 0), local [m].
    cell : float
        [m]
    units : tuple of str
        Class of each from the top down, as `viewer.style.SOILS` has it.
    heights : (U + 1, H, W) float32
        Of the boundaries in the middle of cells, from the ground down, local [m].
    certainty : (U, H, W) uint8
        How well the bottom of each is known, places in `twin.sim.impact.soil.between.CERTAINTY`.
    """

    west: float
    north: float
    cell: float
    units: tuple[str, ...]
    heights: NDArray[np.float32]
    certainty: NDArray[np.uint8]

    def heights_at(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Heights of the boundaries at places (N, 2), between cells in a straight line, (N, U + 1); NaN outside."""
        return between_cells(self.heights.astype(np.float64), self.west, self.north, self.cell, points).T

    def certainty_at(self, points: NDArray[np.float64]) -> NDArray[np.uint8]:
        """How well the bottoms are known at places (N, 2), (N, U); nothing is known outside."""
        rows, columns = self.heights.shape[1:]
        j = np.floor((points[:, 0] - self.west) / self.cell).astype(int)
        i = np.floor((self.north - points[:, 1]) / self.cell).astype(int)
        inside = (j >= 0) & (j < columns) & (i >= 0) & (i < rows)
        found = self.certainty[:, np.clip(i, 0, rows - 1), np.clip(j, 0, columns - 1)]
        return np.where(inside, found, np.uint8(3)).T

    def reaching(self, heights: NDArray[np.float64], top: NDArray[np.float64]) -> NDArray[np.float64]:
        """Boundaries (N, U + 1) below ground at some heights (N,): the highest layer goes up to it where it is near enough."""
        over = (top - heights[:, 0])[:, None]
        highest = heights >= heights[:, :1] - 1e-3
        raised = np.where(highest & (over >= 0) & (over <= ABOVE_M), top[:, None], heights)
        return np.asarray(np.minimum(raised, top[:, None]))
