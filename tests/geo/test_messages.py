"""What is refused is refused for its true reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from twin.errors import FormatError
from twin.geo.city import read_city
from twin.geo.samples import sample_folder

Put = Callable[..., Path]
ROOT = Path(__file__).parent.parent.parent


def refused(path: Path) -> str:
    with pytest.raises(FormatError) as error:
        read_city(path)
    return str(error.value)


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "ARCHITECTURE.md"])
def test_prose_is_no_scenario(name: str) -> None:
    told = refused(ROOT / name)
    assert "scenario" not in told
    assert "no known format" in told


@pytest.mark.parametrize("text", ["---\ntitle: a\ncity: b\n---\nSome prose.\n", "title: a\ncity: b\nThis is prose.\n"])
def test_prose_with_keys_is_no_scenario(put: Put, text: str) -> None:
    assert "scenario" not in refused(put(text, "notes.md"))


def test_scenarios_are_told_as_such(put: Put) -> None:
    for path in sorted(sample_folder().parent.glob("*.yaml")):
        assert "this is a scenario" in refused(path)
    long = "title: a\ncity: b\nchanges:\n" + "- {id: x, type: closure}\n" * 2000
    assert "this is a scenario" in refused(put(long, "x.txt"))


def test_json_in_latin_1_is_told_with_its_place(house: dict[str, Any], put: Put) -> None:
    house["CityObjects"]["house"]["attributes"]["name"] = "Café"
    text = json.dumps(house, ensure_ascii=False, indent=1)
    line = text[: text.index("Café")].count("\n") + 1
    column = text.split("\n")[line - 1].index("é") + 1
    told = refused(put(text.encode("latin-1")))
    assert told.startswith(f"house.city.json:{line}:{column}: the text is not in UTF-8")
    assert "byte 0xe9" in told
    assert "Latin-1" in told


def test_a_line_in_latin_1_is_told_with_its_line(house: dict[str, Any], put: Put) -> None:
    head = {**house, "CityObjects": {}, "vertices": []}
    feature = {"type": "CityJSONFeature", "id": "house", "CityObjects": house["CityObjects"], "vertices": house["vertices"]}
    feature["CityObjects"]["house"]["attributes"]["name"] = "é"
    lines = [json.dumps(one, ensure_ascii=False) for one in (head, feature)]
    told = refused(put("\n".join(lines).encode("latin-1"), "x.city.jsonl"))
    assert told.startswith(f"x.city.jsonl:2:{lines[1].index('é') + 1}: the text is not in UTF-8")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"type": "Feature", "properties": {"a": "é"}, "geometry": null}', "a.geojson"),
        ('{"type": "FeatureCollection", "bronhouder": "é", "lokaal_id": 2, "features": []}', "bgt.json"),
        ('{"osm3s": {}, "elements": [{"type": "node", "id": 1, "tags": {"a": "é"}}]}', "osm.json"),
    ],
)
def test_other_json_in_latin_1_is_told(put: Put, text: str, name: str) -> None:
    told = refused(put(text.encode("latin-1"), name))
    assert told.startswith(f"{name}:1:{text.index('é') + 1}: the text is not in UTF-8")


@pytest.mark.parametrize(
    ("version", "words"),
    [
        (2.0, "`version` is a number; CityJSON states it as text"),
        (None, "the file states no `version`"),
        (["2.0"], "`version` is no text"),
        (True, "`version` is no text"),
        ("two", "the version 'two' of CityJSON is not one"),
    ],
)
def test_a_version_that_is_none(house: dict[str, Any], put: Put, version: Any, words: str) -> None:
    house["version"] = version
    assert words in refused(put(house))


@pytest.mark.parametrize(
    ("encoding", "mark", "told"),
    [
        ("utf-16-be", b"", "UTF-16-BE"),
        ("utf-16-le", b"", "UTF-16-LE"),
        ("utf-32-be", b"", "UTF-32-BE"),
        ("utf-32-le", b"", "UTF-32-LE"),
        ("utf-16-le", b"\xff\xfe", "UTF-16;"),
        ("utf-16-be", b"\xfe\xff", "UTF-16;"),
        ("utf-32-le", b"\xff\xfe\0\0", "UTF-32;"),
        ("utf-32-be", b"\0\0\xfe\xff", "UTF-32;"),
    ],
)
@pytest.mark.parametrize("text", ["json", "#GEFID = 1, 1, 0\r\n", "tijdstip;waarde\n"])
def test_wide_text_is_told_by_its_encoding(
    house: dict[str, Any], put: Put, encoding: str, mark: bytes, told: str, text: str
) -> None:
    content = json.dumps(house) if text == "json" else text
    words = refused(put(mark + content.encode(encoding), "house.city.json"))
    assert "this is text in " + told in words
    assert "save it as UTF-8" in words


def test_zeros_are_no_text(put: Put) -> None:
    assert "UTF" not in refused(put(bytes(400), "x.bin"))


def test_an_object_that_is_its_own_parent_or_child(house: dict[str, Any], put: Put) -> None:
    house["CityObjects"]["house"] |= {"parents": ["house"], "children": ["house"]}
    city = read_city(put(house))
    told = {one.code: one.message for one in city.quality.findings}
    assert told == {
        "parent": "the object is its own parent; it stands for itself",
        "child": "the object is its own part; it stands for itself",
    }
    assert city.objects["parent"].tolist() == [""]
