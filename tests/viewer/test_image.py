"""Still pictures: drawn without a screen, lit as they should be, with everything written on them."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from twin.errors import OutputError, ParameterError
from twin.geo.city import City
from viewer import style
from viewer.backends import light, overlay, pack, sheet
from viewer.backends.camera import Camera
from viewer.backends.image import render, screenshot
from viewer.backends.visible import visible_triangles
from viewer.compose import compose
from viewer.scene import MeshLayer, PeopleLayer, Scene, View

SIZE = (640, 400)


pytestmark = pytest.mark.usefixtures("opengl")


def _picture(png: bytes | Path) -> NDArray[np.uint8]:
    assert isinstance(png, bytes)
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def _box(z: float = 0.0, size: float = 10.0, high: float = 10.0) -> MeshLayer:
    from shapely import box

    from viewer.shapes import prism

    vertices, triangles = prism(box(-size / 2, -size / 2, size / 2, size / 2), z, z + high)
    colours = np.full(triangles.shape, 180, np.uint8)
    return MeshLayer("block", "Block", vertices, triangles, colours, group="buildings", casts_shadow=True)


def _plane(size: float = 60.0) -> MeshLayer:
    from shapely import box

    from viewer.shapes import plate

    vertices, triangles = plate(box(-size, -size, size, size), 0.0)
    return MeshLayer("ground", "Ground", vertices, triangles, np.full(triangles.shape, 150, np.uint8), group="ground")


def _plan(half: float = 30.0) -> View:
    return View("top", "Plan", (0.0, 0.0, half / np.tan(np.radians(15.0))), (0.0, 0.0, 0.0), 30.0)


def test_every_view_draws_and_is_not_blank(scene: Scene) -> None:
    for view in scene.views:
        picture = _picture(screenshot(scene, view=view.name, size=SIZE))
        assert picture.shape == (400, 640, 3)
        assert picture.std() > 25
        assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 3000


def test_colours_are_where_the_things_are(town: City, scene: Scene) -> None:
    """In the plan: the canal is bluer than the square, roofs are redder, trees greener."""
    bare = compose(town, view=scene.views)
    camera = Camera.of(scene.view("top"), SIZE)
    picture = render(bare, 0.0, camera).astype(float)

    def mean(x: float, y: float, z: float = 3.6, reach: int = 3) -> NDArray[np.float64]:
        (column, row), _ = camera.project(np.array([[x, y, z]]))[0][0], None
        return picture[int(row) - reach : int(row) + reach, int(column) - reach : int(column) + reach].mean(axis=(0, 1))

    water, square = mean(90.0, 3.0), mean(75.0, 17.0)
    tree = mean(63.0 - (63.0 - 8.0) % 11.0, 10.0, 9.0)
    assert water[2] - water[0] > 15
    assert square[0] - square[2] > 10
    assert square.mean() > water.mean()
    assert tree[1] > tree[0] + 8
    assert tree[1] > tree[2] + 25


def test_a_floor_in_the_sun_keeps_its_colour_and_shadow_falls_away_from_the_sun() -> None:
    scene = Scene("t", (_plane(), _box()), (_plan(),), sun_azimuth_deg=180.0, sun_altitude_deg=45.0)
    picture = render(scene, 0.0, Camera.of(scene.view(), (200, 200))).astype(int)
    assert np.abs(picture[185, 30] - 150).max() <= 8
    per_metre = Camera.of(scene.view(), (200, 200)).pixels_per_metre
    north = picture[int(100 - 10 * per_metre), 100]
    south = picture[int(100 + 10 * per_metre), 100]
    assert north.mean() < 0.75 * south.mean()
    # at 45 degrees the shadow is as long as the block is high
    column = picture[:, 100].mean(axis=1)
    beyond = picture[int(100 - 17 * per_metre), 100].mean()
    assert beyond > 0.9 * south.mean()
    assert column.min() < 0.75 * beyond


def test_numbers_of_triangles_survive_the_renderer() -> None:
    """The colour trick: each sample holds exactly the number of the triangle that is nearest there."""
    rng = np.random.default_rng(5)
    n = 70_000
    x, y = rng.uniform(-20, 20, (2, n))
    corner = np.stack([np.column_stack([x + dx, y + dy, np.arange(n) * 1e-4]) for dx, dy in ((0, 0), (0.6, 0), (0, 0.6))], axis=1)
    triangles = np.arange(3 * n, dtype=np.int32).reshape(-1, 3)
    colours = np.zeros((n, 3), np.uint8)
    scene = Scene("t", (MeshLayer("m", "M", corner.reshape(-1, 3), triangles, colours),), (_plan(20.0),))
    camera = Camera.of(scene.view(), (160, 160))
    packed = pack.pack(scene, 0.0, camera)
    ids = visible_triangles(packed, camera, 2)
    assert ids.max() > 65_536
    half = camera.tan_half * camera.distance
    row, column = np.nonzero(ids)
    chosen = rng.choice(len(row), 3000, replace=False)
    px = (2 * (column[chosen] + 0.5) / 320 - 1) * half
    py = (1 - 2 * (row[chosen] + 0.5) / 320) * half
    number = ids[row[chosen], column[chosen]].astype(int) - 1
    u, v = px - x[number], py - y[number]
    slack = 0.05 * 2 * half / 320  # rasterisers snap corners to a fraction of a sample
    # the rest are hairline gaps, closed from the side
    assert ((u > -slack) & (v > -slack) & (u + v < 0.6 + slack)).mean() > 0.995
    higher = [((a - x > 0) & (b - y > 0) & (a - x + b - y < 0.6)).nonzero()[0].max(initial=-1) for a, b in zip(px, py, strict=True)]
    assert (number == higher).mean() > 0.99


def test_the_drape_has_the_colours_of_its_legend(town: City, scene: Scene) -> None:
    plan = scene.view("top")
    camera = Camera.of(plan, SIZE)
    without = replace(scene, layers=tuple(x for x in scene.layers if not x.name.startswith(("people", "density"))))
    only = replace(scene, layers=tuple(x for x in scene.layers if x.name != "people"))
    changed = (render(only, 20.0, camera).astype(int) - render(without, 20.0, camera)).any(axis=2)
    assert 0.01 < changed.mean() < 0.5
    colours = render(only, 20.0, camera)[changed].astype(int)
    dark = np.array(style.LAJOLLA[4])
    assert (np.abs(colours - dark).max(axis=1) < 40).sum() > 50


def test_people_are_drawn_where_they_stand(scene: Scene) -> None:
    scene = scene.hide("results")
    camera = Camera.of(scene.view("close"), SIZE)
    nobody = replace(scene, layers=tuple(x for x in scene.layers if not isinstance(x, PeopleLayer)))
    one, other = render(scene, 5.0, camera), render(nobody, 5.0, camera)
    changed = (np.abs(one.astype(int) - other) > 25).any(axis=2)
    people = scene.layer("people")
    assert isinstance(people, PeopleLayer)
    pixels, depth = camera.project(people.frame(5.0) + np.float32([0, 0, 1.0]))
    inside = (depth > 0) & (pixels > 3).all(axis=1) & (pixels < np.array(SIZE) - 3).all(axis=1)
    hit = [changed[int(y) - 2 : int(y) + 3, int(x) - 1 : int(x) + 2].any() for x, y in pixels[inside]]
    assert np.mean(hit) > 0.8
    blue = one[changed].astype(int)
    assert (blue[:, 2] > blue[:, 0] + 20).mean() > 0.4


def test_what_is_written_stays_on_the_picture_and_moves_with_the_camera(scene: Scene) -> None:
    camera = Camera.of(scene.view(), (1600, 900))
    grey = Image.new("RGB", (1600, 900), (120, 120, 120))
    written = np.asarray(overlay.write_on(grey, scene, scene.time, camera)).astype(int)
    changed = (np.abs(written - 120) > 6).any(axis=2)
    # title above left, legend below left, scale and arrow below right, notes along the edge
    assert changed[20:130, 20:400].mean() > 0.8
    assert changed[640:860, 25:250].mean() > 0.9
    assert changed[790:860, 1400:1570].mean() > 0.9
    assert changed[875:, :].mean() > 0.9
    # every class of the legend shows its colour
    for colour in style.LAJOLLA:
        assert (np.abs(written[600:880, :320] - colour).max(axis=2) <= 1).sum() > 300
    # nothing touches the edge above or beside
    assert not changed[:15, :].any()
    assert not changed[:860, :15].any()
    assert not changed[:860, 1590:].any()


@pytest.mark.parametrize("size", [(1200, 675), (640, 400), (500, 900)])
def test_long_titles_fit(scene: Scene, size: tuple[int, int]) -> None:
    long = replace(scene, title="A very long title " * 20, subtitle="x" * 400, notes=("note " * 100,))
    camera = Camera.of(scene.view(), size)
    grey = Image.new("RGB", size, (120, 120, 120))
    written = np.asarray(overlay.write_on(grey, long, 0.0, camera)).astype(int)
    changed = (np.abs(written - 120) > 6).any(axis=2)
    assert not changed[: size[1] // 2, int(size[0] * 0.9) :].any()


def test_time_is_written_as_clock_and_since_the_start(scene: Scene) -> None:
    assert overlay.time_text(scene, 260.0) == "14:34:20  (t = 04:20)"
    assert overlay.time_text(replace(scene, clock_start=""), 3700.0) == "t = 01:01:40"
    assert overlay.time_text(replace(scene, clock_start="23:59:30"), 60.0).startswith("00:00:30")
    assert sheet.plain("a\nb\x00c") == "a b c"


def test_scale_bar_takes_round_lengths() -> None:
    assert [overlay.nice_length(v) for v in (1.0, 1.9, 2.1, 49.0, 50.0, 999.0)] == [1, 1, 2, 20, 50, 500]


def test_the_same_scene_gives_the_same_bytes(scene: Scene) -> None:
    assert screenshot(scene, size=(320, 200)) == screenshot(scene, size=(320, 200))


def test_files_are_written_whole_or_not_at_all(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = screenshot(scene, tmp_path / "deep" / "x.png", size=(320, 200))
    assert isinstance(path, Path)
    with Image.open(path) as picture:
        assert picture.size == (320, 200)
    blocked = tmp_path / "file"
    blocked.write_text("x")
    with pytest.raises(OutputError, match="cannot be written"):
        screenshot(scene, blocked / "x.png", size=(320, 200))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OutputError, match="No space left"):
        screenshot(scene, tmp_path / "y.png", size=(320, 200))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["deep", "file"]


def test_faulty_requests_say_what_is_wrong(scene: Scene) -> None:
    with pytest.raises(ParameterError, match="pixels is not possible"):
        screenshot(scene, size=(10, 10))
    with pytest.raises(ParameterError, match="no view `side`"):
        screenshot(scene, view="side")
    with pytest.raises(ParameterError, match="no background `blue`"):
        screenshot(scene, background="blue")


def test_a_transparent_picture_is_what_is_in_it_over_anything(scene: Scene) -> None:
    """What fills a pixel has the colour that it has before the sky; where there is only sky there is nothing."""
    low = View("low", "Low", (-60.0, -60.0, 12.0), (0.0, 0.0, 6.0))
    town = replace(scene, views=(low,))
    whole = _picture(screenshot(town, size=SIZE, overlay=False))
    png = screenshot(town, size=SIZE, overlay=False, background="transparent")
    assert isinstance(png, bytes)
    cut = np.asarray(Image.open(io.BytesIO(png)))
    assert cut.shape == (400, 640, 4)
    cover = cut[..., 3]
    assert 0.02 < (cover == 0).mean() < 0.98
    assert ((cover > 0) & (cover < 255)).any()
    np.testing.assert_array_equal(cut[cover == 255][:, :3], whole[cover == 255])
    assert not cut[cover == 0][:, :3].any()
    written = Image.open(io.BytesIO(screenshot(town, size=SIZE, background="transparent")))
    assert written.mode == "RGBA"
    assert (np.asarray(written)[..., 3] == 255).mean() > (cover == 255).mean()


def test_an_empty_scene_is_sky() -> None:
    picture = _picture(screenshot(Scene("nothing", (), (_plan(),)), size=(320, 200), overlay=False))
    assert picture.std() < 40


def test_without_opengl_the_error_names_the_packages() -> None:
    """With a window class that is not there VTK cannot draw; the process must live to say so."""
    code = (
        "from viewer.backends import probe; probe._PROBE = 'import os; os.abort()'\n"
        "from twin.errors import RenderingError\n"
        "import sys\n"
        "try:\n    probe.prepare()\n"
        "except RenderingError as error:\n    sys.stdout.write(str(error))\n"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    if sys.platform != "linux":
        pytest.skip("only Linux draws without a screen by EGL")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True, timeout=60)
    assert "cannot be drawn" in done.stdout
    assert "apt-get install -y libegl1 libgl1-mesa-dri" in done.stdout


def test_light_in_the_open_and_under_a_roof() -> None:
    scene = Scene("t", (_plane(), _box(z=5.0, size=20.0, high=1.0)), (_plan(),))
    packed = pack.pack(scene, 0.0, Camera.of(scene.view(), (100, 100)))
    heights = pack.height_raster(packed, np.zeros(3))
    points = np.array([[0.0, 0.0, 0.1], [-40.0, -40.0, 0.1], [0.0, 0.0, 6.2]])
    up = np.tile([0.0, 0.0, 1.0], (3, 1))
    seen = light.light_at(points, up, heights, light.sun_vector(180.0, 40.0))
    assert seen[0, 0] == 0
    assert seen[1, 0] == 255
    assert seen[2, 0] == 255
    assert seen[0, 1] < 60
    assert seen[1, 1] > 240


def test_a_moment_that_the_scene_has_not_is_refused(scene: Scene) -> None:
    for time in (-1.0, 1e5, float("nan"), float("inf")):
        with pytest.raises(ParameterError, match="no moment"):
            screenshot(scene, size=(64, 64), time=time)
    with pytest.raises(ParameterError, match="million pixels"):
        screenshot(scene, size=(8192, 8192))
