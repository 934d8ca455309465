"""Whatever is in a file: a City, or an error that says what is wrong. Never a crash."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.geo.damage import damaged, holder_of, places, read_or_told
from twin.geo.city import City, read_city
from twin.geo.quality import check

ODD: list[Any] = [
    None, True, False, 0, -1, 1, 10**9, 10**18, -(10**18), 2**63, 1.5, 1e308, -1e308, "", "house", "a\x00b", "\ud800",
    "../../etc/passwd", "<script>alert(1)</script>", [], {}, [[]], [[[]]], [[[[]]]], [0, 1, 2], [[0, 1, 2]], [None],
    {"type": "Solid"}, [[[[0, 1, 2]]]], "x" * 5000, {"house": "house"}, ["house"], "EPSG:7415",
]  # fmt: skip
"""Values that a careless or a hostile writer could put anywhere."""


def mutate(document: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The document with a few values replaced, removed, renamed or doubled."""
    document = copy.deepcopy(document)
    for _ in range(chance.randint(1, 3)):
        *path, last = chance.choice(places(document))
        holder = holder_of(document, path)
        match chance.randrange(4):
            case 0 | 1:
                holder[last] = copy.deepcopy(chance.choice(ODD))
            case 2:
                del holder[last]
            case 3 if isinstance(holder, list):
                holder.append(holder[last])
            case _:
                holder[chance.choice(["type", "id", "geometry", "lod", "parents", "children", "x"])] = holder[last]
        if not places(document):
            break
    return document


def richer(house: dict[str, Any]) -> dict[str, Any]:
    flat = {"type": "MultiSurface", "lod": "1", "boundaries": [[[0, 1, 2, 3]]]}
    tin = {"type": "CompositeSurface", "lod": "1", "boundaries": [[[0, 1, 2]], [[0, 2, 3]]]}
    house["CityObjects"] |= {
        "part": {"type": "BuildingPart", "parents": ["house"], "geometry": [flat]},
        "road": {
            "type": "Road",
            "attributes": {"relatievehoogteligging": 1, "function": "voetpad"},
            "geometry": [flat],
        },
        "tree": {
            "type": "SolitaryVegetationObject",
            "geometry": [{"type": "MultiPoint", "lod": "1", "boundaries": [3]}],
        },
        "bridge": {"type": "Bridge", "geometry": [flat]},
        "ground": {"type": "TINRelief", "geometry": [tin]},
    }
    house["CityObjects"]["house"]["children"] = ["part"]
    return house


def exercise(city: City, folder: Path) -> None:
    """What a caller does next must work too."""
    assert np.isfinite(city.surfaces.vertices).all()
    assert repr(city)
    assert city.summary()
    check(city)
    again = read_city(city.save(folder))
    assert len(again.objects) == len(city.objects)


@pytest.mark.parametrize("seed", range(100))
def test_any_mutation_reads_or_is_told(house: dict[str, Any], put: Callable[..., Path], tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    document = mutate(richer(house), chance)
    path = put(json.dumps(document), "any.city.json")
    city = read_or_told(path)
    if city is not None:
        exercise(city, tmp_path / "out")


@pytest.mark.parametrize("seed", range(40))
def test_any_mutation_of_a_sequence(house: dict[str, Any], put: Callable[..., Path], tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    header = {key: house[key] for key in ("type", "version", "transform", "metadata")} | {
        "CityObjects": {},
        "vertices": [],
    }
    feature = {
        "type": "CityJSONFeature",
        "id": "house",
        "CityObjects": house["CityObjects"],
        "vertices": house["vertices"],
    }
    lines = [header, feature]
    which = chance.randrange(2)
    lines[which] = mutate(lines[which], chance)
    city = read_or_told(put("\n".join(map(json.dumps, lines)), "any.city.jsonl"))
    if city is not None:
        exercise(city, tmp_path / "out")


@pytest.mark.parametrize("seed", range(40))
def test_any_damage_to_the_bytes_is_told(house: dict[str, Any], put: Callable[..., Path], seed: int) -> None:
    chance = random.Random(seed)
    city = read_or_told(put(damaged(json.dumps(house).encode(), chance), "any.city.json"))
    assert city is None or np.isfinite(city.surfaces.vertices).all()
