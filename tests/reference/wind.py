"""Slow twins of the wind: the sum over sectors by hand, hours counted one by one, and hours drawn at random."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from twin.sim.impact.wind import Climate


def exceedance(
    factors: NDArray[np.float64], of_sector: NDArray[np.float64], climate: Climate, threshold: float
) -> NDArray[np.float64]:
    """As `twin.sim.impact.wind.exceedance`, in plain Python."""
    made = []
    for row in factors:
        total = 0.0
        for s, share in enumerate(climate.share):
            for d, weight in enumerate(of_sector[s]):
                if weight and row[d] > 0.0:
                    total += share * weight * math.exp(-((threshold / row[d] / climate.scale[s]) ** climate.shape[s]))
        made.append(total)
    return np.array(made)


def counted(
    factors: NDArray[np.float64], directions: NDArray[np.float64], direction: NDArray[np.float64], speed: NDArray[np.float64],
    threshold: float,
) -> NDArray[np.float64]:  # fmt: skip
    """As `hours_above`, hour by hour: each has the factor of the direction that is nearest."""
    made = np.zeros(len(factors))
    for towards, fast in zip(direction, speed, strict=True):
        if not math.isnan(towards):
            away = np.abs((directions - towards + 180.0) % 360.0 - 180.0)
            nearest = int(np.argmin(away))
            other = np.flatnonzero(away == away[nearest])  # of two as near the one further clockwise
            if len(other) > 1:
                nearest = int(max(other, key=lambda k: (directions[k] - towards) % 360.0 < 180.0))
            made += factors[:, nearest] * fast > threshold
    return made / len(speed)


def drawn(climate: Climate, sectors: NDArray[np.float64], hours: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Hours of a climate at random: direction (NaN when calm) and speed; within a sector only its middle blows."""
    rng = np.random.default_rng(seed)
    calm = max(0.0, 1.0 - float(climate.share.sum()))
    of = rng.choice(len(sectors) + 1, hours, p=[*climate.share, calm] / (climate.share.sum() + calm))
    direction = np.append(sectors, np.nan)[of]
    scale, shape = np.append(climate.scale, 0.0)[of], np.append(climate.shape, 1.0)[of]
    return direction, scale * rng.weibull(shape)
