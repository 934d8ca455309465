"""How near to what the machine can do: pairs a second, and shares of its memory bandwidth and arithmetic.

Operations and bytes are counted from the kernels (`OPERATIONS_A_PAIR`, the arrays that a step touches); the peaks are
measured here: a triad over arrays far larger than the caches, and fused multiply-adds in registers, both on all cores.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import numba
import numpy as np

from benchmarks.crowd.scenes import make_square
from benchmarks.crowd.sides import Ours, agent_steps_per_s
from twin.sim.lanes import LANES, fused, spread, total

OPERATIONS_A_PAIR = 52
"""Of float32, in `twin.sim.crowd.pushes`: `repel` 37, sums 2, `gap_ahead` 13; a fused one counts twice, a root or division once."""


@numba.njit(parallel=True)
def _triad(a, b, c):
    for i in numba.prange(a.shape[0]):
        a[i] = b[i] + 3.0 * c[i]


@numba.njit(parallel=True, error_model="numpy")
def _multiply_add(threads, turns, out):
    for t in numba.prange(threads):
        factor, more = spread(np.float32(0.999)), spread(np.float32(0.001))
        v0, v1, v2, v3 = spread(np.float32(t)), spread(np.float32(1.0)), spread(np.float32(2.0)), spread(np.float32(3.0))
        v4, v5, v6, v7 = spread(np.float32(4.0)), spread(np.float32(5.0)), spread(np.float32(6.0)), spread(np.float32(7.0))
        for _ in range(turns):
            v0, v1, v2, v3 = fused(v0, factor, more), fused(v1, factor, more), fused(v2, factor, more), fused(v3, factor, more)
            v4, v5, v6, v7 = fused(v4, factor, more), fused(v5, factor, more), fused(v6, factor, more), fused(v7, factor, more)
        out[t] = total(v0 + v1 + v2 + v3 + v4 + v5 + v6 + v7)


def _best(work: Any, repeats: int = 7) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def peaks() -> dict[str, float]:
    """Bytes and float32 operations a second."""
    size = 16_000_000
    a, b, c = np.zeros(size), np.ones(size), np.ones(size)
    _triad(a, b, c)
    bandwidth = 3 * a.nbytes / _best(lambda: _triad(a, b, c))
    threads, turns = numba.get_num_threads(), 2_000_000
    out = np.zeros(threads, np.float32)
    _multiply_add(threads, 10, out)
    rate = threads * turns * 8 * LANES * 2 / _best(lambda: _multiply_add(threads, turns, out))
    return {"bytes_per_s": bandwidth, "float32_per_s": rate}


def measure_roofline(dt: float = 0.01) -> dict[str, Any]:
    """For the square at 1 and 3 /m2 and for a jam."""
    top = peaks()
    out: dict[str, Any] = {name: float(f"{value:.3g}") for name, value in top.items()}
    for name, density, settle_s in (("square", 1.0, 0.2), ("dense", 3.0, 0.2), ("jam", 3.0, 20.0)):
        side = Ours(make_square(20_000, density=density), dt)
        side.advance(round(settle_s / dt))
        store = side.crowd.store
        rates = [agent_steps_per_s(side, 40) for _ in range(5)]
        rate = statistics.median(rates)
        n = store.n
        listed = float(store.arrays["number"][:n].mean())
        lanes = float(np.ceil(store.arrays["number"][:n] / LANES).mean() * LANES)
        touched = sum(array.dtype.itemsize for array in store.present()[1:]) + 4.0 * listed + 8.0 + 4.0 * 8.0
        out[name] = {
            "agent_steps_per_s": round(rate), "neighbours_listed": round(listed, 1), "pairs_per_s": float(f"{rate * listed:.3g}"),
            "lanes_in_use": round(listed / lanes, 2),
            "share_of_arithmetic": round(rate * lanes * OPERATIONS_A_PAIR / top["float32_per_s"], 3),
            "share_of_bandwidth": round(rate * touched / top["bytes_per_s"], 3),
        }  # fmt: skip
    return out
