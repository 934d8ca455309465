"""Small floors for the tests of the continuum."""

from __future__ import annotations

import numpy as np

from twin.sim.crowd.continuum import Continuum
from twin.sim.crowd.continuum_sources import Sources
from twin.sim.crowd.fundamental_diagram import FundamentalDiagram
from twin.sim.crowd.hughes import Hughes
from twin.sim.floor import build_floor
from twin.sim.model import Goals

WEIDMANN = FundamentalDiagram()
STILL = Hughes(ways_every=np.inf)


def floor_of(mask, cell=1.0, speed=None):
    mask = np.asarray(mask, bool).reshape(-1, *np.shape(mask)[-2:])
    return build_floor(west=0.0, north=mask.shape[1] * cell, cell=cell, mask=mask, chains=[], speed=speed)


def goals_at(*wholes):
    """One goal a set of (row, column) on the first level."""
    rows = [[(0, *cell) for cell in cells] for cells in wholes]
    return Goals(np.cumsum([0, *(len(r) for r in rows)]).astype(np.int64), np.concatenate(rows).astype(np.int32))


def column(c, rows):
    return [(r, c) for r in range(rows)]


def sources_of(*rows):
    """Rows of (people, begin, end, goal, cells as (level, row, column))."""
    people, begin, end, goal, cells = zip(*rows, strict=True)
    start = np.cumsum([0, *(len(c) for c in cells)])
    return Sources(
        np.array(people, float), np.array(begin, float), np.array(end, float), np.array(goal), start, np.concatenate(cells)
    )


def corridor(length, width=4, cell=1.0, model=STILL, **settings):
    """A corridor whose eastern end is the exit."""
    floor = floor_of(np.ones((width, length)), cell)
    return Continuum(floor, goals_at(column(length - 1, width)), None, model, **settings)


def along(crowd):
    """Density along the middle of a corridor."""
    return crowd.density()[0, crowd.floor.mask.shape[1] // 2]
