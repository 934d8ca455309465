"""The viewer's compiled loops against slow ones in NumPy, and against what light must do."""

from __future__ import annotations

import os

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from viewer import raster, shapes
from viewer.backends import light, pack
from viewer.backends.camera import Camera
from viewer.scene import MeshLayer, Scene, View

UP = np.array([0.0, 0.0, 1.0])


def _top_heights(vertices: NDArray[np.float64], triangles: NDArray[np.int32], shape: tuple[int, int]) -> NDArray[np.float64]:
    out = np.full(shape, np.nan)
    rows, columns = np.indices(shape)
    x, y = columns + 0.5, shape[0] - rows - 0.5
    for a, b, c in vertices[triangles]:
        area = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
        u = ((b[0] - x) * (c[1] - y) - (c[0] - x) * (b[1] - y)) / area
        v = ((c[0] - x) * (a[1] - y) - (a[0] - x) * (c[1] - y)) / area
        w = 1 - u - v
        inside = (u >= 0) & (v >= 0) & (w >= 0)
        out = np.where(inside, np.fmax(out, u * a[2] + v * b[2] + w * c[2]), out)
    return out


@given(st.integers(0, 10_000))
def test_heights_from_above_are_those_of_the_slow_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    vertices = np.column_stack([rng.uniform(-3, 15, (30, 2)), rng.uniform(0, 5, 30)])
    triangles = np.arange(30, dtype=np.int32).reshape(-1, 3)
    fast = raster.top_heights(vertices, triangles, 0.0, 10.0, 1.0, (10, 12))
    np.testing.assert_allclose(fast, _top_heights(vertices, triangles, (10, 12)), rtol=1e-5, atol=1e-5)


@given(st.integers(0, 10_000))
def test_order_and_winding_of_triangles_do_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    vertices = np.column_stack([rng.uniform(0, 12, (24, 2)), rng.uniform(0, 5, 24)])
    triangles = np.arange(24, dtype=np.int32).reshape(-1, 3)
    one = raster.top_heights(vertices, triangles, 0.0, 12.0, 1.0, (12, 12))
    other = raster.top_heights(vertices, triangles[::-1, ::-1], 0.0, 12.0, 1.0, (12, 12))
    np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_a_raster_that_is_given_is_added_to() -> None:
    low = shapes.plate(shapely.box(0, 0, 4, 4), 1.0)
    high = shapes.plate(shapely.box(2, 0, 6, 4), 3.0)
    out = raster.top_heights(*low, 0.0, 4.0, 1.0, (4, 8))
    again = raster.top_heights(*high, 0.0, 4.0, 1.0, (4, 8), out)
    assert again is out
    np.testing.assert_array_equal(out[0], [1, 1, 3, 3, 3, 3, np.nan, np.nan])


@given(st.integers(0, 10_000))
def test_what_can_be_seen_is_what_the_slow_loop_sees(seed: int) -> None:
    rng = np.random.default_rng(seed)
    heights = np.where(rng.random((20, 20)) < 0.15, 8.0, 0.0).astype(np.float32)
    points = np.column_stack([rng.uniform(0, 20, (12, 2)), np.full(12, 1.0)])
    eye = (rng.uniform(-30, 50), -30.0, rng.uniform(8, 40))
    seen = raster.visible(points, eye, heights, 0.0, 20.0, 1.0)
    for point, answer in zip(points, seen, strict=True):
        way = np.array(eye) - point
        length = np.hypot(*way[:2])
        steps = np.arange(1, int(length)) / length
        on = point + steps[:, None] * way
        i, j = np.trunc(20 - on[:, 1]).astype(int), np.trunc(on[:, 0]).astype(int)
        outside = (i < 0) | (j < 0) | (i >= 20) | (j >= 20)
        stop = int(np.argmax(outside)) if outside.any() else len(on)
        assert answer == (not (heights[i[:stop], j[:stop]] > on[:stop, 2]).any())


