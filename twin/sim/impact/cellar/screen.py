"""Screening of many vaults: how much of its capacity each uses, under which load, when and where. Not an assessment by NEN 8700."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.sim.impact.cellar.arch import BRICKWORK_KN_M3, FILL_KN_M3, JOINTS, STRIPS, Arch, rows_of, segment
from twin.sim.impact.cellar.solve import KEPT, hardest, kept_best, thinness, units_of, uses
from twin.sim.impact.cellar.spread import smoothing

LOAD_FACTOR = 1.9
"""Required on live loads of a mechanism: the 3.4 of UK practice without the impact of 1.8 in it. An estimate, from memory."""
NEAR = 0.8
"""Use from which a vault counts as near its limit: a choice [1]."""
HARD = 12
"""Loads that are kept of each panel, to work out its bounds under them."""
CLASSES = ("within", "near", "beyond", "not judged")


class Vaults(NamedTuple):
    """Measures of vaults, (N,) float64 each.

    Parameters
    ----------
    span, rise, ring : (N,) float64
        Of the intrados, and thickness [m].
    cover, backing : (N,) float64
        Ground above the crown; solid haunches above the springing [m].
    brickwork, fill : (N,) float64
        Unit weights [kN/m3].
    """

    span: NDArray[np.float64]
    rise: NDArray[np.float64]
    ring: NDArray[np.float64]
    cover: NDArray[np.float64]
    backing: NDArray[np.float64]
    brickwork: NDArray[np.float64]
    fill: NDArray[np.float64]


class Table(NamedTuple):
    """Vaults made ready for many loads.

    Parameters
    ----------
    arches : Arch
        All of them, along the first axis.
    g : (N, 4, M) float64
        Conditions on the thrust, dead load as the fourth.
    above, below : (N, S, M) float64
        What 1 kPa on a strip takes from them: on the street, and on the vault itself.
    spare : (N, M) float64
    stands : (N,) bool
        Whether each is shown to stand under its own weight.
    units : (N, 2 S + 1) float64
        For loads on the street.
    spreads : (N, S, S) float64
        How pressure on the strips of the street spreads to those of the vault.
    """

    arches: Arch
    g: NDArray[np.float64]
    above: NDArray[np.float64]
    below: NDArray[np.float64]
    spare: NDArray[np.float64]
    stands: NDArray[np.bool_]
    units: NDArray[np.float64]
    spreads: NDArray[np.float64]

    @property
    def size(self) -> int:
        """How many."""
        return len(self.g)

    def arch(self, row: int) -> Arch:
        """One of them."""
        return Arch(*(part[row] for part in self.arches))


class Worst(NamedTuple):
    """What came of panels under many loads.

    Parameters
    ----------
    use : (P,) float64
        Largest 1 / load factor; 0 where there was no load, NaN where it was not judged [1].
    when : (P,) int64
        Which load that was; -1 for none.
    strips : (P, S) float64
        That load [kPa].
    hard : (P, K, S) float32
        The hardest loads, each on a mechanism of its own, of those that were worked out; 0 where there are fewer [kPa].
    solved : int
        How many loads were worked out to the end; for the others it was shown that they are not the worst.
    """

    use: NDArray[np.float64]
    when: NDArray[np.int64]
    strips: NDArray[np.float64]
    hard: NDArray[np.float32]
    solved: int


def vaults(
    span: ArrayLike, rise: ArrayLike, ring: ArrayLike, cover: ArrayLike, *, backing: ArrayLike = 0.0,
    brickwork: ArrayLike = BRICKWORK_KN_M3, fill: ArrayLike = FILL_KN_M3,
) -> Vaults:  # fmt: skip
    """`Vaults` of arrays or single values [m], [kN/m3]."""
    parts = [np.asarray(one, np.float64) for one in (span, rise, ring, cover, backing, brickwork, fill)]
    return Vaults(*(np.array(one, np.float64) for one in np.broadcast_arrays(*(np.atleast_1d(part) for part in parts))))


def table(
    these: Vaults, *, method: str = "2:1", joints: int = JOINTS, strips: int = STRIPS, strength: float = math.inf
) -> Table:
    """Make vaults ready.

    Parameters
    ----------
    these : Vaults
    method : str
        How loads on the street spread to the vault; the depth is that of the crown.
    joints, strips : int
    strength : float
        Of the masonry in compression [kPa].
    """
    arches = segment(
        these.span, these.rise, these.ring, cover=these.cover, backing=these.backing, joints=joints, strips=strips,
        brickwork=these.brickwork, fill=these.fill,
    )  # fmt: skip
    rows = rows_of(arches, strength=strength)
    g = np.ascontiguousarray(np.concatenate([rows.a.transpose(0, 2, 1), rows.dead[:, None, :]], axis=1))
    below = np.ascontiguousarray(rows.live.transpose(0, 2, 1))
    spreads = smoothing(arches.strips, these.cover, method)
    above = np.ascontiguousarray(spreads @ below)
    spare, best = np.empty((len(g), g.shape[2])), np.empty(len(g))
    kept_best(g, spare, best)
    stands = best > 1e-12
    units = np.full((len(g), 2 * strips + 1), np.inf)
    if stands.any():
        made = np.empty((int(stands.sum()), units.shape[1]))
        units_of(g[stands], above[stands], made)
        units[stands] = made
    return Table(arches, g, above, below, spare, stands, units, spreads)


def worst(made: Table, owner: ArrayLike, chunks: Iterable[NDArray[np.float32]]) -> Worst:
    """The worst of many loads on the street, on each panel: exact, though most of them are not worked out (see `solve`).

    Parameters
    ----------
    made : Table
    owner : (P,) int64
        Vault of each panel; -1 for one that is not to be judged.
    chunks : iterable of (P, T, S) float32
        Loads, one part of the time after the other [kPa].
    """
    owner = np.asarray(owner, np.int64)
    owner = np.where((owner >= 0) & made.stands[np.maximum(owner, 0)], owner, -1)
    panels, strips = len(owner), made.below.shape[1]
    use, when = np.zeros(panels), np.full(panels, -1, np.int64)
    hardest_strips, done, first = np.zeros((panels, strips)), 0, 0
    hard, hard_use = np.zeros((panels, HARD, strips), np.float32), np.zeros((panels, HARD))
    for loads in chunks:
        loads = np.ascontiguousarray(loads, dtype=np.float32)
        now, seen = np.full(panels, -1, np.int64), np.full((panels, KEPT), -1, np.int64)
        count, highest = np.zeros(panels, np.int64), np.zeros((panels, KEPT))
        hardest(made.g, made.above, made.spare, made.units, owner, loads, use, now, seen, highest, count)
        rows = np.flatnonzero(now >= 0)
        hardest_strips[rows] = loads[rows, now[rows]]
        when[rows] = first + now[rows]
        found = np.flatnonzero(highest.max(axis=1) > hard_use[:, -1])
        both = np.concatenate([hard_use[found], highest[found]], axis=1)
        order = np.argsort(-both, axis=1, kind="stable")[:, :HARD]
        new = loads[found[:, None], np.maximum(seen[found], 0)]
        hard[found] = np.take_along_axis(np.concatenate([hard[found], new], axis=1), order[:, :, None], axis=1)
        hard_use[found] = np.take_along_axis(both, order, axis=1)
        done += int(count.sum())
        first += loads.shape[1]
    use[owner < 0] = np.nan
    return Worst(use, when, hardest_strips, hard, done)


def use_of(made: Table, loads: NDArray[np.float32], owner: ArrayLike | None = None, *, street: bool = True) -> NDArray[np.float64]:
    """1 / load factor under each of some loads.

    Parameters
    ----------
    made : Table
    loads : (P, T, S) float32
        [kPa]
    owner : (P,) int64, optional
        By default panel i is vault i.
    street : bool
        Whether these are loads on the street, or on the vault.

    Returns
    -------
    (P, T) float64
        NaN for a vault that is not shown to stand.
    """
    mine = np.arange(len(loads)) if owner is None else np.asarray(owner, np.int64)
    mine = np.where((mine >= 0) & made.stands[np.maximum(mine, 0)], mine, -1)
    out = np.empty(loads.shape[:2])
    uses(made.g, made.above if street else made.below, mine, np.ascontiguousarray(loads, dtype=np.float32), out)
    return out


def geometric_factors(made: Table, strips: NDArray[np.float64], *, street: bool = True, steps: int = 30) -> NDArray[np.float64]:
    """Thickness of each vault over the least that holds a thrust line under its weight and a load (N, S) [kPa]; at least 1/4.

    The same as `twin.sim.impact.cellar.thrust.geometric_factor`, of many.
    """
    rows = rows_of(made.arches)
    g = np.ascontiguousarray(np.concatenate([rows.a.transpose(0, 2, 1), rows.dead[:, None, :]], axis=1))
    live = rows.live
    if street:
        live = live @ made.spreads.transpose(0, 2, 1)
    asked = -np.einsum("nms,ns->nm", live, np.asarray(strips, np.float64))
    out = np.empty(len(g))
    thinness(g, np.ascontiguousarray(asked), made.arches.inner.shape[1], steps, out)
    return 1.0 / out


def corners(low: Vaults, high: Vaults) -> tuple[tuple[Vaults, ...], tuple[Vaults, ...]]:
    """Vaults as weak and as strong as their bounds allow.

    A thicker ring, more backing and heavier ground never make one weaker; of cover and rise that cannot be said, so that both ends
    of these are taken.
    """
    def with_ends(one: Vaults) -> tuple[Vaults, ...]:
        return tuple(one._replace(cover=cover, rise=rise) for cover in (low.cover, high.cover) for rise in (low.rise, high.rise))

    return with_ends(low), with_ends(high)


def screening_of(use: ArrayLike) -> NDArray[np.str_]:
    """A class by the use factor as it is taken; NaN is not judged. Bounds decide about confidence, not about the class."""
    use = np.asarray(use, np.float64)
    return np.select([np.isnan(use), use > 1.0, use > NEAR], ["not judged", "beyond", "near"], "within").astype(str)


def patterns(strips: int) -> NDArray[np.float32]:
    """Parts of a vault that a crowd of the same density may stand on: all, each half, each third, (6, S) [1]."""
    at = (np.arange(strips) + 0.5) / strips
    thirds = [(at >= k / 3) & (at < (k + 1) / 3) for k in range(3)]
    return np.array([np.ones(strips), at < 0.5, at >= 0.5, *thirds], dtype=np.float32)
