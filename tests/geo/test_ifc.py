"""IFC: volumes and places worked out by hand or by the library's own functions, and what is broken is told."""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
from numpy.testing import assert_allclose

from tests.geo.steps import Box, guid, model
from tests.places import SOUTH, WEST, town
from twin.errors import FormatError, MissingExtraError, TwinError
from twin.geo.city import City, read_city
from twin.geo.mesh import SEMANTICS
from twin.geo.readers.ifc_place import MapPlace, degrees, place_of
from twin.geo.readers.model import Findings
from twin.geo.topology import signed_volumes

Put = Callable[..., Path]
needed = pytest.mark.skipif(importlib.util.find_spec("ifcopenshell") is None, reason="ifcopenshell is not installed")

HOUSE = [
    Box("IFCSLAB", 0, 0, -300, 8000, 6000, 300, "BASESLAB"),
    Box("IFCWALL", 0, 0, 0, 8000, 200, 3000),
    Box("IFCWALL", 0, 5800, 0, 8000, 200, 3000),
    Box("IFCOPENINGELEMENT", 2000, -100, 1000, 1500, 400, 1200, voids="#120"),
    Box("IFCWINDOW", 2000, 50, 1000, 1500, 50, 1200),
    Box("IFCSLAB", -500, -500, 3000, 9000, 7000, 250, "ROOF"),
    Box("IFCCOLUMN", 4000, 3000, 0, 300, 300, 3000),
]
"""8 by 6 m under a roof of 9 by 7 m, in millimetres; the front wall has an opening of 1.5 by 1.2 m."""


def volumes(city: City) -> dict[str, float]:
    mesh = city.surfaces
    found = signed_volumes(mesh, mesh.owner.astype(np.int64), len(city.objects))
    return dict(zip(city.objects.index, found.tolist(), strict=True))


def codes(city: City) -> set[str]:
    return set(city.quality.counts())


# --- real files


@needed
@pytest.mark.realdata
def test_volume_of_the_extruded_wall(real_data: Path) -> None:
    city = read_city(real_data / "ifc" / "wall-extruded-solid.ifc")
    # 5000 x 270 x 2000 mm
    assert volumes(city)["0DWgwt6o1FOx7466fPk$jl"] == pytest.approx(5.0 * 0.27 * 2.0)
    assert city.objects.loc["0DWgwt6o1FOx7466fPk$jl", "parent"] == "39t4Pu3nTC4ekXYRIHJB9W"
    assert set(city.surfaces.semantic.tolist()) == {SEMANTICS["WallSurface"]}
    row = city.buildings.loc["39t4Pu3nTC4ekXYRIHJB9W"]
    assert row.geometry.area == pytest.approx(1.35)
    assert (row["ground_m"], row["roof_m"]) == pytest.approx((0.0, 2.0))
    assert city.sources[0].format == "IFC4X3_ADD2"


@needed
@pytest.mark.realdata
def test_utm_place_by_map_conversion(real_data: Path) -> None:
    """By hand from the file: origin 458657.30, 5438232.25, 113.7; x axis (0.2706, 0.9627); lengths in millimetres."""
    city = read_city(real_data / "ifc" / "geographic-referencing-utm.ifc")
    assert city.crs.to_epsg() == 25832
    points = city.surfaces.vertices[city.surfaces.triangles.ravel()] + city.origin
    tip = points[np.argmin(points[:, 2])]
    assert_allclose(tip, [458657.30, 5438232.25, 113.7], atol=1e-6)
    c, s = 0.270600445976, 0.962691746426
    c, s = c / np.hypot(c, s), s / np.hypot(c, s)
    corner = [458657.30 + 0.5 * c - 0.5 * s, 5438232.25 + 0.5 * s + 0.5 * c, 113.7 + 4.0]
    assert np.abs(points - corner).max(axis=1).min() < 1e-6
    # the file states the place of its site in degrees too: 49 5 43.9837, 8 26 1.2473
    to_degrees = pyproj.Transformer.from_crs(25832, 4326, always_xy=True)
    assert_allclose(to_degrees.transform(*tip[:2]), [8 + 26 / 60 + 1.2473 / 3600, 49 + 5 / 60 + 43.9837 / 3600], atol=2e-6)
    assert "georeference-scale" in codes(city)