def test_values_are_of_the_cell_a_point_is_in() -> None:
    heights = np.arange(6, dtype=np.float32).reshape(2, 3)
    x, y = np.array([0.1, 2.9, 1.5, -0.1, 1.0]), np.array([1.9, 0.1, 1.5, 1.0, 2.1])
    np.testing.assert_array_equal(raster.sample(heights, 0.0, 2.0, 1.0, x, y), [0, 5, 1, np.nan, np.nan])


def _heights(*blocks: tuple[float, float, float, float, float]) -> light.Heights:
    """A plain of 120 x 120 m with blocks (west, south, east, north, height)."""
    layers = [(shapes.plate(shapely.box(-60, -60, 60, 60), 0.0), "ground", False)]
    layers += [(shapes.prism(shapely.box(*block[:4]), 0.0, block[4]), "buildings", True) for block in blocks]
    meshes = tuple(
        MeshLayer(f"m{k}", "M", *mesh, np.zeros(mesh[1].shape, np.uint8), group=group, casts_shadow=casts)
        for k, (mesh, group, casts) in enumerate(layers)
    )
    scene = Scene("t", meshes, (View("v", "V", (0, -100, 100), (0, 0, 0)),))
    return pack.height_raster(pack.pack(scene, 0.0, Camera.of(scene.view(), (100, 100))), np.zeros(3))


def _light(points: NDArray[np.float64], heights: light.Heights, azimuth: float, altitude: float) -> NDArray[np.uint8]:
    return light.light_at(points, np.tile(UP, (len(points), 1)), heights, light.sun_vector(azimuth, altitude))


@pytest.mark.parametrize("altitude", [20.0, 35.0, 50.0, 65.0])
def test_a_shadow_is_as_long_as_the_sun_is_low(altitude: float) -> None:
    heights = _heights((-40.0, -2.0, 40.0, 0.0, 8.0))
    y = np.arange(0.5, 40.0, 0.1)
    points = np.column_stack([np.zeros(len(y)), y, np.full(len(y), 0.05)])
    sun = _light(points, heights, 180.0, altitude)[:, 0]
    edge = y[np.argmax(sun > 127)]
    assert edge == pytest.approx(8.0 / np.tan(np.radians(altitude)), abs=0.8)
    assert (np.diff(sun.astype(int)) >= 0).all()


@given(st.floats(2.0, 20.0), st.floats(0.5, 10.0), st.floats(0.0, 359.0), st.floats(15.0, 70.0))
def test_a_higher_block_never_lets_more_light_through(height: float, more: float, azimuth: float, altitude: float) -> None:
    points = np.column_stack([np.random.default_rng(1).uniform(-50, 50, (200, 2)), np.full(200, 0.1)])
    low, high = (_light(points, _heights((-5.0, -5.0, 5.0, 5.0, h)), azimuth, altitude) for h in (height, height + more))
    assert (high[:, 0].astype(int) <= low[:, 0].astype(int) + 1).all()
    assert (high[:, 1].astype(int) <= low[:, 1].astype(int) + 1).all()


def test_the_open_plain_sees_the_whole_sky_and_the_foot_of_a_wall_half_of_it() -> None:
    heights = _heights((-50.0, 0.0, 50.0, 30.0, 40.0))
    points = np.array([[0.0, -45.0, 0.1], [0.0, -1.2, 0.1]])
    sky = _light(points, heights, 180.0, 40.0)[:, 1] / 255
    assert sky[0] > 0.85
    assert sky[1] == pytest.approx(0.5, abs=0.15)
    assert _light(points, _heights(), 180.0, 40.0).min() == 255


def test_the_number_of_cores_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    heights = _heights((-5.0, -5.0, 5.0, 5.0, 9.0))
    points = np.column_stack([np.random.default_rng(2).uniform(-50, 50, (999, 2)), np.full(999, 0.1)])
    answers = []
    for cores in (1, 3, 16):
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        answers.append(_light(points, heights, 215.0, 38.0))
    np.testing.assert_array_equal(answers[0], answers[1])
    np.testing.assert_array_equal(answers[0], answers[2])
