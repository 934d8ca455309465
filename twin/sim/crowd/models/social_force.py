"""Social force model with contact (Helbing, Farkas, Vicsek 2000, Nature 407, 487-490, doi:10.1038/35035023).

A person is drawn along its way, kept off others and walls, and pressed and rubbed by bodies that it touches::

    m dv/dt = m (v0 e0 - v) / tau + sum_j f_ij + sum_w f_iw
    f_ij = (A exp((l - d) / B) + k g(l - d)) n + kappa g(l - d) dv_t t
    f_iw = (A_w exp((r - d) / B) + k g(r - d)) n - kappa g(r - d) v_t t

where n points from the neighbour or wall to the person, t is n turned to the left, l = r_i + r_j, dv_t = (v_j - v_i).t,
v_t = v_i.t, and g(x) is x for bodies that touch (x > 0), else 0. The speed is at most 1.3 times the desired one, as in
Helbing and Molnar 1995 (doi:10.1103/PhysRevE.51.4282), so that no shove makes a runner of somebody.

- Every straight wall counts once, by its nearest point, and a corner that sticks out counts once. (JuPedSim 1.4.2 counts every
  segment of the outline, a straight wall drawn in two pieces twice, and its friction at walls speeds people up.)
- Semi-implicit Euler: velocities first, then places with the new velocities. A step is taken in as many parts as stiff contacts
  need, see `SocialForce.substeps`. Friction may not stop sliding faster than in a few of those parts (its coefficient is at most
  m / (5 dt) a contact, the same for both bodies): stronger friction would turn sliding round instead of stopping it.
- Who stands is pushed aside by those who walk, but not by the nearness of walls and of others who stand: people pack a square more
  densely than walkers would. Touch counts always.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from twin.jit import njit, prange, wrote
from twin.sim.crowd.models.interface import check_positive
from twin.sim.crowd.models.plain import Moved, Plain, others, wall_points
from twin.sim.crowd.pushes import gather, least_of, relate, repel_all, sums_of
from twin.sim.crowd.state import BLOCK, PER_METRE, Step
from twin.sim.crowd.surroundings import bucket_of, exponential, from_wall
from twin.sim.lanes import LANES
from twin.sim.model import Floor

NEGLIGIBLE_M_S2 = 0.01
"""A push below this acceleration is left out; it sets the reach of a person. Who sets off does so with 2.7 m/s2."""

FASTER = 1.3
"""Highest speed, in parts of the desired one (Helbing and Molnar 1995)."""

NEIGHBOURS = 6
"""Bodies of one size that can touch another of that size."""


class SocialForce(NamedTuple):
    """Parameters of the model; the defaults are those of the paper.

    Attributes
    ----------
    mass : float
        m [kg].
    reaction_time : float
        tau [s].
    strength, wall_strength : float
        Of the repulsion by people and by walls, A and A_w [N].
    range : float
        Of both, B [m].
    body_force : float
        Stiffness of bodies, k [kg/s2].
    friction : float
        kappa [kg/(m s)].
    """

    mass: float = 80.0
    reaction_time: float = 0.5
    strength: float = 2000.0
    wall_strength: float = 2000.0
    range: float = 0.08
    body_force: float = 1.2e5
    friction: float = 2.4e5

    @property
    def clearance(self) -> float:
        """Part of the radius within which nobody is pressed against a wall: contact keeps people out long before."""
        return 0.25

    @property
    def cut(self) -> float:
        """Gap between two bodies beyond which they do not push each other [m]."""
        return self._cut(self.strength)

    def check(self) -> None:
        """Raise a ParameterError when a parameter is out of its range."""
        check_positive("social force", self._asdict())

    def reach(self, radius: float, other_radius: float, desired_speed: float) -> float:
        """Distance beyond which somebody else does not matter [m]."""
        return radius + other_radius + self.cut

    def wall_reach(self, radius: float) -> float:
        """Distance beyond which a wall does not matter [m]."""
        return radius + self._cut(self.wall_strength)

    def top_speed(self, desired_speed: float) -> float:
        """Highest speed [m/s]."""
        return FASTER * desired_speed

    def substeps(self, dt: float) -> int:
        """Parts of a step for which the fastest oscillation of a packed crowd is stable.

        In a triangular lattice of bodies it has the square 6 k' / m of its angular frequency w, k' the stiffness of a contact:
        that of the body, and of the repulsion where bodies are pressed by B. Semi-implicit Euler is stable for w dt < 2, and with
        friction at its limit for w dt < 1.26: a part is at most 1.25 / w, and no more than a fifth of the reaction time.
        """
        stiffness = self.body_force + math.e * max(self.strength, self.wall_strength) / self.range
        longest = min(1.25 / math.sqrt(NEIGHBOURS * stiffness / self.mass), 0.2 * self.reaction_time)
        return max(1, math.ceil(dt / longest - 1e-9))

    def move(self, crowd: Any, near: Any, floor: Floor, step: Step) -> None:
        """Write everybody's next velocity and pressure."""
        reach = self.wall_reach(step.radius)
        _MOVE[step.parallel](crowd, near, floor, self, self.cut, reach, most_friction(self, step.dt), step.dt)

    def _cut(self, strength: float) -> float:
        return self.range * math.log(max(strength / (self.mass * NEGLIGIBLE_M_S2), 1.0))


