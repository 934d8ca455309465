"""The offline page: complete, closed to the network and to hostile names, and small."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from twin.commands.pictures import draw_all
from twin.errors import RenderingError
from viewer.backends import html, payload_layers
from viewer.backends.blob import Blob
from viewer.backends.creases import creases
from viewer.backends.html import encode_html
from viewer.export import export
from viewer.scene import FieldLayer, MeshLayer, PeopleLayer, Scene

EVIL = "</script><img src=x onerror=alert(1)>"
TYPES = {"int8": "<i1", "int16": "<i2", "int32": "<i4", "uint8": "u1", "float32": "<f4"}


@pytest.fixture(scope="module")
def page(scene: Scene) -> str:
    return encode_html(replace(scene, title=f"King's Day {EVIL} @SCRIPT@")).decode("utf-8")


def _document(page: str) -> tuple[dict[str, Any], bytes]:
    text = re.search(r'<script id="scene-data" type="application/json">(.*?)</script>', page, re.DOTALL)
    packed = re.search(r'<script id="scene-bytes" type="text/plain">(.*?)</script>', page, re.DOTALL)
    assert text is not None
    assert packed is not None
    document = json.loads(text.group(1))
    content = gzip.decompress(base64.b64decode(packed.group(1)))
    assert len(content) == document["size"]
    return document, content


def _raw(content: bytes, where: dict[str, Any]) -> NDArray[Any]:
    return np.frombuffer(content, TYPES[where["type"]], where["n"], where["at"])


def _integers(content: bytes, where: dict[str, Any]) -> NDArray[np.int64]:
    """What the page's own decoder does: cumulated differences, column by column."""
    columns = len(where["heads"])
    steps = _raw(content, where).astype(np.int64).reshape(columns, -1)
    return (np.cumsum(steps, axis=1) + np.array(where["heads"])[:, None]).T


def test_it_needs_nothing_from_outside(page: str) -> None:
    ours = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(r"https?://|<[^>]*\bsrc=|@import|url\(", ours)
    assert not re.search(r"\b(XMLHttpRequest|WebSocket|importScripts|eval|Worker)\s*\(", page)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert policy.group(1).startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy.group(1)


