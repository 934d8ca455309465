"""Density, counting and level of service from their definitions."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def gaussian(dr: int, dc: int, cell: float, sigma: float) -> float:
    """The product of two one-dimensional Gaussians on cells, each cut off at three standard deviations and of sum 1."""
    taps = max(1, math.ceil(3.0 * sigma / cell))
    if abs(dr) > taps or abs(dc) > taps:
        return 0.0
    total = sum(math.exp(-0.5 * (k * cell / sigma) ** 2) for k in range(-taps, taps + 1))
    return math.exp(-0.5 * (dr**2 + dc**2) * (cell / sigma) ** 2) / total**2


def density(area: NDArray[np.float64], count: NDArray[np.float64], cell: float, sigma: float) -> NDArray[np.float64]:
    """Each person spread over the floor within reach in proportion to the Gaussian: sum w(i, j) n_j / sum_k w(k, j) a_k."""
    out = np.zeros(area.shape)
    rows, columns = area.shape
    for r, c in np.argwhere(count > 0):
        weight = np.array([[gaussian(k - r, m - c, cell, sigma) for m in range(columns)] for k in range(rows)])
        out += count[r, c] * weight / (weight * area).sum()
    return np.where(area > 0, out, 0.0)


def motion(
    area: NDArray[np.float64],
    looks: list[list[tuple[int, int, int]]],
    velocities: list[list[tuple[float, float] | None]],
    cell: float,
    sigma: float,
    at: tuple[int, int],
) -> tuple[float, float, float, float]:
    """Density, mean speed, variance of the speed and crowd pressure of a cell, person by person.

    `looks` gives the person's cell (number, row, column) at each look, `velocities` its velocity or None where none is known.
    """
    weights, known = 0.0, []
    for people, moves in zip(looks, velocities, strict=True):
        for (_, r, c), move in zip(people, moves, strict=True):
            reach = sum(
                gaussian(k - r, m - c, cell, sigma) * area[k, m] for k in range(area.shape[0]) for m in range(area.shape[1])
            )
            weight = gaussian(at[0] - r, at[1] - c, cell, sigma) / max(reach, 0.1 * cell**2)
            weights += weight
            if move is not None and weight > 0:
                known.append((weight, move))
    density = weights / len(looks)
    total = sum(weight for weight, _ in known)
    if total == 0:
        return density, math.nan, math.nan, 0.0

    def mean(of: list[float]) -> float:
        return sum(weight * value for (weight, _), value in zip(known, of, strict=True)) / total

    speed = mean([math.hypot(*move) for _, move in known])
    variance = mean([(math.hypot(*move) - speed) ** 2 for _, move in known])
    east, north = mean([move[0] for _, move in known]), mean([move[1] for _, move in known])
    spread = mean([(move[0] - east) ** 2 + (move[1] - north) ** 2 for _, move in known])
    return density, speed, variance, density * spread


def count_people(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    level: NDArray[np.int32],
    west: float,
    north: float,
    cell: float,
    shape: tuple[int, ...],
) -> NDArray[np.float64]:
    """People in each cell."""
    out = np.zeros(shape)
    for i in range(len(x)):
        out[level[i], math.floor((north - y[i]) / cell), math.floor((x[i] - west) / cell)] += 1
    return out


def level_of_service(density: float, smallest_areas: tuple[float, ...]) -> int:
    """1 for A to 6 for F by the floor a person has [m2]."""
    for number, area in enumerate(smallest_areas, start=1):
        if 1.0 / density >= area:
            return number
    return len(smallest_areas) + 1
