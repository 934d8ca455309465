"""Cellars and pipes out of vector layers: what was stated, what was estimated, and volumes that are closed and below ground."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pyproj import CRS

from tests.reference.vaults import arc_area, polygon_volume
from twin.geo.along import points_along
from twin.geo.city import City, Source, read_city
from twin.geo.mesh import SEMANTIC_NAMES, TriangleMesh
from twin.geo.pipes import COVER_OF, DIAMETER_M, KINDS, usual_cover
from twin.geo.quality import check
from twin.geo.readers.assemble import assemble
from twin.geo.readers.model import Findings, Reading, ReadOptions
from twin.geo.subsurface import cellars_frame, recognise_layer, utilities_frame
from twin.geo.terrain import Terrain
from twin.geo.topology import object_use, signed_volumes
from twin.geo.underground import with_volumes
from twin.geo.vaults import SIDES, arc, springing_of, tube, vault
from twin.grid import GridSpec

NAP = CRS.from_epsg(7415)
X, Y = 136_700.0, 455_700.0


def ground(height: float = 4.5) -> City:
    """A flat street around (X, Y) at a height."""
    grid = GridSpec(X - 50, Y + 50, 1.0, (100, 100))
    terrain = Terrain(grid, np.full((100, 100), height, dtype=np.float32))
    return City(crs=NAP, origin=np.array([X, Y, 0.0]), terrain=terrain)


def cellars(columns: dict[str, Any], **settings: Any) -> tuple[gpd.GeoDataFrame, Findings]:
    """One outline of 5 m by 10 m, the longer side to the north, for each row."""
    count = len(next(iter(columns.values()))) if columns else 1
    shapes = [shapely.box(X + 6 * n, Y, X + 6 * n + 5, Y + 10) for n in range(count)]
    index = pd.Index([f"k{n}" for n in range(count)], name="id", dtype="str")
    findings = Findings()
    frame = gpd.GeoDataFrame(columns, geometry=shapes, index=index, crs=NAP)
    return cellars_frame(frame, findings=findings, **settings), findings


def put(city: City, layer: str, frame: gpd.GeoDataFrame) -> tuple[City, dict[str, int]]:
    findings = Findings()
    found = with_volumes(city, layer, frame, "kelders.gpkg", findings)
    counts: dict[str, int] = {}
    for finding in findings.collected():
        counts[finding.code] = counts.get(finding.code, 0) + 1
    return found, counts


def volumes(city: City) -> np.ndarray:
    return signed_volumes(city.surfaces, city.surfaces.owner.astype(np.int64), len(city.objects))


def closed(city: City) -> np.ndarray:
    return object_use(city.surfaces, len(city.objects)).closed


@pytest.mark.parametrize(
    ("name", "columns", "kinds", "expected"),
    [
        ("Werfkelders", ["OBJECTID", "naam"], ["Polygon"], "cellars"),
        ("werfkelders_utrecht", [], ["MultiPolygon"], "cellars"),
        ("layer1", ["KelderID", "eigenaar"], ["Polygon Z"], "cellars"),
        ("cellars", ["x"], ["3D Polygon"], None),
        ("gebouwen", ["kelder"], ["Polygon"], None),
        ("buildings", ["basement"], ["Polygon"], None),
        ("panden", ["heeft_kelder"], ["Polygon"], None),
        ("kelders", ["x"], ["Point"], None),
        ("rioolleiding", ["BOB_begin"], ["LineString"], "utilities"),
        ("vrijvervalleidingen", [], ["MultiLineString"], "utilities"),
        ("Utility pipes", [], ["LineString"], "utilities"),
        ("lijnen", ["diameter_mm", "bob"], ["LineString"], "utilities"),
        ("lijnen", ["diameter"], ["LineString"], None),
        ("roads", ["width"], ["LineString"], None),
        ("wegen", ["breedte", "naam"], ["LineString"], None),
        ("overhead cables", ["diameter", "depth"], ["LineString"], None),
        ("riool", [], ["Polygon"], None),
    ],
)
def test_layers_are_recognised_by_name_and_columns(name: str, columns: list[str], kinds: list[str], expected: str | None) -> None:
    assert recognise_layer(name, columns, kinds) == expected


def test_what_is_stated_is_kept() -> None:
    frame, _ = cellars({"vloerpeil": [1.25], "hoogte": [2.4], "gewelfdikte": [0.25], "eigenaar": ["gemeente"]})
    city, codes = put(ground(), "cellars", frame)
    row = city.cellars.iloc[0]
    assert (row["floor_m"], row["crown_m"], row["vault_m"]) == (1.25, 2.4, 0.25)
    assert_allclose(row["cover_m"], 4.5 - 1.25 - 2.4 - 0.25)
    assert not row["estimated"]
    assert row["estimated_columns"] == ""
    assert row["owner_class"] == "municipal"
    assert "eigenaar" not in row
    assert row["vloerpeil"] == 1.25
    # Across the longer side, which runs north.
    assert row["span_azimuth_deg"] == 90.0
    assert codes == {}


@pytest.mark.parametrize(
    ("columns", "floor", "crown", "cover", "guessed"),
    [
        ({"diepte": [3.2]}, 1.3, 2.6, 0.325, "crown_m, vault_m"),
        ({"diepte_cm": [320]}, 1.3, 2.6, 0.325, "crown_m, vault_m"),
        ({"depth": [-3.2]}, 1.3, 2.6, 0.325, "crown_m, vault_m"),
        ({"Diepte": [3200.0]}, 1.3, 2.6, 0.325, "crown_m, vault_m"),
        ({"diepte": ["3,20 m"]}, 1.3, 2.6, 0.325, "crown_m, vault_m"),
        ({"diepte": [3.2], "dekking": [0.5], "vault_m": [0.2]}, 1.3, 2.5, 0.5, ""),
        ({"floor_level": [1.5], "bovenkant": [4.0], "vault_m": [0.3]}, 1.5, 2.2, 0.5, ""),
        ({"dekking": [0.8], "hoogte": [2.2], "dikte": [0.3]}, 1.2, 2.2, 0.8, ""),
        ({"bovenkant_nap": [3.9]}, 3.9 - 0.275 - 2.6, 2.6, 0.6, "crown_m, vault_m"),
        ({"diepte": [2.4]}, 2.1, 2.4 - 0.275 - 0.3, 0.3, "crown_m, vault_m"),
        ({"nummer": [7]}, 4.5 - 0.65 - 0.275 - 2.6, 2.6, 0.65, "floor_m, crown_m, vault_m"),
    ],
)
def test_what_is_missing_is_estimated(columns: dict[str, Any], floor: float, crown: float, cover: float, guessed: str) -> None:
    frame, _ = cellars(columns)
    city, codes = put(ground(), "cellars", frame)
    row = city.cellars.iloc[0]
    assert_allclose([row["floor_m"], row["crown_m"], row["cover_m"]], [floor, crown, cover], atol=1e-9)
    assert row["estimated_columns"] == guessed
    assert row["estimated"] == bool(guessed)
    assert codes.get("cellar-estimated", 0) == bool(guessed)
    assert_allclose(row["floor_m"] + row["crown_m"] + row["vault_m"] + row["cover_m"], 4.5)
    assert closed(city).all()


def test_a_wharf_cellar_without_any_depth_stands_on_the_wharf() -> None:
    """Utrecht's own service has no heights that are known beforehand."""
    frame, _ = cellars({"OBJECTID": [1, 2]}, name="Werfkelders")
    city, codes = put(ground(4.4), "cellars", frame)
    assert city.cellars["floor_m"].tolist() == [1.2, 1.2]
    assert_allclose(city.cellars["crown_m"], 4.4 - 1.2 - 0.275 - 0.65)
    assert_allclose(city.cellars["cover_m"], 0.65)
    assert city.cellars["estimated"].all()
    assert codes == {"cellar-estimated": 2}
    # A street too low for the least crown and cover above the wharf: the floor gives way, the sum holds.
    low = put(ground(3.4), "cellars", frame)[0].cellars.iloc[0]
    assert_allclose([low["cover_m"], low["crown_m"]], [0.3, 2.2])
    assert low["floor_m"] < 1.2


