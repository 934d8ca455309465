"""Layers of cones and boreholes in one set of columns, and the pair of which both are real."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.soil.places import borehole, cone
from twin.errors import GeometryError, ParameterError
from twin.geo.city import City, read_city
from twin.soil import LAYER_COLUMNS, interpret, layers_of
from twin.soil.classes import VALUES
from twin.soil.layers import frame_of, fused

PROFILE = [("sand", 2.5), ("clay", 3.0), ("peat", 1.0), ("sand", 6.0)]


def test_layers_of_a_cone_are_those_that_it_met() -> None:
    found = layers_of(cone(PROFILE), water_depth_m=1.0)
    told = fused(found)
    assert told["soil_class"].tolist() == ["sand", "clay", "peat", "sand"]
    assert_allclose(told["bottom_m"], [2.5, 5.5, 6.5, 12.5], atol=0.021)
    assert_allclose(found["top_m"].to_numpy()[1:], found["bottom_m"].to_numpy()[:-1])
    assert_allclose(found["top_z_m"] - found["bottom_z_m"], found["thickness_m"])
    assert list(found.columns) == list(LAYER_COLUMNS)
    assert found.iloc[0]["top_m"] == 0.0
    for low, value, high in (("modulus_low_MPa", "modulus_MPa", "modulus_high_MPa"), ("cr_low", "cr", "cr_high"),
                             ("k_h_low_m_d", "k_h_m_d", "k_h_high_m_d"), ("k_v_low_m_d", "k_v_m_d", "k_v_high_m_d"),
                             ("ic_low", "ic", "ic_high")):  # fmt: skip
        assert (found[low] <= found[value] + 1e-12).all()
        assert (found[value] <= found[high] + 1e-12).all()
    assert (found["k_v_m_d"] <= found["k_h_m_d"] * (1 + 1e-9)).all()


def test_means_within_a_layer_are_those_of_its_records() -> None:
    row = cone([("sand", 6.0)])
    found, table = layers_of(row), interpret(row)
    assert len(found) == 1
    assert found["modulus_MPa"][0] == pytest.approx(1 / np.average(1 / table["modulus_MPa"]), rel=1e-3)
    assert found["records"][0] == 300
    assert found["saturated_kn_m3"][0] == pytest.approx(table["unit_weight_kn_m3"].mean())


def test_thin_beds_are_swallowed_and_told() -> None:
    row = cone([("sand", 3.0), ("silt", 0.24), ("sand", 3.0)])
    found = layers_of(row)
    assert found["zone"].tolist() == [6]
    assert "0.24 m sand mixtures" in found["merged"][0]
    assert layers_of(row, least_m=0.1)["zone"].tolist() == [6, 5, 6]


def test_a_soft_seam_in_sand_is_kept() -> None:
    found = fused(layers_of(cone([("sand", 4.0), ("clay", 0.2), ("sand", 4.0)])))
    assert found["soil_class"].tolist() == ["sand", "clay", "sand"]


def test_what_was_predrilled_is_not_measured() -> None:
    found = layers_of(cone(PROFILE, start=3.0))
    assert found["soil_class"].tolist()[:2] == ["", "clay"]
    assert (found["description"][0], found["bottom_m"][0]) == ("not measured", pytest.approx(3.01))
    assert found.loc[0, ["modulus_MPa", "k_h_m_d", "saturated_kn_m3", "cr"]].isna().all()


def test_a_borehole_has_its_own_layers() -> None:
    found = layers_of(borehole([("ophoogzand", 1.0), ("Ks2", 2.0), ("Vk3", 1.5), ("Zs1", 4.0)]))
    assert found["soil_class"].tolist() == ["made ground", "clay", "peat", "sand"]
    assert_allclose(found["bottom_z_m"], [1.0, -1.0, -2.5, -6.5])
    assert_allclose(found["cr"], [VALUES[kind].cr.value for kind in found["soil_class"]])
    assert found["estimated"].all()
    assert found["source"].str.contains("estimates").all()


def test_holes_and_overlaps_of_a_borehole_are_told() -> None:
    row = borehole([("zand", 1.0), ("klei", 1.0)])
    row["profile"]["layers"] = [
        {"top_m": 0.0, "bottom_m": 1.0, "soil": "zand"}, {"top_m": 1.5, "bottom_m": 3.0, "soil": "klei"},
        {"top_m": 2.0, "bottom_m": 4.0, "soil": "veen"},
    ]  # fmt: skip
    found = layers_of(row)
    assert found["description"].tolist()[1] == "not described"
    assert_allclose(found["bottom_m"], [1.0, 1.5, 3.0, 4.0])
    assert "what is double is left out" in found.attrs["findings"][0]


def test_what_tells_no_layers_is_refused() -> None:
    with pytest.raises(GeometryError, match="no layers"):
        layers_of(borehole([]))
    row = cone(PROFILE)
    del row["profile"]["fs_MPa"]
    with pytest.raises(GeometryError, match="not one soil can be told"):
        layers_of(row)
    with pytest.raises(ParameterError, match="least_m"):
        layers_of(cone(PROFILE), least_m=-1)


def test_fused_layers_keep_thickness_and_compression() -> None:
    found = layers_of(borehole([("Zs1", 1.0), ("Zs3", 3.0), ("Ks1", 1.0)]))
    found.loc[0, "modulus_MPa"] = 15.0
    told = fused(found)
    assert told["thickness_m"].tolist() == [4.0, 1.0]
    assert told["modulus_MPa"][0] == pytest.approx(4.0 / (1.0 / 15.0 + 3.0 / 45.0))
    assert not len(fused(frame_of([])))


def test_layers_of_the_sample_agree(sample: City) -> None:
    cpt, bore = (fused(layers_of(sample.soundings.loc[key])) for key in ("cpt-1", "borehole-1"))
    assert bore["soil_class"].tolist() == ["made ground", "clay", "peat", "sand"]
    assert cpt["soil_class"].tolist() == ["sand", "clay", "peat", "sand"]
    assert_allclose(cpt["bottom_z_m"][:3], bore["bottom_z_m"][:3], atol=0.11)


@pytest.mark.realdata
@pytest.mark.parametrize(("peat", "low", "high"), [(5.0, 0.63, 0.64), (None, 0.43, 0.44)])
def test_the_pair_of_cone_and_borehole(real_data: Path, peat: float | None, low: float, high: float) -> None:
    """Share of the depth of which both tell the same; what it is, not what it should be: they stand 1.4 m apart."""
    folder = real_data / "subsurface"
    cpt, bore = (read_city(folder / name).soundings.iloc[0] for name in ("CPT000000155283.xml", "BHR000000336600.xml"))
    assert cpt.geometry.distance(bore.geometry) == pytest.approx(1.4, abs=0.05)
    kinds = []
    depth = np.arange(1.005, 6.5, 0.01)
    for row, how in ((cpt, {"water_m": float(bore["water_level_m"]), "peat_above_rf_percent": peat}), (bore, {})):
        table = layers_of(row, **how)
        kinds.append(table["soil_class"].to_numpy()[np.searchsorted(table["bottom_m"], depth)])
    assert low <= (kinds[0] == kinds[1]).mean() <= high
    soft = [np.isin(kind, ("clay", "loam", "peat")) for kind in kinds]
    assert (soft[0] == soft[1]).mean() == pytest.approx(0.765, abs=0.005)
