"""Anticipation velocity model (Xu, Chraibi, Seyfried 2021, doi:10.1016/j.trc.2021.103464; walls as in JuPedSim 1.4.2).

A person sees where others will be, steps aside for them across its way, turns there with a delay, and walks no faster than the
gap ahead allows. With e0 the way it wants to go, e where it faces, n to the neighbour, d away, l = r_i + r_j::

    R  = max(0, d - l - (v_i - v_j).n t_a)                         how near the two will be
    f  = A (1 + (1 - e0.e_j) / 2) exp(-R / D)                      for neighbours with e0.n >= 0 or e.n >= 0
    e' = norm(e0 + sum_j -f sign((x_j + v_j t_a - x_i).p) p)       p is e0 turned to the left
    de/dt = (e' - e) / tau
    v  = min(max(s / T, 0), v0),   s = min over neighbours ahead (d - l)

where a neighbour is ahead when e.n >= 0 and its lateral distance to the line of walking is at most l, and a velocity is the speed
of the last step along e.

- Somebody straight ahead is passed on the left: everybody keeps to the right (the paper draws lots).
- Nobody looks further than `sight`, as in JuPedSim.
- The nearest wall bends e: within r + buffer, what points to or from the wall becomes `pushout` away from it; from there to
  twice that distance, what points to the wall fades in proportion. Speed is the same. A corner that sticks out is a wall across
  the line from it to the person. (Measured on JuPedSim 1.4.2, which takes the line of one of the two walls at a corner.)
- Who stands wants to go nowhere and has no side to step to: it steps away from those who come too near.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from twin.jit import njit, prange, wrote
from twin.sim.crowd.models.interface import check_positive
from twin.sim.crowd.models.plain import Moved, Plain, nearest_on_segment, others
from twin.sim.crowd.models.turning import turned, turned_plain
from twin.sim.crowd.pushes import NO_GAP, exponential_of
from twin.sim.crowd.state import BLOCK, METRE, Step
from twin.sim.crowd.surroundings import nearest_wall
from twin.sim.lanes import (
    LANES,
    before,
    copy_four,
    first_of_four,
    fused,
    high_apart,
    larger,
    last_of_four,
    least,
    load,
    low_apart,
    magnitude,
    root,
    second_of_four,
    smaller,
    spread,
    store,
    third_of_four,
    total,
    where,
)
from twin.sim.model import Floor

NEGLIGIBLE = 1e-3
"""A push below this part of the desired direction is left out."""

_TINY, _NOTHING, _HALF, _MORE = np.float32(1e-12), np.float32(0.0), np.float32(0.5), np.float32(1.5)


class AnticipationVelocity(NamedTuple):
    """Parameters of the model; the defaults are those of JuPedSim 1.4.2.

    Attributes
    ----------
    time_gap : float
        Headway at which people slow down, T [s].
    strength, range : float
        Of the pushes between people, A [1] and D [m].
    anticipation_time : float
        How far ahead people think, t_a [s].
    reaction_time : float
        Of turning, tau [s].
    wall_buffer : float
        Room that people keep between their body and a wall [m].
    pushout : float
        Part of the way that leads away from a wall within the buffer [1].
    sight : float
        Distance beyond which nobody is looked at [m].
    """

    time_gap: float = 1.06
    strength: float = 8.0
    range: float = 0.1
    anticipation_time: float = 1.0
    reaction_time: float = 0.3
    wall_buffer: float = 0.1
    pushout: float = 0.3
    sight: float = 3.0

    def check(self) -> None:
        """Raise a ParameterError when a parameter is out of its range."""
        check_positive("anticipation velocity", self._asdict())

    @property
    def notes(self) -> int:
        """Numbers noted of everybody before anybody turns: heading, speed and radius."""
        return 4

    @property
    def cut(self) -> float:
        """Distance to come R beyond which people do not push each other [m]."""
        return self.range * math.log(max(2.0 * self.strength / NEGLIGIBLE, 1.0))

    def reach(self, radius: float, other_radius: float, desired_speed: float) -> float:
        """Distance beyond which somebody else does not matter [m]."""
        return self.sight

    def wall_reach(self, radius: float) -> float:
        """Distance beyond which a wall does not matter [m]."""
        return 2.0 * (radius + self.wall_buffer)

    def move(self, crowd: Any, near: Any, floor: Floor, step: Step) -> None:
        """Write everybody's next velocity and heading."""
        _MOVE[step.parallel](crowd, near, floor, self, self.cut, min(step.dt / self.reaction_time, 1.0))


@njit(inline="always")
def _gaps_ahead(k, x0, y0, places, reals, ex, ey):
    """Gaps to those of the sixteen in slot k that are ahead along the unit vector (ex, ey) and at most l to the side."""
    base = 4 * k
    x, y = low_apart(places, k, x0) * METRE, high_apart(places, k, y0) * METRE
    ahead = (x * ex + y * ey >= np.float32(0.0)) & (magnitude(y * ex - x * ey) <= load(reals, base))
    return where(ahead, load(reals, base + LANES), spread(NO_GAP))


