"""How fast people walk where it is crowded: the fundamental diagram of Weidmann.

Weidmann, Transporttechnik der Fussgaenger (1993, doi:10.3929/ethz-a-000687810), eq. 12::

    v(rho) = v0 (1 - exp(-gamma (1 / rho - 1 / rho_max)))

The flow rho v(rho) is concave in the density, so it rises to one maximum and falls from there to the jam; its slope lies
between v0 in an empty street and -v0 gamma / rho_max in the jam.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.errors import ParameterError

STEPS = 4096
"""Intervals of `FundamentalDiagram.table`: straight lines between them are within 1e-6 of the curve [m/s]."""


class FundamentalDiagram(NamedTuple):
    """Parameters of Weidmann's curve.

    Attributes
    ----------
    free_speed : float
        Speed of who walks alone, v0 [m/s].
    shape : float
        Density at which people begin to be in each other's way, gamma [1/m2].
    jam : float
        Density at which nobody moves, rho_max [1/m2].
    """

    free_speed: float = 1.34
    shape: float = 1.913
    jam: float = 5.4

    def check(self) -> None:
        """Raise a ParameterError when a parameter is out of its range."""
        for name, value in self._asdict().items():
            if not (math.isfinite(value) and value > 0):
                raise ParameterError(f"`{name}` of the fundamental diagram is {value}", hint="give a positive number")

    def speed(self, density: ArrayLike) -> NDArray[np.float64]:
        """Speed at each density [m/s]; 0 from the jam on."""
        rho = np.asarray(density, np.float64)
        with np.errstate(divide="ignore", over="ignore"):
            fewer = 1.0 / rho - 1.0 / self.jam
        return np.asarray(self.free_speed * -np.expm1(-self.shape * np.maximum(fewer, 0.0)))

    def flow(self, density: ArrayLike) -> NDArray[np.float64]:
        """People that pass a line of one metre in a second, at each density [1/(m s)]."""
        return np.asarray(np.asarray(density, np.float64) * self.speed(density))

    def wave_speed(self, density: ArrayLike) -> NDArray[np.float64]:
        """Speed at which a small change of density travels: the slope of the flow [m/s]."""
        rho = np.asarray(density, np.float64)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            near = np.where(rho > 0, np.exp(-self.shape * (1.0 / rho - 1.0 / self.jam)) * (1.0 + self.shape / rho), 0.0)
        return np.asarray(self.free_speed * (1.0 - near))

    @property
    def critical(self) -> float:
        """Density at which most people pass [1/m2]."""
        low, high = 0.0, self.jam
        for _ in range(80):
            middle = 0.5 * (low + high)
            if self.wave_speed(middle) > 0:
                low = middle
            else:
                high = middle
        return 0.5 * (low + high)

    @property
    def capacity(self) -> float:
        """The most people that pass a line of one metre in a second [1/(m s)]."""
        return float(self.flow(self.critical))

    def table(self) -> NDArray[np.float64]:
        """Speed at densities 0, jam / STEPS, ... jam and one more, (STEPS + 2,) float64 [m/s]."""
        return self.speed(np.arange(STEPS + 2) * (self.jam / STEPS))
