"""Largest load factors of many arches under many loads: linear programmes with four unknowns, solved to the end.

How much of its capacity a live load q uses is ``U = 1 / factor``: the least U for which a thrust v exists with
``a v + U dead + live q >= 0`` in every row. Its dual looks for a mechanism y >= 0 with ``y a = 0``, ``y dead = 1`` whose work
``-(y live) q`` is largest: U is the largest of linear functionals of q. A mechanism has four hinges, and is one for every load, so
those found before start the next load: from the best of them the simplex method goes on until no row is broken. That end is the
optimum, whatever it started from; the functionals only save steps.

A second is left out only when U is shown to be no more there than the most that was found, in one of two ways. U is convex and
homogeneous, so ``U(m + d) <= m U(1) + sum max(d, 0) U(e) + sum max(-d, 0) U(-e)`` over the strips. And the thrust of the best
mechanism that is known, with what is left to the most spent on the thrust that keeps the arch best under its own weight, may break
no row. U is not monotone in the load (people on the other half help), so that another second has as much or more on every strip
proves nothing.
"""

from __future__ import annotations

import numpy as np

from twin.jit import njit, prange

KEPT = 48
"""Mechanisms that are kept of each arch."""
_MOST_STEPS, _BLAND = 400, 60
_BROKEN = 1e-11


@njit()
def _start(first, box, basis, inverse, y):
    """The two rows of the box that bound H, and two more: a mechanism that is always there, with no work."""
    basis[0], basis[1], basis[2], basis[3] = first, first + 3, first + 1, first + 2
    inverse[:] = 0.0
    for k in range(2):
        inverse[k, 0] = 0.5 - k
        inverse[k, 1] = inverse[k, 2] = -0.5
        inverse[k, 3] = 0.5 / box
        y[k] = inverse[k, 3]
        inverse[k + 2, k + 1] = 1.0
        y[k + 2] = 0.0


@njit()
def _climb(g, b, basis, inverse, y):
    """Simplex method from a mechanism to the one that works hardest; gives U, or NaN where it does not end. Works in place."""
    rows = g.shape[1]
    z = np.empty(4)
    for step in range(_MOST_STEPS):
        price = _price(b, basis, inverse)
        worst, entering = _BROKEN * (1.0 + abs(price[3])), -1
        for i in range(rows):
            broken = b[i] - (price[0] * g[0, i] + price[1] * g[1, i] + price[2] * g[2, i] + price[3] * g[3, i])
            if broken > worst:
                entering = i
                worst = broken
                if step >= _BLAND:
                    break
        if entering < 0:
            return price[3]
        leaving, least = -1, np.inf
        for k in range(4):
            z[k] = 0.0
            for j in range(4):
                z[k] += inverse[k, j] * g[j, entering]
            if z[k] > 1e-12:
                ratio = max(y[k], 0.0) / z[k]
                if ratio < least or (ratio == least and basis[k] < basis[leaving]):
                    least = ratio
                    leaving = k
        if leaving < 0:
            return np.nan
        pivot = 1.0 / z[leaving]
        for j in range(4):
            inverse[leaving, j] *= pivot
        y[leaving] = least
        for k in range(4):
            if k != leaving:
                for j in range(4):
                    inverse[k, j] -= z[k] * inverse[leaving, j]
                y[k] -= z[k] * least
        basis[leaving] = entering
    return np.nan


@njit()
def _price(b, basis, inverse):
    b0, b1, b2, b3 = b[basis[0]], b[basis[1]], b[basis[2]], b[basis[3]]
    return (
        b0 * inverse[0, 0] + b1 * inverse[1, 0] + b2 * inverse[2, 0] + b3 * inverse[3, 0],
        b0 * inverse[0, 1] + b1 * inverse[1, 1] + b2 * inverse[2, 1] + b3 * inverse[3, 1],
        b0 * inverse[0, 2] + b1 * inverse[1, 2] + b2 * inverse[2, 2] + b3 * inverse[3, 2],
        b0 * inverse[0, 3] + b1 * inverse[1, 3] + b2 * inverse[2, 3] + b3 * inverse[3, 3],
    )


@njit()
def solved(g, b, basis, inverse, y):
    """One programme from the beginning: least U with ``(v, U) @ g >= b``.

    Parameters
    ----------
    g : (4, M) float64
        The last six rows of the programme are the box.
    b : (M,) float64
    basis : (4,) int64
        Rows that are tight in the end (out).
    inverse : (4, 4) float64
        (out) ``b[basis] @ inverse`` is (v, U).
    y : (4,) float64
        Work of the hinges (out).

    Returns
    -------
    float
        U; NaN where it does not end.
    """
    _start(g.shape[1] - 6, g[3, g.shape[1] - 1], basis, inverse, y)
    return _climb(g, b, basis, inverse, y)


