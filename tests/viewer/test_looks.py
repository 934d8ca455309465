"""House styles, dots and lines, and words in two languages."""

from __future__ import annotations

import ast
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import viewer
from tests.viewer.kinds import KINDS, every_kind, plain_ground
from twin.errors import ParameterError
from viewer import looks, style, words
from viewer.backends import light, marks
from viewer.backends.camera import Camera
from viewer.backends.image import screenshot
from viewer.dutch import WORDS
from viewer.scene import LOOKS, AnnotationLayer, LineLayer, MeshLayer, PointLayer, Scene, View


def _pixels(scene: Scene, **options: object) -> NDArray[np.float64]:
    png = screenshot(scene, size=(320, 200), overlay=False, **options)
    assert isinstance(png, bytes)
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=float)


@pytest.mark.usefixtures("opengl")
def test_each_style_looks_as_it_says(scene: Scene) -> None:
    assert set(looks.LIGHTS) == set(LOOKS)
    pictures = {look: _pixels(scene, look=look) for look in LOOKS}
    brightness = {look: picture.mean() for look, picture in pictures.items()}
    assert brightness["night"] < 0.55 * brightness["presentation"] < brightness["plain"]
    colourful = {look: np.ptp(picture, axis=2).mean() for look, picture in pictures.items()}
    assert colourful["plain"] < 0.6 * colourful["presentation"]


@pytest.mark.usefixtures("opengl")
def test_lamps_light_the_street_below_them(scene: Scene) -> None:
    bare = scene.styled("night").hide("people", "results")
    dark = bare.hide("furniture", "roads_street")
    lit, unlit = _pixels(bare, view="top"), _pixels(replace(dark, layers=tuple(x for x in dark.layers if x.visible)), view="top")
    assert (lit - unlit).max() > 60


def test_at_night_many_people_are_bright(scene: Scene) -> None:
    def brightness(given: Scene) -> list[int]:
        return [sum(item.colour) for item in given.legend("density").classes]

    day, night = brightness(scene), brightness(scene.styled("night"))
    assert day == sorted(day, reverse=True)
    assert night == sorted(night)
    assert brightness(scene.styled("night").styled("plain")) == day
    difference = style.difference_legend()
    assert style.legend_in(difference, "night") is difference


def test_what_is_changed_keeps_its_colour_on_paper() -> None:
    albedo = np.array([[0.6, 0.2, 0.1], [0.6, 0.2, 0.1], [0.1, 0.1, 0.5]], np.float32)
    kind = np.array([light.BUILDING, light.BUILDING, light.PERSON], np.uint8)
    paper = looks.albedo_in("plain", albedo, kind, np.array([False, True, False]))
    np.testing.assert_array_equal(paper[1:], albedo[1:])
    assert np.ptp(paper[0]) < 0.3 * np.ptp(albedo[0])
    np.testing.assert_array_equal(looks.albedo_in("presentation", albedo, kind, np.zeros(3, bool)), albedo)


@pytest.mark.usefixtures("opengl")
@pytest.mark.parametrize("eye", [(0.0, -40.0, 30.0), (0.0, 0.0, 60.0)])
def test_dots_and_lines_have_their_width_in_pixels(eye: tuple[float, float, float]) -> None:
    view = View("v", "V", eye, (0.0, 0.0, 0.0))
    dots = PointLayer("dots", "Dots", np.array([[-6.0, 0, 0], [6.0, 0, 0]]), np.array([[255, 0, 0], [0, 255, 0]], np.uint8), 24.0)
    line = LineLayer("line", "Line", (np.array([[0.0, -1, 0], [0.0, 1, 0]]),), (0, 0, 255), 8.0)
    picture = _pixels(Scene("Marks", (dots, line), (view,)))
    red, green, blue = ((picture[..., k] > 200) & (np.delete(picture, k, axis=2).max(axis=2) < 60) for k in range(3))
    for disc in (red, green):
        rows, columns = np.nonzero(disc)
        assert np.ptp(rows) + 1 == pytest.approx(24, abs=3)
        assert np.ptp(columns) + 1 == pytest.approx(24, abs=3)
    assert blue.any(axis=0).sum() == pytest.approx(8, abs=2)


def test_nothing_to_mark_is_no_mesh() -> None:
    camera = Camera.of(View("v", "V", (0.0, -9.0, 9.0), (0.0, 0.0, 0.0)), (64, 64))
    for made in (
        marks.ribbons(LineLayer("l", "L", (np.zeros((1, 3)),), (0, 0, 0)), camera),
        marks.dots(PointLayer("p", "P", np.empty((0, 3)), np.empty((0, 3), np.uint8)), camera),
    ):
        assert [len(part) for part in made] == [0, 0, 0]
    # a line of no length is still a line somewhere
    vertices, faces, _ = marks.ribbons(LineLayer("l", "L", (np.zeros((2, 3)),), (0, 0, 0)), camera)
    assert np.isfinite(vertices).all()
    assert len(faces) == 2


