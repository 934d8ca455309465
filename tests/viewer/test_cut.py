"""A scene that is cut open: filled where it is solid, and nothing left before the plane."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from PIL import Image

from twin.errors import ParameterError
from twin.geo.city import City
from viewer import shapes
from viewer.backends.camera import Camera
from viewer.backends.places import sights
from viewer.compose import compose
from viewer.cut import BED_M
from viewer.key import areas
from viewer.scene import (
    AnnotationLayer,
    FieldLayer,
    LabelLayer,
    LineLayer,
    MeshLayer,
    PeopleLayer,
    PointLayer,
    Scene,
    Section,
    View,
    VolumeLayer,
)

LOOK = (View("overview", "Overview", (0, -50, 30), (0, 0, 0)),)


def _mesh(name: str, mesh: tuple, group: str, kind: type = MeshLayer, **more: object) -> MeshLayer:
    vertices, triangles = mesh
    colours = np.full((len(triangles), 3), 180, np.uint8)
    owner = np.zeros(len(triangles), np.int32)
    return kind(name, name.title(), vertices, triangles, colours, owner, {"id": [name]}, group, **more)


def _street() -> Scene:
    """A house and a canal, with a cellar under the street between them; x from -20 to 20, cut at y = 0."""
    layers = (
        _mesh("ground", shapes.plate(shapely.union(shapely.box(-20, -9, 5, 9), shapely.box(11, -9, 20, 9)), 2.0), "ground"),
        _mesh("water", shapes.plate(shapely.box(5, -9, 11, 9), 0.5), "water"),
        _mesh("house", shapes.prism(shapely.box(-15, -4, -7, 6), 2.0, 10.0), "buildings"),
        _mesh("cellars", shapes.prism(shapely.box(-4, -5, 0, 5), -1.0, 1.5), "underground", VolumeLayer, visible=False),
        _mesh("trees", shapes.prism(shapely.box(15, -1, 17, 3), 2.0, 8.0), "green"),
    )
    return Scene("Street", layers, LOOK, subtitle="As it is")


SECTION = Section("across", "Cross-section", (0.0, 0.0, 0.0), (0.0, -1.0, 0.0))


def _area(scene: Scene, name: str) -> float:
    layer = scene.layer(name)
    assert isinstance(layer, MeshLayer)
    return float(areas(layer).sum())


def test_what_is_solid_is_filled_and_the_ground_too() -> None:
    cut = _street().cut(SECTION)
    assert _area(cut, "house_cut") == pytest.approx(8 * 8)
    assert _area(cut, "cellars_cut") == pytest.approx(4 * 2.5)
    assert _area(cut, "cut_water") == pytest.approx(6 * BED_M)
    ground = cut.layer("cut_ground")
    assert isinstance(ground, MeshLayer)
    low = ground.vertices[:, 2].min()
    assert _area(cut, "cut_ground") == pytest.approx(40 * (2.0 - low) - 6 * (1.5 + BED_M))
    assert low < -20
    for layer in cut.layers:
        assert isinstance(layer, MeshLayer)
        if not layer.name.startswith("trees"):
            assert layer.vertices[layer.triangles][:, :, 1].min() >= -0.021
    assert cut.layer("cellars").visible
    assert cut.subtitle == "As it is, cross-section"


def test_ids_go_with_the_faces_of_the_cut() -> None:
    faces = _street().cut(SECTION).layer("house_cut")
    assert isinstance(faces, MeshLayer)
    assert faces.owner is not None
    assert set(faces.owner.tolist()) == {0}
    assert faces.attributes["id"] == ["house"]


def test_the_faces_look_to_where_something_was_taken_away() -> None:
    faces = _street().cut(SECTION).layer("house_cut")
    assert isinstance(faces, MeshLayer)
    a, b, c = (faces.vertices[faces.triangles[:, k]] for k in range(3))
    assert (np.cross(b - a, c - a)[:, 1] < 0).all()


def test_trees_stay_or_go_as_a_whole() -> None:
    scene = _street()
    before, after = scene.layer("trees"), scene.cut(SECTION).layer("trees")
    assert isinstance(before, MeshLayer)
    assert isinstance(after, MeshLayer)
    assert len(after.triangles) == len(before.triangles)  # its middle is behind the plane
    gone = scene.cut(replace(SECTION, normal=(0.0, 1.0, 0.0))).layer("trees")
    assert isinstance(gone, MeshLayer)
    assert not len(gone.triangles)


def test_a_plane_that_lies_shows_rooms_in_the_ground() -> None:
    cut = _street().cut(Section("below", "Below", (0.0, 0.0, 1.0), (0.0, 0.0, 1.0)))
    assert _area(cut, "cellars_cut") == pytest.approx(4 * 10)
    assert _area(cut, "cut_ground") == pytest.approx(34 * 18)
    house = cut.layer("house")
    assert isinstance(house, MeshLayer)
    assert not len(house.triangles)
    water = cut.layer("water")
    assert isinstance(water, MeshLayer)
    assert areas(water).sum() == pytest.approx(6 * 18)  # lower than the plane: as it was


def test_what_is_no_mesh_is_cut_too() -> None:
    points = np.array([[0.0, 3.0, 0.0], [0.0, -3.0, 0.0]])
    people = PeopleLayer(
        "people", "People", np.array([0.0, 1.0]), np.array([0, 2, 4]), np.array([1, 2, 1, 2], np.int32),
        np.array([[0, 3, 0], [0, -3, 0], [0, -2, 0], [0, 4, 0]], np.float32), (1, 2, 3),
    )  # fmt: skip
    flat, ones = np.zeros((4, 4), np.float32), np.ones((1, 4, 4), np.float32)
    field = FieldLayer("density", "Density", -2.0, 2.0, 1.0, flat, np.zeros(1), ones, "x")
    way = np.array([[0.0, -2, 0], [0, 2, 0], [4, 2, 0], [4, -6, 0], [5, -6, 0], [5, 1, 0]])
    line = LineLayer("line", "Line", (way,), (1, 2, 3))
    layers = (
        people, field, line, LabelLayer("names", "Names", points, ("behind", "before")),
        PointLayer("dots", "Dots", points, np.zeros((2, 3), np.uint8), attributes={"id": ["a", "b"]}),
        AnnotationLayer("remarks", "Remarks", points, points + 1, ("x", "y")),
    )  # fmt: skip
    cut = Scene("Points", layers, LOOK).cut(SECTION)
    there = {layer.name: layer for layer in cut.layers}
    assert there["names"].texts == ("behind",)
    assert there["dots"].attributes == {"id": ["a"]}
    assert there["remarks"].texts == ("x",)
    left = there["people"]
    assert isinstance(left, PeopleLayer)
    np.testing.assert_array_equal(left.start, [0, 1, 2])
    np.testing.assert_array_equal(left.ids, [1, 2])
    half = there["density"]
    assert isinstance(half, FieldLayer)
    np.testing.assert_array_equal(np.isfinite(half.height), np.repeat([[True], [True], [False], [False]], 4, axis=1))
    ways = there["line"]
    assert isinstance(ways, LineLayer)
    np.testing.assert_allclose(ways.paths[0], [[0, 0, 0], [0, 2, 0], [4, 2, 0], [4, 0, 0]])
    np.testing.assert_allclose(ways.paths[1], [[5, 0, 0], [5, 1, 0]])


def test_a_view_looks_at_the_cut(scene: Scene) -> None:
    assert {section.name for section in scene.sections} >= {"across", "along", "below"}
    for section in scene.sections:
        view = scene.cut(section.name).view()
        assert view.name == f"section-{section.name}"
        toward = np.array(view.eye) - view.target
        assert toward @ np.array(section.normal) > 0.7 * np.linalg.norm(toward)


def test_mistakes_are_told() -> None:
    scene = replace(_street(), sections=(SECTION,))
    with pytest.raises(ParameterError, match="did you mean `across`"):
        scene.cut("acros")
    with pytest.raises(ParameterError, match="no direction"):
        scene.cut(replace(SECTION, normal=(0.0, 0.0, 0.0)))
    with pytest.raises(ParameterError, match="no direction"):
        scene.cut(replace(SECTION, point=(float("nan"), 0.0, 0.0)))


def test_a_plane_beside_everything_takes_all_or_nothing() -> None:
    scene = _street()
    far = scene.cut(replace(SECTION, point=(0.0, -100.0, 0.0)))
    assert _area(far, "house") == pytest.approx(_area(scene, "house"))
    none = scene.cut(replace(SECTION, point=(0.0, 100.0, 0.0)))
    assert _area(none, "house") == 0
    assert [view.name for view in none.views] == ["overview"]


def test_panels_do_not_hide_the_cellars_and_the_water_that_a_cut_is_made_for(town: City) -> None:
    cut = compose(town).cut("across")
    camera = Camera.of(cut.view("section-across"), (800, 500))
    boxes = sights(Image.new("RGB", (800, 500)), cut, 0.0, camera, ()).boxes
    for name in ("cellars_cut", "cut_water"):
        layer = cut.layer(name)
        assert isinstance(layer, MeshLayer)
        pixels, _ = camera.project(layer.vertices[np.unique(layer.triangles)])
        west, north, east, south = *pixels.min(axis=0), *pixels.max(axis=0)
        assert any(box == pytest.approx((west, north, east, south)) for box in boxes)
        # a panel goes elsewhere, its usual corner or not
        over = (west - 5.0, north - 5.0, east + 5.0, south + 5.0)
        away = (10.0, 5.0, 60.0, 25.0)
        assert sights(Image.new("RGB", (800, 500)), cut, 0.0, camera, ()).best([over, away], [], (1e4, 1e4)) == away


def test_names_far_behind_a_cut_are_left_out() -> None:
    points = np.array([[0.0, 0.0, 0.0], [0.0, 20.0, 0.0], [0.0, 60.0, 0.0], [0.0, -5.0, 0.0]])
    labels = LabelLayer("soundings_names", "Names", points, ("at", "near", "far", "before"), "underground", visible=False)
    scene = Scene("t", (labels,), LOOK, origin=(0.0, 0.0, 0.0))
    cut = scene.cut(Section("m", "M", (0.0, -1.0, 0.0), (0.0, -1.0, 0.0))).layer("soundings_names")
    assert isinstance(cut, LabelLayer)
    assert cut.visible
    assert cut.texts == ("at", "near")
