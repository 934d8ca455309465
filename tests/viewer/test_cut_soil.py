"""The cut face of the ground in the layers of its soil: what lies where, how well it is known, and that it is all there once."""

from __future__ import annotations

import json
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.geo.city import City
from twin.sim.impact.soil.between import CERTAINTY, CERTAINTY_M
from viewer import style
from viewer.clip import Plane
from viewer.compose import compose
from viewer.cut_soil import FADED, GUESSED, HATCH, STRIPE_APART_M, STRIPE_M, Piece, faded, soil_layers, soil_pieces, stripes_in
from viewer.key import areas
from viewer.scene import MeshLayer, Scene, Section
from viewer.soil_block import SoilBlock

TOP = 3.6


def _with_soundings(town: City, clay: tuple[float, ...] = (1.0, 2.0)) -> Scene:
    rows = []
    for depth in clay:
        layers = [{"top_m": 0.0, "bottom_m": depth, "soil": "sand"}, {"top_m": depth, "bottom_m": 9.0, "soil": "clay"}]
        rows.append({"kind": "borehole", "surface_m": TOP, "profile": json.dumps({"layers": layers})})
    spots = [shapely.Point(136_060.0 + 30.0 * k, 454_970.0) for k in range(len(clay))]
    ids = pd.Index([f"b-{k}" for k in range(len(clay))], name="id", dtype="str")
    frame = gpd.GeoDataFrame(rows, geometry=spots, crs=town.crs, index=ids)
    return compose(replace(town, layers={**town.layers, "soundings": frame}))


def _through(scene: Scene, north: float = 454_970.0) -> Section:
    return Section("m", "M", (0.0, north - scene.origin[1], 0.0), (0.0, -1.0, 0.0))


def _mesh(scene: Scene, name: str) -> MeshLayer:
    layer = scene.layer(name)
    assert isinstance(layer, MeshLayer)
    return layer


def test_soil_takes_the_place_of_plain_ground(town: City) -> None:
    scene, plain = _with_soundings(town), compose(town)
    section = _through(scene, 454_975.0)  # beside the columns, which reach deeper than the ground is drawn elsewhere
    cut = scene.cut(section)
    soil, rest = areas(_mesh(cut, "cut_soil")).sum(), areas(_mesh(cut, "cut_ground")).sum()
    assert soil > 500.0
    assert soil + rest == pytest.approx(areas(_mesh(plain.cut(section), "cut_ground")).sum(), rel=1e-6)


def test_boundaries_are_those_of_the_soundings_and_straight_between(town: City) -> None:
    scene = _with_soundings(town)
    layer = _mesh(scene.cut(_through(scene)), "cut_soil")
    assert layer.owner is not None
    assert set(layer.attributes["id"]) == {"Sand", "Clay"}
    clay = [row for row, kind in enumerate(layer.attributes["id"]) if kind == "Clay"]
    spots = layer.vertices[np.unique(layer.triangles[np.isin(layer.owner, clay)])]
    x, z = spots[:, 0] + town.origin[0], spots[:, 2] + town.origin[2]
    for at, top in ((136_060.0, TOP - 1.0), (136_090.0, TOP - 2.0)):
        near = np.abs(x - at) < 1.0
        assert z[near].max() == pytest.approx(top, abs=0.05)
    assert z[np.abs(x - 136_075.0) < 0.8].max() == pytest.approx(TOP - 1.5, abs=0.08)


def test_what_is_known_less_well_is_paler_and_says_so(town: City) -> None:
    scene = _with_soundings(town, (1.0,))
    layer = _mesh(scene.cut(_through(scene)), "cut_soil")
    assert layer.owner is not None
    told = dict(zip(layer.attributes["certainty"], range(len(layer.attributes["id"])), strict=True))
    assert {"known", "inferred"} <= set(told)
    assert tuple(faded(style.SOILS["Clay"], FADED[0])) != tuple(faded(style.SOILS["Clay"], FADED[2]))
    assert list(FADED) == sorted(FADED, reverse=True)


