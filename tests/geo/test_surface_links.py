"""A door is part of its wall: read, kept, written again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.geo.city import City, read_city
from twin.geo.readers.surface_links import PARENT, link
from twin.geo.writers import write

Put = Callable[..., Path]
DOOR_IN_WALL: list[dict[str, Any]] = [
    {"type": "GroundSurface"}, {"type": "RoofSurface"}, {"type": "WallSurface"}, {"type": "WallSurface"},
    {"type": "Door", "parent": 3, "height": 2.1},
]  # fmt: skip


def semantics_of(house: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = house["CityObjects"]["house"]["geometry"][0]["semantics"]
    return found


def related(path: Path) -> list[tuple[str, str, list[str], int]]:
    """Type, type of the parent, types of the children, and number of faces of each semantic surface of a file."""
    document = json.loads(path.read_text(encoding="utf-8"))
    found = []
    for one in document["CityObjects"].values():
        for geometry in one.get("geometry", []):
            stated, (values,) = geometry["semantics"]["surfaces"], geometry["semantics"]["values"]
            for number, surface in enumerate(stated):
                above = stated[surface["parent"]]["type"] if "parent" in surface else ""
                below = [stated[child]["type"] for child in surface.get("children", [])]
                found.append((surface["type"], above, below, values.count(number)))
    return sorted(found)


def again(city: City, tmp_path: Path) -> Path:
    path = tmp_path / "again.city.json"
    write(city, path)
    return path


@pytest.mark.parametrize("said_by", ["child", "parent", "both"])
def test_a_door_stays_in_its_wall(house: dict[str, Any], put: Put, tmp_path: Path, said_by: str) -> None:
    stated = json.loads(json.dumps(DOOR_IN_WALL))
    if said_by != "child":
        stated[3]["children"] = [4]
    if said_by == "parent":
        del stated[4]["parent"]
    semantics_of(house).update(surfaces=stated, values=[[0, 1, 2, 2, 3, 4]])
    city = read_city(put(house))
    table = city.surface_table
    assert table["type"].tolist() == ["WallSurface", "Door"] or table["type"].tolist() == ["Door", "WallSurface"]
    door = table[table["type"] == "Door"].iloc[0]
    assert door["height"] == 2.1
    assert table.loc[door[PARENT], "type"] == "WallSurface"
    assert related(again(city, tmp_path)) == [
        ("Door", "WallSurface", [], 1), ("GroundSurface", "", [], 1), ("RoofSurface", "", [], 1),
        ("WallSurface", "", [], 2), ("WallSurface", "", ["Door"], 1),
    ]  # fmt: skip
    assert [one for one in city.quality.findings if one.code == "semantics"] == []


def test_a_wall_without_a_face_of_its_own_is_kept(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    semantics_of(house).update(surfaces=DOOR_IN_WALL, values=[[0, 1, 2, 2, 2, 4]])
    assert ("WallSurface", "", ["Door"], 0) in related(again(read_city(put(house)), tmp_path))


def test_surfaces_of_several_files_point_to_their_own(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    semantics_of(house).update(surfaces=DOOR_IN_WALL, values=[[0, 1, 2, 2, 3, 4]])
    first = put(house, "one.city.json")
    house["CityObjects"] = {"shed": house["CityObjects"]["house"]}
    semantics_of({"CityObjects": {"house": house["CityObjects"]["shed"]}})["surfaces"][4]["height"] = 1.0
    second = put(house, "two.city.json")
    city = read_city([first, second])
    doors = city.surface_table[city.surface_table["type"] == "Door"]
    assert doors["height"].tolist() == [2.1, 1.0]
    assert doors[PARENT].nunique() == 2
    assert (city.surface_table.loc[doors[PARENT], "type"] == "WallSurface").all()
    assert sum(one == ("WallSurface", "", ["Door"], 1) for one in related(again(city, tmp_path))) == 2


@pytest.mark.parametrize("wrong", [5, -1, "3", 4, 1.0, True])
def test_a_parent_that_is_none_is_told(house: dict[str, Any], put: Put, tmp_path: Path, wrong: Any) -> None:
    stated = [*DOOR_IN_WALL[:4], {"type": "Door", "parent": wrong}]
    semantics_of(house).update(surfaces=stated, values=[[0, 1, 2, 2, 3, 4]])
    city = read_city(put(house))
    (told,) = [one for one in city.quality.findings if one.code == "semantics"]
    assert told.message.startswith("1 of the links")
    assert told.path == "CityObjects.house.geometry[0].semantics"
    assert ("Door", "", [], 1) in related(again(city, tmp_path))


def test_a_ring_of_parents_is_broken(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    stated = [*DOOR_IN_WALL[:3], {"type": "WallSurface", "parent": 4}, {"type": "Door", "parent": 3}]
    semantics_of(house).update(surfaces=stated, values=[[0, 1, 2, 2, 3, 4]])
    city = read_city(put(house))
    assert [one.code for one in city.quality.findings if one.code == "semantics"] == ["semantics"]
    assert ("WallSurface", "Door", [], 1) in related(again(city, tmp_path))


@given(st.lists(st.integers(-1, 9), min_size=1, max_size=10))
@settings(max_examples=200, deadline=None)
def test_links_make_a_forest(parents: list[int]) -> None:
    stated: list[Any] = [{"type": "WallSurface", "parent": parent} if parent >= 0 else {"type": "x"} for parent in parents]
    rows, surfaces = [-1] * len(stated), []
    link(stated, rows, surfaces)
    for row in rows:
        seen = set()
        while row >= 0 and PARENT in surfaces[row]:
            assert row not in seen
            seen.add(row)
            row = surfaces[row][PARENT]
    for number, parent in enumerate(parents):
        if rows[number] >= 0 and PARENT in surfaces[rows[number]]:
            assert surfaces[rows[number]][PARENT] == rows[parent]


def test_a_citygml_window_is_part_of_its_wall(tmp_path: Path) -> None:
    from tests.geo import gml

    faces = gml.box(0, 0, 0)
    hole = [(2.0, 0.0, 2.0), (4.0, 0.0, 2.0), (4.0, 0.0, 5.0), (2.0, 0.0, 5.0)]
    window = (
        f"<bldg:opening><bldg:Window gml:id='w'><bldg:lod3MultiSurface>{gml.multi(gml.polygon(hole[::-1]))}"
        "</bldg:lod3MultiSurface></bldg:Window></bldg:opening>"
    )
    walls = "".join(
        f"<bldg:boundedBy><bldg:WallSurface><gml:name>{number}</gml:name><bldg:lod3MultiSurface>{gml.multi(gml.polygon(face))}"
        f"</bldg:lod3MultiSurface>{window if number == 2 else ''}</bldg:WallSurface></bldg:boundedBy>"
        for number, face in enumerate(faces)
    )
    path = tmp_path / "house.gml"
    path.write_text(gml.model(gml.building(walls)), encoding="utf-8")
    city = read_city(path)
    table = city.surface_table
    (opening,) = table.index[table["type"] == "Window"].tolist()
    assert table.loc[table.loc[opening, PARENT], "type"] == "WallSurface"
    assert str(table.loc[table.loc[opening, PARENT], "name"]) == "2"
    document = json.loads(again(city, tmp_path).read_text(encoding="utf-8"))
    stated = document["CityObjects"]["house"]["geometry"][0]["semantics"]["surfaces"]
    (told,) = [one for one in stated if one["type"] == "Window"]
    assert str(stated[told["parent"]]["name"]) == "2"
    assert pd.isna(table.loc[table.loc[opening, PARENT], PARENT])
