"""Barrel vaults: closed, of the volume that their curve has, across the span that is told."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from viewer.vaults import SPRINGING, STRIPS, barrel


def _mesh(outline: shapely.Polygon, azimuth: float, springing: float = math.nan) -> trimesh.Trimesh:
    mesh = trimesh.Trimesh(*barrel(outline, 1.0, 2.4, azimuth, springing), process=False)
    mesh.merge_vertices(digits_vertex=6)
    return mesh


def test_a_vault_has_the_volume_below_its_arch() -> None:
    mesh = _mesh(shapely.box(0.0, 0.0, 4.0, 10.0), 90.0, 1.0)
    assert mesh.is_watertight
    assert mesh.bounds[:, 2] == pytest.approx([1.0, 3.4])
    # a polygon within the ellipse: half as many corners as a circle of twice the strips
    ellipse = STRIPS / 2 * math.sin(math.pi / STRIPS) * 2.0 * 1.4
    assert mesh.volume == pytest.approx(10.0 * (4.0 * 1.0 + ellipse), rel=1e-6)


def test_it_is_lowest_at_the_ends_of_its_span() -> None:
    vertices, _ = barrel(shapely.box(0.0, 0.0, 4.0, 10.0), 0.0, 2.0, 0.0)
    top = vertices[vertices[:, 2] > 0.01]
    low = top[top[:, 2] < SPRINGING * 2.0 + 1e-6]
    assert set(np.round(low[:, 1], 6).tolist()) == {0.0, 10.0}
    assert top[np.abs(top[:, 1] - 5.0) < 1e-6, 2] == pytest.approx(2.0)


@given(turn=st.integers(0, 1800).map(lambda n: n / 10), skew=st.integers(0, 300).map(lambda n: n / 100))
@settings(max_examples=30, deadline=None)
def test_a_vault_over_any_four_corners_is_closed(turn: float, skew: float) -> None:
    outline = shapely.Polygon([(0.0, 0.0), (5.0, 0.0), (5.0 + skew, 9.0), (skew / 2, 8.0)])
    mesh = _mesh(outline, turn)
    assert mesh.is_watertight
    assert SPRINGING * 2.4 * outline.area < mesh.volume < 2.4 * outline.area