def test_words_are_translated_whole_and_in_parts() -> None:
    assert words.translate("Buildings", "nl") == "Gebouwen"
    assert words.translate("Buildings", "en") == "Buildings"
    assert words.translate("Domplein", "nl") == "Domplein"
    assert words.translate("Buildings, cut", "nl") == "Gebouwen, doorsnede"
    assert words.translate_parts("With the changes, long section", "nl") == "Met de ingrepen, lengtedoorsnede"
    assert words.translate_parts("Density: street", "nl") == "Dichtheid: straat"
    assert words.local_number("1,795 (0.31)", "nl") == "1.795 (0,31)"
    with pytest.raises(ParameterError, match="no words in `fy`"):
        words.translate("Buildings", "fy")


def test_labels_that_the_viewer_writes_have_dutch_words() -> None:
    """What stands as a label in a call that makes a layer, legend, view or section."""
    missing = []
    makers = {"MeshLayer", "FieldLayer", "PeopleLayer", "LabelLayer", "LineLayer", "VolumeLayer", "Legend", "View", "Section"}
    for path in Path(viewer.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in makers and len(node.args) > 1:
                label = node.args[1]
                if isinstance(label, ast.Constant) and label.value and label.value not in WORDS:
                    missing.append((path.name, label.value))
    assert not missing


@pytest.mark.usefixtures("opengl")
def test_what_lies_below_shines_through_the_ground(scene: Scene) -> None:
    seen = scene.see_through(opacity=0.25)
    assert seen.layer("cellars").visible
    assert {one.name for one in seen.layers if isinstance(one, MeshLayer) and one.opacity < 1} >= {"ground", "roads_street"}
    trees = seen.layer("trees")
    assert isinstance(trees, MeshLayer)
    assert trees.opacity == 1
    cellars = scene.layer("cellars")
    assert isinstance(cellars, MeshLayer)
    x, y, z = cellars.vertices[np.unique(cellars.triangles)].mean(axis=0)
    above = replace(seen.hide("people", "results"), views=(View("cellar", "Cellar", (x, y, z + 60.0), (x, y, z), 20.0),))
    without = above.hide("cellars")
    changed = np.abs(_pixels(above) - _pixels(without)).max(axis=2)
    assert changed[90:110, 150:170].mean() > 15
    solid = replace(above, layers=tuple(replace(one, opacity=1.0) if isinstance(one, MeshLayer) else one for one in above.layers))
    assert np.abs(_pixels(solid) - _pixels(solid.hide("cellars"))).max() <= 3
    with pytest.raises(ParameterError, match="opacity of 2"):
        scene.see_through(opacity=2.0)
    only = scene.see_through("water")
    assert [one.name for one in only.layers if isinstance(one, MeshLayer) and one.opacity < 1] == ["water"]


@pytest.mark.usefixtures("opengl")
def test_remarks_and_dimensions_are_written_where_they_belong() -> None:
    view = View("top", "Top", (0.0, 0.0, 100.0), (0.0, 0.0, 0.0))
    ends = np.array([[-10.0, 5, 0]]), np.array([[10.0, 5, 0]])
    dimension = AnnotationLayer("d", "D", *ends, ("20.0 m",), (200, 0, 0), dimension=True)
    remark = AnnotationLayer("r", "R", np.array([[-10.0, -10, 0]]), np.array([[0.0, -10, 0]]), ("<b>wall</b>",), (0, 0, 200))
    empty = Scene("T", (), (view,))
    png = [screenshot(replace(empty, layers=layers), size=(640, 400)) for layers in ((), (dimension,), (remark,))]
    bare, measured, said = (np.asarray(Image.open(io.BytesIO(one)).convert("RGB"), dtype=int) for one in png)
    camera = Camera.of(view, (640, 400))
    for picture, layer, tint in ((measured, dimension, 0), (said, remark, 2)):
        rows, columns = np.nonzero((picture[..., tint] - picture[..., 2 - tint] > 120) & (bare == bare).all(axis=2))
        (x0, y0), (x1, y1) = camera.project(np.concatenate([layer.starts, layer.ends]))[0].tolist()
        assert columns.min() == pytest.approx(min(x0, x1), abs=8)
        assert rows.mean() == pytest.approx((y0 + y1) / 2, abs=6)
        assert columns.max() == pytest.approx(max(x0, x1), abs=60)


@pytest.mark.usefixtures("opengl")
@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_shows_every_kind_of_layer(kind: str) -> None:
    empty = plain_ground()
    layer = every_kind()[kind]
    made = []
    for scene in (
        empty,
        replace(empty, layers=(*empty.layers, layer)),
        replace(empty, layers=(*empty.layers, replace(layer, visible=False))),
    ):
        png = screenshot(scene, size=(320, 200))
        assert isinstance(png, bytes)
        made.append(np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=int))
    bare, drawn, hidden = made
    assert (np.abs(drawn - bare)[40:160, 60:260].max(axis=2) > 30).sum() > 25
    np.testing.assert_array_equal(hidden, bare)
