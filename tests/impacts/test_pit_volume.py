"""Volumes of pits with polygon floors: known bodies, other ways to the same volume, and laws."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity

from twin.errors import GeometryError, ParameterError
from twin.grid import GridSpec
from twin.impacts import pit_volume as pv

BASE = shapely.box(0, 0, 40, 25)
ELL = shapely.Polygon([(0, 0), (40, 0), (40, 10), (15, 10), (15, 25), (0, 25)])
NOTCH = shapely.Polygon([(0, 0), (30, 0), (30, 20), (18, 20), (18, 10), (12, 10), (12, 20), (0, 20)])
RING = shapely.box(0, 0, 30, 30).difference(shapely.box(10, 10, 20, 20))
FLOORS = {"rectangle": BASE, "L": ELL, "notch": NOTCH, "ring": RING}


def _tilted(bounds, step, slope=(0.03, -0.02), at=6.0):
    """A plane of ground as triangles."""
    west, south, east, north = bounds
    x, y = np.arange(west, east + step / 2, step), np.arange(south, north + step / 2, step)
    gx, gy = np.meshgrid(x, y)
    z = at + slope[0] * (gx - 20) + slope[1] * (gy - 12.5)
    p = np.dstack([gx, gy, z])
    a, b, c, d = p[:-1, :-1], p[:-1, 1:], p[1:, 1:], p[1:, :-1]
    return np.concatenate([np.stack([a, b, c], 2).reshape(-1, 3, 3), np.stack([a, c, d], 2).reshape(-1, 3, 3)])


def test_the_prismoid_and_trimesh():
    found = pv.pit_volume(BASE, floor_m=-6, top_m=0, slope=1.5)
    assert found.total_m3 == pytest.approx(10_158.0, rel=1e-14)
    corners = [(x, y, -6.0) for x in (0, 40) for y in (0, 25)] + [(x, y, 0.0) for x in (-9, 49) for y in (-9, 34)]
    assert trimesh.convex.convex_hull(np.array(corners)).volume == pytest.approx(found.total_m3)
    assert pv.pit_volume(BASE, floor_m=-6, top_m=0).total_m3 == 6000.0


@pytest.mark.parametrize("name", FLOORS)
@pytest.mark.parametrize("distance", [1.0, 3.0, 7.0])
def test_an_outline_has_no_slits(name, distance):
    floor = affinity.translate(affinity.rotate(FLOORS[name], 31.0), 136_000, 456_000)
    outline = pv.widened(floor, distance)
    assert outline.geom_type == "Polygon"
    assert outline.buffer(1e-4).buffer(-1e-4).length == pytest.approx(outline.length, abs=0.01)
    assert len(outline.interiors) == (name == "ring" and distance < 5)


def test_a_cone_in_the_limit():
    """A floor of many edges: the frustum of a cone."""
    floor = shapely.Point(0, 0).buffer(10, quad_segs=500)
    found = pv.pit_volume(floor, floor_m=0, top_m=5, slope=1.0).total_m3
    assert found == pytest.approx(np.pi * 5 / 3 * (100 + 150 + 225), rel=1e-5)


def test_a_notch_that_closes_and_a_hole_that_fills_are_exact():
    # the notch, 6 m wide, is gone when the sides have moved 3 m; before that its sides and the outline are a parabola
    area_at = {d: pv.widened(NOTCH, d).area for d in (0.0, 1.0, 3.0, 5.0)}
    assert area_at[1.0] == pytest.approx(32 * 22 - 4 * 10)
    assert area_at[3.0] == pytest.approx(36 * 26)
    assert area_at[5.0] == pytest.approx(40 * 30)
    exact = sum(
        (30 + 2 * d) * (20 + 2 * d) - max(6 - 2 * d, 0) * 10 for d in np.arange(0.0005, 5, 0.001)
    ) * 0.001  # fmt: skip
    assert pv.pit_volume(NOTCH, floor_m=0, top_m=5, slope=1.0).total_m3 == pytest.approx(exact, rel=1e-6)
    # a pillar in the middle becomes a pyramid that ends at 5 m
    ring = pv.pit_volume(RING, floor_m=0, top_m=8, slope=1.0).total_m3
    assert ring == pytest.approx(8 / 6 * (900 + 4 * 38**2 + 46**2) - 5 / 3 * 100, rel=1e-12)


def test_layers_and_stages_add_up():
    for floor in FLOORS.values():
        whole = pv.pit_volume(floor, floor_m=-6, top_m=2, slope=1.5)
        found = pv.pit_volume(floor, floor_m=-6, top_m=2, slope=1.5, levels_m=[-1.0, -7.0, -3.5, 4.0])
        assert found.levels_m.tolist() == [-7.0, -3.5, -1.0, 4.0]
        assert found.volume_m3[[0, -1]].tolist() == [0.0, 0.0]
        assert found.total_m3 == pytest.approx(whole.total_m3, rel=1e-11)
        stages = pv.stage_volumes(floor, [0.0, -3.5, -6.0], top_m=2, slope=1.5)
        assert stages.sum() == pytest.approx(whole.total_m3, rel=1e-11)
        assert (stages > 0).all()
    with pytest.raises(ParameterError, match="stage 2 digs to 1 m"):
        pv.stage_volumes(BASE, [0.0, 1.0], top_m=2)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(sorted(FLOORS)), st.floats(0, 360), st.floats(-1e5, 1e5), st.floats(0.2, 3), st.floats(0.5, 9))
def test_turning_and_moving_change_nothing(name, turn, shift, slope, deep):
    floor = FLOORS[name]
    moved = affinity.translate(affinity.rotate(floor, turn, origin=(0, 0)), shift, -2 * shift)
    one = pv.pit_volume(floor, floor_m=0, top_m=deep, slope=slope).total_m3
    assert pv.pit_volume(moved, floor_m=0, top_m=deep, slope=slope).total_m3 == pytest.approx(one, rel=1e-7)
    assert one >= floor.area * deep
    assert pv.pit_volume(floor, floor_m=0, top_m=deep).total_m3 == pytest.approx(floor.area * deep)


@pytest.mark.parametrize("name", FLOORS)
@pytest.mark.parametrize("slope", [None, 1.5])
def test_triangles_of_level_ground_give_the_same_as_sections(name, slope):
    floor = FLOORS[name]
    ground = _tilted((-20, -20, 60, 50), 7.0, slope=(0.0, 0.0), at=5.0)
    levels = [1.0, 3.0, 4.2]
    made = pv.pit_volume_of_triangles(floor, ground, floor_m=0, slope=slope, levels_m=levels)
    known = pv.pit_volume(floor, floor_m=0, top_m=5, slope=slope, levels_m=levels)
    assert made.volume_m3 == pytest.approx(known.volume_m3, rel=1e-6, abs=1e-6)


def test_under_tilted_ground_an_upright_pit_is_as_deep_as_in_its_middle():
    ground = _tilted((-30, -30, 80, 60), 5.0)
    made = pv.pit_volume_of_triangles(BASE, ground, floor_m=0)
    assert made.total_m3 == pytest.approx(6 * 1000, rel=1e-12)
    # with slopes the pit takes more on the high side than it saves on the low one
    sloped = pv.pit_volume_of_triangles(BASE, ground, floor_m=0, slope=1.5).total_m3
    assert sloped > pv.pit_volume(BASE, floor_m=0, top_m=6, slope=1.5).total_m3


@pytest.mark.parametrize("name", FLOORS)
@pytest.mark.parametrize("slope", [None, 1.5])
def test_the_error_of_cells_falls_with_their_square(name, slope):
    floor = affinity.rotate(FLOORS[name], 17.0, origin=(20, 12))
    exact = pv.pit_volume_of_triangles(floor, _tilted((-40, -40, 90, 70), 5.0), floor_m=0, slope=slope).volume_m3.sum()
    errors = []
    for cell in (2.0, 1.0, 0.5, 0.25):
        grid = GridSpec.from_bounds((-40, -40, 90, 70), cell)
        ground = 6.0 + 0.03 * (grid.x[None, :] - 20) - 0.02 * (grid.y[:, None] - 12.5)
        errors.append(abs(pv.pit_volume_of_raster(floor, ground, grid, floor_m=0, slope=slope).total_m3 - exact))
    assert errors[0] < 4e-3 * exact
    assert errors[3] < 6e-5 * exact
    assert errors[3] < max(errors[0] / 16, 1e-4)


def test_layers_of_a_raster_are_those_of_triangles():
    grid = GridSpec.from_bounds((-40, -40, 90, 70), 0.25)
    ground = 6.0 + 0.03 * (grid.x[None, :] - 20) - 0.02 * (grid.y[:, None] - 12.5)
    for slope in (None, 1.5):
        made = pv.pit_volume_of_raster(ELL, ground, grid, floor_m=0, slope=slope, levels_m=[2.0, 5.5])
        known = pv.pit_volume_of_triangles(ELL, _tilted((-40, -40, 90, 70), 5.0), floor_m=0, slope=slope, levels_m=[2.0, 5.5])
        assert made.volume_m3 == pytest.approx(known.volume_m3, rel=3e-4)


def test_what_cannot_be_worked_out_is_refused():
    with pytest.raises(GeometryError, match="polygon, not Point"):
        pv.pit_volume(shapely.Point(0, 0), floor_m=0, top_m=1)
    with pytest.raises(GeometryError, match="Self-intersection"):
        pv.pit_volume(shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]), floor_m=0, top_m=1)
    with pytest.raises(GeometryError, match="without area"):
        pv.pit_volume(shapely.Polygon(), floor_m=0, top_m=1)
    with pytest.raises(ParameterError, match="upside down"):
        pv.pit_volume(BASE, floor_m=2, top_m=1)
    with pytest.raises(ParameterError, match="`slope` must be above 0"):
        pv.pit_volume(BASE, floor_m=0, top_m=1, slope=0.0)
    with pytest.raises(ParameterError, match="0 m or more"):
        pv.widened(BASE, -1)
    grid = GridSpec.from_bounds((-5, -5, 45, 30), 1.0)
    ground = np.full(grid.shape, 6.0)
    with pytest.raises(GeometryError, match="not known"):
        pv.pit_volume_of_raster(BASE, ground, grid, floor_m=0, slope=1.5)
    assert pv.pit_volume_of_raster(BASE, ground, grid, floor_m=0).total_m3 == pytest.approx(6000)
    ground[20, 20] = np.nan
    for slope in (None, 0.1):
        with pytest.raises(GeometryError, match="not known"):
            pv.pit_volume_of_raster(BASE, ground, grid, floor_m=0, slope=slope)
    with pytest.raises(GeometryError, match="beyond the triangles"):
        pv.pit_volume_of_triangles(BASE, _tilted((-5, -5, 45, 30), 5.0), floor_m=0, slope=1.5)
    with pytest.raises(GeometryError, match="not known"):
        pv.pit_volume_of_raster(affinity.translate(BASE, 500), np.full(grid.shape, 6.0), grid, floor_m=0, slope=1.0)
    with pytest.raises(ParameterError, match="its grid"):
        pv.pit_volume_of_raster(BASE, ground[1:], grid, floor_m=0)
