"""What the slow references of the models share: people as plain arrays, and the points of walls that count."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Plain(NamedTuple):
    """People and walls around them.

    Attributes
    ----------
    at : (N, 2) float64
        Where each stands [m].
    velocity : (N, 2) float64
        [m/s]
    heading : (N, 2) float64
        Unit vectors; zero for who has not walked yet.
    radius : (N,) float64
        [m]
    desired : (N,) float64
        Speed on a free flat floor [m/s].
    want : (N, 2) float64
        Unit vector of the way each wants to go; zero for who wants to go nowhere.
    want_speed : (N,) float64
        [m/s]
    standing : (N,) bool
        Who stays where it is and only gives way.
    seen : (N, N) bool
        Whether person i sees person j.
    walls : (S, 4) float64
        Segments x0, y0, x1, y1 [m].
    person : (N,) int32
        Number of each in the whole crowd.
    bound : (N,) int32
        Goal that each is bound for; -1 for none.
    seed : int
    time : float
        When the step begins [s].
    """

    at: NDArray[np.float64]
    velocity: NDArray[np.float64]
    heading: NDArray[np.float64]
    radius: NDArray[np.float64]
    desired: NDArray[np.float64]
    want: NDArray[np.float64]
    want_speed: NDArray[np.float64]
    standing: NDArray[np.bool_]
    seen: NDArray[np.bool_]
    walls: NDArray[np.float64]
    person: NDArray[np.int32]
    bound: NDArray[np.int32]
    seed: int
    time: float


class Moved(NamedTuple):
    """What a model makes of people.

    Attributes
    ----------
    velocity : (N, 2) float64
        For the coming step [m/s].
    heading : (N, 2) float64
    pressure : (N,) float64
        [N/m]
    """

    velocity: NDArray[np.float64]
    heading: NDArray[np.float64]
    pressure: NDArray[np.float64]


def others(people: Plain, i: int) -> list[int]:
    """Everybody whom person i sees."""
    return [j for j in range(len(people.at)) if j != i and people.seen[i, j]]


def nearest_on_segment(x: float, y: float, segment: NDArray[np.float64]) -> NDArray[np.float64]:
    """The point of a segment that is nearest to (x, y)."""
    start, end = np.asarray(segment[0:2], float), np.asarray(segment[2:4], float)
    along = end - start
    length2 = float(along @ along)
    if length2 == 0.0:
        return start
    share = float((np.array([x, y]) - start) @ along) / length2
    return start + min(1.0, max(0.0, share)) * along


def wall_points(x: float, y: float, segments: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """The nearest point of every wall segment, those that two segments share counted once."""
    seen: list[NDArray[np.float64]] = []
    for segment in segments:
        nearest = nearest_on_segment(x, y, segment)
        on_end = any(np.array_equal(nearest, end) for end in (segment[0:2], segment[2:4]))
        if on_end and _hides(nearest, x, y, segments):
            continue
        if not (on_end and any(np.allclose(nearest, other, atol=1e-12) for other in seen)):
            seen.append(nearest)
    return seen


def _hides(end: NDArray[np.float64], x: float, y: float, segments: NDArray[np.float64]) -> bool:
    """Whether another segment that ends in `end` comes nearer: then the end is not a corner that sticks out."""
    for segment in segments:
        joined = np.array_equal(segment[0:2], end) or np.array_equal(segment[2:4], end)
        if joined:
            nearest = nearest_on_segment(x, y, segment)
            if math.dist(nearest, (x, y)) < math.dist(end, (x, y)) - 1e-15:
                return True
    return False
