"""The fewest of many sets that cover enough: greedily, always the one that adds most.

Greedy covers at least 1 - 1/e of what the best choice of as many sets does (Nemhauser, Wolsey and Fisher 1978,
doi:10.1007/BF01588971), and no method that is quick does better in general (Feige 1998). What a set adds never grows as others are
chosen, so only those are looked at again that might still be the best (Minoux 1978, "accelerated greedy"). Of sets that add the
same the first is taken.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twin.jit import njit


def greedy(
    sets: Sequence[NDArray[np.signedinteger]], covered: NDArray[np.bool_], wanted: int, most: int, least: int = 1
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Choose sets until enough is covered, nothing more can be, or there are as many as may be.

    Parameters
    ----------
    sets : sequence of (n,) int
        Of each set the elements that it covers.
    covered : (N,) bool
        Which elements are covered from the start.
    wanted : int
        How many elements are to be covered.
    most : int
        How many sets may be chosen.
    least : int
        How many elements a set must add to be chosen, at least 1.

    Returns
    -------
    chosen : (K,) int64
        Numbers of the sets, in the order in which they were chosen.
    gains : (K,) int64
        How many elements each added.
    """
    done = covered.copy()
    have = int(done.sum())
    bounds = [(-_new(one, done), number) for number, one in enumerate(sets)]
    heapq.heapify(bounds)
    chosen: list[int] = []
    gains: list[int] = []
    while bounds and have < wanted and len(chosen) < most:
        _, number = heapq.heappop(bounds)
        gain = _new(sets[number], done)
        if bounds and (-gain, number) > bounds[0]:
            if gain >= least:
                heapq.heappush(bounds, (-gain, number))
            continue
        if gain < max(least, 1):
            break
        done[sets[number]] = True
        have += gain
        chosen.append(number)
        gains.append(gain)
    return np.array(chosen, np.int64), np.array(gains, np.int64)


@njit()
def _new(elements, done):
    """How many elements are not covered yet; none is there twice."""
    count = 0
    for k in elements:
        count += not done[k]
    return count
