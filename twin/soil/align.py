"""Which layers of different soundings are one: units that follow on each other in the same order everywhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

FARTHEST_M = 4.0
"""Layers of one soil that lie higher or lower than each other by more than this are not one [m]; an estimate."""

FADING_M = 2.0

MADE = "made ground"


class Stretch(NamedTuple):
    """A layer of a sounding: its class, its ends in the vertical datum [m], and whether a cone tells it."""

    soil_class: str
    top: float
    bottom: float
    by_cone: bool = False


class _Unit:
    def __init__(self, first: Stretch) -> None:
        self.soil_class, self.top, self.bottom, self.count = first.soil_class, first.top, first.bottom, 1
        self.by_cone = first.by_cone

    def likeness(self, one: Stretch) -> float:
        """How much a layer looks like this unit: 0 for another soil or too far, more the more the two lie side by side."""
        overlap = min(self.top, one.top) - max(self.bottom, one.bottom)
        thinner = max(min(self.top - self.bottom, one.top - one.bottom), 0.01)
        if one.soil_class != self.soil_class:
            # a cone does not tell made ground from the soil that it is made of
            other = self.by_cone if one.soil_class == MADE else one.by_cone and self.soil_class == MADE
            return 0.5 * overlap / thinner if other and overlap > 0.5 * thinner else 0.0
        if overlap < -FARTHEST_M:
            return 0.0
        return math.exp(min(overlap, 0.0) / FADING_M) + 0.1 * min(max(overlap, 0.0) / thinner, 1.0)

    def take(self, one: Stretch) -> None:
        self.top += (one.top - self.top) / (self.count + 1)
        self.bottom += (one.bottom - self.bottom) / (self.count + 1)
        self.count += 1
        if one.soil_class == MADE:
            self.soil_class = MADE
        self.by_cone &= one.by_cone


def units_of(soundings: Sequence[Sequence[Stretch]]) -> tuple[list[str], list[list[int]]]:
    """Units of all soundings from the top down, and which one each layer belongs to.

    The sounding with most layers begins; each further one is laid beside the units so that as much as possible of it finds its
    like in the same order (as sequences are aligned in biology), and what finds none becomes a unit of its own. The outcome does
    not depend on the order in which the soundings are given.

    Parameters
    ----------
    soundings : sequence of sequences of Stretch
        From the top down.

    Returns
    -------
    units : list of str
        Class of each.
    members : list of lists of int
        By sounding, rising.
    """
    order = sorted(range(len(soundings)), key=lambda k: (-len(soundings[k]), tuple(soundings[k])))
    units: list[_Unit] = []
    placed: dict[int, list[_Unit]] = {}
    for k in order:
        placed[k] = _laid_beside(units, soundings[k])
    number = {id(unit): place for place, unit in enumerate(units)}
    return [unit.soil_class for unit in units], [[number[id(unit)] for unit in placed[k]] for k in range(len(soundings))]


def _laid_beside(units: list[_Unit], layers: Sequence[Stretch]) -> list[_Unit]:
    """Put the layers of a sounding among the units; gives the unit of each."""
    rows, columns = len(units), len(layers)
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            like = units[i].likeness(layers[j])
            best[i][j] = max(best[i + 1][j], best[i][j + 1], like + best[i + 1][j + 1] if like > 0 else 0.0)
    merged: list[_Unit] = []
    mine: list[_Unit] = []
    i = j = 0
    while i < rows or j < columns:
        like = units[i].likeness(layers[j]) if i < rows and j < columns else 0.0
        if like > 0 and best[i][j] <= like + best[i + 1][j + 1] + 1e-12:
            units[i].take(layers[j])
            mine.append(units[i])
            merged.append(units[i])
            i, j = i + 1, j + 1
        elif j == columns or (i < rows and _first(units[i], layers[j], best, i, j)):
            merged.append(units[i])
            i += 1
        else:
            mine.append(_Unit(layers[j]))
            merged.append(mine[-1])
            j += 1
    units[:] = merged
    return mine


def _first(unit: _Unit, layer: Stretch, best: list[list[float]], i: int, j: int) -> bool:
    """Whether the unit comes before the layer: where both ways are as good, the higher one does."""
    without_unit, without_layer = best[i + 1][j], best[i][j + 1]
    if abs(without_unit - without_layer) > 1e-12:
        return without_unit > without_layer
    return unit.top + unit.bottom >= layer.top + layer.bottom