def test_a_depth_that_is_a_length_is_not_used() -> None:
    frame, findings = cellars({"diepte": [11.5, 12.0, 9.0]})
    assert [finding.code for finding in findings.collected()] == ["column-refused"]
    assert frame["floor_depth_m"].isna().all()
    city, _ = put(ground(), "cellars", frame)
    assert (city.cellars["floor_m"] > 0.9).all()


def test_cellars_that_do_not_fit_below_the_ground_have_no_volume() -> None:
    frame, _ = cellars({"vloerpeil": [3.0, 1.0], "hoogte": [2.5, 2.5]})
    city, codes = put(ground(), "cellars", frame)
    assert codes == {"cellar-above-ground": 1, "cellar-estimated": 2}
    assert city.objects.index.tolist() == ["k1"]
    assert len(city.cellars) == 2
    top = city.surfaces.vertices[:, 2].max() + city.origin[2]
    assert_allclose(top, 3.5)
    assert top < 4.5


def test_no_ground_is_told() -> None:
    frame, _ = cellars({"nummer": [1]})
    city, codes = put(City(crs=NAP, origin=np.zeros(3)), "cellars", frame)
    assert codes == {"cellar-estimated": 1, "ground-assumed": 1}
    assert np.isnan(city.cellars["cover_m"]).all()
    assert (city.surfaces.vertices[:, 2] <= -0.5).all()


