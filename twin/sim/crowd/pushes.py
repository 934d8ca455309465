"""Repulsion by neighbours that falls off exponentially, and the gap ahead: sixteen neighbours at a time.

What the collision-free speed models spend their time on. A person's neighbours are first laid side by side in scratch.
"""

from __future__ import annotations

import numpy as np

from twin.jit import njit
from twin.sim.crowd.state import METRE
from twin.sim.lanes import (
    LANES,
    before,
    fused,
    high_apart,
    larger,
    least,
    load,
    low_apart,
    magnitude,
    root,
    smaller,
    spread,
    store,
    total,
    totals,
    where,
)

_ONE, _TINY, _NOTHING = np.float32(1.0), np.float32(1e-12), np.float32(0.0)
_C2, _C3, _C4, _C5, _C6, _C7 = (np.float32(1.0 / f) for f in (2, 6, 24, 120, 720, 5040))
NO_GAP = np.float32(1e30)
"""Gap ahead of who has nobody ahead [m]."""


@njit(inline="always")
def lay_out(k, first, count, row, fixed, body, places, reals):
    """Write who is listed from ``row[first]`` on into scratch, from slot k on; gives the slot after them.

    ``places[k:]`` gets sixteen fixed-point places, ``reals[4 k:]`` sixteen radii (and leaves room for `repel`), and so
    on; beyond the last of `count`, whatever the list holds.
    """
    for q in range(first, first + count, LANES):
        base = 4 * k
        for lane in range(LANES):
            j = np.uint32(row[q + lane])  # without a sign there is no test for counting from the end
            places[k + lane] = fixed[j]
            reals[base + lane] = body[j]
        k += LANES
    return k


@njit(inline="always")
def exponential_of(u):
    """exp(16 u), sixteen at a time, for u between -1 and 1 (what is beyond is taken for that): to 2e-6 of its value.

    The 16th power of a series: without a branch or a table.
    """
    u = larger(smaller(u, spread(_ONE)), spread(-_ONE))
    u2 = u * u
    low = fused(fused(u, spread(_C3), spread(_C2)), u2, u + _ONE)
    high = fused(fused(u, spread(_C7), spread(_C6)), u2, fused(u, spread(_C5), spread(_C4)))
    e = fused(high, u2 * u2, low)
    e = e * e
    e = e * e
    e = e * e
    return e * e


@njit(inline="always")
def repel(k, some, x0, y0, r0, places, reals, strength, per_range, cut):
    """Work out what the first `some` in slot k do to a person: gaps d - l and ``-strength exp((l - d) / range) n``.

    (x0, y0) is the person's own place in fixed point, r0 its radius, `per_range` -1 / (16 range); beyond a gap of `cut`
    nobody pushes. Leaves sums of radii, gaps, and both components of the pushes in scratch. They are not added up here: sums
    wait for what is summed, and the processor would wait for them with every person.
    """
    base = 4 * k
    x, y = low_apart(places, k, x0) * METRE, high_apart(places, k, y0) * METRE
    d = root(larger(fused(x, x, y * y), spread(_TINY)))
    contact = load(reals, base) + r0
    gap = where(before(some), d - contact, spread(NO_GAP))
    store(reals, base, contact)
    store(reals, base + LANES, gap)
    f = where(gap <= cut, (-strength / d) * exponential_of(gap * per_range), spread(_NOTHING))
    store(reals, base + 2 * LANES, f * x)
    store(reals, base + 3 * LANES, f * y)


@njit(inline="always")
def push_of(k, reals):
    """Sum of the pushes of slot k, after `repel`."""
    base = 4 * k + 2 * LANES
    return total(load(reals, base)), total(load(reals, base + LANES))


@njit(inline="always")
def gaps_ahead(k, x0, y0, places, reals, ex, ey):
    """Gaps to those of the sixteen in slot k that are ahead along the unit vector (ex, ey) and at most l to the side."""
    base = 4 * k
    x, y = low_apart(places, k, x0) * METRE, high_apart(places, k, y0) * METRE
    ahead = (x * ex + y * ey >= _NOTHING) & (magnitude(y * ex - x * ey) <= load(reals, base))
    return where(ahead, load(reals, base + LANES), spread(NO_GAP))


@njit(inline="always")
def gather(begin, end, row, fixed, body, places, radii):
    """Write places and radii of who is listed in ``row[begin:end]`` side by side into scratch, and up to fifteen after them."""
    # without a sign there is no test for counting from the end
    for q in range(np.uint64(0), np.uint64(end - begin), np.uint64(LANES)):
        for lane in range(np.uint64(LANES)):
            j = np.uint32(row[np.uint64(begin) + q + lane])
            places[q + lane] = fixed[j]
            radii[q + lane] = body[j]


@njit(inline="always")
def relate(k, count, x0, y0, r0, places, radii, xs, ys, sums):
    """From places and radii: the way from a person to each of `count` others from slot k on [m], and sums of radii.

    (x0, y0) is the person's own place in fixed point, r0 its radius. Up to fifteen slots behind those are written, too: the
    next person's turn comes after. Gives the slot where it begins.
    """
    for q in range(k, k + count, LANES):
        store(xs, q, low_apart(places, q, x0) * METRE)
        store(ys, q, high_apart(places, q, y0) * METRE)
        store(sums, q, load(radii, q) + r0)
    return k + count


@njit(inline="always")
def repel_all(count, xs, ys, sums, gaps, pushes_x, pushes_y, strength, per_range, cut):
    """Work out gaps d - l and pushes ``-strength exp((l - d) / range) n`` in the first `count` slots, whosever they are.

    `per_range` is -1 / (16 range); beyond a gap of `cut` nobody pushes.
    """
    for q in range(0, count, LANES):
        x, y = load(xs, q), load(ys, q)
        d = root(larger(fused(x, x, y * y), spread(_TINY)))
        gap = d - load(sums, q)
        f = where(gap <= cut, (-strength / d) * exponential_of(gap * per_range), spread(_NOTHING))
        store(gaps, q, gap)
        store(pushes_x, q, f * x)
        store(pushes_y, q, f * y)


@njit(inline="always")
def sums_of(k, count, xs, ys):
    """Sums of `count` numbers from slot k on, in two arrays."""
    x, y = spread(_NOTHING), spread(_NOTHING)
    for q in range(0, count, LANES):
        these = before(count - q)
        x = x + where(these, load(xs, k + q), spread(_NOTHING))
        y = y + where(these, load(ys, k + q), spread(_NOTHING))
    return totals(x, y)


@njit(inline="always")
def least_ahead(k, count, xs, ys, sums, gaps, ex, ey):
    """Least gap to who of `count` others from slot k on is ahead along (ex, ey) and at most the sum of radii to the side.

    A vector longer than 1 makes that lane narrower.
    """
    some = spread(NO_GAP)
    for q in range(0, count, LANES):
        x, y = load(xs, k + q), load(ys, k + q)
        ahead = (x * ex + y * ey >= _NOTHING) & (magnitude(y * ex - x * ey) <= load(sums, k + q)) & before(count - q)
        some = smaller(some, where(ahead, load(gaps, k + q), spread(NO_GAP)))
    return least(some)


@njit(inline="always")
def directions(count, xs, ys):
    """Make unit vectors of the first `count` vectors, and of those up to the next multiple of sixteen; zero stays zero."""
    for q in range(0, count, LANES):
        x, y = load(xs, q), load(ys, q)
        norm = root(fused(x, x, y * y))
        per_norm = where(norm > _TINY, _ONE / norm, spread(_NOTHING))
        store(xs, q, x * per_norm)
        store(ys, q, y * per_norm)
