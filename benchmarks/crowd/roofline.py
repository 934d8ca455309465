"""How near to what the machine can do: pairs a second, and shares of its memory bandwidth and arithmetic.

Operations and bytes are counted from the kernels (`OPERATIONS_A_PAIR`, the arrays that a step touches); the peaks are
measured here: a triad over arrays far larger than the caches, and fused multiply-adds in registers, both on all cores. The
arithmetic is a small part: most of what a step takes is finding who and what is near, which both shares leave out.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import numba
import numpy as np

from benchmarks.crowd.measuring import spread
from benchmarks.crowd.scenes import make_square
from benchmarks.crowd.sides import Ours, agent_steps_per_s
from twin.sim.lanes import LANES, fused, total
from twin.sim.lanes import spread as same

OPERATIONS_A_PAIR, OPERATIONS_A_LANE = 33, 14
"""Of float32, in `twin.sim.crowd.pushes`: those of `repel_all` for each neighbour listed; those of `relate` (3), `sums_of` (2) and
`least_ahead` (9) for each lane, as neighbours are taken by sixteen. A fused one counts twice, a root or division once."""


@numba.njit(parallel=True)
def _triad(a, b, c):
    for i in numba.prange(a.shape[0]):
        a[i] = b[i] + 3.0 * c[i]


@numba.njit(parallel=True, error_model="numpy")
def _multiply_add(threads, turns, out):
    for t in numba.prange(threads):
        factor, more = same(np.float32(0.999)), same(np.float32(0.001))
        v0, v1, v2, v3 = same(np.float32(t)), same(np.float32(1.0)), same(np.float32(2.0)), same(np.float32(3.0))
        v4, v5, v6, v7 = same(np.float32(4.0)), same(np.float32(5.0)), same(np.float32(6.0)), same(np.float32(7.0))
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


def cores_worth(repeats: int = 15) -> dict[str, Any]:
    """How many times the arithmetic of one thread all of them do: 2 on two cores, 1.2 where these are two threads of one core.

    On a shared machine that changes from one minute to the next; a peer on one thread does not notice.
    """
    threads, turns = numba.get_num_threads(), 1_000_000
    out = np.zeros(threads, np.float32)
    _multiply_add(threads, 10, out)
    times: dict[int, list[float]] = {1: [], threads: []}
    for _ in range(repeats):
        for some in times:
            start = time.perf_counter()
            _multiply_add(some, turns, out)
            times[some].append(time.perf_counter() - start)
    return spread([threads * one / all_ for one, all_ in zip(times[1], times[threads], strict=True)], 2)


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
            "share_of_arithmetic": round(
                rate * (listed * OPERATIONS_A_PAIR + lanes * OPERATIONS_A_LANE) / top["float32_per_s"], 3
            ),
            "share_of_bandwidth": round(rate * touched / top["bytes_per_s"], 3),
        }  # fmt: skip
    return out
