"""The line of a section: unrolled, with its bends."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from twin.errors import ParameterError
from twin.plots.course import course_along


def test_a_bent_line_is_unrolled() -> None:
    course = course_along([(0, 0), (10, 0), (10, 5), (20, 5)])
    assert course.length == pytest.approx(25.0)
    assert course.bends == [(10.0, pytest.approx(90.0)), (15.0, pytest.approx(-90.0))]
    np.testing.assert_allclose(course.at(np.array([0, 10, 12, 15, 25])), [(0, 0), (10, 0), (10, 2), (10, 5), (20, 5)])
    assert course.nearest(np.array([9.0, 3.0])) == (pytest.approx(13.0), pytest.approx(1.0))
    assert course.nearest(np.array([4.0, -2.0])) == (pytest.approx(4.0), pytest.approx(-2.0))


def test_a_place_in_a_straight_line_is_no_bend() -> None:
    course = course_along(shapely.LineString([(0, 0), (4, 0), (4, 0), (10, 0)]))
    assert len(course.planes) == 1
    assert course.length == pytest.approx(10.0)


def test_what_lies_over_a_bend_is_one() -> None:
    course = course_along([(0, 0), (10, 0), (10, 10)])
    assert course.intervals(shapely.box(7, -3, 13, 4)) == [(pytest.approx(7.0), pytest.approx(14.0))]
    assert course.crossings(shapely.LineString([(5, -5), (5, 5)])) == [pytest.approx(5.0)]


def test_a_line_that_crosses_itself_meets_a_thing_twice() -> None:
    course = course_along([(0, 0), (10, 0), (10, 10), (5, 10), (5, -5)])
    crossed = course.intervals(shapely.box(4, -1, 6, 1))
    assert len(crossed) == 2
    assert crossed[0] == (pytest.approx(4.0), pytest.approx(6.0))
    assert crossed[1][1] - crossed[1][0] == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ([(0, 0)], "two places"), ("here", "two places"), ([(0, 0), (1, float("nan"))], "two places"), (None, "two places"),
        ([(0, 0), (0.4, 0.3)], "0.50 m long"), ([(3, 3), (3, 3)], "0.00 m long"),
    ],
)  # fmt: skip
def test_a_line_that_is_none_is_refused(line: object, told: str) -> None:
    with pytest.raises(ParameterError, match=told) as caught:
        course_along(line)
    assert caught.value.hint
