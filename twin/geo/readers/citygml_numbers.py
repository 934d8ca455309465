"""Coordinates of rings: text is collected and turned into numbers in bulk."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.geo.kernels.numbers import numbers_of

if TYPE_CHECKING:
    from lxml.etree import _Element

BATCH = 20_000
"""Rings whose text is kept before it becomes numbers."""


class Points(NamedTuple):
    """Points of all rings.

    Parameters
    ----------
    xyz : (V, 3) float64
        As in the file, ring after ring; z is 0 for rings of two dimensions.
    first, size : (R,) int64
        First point of each ring, and how many there are.
    bad : (R,) bool
        Whether its text is not numbers, or not a whole number of points.
    """

    xyz: NDArray[np.float64]
    first: NDArray[np.int64]
    size: NDArray[np.int64]
    bad: NDArray[np.bool_]


class RingNumbers:
    """Collects the text of rings; `points` makes arrays of them.

    Attributes
    ----------
    texts : list of str
        Text of the rings that are not numbers yet; to be appended to, a ring at a time.
    done : int
        How many rings have become numbers.
    flat : bool
        Whether a ring may be of two dimensions; set when the file says so anywhere.
    """

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.done = 0
        self.flat = False
        self._two: set[int] = set()
        self._values: list[NDArray[np.float64]] = []
        self._counts: list[NDArray[np.int64]] = []
        self._bad: list[NDArray[np.int64]] = []

    def two_next(self) -> None:
        """The next ring is of two dimensions."""
        self._two.add(self.done + len(self.texts))

    def note_dimension(self, element: _Element) -> None:
        """Look up of how many dimensions the next ring is."""
        if _dimension(element) == "2":
            self.two_next()

    def flush_if_many(self) -> None:
        """Turn text into numbers when there is much of it."""
        if len(self.texts) > BATCH:
            self.flush()

    def flush(self) -> None:
        """Turn all text into numbers."""
        texts = self.texts
        if not texts:
            return
        joined = "\0".join(texts) + "\0"
        values, ends, bad = numbers_of(joined.encode("utf-8", "replace"), len(texts))
        self._values.append(values)
        self._counts.append(np.diff(ends, prepend=0))
        if len(bad):
            self._bad.append(np.unique(np.searchsorted(ends, bad, side="right")) + self.done)
        self.done += len(texts)
        texts.clear()

    def points(self) -> Points:
        """Points of all rings; lets go of the numbers."""
        self.flush()
        values = np.concatenate(self._values) if self._values else np.empty(0)
        counts = np.concatenate(self._counts) if self._counts else np.empty(0, np.int64)
        self._values, self._counts = [], []
        dimension = np.full(len(counts), 3)
        dimension[list(self._two)] = 2
        bad = counts % dimension != 0
        for rings in self._bad:
            bad[rings] = True
        size = np.where(bad, 0, counts // dimension)
        if not bad.any() and not self._two:
            return Points(values.reshape(-1, 3), np.cumsum(size) - size, size, bad)
        start = np.cumsum(counts) - counts
        first = np.cumsum(size) - size
        ring = np.repeat(np.arange(len(size)), size)
        at = start[ring] + (np.arange(len(ring)) - first[ring]) * dimension[ring]
        xyz = np.zeros((len(ring), 3))
        xyz[:, 0], xyz[:, 1] = values[at], values[at + 1]
        high = dimension[ring] == 3
        xyz[high, 2] = values[at[high] + 2]
        return Points(xyz, first, size, bad)

    @property
    def two_dimensional(self) -> int:
        """How many rings have no heights."""
        return len(self._two)


MAX_TIN_POINTS = 1_000_000


def delaunay(text: str) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Points (P, 3) of a text, and triangles (T, 3) of them that are Delaunay on the map; none where there cannot be."""
    from scipy.spatial import Delaunay, QhullError

    none = np.empty((0, 3), dtype=np.int64)
    values, _, bad = numbers_of(text.encode("utf-8", "replace") + b"\0", 1)
    if len(values) % 3 or len(bad) or not np.isfinite(values).all() or not 9 <= len(values) <= 3 * MAX_TIN_POINTS:
        return np.empty((0, 3)), none
    points = values.reshape(-1, 3)
    try:
        found = Delaunay(points[:, :2] - points[0, :2]).simplices.astype(np.int64)
    except (QhullError, ValueError):
        return points, none
    a, b, c = (points[found[:, k], :2] for k in range(3))
    down = (b - a)[:, 0] * (c - a)[:, 1] < (b - a)[:, 1] * (c - a)[:, 0]
    found[down] = found[down][:, ::-1]
    return points, found


def _dimension(element: _Element) -> str:
    """Number of coordinates of a point, as the nearest element that states it says."""
    stated = element.get("srsDimension")
    if stated is None:
        stated = next((found for up in element.iterancestors() if (found := up.get("srsDimension")) is not None), "3")
    return str(stated).strip()