@needed
@pytest.mark.realdata
def test_signals_along_a_line_against_the_library(real_data: Path) -> None:
    import ifcopenshell
    import ifcopenshell.geom

    path = real_data / "ifc" / "linear-placement-of-signal.ifc"
    city = read_city(path)
    settings = ifcopenshell.geom.settings()
    settings.set("use-world-coords", True)
    whole = ifcopenshell.open(str(path))  # the signals point into it
    signals = whole.by_type("IfcSignal")
    assert city.furniture.index.tolist() == [one.GlobalId for one in signals]
    for one in signals:
        points = np.array(ifcopenshell.geom.create_shape(settings, one).geometry.verts).reshape(-1, 3)
        mine = city.surfaces.owner == city.objects.index.get_loc(one.GlobalId)
        ours = city.surfaces.vertices[city.surfaces.triangles[mine].ravel()] + city.origin
        assert_allclose(ours.min(axis=0), points.min(axis=0), atol=1e-6)
        assert_allclose(ours.max(axis=0), points.max(axis=0), atol=1e-6)
    assert city.crs.is_compound
    assert city.surfaces.colour is not None


@needed
@pytest.mark.realdata
def test_a_site_by_degrees_with_its_rooms_and_storeys(real_data: Path) -> None:
    city = read_city(real_data / "ifc" / "simple1.ifc")
    assert city.crs.to_epsg() == 32632
    kinds = city.objects["type"].value_counts().to_dict()
    assert (kinds["BuildingStorey"], kinds["BuildingRoom"], kinds["Building"]) == (2, 7, 1)
    door = "1M$gxUrX1Fiwe3P64ww7U5"
    assert city.objects.loc[door, "parent"] == "2eyxpyOx95m90jmsXLOuR0"
    # the place of the site: 49 6 1.566, 8 26 11.5404, turned by true north (0.7660, 0.6428) and the meridian's lean
    lon, lat = 8 + 26 / 60 + 11.5404 / 3600, 49 + 6 / 60 + 1.566 / 3600
    east, north = pyproj.Transformer.from_crs(4326, 32632, always_xy=True).transform(lon, lat)
    # true north by geodesy alone: where a step to the north leads on the map
    step = np.subtract(pyproj.Transformer.from_crs(4326, 32632, always_xy=True).transform(lon, lat + 1e-5), (east, north))
    grid = complex(*step) / abs(complex(*step))
    turn = grid / complex(*TRUE_NORTH)
    mine = city.surfaces.owner == city.objects.index.get_loc(door)
    ours = city.surfaces.vertices[city.surfaces.triangles[mine].ravel()] + city.origin
    back = ((ours[:, 0] - east) + 1j * (ours[:, 1] - north)) / turn
    # the door in the project, as the library gives it: 4.995 to 7.005 by 0.12 to 0.325
    assert_allclose([back.real.min(), back.imag.min()], [4.995, 0.12], atol=2e-3)
    assert_allclose([back.real.max(), back.imag.max()], [7.005, 0.325], atol=2e-3)
    assert {"georeference-approximate", "rooms-not-drawn"} <= codes(city)
    assert city.terrain is not None
    assert set(city.surfaces.semantic[mine].tolist()) == {SEMANTICS["Door"]}


TRUE_NORTH = (0.766044443119, 0.642787609687)
"""Of the geometric context of simple1.ifc."""


# --- written by hand


