"""CityJSONSeq: a header, then each object with its parts on a line of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twin.geo.city import City
from twin.geo.writers.atomic import written_file
from twin.geo.writers.cityjson import cityjson_document, dumped
from twin.geo.writers.readback import check_written


def write_cityjsonseq(city: City, path: str | Path) -> Path:
    """Write the objects of a city as CityJSONSeq 2.0; what `write_cityjson` says of geometry and attributes holds here too.

    Raises
    ------
    OutputError
        When the file cannot be written, or does not come back as it should.
    """
    with written_file(Path(path)) as place:
        with place.open("wb") as file:
            file.writelines(lines(city))
        check_written(city, place, Path(path))
    return Path(path)


def lines(city: City) -> list[bytes]:
    """The header and the features of a city, each as one line."""
    document = cityjson_document(city)
    objects, vertices = document["CityObjects"], document["vertices"]
    header = {**document, "CityObjects": {}, "vertices": []}
    materials = header.pop("appearance", {}).get("materials", [])
    found = [dumped(header)]
    for object_id, content in objects.items():
        if content.get("parents") and content["parents"][0] in objects:
            continue
        members: dict[str, Any] = {}
        _gather(object_id, objects, members)
        found.append(dumped(_feature(object_id, members, vertices, materials)))
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


def _feature(object_id: str, members: dict[str, Any], vertices: list[Any], materials: list[Any]) -> dict[str, Any]:
    numbers: dict[int, int] = {}
    colours: dict[int, int] = {}

    def renumber(nest: Any, table: dict[int, int]) -> Any:
        if isinstance(nest, list):
            return [renumber(one, table) for one in nest]
        return None if nest is None else table.setdefault(nest, len(table))

    written: dict[str, Any] = {}
    for one, content in members.items():
        geometries = []
        for geometry in content.get("geometry", []):
            moved = {**geometry, "boundaries": renumber(geometry["boundaries"], numbers)}
            if "material" in geometry:
                moved["material"] = {
                    theme: {"values": renumber(value["values"], colours)} for theme, value in geometry["material"].items()
                }
            geometries.append(moved)
        written[one] = {**content, "geometry": geometries} if geometries else content
    feature = {"type": "CityJSONFeature", "id": object_id, "CityObjects": written, "vertices": [vertices[one] for one in numbers]}
    if colours:
        feature["appearance"] = {"materials": [materials[one] for one in colours]}
    return feature
