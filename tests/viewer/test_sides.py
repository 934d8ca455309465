"""Both sides of a comparison in one scene: what both have once, the rest by side, and how the fields differ."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twin.errors import ParameterError
from viewer import style
from viewer.scene import FieldLayer, LabelLayer, MeshLayer, PeopleLayer, Scene
from viewer.sides import merged


def _changed(scene: Scene) -> Scene:
    """The same town with one house painted, nobody on the wharf and half as dense a crowd a metre further east."""
    layers = []
    for layer in scene.layers:
        if isinstance(layer, MeshLayer) and layer.name == "buildings":
            assert layer.owner is not None
            colours = layer.colours.copy()
            colours[layer.owner == 3] = style.CHANGED_BUILDING
            layers.append(replace(layer, colours=colours))
        elif isinstance(layer, FieldLayer) and layer.name == "density_street":
            layers.append(replace(layer, west=layer.west + layer.cell, values=0.5 * layer.values))
        elif isinstance(layer, FieldLayer):
            continue
        else:
            layers.append(layer)
    return replace(scene, layers=tuple(layers))


@pytest.fixture(scope="module")
def both(scene: Scene) -> Scene:
    return merged(scene, _changed(scene))


def test_what_is_the_same_is_there_once(scene: Scene, both: Scene) -> None:
    for name in ("ground", "trees", "people", "water"):
        assert both.layer(name).side == ""
    painted, old = both.layer("buildings@after"), both.layer("buildings@before")
    assert isinstance(painted, MeshLayer)
    assert isinstance(old, MeshLayer)
    assert painted.owner is not None
    assert set(painted.owner.tolist()) == {3}
    assert len(painted.triangles) == len(old.triangles)
    whole, rest = scene.layer("buildings"), both.layer("buildings")
    assert isinstance(whole, MeshLayer)
    assert isinstance(rest, MeshLayer)
    assert len(rest.triangles) + len(painted.triangles) == len(whole.triangles)


def test_each_side_is_what_it_was(scene: Scene, both: Scene) -> None:
    assert both.sides == ("before", "after", "difference")
    for side, given in (("before", scene), ("after", _changed(scene))):
        shown = both.on(side)
        assert sum(len(one.triangles) for one in shown.layers if isinstance(one, MeshLayer)) == sum(
            len(one.triangles) for one in given.layers if isinstance(one, MeshLayer)
        )
        fields = {one.name.split("@")[0]: one for one in shown.layers if isinstance(one, FieldLayer)}
        wanted = {one.name: one for one in given.layers if isinstance(one, FieldLayer)}
        assert fields.keys() == wanted.keys()
        for name, field in wanted.items():
            np.testing.assert_array_equal(fields[name].values, field.values)
        assert not shown.sides
    assert [one.name for one in both.shown().layers] == [one.name for one in both.on("after").layers]


def test_the_difference_is_after_minus_before_on_the_cells_of_either(scene: Scene, both: Scene) -> None:
    shown = both.on("difference")
    assert not [one for one in shown.layers if isinstance(one, PeopleLayer) and one.side == "after"]
    assert "buildings@after" in [one.name for one in shown.layers]
    assert [legend.name for legend in shown.legends] == ["difference"]
    made, old = shown.layer("density_street@difference"), scene.layer("density_street")
    assert isinstance(made, FieldLayer)
    assert isinstance(old, FieldLayer)
    moved = np.pad(np.nan_to_num(0.5 * old.values), ((0, 0), (0, 0), (1, 0)))
    expected = moved - np.pad(np.nan_to_num(old.values), ((0, 0), (0, 0), (0, 1)))
    expected[np.abs(expected) < style.SAME_BELOW] = 0.0
    np.testing.assert_allclose(np.nan_to_num(made.values), expected, atol=1e-6)
    gone = shown.layer("density_wharf@difference")
    assert isinstance(gone, FieldLayer)
    assert np.nanmax(gone.values) < 0


def test_nothing_tells_two_equal_sides_apart(scene: Scene) -> None:
    same = merged(scene, replace(scene))
    assert same.sides == ()
    assert [layer.name for layer in same.layers] == [layer.name for layer in scene.layers]
    with pytest.raises(ParameterError, match="not of a comparison"):
        same.on("before")


def test_layers_are_shown_by_name_whatever_side_they_are_of(both: Scene) -> None:
    visible = [one.name for one in both.show_only("buildings").layers if one.visible]
    assert visible == ["buildings", "buildings@before", "buildings@after"]
    assert not both.hide("buildings@after").layer("buildings@after").visible
    with pytest.raises(ParameterError, match="did you mean `after`"):
        both.on("afte")


def test_names_of_changes_are_of_their_side(scene: Scene) -> None:
    labels = scene.layer("labels")
    assert isinstance(labels, LabelLayer)
    fewer = replace(scene, layers=tuple(one for one in scene.layers if one is not labels))
    assert merged(fewer, scene).layer("labels@after").side == "after"
    assert merged(scene, fewer).layer("labels@before").side == "before"


def test_classes_of_a_difference_leave_out_what_is_nearly_nothing() -> None:
    legend = style.difference_legend()
    values = np.array([-3.0, -0.7, -0.2, -0.1, 0.0, 0.14, 0.2, 0.7, 3.0, np.nan], np.float32)
    np.testing.assert_array_equal(style.classify(values, legend), [0, 1, 2, -1, -1, -1, 3, 4, 5, -1])
    assert [style.class_range(one) for one in legend.classes] == [
        "< −1.00", "−1.00 – −0.50", "−0.50 – −0.15", "0.15 – 0.50", "0.50 – 1.00", "> 1.00",
    ]  # fmt: skip


def test_a_field_that_does_not_change_is_not_drawn_as_a_difference(scene: Scene) -> None:
    layers = []
    for layer in scene.layers:
        if isinstance(layer, FieldLayer) and layer.name == "density_wharf":
            layer = replace(layer, values=2.0 * layer.values)
        layers.append(layer)
    both = merged(scene, replace(scene, layers=tuple(layers)))
    assert both.layer("density_street").side == ""
    shown = [layer.name for layer in both.on("difference").layers if isinstance(layer, FieldLayer)]
    assert shown == ["density_wharf@difference"]


def test_a_side_that_was_cut_short_is_not_taken_for_an_empty_one(scene: Scene) -> None:
    layers = []
    for layer in scene.layers:
        if isinstance(layer, FieldLayer):
            layer = replace(layer, times=layer.times[:1], values=layer.values[:1] + np.float32(1.0))
        layers.append(layer)
    short = replace(scene, layers=tuple(layers))
    for one, other in ((short, scene), (scene, short)):
        made = merged(one, other).layer("density_street@difference")
        assert isinstance(made, FieldLayer)
        np.testing.assert_array_equal(made.times, scene.layer("density_street").times[:1])
    moved = replace(scene, layers=tuple(replace(x, west=x.west + 0.3) if isinstance(x, FieldLayer) else x for x in scene.layers))
    with pytest.raises(ParameterError, match="another grid"):
        merged(scene, moved)


def test_a_field_on_one_side_only_keeps_its_legend(scene: Scene) -> None:
    bare = replace(scene, layers=tuple(x for x in scene.layers if not isinstance(x, FieldLayer)), legends=())
    assert [legend.name for legend in merged(scene, bare).on("before").legends] == ["density"]


def test_a_side_is_chosen_before_a_cut(scene: Scene, both: Scene) -> None:
    with pytest.raises(ParameterError, match="several sides"):
        both.cut("across")
    assert "cut_ground" in [layer.name for layer in both.on("before").cut("across").layers]
    with pytest.raises(ParameterError, match="different origins"):
        merged(scene, replace(scene, origin=(0.0, 0.0, 0.0)))


def test_what_is_known_of_a_thing_is_that_of_the_side_that_is_shown(scene: Scene) -> None:
    layers = []
    for layer in scene.layers:
        if isinstance(layer, MeshLayer) and layer.name == "buildings":
            use = list(layer.attributes["use"])
            use[5] = "hotel"
            layer = replace(layer, attributes={**layer.attributes, "use": use})
        layers.append(layer)
    both = merged(scene, replace(scene, layers=tuple(layers)))
    for side, expected in (("before", "dwelling"), ("after", "hotel")):
        part = both.layer(f"buildings@{side}")
        assert isinstance(part, MeshLayer)
        assert part.owner is not None
        assert set(part.owner.tolist()) == {5}
        assert part.attributes["use"][5] == expected
