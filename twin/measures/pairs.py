"""How far people keep from each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import ParameterError
from twin.measures.frames import checked, starts_of
from twin.sim.crowd.pairs import pair_counts, widest_pair


def pair_distribution(
    trajectories: pd.DataFrame, *, bin_m: float = 0.1, randomisation: int = 1, seed: int = 1
) -> pd.DataFrame:
    """How often people are at a distance, over how often they would be if they did not know of each other.

    The second is found by shuffling the frames of all positions (Karamouzas, Skinner & Guy 2014,
    doi:10.1103/PhysRevLett.113.238701).

    Parameters
    ----------
    trajectories : DataFrame
        ``id``, ``frame``, ``x``, ``y`` [m].
    bin_m : float
        Width of a class of distances [m].
    randomisation : int
        How many copies of the positions are shuffled together: more is smoother.
    seed : int

    Returns
    -------
    DataFrame
        Indexed by ``distance_m``, the upper end of each class: ``g``, and ``share`` and ``share_shuffled`` of all pairs that are
        in the class; ``g`` is inf or NaN where no shuffled pair is.

    Raises
    ------
    ParameterError
        When columns are missing, a parameter is out of range, or no frame has two people.
    """
    if not (np.isfinite(bin_m) and bin_m > 0):
        raise ParameterError(f"classes of {bin_m} m are not possible", hint="give a positive width")
    if not (isinstance(randomisation, int) and randomisation > 0):
        raise ParameterError(f"`randomisation` is {randomisation!r}", hint="give a whole number, from 1")
    data = checked(trajectories)
    x, y = (data[name].to_numpy(np.float64, copy=True) for name in ("x", "y"))
    frames = data["frame"].to_numpy()
    starts = starts_of(frames)
    widest = widest_pair(starts, x, y)
    if not widest > 0:
        raise ParameterError("no two people are in one frame at different places", hint="a pair is two people of one frame")
    edges = np.arange(0.0, widest, bin_m)
    counted, pairs = pair_counts(starts, x, y, edges)
    place = np.tile(np.arange(len(data)), randomisation)
    shuffled = np.random.default_rng(seed).permutation(frames[place])
    order = np.argsort(shuffled, kind="stable")
    chance, chances = pair_counts(starts_of(shuffled[order]), x[place[order]], y[place[order]], edges)
    share, by_chance = _shares(counted, pairs), _shares(chance, chances)
    with np.errstate(divide="ignore", invalid="ignore"):
        g = share / by_chance
    return pd.DataFrame(
        {"g": g, "share": share, "share_shuffled": by_chance}, index=pd.Index(edges[1:], name="distance_m")
    )


def _shares(counted: NDArray[np.int64], pairs: int) -> NDArray[np.float64]:
    return counted / pairs if pairs else np.zeros(len(counted))
