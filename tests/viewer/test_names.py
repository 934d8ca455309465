"""Names in a picture hide no place, and no line to a place leads through a name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from viewer.backends.camera import Camera
from viewer.backends.names import Name, _crosses, _line, placed_names
from viewer.backends.overlay import write_credits
from viewer.backends.places import meet
from viewer.backends.sheet import Sheet
from viewer.scene import LabelLayer, Scene, View

SIZE = (1280, 720)
ABOVE = View("top", "Plan", (0.0, 0.0, 100.0), (0.0, 0.0, 0.0), 40.0)


def named(places: list[tuple[float, float]], texts: list[str]) -> list[Name]:
    points = np.array([(x, y, 0.0) for x, y in places])
    scene = Scene("", (LabelLayer("labels", "Names", points, tuple(texts)),), (ABOVE,))
    return placed_names(Sheet(SIZE), scene, Camera.of(ABOVE, SIZE), [])


PLACES = [(0.0, 0.0), (3.0, -1.0), (1.0, 5.0), (-2.0, 9.0), (6.0, 4.0), (-6.0, 3.0)]


def test_names_of_near_places_hide_no_place_and_no_line_crosses_a_name() -> None:
    names = named(PLACES, [f"Barriers with a gate {k}" for k in range(6)])
    assert len(names) == 6
    for one in names:
        line = _line(one.box, one.place)
        for other in names:
            x, y = other.place
            assert not (one.box[0] < x < one.box[2] and one.box[1] < y < one.box[3])
            if other is not one:
                assert line is None or not _crosses(other.box, line)
                assert not meet(one.box, other.box)


def test_near_places_of_one_name_share_it() -> None:
    assert [name.words for name in named([(0.0, 0.0), (2.0, 0.0), (30.0, 0.0)], ["Gate"] * 3)] == ["Gate", "Gate"]


@pytest.mark.parametrize(
    ("line", "through"),
    [((5.0, -5.0, 5.0, 20.0), True), ((-5.0, 5.0, 20.0, 5.0), True), ((12.0, -5.0, 12.0, 20.0), False), ((-5, 0, 0, -5), False)],
)
def test_a_line_leads_through_a_box(line: tuple[float, float, float, float], through: bool) -> None:
    assert _crosses((0.0, 0.0, 10.0, 10.0), line) == through


def test_credits_stand_whole_below_notes_that_leave_them_no_room(scene: Scene) -> None:
    words = "Whether the walls of a pit stand is not worked out. "
    short, long = (replace(scene, notes=(words,) * many) for many in (1, 9))
    sheet = Sheet((700, 400))
    for of, height in ((short, 28), (long, 2 * 22)):
        assert 400 - write_credits(sheet, of) == pytest.approx(sheet.px(height), abs=1.0)
    assert write_credits(sheet, replace(scene, notes=(), credits=())) == 400 - sheet.px(12)
