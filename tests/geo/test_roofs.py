"""Roofs: closed, facing outward, and as large as geometry says."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import shapely
import shapely.affinity
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from twin.geo.mesh import SEMANTICS, Rings, TriangleMesh
from twin.geo.roof_faces import Solid
from twin.geo.roofs import DOME_RINGS, ENVELOPES, LOFTS, ONION, ROUND_FACETS, SHAPES, SILL_M, main_frame, solid
from twin.geo.topology import object_use, signed_volumes
from twin.geo.triangulate import triangulate

LENGTH, WIDTH, EAVES, ROOF = 20.0, 10.0, 6.0, 4.0
BLOCK = LENGTH * WIDTH * EAVES


def mesh_of(body: Solid) -> TriangleMesh:
    indices = np.array([index for face in body.faces for ring in face for index in ring])
    sizes = np.array([len(ring) for face in body.faces for ring in face])
    counts = np.array([len(face) for face in body.faces])
    cut = triangulate(body.vertices, Rings(indices, sizes, counts))
    # the facets of a very steep roof may miss their plane by a centimetre, for corners lie on whole millimetres
    assert set(cut.faults) <= {"repeated-point", "non-planar"}, cut.faults
    owner = np.zeros(len(cut.triangles), np.int32)
    return TriangleMesh(body.vertices, cut.triangles, owner, np.array(body.semantics, np.uint8)[cut.polygon])


def volume(body: Solid | None) -> float:
    """Volume of a body that must be closed with its faces outward [m3]."""
    assert body is not None
    mesh = mesh_of(body)
    use = object_use(mesh, 1)
    assert (use.open[0], use.many[0], use.turned[0]) == (0, 0, 0)
    return float(signed_volumes(mesh, mesh.owner.astype(np.int64), 1)[0])


def frusta(profile: list[tuple[float, float]]) -> float:
    """Volume of stacked frusta over the rectangle, given (part of the radius, part of the height)."""
    steps = pairwise(profile)
    return sum((z1 - z0) * (a * a + a * b + b * b) / 3 for (a, z0), (b, z1) in steps) * LENGTH * WIDTH * ROOF


def hip(length: float, width: float, height: float) -> float:
    """A pyramid over two half squares at the ends, and a prism between them."""
    return width**2 * height / 3 + (length - width) * width * height / 2


def mansard() -> float:
    inset = WIDTH / 6
    length, width = LENGTH - 2 * inset, WIDTH - 2 * inset
    middle = (LENGTH - inset) * (WIDTH - inset)
    return (2 * ROOF / 3) / 6 * (LENGTH * WIDTH + 4 * middle + length * width) + hip(length, width, ROOF / 3)


DOME = [(math.cos(math.pi / 2 * n / DOME_RINGS), math.sin(math.pi / 2 * n / DOME_RINGS)) for n in range(DOME_RINGS)] + [(0.0, 1.0)]
PRISM = LENGTH * WIDTH * ROOF

ANALYTIC = {
    "flat": PRISM,
    "gabled": PRISM / 2,
    "skillion": PRISM / 2,
    "saltbox": PRISM / 2,
    "pyramidal": PRISM / 3,
    "cone": PRISM / 3,
    "hipped": hip(LENGTH, WIDTH, ROOF),
    # each end loses a pyramid: the upper half of the gable's triangle, and a quarter of the width inward
    "half-hipped": PRISM / 2 - 2 * (WIDTH / 2 * ROOF / 2 / 2) * (WIDTH / 4) / 3,
    "gambrel": PRISM * (1 / 3 * 2 / 3 / 2 + 2 / 3 * (2 / 3 + 1) / 2),
    "mansard": mansard(),
    # a polygon in half an ellipse
    "round": LENGTH * 0.5 * (WIDTH / 2) * ROOF * ROUND_FACETS * math.sin(math.pi / ROUND_FACETS),
    "dome": frusta(DOME),
    "onion": frusta(list(ONION)),
}


def test_every_shape_has_an_analytic_volume() -> None:
    assert set(ANALYTIC) == SHAPES


@pytest.mark.parametrize("turned", [0.0, 33.0, 90.0])
@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_volume(shape: str, turned: float) -> None:
    footprint = shapely.affinity.rotate(shapely.box(0, 0, LENGTH, WIDTH), turned)
    assert_allclose(volume(solid(footprint, 0.0, EAVES, EAVES + ROOF, shape)), BLOCK + ANALYTIC[shape], rtol=3e-4)
    assert_allclose(volume(solid(footprint, 2.0, EAVES, EAVES + ROOF, shape)), BLOCK * 4 / 6 + ANALYTIC[shape], rtol=3e-4)


@pytest.mark.parametrize("shape", sorted(SHAPES - {"flat"}))
def test_roof_without_walls_below_is_closed(shape: str) -> None:
    made = volume(solid(shapely.box(0, 0, LENGTH, WIDTH), 3.0, 3.0, 3.0 + ROOF, shape))
    # some stand on a sill of a centimetre, and are as much less high
    sill = 0.0 if shape in LOFTS else SILL_M
    assert_allclose(made, ANALYTIC[shape] * (1 - sill / ROOF) + LENGTH * WIDTH * sill, rtol=3e-3 if shape == "mansard" else 3e-4)


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_semantics_say_which_way_a_face_looks(shape: str) -> None:
    body = solid(shapely.box(0, 0, LENGTH, WIDTH), 0.0, EAVES, EAVES + ROOF, shape)
    assert body is not None
    mesh = mesh_of(body)
    up = mesh.normals()[:, 2]
    assert (up[mesh.semantic == SEMANTICS["GroundSurface"]] < -0.999).all()
    assert_allclose(up[mesh.semantic == SEMANTICS["WallSurface"]], 0, atol=1e-6)
    assert_allclose(mesh.areas()[mesh.semantic == SEMANTICS["GroundSurface"]].sum(), LENGTH * WIDTH, rtol=1e-4)
    assert body.vertices[:, 2].max() == EAVES + ROOF
    if shape != "onion":
        assert (up[mesh.semantic == SEMANTICS["RoofSurface"]] > 0.01).all()


@pytest.mark.parametrize(("towards", "low_side"), [(0.0, "north"), (90.0, "east"), (180.0, "south"), (270.0, "west")])
def test_a_skillion_falls_towards_its_direction(towards: float, low_side: str) -> None:
    body = solid(shapely.box(0, 0, 20, 10), 0.0, 3.0, 5.0, "skillion", direction_deg=towards)
    assert body is not None
    top = body.vertices[body.vertices[:, 2] > 0]
    where = {"north": top[:, 1] > 9, "south": top[:, 1] < 1, "east": top[:, 0] > 19, "west": top[:, 0] < 1}
    assert_allclose(top[where[low_side], 2], 3.0)
    assert_allclose(top[~where[low_side], 2], 5.0)


def ridge_of(body: Solid | None) -> np.ndarray:
    assert body is not None
    return body.vertices[body.vertices[:, 2] == body.vertices[:, 2].max()]


def test_the_ridge_runs_along_the_longer_side_or_as_told() -> None:
    box = shapely.box(0, 0, 20, 10)
    along = ridge_of(solid(box, 0, 6, 10, "gabled"))
    assert sorted(along[:, :2].tolist()) == [[0, 5], [20, 5]]
    across = ridge_of(solid(box, 0, 6, 10, "gabled", frame=main_frame(box, cross=True)))
    assert sorted(across[:, :2].tolist()) == [[10, 0], [10, 10]]
    # 100 degrees is "east" as a mapper estimates it: the ridge still follows the walls
    rounded = ridge_of(solid(box, 0, 6, 10, "gabled", frame=main_frame(box, ridge_deg=100.0)))
    assert_allclose(sorted(rounded[:, :2].tolist()), [[0, 5], [20, 5]], atol=1e-9)
    oblique = main_frame(box, ridge_deg=45.0)
    assert_allclose(oblique.along, [math.sqrt(0.5), math.sqrt(0.5)])


def test_domes_need_a_middle_from_which_the_outline_is_seen() -> None:
    court = shapely.box(0, 0, 20, 12).difference(shapely.box(5, 4, 12, 8))
    hook = shapely.Polygon([(0, 0), (20, 0), (20, 4), (4, 4), (4, 16), (20, 16), (20, 20), (0, 20)])
    for shape in ("dome", "onion", "cone"):
        assert solid(court, 0, 6, 10, shape) is None
        assert solid(hook, 0, 6, 10, shape) is None
    assert volume(solid(hook, 0, 6, 10, "pyramidal")) > hook.area * 6


HOLED = shapely.box(0, 0, 20, 12).difference(shapely.box(5, 4, 12, 8))


@pytest.mark.parametrize("shape", sorted(ENVELOPES))
@pytest.mark.parametrize("base", [0.0, 6.0])
def test_courtyards(shape: str, base: float) -> None:
    made = volume(solid(HOLED, base, 6.0, 10.0, shape))
    assert HOLED.area * (6.0 - base) < made < HOLED.area * (10.0 - base)
    if shape == "gabled":
        # 2/3 of the height over the middle 4 m of 12 m on average 5/6: taken out over 7 m
        assert_allclose(made, 20 * 12 * (6 - base + 2) - 7 * 4 * (6 - base + 4 * 5 / 6), rtol=4e-3)


@st.composite
def footprints(draw: st.DrawFn) -> shapely.Polygon:
    """Outlines round a middle with corners near and far, turned, some with a courtyard or a corner on a straight wall."""
    count = draw(st.integers(3, 12))
    radius = draw(st.lists(st.floats(3.0, 20.0), min_size=count, max_size=count))
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False) + draw(st.floats(0, 1))
    ring = np.array([(r * math.cos(a), r * math.sin(a)) for r, a in zip(radius, angles, strict=True)])
    polygon = shapely.Polygon(ring)
    if draw(st.booleans()):
        polygon = polygon.difference(shapely.box(-0.8, -0.7, 0.8, 0.9))
    if draw(st.booleans()):
        polygon = shapely.segmentize(polygon, 5.0)
    return shapely.set_precision(polygon, 0.001)


@given(footprints(), st.sampled_from(sorted(SHAPES)), st.sampled_from([(0.0, 3.0), (0.0, 0.0), (2.0, 2.5)]))
def test_any_footprint_gives_a_closed_body(footprint: shapely.Polygon, shape: str, levels: tuple[float, float]) -> None:
    if footprint.geom_type != "Polygon" or footprint.is_empty:
        return
    base, eaves = levels
    body = solid(footprint, base, eaves, eaves + 3.0, shape)
    if body is None:
        assert shape in LOFTS - ENVELOPES
        return
    made = volume(body)
    assert made > footprint.area * (eaves - base) - 1e-3 * footprint.length
    if shape != "onion":
        assert made < footprint.area * (eaves + 3.0 - base) + 1e-3 * footprint.length


def test_no_height_or_no_extent_is_no_body() -> None:
    assert solid(shapely.box(0, 0, 1, 1), 3.0, 3.0, 3.0) is None
    assert solid(shapely.box(0, 0, 1e-4, 1), 0.0, 3.0, 3.0) is None
    assert solid(shapely.Polygon(), 0.0, 3.0, 3.0, "gabled") is None
