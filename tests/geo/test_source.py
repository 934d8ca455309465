"""Wrappers are opened in memory, with limits."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from twin.errors import FormatError
from twin.geo.city import read_city

Put = Callable[..., Path]


def test_gzip_and_zip(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    text = json.dumps(house).encode()
    assert len(read_city(put(gzip.compress(text), "house.city.json.gz")).buildings) == 1
    assert len(read_city(put(gzip.compress(text), "misnamed.zip")).buildings) == 1
    path = tmp_path / "many.zip"
    house["CityObjects"]["second"] = house["CityObjects"].pop("house")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/first.city.json", text)
        archive.writestr("../../evil.city.json", json.dumps(house))
        archive.writestr("README.txt", "hello")
        archive.writestr("__MACOSX/._first.city.json", "x")
    city = read_city(path)
    assert sorted(city.buildings.index) == ["house", "second"]
    assert not (tmp_path.parent / "evil.city.json").exists()
    assert {source.name for source in city.sources} == {"many.zip!../../evil.city.json", "many.zip!a/first.city.json"}


def test_bombs_are_refused(put: Put, tmp_path: Path) -> None:
    zeros = b" " * (64 * 1024**2)
    path = put(gzip.compress(zeros, 9), "bomb.json.gz")
    assert path.stat().st_size < 200_000
    with pytest.raises(FormatError, match=r"unpacks from .* refused"):
        read_city(path)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("a.city.json", zeros)
    with pytest.raises(FormatError, match=r"unpacks from .* refused"):
        read_city(path)


def test_broken_wrappers(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    packed = gzip.compress(json.dumps(house).encode())
    with pytest.raises(FormatError, match="ends too early"):
        read_city(put(packed[:-30], "cut.json.gz"))
    with pytest.raises(FormatError, match="gzip file is broken"):
        read_city(put(packed[:20] + b"\x00\xff" * 40, "bad.json.gz"))
    with pytest.raises(FormatError, match="zip archive is broken"):
        read_city(put(b"PK\x03\x04nonsense", "bad.zip"))
    import bz2

    bzipped = bz2.compress(json.dumps(house).encode())
    assert len(read_city(put(bzipped, "house.city.json.bz2")).buildings) == 1
    with pytest.raises(FormatError, match="bzip2 file ends too early"):
        read_city(put(bzipped[:-30], "cut.json.bz2"))
    with pytest.raises(FormatError, match="bzip2 file is broken"):
        read_city(put(bzipped[:40] + bytes(60), "bad.json.bz2"))
    path = tmp_path / "empty.zip"
    with zipfile.ZipFile(path, "w"):
        pass
    with pytest.raises(FormatError, match="zip archive is empty"):
        read_city(path)
    path = tmp_path / "text.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "hello")
    with pytest.raises(FormatError, match="no known format"):
        read_city(path)