def test_the_ground_is_the_street_not_the_wharf_in_front() -> None:
    city = ground(4.5)
    assert city.terrain is not None
    height = city.terrain.height.copy()
    height[47:, :] = 1.2  # all south of Y + 3
    terrain = Terrain(city.terrain.grid, height)
    frame, _ = cellars({"diepte": [3.3]})
    found, _ = put(City(crs=NAP, origin=city.origin, terrain=terrain), "cellars", frame)
    assert_allclose(found.cellars["floor_m"], 1.2)


@pytest.mark.parametrize(("crown", "width"), [(2.6, 5.0), (3.0, 3.0), (2.4, 6.0), (2.2, 4.4)])
def test_volume_under_a_vault_is_the_one_of_the_arc(crown: float, width: float) -> None:
    length = 10.0
    spring = springing_of(crown, width)
    room = vault(shapely.box(0, 0, width, length), 1.0, crown, 90.0)
    assert room is not None
    found = signed_volumes(room, room.owner.astype(np.int64), 1)[0]
    t, z = arc(width, crown - spring)
    assert_allclose(found, polygon_volume(t, z + spring, length), rtol=1e-6)
    # Twelve flat strips are inscribed in the arc: less than 1.2 % less than the circle.
    exact = (arc_area(width, crown - spring) + width * spring) * length
    assert 0 < (exact - found) / exact < 0.012
    assert_allclose(room.vertices[:, 2].max(), 1.0 + crown, atol=1e-6)
    assert_allclose(room.vertices[:, 2].min(), 1.0)
    assert {SEMANTIC_NAMES[code] for code in np.unique(room.semantic)} == {"FloorSurface", "InteriorWallSurface", "CeilingSurface"}


@given(
    st.integers(0, 2**32 - 1),
    st.floats(2.0, 3.2),
    st.floats(0.0, 359.0),
    st.sampled_from(["rectangle", "step", "star", "hole"]),
)
def test_vaults_over_any_outline_are_closed_and_face_outward(seed: int, crown: float, azimuth: float, form: str) -> None:
    chance = np.random.default_rng(seed)
    outline = shapely.box(0, 0, chance.uniform(2.5, 6), chance.uniform(6, 15))
    if form == "step":
        outline = outline.union(shapely.box(1, 2, 8, 5))
    elif form == "star":
        angle = np.linspace(0, 2 * np.pi, 12, endpoint=False)
        radius = chance.uniform(2, 6, 12)
        outline = shapely.Polygon(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))
    elif form == "hole":
        outline = outline.difference(shapely.box(1, 2, 1.7, 3))
    outline = shapely.affinity.rotate(outline, chance.uniform(0, 360))
    room = vault(outline, -1.0, crown, azimuth)
    if room is None:  # then a box is made
        assert form in ("star", "hole", "step")
        return
    assert object_use(room, 1).closed[0]
    found = signed_volumes(room, room.owner.astype(np.int64), 1)[0]
    spring = springing_of(crown, 0.0 if outline.is_empty else 1e9)
    assert outline.area * min(0.45 * crown, spring) < found < outline.area * crown
    assert room.vertices[:, 2].min() == -1.0


def test_few_outlines_fall_back_to_boxes() -> None:
    chance = np.random.default_rng(5)
    boxes = 0
    for _ in range(200):
        angle = np.sort(chance.uniform(0, 2 * np.pi, 9))
        outline = shapely.Polygon(np.column_stack([5 * np.cos(angle), 3 * np.sin(angle)]))
        boxes += vault(outline, 0.0, 2.5, float(chance.uniform(0, 180))) is None
    assert boxes <= 2


