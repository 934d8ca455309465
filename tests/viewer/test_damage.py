"""Buildings in the colours of their damage, and cellars in those of their screening."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from twin.geo.city import City
from twin.impact_result import ImpactResult
from twin.result import Result
from viewer.compose import compose
from viewer.damage import DAMAGES, OVER_M, SCREENINGS
from viewer.scene import MeshLayer, Scene


def _result(**impacts: ImpactResult) -> Result:
    people = pd.DataFrame({name: [] for name in ("id", "frame", "x", "y", "level")})
    return Result(xr.Dataset(), people, {}, pd.DataFrame(), impacts=impacts)


def _damaged(town: City, categories: list[object]) -> Scene:
    houses = town.buildings.iloc[: len(categories)]
    columns = {"category": pd.array(categories, dtype="Int64"), "settlement_mm": 4.0}
    table = gpd.GeoDataFrame(columns, geometry=houses.geometry, index=houses.index)
    return compose(town, _result(pit=ImpactResult("pit", "Pit", xr.Dataset(), {"buildings": table})))


def test_buildings_with_damage_have_its_colour_a_little_over_their_own(town: City) -> None:
    scene = _damaged(town, [0, 1, 2, 4, 5, pd.NA])
    layer, houses = scene.layer("damage"), scene.layer("buildings")
    assert isinstance(layer, MeshLayer)
    assert isinstance(houses, MeshLayer)
    assert layer.owner is not None
    assert houses.owner is not None
    ids = [str(key) for key in town.buildings.index]
    assert layer.attributes["id"] == [ids[k] for k in (1, 2, 3, 4)]
    assert layer.attributes["category"] == [1, 2, 4, 5]
    for row, place in enumerate((0, 1, 3, 3)):
        assert {tuple(colour) for colour in layer.colours[layer.owner == row].tolist()} == {DAMAGES[place][1]}
        mine = layer.vertices[layer.triangles[layer.owner == row]]
        number = houses.attributes["id"].index(layer.attributes["id"][row])
        theirs = houses.vertices[houses.triangles[houses.owner == number]]
        np.testing.assert_allclose(np.linalg.norm(mine - theirs, axis=2), OVER_M, atol=1e-9)
    assert layer.visible
    assert {entry.label for entry in scene.key if entry.layer == "damage"} == {DAMAGES[k][0] for k in (0, 1, 3)}


@pytest.mark.parametrize("categories", [[0, 0], [pd.NA, 0]])
def test_without_damage_there_is_nothing_to_see(town: City, categories: list[object]) -> None:
    assert "damage" not in [layer.name for layer in _damaged(town, categories).layers]


def test_cellars_have_the_colour_of_their_screening(town: City) -> None:
    cellars = town.cellars
    plain = compose(town).layer("cellars")
    table = gpd.GeoDataFrame({"screening": ["beyond"], "use_factor": [1.4]}, geometry=cellars.geometry[:1], index=cellars.index[:1])
    scene = compose(town, _result(cellars=ImpactResult("cellars", "Cellars", xr.Dataset(), {"cellars": table})))
    layer = scene.layer("cellars")
    assert isinstance(layer, MeshLayer)
    assert isinstance(plain, MeshLayer)
    np.testing.assert_array_equal(layer.vertices, plain.vertices)
    assert {tuple(colour) for colour in layer.colours.tolist()} == {SCREENINGS["beyond"][1]}
    assert layer.attributes["screening"] == ["beyond"]
    assert layer.attributes["use factor"] == [1.4]
    assert [entry.label for entry in scene.key if entry.layer == "cellars"] == ["Cellar: beyond its limit"]
    cut = scene.see_through("ground")
    assert cut.layer("cellars").visible


def test_cellars_that_are_not_in_the_table_keep_their_colour(town: City) -> None:
    table = gpd.GeoDataFrame({"screening": ["within"]}, geometry=town.cellars.geometry[:1].to_numpy(), index=["another"])
    scene = compose(town, _result(cellars=ImpactResult("cellars", "Cellars", xr.Dataset(), {"cellars": table})))
    layer, plain = scene.layer("cellars"), compose(replace(town)).layer("cellars")
    assert isinstance(layer, MeshLayer)
    assert isinstance(plain, MeshLayer)
    np.testing.assert_array_equal(layer.colours, plain.colours)
