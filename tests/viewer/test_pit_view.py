"""The view of a pit that is cut open: where it looks from, what is written beside the pit, and what it does not show."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tests.viewer.test_groundwater import artesian, cone
from tests.viewer.test_stages import _change
from twin.geo.city import City
from viewer.backends.camera import Camera
from viewer.backends.remarks import write_remarks
from viewer.backends.sheet import Sheet
from viewer.compose import compose, height_system
from viewer.pit_notes import spread, told
from viewer.planes import PIT, pit_section
from viewer.scene import AnnotationLayer, LineLayer, MeshLayer, Scene


@pytest.fixture(scope="module")
def seen(town: City) -> Scene:
    return compose(town, cone(town), changes=[_change(town)])


def _notes(scene: Scene) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    layer = scene.layer("pit_notes")
    assert isinstance(layer, AnnotationLayer)
    assert layer.visible
    return {text: (start, end) for text, start, end in zip(layer.texts, layer.starts, layer.ends, strict=True)}


def test_the_view_is_of_a_section_along_the_pit(seen: Scene) -> None:
    assert seen.view(PIT).section == PIT
    assert seen.view(PIT).label == seen.section(PIT).label == "Excavation pit"
    normal = np.array(seen.section(PIT).normal)
    np.testing.assert_allclose(np.abs(normal), [0.0, 1.0, 0.0], atol=1e-9)
    assert 11.0 < seen.section(PIT).point[1] < 19.0


def test_cellars_beside_a_pit_stay_behind_the_section() -> None:
    pit = shapely.box(0.0, 0.0, 30.0, 10.0)
    for side in (-25.0, 25.0):
        cellar = shapely.box(10.0, 5.0 + side - 3.0, 15.0, 5.0 + side + 3.0)
        section = pit_section(pit, [cellar])
        assert (side - (section.point[1] - 5.0)) * section.normal[1] < 0.0


def test_all_of_the_pit_and_all_that_is_written_is_in_the_picture(seen: Scene) -> None:
    opened = seen.shown().for_view(PIT)
    camera = Camera.of(opened.view(PIT), (1600, 1000))
    wall = opened.layer("pit_wall")
    assert isinstance(wall, MeshLayer)
    spots = [wall.vertices[np.unique(wall.triangles)], *(np.stack(ends) for ends in _notes(opened).values())]
    pixels, depth = camera.project(np.concatenate(spots))
    assert (depth > 0).all()
    assert (pixels > [20, 20]).all()
    assert (pixels < [1580, 980]).all()


def test_levels_are_written_at_their_heights(town: City, seen: Scene) -> None:
    notes = _notes(seen.at_stage("wet").for_view(PIT))
    wanted = {
        "Ground level": 4.0, "Top of the wall": 4.5, "Toe of the wall": -8.0, "Struts, upper": 3.0, "Struts, lower": 0.0,
        "Floor of the pit": -2.0, "Water in the pit": 1.0, "Groundwater, before": 1.0,
    }  # fmt: skip
    for words, level in wanted.items():
        text = f"{words}: {told(level, 'NAP')}"
        assert text in notes
        assert notes[text][0][2] + town.origin[2] == pytest.approx(level, abs=1e-6)
    assert len([text for text in notes if text.startswith("Groundwater:")]) == 1
    # on the plane, a little before it
    assert np.ptp([start[1] for start, _ in notes.values()]) < 1e-6


def test_notes_are_of_their_stage_and_of_the_section_alone(seen: Scene) -> None:
    first = _notes(seen.at_stage("first").for_view(PIT))
    assert "Floor of the pit: NAP +2.00 m" in first
    assert not [text for text in first if text.startswith(("Struts, lower", "Water", "Concrete"))]
    assert "Concrete, underside: NAP −3.00 m" in _notes(seen.at_stage("poured").for_view(PIT))
    across = seen.cut("across").layer("pit_notes")
    assert not across.visible


def test_walls_are_drawn_to_their_toe(town: City, seen: Scene) -> None:
    lines = seen.shown().for_view(PIT).layer("pit_wall_lines")
    assert isinstance(lines, LineLayer)
    assert lines.visible
    assert len(lines.paths) == 2
    heights = np.concatenate(lines.paths)[:, 2] + town.origin[2]
    assert (heights.min(), heights.max()) == pytest.approx((-8.0, 4.5))


def test_the_key_of_the_pit_is_about_what_lies_below(seen: Scene) -> None:
    labels = {entry.label for entry in seen.shown().for_view(PIT).key}
    assert "Walls of the pit" in labels
    assert not labels & {"Buildings", "Trees", "Street furniture", "Streets"}


def test_a_view_of_the_whole_is_not_cut(seen: Scene) -> None:
    assert "cut_ground" not in [layer.name for layer in seen.shown().for_view("overview").layers]
    assert "cut_ground" in [layer.name for layer in seen.shown().for_view(PIT).layers]


def test_levels_have_the_name_of_their_system(town: City) -> None:
    assert height_system(town) == "NAP"
    assert told(-1.55, "NAP") == "NAP −1.55 m"
    assert told(0.6, "") == "+0.60 m"


@given(heights=st.lists(st.floats(-20.0, 20.0), min_size=1, max_size=12), gap=st.floats(0.1, 3.0))
def test_texts_are_a_gap_apart_and_moved_no_more_than_it_takes(heights: list[float], gap: float) -> None:
    given_, out = np.array(heights), spread(np.array(heights), gap)
    order = np.argsort(-given_, kind="stable")
    assert (np.diff(-out[order]) >= gap - 1e-9).all()
    # as a whole they stay where they were
    assert out.mean() == pytest.approx(given_.mean(), abs=1e-9 * (1 + abs(given_.mean())))
    apart = np.diff(-given_[order])
    if len(apart) == 0 or (apart >= gap).all():
        np.testing.assert_allclose(out, given_, atol=1e-9)
    assert math.isfinite(out.sum())


def test_no_leader_crosses_another(town: City) -> None:
    scene = compose(town, artesian(town, head_m=-1.5), changes=[_change(town)])
    for stage in ("first", "wet", "poured"):
        notes = list(_notes(scene.at_stage(stage).for_view(PIT)).values())
        east = np.array([end[0] > start[0] for start, end in notes])
        assert east.any()
        assert not east.all()
        for side in (east, ~east):
            here = [notes[k] for k in np.flatnonzero(side)]
            lines = [shapely.LineString([start[[0, 2]], end[[0, 2]]]) for start, end in here]
            crossed = [(k, m) for k, one in enumerate(lines) for m in range(k) if one.crosses(lines[m])]
            assert crossed == []


def test_a_pit_has_its_measures_in_each_stage(seen: Scene) -> None:
    measured = {}
    for stage in ("first", "wet"):
        layer = seen.at_stage(stage).for_view(PIT).layer("pit_measures")
        assert isinstance(layer, AnnotationLayer)
        assert layer.visible
        assert layer.dimension
        measured[stage] = layer.texts
    # 20 m long; from 4.0 down to 2.0 and to -2.0, with walls to -8.0
    assert measured == {"first": ("20.0 m", "2.0 m", "10.0 m"), "wet": ("20.0 m", "6.0 m", "6.0 m")}


def test_levels_are_written_beside_the_end_of_their_lines(seen: Scene) -> None:
    opened = seen.shown().for_view(PIT)
    camera = Camera.of(opened.view(PIT), (1600, 1000))
    notes = _notes(opened)
    boxes = write_remarks(Sheet((1600, 1000)), replace(opened, layers=(opened.layer("pit_notes"),)), camera)
    for box, (start, end) in zip(boxes, notes.values(), strict=True):
        (x0, _), (x1, y1) = camera.project(np.stack([start, end]))[0]
        near = box[0] if x1 > x0 else box[2]
        assert near == pytest.approx(x1, abs=1.0)
        assert (box[1] + box[3]) / 2 == pytest.approx(y1, abs=1.0)


def test_that_walls_stand_is_not_claimed(town: City, seen: Scene) -> None:
    assert any("walls of a pit stand is not worked out" in note for note in seen.notes)
    assert not any("pit" in note for note in compose(town).notes)
