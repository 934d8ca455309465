"""A scene kept as data comes back the same; a file that is no scene, or a broken one, is refused with what is wrong."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.errors import FormatError, MissingFileError, ParameterError
from viewer.scene import LabelLayer, LineLayer, MeshLayer, PeopleLayer, Scene, View

TRIANGLE = MeshLayer(
    "house", "House", np.eye(3), np.array([[0, 1, 2]], np.int32), np.array([[200, 100, 50]], np.uint8),
    owner=np.array([0], np.int32), attributes={"id": ["<b>house</b>"], "height_m": [np.float64(3.5)], "since": [None]},
)  # fmt: skip
PEOPLE = PeopleLayer(
    "people", "People", np.array([0.0, 1.0]), np.array([0, 1, 2]), np.array([1, 1], np.int32), np.zeros((2, 3), np.float32),
    (1, 2, 3),
)  # fmt: skip
LINE = LineLayer("line", "Line", (np.zeros((2, 3)), np.ones((3, 3))), (1, 2, 3))
LABEL = LabelLayer("label", "Label", np.zeros((1, 3)), ("Dom",))
SMALL = Scene("Small", (TRIANGLE, PEOPLE, LINE, LABEL), (View("overview", "Overview", (0, -9, 9), (0, 0, 0)),), times=PEOPLE.times)


def same(one: Any, two: Any) -> None:
    assert type(one) is type(two)
    for field in fields(one):
        mine, theirs = getattr(one, field.name), getattr(two, field.name)
        if isinstance(mine, np.ndarray):
            assert mine.dtype == theirs.dtype
            np.testing.assert_array_equal(mine, theirs)
        elif field.name in ("layers", "paths"):
            assert len(mine) == len(theirs)
            for a, b in zip(mine, theirs, strict=True):
                np.testing.assert_array_equal(a, b) if field.name == "paths" else same(a, b)
        else:
            assert mine == theirs, field.name


def test_a_scene_comes_back_the_same(scene: Scene, tmp_path: Path) -> None:
    path = scene.save(tmp_path / "square.scene")
    same(scene, Scene.load(path))
    assert scene.save(tmp_path / "again.scene").read_bytes() == path.read_bytes()


def test_every_kind_of_layer_comes_back(tmp_path: Path) -> None:
    found = Scene.load(SMALL.save(tmp_path / "small.scene"))
    same(SMALL, found)
    house = found.layer("house")
    assert isinstance(house, MeshLayer)
    assert house.attributes == {"id": ["<b>house</b>"], "height_m": [3.5], "since": [None]}


def test_numbers_of_numpy_are_numbers(tmp_path: Path) -> None:
    given = replace(SMALL, time=np.float32(1.5), layers=(replace(LINE, colour=tuple(np.array([1, 2, 3], np.uint8))),))
    found = Scene.load(given.save(tmp_path / "numpy.scene"))
    assert found.time == 1.5
    assert found.layers[0].colour == (1, 2, 3)


def test_a_scene_has_a_name_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"kept as `.scene`, not as `.zip`"):
        SMALL.save(tmp_path / "small.zip")
    with pytest.raises(MissingFileError, match="no such file"):
        Scene.load(tmp_path / "nowhere.scene")


def changed(path: Path, change: Any = None, **parts: bytes | None) -> Path:
    """A scene with another text or other parts."""
    with zipfile.ZipFile(path) as packed:
        content = {name: packed.read(name) for name in packed.namelist()}
    if change is not None:
        text = json.loads(content["scene.json"])
        change(text["scene"])
        content["scene.json"] = json.dumps(text).encode()
    for name, part in parts.items():
        name = name.replace("_", ".")
        if part is None:
            del content[name]
        else:
            content[name] = part
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, part in content.items():
            packed.writestr(name, part)
    return path


def array(values: Any, dtype: str) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array(out, np.asarray(values, dtype), allow_pickle=dtype == "O")
    return out.getvalue()


def member(name: str, value: Any, layer: int | None = None) -> Any:
    def change(text: dict[str, Any]) -> None:
        (text if layer is None else text["layers"][layer])[name] = value

    return change


BROKEN: list[tuple[Any, dict[str, bytes | None], str]] = [
    (None, {"0_npy": None}, "it lacks `0.npy`"),
    (None, {"1_npy": array([[0, 1, 3]], "i4")}, "one of its triangles points past the 3 rows"),
    (None, {"1_npy": array([[0, 1, 2]], "i8")}, "an array of int64"),
    (None, {"0_npy": array(np.zeros((3, 2)), "f8")}, "`vertices` has the shape"),
    (None, {"0_npy": array([["a"]], "O")}, "an array of object"),
    (None, {"0_npy": array(np.zeros((3, 3)), "f8")[:-8]}, "do not make the shape"),
    (None, {"0_npy": b"not an array"}, "not an array that NumPy wrote"),
    (None, {"3_npy": array([5], "i4")}, "one of its owners points past the 1 rows"),
    (None, {"5_npy": array([0, 2, 1], "i8")}, "`start` does not divide"),
    (None, {"scene_json": b"{"}, "not JSON"),
    (None, {"scene_json": b"[" * 100_000}, "not JSON"),
    (None, {"scene_json": b"{}"}, "this is not a scene"),
    (None, {"scene_json": b'{"format": "stadstwin scene", "version": 9}'}, "of version 9"),
    (member("title", 5), {}, "5 is no text"),
    (member("time", "now"), {}, "'now' is no number"),
    (member("layers", [{"kind": "cube", "name": "x"}]), {}, "no layer of the kind `cube`"),
    (member("name", "people", 0), {}, "two layers have the same name"),
    (member("colour", [0, 0, 256], 1), {}, "is no colour"),
    (member("attributes", {"id": [[1]]}, 0), {}, "not a single value"),
    (member("attributes", {"id": ["a"], "b": []}, 0), {}, "columns of one length"),
    (member("texts", [], 3), {}, "0 texts for 1 places"),
    (member("opacity", float("nan"), 0), {}, "nan is no number"),
    (member("vertices", "0.npy", 0), {}, "is no array"),
    (member("vertices", {"array": "../../etc/passwd"}, 0), {}, "it lacks `../../etc/passwd`"),
    (member("vertices", None, 0), {}, "it has no `vertices`"),
    (member("points", {"array": "0.npy"}, 3), {}, "belongs to something else"),
]


@pytest.mark.parametrize(("change", "parts", "message"), BROKEN, ids=[message for _, _, message in BROKEN])
def test_a_broken_scene_is_refused(tmp_path: Path, change: Any, parts: dict[str, bytes | None], message: str) -> None:
    path = changed(SMALL.save(tmp_path / "small.scene"), change, **parts)
    with pytest.raises(FormatError) as caught:
        Scene.load(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_small_file_does_not_eat_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "huge.scene"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("scene.json", b" " * 80_000_000)
    assert path.stat().st_size < 400_000
    with pytest.raises(FormatError, match="would take 80000000 bytes in memory"):
        Scene.load(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as packed:
        packed.writestr("scene.json", b"{}")
    with pytest.raises(FormatError, match="packed in a way that scenes are not"):
        Scene.load(path)


@settings(max_examples=150, deadline=None)
@given(at=st.integers(0, 10**6), value=st.integers(0, 255), cut=st.booleans())
def test_any_other_bytes_are_a_scene_or_are_refused(tmp_path_factory: Any, at: int, value: int, cut: bool) -> None:
    folder = tmp_path_factory.mktemp("scene")
    content = bytearray(SMALL.save(folder / "small.scene").read_bytes())
    at %= len(content)
    content[at] = value
    path = folder / "other.scene"
    path.write_bytes(bytes(content[:at] if cut else content))
    with contextlib.suppress(FormatError):
        Scene.load(path)


@pytest.mark.parametrize(
    ("member", "value", "told"),
    [
        ("clock_start", "half past two", "no clock time"),
        ("views", [{"name": "v", "label": "V", "eye": [0, 0, 1], "target": [0, 0, 1], "angle_deg": 30.0}], "looks nowhere"),
        ("views", [{"name": "v", "label": "V", "eye": [0, 0, 1], "target": [0, 0, 0], "angle_deg": 180.0}], "looks nowhere"),
        ("legends", [{"name": "l", "title": "L", "unit": "", "classes": [], "note": ""}], "no classes"),
    ],
)
def test_what_could_not_be_drawn_is_refused(tmp_path: Path, member: str, value: Any, told: str) -> None:
    path = SMALL.save(tmp_path / "small.scene")

    def change(text: dict[str, Any]) -> None:
        text[member] = value

    with pytest.raises(FormatError, match=told):
        Scene.load(changed(path, change))


def test_places_are_numbers_and_opacity_a_share(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="`vertices` are not all numbers"):
        replace(SMALL, layers=(replace(TRIANGLE, vertices=np.full((3, 3), np.nan)),)).save(tmp_path / "x.scene")
    with pytest.raises(FormatError, match="opacity"):
        replace(SMALL, layers=(replace(TRIANGLE, opacity=1.5),)).save(tmp_path / "x.scene")
