"""A result without its city is drawn on the floor that it was walked on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely

import twin
import viewer
from twin.compare import Comparison
from twin.errors import ParameterError
from twin.geo.city import City
from twin.result import Result
from viewer.key import areas
from viewer.scene import LabelLayer, MeshLayer, Section

AREA = shapely.box(0, 0, 20, 10).difference(shapely.box(8, 3, 10, 7))


def _run(east: shapely.Polygon) -> Result:
    spots = np.stack(np.meshgrid(np.arange(1, 6, 0.8), np.arange(1, 9, 0.8)), -1).reshape(-1, 2)
    return twin.simulate_crowd(AREA, starts=spots, exits={"east-door": east}, duration=12, seed=1)


@pytest.fixture(scope="module")
def result() -> Result:
    return _run(shapely.box(19, 4, 20, 6))


def test_floor_walls_exits_people_and_density_are_there(result: Result) -> None:
    scene = viewer.compose(result, title="A room", clock_start="09:00")
    floor, doors, names = scene.layer("ground"), scene.layer("exits"), scene.layer("exit_names")
    assert isinstance(floor, MeshLayer)
    assert isinstance(doors, MeshLayer)
    assert isinstance(names, LabelLayer)
    assert areas(floor).sum() == pytest.approx(AREA.area)
    assert areas(doors).sum() == pytest.approx(2.0)
    assert names.texts == ("East door",)
    assert {"walls", "people", "density_floor"} <= {layer.name for layer in scene.layers}
    assert scene.clock_start == "09:00"
    assert len(scene.times) > 5
    assert {view.name for view in scene.views} >= {"overview", "top", "close", "eye"}
    cut = scene.cut(Section("m", "M", (10.0, 5.0, 0.0), (0.0, -1.0, 0.0)))
    assert len(cut.layers) >= len(scene.layers)


def test_two_of_them_are_compared(result: Result) -> None:
    other = _run(shapely.box(19, 0, 20, 2))
    both = Comparison(result, other, pd.DataFrame(), pd.DataFrame(), title="Another door")
    scene = viewer.compose(both)
    assert scene.title == "Another door"
    assert scene.sides == ("before", "after", "difference")
    assert scene.layer("ground").side == ""
    assert scene.layer("exits@after").side == "after"


def test_mistakes_are_told(result: Result, town: City) -> None:
    with pytest.raises(ParameterError, match="the city comes first"):
        viewer.compose(result, town)
    with pytest.raises(ParameterError, match="no field `densit`"):
        viewer.compose(result, field="densit")
    with pytest.raises(ParameterError, match="does not hold the floor"):
        viewer.compose(replace(result, features={}))
