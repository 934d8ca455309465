"""The fields of a run as an xarray dataset, with the coordinates of the city."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from twin.discretize import Ground
from twin.reporters import FieldReporter
from twin.scenario.model import CrowdSettings
from twin.sim.crowd.measures import DENSE_PER_M2, TURBULENT_PRESSURE, level_of_service
from twin.sparse_fields import SparseFields
from twin.variables import variable

MARGIN = 5
"""Cells round those that anybody came to."""

UNKNOWN_WHERE_EMPTY = ("mean_speed", "speed_variance")
"""Variables that have no value where nobody is; the others are 0 there."""


LIMITS = {"crowd_pressure": {"turbulent_above_per_s2": TURBULENT_PRESSURE}}
"""Attributes of variables over time that tell what they are judged by."""


def density_factor(crowd: CrowdSettings) -> int:
    """Navigation cells along the side of a density cell."""
    return max(1, round(crowd.density_cell_m / crowd.navigation_cell_m))


def field_dataset(ground: Ground, kept: FieldReporter, over_time: SparseFields, crowd: CrowdSettings) -> xr.Dataset:
    """The fields, cropped to where anybody came, with a margin of five cells.

    Parameters
    ----------
    ground : Ground
    kept : FieldReporter
        Closed.
    over_time : SparseFields
        What closing it gave.
    crowd : CrowdSettings
    """
    grid = ground.grid.coarsen(density_factor(crowd))
    shape = kept.grid.area.shape
    used: NDArray[np.bool_] = np.asarray(np.isfinite(kept.density_max_time).any(axis=0), dtype=np.bool_)
    rows, columns = np.flatnonzero(used.any(axis=1)), np.flatnonzero(used.any(axis=0))
    if len(rows):
        r = slice(max(0, rows[0] - MARGIN), min(shape[1], rows[-1] + MARGIN + 1))
        c = slice(max(0, columns[0] - MARGIN), min(shape[2], columns[-1] + MARGIN + 1))
    else:
        r, c = slice(0, min(2, shape[1])), slice(0, min(2, shape[2]))
    window = (slice(None), r, c)
    walkable = (kept.grid.area > 0)[window]
    highest = kept.density_max[window]
    fields = {
        name: variable(name).array(
            over_time.variable(name, r, c, empty=np.nan if name in UNKNOWN_WHERE_EMPTY else 0.0), **LIMITS.get(name, {})
        )
        for name in over_time.names
    }
    fields |= {
        "density_max": variable("density_max").array(highest),
        "density_max_time": variable("density_max_time").array(kept.density_max_time[window]),
        "level_of_service": variable("level_of_service").array(level_of_service(highest), scheme="walkway"),
        "exposure": variable("exposure").array(kept.exposure[window]),
        "time_dense": variable("time_dense").array(kept.time_dense[window], above_per_m2=DENSE_PER_M2),
        "walkable": variable("walkable").array(walkable),
        "floor_height": variable("floor_height").array(
            np.where(walkable, _coarse_height(ground, density_factor(crowd))[window], np.nan)
        ),
    }
    if "crowd_pressure" in over_time.names:
        fields["crowd_pressure_max"] = variable("crowd_pressure_max").array(kept.pressure_max[window])
        fields["crowd_pressure_max_time"] = variable("crowd_pressure_max_time").array(kept.pressure_max_time[window])
    return xr.Dataset(
        fields,
        coords={
            "time": variable("time").array(np.array(kept.times)),
            "level": list(ground.levels),
            "y": variable("y").array(grid.y[r]),
            "x": variable("x").array(grid.x[c]),
        },
        attrs={"crs": ground.grid.crs or "", "cell_m": grid.cell, "interval_s": kept.interval * kept.seconds},
    )


def _coarse_height(ground: Ground, factor: int) -> NDArray[np.float32]:
    """Mean floor height of the navigation cells in each density cell."""
    mask, height = ground.floor.mask, ground.floor.height
    levels, rows, columns = mask.shape
    down, across = -(-rows // factor), -(-columns // factor)
    weight = np.zeros((levels, down * factor, across * factor), np.float32)
    total = np.zeros_like(weight)
    weight[:, :rows, :columns] = mask
    total[:, :rows, :columns] = np.where(mask, height, 0.0)
    blocks = (levels, down, factor, across, factor)
    count = weight.reshape(blocks).sum(axis=(2, 4))
    return np.divide(total.reshape(blocks).sum(axis=(2, 4)), count, out=np.zeros_like(count), where=count > 0)
