"""A cone as soil: what is told of each record, what is assumed, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from tests.soil.places import borehole, cone
from twin.errors import GeometryError, ParameterError
from twin.geo.city import City, read_city
from twin.sim.impact.soil import cone as kernel
from twin.sim.impact.soil import stresses
from twin.soil import interpret, water_table

PROFILE = [("sand", 2.5), ("clay", 3.0), ("peat", 1.0), ("sand", 6.0)]


def test_records_are_as_the_kernels_say() -> None:
    found = interpret(cone(PROFILE), water_m=1.0)
    depth, qc, fs = (found[key].to_numpy() for key in ("depth_m", "qc_MPa", "fs_MPa"))
    rf = kernel.friction_ratio(qc, fs)
    state = stresses.in_the_ground(depth, stresses.lengkeek(qc, rf), 18.0, 1.0)
    known = kernel.normalise(qc, fs, state.total, state.effective)
    assert_allclose(found["ic"], known.ic)
    assert_allclose(found["effective_stress_kPa"], state.effective)
    assert_allclose(found["z_m"], 2.0 - depth)
    assert found.loc[depth < 2.5, "soil_class"].eq("sand").all()
    assert found.loc[(depth > 5.5) & (depth < 6.5), "soil_class"].eq("peat").all()
    assert found["flags"].eq("").all()
    assert "given: 1 m" in found.attrs["water_from"]


def test_what_is_assumed_is_told() -> None:
    found = interpret(cone(PROFILE, start=3.0, water_level_m=0.0))
    told = " | ".join(found.attrs["assumptions"])
    assert "assumed: 1 m below the ground" in told
    assert "qt = qc" in told
    assert "above 3.01 m, of which nothing was measured, weighs 18 kN/m3" in told
    assert "0.000" in found.attrs["findings"][0]
    above = found["depth_m"] < 2.98
    assert found.loc[above, "flags"].eq("predrilled").all()
    assert found.loc[above, "zone"].eq(0).all()
    assert found.loc[above, "total_stress_kPa"].isna().all()
    first = found.loc[found["qc_MPa"].notna()].iloc[0]
    assert (first["zone_from"], first["flags"]) == ("SBT", "stress assumed")
    assert first["total_stress_kPa"] == pytest.approx(18 * 3.01)
    assert found["zone_from"].iloc[-1] == "SBTn"


def test_peat_by_friction_can_be_left_to_the_chart() -> None:
    row = cone([("sand", 2.5), ("clay", 2.0), ("peat", 2.0)])
    assert set(interpret(row)["soil_class"]) == {"sand", "clay", "peat"}
    plain = interpret(row, peat_above_rf_percent=None)
    assert (plain["zone"].to_numpy() == interpret(row)["zone"].to_numpy()).all()
    assert not any("taken for peat" in told for told in plain.attrs["assumptions"])


@pytest.mark.parametrize("way", ["lengkeek", "robertson-cabal", "mayne", 17.0])
def test_every_way_of_weighing_gives_stresses_that_rise(way: str | float) -> None:
    found = interpret(cone(PROFILE), unit_weight=way)
    assert np.all(np.diff(found["effective_stress_kPa"]) > 0)
    assert found["ic"].notna().all()


def test_pore_pressure_counts_with_the_area_ratio_of_the_cone() -> None:
    row = cone([("clay", 4.0)])
    row["profile"]["u2_MPa"] = [0.1] * len(row["profile"]["depth_m"])
    assert_allclose(interpret(row)["qt_MPa"], 0.4 + 0.1 * 0.2)
    assert_allclose(interpret({**row, "MEASUREMENTVAR_3": 0.7})["qt_MPa"], 0.4 + 0.1 * 0.3)
    assert_allclose(interpret({**row, "coneSurfaceQuotient": 0.75})["qt_MPa"], 0.4 + 0.1 * 0.25)
    assert_allclose(interpret(row, area_ratio=0.6)["qt_MPa"], 0.4 + 0.1 * 0.4)


def test_strength_is_told_with_a_factor_only() -> None:
    row = cone([("clay", 4.0)])
    assert interpret(row)["su_kPa"].isna().all()
    found = interpret(row, cone_factor=15)
    fine = found["ic"] >= 2.6
    assert_allclose(found.loc[fine, "su_kPa"], 1000 * found.loc[fine, "qn_MPa"] / 15)
    assert found.loc[~fine, "su_kPa"].isna().all()


def test_voids_are_voids() -> None:
    row = cone([("sand", 4.0)])
    row["profile"]["qc_MPa"][10:13] = [0.0, -1.0, None]
    row["profile"]["fs_MPa"][20] = 0.0
    found = interpret(row)
    assert found.loc[[10, 11, 12], "flags"].tolist() == ["no resistance"] * 3
    assert found.loc[20, "flags"] == "no friction"
    assert found.loc[[10, 11, 12, 20], "zone"].eq(0).all()
    assert found["effective_stress_kPa"].notna().all()
    assert [told.split(";")[0] for told in found.attrs["findings"]] == [
        "2 records have qc at or below 0", "1 records have fs at or below 0",
    ]  # fmt: skip


def test_columns_in_other_units_are_told() -> None:
    row = cone([("sand", 4.0)])
    row["profile"]["qc_MPa"] = [1000.0 * value for value in row["profile"]["qc_MPa"]]
    assert "in another unit" in interpret(row).attrs["findings"][0]
    row = cone([("sand", 4.0)])
    row["profile"]["fs_MPa"] = [1000.0 * value for value in row["profile"]["fs_MPa"]]
    assert "columns in one unit" in interpret(row).attrs["findings"][0]
    row = cone([("sand", 4.0)])
    row["profile"]["rf_percent"] = [2.0] * len(row["profile"]["fs_MPa"])
    assert "stated friction ratio is off" in interpret(row).attrs["findings"][0]


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"unit_weight": "lengkek"}, "did you mean `lengkeek`"), ({"unit_weight": 2.0}, "is no soil"),
        ({"area_ratio": 0.0}, "area ratio"), ({"cone_factor": 0}, "cone factor"), ({"overburden_kn_m3": np.nan}, "overburden"),
        ({"peat_above_rf_percent": -1}, "peat above"),
        ({"water_m": 1.0, "water_depth_m": 1.0}, "both say"), ({"water_m": "low"}, "no level"),
    ],
)  # fmt: skip
def test_bad_parameters_are_told(how: dict, told: str) -> None:
    with pytest.raises(ParameterError, match=told):
        interpret(cone(PROFILE), **how)


def test_what_is_no_cone_is_refused() -> None:
    with pytest.raises(GeometryError, match="no cone penetration test"):
        interpret(borehole([("sand", 2.0)]))
    with pytest.raises(GeometryError, match="no cone resistance"):
        interpret(cone(PROFILE) | {"profile": {"depth_m": [1.0, 2.0], "fs_MPa": [0.1, 0.1]}})
    with pytest.raises(GeometryError, match="above 0"):
        interpret(cone(PROFILE) | {"profile": {"depth_m": [1.0, 2.0], "qc_MPa": [0.0, -1.0], "fs_MPa": [0.1, 0.1]}})


def test_without_a_height_of_the_ground_it_goes_by_depth() -> None:
    row = cone(PROFILE, surface_m=np.nan, water_level_m=0.7)
    found = interpret(row)
    assert found["z_m"].isna().all()
    assert found["ic"].notna().all()
    assert "not known" in found.attrs["findings"][0]
    with pytest.raises(ParameterError, match="water_depth_m"):
        interpret(row, water_m=1.0)
    assert interpret(row, water_depth_m=0.5).attrs["water_depth_m"] == 0.5


def test_where_the_water_stands() -> None:
    assert water_table(cone(PROFILE, water_level_m=0.7)).depth_m == pytest.approx(1.3)
    high = water_table(cone(PROFILE, water_level_m=8.0))
    assert (high.depth_m, high.stated) == (1.0, False)
    assert "above the ground" in high.doubts[0]
    assert water_table(pd.Series(cone(PROFILE, water_level_m=0.7), name="c1")).stated


def test_the_cone_of_the_sample(sample: City) -> None:
    found = interpret(sample.soundings.loc["cpt-1"])
    assert found.attrs["water_depth_m"] == pytest.approx(4.25)
    middle = found[(found["z_m"] < 1.4) & (found["z_m"] > -0.2)]
    assert middle["soil_class"].eq("clay").all()


@pytest.mark.realdata
def test_the_cone_in_utrecht(real_data: Path) -> None:
    row = read_city(real_data / "subsurface" / "example.gef").soundings.iloc[0]
    found = interpret(row)
    known = found["ic"].notna()
    assert (int(known.sum()), len(found)) == (1183, 1484)
    assert found.loc[found["depth_m"] < 6.0, "zone"].eq(0).all()
    assert any("0.000" in told for told in found.attrs["findings"])
    assert 0.85 < found.loc[known, "soil_class"].eq("sand").mean() < 0.92
    # the deeper clay, of which the friction ratio is 2 to 5 %
    assert found.loc[known & found["depth_m"].between(26.2, 27.2), "soil_class"].eq("clay").all()


@pytest.mark.realdata
def test_a_corrected_resistance_is_that_of_the_file(real_data: Path) -> None:
    row = read_city(real_data / "subsurface" / "cpt.gef").soundings.iloc[0]
    found, stated = interpret(row), pd.Series(row["profile"]["qt_MPa"], dtype="float64")
    assert found.attrs["area_ratio"] == pytest.approx(0.8)
    assert np.nanmax(np.abs(found["qt_MPa"].to_numpy() - stated.to_numpy())) < 0.0011


@pytest.mark.realdata
def test_a_resistance_in_kilonewtons_is_refused(real_data: Path) -> None:
    row = read_city(real_data / "subsurface" / "cpt_pre_excavated.gef").soundings.iloc[0]
    with pytest.raises(GeometryError, match="coneResistance_kN"):
        interpret(row)
