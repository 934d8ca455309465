"""Collision-free speed model V2 (Tordeux, Chraibi, Seyfried 2016, doi:10.1007/978-3-319-33482-0_29; V2 as in JuPedSim).

A person turns away from neighbours and walls and walks no faster than the gap ahead allows::

    e = norm(e0 + sum_j -A exp((l - d) / D) n_ij + sum_w -A_w exp((r - d) / D_w) n_iw)
    v = min(max(s / T, 0), v0),   s = min over neighbours ahead (d - l)

where n points to the neighbour or wall, l = r_i + r_j, and a neighbour is ahead when e.n >= 0 and its lateral
distance to the line of walking is at most l. The preset ``jupedsim`` is just that.

The preset ``event`` adds three things, each of which may be left out. The way a person walks turns towards e within a time (as Xu,
Chraibi, Tordeux, Zhang 2019, arXiv:1908.10304, have it turn, so that nobody trembles between two neighbours). Who is stuck
creeps: it slips past those beside it, in a direction by lot near that in which it faces. And who meets people that come towards it
steps aside in time, to the right unless they are on its right, so that streams which meet make lanes (people do both, and prefer a
side: Moussaid, Helbing, Garnier, Johansson, Combe, Theraulaz 2009, doi:10.1098/rspb.2009.0405)::

    e = norm(e0 + A_e clip(sum_j +-max(1 - max(d - l, 0) / D_e, 0), -1, 1) r + ...)

with r the unit vector to the right of e0, over the neighbours ahead that want to go against e0, to another goal, and are hardly
further to the side than l. Who crowds round a door with it is none of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from twin.errors import ParameterError
from twin.jit import njit, prange, wrote
from twin.rng import stream, uniform
from twin.sim.crowd.models.interface import Preset, check_positive
from twin.sim.crowd.models.plain import Moved, Plain, nearest_on_segment, others, wall_points
from twin.sim.crowd.models.turning import turned, turned_plain
from twin.sim.crowd.pushes import (
    ABREAST,
    AGAINST,
    RIGHT_OF,
    aside_of,
    directions,
    gather,
    gather_places,
    gather_ways,
    least_ahead,
    relate,
    relate_places,
    repel_all,
    sums_of,
)
from twin.sim.crowd.state import BLOCK, Step
from twin.sim.crowd.surroundings import bucket_of, distance_at, exponential, from_wall
from twin.sim.lanes import LANES

NEGLIGIBLE = 3e-3
"""A repulsion below this part of the desired direction is left out; it sets the reach of a person."""

GIVE_WAY = 4.0
"""Who stands takes a step aside when it is pushed by more than this."""

CREEP_S = 0.5
"""Who is stuck tries another direction so often."""

CREEP_TURN = 3.0
"""Tangent of the largest angle from where it faces in which who is stuck tries."""

_LOT = stream("creep")
_MAY_BE_ZERO = ("turning_time", "creep_speed", "each_wall", "by_distance", "evasion")
_AT_MOST_ONE = ("clearance", "shoulder", "each_wall")


class CollisionFreeSpeed(NamedTuple):
    """Parameters of the model; the defaults are the preset ``event``.

    Attributes
    ----------
    time_gap : float
        Headway at which people slow down, T [s].
    strength, range : float
        Of the repulsion between people, A [1] and D [m].
    wall_strength, wall_range : float
        Of the repulsion by walls, A_w [1] and D_w [m].
    turning_time : float
        Time constant with which the way a person walks turns towards e [s]; 0 for at once.
    creep_speed : float
        How fast who is stuck creeps at most [m/s]; 0 for not at all.
    shoulder : float
        Who is further to the side than this part of l does not hold up who creeps: bodies are not round, and turn [1].
    clearance : float
        Part of their radius by which people are kept off walls, whatever pushes them [1].
    each_wall : float
        How much the end of a wall counts where another wall is nearer, or has counted that end [1]: 1 as in JuPedSim, 0 so that
        a corner counts once.
    by_distance : float
        1 takes the push of walls from the signed distance to them, known at each cell of the floor and bilinear between, and its
        gradient; 0 from the walls themselves, exactly. Where people end up heeds the walls themselves in either case [1].
    evasion, evasion_range : float
        How strongly people step aside for those who come towards them, A_e [1], 0 for not at all, and from which gap on, D_e [m].
    """

    time_gap: float = 0.67
    strength: float = 6.5
    range: float = 0.12
    wall_strength: float = 0.53
    wall_range: float = 0.0165
    turning_time: float = 0.31
    creep_speed: float = 0.075
    shoulder: float = 0.82
    clearance: float = 0.9
    each_wall: float = 0.0
    by_distance: float = 0.0
    evasion: float = 4.0
    evasion_range: float = 1.2

    @classmethod
    def presets(cls) -> Mapping[str, Preset]:
        """Parameters by name: ``event``, calibrated to measured people (docs/calibration.md), and ``jupedsim``, its defaults."""
        return _PRESETS

    def check(self) -> None:
        """Raise a ParameterError when a parameter is out of its range."""
        values = self._asdict()
        check_positive("collision-free speed", {k: v for k, v in values.items() if not (k in _MAY_BE_ZERO and v == 0.0)})
        for name in _AT_MOST_ONE:
            if values[name] > 1.0:
                raise ParameterError(f"`{name}` of the collision-free speed model is {values[name]:g}", hint="give at most 1")
        if self.by_distance not in (0.0, 1.0):
            raise ParameterError(f"`by_distance` of the collision-free speed model is {self.by_distance:g}", hint="give 0 or 1")

    @property
    def cut(self) -> float:
        """Gap between two bodies beyond which they do not turn each other aside [m]."""
        return self.range * math.log(max(self.strength / NEGLIGIBLE, 1.0))

    def reach(self, radius: float, other_radius: float, desired_speed: float) -> float:
        """Distance beyond which somebody else does not matter [m]."""
        evasion = self.evasion_range if self.evasion > 0.0 else 0.0
        return radius + other_radius + max(self.cut, desired_speed * self.time_gap, evasion)

    def wall_reach(self, radius: float) -> float:
        """Distance beyond which a wall does not matter [m]."""
        return radius + self.wall_range * math.log(max(self.wall_strength / NEGLIGIBLE, 1.0))

    def turn(self, dt: float) -> float:
        """Part of the way to a new direction that is turned in a step; 1 for all of it."""
        return -math.expm1(-dt / self.turning_time) if self.turning_time > 0.0 else 1.0

    def move(self, crowd: Any, near: Any, floor: Any, step: Step) -> None:
        """Write everybody's next velocity and where it faces."""
        reach, spell = self.wall_reach(step.radius), int(step.time / CREEP_S)
        _MOVE[step.parallel](crowd, near, floor, self, self.cut, reach, self.turn(step.dt), step, spell)


