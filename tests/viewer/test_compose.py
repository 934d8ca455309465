"""From a city and a result to layers, legend, moments and cameras."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from twin.errors import ParameterError
from twin.geo.city import City
from twin.geo.mesh import TriangleMesh
from twin.result import Result
from twin.variables import variable
from viewer import shapes
from viewer.backends.camera import Camera
from viewer.compose import compose
from viewer.scene import FieldLayer, MeshLayer, PeopleLayer, Scene


def _mesh(scene: Scene, name: str) -> MeshLayer:
    layer = scene.layer(name)
    assert isinstance(layer, MeshLayer)
    return layer


def test_every_mesh_layer_is_sound(scene: Scene) -> None:
    for layer in scene.layers:
        if not isinstance(layer, MeshLayer):
            continue
        assert np.isfinite(layer.vertices).all(), layer.name
        assert layer.triangles.dtype == np.int32
        assert layer.triangles.min() >= 0
        assert layer.triangles.max() < len(layer.vertices)
        assert layer.colours.shape == layer.triangles.shape
        assert layer.colours.dtype == np.uint8
        if layer.owner is not None:
            rows = len(layer.attributes["id"])
            assert layer.owner.min() >= 0
            assert layer.owner.max() < rows
            assert all(len(column) == rows for column in layer.attributes.values())


def test_the_layers_of_the_city_are_there(scene: Scene) -> None:
    names = {layer.name for layer in scene.layers}
    assert {
        "ground",
        "surroundings",
        "water",
        "roads_street",
        "roads_wharf",
        "quay_walls",
        "stairs",
        "bridges",
    } <= names
    assert {"buildings", "trees", "furniture", "cellars", "changes", "labels", "density_street", "people"} <= names
    assert not scene.layer("cellars").visible
    assert scene.notes[0].startswith("Synthetic")
    assert scene.credits == ("Test town (CC0-1.0)",)


def test_ground_leaves_room_for_streets_water_and_pits(scene: Scene, town: City) -> None:
    ground = _mesh(scene, "ground")
    corners = ground.vertices[ground.triangles][:, :, :2]
    covered = shapely.union_all(shapely.polygons(corners))
    canal = shapely.transform(town.water.geometry.iloc[0], lambda xy: xy - town.origin[:2])
    assert covered.intersection(canal).area < 0.01
    street = _mesh(scene, "roads_street")
    plan = shapely.union_all(shapely.polygons(street.vertices[street.triangles][:, :, :2]))
    assert plan.intersection(shapely.box(100.5, -29.5, 111.5, -20.5)).area < 0.01
    # flat surfaces face up
    a, b, c = (ground.vertices[ground.triangles[:, k]] for k in range(3))
    assert (np.cross(b - a, c - a)[:, 2] > 0).all()


def test_quay_walls_close_the_drop_from_street_to_wharf_and_water(scene: Scene) -> None:
    walls = _mesh(scene, "quay_walls")
    low, high = walls.vertices[:, 2].min(), walls.vertices[:, 2].max()
    assert low < 0.6
    assert high == pytest.approx(3.62, abs=0.05)
    a, b, c = (walls.vertices[walls.triangles[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    assert np.abs(normal[:, 2]).max() < 1e-6
    # the wharf lies south of the water: its wall faces north, the square's faces south
    middle = (a + b + c) / 3
    square = np.abs(middle[:, 1] - 7.0) < 1e-6
    assert (normal[square, 1] < 0).all()


def test_deck_has_thickness_and_the_wharf_goes_on_under_it(scene: Scene) -> None:
    deck = _mesh(scene, "bridges")
    assert deck.vertices[:, 2].min() == pytest.approx(2.9)
    assert deck.vertices[:, 2].max() > 4.4
    wharf = _mesh(scene, "roads_wharf")
    plan = shapely.union_all(shapely.polygons(wharf.vertices[wharf.triangles][:, :, :2]))
    west, south, east, _ = shapely.box(*deck.vertices[:, :2].min(axis=0), *deck.vertices[:, :2].max(axis=0)).bounds
    assert plan.intersection(shapely.box(west, south, east, -6)).area > 3.0


def test_stairs_climb_from_the_wharf_to_the_street(scene: Scene) -> None:
    stairs = _mesh(scene, "stairs")
    tops = np.unique(stairs.vertices[:, 2].round(3))
    assert tops[-1] == pytest.approx(3.6)
    assert len(tops) > 10
    east = stairs.vertices[:, 0].max()
    assert stairs.vertices[np.isclose(stairs.vertices[:, 2], 3.6), 0].max() == pytest.approx(east)


def test_buildings_keep_their_attributes_and_marked_ones_stand_out(town: City) -> None:
    plain, marked = compose(town), compose(town, added_buildings=["tower"])
    buildings = _mesh(plain, "buildings")
    row = buildings.attributes["id"].index("tower")
    mine = buildings.owner == row
    assert mine.sum() > 8
    assert buildings.attributes["height_m"][row] == 38.0
    z = buildings.vertices[buildings.triangles[mine]][:, :, 2]
    assert z.max() == pytest.approx(3.6 + 38.0)
    assert (_mesh(marked, "buildings").colours[mine] == (214, 142, 62)).all()
    roofs = buildings.colours[:, 0].astype(int) - buildings.colours[:, 2]
    assert roofs.std() > 5


def test_fields_are_one_layer_a_level_without_empty_cells(scene: Scene, crowd: Result) -> None:
    street, wharf = scene.layer("density_street"), scene.layer("density_wharf")
    assert isinstance(street, FieldLayer)
    assert isinstance(wharf, FieldLayer)
    assert not (street.values < 0.02).any()
    assert np.isfinite(street.values).any(axis=0).any(axis=0)[[0, -1]].all()
    assert wharf.height[0, 0] == pytest.approx(0.9)
    total = np.nansum(street.values[0]) + np.nansum(wharf.values[0])
    assert total == pytest.approx(float(crowd.fields["density"].isel(time=0).sum()), rel=1e-6)
    row, column = np.argwhere(np.isfinite(street.values[2]))[0]
    x, y = street.west + (column + 0.5) + scene.origin[0], street.north - (row + 0.5) + scene.origin[1]
    expected = crowd.fields["density"].isel(time=2, level=0).sel(x=x, y=y, method="nearest")
    assert street.values[2, row, column] == pytest.approx(float(expected))
    assert scene.legend("density").classes[0].label == "A"


def test_people_are_where_the_table_has_them(scene: Scene, crowd: Result) -> None:
    people = scene.layer("people")
    assert isinstance(people, PeopleLayer)
    assert len(people.times) == 20
    np.testing.assert_allclose(people.times[:3], [0.0, 1.0, 2.0])
    table = crowd.trajectories[crowd.trajectories["frame"] == 50]
    np.testing.assert_allclose(people.frame(5.0)[:, 0] + scene.origin[0], table["x"], atol=0.01)
    np.testing.assert_allclose(people.frame(5.0)[:, 2], table["z"], atol=1e-5)


def test_who_has_left_is_not_drawn_and_time_goes_on(town: City, crowd: Result) -> None:
    table = crowd.trajectories
    early = table[(table["frame"] <= 40) | (table["frame"] == 90)].copy()
    early.attrs = dict(table.attrs)
    scene = compose(town, replace(crowd, trajectories=early))
    people = scene.layer("people")
    assert isinstance(people, PeopleLayer)
    assert len(people.frame(4.0)) == 300
    assert len(people.frame(6.0)) == len(people.between(6.0)[0]) == 0
    assert len(people.frame(9.0)) == 300
    assert len(people.frame(15.0)) == 0
    assert scene.times[-1] == pytest.approx(20.0)


def test_first_moment_is_the_most_crowded_and_can_be_given(scene: Scene, town: City, crowd: Result) -> None:
    assert scene.time == pytest.approx(20.0)
    assert compose(town, crowd, time=3.0).time == 3.0
    assert compose(town).time == 0.0


def test_views_show_the_crowd_and_can_be_shared(scene: Scene, town: City, crowd: Result) -> None:
    assert [view.name for view in scene.views] == ["overview", "top", "close", "eye", "changes", "pit"]
    camera = Camera.of(scene.view("overview"), (1600, 900))
    pixels, depth = camera.project(scene.layer("people").frame(0.0))
    assert (depth > 0).all()
    inside = ((pixels > 0) & (pixels < [1600, 900])).all(axis=1)
    assert inside.mean() > 0.9
    assert compose(town, crowd, view=scene.views).views == scene.views
    top = Camera.of(scene.view("top"), (1600, 900))
    assert top.parallel
    assert top.north_deg == pytest.approx(0.0)
    assert 10 < np.degrees(np.arctan2(-camera.forward[2], np.hypot(*camera.forward[:2]))) < 45


def test_scale_of_a_camera_is_true_at_its_target(scene: Scene) -> None:
    for name in ("overview", "top"):
        camera = Camera.of(scene.view(name), (1600, 900))
        step = camera.target + camera.right
        pixels, _ = camera.project(np.array([camera.target, step]))
        assert pixels[1, 0] - pixels[0, 0] == pytest.approx(camera.pixels_per_metre, rel=1e-9)
        np.testing.assert_allclose(pixels[0], [800, 450])


def test_faulty_requests_say_what_is_wrong(town: City, crowd: Result) -> None:
    with pytest.raises(ParameterError, match="did you mean `density`"):
        compose(town, crowd, field="densty")
    box = shapely.box(*town.bounds)
    with pytest.raises(ParameterError, match="did you mean `closure`"):
        compose(town, changes=[{"kind": "closuer", "polygon": box}])
    with pytest.raises(ParameterError, match="did you mean `polygon`"):
        compose(town, changes=[{"kind": "closure", "poligon": box}])
    with pytest.raises(ParameterError, match="needs `kind`"):
        compose(town, changes=[{"label": "x"}])
    with pytest.raises(ParameterError, match="no shape"):
        compose(town, changes=[{"kind": "stage", "polygon": shapely.Polygon()}])


def test_a_city_of_footprints_alone_is_drawn(town: City) -> None:
    bare = City(town.crs, town.origin, {"buildings": town.buildings})
    scene = compose(bare)
    assert {layer.name for layer in scene.layers} == {"ground", "surroundings", "buildings"}
    assert scene.times.size == 0
    assert not scene.legends
    ground = _mesh(scene, "ground")
    assert np.ptp(ground.vertices[:, 2]) < 0.1
    assert ground.vertices[:, 2].mean() == pytest.approx(3.6, abs=0.05)


def test_fields_that_rise_northwards_are_turned(town: City, crowd: Result) -> None:
    turned = Result(crowd.fields.isel(y=slice(None, None, -1)), crowd.trajectories, {}, crowd.series)
    one, other = compose(town, crowd).layer("density_street"), compose(town, turned).layer("density_street")
    np.testing.assert_array_equal(one.values, other.values)
    assert one.north == other.north


def test_a_field_without_time_or_result_without_people(town: City, crowd: Result) -> None:
    most = variable("density_max").array(np.asarray(crowd.fields["density"].max("time")))
    fields = crowd.fields.drop_vars("density").assign(density_max=most)
    empty = crowd.trajectories.iloc[:0]
    scene = compose(town, Result(fields, empty, {}, crowd.series), field="density_max")
    assert isinstance(scene.layer("density_max_street"), FieldLayer)
    assert "people" not in {layer.name for layer in scene.layers}


def test_triangles_of_a_polygon_cover_it_and_face_up() -> None:
    ring = shapely.Polygon([(0, 0), (10, 0), (10, 8), (0, 8)], holes=[[(2, 2), (2, 4), (5, 4), (5, 2)]])
    vertices, faces = shapes.plate(shapely.MultiPolygon([ring, shapely.box(20, 0, 21, 1)]), 2.0)
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    area = np.cross(b - a, c - a)[:, 2] / 2
    assert (area > 0).all()
    assert area.sum() == pytest.approx(ring.area + 1.0)


def test_a_prism_is_closed() -> None:
    trimesh = pytest.importorskip("trimesh")
    vertices, faces = shapes.prism(shapely.Point(0, 0).buffer(5, quad_segs=3), 1.0, 4.0)
    mesh = trimesh.Trimesh(vertices, faces)
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(shapely.Point(0, 0).buffer(5, quad_segs=3).area * 3.0)


def test_shapes_of_odd_geometry_do_not_break_the_scene(town: City) -> None:
    bow = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    rows = [{"surface": "street", "z_m": np.nan}, {"surface": None, "z_m": 3.6}, {"surface": "square", "z_m": 3.6}]
    shapes_of = [bow, shapely.MultiPolygon([shapely.box(0, 0, 5, 5), shapely.box(9, 0, 12, 5)]), shapely.Polygon()]
    moved = [shapely.transform(shape, lambda xy: xy + town.origin[:2]) if not shape.is_empty else shape for shape in shapes_of]
    roads = gpd.GeoDataFrame(rows, geometry=moved, crs=town.crs, index=["bow", "two", "none"])
    scene = compose(town.with_layer("roads", roads))
    assert len(_mesh(scene, "roads_street").triangles) > 3


def test_a_hole_is_cut_out_of_a_sloping_surface() -> None:
    vertices = np.array([[0.0, 0, 0], [10, 0, 10], [10, 10, 10], [0, 10, 0]])
    triangles = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    points, faces, source = shapes.cut(vertices, triangles, shapely.box(2, 2, 5, 6))
    a, b, c = (points[faces[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    assert (normal[:, 2] > 0).all()
    assert normal[:, 2].sum() / 2 == pytest.approx(100 - 12)
    np.testing.assert_allclose(points[:, 2], points[:, 0], atol=1e-9)
    assert set(source) == {0, 1}


def _plate_city(town: City, layer: str, z: float) -> City:
    """A city whose own triangles hold one square of ground, beside a block."""
    square = np.array([[0.0, 0, z], [60, 0, z], [60, 60, z], [0, 60, z]])
    mesh = TriangleMesh(square, np.array([[0, 1, 2], [0, 2, 3]]), np.zeros(2, np.int32), np.zeros(2, np.uint8))
    objects = pd.DataFrame({"type": "X", "layer": layer, "parent": "", "lod": "1"}, index=pd.Index(["plate"], name="id"))
    outline = shapely.transform(shapely.box(0, 0, 60, 60), lambda xy: xy + town.origin[:2])
    frame = gpd.GeoDataFrame({"surface": ["square"], "z_m": [np.nan]}, geometry=[outline], crs=town.crs, index=["plate"])
    return City(town.crs, town.origin, {layer: frame}, mesh, objects)


@pytest.mark.parametrize("layer", ["roads", "landuse", "green"])
def test_surfaces_of_the_source_are_drawn_once_and_the_ground_keeps_clear(town: City, layer: str) -> None:
    scene = compose(_plate_city(town, layer, 2.0))
    names = {item.name for item in scene.layers}
    assert f"{layer}_mesh" in names
    assert "roads_street" not in names
    ground = _mesh(scene, "ground")
    plan = shapely.union_all(shapely.polygons(ground.vertices[ground.triangles][:, :, :2]))
    assert plan.intersection(shapely.box(0, 0, 60, 60)).area < 0.01
    assert np.abs(ground.vertices[:, 2] - 2.0).max() < 0.1
    assert _mesh(scene, "surroundings").vertices[:, 2].max() == pytest.approx(1.5)


def test_an_excavation_goes_through_surfaces_of_the_source(town: City) -> None:
    city = _plate_city(town, "roads", 2.0)
    pit = shapely.transform(shapely.box(20, 20, 30, 30), lambda xy: xy + town.origin[:2])
    scene = compose(city, changes=[{"kind": "excavation", "polygon": pit, "level_z": 2.0, "height_m": 3.0}])
    street = _mesh(scene, "roads_mesh")
    plan = shapely.polygons(street.vertices[street.triangles][:, :, :2])
    assert shapely.area(plan).sum() == pytest.approx(3500.0)
    assert _mesh(scene, "pit").vertices[:, 2].min() == pytest.approx(-1.0)
    assert [view.name for view in scene.views][-2:] == ["changes", "pit"]


def test_beams_are_seen_from_outside_and_as_thick_as_asked() -> None:
    vertices, faces = shapes.beams(np.array([[0.0, 0, 0]]), np.array([[10.0, 0, 0]]), 0.5)
    np.testing.assert_allclose(np.ptp(vertices, axis=0), [10.0, 0.5, 0.5])
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    outward = np.einsum("ij,ij->i", np.cross(b - a, c - a), (a + b + c) / 3 - [5.0, 0.0, 0.0])
    assert (outward > 0).all()


def test_mains_and_planned_pits_wait_to_be_shown(town: City) -> None:
    x, y = town.origin[:2]
    line = shapely.LineString([(x + 5, y + 20), (x + 60, y + 20)])
    mains = gpd.GeoDataFrame({"kind": ["sewer"], "diameter_m": [0.5], "cover_m": [1.5]}, geometry=[line], crs=town.crs, index=["s"])
    pit = shapely.box(x + 20, y + 15, x + 30, y + 25)
    pits = gpd.GeoDataFrame({"status": ["planned"], "bottom_m": [0.0]}, geometry=[pit], crs=town.crs, index=["p"])
    city = town.with_layer("utilities", mains).with_layer("pits", pits)
    scene = compose(city)
    sewer, outline = _mesh(scene, "utilities"), _mesh(scene, "pits")
    assert not sewer.visible
    assert not outline.visible
    assert outline.group == "underground"  # nothing that this scenario changes
    assert sewer.vertices[:, 2].max() == pytest.approx(3.58 - 1.5, abs=0.01)
    dug = compose(city, changes=[{"kind": "excavation", "polygon": pit, "level_z": 3.6}])
    assert "pits" not in {layer.name for layer in dug.layers}