@njit(inline="always")
def _lay_out(k, first, count, row, fixed, motion, places, moves):
    """Write places and motions of who is listed from ``row[first]`` on into scratch, from slot k on; gives the slot after."""
    for q in range(first, first + count, LANES):
        for lane in range(LANES):
            j = np.uint32(row[q + lane])
            places[k + lane] = fixed[j]
            copy_four(motion, np.intp(4) * np.intp(j), moves, 4 * (k + lane))
        k += LANES
    return k


@njit(inline="always")
def _foresee(k, some, x0, y0, r0, vx, vy, wx, wy, ex, ey, places, moves, reals, strength, per_range, ahead, cut, sight):
    """Work out what the first `some` in slot k do to a person: gaps, and how far each pushes it to its left.

    (vx, vy) is the person's velocity, (wx, wy) its way, (ex, ey) its heading, `per_range` -1 / (16 D), `ahead` t_a. Leaves sums
    of radii, gaps and pushes in scratch.
    """
    base = 4 * k
    x, y = low_apart(places, k, x0) * METRE, high_apart(places, k, y0) * METRE
    d = root(larger(fused(x, x, y * y), spread(_TINY)))
    contact = last_of_four(moves, base) + r0
    near = before(some) & (d <= sight)
    gap = where(near, d - contact, spread(NO_GAP))
    store(reals, base, contact)
    store(reals, base + LANES, gap)
    hx, hy, speed = first_of_four(moves, base), second_of_four(moves, base), third_of_four(moves, base)
    ux, uy = speed * hx, speed * hy
    closing = fused(vx - ux, x, (vy - uy) * y) / d
    to_come = larger(gap - closing * ahead, spread(_NOTHING))
    alike = fused(hx, spread(wx), hy * wy)
    push = strength * (_MORE - _HALF * alike) * exponential_of(to_come * per_range)
    left = fused(fused(uy, spread(ahead), y), spread(wx), fused(ux, spread(ahead), x) * (-wy))
    push = where(left >= _NOTHING, _NOTHING - push, push)
    perceived = (fused(x, spread(wx), y * wy) >= _NOTHING) | (fused(x, spread(ex), y * ey) >= _NOTHING)
    store(reals, base + 2 * LANES, where(near & perceived & (to_come <= cut), push, spread(_NOTHING)))


@njit(inline="always")
def _away(k, x0, y0, places, reals):
    """Sum of the pushes of slot k, straight away from those who push, for somebody without a way of its own."""
    x, y = low_apart(places, k, x0) * METRE, high_apart(places, k, y0) * METRE
    f = load(reals, 4 * k + 2 * LANES) / root(larger(fused(x, x, y * y), spread(_TINY)))
    return total(f * x), total(f * y)


@njit()
def _off_wall(floor, level, x, y, radius, buffer, pushout, ex, ey):
    """A heading as the nearest wall bends it."""
    d, wx, wy = nearest_wall(floor, level, x, y)
    clear = radius + buffer
    if not 1e-9 < d < 2.0 * clear:
        return ex, ey
    nx, ny = (x - wx) / d, (y - wy) / d
    off = ex * nx + ey * ny
    if d <= clear:
        change = pushout - off
    else:
        change = -min(off, 0.0) * (2.0 - d / clear)
    ex += change * nx
    ey += change * ny
    norm = np.sqrt(ex * ex + ey * ey)
    return ex / norm, ey / norm