def test_a_box_where_the_span_is_not_known() -> None:
    frame, _ = cellars({"vloerpeil": [1.0], "hoogte": [2.5]})
    city, _ = put(ground(), "cellars", frame.assign(span_azimuth_deg=np.nan))
    assert_allclose(volumes(city), [5 * 10 * 2.5])
    assert closed(city).all()
    assert {SEMANTIC_NAMES[code] for code in np.unique(city.surfaces.semantic)} == {
        "FloorSurface", "InteriorWallSurface", "CeilingSurface",
    }  # fmt: skip


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 1.5))
def test_volume_of_a_tube_is_its_section_times_its_length(seed: int, diameter: float) -> None:
    chance = np.random.default_rng(seed)
    turns = chance.uniform(-1.6, 1.6, 6)
    heading = np.cumsum(turns)
    steps = np.column_stack([np.cos(heading), np.sin(heading), chance.uniform(-0.3, 0.3, 6)]) * chance.uniform(5, 20, (6, 1))
    line = np.concatenate([[[0.0, 0.0, 0.0]], np.cumsum(steps, axis=0)])
    pipe = tube(line, diameter)
    section = SIDES / 2 * (diameter / 2) ** 2 * np.sin(2 * np.pi / SIDES)
    length = np.linalg.norm(np.diff(line, axis=0), axis=1).sum()
    assert object_use(pipe, 1).closed[0]
    assert_allclose(signed_volumes(pipe, pipe.owner.astype(np.int64), 1)[0], section * length, rtol=1e-9)
    # No corner is farther from the line than a mitre of 110 degrees makes it.
    course = shapely.LineString(line[:, :2])
    assert shapely.distance(shapely.points(pipe.vertices[:, :2]), course).max() < diameter / 2 / np.cos(np.radians(56))


def test_a_tube_without_length_is_none() -> None:
    assert len(tube(np.zeros((3, 3)), 0.3)) == 0
    assert len(tube(np.zeros((1, 3)), 0.3)) == 0


def pipes(columns: dict[str, Any], shape: Any = None, **settings: Any) -> gpd.GeoDataFrame:
    shape = shape or shapely.LineString([(X, Y), (X + 20, Y), (X + 20, Y + 20)])
    count = len(next(iter(columns.values())))
    index = pd.Index([f"p{n}" for n in range(count)], name="id", dtype="str")
    return utilities_frame(gpd.GeoDataFrame(columns, geometry=[shape] * count, index=index, crs=NAP), **settings)


@pytest.mark.parametrize(
    ("columns", "diameter", "axis", "cover", "kind", "guessed"),
    [
        ({"soort": ["riool"], "diameter": [400.0], "bob": [1.0]}, 0.4, 1.2, 3.1, "sewer", ""),
        ({"stelsel": ["DWA"], "diameter_mm": [400], "bob_begin": [2.0], "bob_eind": [1.0]}, 0.4, 1.7, 2.6, "sewer", ""),
        ({"soort": ["waterleiding"], "diameter": [0.2], "dekking": [1.0]}, 0.2, 3.4, 1.0, "water", ""),
        ({"medium": ["aardgas"], "diameter": [110], "diepte": [0.8]}, 0.11, 4.5 - 0.8 - 0.055, 0.8, "gas", ""),
        ({"thema": ["datatransport"], "diepte_cm": [60]}, 0.05, 4.5 - 0.6 - 0.025, 0.6, "telecom", "diameter_m"),
        ({"thema": ["laagspanning"]}, 0.05, 4.5 - 0.6 - 0.025, 0.6, "electricity", "diameter_m, cover_m"),
        ({"thema": ["middenspanning"]}, 0.05, 4.5 - 0.8 - 0.025, 0.8, "electricity", "diameter_m, cover_m"),
        ({"soort": ["waterleiding"]}, 0.11, 4.5 - 1.0 - 0.055, 1.0, "water", "diameter_m, cover_m"),
        ({"x": [1]}, 0.11, 4.5 - 0.8 - 0.055, 0.8, "pipe", "diameter_m, cover_m"),
        ({"bovenkant": [3.0], "diameter": [1.0]}, 1.0, 2.5, 1.5, "pipe", ""),
    ],
)
def test_pipes(columns: dict[str, Any], diameter: float, axis: float, cover: float, kind: str, guessed: str) -> None:
    city, codes = put(ground(), "utilities", pipes(columns))
    row = city.utilities.iloc[0]
    assert row["kind"] == kind
    assert_allclose([row["diameter_m"], row["cover_m"]], [diameter, cover], atol=1e-6)
    # The middle of the points, which are not at equal distances where inverts slope.
    assert abs(row["z_m"] - axis) < 1e-3
    assert row["estimated_columns"] == guessed
    assert codes == ({"pipe-estimated": 1} if guessed else {})
    assert closed(city).all()
    length = 40.0 if "bob_eind" not in columns else np.hypot(40.0, 1.0)
    assert_allclose(volumes(city), SIDES / 2 * (diameter / 2) ** 2 * np.sin(2 * np.pi / SIDES) * length, rtol=1e-6)
    assert city.surfaces.vertices[:, 2].max() < 4.5


