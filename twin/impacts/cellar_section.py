"""The cross-section of one cellar: its vault, the load that governs, and the thrust line that it takes to carry it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from twin.errors import ParameterError, did_you_mean
from twin.impacts.cellar_capacity import screened
from twin.impacts.cellar_loads import Route
from twin.result import Result
from twin.sim.impact.cellar.arch import Arch
from twin.sim.impact.cellar.thrust import Thrust, load_factor

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class CellarSection:
    """A cellar cut across its barrel, with its governing load and the thrust under that load as many times as it can be.

    Parameters
    ----------
    name : str
        Id of the cellar.
    row : Series
        Of `twin.impacts.cellar_capacity.cellar_capacity`.
    arch : Arch
        As taken.
    thrust : Thrust
    strips : (S,) float64
        The load on the vault, as it is [kPa].
    ring_m, cover_m, rise_m : float
        [m]
    floor_m, springing_m, crown_m : float
        In the datum of the city; the crown is that of the intrados [m].
    guessed : tuple of str
        What of this is not known.
    datum : str
        Of the heights; empty where it is not known.
    """

    name: str
    row: pd.Series[Any]
    arch: Arch
    thrust: Thrust
    strips: NDArray[np.float64]
    ring_m: float
    cover_m: float
    rise_m: float
    floor_m: float
    springing_m: float
    crown_m: float
    guessed: tuple[str, ...]
    datum: str = ""

    @property
    def street_m(self) -> float:
        """Height of the street above the crown [m]."""
        return self.crown_m + self.ring_m + self.cover_m

    def plot(self, *, ax: Axes | None = None, language: str = "en") -> Axes:
        """Draw it, true to scale, on axes of matplotlib; ``language`` is ``en`` or ``nl``."""
        from twin.plots.cellar import plot_cellar_section

        return plot_cellar_section(self, ax=ax, language=language)


def cellar_section(
    cellars: gpd.GeoDataFrame, cellar: str, *, crowd: float | Result | pd.DataFrame | xr.DataArray | None = None,
    vehicles: Any = None, stages: gpd.GeoDataFrame | None = None, cranes: Any = None, route: Route = None, **options: Any,
) -> CellarSection:  # fmt: skip
    """The section of one cellar under the load that governs it.

    Parameters
    ----------
    cellars : GeoDataFrame
    cellar : str
        Its id.
    crowd, vehicles, stages, cranes, route, **options
        As in `twin.impacts.cellar_capacity.cellar_capacity`.

    Raises
    ------
    ParameterError
        When there is no such cellar, or a measure of it is not known.
    """
    if cellar not in cellars.index:
        raise ParameterError(f"there is no cellar `{cellar}`{did_you_mean(str(cellar), map(str, cellars.index))}")
    one = cellars.loc[[cellar]]
    done = screened(one, crowd, vehicles, stages, cranes, route, options)
    row = done.frame.iloc[0]
    if not len(done.taken.rows):
        raise ParameterError(f"no section of it can be drawn: {row['reasons']}", where=f"cellar {cellar}")
    arch, these = done.vaults.arch(0), done.taken.mean
    strength = math.inf if done.settings.strength_mpa is None else 1000.0 * done.settings.strength_mpa
    state = load_factor(arch, done.strips[0], strength=strength)
    crown = float(one["floor_m"].iloc[0]) + float(one["crown_m"].iloc[0])
    rise = float(min(these.rise[0], these.span[0] / 2.0))
    known = ("ring", "shape (springing)", "cover", "backing")
    return CellarSection(
        str(cellar), row, arch, state, done.strips[0], float(these.ring[0]), float(these.cover[0]), rise,
        float(one["floor_m"].iloc[0]), crown - rise, crown, tuple(name for name in known if name in done.taken.unknowns[0]),
        _datum(cellars),
    )  # fmt: skip


def _datum(cellars: gpd.GeoDataFrame) -> str:
    """NAP where the coordinates are Dutch."""
    return "NAP" if cellars.crs is not None and cellars.crs.to_2d().to_epsg() in (28992, 28991) else ""
