"""Layers written by hand: what is taken, and what is refused with both layers named."""

from __future__ import annotations

from typing import Any

import pytest
from numpy.testing import assert_allclose

from twin.errors import GeometryError, ParameterError
from twin.soil import layers_from

LIST: list[dict[str, Any]] = [
    {"soil": "made ground", "top_m": 3.0, "bottom_m": 1.6},
    {"soil": "Kz2", "bottom_m": -0.4, "unit_weight_kn_m3": 15.5, "cr": 0.09},
    {"soil": "veen", "thickness_m": 0.7},
    {"soil": "sand", "top_m": -1.1, "bottom_m": -14.0, "k_m_d": 18.0, "modulus_MPa": 60.0},
]


def test_a_list_is_a_table_of_layers() -> None:
    found = layers_from(LIST)
    assert found["soil_class"].tolist() == ["made ground", "clay", "peat", "sand"]
    assert_allclose(found["top_z_m"], [3.0, 1.6, -0.4, -1.1])
    assert_allclose(found["bottom_z_m"], [1.6, -0.4, -1.1, -14.0])
    assert_allclose(found["top_m"], [0.0, 1.4, 3.4, 4.1])
    assert found["estimated"].tolist() == [True, False, True, False]
    clay, sand = found.iloc[1], found.iloc[3]
    assert clay[["unit_weight_kn_m3", "saturated_kn_m3"]].tolist() == [15.5, 15.5]
    assert clay[["cr", "cr_low", "cr_high"]].tolist() == [0.09] * 3
    assert (sand["k_h_m_d"], sand["k_v_m_d"], sand["k_v_low_m_d"], sand["modulus_high_MPa"]) == (18.0, 18.0, 18.0, 60.0)
    assert sand["source"] == "given: modulus_MPa, k_m_d"


def changed(place: int, **values: Any) -> list[dict[str, Any]]:
    rows = [dict(row) for row in LIST]
    rows[place] |= values
    return [{key: value for key, value in row.items() if value is not None} for row in rows]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (changed(1, bottom_m=2.0), r"layer 2 \(Kz2\): its bottom \(2 m\) lies above its top \(1.6 m\)"),
        (changed(1, bottom_m=1.6), "no thickness"),
        (changed(2, thickness_m=0.0), "no thickness"),
        (changed(2, thickness_m=-1.0), "lies above its top"),
        (changed(3, top_m=-1.0), r"overlap by 0.10 m: layer 3 \(veen\) ends at -1.1 m and layer 4 \(sand\) begins at -1 m"),
        (changed(3, top_m=-1.3), r"gap of 0.20 m: layer 3 \(veen\) ends at -1.1 m and layer 4 \(sand\)"),
    ],
)
def test_levels_that_cannot_be_are_refused(rows: list[dict[str, Any]], told: str) -> None:
    with pytest.raises(GeometryError, match=told):
        layers_from(rows)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (changed(0, soil="lava"), "soil `lava` is not known"), (changed(0, soil=None), "has no `soil`"),
        (changed(0, top_m=None), "has no `top_m`"),
        (changed(0, top_m="high"), "is no number"), (changed(1, thickness_m=2.0), "both `bottom_m` and"),
        (changed(1, bottom_m=None), "neither"), (changed(1, unit_wieght_kn_m3=15.0), "did you mean `unit_weight_kn_m3`"),
        (changed(3, k_m_d=0.0), "`k_m_d` 0.0 is not possible"), (changed(3, modulus_MPa=-4), "not possible"),
        ([], "no layers"), (["sand"], "no layer"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_refused(rows: list[Any], told: str) -> None:
    with pytest.raises(ParameterError, match=told):
        layers_from(rows, where="soil")


def test_a_centimetre_is_let_pass_and_the_ground_has_to_be_the_top() -> None:
    found = layers_from(changed(3, top_m=-1.105))
    assert found["top_z_m"].iloc[3] == pytest.approx(-1.1)
    assert layers_from(LIST, surface_m=3.0)["top_m"].iloc[0] == 0.0
    with pytest.raises(GeometryError, match=r"the ground is at 3\.5 m"):
        layers_from(LIST, surface_m=3.5)


@pytest.mark.parametrize(("soil", "meant"), [("kley", "klei"), ("zant", "zand"), ("claey", "clay")])
def test_a_slip_in_the_name_of_a_soil_is_told(soil: str, meant: str) -> None:
    with pytest.raises(ParameterError, match=f"did you mean `{meant}`"):
        layers_from([{"soil": soil, "top_m": 1.0, "bottom_m": 0.0}])