def most_friction(model: SocialForce, dt: float) -> float:
    """Largest coefficient of friction of a contact [kg/s]."""
    return model.mass / (5.0 * dt)


@njit()
def _touch(k, count, first, row, i, fixed, body, vx, vy, gaps, params, most):
    """Acceleration of person i by those of its neighbours whom it touches, and the sum of their normal forces.

    Its `count` neighbours are listed in `row` from `first` on, and their gaps stand from slot k on.
    """
    ax = ay = pressing = 0.0
    x0, y0, r0 = np.int32(fixed[i]), np.int32(fixed[i] >> 32), np.float64(body[i])
    for q in range(count):
        if gaps[k + q] >= 0.0:
            continue
        j = row[first + q]
        dx = np.float64(np.int32(x0 - np.int32(fixed[j]))) / PER_METRE
        dy = np.float64(np.int32(y0 - np.int32(fixed[j] >> 32))) / PER_METRE
        d = max(np.sqrt(dx * dx + dy * dy), 1e-6)
        overlap = max(r0 + body[j] - d, 0.0)
        nx, ny = dx / d, dy / d
        normal = params.body_force * overlap
        sliding = (vy[j] - vy[i]) * nx - (vx[j] - vx[i]) * ny
        rub = min(params.friction * overlap, most) * sliding
        ax += normal * nx - rub * ny
        ay += normal * ny + rub * nx
        pressing += normal
    return ax / params.mass, ay / params.mass, pressing


@njit()
def _walkers(k, count, first, row, standing, pushes_x, pushes_y):
    """Sum of the pushes of those who do not stand."""
    px = py = 0.0
    for q in range(count):
        if not standing[row[first + q]]:
            px += pushes_x[k + q]
            py += pushes_y[k + q]
    return px, py


@njit()
def _walls(floor, level, x, y, vx, vy, radius, params, most, reach):
    """Accelerations of a person by walls, by their repulsion and by their touch, and the sum of their normal forces."""
    b = bucket_of(floor, level, x, y)
    px = py = ax = ay = pressing = 0.0
    for s in range(floor.wall_start[b], floor.wall_start[b + 1]):
        dx, dy, counts = from_wall(floor.walls, s, x, y)
        d = np.sqrt(dx * dx + dy * dy)
        if counts and 1e-9 < d < reach:
            nx, ny = dx / d, dy / d
            push = params.wall_strength * exponential(min((radius - d) / params.range, 40.0))
            px += push * nx
            py += push * ny
            if d < radius:
                normal = params.body_force * (radius - d)
                rub = min(params.friction * (radius - d), most) * (vy * nx - vx * ny)
                ax += normal * nx + rub * ny
                ay += normal * ny - rub * nx
                pressing += normal
    return px / params.mass, py / params.mass, ax / params.mass, ay / params.mass, pressing


