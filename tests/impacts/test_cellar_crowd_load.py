"""The crowd on cellars over time in kN/m2, against people counted by hand and fields of one density."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import twin
from tests.impacts.places import SOUTH, WEST
from tests.impacts.test_cellars import asked, of_city, quay
from twin.compare import Comparison
from twin.impacts.cellar_crowd import MOST_MOMENTS, Crowd
from twin.impacts.cellar_crowd_load import crowd_load
from twin.impacts.cellar_loads import pressures
from twin.report.cellars import cellar_tables
from twin.report.texts import ENGLISH

PERSON_KN = 80.0 * 9.81 / 1000.0

# of cellar "a": a ring of 0.22 m springs from 5 m apart, at an angle by which it is wider on the street
HALF = 2.5
RADIUS = (HALF**2 + 1.2**2) / (2 * 1.2)
WIDE = 2.0 * HALF * (RADIUS + 0.22) / RADIUS
AREA = WIDE * 9.0


@pytest.fixture(scope="module")
def cellars() -> gpd.GeoDataFrame:
    return quay().layers["cellars"]


@pytest.fixture(scope="module")
def both() -> Comparison:
    return twin.compare(asked(), city=quay(), progress=False)


def people(x: Any, y: Any, time_s: Any) -> pd.DataFrame:
    return pd.DataFrame({"x": WEST + np.asarray(x, float), "y": SOUTH + np.asarray(y, float), "time_s": np.asarray(time_s, float)})


@given(st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_the_mean_is_the_people_within_the_outline_over_its_area(seed: int, count: int) -> None:
    """A slow count in plain NumPy; the spot is a twelfth of the width by half the 9 m of barrel."""
    chance = np.random.default_rng(seed)
    these = quay().layers["cellars"]
    x, y = chance.uniform(38.0, 47.0, count), chance.uniform(19.0, 30.0, count)
    time = chance.integers(0, 4, count).astype(float)
    times, mean, spot = pressures(these, people(x, y, time))
    for k, moment in enumerate(times):
        now = time == moment
        inside = now & (np.abs(x - 42.5) < WIDE / 2) & (y >= 20) & (y < 29)
        assert mean[0, k] == pytest.approx(inside.sum() * PERSON_KN / AREA, rel=1e-5)
        across, along = np.floor((x - 42.5 + WIDE / 2) / (WIDE / 12.0)), np.floor((y - 20.0) / 4.5)
        most = max((int((inside & (across == a) & (along == b)).sum()) for a in range(12) for b in range(2)), default=0)
        assert spot[0, k] == pytest.approx(most * PERSON_KN / (WIDE / 12.0 * 4.5), rel=1e-5)
    assert (mean[1] == 0).all()


def test_a_field_of_one_density_presses_alike_everywhere(cellars: gpd.GeoDataFrame) -> None:
    """4 people/m2 are 3.14 kN/m2, and 6.5 are 5.10 (80 kg each): the figures that VALIDATION has."""
    x, y = WEST + np.arange(0.5, 120.0), SOUTH + np.arange(40.0, 10.0, -1.0) - 0.5
    values = np.stack([np.full((30, 120), 4.0), np.full((30, 120), 6.5)])
    field = xr.DataArray(values, dims=("time", "y", "x"), coords={"time": [0.0, 5.0], "y": y, "x": x})
    _, mean, spot = pressures(cellars, field)
    assert mean == pytest.approx(np.array([[3.14, 5.10]] * 2), abs=0.005)
    assert spot == pytest.approx(mean, rel=1e-6)
    outside = field.isel(x=slice(0, 43))
    assert np.isnan(pressures(cellars, outside)[1]).all(), "a cellar partly outside the field is not known"


def test_a_crowd_factor_counts_as_in_the_check(cellars: gpd.GeoDataFrame) -> None:
    one = people([42.0], [24.0], [0.0])
    assert pressures(cellars, one, crowd_factor=2.0)[1] == pytest.approx(2.0 * pressures(cellars, one)[1])


def test_runs_and_seconds_without_anybody_have_their_place(cellars: gpd.GeoDataFrame) -> None:
    """Two runs an hour apart: two people at 3 s of the first, one at 7 s of the second; between them nobody."""
    given = people([42.0, 42.2, 42.0], [24.0, 24.0, 24.0], [3.0, 3.0, 3607.0])
    crowd = Crowd(given, (5, 9), 3600.0, "16:00", interval_s=1.0)
    found = crowd_load(cellars, crowd, {})
    assert found is not None
    load = found.fields["cellar_crowd_load"]
    assert load.dims == ("time", "seed", "cellar")
    assert load["time"].to_numpy().tolist() == list(range(8))
    one = PERSON_KN / AREA
    assert load.sel(cellar="a", seed=5).to_numpy() == pytest.approx([0, 0, 0, 2 * one, 0, 0, 0, 0])
    assert load.sel(cellar="a", seed=9, time=7.0).item() == pytest.approx(one)
    row = found.columns.loc["a"]
    assert (row["crowd_when_s"], row["crowd_when"], row["crowd_seed"]) == (3.0, "16:00:03", 5)
    assert row["crowd_kn_m2"] == pytest.approx(2 * one)
    assert found.columns.loc["b", "crowd_kn_m2"] == 0.0
    assert found.columns.loc["b", "crowd_when"] == ""
    assert pd.isna(found.columns.loc["b", "crowd_seed"])


def test_of_a_long_course_the_highest_of_each_part_is_kept(cellars: gpd.GeoDataFrame) -> None:
    many = 5 * MOST_MOMENTS
    two = people(np.full(many + 1, 42.0), np.full(many + 1, 24.0), [*range(many), 1234])
    crowd = Crowd(two, (1,), interval_s=1.0)
    found = crowd_load(cellars, crowd, {})
    assert found is not None
    load = found.fields["cellar_crowd_load"].sel(cellar="a", seed=1)
    assert load.sizes["time"] == MOST_MOMENTS
    assert float(load.max()) == pytest.approx(2 * PERSON_KN / AREA)
    assert float(load.idxmax("time")) == pytest.approx(1234.0, abs=5.0)
    assert found.columns.loc["a", "crowd_when_s"] == 1234.0


def test_a_run_tells_the_heaviest_crowd_beside_the_reference(both: Comparison) -> None:
    after = both.variant.impacts["cellars"]
    found, load = after.features["cellars"], after.fields["cellar_crowd_load"]
    figure = after.figure("cellars_crowd_load")
    assert (figure.limit, figure.unit) == (5.0, "kN/m2")
    assert "EN 1991-1-1" in figure.limit_source
    assert figure.value == pytest.approx(found["crowd_kn_m2"].max())
    assert figure.value == pytest.approx(float(load.max()), rel=1e-6)
    assert "cellars_crowd_load" in both.table().index
    name = str(found["crowd_kn_m2"].idxmax())
    assert name in figure.note
    row = found.loc[name]
    then = load.sel(cellar=name, seed=int(row["crowd_seed"]), time=row["crowd_when_s"])
    assert float(then) == pytest.approx(figure.value, rel=1e-6)
    assert row["crowd_spot_kn_m2"] >= row["crowd_kn_m2"]
    # those of the first seed are whom one counts in its own result
    walked = both.variant.trajectories
    rate = round(both.variant.recording.frame_rate)
    walked = walked[(walked["frame"] % rate == 0) & (walked["level"].astype(str) == "street")]
    x, y = walked["x"] - WEST, walked["y"] - SOUTH
    on = walked[(np.abs(x - 42.5) < WIDE / 2) & (y >= 20) & (y < 29)]
    most = on.groupby("frame").size().max() * PERSON_KN / AREA
    first = int(load["seed"][0])
    assert float(load.sel(cellar="a", seed=first).max()) == pytest.approx(most, rel=1e-5)


def test_the_page_shows_it_over_time(both: Comparison) -> None:
    after = both.variant.impacts["cellars"]
    page = cellar_tables(after, ENGLISH)
    for key in ("cellars_loads", "cellars_line_mean", "cellars_line_spot", "cellars_line_reference"):
        assert ENGLISH[key] in page
    when = after.features["cellars"]["crowd_when"][after.features["cellars"]["crowd_kn_m2"].idxmax()]
    assert f">{when}</text>" in page
    bare = dataclasses.replace(after, fields=after.fields.drop_vars(["cellar_crowd_load", "cellar_crowd_spot"]))
    assert ENGLISH["cellars_loads"] in cellar_tables(bare, ENGLISH)


def test_it_is_saved_with_its_times(both: Comparison, tmp_path: Path) -> None:
    both.save(tmp_path)
    again = twin.open_result(tmp_path / "variant").impacts["cellars"]
    xr.testing.assert_equal(again.fields["cellar_crowd_load"], both.variant.impacts["cellars"].fields["cellar_crowd_load"])
    axes = again.fields["cellar_crowd_load"].sel(cellar="a").max("seed").plot()
    assert axes


def test_without_a_crowd_there_is_none() -> None:
    found = twin.compare(of_city("{}"), city=quay(), progress=False).variant.impacts["cellars"]
    assert "cellar_crowd_load" not in found.fields
    assert "crowd_kn_m2" not in found.features["cellars"]
    assert not any(one.key == "cellars_crowd_load" for one in found.figures)


def test_nobody_above_a_cellar_is_no_load(cellars: gpd.GeoDataFrame) -> None:
    found = crowd_load(cellars, Crowd(None, (1,), nobody=True), {})
    assert found is not None
    assert found.columns["crowd_kn_m2"].tolist() == [0.0, 0.0]
    assert not found.fields.data_vars