@needed
@pytest.mark.parametrize("schema", ["IFC4", "IFC2X3", "IFC4X3_ADD2"])
def test_a_house_with_an_opening(put: Put, schema: str) -> None:
    city = read_city(put(model(HOUSE, schema=schema, conversion="" if schema == "IFC2X3" else CONVERSION), "house.ifc"))
    found = volumes(city)
    assert found[guid(100)] == pytest.approx(8 * 6 * 0.3)
    assert found[guid(120)] == pytest.approx(8 * 0.2 * 3 - 1.5 * 0.2 * 1.2)
    assert found[guid(140)] == pytest.approx(8 * 0.2 * 3)
    kinds = city.objects["type"].to_dict()
    assert kinds[guid(11)] == "Building"
    assert kinds[guid(12)] == "BuildingStorey"
    assert kinds[guid(120)] == "BuildingConstructiveElement"
    assert guid(160) not in kinds
    assert city.objects.loc[guid(120), "parent"] == guid(12)
    assert city.objects.loc[guid(12), "parent"] == guid(11)
    row = city.buildings.loc[guid(11)]
    assert len(city.buildings) == 1
    # the roof of 9 by 7 m covers all else
    assert row.geometry.area == pytest.approx(63.0)
    assert row["height_m"] == pytest.approx(3.55)
    assert row["Name"] == "House"
    areas = city.surfaces.areas()
    by_kind = {name: areas[city.surfaces.semantic == code].sum() for name, code in SEMANTICS.items()}
    assert by_kind["GroundSurface"] == pytest.approx(2 * 48 + 2 * 0.3 * 14)
    assert by_kind["RoofSurface"] == pytest.approx(2 * 63 + 2 * 0.25 * 16)
    assert by_kind["Window"] == pytest.approx(2 * (1.5 * 1.2 + 1.5 * 0.05 + 1.2 * 0.05))
    assert not city.quality.errors
    assert city.date == "2024-05-06"


CONVERSION = "136000.5,455000.25,1.75,0.,1.,0.001"


@needed
def test_map_conversion_turns_scales_and_moves(put: Put) -> None:
    city = read_city(put(model(HOUSE, conversion=CONVERSION), "house.ifc"))
    assert city.crs.to_epsg() == 7415
    # x of the project points north on the map: (x, y) lands on (E - y, N + x)
    bounds = city.buildings.loc[guid(11)].geometry.bounds
    assert bounds == pytest.approx((136000.5 - 6.5, 455000.25 - 0.5, 136000.5 + 0.5, 455000.25 + 8.5))
    assert city.height_range == pytest.approx((1.75 - 0.3, 1.75 + 3.25))
    assert "no-crs" not in codes(city)
    assert "georeference-scale" not in codes(city)


@needed
def test_without_a_place_it_is_a_local_plane(put: Put) -> None:
    city = read_city(put(model(HOUSE), "house.ifc"))
    assert city.crs.to_authority() is None
    assert codes(city) == {"no-crs"}
    with_crs = read_city(put(model(HOUSE), "house.ifc"), crs="EPSG:7415")
    assert with_crs.crs.to_epsg() == 7415


def _set_of(number: int, name: str, values: int) -> str:
    """A property set of the house with some values."""
    lines = [f"#{number + k}=IFCPROPERTYSINGLEVALUE('P{k:02d}',$,IFCINTEGER({k}),$);" for k in range(1, values + 1)]
    numbers = ",".join(f"#{number + k}" for k in range(1, values + 1))
    lines.append(f"#{number}=IFCPROPERTYSET('{guid(number)}',$,{name},$,({numbers}));")
    lines.append(f"#{number + 900}=IFCRELDEFINESBYPROPERTIES('{guid(number + 900)}',$,$,$,(#11),#{number});")
    return "\n".join(lines) + "\n"


@needed
def test_property_sets_that_cannot_be_read_or_are_too_long_are_told(put: Put) -> None:
    broken = f"#980=IFCRELDEFINESBYPROPERTIES('{guid(980)}',$,$,$,(#12),$);\n"
    sets = _set_of(1000, "'Pset_A'", 250) + _set_of(2000, "'Z'", 70)
    city = read_city(put(model(HOUSE, conversion=CONVERSION, more=sets + broken), "house.ifc"))
    told = {one.code: one for one in city.quality.findings}
    assert told["attributes"].object_id == guid(12)
    assert told["attributes"].message.startswith("its property sets cannot be read: ")
    assert told["attribute-skipped"].message == "1 objects have more than 300 property values; 20 values are left out"
    row = city.buildings.loc[guid(11)]
    assert (row["Pset_A.P250"], row["Z.P50"]) == (250, 50)
    assert "Z.P51" not in row


