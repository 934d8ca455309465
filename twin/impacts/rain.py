"""A cloudburst over a city: how deep water stands, over time (`cloudburst`) or in the end (`standing_water`).

The kernels are `twin.sim.impact.inertial` (flow) and `twin.sim.impact.fill_spill` (fill and spill); what rain falls on is made in
`twin.impacts.rain_ground`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from twin.errors import ParameterError
from twin.impacts.rain_ground import Catchment, catchment
from twin.impacts.site import Site
from twin.scenario.analyses import settings_of
from twin.scenario.rain import RainAnalysis
from twin.sim.impact import fill_spill, inertial
from twin.sim.impact.inertial import INTO_WATER, LEFT, RAIN, SEWER, SOAKED
from twin.variables import variable

if TYPE_CHECKING:
    from twin.geo.city import City

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Balance:
    """Where the rain went [m3].

    Parameters
    ----------
    rain : float
        What fell on the area.
    stands, infiltrated, sewer, open_water, left : float
        What stands on the ground in the end, soaked away, went into sewers, reached open water, and ran off over the edges.
    """

    rain: float
    stands: float
    infiltrated: float
    sewer: float
    open_water: float
    left: float

    @property
    def error(self) -> float:
        """Rain that is nowhere: what rounding takes or gives [m3]."""
        return self.rain - (self.stands + self.infiltrated + self.sewer + self.open_water + self.left)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a cloudburst leaves.

    Parameters
    ----------
    catchment : Catchment
    peak, last : (R, C) float64
        Largest depth, and depth at the end [m].
    peak_time : (R, C) float64 or None
        Since the start of the rain [s].
    speed : (R, C) float64 or None
        Largest [m/s].
    balance : Balance
    steps : int
    series : tuple of (float, (R, C) float32)
        Times [s] and depths [m], where they were asked for.
    """

    catchment: Catchment
    peak: NDArray[np.float64]
    last: NDArray[np.float64]
    peak_time: NDArray[np.float64] | None
    speed: NDArray[np.float64] | None
    balance: Balance
    steps: int = 0
    series: tuple[tuple[float, NDArray[np.float32]], ...] = ()

    def fields(self) -> xr.Dataset:
        """As `cloudburst` gives them; NaN where there is no ground."""
        made: dict[str, NDArray[np.float64]] = {"water_depth": self.peak}
        if self.peak_time is not None and self.speed is not None:
            minutes = np.where(self.peak > 0.0, self.peak_time / 60.0, np.nan)
            made |= {"water_depth_end": self.last, "water_depth_time": minutes, "water_speed": self.speed}
        ground, grid = self.catchment.is_ground, self.catchment.grid
        arrays = {
            name: variable(name).array(np.where(ground, values, np.nan).astype(np.float32)) for name, values in made.items()
        }
        return xr.Dataset(
            arrays, coords={"y": grid.y, "x": grid.x}, attrs={"crs": grid.crs or "", "cell_m": float(grid.cell)}
        )


def standing_water(city: City, *, area: Box | None = None, cell: float = 2.0, **options: Any) -> xr.Dataset:
    """Where the water of a cloudburst stands in the end, by fill and spill: quick, and without time.

    Each cell gives what the rain leaves on it after what soaks away and what sewers take of it while it rains. That runs downhill,
    fills what is low, and spills; what runs over ground does not soak away there.

    Parameters
    ----------
    city : City
    area : (west, south, east, north), optional
        By default the whole city [m].
    cell : float
        [m]
    **options
        As in `twin.scenario.rain.RainAnalysis`: ``rain_mm``, ``sewer_mm_h``, ...

    Returns
    -------
    Dataset
        ``water_depth`` (y, x) float32 [m], NaN where there is no ground; the balance in its attributes [m3].

    Raises
    ------
    ParameterError
        When a value cannot be used.
    """
    settings = settings_of(RainAnalysis, cell_m=cell, **{**options, "method": "fill"})
    return _with_balance(outcome_of(Site(city, area), settings))