def _move(crowd, near, floor, params, cut, turn):
    n, row, first_of, count = crowd.n, near.row, near.first, near.number
    strength, per_range = np.float32(params.strength), np.float32(-1.0 / (LANES * params.range))
    ahead, cut_, sight = np.float32(params.anticipation_time), np.float32(cut), np.float32(params.sight)
    give_way = 0.5 * params.strength
    scratch, spare, tasks, blocks = near.places, near.reals, near.places.shape[0], (n + BLOCK - 1) // BLOCK
    fixed, body, want_x, want_y, by_wall = crowd.fixed, crowd.body, crowd.want_x, crowd.want_y, crowd.by_wall
    level, x, y, radius, standing = crowd.level, crowd.x, crowd.y, crowd.radius, crowd.standing
    want_speed, heading_x, heading_y, vx, vy = crowd.want_speed, crowd.heading_x, crowd.heading_y, crowd.vx, crowd.vy
    next_vx, next_vy, half = crowd.next_vx, crowd.next_vy, spare.shape[1] // 2
    # side by side what is read of others, while where they face is written anew
    motion = near.notes
    for i in prange(n):
        motion[i, 0], motion[i, 1], motion[i, 3] = heading_x[i], heading_y[i], body[i]
        motion[i, 2] = np.sqrt(vx[i] * vx[i] + vy[i] * vy[i])
    for task in prange(tasks):
        places, moves, reals = scratch[task], spare[task][:half], spare[task][half:]
        for block in range(task * blocks // tasks, (task + 1) * blocks // tasks):
            first, last = block * BLOCK, min(n, (block + 1) * BLOCK)
            k = 0
            for i in range(first, last):
                k = _lay_out(k, first_of[i], count[i], row, fixed, motion, places, moves)
            k = 0
            for i in range(first, last):
                x0, y0, r0 = np.int32(fixed[i]), np.int32(fixed[i] >> 32), body[i]
                wx, wy, ex, ey = np.float32(want_x[i]), np.float32(want_y[i]), motion[i, 0], motion[i, 1]
                for done in range(0, count[i], LANES):
                    _foresee(
                        k, count[i] - done, x0, y0, r0, motion[i, 2] * ex, motion[i, 2] * ey, wx, wy, ex, ey, places, moves, reals,
                        strength, per_range, ahead, cut_, sight,
                    )  # fmt: skip
                    k += LANES
            k = 0
            for i in range(first, last):
                begin, x0, y0 = k, np.int32(fixed[i]), np.int32(fixed[i] >> 32)
                tx, ty = want_x[i], want_y[i]
                if standing[i]:
                    for _ in range(0, count[i], LANES):
                        px, py = _away(k, x0, y0, places, reals)
                        tx += px
                        ty += py
                        k += LANES
                else:
                    pushes = spread(_NOTHING)
                    for _ in range(0, count[i], LANES):
                        pushes = pushes + load(reals, 4 * k + 2 * LANES)
                        k += LANES
                    push = total(pushes)
                    tx, ty = tx - push * ty, ty + push * tx
                hx, hy = np.float64(heading_x[i]), np.float64(heading_y[i])
                v = 0.0
                norm = np.sqrt(tx * tx + ty * ty)
                if norm > 1e-12 and not (standing[i] and norm < give_way):
                    hx, hy = turned(hx, hy, tx / norm, ty / norm, turn)
                    if by_wall[i]:
                        hx, hy = _off_wall(floor, level[i], x[i], y[i], radius[i], params.wall_buffer, params.pushout, hx, hy)
                    gaps = spread(NO_GAP)
                    for slot in range(begin, k, LANES):
                        gaps = smaller(gaps, _gaps_ahead(slot, x0, y0, places, reals, np.float32(hx), np.float32(hy)))
                    v = min(max(least(gaps) / params.time_gap, 0.0), want_speed[i])
                heading_x[i], heading_y[i] = hx, hy
                next_vx[i], next_vy[i] = v * hx, v * hy
    wrote(next_vx, next_vy, heading_x, heading_y, motion, scratch, spare)


_MOVE: tuple[Any, Any] = (njit()(_move), njit(parallel=True)(_move))


def reference(model: AnticipationVelocity, people: Plain, dt: float, *, whole: bool = False) -> Moved:
    """The same by loops over all pairs, straight from the equations.

    Parameters
    ----------
    model : AnticipationVelocity
    people : Plain
    dt : float
        [s]
    whole : bool
        Count pushes that are left out as negligible, too; `sight` holds all the same.
    """
    velocity, heading = np.zeros_like(people.at), people.heading.copy()
    moving = np.hypot(*people.velocity.T)[:, None] * people.heading
    for i, here in enumerate(people.at):
        way, total_ = people.want[i], people.want[i].astype(float)
        left = np.array([-way[1], way[0]])
        in_view = [j for j in others(people, i) if np.hypot(*(people.at[j] - here)) <= model.sight]
        for j in in_view:
            apart = people.at[j] - here
            d = float(np.hypot(*apart))
            n = apart / d
            if way @ n < 0 and people.heading[i] @ n < 0:
                continue
            closing = (moving[i] - moving[j]) @ n
            to_come = max(0.0, d - people.radius[i] - people.radius[j] - closing * model.anticipation_time)
            push = model.strength * (1 + (1 - way @ people.heading[j]) / 2) * math.exp(-to_come / model.range)
            if not whole and to_come > model.cut:
                continue
            if people.standing[i]:
                total_ -= push * n
            else:
                there = people.at[j] + moving[j] * model.anticipation_time - here
                total_ -= push * (1.0 if there @ left >= 0 else -1.0) * left
        norm = float(np.hypot(*total_))
        if norm == 0.0 or (people.standing[i] and norm < 0.5 * model.strength):
            continue
        e = turned_plain(people.heading[i], total_ / norm, min(dt / model.reaction_time, 1.0))
        feet = np.array([nearest_on_segment(here[0], here[1], wall) for wall in people.walls])
        nearest = np.hypot(*(here - feet).T).argmin()
        off, clear = here - feet[nearest], people.radius[i] + model.wall_buffer
        d = float(np.hypot(*off))
        off /= d
        if d <= clear:
            e = e - (e @ off) * off + model.pushout * off
        elif d < 2 * clear and e @ off < 0:
            e = e - (e @ off) * (1 - (d - clear) / clear) * off
        e /= np.hypot(*e)
        gap = math.inf
        for j in in_view:
            apart, contact = people.at[j] - here, people.radius[i] + people.radius[j]
            if e @ apart >= 0 and abs(e[0] * apart[1] - e[1] * apart[0]) <= contact:
                gap = min(gap, float(np.hypot(*apart)) - contact)
        heading[i] = e
        velocity[i] = min(max(gap / model.time_gap, 0.0), people.want_speed[i]) * e
    return Moved(velocity, heading, np.zeros(len(people.at)))
