"""Real CityJSON files: what is in them, and what is said of the broken ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from twin.errors import TwinError
from twin.geo.city import City, read_city
from twin.geo.quality import check
from twin.geo.topology import object_use, signed_volumes

pytestmark = pytest.mark.realdata


def volumes(city: City) -> np.ndarray:
    return signed_volumes(city.surfaces, city.surfaces.owner.astype(np.int64), len(city.objects))


@pytest.fixture(scope="module")
def the_hague(real_data: Path) -> City:
    return read_city(real_data / "cityjson" / "DenHaag_01.city.json.zip")


def test_the_hague(the_hague: City) -> None:
    city = the_hague
    assert city.objects.type.value_counts().to_dict() == {"BuildingPart": 1653, "Building": 844, "TINRelief": 1}
    assert len(city.buildings) == 844
    assert city.crs.to_epsg() == 7415
    assert_allclose(city.bounds, (78248.66, 457604.591, 79036.024, 458276.439), atol=1.0)
    assert city.height_range == pytest.approx((2.463, 37.481), abs=1e-3)
    assert (city.buildings.height_source == "geometry").all()
    assert city.buildings.height_m.between(1, 36).all()
    assert city.buildings.is_valid.all()
    assert not city.buildings.geometry.is_empty.any()
    assert (city.buildings.geom_type == "Polygon").mean() > 0.98
    assert len(city.surfaces) > 40_000


def test_the_hague_solids_close_and_look_outward(the_hague: City) -> None:
    use = object_use(the_hague.surfaces, len(the_hague.objects))
    parts = the_hague.objects.lod.eq("2").to_numpy() & the_hague.objects.layer.eq("buildings").to_numpy()
    assert parts.sum() == 1990
    assert (use.closed & parts).sum() == 1988
    volume = volumes(the_hague)
    assert (volume[use.closed & parts] > 0).all()
    # The volume of a block of houses is near its footprint times its height.
    assert 0.4 < volume[parts].sum() / (the_hague.buildings.area * the_hague.buildings.height_m).sum() < 1.0


def test_the_hague_terrain(the_hague: City) -> None:
    terrain = the_hague.terrain
    assert terrain is not None
    assert terrain.grid.cell == 1.0
    # The district is not a rectangle: as many square metres are known as the triangles cover.
    assert np.isfinite(terrain.height).sum() == pytest.approx(258_209, rel=1e-3)
    middle = the_hague.buildings.geometry.representative_point()
    ground = terrain.at(middle.x.to_numpy(), middle.y.to_numpy())
    # Houses stand on the ground, give or take a cellar.
    assert np.nanmedian(np.abs(ground - the_hague.buildings.ground_m.to_numpy())) < 1.0


@pytest.mark.slow
def test_the_hague_has_four_overlaps_two_open_parts_and_two_grounds_off_the_terrain(the_hague: City) -> None:
    # faces of two go through each other along an edge that both have
    found = {"footprint-overlap": 4, "open-solid": 2, "ground-off-terrain": 2, "self-intersection": 2}
    assert check(the_hague).counts() == found
    # by hand: the two stand more than 3 m off the triangles below their middle
    off = [one.object_id for one in check(the_hague).findings if one.code == "ground-off-terrain"]
    middle = the_hague.buildings.loc[off].centroid
    assert the_hague.terrain is not None
    below = the_hague.terrain.at(middle.x.to_numpy(), middle.y.to_numpy())
    assert (np.abs(the_hague.buildings.loc[off, "ground_m"] - below) > 3.0).all()


def test_rotterdam(real_data: Path) -> None:
    city = read_city(real_data / "cityjson" / "3-20-DELFSHAVEN.city.json")
    assert len(city.buildings) == 853
    assert city.crs.to_epsg() == 28992
    assert city.quality.counts()["too-few-points"] == 633
    assert city.buildings.is_valid.all()
    assert city.buildings["TerrainHeight"].dtype == "float64"


def test_delft(real_data: Path) -> None:
    city = read_city(real_data / "cityjson" / "delft.json")
    counted = {name: len(frame) for name, frame in city.layers.items() if len(frame)}
    assert counted == {
        "buildings": 160, "roads": 143, "bridges": 3, "water": 3, "green": 126, "landuse": 81, "other": 54
    }  # fmt: skip
    # solids without a floor: the ground is the foot of their walls, and their height is what is measured
    heights = city.buildings
    assert (heights.height_source == "geometry").all()
    assert heights.loc["b1105d28c-00ba-11e6-b420-2bdcc4ab5d7f", ["ground_m", "roof_m"]].tolist() == pytest.approx([-0.1, 6.0])
    assert_allclose(heights.roof_m, heights.measuredHeight, atol=0.01)
    assert set(city.roads.surface) == {"footway", "parking", "street", "pedestrian"}
    assert city.bridges.level.tolist() == ["level1"] * 3
    for name in counted:
        assert city.layers[name].is_valid.all()
        assert not city.layers[name].geometry.is_empty.any()


def test_3dbag_features(real_data: Path) -> None:
    city = read_city(real_data / "cityjson" / "delft_subset.city.jsonl")
    assert city.objects.groupby(["type", "lod"]).size().to_dict() == {
        ("Building", "0"): 10,
        ("BuildingPart", "2.2"): 10,
    }
    assert len(city.buildings) == 10
    assert "b3_h_maaiveld" in city.buildings
    parts = city.objects.type.eq("BuildingPart").to_numpy()
    assert (volumes(city)[parts] > 0).all()
    # The footprint is the one that the producer computed.
    assert_allclose(city.buildings.area, city.buildings["b3_opp_grond"], rtol=0.02)


@pytest.mark.parametrize("lod", ["1.2", "1.3", "2.2"])
def test_levels_of_detail(real_data: Path, lod: str) -> None:
    path = real_data / "cityjson" / "multi_lod.json"
    city = read_city(path, lod=lod)
    assert (city.objects.lod == lod).all()
    assert object_use(city.surfaces, len(city.objects)).closed.all()
    if lod == "2.2":
        assert len(read_city(path).surfaces) == len(city.surfaces)


@pytest.mark.parametrize(
    ("name", "volume"),
    [("hollow_solid.city.json", 56.0), ("msol.json", 2.0), ("cube_v11.city.json", 1.0), ("twobuildings_m.json", None)],
)
def test_solids(real_data: Path, name: str, volume: float | None) -> None:
    city = read_city(real_data / "cityjson" / name)
    if volume is not None:
        assert_allclose(volumes(city).sum(), volume)
    assert city.quality.errors == 0


def test_every_file_reads_or_says_why(real_data: Path) -> None:
    refused = {}
    for folder in ("cityjson", "cityjson_conformance"):
        for path in sorted((real_data / folder).iterdir()):
            try:
                city = read_city(path)
            except TwinError as error:
                refused[path.name] = error
                continue
            assert np.isfinite(city.surfaces.vertices).all()
            assert len(city.surfaces) == 0 or city.surfaces.owner.max() < len(city.objects)
            assert repr(city)
            assert city.summary()["triangles"] == len(city.surfaces)
    assert set(refused) == {
        "cases.json",
        "cityjson.min.schema.json",
        "cityjsonfeature.min.schema.json",
        "fcb_bbox_attr.fcb",
        "noise_extension.city.jsonl",
    }
    assert all(error.where for error in refused.values())


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("invalid_json_cityjson.json", "invalid_json_cityjson.json:3:11: broken JSON"),
        ("invalid_missing_type.json", "no `type`"),
        ("invalid_schema_cityjson_1.json", "invalid_schema_cityjson_1.json:1934:1: broken JSON"),
        ("unknown_crs.city.json", "EPSG:9999999 is not a registered"),
    ],
)
def test_invalid_files_are_refused(real_data: Path, name: str, told: str) -> None:
    with pytest.raises(TwinError) as caught:
        read_city(real_data / "cityjson_invalid" / name)
    assert told in str(caught.value)
    assert name in str(caught.value)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("emptygeom.json", "no-geometry"),
        ("geometry_templates_bad_lod.city.json", "lod"),
        ("invalid_cityjsonfeature_root_id_unresolved.city.jsonl", "feature-id"),
        ("invalid_out_of_range_vertex_index.json", "vertex-index"),
        ("invalid_schema_cityjson_2.json", "vertex-index"),
        ("nonmanifold.json", "open-solid"),
        ("several_lods_invalid.json", "lod-repeated"),
    ],
)
def test_invalid_objects_are_found(real_data: Path, name: str, code: str) -> None:
    city = read_city(real_data / "cityjson_invalid" / name)
    assert code in (city.quality + check(city)).counts()
