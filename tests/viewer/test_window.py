"""The window: refused clearly without a display, and complete when one is there (drawn off-screen here)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks.window import make_scene
from tests.viewer.test_stages import _change
from twin.errors import ParameterError, RenderingError
from twin.geo.city import City
from viewer.backends import probe, window
from viewer.backends.window import navigation
from viewer.backends.window.controller import Window
from viewer.backends.window.events import bind
from viewer.compose import compose
from viewer.scene import AnnotationLayer, FieldLayer, LabelLayer, LineLayer, PeopleLayer, PointLayer, Scene, VolumeLayer

SIZE = (480, 320)


@pytest.fixture(scope="module")
def shared(opengl: None, scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    opened = window.build(scene, size=SIZE, screenshots=tmp_path_factory.mktemp("pictures"))
    yield opened
    opened.plotter.close()


@pytest.fixture
def opened(shared: Window, scene: Scene) -> Window:
    """The window as it was opened."""
    for _ in range(5):
        shared.state.clear()
    state = shared.state
    if state.underground:
        state.look_underground()
    state.visible.update({layer.name: layer.visible for layer in scene.layers})
    state.go_to(scene.time)
    state.reset_view()
    state.reset_sun()
    state.panels = set()
    state.changed |= {"meshes", "panels"}
    shared._clicked = (-1e9, 0.0, 0.0)
    shared.refresh()
    return shared


def test_without_a_display_it_says_what_to_use_instead(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "has_display", lambda: False)
    with pytest.raises(RenderingError, match="no display") as caught:
        window.show(scene)
    assert caught.value.hint is not None
    assert "viewer.export" in caught.value.hint
    with pytest.raises(ParameterError, match="no view"):
        window.show(scene, view="nowhere")
    with pytest.raises(ParameterError, match="no language"):
        window.show(scene, language="de")
    with pytest.raises(ParameterError, match="speed"):
        window.show(scene, speed=0.0)


def test_a_large_city_takes_a_dozen_draw_calls_at_most(opengl: None) -> None:
    scene = make_scene(15_000, 15_000, frames=2)
    opened = window.build(scene, size=SIZE)
    try:
        assert len(opened.stage.packing.corners) >= 240_000
        assert len(opened.stage.moment.feet) == 15_000
        opened.state.pick(None)
        opened.press("left", 240, 160)
        opened.release(240, 160)
        opened.state.toggle_walking()
        assert opened.picture().std() > 20
        assert len(opened.stage.drawn) <= 12
        assert len(list(opened.plotter.renderer.GetActors())) <= 12
    finally:
        opened.plotter.close()


def test_each_kind_of_layer_is_seen(opengl: None, scene: Scene) -> None:
    middle = np.array(scene.view().target)
    box = scene.layer("buildings")
    volume = VolumeLayer("soil", "Soil", box.vertices[:10] + np.array([20, 0, 12]), box.triangles[:16] % 10, box.colours[:16])
    points = PointLayer(
        "cloud", "Cloud", middle + np.random.default_rng(1).normal(0, 6, (400, 3)), np.full((400, 3), 200, np.uint8)
    )
    line = LineLayer("line", "Line", (np.array([middle - np.array([30, 0, -12]), middle + np.array([30, 0, 12])]),), (255, 0, 0))
    label = LabelLayer("names", "Names", middle[None] + [5, 0, 4], ("Here",))
    remark = AnnotationLayer("remark", "Remark", middle[None], middle[None] + [0, 0, 15], ("High",), dimension=True)
    full = replace(scene, layers=(*scene.layers, volume, points, line, label, remark))
    opened = window.build(full, size=SIZE)
    try:
        opened.state.panels = set()
        opened.state.changed.add("panels")
        assert len(opened.stage.drawn) <= 12
        names = ["buildings", "trees", "cloud", "line", "names", "remark", "people", "density_street"]
        before = opened.picture().astype(int)
        for name in names:
            opened.state.toggle(name)
            without = opened.picture().astype(int)
            assert (np.abs(before - without).max(axis=2) > 25).sum() > 15, name
            opened.state.toggle(name)
        assert np.abs(before - opened.picture()).mean() < 0.5
    finally:
        opened.plotter.close()


def test_a_scene_of_nothing_or_of_people_only_can_be_looked_at(opengl: None, scene: Scene) -> None:
    people = next(layer for layer in scene.layers if isinstance(layer, PeopleLayer))
    for layers in ((), (people,)):
        opened = window.build(replace(scene, layers=layers, key=(), notes=(), credits=()), size=SIZE)
        try:
            for name in ("g", "x", "z", "Tab", "m", "h", "b", "period"):
                opened.key(name)
                opened.press("left", 240, 160)
                opened.release(240, 160)
                opened.refresh()
            assert opened.picture().shape == (SIZE[1], SIZE[0], 3)
        finally:
            opened.plotter.close()


def test_at_night_lamps_light_the_street(opengl: None, scene: Scene) -> None:
    opened = window.build(scene.styled("night"), size=SIZE)
    try:
        opened.state.panels = set()
        opened.state.changed.add("panels")
        lit = opened.picture()
        opened.state.toggle("furniture")
        assert (np.abs(lit.astype(int) - opened.picture()).max(axis=2) > 12).sum() > 200
    finally:
        opened.plotter.close()


def test_a_click_finds_the_house_and_what_is_known_of_it(opened: Window, scene: Scene) -> None:
    houses = scene.layer("buildings")
    row = houses.attributes["id"].index("tower")
    mine = houses.triangles[houses.owner == row]
    top = houses.vertices[mine].reshape(-1, 3).max(axis=0)
    aim = (top[0] - 4.5, top[1] - 4.5, top[2])
    opened.state.set_pose(navigation.Pose((aim[0] - 30, aim[1] - 60, aim[2] + 60), aim))
    opened.refresh()
    opened.press("left", SIZE[0] / 2, SIZE[1] / 2)
    opened.release(SIZE[0] / 2, SIZE[1] / 2)
    picked = opened.state.picked
    assert picked is not None
    assert (picked.layer, picked.row) == ("buildings", row)
    assert ("id", "tower") in picked.rows
    assert dict(picked.rows)["height"] == "38 m"
    assert picked.point == pytest.approx(aim, abs=0.05)
    opened.refresh()
    assert opened.stage.shapes["marks"].actor.GetVisibility()
    opened.key("Escape")
    opened.refresh()
    assert not opened.stage.shapes["marks"].actor.GetVisibility()


def test_a_click_on_a_person_tells_the_id_and_the_crowding(opened: Window, scene: Scene) -> None:
    people = next(layer for layer in scene.layers if isinstance(layer, PeopleLayer))
    ids, feet = people.between(opened.state.time)
    field = next(layer for layer in scene.layers if isinstance(layer, FieldLayer))
    number = int(np.flatnonzero(ids == 7)[0])
    at = feet[number].astype(float) + np.array([0, 0, 1.6])
    opened.state.set_pose(navigation.Pose((at[0], at[1] - 0.5, at[2] + 8.0), tuple(at)))
    opened.refresh()
    opened.press("left", SIZE[0] / 2, SIZE[1] / 2)
    opened.release(SIZE[0] / 2, SIZE[1] / 2)
    picked = opened.state.picked
    assert picked is not None
    assert picked.title == "Person"
    assert picked.person in ids
    assert field.legend == "density"
    assert "people/m²" in dict(picked.rows)["Crowd density"]


def test_measuring_by_clicks_on_the_square(opened: Window) -> None:
    opened.state.set_pose(navigation.Pose((20.0, 20.0, 80.0), (20.0, 20.0, 3.65)))
    opened.state.toggle("people")
    opened.refresh()
    opened.key("m")
    camera = opened.state.pose.camera(SIZE)
    for x, y in ((14.0, 20.0), (26.0, 20.0)):
        (pixel,), _ = camera.project(np.array([[x, y, 3.65]]))
        opened.press("left", *pixel)
        opened.release(*pixel)
    assert opened.state.measures.plan_length == pytest.approx(12.0, abs=0.01)
    before = opened.picture()
    opened.key("Escape")
    assert (before != opened.picture()).any()


def test_a_section_takes_away_what_is_before_it_and_fills_what_is_cut(opened: Window) -> None:
    whole = opened.picture()
    opened.state.cut_vertically((70.0, 22.0, 3.6))
    cut = opened.picture()
    assert (np.abs(whole.astype(int) - cut).max(axis=2) > 20).mean() > 0.05
    names = [layer.name for layer in opened.stage.packing.layers]
    assert "buildings_cut" in names
    a, b, c, d = opened.state.cut.plane
    houses = opened.stage.packing.layer == names.index("buildings")
    corners = opened.stage.packing.corners[houses].reshape(-1, 3) + opened.stage.shift
    assert (corners @ [a, b, c]).max() <= d + 0.01
    opened.key("Escape")
    assert np.abs(whole.astype(int) - opened.picture()).mean() < 0.5


def test_stages_of_a_pit_are_drawn_in_turn(opengl: None, town: City) -> None:
    scene = compose(town, changes=[_change(town)])
    opened = window.build(scene, size=SIZE)
    try:
        opened.state.panels = set()
        opened.state.go_to_view([view.name for view in scene.views].index("changes"))
        opened.refresh()
        pictures = [opened.picture()]
        for _ in range(3):
            opened.state.next_stage()
            opened.refresh()
            pictures.append(opened.picture())
        differ = [float((np.abs(one.astype(int) - other) > 12).any(axis=-1).mean()) for one, other in pairwise(pictures)]
        assert min(differ) > 0.002
        # after the last comes the first that was seen, as it was
        assert float((np.abs(pictures[0].astype(int) - pictures[3]) > 12).any(axis=-1).mean()) < 0.001
    finally:
        opened.plotter.close()


def test_underground_shows_the_cellar_through_the_street(opened: Window) -> None:
    opened.state.set_pose(navigation.Pose((22.0, -40.0, 60.0), (22.0, -14.0, 2.0)))
    opened.refresh()
    whole = opened.picture()
    opened.key("g")
    glass = opened.picture()
    assert opened.stage.shapes["below"].actor.GetVisibility()
    assert opened.stage.shapes["glass"].actor.GetVisibility()
    assert (np.abs(whole.astype(int) - glass).max(axis=2) > 20).mean() > 0.2


def test_shadows_move_with_the_sun_and_night_is_dark(opened: Window) -> None:
    day = opened.picture()
    opened.state.move_sun(hours=-5.0)
    morning = opened.picture()
    assert (np.abs(day.astype(int) - morning).max(axis=2) > 15).mean() > 0.02
    opened.state.move_sun(hours=-9.5)
    assert opened.picture().mean() < 0.6 * day.mean()


def test_time_moves_people_between_frames_and_the_field(opened: Window) -> None:
    opened.state.go_to(0.5)
    opened.refresh()
    first = opened.stage.moment.feet.copy()
    opened.state.go_to(0.55)
    opened.refresh()
    step = np.linalg.norm(opened.stage.moment.feet - first, axis=1)
    assert step.max() > 0.0
    assert np.median(step) < 0.1
    before = opened.picture()
    opened.state.playing = True
    assert opened.tick(0.5)
    assert (opened.picture() != before).any()
    opened.state.playing = False


def test_panels_are_clicked_and_the_slider_is_dragged(opened: Window) -> None:
    opened.state.panels = {"layers", "legend"}
    opened.state.changed.add("panels")
    opened.refresh()
    hit = next(one for one in opened.hud._hits if (one.act, one.value) == ("layer", opened.state.listed()[0].name))
    x, y = (hit.box[0] + hit.box[2]) / 2, (hit.box[1] + hit.box[3]) / 2
    was = opened.state.visible[hit.value]
    opened.press("left", x, y)
    opened.release(x, y)
    assert opened.state.visible[hit.value] is not was
    left, top, right, foot = opened.hud.track
    opened.press("left", left + 1, (top + foot) / 2)
    opened.move((left + right) / 2, (top + foot) / 2)
    opened.release((left + right) / 2, (top + foot) / 2)
    first, last = opened.state.span
    assert opened.state.time == pytest.approx((first + last) / 2, abs=0.02 * (last - first))
    pose = opened.state.pose
    opened.wheel(1, 300.0, 150.0)
    assert opened.state.pose.distance < pose.distance
    opened.press("right", 300, 150)
    opened.move(330, 150)
    opened.release(330, 150)
    assert opened.state.pose.target != pose.target


@pytest.mark.parametrize("language", ["en", "nl"])
def test_the_help_lists_all_and_fits(opengl: None, opened: Window, language: str) -> None:
    opened.state.language = language
    opened.key("h")
    opened.refresh()
    sheet = opened.hud.draw(SIZE, 0, opened._drawn)
    inked = (sheet[..., 3] > 0).any(axis=1)
    assert inked.sum() > 0.6 * SIZE[1]
    assert not inked[:2].any()
    opened.state.language = "en"
    opened.press("left", 5, 5)
    opened.release(5, 5)
    assert "help" not in opened.state.panels


def test_the_picture_key_writes_what_is_seen_and_says_where(opened: Window) -> None:
    opened.key("p")
    opened.refresh()
    opened.key("p")
    opened.refresh()
    files = sorted(Path(opened.screenshots).glob("stadstwin-*.png"))
    assert [file.name for file in files] == ["stadstwin-001.png", "stadstwin-002.png"]
    assert "stadstwin-002.png" in opened.state.message


def test_events_of_vtk_reach_the_commands(opened: Window) -> None:
    from vtkmodules.vtkRenderingUI import vtkGenericRenderWindowInteractor

    interactor = vtkGenericRenderWindowInteractor()
    interactor.SetRenderWindow(opened.plotter.render_window)
    interactor.Initialize()
    bind(opened, interactor)

    def type_key(name: str) -> None:
        interactor.SetKeySym(name)
        interactor.InvokeEvent("KeyPressEvent")
        interactor.InvokeEvent("CharEvent")
        interactor.InvokeEvent("KeyReleaseEvent")

    type_key("l")
    assert "layers" in opened.state.panels
    type_key("space")
    assert opened.state.playing
    time = opened.state.time
    interactor.InvokeEvent("TimerEvent")
    assert opened.state.time > time or not opened.state.playing
    opened.state.playing = False
    type_key("Tab")
    interactor.SetKeySym("w")
    interactor.InvokeEvent("KeyPressEvent")
    assert opened._held == {"ahead"}
    interactor.InvokeEvent("KeyReleaseEvent")
    assert not opened._held
    type_key("Tab")
    pose = opened.state.pose
    interactor.SetEventPosition(240, 160)
    interactor.InvokeEvent("LeftButtonPressEvent")
    interactor.SetEventPosition(280, 170)
    interactor.InvokeEvent("MouseMoveEvent")
    interactor.InvokeEvent("LeftButtonReleaseEvent")
    assert opened.state.pose.heading_deg != pose.heading_deg
    interactor.InvokeEvent("MouseWheelForwardEvent")
    type_key("q")
    assert opened.closed
    opened.closed = False
