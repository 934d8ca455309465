"""Slow twins of the kernels of heat: an index cell by cell from its equations, and UTCI from a list of products."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from twin.sim.impact import heat


def pet_of_cells(
    weather: heat.Weather, lit: NDArray[np.bool_], sky_view: NDArray[np.float32], ground: NDArray[np.uint8]
) -> NDArray[np.float64]:
    """PET at the first hour, (R, C), by the equations written out for one cell."""
    air, wet, wind = (float(one[0]) for one in (weather.air_c, weather.humidity_percent, weather.wind_m_s))
    light, diffuse, high = (float(one[0]) for one in (weather.global_w_m2, weather.diffuse_w_m2, weather.altitude_deg))
    bulb = (
        air * math.atan(0.151977 * (wet + 8.313659) ** 0.5) + math.atan(air + wet) - math.atan(wet - 1.676331)
        + 0.00391838 * wet**1.5 * math.atan(0.023101 * wet) - 4.686035
    )  # fmt: skip
    out = np.full(lit.shape, np.nan)
    for cell in np.ndindex(lit.shape):
        if ground[cell] == heat.APART:
            continue
        sky, u = float(sky_view[cell]), max(wind, 0.5)
        if lit[cell]:
            up = math.sin(math.radians(high))
            out[cell] = (
                -13.26 + 1.25 * air + 0.011 * light - 3.37 * math.log(u) + 0.078 * bulb + 0.0055 * light * math.log(u)
                + 5.56 * up - 0.0103 * light * math.log(u) * up + 0.546 * (3.0, 0.4)[ground[cell]] + 1.94 * sky
            )  # fmt: skip
        else:
            out[cell] = (
                -12.14 + 1.25 * air - 1.47 * math.log(u) + 0.060 * bulb + 0.015 * sky * diffuse
                + 0.0060 * (1.0 - sky) * 5.67e-8 * (air + 273.15) ** 4
            )  # fmt: skip
    return out
