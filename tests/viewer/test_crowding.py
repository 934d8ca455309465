"""Where it is dense people have the colour of the floor that they hide: the legend can be read there."""

from __future__ import annotations

import numpy as np

from viewer import style
from viewer.backends.crowding import crowded_colours
from viewer.scene import FieldLayer, Scene, View


def crowd_scene(*, visible: bool = True) -> Scene:
    values = np.array([[[0.2, 0.6, 0.9, 1.5, 5.0, np.nan]]], np.float32)
    field = FieldLayer(
        "density", "Density", 0.0, 1.0, 1.0, np.zeros((1, 6), np.float32), np.zeros(1), values, "density", visible=visible
    )
    return Scene("", (field,), (View("top", "Plan", (0.0, 0.0, 9.0), (0.0, 0.0, 0.0), 30.0),), legends=(style.fruin_legend(),))


def test_people_have_the_colour_of_dense_floor_and_else_their_own() -> None:
    at = np.array([[0.5 + k, 0.5, 0.0] for k in range(7)] + [[4.5, 0.5, 4.0], [4.5, -3.0, 0.0]])
    plain = np.array(style.PERSON, np.uint8)
    own = np.broadcast_to(plain, (len(at), 3)).copy()
    made = crowded_colours(own, plain, at, crowd_scene(), 0.0)
    np.testing.assert_array_equal(made[2:5], style.class_colours(style.fruin_legend())[3:6])
    np.testing.assert_array_equal(np.delete(made, [2, 3, 4], axis=0), np.delete(own, [2, 3, 4], axis=0))
    np.testing.assert_array_equal(crowded_colours(own, plain, at, crowd_scene(visible=False), 0.0), own)


def test_shades_differ_from_one_to_the_next_as_they_did() -> None:
    plain = np.array(style.PERSON, np.uint8)
    own = np.array([plain, plain // 2])
    made = crowded_colours(own, plain, np.array([[3.5, 0.5, 0.0]] * 2), crowd_scene(), 0.0).astype(int)
    assert np.abs(made[0] - 2 * made[1]).max() <= 4
