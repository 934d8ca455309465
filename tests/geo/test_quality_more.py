"""More faults are found, safe ones are mended, and findings are written as table, JSON and on the map."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.geo.conftest import CUBE_FACES, CUBE_VERTICES, DOCUMENT
from twin.errors import OutputError
from twin.geo import quality, repair
from twin.geo.city import City, read_city
from twin.geo.mesh import SEMANTICS, TriangleMesh
from twin.geo.quality import CODES, check
from twin.geo.readers.model import ReadOptions
from twin.geo.records import Finding, Quality
from twin.geo.terrain import Terrain
from twin.geo.topology import object_use, signed_volumes
from twin.geo.writers.findings import counts_table, findings_frame, write_findings
from twin.grid import GridSpec

Put = Callable[..., Path]


@pytest.fixture
def city(house: dict[str, Any], put: Put) -> City:
    return read_city(put(house))


def volume(city: City) -> float:
    return float(signed_volumes(city.surfaces, city.surfaces.owner.astype(np.int64), len(city.objects))[0])


def ground(city: City, height: float) -> City:
    west, south, _, _ = city.bounds
    grid = GridSpec(west - 50, south + 150, 10.0, (20, 20), "EPSG:7415")
    return replace(city, terrain=Terrain(grid, np.full((20, 20), height, np.float32)))


def test_a_solid_that_goes_through_itself(house: dict[str, Any], put: Put) -> None:
    # a tall box through the roof of the cube, in one solid
    house["vertices"] += [[x // 2 + 2500, y // 2 + 2500, z + 5000] for x, y, z in CUBE_VERTICES]
    more = [[[index + 8 for index in ring] for ring in face] for face in CUBE_FACES]
    house["CityObjects"]["house"]["geometry"] = [{"type": "CompositeSolid", "lod": "2", "boundaries": [[CUBE_FACES], [more]]}]
    found = check(read_city(put(house)))
    assert found.counts() == {"self-intersection": 1}
    # the roof of one, and the four walls of the other: two triangles each
    assert found.findings[0].message.startswith("10 triangles")


@pytest.mark.parametrize("kind", ["Solid", "MultiSolid", "CompositeSolid"])
@pytest.mark.parametrize("up", [0, 1, 2000])
def test_cubes_cut_alike_that_stand_in_each_other(house: dict[str, Any], put: Put, kind: str, up: int) -> None:
    house["vertices"] += [[x + 5000, y + 5000, z + up] for x, y, z in CUBE_VERTICES]
    more = [[[index + 8 for index in ring] for ring in face] for face in CUBE_FACES]
    boundaries = [CUBE_FACES + more] if kind == "Solid" else [[CUBE_FACES], [more]]
    house["CityObjects"]["house"]["geometry"] = [{"type": kind, "lod": "2", "boundaries": boundaries}]
    assert check(read_city(put(house))).counts() == {"self-intersection": 1}


def test_ground_off_the_terrain(city: City) -> None:
    assert check(ground(city, 1.5)).counts() == {}
    assert check(ground(city, 4.0)).counts() == {}
    (finding,) = check(ground(city, 56.5)).findings
    assert (finding.code, finding.object_id) == ("ground-off-terrain", "house")
    assert "1.5 m" in finding.message
    assert "56.5 m" in finding.message


def test_a_building_far_below_its_neighbours(city: City) -> None:
    rows = pd.concat([city.buildings.set_axis([f"b{k}"]).set_geometry(city.buildings.translate(20 * k).array) for k in range(1, 8)])
    rows["ground_m"] = 1.0
    rows.loc["b3", "ground_m"] = -55.0
    found = [one for one in check(city.with_layer("buildings", rows)).findings if one.code == "height"]
    assert [one.object_id for one in found] == ["b3"]
    assert "-55.0 m" in found[0].message


@pytest.mark.parametrize(
    ("grounds", "crs", "told"),
    [
        ([-55.0], "EPSG:7415", [("b0", "info", "NAP")]),
        ([-55.0], "EPSG:28992", []),
        ([-55.0, 1.0], "EPSG:7415", [("b0", "info", "around"), ("b1", "info", "around")]),
        ([-55.0, 1.0, 1.0], "EPSG:28992", [("b0", "info", "around")]),
        ([-55.0, -56.0, 1.0], "EPSG:7415", [("b2", "info", "around"), ("", "info", "2 buildings")]),
        ([-55.0, 1.0, 1.0, 1.0], "EPSG:7415", [("b0", "warning", "around")]),
        ([-55.0, -56.0], "EPSG:7415", [("", "info", "2 buildings")]),
        ([-19.0], "EPSG:7415", []),
        ([-431.0], "EPSG:28992", [("b0", "warning", "between -430 and 5,500 m")]),
        ([5501.0, 5502.0], "EPSG:28992", [("b0", "warning", "between"), ("b1", "warning", "between")]),
    ],
)
def test_a_ground_where_none_is(city: City, grounds: list[float], crs: str, told: list[tuple[str, str, str]]) -> None:
    index = [f"b{k}" for k in range(len(grounds))]
    shapes = [shapely.box(*(city.buildings.total_bounds + 20.0 * k)) for k in range(len(grounds))]
    rows = gpd.GeoDataFrame({"ground_m": grounds, "height_m": 3.0}, geometry=shapes, index=index, crs=crs)
    there = City(rows.crs, np.zeros(3)).with_layer("buildings", rows)
    found = [one for one in check(there).findings if one.code == "height"]
    assert [(one.object_id, one.severity) for one in found] == [one[:2] for one in told]
    assert all(word in one.message for one, (_, _, word) in zip(found, told, strict=True))


def test_terrain_speaks_before_neighbours(city: City) -> None:
    low = replace(city, terrain=ground(city, -55.0).terrain)
    rows = low.buildings.assign(ground_m=-55.0)
    assert "height" not in check(low.with_layer("buildings", rows)).counts()


@pytest.mark.parametrize(
    "attributes",
    [
        {"relativeToTerrain": "entirelyBelowTerrain"},
        {"relatieveHoogteligging": -1},
        {"storeysAboveGround": 0, "storeysBelowGround": 2},
    ],
)
def test_a_garage_below_the_ground_extruded_upward(house: dict[str, Any], put: Put, attributes: dict[str, Any]) -> None:
    house["CityObjects"]["house"]["attributes"] = attributes
    city = read_city(put(house))
    (finding,) = check(ground(city, 1.5)).findings
    assert (finding.code, finding.object_id) == ("underground-above", "house")
    assert "rises to 11.5 m" in finding.message
    deep = {**house, "transform": {**house["transform"], "translate": [136000.0, 455000.0, -9.0]}}
    assert "underground-above" not in check(ground(read_city(put(deep)), 1.5)).counts()


@pytest.mark.parametrize(
    ("attributes", "told"),
    [
        ({"function": "underground garage"}, True),
        ({"function": "werfkelder"}, True),
        ({"class": "parkeergarage", "usage": "ondergrondse parkeergarage"}, True),
        ({"usage": "parkeergarage ondergronds"}, True),
        ({"gebruiksfunctie": "Kelder"}, True),
        ({"Class": "basement"}, True),
        ({"function": "wine cellar"}, True),
        ({"funktion": "Tiefgarage"}, True),
        ({"usage": "souterrain"}, True),
        ({"location": "underground"}, True),
        ({"layer": "-1"}, True),
        ({"level": -1}, True),
        ({"underground": True}, True),
        ({"function": "garage"}, False),
        ({"function": "woning met kelder"}, False),
        ({"function": "entrance to underground station"}, False),
        ({"layer": 1, "level": "0"}, False),
        ({"underground": False}, False),
        ({"name": "Keldermans"}, False),
        ({"function": "keldermanshuis"}, False),
    ],
)
def test_what_is_said_in_words_to_be_below_the_ground(
    house: dict[str, Any], put: Put, attributes: dict[str, Any], told: bool
) -> None:
    house["CityObjects"]["house"]["attributes"] = attributes
    city = read_city(put(house))
    for whole in (city, ground(city, 1.5)):
        assert ("underground-above" in check(whole).counts()) == told
    # sunk into the ground: only words speak against it
    assert "underground-above" not in check(ground(city, 3.0)).counts()


def with_part(house: dict[str, Any], attributes: dict[str, Any], low: int, high: int, *, parent: str = "house") -> dict[str, Any]:
    """The house with a part beside it between two heights above its foot [mm], whose attributes are given."""
    first = len(house["vertices"])
    house["vertices"] = house["vertices"] + [[x + 20000, y, low if z == 0 else high] for x, y, z in CUBE_VERTICES]
    faces = [[[number + first for number in ring] for ring in face] for face in CUBE_FACES]
    geometry = [{"type": "Solid", "lod": "2.2", "boundaries": [faces]}]
    kind = "BuildingPart" if parent == "house" else "BuildingRoom"
    house["CityObjects"]["part"] = {"type": kind, "parents": [parent], "attributes": attributes, "geometry": geometry}
    return house


@pytest.mark.parametrize(
    ("attributes", "low", "high", "told"),
    [
        ({"relatieveHoogteligging": -1}, 0, 10000, True),
        ({"relatieveHoogteligging": -1}, -3000, 10000, True),
        ({"relatieveHoogteligging": -1}, -3000, 0, False),
        ({"relatieveHoogteligging": 0}, 0, 10000, False),
        ({"function": "kelder"}, 0, 3000, True),
        ({"function": "kelder"}, -3000, 3000, False),
        ({"level": -1}, 0, 3000, True),
    ],
)
def test_a_part_says_itself_that_it_lies_below_the_ground(
    house: dict[str, Any], put: Put, attributes: dict[str, Any], low: int, high: int, told: bool
) -> None:
    city = read_city(put(with_part(house, attributes, low, high)))
    for whole in (city, ground(city, 1.5)):
        found = [one.object_id for one in check(whole).findings if one.code == "underground-above"]
        assert found == (["part"] if told else [])


def test_a_room_of_a_part_says_that_it_lies_below_the_ground(house: dict[str, Any], put: Put) -> None:
    with_part(house, {"relatieveHoogteligging": -1}, 0, 10000, parent="wing")
    house["CityObjects"]["wing"] = {"type": "BuildingPart", "parents": ["house"]}
    assert [one.object_id for one in check(read_city(put(house))).findings if one.code == "underground-above"] == ["part"]


def test_a_building_below_the_ground_is_drawn_above_it_by_its_parts(house: dict[str, Any], put: Put) -> None:
    with_part(house, {"name": "a"}, 0, 10000)
    house["CityObjects"]["house"] |= {"attributes": {"relatieveHoogteligging": -1}, "geometry": []}
    city = ground(read_city(put(house)), 1.5)
    assert [one.object_id for one in check(city).findings if one.code == "underground-above"] == ["house"]


def test_cellars_are_below_the_street(sample: City) -> None:
    assert "underground-above" not in check(sample).counts()
    high = sample.cellars.assign(floor_m=sample.cellars.floor_m + 20.0)
    without = replace(sample, surfaces=sample.surfaces.select(np.zeros(len(sample.surfaces), dtype=bool)))
    assert check(without.with_layer("cellars", high)).counts()["underground-above"] == len(high)


def test_the_same_building_twice(house: dict[str, Any], put: Put) -> None:
    house["CityObjects"]["again"] = house["CityObjects"]["house"]
    counts = check(read_city(put(house))).counts()
    assert counts == {"duplicate-object": 1, "footprint-overlap": 1}


def test_bent_faces_by_any_tolerance(house: dict[str, Any], put: Put) -> None:
    house["vertices"][6][2] += 300
    city = read_city(put(house))
    assert city.quality.counts() == {"non-planar": 1}
    assert "non-planar" not in check(city).counts()
    (finding,) = [one for one in check(city, planarity_m=0.05).findings if one.code == "non-planar"]
    assert finding.message.startswith("1 faces")
    assert "non-planar" not in check(city, planarity_m=0.5).counts()


# --- repairs


def test_nothing_to_mend_is_shared(city: City) -> None:
    assert city.repaired() is city


@pytest.mark.parametrize("count", [20, 40])
@pytest.mark.parametrize("fault", ["turned", "gap"])
def test_many_objects_are_sorted_out_once(sample: City, monkeypatch: pytest.MonkeyPatch, count: int, fault: str) -> None:
    """Looking through all triangles for those of each object would take the square of their number."""
    shapes = [shapely.box(20 * i, 0, 20 * i + 10, 10) for i in range(count)]
    ids = pd.Index([f"b{i}" for i in range(count)], name="id", dtype="str")
    frame = gpd.GeoDataFrame({"height_m": 10.0, "ground_m": 0.0}, geometry=shapes, index=ids, crs=sample.crs)
    whole = City(sample.crs, np.zeros(3)).with_buildings(frame)
    mesh = replace(whole.surfaces, outlines=None)
    each = len(mesh) // count
    if fault == "turned":
        triangles = mesh.triangles.copy()
        triangles[::each] = triangles[::each][:, ::-1]
        broken = replace(mesh, triangles=triangles)
    else:
        broken = mesh.select(np.arange(len(mesh)) % each > 0)
    sorted_out: list[int] = []
    handled: list[int] = []
    by_object, agree, rims = repair._by_object, repair._agree, repair._rims
    monkeypatch.setattr(repair, "_by_object", lambda *given: sorted_out.append(len(given[0])) or by_object(*given))
    monkeypatch.setattr(repair, "_agree", lambda given: handled.append(len(given)) or agree(given))
    monkeypatch.setattr(repair, "_rims", lambda given: handled.append(len(given)) or rims(given))
    mended = replace(whole, surfaces=broken).repaired()
    assert len(mended.quality) == count
    assert sum(handled) == len(broken)
    assert len(sorted_out) == 2
    assert object_use(mended.surfaces, count).closed.all()


@settings(max_examples=30)
@given(st.lists(st.integers(0, 11), min_size=1, max_size=11, unique=True))
def test_turned_faces_are_turned_back(turned: list[int]) -> None:
    city = made()
    triangles = city.surfaces.triangles.copy()
    triangles[turned] = triangles[turned][:, ::-1]
    mesh = city.surfaces
    broken = replace(city, surfaces=TriangleMesh(mesh.vertices, triangles, mesh.owner, mesh.semantic))
    mended = broken.repaired()
    assert object_use(mended.surfaces, 1).closed.all()
    assert volume(mended) == pytest.approx(1000.0)
    assert check(mended).counts() == {}
    assert [one.code for one in mended.quality.findings] == ["repaired-orientation"]
    assert not object_use(broken.surfaces, 1).closed.all()


def made() -> City:
    """The cube, without a file."""
    import orjson

    from twin.geo.readers import cityjson
    from twin.geo.readers.assemble import assemble
    from twin.geo.readers.source import Blob

    return assemble([cityjson.read(Blob.of_bytes("cube", orjson.dumps(DOCUMENT)), ReadOptions())], ReadOptions())


def test_an_inward_solid_keeps_its_polygons(house: dict[str, Any], put: Put) -> None:
    geometry = house["CityObjects"]["house"]["geometry"][0]
    geometry["boundaries"] = [[[list(reversed(ring)) for ring in face] for face in CUBE_FACES]]
    city = read_city(put(house))
    assert volume(city) == pytest.approx(-1000.0)
    mended = city.repaired()
    assert volume(mended) == pytest.approx(1000.0)
    assert len(mended.surfaces.polygons.rings.counts) == 6
    assert mended.surfaces.semantic.tolist() == city.surfaces.semantic.tolist()


@pytest.mark.parametrize(("missing", "semantic"), [(0, "GroundSurface"), (1, "ClosureSurface"), (3, "ClosureSurface")])
def test_a_missing_face_is_closed(house: dict[str, Any], put: Put, missing: int, semantic: str) -> None:
    geometry = house["CityObjects"]["house"]["geometry"][0]
    geometry["boundaries"] = [[face for number, face in enumerate(CUBE_FACES) if number != missing]]
    del geometry["semantics"]
    city = read_city(put(house))
    assert check(city).counts() == {"open-solid": 1}
    mended = city.repaired()
    assert check(mended).counts() == {}
    assert volume(mended) == pytest.approx(1000.0)
    assert mended.surfaces.semantic[-2:].tolist() == [SEMANTICS[semantic]] * 2


def test_doubles_go_and_what_cannot_be_mended_stays(city: City, house: dict[str, Any], put: Put) -> None:
    double = TriangleMesh.concatenate([city.surfaces, city.surfaces.select(np.arange(12) < 2)])
    mended = replace(city, surfaces=double).repaired()
    assert len(mended.surfaces) == 12
    assert check(mended).counts() == {}
    # a bent rim is no gap that can be closed flat: corner 6 is raised and the roof is missing
    house["vertices"][6][2] += 3000
    house["CityObjects"]["house"]["geometry"][0]["boundaries"] = [[face for number, face in enumerate(CUBE_FACES) if number != 1]]
    del house["CityObjects"]["house"]["geometry"][0]["semantics"]
    bent = read_city(put(house))
    assert bent.repaired() is bent


@pytest.mark.realdata
def test_real_files_are_mended(real_data: Path) -> None:
    delft = read_city(real_data / "cityjson" / "delft.json")
    before, after = check(delft).counts(), check(delft.repaired()).counts()
    # solids of an extruder that leaves the floor out
    assert before["open-solid"] == 160
    assert after == {}
    solids = delft.objects.geometry.eq("Solid").to_numpy()
    mended = delft.repaired()
    volume = signed_volumes(mended.surfaces, mended.surfaces.owner.astype(np.int64), len(mended.objects))[solids]
    # a block is its outline times its height
    block = (delft.buildings.area * delft.buildings.height_m).reindex(delft.objects.index[solids])
    assert np.allclose(volume, block, rtol=0.01)


# --- written


def test_findings_as_table_json_and_map(sample: City, tmp_path: Path) -> None:
    house, tree = str(sample.buildings.index[3]), str(sample.trees.index[0])
    bad, lone = Finding("height", house, "<b>no</b>", "warning", "a.b"), Finding("no-crs", "", "none")
    quality = Quality((bad, lone, Finding("odd", tree, "?", "info")))
    table = pd.read_csv(write_findings(quality, sample, tmp_path / "f.csv"), keep_default_na=False)
    assert table.to_dict(orient="records")[0] == {
        "code": "height", "severity": "warning", "object_id": house, "message": "<b>no</b>", "path": "a.b"
    }  # fmt: skip
    document = json.loads(write_findings(quality, sample, tmp_path / "f.json").read_text())
    assert document["counts"] == {"height": 1, "no-crs": 1, "odd": 1}
    assert document["codes"]["height"] == CODES["height"]
    assert len(document["findings"]) == 3
    frame = gpd.read_file(write_findings(quality, sample, tmp_path / "f.gpkg"))
    assert frame.code.tolist() == ["height", "no-crs", "odd"]
    assert frame.crs.to_epsg() == 7415
    assert shapely.distance(frame.geometry.iloc[0], sample.buildings.loc[house].geometry) == 0
    assert frame.geometry.iloc[1] is None or frame.geometry.iloc[1].is_empty
    assert (frame.geometry.iloc[2].x, frame.geometry.iloc[2].y) == sample.trees.loc[tree].geometry.coords[0]
    assert counts_table(quality).loc["height", "meaning"] == CODES["height"]
    assert len(findings_frame(Quality(), sample)) == 0
    with pytest.raises(OutputError, match=r"not written as \.xlsx"):
        write_findings(quality, sample, tmp_path / "f.xlsx")
    with pytest.raises(OutputError, match="there is no folder"):
        write_findings(quality, sample, tmp_path / "nowhere" / "f.gpkg")


@pytest.mark.parametrize("kind", ["same", "beside", "tiny"])
def test_looking_for_overlaps_grows_with_the_city(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Pairs of footprints in one place are as many as the square of their number: most are not looked at, and that is told."""
    monkeypatch.setattr(quality, "LEAST_CORNERS", 1_000)
    monkeypatch.setattr(quality, "LEAST_BOXES", 1_000)
    monkeypatch.setattr(quality, "PAIRS_AT_ONCE", 1_000)
    met: list[int] = []
    intersects = shapely.intersects

    def counted(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        met.append(len(one))
        return intersects(one, other)

    monkeypatch.setattr(shapely, "intersects", counted)
    for count in (500, 1_000):
        step, size = {"same": (0.0, 10.0), "beside": (1e-3, 10.0), "tiny": (1e-4, 0.5)}[kind]
        shapes = np.array([shapely.box(step * i, 0, step * i + size, size) for i in range(count)], dtype=object)
        found = quality.overlaps(shapes, np.arange(count), [str(i) for i in range(count)])
        codes = [one.code for one in found]
        assert codes.count("not-checked") == (kind != "same")
        assert codes.count("footprint-overlap") == {"same": count - 1, "beside": 8 * count, "tiny": 0}[kind]
        assert met[-1] <= 8 * count


def test_the_same_footprint_the_other_way_round_is_an_overlap() -> None:
    shape = shapely.box(0, 0, 10, 10)
    found = quality.overlaps(np.array([shape, shape.reverse()], dtype=object), np.arange(2), ["a", "b"])
    assert [(one.object_id, one.message) for one in found] == [("a", "its footprint overlaps that of b by 100.0 m2")]


def test_quality_in_a_notebook_is_one_line_with_how_many_of_what() -> None:
    findings = (Finding("odd", "a", "m"), Finding("even", "b", "m"), Finding("odd", "c", "m"))
    assert repr(Quality(findings)) == "<Quality: 3 findings: 2 odd, 1 even>"
    assert repr(Quality()) == "<Quality: 0 findings>"
