"""From ten thousand people to a million: speed, and bytes each."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson

from benchmarks.crowd.measuring import spread, timed
from benchmarks.crowd.scenes import Scene, make_square
from benchmarks.crowd.sides import Ours, agent_steps_per_s

ROOT = Path(__file__).resolve().parents[2]
TARGET_BYTES = 400.0
TARGET_REAL_TIME = 0.5
TARGET_FALL = 0.20


def measure_scale(dt: float = 0.05, counts: tuple[int, ...] = (10_000, 30_000, 100_000, 300_000, 1_000_000)) -> dict[str, Any]:
    """Ours at 1 /m2 for other numbers of people, over several million agent-steps a repeat."""
    rows = []
    for people in counts:
        scene = make_square(people)
        side, seconds = timed(lambda scene=scene: Ours(scene, dt))
        side.advance(10)
        steps = max(10, min(100, 4_000_000 // people))
        rates = [agent_steps_per_s(side, steps) for _ in range(5)]
        found = spread(rates)
        row = {"people": people, "set_up_s": seconds, "steps": steps, "agent_steps_per_s": found}
        row["times_real_time"] = round(found["median"] * dt / people, 3)
        if people == counts[-1]:
            row |= {"target_real_time": TARGET_REAL_TIME, "met": row["times_real_time"] >= TARGET_REAL_TIME}
            row["bytes_each"] = bytes_each(side)
        rows.append(row)
        del side
    medians = [row["agent_steps_per_s"]["median"] for row in rows]
    fall = 1.0 - medians[-1] / medians[0]
    return {"dt_s": dt, "rows": rows, "fall": round(fall, 3), "target_fall": TARGET_FALL, "met": fall <= TARGET_FALL}


def bytes_each(side: Ours) -> dict[str, Any]:
    """What the arrays of the crowd take for each person; the floor and the ways to the goals are not people."""
    crowd = side.crowd
    store = crowd.store
    arrays = [*store.arrays.values(), store.neighbour, store.start, store.row_of, store.reach]
    arrays += [value for value in vars(crowd).values() if hasattr(value, "nbytes") and hasattr(value, "shape")]
    arrays += [value for value in crowd.people if value is not None]
    arrays += [value for value in vars(crowd.watch).values() if hasattr(value, "nbytes")]
    total = sum(array.nbytes for array in {id(a): a for a in arrays}.values())
    each = total / len(crowd.people.x)
    return {"bytes": round(each, 1), "target": TARGET_BYTES, "met": each < TARGET_BYTES}


def measure_memory(people: int, seconds: float = 60.0) -> dict[str, Any]:
    """Peak memory of a whole run, in a new process, above what importing and compiling take."""
    if find_spec("psutil") is None:
        return {"skipped": "psutil is not installed: pip install 'stadstwin[bench]'"}
    command = [sys.executable, "-m", "benchmarks.crowd", "--memory-of", str(people), "--seconds", str(seconds)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, Any] = orjson.loads(done.stdout)
    return found


def memory_of(people: int, seconds: float) -> dict[str, Any]:
    """In this process: a run through `twin.simulate_crowd` with positions every second and all fields."""
    import psutil

    import twin

    def walk(scene: Scene, duration: float) -> Any:
        exits = {"west": scene.exits[0], "east": scene.exits[1]}
        return twin.simulate_crowd(scene.area, starts=scene.points, exits=exits, duration=duration, cell=0.5, progress=False)

    walk(make_square(1_500), 2.0)  # compiles, with all cores and what goes with them
    scene = make_square(people)
    process = psutil.Process()
    before = peak = process.memory_info().rss
    running = True

    def watch() -> None:
        nonlocal peak
        while running:
            peak = max(peak, process.memory_info().rss)
            time.sleep(0.01)

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.perf_counter()
    result = walk(scene, seconds)
    wall = time.perf_counter() - start
    running = False
    watcher.join()
    mega = 1024.0**2
    return {
        "people": people, "simulated_s": seconds, "import_and_compile_mb": round(before / mega, 1),
        "above_mb": round((peak - before) / mega, 1), "wall_s": round(wall, 2), "trajectory_rows": len(result.trajectories),
    }  # fmt: skip
