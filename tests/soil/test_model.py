"""The ground between soundings: exact where it was looked at, never of less than no thickness, told how well it is known."""

from __future__ import annotations

import builtins
import itertools
import pickle
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tests.soil.places import at, borehole, city_of, cone
from twin.errors import GeometryError, MissingExtraError, ParameterError
from twin.geo.city import City
from twin.grid import GridSpec
from twin.soil import SoilModel, groundwater, layers_of
from twin.soil.align import Stretch, units_of

ONE = borehole([("ophoogzand", 1.5), ("Ks2", 2.0), ("Vk3", 1.0), ("Zs1", 6.0)])
OTHER = borehole([("ophoogzand", 1.0), ("Ks2", 3.0), ("Zs1", 4.0)])
GRID = GridSpec(136_000.0 - 20, 455_000.0 + 20, 5.0, (8, 40))

DEPTHS = st.lists(st.lists(st.integers(2, 30), min_size=2, max_size=6), min_size=1, max_size=4)


def model_of(*rows: dict[str, Any], gap: float = 100.0, **how: Any) -> SoilModel:
    return SoilModel.from_city(city_of({f"s{k}": (row, (gap * k, 3.0 * k)) for k, row in enumerate(rows)}), **how)


@settings(max_examples=12)
@pytest.mark.parametrize("method", ["nearest", "idw"])
@given(parts=DEPTHS, dice=st.randoms())
def test_laws_of_a_model(method: str, parts: list[list[int]], dice: Any) -> None:
    names = [[dice.choice(["Ks2", "Zs1", "Vk3", "Lz1"]) for _ in layers] for layers in parts]
    rows = [borehole([(name, thick / 10) for name, thick in zip(*pair, strict=True)]) for pair in zip(names, parts, strict=True)]
    whole = {f"s{k}": (row, (37.0 * k, 11.0 * (k % 2))) for k, row in enumerate(rows)}
    model = SoilModel.from_city(city_of(whole), method=method)
    turned = SoilModel.from_city(city_of(dict(reversed(whole.items()))), method=method)
    found = model.boundaries(GRID)
    assert float(found["thickness_m"].min()) >= 0
    assert_allclose(found["top_z_m"], turned.boundaries(GRID)["top_z_m"], atol=1e-9)
    assert_allclose(found["bottom_z_m"].to_numpy()[:-1], found["top_z_m"].to_numpy()[1:])
    for key, (row, place) in whole.items():
        mine = model.column(*at(*place))
        told = layers_of(row)
        ends = {round(float(level), 6) for level in mine["bottom_z_m"]}
        boundaries = told.loc[told["soil_class"] != told["soil_class"].shift(-1), "bottom_z_m"].round(6).tolist()[:-1]
        assert ends >= set(boundaries), key
        for kind, top, low in zip(told["soil_class"], told["top_z_m"], told["bottom_z_m"], strict=True):
            inside = mine[(mine["top_z_m"] >= 0.5 * (top + low)) & (mine["bottom_z_m"] < 0.5 * (top + low))]
            assert inside["soil_class"].tolist() == [kind]


def test_a_unit_that_is_missing_wedges_out() -> None:
    model = model_of(ONE, OTHER)
    assert model.units == ("made ground", "clay", "peat", "sand")
    assert_allclose(model.heights[:, :4], [[2.0, 0.5, -1.5, -2.5], [2.0, 1.0, -2.0, -2.0]])
    assert model.column(*at(0))["soil_class"].tolist() == ["made ground", "clay", "peat", "sand"]
    assert model.column(*at(100, 3))["soil_class"].tolist() == ["made ground", "clay", "sand"]
    middle = model.column(*at(50, 1.5))
    assert_allclose(middle["thickness_m"].iloc[:3], [1.25, 2.5, 0.5])
    assert middle["certainty"].tolist() == ["inferred"] * 4
    assert middle["bottom_certainty"].tolist() == ["inferred"] * 3 + ["unknown"]


def test_nearest_takes_one_and_certainty_falls_with_distance() -> None:
    model = model_of(ONE, OTHER, method="nearest")
    assert_allclose(model.column(*at(30))["bottom_z_m"].iloc[:3], [0.5, -1.5, -2.5])
    words = [model.column(*at(-x))["certainty"].iloc[0] for x in (0, 20, 60, 200, 300)]
    assert words == ["known", "known", "inferred", "guessed", "unknown"]
    told = model.boundaries(GRID)
    assert told["certainty"].dtype == np.uint8
    assert_allclose(told["distance_m"].isel(unit=0).min(), np.hypot(2.5, 2.5) - 0, atol=1.1)