def test_the_usual_cover_is_known_for_every_kind() -> None:
    assert set(COVER_OF) == set(DIAMETER_M) == {*KINDS, "pipe"}
    # KWR 2011.022 for water, NEN 7171-1 for telecom, klic-app.nl for gas and electricity
    assert {kind: usual_cover(kind) for kind in ("water", "telecom", "gas", "electricity")} == {
        "water": 1.0, "telecom": 0.6, "gas": 0.8, "electricity": 0.6,
    }  # fmt: skip
    assert usual_cover("electricity", "Hoogspanning 50 kV") == 0.8
    assert usual_cover("telecom", "mantelbuis langs middenspanning") == 0.6
    assert usual_cover("who knows") == COVER_OF["pipe"]


def test_pipes_follow_the_ground_and_lines_in_space_do_not() -> None:
    city = ground()
    assert city.terrain is not None
    slope = np.broadcast_to(np.linspace(4.0, 6.0, 100, dtype=np.float32), (100, 100))
    hill = City(crs=NAP, origin=city.origin, terrain=Terrain(city.terrain.grid, slope))
    flat = shapely.LineString([(X - 30, Y), (X + 30, Y)])
    found, _ = put(hill, "utilities", pipes({"dekking": [1.0], "diameter": [0.2]}, flat))
    z = found.surfaces.vertices[:, 2]
    assert z.max() - z.min() > 1.0
    assert_allclose(found.utilities["cover_m"], 1.0, atol=1e-3)
    space = shapely.LineString([(X, Y, 1.0), (X + 20, Y, 3.0)])
    found, _ = put(hill, "utilities", pipes({"diameter": [0.2]}, space))
    assert_allclose(found.utilities["z_m"], 2.0)
    assert not found.utilities["estimated"].any()


def test_a_pipe_above_the_ground_is_told() -> None:
    _, codes = put(ground(), "utilities", pipes({"bob": [5.0], "diameter": [0.3]}))
    assert codes == {"pipe-above-ground": 1}


def test_a_pipe_without_length_stays_a_row_and_is_told() -> None:
    """GEOS divides no line of which all points are one; an upright line in space has a length all the same."""
    nowhere = shapely.LineString([(X, Y), (X, Y)])
    both = shapely.MultiLineString([[(X, Y), (X, Y)], [(X, Y), (X + 5, Y)]])
    upright = shapely.LineString([(X, Y, 1.0), (X, Y, 3.0)])
    good = shapely.LineString([(X, Y), (X + 20, Y)])
    for columns in ({"diameter": [0.3] * 4}, {"diameter": [0.3] * 4, "bob_begin": [1.0] * 4, "bob_eind": [2.0] * 4}):
        frame = pipes(columns)
        frame = frame.set_geometry(gpd.GeoSeries([nowhere, both, upright, good], index=frame.index, crs=NAP))
        city, codes = put(ground(), "utilities", frame)
        assert len(city.utilities) == 4
        assert city.objects.index.tolist() == ["p1", "p2", "p3"]
        assert codes["no-length"] == 1
        assert closed(city).all()
        assert len(check(city)) == 0


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(-50, 50)), min_size=2, max_size=8), st.floats(0.5, 60.0))
def test_points_along_a_line_keep_its_corners_and_are_close(corners: list[tuple[float, float]], step: float) -> None:
    line = shapely.LineString(corners)
    nowhere = shapely.LineString([(1, 1), (1, 1)])
    points, row = points_along([nowhere, line, shapely.MultiLineString([nowhere, line])], step)
    assert not (row == 0).any()
    assert_allclose(points[row == 1], points[row == 2])
    if line.length == 0:
        assert not len(points)
        return
    own = points[row == 1]
    gaps = np.linalg.norm(np.diff(own, axis=0), axis=1)
    assert gaps.max() <= step * (1 + 1e-9)
    assert_allclose(gaps.sum(), line.length)
    assert all((np.abs(own - corner).max(axis=1) < 1e-9).any() for corner in corners)