@pytest.mark.parametrize(("certainty", "hatched"), [(0, False), (1, False), (2, True), (3, True)])
def test_what_is_guessed_is_hatched_and_the_key_says_so(certainty: int, hatched: bool) -> None:
    plane = Plane.of((0.0, 10.0, 0.0), (0.0, -1.0, 0.0))
    cube = np.stack([np.full((2, 4), z, np.float32) for z in (2.0, -8.0)])
    block = SoilBlock(0.0, 20.0, 10.0, ("Sand",), cube, np.full((1, 2, 4), certainty, np.uint8))
    face = shapely.box(0.0, -8.0, 40.0, 2.0)
    layers, key = soil_layers([Piece(face, 0, certainty)], plane, block, 0.0)
    assert [layer.name for layer in layers] == ["cut_soil", *([HATCH] if hatched else [])]
    assert [entry.label for entry in key] == ["Sand", *([GUESSED] if hatched else [])]
    if hatched:
        entry, stripes = key[1], layers[1]
        assert entry.stripe == tuple(stripes.colours[0])
        assert entry.layer == HATCH
        # along a level line stripes are wider by the root of 2
        assert areas(stripes).sum() == pytest.approx(face.area * STRIPE_M * 2**0.5 / STRIPE_APART_M, rel=0.08)


def test_hatching_of_two_faces_goes_on_from_one_to_the_other() -> None:
    left, right = stripes_in(shapely.box(0.0, 0.0, 10.0, 8.0)), stripes_in(shapely.box(10.0, 0.0, 25.0, 8.0))
    whole = stripes_in(shapely.box(0.0, 0.0, 25.0, 8.0))
    assert shapely.symmetric_difference(shapely.union(left, right), whole).area == pytest.approx(0.0, abs=1e-9)


def test_the_key_has_the_distance_that_certainty_has() -> None:
    assert GUESSED.endswith(f"{CERTAINTY_M[CERTAINTY.index('inferred')]:.0f} m")


def test_a_level_cut_has_plain_ground(town: City) -> None:
    scene = _with_soundings(town)
    cut = scene.cut(Section("l", "L", (0.0, 0.0, 2.0 - town.origin[2]), (0.0, 0.0, 1.0)))
    assert "cut_soil" not in [layer.name for layer in cut.layers]


heights = st.lists(st.floats(-12.0, 2.0), min_size=8, max_size=8)


@given(first=heights, second=heights, top=st.floats(-3.0, 3.0))
@settings(max_examples=60, deadline=None)
def test_pieces_never_overlap_and_lie_in_the_ground(first: list[float], second: list[float], top: float) -> None:
    upper = np.array(first, np.float32).reshape(2, 4)
    lower = np.minimum(upper, np.array(second, np.float32).reshape(2, 4))
    cube = np.stack([np.full((2, 4), 2.0, np.float32), np.minimum(upper, 2.0), lower])
    block = SoilBlock(0.0, 20.0, 10.0, ("Sand", "Clay"), cube, np.zeros((2, 2, 4), np.uint8))
    plane = Plane.of((0.0, 10.0, 0.0), (0.0, -1.0, 0.0))
    u = plane.flat(np.array([[0.0, 10.0, 0.0], [40.0, 10.0, 0.0]]))[:, 0]
    ground = shapely.Polygon([(u.min(), -15.0), (u.max(), -15.0), (u.max(), top), (u.min(), top)])
    pieces = soil_pieces(ground, plane, block)
    whole = shapely.union_all([piece.shape for piece in pieces])
    assert whole.area == pytest.approx(sum(piece.shape.area for piece in pieces), abs=1e-6)
    assert whole.difference(ground.buffer(1e-9)).area < 1e-6
    # the first unit goes up to the ground where that is near, and no farther
    lowest = float(np.minimum(cube[2], top).min())
    assert whole.area <= (top - lowest + 1e-6) * 40.0 + 1e-6
