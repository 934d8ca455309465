"""Trees that a scenario plants and fells."""

from __future__ import annotations

import numpy as np
import pytest

from tests.impacts.places import SOUTH, WEST, block, plain, planted
from twin.errors import ScenarioError
from twin.geo.city import City
from twin.geo.trees import trees_of
from twin.scenario import scenario_from_text
from twin.scenario.apply import apply_changes


@pytest.fixture
def city() -> City:
    trees = [{"x": 10.0 * k, "y": 20.0, "height_m": 9.0, "crown_diameter_m": 6.0} for k in range(1, 5)]
    return planted(block(plain(60), "house", 40, 40, 50, 50, 8.0), trees)


def changed(city: City, *changes: str) -> City:
    text = "title: Trees\nchanges:\n" + "".join(f"  - {{type: trees, {one}}}\n" for one in changes)
    return apply_changes(city, scenario_from_text(text).changes).city


def at(x: float, y: float) -> str:
    return f"[{WEST + x}, {SOUTH + y}]"


def test_trees_are_felled_by_id_and_by_place(city: City) -> None:
    left = changed(city, "id: felled, remove: [tree-0, tree-2]")
    assert list(left.trees.index) == ["tree-1", "tree-3"]
    left = changed(city, f"id: felled, remove_in: {{polygon: [{at(5, 15)}, {at(25, 15)}, {at(25, 25)}, {at(5, 25)}]}}")
    assert list(left.trees.index) == ["tree-2", "tree-3"]
    assert len(city.trees) == 4


def test_trees_are_planted_with_the_measures_given_or_those_of_a_grown_tree(city: City) -> None:
    more = changed(city, f"id: young, plant: [{at(5, 5)}, {at(15, 5)}], height_m: 6, crown_diameter_m: 3")
    assert list(more.trees.index[-2:]) == ["young-1", "young-2"]
    trees = trees_of(more)
    assert trees.height_m[-1] == 6.0
    assert trees.diameter_m[-1] == 3.0
    assert trees.base_m[-1] == pytest.approx(1.8)
    assert np.allclose(trees.xy[-1], (WEST + 15, SOUTH + 5))
    first = changed(block(plain(60), "house", 40, 40, 50, 50, 8.0), f"id: young, plant: [{at(5, 5)}], height_m: 6")
    assert len(first.trees) == 1


@pytest.mark.parametrize(("change", "told"), [
    ("id: a, remove: [tree-9]", "no object `tree-9`.*did you mean"),
    ("id: a, remove: [house]", "`house` is not a tree but in layer `buildings`"),
    ("id: a, remove_in: {point: [136005, 455055]}", "no tree stands there"),
    ("id: a, plant: [[136045, 455045]], height_m: 5", "would stand in building `house`"),
    ("id: a, plant: [[0, 0]], height_m: 5", "outside the city"),
    ("id: tree, plant: [[136005, 455005]], height_m: 5, crown_base_m: 5", "a crown that begins at 5 m"),
    ("id: a, plant: [[136005, 455005]]", "need `height_m`"),
    ("id: a, remove: [tree-1], height_m: 5", "`height_m` belongs to trees that are planted"),
    ("id: a, remove: [tree-1], remove_in: house", "give one of `plant`"),
])  # fmt: skip
def test_what_cannot_be_planted_or_felled_is_told(city: City, change: str, told: str) -> None:
    with pytest.raises(ScenarioError, match=told):
        changed(city, change)


def test_an_id_that_is_taken_is_told(city: City) -> None:
    with pytest.raises(ScenarioError, match="same id"):
        changed(city, f"id: tree, plant: [{at(5, 5)}], height_m: 5")
