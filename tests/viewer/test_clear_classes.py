"""Fields whose first class is nothing to be seen, as dry ground is of depths of water: in pictures, on the page, in the key."""

from __future__ import annotations

import base64
import gzip
from dataclasses import replace

import numpy as np
import pytest

from tests.viewer.kinds import plain_ground
from twin.impact_result import Classes
from viewer import style
from viewer.backends import pack
from viewer.backends.payload import describe
from viewer.backends.window.drape import Drape
from viewer.kernels.shading import value_on
from viewer.scene import FieldLayer, Scene
from viewer.sides import merged

DRY, LOW, HIGH = (243, 240, 231), (190, 219, 236), (52, 12, 88)
BORDERS = (0.05, 0.3)


def _scene(*depths: float) -> Scene:
    """A plain ground with a field of four cells in it [m]."""
    labels = ("< 0.05", "0.05 - 0.30", "> 0.30")
    classes = Classes(
        "water_depth", "Largest depth of water", "m", BORDERS, (DRY, LOW, HIGH), labels, "", (0.02, 0.1), "lower", clear=True
    )  # fmt: skip
    values, flat = np.array(depths, np.float32).reshape(1, 2, 2), np.zeros((2, 2), np.float32)
    field = FieldLayer("water_depth", "Depth", -1.0, 1.0, 1.0, flat, np.zeros(1), values, "water_depth")
    ground = plain_ground()
    return replace(ground, layers=(*ground.layers, field), legends=style.impact_legends(classes))


def test_the_key_has_no_dry_ground() -> None:
    legend, change = _scene(0.01, 0.01, 0.2, 0.4).legends
    assert [item.colour for item in legend.classes] == [LOW, HIGH]
    assert style.class_texts(legend) == (("", "0.05 – 0.3"), ("", "> 0.3"))
    assert legend.unit == "m"
    assert [item.low for item in change.classes] == [-np.inf, -0.1, 0.02, 0.1]


def test_pictures_leave_dry_ground_as_it_is() -> None:
    drape = pack.drape_of(_scene(0.01, 0.049, 0.2, 0.4), 0.0, np.zeros(3))
    assert np.isnan(drape.value[0]).tolist() == [[True, True], [False, False]]
    assert value_on(drape, -0.5, -0.5, 0.0) == pytest.approx(0.2)


def test_the_window_has_squares_of_water_only() -> None:
    scene = _scene(0.01, 0.049, 0.2, 0.4)
    field = next(layer for layer in scene.layers if isinstance(layer, FieldLayer))
    _, faces, colours = Drape(field, 0.0).mesh(scene.legends[0], 0.0)
    assert len(faces) == 4
    assert {tuple(row[:3]) for row in colours.tolist()} == {LOW, HIGH}


def test_the_page_holds_dry_ground_as_nothing() -> None:
    document, blob = describe(_scene(0.01, 0.049, 0.2, 0.4), "en")
    (entry,) = (one for one in document["layers"] if one["kind"] == "field")
    at, count = entry["values"]["at"], entry["values"]["n"]
    coded = np.frombuffer(gzip.decompress(base64.b64decode(blob)), np.uint8)[at : at + count]
    assert (coded == 0).tolist() == [True, True, False, False]
    assert [item["range"] for item in document["legends"][0]["classes"]] == ["0.05 – 0.3", "> 0.3"]


def test_a_change_is_of_the_depths_and_not_of_what_is_drawn() -> None:
    both = merged(_scene(0.02, 0.04, 0.2, 0.4), _scene(0.02, 0.06, 0.4, 0.04))
    (change,) = (one for one in both.layers if isinstance(one, FieldLayer) and one.side == "difference")
    assert change.values[0].ravel() == pytest.approx([0.0, 0.02, 0.2, -0.36], abs=1e-6)
