"""Speed and memory of the crowd, beside JuPedSim.

Both sides solve the collision-free speed model V2 with the same parameters, step, geometry, goals and starting points, in
one process and in turns, so that a busy machine slows both. An agent-step is one person moved by one step; the set-up (ways,
JuPedSim's adding of agents) is timed apart. JuPedSim comes with the extra ``bench``.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

import orjson

from benchmarks.crowd.costs import measure_costs
from benchmarks.crowd.measuring import machine
from benchmarks.crowd.roofline import cores_worth, measure_roofline
from benchmarks.crowd.scale import measure_memory, measure_scale, memory_of
from benchmarks.crowd.speed import RACES, measure_event, measure_speed
from benchmarks.printing import show

PARTS = (*RACES, "event-run", "costs", "scale", "roofline", "memory")


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crowd", description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON (otherwise a few lines)")
    parser.add_argument("--dt", type=float, default=0.01, help="step of the comparison [s]")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS), help="measure some things")
    parser.add_argument("--memory-of", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=60.0, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.memory_of:
        sys.stdout.write(orjson.dumps(memory_of(given.memory_of, given.seconds)).decode())
        return 0
    out: dict[str, Any] = {"machine": machine() | {"cores_worth": cores_worth()}}
    races = [name for name in RACES if name in given.only]
    if races:
        out["speed"] = measure_speed(races, given.dt, given.repeats)
    if "event-run" in given.only:
        out["event_run"] = measure_event()
    if "costs" in given.only:
        out["costs"] = measure_costs(given.repeats)
    if "scale" in given.only:
        out["scale"] = measure_scale()
    if "roofline" in given.only:
        out["roofline"] = measure_roofline(given.dt)
    if "memory" in given.only:
        out["memory"] = measure_memory(20_000)
    return show(out, as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
