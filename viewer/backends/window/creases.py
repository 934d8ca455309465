"""Edges of buildings and other solids, as lines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewer.backends import light
from viewer.backends.window.packing import Packing

SHARPEST = 0.82
"""Cosine between two faces below which their edge is drawn (35 degrees)."""
MOST_LINES = 120_000
"""More lines than this are drawn near the place that one looks at only: far away they are finer than a pixel."""


class Creases:
    """Sharp edges of a packing.

    Parameters
    ----------
    packing : Packing
    """

    def __init__(self, packing: Packing) -> None:
        drawn = (packing.kind == light.BUILDING) | (packing.kind == light.SOLID)
        edged = [one.edges or one.group in ("buildings", "bridges") for one in packing.layers]
        if len(edged):
            drawn &= np.array(edged)[packing.layer]
        which = np.flatnonzero(drawn)
        self.ends = np.empty((0, 2, 3), np.float32)
        self._layer = np.empty(0, np.int16)
        if len(which):
            self._find(packing, which)

    def _find(self, packing: Packing, which: NDArray[np.int64]) -> None:
        corners = packing.corners[which]
        thing = packing.row[which].astype(np.int64) * 1024 + packing.layer[which]
        at, self.ends = sharp_edges(corners, packing.normal[which], thing)
        self._layer = packing.layer[which][at]

    def near(self, packing: Packing, visible: dict[str, bool], place: NDArray[np.float64]) -> NDArray[np.float32]:
        """Lines (N, 2, 3) of the layers that are shown; when there are too many, those nearest to a place."""
        if not len(self.ends):
            return self.ends
        shown = np.array([visible.get(one.name, one.visible) for one in packing.layers])[self._layer]
        lines = self.ends[shown]
        if len(lines) <= MOST_LINES:
            return lines
        far = ((lines[:, 0, :2] - place[:2].astype(np.float32)) ** 2).sum(axis=1)
        return lines[np.argpartition(far, MOST_LINES)[:MOST_LINES]]


def sharp_edges(
    corners: NDArray[np.float32], normal: NDArray[np.float32], thing: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Edges between faces that meet at an angle, and those of one face only.

    Parameters
    ----------
    corners : (T, 3, 3) float32
    normal : (T, 3) float32
    thing : (T,) int64
        Number of the object; faces of different ones do not meet.

    Returns
    -------
    triangle : (N,) int64
        One that has the edge.
    ends : (N, 2, 3) float32
    """
    # corners of one object at one place (to 5 mm) are one corner; others keep their own, so party walls have edges
    spot = np.rint(corners.reshape(-1, 3) * 200.0).astype(np.int64).astype(np.uint64)
    key = spot[:, 0] * np.uint64(0x9E3779B97F4A7C15) ^ spot[:, 1] * np.uint64(0xC2B2AE3D27D4EB4F)
    key ^= spot[:, 2] * np.uint64(0x165667B19E3779F9) ^ np.repeat(thing, 3).astype(np.uint64) * np.uint64(0x27D4EB2F165667C5)
    key = (key ^ (key >> np.uint64(29))).reshape(-1, 3)
    a, b = key, np.roll(key, -1, axis=1)
    edge = (np.minimum(a, b) * np.uint64(0x9E3779B97F4A7C15) + np.maximum(a, b)).ravel()
    order = np.argsort(edge, kind="stable")
    first = np.flatnonzero(np.append(True, edge[order][1:] != edge[order][:-1]))
    count = np.diff(np.append(first, len(order)))
    one, other = order[first] // 3, order[np.minimum(first + 1, len(order) - 1)] // 3
    flat = np.einsum("ij,ij->i", normal[one], normal[other]) > SHARPEST
    sharp = first[~((count == 2) & flat)]
    at, side = order[sharp] // 3, order[sharp] % 3
    return at, np.stack([corners[at, side], corners[at, (side + 1) % 3]], axis=1)