@njit()
def _pushes_of(walls, begin, end, x, y, radius, each_wall, strength, range_, reach):
    """Sum over some walls of -A_w exp((r - d) / D_w) n."""
    fx = fy = 0.0
    for s in range(begin, end):
        dx, dy, counts = from_wall(walls, s, x, y)
        weight, loose_end = 1.0, walls[s, 0] == walls[s, 2] and walls[s, 1] == walls[s, 3]
        if not counts:
            if each_wall == 0.0 or loose_end:
                continue
            weight = each_wall
            dx, dy = _from_end(walls, s, x, y)
        elif loose_end:
            weight = 1.0 - each_wall
        d2 = dx * dx + dy * dy
        if d2 < reach * reach:
            d = np.sqrt(d2)
            if d > 1e-9:
                f = weight * strength * exponential(max(min((radius - d) / range_, 20.0), -40.0)) / d
                fx += f * dx
                fy += f * dy
    return fx, fy


@njit(inline="always")
def wall_push(floor, level, x, y, radius, params, reach):
    """Sum over walls of -A_w exp((r - d) / D_w) n."""
    if params.by_distance == 0.0:
        b = bucket_of(floor, level, x, y)
        fx, fy = _pushes_of(
            floor.walls, floor.wall_start[b], floor.wall_start[b + 1], x, y, radius, params.each_wall, params.wall_strength,
            params.wall_range, reach,
        )  # fmt: skip
    else:
        d, fx, fy = distance_at(floor.distance, level, floor.west, floor.north, floor.cell, x, y)
        steep = np.sqrt(fx * fx + fy * fy)
        f = 0.0
        if d < reach and steep > 1e-6:  # flat where two walls are as near: they cancel
            f = params.wall_strength * exponential(max(min((radius - d) / params.wall_range, 20.0), -40.0)) / steep
        fx, fy = f * fx, f * fy
    return fx, fy


