"""Meshes out: OBJ and PLY read back as the same city; STL is closed, in millimetres, and stands on its base."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
import trimesh
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal

from tests.geo.meshes import box, gabled
from tests.places import at, frame, town
from twin.errors import MissingExtraError, OutputError, ParameterError
from twin.geo.city import City, read_city
from twin.geo.mesh import SEMANTICS, TriangleMesh
from twin.geo.printable import STEP_MM, PrintModel, _without_crumbs, print_model
from twin.geo.solids import closed, prisms, slab, tidied, volume
from twin.geo.union import touching_edges, united
from twin.geo.writers.obj import write_obj
from twin.geo.writers.ply import write_ply
from twin.geo.writers.stl import write_print_model, write_stl

WRITERS: dict[str, Callable[..., Path]] = {"obj": write_obj, "ply": write_ply}


@pytest.fixture
def street(tmp_path: Path) -> City:
    """Three blocks of 6 by 8 m and 5, 6, 7 m, wall to wall, and a gabled house turned by 30 degrees, on ground at +2."""
    rows = {f"block {n}": {"height_m": 5.0 + n, "geometry": shapely.box(10 + 6 * n, 40, 16 + 6 * n, 48)} for n in range(3)}
    path = tmp_path / "house.stl"
    path.write_bytes(gabled().export(file_type="stl"))
    city = town().without("house").with_buildings(frame(rows))
    return city.with_model(path, id="gable\n<&>é", at=at(40, 20), azimuth_deg=30)


@pytest.mark.parametrize("suffix", ["obj", "ply"])
def test_the_sample_reads_back_as_it_was(sample: City, tmp_path: Path, suffix: str) -> None:
    path = WRITERS[suffix](sample, tmp_path / f"district.{suffix}")
    again = read_city(path)
    assert again.crs == sample.crs
    assert_allclose(again.origin, sample.origin)
    assert not again.quality.errors
    drawn = sample.objects.index[np.unique(sample.surfaces.owner)]
    assert_frame_equal(again.objects.loc[drawn, ["type", "parent", "lod"]], sample.objects.loc[drawn, ["type", "parent", "lod"]])
    for name in ("areas", "semantic", "owner"):
        total = []
        for city in (sample, again):
            areas, mesh = city.surfaces.areas(), city.surfaces
            key = mesh.semantic if name == "semantic" else city.objects.index.to_numpy()[mesh.owner]
            total.append(pd.Series(areas).groupby(key).sum() if name != "areas" else pd.Series([areas.sum()]))
        assert_allclose(total[1].sort_index(), total[0].sort_index(), rtol=1e-3)
    for column in ("ground_m", "roof_m", "height_m"):
        mine = sample.buildings.loc[again.buildings.index, column]
        assert_allclose(again.buildings[column], mine, atol=2e-3)
    here = again.buildings.geometry.symmetric_difference(sample.buildings.geometry.loc[again.buildings.index], align=False)
    assert here.area.max() < 0.1


@pytest.mark.parametrize("suffix", ["obj", "ply"])
def test_another_library_reads_the_same(street: City, tmp_path: Path, suffix: str) -> None:
    path = WRITERS[suffix](street, tmp_path / f"street.{suffix}")
    peer = trimesh.load_scene(path).to_mesh()
    assert len(peer.faces) == len(street.surfaces)
    assert peer.area == pytest.approx(street.surfaces.areas().sum(), rel=1e-5)
    assert_allclose(peer.bounds[0], street.surfaces.vertices.min(axis=0), atol=1e-3)


def test_ids_that_break_lines_come_back(street: City, tmp_path: Path) -> None:
    for suffix, writer in WRITERS.items():
        again = read_city(writer(street, tmp_path / f"street.{suffix}"))
        assert set(again.buildings.index) == {"block 0", "block 1", "block 2", "gable\n<&>é"}


def test_materials_name_the_surfaces(street: City, tmp_path: Path) -> None:
    path = write_obj(street, tmp_path / "street.obj", layers=("buildings",))
    text, library = path.read_text(), (tmp_path / "street.mtl").read_text()
    assert set(re.findall(r"^usemtl (\w+)$", text, re.M)) == {"GroundSurface", "WallSurface", "RoofSurface"}
    assert set(re.findall(r"^newmtl (\w+)$", library, re.M)) == {"GroundSurface", "WallSurface", "RoofSurface"}
    assert "mtllib street.mtl" in text
    assert "z upward" in text
    assert '"crs": "EPSG:28992"' in text


@pytest.mark.parametrize("suffix", ["obj", "ply"])
def test_colours_come_back(street: City, tmp_path: Path, suffix: str) -> None:
    chance = np.random.default_rng(5)
    palette = np.array([[10, 20, 30, 255], [200, 0, 7, 255], [0, 0, 0, 0]], np.uint8)
    colour = palette[chance.integers(0, 3, len(street.surfaces))]
    painted = replace(street, surfaces=replace(street.surfaces, colour=colour))
    again = read_city(WRITERS[suffix](painted, tmp_path / f"painted.{suffix}"))
    assert again.surfaces.colour is not None
    totals = []
    for city in (painted, again):
        mesh = city.surfaces
        key = [(*row, int(code)) for row, code in zip(mesh.colour.tolist(), mesh.semantic, strict=True)]
        totals.append(pd.Series(mesh.areas()).groupby(pd.Series(key)).sum())
    assert totals[0].index.tolist() == totals[1].index.tolist()
    assert_allclose(totals[1], totals[0], rtol=1e-3)


def test_nothing_half_written_and_nothing_to_write(street: City, tmp_path: Path) -> None:
    empty = replace(street, surfaces=TriangleMesh.empty())
    for writer in (write_obj, write_ply, write_stl):
        with pytest.raises(OutputError, match="there is nothing to"):
            writer(empty, tmp_path / "x.obj")
        with pytest.raises(OutputError, match="there is no folder"):
            writer(street, tmp_path / "no" / "folder.obj")
    with pytest.raises(OutputError, match="there is nothing to write"):
        write_obj(street, tmp_path / "x.obj", layers=("water",))
    assert [path.name for path in tmp_path.iterdir()] == ["house.stl"]


def test_what_reads_back_differently_does_not_count(street: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from twin.geo.writers import obj, ply

    whole = ply.ply_bytes
    monkeypatch.setattr(ply, "ply_bytes", lambda city, mesh: whole(city, mesh.select(np.arange(len(mesh)) > 0)))
    with pytest.raises(OutputError, match="instead of"):
        write_ply(street, tmp_path / "x.ply")
    text = obj.obj_bytes
    monkeypatch.setattr(obj, "obj_bytes", lambda *args: text(*args).replace(b"\nv 0", b"\nv 9", 1).replace(b"\nv 1", b"\nv 91", 1))
    with pytest.raises(OutputError, match=r"bounds|m2"):
        write_obj(street, tmp_path / "x.obj")
    assert [path.name for path in tmp_path.iterdir()] == ["house.stl"]


# --- printing


def peers(model: PrintModel) -> list[trimesh.Trimesh]:
    """The solids as another library sees them, vertices merged by place as it reads a file."""
    return [trimesh.Trimesh(vertices * STEP_MM, triangles, process=True) for vertices, triangles in model.solids]


def test_a_street_is_printed_in_millimetres(street: City, tmp_path: Path) -> None:
    model = print_model(street, scale=1 / 500, base_mm=4.0, margin_mm=3.0, unite=False)
    solids = peers(model)
    assert all(solid.is_watertight and solid.volume > 0 for solid in solids)
    west, south, east, north = street.buildings.total_bounds
    assert model.size_mm == pytest.approx(((east - west) * 2 + 6, (north - south) * 2 + 6, 4.0 + 9.0 * 2), abs=0.01)
    plate = solids[0]
    assert plate.volume == pytest.approx(model.size_mm[0] * model.size_mm[1] * 4.0, rel=1e-6)
    # blocks go down to the middle of the base: 2 mm below the ground
    assert_allclose([solid.volume for solid in solids[1:4]], [12 * 16 * (2 + 2 * height) for height in (5, 6, 7)], rtol=1e-6)
    assert solids[4].volume == pytest.approx(16 * 24 * (2 + 2 * 7.5), rel=1e-4)
    assert min(solid.bounds[0, 2] for solid in solids[1:]) == pytest.approx(2.0)
    path = write_print_model(model, tmp_path / "street.stl")
    read = trimesh.load_mesh(path)
    assert_allclose(np.ptp(read.bounds, axis=0), model.size_mm, atol=1e-3)
    assert read.area == pytest.approx(sum(solid.area for solid in solids), rel=1e-5)
    assert path.read_bytes()[:80].startswith(b"Stadstwin 1:500, millimetres")
    assert any("slicers unite them" in note for note in model.notes)


def test_open_buildings_are_filled_from_their_roofs(street: City) -> None:
    """Only the roofs are kept: the print is the same block."""
    roofs = street.surfaces.semantic == SEMANTICS["RoofSurface"]
    opened = replace(street, surfaces=street.surfaces.select(roofs))
    whole, filled = print_model(street, unite=False), print_model(opened, unite=False, terrain=True)
    volumes = [[solid.volume for solid in peers(model)[1:]] for model in (whole, filled)]
    assert_allclose(volumes[1], volumes[0], rtol=1e-3)
    assert any("Open buildings" in note and "base: 4." in note for note in filled.notes)
    assert not any("Open" in note for note in whole.notes)


def test_thin_and_large_prints_are_told(street: City) -> None:
    assert any("thinner than 0.8 mm" in note for note in print_model(street, scale=1 / 20_000, unite=False).notes)
    assert not any("thinner" in note for note in print_model(street, scale=1 / 1000, unite=False).notes)
    assert any("larger than a usual bed" in note for note in print_model(street, scale=1 / 100, unite=False).notes)


@pytest.mark.parametrize(
    ("change", "where"),
    [({"scale": 0}, "scale"), ({"scale": 2.0}, "scale"), ({"base_mm": 0.1}, "base_mm"), ({"margin_mm": -1}, "margin_mm")],
)
def test_measures_that_cannot_be_printed(street: City, tmp_path: Path, change: dict[str, Any], where: str) -> None:
    with pytest.raises(ParameterError, match=f"^{where}: "):
        write_stl(street, tmp_path / "x.stl", **change)


def test_a_file_whose_solid_leaks_does_not_count(street: City, tmp_path: Path) -> None:
    model = print_model(street, unite=False)
    vertices, triangles = model.solids[1]
    leaking = replace(model, solids=(model.solids[0], (vertices, triangles[1:])))
    with pytest.raises(OutputError, match="solid 2 of what was made is not closed"):
        write_print_model(leaking, tmp_path / "x.stl")
    assert not (tmp_path / "x.stl").exists()


def test_the_district_prints(sample: City, tmp_path: Path) -> None:
    model = print_model(sample, scale=1 / 3000, unite=False)
    assert len(model.solids) > 1300
    assert all(solid.is_watertight for solid in peers(replace(model, solids=model.solids[::7])))
    assert write_print_model(model, tmp_path / "district.stl").stat().st_size > 1_000_000


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["tile_901_trimmed.jsonl", "delft.json", "3-20-DELFSHAVEN.city.json"])
def test_real_cities_print_closed(real_data: Path, tmp_path: Path, name: str) -> None:
    city = read_city(real_data / "cityjson" / name)
    model = print_model(city, unite=False)
    assert len(model.solids) > 50
    assert all(solid.is_watertight and solid.volume > 0 for solid in peers(replace(model, solids=model.solids[::5])))
    write_print_model(model, tmp_path / "real.stl")
    if name.startswith("tile"):
        # 52 houses of 3DBAG, all of them closed: nothing was filled
        assert len(model.solids) == 53
        assert not any("Open" in note for note in model.notes)


def test_united_solids_are_one(street: City, tmp_path: Path) -> None:
    pytest.importorskip("manifold3d")
    model = print_model(street, scale=1 / 500, base_mm=4.0, margin_mm=3.0, unite=True)
    assert model.united
    path = write_print_model(model, tmp_path / "one.stl")
    one = trimesh.load_mesh(path)
    assert one.is_watertight
    west, south, east, north = street.buildings.total_bounds
    plate = ((east - west) * 2 + 6) * ((north - south) * 2 + 6) * 4.0
    above = sum(12 * 16 * 2 * height for height in (5, 6, 7)) + 16 * 24 * 2 * 7.5
    assert one.volume == pytest.approx(plate + above, rel=1e-4)


def test_crumbs_are_no_part_of_the_one_solid() -> None:
    cubes = [
        _steps(box(1, 1, 1, (0.0, 0.0, 0.0))),
        _steps(box(1, 1, 1, (3.0, 0.0, 0.0))),
    ]
    step = np.int64(round(1 / STEP_MM))
    body, other = (cube[0] * 20 for cube in cubes)
    side = float(np.ptp(body[:, 0])) * STEP_MM
    assert side > 2.0
    corners = cubes[0][0] - cubes[0][0].min(axis=0)
    small = corners * (step // 5) // corners.max()
    middle = np.rint(body.mean(axis=0)).astype(np.int64)
    crumb, void = small + body.max(axis=0) + step, small + middle

    def joined(*parts: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        start = np.cumsum([0, *(len(part[0]) for part in parts)])
        return np.concatenate([part[0] for part in parts]), np.concatenate([p[1] + s for p, s in zip(parts, start, strict=False)])

    faces = cubes[0][1]
    whole = joined((body, faces), (crumb, faces), (crumb + 2 * step, faces), (void, faces[:, ::-1]))
    one, bodies, notes = _without_crumbs(whole)
    assert closed(one)
    assert (len(one[0]), len(one[1]), bodies) == (len(body), len(faces), 1)
    assert notes == ["Loose bodies under 1 mm3, left out: 2.", "Voids under 1 mm3, left out: 1."]
    two, bodies, notes = _without_crumbs(joined((body, faces), (other, faces)))
    assert (len(two[1]), bodies, notes) == (2 * len(faces), 2, ["The print is 2 bodies that do not touch."])
    # a void that prints stays
    large = corners * (2 * step) // corners.max() + middle - step
    hollow, bodies, notes = _without_crumbs(joined((body, faces), (large, faces[:, ::-1])))
    assert (len(hollow[1]), bodies, notes) == (2 * len(faces), 1, [])


def test_solids_that_touch_in_an_edge_are_joined() -> None:
    first, second = (_steps(box(1, 1, 1, (x, x, 0))) for x in (0.0, 1.0))
    both = np.concatenate([first[0], second[0]]), np.concatenate([first[1], second[1] + len(first[0])])
    assert not closed(tidied(*both))
    assert len(touching_edges(tidied(*both))) == 1
    pytest.importorskip("manifold3d")
    one = united([first, second])
    assert one is not None
    assert closed(one)


def test_a_missing_library_is_named(street: City, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "manifold3d", None)
    with pytest.raises(MissingExtraError, match=r"stadstwin\[print\]"):
        print_model(street, unite=True)
    assert not print_model(street).united


# --- solids


def _steps(mesh: trimesh.Trimesh) -> tuple[np.ndarray, np.ndarray]:
    return np.rint(np.asarray(mesh.vertices) * 1000).astype(np.int64), np.asarray(mesh.faces, np.int64)


def test_closed_is_what_another_library_calls_watertight() -> None:
    good = _steps(gabled())
    assert closed(good)
    assert volume(good) == pytest.approx(720e9)
    assert not closed((good[0], good[1][1:]))
    assert not closed((good[0], good[1][:, ::-1]))
    flipped = good[1].copy()
    flipped[3] = flipped[3, ::-1]
    assert not closed((good[0], flipped))


@given(st.integers(1, 40), st.integers(0, 2**31))
def test_prisms_below_anything_are_closed(count: int, seed: int) -> None:
    """Any triangles whatever, many of them over each other or sharing corners: every solid is closed."""
    chance = np.random.default_rng(seed)
    vertices = chance.integers(0, 12, (20, 3)) * 100 + np.array([0, 0, 500])
    triangles = chance.integers(0, 20, (count, 3))
    for solid in prisms(vertices, triangles, 0):
        assert closed(solid)
        peer = trimesh.Trimesh(solid[0], solid[1], process=True)
        assert peer.is_watertight
        assert peer.volume > 0


@given(st.integers(2, 7), st.integers(2, 7), st.integers(0, 2**31))
def test_slab_and_prisms_keep_the_volume(rows: int, columns: int, seed: int) -> None:
    """The law: what lies under a height field on a grid is the mean height of each triangle times its area."""
    chance = np.random.default_rng(seed)
    x, y = np.cumsum(chance.integers(1, 50, columns)), np.cumsum(chance.integers(1, 50, rows))
    top = chance.integers(10, 90, (rows, columns))
    solid = slab(x, y, top, 0)
    assert closed(solid)
    upper = solid[1][: 2 * (rows - 1) * (columns - 1)]
    corners = solid[0][upper].astype(float)
    (ax, ay), (bx, by) = ((corners[:, k] - corners[:, 0])[:, :2].T for k in (1, 2))
    plan = (ax * by - ay * bx) / 2
    expected = float((plan * corners[:, :, 2].mean(axis=1)).sum())
    assert volume(solid) == pytest.approx(expected)
    assert sum(volume(part) for part in prisms(solid[0], upper, 0)) == pytest.approx(expected)


def test_roofs_that_touch_in_a_corner_stay_two_faces_an_edge() -> None:
    # two squares that share one corner, and a third that joins them: one piece with a pinched corner
    plan = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [2, 1], [2, 2], [1, 2], [2, 0]])
    vertices = np.column_stack([plan * 100, np.full(len(plan), 900)])
    triangles = np.array([[0, 1, 2], [0, 2, 3], [2, 4, 5], [2, 5, 6]])
    parts = prisms(vertices, triangles, 0)
    assert len(parts) == 2
    assert sum(volume(part) for part in parts) == pytest.approx(2 * 100 * 100 * 900, rel=0.1)
    ring = np.array([[0, 1, 2], [0, 2, 3], [2, 4, 5], [2, 5, 6], [1, 7, 4]])
    assert all(closed(part) for part in prisms(vertices, ring, 0))
