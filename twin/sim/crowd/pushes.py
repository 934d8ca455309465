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

AGAINST = np.float32(-0.5)
"""Who comes towards somebody wants to go against its way: this is the cosine of the angle between them, or less."""

ABREAST = np.float32(1.2)
"""Who comes towards somebody and is further to the side than so many sums of radii passes anyway."""

RIGHT_OF = np.float32(0.3)
"""Who comes towards somebody is passed on its left only when it is further to the right than this part of the sum of radii."""


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
def gather(begin, end, row, fixed, body, places, radii):
    """Write places and radii of who is listed in ``row[begin:end]`` side by side into scratch, and up to fifteen after them."""
    # without a sign there is no test for counting from the end
    for q in range(np.uint64(0), np.uint64(end - begin), np.uint64(LANES)):
        for lane in range(np.uint64(LANES)):
            j = np.uint32(row[np.uint64(begin) + q + lane])
            places[q + lane] = fixed[j]
            radii[q + lane] = body[j]


@njit(inline="always")
def gather_places(begin, end, row, fixed, places):
    """Write the places of who is listed in ``row[begin:end]`` as `gather` does, where everybody has the same radius."""
    for q in range(np.uint64(0), np.uint64(end - begin), np.uint64(LANES)):
        for lane in range(np.uint64(LANES)):
            places[q + lane] = fixed[np.uint32(row[np.uint64(begin) + q + lane])]


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
def relate_places(k, count, x0, y0, places, xs, ys):
    """From places: the way from a person to each of `count` others, as `relate` does, where everybody has the same radius."""
    for q in range(k, k + count, LANES):
        store(xs, q, low_apart(places, q, x0) * METRE)
        store(ys, q, high_apart(places, q, y0) * METRE)
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


@njit(inline="always")
def least_of(k, count, xs):
    """Least of `count` numbers from slot k on; `NO_GAP` of none."""
    some = spread(NO_GAP)
    for q in range(0, count, LANES):
        some = smaller(some, where(before(count - q), load(xs, k + q), spread(NO_GAP)))
    return least(some)


@njit(inline="always")
def gather_ways(begin, end, row, want_x, want_y, bound, ways_x, ways_y, goals):
    """Write where who is listed in ``row[begin:end]`` wants to go side by side into scratch, as `gather` does."""
    for q in range(np.uint64(0), np.uint64(end - begin), np.uint64(LANES)):
        for lane in range(np.uint64(LANES)):
            j = np.uint32(row[np.uint64(begin) + q + lane])
            ways_x[q + lane] = np.float32(want_x[j])
            ways_y[q + lane] = np.float32(want_y[j])
            goals[q + lane] = np.float32(bound[j])


@njit(inline="always")
def aside_of(k, count, xs, ys, sums, gaps, ways_x, ways_y, goals, ex, ey, goal, per_range):
    """How strongly who comes towards a person asks it to step to its right, less those who ask for its left.

    Of `count` others from slot k on, those who are ahead along (ex, ey), want to go against it and to another goal, and are hardly
    further to the side than both are wide; each by how much its gap is below a range, in parts of it, at most 1.
    """
    sum_ = spread(_NOTHING)
    for q in range(0, count, LANES):
        x, y, contact, theirs = load(xs, k + q), load(ys, k + q), load(sums, k + q), load(goals, k + q)
        left = y * ex - x * ey
        against = load(ways_x, k + q) * ex + load(ways_y, k + q) * ey < AGAINST
        comes = (x * ex + y * ey > _NOTHING) & against & (magnitude(left) < ABREAST * contact) & before(count - q)
        part = smaller(larger(_ONE - load(gaps, k + q) * per_range, spread(_NOTHING)), spread(_ONE))
        push = where(left >= -RIGHT_OF * contact, part, spread(_NOTHING) - part)
        sum_ = sum_ + where(comes & ((theirs < goal) | (theirs > goal)), push, spread(_NOTHING))
    return total(sum_)
