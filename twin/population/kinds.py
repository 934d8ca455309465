"""What kind of person each is: speed, size, and with whom it walks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.errors import ScenarioError, did_you_mean
from twin.rng import normals, uniforms
from twin.scenario.facilities import Company
from twin.scenario.model import CrowdSettings

SPEED_RANGE_M_S = (0.5, 2.2)
"""Speeds that people want to walk at are kept within these [m/s]; of a type whose mean is below, within half and twice it."""


class Kind(NamedTuple):
    """Of the people of one group, (N,) each.

    Attributes
    ----------
    speed : float64
        Desired speed [m/s].
    radius : float64
        [m]
    steps_free : bool
        Who can take neither stairs nor escalators.
    """

    speed: NDArray[np.float64]
    radius: NDArray[np.float64]
    steps_free: NDArray[np.bool_]


class Kinds:
    """Draws kinds of people; the same for the same seed and group.

    Parameters
    ----------
    crowd : CrowdSettings
    seed : int
    """

    def __init__(self, crowd: CrowdSettings, seed: int) -> None:
        self.crowd, self.seed = crowd, seed

    def of(self, company: Company, group: str, count: int, where: str) -> Kind:
        """The people of a group.

        Raises
        ------
        ScenarioError
            When a type is not one of `crowd.types`.
        """
        mean = np.full(count, self.crowd.speed_mean_m_s)
        spread = np.full(count, self.crowd.speed_sd_m_s)
        radius = np.full(count, self.crowd.body_radius_m)
        steps_free = np.zeros(count, np.bool_)
        types = self.crowd.types
        shares = company.types or {name: kind.share for name, kind in types.items()}
        for name in shares:
            if name not in types:
                raise ScenarioError(
                    f"`{name}` is not a type of people{did_you_mean(name, types)}", where=f"{where}.types",
                    hint=f"`crowd.types` has: {', '.join(types) or 'none'}",
                )  # fmt: skip
        if shares:
            edges = np.cumsum(list(shares.values())) / sum(shares.values())
            drawn = np.minimum(np.searchsorted(edges, uniforms(self.seed, f"{group}/type", count), side="right"), len(edges) - 1)
            for k, name in enumerate(shares):
                mine, kind = drawn == k, types[name]
                mean[mine] = self.crowd.speed_mean_m_s if kind.speed_mean_m_s is None else kind.speed_mean_m_s
                spread[mine] = self.crowd.speed_sd_m_s if kind.speed_sd_m_s is None else kind.speed_sd_m_s
                radius[mine] = self.crowd.body_radius_m if kind.radius_m is None else kind.radius_m
                steps_free[mine] = kind.steps_free
        low, high = np.minimum(SPEED_RANGE_M_S[0], 0.5 * mean), np.full(count, SPEED_RANGE_M_S[1])
        low = np.where(mean >= 2 * SPEED_RANGE_M_S[0], SPEED_RANGE_M_S[0], low)
        speed = np.clip(mean + spread * normals(self.seed, f"{group}/speed", count), low, high)
        return Kind(speed, radius, steps_free)

    def informed(self, group: str, count: int) -> NDArray[np.bool_]:
        """Who of a group knows of jams, (count,) bool."""
        return informed(self.crowd, self.seed, group, count)

    def together(self, company: Company, group: str, count: int) -> NDArray[np.int32]:
        """Number of those who walk together, from 0, (count,) int32; -1 for who walks alone.

        Neighbours in the list of people form groups of sizes drawn by share, until all have one.
        """
        out = np.full(count, -1, np.int32)
        if not company.group_size:
            return out
        sizes = np.array(list(company.group_size), np.int64)
        edges = np.cumsum(list(company.group_size.values())) / sum(company.group_size.values())
        drawn = sizes[np.minimum(np.searchsorted(edges, uniforms(self.seed, f"{group}/size", count), side="right"), len(sizes) - 1)]
        first, number = 0, 0
        for size in drawn:
            if first >= count:
                break
            if size > 1 and count - first > 1:
                out[first : first + size] = number
                number += 1
            first += int(size)
        return out


def informed(crowd: CrowdSettings, seed: int, group: str, count: int) -> NDArray[np.bool_]:
    """Who of a group knows of jams, by the share that `avoid_jams` gives, (count,) bool."""
    share = 0.0 if crowd.avoid_jams is None else crowd.avoid_jams.share
    drawn: NDArray[np.bool_] = uniforms(seed, f"{group}/informed", count) < share
    return drawn
