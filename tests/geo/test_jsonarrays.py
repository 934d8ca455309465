"""Number arrays taken out of JSON text are what the parser would have made of them; what is odd stays in the text."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import FormatError
from twin.geo.readers.jsonarrays import documents
from twin.geo.readers.jsonpool import Pool


def restored(text: bytes) -> list[Any]:
    """The values of a text with every array put back: the slow way."""
    found = documents(text, "x.json")
    pool = Pool(found.arrays)

    def back(value: Any, nulls: bool) -> Any:
        if isinstance(value, str) and found.arrays.number(value) >= 0:
            lists = pool.as_lists(value)
            return _nulled(lists) if nulls else lists
        if isinstance(value, list):
            return [back(one, nulls) for one in value]
        if isinstance(value, dict):
            return {key: back(one, key == "values") for key, one in value.items()}
        return value

    return [back(value, False) for value in found]


class Pairs(tuple[tuple[str, Any], ...]):
    """An object whose keys may be repeated."""


def several(text: bytes) -> list[Any]:
    """The values of a text; ValueError where something stands behind the first."""
    found = restored(text)
    if len(found) > 1:
        raise ValueError("not one value")
    return found


def _nulled(nest: Any) -> Any:
    """Minus one stands for null in values."""
    return [_nulled(one) for one in nest] if isinstance(nest, list) else None if nest == -1 else nest


def city(boundaries: Any, values: Any, **more: Any) -> dict[str, Any]:
    geometry = {"type": "Solid", "boundaries": boundaries, "semantics": {"surfaces": [], "values": values}, **more}
    objects = {"a": {"type": "Building", "geometry": [geometry]}}
    return {"type": "CityJSON", "CityObjects": objects, "vertices": [[1, 2, 3], [-4, 0, 6]]}


def test_arrays_are_taken_out_where_cityjson_has_them() -> None:
    document = city([[[[0, 1, 2]], [[3, 4, 5], [6]]]], [[0, None]])
    document["CityObjects"]["a"]["attributes"] = {"boundaries": [[1]], "vertices": [1, 2], "geometry": [{"boundaries": [5]}]}
    found = documents(orjson.dumps(document), "x")
    (reduced,) = found
    assert len(found.arrays.table) == 3
    assert reduced["CityObjects"]["a"]["attributes"] == document["CityObjects"]["a"]["attributes"]
    row = found.arrays.number(reduced["CityObjects"]["a"]["geometry"][0]["boundaries"])
    assert found.arrays.numbers_of(row).tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert [found.arrays.sizes_of(row, level).tolist() for level in range(4)] == [[3, 3, 1], [1, 2], [2], [1]]
    assert restored(orjson.dumps(document)) == [document]
    assert restored(json.dumps(document, indent=3).encode()) == [document]


whole = st.integers(-(10**17), 10**17)


@st.composite
def nests(draw: st.DrawFn, depth: int) -> Any:
    if depth == 0:
        return draw(whole)
    return draw(st.lists(nests(depth - 1), max_size=3))


numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**62), 2**62)
keys = st.sampled_from(["boundaries", "values", "vertices", "x"])
odd = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=12,
)


@given(nests(1) | nests(2) | nests(3) | nests(4) | nests(5) | odd, nests(1) | nests(2) | odd, odd, st.sampled_from([None, 1, 4]))
def test_nothing_is_changed(boundaries: Any, values: Any, attributes: Any, indent: int | None) -> None:
    document = city(boundaries, values, material={"theme": {"values": values}})
    document["CityObjects"]["a"]["attributes"] = {"deep": attributes, "values": values}
    template = {"type": "MultiSurface", "boundaries": boundaries}
    document["geometry-templates"] = {"templates": [template], "vertices-templates": [[0.5, 1, 2]]}
    text = json.dumps(document, indent=indent).encode()
    (found,) = restored(text)

    def same(one: Any, other: Any) -> bool:
        # a stated -1 in values cannot be told from null: both mean no surface
        if isinstance(one, dict):
            return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
        if isinstance(one, list):
            return isinstance(other, list) and len(one) == len(other) and all(map(same, one, other))
        return one == other or (one is None and other == -1)

    assert same(found, json.loads(text))


@given(st.binary(max_size=200))
def test_any_bytes_parse_as_the_parser_says(text: bytes) -> None:
    try:
        expected = [orjson.loads(text)]
    except orjson.JSONDecodeError:
        expected = None
    try:
        found = restored(text)
    except FormatError:
        found = None
    if expected is not None:
        assert found == expected


@given(st.integers(0, 400), st.sampled_from([b"[", b"]", b",", b"-", b"0", b"x", b'"', b"{", b"\\", b" "]))
def test_damaged_text_is_refused_or_read_as_the_parser_does(place: int, what: bytes) -> None:
    text = orjson.dumps(city([[[[0, 1, 2]], [[3, 4, 5]]]], [[0, None]]))
    place = min(place, len(text))
    text = text[:place] + what + text[place:]
    try:
        expected = orjson.loads(text)
    except orjson.JSONDecodeError:
        with pytest.raises((FormatError, ValueError), match=r"broken JSON|not one value"):
            (_,) = several(text)
        return
    assert restored(text) == [expected]


ODD = "[01] [1.5] [1e3] [-] [1_2] [1,] [,1] [+1] [1]] [9999999999999999999] [--1] [1,[2]] [1\t\n2] [tr_ue] [1,_2] [1_.5]"


@pytest.mark.parametrize("odd", ODD.split(" "))
def test_what_is_no_nest_of_whole_numbers_is_left_to_the_parser(odd: str) -> None:
    text = f'{{"vertices": {odd.replace("_", " ")}}}'.encode()
    try:
        expected = orjson.loads(text)
    except orjson.JSONDecodeError:
        with pytest.raises(FormatError, match=r"x.json:\d+:\d+: broken JSON"):
            restored(text)
        return
    assert len(documents(text, "x").arrays.table) == (odd == "[1,_2]")
    assert restored(text) == [expected]


def test_a_text_cannot_pass_for_an_array() -> None:
    for name in ("@0#0", "@0#1", "@1#0"):
        document = city([[[[0, 1, 2]]]], [[0]])
        document["CityObjects"]["a"]["geometry"][0]["boundaries"] = name
        document["CityObjects"][name] = {"type": "Building"}
        assert restored(orjson.dumps(document)) == [document]


names = st.sampled_from(["a", "b", "CityObjects", 'q"', "vertices", ""])
inner = st.recursive(
    st.just("x") | st.just([[0, 1, 2]]),
    lambda one: st.lists(one, max_size=2) | st.lists(st.tuples(names, one), max_size=3).map(Pairs),
    max_leaves=5,
)
entries = st.lists(st.tuples(names, inner), max_size=6).map(Pairs)
roots = st.lists(st.tuples(st.sampled_from(["CityObjects", "geometry", "x"]), entries | inner), max_size=4).map(Pairs)


def spelt(value: Any, indent: str) -> str:
    """JSON text in which keys may be repeated; every second key is spelt with an escape."""
    if isinstance(value, Pairs):
        keys = [
            f"\\u{ord(key[0]):04x}{key[1:]}" if n % 2 and key[:1] in ("a", "b") else json.dumps(key)[1:-1]
            for n, (key, _) in enumerate(value)
        ]
        rows = [f'"{key}"{indent}:{indent}{spelt(one, indent)}' for key, (_, one) in zip(keys, value, strict=True)]
        return "{" + f",{indent}".join(rows) + "}"
    return "[" + ",".join(spelt(one, indent) for one in value) + "]" if isinstance(value, list) else json.dumps(value)


@given(st.lists(roots, min_size=1, max_size=3), st.sampled_from(["", " ", "\n\t"]))
def test_ids_that_stand_twice_are_counted(documents_of: list[Any], indent: str) -> None:
    found = documents("\n".join(spelt(one, indent) for one in documents_of).encode(), "x")
    list(found)
    for number, pairs in enumerate(documents_of):
        expected = Counter(key for name, one in pairs if name == "CityObjects" and isinstance(one, Pairs) for key, _ in one)
        assert found.keys(number) == expected.total()
        assert found.repeated(number) == {key: times for key, times in expected.items() if times > 1}


def test_lines_of_a_sequence_and_where_one_is_broken() -> None:
    lines = [b'{"a": 1}', b"", b'{"vertices": [[1,2,3]]}', b'{"b": [1,]}']
    found = documents(b"\n".join(lines[:3]), "x.jsonl")
    assert list(found.lines()) == [1, 3]
    with pytest.raises(FormatError, match=r"x.jsonl:4:9: broken JSON"):
        list(documents(b"\n".join(lines), "x.jsonl"))


@pytest.mark.realdata
def test_real_files_are_what_the_parser_makes_of_them(real_data: Path) -> None:
    for path in sorted((real_data / "cityjson").iterdir()):
        if path.suffix == ".json" and path.stat().st_size < 3_000_000:
            text = path.read_bytes()
            assert restored(text) == [orjson.loads(text)]
        elif path.suffix == ".jsonl":
            assert restored(path.read_bytes()) == [orjson.loads(line) for line in path.read_bytes().splitlines() if line.strip()]
