"""Drawdown of groundwater by wells, as a field of a grid: see `twin.sim.impact.pit.wells` for the equations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from twin.errors import ParameterError
from twin.grid import GridSpec
from twin.sim.impact.pit import well_field
from twin.sim.impact.pit.seepage import Ground, Steady, steady, water_table
from twin.sim.impact.pit.wells import Line, Wells, unconfined, with_images
from twin.variables import variable

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray


def drawdown(
    grid: GridSpec,
    wells: Wells,
    *,
    transmissivity_m2_d: float,
    radius_of_influence_m: float | None = None,
    resistance_d: float | None = None,
    storativity: float | None = None,
    time_d: float | None = None,
    thickness_m: float | None = None,
    boundaries: tuple[Line, ...] = (),
) -> xr.DataArray:
    """Drawdown by wells, on the cells of a grid.

    A time with a storativity gives that after some time (Theis, or Hantush with a resistance); else flow is steady: by De Glee
    with a resistance, by Thiem with a radius or with a canal that feeds the wells.

    Parameters
    ----------
    grid : GridSpec
    wells : Wells
        In the coordinates of the grid; see `twin.sim.impact.pit.wells.wells`.
    transmissivity_m2_d : float
        k times the height of the aquifer [m2/d].
    radius_of_influence_m, resistance_d, storativity, time_d : float, optional
        [m] [d] [-] [d]
    thickness_m : float, optional
        Of a water table: the water above the base before pumping, with which it becomes that of Dupuit [m].
    boundaries : tuple of Line
        Straight canals and walls: one, two that are parallel, or two at a right angle.

    Returns
    -------
    xarray.DataArray
        `drawdown` (y, x) [m]; beyond a canal 0, beyond a wall NaN. Its attributes tell the greatest error of the tables
        (`table_error_m`), and how many cells are dry (`dry_cells`) when a thickness is given.

    Raises
    ------
    ParameterError
        For values that make no problem.
    GeometryError
        For boundaries that have no images.
    """
    every = with_images(wells, boundaries)
    found = well_field.field(
        grid.x, grid.y, every, transmissivity_m2_d=transmissivity_m2_d, radius_of_influence_m=radius_of_influence_m,
        resistance_d=resistance_d, storativity=storativity, time_d=time_d,
    )  # fmt: skip
    lowered, told = found.drawdown_m, {"table_error_m": found.error_m}
    if thickness_m is not None:
        lowered = unconfined(lowered, thickness_m=thickness_m).astype(np.float32)
        told["dry_cells"] = float(np.count_nonzero(lowered >= thickness_m))
    for line in boundaries:
        beyond = line.side(grid.x[None, :], grid.y[:, None]) * line.side(wells.x_m[0], wells.y_m[0]) < 0
        lowered[beyond] = 0.0 if line.canal else np.nan
    return _on(grid, "drawdown", lowered, told)


def groundwater(grid: GridSpec, ground: Ground, *, base_m: float | None = None) -> tuple[xr.DataArray, Steady]:
    """Steady heads by finite differences, on the cells of a grid.

    Parameters
    ----------
    grid : GridSpec
        With the shape and the cells of the ground.
    ground : Ground
        See `twin.sim.impact.pit.seepage.ground`.
    base_m : float, optional
        Base of an aquifer with a water table, for which the ground has k in place of the transmissivity [m].

    Returns
    -------
    xarray.DataArray
        `groundwater_head` (y, x) [m]; NaN where there is no ground. Its attributes tell the steps, what is left over and the error
        of the balance.
    Steady
        The same as arrays, with the balance of the water.

    Raises
    ------
    ParameterError
        When the ground has another shape or other cells than the grid, and as `twin.sim.impact.pit.seepage.steady`.
    """
    if ground.transmissivity_m2_d.shape != grid.shape or ground.cell_m != grid.cell:
        raise ParameterError(
            f"the ground has {ground.transmissivity_m2_d.shape} cells of {ground.cell_m:g} m, "
            f"the grid {grid.shape} of {grid.cell:g} m"
        )
    found = steady(ground) if base_m is None else water_table(ground, base_m=base_m)
    told = {"iterations": float(found.iterations), "residual": found.residual, "balance_error_m3_d": found.balance.error}
    return _on(grid, "groundwater_head", found.head_m, told), found


def _on(grid: GridSpec, name: str, values: NDArray[np.floating], told: dict[str, Any]) -> xr.DataArray:
    import xarray as xr

    along = {axis: variable(axis).array(getattr(grid, axis)) for axis in ("y", "x")}
    made = xr.DataArray(variable(name).array(values, **told), coords=along, name=name)
    return made if grid.crs is None else made.assign_attrs(crs=grid.crs)