@needed
def test_a_property_set_without_a_name_is_read(put: Put) -> None:
    city = read_city(put(model(HOUSE, conversion=CONVERSION, more=_set_of(1000, "$", 2)), "house.ifc"))
    assert city.buildings.loc[guid(11), "unnamed.P02"] == 2
    assert not codes(city) & {"attributes", "attribute-skipped"}


@needed
def test_property_sets_and_what_stands_loose(put: Put) -> None:
    more = (
        f"#900=IFCPROPERTYSINGLEVALUE('YearOfConstruction',$,IFCLABEL('1936'),$);\n"
        f"#901=IFCPROPERTYSET('{guid(901)}',$,'Pset_BuildingCommon',$,(#900));\n"
        f"#902=IFCRELDEFINESBYPROPERTIES('{guid(902)}',$,$,$,(#11),#901);\n"
    )
    loose = [*HOUSE, Box("IFCWALL", 0, 0, 3250, 1000, 200, 1000, storey=False)]
    city = read_city(put(model(loose, more=more), "house.ifc"))
    assert city.buildings.loc[guid(11), "Pset_BuildingCommon.YearOfConstruction"] == "1936"
    assert city.objects.loc[guid(240), "parent"] == guid(11)
    assert "orphan" in codes(city)
    assert city.buildings.loc[guid(11), "height_m"] == pytest.approx(4.55)


@needed
def test_an_ifc_is_placed_as_a_planned_building(put: Put) -> None:
    city = town().with_model(put(model(HOUSE), "house.ifc"), id="plan", at=(WEST + 12.0, SOUTH + 10.0), azimuth_deg=90.0)
    row = city.buildings.loc["plan"]
    assert row["height_source"] == "model:house.ifc"
    assert row.geometry.bounds == pytest.approx((WEST + 8.5, SOUTH + 5.5, WEST + 15.5, SOUTH + 14.5))
    assert (row["ground_m"], row["roof_m"]) == pytest.approx((2.0, 5.55))
    mine = city.surfaces.owner == city.objects.index.get_loc("plan")
    assert (city.surfaces.semantic[mine] == SEMANTICS["Window"]).sum() == 12


@needed
def test_an_ifc_in_a_zip(put: Put, tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "house.ifczip", "w") as archive:
        archive.writestr("house.ifc", model(HOUSE))
    assert read_city(tmp_path / "house.ifczip").buildings.index.tolist() == [guid(11)]


# --- places, without the library


def told(**operation: Any) -> dict[str, Any]:
    row = {"class": "IfcMapConversion", "crs_Name": "EPSG:28992", "Eastings": 136000.0, "Northings": 455000.0, **operation}
    return {"unit_m": 0.001, "operations": [row], "sites": [], "north": None}


@pytest.mark.parametrize(
    ("scale", "factor", "noted"),
    [
        (0.001, 1.0, False),
        (0.0010001, 1.0001, False),
        (1.0, 1.0, True),
        (0.9999, 0.9999, True),
        (1000.0, 1.0, True),
        (25.4, 1.0, True),
        ("nonsense", 1.0, True),
        (None, 1.0, False),
    ],
)
def test_scales_as_they_are_stated_and_meant(scale: Any, factor: float, noted: bool) -> None:
    findings = Findings()
    place = place_of(told(Scale=scale), "x.ifc", findings)
    assert_allclose(place.factor, factor, rtol=1e-9)
    assert bool(findings.collected()) == noted


