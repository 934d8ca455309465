"""CityGML of everything that is not a building: roads, water, plants, furniture, relief, prototypes, groups, versions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.geo.gml import EAST, NORTH, box, building, house, model, multi, numbers, polygon, solid
from twin.geo.city import City, read_city
from twin.geo.readers.citygml import read as read_citygml
from twin.geo.readers.model import ReadOptions
from twin.geo.readers.source import Blob

Read = Callable[..., City]


@pytest.fixture
def read(put: Callable[..., Path]) -> Read:
    return lambda text, **options: read_city(put(text, "theme.gml"), **options)


def flat(west: float, size: float = 10.0, z: float = 2.0) -> str:
    return multi(polygon(box(west, 0, z - size, size)[1]))


def test_areas_of_a_road_are_its_parts_and_stand_for_it(read: Read) -> None:
    areas = "".join(
        f'<tran:{prop}><tran:{kind} gml:id="{key}"><tran:function>{code}</tran:function><tran:lod2MultiSurface>{flat(west)}'
        f"</tran:lod2MultiSurface></tran:{kind}></tran:{prop}>"
        for prop, kind, key, code, west in (
            ("trafficArea", "TrafficArea", "lane", 1, 0), ("trafficArea", "TrafficArea", "path", 2, 10),
            ("auxiliaryTrafficArea", "AuxiliaryTrafficArea", "green", 1020, 20),
        )
    )  # fmt: skip
    whole = "".join(f"<tran:lod{k}MultiSurface>{flat(0, 30)}</tran:lod{k}MultiSurface>" for k in (1, 2))
    city = read(model(building(whole, areas, kind="tran:Road", key="road")))
    assert city.roads["surface"].to_dict() == {"road": "street", "lane": "street", "path": "footway", "green": "street"}
    assert city.roads.geometry.area.round(6).to_dict() == {"road": 0, "lane": 100, "path": 100, "green": 100}
    assert city.objects.loc["path", "parent"] == "road"
    assert city.roads.loc["green", "citygml_type"] == "AuxiliaryTrafficArea"
    # in the coarser level only the whole is there
    assert read(model(building(whole, areas, kind="tran:Road", key="road")), lod="1").roads.loc["road"].geometry.area == 900


def test_kinds_of_ways(read: Read) -> None:
    kinds = ("Road", "Railway", "Square", "Track", "TransportationComplex")
    objects = [
        building(f"<tran:lod1MultiSurface>{flat(10 * k)}</tran:lod1MultiSurface>", kind=f"tran:{kind}", key=kind)
        for k, kind in enumerate(kinds)
    ]
    city = read(model(*objects))
    assert city.roads["type"].to_dict() == dict(zip(kinds, ["Road", "Railway", "TransportSquare", "Road", "Road"], strict=True))
    assert city.roads.loc["Track", "citygml_type"] == "Track"
    assert city.roads.loc["Square", "surface"] == "square"


@pytest.mark.parametrize(
    ("code", "surface"),
    [
        (1, "street"), (3, "cycleway"), (5, "square"), (8, "railway"), (9, "street"), (20, "footway"), (22, "footway"),
        (25, "runway"), (30, "verge"), (33, "motorway"), (37, "street"), (1000, "street"), (2020, "footway"), (2030, "cycleway"),
        (9999, "street"),
    ],
)  # fmt: skip
def test_functions_of_areas_mean_surfaces(read: Read, code: int, surface: str) -> None:
    area = (
        f'<tran:trafficArea><tran:TrafficArea gml:id="area"><tran:function>{code}</tran:function><tran:lod2MultiSurface>{flat(0)}'
        "</tran:lod2MultiSurface></tran:TrafficArea></tran:trafficArea>"
    )
    city = read(model(building(area, kind="tran:Road", key="road")))
    assert city.roads.loc["area", "surface"] == surface


def test_spaces_of_version_3_carry_the_attributes_of_their_floor(read: Read) -> None:
    space = (
        '<tran:trafficSpace><tran:TrafficSpace gml:id="space"><boundary><tran:TrafficArea gml:id="area">'
        f"<lod2MultiSurface>{flat(0)}</lod2MultiSurface><tran:function>2</tran:function>"
        "<tran:surfaceMaterial>3</tran:surfaceMaterial></tran:TrafficArea></boundary><tran:granularity>lane</tran:granularity>"
        "</tran:TrafficSpace></tran:trafficSpace>"
    )
    whole = f"<lod2MultiSurface>{flat(0, 20)}</lod2MultiSurface>"
    covered = f'<tran:section><tran:Section gml:id="covered">{whole}{space}</tran:Section></tran:section>'
    bare = f'<tran:Section gml:id="bare"><lod2MultiSurface>{flat(30)}</lod2MultiSurface></tran:Section>'
    bare = f"<tran:section>{bare}</tran:section>"
    cross = '<tran:intersection xlink:href="#elsewhere"/>'
    city = read(model(building(covered, bare, cross, kind="tran:Road", key="road"), version="3.0"))
    assert city.roads.geometry.area.round(6).to_dict() == {"road": 0, "covered": 0, "space": 100, "bare": 100}
    assert city.objects["parent"].to_dict() == {"road": "", "covered": "road", "space": "covered", "bare": "road"}
    row = city.roads.loc["space"]
    assert (row.surface, row.granularity, row.surfaceMaterial, row.citygml_type) == ("footway", "lane", "3", "TrafficSpace")
    assert city.roads.loc["road", "intersection"] == "elsewhere"


def test_water_plants_furniture_and_land(read: Read) -> None:
    water = (
        f"<wtr:boundedBy><wtr:WaterSurface><wtr:lod2Surface>{polygon(box(0, 0, -10)[1])}</wtr:lod2Surface></wtr:WaterSurface>"
        "</wtr:boundedBy>"
    )
    tree = (
        "<veg:height uom='m'>12.5</veg:height><veg:crownDiameter uom='m'>6</veg:crownDiameter>"
        f"<veg:lod1Geometry>{multi(polygon(box(20, 0, 0, 2)[1]))}</veg:lod1Geometry>"
    )
    point = f"<gml:Point><gml:pos>{EAST + 40} {NORTH} 3.5</gml:pos></gml:Point>"
    lamp = f"<frn:function>lamp</frn:function><frn:lod1Geometry>{point}</frn:lod1Geometry>"
    thing = f"<gen:lod1Geometry>{solid(*map(polygon, box(60, 0, 0)))}</gen:lod1Geometry>"
    city = read(
        model(
            building(water, kind="wtr:WaterBody", key="canal"),
            building(tree, kind="veg:SolitaryVegetationObject", key="tree"),
            building(f"<veg:lod1MultiSurface>{flat(30)}</veg:lod1MultiSurface>", kind="veg:PlantCover", key="hedge"),
            building(lamp, kind="frn:CityFurniture", key="lamp"),
            building(f"<luse:lod1MultiSurface>{flat(50)}</luse:lod1MultiSurface>", kind="luse:LandUse", key="park"),
            building(thing, kind="gen:GenericCityObject", key="thing"),
            building(f"<brid:lod2Solid>{solid(*map(polygon, box(70, 0, 0)))}</brid:lod2Solid>", kind="brid:Bridge", key="bridge"),
        )
    )
    assert (city.water.loc["canal", "z_m"], city.water.loc["canal"].geometry.area) == (0.0, 100)
    assert city.trees.loc["tree", ["height_m", "crown_diameter_m", "z_m"]].tolist() == [12.5, 6.0, 2.0]
    assert city.layers["green"].loc["hedge"].geometry.area == 100
    row = city.furniture.loc["lamp"]
    assert (row.kind, row.geometry.x - EAST, row.z_m) == ("lamp", 40, 3.5)
    assert city.layers["landuse"].loc["park"].geometry.area == 100
    assert city.layers["other"].loc["thing"].geometry.area == 100
    assert city.bridges.loc["bridge", "z_m"] == 10
    assert not len(city.quality)


def relief(content: str, kind: str = "TINRelief") -> str:
    return (
        f'<dem:ReliefFeature gml:id="relief"><gml:name>Polder</gml:name><dem:lod>1</dem:lod><dem:reliefComponent>'
        f'<dem:{kind} gml:id="tin"><dem:lod>2</dem:lod>{content}</dem:{kind}></dem:reliefComponent></dem:ReliefFeature>'
    )


def test_triangles_of_a_relief_are_the_terrain(read: Read) -> None:
    a, b, c, d = box(0, 0, 3.5 - 10)[1]
    patches = "".join(polygon(one).replace("gml:Polygon", "gml:Triangle") for one in ([a, b, c], [a, c, d]))
    tin = f"<gml:TriangulatedSurface><gml:trianglePatches>{patches}</gml:trianglePatches></gml:TriangulatedSurface>"
    tin = f"<dem:tin>{tin}</dem:tin>"
    city = read(model(relief(tin)))
    assert city.objects.loc["tin"].tolist() == ["TINRelief", "terrain", "", "2", "CompositeSurface"]
    assert city.terrain is not None
    assert city.terrain.at(np.array([EAST + 5]), np.array([NORTH + 5]))[0] == pytest.approx(3.5)


def test_a_tin_of_points_is_cut_into_triangles(read: Read) -> None:
    points = numbers([*box(0, 0, 1 - 10)[1], (EAST + 5, NORTH + 5, 2.0)])
    tin = f"<dem:tin><gml:Tin><gml:controlPoint><gml:posList>{points}</gml:posList></gml:controlPoint></gml:Tin></dem:tin>"
    city = read(model(relief(tin)))
    assert len(city.surfaces) == 4
    assert (city.surfaces.normals()[:, 2] > 0).all()
    assert not len(city.quality)


@pytest.mark.parametrize("kind", ["MassPointRelief", "BreaklineRelief", "RasterRelief"])
def test_other_reliefs_are_named_as_not_read(read: Read, kind: str) -> None:
    city = read(model(house(), relief("", kind)))
    assert [(one.code, one.severity, one.object_id) for one in city.quality.findings] == [("not-read-relief", "error", "tin")]
    assert kind in city.quality.findings[0].message


def lantern(key: str, west: float, shape: str, matrix: str = "2 0 0 0 0 2 0 0 0 0 3 1 0 0 0 1") -> str:
    return building(
        "<frn:lod2ImplicitRepresentation><ImplicitGeometry>"
        f"<transformationMatrix>{matrix}</transformationMatrix>{shape}<referencePoint><gml:Point><gml:pos>{EAST + west} {NORTH} 5"
        "</gml:pos></gml:Point></referencePoint></ImplicitGeometry></frn:lod2ImplicitRepresentation>",
        kind="frn:CityFurniture", key=key,
    )  # fmt: skip


def prototype() -> str:
    """A cube of 1 m at the origin of its own axes."""
    faces = [[(x - EAST, y - NORTH, z) for x, y, z in face] for face in box(0, 0, 0, 1)]
    shape = multi(*map(polygon, faces)).replace("<gml:MultiSurface>", '<gml:MultiSurface gml:id="shape">')
    return f"<relativeGMLGeometry>{shape}</relativeGMLGeometry>"


@pytest.mark.parametrize("order", [1, -1])
def test_prototypes_are_placed_wherever_they_are_told(read: Read, order: int) -> None:
    first = lantern("first", 10, prototype())
    second = lantern("second", 20, '<relativeGMLGeometry xlink:href="#shape"/>', "1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1")
    city = read(model(*[first, second][::order]))
    corners = {
        key: city.surfaces.vertices[np.unique(city.surfaces.triangles[city.surfaces.owner == row])] + city.origin
        for row, key in enumerate(city.objects.index)
    }
    np.testing.assert_allclose(corners["first"].min(axis=0), [EAST + 10, NORTH, 6])
    np.testing.assert_allclose(corners["first"].max(axis=0), [EAST + 12, NORTH + 2, 9])
    np.testing.assert_allclose(corners["second"].min(axis=0), [EAST + 20, NORTH, 5])
    np.testing.assert_allclose(corners["second"].max(axis=0), [EAST + 21, NORTH + 1, 6])
    assert city.furniture.loc["first", "height_m"] == pytest.approx(3)
    assert not len(city.quality)


def test_a_prototype_in_another_file_is_named_and_not_opened(read: Read, tmp_path: Path) -> None:
    other = tmp_path / "lamp.wrl"
    other.write_text("secret")
    city = read(model(lantern("lamp", 10, f"<libraryObject>{other}</libraryObject>")))
    assert city.furniture.loc["lamp"].geometry.x == EAST + 10
    assert city.quality.counts() == {"library-object": 1}


@pytest.mark.parametrize(
    ("shape", "matrix", "code"),
    [
        ('<relativeGMLGeometry xlink:href="#nowhere"/>', "1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1", "xlink-dangling"),
        (None, "1 0 0", "implicit"),
        (None, "1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 NaN", "implicit"),
        (None, "a b c", "implicit"),
    ],
)
def test_a_prototype_that_cannot_be_placed_is_left_out(read: Read, shape: str | None, matrix: str, code: str) -> None:
    city = read(model(house(), lantern("lamp", 10, prototype() if shape is None else shape, matrix)))
    assert code in city.quality.counts()
    assert city.quality.errors == 1
    assert len(city.surfaces) == 12


def test_a_prototype_of_a_level_that_is_not_taken_is_placed_elsewhere(read: Read) -> None:
    low = lantern("first", 10, prototype()).replace("lod2Implicit", "lod1Implicit").replace("</frn:CityFurniture>", "")
    low += f"<frn:lod3Geometry>{solid(*map(polygon, box(0, 0, 0)))}</frn:lod3Geometry></frn:CityFurniture>"
    city = read(model(low, lantern("second", 20, '<relativeGMLGeometry xlink:href="#shape"/>')))
    assert city.objects["lod"].to_dict() == {"first": "3", "second": "2"}
    assert np.bincount(city.surfaces.owner).tolist() == [12, 12]


def test_members_of_a_group_are_objects_of_their_own(read: Read) -> None:
    group = (
        '<grp:CityObjectGroup gml:id="group"><grp:class>block</grp:class><grp:groupMember xlink:href="#house"/>'
        f'<grp:groupMember>{house("inner", west=20)}</grp:groupMember><grp:geometry>{flat(0)}</grp:geometry></grp:CityObjectGroup>'
    )
    city = read(model(house(), group))
    assert city.objects["type"].to_dict() == {"house": "Building", "group": "CityObjectGroup", "inner": "Building"}
    assert city.objects.loc["inner", "parent"] == ""
    assert city.layers["other"].loc["group", "members"] == "house"
    assert city.quality.counts() == {"geometry-aside": 1}


VERSIONING = 'xmlns:ver="http://www.opengis.net/citygml/versioning/3.0"'


def versions() -> tuple[str, ...]:
    def version(key: str, *ids: str) -> str:
        links = "".join(f'<ver:versionMember xlink:href="#{one}"/>' for one in ids)
        return f'<versionMember><ver:Version {VERSIONING} gml:id="{key}">{links}</ver:Version></versionMember>'

    transition = (
        f"<versionTransitionMember><ver:VersionTransition {VERSIONING}>"
        '<ver:from xlink:href="#v1"/><ver:to xlink:href="#v2"/></ver:VersionTransition></versionTransitionMember>'
    )
    return version("v1", "old", "kept"), version("v2", "kept", "new"), transition


def test_the_last_version_is_the_city(read: Read) -> None:
    objects = [house(key, "3.0", 20 * k) for k, key in enumerate(("old", "kept", "new"))]
    for order in ((*versions(), *objects), (*objects, *versions())):
        city = read(model(*order, version="3.0"))
        assert list(city.buildings.index) == ["kept", "new"]
        assert len(city.surfaces) == 24
        assert [(one.code, one.object_id) for one in city.quality.findings] == [("ended", "old")]


def test_what_has_ended_is_left_out_with_its_parts(read: Read) -> None:
    part = building(kind="bldg:BuildingPart", key="part")
    ended = house("ended", more=f"<bldg:consistsOfBuildingPart>{part}</bldg:consistsOfBuildingPart>").replace(
        '<bldg:Building gml:id="ended">', '<bldg:Building gml:id="ended"><terminationDate>2015-01-01</terminationDate>'
    )
    later = house("later", west=20).replace(
        '<bldg:Building gml:id="later">', '<bldg:Building gml:id="later"><terminationDate>2915-01-01</terminationDate>'
    )
    city = read(model(ended, later))
    assert list(city.objects.index) == ["later"]
    assert city.buildings.loc["later", "terminationDate"] == pd.Timestamp("2915-01-01")
    assert "2015-01-01" in city.quality.findings[0].message


def test_a_former_state_is_read_as_it_was(read: Read) -> None:
    text = house().replace('gml:id="house">', 'gml:id="house"><terminationDate>1904-01-01T00:00:00Z</terminationDate>', 1)
    city = read(model(text))
    assert list(city.buildings.index) == ["house"]
    assert city.quality.counts() == {"ended": 1}


def test_lines_stand_for_an_object_without_surfaces(read: Read) -> None:
    line = f"<gml:LineString><gml:posList>{EAST} {NORTH} 1 {EAST + 30} {NORTH + 40} 1</gml:posList></gml:LineString>"
    curve = f"<gml:MultiCurve><gml:curveMember>{line}</gml:curveMember></gml:MultiCurve>"
    network = f"<gml:GeometricComplex><gml:element>{line}</gml:element><gml:element>{line}</gml:element></gml:GeometricComplex>"
    pipe = building(f"<gen:lod1Geometry>{curve}</gen:lod1Geometry>", kind="gen:GenericCityObject", key="pipe")
    lane = f"<tran:lod0Network>{network}</tran:lod0Network>"
    road = building(lane, kind="tran:Road", key="road")
    paved = building(lane, f"<tran:lod1MultiSurface>{flat(0)}</tran:lod1MultiSurface>", kind="tran:Road", key="paved")
    city = read(model(house(), pipe, road, paved))
    assert city.layers["other"].loc["pipe"].geometry.length == pytest.approx(50)
    assert city.objects.loc["road", "lod"] == "0"
    assert city.objects.loc["paved", ["lod", "geometry"]].tolist() == ["1", "MultiSurface"]
    assert city.roads.loc["paved"].geometry.area == pytest.approx(100)
    assert city.quality.counts() == {"not-read-multicurve": 1}


def test_what_lies_beyond_the_clip_is_left_out(read: Read) -> None:
    city = read(model(house("near"), house("far", west=60)), clip=(EAST - 5, NORTH - 5, EAST + 5, NORTH + 5))
    assert list(city.buildings.index) == ["near"]


def test_unknown_objects_with_geometry_are_kept_by_their_name(read: Read) -> None:
    inner = building(f"<x:lod2Geometry>{flat(0)}</x:lod2Geometry>", kind="x:NoiseBuildingPanel", key="panel")
    city = read(model(house(more=f"<x:panel>{inner}</x:panel>"), building(kind="x:Kiosk", key="kiosk")))
    assert city.objects["type"].to_dict() == {"house": "Building", "panel": "+NoiseBuildingPanel", "kiosk": "+Kiosk"}
    assert city.objects.loc["panel", ["layer", "parent"]].tolist() == ["buildings", "house"]


MATERIAL = (
    "<app:surfaceDataMember><app:X3DMaterial>{front}<app:diffuseColor>{colour}</app:diffuseColor>"
    "<app:transparency>{clear}</app:transparency>{targets}</app:X3DMaterial></app:surfaceDataMember>"
)


def material(colour: str, *targets: str, clear: float = 0.0, front: str = "") -> str:
    text = "".join(f"<app:target>#{one}</app:target>" for one in targets)
    return MATERIAL.format(colour=colour, clear=clear, targets=text, front=front)


def test_materials_colour_the_faces_that_they_are_for() -> None:
    back = "<app:isFront>false</app:isFront>"
    appearance = (
        f"<app:Appearance>{material('1 0 0', 'house-1')}{material('0 1 0', 'house-1', 'house-2')}"
        f"{material('0 0 1', 'all', clear=0.5)}{material('1 1 1', 'house-0', front=back)}"
        "<app:surfaceDataMember><app:ParameterizedTexture/></app:surfaceDataMember></app:Appearance>"
    )
    group = multi(polygon(box(0, 0, 5)[0])).replace("<gml:MultiSurface>", '<gml:MultiSurface gml:id="all">')
    more = f"<bldg:lod2MultiSurface>{group}</bldg:lod2MultiSurface>"
    text = house(more=f"<bldg:boundedBy><bldg:ClosureSurface>{more}</bldg:ClosureSurface></bldg:boundedBy>")
    content = model(text, f"<appearanceMember>{appearance}</appearanceMember>").encode()
    reading = read_citygml(Blob.of_bytes("m.gml", content), ReadOptions())
    assert reading.objects is not None
    assert reading.objects.colour is not None
    none = [0, 0, 0, 0]
    assert reading.objects.colour.tolist() == [none, [255, 0, 0, 255], [0, 255, 0, 255], none, none, none, [0, 0, 255, 128]]
    assert [one.code for one in reading.findings.collected()] == ["textures"]


def test_a_file_does_not_choose_the_code_of_what_is_not_read(read: Read) -> None:
    odd = "<gml:metaDataProperty><gml:a/></gml:metaDataProperty><gml:location><gml:a/></gml:location>"
    city = read(model(building(odd, f"<bldg:lod1MultiSurface>{flat(0)}</bldg:lod1MultiSurface>")))
    told = [(one.code, one.severity, one.message) for one in city.quality.findings if one.code.startswith("not-read")]
    assert told == [
        ("not-read", "info", f"elements of the name `{name}` are not read (1 in the file)")
        for name in ("metaDataProperty", "location")
    ]
