"""What the sixteen at a time do in single precision changes nothing that matters: whole runs beside the equations in double."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from tests.sim.scenes import boundary_segments, crowd_of, ground_of, people_of, scattered
from twin.sim.crowd.models.collision_free_speed import CollisionFreeSpeed, reference
from twin.sim.crowd.models.plain import Plain

ROOM = shapely.box(0, 0, 6, 4).union(shapely.box(6, 1.4, 7, 2.6)).union(shapely.box(7, 0, 9, 4))
END = shapely.box(8.5, 0, 9, 4)


class InDouble:
    """The collision-free speed model by its slow reference: all in double precision, all pairs, all walls."""

    def __init__(self, model: CollisionFreeSpeed) -> None:
        self.model, self.clearance = model, model.clearance
        self.walls = boundary_segments(ROOM)
        shapely.prepare(ROOM)

    def check(self) -> None:
        self.model.check()

    def reach(self, radius, other_radius, desired_speed):
        return self.model.reach(radius, other_radius, desired_speed)

    def wall_reach(self, radius):
        return self.model.wall_reach(radius)

    def move(self, crowd, near, floor, step):
        n = crowd.n
        here = crowd.body[:n] > -1.0

        def pair(a, b):
            return np.column_stack([a[:n][here], b[:n][here]]).astype(np.float64)

        at = pair(crowd.x, crowd.y)
        lines = shapely.linestrings(np.stack(np.broadcast_arrays(at[:, None], at[None, :]), axis=2).reshape(-1, 2, 2))
        seen = shapely.covers(ROOM, lines).reshape(len(at), len(at))
        people = Plain(
            at, pair(crowd.vx, crowd.vy), pair(crowd.heading_x, crowd.heading_y), crowd.radius[:n][here].astype(np.float64),
            crowd.desired[:n][here], pair(crowd.want_x, crowd.want_y), crowd.want_speed[:n][here], crowd.standing[:n][here] > 0,
            seen, self.walls, crowd.person[:n][here], crowd.bound[:n][here], step.seed, step.time,
        )  # fmt: skip
        after = reference(self.model, people, step.dt, whole=False)
        for names, values in ((("next_vx", "next_vy"), after.velocity), (("heading_x", "heading_y"), after.heading)):
            for k, name in enumerate(names):
                getattr(crowd, name)[:n][here] = values[:, k]


def run(model, seed, seconds=30.0):
    """Where everybody is after a second, and when each left."""
    points = scattered(shapely.box(0.4, 0.4, 5.0, 3.6), 24, seed, apart=0.5)
    crowd = crowd_of(ground_of(ROOM), [END], people_of(points, speed=1.3), model=model, dt=0.05, seed=seed, parallel=False)
    crowd.advance(20)
    soon = crowd.snapshot()
    crowd.advance(round(seconds / 0.05) - 20)
    return soon, np.sort(crowd.exit_time)


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["event", "jupedsim"])
def test_flows_through_a_door_are_those_of_double_precision(preset):
    model = CollisionFreeSpeed.presets()[preset].model
    flows = []
    for seed in range(1, 13):
        (soon, left), (soon_double, left_double) = run(model, seed), run(InDouble(model), seed)
        # small differences grow once people are in each other's way, and there they are of no more weight than a seed
        assert np.median(np.hypot(soon.x - soon_double.x, soon.y - soon_double.y)) < 1e-3
        assert np.isfinite(left).all()
        assert np.isfinite(left_double).all()
        flows.append([(len(t) - 1) / (t[-1] - t[0]) for t in (left, left_double)])
    single, double = np.mean(flows, axis=0)
    apart = np.diff(flows, axis=1)
    assert abs(single - double) < 2.5 * apart.std(ddof=1) / np.sqrt(len(apart))
    assert single == pytest.approx(double, rel=0.06)
