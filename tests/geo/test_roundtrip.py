"""What is written is read again: geometry to the millimetre, semantics, attributes; and it is valid by the official schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_series_equal

from twin.errors import OutputError, ParameterError
from twin.geo.city import City, read_city
from twin.geo.writers import write
from twin.geo.writers.cityjson import cityjson_document
from twin.geo.writers.cityjsonseq import lines

# to read, or for the validator
LARGE = (
    "cityjson/DenHaag_01.city.json.zip", "cityjson/delft.json", "cityjson/extension.city.jsonl", "cityjson/geom_temp.city.jsonl",
    "cityjson/tile_901_trimmed.jsonl",
)  # fmt: skip
FILES = (
    "cityjson/DenHaag_01.city.json.zip", "cityjson/3-20-DELFSHAVEN.city.json", "cityjson/delft.json",
    "cityjson/DH_01_subs.city.json", "cityjson/temporal_offset.city.json",
    "cityjson/rotterdam_subset.json", "cityjson/multi_lod.json", "cityjson/hollow_solid.city.json", "cityjson/msol.json",
    "cityjson/csol.json", "cityjson/mt-1.json", "cityjson/geomtemplate_2.json", "cityjson/geom_temp.city.jsonl",
    "cityjson/montreal_energy.json", "cityjson/montreal_noise.json", "cityjson/extension.city.jsonl",
    "cityjson/tile_901_trimmed.jsonl", "cityjson/no_metadata.city.jsonl", "cityjson/several_lods_valid.json",
    "cityjson_conformance/cityjson_fake_complete.city.json", "cityjson_conformance/cityobject_all_types.city.json",
    "cityjson_conformance/semantic_all_types.city.json", "cityjson_conformance/geometry_material_multisolid.city.json",
    "cityjson_invalid/nonmanifold.json", "cityjson_invalid/several_lods_invalid.json",
)  # fmt: skip


def told_polygons(city: City) -> list[tuple[tuple[Any, ...], tuple[int, ...]]]:
    """Every polygon: its object, its semantic, its rings in millimetres, its colour and what else is said of it; and its solid
    and shell."""
    mesh = city.surfaces
    rings, polygon, attributes, nest = mesh.polygons
    table = [
        tuple((key, repr(value)) for key, value in sorted(row.items()) if value is not None and value == value)
        for row in city.surface_table.to_dict(orient="records")
    ]
    lead = np.zeros(len(rings.counts), dtype=np.int64)
    lead[polygon[::-1]] = np.arange(len(polygon))[::-1]
    whole_m = np.floor(city.origin)
    whole = np.rint((mesh.vertices + (city.origin - whole_m)) * 1000).astype(np.int64) + whole_m.astype(np.int64) * 1000
    ends = np.cumsum(rings.sizes)
    ring = 0
    found = []
    for row, count in enumerate(rings.counts.tolist()):
        outline = []
        for one in range(ring, ring + count):
            points = whole[rings.indices[ends[one] - rings.sizes[one] : ends[one]]].tolist()
            first = points.index(min(points))
            outline.append(tuple(map(tuple, points[first:] + points[:first])))
        ring += count
        colour = None if mesh.colour is None else tuple(mesh.colour[lead[row]].tolist())
        owner = str(city.objects.index[mesh.owner[lead[row]]])
        stated = table[attributes[row]] if attributes is not None and attributes[row] >= 0 else ()
        kind = int(mesh.semantic[lead[row]])
        one = owner, kind, tuple(outline), colour if colour and colour[3] else None, stated
        found.append((one, (-1, -1) if nest is None else tuple(nest[row].tolist())))
    return sorted(found, key=repr)


def polygons(city: City) -> list[tuple[Any, ...]]:
    """Every polygon, without where it is nested."""
    return [one for one, _ in told_polygons(city)]


def nests(city: City) -> dict[str, set[tuple[int, ...]]]:
    """Solid and shell of every polygon of which they are known; several where the polygon stands in several of them."""
    found: dict[str, set[tuple[int, ...]]] = {}
    for one, nest in told_polygons(city):
        if min(nest) >= 0:
            found.setdefault(repr(one), set()).add(nest)
    return found


def same_nests(city: City, again: City) -> None:
    """See that solids and shells come back as they were nested, of all but the few polygons that lost a corner."""
    before, after = nests(city), nests(again)
    assert len(before.keys() - after.keys()) <= 0.01 * len(before) + 2
    assert {one: after[one] for one in before.keys() & after.keys()} == {one: before[one] for one in before.keys() & after.keys()}


def same_attributes(city: City, again: City) -> None:
    for name, frame in city.layers.items():
        other = again.layers[name]
        assert other.index.tolist() == frame.index.tolist()
        for column in frame.columns:
            if column == frame.geometry.name:
                continue
            mine = frame[column]
            if mine.isna().all():
                # what nobody states leaves no trace
                continue
            theirs = other[column]
            if pd.api.types.is_float_dtype(mine):
                assert_allclose(theirs.to_numpy(float), mine.to_numpy(float), atol=0.002, rtol=1e-9)
            else:
                assert_series_equal(theirs, mine, check_names=False, check_index_type=False)
    for column in city.parts:
        assert_series_equal(again.parts[column], city.parts[column], check_names=False, check_index_type=False)


@pytest.mark.realdata
@pytest.mark.parametrize("name", FILES)
def test_cityjson_comes_back(real_data: Path, tmp_path: Path, name: str) -> None:
    city = read_city(real_data / name)
    path = write(city, tmp_path / "out.city.json")
    again = read_city(path)
    before, after = polygons(city), polygons(again)
    if city.surfaces.outlines is not None:
        # corners that fall together on the millimetre leave the outline, nothing else does
        assert len(after) == len(before) or len(after) > 0.99 * len(before)
        different = set(map(repr, before)) ^ set(map(repr, after))
        assert len(different) <= 0.01 * len(before) + 2
        same_nests(city, again)
    same_attributes(city, again)
    assert again.objects.type.tolist() == city.objects.type.tolist()
    assert again.objects.parent.tolist() == city.objects.parent.tolist()
    assert again.crs == city.crs
    assert (again.name, again.date) == (city.name, city.date)


@pytest.mark.realdata
@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow) if name in LARGE else name for name in FILES])
def test_what_is_written_is_valid(real_data: Path, name: str) -> None:
    schema = json.loads((real_data / "cityjson" / "cityjson.min.schema.json").read_text())
    feature_schema = json.loads((real_data / "cityjson" / "cityjsonfeature.min.schema.json").read_text())
    city = read_city(real_data / name)
    if len(city.surfaces) > 5_000:
        low = city.buildings.geometry.iloc[0].bounds if len(city.buildings) else city.bounds
        city = city.clip((low[0] - 40, low[1] - 40, low[0] + 40, low[1] + 40))
    document = json.loads(json.dumps(cityjson_document(city)))
    validator = jsonschema.validators.validator_for(schema)
    assert [one.message[:200] for one in validator(schema).iter_errors(document)] == []
    header, *features = (json.loads(line) for line in lines(city))
    assert [one.message[:200] for one in validator(schema).iter_errors(header)] == []
    for feature in features[:40]:
        assert [one.message[:200] for one in validator(feature_schema).iter_errors(feature)] == []


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["delft.json", "mt-1.json", "DH_01_subs.city.json", "geom_temp.city.jsonl"])
def test_a_sequence_comes_back(real_data: Path, tmp_path: Path, name: str) -> None:
    city = read_city(real_data / "cityjson" / name)
    again = read_city(write(city, tmp_path / "out.city.jsonl"))
    order = again.objects.index.get_indexer(city.objects.index)
    assert sorted(order.tolist()) == list(range(len(city.objects)))
    different = set(map(repr, polygons(city))) ^ set(map(repr, polygons(again)))
    assert len(different) <= 0.001 * len(city.surfaces)
    same_nests(city, again)
    for layer, frame in city.layers.items():
        assert set(again.layers[layer].index) == set(frame.index)


def test_the_sample_comes_back(sample: City, tmp_path: Path) -> None:
    again = read_city(write(sample, tmp_path / "out.city.json"))
    for name, frame in sample.layers.items():
        # walls of gardens are objects without a row: read as CityJSON they have one
        assert set(again.layers[name].index) >= set(frame.index), name
    drawn = set(sample.objects.index)
    # a row without triangles (a deck as a road) comes back as a flat surface
    assert [one for one in polygons(again) if one[0] in drawn] == polygons(sample)
    same_nests(sample, again)
    part = sample.clip((136700, 455750, 136740, 455800))
    again = read_city(write(part, tmp_path / "part.city.jsonl"))
    assert [one for one in polygons(again) if one[0] in drawn] == polygons(part)


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("hollow_solid.city.json", {(0, 0), (0, 1)}), ("msol.json", {(0, 0), (1, 0)}), ("csol.json", {(0, 0), (1, 0)}),
        ("DH_01_subs.city.json", {(0, 0)}),
    ],
)  # fmt: skip
def test_solids_and_shells_come_back(real_data: Path, tmp_path: Path, name: str, expected: set[tuple[int, int]]) -> None:
    city = read_city(real_data / "cityjson" / name)
    for path in ("out.city.json", "out.city.jsonl"):
        again = read_city(write(city, tmp_path / path))
        assert set().union(*nests(again).values()) == expected
        same_nests(city, again)


def test_what_does_not_come_back_is_not_written(sample: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from twin.geo.writers import cityjson

    part = sample.clip((136700, 455750, 136740, 455800))
    path = tmp_path / "out.city.json"
    path.write_text("what was there")
    whole = cityjson_document(part)

    def damaged(city: City, **options: Any) -> dict[str, Any]:
        return {**whole, "vertices": [[x + 5, y, z] for x, y, z in whole["vertices"]]}

    monkeypatch.setattr(cityjson, "cityjson_document", damaged)
    with pytest.raises(OutputError, match="another extent in what was written"):
        write(part, path)
    monkeypatch.setattr(cityjson, "cityjson_document", lambda *_, **__: {"type": "CityJSON"})
    with pytest.raises(OutputError, match="cannot be read back"):
        write(part, path)
    assert path.read_text() == "what was there"
    assert [one.name for one in tmp_path.iterdir()] == ["out.city.json"]


def test_names_and_options_of_writers(sample: City, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="use: twin export"):
        write(sample, tmp_path / "out.glb")
    with pytest.raises(ParameterError, match="has no option `scale`"):
        write(sample, tmp_path / "out.city.json", scale=0.001)
    with pytest.raises(ParameterError, match="a city folder has no option"):
        write(sample, tmp_path / "folder", scale=0.001)
