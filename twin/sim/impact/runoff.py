"""Rain on roofs: it runs off to the cells beside the building."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from twin.sim.impact.inertial import OUTSIDE, WALL


def beside(number: NDArray[np.int32], gets: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cells that share a side with things: numbers of the things, and of the cells in the flat grid, each pair once.

    Parameters
    ----------
    number : (R, C) int32
        Of the thing that each cell belongs to; below 0 for none.
    gets : (R, C) bool
        Which cells count.
    """
    cells = np.arange(number.size, dtype=np.int64).reshape(number.shape)
    found = []
    for here, there in (
        (np.s_[1:, :], np.s_[:-1, :]), (np.s_[:-1, :], np.s_[1:, :]), (np.s_[:, 1:], np.s_[:, :-1]), (np.s_[:, :-1], np.s_[:, 1:]),
    ):  # fmt: skip
        pair = gets[here] & (number[there] >= 0)
        found.append(np.stack([number[there][pair].astype(np.int64), cells[here][pair]]))
    things, where = np.unique(np.concatenate(found, axis=1), axis=1)
    return things, where


def roof_supply(number: NDArray[np.int32], kind: NDArray[np.uint8]) -> tuple[NDArray[np.float64], float]:
    """How much rain each cell gets: its own, and an even part of that on the buildings beside it.

    A building without ground or water beside it gives its rain to what lies around the block that it is a part of.

    Parameters
    ----------
    number : (R, C) int32
        Of the building that each cell belongs to; -1 for none.
    kind : (R, C) uint8
        As in `inertial.Ground`; `WALL` where there is a building.

    Returns
    -------
    supply : (R, C) float64
        In cells of rain: 1 on ground and open water, and what runs off roofs; 0 on walls and beyond the area.
    lost : float
        Cells of roof whose rain reaches no ground: their blocks fill the area from edge to edge.
    """
    gets = (kind != WALL) & (kind != OUTSIDE)
    supply = gets.astype(np.float64)
    roofs = np.bincount(number[number >= 0].astype(np.int64), minlength=1).astype(np.float64)
    things, cells = beside(number, gets)
    sides = np.bincount(things, minlength=len(roofs))
    np.add.at(supply.reshape(-1), cells, (roofs / np.maximum(sides, 1))[things])
    shut = (roofs > 0) & (sides == 0)
    if not shut.any():
        return supply, 0.0
    block, _ = label(number >= 0)
    block = block.astype(np.int32) - 1
    inner = (number >= 0) & shut[np.maximum(number, 0)]
    left = np.bincount(block[inner].astype(np.int64), minlength=int(block.max()) + 1).astype(np.float64)
    things, cells = beside(block, gets)
    sides = np.bincount(things, minlength=len(left))
    np.add.at(supply.reshape(-1), cells, (left / np.maximum(sides, 1))[things])
    return supply, float(left[sides == 0].sum())


def deepest_beside(
    number: NDArray[np.int32], depth: NDArray[np.float64], ground: NDArray[np.bool_], count: int
) -> NDArray[np.float64]:
    """Largest depth on the cells beside each of so many buildings, (count,) float64 [m]; NaN where no ground is beside one."""
    things, cells = beside(number, ground)
    out = np.full(count, -np.inf)
    np.maximum.at(out, things, depth.reshape(-1)[cells])
    return np.where(np.isfinite(out), out, np.nan)
