"""CityJSONSeq: a header, then each object with its parts on a line of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twin.geo.city import City
from twin.geo.writers.atomic import written_file
from twin.geo.writers.cityjson import cityjson_document, dumped, pictures_beside, write_checked


def write_cityjsonseq(city: City, path: str | Path) -> Path:
    """Write the objects of a city as CityJSONSeq 2.0; what `write_cityjson` says of geometry and attributes holds here too.

    Raises
    ------
    OutputError
        When the file cannot be written, or does not come back as it should.
    """
    path = Path(path)
    pictures, names = pictures_beside(city, path)
    with written_file(path) as place:
        write_checked(city, place, path, pictures, lambda one: b"".join(lines(one, names)))
    return path


def lines(city: City, pictures: Mapping[int, str] | None = None) -> list[bytes]:
    """The header and the features of a city, each as one line; `cityjson_document` has the parameters."""
    document = cityjson_document(city, pictures=pictures)
    objects, vertices = document["CityObjects"], document["vertices"]
    header = {**document, "CityObjects": {}, "vertices": []}
    appearance = header.pop("appearance", {})
    found = [dumped(header)]
    for object_id, content in objects.items():
        # the members of a group are features of their own, parts of a building are not
        if any(one in objects and objects[one]["type"] != "CityObjectGroup" for one in content.get("parents", [])):
            continue
        members: dict[str, Any] = {}
        _gather(object_id, objects, members)
        found.append(dumped(_feature(object_id, members, vertices, appearance)))
    return found


def _gather(object_id: str, objects: dict[str, Any], members: dict[str, Any]) -> None:
    """An object and its parts, not the members of a group."""
    stack = [object_id]
    while stack:
        one = stack.pop()
        if one in members:
            continue
        members[one] = objects[one]
        if objects[one]["type"] != "CityObjectGroup":
            stack += [child for child in objects[one].get("children", []) if child in objects]


def _feature(object_id: str, members: dict[str, Any], vertices: list[Any], appearance: dict[str, Any]) -> dict[str, Any]:
    """One feature with vertices, materials, pictures and places in these of its own."""
    numbers: dict[int, int] = {}
    colours: dict[int, int] = {}
    pictures: dict[int, int] = {}
    places: dict[int, int] = {}

    def renumber(nest: Any, table: dict[int, int]) -> Any:
        if isinstance(nest, list):
            return [renumber(one, table) for one in nest]
        return None if nest is None else table.setdefault(nest, len(table))

    def shown(nest: Any) -> Any:
        if isinstance(nest[0], list):
            return [shown(one) for one in nest]
        # of a ring first the picture, then a place in it for each corner
        return [None] if nest[0] is None else [renumber(nest[0], pictures), *renumber(nest[1:], places)]

    written: dict[str, Any] = {}
    for one, content in members.items():
        geometries = []
        for geometry in content.get("geometry", []):
            moved = {**geometry, "boundaries": renumber(geometry["boundaries"], numbers)}
            if "material" in geometry:
                moved["material"] = {
                    theme: {"values": renumber(value["values"], colours)} for theme, value in geometry["material"].items()
                }
            if "texture" in geometry:
                moved["texture"] = {
                    theme: {"values": shown(value["values"])} for theme, value in geometry["texture"].items()
                }
            geometries.append(moved)
        written[one] = {**content, "geometry": geometries} if geometries else dict(content)
        if "address" in content:
            written[one]["address"] = [
                {**row, "location": {**row["location"], "boundaries": renumber(row["location"]["boundaries"], numbers)}}
                if "location" in row
                else row
                for row in content["address"]
            ]
        if content.get("parents"):
            # what is in another feature cannot be pointed to
            there = [parent for parent in content["parents"] if parent in members]
            written[one] |= {"parents": there} if there else {}
            if not there:
                del written[one]["parents"]
    feature = {"type": "CityJSONFeature", "id": object_id, "CityObjects": written, "vertices": [vertices[one] for one in numbers]}
    own: dict[str, Any] = {}
    if colours:
        own["materials"] = [appearance["materials"][one] for one in colours]
    if pictures:
        own["textures"] = [appearance["textures"][one] for one in pictures]
        own["vertices-texture"] = [appearance["vertices-texture"][one] for one in places]
    return {**feature, "appearance": own} if own else feature
