"""What is read: factors at points, or at the cells of a raster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Raster(NamedTuple):
    """A grid that factors lie on, north up.

    Attributes
    ----------
    west, north : float
        Of its outer edges [m].
    width, height : float
        Of a cell [m].
    shape : (int, int)
        Rows and columns.
    """

    west: float
    north: float
    width: float
    height: float
    shape: tuple[int, int]


@dataclass(frozen=True, eq=False, repr=False)
class Factors:
    """Factors at points, or at the cells of a raster.

    Parameters
    ----------
    xy : (N, 2) float64
        In the CRS of the city [m].
    values : (N, D) float64
        Local speed over that of the reference.
    directions_deg : (D,) float64
        Rising, evenly round.
    level : (N,) of str
        ``"street"`` where the file says nothing.
    names : (N,) of str
    raster : Raster, optional
        With it N is all of its cells, row by row from the north; those where nothing was computed are NaN.
    notes : tuple of str
        What was found in the file, for people.
    """

    xy: NDArray[np.float64]
    values: NDArray[np.float64]
    directions_deg: NDArray[np.float64]
    level: NDArray[Any]
    names: NDArray[Any]
    raster: Raster | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.xy)

    def __repr__(self) -> str:
        kind = "points" if self.raster is None else "cells"
        return f"<Factors: {len(self):,} {kind}, {len(self.directions_deg)} directions>"
