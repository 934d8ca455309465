"""What is measured of a crowd on the floor: the cells, level of service, limits."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.errors import GridError
from twin.fruin import FRUIN_M2, borders
from twin.fruin import QUEUEING_M2 as QUEUEING_M2
from twin.fruin import STAIRWAY_M2 as STAIRWAY_M2
from twin.fruin import WALKWAY_M2 as WALKWAY_M2
from twin.jit import njit

SMOOTHING_M = 0.7
"""Standard deviation of the Gaussian that spreads a person over the floor (Helbing et al. 2007) [m]."""

LOS_SCHEMES = FRUIN_M2

DENSE_PER_M2 = 4.0
"""A moving crowd denser than this is crowded by the usual planning limit (Still 2014; Fruin 1993) [1/m2]."""

TURBULENT_PRESSURE = 0.02
"""Crowd pressure beyond which dense crowds were seen to become turbulent (Helbing, Johansson, Al-Abideen 2007) [1/s2]."""

OCCUPIED_PER_M2 = 0.01
"""Below this highest density a cell counts as never used [1/m2]."""


class DensityGrid(NamedTuple):
    """Cells on which density is given.

    Attributes
    ----------
    west, north, cell : float
        Outer corner of cell (0, 0) and side [m], local.
    area : (L, H, W) float64
        Floor in each cell [m2].
    reach : (L, H, W) float64
        Floor within reach of the Gaussian, weighted by it [m2].
    weights : (2 K + 1,) float64
        The Gaussian in one direction, sum 1.
    """

    west: float
    north: float
    cell: float
    area: NDArray[np.float64]
    reach: NDArray[np.float64]
    weights: NDArray[np.float64]


def density_grid(mask: NDArray[np.bool_], west: float, north: float, cell: float, factor: int) -> DensityGrid:
    """The density cells of a floor: `factor` by `factor` navigation cells each.

    Parameters
    ----------
    mask : (L, H, W) bool
        Navigation cells that are floor.
    west, north, cell : float
        Of the navigation cells [m].
    factor : int

    Raises
    ------
    GridError
        When the factor is below 1.
    """
    if factor < 1:
        raise GridError(f"density cells of {factor} navigation cells are not possible")
    levels, rows, columns = mask.shape
    down, across = -(-rows // factor), -(-columns // factor)
    padded = np.zeros((levels, down * factor, across * factor), np.float64)
    padded[:, :rows, :columns] = mask
    area = padded.reshape(levels, down, factor, across, factor).sum(axis=(2, 4)) * cell * cell
    side = cell * factor
    taps = max(1, int(np.ceil(3.0 * SMOOTHING_M / side)))
    weights = np.exp(-0.5 * (np.arange(-taps, taps + 1) * side / SMOOTHING_M) ** 2)
    weights /= weights.sum()
    return DensityGrid(west, north, side, area, _blur(area, weights), weights)


def level_of_service(density: NDArray[np.float32], scheme: str = "walkway") -> NDArray[np.uint8]:
    """Fruin's class at a density: 1 to 6 for A to F, 0 where nobody is.

    Raises
    ------
    ParameterError
        When there is no such scheme.
    """
    bounds = np.array(borders(scheme))
    classes = np.searchsorted(bounds, density, side="left") + 1
    return np.where(density > OCCUPIED_PER_M2, classes, 0).astype(np.uint8)


@njit()
def _blur(values, weights):
    """Separable convolution; nothing comes from beyond the edge. Empty rows are skipped."""
    levels, rows, columns = values.shape
    taps = weights.shape[0] // 2
    across = np.zeros(values.shape)
    out = np.zeros(values.shape)
    for level in range(levels):
        used = np.zeros(rows, np.bool_)
        for r in range(rows):
            for c in range(columns):
                v = values[level, r, c]
                if v != 0.0:
                    used[r] = True
                    for k in range(max(-taps, -c), min(taps, columns - 1 - c) + 1):
                        across[level, r, c + k] += v * weights[k + taps]
        for r in range(rows):
            if used[r]:
                for k in range(max(-taps, -r), min(taps, rows - 1 - r) + 1):
                    w = weights[k + taps]
                    for c in range(columns):
                        out[level, r + k, c] += across[level, r, c] * w
    return out
