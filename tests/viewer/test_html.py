"""The offline page: complete, closed to the network and to hostile names, and it draws in a real browser."""

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
from PIL import Image

from tests.browser import open_page
from viewer.backends import payload
from viewer.backends.html import encode_html
from viewer.export import export
from viewer.scene import FieldLayer, LabelLayer, MeshLayer, PeopleLayer, Scene

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
    assert not re.search(r"https?://", page)
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|importScripts|eval)\s*\(", page)
    assert "innerHTML" not in page
    assert "src=" not in page.split("<script>")[1]
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
    blob = payload.Blob()
    entry, note = payload.people_entry(layer, blob)
    content = b"".join(blob.parts)
    assert note == ""
    np.testing.assert_array_equal(_integers(content, entry["first"]).ravel(), [0, 0, 2, 2])
    np.testing.assert_array_equal(_integers(content, entry["count"]).ravel(), [3, 1, 1, 1])


def test_long_runs_are_thinned_and_say_so(monkeypatch: pytest.MonkeyPatch, scene: Scene) -> None:
    monkeypatch.setattr(payload, "MAX_ROWS", 2000)
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


def test_baked_light_is_dark_in_shadow_and_bright_on_roofs(scene: Scene, page: str) -> None:
    document, content = _document(page)
    sun = _raw(content, document["map"]["planes"]).reshape(4, document["map"]["rows"], document["map"]["columns"])
    assert 0.1 < (sun[0] < 60).mean() < 0.8
    assert (sun[2] > 200).mean() > (sun[0] > 200).mean()


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
    for name in ("slider", "speed"):
        assert f'<label for="{name}">' in page
    assert 'aria-label="3D scene' in page
    assert 'role="status"' in page
    assert "<noscript>" in page


def test_a_browser_opens_it_without_a_network(scene: Scene, tmp_path: Path) -> None:
    hostile = replace(scene, title=f"{EVIL}", notes=(EVIL, *scene.notes))
    target = export(hostile, tmp_path / "scene.html")
    done = open_page(target, tmp_path, "--dump-dom")
    root = re.search(r"<html[^>]*>", done.stdout)
    assert root is not None, done.stderr[-2000:]
    assert 'data-ready="1"' in root.group(0), done.stdout[-3000:]
    assert "buildings" in root.group(0)
    assert "density_street" in root.group(0)
    assert "<img" not in done.stdout
    assert '<input type="checkbox" name="cellars">' in done.stdout
    assert re.search(r'id="moment">14:30:20 \(t = 00:20\), 300 people<', done.stdout)
    assert done.stdout.count('class="swatch"') == 6


def test_a_browser_draws_it(scene: Scene, tmp_path: Path) -> None:
    target = export(scene, tmp_path / "scene.html")
    done = open_page(target, tmp_path, f"--screenshot={tmp_path / 'shot.png'}")
    assert (tmp_path / "shot.png").exists(), done.stderr[-2000:]
    with Image.open(tmp_path / "shot.png") as shot:
        picture = np.asarray(shot.convert("RGB")).astype(int)
    drawn = picture[20:600, 320:1150]
    assert drawn.std() > 25
    assert len(np.unique(drawn.reshape(-1, 3), axis=0)) > 2000
    people = (drawn[..., 2] > drawn[..., 0] + 60) & (drawn[..., 0] < 60)
    assert people.sum() > 200


def test_a_click_names_the_building_and_time_moves(scene: Scene, tmp_path: Path) -> None:
    """Driven by a script of the test's own: views, picking, layers and time answer through `window.stadstwin`."""
    target = export(scene, tmp_path / "scene.html")
    text = target.read_text(encoding="utf-8")
    probe = """
    const wait = setInterval(() => {
      const s = window.stadstwin;
      if (!s.ready) return;
      clearInterval(wait);
      const out = {start: s.time, people: s.people};
      const slider = document.getElementById("slider");
      slider.value = 3; slider.dispatchEvent(new Event("input"));
      out.moved = s.time;
      const canvas = document.getElementById("picture");
      const seen = {};
      for (let x = 0.05; x < 1; x += 0.06) for (let y = 0.1; y < 1; y += 0.08) {
        s.page.pickAt(x * canvas.clientWidth, y * canvas.clientHeight);
        if (s.picked) seen[s.picked.layer + "/" + s.picked.id] = s.picked.height_m ?? null;
      }
      out.seen = seen;
      document.querySelector('input[name="people"]').click();
      out.layers = s.layers;
      canvas.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowLeft", bubbles: true}));
      out.azimuth = s.page.orbit.azimuth;
      document.documentElement.dataset.probe = JSON.stringify(out);
    }, 50);
    """
    digest = base64.b64encode(hashlib.sha256(probe.encode()).digest()).decode()
    text = text.replace("script-src ", f"script-src 'sha256-{digest}' ").replace("</body>", f"<script>{probe}</script></body>")
    target.write_text(text, encoding="utf-8")
    done = open_page(target, tmp_path, "--dump-dom")
    found = re.search(r'data-probe="([^"]*)"', done.stdout)
    assert found is not None, done.stdout[-3000:]
    out = json.loads(found.group(1).replace("&quot;", '"'))
    assert out["start"] == pytest.approx(20.0 - 1.0, abs=1.01)
    assert out["moved"] == pytest.approx(3.0, abs=0.1)
    assert out["people"] == 300
    assert out["layers"]["people"] is False
    houses = {key: height for key, height in out["seen"].items() if key.startswith("buildings/")}
    assert len(houses) > 5
    layer = scene.layer("buildings")
    assert isinstance(layer, MeshLayer)
    table = dict(zip(layer.attributes["id"], layer.attributes["height_m"], strict=True))
    assert all(table[key.split("/", 1)[1]] == pytest.approx(height) for key, height in houses.items())


def test_long_names_are_whole_on_a_phone(scene: Scene, tmp_path: Path) -> None:
    names = ("Bridge 2 closed for a cable repair", "Stage", "Rijksdienstvoorhetcultureelerfgoedgebouwmetdeklok")
    corners = np.array([[x, y, 3.6] for x, y in ((20.0, 0.0), (75.0, 20.0), (130.0, 30.0))])
    layers = tuple(layer for layer in scene.layers if not isinstance(layer, LabelLayer))
    named = replace(scene, layers=(*layers, LabelLayer("labels", "Names", corners, names)))
    export(named, tmp_path / "scene.html")
    probe = """
    const frame = document.querySelector("iframe");
    const wait = setInterval(() => {
      const s = frame.contentWindow.stadstwin;
      if (!s || !s.ready) return;
      clearInterval(wait);
      s.page.resize(); s.page.draw();
      const inside = frame.contentDocument, stage = inside.getElementById("stage").getBoundingClientRect();
      const out = [...inside.querySelectorAll("#labels span")].map((one) => {
        const box = one.getBoundingClientRect();
        return {text: one.textContent, hidden: one.hidden, left: box.left - stage.left, right: stage.right - box.right,
          spill: one.scrollWidth - one.clientWidth, tall: box.height};
      });
      document.documentElement.dataset.probe = JSON.stringify(out);
    }, 50);
    """
    inner = '<iframe src="scene.html" width="420" height="800"></iframe>'
    outer = f"<!doctype html><html><body>{inner}<script>{probe}</script></body></html>"
    (tmp_path / "phone.html").write_text(outer, encoding="utf-8")
    done = open_page(tmp_path / "phone.html", tmp_path, "--dump-dom", "--allow-file-access-from-files")
    found = re.search(r'data-probe="([^"]*)"', done.stdout)
    assert found is not None, done.stderr[-3000:]
    out = {one["text"]: one for one in json.loads(found.group(1).replace("&quot;", '"'))}
    assert tuple(out) == names
    assert sum(not one["hidden"] for one in out.values()) >= 2
    for one in out.values():
        if not one["hidden"]:
            assert one["left"] >= 0, one
            assert one["right"] >= 0, one
            assert one["spill"] <= 0, one
    assert out[names[0]]["hidden"] or out[names[0]]["tall"] > 1.5 * out[names[1]]["tall"]


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
