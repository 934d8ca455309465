"""How the ground behind the walls of a designed pit moves: as held by struts and anchors, and as it stood free before them.

The impacts `pit` and `cellars` both take it from here, so that they say the same of the same pit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.geo.pits import Pit
from twin.impacts.ground_movement import GroundMovement, ground_around
from twin.impacts.pit_water import dug_m
from twin.sim.impact.pit.behind_wall import HIGHEST_FREE_M, REACHES, SHAPES, Expected, Moved, expected_settlement

SHAPES_OF = {"diaphragm": "diaphragm", "secant-pile": "diaphragm"}
"""Kind of wall that the estimate of settlement is taken of; of others it is that of sheet piles."""

ROOM_M = 0.5
"""So far below a strut or anchor is dug before it can be put in; an estimate [m]."""

STEP_M = 0.5
"""A wall is looked at for each of so many metres that are dug; how deep it stands free is rounded up to them [m]."""

SLOPE_REACH = 2.0
"""Beside a slope nothing is judged up to so many depths from its upper edge: an estimate. Behind walls in sand the ground settles
as far (Clough and O'Rourke 1990); of slopes no curve is known."""

MOST_WAYS = 100
"""Of more combinations of ways in which several walls may bend those are looked at in which all but one bend most."""

BESIDE_SLOPE = "a slope is near: what the ground does beside it is not worked out"
FREE_TOO_HIGH = "a wall stands free too high for an estimate: it needs a design"
OPEN = "pit {name} has slopes: what they do to the ground within {reach:.0f} m of their edge is not worked out"
FREE = (
    "pit {name}: its wall stands free for {depth:.1f} m, and no estimate holds above {highest:g} m (in clay and peat less): what "
    "the ground does within {reach:.0f} m is not known. Such a wall needs a design: give its `settlement_mm`, or `supports` from "
    "higher up"
)


@dataclass(frozen=True, eq=False)
class Way:
    """One way in which the walls of a pit bend.

    Parameters
    ----------
    held : bool
        By struts or anchors, or else free.
    depth_m : float
        Of what is dug while they do [m].
    largest : Expected
        Settlement behind them [mm].
    moves : tuple of GroundMovement
        One of each part of the outline.
    """

    held: bool
    depth_m: float
    largest: Expected
    moves: tuple[GroundMovement, ...]

    def at(self, points: NDArray[np.float64], which: str = "middle") -> Moved:
        """Movement at points, see `Behind.at`."""
        settlement, sideways = np.zeros(len(points)), np.zeros((len(points), 2))
        for one in self.moves:
            part = (one if which == "middle" else one.of(which)).at(points)
            settlement, sideways = settlement + part.settlement, sideways + part.horizontal
        return Moved(settlement, sideways)


@dataclass(frozen=True, eq=False)
class Behind:
    """The ground behind the walls of a pit.

    A wall is looked at as it is held at the deepest stage (a concave curve), and as it stands free up to the depth that is dug
    before anything holds it (a spandrel), and both at each shallower depth on the way there, of stages and every `STEP_M`: a
    shallow curve is short, and may bend a house more than a deep one. One that is never held is looked at in both ways. At each
    place the larger counts, and of each building that which does more damage. So to leave struts and anchors out never makes it
    better, and neither does to dig a further stage.

    Parameters
    ----------
    pit : Pit
    ways : tuple of Way
        As held at the deepest, then free, the deepest last; none for slopes, and where nothing is dug.
    unknown_m : float
        So far from the edge of the pit nothing is known [m].
    why : str
        Why not; empty where all is known.
    told : tuple of str
        What was taken for granted.
    shallower : tuple of Way
        As held while less was dug, rising.
    """

    pit: Pit
    ways: tuple[Way, ...]
    unknown_m: float
    why: str
    told: tuple[str, ...]
    shallower: tuple[Way, ...] = ()

    @property
    def every(self) -> tuple[Way, ...]:
        """All ways in which the walls may bend: `ways`, then `shallower`."""
        return self.ways + self.shallower

    @property
    def largest(self) -> Expected:
        """The largest settlement of any way, with its range; NaN where that is not known [mm]."""
        if self.why or not self.ways:
            return Expected(*[math.nan if self.why else 0.0] * 3)
        return Expected(*(max(getattr(way.largest, end) for way in self.ways) for end in Expected._fields))

    @property
    def reach_m(self) -> float:
        """How far from the pit the ground moves, or is not known [m]."""
        return max([self.unknown_m, *(REACHES[SHAPES.index("concave")] * way.depth_m for way in self.ways)])

    def unknown(self, shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
        """Whether geometries, (N,), lie where nothing is known."""
        if not self.why:
            return np.zeros(len(shapes), bool)
        return np.asarray(shapely.distance(shapes, self.pit.outline_at_top) < self.unknown_m)

    def at(self, points: NDArray[np.float64], which: str = "middle") -> Moved:
        """Movement at points, (N, 2) float64 [m]: of the way that settles most there; NaN inside the pit and where it is not known.

        Parameters
        ----------
        points : (N, 2) float64
            [m]
        which : {"middle", "low", "high"}
            End of the range of the settlement.
        """
        settlement, sideways = np.zeros(len(points)), np.zeros((len(points), 2))
        for way in self.every:
            one = way.at(points, which)
            more = ~(one.settlement <= settlement)
            settlement, sideways = np.where(more, one.settlement, settlement), np.where(more[:, None], one.horizontal, sideways)
        if self.why:
            lost = self.unknown(shapely.points(points))
            settlement[lost], sideways[lost] = np.nan, np.nan
        return Moved(settlement, sideways)

    def stage_mm(self, number: int) -> float:
        """Largest settlement behind the wall in a stage, in the middle of its range; NaN where that is not known [mm]."""
        if not self.ways:
            return 0.0
        held = self.ways[0]
        dug = max(self.pit.top_m - dug_m(self.pit, self.pit.stages[number]), 0.0)
        free = free_m(self.pit)[number]
        found = held.largest.middle * min(dug / held.depth_m, 1.0)
        if free <= 0.0:
            return found
        most = _largest(self.pit, _rungs(self.pit, free, held.depth_m)[-1], held.depth_m, held=False).middle
        return math.nan if math.isnan(most) else max(found, most)


def free_m(pit: Pit) -> list[float]:
    """How deep it was dug beside walls that nothing held, up to the end of each stage [m].

    Struts and anchors go in when it is dug to `ROOM_M` below the highest of them; where all are taken out the wall stands free
    again.
    """
    most, held, found = 0.0, False, []
    for stage in pit.stages:
        depth = max(pit.top_m - dug_m(pit, stage), 0.0)
        there = pit.supports_in(stage.id)
        if there and not held:
            depth = min(depth, max(pit.top_m - max(one.level_m for one in there) + ROOM_M, 0.0))
        if not there or not held:
            most = max(most, depth)
        held = bool(there)
        found.append(most)
    return found


def behind(pit: Pit) -> Behind:
    """How the ground behind the walls of a pit moves, by all of its stages.

    Raises
    ------
    GeometryError
        When its outline is no polygon.
    """
    depth = pit.top_m - min((dug_m(pit, stage) for stage in pit.stages), default=pit.bottom_m - pit.concrete_m)
    name = pit.label or pit.id
    told: tuple[str, ...] = ()
    if pit.wall == "slope" or depth <= 0.0:
        reach = SLOPE_REACH * max(depth, 0.0)
        if depth > 0.0:
            told = (OPEN.format(name=name, reach=reach),)
        return Behind(pit, (), reach, BESIDE_SLOPE if depth > 0.0 else "", told)
    free = max(free_m(pit), default=0.0 if pit.supports else depth)
    ways, unknown = [_way(pit, depth, depth, held=True)], 0.0
    if free > 0.0 and math.isnan(_largest(pit, _rungs(pit, free, depth)[-1], depth, held=False).middle):
        unknown = REACHES[SHAPES.index("spandrel")] * free
        highest = HIGHEST_FREE_M[SHAPES_OF.get(pit.wall, "sheet-pile")]
        told = (FREE.format(name=name, depth=free, highest=highest, reach=unknown),)
    elif free > 0.0:
        ways += [_way(pit, one, depth, held=False) for one in _rungs(pit, free, depth)]
    shallower = tuple(_way(pit, one, depth, held=True) for one in _rungs(pit, depth, depth)[:-1])
    return Behind(pit, tuple(ways), unknown, FREE_TOO_HIGH if unknown else "", told, shallower)


def _rungs(pit: Pit, down_m: float, depth_m: float) -> list[float]:
    """Depths at which a wall is looked at, rising: each `STEP_M` down to a depth, rounded up but no more than the whole depth, and
    those of stages on the way there [m]."""
    count = math.ceil(down_m / STEP_M - 1e-9)
    rungs = [min(k * STEP_M, depth_m) for k in range(1, count + 1)]
    stages = (pit.top_m - dug_m(pit, stage) for stage in pit.stages)
    rungs += [one for one in stages if 0.0 < one < rungs[-1]]
    return sorted({round(one, 9): one for one in rungs}.values())


def _largest(pit: Pit, depth_m: float, whole_m: float, *, held: bool) -> Expected:
    """Largest settlement of a way: that of the design, by its share of the depth, or an estimate."""
    if math.isnan(pit.settlement_mm):
        return expected_settlement(SHAPES_OF.get(pit.wall, "sheet-pile"), depth_m, held=held)
    return Expected(*[pit.settlement_mm * depth_m / whole_m] * 3)


def _way(pit: Pit, depth_m: float, whole_m: float, *, held: bool) -> Way:
    largest = _largest(pit, depth_m, whole_m, held=held)
    outlines = [part for part in shapely.get_parts(pit.outline) if part.geom_type == "Polygon"]
    shape, known = "concave" if held else "spandrel", (largest.low, largest.middle, largest.high)
    moves = tuple(ground_around(shapely.Polygon(part.exterior), depth_m, largest_mm=known, shape=shape) for part in outlines)
    return Way(held, depth_m, largest, moves)


def settles_told(ground: Behind) -> list[str]:
    """How far the ground settles behind a wall, each with where the wall is so: held, and before anything holds it.

    Parameters
    ----------
    ground : Behind
        With ways.
    """
    told, ways = [], ground.ways
    for way in ways[:1] if len(ways) == 1 else (ways[0], ways[-1]):
        low, middle, high = way.largest
        given = "as given, of its design" if low == high else "an estimate by kind of wall"
        bends = "by struts or anchors, by a concave curve" if ground.pit.supports else "by a concave curve (nothing holds it)"
        bends = f"where it is held {bends}" if way.held else (
            f"where it stands free to a depth of {way.depth_m:.1f} m, by a spandrel; of each place what is worse counts"
        )
        told.append(f"{middle:.0f} mm at most ({low:.0f} to {high:.0f}; {given}) {bends}")
    return told


def combinations(grounds: Sequence[Behind]) -> list[tuple[Way, ...]]:
    """In which ways the walls of several pits may bend at once; one without any where no pit has walls.

    All of them up to `MOST_WAYS`; of more each way of each pit, while all others are held at their deepest, or free at theirs. So
    what one pit does is never left out for others that are there too.
    """
    each = [one.every for one in grounds if one.ways]
    if math.prod(len(ways) for ways in each) <= MOST_WAYS:
        return list(product(*each))
    found: dict[tuple[Way, ...], None] = {}
    for end in (0, -1):
        most = tuple(one.ways[end] for one in grounds if one.ways)
        for k, ways in enumerate(each):
            found |= dict.fromkeys((*most[:k], way, *most[k + 1 :]) for way in ways)
    return list(found)


def reached(grounds: Sequence[Behind], shapes: NDArray[np.object_], owner: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    """Which buildings the walls of which pits may move, (count, P) bool.

    Parameters
    ----------
    grounds : sequence of Behind
        (P,)
    shapes : (L,) object
        Lines of buildings.
    owner : (L,) int64
        The building that each is of, from 0.
    count : int
        Of buildings.
    """
    found = np.zeros((count, len(grounds)), bool)
    for k, one in enumerate(grounds):
        if one.ways:
            reach = max(REACHES) * max(way.depth_m for way in one.ways)
            np.logical_or.at(found[:, k], owner, shapely.distance(shapes, one.pit.outline) <= reach)
    return found
