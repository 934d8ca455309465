"""Films: each picture is what a still of that moment would be, and the file is whole or not there."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from twin.errors import MissingExtraError, OutputError, ParameterError
from viewer.backends import film as filming
from viewer.backends import image, movie
from viewer.backends.camera import Camera
from viewer.backends.film import Film
from viewer.export import export
from viewer.kernels import film as kernels
from viewer.scene import FieldLayer, PeopleLayer, Scene, View

SIZE = (320, 200)


pytestmark = pytest.mark.usefixtures("opengl")


def _ffmpeg() -> None:
    if shutil.which("ffmpeg") is None and not os.environ.get("CI"):
        pytest.skip("FFmpeg is not installed")


def test_a_picture_of_a_film_is_the_still_of_its_moment(scene: Scene) -> None:
    field = next(layer for layer in scene.layers if isinstance(layer, FieldLayer))
    # a field flows from one moment to the next: in the middle of an interval it is just that one's
    middle = float(field.times[0] + field.times[1]) / 2
    camera = Camera.of(scene.view(), SIZE)
    film = Film(scene, camera)
    np.testing.assert_array_equal(film.frame(middle), image.render(scene, middle, camera))
    film.frame(0.0)
    np.testing.assert_array_equal(film.frame(middle), film.picture(middle)[0])  # whatever was drawn before


def test_people_throw_shadows_on_lit_ground_but_not_in_a_plan(scene: Scene) -> None:
    bare = scene.hide("results")
    changed = {}
    for view in ("overview", "top"):
        film = Film(bare, Camera.of(scene.view(view), (640, 400)))
        film.bodies = [body._replace(vertices=1e-3 * body.vertices) for body in film.bodies]  # nothing but their shadows
        with_people = film.frame(0.0).astype(int)
        empty = Film(bare.hide("people"), film.camera).frame(0.0).astype(int)
        changed[view] = (empty - with_people).max(axis=2)
        assert (with_people - empty).max() <= 255
    assert (changed["overview"] > 20).sum() > 300
    assert (changed["top"] > 20).sum() < 30


@given(st.integers(0, 10_000))
@settings(max_examples=25)
def test_figures_are_drawn_where_the_slow_loop_draws_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    corners = np.column_stack([rng.uniform(-3, 18, (24, 2)), rng.uniform(5, 9, 24)]).astype(np.float32).reshape(4, 6, 3)
    faces = np.array([[0, 1, 2], [3, 5, 4], [1, 4, 2]], np.int32)
    still = rng.choice(np.array([0.0, 6.0, 8.0], np.float32), (14, 16))
    expected = np.zeros((14, 16), np.int32)
    y, x = np.indices(expected.shape)
    best = np.full(expected.shape, np.inf)
    for n, figure in enumerate(corners.astype(float)):
        for t, (a, b, c) in enumerate(figure[faces]):
            area = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
            if area >= 0:
                continue
            u = ((b[0] - x) * (c[1] - y) - (c[0] - x) * (b[1] - y)) / area
            v = ((c[0] - x) * (a[1] - y) - (a[0] - x) * (c[1] - y)) / area
            here = u * a[2] + v * b[2] + (1 - u - v) * c[2]
            seen = (u >= 0) & (v >= 0) & (1 - u - v >= 0) & (here < best) & ((still == 0) | (here < still + 0.02))
            best[seen], expected[seen] = here[seen], n * len(faces) + t + 1
    spans = filming._spans(corners, expected.shape)
    near, number = np.full(expected.shape, np.inf, np.float32), np.zeros(expected.shape, np.int32)
    for first, last in ((0, 5), (5, 14)):
        kernels.draw_figures(corners, faces, spans, still, first, last, near, number)
    assert (number != expected).mean() < 0.01  # single precision at an edge


def test_people_are_hidden_by_what_is_before_them_and_by_each_other(scene: Scene) -> None:
    view = View("eye", "Eye", (0.0, -30.0, 5.6), (0.0, 0.0, 4.5))
    people = PeopleLayer(
        "people", "People", np.zeros(1), np.array([0, 2]), np.array([1, 2], np.int32),
        np.array([[0.0, 0.0, 3.6], [0.0, -10.0, 3.6]], np.float32), (200, 30, 30),
    )  # fmt: skip
    wall = replace(scene.layer("ground"), visible=True)
    alone = Scene("Two", (wall, people), (view,), times=np.array([0.0, 1.0]))
    camera = Camera.of(view, SIZE)
    film = Film(alone, camera)
    picture = film.frame(0.0)
    nearer = replace(people, start=np.array([0, 1]), ids=people.ids[1:], positions=people.positions[1:])
    only = Film(replace(alone, layers=(wall, nearer)), camera).frame(0.0)
    red = [(shown[..., 0].astype(int) - shown[..., 1] > 40).sum() for shown in (picture, only)]
    assert red[0] < 1.7 * red[1]  # of the one behind little is seen


def test_people_move_between_their_frames() -> None:
    people = PeopleLayer(
        "p", "P", np.array([0.0, 2.0, 4.0]), np.array([0, 2, 4, 5]), np.array([5, 9, 9, 5, 7], np.int32),
        np.array([[0, 0, 0], [10, 0, 0], [12, 0, 2], [0, 4, 0], [1, 1, 1]], np.float32), (1, 2, 3),
    )  # fmt: skip
    ids, at = people.between(0.5)
    np.testing.assert_array_equal(ids, [5, 9])
    np.testing.assert_allclose(at, [[0, 1, 0], [10.5, 0, 0.5]])
    np.testing.assert_allclose(people.between(2.0)[1], people.frame(2.0))
    np.testing.assert_allclose(people.between(3.0)[1], people.frame(2.0))  # both are gone in the next: they stay
    np.testing.assert_allclose(people.between(99.0)[1], people.frame(99.0))
    assert not len(replace(people, times=np.empty(0), start=np.zeros(1, np.int64)).between(1.0)[0])


def test_a_field_flows_from_one_moment_to_the_next(scene: Scene) -> None:
    layer = next(one for one in scene.layers if isinstance(one, FieldLayer))
    middle = float(layer.times[0] + layer.times[1]) / 2
    assert filming._step(layer, middle) == 1.0
    half = filming._between(layer, 0.5).values[0]
    expected = (np.nan_to_num(layer.values[0]) + np.nan_to_num(layer.values[1])) / 2
    np.testing.assert_allclose(np.nan_to_num(half), expected, rtol=1e-6)
    np.testing.assert_array_equal(filming._between(layer, 99.0).values[0], layer.values[-1])


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif"])
def test_films_hold_the_pictures_they_should(scene: Scene, tmp_path: Path, suffix: str) -> None:
    if suffix != ".gif":
        _ffmpeg()
    path = tmp_path / f"square{suffix}"
    assert movie.movie(scene, path, size=SIZE, start=0.0, end=1.0, fps=5, speed=0.5, language="nl") == path
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    if suffix == ".gif":
        with Image.open(path) as film:
            assert film.size == SIZE
            assert getattr(film, "n_frames", 1) == 11
        return
    entries = "stream=width,height,nb_read_frames,pix_fmt"
    command = ["ffprobe", "-v", "error", "-count_frames", "-show_entries", entries, "-of", "csv=p=0"]
    said = subprocess.run([*command, str(path)], capture_output=True, text=True, check=True).stdout.strip()
    assert said == "320,200,yuv420p,11"


def test_export_knows_films(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(scene, times=scene.times[:3])
    monkeypatch.setattr(movie, "MOST_GIF_FRAMES", 21)
    export(small, tmp_path / "x.gif")
    assert (tmp_path / "x.gif").stat().st_size > 1000


def test_mistakes_are_told_before_anything_is_drawn(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(error: type[Exception], match: str, name: str = "x.gif", given: Scene = scene, **options: object) -> None:
        with pytest.raises(error, match=match):
            movie.movie(given, tmp_path / name, **options)

    monkeypatch.setattr(movie, "Film", None)  # whoever gets so far fails with something else
    refused(OutputError, r"cannot be written as `.avi`", "x.avi")
    refused(ParameterError, "nothing in this scene moves", given=replace(scene, times=np.empty(0)))
    refused(ParameterError, "from 5 to 2 s is not possible", start=5.0, end=2.0)
    refused(ParameterError, "from 0 to 900 s", end=900.0)
    refused(ParameterError, "times the speed", speed=-1.0)
    refused(ParameterError, "pictures a second", fps=0.0)
    refused(ParameterError, "321 x 200", "x.mp4", size=(321, 200))
    refused(ParameterError, "no words in `de`", language="de")
    refused(ParameterError, "did you mean `night`", look="nigt")
    refused(ParameterError, "no view", view="nowhere")
    refused(ParameterError, "too many for a GIF", speed=0.1, fps=100.0)
    refused(ParameterError, "would have 200001 pictures", "x.mp4", speed=0.01, fps=100.0)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    refused(MissingExtraError, "FFmpeg, which is not installed", "x.mp4")
    assert not list(tmp_path.iterdir())


def test_a_film_that_fails_leaves_nothing(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _ffmpeg()
    monkeypatch.setitem(movie.OPTIONS, movie.find_encoder(".mp4")[1], ["-no-such-option", "1"])
    with pytest.raises(OutputError, match="FFmpeg could not write") as caught:
        movie.movie(scene, tmp_path / "x.mp4", size=SIZE, end=1.0)
    assert caught.value.where == str(tmp_path / "x.mp4")
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        movie.movie(scene, tmp_path / "file" / "x.gif", size=SIZE, end=1.0)


def test_a_film_lasts_a_minute_at_most_unless_told_otherwise(scene: Scene) -> None:
    hour = replace(scene, times=np.linspace(0.0, 3600.0, 100))
    times = movie.moments(hour, None, None, None, 25.0)
    assert len(times) == 60 * 25 + 1
    assert times[-1] == pytest.approx(3600.0)
    assert len(movie.moments(hour, 0.0, 60.0, 1.0, 25.0)) == 60 * 25 + 1
