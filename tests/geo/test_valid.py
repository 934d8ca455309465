"""Shapes that cross themselves: mended while that is cheap, told when it is not. Work is counted, not timed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tests.geo.bgt_map import collection, one
from tests.osm_document import OsmDocument
from tests.places import comb
from tests.reference import crossing as slow
from twin.discretize import discretize_area
from twin.errors import ScenarioError, WalkableError
from twin.geo.city import City, read_city
from twin.geo.kernels.ring_crossings import count_crossings
from twin.geo.mesh import Rings
from twin.geo.readers.footprints import project
from twin.geo.valid import MAX_CROSSINGS, mended, sides_of
from twin.geo.walkable import make_walkable
from twin.scenario.apply import locate
from twin.scenario.place import Place

Put = Callable[..., Path]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=3, max_size=9))
def test_crossings_are_those_of_every_pair(points: list[tuple[int, int]]) -> None:
    sides = sides_of(shapely.Polygon(points))
    expected = slow.ring_crossings(sides)
    assert count_crossings(sides, 1000)[0] == expected
    assert count_crossings(sides, 2)[0] == min(expected, 3)


def test_a_ring_with_many_crossings_is_given_up_early() -> None:
    for corners in (2_000, 20_000):
        sides = sides_of(comb(corners))
        found, looked = count_crossings(sides, MAX_CROSSINGS)
        assert found == MAX_CROSSINGS + 1
        assert looked < 4 * corners * 10
        assert mended(comb(corners)) is None


def test_the_looking_grows_with_the_corners_of_a_ring_that_people_draw() -> None:
    looked = []
    for corners in (4_000, 8_000):
        turn = np.linspace(0, 2 * np.pi, corners, endpoint=False)
        ring = np.column_stack([np.cos(turn), np.sin(turn)]) * 100
        ring[[5, 6]] = ring[[6, 5]]
        found, count = count_crossings(sides_of(shapely.Polygon(ring)), 100)
        assert found == 1
        looked.append(count)
        assert mended(shapely.Polygon(ring)).is_valid
    assert looked[1] < 2.5 * looked[0]


def test_what_is_mended_is_what_shapely_makes_of_it() -> None:
    bow = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    assert mended(bow).equals(shapely.make_valid(bow))
    square = shapely.box(0, 0, 1, 1)
    assert mended(square) is square
    both = shapely.GeometryCollection([shapely.Point(0, 0), shapely.MultiPolygon([comb(2_000)])])
    assert mended(both) is None


@pytest.fixture
def never(monkeypatch: pytest.MonkeyPatch) -> None:
    """GEOS must not be asked."""
    monkeypatch.setattr(shapely, "make_valid", lambda *_, **__: pytest.fail("GEOS was asked to mend"))


@pytest.mark.usefixtures("never")
def test_readers_tell_it(put: Put) -> None:
    items = [one("wegdeel", "kam", comb(2_000)), one("pand", "huis", shapely.box(0, 0, 9, 9))]
    city = read_city(put(json.dumps(collection(items)), "map.geojson"))
    assert [(found.object_id, found.severity) for found in city.quality.findings if "too many places" in found.message] == [
        ("G0344.kam", "error")
    ]
    document = OsmDocument()
    document.way(list(comb(2_000, west=0, south=0).exterior.coords), {"natural": "water"}, close=True)
    document.node(5, 5, natural="tree")
    city = read_city(put(document.text(), "map.osm"))
    assert [found.code for found in city.quality.findings if "too many places" in found.message] == ["osm-area"]
    frame = gpd.GeoDataFrame({"naam": ["x"]}, geometry=[comb(2_000)], crs=28992)
    city = read_city(put(frame.to_json(), "landuse.geojson"), crs="EPSG:28992", layer={"landuse": "landuse"})
    assert [found.code for found in city.quality.findings if "too many places" in found.message] == ["invalid"]
    assert len(city.landuse) == 1


@pytest.mark.usefixtures("never")
def test_a_clip_leaves_it_whole(sample: City) -> None:
    west, south, east, north = sample.bounds
    shape = comb(2_000, 50, west, south)
    frame = gpd.GeoDataFrame({"kind": ["x"]}, geometry=[shape], index=["kam"], crs=sample.crs)
    clipped = sample.with_layer("landuse", frame).clip((west + 20, south + 20, east, north))
    assert clipped.landuse.geometry.iloc[0].equals_exact(shape, 0)
    assert [found.object_id for found in clipped.quality.findings if found.code == "clip-whole"] == ["kam"]


@pytest.mark.usefixtures("never")
def test_nobody_walks_on_it(sample: City) -> None:
    with pytest.raises(WalkableError, match="too many places"):
        discretize_area(comb(2_000))
    frame = gpd.GeoDataFrame({"surface": ["street"]}, geometry=[comb(2_000)], index=["kam"], crs=sample.crs)
    with pytest.raises(WalkableError, match="too many places"):
        make_walkable(sample.with_layer("roads", frame))


@pytest.mark.usefixtures("never")
def test_nothing_is_placed_on_it(sample: City) -> None:
    frame = gpd.GeoDataFrame({"kind": ["x"]}, geometry=[comb(2_000)], index=["kam"], crs=sample.crs)
    with pytest.raises(ScenarioError, match="object `kam` cannot be used: it crosses itself in too many places"):
        locate(Place(object="kam"), sample.with_layer("landuse", frame), "changes[0]")


def test_a_tangled_face_has_no_footprint(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    buffer = shapely.buffer

    def counted(shapes: np.ndarray, distance: float) -> np.ndarray:
        asked.extend(shapely.get_num_coordinates(shapes).tolist())
        return buffer(shapes, distance)

    monkeypatch.setattr(shapely, "buffer", counted)
    points = shapely.get_coordinates(comb(2_000))[:-1]
    points = np.concatenate([points, [(0, 0), (9, 9), (9, 0), (0, 9)]])
    rings = Rings(np.arange(len(points)), np.array([2_000, 4]), np.array([1, 1]))
    tangle, bow = project(points, rings)
    assert tangle is None
    assert bow.area == pytest.approx(40.5)
    assert max(asked) < 10
