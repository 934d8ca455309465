"""The embedded sample: measures, closed houses that do not overlap, a floor on two levels, the same every time."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import shapely

from twin.geo.city import City, read_city
from twin.geo.samples import make_sample, sample_folder, write_sample
from twin.geo.walkable import Walkable, make_walkable
from twin.geo.writers.cityjson import cityjson_bytes

LAYERS = (
    "buildings", "roads", "stairs", "bridges", "water", "trees", "green", "furniture", "utilities", "cellars", "pits",
    "soundings", "sensors", "landuse",
)  # fmt: skip
PLACES = {
    "place-square", "place-stage", "place-wharf-terrace", "exit-north", "exit-south", "exit-east", "exit-west",
    "exit-north-west", "exit-south-west",
}  # fmt: skip
STREET_Z = {"west": 4.3, "east": 4.4}


@pytest.fixture(scope="module")
def city() -> City:
    return make_sample()


@pytest.fixture(scope="module")
def walkable(city: City) -> Walkable:
    return make_walkable(city)


def _floor(city: City, level: str) -> shapely.Geometry:
    return shapely.union_all(city.roads.geometry[city.roads["level"] == level])


def test_every_layer_is_there(city: City) -> None:
    assert [name for name in LAYERS if not len(city.layers[name])] == []
    assert city.synthetic
    assert city.crs.to_epsg() == 7415
    assert city.sources[0].licence == "CC0-1.0"
    west, south, east, north = city.bounds
    assert (west, south) == (136500.0, 455600.0)
    assert 595 <= east - west <= 605
    assert 495 <= north - south <= 505


def test_every_geometry_is_valid_and_in_the_district(city: City) -> None:
    district = shapely.box(136500, 455600, 137100, 456100).buffer(0.01)
    for name, frame in city.layers.items():
        assert frame.geometry.is_valid.all(), name
        assert not frame.geometry.is_empty.any(), name
        assert frame.geometry.covered_by(district).all(), name


def _edge_faults(city: City, rows: np.ndarray) -> list[str]:
    """Objects among `rows` whose triangles do not meet edge to edge, each edge once each way."""
    mesh = city.surfaces
    triangles, owner = mesh.triangles[rows[mesh.owner]], mesh.owner[rows[mesh.owner]]
    start = triangles.ravel().astype(np.int64)
    end = np.roll(triangles, -1, axis=1).ravel().astype(np.int64)
    who = np.repeat(owner, 3).astype(np.int64)
    count = len(mesh.vertices)
    forward = (who * count + start) * count + end
    backward = (who * count + end) * count + start
    keys, times = np.unique(forward, return_counts=True)
    bad = set(who[~np.isin(backward, keys)]) | set((keys[times > 1] // count // count).tolist())
    return [str(city.objects.index[row]) for row in sorted(bad)]


def _volumes(city: City) -> np.ndarray:
    mesh = city.surfaces
    a, b, c = (mesh.vertices[mesh.triangles[:, k]] for k in range(3))
    volume = np.einsum("ij,ij->i", a, np.cross(b, c)) / 6.0
    return np.bincount(mesh.owner, weights=volume, minlength=len(city.objects))


def test_buildings_are_closed_solids_with_the_volume_of_a_building(city: City) -> None:
    rows = (city.objects["type"] == "Building").to_numpy()
    assert rows.sum() == len(city.buildings) > 350
    assert _edge_faults(city, rows) == []
    volume = _volumes(city)[rows]
    names = city.objects.index[rows]
    area = city.buildings.geometry.area.loc[names].to_numpy()
    height = city.buildings["height_m"].loc[names].to_numpy()
    assert (volume > 0.3 * area * height - 1e-6)[names != "tower"].all()
    assert (volume <= 1.001 * area * height).all()


def test_bridges_and_garden_walls_are_closed(city: City) -> None:
    rows = city.objects.index.str.startswith("garden-wall") | (city.objects["type"] == "Bridge").to_numpy()
    volume = _volumes(city)[rows]
    assert (volume > 0).all()


def test_triangles_have_an_area_and_walls_stand_upright(city: City) -> None:
    mesh = city.surfaces
    assert mesh.areas().min() > 1e-6
    buildings = (city.objects["type"] == "Building").to_numpy()[mesh.owner]
    walls = buildings & (mesh.semantic == 2)
    assert np.abs(mesh.normals()[walls, 2]).max() < 5e-3
    roofs = buildings & (mesh.semantic == 3)
    assert mesh.normals()[roofs, 2].min() > 0.05
    assert mesh.normals()[buildings & (mesh.semantic == 1), 2].max() < -0.99


def test_buildings_do_not_overlap(city: City) -> None:
    footprints = city.buildings.geometry.to_numpy()
    first, second = shapely.STRtree(footprints).query(footprints, predicate="intersects")
    pairs = first < second
    overlap = shapely.area(shapely.intersection(footprints[first[pairs]], footprints[second[pairs]]))
    assert overlap.max() < 1e-3


def test_most_houses_share_a_party_wall(city: City) -> None:
    houses = city.buildings[city.buildings.index.str.startswith("house")].geometry.to_numpy()
    first, second = shapely.STRtree(houses).query(houses, predicate="dwithin", distance=0.002)
    apart = first != second
    walls, others = shapely.boundary(houses[first[apart]]), shapely.buffer(houses[second[apart]], 0.002)
    shared = shapely.length(shapely.intersection(walls, others))
    neighbours = np.bincount(first[apart], weights=shared > 5.0, minlength=len(houses))
    assert (neighbours >= 1).mean() > 0.97
    assert (neighbours >= 2).mean() > 0.65


def test_no_building_in_the_water_or_on_a_road(city: City) -> None:
    floor = shapely.union_all([*city.roads.geometry, *city.water.geometry])
    shapely.prepare(floor)
    near = city.buildings.geometry[city.buildings.geometry.intersects(floor)]
    assert near.intersection(floor).area.max() < 0.01


def test_roads_of_a_level_do_not_overlap(city: City) -> None:
    for level in ("street", "wharf"):
        roads = city.roads.geometry[city.roads["level"] == level]
        assert roads.area.sum() == pytest.approx(shapely.union_all(roads.to_numpy()).area, abs=0.5)


def test_canal_wharf_and_street_heights(city: City) -> None:
    roads = city.roads
    assert (roads.loc[roads["level"] == "wharf", "z_m"] == 1.2).all()
    assert (city.water["z_m"] == 0.6).all()
    for side, z_m in STREET_Z.items():
        assert roads.loc[f"canal-street-{side}", "z_m"] == z_m >= 4.2
    water = city.water.geometry.iloc[0]
    assert 12.5 < water.area / 510.0 < 15.5
    for side in ("west", "east"):
        wharf = roads.geometry[f"wharf-{side}"]
        assert 3.5 < wharf.area / 510.0 < 5.0


def test_terrain_fits_the_floors(city: City) -> None:
    assert city.terrain is not None
    height = city.terrain
    assert np.isfinite(height.height).all()
    xx, yy = np.meshgrid(height.grid.x, height.grid.y)
    for name, inset, expected in (("wharf-west", 1.6, 1.2), ("wharf-east", 1.6, 1.2), ("canal-street-west", 1.1, 4.3)):
        shape = city.roads.geometry[name].buffer(-inset).difference(shapely.union_all(city.stairs.geometry).buffer(1.1))
        inside = shapely.contains_xy(shape, xx, yy)
        assert inside.any()
        assert np.abs(height.height[inside] - expected).max() < 0.01
    on_terrain = city.roads[city.roads["z_m"].isna()]
    inside = shapely.contains_xy(shapely.union_all(on_terrain.geometry), xx, yy)
    assert height.height[inside].min() >= 3.0
    assert height.height[inside].max() <= 5.0
    inside = shapely.contains_xy(city.water.geometry.iloc[0], xx, yy)
    assert height.height[inside].max() < 0.6


def test_neighbouring_streets_meet_without_a_step(city: City) -> None:
    streets = city.roads[city.roads["level"] == "street"]
    flat = streets[streets["z_m"].notna() & (streets["surface"] != "bridge")]
    for name, row in streets[streets["z_m"].isna()].iterrows():
        for other, flat_row in flat.iterrows():
            edge = row.geometry.buffer(0.05).intersection(flat_row.geometry)
            if edge.is_empty:
                continue
            x, y = edge.centroid.coords[0]
            # away from the quay, where the raster already falls to the wharf
            z = city.terrain.at(np.array([x]), np.array([y]))[0]
            assert abs(z - flat_row["z_m"]) < 0.15, (name, other)


def test_cellars_have_the_measures_known_of_utrecht(city: City) -> None:
    cellars = city.cellars
    assert 40 <= len(cellars) <= 80
    street = cellars.index.str.split("-").str[1].map(STREET_Z)
    assert np.allclose(cellars["cover_m"], street - cellars["floor_m"] - cellars["crown_m"] - cellars["vault_m"], atol=1e-9)
    assert cellars["cover_m"].between(0.3, 1.0).all()
    assert cellars["crown_m"].between(2.2, 3.0).all()
    assert cellars["vault_m"].between(0.22, 0.33).all()
    assert cellars["floor_m"].between(1.2, 1.3).all()
    assert cellars["span_azimuth_deg"].between(0, 180).all()
    assert cellars["estimated"].all()
    for polygon, azimuth in zip(cellars.geometry, cellars["span_azimuth_deg"], strict=True):
        angle = np.radians(azimuth)
        across = shapely.get_coordinates(polygon) @ [np.sin(angle), np.cos(angle)]
        along = shapely.get_coordinates(polygon) @ [np.cos(angle), -np.sin(angle)]
        assert 3.0 <= np.ptp(across) <= 6.2
        assert 8.0 <= np.ptp(along) <= 15.0


def test_cellars_lie_under_the_street_apart_from_each_other_and_from_stairs(city: City) -> None:
    street = shapely.union_all(city.roads.geometry[city.roads.index.str.startswith("canal-street")]).buffer(0.05)
    assert city.cellars.geometry.covered_by(street).all()
    assert city.cellars.geometry.area.sum() == pytest.approx(shapely.union_all(city.cellars.geometry).area)
    assert not shapely.union_all(city.cellars.geometry).intersects(shapely.union_all(city.stairs.geometry))
    for side in ("west", "east"):
        centres = city.cellars[city.cellars.index.str.contains(side)].geometry.centroid
        pitch = np.sort(np.hypot(np.diff(centres.x), np.diff(centres.y)))
        assert 9.0 < np.median(pitch) < 11.5


def test_the_wharf_passes_under_every_bridge(city: City) -> None:
    assert list(city.bridges.index) == ["bridge-1", "bridge-2", "bridge-3", "bridge-4"]
    wharf = _floor(city, "wharf")
    for _, bridge in city.bridges.iterrows():
        assert bridge["z_m"] == 4.4
        assert bridge["underside_z_m"] - 1.2 >= 2.2
        under = bridge.geometry.intersection(wharf)
        assert sorted(part.area > 3.4 * 5.5 for part in shapely.get_parts(under) if part.area > 0.01) == [True, True]
    square = city.roads.geometry["square"]
    assert city.bridges.distance(square).idxmin() == "bridge-2"


def test_floor_is_connected_on_both_levels(walkable: Walkable) -> None:
    assert walkable.levels == ("street", "wharf")
    assert shapely.get_num_geometries(walkable.floors["street"]) == 1
    # one wharf on each side of the water
    assert shapely.get_num_geometries(walkable.floors["wharf"]) == 2
    assert len(walkable.stairs) >= 4


def test_the_street_is_wide_enough_everywhere(walkable: Walkable) -> None:
    # shrunk by 0.75 m it still hangs together: no neck narrower than 1.5 m
    narrowed = walkable.floors["street"].buffer(-0.75)
    parts = shapely.get_parts(narrowed)
    assert max(part.area for part in parts) > 0.995 * sum(part.area for part in parts)


def test_stairs_start_on_the_wharf_and_end_on_the_street(city: City, walkable: Walkable) -> None:
    wharf, street = _floor(city, "wharf"), _floor(city, "street")
    for name, stair in city.stairs.iterrows():
        assert stair["bottom_z_m"] == 1.2
        assert stair["top_z_m"] == STREET_Z[str(name).split("-")[1]]
        assert stair.geometry.buffer(0.01).intersection(wharf).area > 0.01
        angle = np.radians(stair["up_azimuth_deg"])
        up = np.array([np.sin(angle), np.cos(angle)])
        along = shapely.get_coordinates(stair.geometry) @ up
        assert 6.0 <= np.ptp(along) <= 7.0
        assert 1.6 <= stair.geometry.area / np.ptp(along) <= 2.05
        ahead = shapely.Point(np.array(stair.geometry.centroid.coords[0]) + (np.ptp(along) / 2 + 0.5) * up)
        assert street.contains(ahead)
    for side in ("west", "east"):
        assert city.stairs.index.str.contains(side).sum() >= 2
    for stair in walkable.stairs:
        assert walkable.floors["street"].intersection(stair.portal).area > 0.98 * stair.portal.area
        assert walkable.floors["wharf"].intersection(stair.polygon).area > 0.98 * stair.polygon.area


def test_places_lie_on_the_floor(city: City, walkable: Walkable) -> None:
    assert set(city.landuse.index) == PLACES
    for name, place in city.landuse.geometry.items():
        level = "wharf" if "wharf" in str(name) else "street"
        assert place.geom_type == "Polygon", name
        assert place.difference(walkable.floors[level]).area < 0.02, name
    places = city.landuse.geometry
    assert places["place-square"].area > 2500
    assert places["place-stage"].area == pytest.approx(48.0, abs=0.1)
    assert not places["place-stage"].intersects(places["place-square"])
    assert 35 < shapely.length(shapely.minimum_rotated_rectangle(places["place-wharf-terrace"])) / 2 < 50


def test_the_pit_leaves_a_passage(city: City, walkable: Walkable) -> None:
    pit = city.pits.loc["pit-garage"]
    street = walkable.floors["street"]
    assert pit.geometry.difference(street).area < 0.02
    assert pit["status"] == "planned"
    assert pit["top_m"] - pit["bottom_m"] > 3.0
    around = pit.geometry.buffer(14.0)
    left = street.intersection(around).difference(pit.geometry)
    assert shapely.get_num_geometries(left.buffer(-1.2)) == 1, "more than 2.4 m stays free along the pit"
    assert shapely.get_num_geometries(left.buffer(-1.6)) == 2, "and less than 3.2 m"
    without = street.difference(pit.geometry)
    assert max(part.area for part in shapely.get_parts(without)) > street.area - pit.geometry.area - 20.0


def test_soundings_have_profiles(city: City) -> None:
    assert set(city.soundings["kind"]) == {"cpt", "borehole"}
    cpt = json.loads(city.soundings.loc["cpt-1", "profile"])
    assert len(cpt["depth_m"]) == len(cpt["qc_mpa"]) == len(cpt["fs_mpa"]) > 100
    assert 0.1 < min(cpt["qc_mpa"]) < max(cpt["qc_mpa"]) < 40
    layers = json.loads(city.soundings.loc["borehole-1", "profile"])["layers"]
    assert all(above["bottom_m"] == below["top_m"] for above, below in itertools.pairwise(layers))


def test_trees_stand_in_gardens_and_on_the_floor(city: City) -> None:
    buildings = shapely.union_all(city.buildings.geometry)
    water = city.water.geometry.iloc[0]
    assert not city.trees.intersects(buildings.buffer(0.5)).any()
    assert not city.trees.intersects(water).any()
    assert city.trees["height_m"].between(3.0, 15.0).all()
    assert 20 <= (city.furniture["kind"] == "lamp").sum() <= 60
    assert (city.furniture["kind"] == "bench").any()
    assert not city.furniture.intersects(water).any()


def test_the_tower_stands_by_the_square(city: City) -> None:
    tower = city.buildings.loc["tower"]
    assert 60 <= tower["height_m"] <= 112.32
    assert tower.geometry.distance(city.landuse.geometry["place-square"]) < 30
    assert city.height_range[1] == pytest.approx(tower["roof_m"])


def test_the_same_seed_makes_the_same_city(city: City) -> None:
    again = make_sample()
    for name in ("vertices", "triangles", "owner", "semantic"):
        assert np.array_equal(getattr(again.surfaces, name), getattr(city.surfaces, name)), name
    assert again.objects.equals(city.objects)
    for name in LAYERS:
        assert again.layers[name].equals(city.layers[name]), name
    assert again.terrain is not None
    assert city.terrain is not None
    assert np.array_equal(again.terrain.height, city.terrain.height)


def test_another_seed_makes_another_city_that_is_sound_too(city: City) -> None:
    other = make_sample(7)
    assert len(other.surfaces) != len(city.surfaces)
    rows = (other.objects["type"] == "Building").to_numpy()
    assert _edge_faults(other, rows) == []
    walkable = make_walkable(other)
    assert shapely.get_num_geometries(walkable.floors["street"]) == 1
    assert shapely.get_num_geometries(walkable.floors["wharf"]) == 2
    assert 40 <= len(other.cellars) <= 80


def test_coordinates_are_whole_millimetres(city: City) -> None:
    thousandfold = city.surfaces.vertices * 1000.0
    assert np.abs(thousandfold - np.rint(thousandfold)).max() < 1e-6


def test_the_shipped_folder_is_what_the_generator_makes(city: City) -> None:
    folder = sample_folder()
    written = (folder / "objects.city.json").read_bytes()
    assert written == cityjson_bytes(city, attributes=False, marks=True), "write it again: python -m twin.geo.samples"
    shipped = read_city(folder)
    assert len(shipped.quality) == 0
    assert shipped.objects.equals(city.objects)
    for name in LAYERS:
        assert shipped.layers[name].equals(city.layers[name]), name
    assert shipped.terrain is not None
    assert city.terrain is not None
    assert np.array_equal(shipped.terrain.height, city.terrain.height)
    assert sum(path.stat().st_size for path in folder.iterdir()) < 4 * 2**20


def test_the_sample_is_written_where_asked(tmp_path: Path) -> None:
    folder = write_sample(tmp_path / "other", seed=7)
    assert (folder / "city.toml").is_file()
    assert read_city(folder).synthetic