def cloudburst(
    city: City, *, area: Box | None = None, cell: float = 2.0, every_min: float | None = None, **options: Any
) -> xr.Dataset:
    """A cloudburst over time: the local-inertial shallow water equations.

    Parameters
    ----------
    city : City
    area : (west, south, east, north), optional
        By default the whole city [m]. Water from beyond does not run in.
    cell : float
        [m]
    every_min : float, optional
        How far apart in time depths are kept [min]; by default only the largest and the last.
    **options
        As in `twin.scenario.rain.RainAnalysis`: ``rain_mm``, ``duration_min``, ``after_min``, ``sewer_mm_h``, ...

    Returns
    -------
    Dataset
        ``water_depth`` (largest) and ``water_depth_end`` [m], ``water_depth_time`` [min], ``water_speed`` [m/s], (y, x) float32,
        NaN where there is no ground; with `every_min` also ``water_depth_series`` (time, y, x) [m]. The balance in its
        attributes [m3].

    Raises
    ------
    ParameterError
        When a value cannot be used.
    """
    settings = settings_of(RainAnalysis, cell_m=cell, **{**options, "method": "flow"})
    if every_min is not None and not (np.isfinite(every_min) and every_min > 0):
        raise ParameterError(f"{every_min!r} is no number of minutes above 0", where="every_min")
    outcome = outcome_of(Site(city, area), settings, every_s=None if every_min is None else 60.0 * float(every_min))
    fields = _with_balance(outcome)
    if every_min is not None:
        ground = outcome.catchment.is_ground
        stack = np.stack([np.where(ground, depth, np.float32(np.nan)) for _, depth in outcome.series])
        fields = fields.assign(water_depth_series=variable("water_depth_series").array(stack))
        fields = fields.assign_coords(time=variable("time").array(np.array([time for time, _ in outcome.series])))
    return fields


def _with_balance(outcome: Outcome) -> xr.Dataset:
    balance = outcome.balance
    parts = ("rain", "stands", "infiltrated", "sewer", "open_water", "left")
    told = {f"{name}_m3": float(getattr(balance, name)) for name in parts}
    return outcome.fields().assign_attrs(**told, balance_error_m3=float(balance.error))


def outcome_of(site: Site, settings: RainAnalysis, *, every_s: float | None = None) -> Outcome:
    """A cloudburst on a site."""
    made = catchment(site, settings)
    return filled(made, settings) if settings.method == "fill" else flowed(made, settings, every_s)


def filled(made: Catchment, settings: RainAnalysis) -> Outcome:
    """Where water stands in the end."""
    ground, hours = made.ground, settings.duration_min / 60.0
    is_ground = ground.kind > inertial.OUTSIDE
    rain = ground.supply * (settings.rain_mm / 1000.0)
    soaked = np.where(is_ground, np.minimum(rain, ground.soak[ground.kind] * 3600.0 * hours), 0.0)
    drained = np.where(is_ground, np.minimum(rain - soaked, ground.sewer[ground.kind] * 3600.0 * hours), 0.0)
    stood = fill_spill.stand(ground.z, ground.kind, rain - soaked - drained)
    cell_m2 = ground.cell**2
    roofs = made.lost * settings.rain_mm / 1000.0
    depth = stood.depth[1:-1, 1:-1]
    balance = Balance(
        (_sum(rain) + roofs) * cell_m2, _sum(stood.depth) * cell_m2, _sum(soaked) * cell_m2, _sum(drained) * cell_m2,
        stood.into_water * cell_m2, (stood.left + roofs) * cell_m2,
    )  # fmt: skip
    return Outcome(made, depth, depth, None, None, balance)


def flowed(made: Catchment, settings: RainAnalysis, every_s: float | None = None) -> Outcome:
    """The flow of water over time."""
    ground, flood = made.ground, inertial.dry(made.ground)
    rains, ends = settings.duration_min * 60.0, (settings.duration_min + settings.after_min) * 60.0
    series = [] if every_s is None else [(0.0, _inner(flood.depth))]
    for moment in _moments(rains, ends, every_s):
        rate = settings.rain_mm / 1000.0 / rains if moment <= rains else 0.0
        inertial.advance(ground, flood, moment, rate)
        if every_s is not None and abs(moment / every_s - round(moment / every_s)) < 1e-6:
            series.append((moment, _inner(flood.depth)))
    roofs = made.lost * settings.rain_mm / 1000.0 * ground.cell**2
    balance = Balance(
        flood.volume(RAIN) + roofs, _sum(flood.depth) * ground.cell**2, flood.volume(SOAKED), flood.volume(SEWER),
        flood.volume(INTO_WATER), flood.volume(LEFT) + roofs,
    )  # fmt: skip
    inside = np.s_[1:-1, 1:-1]
    return Outcome(
        made, flood.peak[inside], flood.depth[inside], flood.peak_time[inside], flood.speed[inside], balance, flood.steps,
        tuple(series),
    )  # fmt: skip


def _moments(rains: float, ends: float, every_s: float | None) -> list[float]:
    """Times to stop at, rising: the end of the rain and the end exactly, and those at which depths are kept [s]."""
    kept = [] if every_s is None else [float(every_s * k) for k in range(1, int(ends / every_s + 1e-9) + 1)]
    kept = [next((end for end in (rains, ends) if abs(one - end) < 1e-6), one) for one in kept]
    return sorted({*kept, rains, ends})


def _inner(depth: NDArray[np.float64]) -> NDArray[np.float32]:
    return depth[1:-1, 1:-1].astype(np.float32)


def _sum(values: NDArray[np.float64]) -> float:
    return float(np.sum(values, dtype=np.float64))
