"""The preset ``jupedsim`` beside JuPedSim: ``python -m benchmarks.beside_jupedsim --json``.

Walks the scenes of `twin.verification.side_by_side` with both, same starting places and seeds, dt 0.01 s, and prints mean, spread
and range over the seeds: what is recorded there. JuPedSim comes with the extra ``bench``; it takes some minutes.
"""

from __future__ import annotations

import argparse
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.printing import show
from twin.verification.scenes import Scene, crowd_in
from twin.verification.side_by_side import DT_S, PRESET, RECORDED, SPEED_M_S, times_of


def simulation(scene: Scene) -> tuple[Any, list[int]]:
    """JuPedSim with everybody at the start, and the id of each; raises ImportError when it is not installed."""
    import jupedsim as jps

    made = jps.Simulation(model=jps.CollisionFreeSpeedModelV2(), geometry=scene.area, dt=DT_S)
    stages = [made.add_exit_stage(list(shape.exterior.coords)[:-1]) for shape in scene.exits]
    journeys = [made.add_journey(jps.JourneyDescription([stage])) for stage in stages]
    ids = [
        made.add_agent(
            jps.CollisionFreeSpeedModelV2AgentParameters(position=tuple(point), journey_id=journeys[k], stage_id=stages[k])
        )
        for point, k in zip(scene.points.tolist(), scene.bound_for.tolist(), strict=True)
    ]
    return made, ids


def their_times(scene: Scene) -> NDArray[np.float64]:
    """When people left in JuPedSim, sorted [s]."""
    made, ids = simulation(scene)
    times: list[float] = []
    while made.agent_count() and made.elapsed_time() < scene.duration:
        made.iterate()
        times += [made.elapsed_time()] * (len(ids) - made.agent_count() - len(times))
    return np.array(times)


def steered_apart(scene: Scene, steps: int) -> NDArray[np.float64]:
    """Distance of each person from its twin in JuPedSim after so many steps, when JuPedSim goes the ways of our crowd [m].

    Before each of its steps every agent is sent a millimetre on along the way that our crowd has just wanted, so that what is left
    to differ is the model.
    """
    import jupedsim as jps

    crowd = crowd_in(scene, PRESET.model, speed=SPEED_M_S, radius=PRESET.radius, dt=DT_S)
    made = jps.Simulation(model=jps.CollisionFreeSpeedModelV2(), geometry=scene.area, dt=DT_S)
    stage = made.add_direct_steering_stage()
    journey = made.add_journey(jps.JourneyDescription([stage]))
    ids = [
        made.add_agent(jps.CollisionFreeSpeedModelV2AgentParameters(position=tuple(point), journey_id=journey, stage_id=stage))
        for point in scene.points.tolist()
    ]
    for _ in range(steps):
        crowd.advance()
        rows, n = crowd.store.arrays, crowd.store.n
        for person, wx, wy in zip(rows["person"][:n], rows["want_x"][:n], rows["want_y"][:n], strict=True):
            agent = made.agent(ids[person])
            x, y = agent.position
            agent.target = (x + 1e-3 * float(wx), y + 1e-3 * float(wy))
        made.iterate()
    shot = crowd.snapshot()
    theirs = np.array([made.agent(ids[person]).position for person in shot.id])
    return np.hypot(shot.x - theirs[:, 0], shot.y - theirs[:, 1])


def spread(values: list[float]) -> dict[str, Any]:
    """Mean, standard deviation and range."""
    return {
        "mean": round(float(np.mean(values)), 4), "sd": round(float(np.std(values, ddof=1)), 4), "min": round(min(values), 4),
        "max": round(max(values), 4), "seeds": len(values),
    }  # fmt: skip


def measure(names: list[str]) -> dict[str, Any]:
    """Both sides of some scenes."""
    out: dict[str, Any] = {}
    for name in names:
        recorded = RECORDED[name]
        seeds = range(1, recorded.seeds + 1)
        theirs = [recorded.figure(their_times(recorded.make(seed))) for seed in seeds]
        ours = [recorded.figure(times_of(recorded.make(seed))) for seed in seeds]
        what = f"{recorded.title}: {recorded.quantity} [{recorded.unit}]"
        out[name] = {"what": what, "jupedsim": spread(theirs), "stadstwin": spread(ours)}
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--only", choices=RECORDED, action="append", help="scenes (default: all)")
    options = parser.parse_args()
    show({"jupedsim": version("jupedsim"), **measure(options.only or list(RECORDED))}, as_json=options.json)


if __name__ == "__main__":
    main()
