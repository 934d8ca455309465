"""Fields of drawdown and of heads, as xarray."""

from __future__ import annotations

import numpy as np
import pytest

from twin.errors import ParameterError
from twin.grid import GridSpec
from twin.impacts.drawdown import drawdown, groundwater
from twin.sim.impact.pit import seepage
from twin.sim.impact.pit import wells as w

GRID = GridSpec(136_000.0, 456_000.0, 5.0, (40, 60), "EPSG:7415")
PUMP = w.wells(x_m=136_103.0, y_m=455_901.0, discharge_m3_d=500.0)


def test_a_field_has_its_grid_and_its_units():
    made = drawdown(GRID, PUMP, transmissivity_m2_d=300.0, resistance_d=400.0)
    assert (made.name, made.dims, made.dtype, made.attrs["units"], made.attrs["crs"]) == (
        "drawdown", ("y", "x"), np.float32, "m", "EPSG:7415",
    )  # fmt: skip
    assert made.attrs["table_error_m"] < 1e-6
    known = float(w.drawdown_at(136_152.5, 455_902.5, PUMP, transmissivity_m2_d=300.0, resistance_d=400.0))
    assert float(made.sel(x=136_152.5, y=455_902.5)) == pytest.approx(known, abs=1e-6)


def test_beyond_a_canal_nothing_happens_and_beyond_a_wall_nothing_is_known():
    canal, wall = w.Line(136_050.0, 0, 136_050.0, 1), w.Line(136_250.0, 0, 136_250.0, 1, canal=False)
    made = drawdown(GRID, PUMP, transmissivity_m2_d=300.0, boundaries=(canal, wall))
    assert (made.sel(x=slice(None, 136_050)) == 0).all()
    assert made.sel(x=slice(136_250, None)).isnull().all()
    assert (made.sel(x=slice(136_051, 136_249)) > 0).all()


def test_a_water_table_falls_more_and_tells_what_runs_dry():
    given = {"transmissivity_m2_d": 50.0, "radius_of_influence_m": 300.0}
    linear, table = drawdown(GRID, PUMP, **given), drawdown(GRID, PUMP, **given, thickness_m=10.0)
    assert (table >= linear - 1e-6).all()
    assert table.attrs["dry_cells"] == float((table >= 10.0).sum()) > 0


def test_heads_by_finite_differences():
    fixed = np.full(GRID.shape, np.nan)
    fixed[:, 0], fixed[:, -1] = 1.0, 0.0
    ground = seepage.ground(cell_m=5.0, transmissivity_m2_d=100.0, shape=GRID.shape, fixed_head_m=fixed)
    made, found = groundwater(GRID, ground)
    assert made.attrs["units"] == "m"
    assert made.isel(y=7).to_numpy() == pytest.approx(np.linspace(1, 0, 60), abs=1e-6)
    assert abs(made.attrs["balance_error_m3_d"]) < 1e-7
    assert found.balance.fixed_in == pytest.approx(100.0 * 1.0 / (59 * 5.0) * 200.0)
    with pytest.raises(ParameterError, match="the grid"):
        groundwater(GRID.coarsen(2), ground)
    table, _ = groundwater(GRID, ground, base_m=-5.0)
    assert table.isel(y=0).to_numpy() == pytest.approx(-5 + np.sqrt(np.linspace(36, 25, 60)), abs=1e-6)
