"""Checks find what is wrong, and nothing where nothing is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from numpy.testing import assert_allclose, assert_array_equal

from twin.geo.city import City, read_city
from twin.geo.heights import building_heights
from twin.geo.mesh import TriangleMesh
from twin.geo.quality import check
from twin.geo.topology import shells, welded


@pytest.fixture
def city(house: dict[str, Any], put: Callable[..., Path]) -> City:
    return read_city(put(house))


def test_a_good_city_and_an_empty_one(city: City) -> None:
    assert len(check(city)) == 0
    assert len(check(City(city.crs, np.zeros(3)))) == 0


def test_an_open_solid(city: City) -> None:
    keep = np.ones(12, dtype=bool)
    keep[2:4] = False
    found = check(replace(city, surfaces=city.surfaces.select(keep))).findings
    assert [(one.code, one.object_id) for one in found] == [("open-solid", "house")]
    assert "4 edges" in found[0].message


def test_turned_and_inward_and_double_faces(city: City) -> None:
    mesh = city.surfaces
    inward = TriangleMesh(mesh.vertices, mesh.triangles[:, ::-1], mesh.owner, mesh.semantic)
    assert check(replace(city, surfaces=inward)).counts() == {"inside-out": 1}
    triangles = mesh.triangles.copy()
    triangles[0] = triangles[0][::-1]
    turned = TriangleMesh(mesh.vertices, triangles, mesh.owner, mesh.semantic)
    assert check(replace(city, surfaces=turned)).counts() == {"turned-face": 1}
    double = TriangleMesh.concatenate([mesh, mesh.select(np.arange(12) == 0)])
    assert check(replace(city, surfaces=double)).counts() == {"non-manifold": 1, "duplicate-face": 1}


def test_a_triangle_that_is_thinner_than_a_millimetre(city: City) -> None:
    mesh = city.surfaces
    # one of the two triangles at an edge goes to a point beside its end, and the sliver between them is a triangle too
    near = mesh.vertices[mesh.triangles[0, :1]] + [0.0, 0.0, 2e-4]
    sliver = np.array([[*mesh.triangles[0, 1::-1], len(mesh.vertices)]], dtype=np.int32)
    points, triangles = np.concatenate([mesh.vertices, near]), np.concatenate([mesh.triangles, sliver[:, ::-1]])
    triangles[0, 0] = len(mesh.vertices)
    owner, semantic = np.append(mesh.owner, mesh.owner[:1]), np.append(mesh.semantic, mesh.semantic[:1])
    thin = replace(city, surfaces=TriangleMesh(points, triangles, owner, semantic))
    (found,) = check(thin).findings
    assert (found.code, found.object_id) == ("degenerate-face", "house")
    assert found.message == "1 triangles have corners that fall together"
    mended = thin.repaired()
    assert mended.quality.counts() == {"repaired-degenerate": 1}
    assert check(mended).counts() == {}
    assert_array_equal(mended.surfaces.triangles, triangles[:-1])


def test_overlapping_footprints_and_heights(city: City) -> None:
    one = city.buildings
    second = one.set_axis(["second"]).assign(height_m=1500.0)
    third = one.set_axis(["third"]).assign(height_m=np.nan, geometry=[shapely.Polygon()])
    beside = one.set_axis(["beside"]).assign(geometry=[shapely.box(136010, 455000, 136020, 455010)])
    frame = pd.concat([one, second, third, beside])
    counts = check(city.with_layer("buildings", frame)).counts()
    assert counts == {
        "no-geometry": 3, "footprint-overlap": 1, "height": 1, "height-unknown": 1, "no-footprint": 1
    }  # fmt: skip


def test_a_part_gives_its_building_geometry(house: dict[str, Any], put: Callable[..., Path]) -> None:
    part = house["CityObjects"].pop("house")
    house["CityObjects"] = {
        "whole": {"type": "Building"},
        "part": {**part, "type": "BuildingPart", "parents": ["whole"]},
    }
    assert len(check(read_city(put(house)))) == 0


def test_heights_come_from_geometry_then_attributes_then_storeys() -> None:
    attributes = pd.DataFrame(
        {
            "measuredHeight": [99.0, 8.0, -1.0, None, None, None],
            "b3_h_dak_max": [None, None, 12.0, None, None, None],
            "b3_h_maaiveld": [None, None, 2.0, None, None, None],
            "storeysAboveGround": [None, None, None, 4, "many", None],
        },
        index=list("abcdef"),
    )
    nothing = np.full(6, np.nan)
    ground, roof = nothing.copy(), nothing.copy()
    ground[:2], roof[:2] = 1.0, (11.0, 1.05)
    found = building_heights(ground, roof, attributes)
    assert found.height_source.tolist() == [
        "geometry", "attribute:measuredHeight", "attribute:b3_h_dak_max", "storeys:storeysAboveGround", "unknown",
        "unknown",
    ]  # fmt: skip
    assert_allclose(found.height_m, [10.0, 8.0, 10.0, 12.0, np.nan, np.nan])
    assert_allclose(found.roof_m, [11.0, 9.0, 12.0, np.nan, np.nan, np.nan])


def test_a_geometry_over_the_limit_is_told_as_it_is_drawn(house: dict[str, Any], put: Callable[..., Path]) -> None:
    for height in (999, 1001, 2000):
        tall = {**house, "vertices": [[x, y, z // 10 * height] for x, y, z in house["vertices"]]}
        city = read_city(put(tall))
        assert city.buildings["height_m"].tolist() == [height]
        assert city.buildings["height_source"].tolist() == ["geometry"]
        told = [(one.code, one.severity, f"{height}.0 m" in one.message) for one in check(city).findings]
        assert told == ([("height", "warning", True)] if height > 1000 else [])


def test_a_bow_tie_is_left_out_as_one(house: dict[str, Any], put: Callable[..., Path]) -> None:
    faces = [[[0, 1, 5, 4]], [[0, 2, 1, 3]], [[0, 1, 1, 0]]]
    house["CityObjects"]["house"]["geometry"] = [{"type": "MultiSurface", "lod": "2", "boundaries": faces}]
    told = {one.code: one for one in read_city(put(house)).quality.findings if one.severity == "error"}
    assert set(told) == {"self-crossing", "too-few-points"}
    assert told["self-crossing"].path.endswith("boundaries[1]")
    assert "left out" in told["self-crossing"].message


def test_welding_counts_in_order_of_appearance() -> None:
    rows = np.array([[5, 0, 0], [1, 2, 3], [5, 0, 0], [-9, 4, 4], [1, 2, 3]])
    for shift in (0, 2**40):
        first, number = welded(rows * np.array([1, 1, 1]) + shift)
        assert_array_equal(first, [0, 1, 3])
        assert_array_equal(number, [0, 1, 0, 2, 1])
    huge = rows * 2**40
    assert_array_equal(welded(huge)[1], [0, 1, 0, 2, 1])


def test_shells_are_numbered_by_their_first_triangle() -> None:
    assert shells(5, np.array([[3, 1], [0, 4]])).tolist() == [0, 1, 2, 1, 0]
