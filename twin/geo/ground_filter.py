"""Ground from a surface of lowest points: the progressive morphological filter.

Zhang, Chen, Whitman, Shyu, Yan and Zhang (2003), "A progressive morphological filter for removing nonground measurements from
airborne LIDAR data", IEEE Transactions on Geoscience and Remote Sensing 41(4), 872-882.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MAX_WINDOW_M = 60.0
"""Buildings up to this width are taken off; a wider one stays as ground [m]."""
SLOPE = 0.3
"""Steepest ground: rise over run."""
FIRST_STEP_M, LAST_STEP_M = 0.3, 2.5
"""A cell this much above what an opening leaves is not ground, with the smallest and the largest window [m]; of section V there."""


def ground_cells(lowest: NDArray[np.float32], cell: float) -> NDArray[np.bool_]:
    """Which cells hold ground.

    The surface is opened (eroded, then dilated) with windows of 3, 5, 9, 17, ... cells up to `MAX_WINDOW_M`. What an opening
    lowers by more than the slope allows over the growth of the window is a building or a tree.

    Parameters
    ----------
    lowest : (R, C) float32
        Lowest point of each cell [m]; NaN without points.
    cell : float
        Side of a cell [m].

    Returns
    -------
    (R, C) bool
        False without points.
    """
    from scipy import ndimage

    known = np.isfinite(lowest)
    if not known.any():
        return known
    nearest = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    surface = lowest[tuple(nearest)]
    ground = known.copy()
    before, window = 1, 3
    while before * cell < MAX_WINDOW_M and before < 2 * max(lowest.shape):
        # Beyond the edge a slope goes on: it would be cut off there like a roof.
        wide = [(min(window, size - 1),) * 2 for size in surface.shape]
        padded = np.pad(surface, wide, mode="reflect", reflect_type="odd")
        opened = ndimage.grey_opening(padded, size=(window, window), mode="nearest")
        opened = opened[wide[0][0] : wide[0][0] + surface.shape[0], wide[1][0] : wide[1][0] + surface.shape[1]]
        step = min(SLOPE * (window - before) * cell + FIRST_STEP_M, LAST_STEP_M)
        ground &= surface - opened <= (FIRST_STEP_M if before == 1 else step)
        surface = opened
        before, window = window, 2 * window - 1
    return ground
