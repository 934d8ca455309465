"""Small CityJSON documents to take apart."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CUBE_FACES = [
    [[0, 3, 2, 1]],
    [[4, 5, 6, 7]],
    [[0, 1, 5, 4]],
    [[1, 2, 6, 5]],
    [[2, 3, 7, 6]],
    [[3, 0, 4, 7]],
]
"""Ground, roof and four walls of `CUBE_VERTICES`, seen from outside."""

CUBE_VERTICES = [
    [0, 0, 0],
    [10000, 0, 0],
    [10000, 10000, 0],
    [0, 10000, 0],
    [0, 0, 10000],
    [10000, 0, 10000],
    [10000, 10000, 10000],
    [0, 10000, 10000],
]

DOCUMENT: dict[str, Any] = {
    "type": "CityJSON",
    "version": "2.0",
    "transform": {"scale": [0.001, 0.001, 0.001], "translate": [136000.0, 455000.0, 1.5]},
    "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/7415", "title": "one house"},
    "CityObjects": {
        "house": {
            "type": "Building",
            "attributes": {"measuredHeight": 9.0, "storeys": 3, "name": "Huis"},
            "geometry": [
                {
                    "type": "Solid",
                    "lod": "2.2",
                    "boundaries": [CUBE_FACES],
                    "semantics": {
                        "surfaces": [{"type": "GroundSurface"}, {"type": "RoofSurface"}, {"type": "WallSurface"}],
                        "values": [[0, 1, 2, 2, 2, 2]],
                    },
                }
            ],
        }
    },
    "vertices": CUBE_VERTICES,
}


@pytest.fixture
def house() -> dict[str, Any]:
    """A cube of 10 m on its own ground, as CityJSON 2.0."""
    return copy.deepcopy(DOCUMENT)


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    """Write a document (or text, or bytes) to a file and return its path."""

    def write(content: Any, name: str = "house.city.json") -> Path:
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return write