def test_kin_of_the_map_conversion() -> None:
    findings = Findings()
    later = told(**{"class": "IfcMapConversionScaled", "Scale": 0.001, "FactorX": 1.5, "FactorZ": 2.0})
    scaled = place_of(later, "x.ifc", findings)
    assert_allclose(scaled.factor, [1.5, 1.0, 2.0])
    rigid = {"class": "IfcRigidOperation", "crs_Name": "EPSG:28992", "measure": "IfcLengthMeasure", "Height": 2500.0}
    rigid |= {"FirstCoordinate": 136_000_000.0, "SecondCoordinate": 455_000_000.0}
    place = place_of({"unit_m": 0.001, "operations": [rigid], "sites": [], "north": None}, "x.ifc", findings)
    assert_allclose(place.origin, [136000.0, 455000.0, 2.5])
    assert_allclose(place.on_map(np.array([[1.0, 2.0, 3.0]])), [[1.0, 2.0, 3.0]])
    # property sets of IFC2X3 have numbers as text
    text = {"Eastings": "136000.5", "XAxisAbscissa": "0", "XAxisOrdinate": "2", "Scale": "1"}
    sets = told(**{"class": "ePSet_MapConversion", **text})
    place = place_of(sets, "x.ifc", findings)
    assert_allclose(place.origin[:2], [136000.5, 455000.0])
    assert_allclose(place.on_map(np.array([[1.0, 0.0, 0.0]])), [[0.0, 1.0, 0.0]], atol=1e-12)


@pytest.mark.parametrize(
    ("name", "datum", "code"),
    [
        ("EPSG:28992", "", 28992),
        ("EPSG:28992", "NAP", 7415),
        ("EPSG:28992", "EPSG:5709", 7415),
        ("epsg:28992", "", 28992),
        ("urn:ogc:def:crs:EPSG::28992", "", 28992),
        ("Amersfoort / RD New", "", 28992),
        ("28992", "", 28992),
    ],
)
def test_names_of_systems(name: str, datum: str, code: int) -> None:
    place = place_of(told(crs_Name=name, crs_VerticalDatum=datum), "x.ifc", Findings())
    assert place.crs is not None
    assert place.crs.to_epsg() == code


@pytest.mark.parametrize(
    "name", ["", "EPSG:4326", "EPSG:999999", "+proj=pipeline", "/etc/passwd", "somewhere", "EPSG:2277", "x" * 5000]
)
def test_systems_that_cannot_be_used_are_told(name: str) -> None:
    findings = Findings()
    assert place_of(told(crs_Name=name), "x.ifc", findings).crs is None
    assert {finding.code for finding in findings.collected()} == {"georeference", "no-crs"}


def test_degrees_of_a_site() -> None:
    assert degrees((52, 5, 24, 500_000)) == pytest.approx(52.0901388889)
    assert degrees((-52, -5, -24)) == pytest.approx(-52.09)
    assert degrees((52, 5)) is None
    assert degrees(["a", 1, 2]) is None
    site = {"RefLatitude": [52, 5, 24], "RefLongitude": [5, 7, 17], "RefElevation": 2.0, "at": [10.0, 20.0, 0.0]}
    findings = Findings()
    place = place_of({"unit_m": 1.0, "operations": [], "sites": [site], "north": [0.0, 1.0]}, "x.ifc", findings)
    assert place.crs is not None
    assert place.crs.to_epsg() == 7415
    to_map = pyproj.Transformer.from_crs(4326, 28992, always_xy=True)
    east, north = to_map.transform(5 + 7 / 60 + 17 / 3600, 52 + 5 / 60 + 24 / 3600)
    # the site's own place in the project is what the degrees are of
    assert_allclose(place.origin + place.on_map(np.array([[10.0, 20.0, 0.0]]))[0], [east, north, 2.0], atol=1e-6)
    assert findings.collected()[0].code == "georeference-approximate"
    for nothing in ({"RefLatitude": [0, 0, 0], "RefLongitude": [0, 0, 0]}, {"RefLatitude": [52, 5, 24]}, {}):
        assert place_of({"sites": [nothing]}, "x.ifc", Findings()).crs is None
    assert MapPlace().crs is None


# --- broken


