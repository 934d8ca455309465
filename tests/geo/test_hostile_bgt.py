"""The Dutch large-scale base map: files that are broken or must not be trusted."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.geo.bgt_map import Put, canal, collection, gml, object_gml
from tests.geo.damage import damaged, holder_of, places, read_or_told
from twin.errors import CRSError, FormatError, TwinError
from twin.geo.city import read_city


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ('{"type": "FeatureCollection", "x": "bronhouder", "bronhouder": 1, "lokaal_id": 2}', FormatError, "`features` is missing"),
        ('{"type": "FeatureCollection", "bronhouder": 1, "lokaal_id": 2, ', FormatError, "broken JSON"),
        ('{"type": "FeatureCollection", "bronhouder": 1, "lokaal_id": 2, "crs": {"properties": {"name": "x"}}, "features": []}',
         CRSError, "not a coordinate reference system"),
        (gml("<cityObjectMember>")[:-10], FormatError, "not a known|broken XML"),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused(put: Put, text: str, error: type[TwinError], message: str) -> None:
    text = text.replace("<cityObjectMember>", "<cityObjectMember><imgeo:lokaalID>")
    with pytest.raises(error, match=message):
        read_city(put(text, "map.geojson"))


def test_entities_are_refused(put: Put) -> None:
    text = gml(object_gml(canal()[1])).replace("<CityModel", '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><CityModel', 1)
    with pytest.raises(FormatError, match="document type"):
        read_city(put(text, "extract.gml"))


@pytest.mark.parametrize("seed", range(40))
def test_any_damage_is_told(put: Put, seed: int) -> None:
    chance = random.Random(seed)
    items = canal()
    whole = gml(*(object_gml(item) for item in items)) if seed % 2 else json.dumps(collection(items))
    city = read_or_told(put(damaged(whole.encode(), chance), "any.gml" if seed % 2 else "any.geojson"))
    if city is not None:
        assert np.isfinite(city.surfaces.vertices).all()
        assert city.summary()


ODD: list[Any] = [
    None, True, -1, 10**20, 1.5, "", "x" * 3000, [], {}, [[]], [1, 2], {"type": "Point"}, "\ud800", "<script>", "NaN", 1e308,
]  # fmt: skip


@pytest.mark.parametrize("seed", range(30))
def test_any_mutation_reads_or_is_told(put: Put, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    document = collection(canal())
    for _ in range(chance.randint(1, 6)):
        *path, last = chance.choice(places(document))
        holder_of(document, path)[last] = chance.choice(ODD)
    city = read_or_told(put(json.dumps(document), "any.geojson"))
    if city is not None:
        again = read_city(city.save(tmp_path / "out"))
        assert {name: len(one) for name, one in again.layers.items()} == {name: len(one) for name, one in city.layers.items()}