def test_below_a_short_sounding_the_others_tell() -> None:
    deep, short = borehole([("Zs1", 3.0), ("Ks2", 2.0), ("Zs1", 5.0)]), borehole([("Zs1", 3.0), ("Ks2", 0.5)])
    model = model_of(deep, short)
    assert model.units == ("sand", "clay", "sand")
    assert_allclose(model.heights[1], [2.0, -1.0, -3.0, -8.0])
    assert model.seen[1].tolist() == [True, True, False, False]
    found = model.column(*at(100, 3))
    assert found["bottom_certainty"].tolist() == ["known", "guessed", "unknown"]
    # what it did see goes on at least as far as it saw it
    longer = model_of(deep, borehole([("Zs1", 3.0), ("Ks2", 4.0)]))
    assert_allclose(longer.heights[1, 2], -5.0)


def test_a_predrilled_part_is_told_by_others_or_by_nobody() -> None:
    drilled = cone([("sand", 8.0)], start=3.0)
    alone = model_of(drilled)
    assert alone.units == ("", "sand")
    assert alone.column(*at(0))["soil_class"].tolist() == ["", "sand"]
    assert alone.column(*at(0))["thickness_m"].iloc[0] == pytest.approx(3.01)
    beside = model_of(drilled, borehole([("Ks2", 1.0), ("Vk3", 1.0), ("Zs1", 6.0)]), gap=10.0)
    found = beside.column(*at(0))
    assert found["soil_class"].tolist() == ["clay", "peat", "sand"]
    assert_allclose(found["bottom_z_m"].iloc[:2], [1.0, 0.0])


def test_made_ground_and_what_a_cone_calls_it_are_one_unit(sample: City) -> None:
    assert SoilModel.from_city(sample).units == ("made ground", "clay", "peat", "sand")


def test_what_has_no_height_is_left_out_and_told() -> None:
    model = model_of(ONE, cone([("sand", 4.0)], surface_m=np.nan), borehole([]))
    assert "height of the ground is not known" in model.left_out["s1"]
    assert "no layers" in model.left_out["s2"]
    with pytest.raises(GeometryError, match="height of the ground is not known"):
        model_of(cone([("sand", 4.0)], surface_m=np.nan))
    with pytest.raises(GeometryError, match="no height in the vertical datum"):
        SoilModel.from_layers({"c": layers_of(cone([("sand", 4.0)], surface_m=np.nan))}, {"c": (0, 0)})


def test_a_table_counts_everywhere() -> None:
    model = SoilModel.from_table([{"soil": "clay", "top_m": 1.0, "bottom_m": -3.0}, {"soil": "sand", "thickness_m": 9.0}])
    found = model.column(1e6, -5.0)
    assert found["soil_class"].tolist() == ["clay", "sand"]
    assert found["bottom_certainty"].tolist() == ["known", "known"]
    assert float(model.boundaries(GRID)["bottom_z_m"].isel(unit=1).std()) == 0.0


def test_a_model_can_be_sent_to_another_process() -> None:
    model = model_of(ONE, OTHER)
    again = pickle.loads(pickle.dumps(model))
    assert again.units == model.units
    assert_allclose(again.column(*at(30))["bottom_z_m"], model.column(*at(30))["bottom_z_m"])


def test_bad_questions_are_told() -> None:
    with pytest.raises(ParameterError, match="did you mean `kriging`"):
        model_of(ONE, method="krigin")
    with pytest.raises(ParameterError, match="no place"):
        model_of(ONE).column(np.nan, 0.0)


def test_units_do_not_depend_on_the_order() -> None:
    columns = [
        [Stretch("sand", 2, 0), Stretch("clay", 0, -2), Stretch("sand", -2, -9)], [Stretch("clay", 1, -2), Stretch("sand", -2, -8)],
        [Stretch("sand", 2, -1), Stretch("peat", -1, -2), Stretch("sand", -2, -5)],
    ]  # fmt: skip
    known = units_of(columns)
    for order in itertools.permutations(range(3)):
        units, members = units_of([columns[k] for k in order])
        assert units == known[0]
        assert members == [known[1][k] for k in order]
    assert known[1][1] == [known[1][0][1], known[1][0][2]]


def test_kriging_needs_soundings_or_a_variogram_and_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pykrige")
    with pytest.raises(ParameterError, match="too few"):
        model_of(ONE, OTHER, method="kriging")
    with pytest.raises(ParameterError, match="no variogram `round`"):
        model_of(ONE, OTHER, method="kriging", variogram={"model": "round"})
    with pytest.raises(GeometryError, match="one spot"):
        SoilModel.from_layers({"a": layers_of(ONE), "b": layers_of(OTHER)}, {"a": (1, 1), "b": (1, 1)}, method="kriging",
                              variogram={"psill": 1.0, "range": 90.0, "nugget": 0.0})  # fmt: skip


