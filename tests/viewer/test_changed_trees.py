"""Trees that are planted or felled are changes: with a sign on the ground, a name, and a view of their own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from tests.places import SOUTH, WEST, frame
from tests.places import town as plain_town
from twin.commands.pictures import near_changes
from twin.geo.city import City
from twin.scenario import scenario_from_text
from viewer import style
from viewer.scene import LabelLayer, MeshLayer, Scene, View
from viewer.sides import compose_side

SCENARIO = scenario_from_text(f"""\
title: Trees
changes:
  - {{id: fell, type: trees, label: Three felled, remove_in: {{point: [{WEST + 8}, {SOUTH + 40}], radius_m: 8}}}}
  - {{id: young, type: trees, label: Two young, height_m: 5, plant: [[{WEST + 6}, {SOUTH + 10}], [{WEST + 14}, {SOUTH + 10}]]}}
""")


@pytest.fixture(scope="module")
def city() -> City:
    rows = {f"t{k}": {"height_m": 9.0, "geometry": shapely.Point(4 + 4 * k, 40)} for k in range(3)}
    return plain_town().with_layer("trees", frame(rows))


@pytest.fixture(scope="module")
def scene(city: City) -> Scene:
    return compose_side(SCENARIO, city, None)


def test_each_tree_has_its_sign_and_each_change_one_name(scene: Scene, city: City) -> None:
    signs, names = scene.layer("changes"), scene.layer("labels")
    assert isinstance(signs, MeshLayer)
    assert isinstance(names, LabelLayer)
    assert signs.group == "change"
    assert signs.attributes["kind"] == ["felled"] * 3 + ["planted"] * 2
    assert names.texts == ("Three felled", "Two young")
    assert signs.owner is not None
    middles = [signs.vertices[np.unique(signs.triangles[signs.owner == row])][:, :2].mean(axis=0) for row in range(5)]
    corner = np.array([WEST, SOUTH]) - city.origin[:2]
    there = np.array([[4, 40], [8, 40], [12, 40], [6, 10], [14, 10]]) + corner
    np.testing.assert_allclose(middles, there, atol=0.05)
    colours = [tuple(signs.colours[signs.owner == row][0]) for row in (0, 4)]
    assert colours == [style.CLOSED, style.PERSON]


def test_trees_that_change_have_a_view(scene: Scene, city: City) -> None:
    assert "changes" in {view.name for view in scene.views}
    before = compose_side(SCENARIO, city, None, baseline=True)
    assert "changes" not in {layer.name for layer in before.layers}


@pytest.mark.parametrize(("away", "stands"), [(50.0, 50.0), (10.0, 40.0), (90.0, None)])
def test_pictures_are_taken_from_near_where_changes_are_small(scene: Scene, away: float, stands: float | None) -> None:
    views = tuple(View(name, name, (1.0, 0.0, high), (1.0, 0.0, 0.0)) for name, high in (("overview", 100.0), ("changes", away)))
    view = near_changes(replace(scene, views=views))
    assert (view and view.eye) == (stands and (1.0, 0.0, pytest.approx(stands)))
    assert near_changes(replace(scene, views=views[:1])) is None
    people = replace(scene.layers[0], group="people")
    assert near_changes(replace(scene, views=views, layers=(*scene.layers, people))) is None
