"""A scene is data: layers, legends and views by name, moments of people and fields."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from twin.errors import ParameterError
from viewer import style
from viewer.scene import FieldLayer, PeopleLayer, Scene, View


def _people() -> PeopleLayer:
    positions = np.arange(15, dtype=np.float32).reshape(5, 3)
    return PeopleLayer(
        "people",
        "People",
        np.array([0.0, 1.0, 2.0]),
        np.array([0, 2, 4, 5]),
        np.array([1, 2, 1, 2, 2], np.int32),
        positions,
        (0, 0, 0),
    )


def test_people_of_a_moment_are_those_of_the_last_frame_before() -> None:
    people = _people()
    np.testing.assert_array_equal(people.frame(0.0), people.positions[:2])
    np.testing.assert_array_equal(people.frame(1.9), people.positions[2:4])
    np.testing.assert_array_equal(people.frame(99.0), people.positions[4:])
    np.testing.assert_array_equal(people.frame(-1.0), people.positions[:2])


def test_field_of_a_moment_is_the_interval_that_ends_there() -> None:
    values = np.stack([np.full((2, 2), v, np.float32) for v in (1.0, 2.0)])
    layer = FieldLayer("d", "D", 0, 0, 1.0, np.zeros((2, 2), np.float32), np.array([10.0, 20.0]), values, "density")
    assert layer.frame(10.0)[0, 0] == 1.0
    assert layer.frame(10.1)[0, 0] == 2.0
    assert layer.frame(500.0)[0, 0] == 2.0


def test_names_are_looked_up_and_the_nearest_is_named() -> None:
    scene = Scene("t", (_people(),), (View("overview", "Overview", (0, -9, 9), (0, 0, 0)),))
    assert scene.layer("people").label == "People"
    assert scene.view().name == "overview"
    with pytest.raises(ParameterError, match="did you mean `overview`"):
        scene.view("overveiw")
    with pytest.raises(ParameterError, match="did you mean `people`"):
        scene.layer("poeple")
    with pytest.raises(ParameterError, match="no legend"):
        scene.legend("density")
    assert not scene.show_only().layer("people").visible
    assert scene.at(3.0).time == 3.0


def test_layers_are_shown_and_hidden_by_name_or_group() -> None:
    flat, times, values = np.zeros((2, 2), np.float32), np.array([1.0]), np.ones((1, 2, 2), np.float32)
    field = FieldLayer("d", "D", 0, 0, 1.0, flat, times, values, "density")
    scene = Scene("t", (_people(), field, replace(field, name="hidden", visible=False)), ())

    def seen(of: Scene) -> list[str]:
        return [layer.name for layer in of.layers if layer.visible]

    assert seen(scene) == ["people", "d"]
    assert seen(scene.hide("results")) == ["people"]
    assert seen(scene.hide("people")) == ["d"]
    assert seen(scene.show_only("results")) == ["d", "hidden"]
    assert seen(scene.show_only("people", "hidden")) == ["people", "hidden"]
    with pytest.raises(ParameterError, match="no layer `result`; did you mean `results`"):
        scene.hide("result")


def test_fruin_classes_have_the_published_borders() -> None:
    legend = style.fruin_legend()
    assert [item.label for item in legend.classes] == list("ABCDEF")
    borders = [item.low for item in legend.classes[1:]]
    np.testing.assert_allclose(borders, [1 / 3.25, 1 / 2.32, 1 / 1.39, 1 / 0.93, 1 / 0.46])
    assert style.class_range(legend.classes[0]) == "< 0.31"
    assert style.class_range(legend.classes[-1]) == "> 2.17"
    values = np.array([np.nan, 0.1, 0.31, 0.5, 3.0], np.float32)
    np.testing.assert_array_equal(style.classify(values, legend), [-1, 0, 1, 2, 5])


def test_colours_depend_on_the_id_alone_and_vary_by_six_percent() -> None:
    ids = ["a", "b", "c"] * 40 + [f"x{i}" for i in range(200)]
    seed = style.seeds(ids)
    np.testing.assert_array_equal(seed[::-1], style.seeds(ids[::-1]))
    base = np.full((len(ids), 3), 200, np.uint8)
    varied = style.varied(base, seed)
    assert varied.min() >= 187
    assert varied.max() <= 213
    assert len(np.unique(varied)) > 10


def test_importing_the_viewer_imports_no_renderer() -> None:
    code = (
        "import sys, viewer; heavy = {'pyvista', 'vtkmodules', 'geopandas', 'matplotlib', 'numba'};"
        "assert not heavy & set(sys.modules);"
        "import viewer.compose; assert not {'pyvista', 'vtkmodules'} & set(sys.modules);"
        "assert callable(viewer.compose) and callable(viewer.export) and viewer.Scene.__name__ == 'Scene'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
