"""Solar energy on planes: light from many places of the sky, each with what stands in its way, summed over the planes of cells.

The light of a year is put into a few hundred to a thousand places (of the sun, binned, and patches of the sky: the cumulative sky
of Robinson and Stone 2004). For each the sweep of `twin.sim.impact.shadow` says which cells see it; what a plane gets is the energy
times the cosine of the angle to its normal. Light reflected by what stands around is not in it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numba
import numpy as np
from numba import prange
from numpy.typing import NDArray

from twin.jit import njit
from twin.sim.impact import shadow

_CHUNK = 16


class Lights(NamedTuple):
    """Places that light comes from.

    Parameters
    ----------
    azimuth_deg, altitude_deg : (P,) float64
        From north clockwise, above the horizon [deg].
    energy : (P,) float64
        On a plane that faces the place [Wh/m2].
    leaves : (P,) float64
        Part that crowns let through.
    diffuse : (P,) bool
        Light of the sky; else of the sun.
    """

    azimuth_deg: NDArray[np.float64]
    altitude_deg: NDArray[np.float64]
    energy: NDArray[np.float64]
    leaves: NDArray[np.float64]
    diffuse: NDArray[np.bool_]

    @property
    def directions(self) -> NDArray[np.float64]:
        """East, north and up of unit vectors to the places, (P, 3)."""
        azimuth, altitude = np.radians(self.azimuth_deg), np.radians(self.altitude_deg)
        flat = np.cos(altitude)
        return np.column_stack([flat * np.sin(azimuth), flat * np.cos(azimuth), np.sin(altitude)])


def irradiation(
    of: shadow.Surface, rows: NDArray[np.int64], columns: NDArray[np.int64], normals: NDArray[np.float64], lights: Lights
) -> NDArray[np.float64]:
    """Energy on the planes of some cells.

    Parameters
    ----------
    of : Surface
        With `lift_m` where planes slope.
    rows, columns : (K,) int64
        Cells that are asked.
    normals : (K, 3) float64
        Unit vectors, upward: east, north, up.
    lights : Lights

    Returns
    -------
    (K, 2) float64
        From the sun and from the sky [Wh/m2]; the same to the bit on any number of threads.
    """
    total = np.zeros((len(rows), 2))
    directions = lights.directions
    risen = np.flatnonzero((lights.altitude_deg > shadow.LOWEST_DEG) & (lights.energy > 0.0))

    def seen(k: int) -> NDArray[np.uint8]:
        return shadow.cast(of, float(lights.azimuth_deg[k]), float(lights.altitude_deg[k]))[rows, columns]

    with ThreadPoolExecutor(max(1, numba.get_num_threads())) as pool:
        for first in range(0, len(risen), _CHUNK):
            some = risen[first : first + _CHUNK]
            masks = np.stack(list(pool.map(seen, some)))
            _add(masks, directions[some], lights.energy[some], lights.leaves[some], lights.diffuse[some], normals, total)
    return total


@njit(parallel=True)
def _add(masks, directions, energy, leaves, diffuse, normals, total):
    """Add what some places give; each plane gathers its own."""
    for k in prange(len(total)):
        for p in range(len(energy)):
            what = masks[p, k]
            if what == shadow.BUILT:
                continue
            facing = directions[p, 0] * normals[k, 0] + directions[p, 1] * normals[k, 1] + directions[p, 2] * normals[k, 2]
            if facing > 0.0:
                through = leaves[p] if what == shadow.LEAVES else 1.0
                total[k, 1 if diffuse[p] else 0] += facing * energy[p] * through
