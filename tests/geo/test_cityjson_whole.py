"""What CityJSON has beside surfaces: templates, points, lines, groups, addresses, appearance, extensions, old versions."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import twin
from tests.geo.conftest import CUBE_FACES, CUBE_VERTICES
from twin.geo.city import City, read_city
from twin.geo.topology import object_use, signed_volumes

Put = Callable[..., Path]


def volumes(city: City) -> np.ndarray:
    return signed_volumes(city.surfaces, city.surfaces.owner.astype(np.int64), len(city.objects))


def with_template(house: dict[str, Any], *matrices: list[float] | None) -> dict[str, Any]:
    """A unit cube as a template, placed once for each matrix at (20, 0, 5), (40, 0, 5), ..."""
    house["geometry-templates"] = {
        "templates": [{"type": "Solid", "lod": "2", "boundaries": [CUBE_FACES]}],
        "vertices-templates": [[x / 10000, y / 10000, z / 10000] for x, y, z in CUBE_VERTICES],
    }
    for number, matrix in enumerate(matrices):
        house["vertices"].append([20000 * (number + 1), 0, 5000])
        geometry: dict[str, Any] = {"type": "GeometryInstance", "template": 0, "boundaries": [len(house["vertices"]) - 1]}
        if matrix is not None:
            geometry["transformationMatrix"] = matrix
        house["CityObjects"][f"tree{number}"] = {"type": "SolitaryVegetationObject", "geometry": [geometry]}
    return house


def test_templates_are_scaled_turned_and_placed(house: dict[str, Any], put: Put) -> None:
    c, s = math.cos(math.radians(30)), math.sin(math.radians(30))
    scale = [2.0, 0, 0, 0, 0, 3.0, 0, 0, 0, 0, 4.0, 0, 0, 0, 0, 1.0]
    turn = [c, -s, 0, 0, s, c, 0, 0, 0, 0, 1, 0.5, 0, 0, 0, 1]
    mirror = [-1.0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
    city = read_city(put(with_template(house, None, scale, turn, mirror)))
    assert_allclose(volumes(city)[1:], [1.0, 24.0, 1.0, 1.0])
    assert object_use(city.surfaces, len(city.objects)).closed.all()
    assert city.objects.lod.tolist() == ["2.2", "2", "2", "2", "2"]
    # the place of a tree is where its template was put, and its foot is lowered or raised by the matrix
    assert_allclose([point.x - 136000 for point in city.trees.geometry], [20, 40, 60, 80])
    assert_allclose(city.trees.z_m, [6.5, 6.5, 7.0, 6.5])
    assert_allclose(city.trees.height_m, [1, 4, 1, 1])
    corners = city.surfaces.vertices[city.surfaces.triangles[city.surfaces.owner == 3]].reshape(-1, 3) + city.origin
    assert corners[:, 0].min() == pytest.approx(136060 - s)
    assert corners[:, 0].max() == pytest.approx(136060 + c)


@pytest.mark.parametrize(
    ("offset", "matrix", "x", "y", "low"),
    [
        # as the template stands round its origin, moved and turned by the matrix
        (0.0, [0, -2, 0, 5, 2, 0, 0, 6, 0, 0, 2, 7, 0, 0, 0, 1], 25.0, 6.0, 12.0),
        (0.0, [2, 0, 0, 10, 0, 2, 0, 12, 0, 0, 2, 14, 0, 0, 0, 2], 25.0, 6.0, 12.0),
        # a template that is drawn far from its own origin stands where it is drawn
        (100.0, None, 120.5, 100.5, 105.0),
    ],
)
def test_a_tree_stands_where_its_template_is_drawn(
    house: dict[str, Any], put: Put, offset: float, matrix: list[float] | None, x: float, y: float, low: float
) -> None:
    document = with_template(house, matrix)
    templates = document["geometry-templates"]
    templates["vertices-templates"] = [[value + offset for value in one] for one in templates["vertices-templates"]]
    city = read_city(put(document))
    assert (city.trees.geometry.x - 136000).tolist() == pytest.approx([x])
    assert (city.trees.geometry.y - 455000).tolist() == pytest.approx([y])
    assert (city.trees.z_m - 1.5).tolist() == pytest.approx([low])
    corners = city.surfaces.vertices[city.surfaces.triangles[city.surfaces.owner == 1]].reshape(-1, 3) + city.origin
    point = city.trees.geometry.iloc[0]
    assert corners[:, 0].min() - 0.01 <= point.x <= corners[:, 0].max() + 0.01
    assert corners[:, 1].min() - 0.01 <= point.y <= corners[:, 1].max() + 0.01


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda g: g.__setitem__("template", 7), "template 7 is not there: the file has 1"),
        (lambda g: g.__setitem__("template", "0"), "template 0 is not there"),
        (lambda g: g.__setitem__("boundaries", [99]), "not numbers of vertices"),
        (lambda g: g.__setitem__("boundaries", []), ""),
        (lambda g: g.__setitem__("transformationMatrix", [1, 2]), "not 16 finite numbers"),
        (lambda g: g.__setitem__("transformationMatrix", ["a"] * 16), "not 16 finite numbers"),
    ],
)
def test_templates_that_cannot_be_placed(house: dict[str, Any], put: Put, change: Callable[[Any], Any], told: str) -> None:
    with_template(house, None)
    change(house["CityObjects"]["tree0"]["geometry"][0])
    city = read_city(put(house))
    assert len(city.surfaces) == 12
    if told:
        assert any(told in one.message and one.severity == "error" for one in city.quality.findings)


SHIFTED = [[[10 + number for number in ring] for ring in face] for face in CUBE_FACES]
INWARD = [[ring[::-1] for ring in face] for face in CUBE_FACES]


@pytest.mark.parametrize(
    ("kind", "boundaries"),
    [
        ("MultiSurface", CUBE_FACES),
        ("CompositeSurface", CUBE_FACES),
        ("Solid", [CUBE_FACES[:5]]),
        ("Solid", [SHIFTED, INWARD]),
        ("MultiSolid", [[CUBE_FACES], [SHIFTED]]),
        ("CompositeSolid", [[SHIFTED, INWARD], [CUBE_FACES]]),
    ],
)
def test_what_is_placed_is_nested_as_its_template(house: dict[str, Any], put: Put, kind: str, boundaries: Any) -> None:
    with_template(house, None, [-1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1])
    templates = house["geometry-templates"]
    points = templates["vertices-templates"]
    templates["vertices-templates"] = [
        *points,
        *[[9, 9, 9]] * (10 - len(points)),
        *[[3 * x - 1, 3 * y - 1, 3 * z - 1] for x, y, z in points],
    ]
    templates["templates"] = [{"type": kind, "lod": "2", "boundaries": boundaries}]
    both = house["CityObjects"]["both"] = {"type": "CityFurniture", "geometry": []}
    for number in range(2):
        both["geometry"] += house["CityObjects"][f"tree{number}"]["geometry"]
    city = read_city(put(house))
    assert city.objects["geometry"].to_dict() == {"house": "Solid", "tree0": kind, "tree1": kind, "both": ""}
    written = json.loads(_written(city))
    for name in ("tree0", "tree1"):
        (geometry,) = written["CityObjects"][name]["geometry"]
        assert geometry["type"] == kind
        assert shape_of(geometry["boundaries"]) == shape_of(boundaries)
    assert_allclose(volumes(read_city(put(written))), volumes(city), atol=1e-6)


def shape_of(nest: Any) -> Any:
    """How many corners each ring of a nest of lists has."""
    return [shape_of(one) for one in nest] if isinstance(nest[0], list) else len(nest)


def test_what_cannot_be_placed_has_no_type_of_geometry(house: dict[str, Any], put: Put) -> None:
    with_template(house, None)["CityObjects"]["tree0"]["geometry"][0]["template"] = 7
    assert read_city(put(house)).objects["geometry"].to_dict() == {"house": "Solid", "tree0": ""}


def test_pictures_of_templates_are_told(house: dict[str, Any], put: Put) -> None:
    with_template(house, None)["geometry-templates"]["templates"][0]["texture"] = {"a": {"values": [[[[None]]] * 6]}}
    assert read_city(put(house)).quality.counts() == {"textures": 1}


def test_templates_cannot_fill_the_memory(house: dict[str, Any], put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    from twin.geo.readers import cityjson_templates

    monkeypatch.setattr(cityjson_templates, "MAX_VERTICES", 40)
    city = read_city(put(with_template(house, *[None] * 6)))
    assert len(city.trees) == 6
    assert "template-limit" in city.quality.counts()


def test_points_and_lines(house: dict[str, Any], put: Put) -> None:
    def put_in(name: str, kind: str, geometry: str, boundaries: Any) -> None:
        house["CityObjects"][name] = {"type": kind, "geometry": [{"type": geometry, "lod": "0", "boundaries": boundaries}]}

    put_in("road", "Road", "MultiLineString", [[0, 1, 2], [3, 7]])
    put_in("lamp", "CityFurniture", "MultiPoint", [6])
    put_in("row", "SolitaryVegetationObject", "MultiPoint", [0, 5])
    city = read_city(put(house))
    (street,) = city.streets.geometry
    assert street.geom_type == "MultiLineString"
    assert street.length == pytest.approx(20.0)
    assert street.geoms[1].coords[1] == (136000.0, 455010.0, 11.5)
    assert city.furniture.geometry.iloc[0].coords[0] == (136010.0, 455010.0)
    assert city.furniture.z_m.tolist() == [11.5]
    assert city.trees.geometry.iloc[0].geom_type == "MultiPoint"
    assert city.objects.loc[["road", "lamp", "row"], "geometry"].tolist() == ["MultiLineString", "MultiPoint", "MultiPoint"]
    assert not len(city.roads)


def test_broken_points_and_lines_are_told(house: dict[str, Any], put: Put) -> None:
    house["CityObjects"]["a"] = {"type": "Road", "geometry": [{"type": "MultiLineString", "lod": "0", "boundaries": [[0, 99]]}]}
    house["CityObjects"]["b"] = {"type": "Road", "geometry": [{"type": "MultiLineString", "lod": "0", "boundaries": [0, 1]}]}
    house["CityObjects"]["c"] = {"type": "Road", "geometry": [{"type": "MultiPoint", "lod": "0", "boundaries": "x"}]}
    city = read_city(put(house))
    assert city.quality.counts() == {"boundary": 3}


def test_groups_keep_their_members(house: dict[str, Any], put: Put) -> None:
    house["CityObjects"]["house"]["parents"] = ["town"]
    house["CityObjects"]["town"] = {"type": "CityObjectGroup", "children": ["house"], "children_roles": ["home"]}
    city = read_city(put(house))
    assert city.objects.parent.tolist() == ["", ""]
    assert json.loads(city.other.loc["town", "members"]) == ["house"]
    assert len(city.buildings) == 1
    again = json.loads(_written(city))["CityObjects"]["town"]
    assert again == {"type": "CityObjectGroup", "children": ["house"], "children_roles": ["home"]}
    house["CityObjects"]["town"]["children_roles"] = [None]
    assert json.loads(_written(read_city(put(house))))["CityObjects"]["town"]["children_roles"] == [None]


def test_roles_of_parts_are_kept(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    objects = house["CityObjects"]
    for name in ("kitchen", "hall", "attic"):
        objects[name] = {"type": "BuildingRoom", "parents": ["house"]}
    # not in the order in which they are written
    objects["house"] |= {"children": ["attic", "hall", "kitchen"], "children_roles": ["under the roof", None, "cooking"]}
    city = read_city(put(house))
    assert city.quality.counts() == {}
    assert json.loads(city.buildings.loc["house", "children_roles"])["attic"] == "under the roof"
    for again in (city, read_city(city.save(tmp_path / "folder")), read_city(put(_written(city), "again.city.json"))):
        written = json.loads(_written(again))["CityObjects"]["house"]
        assert dict(zip(written["children"], written["children_roles"], strict=True)) == {
            "kitchen": "cooking", "hall": None, "attic": "under the roof"
        }  # fmt: skip
        assert "children_roles" not in written["attributes"]
    objects["house"]["children_roles"] = ["too", "few"]
    written = json.loads(_written(read_city(put(house))))["CityObjects"]["house"]
    assert written["attributes"]["children_roles"] == ["too", "few"]
    assert "children_roles" not in written


def _written(city: City) -> bytes:
    from twin.geo.writers.cityjson import cityjson_bytes

    return cityjson_bytes(city)


def test_storeys_units_and_rooms_know_their_building(house: dict[str, Any], put: Put) -> None:
    chain = [("house", "storey", "BuildingStorey"), ("storey", "unit", "BuildingUnit"), ("unit", "room", "BuildingRoom")]
    for parent, child, kind in chain:
        house["CityObjects"][parent]["children"] = [child]
        house["CityObjects"][child] = {"type": kind, "parents": [parent]}
    city = read_city(put(house))
    assert city.objects.parent.to_dict() == {"house": "", "storey": "house", "unit": "storey", "room": "unit"}
    assert city.buildings.index.tolist() == ["house"]


def test_attributes_of_parts_are_kept(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    part = house["CityObjects"]["house"]
    house["CityObjects"] = {
        "whole": {"type": "Building", "attributes": {"name": "Dom"}, "children": ["a", "b"]},
        "a": {**part, "type": "BuildingPart", "parents": ["whole"], "attributes": {"roofType": "flat", "built": "1350-01-01"}},
        "b": {"type": "BuildingRoom", "parents": ["whole"], "attributes": {"area": 12.5}},
    }
    city = read_city(put(house))
    assert city.buildings.index.tolist() == ["whole"]
    assert city.parts.index.tolist() == ["a", "b"]
    assert city.parts.loc["a", "roofType"] == "flat"
    assert str(city.parts["built"].dtype) == "datetime64[s]"
    assert city.parts.loc["b", "area"] == 12.5
    for again in (read_city(city.save(tmp_path / "folder")), read_city(put(_written(city), "again.city.json"))):
        assert again.parts.equals(city.parts)
    assert city.without(["a"]).parts.index.tolist() == ["b"]


def test_addresses_have_coordinates(house: dict[str, Any], put: Put) -> None:
    location = {"type": "MultiPoint", "lod": "0", "boundaries": [6]}
    house["CityObjects"]["house"]["address"] = [{"Street": "Oudegracht", "HouseNumber": "1", "location": location}]
    (address,) = json.loads(read_city(put(house)).buildings.loc["house", "address"])
    assert address == {"Street": "Oudegracht", "HouseNumber": "1", "location": [[136010.0, 455010.0, 11.5]]}


def test_times_are_times(house: dict[str, Any], put: Put) -> None:
    attributes = house["CityObjects"]["house"]["attributes"]
    attributes |= {"built": "1350-05-01", "seen": "2020-06-15T10:00:00-05:30", "local": "2020-06-15T10:00:00.25", "when": "2020"}
    frame = read_city(put(house)).buildings
    assert [str(frame[name].dtype) for name in ("built", "seen", "local", "when")] == [
        "datetime64[s]", "datetime64[us, UTC]", "datetime64[us]", "str"
    ]  # fmt: skip
    assert frame.seen.iloc[0].isoformat() == "2020-06-15T15:30:00+00:00"
    again = json.loads(_written(read_city(put(house))))["CityObjects"]["house"]["attributes"]
    assert (again["built"], again["seen"], again["local"]) == ("1350-05-01", "2020-06-15T15:30:00Z", "2020-06-15T10:00:00.250000")


def test_materials_become_colours(house: dict[str, Any], put: Put) -> None:
    house["appearance"] = {
        "materials": [
            {"name": "red", "diffuseColor": [1.0, 0.0, 0.0]},
            {"name": "glass", "diffuseColor": [0.0, 0.5, 1.0], "transparency": 0.75},
            {"name": "plain"},
            {"name": "odd", "diffuseColor": [2, 0, 0]},
        ],
        "default-theme-material": "day",
    }
    geometry = house["CityObjects"]["house"]["geometry"][0]
    geometry["material"] = {"night": {"value": 1}, "day": {"values": [[0, 1, None, 2, 3, 9]]}}
    city = read_city(put(house))
    assert city.surfaces.colour is not None
    by_face = city.surfaces.colour[np.searchsorted(city.surfaces.polygons.polygon, np.arange(6))]
    assert by_face.tolist() == [[255, 0, 0, 255], [0, 128, 255, 64], *[[0, 0, 0, 0]] * 4]
    assert city.quality.counts() == {"material": 2, "theme": 1}
    geometry["material"] = {"night": {"value": 1}}
    city = read_city(put(house))
    assert city.surfaces.colour is not None
    assert (city.surfaces.colour == [0, 128, 255, 64]).all()


def themed(house: dict[str, Any]) -> dict[str, Any]:
    """A house with themes of which the first is not the default, and a shed that has only the others."""
    colours = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    materials = [{"name": str(number), "diffuseColor": colour} for number, colour in enumerate(colours)]
    house["appearance"] = {"materials": materials, "default-theme-material": "visual"}
    shed = json.loads(json.dumps(house["CityObjects"]["house"]))
    house["CityObjects"]["house"]["geometry"][0]["material"] = {"sun": {"value": 0}, "visual": {"value": 1}, "heat": {"value": 2}}
    shed["geometry"][0]["material"] = {"heat": {"value": 2}, "sun": {"value": 0}}
    house["CityObjects"]["shed"] = shed
    return house


def colours_of(city: City) -> list[list[int]]:
    """Colours of the first triangle of each object."""
    assert city.surfaces.colour is not None
    first = np.searchsorted(city.surfaces.owner, np.arange(len(city.objects)))
    return [one[:3] for one in city.surfaces.colour[first].tolist()]


def test_of_several_themes_the_default_is_shown_and_the_names_are_kept(house: dict[str, Any], put: Put) -> None:
    city = read_city(put(themed(house)))
    # without the default a shape has the theme that the file names first, not the one that it names first itself
    assert colours_of(city) == [[0, 255, 0], [255, 0, 0]]
    assert city.metadata["themes"] == {"material": {"taken": ["visual", "sun"], "left": ["heat"]}}
    (told,) = [one for one in city.quality.findings if one.code == "theme"]
    assert told.severity == "info"
    assert told.message == (
        "3 themes of materials: shown is 'visual', the default of the file, and where a shape has not that one 'sun'; "
        "not shown is 'heat'"
    )
    del house["appearance"]["default-theme-material"]
    city = read_city(put(house))
    assert colours_of(city) == [[255, 0, 0], [255, 0, 0]]
    assert city.metadata["themes"] == {"material": {"taken": ["sun"], "left": ["visual", "heat"]}}


def test_a_theme_is_written_by_its_name(house: dict[str, Any], put: Put) -> None:
    themed(house)["appearance"]["default-theme-material"] = "heat"
    city = read_city(put(house))
    written = json.loads(_written(city))
    assert [set(written["CityObjects"][one]["geometry"][0]["material"]) for one in ("house", "shed")] == [{"heat"}, {"heat"}]
    again = read_city(put(written))
    assert colours_of(again) == [[0, 0, 255], [0, 0, 255]]
    assert again.metadata["themes"] == {"material": {"taken": ["heat"], "left": []}}
    assert "theme" not in again.quality.counts()


def test_themes_of_a_sequence_are_told_once(house: dict[str, Any], put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    themed(house)
    monkeypatch.setattr("twin.geo.readers.cityjson.CHUNK_BYTES", 4000)
    header = {**house, "CityObjects": {}, "vertices": []}
    shed = house["CityObjects"]["shed"]
    features = [
        {"type": "CityJSONFeature", "id": f"s{n}", "CityObjects": {f"s{n}": shed}, "vertices": house["vertices"]} for n in range(20)
    ]
    path = put("\n".join(json.dumps(one) for one in (header, *features)), "sheds.city.jsonl")
    city = read_city(path)
    assert city.metadata["themes"] == {"material": {"taken": ["heat"], "left": ["sun"]}}
    assert city.quality.counts()["theme"] == 1
    assert sum(one.quality.counts().get("theme", 0) for one in twin.stream_city(path)) == 1


PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def textured(house: dict[str, Any], image: str) -> dict[str, Any]:
    house["appearance"] = {
        "textures": [{"type": "PNG", "image": "elsewhere.png"}, {"type": "PNG", "image": image}],
        "vertices-texture": [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]],
    }
    wall = [[1, 0, 1, 2, 3]]
    values = [[[[None]], wall, [[0, 0, 1, 2, 3]], [[1, 0, 1, 2]], [[1, 0, 1, 2, 99]], [[None]]]]
    house["CityObjects"]["house"]["geometry"][0]["texture"] = {"theme": {"values": values}}
    return house


def test_pictures_that_are_there_have_places(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "roof.png").write_bytes(PNG)
    city = read_city(put(textured(house, "pictures/roof.png")))
    mesh = city.surfaces
    assert [texture.name for texture in city.textures] == ["pictures/roof.png"]
    assert city.textures[0].read() == PNG
    assert mesh.texture is not None
    assert mesh.uv is not None
    assert (mesh.texture >= 0).sum() == 2
    # the roof is face 4-5-6-7, whose corners are the corners of the picture
    xy = (mesh.vertices[mesh.triangles[mesh.texture == 0]] + city.origin)[..., :2] - [136000, 455000]
    assert_allclose(mesh.uv[mesh.texture == 0], xy / 10.0)
    assert np.isnan(mesh.uv[mesh.texture < 0]).all()
    assert city.quality.counts() == {"texture-missing": 1}
    kept = city.without([]).surfaces.select(mesh.texture == 0)
    assert kept.texture is not None
    assert len(kept.texture) == 2


ELSEWHERE = ("../secret.png", "/etc/secret.png", "http://x.org/a.png", "C:/a.png", "..\\secret.png", "notes.txt", "a\0b", "l.png")


@pytest.mark.parametrize("image", ELSEWHERE)
def test_pictures_elsewhere_are_not_opened(house: dict[str, Any], put: Put, tmp_path: Path, image: str) -> None:
    (tmp_path.parent / "secret.png").write_bytes(PNG)
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "l.png").symlink_to(tmp_path.parent / "secret.png")
    city = read_city(put(textured(house, image)))
    assert city.textures == ()
    assert city.surfaces.texture is None
    assert len(city.surfaces) == 12


def test_version_0_8(put: Put) -> None:
    document = {
        "type": "CityJSON", "version": "0.8", "metadata": {"crs": {"epsg": 7415}},
        "CityObjects": {
            "b": {"type": "Building", "children": ["p"], "geometry": []},
            "p": {
                "type": "BuildingPart", "parent": "b", "attributes": {"roofType": "flat"}, "attributes-energy": {"floorArea": 12.5},
                "geometry": [{"type": "Solid", "lod": 1, "boundaries": [CUBE_FACES]}],
            },
        },
        "vertices": [[136000 + x / 1000, 455000 + y / 1000, z / 1000] for x, y, z in CUBE_VERTICES],
    }  # fmt: skip
    city = read_city(put(document))
    assert city.crs.to_epsg() == 7415
    assert city.objects.parent.tolist() == ["", "b"]
    assert city.objects.lod.tolist() == ["", "1"]
    assert_allclose(volumes(city), [0, 1000.0])
    assert city.quality.counts() == {}


@pytest.mark.realdata
def test_real_files_of_old_versions_and_extensions(real_data: Path) -> None:
    montreal = read_city(real_data / "cityjson" / "montreal_energy.json")
    assert montreal.objects.type.tolist() == ["+EnergyBuilding", "+EnergyBuilding", "+ThermalZone"]
    assert montreal.objects.layer.tolist() == ["buildings", "buildings", "other"]
    assert "attributes-energy.buildingType" in montreal.buildings
    noise = read_city(real_data / "cityjson" / "montreal_noise.json")
    assert "Noise" in noise.metadata["extensions"]


@pytest.mark.realdata
def test_real_templates(real_data: Path) -> None:
    city = read_city(real_data / "cityjson" / "geom_temp.city.jsonl")
    document = [json.loads(line) for line in (real_data / "cityjson" / "geom_temp.city.jsonl").read_text().splitlines()]
    objects = {key: one for line in document for key, one in line["CityObjects"].items()}
    trees = [key for key, one in objects.items() if one["type"] == "SolitaryVegetationObject"]
    assert city.trees.index.tolist() == trees
    assert len(trees) == 15
    (kind,) = {one["type"] for one in document[0]["geometry-templates"]["templates"]}
    assert (city.objects.loc[trees, "geometry"] == kind).all()
    drawn = np.bincount(city.surfaces.owner, minlength=len(city.objects))
    assert (drawn[city.objects.type == "SolitaryVegetationObject"] > 0).all()
    # each tree stands where its only vertex says
    header = document[0]
    for line in document[1:]:
        for key, one in line["CityObjects"].items():
            if one["type"] == "SolitaryVegetationObject":
                vertex = line["vertices"][one["geometry"][0]["boundaries"][0]]
                place = np.array(vertex) * header["transform"]["scale"] + header["transform"]["translate"]
                point = city.trees.loc[key].geometry
                assert (point.x, point.y) == pytest.approx(place[:2], abs=1e-6)
