"""A sequence of any length comes piece by piece, and is the same as read at once."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

import twin
from twin.errors import FormatError
from twin.geo.city import read_city
from twin.geo.readers import cityjson

pytestmark = pytest.mark.realdata


@pytest.fixture
def short_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cityjson, "CHUNK_BYTES", 20_000)


@pytest.fixture
def tile(real_data: Path) -> Path:
    return real_data / "cityjson" / "tile_901_trimmed.jsonl"


def test_pieces_are_the_whole(tile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read_city(tile)
    monkeypatch.setattr(cityjson, "CHUNK_BYTES", 20_000)
    pieces = list(twin.stream_city(tile))
    assert len(pieces) > 5
    assert [one for piece in pieces for one in piece.objects.index] == whole.objects.index.tolist()
    assert sum(len(piece.surfaces) for piece in pieces) == len(whole.surfaces)
    assert sum(piece.surfaces.areas().sum() for piece in pieces) == pytest.approx(whole.surfaces.areas().sum())
    assert all(piece.crs == whole.crs for piece in pieces)
    assert sum(len(piece.buildings) for piece in pieces) == len(whole.buildings)


@pytest.mark.usefixtures("short_pieces")
def test_reading_at_once_in_pieces_is_the_same(tile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = read_city(tile)
    monkeypatch.setattr(cityjson, "CHUNK_BYTES", 1024**3)
    one = read_city(tile)
    assert many.objects.equals(one.objects)
    assert many.buildings.drop(columns="geometry").equals(one.buildings.drop(columns="geometry"))
    assert many.buildings.geometry.geom_equals_exact(one.buildings.geometry, 1e-6).all()
    assert np.allclose(many.surfaces.vertices[many.surfaces.triangles], one.surfaces.vertices[one.surfaces.triangles])
    assert many.quality.counts() == one.quality.counts()


@pytest.mark.usefixtures("short_pieces")
def test_a_clip_keeps_only_what_is_near(tile: Path) -> None:
    whole = read_city(tile)
    box = whole.buildings.geometry.iloc[20].buffer(15).bounds
    expected = whole.clip(box).buildings.index.tolist()
    assert 0 < len(expected) < 20
    assert read_city(tile, clip=box).buildings.index.tolist() == expected
    assert [one for piece in twin.stream_city(tile, clip=box) for one in piece.buildings.index] == expected


@pytest.mark.usefixtures("short_pieces")
def test_in_gzip_and_with_a_broken_line(tile: Path, tmp_path: Path) -> None:
    packed = tmp_path / "tile.city.jsonl.gz"
    packed.write_bytes(gzip.compress(tile.read_bytes()))
    assert sum(len(piece.objects) for piece in twin.stream_city(packed)) == 104
    lines = tile.read_text().splitlines()
    lines[40] = lines[40][:-5]
    broken = tmp_path / "broken.city.jsonl"
    broken.write_text("\n".join(lines))
    with pytest.raises(FormatError, match=r"broken.city.jsonl:41:\d+: broken JSON"):
        list(twin.stream_city(broken))
    lines[40] = json.dumps({"type": "CityJSON"})
    broken.write_text("\n".join(lines))
    with pytest.raises(FormatError, match=r"broken.city.jsonl:41: this line is not a CityJSONFeature"):
        list(twin.stream_city(broken))


def test_other_formats_do_not_stream(real_data: Path) -> None:
    with pytest.raises(FormatError, match="cannot be read in pieces"):
        list(twin.stream_city(real_data / "osm" / "sample.osm.pbf"))
    (one,) = twin.stream_city(real_data / "cityjson" / "DH_01_subs.city.json")
    assert len(one.objects) == 12


def test_levels_that_were_not_taken_are_told_with_each_piece(tile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {one.code: one.message for one in read_city(tile).quality.findings if one.code == "lod-left"}
    monkeypatch.setattr(cityjson, "CHUNK_BYTES", 20_000)
    pieces = [one for piece in twin.stream_city(tile) for one in piece.quality.findings if one.code == "lod-left"]
    assert bool(pieces) == bool(whole)
    lines = [json.loads(line) for line in tile.read_text().splitlines()]
    for line in lines[1:]:
        for one in line["CityObjects"].values():
            one["geometry"] = [geometry | {"lod": lod} for geometry in one.get("geometry", []) for lod in ("1.2", "2.2")]
    both = tmp_path / "both.city.jsonl"
    both.write_text("\n".join(json.dumps(line) for line in lines))
    told = [one for piece in twin.stream_city(both, lod="2.2") for one in piece.quality.findings if one.code == "lod-left"]
    assert len(told) > 5
    assert all("lod 1.2" in one.message for one in told)


def test_a_line_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cityjson, "CHUNK_BYTES", 20_000)
    monkeypatch.setattr(cityjson, "LINE_BYTES", 100_000)
    header = json.dumps({"type": "CityJSON", "version": "2.0", "CityObjects": {}, "vertices": []})
    path = tmp_path / "bomb.city.jsonl.gz"
    path.write_bytes(gzip.compress(f'{header}\n{{"type": "CityJSONFeature", "x": "'.encode() + b" " * 2_000_000))
    with pytest.raises(FormatError, match=r"bomb.city.jsonl(.gz)?:2: the line is longer"):
        list(twin.stream_city(path))
