"""Collision-free speed model V2 (Tordeux, Chraibi, Seyfried 2016, doi:10.1007/978-3-319-33482-0_29; V2 as in JuPedSim).

A person turns away from neighbours and walls and walks no faster than the gap ahead allows::

    e = norm(e0 + sum_j -A exp((l - d) / D) n_ij + sum_w -A_w exp((r - d) / D_w) n_iw)
    v = min(max(s / T, 0), v0),   s = min over neighbours ahead (d - l)

where n points to the neighbour or wall, l = r_i + r_j, and a neighbour is ahead when e.n >= 0 and its lateral
distance to the line of walking is at most l.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from twin.jit import njit, prange, wrote
from twin.sim.crowd.models.interface import check_positive
from twin.sim.crowd.models.plain import Moved, Plain, others, wall_points
from twin.sim.crowd.pushes import NO_GAP, gap_ahead, lay_out, push_of, repel
from twin.sim.crowd.state import BLOCK
from twin.sim.crowd.surroundings import wall_repulsion
from twin.sim.lanes import LANES

NEGLIGIBLE = 3e-3
"""A repulsion below this part of the desired direction is left out; it sets the reach of a person."""

GIVE_WAY = 4.0
"""Who stands takes a step aside when it is pushed by more than this."""


class CollisionFreeSpeed(NamedTuple):
    """Parameters of the model.

    Attributes
    ----------
    time_gap : float
        Headway at which people slow down, T [s]. 0.5 gives measured flows through bottlenecks; JuPedSim's default is 1.
    strength, range : float
        Of the repulsion between people, A [1] and D [m].
    wall_strength, wall_range : float
        Of the repulsion by walls, A_w [1] and D_w [m].
    """

    time_gap: float = 0.5
    strength: float = 8.0
    range: float = 0.1
    wall_strength: float = 5.0
    wall_range: float = 0.02

    def check(self) -> None:
        """Raise a ParameterError when a parameter is out of its range."""
        check_positive("collision-free speed", self._asdict())

    @property
    def cut(self) -> float:
        """Gap between two bodies beyond which they do not turn each other aside [m]."""
        return self.range * math.log(max(self.strength / NEGLIGIBLE, 1.0))

    def reach(self, radius: float, other_radius: float, desired_speed: float) -> float:
        """Distance beyond which somebody else does not matter [m]."""
        return radius + other_radius + max(self.cut, desired_speed * self.time_gap)

    def wall_reach(self, radius: float) -> float:
        """Distance beyond which a wall does not matter [m]."""
        return radius + self.wall_range * math.log(max(self.wall_strength / NEGLIGIBLE, 1.0))

    def move(self, crowd: Any, near: Any, floor: Any, *, dt: float, radius: float, parallel: bool) -> None:
        """Write everybody's next velocity."""
        _MOVE[parallel](crowd, near, floor, self, self.cut, self.wall_reach(radius))


def _move(crowd, near, floor, params, cut, wall_reach):
    n, row, first_of, count = crowd.n, near.row, near.first, near.number
    strength, per_range = np.float32(params.strength), np.float32(-1.0 / (LANES * params.range))
    cut_gap = np.float32(cut)
    scratch, spare, tasks, blocks = near.places, near.reals, near.places.shape[0], (n + BLOCK - 1) // BLOCK
    fixed, body, want_x, want_y, by_wall = crowd.fixed, crowd.body, crowd.want_x, crowd.want_y, crowd.by_wall
    level, x, y, radius, standing = crowd.level, crowd.x, crowd.y, crowd.radius, crowd.standing
    want_speed, heading_x, heading_y = crowd.want_speed, crowd.heading_x, crowd.heading_y
    next_vx, next_vy = crowd.next_vx, crowd.next_vy
    for task in prange(tasks):
        places, reals = scratch[task], spare[task]
        for block in range(task * blocks // tasks, (task + 1) * blocks // tasks):
            first, last = block * BLOCK, min(n, (block + 1) * BLOCK)
            k = 0
            for i in range(first, last):
                k = lay_out(k, first_of[i], count[i], row, fixed, body, places, reals)
            k = 0
            for i in range(first, last):
                x0, y0, r0 = np.int32(fixed[i]), np.int32(fixed[i] >> 32), body[i]
                for done in range(0, count[i], LANES):
                    repel(k, count[i] - done, x0, y0, r0, places, reals, strength, per_range, cut_gap)
                    k += LANES
            k = 0
            for i in range(first, last):
                begin, x0, y0 = k, np.int32(fixed[i]), np.int32(fixed[i] >> 32)
                tx, ty = want_x[i], want_y[i]
                for _ in range(0, count[i], LANES):
                    px, py = push_of(k, reals)
                    tx += px
                    ty += py
                    k += LANES
                if by_wall[i]:
                    wx, wy = wall_repulsion(
                        floor, level[i], x[i], y[i], radius[i], params.wall_strength, params.wall_range, wall_reach
                    )
                    tx += wx
                    ty += wy
                vx = vy = 0.0
                norm = np.sqrt(tx * tx + ty * ty)
                if norm > 1e-12 and not (standing[i] and norm < GIVE_WAY):
                    tx /= norm
                    ty /= norm
                    gap = NO_GAP
                    ex, ey = np.float32(tx), np.float32(ty)
                    for slot in range(begin, k, LANES):
                        gap = min(gap, gap_ahead(slot, x0, y0, places, reals, ex, ey))
                    v = min(max(gap / params.time_gap, 0.0), want_speed[i])
                    heading_x[i], heading_y[i] = ex, ey
                    vx, vy = v * tx, v * ty
                next_vx[i], next_vy[i] = vx, vy
    wrote(next_vx, next_vy, heading_x, heading_y, scratch, spare)


_MOVE: tuple[Any, Any] = (njit()(_move), njit(parallel=True)(_move))


def reference(model: CollisionFreeSpeed, people: Plain, dt: float, *, whole: bool = False) -> Moved:
    """The same by loops over all pairs, straight from the equations.

    Parameters
    ----------
    model : CollisionFreeSpeed
    people : Plain
    dt : float
        [s]
    whole : bool
        Count everybody and every wall, those out of reach too.
    """
    heading, velocity = people.heading.copy(), np.zeros_like(people.at)
    widest = float(people.radius.max())
    for i, here in enumerate(people.at):
        total = people.want[i].astype(float)
        for j in others(people, i):
            apart = people.at[j] - here
            d, contact = float(np.hypot(*apart)), people.radius[i] + people.radius[j]
            if whole or d - contact <= model.cut:
                total -= model.strength * math.exp((contact - d) / model.range) * apart / d
        for point in wall_points(here[0], here[1], people.walls):
            apart = point - here
            d = float(np.hypot(*apart))
            if whole or d < model.wall_reach(widest):
                total -= model.wall_strength * math.exp((people.radius[i] - d) / model.wall_range) * apart / d
        norm = float(np.hypot(*total))
        if norm == 0.0 or (people.standing[i] and norm < GIVE_WAY):
            continue
        e = total / norm
        gap = math.inf
        for j in others(people, i):
            apart, contact = people.at[j] - here, people.radius[i] + people.radius[j]
            if e @ apart >= 0 and abs(e[0] * apart[1] - e[1] * apart[0]) <= contact:
                gap = min(gap, float(np.hypot(*apart)) - contact)
        heading[i] = e
        velocity[i] = min(max(gap / model.time_gap, 0.0), people.want_speed[i]) * e
    return Moved(velocity, heading, np.zeros(len(people.at)))