def test_the_policy_allows_exactly_our_script_and_style(page: str) -> None:
    for tag in ("script", "style"):
        content = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert content is not None
        digest = base64.b64encode(hashlib.sha256(content.group(1).encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in page


def test_hostile_names_stay_text(page: str) -> None:
    assert "<img" not in page
    assert page.count("<script") == 3
    assert page.count("</script>") == 3
    document, _ = _document(page)
    buildings = next(layer for layer in document["layers"] if layer["name"] == "buildings")
    assert EVIL in buildings["attributes"]["use"]
    assert document["title"].endswith(f"{EVIL} @SCRIPT@")
    assert "&lt;/script&gt;" in re.search(r"<title>(.*?)</title>", page).group(1)


def test_meshes_come_back_within_two_centimetres(scene: Scene, page: str) -> None:
    document, content = _document(page)
    for entry in document["layers"]:
        if entry["kind"] != "mesh":
            continue
        layer = scene.layer(entry["name"])
        assert isinstance(layer, MeshLayer)
        vertices = _integers(content, entry["vertices"]) * document["step"]
        triangles = _integers(content, entry["triangles"]).reshape(-1, 3)
        error = np.abs(vertices[triangles] - layer.vertices[layer.triangles]).max()
        assert error <= 0.02, entry["name"]
        colour = _integers(content, entry["colour"]).ravel()
        np.testing.assert_array_equal(np.array(entry["palette"]).reshape(-1, 3)[colour], layer.colours)
        if "owner" in entry:
            np.testing.assert_array_equal(_integers(content, entry["owner"]).ravel(), layer.owner)


def test_people_come_back_at_every_moment(scene: Scene, page: str) -> None:
    document, content = _document(page)
    entry = next(layer for layer in document["layers"] if layer["kind"] == "people")
    people = scene.layer("people")
    assert isinstance(people, PeopleLayer)
    first, count = (_integers(content, entry[name]).ravel() for name in ("first", "count"))
    steps = _raw(content, entry["steps"]).astype(np.int64).reshape(3, -1).T
    start = np.repeat(_integers(content, entry["start"]), count, axis=0)
    offset = np.cumsum(count) - count
    total = np.cumsum(steps, axis=0)
    place = (start + total - np.repeat(total[offset], count, axis=0)) * entry["step"]
    frame = np.arange(len(place)) - np.repeat(offset - first, count)
    for k, time in enumerate(entry["times"]):
        mine = place[frame == k]
        expected = people.frame(time)
        assert mine.shape == expected.shape
        np.testing.assert_allclose(mine, expected[np.argsort(people.ids[people.start[k] : people.start[k + 1]])], atol=0.03)


def test_people_who_come_and_go_are_cut_into_ways() -> None:
    frames = [[1, 2], [1], [1, 2, 3]]
    ids = np.concatenate([np.array(f) for f in frames]).astype(np.int32)
    start = np.cumsum([0, *(len(f) for f in frames)]).astype(np.int64)
    at = np.arange(3 * len(ids), dtype=np.float32).reshape(-1, 3)
    layer = PeopleLayer("p", "P", np.arange(3.0), start, ids, at, (0, 0, 0))
    blob = Blob()
    entry, note = payload_layers.people_entry(layer, blob)
    content = b"".join(blob.parts)
    assert note == ""
    np.testing.assert_array_equal(_integers(content, entry["first"]).ravel(), [0, 0, 2, 2])
    np.testing.assert_array_equal(_integers(content, entry["count"]).ravel(), [3, 1, 1, 1])


def test_long_runs_are_thinned_and_say_so(monkeypatch: pytest.MonkeyPatch, scene: Scene) -> None:
    monkeypatch.setattr(payload_layers, "MAX_ROWS", 2000)
    document, _ = _document(encode_html(scene).decode("utf-8"))
    entry = next(layer for layer in document["layers"] if layer["kind"] == "people")
    assert entry["times"] == [0.0, 3.0, 6.0, 9.0, 12.0, 15.0, 18.0]
    assert any("one in 3" in note for note in document["notes"])


def test_fields_come_back_in_their_class(scene: Scene, page: str) -> None:
    document, content = _document(page)
    entry = next(layer for layer in document["layers"] if layer["name"] == "density_street")
    layer = scene.layer("density_street")
    assert isinstance(layer, FieldLayer)
    coded = _raw(content, entry["values"]).reshape(layer.values.shape)
    value = (coded / 255.0) ** 2 * entry["top"]
    np.testing.assert_allclose(value, np.nan_to_num(layer.values), atol=0.01 * entry["top"])
    assert len(document["legends"][0]["classes"]) == 6


def test_differences_keep_their_sign_and_what_is_unknown() -> None:
    values = np.array([[[-2.0, 0.0, np.nan, 1.0]]], np.float32)
    layer = FieldLayer("d", "D", 0.0, 1.0, 1.0, np.zeros((1, 4), np.float32), np.zeros(1), values, "change")
    blob = Blob()
    entry, _ = payload_layers.field_entry(layer, blob)
    coded = _raw(b"".join(blob.parts), entry["values"]).astype(float)
    assert entry["scale"] == "linear"
    assert coded[2] == 0
    back = entry["low"] + (entry["top"] - entry["low"]) * (coded - 1) / 254
    np.testing.assert_allclose(back[[0, 1, 3]], [-2.0, 0.0, 1.0], atol=0.01)


def test_many_people_are_kept_at_every_other_second() -> None:
    """Twenty thousand for ten minutes: coarser in place, but no one jumps from moment to moment."""
    frames, people = 60, 500
    start = np.arange(frames + 1, dtype=np.int64) * people
    at = np.repeat(np.arange(frames, dtype=np.float32) * 1.3, people)
    positions = np.column_stack([at, at, np.zeros_like(at)])
    ids = np.tile(np.arange(people, dtype=np.int32), frames)
    layer = PeopleLayer("p", "P", np.arange(frames, dtype=float), start, ids, positions, (0, 0, 0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(payload_layers, "COARSE_ROWS", 10_000)
        patch.setattr(payload_layers, "MAX_ROWS", 15_000)
        entry, note = payload_layers.people_entry(layer, Blob())
    assert entry["step"] == 0.25
    assert entry["times"] == [float(t) for t in range(0, frames, 2)]
    assert entry["steps"]["type"] == "int8"
    assert "one in 2" in note


def test_baked_light_is_dark_between_walls_and_bright_on_roofs(scene: Scene, page: str) -> None:
    document, content = _document(page)
    sky = document["maps"][""]
    low, top, _ = _raw(content, sky["planes"]).reshape(3, sky["rows"], sky["columns"])
    assert 0.05 < (low < 150).mean() < 0.8
    assert (top > 220).mean() > (low > 220).mean()


def test_it_is_small_enough_to_send(scene: Scene) -> None:
    """2,000 people over 300 recorded moments, walking: the page stays below 8 MB."""
    rng = np.random.default_rng(2)
    people, frames = 2000, 300
    heading = rng.uniform(0, 2 * np.pi, people)
    turn = np.cumsum(rng.normal(0, 0.2, (frames, people)), axis=0) + heading
    xy = np.cumsum(1.3 * np.stack([np.cos(turn), np.sin(turn)], axis=2), axis=0) + rng.uniform(0, 150, (people, 2))
    at = np.concatenate([xy, np.full((frames, people, 1), 3.6)], axis=2).reshape(-1, 3).astype(np.float32)
    layer = PeopleLayer(
        "people",
        "People",
        np.arange(frames, dtype=float),
        np.arange(frames + 1, dtype=np.int64) * people,
        np.tile(np.arange(people, dtype=np.int32), frames),
        at,
        (0, 0, 0),
    )
    layers = tuple(layer if isinstance(other, PeopleLayer) else other for other in scene.layers)
    assert len(encode_html(replace(scene, layers=layers))) < 8_000_000


def test_labels_and_roles_for_everyone(page: str) -> None:
    assert '<html lang="en">' in page
    for name in re.findall(r'<(?:input|select) id="([^"]+)"', page):
        wrapped = re.search(rf'<label class="layer"><input id="{name}"', page)
        assert wrapped or f'<label for="{name}"' in page, name
    for button in re.findall(r"<button[^>]*>[^<]{0,2}</button>", page):
        assert "aria-label" in button or "data-label" in button, button
    assert 'aria-label="3D scene' in page
    assert 'role="status"' in page
    assert "<noscript>" in page


def test_decks_and_stairs_take_the_field_but_not_the_light_below_them(scene: Scene, page: str) -> None:
    document, _ = _document(page)
    entries = {layer["name"]: layer for layer in document["layers"] if layer["kind"] == "mesh"}
    for name in ("bridges", "stairs"):
        assert entries[name]["floor"]
        assert entries[name]["light"] == "solid"
        assert "baked" in entries[name]
    assert entries["roads_street"]["floor"]
    assert entries["roads_street"]["light"] == "floor"
    assert not entries["buildings"]["floor"]


def test_every_layer_knows_what_a_section_makes_of_it(page: str) -> None:
    document, _ = _document(page)
    cut = {layer["name"]: layer["cut"] for layer in document["layers"] if layer["kind"] == "mesh"}
    assert cut["pit"] == cut["ground"] == cut["roads_street"] == "ground"
    assert cut["water"] == "water"
    assert cut["buildings"] == cut["cellars"] == cut["bridges"] == "solid"
    assert cut["trees"] == cut["furniture"] == cut["surroundings"] == ""


def test_edges_are_where_faces_meet_at_an_angle() -> None:
    corners = np.array([[x, y, z] for z in (0.0, 1.0) for y in (0.0, 1.0) for x in (0.0, 1.0)])
    squares = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
    triangles = np.array([tri for a, b, c, d in squares for tri in ((a, b, c), (a, c, d))], np.int32)
    sides, open_things = creases(corners, triangles, None)
    assert not len(open_things)
    # of each triangle the side across the square is no edge, the two others are
    assert [bin(value).count("1") for value in sides] == [2] * 12
    open_sides, open_things = creases(corners, triangles[2:], np.full(10, 7, np.int32))
    assert open_things.tolist() == [7]
    assert [bin(value).count("1") for value in open_sides] == [2] * 10


def test_without_its_script_the_page_says_what_to_do(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = html._asset

    def missing(name: str) -> str:
        if name.endswith(".js"):
            raise FileNotFoundError(name)
        return real(name)

    monkeypatch.setattr(html, "_asset", missing)
    with pytest.raises(RenderingError, match="script was not made when the package was installed") as caught:
        export(scene, tmp_path / "scene.html")
    assert "pip install ." in str(caught.value.hint)
    assert not list(tmp_path.iterdir())


def test_a_run_goes_on_without_the_page(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Hours of simulation are not lost where an install could not make the script."""

    def write(_scene: Scene, path: Path) -> None:
        if path.suffix == ".html":
            raise RenderingError("no script", hint="install again")

    monkeypatch.setattr("viewer.sides.compose_side", lambda *_: scene)
    monkeypatch.setattr("viewer.export", write)
    monkeypatch.setattr("viewer.screenshot", lambda *_, **__: None)
    nothing: Any = None
    assert draw_all(nothing, nothing, None, nothing, tmp_path) == {"after": "after.png", "scene.glb": "scene.glb"}
    assert "no scene.html: no script\n  install again" in capsys.readouterr().err


def test_texts_of_the_viewer_come_in_dutch_and_names_do_not(scene: Scene) -> None:
    document, _ = _document(encode_html(replace(scene, title="Water"), "nl").decode("utf-8"))
    assert document["language"] == "nl"
    assert document["words"]["Buildings"] == "Gebouwen"
    assert EVIL not in document["words"]
    assert document["title"] == "Water"


def test_a_comparison_has_light_for_what_was_there_before(scene: Scene) -> None:
    layers = tuple(replace(layer, side="after") if layer.group == "change" else layer for layer in scene.layers)
    box = replace(layers[0], name="old", side="before")
    document, _ = _document(encode_html(replace(scene, layers=(*layers, box))).decode("utf-8"))
    assert document["sides"] == ["before", "after"]
    assert set(document["maps"]) == {"", "before"}


def test_what_the_page_cannot_show_is_noted(scene: Scene) -> None:
    field = next(layer for layer in scene.layers if isinstance(layer, FieldLayer))
    more = tuple(replace(field, name=f"field-{k}") for k in range(30))
    classes = tuple(replace(scene.legends[0].classes[0], low=float(k), high=float(k + 1)) for k in range(20))
    many = replace(scene, layers=(*scene.layers, *more), legends=(replace(scene.legends[0], classes=classes),))
    document, _ = _document(encode_html(many).decode("utf-8"))
    assert sum(layer["kind"] == "field" for layer in document["layers"]) == 24
    assert "This page shows 24 of 32 fields" in document["notes"]
    assert any("after the first 16" in note for note in document["notes"])
