"""Fields whose values are numbers of things, as of antennas: named by class, never mixed, of each side its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.viewer.kinds import plain_ground
from twin.impact_result import Classes
from viewer import style
from viewer.backends import pack
from viewer.backends.payload import describe
from viewer.kernels.shading import value_on
from viewer.scene import FieldLayer, Scene
from viewer.scene_io import load_scene, save_scene
from viewer.sides import merged
from viewer.words import translate_thing

COLOURS = ((226, 221, 211), (86, 120, 190), (228, 148, 68), (98, 168, 92))


def _scene(*things: str) -> Scene:
    """A plain ground with a field of four cells: two of the first thing, two of the last."""
    between = tuple(k - 0.5 for k in range(len(things)))
    classes = Classes(
        "best_server", "Strongest antenna", "", between, COLOURS[: len(things) + 1], ("none", *things), named=True
    )  # fmt: skip
    last = float(len(things) - 1)
    values = np.array([[[0.0, last], [last, 0.0]]], np.float32)
    flat = np.zeros((2, 2), np.float32)
    field = FieldLayer("best_server", "Strongest antenna", -1.0, 1.0, 1.0, flat, np.zeros(1), values, "best_server")
    ground = plain_ground()
    return replace(ground, layers=(*ground.layers, field), legends=style.impact_legends(classes))


@given(st.floats(-0.95, 0.95), st.floats(-0.95, 0.95))
def test_between_two_things_there_is_no_third(x: float, y: float) -> None:
    drape = pack.drape_of(_scene("a", "b", "c"), 0.0, np.zeros(3))
    value = value_on(drape, x, y, 0.0) - float(drape.limits[0] + 0.5)
    assert value == (0.0 if (x < 0) == (y >= 0) or x == 0 else 2.0) or min(abs(x), abs(y)) < 1e-9


def test_an_amount_lies_between_those_of_cells() -> None:
    scene = _scene("a", "b", "c")
    amounts = replace(scene, legends=tuple(replace(one, named=False) for one in scene.legends))
    drape = pack.drape_of(amounts, 0.0, np.zeros(3))
    assert value_on(drape, 0.0, 0.0, 0.0) - float(drape.limits[0] + 0.5) == pytest.approx(1.0)


def test_things_are_told_by_their_names() -> None:
    (legend,) = _scene("lamp-1", "lamp-2").legends
    assert style.class_texts(legend) == (("", "none"), ("", "lamp-1"), ("", "lamp-2"))


def test_sides_have_no_difference_and_each_its_own_things() -> None:
    both = merged(_scene("lamp-1", "lamp-2"), _scene("lamp-2", "mast"))
    names = {layer.name: layer.legend for layer in both.layers if isinstance(layer, FieldLayer)}
    (shared,) = names
    assert "difference" not in shared
    assert [one.label for one in both.legend(names[shared]).classes][1:] == ["lamp-2", "mast"]


def test_numbers_of_other_things_stay_with_their_side() -> None:
    old, new = _scene("lamp-1", "lamp-2"), _scene("lamp-2", "mast", "lamp-3")
    both = merged(old, new)
    names = {layer.name: layer.legend for layer in both.layers if isinstance(layer, FieldLayer)}
    assert set(names) == {"best_server@before", "best_server@after"}
    assert [one.label for one in both.legend(names["best_server@before"]).classes] == ["none", "lamp-1", "lamp-2"]
    assert [one.label for one in both.legend(names["best_server@after"]).classes] == ["none", "lamp-2", "mast", "lamp-3"]


def test_a_kept_scene_still_knows(tmp_path: Path) -> None:
    scene = _scene("a", "b")
    assert load_scene(save_scene(scene, tmp_path / "scene.zip")).legends == scene.legends


def test_the_page_translates_what_is_not_a_name() -> None:
    document, _ = describe(_scene("Ground", "2 others"), "en")
    (legend,) = document["legends"]
    assert legend["named"] is True
    assert [(one["range"], one["thing"]) for one in legend["classes"]] == [("none", False), ("Ground", True), ("2 others", False)]
    assert (document["words"]["none"], document["words"]["2 others"]) == ("geen", "2 andere")


def test_names_stay_as_they_are() -> None:
    told = {"none": "geen", "12 others": "12 andere", "Ground": "Ground", "0 others": "0 others"}
    assert {name: translate_thing(name, "nl") for name in told} == told
    assert translate_thing("12 others", "en") == "12 others"
