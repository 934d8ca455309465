"""Tops of ground and buildings as lines of sight need them: one height a cell, laid window by window."""

from __future__ import annotations

import numpy as np

from twin.grid import GridSpec
from twin.impacts.site import Site, Window, part_of, windows
from twin.sim.impact import shadow


def tops_of(site: Site, grid: GridSpec, window: Window) -> shadow.Surface:
    """Heights of a window of a city, for `twin.sim.impact.sight`: no crowns, and not turned.

    No more is held at once than these heights, four bytes a cell, and one small window as `Site.relief` gives it.

    Parameters
    ----------
    site : Site
    grid : GridSpec
    window : Window
        In the numbers of the grid.
    """
    part = part_of(grid, window)
    rows = np.empty(part.shape, np.float32)
    for one in windows(part):
        rows[one.cells] = site.relief(part, one, trees=False).surface
    return shadow.tops(rows, grid.cell)
