"""Shadow of UMEP-core, for several places of the sun; without trees, and for the first of them with trees.

It takes `z` (R, C) [m], `cell` [m], `azimuths` and `altitude` [deg], and `crown_base` and `crown_top` (R, C) [m], 0 where there is
no tree. Heights are float32, which it works on a little faster than on the float64 that its own reading of files gives.
"""

from __future__ import annotations

import numpy as np
from asked import given, needed, tell, timed

functions = needed("umep.util.shadowingfunctions")
asked = given()
z = asked["z"].astype(np.float32)
z -= z.min()
scale, altitude = 1.0 / float(asked["cell"]), float(asked["altitude"])
lit: dict[float, np.ndarray] = {}


def without(azimuth):
    lit[azimuth] = functions.shadowingfunctionglobalradiation(z, azimuth, altitude, scale, 1) > 0.5


def with_trees(azimuth):
    low = asked["z"].min()
    top, base = (np.where(part > 0, part - low, 0).astype(np.float32) for part in (asked["crown_top"], asked["crown_base"]))
    bush = np.logical_not(base * top) * top
    most = float(max(z.max(), top.max()))
    seconds = timed([lambda: functions.shadowingfunction_20(z, top, base, azimuth, altitude, scale, most, bush, 1)])
    return seconds[0]


azimuths = [float(one) for one in asked["azimuths"]]
small = z[:200, :200]
functions.shadowingfunctionglobalradiation(small, azimuths[0], altitude, scale, 1)
seconds = timed([lambda a=azimuth: without(a) for azimuth in azimuths])
trees_s = with_trees(azimuths[0])
tell("umep", 1, seconds, {"lit": np.array([lit[azimuth] for azimuth in azimuths])}, with_trees_s=trees_s)