@njit()
def _asked(live, load, b):
    """What a load asks of each row."""
    b[:] = 0.0
    for s in range(len(load)):
        q = np.float64(load[s])
        if q != 0.0:
            for i in range(len(b)):
                b[i] -= q * live[s, i]


@njit()
def _at_most(load, units):
    """An upper bound of U from those of all strips, each strip, and each strip taken away; -1 where there is no load."""
    mean = 0.0
    some = False
    for s in range(len(load)):
        mean += load[s]
        some = some or load[s] != 0.0
    if not some:
        return -1.0
    mean = max(mean, 0.0) / len(load)
    bound = mean * units[0]
    for s in range(len(load)):
        more = load[s] - mean
        bound += more * units[1 + s] if more > 0.0 else -more * units[1 + len(load) + s]
    return bound


@njit()
def kept_best(g, spare, best):
    """The thrust that keeps an arch best under its own weight.

    Parameters
    ----------
    g : (A, 4, M) float64
        Rows with the dead load as the fourth.
    spare : (A, M) float64
        What each row has left (out).
    best : (A,) float64
        The least of these: above 0 the arch is shown to stand (out); NaN where it could not be found.
    """
    rows = g.shape[2]
    for a in range(g.shape[0]):
        mine = g[a].copy()
        mine[3, :] = 1.0
        basis = np.empty(4, np.int64)
        inverse = np.empty((4, 4))
        y = np.empty(4)
        b = -g[a, 3]
        best[a] = -solved(mine, b, basis, inverse, y)
        price = _price(b, basis, inverse)
        for i in range(rows):
            spare[a, i] = g[a, 0, i] * price[0] + g[a, 1, i] * price[1] + g[a, 2, i] * price[2] + g[a, 3, i]


@njit()
def thinness(g, asked, joints, steps, out):
    """The least part of the thickness within which a thrust line fits, by halving.

    Parameters
    ----------
    g : (A, 4, M) float64
        Rows without a strength: those of the extrados, of the intrados, and of the box.
    asked : (A, M) float64
        What a live load asks of each row, as `b`.
    joints, steps : int
    out : (A,) float64
        Up to 4; NaN where more than that would be needed.
    """
    rows = g.shape[2]
    for a in range(g.shape[0]):
        mine = np.ones((4, rows))
        b = np.empty(rows)
        basis = np.empty(4, np.int64)
        inverse = np.empty((4, 4))
        y = np.empty(4)
        low, high = 0.0, 4.0
        for step in range(steps + 1):
            part = high if step == 0 else 0.5 * (low + high)
            for i in range(rows):
                # rows of both ends of a joint: the turn about its middle, plus and minus, and the thrust along the ring
                other = i if i >= 2 * joints else (i + joints if i < joints else i - joints)
                grow = 0.5 * (part - 1.0) if other != i else 0.0
                for j in range(3):
                    mine[j, i] = g[a, j, i] + grow * (g[a, j, i] + g[a, j, other])
                b[i] = asked[a, i] - g[a, 3, i] + grow * (asked[a, i] + asked[a, other] - g[a, 3, i] - g[a, 3, other])
            holds = solved(mine, b, basis, inverse, y) < -1e-12
            if step == 0 and not holds:
                low = np.nan
                break
            if holds:
                high = part
            else:
                low = part
        out[a] = np.nan if np.isnan(low) else high


@njit()
def units_of(g, live, out):
    """U of 1 kPa everywhere, on each strip, and taken away from each, no less than 0: ``out`` (A, 2 S + 1) float64."""
    strips = live.shape[1]
    for a in range(g.shape[0]):
        b = np.empty(g.shape[2])
        basis = np.empty(4, np.int64)
        inverse = np.empty((4, 4))
        y = np.empty(4)
        load = np.ones(strips)
        for n in range(2 * strips + 1):
            if n > 0:
                load[:] = 0.0
                load[(n - 1) % strips] = 1.0 if n <= strips else -1.0
            _asked(live[a], load, b)
            found = solved(g[a], b, basis, inverse, y)
            out[a, n] = np.inf if np.isnan(found) else max(0.0, found)


@njit()
def _may_be_more(g, b, basis, inverse, spare, best):
    """Whether U may be above `best`: the thrust of a mechanism, with the rest spent on the dead load, breaks a row."""
    price = _price(b, basis, inverse)
    rest = best - price[3]
    if rest <= 0.0:
        return True
    p0, p1, p2, p3 = price
    # a count, not a first one: so that rows are looked at several at once
    broken = 0
    for i in range(len(b)):
        broken += b[i] - (p0 * g[0, i] + p1 * g[1, i] + p2 * g[2, i] + p3 * g[3, i]) > rest * spare[i]
    return broken > 0


