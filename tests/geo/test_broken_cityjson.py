"""Broken and hostile CityJSON: a bad object is skipped or mended and counted, a bad file is refused with a reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from twin.errors import CRSError, FormatError, MissingFileError
from twin.geo.city import City, read_city
from twin.geo.topology import signed_volumes

Put = Callable[..., Path]


def volumes(city: City) -> np.ndarray:
    return signed_volumes(city.surfaces, city.surfaces.owner.astype(np.int64), len(city.objects))


def codes(city: City) -> set[str]:
    return set(city.quality.counts())


def geometry_of(document: dict[str, Any]) -> dict[str, Any]:
    geometry: dict[str, Any] = document["CityObjects"]["house"]["geometry"][0]
    return geometry


@pytest.mark.parametrize(
    ("change", "code", "triangles"),
    [
        (lambda g: g["boundaries"][0].__setitem__(0, [[0, 1, 99]]), "vertex-index", 10),
        (lambda g: g["boundaries"][0].__setitem__(0, [[0, 1, -1]]), "vertex-index", 10),
        (lambda g: g["boundaries"][0].__setitem__(0, [[0, 1, 10**30]]), "boundary", 10),
        (lambda g: g["boundaries"][0].__setitem__(0, [[0, 1, 1.5]]), "boundary", 10),
        (lambda g: g["boundaries"][0].__setitem__(0, [[0, 1, "2"]]), "boundary", 10),
        (lambda g: g["boundaries"][0].__setitem__(0, "abc"), "boundary", 10),
        (lambda g: g["boundaries"][0].__setitem__(0, []), "too-few-points", 10),
        (lambda g: g["boundaries"][0].__setitem__(0, [[]]), "too-few-points", 10),
        (lambda g: g["boundaries"][0].__setitem__(0, [[0, 1]]), "too-few-points", 10),
        (lambda g: g["boundaries"][0].__setitem__(0, [[0, 1, 1, 0]]), "too-few-points", 10),
        (lambda g: g["boundaries"][0].__setitem__(0, [[0, 3, 2, 1, 0]]), "repeated-point", 12),
        (lambda g: g["boundaries"][0].__setitem__(0, [[0, 3, 6, 1]]), "non-planar", 12),
        (lambda g: g.__setitem__("boundaries", None), "boundary", 0),
        (lambda g: g.__setitem__("boundaries", [7]), "boundary", 0),
        (lambda g: g.__setitem__("type", "Sphere"), "geometry", 0),
        (lambda g: g["semantics"].__setitem__("values", [[0, 9]]), "semantics", 12),
        (lambda g: g["semantics"].__setitem__("values", [[0, 1]]), "semantics", 12),
        (lambda g: g["semantics"].__setitem__("values", [0, 1, 2]), "semantics", 12),
        (lambda g: g["semantics"].__setitem__("surfaces", "x"), "semantics", 12),
        (lambda g: g.__setitem__("lod", "very high"), "lod", 12),
    ],
)
def test_a_bad_object_is_skipped_or_mended_and_counted(
    house: dict[str, Any], put: Put, change: Callable[[dict[str, Any]], None], code: str, triangles: int
) -> None:
    change(geometry_of(house))
    city = read_city(put(house))
    assert code in codes(city)
    finding = next(finding for finding in city.quality.findings if finding.code == code)
    assert finding.object_id == "house"
    assert finding.path.startswith("CityObjects.house.geometry[0]")
    assert len(city.surfaces) == triangles
    assert city.buildings.index.tolist() == ["house"]


def test_finding_says_which_surface(house: dict[str, Any], put: Put) -> None:
    geometry_of(house)["boundaries"][0][3] = [[0, 1, 99]]
    finding = read_city(put(house)).quality.findings[0]
    assert finding.path == "CityObjects.house.geometry[0].boundaries[0][3]"
    assert "vertex 99 is not there: there are 8" in finding.message


@pytest.mark.parametrize("vertex", [["a", 0, 0], [0, 0], None, [None, 0, 0], [True, 0, 0], [[0], 0, 0]])
def test_a_bad_vertex_costs_its_surfaces_only(house: dict[str, Any], put: Put, vertex: Any) -> None:
    house["vertices"][0] = vertex
    city = read_city(put(house))
    assert {"vertex", "not-finite"} <= codes(city)
    assert len(city.surfaces) == 6
    assert np.isfinite(city.surfaces.vertices).all()


def test_missing_crs_is_a_local_plane(house: dict[str, Any], put: Put) -> None:
    del house["metadata"]
    city = read_city(put(house))
    assert codes(city) == {"no-crs"}
    assert city.crs.to_authority() is None
    assert_allclose(volumes(city), [1000.0])


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ("https://www.opengis.net/def/crs/EPSG/0/4978", "geocentric"),
        ("https://www.opengis.net/def/crs/EPSG/0/9999999", "EPSG:9999999 is not a registered"),
        ("https://www.opengis.net/def/crs/EPSG/0/5709", "not a plane"),
        ("somewhere", "not a coordinate reference system"),
        (7415, "is not text"),
    ],
)
def test_crs_that_cannot_be_used(house: dict[str, Any], put: Put, stated: Any, message: str) -> None:
    house["metadata"] = {"referenceSystem": stated}
    with pytest.raises(CRSError, match=message) as caught:
        read_city(put(house))
    assert "house.city.json" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("type"), 'no `type`; "type": "CityJSON" is required'),
        (lambda d: d.__setitem__("type", "FeatureCollection"), "JSON of type 'FeatureCollection', not CityJSON"),
        (lambda d: d.__setitem__("version", "0.6"), "0.6 is not known"),
        (lambda d: d.__setitem__("version", "3.0"), "3.0 is not known"),
        (lambda d: d.__setitem__("version", 2), "`version` is a number"),
        (lambda d: d.__setitem__("CityObjects", []), "`CityObjects` is missing"),
        (lambda d: d.pop("vertices"), "`vertices` is missing"),
        (lambda d: d.__setitem__("transform", {"scale": [1, 1, 0], "translate": [0, 0, 0]}), "with a zero all places"),
        (lambda d: d.__setitem__("transform", [1]), "`transform` needs"),
    ],
)
def test_a_bad_file_is_refused(house: dict[str, Any], put: Put, change: Callable[[dict[str, Any]], Any], message: str) -> None:
    change(house)
    with pytest.raises(FormatError, match=message):
        read_city(put(house))


def test_broken_json_names_line_and_column(house: dict[str, Any], put: Put) -> None:
    text = json.dumps(house, indent=1).replace('"version"', "version", 1)
    with pytest.raises(FormatError, match=r"house.city.json:3:\d+: broken JSON"):
        read_city(put(text))
    header = json.dumps({**house, "CityObjects": {}, "vertices": []})
    with pytest.raises(FormatError, match=r"x.city.jsonl:3:\d+: broken JSON"):
        read_city(put(f"{header}\n\n{{nonsense\n", "x.city.jsonl"))
    with pytest.raises(FormatError, match=r"x.city.jsonl:2: this line is not a CityJSONFeature"):
        read_city(put(f"{header}\n{header}\n", "x.city.jsonl"))


def test_an_object_without_type_is_left_out(house: dict[str, Any], put: Put) -> None:
    house["CityObjects"] |= {"a": {}, "b": [], "c": {"type": 3}}
    city = read_city(put(house))
    assert city.quality.counts() == {"object-type": 3}
    assert city.quality.errors == 3
    assert city.objects.index.tolist() == ["house"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"<?xml version='1.0'?><CityModel/>", "a CityModel in XML with no namespace"),
        (b"\xff\xfe{\x00}\x00", "UTF-16"),
        (b"glTF\x02\x00", "glTF"),
        (b"SQLite format 3\0", "GeoPackage"),
        (b"[1, 2]", "JSON, but not CityJSON"),
        (b"\x00\x01\x02", "no known format"),
        (b"{}", "JSON without a type"),
        (b"[" * 100_000, "JSON, but not CityJSON"),
        (b'{"type": "CityJSON", "a": ' + b"[" * 100_000, "broken JSON"),
    ],
)
def test_what_is_not_cityjson_is_named(put: Put, content: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_city(put(content, "mystery.json"))


def test_byte_order_mark_is_ignored(house: dict[str, Any], put: Put) -> None:
    city = read_city(put(b"\xef\xbb\xbf" + json.dumps(house).encode()))
    assert codes(city) == {"byte-order-mark"}


def test_missing_file_names_the_nearest(house: dict[str, Any], put: Put) -> None:
    path = put(house)
    with pytest.raises(MissingFileError, match=r"did you mean `house.city.json`"):
        read_city(path.with_name("huose.city.json"))
    with pytest.raises(MissingFileError, match="no folder"):
        read_city(path.parent / "nowhere" / "house.city.json")
    with pytest.raises(FormatError, match="not a city folder"):
        read_city(path.parent)


def test_deeply_nested_attributes_do_not_break_reading(house: dict[str, Any], put: Put) -> None:
    text = json.dumps(house).replace('"Huis"', "[" * 900 + "]" * 900)
    city = read_city(put(text))
    assert "name" in city.buildings


def test_as_many_attributes_as_objects_make_no_square_table(house: dict[str, Any], put: Put) -> None:
    house["CityObjects"] |= {f"b{n}": {"type": "Building", "attributes": {f"key{n}": n}} for n in range(2000)}
    city = read_city(put(house))
    assert city.buildings.shape[1] < 420
    last = city.buildings.loc["b1999"]
    assert json.loads(last["more_attributes"]) == {"key1999": 1999}


def test_findings_do_not_eat_memory(house: dict[str, Any], put: Put) -> None:
    geometry_of(house)["boundaries"][0] += [[[0, 1, 99]]] * 5000
    city = read_city(put(house))
    assert len(city.quality) < 1100
    assert any("4000 more findings `vertex-index`" in finding.message for finding in city.quality.findings)


@pytest.mark.parametrize("huge", ["1e300", "9007199254740993000", "-1e12"])
def test_coordinates_off_the_earth_are_left_out(house: dict[str, Any], put: Put, huge: str) -> None:
    house["transform"]["scale"] = [1000.0, 1.0, 1.0]
    city = read_city(put(json.dumps(house).replace("[0, 0, 0]", f"[{huge}, 0, 0]", 1)))
    assert {"vertex", "not-finite"} <= codes(city)
    assert len(city.surfaces) == 6
    assert np.abs(city.surfaces.vertices).max() < 1e8


@pytest.mark.parametrize("number", ["1" + "0" * 400, "NaN", "Infinity", "0x10"])
def test_numbers_that_json_does_not_have(house: dict[str, Any], put: Put, number: str) -> None:
    with pytest.raises(FormatError, match=r"house.city.json:1:\d+: broken JSON"):
        read_city(put(json.dumps(house).replace("[0, 0, 0]", f"[{number}, 0, 0]", 1)))


def test_triangles_over_each_other_do_not_take_for_ever(house: dict[str, Any], put: Put) -> None:
    faces = [[[0, 1, 2]]] * 20_000
    house["vertices"] = [[0, 0, 0], [2_000_000, 0, 0], [0, 2_000_000, 1000]]
    house["CityObjects"] = {
        "ground": {"type": "TINRelief", "geometry": [{"type": "CompositeSurface", "lod": "1", "boundaries": faces}]}
    }
    city = read_city(put(house))
    assert city.terrain is not None
    assert city.terrain.grid.cell >= 32
    assert_allclose(np.nanmax(city.terrain.height), 2.5, atol=0.1)


def sequence(house: dict[str, Any], *features: dict[str, Any]) -> str:
    head = {**house, "transform": {"scale": [0.0, 0.0, 0.0], "translate": [1, 1, 1]}, "CityObjects": {}, "vertices": []}
    return "\n".join(json.dumps(one) for one in (head, *features))


def test_a_scale_of_zero_is_refused_only_where_coordinates_use_it(house: dict[str, Any], put: Put) -> None:
    bare = {"a": {"type": "Building", "attributes": {"storeys": 3}}}
    feature = {"type": "CityJSONFeature", "id": "a", "CityObjects": bare, "vertices": []}
    city = read_city(put(sequence(house, feature), "x.city.jsonl"))
    assert city.buildings["storeys"].tolist() == [3]
    assert city.quality.counts()["zero-scale"] == 1
    full = {"type": "CityJSONFeature", "id": "house", "CityObjects": house["CityObjects"], "vertices": house["vertices"]}
    with pytest.raises(FormatError, match=r"x.city.jsonl:3: the scale of `transform` is \[0.0, 0.0, 0.0\](.|\n)*such as 0.001"):
        read_city(put(sequence(house, feature, full), "x.city.jsonl"))
    city = read_city(put(sequence(house, feature, {**full, "transform": house["transform"]}), "x.city.jsonl"))
    assert_allclose(city.surfaces.areas().sum(), 600)
    assert_allclose(city.bounds, [136000, 455000, 136010, 455010])
    zero = {**full, "transform": {"scale": [0.001, 0, 0.001], "translate": [0, 0, 0]}}
    with pytest.raises(FormatError, match=r"x.city.jsonl:2: the scale"):
        read_city(put(sequence(house, zero), "x.city.jsonl"))