def test_what_is_no_pipe_stays_a_row() -> None:
    """A power line without a diameter, and a manhole."""
    index = pd.Index(["line", "hole"], name="id", dtype="str")
    shapes = [shapely.LineString([(X, Y), (X + 9, Y)]), shapely.Point(X, Y)]
    plain = gpd.GeoDataFrame({"kind": ["power line", "manhole"]}, geometry=shapes, index=index, crs=NAP)
    city, codes = put(ground(), "utilities", plain)
    assert codes == {}
    assert len(city.utilities) == 2
    assert len(city.surfaces) == 0
    city, _ = put(ground(), "utilities", plain.assign(diameter_m=0.3))
    assert city.objects.index.tolist() == ["line"]
    assert sorted(city.utilities.index) == ["hole", "line"]


def reading(layers: dict[str, gpd.GeoDataFrame], name: str = "kelders.gpkg") -> Reading:
    return Reading(Source(name, "test"), NAP, Findings(), layers=layers)


def test_readings_with_cellars_and_pipes_become_a_city_that_is_kept_and_drawn(tmp_path: Any) -> None:
    import viewer

    frame, _ = cellars({"diepte": [3.2, 3.1], "hoogte": [2.3, 2.2]})
    city = assemble([reading({"cellars": frame, "utilities": pipes({"soort": ["riool"], "diameter": [0.4]})})], ReadOptions())
    assert city.objects["layer"].tolist() == ["cellars", "cellars", "utilities"]
    assert city.objects["type"].tolist() == ["OtherConstruction", "OtherConstruction", "GenericCityObject"]
    assert closed(city).all()
    assert (volumes(city) > 0).all()
    assert len(check(city)) == 0
    again = read_city(city.save(tmp_path / "out"))
    assert_allclose(volumes(again), volumes(city), rtol=5e-3)  # whole millimetres on disk
    pd.testing.assert_frame_equal(pd.DataFrame(city.cellars), pd.DataFrame(again.cellars), check_like=True)
    names = [layer.name for layer in viewer.compose(city).layers]
    assert "cellars_mesh" in names
    assert "utilities_mesh" in names
    # Each is drawn once.
    assert "cellars" not in names
    assert "utilities" not in names


def test_an_id_that_is_taken_has_no_volume() -> None:
    frame, _ = cellars({"diepte": [3.2]})
    first, _ = put(ground(), "cellars", frame)
    lines = pipes({"diameter": [0.3]}).rename(index={"p0": "k0"})
    city, codes = put(first, "utilities", lines)
    assert codes == {"duplicate-id": 1, "pipe-estimated": 1}
    assert city.objects.index.tolist() == ["k0"]


def test_outlines_that_are_none() -> None:
    frame, _ = cellars({"diepte": [3.2, 3.2, 3.2]})
    bow = shapely.Polygon([(X, Y), (X + 5, Y + 5), (X + 5, Y), (X, Y + 5)])
    shapes = [shapely.Point(X, Y), bow, shapely.Polygon()]
    city, codes = put(ground(), "cellars", frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=NAP)))
    assert codes["cellar-outline"] == 3
    assert len(city.surfaces) == 0
    assert len(city.cellars) == 3


def test_mesh_of_nothing() -> None:
    city, _ = put(ground(), "cellars", cellars({"diepte": [3.2]})[0].iloc[:0])
    assert len(city.surfaces) == len(TriangleMesh.empty()) == 0


def test_a_short_word_within_another_says_nothing_of_the_use_of_a_cellar() -> None:
    from twin.geo.cellar_state import state_of

    told = state_of(pd.DataFrame({"gebruik": ["openbaar", "Bar", "café-bar", "opslag"]}))
    assert told["use"].tolist() == ["unknown", "catering", "catering", "storage"]
