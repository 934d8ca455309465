"""Pictures on surfaces go along when a city is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from twin.errors import OutputError
from twin.geo.city import City, read_city
from twin.geo.writers import write

Put = Callable[..., Path]
PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"


@pytest.fixture
def pictured(house: dict[str, Any], put: Put, tmp_path: Path) -> City:
    """A house with a picture on its roof, and one with a hole in the picture on a wall."""
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    (tmp_path / "one" / "a b.png").write_bytes(PNG + b"roof")
    (tmp_path / "two" / "a b.png").write_bytes(JPEG + b"wall")
    house["appearance"] = {
        "textures": [{"type": "PNG", "image": "one/a b.png"}, {"type": "JPG", "image": "two/a b.png"}],
        "vertices-texture": [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.25, 0.25], [0.25, 0.75], [0.75, 0.5]],
    }
    geometry = house["CityObjects"]["house"]["geometry"][0]
    house["vertices"] += [[2000, 0, 2000], [2000, 0, 8000], [8000, 0, 5000]]
    geometry["boundaries"][0][2].append([8, 9, 10])
    geometry["texture"] = {
        "any": {"values": [[[[None]], [[0, 0, 1, 2, 3]], [[1, 0, 1, 2, 3], [1, 4, 5, 6]], [[None]], [[None]], [[None]]]]}
    }
    return read_city(put(house))


def shown(city: City) -> list[tuple[bytes, tuple[tuple[float, ...], ...]]]:
    """Picture, and position and place of each corner, of each triangle that shows one."""
    mesh = city.surfaces
    assert mesh.texture is not None
    assert mesh.uv is not None
    found = []
    for row in np.flatnonzero(mesh.texture >= 0):
        corners = np.hstack([mesh.vertices[mesh.triangles[row]] + city.origin, mesh.uv[row]]).round(3)
        found.append((city.textures[mesh.texture[row]].read(), tuple(sorted(map(tuple, corners.tolist())))))
    return sorted(found)


@pytest.mark.parametrize("name", ["out/new.city.json", "out/new.city.jsonl", "out/folder"])
def test_pictures_come_back(pictured: City, tmp_path: Path, name: str) -> None:
    (tmp_path / "out").mkdir()
    write(pictured, tmp_path / name)
    again = read_city(tmp_path / name)
    assert len(shown(pictured)) > 6
    assert shown(again) == shown(pictured)
    # and once more, over itself
    before = sorted(path.name for path in (tmp_path / "out").rglob("*"))
    write(again, tmp_path / name)
    assert shown(read_city(tmp_path / name)) == shown(pictured)
    assert sorted(path.name for path in (tmp_path / "out").rglob("*")) == before


def test_two_pictures_of_one_name_stay_apart(pictured: City, tmp_path: Path) -> None:
    write(pictured, tmp_path / "new.city.json")
    names = sorted(path.name for path in (tmp_path / "new_pictures").iterdir())
    assert [name.rpartition(".")[2] for name in names] in (["jpg", "png"], ["png", "jpg"])
    assert all(name.startswith("a_b_") for name in names)
    stated = json.loads((tmp_path / "new.city.json").read_text())["appearance"]["textures"]
    assert sorted(one["image"] for one in stated) == [f"new_pictures/{name}" for name in names]
    assert {one["type"] for one in stated} == {"PNG", "JPG"}


def test_a_picture_that_went_is_told(pictured: City, tmp_path: Path) -> None:
    (tmp_path / "two" / "a b.png").unlink()
    with pytest.raises(OutputError, match="cannot be read again"):
        write(pictured, tmp_path / "new.city.json")
    assert not (tmp_path / "new.city.json").exists()
    write(pictured.without(["house"]), tmp_path / "empty.city.json")
    assert not (tmp_path / "empty_pictures").exists()


def test_a_part_of_a_picture_is_kept_on_a_clip(pictured: City, tmp_path: Path) -> None:
    west, south, _, north = pictured.bounds
    half = pictured.clip((west - 1, south - 1, west + 5.5, north + 1))
    write(half, tmp_path / "half.city.json")
    if half.surfaces.texture is not None and (half.surfaces.texture >= 0).any():
        assert shown(read_city(tmp_path / "half.city.json")) == shown(half)


def test_what_is_written_is_valid(pictured: City, tmp_path: Path, real_data: Path) -> None:
    schemas = real_data / "cityjson"
    write(pictured, tmp_path / "new.city.json")
    document = json.loads((tmp_path / "new.city.json").read_text())
    jsonschema.validate(document, json.loads((schemas / "cityjson.min.schema.json").read_text()))
    write(pictured, tmp_path / "new.city.jsonl")
    feature = json.loads((tmp_path / "new.city.jsonl").read_text().splitlines()[1])
    jsonschema.validate(feature, json.loads((schemas / "cityjsonfeature.min.schema.json").read_text()))