def _move(crowd, near, floor, params, cut, wall_reach, most, dt):
    n, row, first_of, count = crowd.n, near.row, near.first, near.number
    strength, per_range = np.float32(params.strength / params.mass), np.float32(-1.0 / (LANES * params.range))
    cut_gap = np.float32(cut)
    scratch, spare, tasks, blocks = near.places, near.reals, near.places.shape[0], (n + BLOCK - 1) // BLOCK
    fixed, body, want_x, want_y, by_wall = crowd.fixed, crowd.body, crowd.want_x, crowd.want_y, crowd.by_wall
    level, x, y, radius, standing = crowd.level, crowd.x, crowd.y, crowd.radius, crowd.standing
    want_speed, heading_x, heading_y, desired = crowd.want_speed, crowd.heading_x, crowd.heading_y, crowd.desired
    next_vx, next_vy, old_vx, old_vy, pressure = crowd.next_vx, crowd.next_vy, crowd.vx, crowd.vy, crowd.pressure
    for task in prange(tasks):
        places, reals, slots = scratch[task], spare[task], scratch.shape[1]
        xs, ys, sums, gaps = reals[:slots], reals[slots : 2 * slots], reals[2 * slots : 3 * slots], reals[3 * slots : 4 * slots]
        pushes_x, pushes_y, radii = reals[4 * slots : 5 * slots], reals[5 * slots : 6 * slots], reals[6 * slots : 7 * slots]
        for block in range(task * blocks // tasks, (task + 1) * blocks // tasks):
            first, last = block * BLOCK, min(n, (block + 1) * BLOCK)
            begin, end = first_of[first], first_of[last - 1] + count[last - 1]
            gather(begin, end, row, fixed, body, places, radii)
            k = 0
            for i in range(first, last):
                k = relate(k, count[i], np.int32(fixed[i]), np.int32(fixed[i] >> 32), body[i], places, radii, xs, ys, sums)
            repel_all(k, xs, ys, sums, gaps, pushes_x, pushes_y, strength, per_range, cut_gap)
            k = 0
            for i in range(first, last):
                vx, vy = old_vx[i], old_vy[i]
                ax = ay = pressing = 0.0
                if standing[i]:
                    px, py = _walkers(k, count[i], first_of[i], row, standing, pushes_x, pushes_y)
                else:
                    sx, sy = sums_of(k, count[i], pushes_x, pushes_y)
                    px, py = np.float64(sx), np.float64(sy)
                if least_of(k, count[i], gaps) < 0.0:
                    ax, ay, pressing = _touch(
                        k, count[i], first_of[i], row, i, fixed, body, old_vx, old_vy, gaps, params, most
                    )
                k += count[i]
                if by_wall[i]:
                    sx, sy, tx, ty, normal = _walls(floor, level[i], x[i], y[i], vx, vy, radius[i], params, most, wall_reach)
                    if not standing[i]:
                        px += sx
                        py += sy
                    ax += tx
                    ay += ty
                    pressing += normal
                vx += dt * ((want_speed[i] * want_x[i] - vx) / params.reaction_time + px + ax)
                vy += dt * ((want_speed[i] * want_y[i] - vy) / params.reaction_time + py + ay)
                speed = np.sqrt(vx * vx + vy * vy)
                if speed > FASTER * desired[i]:
                    vx *= FASTER * desired[i] / speed
                    vy *= FASTER * desired[i] / speed
                    speed = FASTER * desired[i]
                if speed > 1e-6:
                    heading_x[i], heading_y[i] = vx / speed, vy / speed
                next_vx[i], next_vy[i] = vx, vy
                pressure[i] = pressing / (2.0 * np.pi * radius[i])
    wrote(next_vx, next_vy, heading_x, heading_y, pressure, scratch, spare)


_MOVE: tuple[Any, Any] = (njit()(_move), njit(parallel=True)(_move))


def reference(model: SocialForce, people: Plain, dt: float, *, whole: bool = False) -> Moved:
    """The same by loops over all pairs, straight from the equations.

    Parameters
    ----------
    model : SocialForce
    people : Plain
    dt : float
        Part of a step [s].
    whole : bool
        Count everybody and every wall, those out of reach too.
    """
    velocity, heading, pressure = people.velocity.copy(), people.heading.copy(), np.zeros(len(people.at))
    widest, most = float(people.radius.max()), most_friction(model, dt)
    for i, here in enumerate(people.at):
        push, touch = np.zeros(2), np.zeros(2)
        pairs = [
            (people.at[j], people.velocity[j], people.radius[i] + people.radius[j], model.strength, model.cut, people.standing[j])
            for j in others(people, i)
        ] + [
            (point, np.zeros(2), people.radius[i], model.wall_strength, model.wall_reach(widest) - people.radius[i], True)
            for point in wall_points(here[0], here[1], people.walls)
        ]
        for other, moving, contact, strength, cut, still in pairs:
            d = float(np.hypot(*(here - other)))
            if not whole and d - contact > cut:
                continue
            n = (here - other) / d
            t = np.array([-n[1], n[0]])
            if not (still and people.standing[i]):
                push += strength * math.exp((contact - d) / model.range) * n
            overlap = max(contact - d, 0.0)
            touch += model.body_force * overlap * n
            touch += min(model.friction * overlap, most) * ((moving - people.velocity[i]) @ t) * t
            pressure[i] += model.body_force * overlap / (2.0 * math.pi * people.radius[i])
        drawn = (people.want_speed[i] * people.want[i] - people.velocity[i]) / model.reaction_time
        velocity[i] += dt * (drawn + (push + touch) / model.mass)
        speed, most_speed = float(np.hypot(*velocity[i])), FASTER * people.desired[i]
        if speed > most_speed:
            velocity[i] *= most_speed / speed
        if speed > 1e-6:
            heading[i] = velocity[i] / np.hypot(*velocity[i])
    return Moved(velocity, heading, pressure)
