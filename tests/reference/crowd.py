"""What `twin.sim.crowd` should find when it sorts people; the references of the models stand beside their kernels."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def sort_by_cell(
    x: NDArray[np.float64], y: NDArray[np.float64], west: float, north: float, tall: float, wide: float, rows: int, columns: int
) -> list[list[int]]:
    """Who stands in each cell, row by row; points beyond the grid belong to its edge."""
    out: list[list[int]] = [[] for _ in range(rows * columns)]
    for i in range(len(x)):
        c = min(max(math.floor((x[i] - west) * (1.0 / wide)), 0), columns - 1)
        r = min(max(math.floor((north - y[i]) * (1.0 / tall)), 0), rows - 1)
        out[r * columns + c].append(i)
    return out