@njit(parallel=True)
def hardest(g, live, spare, units, owner, loads, use, when, candidates, highest, count):
    """Under which of many loads each panel uses most of its capacity.

    Parameters
    ----------
    g : (A, 4, M) float64
        Rows of each arch with the dead load as the fourth.
    live : (A, S, M) float64
    spare : (A, M) float64
        What each row has left under the dead load with the thrust that keeps it best.
    units : (A, 2 S + 1) float64
        Of `units_of`.
    owner : (P,) int64
        Arch of each panel; -1 for one that is not to be judged, which stays as it was.
    loads : (P, T, S) float32
        [kPa]
    use : (P,) float64
        Largest U up to now (in and out); NaN where one could not be solved.
    when : (P,) int64
        Which load that was; as it was where none is larger (in and out).
    candidates : (P, K) int64
        Loads under which each kept mechanism worked hardest, of those that were solved; -1 where there is none (out).
    highest : (P, K) float64
        U under these (out).
    count : (P,) int64
        How many loads were solved (out).
    """
    panels, times, strips = loads.shape
    rows = g.shape[2]
    keep = candidates.shape[1]
    for one in prange(panels):
        p = np.int64(one)
        arch = owner[p]
        if arch < 0:
            continue
        mine, mine_live, mine_spare = g[arch], live[arch], spare[arch]
        b = np.empty(rows)
        basis = np.empty(4, np.int64)
        inverse = np.empty((4, 4))
        y = np.empty(4)
        bases = np.empty((keep, 4), np.int64)
        inverses = np.empty((keep, 4, 4))
        works = np.empty((keep, 4))
        functionals = np.zeros((strips, keep))
        work = np.empty(keep)
        _start(rows - 6, mine[3, rows - 1], bases[0], inverses[0], works[0])
        known, turn, done = 1, 1, 0
        best, at = use[p], when[p]
        for t in range(times):
            load = loads[p, t]
            if not _at_most(load, units[arch]) > best:
                continue
            work[:known] = 0.0
            for s in range(strips):
                q = np.float64(load[s])
                for k in range(known):
                    work[k] += functionals[s, k] * q
            chosen = 0
            for k in range(1, known):
                if work[k] > work[chosen]:
                    chosen = k
            _asked(mine_live, load, b)
            if not _may_be_more(mine, b, bases[chosen], inverses[chosen], mine_spare, best):
                continue
            basis[:] = bases[chosen]
            y[:] = works[chosen]
            inverse[:] = inverses[chosen]
            found = _climb(mine, b, basis, inverse, y)
            done += 1
            if np.isnan(found):
                best, at = np.nan, t
                break
            same = True
            for k in range(4):
                same = same and basis[k] == bases[chosen, k]
            if not same:
                if known < keep:
                    chosen = known
                    known += 1
                else:
                    chosen = turn
                    turn = turn + 1 if turn + 1 < keep else 1
                highest[p, chosen] = 0.0
                candidates[p, chosen] = -1
                bases[chosen] = basis
                inverses[chosen] = inverse
                works[chosen] = y
                for s in range(strips):
                    total = 0.0
                    for k in range(4):
                        total -= y[k] * mine_live[s, basis[k]]
                    functionals[s, chosen] = total
            if found > highest[p, chosen]:
                highest[p, chosen] = found
                candidates[p, chosen] = t
            if found > best:
                best, at = found, t
        use[p], when[p], count[p] = best, at, done


@njit(parallel=True)
def uses(g, live, owner, loads, out):
    """U of every load: as `hardest`, none left out; ``out`` (P, T) float64, 0 for no load, NaN where it could not be found."""
    panels, times, _ = loads.shape
    rows = g.shape[2]
    for one in prange(panels):
        p = np.int64(one)
        arch = owner[p]
        if arch < 0:
            out[p, :] = np.nan
            continue
        b = np.empty(rows)
        basis = np.empty(4, np.int64)
        inverse = np.empty((4, 4))
        y = np.empty(4)
        fresh = True
        for t in range(times):
            _asked(live[arch], loads[p, t], b)
            out[p, t] = 0.0
            if not np.any(b):
                continue
            if fresh:
                _start(rows - 6, g[arch, 3, rows - 1], basis, inverse, y)
            found = _climb(g[arch], b, basis, inverse, y)
            out[p, t] = 0.0 if found < 0.0 else found
            fresh = np.isnan(found)
