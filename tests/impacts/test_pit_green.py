"""Roots and pipes beside pits of any shape."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from tests.impacts.places import SOUTH, WEST, block, plain, planted
from tests.impacts.test_pit import LAYERS, _impact, _pit
from twin.geo.pits import NAN, PitSupport
from twin.impacts.pit_green import _cut


def test_roots_are_cut_by_all_parts_of_a_pit() -> None:
    parts = [shapely.box(0, 0, 10, 10), shapely.box(20, 0, 30, 10)]
    trees, radius = np.array([[10.0, 5.0], [20.0, 5.0], [15.0, 5.0], [5.0, 5.0]]), np.full(4, 2.0)
    assert _cut(trees, radius, shapely.union_all(parts)) == pytest.approx([0.5, 0.5, 0.0, 1.0], abs=1e-3)
    assert _cut(trees, radius, shapely.MultiPolygon(parts[::-1])) == pytest.approx([0.5, 0.5, 0.0, 1.0], abs=1e-3)
    holed = shapely.Polygon(shapely.box(0, 0, 40, 40).exterior, [shapely.box(10, 2, 20, 8).exterior])
    assert _cut(np.array([[15.0, 5.0]]), np.array([2.0]), holed) == pytest.approx([0.0], abs=1e-3)


def test_pipes_far_away_are_looked_at_where_the_water_settles_the_ground() -> None:
    city = planted(block(plain(160, 5.0), "near", 93.0, 62.0, 101.0, 76.0, 12.0), [])
    line = shapely.LineString([(WEST + 60, SOUTH + 20), (WEST + 90, SOUTH + 20)])  # 40 m away, and the pit is 3 m deep
    across = shapely.LineString([(WEST + 75, SOUTH + 5), (WEST + 75, SOUTH + 34)])
    frame = gpd.GeoDataFrame({"kind": ["gas", "gas"]}, index=pd.Index(["along", "across"], name="id"), geometry=[line, across],
                             crs=city.crs)  # fmt: skip
    soft = [LAYERS[0], {**LAYERS[1], "cr": 0.4, "rr": 0.1, "bottom_m": -12.0}, {**LAYERS[2], "bottom_m": -30.0}]
    open_pit = _pit(-1.0, wall="", toe_m=NAN, supports=(PitSupport("a", "strut", 4.5),))
    found = _impact(open_pit, city.with_layer("utilities", frame), layers=soft, canal=False)
    pipes = found.features["pipes"]
    assert "across" in pipes.index  # 26 m and more from the edge of a pit that is 6 m deep: beyond four depths
    assert pipes.loc["across", "slope_mm_m"] > 0.2
