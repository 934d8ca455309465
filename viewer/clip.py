"""Triangles cut by a plane: what is left of them, and the outlines and faces of the cut."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.plots.slicing import SNAP_M, closed_outline

GAP_M = 1.0
"""Gaps in an outline up to this are closed [m]."""

MOST_CROSSINGS = 12
"""Rounds in which lines that cross between two of their ends are told apart."""

FOOT_M = 2.0
"""Ends within this of the lowest of an outline are at its foot [m]."""


class Plane(NamedTuple):
    """A plane with axes of its own: `right` is level, `up` is what is up in it as seen from where `normal` points to.

    All (3,) float64; `offset` is the plane's distance from the origin along its normal [m].
    """

    normal: NDArray[np.float64]
    right: NDArray[np.float64]
    up: NDArray[np.float64]
    offset: float

    @classmethod
    def of(cls, point: tuple[float, float, float], normal: tuple[float, float, float]) -> Plane:
        """The plane through a point, with a normal of any length but 0."""
        n = np.asarray(normal, dtype=np.float64)
        n = n / np.linalg.norm(n)
        flat = float(np.hypot(n[0], n[1]))
        right = np.array([-n[1], n[0], 0.0]) / flat if flat > 1e-9 else np.array([1.0, 0.0, 0.0])
        return cls(n, right, np.cross(n, right), float(n @ np.asarray(point, dtype=np.float64)))

    def before(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far points (N, 3) lie on the side that is taken away, (N,) [m]; negative on the side that stays."""
        return np.asarray(points @ self.normal - self.offset)

    def flat(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (..., 3) in the plane's axes, (..., 2)."""
        return np.stack([points @ self.right, points @ self.up], axis=-1)

    def placed(self, flat: NDArray[np.float64], forward: float = 0.0) -> NDArray[np.float64]:
        """Places (N, 2) in the plane's axes as points (N, 3), `forward` [m] before the plane."""
        at = flat[:, :1] * self.right + flat[:, 1:] * self.up
        return np.asarray(at + (self.offset + forward) * self.normal)


class Clipped(NamedTuple):
    """What a plane leaves of triangles.

    Parameters
    ----------
    vertices : (V, 3) float64
    triangles : (T, 3) int32
    source : (T,) int64
        Row of the triangle that each is a part of.
    segments : (S, 2, 3) float64
        Where the plane goes through.
    through : (S,) int64
        Row of the triangle that each segment crosses.
    """

    vertices: NDArray[np.float64]
    triangles: NDArray[np.int32]
    source: NDArray[np.int64]
    segments: NDArray[np.float64]
    through: NDArray[np.int64]


def clip(vertices: NDArray[np.float64], triangles: NDArray[np.int32], plane: Plane, *, keep_before: bool = False) -> Clipped:
    """Cut triangles by a plane and keep what lies behind it, or before it.

    A vertex in the plane counts as before it by a hair, so a closed mesh gives closed outlines whatever way it lies.

    Parameters
    ----------
    vertices : (V, 3) float64
    triangles : (T, 3) int32
    plane : Plane
    keep_before : bool
        Keep what is otherwise taken away.
    """
    before = plane.before(vertices)
    front = before >= 0.0
    gone = ~front if keep_before else front
    corner_gone = gone[triangles]
    count = corner_gone.sum(axis=1)
    whole = np.flatnonzero(count == 0)
    cut = np.flatnonzero((count == 1) | (count == 2))
    faces = triangles[cut].astype(np.int64)
    # turn each so that the corner that is alone on its side comes first
    alone = np.where(count[cut] == 1, corner_gone[cut].argmax(axis=1), (~corner_gone[cut]).argmax(axis=1))
    turn = (alone[:, None] + np.arange(3)) % 3
    faces = np.take_along_axis(faces, turn, axis=1)
    one, two, three = faces.T
    first, second = _meets(vertices, before, one, two), _meets(vertices, before, one, three)
    base, size = len(vertices), len(faces)
    p, q = base + np.arange(size), base + size + np.arange(size)
    single = count[cut] == 2  # one corner stays: one triangle; else two
    pieces = [
        triangles[whole].astype(np.int64),
        np.column_stack([one, p, q])[single],
        np.column_stack([p, two, three])[~single],
        np.column_stack([p, three, q])[~single],
    ]
    return Clipped(
        np.concatenate([vertices, first, second]),
        np.concatenate(pieces).astype(np.int32),
        np.concatenate([whole, cut[single], cut[~single], cut[~single]]),
        np.stack([first, second], axis=1),
        cut,
    )


def _meets(
    vertices: NDArray[np.float64], before: NDArray[np.float64], a: NDArray[np.int64], b: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Where edges meet the plane; the same to the bit from either end."""
    low, high = np.minimum(a, b), np.maximum(a, b)
    share = before[low] / (before[low] - before[high])
    return np.asarray(vertices[low] + share[:, None] * (vertices[high] - vertices[low]))


def compacted(vertices: NDArray[np.float64], triangles: NDArray[np.int32]) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """The same triangles over the vertices that they use."""
    used = np.zeros(len(vertices), bool)
    used[triangles.ravel()] = True
    number = np.cumsum(used) - 1
    return vertices[used], number[triangles].astype(np.int32).reshape(-1, 3)


def faces_of(segments: NDArray[np.float64], *, upright: bool = True) -> shapely.MultiPolygon:
    """The inside of outlines that are given as loose edges, by the rule of even and odd.

    Edges that are there twice are walls within a thing and count for nothing. Gaps of up to a metre are closed, and in an upright
    cut also gaps at the foot, such as of a house without a floor; an outline that stays open, as of a single wall, has no inside.

    Parameters
    ----------
    segments : (S, 2, 2) float64
        Along and up.
    upright : bool
        Whether the second axis points up.
    """
    ends = np.rint(segments.reshape(-1, 2) / SNAP_M).astype(np.int64)
    points, node = np.unique(ends, axis=0, return_inverse=True)
    pairs = np.sort(node.reshape(-1, 2), axis=1)
    pairs, times = np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0, return_counts=True)
    pairs = pairs[times % 2 == 1]
    if len(pairs) < 2:
        return shapely.MultiPolygon()
    at = np.asarray(points * SNAP_M, dtype=np.float64)
    area, _ = closed_outline(at[np.concatenate([pairs, _closing(pairs, at, upright)])])
    return shapely.MultiPolygon([part for part in shapely.get_parts(area) if part.geom_type == "Polygon"])


def _closing(pairs: NDArray[np.int64], at: NDArray[np.float64], upright: bool) -> NDArray[np.int64]:
    """Lines between loose ends, the nearest two first, (L, 2)."""
    low, high = at[pairs.ravel(), 1].min(), at[pairs.ravel(), 1].max()
    foot = low + min(0.25 * (high - low), FOOT_M) if upright else -np.inf
    loose = np.flatnonzero(np.bincount(pairs.ravel(), minlength=len(at)) % 2 == 1)
    if len(loose) > 400:  # no thing that is meant to be closed has so many
        return np.empty((0, 2), np.int64)
    made = []
    left = loose.tolist()
    while len(left) > 1:
        spots = at[left]
        away = np.hypot(*(spots[:, None] - spots[None]).transpose(2, 0, 1))
        np.fill_diagonal(away, np.inf)
        i, j = np.unravel_index(int(away.argmin()), away.shape)
        if away[i, j] <= GAP_M or max(spots[i, 1], spots[j, 1]) <= foot:
            made.append((left[i], left[j]))
        left = [node for k, node in enumerate(left) if k not in (i, j)]
    return np.array(made, dtype=np.int64).reshape(-1, 2)


def lowest_line(segments: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The lowest of many lines at each place along the first axis, with straight bridges over gaps.

    Parameters
    ----------
    segments : (S, 2, 2) float64
        Along and up.

    Returns
    -------
    line : (K, 2) float64
        From left to right; two points at one place are a step.
    source : (K - 1,) int64
        The segment that each piece is of, -1 for a bridge or a step.
    """
    order = np.argsort(segments[:, :, 0], axis=1)
    sides = np.take_along_axis(segments, order[:, :, None], axis=1)
    sides = sides[sides[:, 1, 0] - sides[:, 0, 0] > 1e-6]
    kept = np.flatnonzero(np.abs(segments[:, 1, 0] - segments[:, 0, 0]) > 1e-6)
    if not len(sides):
        return np.empty((0, 2)), np.empty(0, np.int64)
    slope = (sides[:, 1, 1] - sides[:, 0, 1]) / (sides[:, 1, 0] - sides[:, 0, 0])
    cuts = np.unique(np.rint(sides[:, :, 0] / SNAP_M)) * SNAP_M
    for _ in range(MOST_CROSSINGS):
        row, place = _over_each(sides, cuts)
        at_left, at_right = (sides[row, 0, 1] + slope[row] * (cuts[place + k] - sides[row, 0, 0]) for k in (0, 1))
        first, last = _lowest(place, at_left, at_right), _lowest(place, at_right, at_left)
        # where two lines cross in between, the lower one changes there
        rise = slope[row[first]] - slope[row[last]]
        crossed = np.flatnonzero((first != last) & (np.abs(rise) > 1e-12))
        where = cuts[place[first]] + (at_left[last] - at_left[first]) / np.where(np.abs(rise) > 1e-12, rise, 1.0)
        inner = (where > cuts[place[first]] + SNAP_M) & (where < cuts[place[first] + 1] - SNAP_M)
        new = where[crossed[inner[crossed]]]
        if not len(new):
            break
        cuts = np.unique(np.concatenate([cuts, new]))
    middle = (at_left + at_right) / 2
    best = _lowest(place, middle, middle)
    if not len(best):  # every line is shorter than what counts as a length
        return np.empty((0, 2)), np.empty(0, np.int64)
    where, who = place[best], row[best]
    left = np.column_stack([cuts[where], at_left[best]])
    right = np.column_stack([cuts[where + 1], at_right[best]])
    line = np.stack([left, right], axis=1).reshape(-1, 2)
    source = np.full(len(line) - 1, -1, np.int64)
    source[::2] = kept[who]
    same = np.concatenate([[True], np.abs(np.diff(line, axis=0)).max(axis=1) > SNAP_M])
    return line[same], source[same[1:]]


def _over_each(sides: NDArray[np.float64], cuts: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which lines lie over which of the pieces between cuts: rows of `sides`, and numbers of pieces, pair by pair."""
    first = np.searchsorted(cuts, sides[:, 0, 0] - SNAP_M / 2)
    spans = np.searchsorted(cuts, sides[:, 1, 0] - SNAP_M / 2) - first
    row = np.repeat(np.arange(len(sides)), spans)
    return row, np.arange(spans.sum()) - np.repeat(np.cumsum(spans) - spans, spans) + np.repeat(first, spans)


def _lowest(place: NDArray[np.int64], height: NDArray[np.float64], then: NDArray[np.float64]) -> NDArray[np.int64]:
    """For each piece the pair that is lowest, of equals the one that is lower by `then`."""
    order = np.lexsort((then, np.rint(height / SNAP_M), place))
    return np.asarray(order[np.unique(place[order], return_index=True)[1]])
