"""What Python callers give that is of the wrong kind is told in the words of the library, with what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import twin
from tests.geo.meshes import box
from twin.errors import CRSError, GeometryError, ParameterError, TwinError
from twin.geo.city import City
from twin.geo.given import told
from twin.geo.quality import check
from twin.geo.repair import repair

NOT_PATHS: list[Any] = [3, None, b"x", {}, {"a"}, object(), True]
NOT_IDS: list[Any] = [3, None, {}, b"x", ("house-0001",), "", [1]]
NOT_FRAMES: list[Any] = [None, 3, "x", [1], pd.DataFrame({"a": [1]}), gpd.GeoDataFrame({"a": [1]})]


def refused(call: Callable[[], object], kind: type[TwinError] = ParameterError) -> None:
    """See that a call is refused with a hint."""
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.hint
    assert len(caught.value.what) < 200


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "tower.stl"
    box(8, 8, 20).export(path)
    return path


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("path", one) for one in [*NOT_PATHS, ["a"]]),
        *(("id", one) for one in NOT_IDS),
        *(("scale", one) for one in ["1", None, [1], True, 0, -1, np.nan]),
        *(("azimuth_deg", one) for one in ["n", "90", None, np.inf]),
        *(("ground_m", one) for one in ["x", "1", [1], np.nan]),
        *(("at", one) for one in [3, "ab", None, ("a", "b"), [1], (np.nan, 1)]),
        *(("anchor", one) for one in ["middle", 3, None]),
        *(("up", one) for one in ["x", 3]),
    ],
)
def test_a_model(sample: City, model: Path, name: str, value: Any) -> None:
    west, south, _, _ = sample.bounds
    given: dict[str, Any] = {"path": model, "id": "spire", "at": (west + 20, south + 20)}
    refused(lambda: sample.with_model(**{**given, name: value}))


def test_numbers_of_numpy_are_numbers(sample: City, model: Path) -> None:
    west, south, _, _ = sample.bounds
    at = np.array([west + 20, south + 20])
    city = sample.with_model(model, id="spire", at=at, scale=np.float32(1), azimuth_deg=np.int64(90), ground_m=np.float64(1))
    assert city.buildings.loc["spire", "height_m"] == pytest.approx(20)


@pytest.mark.parametrize("value", NOT_IDS)
def test_an_id(sample: City, value: Any) -> None:
    refused(lambda: sample.find(value))
    if value != ("house-0001",):
        refused(lambda: sample.without([value]))
        refused(lambda: sample.change([value], height_m=3.0))


@pytest.mark.parametrize("value", [3, None, object(), b"ab"])
def test_ids(sample: City, value: Any) -> None:
    refused(lambda: sample.without(value))
    refused(lambda: sample.change(value, height_m=3.0))


@pytest.mark.parametrize("value", ["file", None, 3, [1]])
def test_no_city(value: Any) -> None:
    refused(lambda: check(value))
    refused(lambda: repair(value))


@pytest.mark.parametrize("value", ["1", 0, -1, True, np.nan])
def test_a_thickness(sample: City, value: Any) -> None:
    refused(lambda: check(sample, planarity_m=value))


@pytest.mark.parametrize("value", [3, None, "box", b"1234", [1, 2], ("a",) * 4, {}, shapely.Point(0, 0), [None] * 4, object()])
def test_an_area(sample: City, value: Any) -> None:
    refused(lambda: sample.clip(value))


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({"height_m": "x"}, GeometryError), ({"height_m": None}, GeometryError), ({"height_m": np.inf}, GeometryError),
        ({"height_m": [1, 2]}, ParameterError), ({"ground_m": "x"}, GeometryError), ({"geometry": "x"}, ParameterError),
        ({"geometry": 3}, ParameterError), ({}, ParameterError),
    ],
)  # fmt: skip
def test_a_change(sample: City, attributes: dict[str, Any], kind: type[TwinError]) -> None:
    refused(lambda: sample.change(str(sample.buildings.index[0]), **attributes), kind)


@pytest.mark.parametrize("frame", NOT_FRAMES, ids=lambda one: type(one).__name__)
def test_a_frame(sample: City, frame: Any) -> None:
    refused(lambda: sample.with_layer("buildings", frame))
    refused(lambda: sample.with_buildings(frame))


@pytest.mark.parametrize("name", [3, None, ["buildings"]])
def test_the_name_of_a_layer(sample: City, name: Any) -> None:
    refused(lambda: sample.with_layer(name, sample.buildings))


def test_heights_of_new_buildings(sample: City) -> None:
    west, south, _, _ = sample.bounds
    shape = shapely.box(west, south, west + 5, south + 5)
    for columns in ({"height_m": ["high"]}, {"height_m": [3.0], "ground_m": ["low"]}, {"height_m": [None]}):
        frame = gpd.GeoDataFrame(columns, geometry=[shape], index=["new"], crs=sample.crs)
        refused(lambda frame=frame: sample.with_buildings(frame), GeometryError)


@pytest.mark.parametrize("value", [*NOT_PATHS, [], ["a"]])
def test_a_path(sample: City, value: Any) -> None:
    refused(lambda: sample.save(value))
    refused(lambda: twin.stream_city(value))
    if value != ["a"]:
        refused(lambda: twin.read_city(value))


@pytest.mark.parametrize("value", [[None], [["sample"]], iter(["a"]), np.array(["a"])], ids=["none", "list", "iterator", "array"])
def test_several_paths(value: Any) -> None:
    refused(lambda: twin.read_city(value))


@pytest.mark.parametrize("value", [("a", "b"), ([1], [1, 2]), ({}, {})])
def test_coordinates(sample: City, value: Any) -> None:
    refused(lambda: sample.ground_at(*value))


def test_a_point_that_is_nowhere_has_no_ground(sample: City) -> None:
    west, south, east, north = sample.bounds
    x, y = np.array([np.nan, (west + east) / 2]), np.array([south, (south + north) / 2])
    assert np.isnan(sample.ground_at(x, y)).tolist() == [True, False]


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        ({"crs": "EPSG:7415"}, CRSError), ({"crs": None}, CRSError), ({"origin": "abc"}, GeometryError),
        ({"origin": None}, GeometryError), ({"layers": 3}, ParameterError), ({"layers": {"buildings": 3}}, ParameterError),
        ({"surfaces": 3}, ParameterError), ({"objects": 3}, ParameterError),
    ],
)  # fmt: skip
def test_parts_of_a_city(sample: City, parts: dict[str, Any], kind: type[TwinError]) -> None:
    refused(lambda: City(**{"crs": sample.crs, "origin": [0, 0, 0], **parts}), kind)


def test_what_was_given_is_told_briefly() -> None:
    assert told("a") == "'a'"
    assert told(sample := object()) == f"a {type(sample).__name__}"
    assert len(told("x" * 1000)) == 60