@njit()
def _from_end(walls, s, x, y):
    """Way from the nearer end of wall `s` to a point."""
    ax, ay, bx, by = x - walls[s, 0], y - walls[s, 1], x - walls[s, 2], y - walls[s, 3]
    if ax * ax + ay * ay <= bx * bx + by * by:
        return ax, ay
    return bx, by


@njit(inline="always")
def _near(ex, ey, lot):
    """A unit vector near another, by lot in [0, 1)."""
    aside = 2.0 * lot - 1.0
    aside *= CREEP_TURN * aside * aside
    norm = np.sqrt(1.0 + aside * aside)
    return (ex - aside * ey) / norm, (ey + aside * ex) / norm


def _move(crowd, near, floor, params, cut, wall_reach, turn, step, spell):
    n, row, first_of, count = crowd.n, near.row, near.first, near.number
    strength, per_range = np.float32(params.strength), np.float32(-1.0 / (LANES * params.range))
    cut_gap = np.float32(cut)
    scratch, spare, tasks, blocks = near.places, near.reals, near.places.shape[0], (n + BLOCK - 1) // BLOCK
    fixed, body, want_x, want_y, by_wall = crowd.fixed, crowd.body, crowd.want_x, crowd.want_y, crowd.by_wall
    level, x, y, radius, standing = crowd.level, crowd.x, crowd.y, crowd.radius, crowd.standing
    want_speed, heading_x, heading_y = crowd.want_speed, crowd.heading_x, crowd.heading_y
    next_vx, next_vy, person, bound = crowd.next_vx, crowd.next_vy, crowd.person, crowd.bound
    per_gap, creep, seed, alike = 1.0 / params.time_gap, params.creep_speed, step.seed, step.alike
    contact = np.float32(2.0) * np.float32(step.radius)
    evasion, per_evasion_range = params.evasion, np.float32(1.0 / params.evasion_range)
    for task in prange(tasks):
        places, reals, slots = scratch[task], spare[task], scratch.shape[1]
        xs, ys, sums, gaps = reals[:slots], reals[slots : 2 * slots], reals[2 * slots : 3 * slots], reals[3 * slots : 4 * slots]
        px, py, radii = reals[4 * slots : 5 * slots], reals[5 * slots : 6 * slots], reals[6 * slots : 7 * slots]
        exs, eys = reals[7 * slots : 7 * slots + BLOCK], reals[7 * slots + BLOCK : 7 * slots + 2 * BLOCK]
        ways_x, ways_y, goals = reals[8 * slots : 9 * slots], reals[9 * slots : 10 * slots], reals[10 * slots : 11 * slots]
        if alike:
            sums[:] = contact
        for block in range(task * blocks // tasks, (task + 1) * blocks // tasks):
            first, last = block * BLOCK, min(n, (block + 1) * BLOCK)
            begin, end = first_of[first], first_of[last - 1] + count[last - 1]
            if alike:
                gather_places(begin, end, row, fixed, places)
            else:
                gather(begin, end, row, fixed, body, places, radii)
            if evasion > 0.0:
                gather_ways(begin, end, row, want_x, want_y, bound, ways_x, ways_y, goals)
            k = 0
            for i in range(first, last):
                x0, y0 = np.int32(fixed[i]), np.int32(fixed[i] >> 32)
                if alike:
                    k = relate_places(k, count[i], x0, y0, places, xs, ys)
                else:
                    k = relate(k, count[i], x0, y0, body[i], places, radii, xs, ys, sums)
            repel_all(k, xs, ys, sums, gaps, px, py, strength, per_range, cut_gap)
            k = 0
            for i in range(first, last):
                sx, sy = sums_of(k, count[i], px, py)
                k += count[i]
                tx, ty = want_x[i] + sx, want_y[i] + sy
                if by_wall[i]:
                    wx, wy = wall_push(floor, level[i], x[i], y[i], radius[i], params, wall_reach)
                    tx += wx
                    ty += wy
                if evasion > 0.0 and not standing[i]:
                    wx, wy = np.float32(want_x[i]), np.float32(want_y[i])
                    aside = aside_of(
                        k - count[i], count[i], xs, ys, sums, gaps, ways_x, ways_y, goals, wx, wy, np.float32(bound[i]),
                        per_evasion_range,
                    )  # fmt: skip
                    aside = evasion * min(max(np.float64(aside), -1.0), 1.0)
                    tx += aside * want_y[i]
                    ty -= aside * want_x[i]
                if standing[i] and tx * tx + ty * ty < GIVE_WAY * GIVE_WAY:
                    tx = ty = 0.0
                exs[i - first], eys[i - first] = tx, ty
            directions(last - first, exs, eys)
            if turn < 1.0:
                for i in range(first, last):
                    ex, ey = exs[i - first], eys[i - first]
                    if ex != 0.0 or ey != 0.0:
                        ex, ey = turned(np.float64(heading_x[i]), np.float64(heading_y[i]), np.float64(ex), np.float64(ey), turn)
                        exs[i - first], eys[i - first] = ex, ey
            k = 0
            for i in range(first, last):
                ex, ey = exs[i - first], eys[i - first]
                vx = vy = 0.0
                if ex != 0.0 or ey != 0.0:
                    gap = least_ahead(k, count[i], xs, ys, sums, gaps, ex, ey)
                    v = min(max(gap * per_gap, 0.0), want_speed[i])
                    heading_x[i], heading_y[i] = ex, ey
                    vx, vy = v * ex, v * ey
                    if v < creep and not standing[i]:
                        cx, cy = _near(ex, ey, uniform(seed, _LOT, person[i], spell))
                        aside_x, aside_y = np.float32(cx / params.shoulder), np.float32(cy / params.shoulder)
                        gap = least_ahead(k, count[i], xs, ys, sums, gaps, aside_x, aside_y)
                        u = min(gap * per_gap, creep, want_speed[i])
                        if u > v:
                            vx, vy = u * cx, u * cy
                next_vx[i], next_vy[i] = vx, vy
                k += count[i]
    wrote(next_vx, next_vy, heading_x, heading_y, scratch, spare)


_MOVE: tuple[Any, Any] = (njit()(_move), njit(parallel=True)(_move))

_PRESETS: Mapping[str, Preset] = MappingProxyType({
    "event": Preset(CollisionFreeSpeed(), radius=0.192),
    "jupedsim": Preset(
        CollisionFreeSpeed(
            time_gap=1.0, strength=8.0, range=0.1, wall_strength=5.0, wall_range=0.02, turning_time=0.0, creep_speed=0.0,
            clearance=0.05, each_wall=1.0, evasion=0.0,
        ),
        radius=0.2,
    ),
})  # fmt: skip


def reference(model: CollisionFreeSpeed, people: Plain, dt: float, *, whole: bool = False) -> Moved:
    """The same by loops over all pairs, straight from the equations.

    Parameters
    ----------
    model : CollisionFreeSpeed
    people : Plain
    dt : float
        [s]
    whole : bool
        Count everybody and every wall, those out of reach too. Walls count by themselves: `by_distance` is left out.
    """
    heading, velocity = people.heading.copy(), np.zeros_like(people.at)
    turn = model.turn(dt)
    for i, here in enumerate(people.at):
        total = people.want[i].astype(float)
        for j in others(people, i):
            apart = people.at[j] - here
            d, contact = float(np.hypot(*apart)), people.radius[i] + people.radius[j]
            if whole or d - contact <= model.cut:
                total -= model.strength * math.exp((contact - d) / model.range) * apart / d
        total += _reference_walls(model, people, i, whole)
        if not people.standing[i]:
            total += _reference_evasion(model, people, i)
        norm = float(np.hypot(*total))
        if norm <= 1e-12 or (people.standing[i] and norm < GIVE_WAY):
            continue
        e = total / norm
        if turn < 1.0:
            e = turned_plain(people.heading[i], e, turn)
        v = min(max(_reference_gap(people, i, e, 1.0) / model.time_gap, 0.0), people.want_speed[i])
        heading[i], velocity[i] = e, v * e
        if v < model.creep_speed and not people.standing[i]:
            lot = 2.0 * uniform(people.seed, _LOT, int(people.person[i]), int(people.time / CREEP_S)) - 1.0
            aside = np.array([-e[1], e[0]]) * CREEP_TURN * lot**3
            c = (e + aside) / np.hypot(*(e + aside))
            u = min(_reference_gap(people, i, c, model.shoulder) / model.time_gap, model.creep_speed, people.want_speed[i])
            if u > v:
                velocity[i] = u * c
    return Moved(velocity, heading, np.zeros(len(people.at)))


def _reference_evasion(model: CollisionFreeSpeed, people: Plain, i: int) -> Any:
    """Step of person i aside, for those who come towards it."""
    e, aside = people.want[i], 0.0
    for j in others(people, i):
        apart, contact = people.at[j] - people.at[i], people.radius[i] + people.radius[j]
        d, left = float(np.hypot(*apart)), float(e[0] * apart[1] - e[1] * apart[0])
        comes = people.bound[j] != people.bound[i] and e @ people.want[j] < AGAINST
        if comes and e @ apart > 0.0 and abs(left) < ABREAST * contact:
            part = min(max(1.0 - (d - contact) / model.evasion_range, 0.0), 1.0)
            aside += math.copysign(part, left + RIGHT_OF * contact)
    return model.evasion * min(max(aside, -1.0), 1.0) * np.array([e[1], -e[0]])


def _reference_walls(model: CollisionFreeSpeed, people: Plain, i: int, whole: bool) -> Any:
    """Sum of the pushes of walls on person i."""
    here, reach = people.at[i], model.wall_reach(float(people.radius.max()))

    def pushes(points: list[Any]) -> Any:
        total = np.zeros(2)
        for point in points:
            apart = point - here
            d = float(np.hypot(*apart))
            if whole or d < reach:
                total -= model.wall_strength * math.exp((people.radius[i] - d) / model.wall_range) * apart / d
        return total

    once = pushes(wall_points(here[0], here[1], people.walls))
    each = pushes([nearest_on_segment(here[0], here[1], wall) for wall in people.walls]) if model.each_wall else once
    return once + model.each_wall * (each - once)


def _reference_gap(people: Plain, i: int, e: Any, part: float) -> float:
    """Least gap to those ahead of person i along e, and at most a part of the sum of radii to the side."""
    gap = math.inf
    for j in others(people, i):
        apart, contact = people.at[j] - people.at[i], people.radius[i] + people.radius[j]
        if e @ apart >= 0 and abs(e[0] * apart[1] - e[1] * apart[0]) <= part * contact:
            gap = min(gap, float(np.hypot(*apart)) - contact)
    return gap