def test_a_missing_library_is_named(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twin.geo.readers.ifc.importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"stadstwin\[bim\]"):
        read_city(put(model(HOUSE), "house.ifc"))


@needed
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("ISO-10303-21;\nHEADER;\nFILE_SCHEMA(('AUTOMOTIVE_DESIGN'));\nENDSEC;\nDATA;\n", "AUTOMOTIVE_DESIGN"),
        ("ISO-10303-21;\nHEADER;\nENDSEC;\nDATA;\nENDSEC;\n", "names no schema"),
        ("ISO-10303-21;", "names no schema"),
    ],
)
def test_other_steps_are_refused(put: Put, content: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_city(put(content, "part.ifc"))


@needed
def test_a_file_that_was_cut_is_refused(put: Put) -> None:
    """The library reads as far as it goes and says nothing."""
    text = model(HOUSE)
    assert len(read_city(put(text + "\n/* signed */\n" + " " * 100, "house.ifc")).objects)
    for cut in [*(len(text) * sixth // 6 for sixth in range(1, 6)), len(text) - 3, text.index("END-ISO")]:
        with pytest.raises(FormatError, match="ends too early") as caught:
            read_city(put(text[:cut], "house.ifc"))
        assert "house.ifc" in str(caught.value)
        assert caught.value.hint


@needed
@pytest.mark.realdata
def test_real_files_that_were_cut_are_refused(real_data: Path, put: Put) -> None:
    for name in ("simple1.ifc", "wall-extruded-solid.ifc"):
        content = (real_data / "ifc" / name).read_bytes()
        for sixth in range(1, 6):
            with pytest.raises(FormatError, match="ends too early"):
                read_city(put(content[: len(content) * sixth // 6], name))


@needed
def test_one_product_that_cannot_be_made_costs_itself(put: Put) -> None:
    text = model(HOUSE)
    assert "#146=IFCEXTRUDEDAREASOLID(#147," in text
    broken = text.replace("#146=IFCEXTRUDEDAREASOLID(#147,", "#146=IFCEXTRUDEDAREASOLID(#999,")
    city = read_city(put(broken, "house.ifc"))
    finding = next(finding for finding in city.quality.findings if finding.code == "geometry")
    assert finding.object_id == guid(140)
    assert finding.severity == "error"
    assert volumes(city)[guid(120)] == pytest.approx(8 * 0.2 * 3 - 1.5 * 0.2 * 1.2)


@needed
def test_limits_of_time_and_faces_leave_out_and_tell(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twin.geo.readers.ifc.MAX_FACES", 30)
    city = read_city(put(model(HOUSE), "house.ifc"))
    assert {"limit", "geometry"} <= codes(city)
    assert 30 < len(city.surfaces) < 84


@needed
def test_a_library_that_dies_is_told(put: Put, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("twin.geo.readers.ifc.MEMORY_BYTES", 1_000_000)
    with pytest.raises(FormatError, match=r"stopped while reading|more memory|cannot be read"):
        read_city(put(model(HOUSE), "house.ifc"))
    monkeypatch.undo()
    monkeypatch.setattr("twin.geo.readers.ifc.SECONDS", 0.01)
    with pytest.raises(FormatError, match="takes longer than"):
        read_city(put(model(HOUSE), "house.ifc"))


@needed
@pytest.mark.parametrize("seed", range(12))
def test_any_damage_reads_or_is_told(put: Put, seed: int) -> None:
    chance = random.Random(seed)
    text = bytearray(model(HOUSE, conversion=CONVERSION).encode())
    start = text.index(b"DATA;")
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(start, len(text))
        if chance.random() < 0.4:
            del text[place : place + chance.randint(1, 80)]
        else:
            text[place] = chance.choice(b"0123456789#,.()$*'ABC;=-")
    city: City | None
    where: str | None = ""
    try:
        city = read_city(put(bytes(text), "any.ifc"))
    except TwinError as error:
        city, where = None, error.where
    assert where if city is None else city.summary()
    assert city is None or np.isfinite(city.surfaces.vertices).all()
