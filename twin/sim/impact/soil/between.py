"""Between soundings: weights of the nearest or by inverse distance, and how far what is known lies away."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]

CERTAINTY = ("known", "inferred", "guessed", "unknown")
"""How well the ground is known, by the distance to the nearest sounding that tells of it."""

CERTAINTY_M = (25.0, 100.0, 250.0)
"""Distances up to which the ground is known, inferred and guessed [m]; estimates, not a standard."""

SAME_PLACE_M = 1e-6


def distances(points: ArrayLike, places: ArrayLike) -> Values:
    """Distance of each point to each sounding, (P, N) float64 [m], of (P, 2) and (N, 2)."""
    here, there = np.asarray(points, dtype=np.float64), np.asarray(places, dtype=np.float64)
    return np.hypot(here[:, None, 0] - there[None, :, 0], here[:, None, 1] - there[None, :, 1])


def nearest_weights(apart: Values) -> Values:
    """1 for the nearest sounding, shared evenly where some are equally near; (P, N) like `apart`."""
    near = apart <= apart.min(axis=1, keepdims=True) + SAME_PLACE_M
    return near / near.sum(axis=1, keepdims=True)


def distance_weights(apart: Values, power: float = 2.0) -> Values:
    """Weights by inverse distance to a power, that sum to 1; at a sounding it alone counts. (P, N) like `apart`."""
    at = apart <= SAME_PLACE_M
    # relative to the nearest, so that no power of a distance is too large or too small for a float
    nearest = np.maximum(apart.min(axis=1, keepdims=True), SAME_PLACE_M)
    free = (nearest / np.maximum(apart, SAME_PLACE_M)) ** power
    weight = np.where(at.any(axis=1, keepdims=True), at, free)
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def certainty(distance: ArrayLike) -> NDArray[np.uint8]:
    """Place in `CERTAINTY` by distance: known below 25 m, inferred below 100, guessed below 250, unknown beyond, or NaN."""
    apart = np.asarray(distance, dtype=np.float64)
    return np.digitize(np.where(np.isnan(apart), np.inf, apart), CERTAINTY_M).astype(np.uint8)
