"""The line of a section, straight or with bends, and where along it things lie once it is unrolled."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.errors import ParameterError
from twin.plots.slicing import Plane, crossings, intervals

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

LEAST_M = 1.0
"""No section is shorter [m]."""
STRAIGHT_DEG = 0.05
"""A line that turns less has no bend there [deg]."""


class Course(NamedTuple):
    """A line in plan that is unrolled: vertical planes one after the other.

    Parameters
    ----------
    planes : tuple of Plane
    offsets : (N,) float64
        Distance along the line at which each begins [m].
    length : float
        Of the whole line [m].
    """

    planes: tuple[Plane, ...]
    offsets: NDArray[np.float64]
    length: float

    @property
    def line(self) -> shapely.LineString:
        """The line in plan."""
        last = self.planes[-1]
        return shapely.LineString([*(plane.start for plane in self.planes), last.start + last.length * last.along])

    @property
    def bends(self) -> list[tuple[float, float]]:
        """Distance along the line [m] and turn to the left [deg] of each bend."""
        made = []
        for k, (one, other) in enumerate(pairwise(self.planes)):
            across, along = one.along[0] * other.along[1] - one.along[1] * other.along[0], float(one.along @ other.along)
            made.append((float(self.offsets[k + 1]), float(np.degrees(np.arctan2(across, along)))))
        return made

    def at(self, distance: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (N, 2) at distances (N,) along the line [m]."""
        distance = np.asarray(distance, dtype=np.float64)
        leg = np.clip(np.searchsorted(self.offsets, distance, side="right") - 1, 0, len(self.planes) - 1)
        starts, ways = (np.array([getattr(plane, name) for plane in self.planes]) for name in ("start", "along"))
        return np.asarray(starts[leg] + (distance - self.offsets[leg])[:, None] * ways[leg])

    def nearest(self, point: NDArray[np.float64]) -> tuple[float, float]:
        """Distance along the line of the place nearest to a point (2,), and how far to the left of it the point lies [m]."""
        best = (np.inf, 0.0, 0.0)
        for plane, offset in self.legs():
            along = float(np.clip(plane.distance(point), 0.0, plane.length))
            away = float(np.hypot(*(point - plane.at(np.array([along]))[0])))
            if away < best[0] - 1e-9:
                best = (away, offset + along, float(np.copysign(away, plane.aside(point))))
        return best[1], best[2]

    def legs(self) -> Iterator[tuple[Plane, float]]:
        """Each straight part, and the distance at which it begins [m]."""
        return zip(self.planes, map(float, self.offsets), strict=True)

    def intervals(self, shape: BaseGeometry) -> list[tuple[float, float]]:
        """Where it runs over a polygon: from and to along it [m], in order; what a bend parts is one."""
        found: list[tuple[float, float]] = []
        for plane, offset in self.legs():
            for start, end in intervals(shape, plane):
                if found and start + offset - found[-1][1] < 1e-6:
                    found[-1] = (found[-1][0], max(found[-1][1], end + offset))
                else:
                    found.append((start + offset, end + offset))
        return found

    def crossings(self, shape: BaseGeometry) -> list[float]:
        """Where it crosses another line [m]; the middle of what they share."""
        found: list[float] = []
        for plane, offset in self.legs():
            found += [at + offset for at in crossings(shape, plane) if not (found and abs(at + offset - found[-1]) < 1e-6)]
        return found


def straight(plane: Plane) -> Course:
    """A line of one plane."""
    return Course((plane,), np.zeros(1), plane.length)


def course_along(line: object) -> Course:
    """The line of a section.

    Parameters
    ----------
    line : shapely LineString, or sequence of (x, y)
        Two places or more in the CRS of the city [m]. It may cross itself.

    Raises
    ------
    ParameterError
        When it is no line, or shorter than `LEAST_M`.
    """
    points = _points(line)
    apart = np.hypot(*np.diff(points, axis=0).T) if len(points) > 1 else np.empty(0)
    points = points[np.concatenate([[True], apart > 1e-6])]
    steps = np.diff(points, axis=0)
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    if lengths.sum() < LEAST_M:
        raise ParameterError(
            f"the line of the section is {lengths.sum():.2f} m long", hint=f"give places that are {LEAST_M:g} m or more apart"
        )
    ways = steps / lengths[:, None]
    turn = np.degrees(np.abs(np.arctan2(*_turns(ways)))) if len(ways) > 1 else np.empty(0)
    kept = points[np.concatenate([[True], turn > STRAIGHT_DEG, [True]])]
    steps = np.diff(kept, axis=0)
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    planes = tuple(Plane(start, step / long, float(long)) for start, step, long in zip(kept, steps, lengths, strict=False))
    return Course(planes, np.concatenate([[0.0], np.cumsum(lengths)[:-1]]), float(lengths.sum()))


def _turns(ways: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    first, second = ways[:-1], ways[1:]
    return first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0], (first * second).sum(axis=1)


def _points(line: Any) -> NDArray[np.float64]:
    told = "the line of a section is two places (x, y) or more"
    hint = "numbers in the CRS of the city, in metres: [(136740, 455830), (136840, 455850)]"
    if isinstance(line, shapely.LineString):
        line = shapely.get_coordinates(line)
    try:
        places = [(one.x, one.y) if isinstance(one, shapely.Point) else tuple(one)[:2] for one in line]
        made = np.array(places, dtype=np.float64)
    except (TypeError, ValueError, AttributeError, IndexError):
        raise ParameterError(f"{told}, not {line!r}", hint=hint) from None
    if made.ndim != 2 or made.shape[1:] != (2,) or len(made) < 2 or not np.isfinite(made).all():
        raise ParameterError(f"{told}, not {line!r}", hint=hint)
    return made
