"""What the window's commands do, without drawing anything."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.viewer.test_stages import _change
from twin.errors import ParameterError
from twin.geo.city import City
from viewer.backends.window import keys, navigation
from viewer.backends.window.keys import COMMANDS, GROUPS, MOUSE, command_of, press
from viewer.backends.window.measure import measure
from viewer.backends.window.state import Picked, State
from viewer.backends.window.texts import DUTCH, check_language, say
from viewer.compose import compose
from viewer.scene import FieldLayer, Scene


@pytest.fixture
def state(scene: Scene) -> State:
    state = State(scene)
    state.take_changes()
    return state


def test_every_key_has_one_meaning_in_a_mode_and_a_text_in_both_languages() -> None:
    for mode in ("orbit", "walk"):
        bound = [key for command in COMMANDS if command.when in ("", mode) for key in command.keys]
        assert len(bound) == len(set(bound)), mode
    assert len({command.name for command in COMMANDS}) == len(COMMANDS)
    for command in COMMANDS:
        assert command.en != command.nl
        assert command.shown
        assert command.keys
        assert command.group in GROUPS
    assert all(group in GROUPS and en != nl for group, _, _, en, nl in MOUSE)


def test_every_command_can_be_given_at_any_time(state: State) -> None:
    for _ in range(2):
        for command in COMMANDS:
            for key in command.keys:
                assert press(state, key) == (command_of(key, walking=state.walking) is not None)
    assert not press(state, "F11")


def test_sentences_of_the_window_have_their_values_in_dutch_too() -> None:
    for english, dutch in DUTCH.items():
        assert english.count("{") == dutch.count("{"), english
    assert say("Layers", "nl") == "Lagen"
    assert say("Buildings", "nl") == "Gebouwen"
    assert say("a name of the city", "nl") == "a name of the city"
    assert say("Layers", "en") == "Layers"
    with pytest.raises(ParameterError, match="no language"):
        check_language("de")


def test_time_plays_at_its_speed_stops_at_the_end_and_begins_again(state: State) -> None:
    first, last = state.span
    state.go_to(first)
    state.play_pause()
    state.change_speed(1)
    state.advance(0.25)
    assert state.time == pytest.approx(first + 0.5)
    state.advance(1e6)
    assert (state.time, state.playing) == (last, False)
    state.play_pause()
    assert (state.time, state.playing) == (first, True)
    state.advance(0.01)
    state.step(1)
    assert (state.time, state.playing) == (state.scene.times[1], False)
    state.step(1)
    assert state.time == state.scene.times[2]
    state.step(-1)
    assert state.time == state.scene.times[1]
    state.go_to(-5.0)
    assert state.time == first
    state.change_speed(-99)
    assert state.speed == 0.25


def test_layers_and_groups_are_shown_and_hidden(state: State) -> None:
    state.toggle("buildings")
    assert not state.visible["buildings"]
    assert "meshes" in state.take_changes()
    assert not next(one for one in state.shown().layers if one.name == "buildings").visible
    state.toggle_group("underground")
    assert state.visible["cellars"]
    state.toggle_group("underground")
    assert not state.visible["cellars"]
    state.chosen = [layer.name for layer in state.listed()].index("water")
    state.toggle_chosen()
    assert not state.visible["water"]
    count = len(state.listed())
    state.choose(count)
    assert state.listed()[state.chosen].name == "water"


def test_the_key_for_sides_goes_round_them(scene: Scene) -> None:
    field = next(layer for layer in scene.layers if isinstance(layer, FieldLayer))
    sides = [replace(field, name=f"density@{side}", side=side) for side in ("before", "after", "difference")]
    rest = [layer for layer in scene.layers if not isinstance(layer, FieldLayer)]
    state = State(replace(scene, layers=(*rest, *sides)))
    seen = []
    for _ in range(4):
        seen.append(state.side)
        names = [layer.name for layer in state.shown().layers if isinstance(layer, FieldLayer)]
        assert names == [f"density@{state.side}"]
        press(state, "b")
    assert seen == ["after", "difference", "before", "after"]
    plain = State(scene)
    press(plain, "b")
    assert "compares nothing" in plain.message


def test_looking_underground_shows_what_is_there_and_puts_it_back(state: State) -> None:
    press(state, "g")
    assert state.underground
    assert state.visible["cellars"]
    press(state, "g")
    assert not state.underground
    assert not state.visible["cellars"]


def test_a_section_stands_through_what_was_picked_facing_the_camera_and_moves(state: State) -> None:
    at = (70.0, 20.0, 3.6)
    state.picked = Picked("roads_street", 0, at, "Street")
    press(state, "x")
    assert state.cut is not None
    assert state.cut.point == at
    toward = np.array(state.pose.eye) - np.array(state.pose.target)
    assert np.dot(state.cut.normal, toward) > 0
    assert state.cut.normal[2] == 0.0
    assert state.visible["cellars"]
    a, b, c, d = state.cut.plane
    assert a * at[0] + b * at[1] + c * at[2] == pytest.approx(d)
    press(state, "Next")
    assert np.dot(np.array(state.cut.point) - at, state.cut.normal) == pytest.approx(-1.0)
    before = state.cut.normal
    press(state, "f")
    assert state.cut.normal == tuple(-v for v in before)
    press(state, "z")
    assert state.cut.horizontal
    assert state.cut.point[2] == pytest.approx(state.footing.under(*at) - 0.6)
    press(state, "z")
    assert state.cut is None
    assert not state.visible["cellars"]
    press(state, "Next")
    assert "no section" in state.message


def test_the_sun_follows_date_and_hour_where_the_place_is_known(state: State, scene: Scene) -> None:
    assert state.sun.position() == (scene.sun_azimuth_deg, scene.sun_altitude_deg)
    press(state, "period")
    assert state.sun.hours == 15.0
    afternoon = state.sun.position()
    for _ in range(4):
        press(state, "period")
    evening = state.sun.position()
    assert evening[0] > afternoon[0] + 15
    assert evening[1] < afternoon[1]
    june = state.sun.day
    for _ in range(6):
        press(state, "greater")
    assert (state.sun.day.year - june.year) * 12 + state.sun.day.month - june.month == 6
    assert state.sun.position()[1] < evening[1]
    assert "light" in state.take_changes()
    press(state, "o")
    assert state.sun.position() == (scene.sun_azimuth_deg, scene.sun_altitude_deg)
    nowhere = State(replace(scene, crs="", longitude_deg=None, latitude_deg=None))
    press(nowhere, "period")
    assert "not known" in nowhere.message
    assert nowhere.sun.position() == (scene.sun_azimuth_deg, scene.sun_altitude_deg)


def test_months_end_where_they_end_and_midnight_is_passed(state: State) -> None:
    from datetime import date

    sun = replace(state.sun, day=date(2026, 1, 31), hours=23.75)
    assert sun.moved(months=1).day == date(2026, 2, 28)
    assert sun.moved(months=-2).day == date(2025, 11, 30)
    later = sun.moved(hours=0.5)
    assert (later.day, later.hours) == (date(2026, 2, 1), 0.0)


def test_measures_are_exact() -> None:
    line = measure([(0, 0, 0), (3, 4, 0), (3, 4, 12)])
    assert (line.length, line.plan_length, line.rise) == (17.0, 5.0, 12.0)
    square = measure([(0, 0, 5), (10, 0, 5), (10, 10, 5), (0, 10, 5)])
    assert (square.area, square.plan_area, square.perimeter) == (100.0, 100.0, 40.0)
    roof = measure([(0, 0, 0), (10, 0, 0), (10, 3, 4), (0, 3, 4)])
    assert roof.area == pytest.approx(50.0)
    assert roof.plan_area == pytest.approx(30.0)
    assert measure([]).length == measure([(1, 2, 3)]).area == 0.0


def test_measuring_takes_points_until_it_is_put_away(state: State) -> None:
    press(state, "m")
    assert state.tool == "distance"
    for k in range(3):
        state.pick(Picked("", -1, (float(k), 0.0, 0.0), ""))
    assert state.measures.length == 2.0
    assert state.picked is None
    press(state, "BackSpace")
    assert len(state.points) == 2
    press(state, "Escape")
    assert (state.tool, state.points) == ("", [])
    tools = []
    for _ in range(4):
        press(state, "m")
        tools.append(state.tool)
    assert tools == ["distance", "height", "area", ""]


def test_escape_puts_away_one_thing_at_a_time(state: State) -> None:
    state.pick(Picked("", -1, (1.0, 2.0, 3.0), ""))
    press(state, "x")
    press(state, "h")
    press(state, "Escape")
    assert "help" not in state.panels
    assert state.picked is not None
    press(state, "Escape")
    assert state.picked is None
    assert state.cut is not None
    press(state, "Escape")
    assert state.cut is None


def test_the_camera_goes_round_pans_zooms_and_never_turns_over(state: State) -> None:
    pose = state.pose
    turned = navigation.orbit(pose, 30.0, 0.0)
    assert turned.distance == pytest.approx(pose.distance)
    assert (turned.heading_deg - pose.heading_deg) % 360 == pytest.approx(330.0)
    over = navigation.orbit(pose, 0.0, 500.0)
    assert over.pitch_deg == pytest.approx(-navigation.STEEPEST_DEG)
    assert over.eye[2] > over.target[2]
    size = (800, 500)
    about = (90.0, 10.0, 3.6)
    before, _ = pose.camera(size).project(np.array([about]))
    nearer = navigation.zoom(pose, 0.5, about)
    after, _ = nearer.camera(size).project(np.array([about]))
    np.testing.assert_allclose(after, before, atol=1e-6)
    assert nearer.distance == pytest.approx(0.5 * pose.distance)
    moved = navigation.pan(pose, size, 100.0, 0.0)
    place, _ = moved.camera(size).project(np.array([pose.target]))
    assert place[0] == pytest.approx([500.0, 250.0], abs=1.0)
    plan = navigation.Pose((0.0, 0.0, 100.0), (0.0, 0.0, 0.0))
    assert plan.camera(size).parallel
    assert not navigation.orbit(plan, 5.0, -10.0).camera(size).parallel


def test_one_walks_on_the_floor_at_eye_height_and_not_through_houses(state: State) -> None:
    press(state, "Tab")
    assert state.walking
    eye = state.pose.eye
    assert eye[2] - state.footing.under(eye[0], eye[1], eye[2]) == pytest.approx(1.65, abs=0.01)
    assert abs(state.pose.pitch_deg) < 10
    # from the square northwards into the houses
    start = navigation._standing(20.0, 30.0, 3.6, 0.0, 0.0)
    state.set_pose(start)
    state.walk(60.0, 0.0)
    _, y, _ = state.pose.eye
    assert 33.0 < y < 40.0
    state.set_pose(navigation._standing(20.0, 20.0, 3.6, 90.0, 0.0))
    state.walk(10.0, 0.0)
    assert state.pose.eye[0] == pytest.approx(30.0, abs=0.5)
    assert state.pose.eye[1] == pytest.approx(20.0, abs=0.5)
    looked = navigation.look_round(state.pose, 20.0, 200.0)
    assert looked.pitch_deg <= 80.0
    press(state, "Tab")
    assert not state.walking
    assert state.pose.eye[2] > 30.0


def test_views_by_number_and_the_first_again(state: State, scene: Scene) -> None:
    press(state, "2")
    assert state.pose.eye == scene.views[1].eye
    press(state, "9")
    assert state.pose.eye == scene.views[1].eye
    press(state, "r")
    assert state.pose.eye == scene.views[0].eye
    assert not math.isnan(state.pose.heading_deg)


def test_letters_count_with_shift_and_what_is_held_is_known() -> None:
    assert command_of("L", walking=False) is command_of("l", walking=False)
    assert command_of("Up", walking=False) is not command_of("Up", walking=True)
    held = {command.name for command in keys.COMMANDS if command.held}
    assert held == {"ahead", "back", "left", "right"}


def test_the_view_of_a_pit_opens_the_ground_in_its_deepest_stage(town: City) -> None:
    scene = compose(town, changes=[_change(town)])
    state = State(scene)
    assert state.scene.stage == "poured"
    assert not any(layer.stages for layer in state.scene.layers)
    state.go_to_view([view.name for view in scene.views].index("pit"))
    assert state.cut is not None
    assert state.cut.normal == pytest.approx(scene.section("pit").normal)
    assert state.pose.view().eye == pytest.approx(scene.view("pit").eye)


def test_stages_of_the_work_come_in_turn_and_what_was_hidden_stays_so(town: City) -> None:
    scene = compose(town, changes=[_change(town)])
    state = State(scene)
    state.toggle("trees")
    wet = {layer.name for layer in scene.at_stage("wet").layers} - {layer.name for layer in state.scene.layers}
    assert wet
    seen = []
    for _ in scene.stages:
        state.take_changes()
        assert press(state, "t")
        seen.append(state.scene.stage)
        assert {"meshes", "light", "section"} <= state.take_changes()
        assert all(layer.name in state.visible for layer in state.scene.layers)
        assert [layer.name for layer in state.shown().layers] == [layer.name for layer in scene.at_stage(seen[-1]).layers]
        assert not state.visible["trees"]
    assert seen == ["first", "wet", "poured"]
    plain = State(compose(town))
    plain.next_stage()
    assert plain.message == "Nothing in this scene is done in stages"
