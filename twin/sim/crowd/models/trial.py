"""A model's first steps: a small crowd in a room, looked at closely, so that a mistake shows before a long run."""

from __future__ import annotations

import numpy as np
from numba.core.errors import NumbaError
from numpy.typing import NDArray

from twin.errors import ParameterError
from twin.sim.crowd.engine import Crowd
from twin.sim.crowd.models.interface import Model, top_speed_of
from twin.sim.floor import Chain, build_floor
from twin.sim.model import STAGE_LEAVE, Goals, Journeys, People

SIDE_M = 20
"""The room is a square with a pillar in it; the goal is its eastern edge."""


def try_out(name: str, model: Model) -> None:
    """Let a model move a small crowd twice, on one core and on all.

    Raises
    ------
    ParameterError
        When it cannot be called, does not compile, leaves somebody without a velocity, moves people itself, walks faster than it
        says, or does not give the same on any number of cores.
    """
    if not np.array_equal(_moved(name, model, False), _moved(name, model, True)):
        raise ParameterError(
            f"the model `{name}` moves people differently on one core and on all",
            hint="a parallel loop may write only what belongs to its own person, and read nothing that the same loop writes",
        )


def _moved(name: str, model: Model, parallel: bool) -> NDArray[np.float64]:
    """Velocities after the second step, (N, 2)."""
    try:
        crowd = _small_crowd(model, parallel)
    except TypeError as error:
        raise ParameterError(f"a method of the model `{name}` cannot be called: {error}", hint=_CALLED) from error
    on = "all cores" if parallel else "one core"
    for _ in range(2):
        crowd._intend()
        rows, now = crowd.store.n, crowd.store.arrays
        for output in ("next_vx", "next_vy"):
            now[output][:] = np.nan
        before = now["x"].copy(), now["y"].copy()
        try:
            crowd._move(0)
        except NumbaError as error:
            first = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
            raise ParameterError(f"the kernel of the model `{name}` does not compile: {first}", hint=_HINT) from error
        except TypeError as error:
            raise ParameterError(f"`move` of the model `{name}` cannot be called: {error}", hint=_CALLED) from error
        velocity = np.stack([now["next_vx"][:rows], now["next_vy"][:rows]], axis=1)
        lost = int(np.count_nonzero(~np.isfinite(velocity).all(axis=1)))
        if lost:
            raise ParameterError(f"the model `{name}` leaves {lost} of {rows} people without a velocity on {on}", hint=_WROTE)
        if not (np.array_equal(before[0], now["x"]) and np.array_equal(before[1], now["y"])):
            raise ParameterError(f"the model `{name}` moves people itself", hint="write velocities, and the engine moves them")
        top = max(top_speed_of(model, float(one)) for one in now["desired"][:rows])
        fastest = float(np.hypot(*velocity.T).max())
        if fastest > top * (1.0 + 1e-6):
            raise ParameterError(
                f"in the model `{name}` somebody walks {fastest:.2f} m/s, faster than anybody may",
                hint="walk at most `desired`, or say how fast in a method `top_speed(desired_speed)`",
            )
        crowd._settle(0)
    return velocity


_CALLED = (
    "methods are `check()`, `reach(radius, other_radius, desired_speed)`, `wall_reach(radius)` and "
    "`move(crowd, near, floor, step)`; a kernel gets what `move` gives it"
)
_HINT = "call only what Numba can compile; docs/models.md has a model that works"
_WROTE = (
    "write next_vx and next_vy of every row below n; arrays that a parallel loop writes must be taken out of the crowd before it "
    "and named in `twin.jit.wrote` after it; and see that no division gives 0 / 0"
)


def _small_crowd(model: Model, parallel: bool) -> Crowd:
    """Some hundred people between 0.4 m and a metre apart, some at walls."""
    corners = np.array([(0.0, 0.0), (SIDE_M, 0.0), (SIDE_M, SIDE_M), (0.0, SIDE_M)])
    pillar = np.array([(9.0, 9.0), (9.0, 11.0), (11.0, 11.0), (11.0, 9.0)])
    cells = 2 * SIDE_M
    row, column = np.mgrid[:cells, :cells]
    mask = ~((np.abs(row - cells / 2 + 0.5) < 2) & (np.abs(column - cells / 2 + 0.5) < 2))
    floor = build_floor(
        west=0.0, north=float(SIDE_M), cell=0.5, mask=mask[None], chains=[Chain(0, corners, True), Chain(0, pillar, True)]
    )
    edge = np.stack([np.zeros(cells), np.arange(cells), np.full(cells, cells - 1)], axis=1).astype(np.int32)
    random = np.random.default_rng(7)
    x, y = np.meshgrid(np.arange(0.35, 16.0, 0.8), np.arange(0.35, 19.8, 0.8))
    x, y = (at.ravel() + random.uniform(-0.2, 0.2, at.size) for at in (x, y))
    apart = (np.abs(x - 10.0) > 1.3) | (np.abs(y - 10.0) > 1.3)
    x, y = x[apart], y[apart]
    count = len(x)
    people = People(
        x, y, np.zeros(count, np.int32), np.zeros(count), np.zeros(count, np.int32), random.uniform(0.5, 1.6, count),
        random.uniform(0.15, 0.25, count),
    )  # fmt: skip
    journeys = Journeys(np.zeros((1, 1), np.int32), np.full((1, 1), STAGE_LEAVE, np.int8), np.full((1, 1), np.inf))
    return Crowd(floor, Goals(np.array([0, cells]), edge), journeys, people, model, dt=0.05, parallel=parallel)