def test_without_pykrige_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("pykrige"):
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    for name in [name for name in sys.modules if name.startswith("pykrige")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(MissingExtraError, match=r"stadstwin\[soil\]"):
        model_of(ONE, OTHER, method="kriging")


def test_kriging_is_exact_and_less_sure_farther_off() -> None:
    pytest.importorskip("pykrige")
    tables, places = {}, {}
    for k in range(9):
        x, y = 60.0 * (k % 3), 60.0 * (k // 3)
        tables[f"s{k}"] = layers_of(borehole([("Ks2", 2.0 + 0.01 * x + 0.1 * (k % 2)), ("Zs1", 5.0)]))
        places[f"s{k}"] = (x, y)
    model = SoilModel.from_layers(tables, places, method="kriging", variogram={"psill": 0.3, "range": 150.0, "nugget": 0.0})
    for k, (x, y) in enumerate(places.values()):
        found = model.column(x, y)
        assert found["bottom_z_m"].iloc[0] == pytest.approx(model.heights[k, 1], abs=1e-6)
        assert found["bottom_std_m"].iloc[0] == pytest.approx(0.0, abs=1e-4)
    deviation = [model.column(x, 60.0)["bottom_std_m"].iloc[0] for x in (120.0, 130.0, 150.0, 200.0)]
    assert np.all(np.diff(deviation) > 0)
    told = model.boundaries(GridSpec(0.0, 120.0, 10.0, (12, 12)))
    assert float(told["thickness_m"].min()) >= 0
    assert {"std_m"} <= set(told)
    fitted = SoilModel.from_layers(tables, places, method="kriging")
    assert fitted.column(30.0, 30.0)["bottom_z_m"].iloc[0] == pytest.approx(-0.3, abs=0.15)


WELLS = [
    {"id": "w1-1", "at": (10.0, 0.0), "well": "w1", "filter_top_m": 0.2, "filter_bottom_m": -0.2, "head_m": 0.6,
     "head_low_m": 0.3, "head_high_m": 0.9},
    {"id": "w1-2", "at": (10.0, 0.0), "well": "w1", "filter_top_m": -4.0, "filter_bottom_m": -5.0, "head_m": 0.1,
     "head_low_m": -0.2, "head_high_m": 0.4},
    {"id": "w2-1", "at": (120.0, 0.0), "well": "w2", "filter_top_m": -4.0, "filter_bottom_m": -5.0, "head_m": -0.4},
]  # fmt: skip


def test_the_phreatic_level_is_apart_from_the_head() -> None:
    city = city_of({"b1": (ONE, (0.0, 0.0))}, WELLS)
    found = groundwater(city, *at(0), layers=layers_of(ONE))
    assert (found.phreatic_m, found.phreatic_low_m, found.phreatic_high_m, found.phreatic_from) == (0.6, 0.3, 0.9, "w1-1")
    assert (found.head_m, found.head_low_m, found.head_from, found.head_distance_m) == (0.1, -0.2, "w1-2", 10.0)
    assert (found.aquitard_top_m, found.aquitard_bottom_m) == (0.5, -2.5)
    plain = groundwater(city, *at(0))
    assert (plain.phreatic_m, plain.head_m) == (0.6, 0.1)
    assert "layers are not known" in plain.notes[0]
    far = groundwater(city, *at(110), layers=layers_of(ONE))
    assert (far.head_from, far.head_low_m, far.phreatic_from) == ("w2-1", -0.4, "w1-1")
    off = groundwater(city, *at(900), layers=layers_of(ONE))
    assert np.isnan([off.phreatic_m, off.head_m]).all()
    assert len(off.notes) == 2
    with pytest.raises(ParameterError, match="no place"):
        groundwater(city, np.inf, 0.0)


def test_without_wells_a_sounding_tells_and_a_level_of_nothing_is_not_trusted() -> None:
    one, other = (borehole([("Zs1", 4.0)], water_level_m=level) for level in (0.0, 0.8))
    rows = {"a": (one, (0.0, 0.0)), "b": (other, (40.0, 0.0))}
    found = groundwater(city_of(rows), *at(0))
    assert (found.phreatic_m, found.phreatic_from) == (0.8, "b")
    assert any("0.000" in note for note in found.notes)


def test_boundaries_at_places_are_those_of_columns_there(sample: City) -> None:
    model = SoilModel.from_city(sample)
    place = (136_900.0, 455_936.0)
    found = model.boundaries_at(np.array([place, place]))
    column = model.column(*place)
    np.testing.assert_allclose(found["z_m"].to_numpy()[1:, 0], column["bottom_z_m"])
    assert found["z_m"].dims == ("boundary", "place")
    assert found.attrs["units"] == list(model.units)
    assert found["certainty"].to_numpy()[1:-1, 1].tolist() == [0] * (len(model.units) - 1)
