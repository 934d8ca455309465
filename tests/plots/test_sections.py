"""Sections: what a plane cuts of solids is what geometry says, and what is drawn is what was cut."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st
from matplotlib.patches import PathPatch

from tests.places import SOUTH, WEST, town
from twin.errors import ParameterError
from twin.geo.city import City
from twin.geo.terrain import Terrain
from twin.grid import GridSpec
from twin.plots.cutting import crossed, cut_objects, datum_of, profile
from twin.plots.slicing import closed_outline, plane_through, slice_triangles
from twin.result import Result

CENTRE = np.array([136_500.0, 455_500.0])


def prism(footprint: shapely.Polygon, bottom: float, top: float) -> tuple[np.ndarray, np.ndarray]:
    """Triangles of an upright prism: two lids and two triangles a wall, sharing no vertices."""
    vertices: list[tuple[float, float, float]] = []
    for piece in shapely.get_parts(shapely.constrained_delaunay_triangles(footprint)):
        for z in (bottom, top):
            vertices += [(x, y, z) for x, y in shapely.get_coordinates(piece)[:3]]
    for ring in (footprint.exterior, *footprint.interiors):
        points = shapely.get_coordinates(ring)
        for (x0, y0), (x1, y1) in pairwise(points):
            vertices += [(x0, y0, bottom), (x1, y1, bottom), (x1, y1, top), (x0, y0, bottom), (x1, y1, top), (x0, y0, top)]
    return np.array(vertices), np.arange(len(vertices), dtype=np.int32).reshape(-1, 3)


coordinate = st.floats(-40, 40).map(lambda v: round(v, 2))
point = st.tuples(coordinate, coordinate)


@given(
    st.lists(point, min_size=3, max_size=9, unique=True), point, point, st.floats(0.5, 60).map(lambda v: round(v, 2)),
    st.floats(-10, 10).map(lambda v: round(v, 2)),
)  # fmt: skip
def test_the_cut_of_a_prism_has_the_area_of_the_line_in_its_footprint_times_its_height(points, start, end, height, bottom) -> None:
    footprint = shapely.convex_hull(shapely.MultiPoint(np.array(points) + CENTRE))
    assume(footprint.geom_type == "Polygon")
    assume(footprint.area > 1.0)
    assume(np.hypot(start[0] - end[0], start[1] - end[1]) > 1.0)
    plane = plane_through(np.array(start) + CENTRE, np.array(end) + CENTRE)
    whole = shapely.LineString([plane.at(np.array([-300.0]))[0], plane.at(np.array([300.0]))[0]])
    inside = shapely.intersection(whole, footprint).length
    # a line along a wall may count to either side
    assume(shapely.intersection(whole, footprint.exterior.buffer(1e-3)).length < 0.5)
    _, segments = slice_triangles(*prism(footprint, bottom, bottom + height), plane)
    area, loose = closed_outline(segments) if len(segments) else (shapely.Polygon(), shapely.LineString())
    assert area.area == pytest.approx(inside * height, rel=1e-3, abs=2e-2)
    assert loose.length < 0.1


def test_a_box_with_a_court_is_cut_in_two() -> None:
    footprint = shapely.box(-10, -10, 10, 10).difference(shapely.box(-4, -4, 4, 4))
    _, segments = slice_triangles(*prism(footprint, 0.0, 12.0), plane_through((-20, 1), (20, 1)))
    area, _ = closed_outline(segments)
    assert area.area == pytest.approx(2 * 6 * 12)
    assert len(shapely.get_parts(area)) == 2
    _, segments = slice_triangles(*prism(footprint, 0.0, 12.0), plane_through((-20, 7), (20, 7)))
    assert closed_outline(segments)[0].area == pytest.approx(20 * 12)


@pytest.mark.parametrize("y", [-10.0, 0.0, 10.0])
def test_a_plane_through_corners_and_along_walls_leaves_no_half_outline(y: float) -> None:
    vertices, triangles = prism(shapely.box(-10, -10, 10, 10), 0.0, 5.0)
    _, segments = slice_triangles(vertices, triangles, plane_through((-20.0, y), (20.0, y)))
    area, loose = closed_outline(segments) if len(segments) else (shapely.Polygon(), shapely.LineString())
    assert area.area == pytest.approx(100.0 if not area.is_empty else 0.0)
    assert loose.length == pytest.approx(0.0, abs=1e-6)


def test_an_inner_shell_is_a_hole() -> None:
    outer, inner = prism(shapely.box(-10, -10, 10, 10), 0, 10), prism(shapely.box(-5, -5, 5, 5), 2, 8)
    vertices = np.concatenate([outer[0], inner[0]])
    triangles = np.concatenate([outer[1], inner[1] + len(outer[0])])
    _, segments = slice_triangles(vertices, triangles, plane_through((-20, 0.3), (20, 0.3)))
    assert closed_outline(segments)[0].area == pytest.approx(200 - 60)


def test_an_open_surface_is_a_line() -> None:
    wall = np.array([(0.0, -5, 0), (0, 5, 0), (0, 5, 8), (0, -5, 8)])
    _, segments = slice_triangles(wall, np.array([[0, 1, 2], [0, 2, 3]], np.int32), plane_through((-3, 0), (3, 0)))
    area, loose = closed_outline(segments)
    assert area.is_empty
    assert loose.length == pytest.approx(8.0)


def test_a_building_of_the_sample_is_cut_where_its_footprint_is(sample: City) -> None:
    row = sample.buildings.loc[sample.buildings.geometry.area.idxmax()]
    west, south, east, north = row.geometry.bounds
    plane = plane_through((west - 5, 0.5 * (south + north)), (east + 5, 0.5 * (south + north)))
    cut = {one.id: one for one in cut_objects(sample, plane)}[row.name]
    inside = shapely.intersection(row.geometry, plane.line)
    reach = plane.distance(shapely.get_coordinates(inside))
    assert cut.area.bounds[0] == pytest.approx(reach.min(), abs=0.05)
    assert cut.area.bounds[2] == pytest.approx(reach.max(), abs=0.05)
    assert cut.area.bounds[3] <= row["roof_m"] + 0.05
    assert cut.area.bounds[1] >= row["ground_m"] - 0.05


def test_a_section_of_the_sample_shows_what_lies_under_the_street(sample: City) -> None:
    ax = sample.plot_section((136740, 455830), (136840, 455850))
    shown = {child.get_gid() for child in ax.get_children() if child.get_gid()}
    assert {"ground", "water", "street", "tree"} <= shown
    assert any(gid.startswith("cellars:") for gid in shown)
    assert any(gid.startswith("buildings:") for gid in shown)
    assert ax.get_ylabel() == "height (m NAP)"
    assert ax.get_aspect() == 1.0
    assert ax.get_xlim() == (0.0, pytest.approx(np.hypot(100, 20)))
    water = next(child for child in ax.collections if child.get_gid() == "water")
    heights = water.get_paths()[0].vertices[:, 1]
    assert heights.max() == pytest.approx(0.6)
    assert heights.min() == pytest.approx(-1.4, abs=0.05)
    legend = [text.get_text() for text in ax.get_children()[-2].get_texts()] if hasattr(ax.get_children()[-2], "get_texts") else []
    assert not legend or len(legend) == len(set(legend))


def test_a_pit_and_mains_and_heights_twice_as_large(sample: City) -> None:
    ax = sample.plot_section((136700, 455925), (137050, 455940), exaggeration=2, language="nl")
    assert ax.get_aspect() == 2.0
    shown = [child.get_gid() or "" for child in ax.get_children()]
    assert "pit" in shown
    assert sum(gid.startswith("main:") for gid in shown) >= 6
    assert ax.get_ylabel() == "hoogte (m NAP)"
    assert "2 maal" in ax.texts[-2].get_text() + "".join(text.get_text() for text in ax.texts)


def test_what_is_cut_is_drawn_at_its_size(sample: City) -> None:
    ends = ((136700, 455850), (137000, 455840))
    ax = sample.plot_section(*ends, beside_m=0)
    patches = {p.get_gid(): p for p in ax.patches if isinstance(p, PathPatch)}
    for cut in cut_objects(sample, plane_through(*ends)):
        if cut.layer == "buildings" and cut.area.geom_type == "Polygon":
            box = patches[f"buildings:{cut.id}"].get_path().get_extents()
            assert (box.x0, box.y0, box.x1, box.y1) == pytest.approx(cut.area.bounds)


def test_a_section_is_kept_as_svg_and_pdf(sample: City, tmp_path) -> None:
    ax = sample.plot_section((136740, 455830), (136840, 455850))
    for suffix in ("svg", "pdf"):
        ax.figure.savefig(tmp_path / f"section.{suffix}")
        assert (tmp_path / f"section.{suffix}").stat().st_size > 5000


def test_a_city_without_mesh_has_its_ground_and_no_building(place: City) -> None:
    ax = place.plot_section((WEST, SOUTH + 30), (WEST + 60, SOUTH + 30))
    assert ax.get_ylabel() == "height (m)"
    assert datum_of(place) == ""
    assert any(child.get_gid() == "ground" for child in ax.get_children())


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (((0, 0), (10, 10)), "does not touch the city"),
        (((WEST, SOUTH), (WEST, SOUTH)), "the same"),
        (((WEST,), (WEST, SOUTH)), "a place"),
        (("here", (WEST, SOUTH)), "a place"),
        (((WEST, float("nan")), (WEST, SOUTH)), "a place"),
    ],
)
def test_a_line_that_is_none_is_refused(place: City, asked: tuple, told: str) -> None:
    with pytest.raises(ParameterError, match=told) as caught:
        place.plot_section(*asked)
    assert caught.value.hint


def test_numbers_that_are_not_possible_are_refused(place: City) -> None:
    ends = ((WEST, SOUTH + 30), (WEST + 60, SOUTH + 30))
    with pytest.raises(ParameterError, match="as large"):
        place.plot_section(*ends, exaggeration=0)
    with pytest.raises(ParameterError, match="trees within"):
        place.plot_section(*ends, beside_m=-1)


def test_the_ground_is_what_the_terrain_says() -> None:
    city = town()
    _, height = profile(city, plane_through((WEST, SOUTH + 5), (WEST + 60, SOUTH + 5)))
    np.testing.assert_allclose(height, 2.0)
    assert crossed(city, "water", plane_through((WEST, SOUTH), (WEST + 60, SOUTH))) == []


def test_along_a_line_over_time(result: Result) -> None:
    start, end = (WEST + 20, SOUTH + 21), (WEST + 55, SOUTH + 21)
    ax = result.plot_section("density", start, end)
    mesh = next(one for one in ax.collections if one.get_gid() == "field")
    shown = mesh.get_array().filled(0.0)
    assert shown.shape[0] == result.fields.sizes["time"]
    near = result.fields["density"].isel(level=0).sel(y=SOUTH + 21, method="nearest")
    assert shown.max() <= float(near.max()) + 1e-6
    assert shown.max() > 0.1
    assert ax.get_xlim() == (0.0, 35.0)
    assert ax.get_ylabel() == "clock time"
    with pytest.raises(ParameterError, match="does not change over time"):
        result.plot_section("exposure", start, end)
    with pytest.raises(ParameterError, match="nobody came"):
        result.plot_section("density", (0, 0), (10, 0))
    with pytest.raises(ParameterError, match="did you mean `density`"):
        result.plot_section("densty", start, end)


def test_ground_whose_height_is_not_measured_is_told_apart() -> None:
    """Without a terrain the ground is drawn pale below a dashed line, and the legend says that it is estimated."""
    city = town()
    west, south, east, north = city.bounds
    line = ((west + 1, (south + north) / 2), (east - 1, (south + north) / 2))
    grid = GridSpec(west - 5, north + 5, 1.0, (int(north - south) + 10, int(east - west) + 10))
    for drawn, name, other in (
        (replace(city, terrain=Terrain(grid, np.full(grid.shape, 2.0, np.float32))), "ground", "ground_guessed"),
        (replace(city, terrain=None), "ground_guessed", "ground"),
    ):
        names = [child.get_gid() for child in drawn.plot_section(*line).get_children()]
        assert name in names
        assert other not in names
