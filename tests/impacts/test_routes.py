"""Vehicles in small cities: ways, limits, what blocks them, and whom they reach, before and after."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import twin
from tests.impacts import places
from tests.impacts.places import SOUTH, WEST, block, box, frame, plain, spot
from twin.errors import ParameterError, ScenarioError, WalkableError
from twin.geo.city import City
from twin.impacts.reach import vehicle_reach
from twin.impacts.routes import Route, barred, route
from twin.impacts.routes_report import analyse, possible
from twin.impacts.site import Site
from twin.impacts.streets import StreetNetwork, street_network
from twin.report.impacts import impact_section
from twin.report.texts import ENGLISH
from twin.scenario import scenario_from_text
from twin.scenario.routes import VEHICLES, RoutesAnalysis


def _line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(WEST + x, SOUTH + y) for x, y in points])


HERE, THERE = spot(3, 23), spot(60, 83)
CLOSED = {"street": box(0, 50, 6, 52)}


@pytest.fixture(scope="module")
def city() -> City:
    """Two streets of 6 m, joined by one of 6 m in the west and a lane of 2.1 m in the east; a house on each."""
    roads = {
        "south": {"surface": "street", "geometry": box(0, 20, 120, 26)},
        "north": {"surface": "street", "geometry": box(0, 80, 120, 86)},
        "west": {"surface": "street", "geometry": box(0, 20, 6, 86)},
        "lane": {"surface": "lane", "geometry": box(114, 20, 116.1, 86)},
    }
    made = plain(120).with_layer("roads", frame(roads))
    return block(block(made, "near", 40, 10, 50, 19, 9), "far", 40, 87, 50, 96, 9)


@pytest.fixture(scope="module")
def streets(city: City) -> StreetNetwork:
    return street_network(city)


def test_the_network_tells_widths_names_and_surfaces(city: City, streets: StreetNetwork) -> None:
    edges = streets.edges
    assert set(edges["name"]) == {"south", "north", "west", "lane"}
    inner = edges[edges["name"].isin(["south", "north"]) & edges.geometry.centroid.x.between(WEST + 15, WEST + 105)]
    np.testing.assert_allclose(inner["width_m"], 6.0, atol=0.02)
    lane = edges[(edges["name"] == "lane") & edges.geometry.centroid.y.between(SOUTH + 35, SOUTH + 75)]
    np.testing.assert_allclose(lane["width_m"], 2.1, atol=0.02)
    assert (edges["length_m"] <= 10.001).all()
    assert set(edges[["tail", "head"]].to_numpy().ravel()) == set(streets.nodes.index)
    assert edges.crs == city.crs
    (told,) = (one for one in streets.notes if "medial axis" in one)
    assert "what stands on it (nothing is known to stand there), which is its medial axis" in told
    for options in ({"spacing_m": 0}, {"piece_m": -1}, {"medial_axis": False}):
        with pytest.raises(ParameterError):
            street_network(city, **options)


def test_a_way_is_as_long_as_its_streets(city: City, streets: StreetNetwork) -> None:
    found = route(city, HERE, THERE, streets=streets)
    assert found.found
    assert found.length_m == pytest.approx(60 + 57, abs=10), "from and to the nearest node"
    assert found.time_min == pytest.approx(found.length_m / 30 * 3.6 / 60, rel=1e-6)
    assert list(found.steps["name"])[-2:] == ["west", "north"]
    assert found.line.length == pytest.approx(found.length_m)
    assert found.steps["length_m"].sum() == pytest.approx(found.length_m)
    assert found.narrowest_m == pytest.approx(6.0, abs=0.1)
    assert "m in" in repr(found)
    back = route(city, THERE, HERE, streets=streets)
    assert back.length_m == pytest.approx(found.length_m, abs=10), "to the nearest node of each end"
    # the shorter way over the lane is for what fits
    start, end = spot(110, 23), spot(100, 83)
    slim = {"width_m": 2.0, "name": "sweeper"}
    assert route(city, start, end, vehicle=slim, streets=streets).length_m < 100
    assert route(city, start, end, streets=streets).length_m > 250


@settings(max_examples=15, deadline=None)
@given(st.floats(0.7, 7.0), st.floats(0.7, 7.0))
def test_a_wider_vehicle_never_finds_a_shorter_way(city: City, streets: StreetNetwork, one: float, other: float) -> None:
    slim, wide = (
        route(city, spot(110, 23), spot(100, 83), vehicle={"width_m": width}, streets=streets) for width in sorted((one, other))
    )
    assert wide.length_m >= slim.length_m - 1e-9
    assert wide.found == (max(one, other) <= wide.widest_m + 1e-6)


def test_what_is_closed_only_lengthens_and_what_blocks_is_told(city: City, streets: StreetNetwork) -> None:
    free = route(city, HERE, THERE, streets=streets)
    van = route(city, HERE, THERE, vehicle={"width_m": 2.0, "name": "van"}, closed=CLOSED)
    assert van.found
    assert van.length_m > free.length_m
    shut = route(city, HERE, THERE, closed=CLOSED)
    assert not shut.found
    assert np.isinf(shut.time_min)
    assert shut.told == "no way for a fire engine of 2.55 m: lane is 2.1 m wide here; what is at most 2.1 m wide gets there"
    assert shut.widest_m == pytest.approx(2.1, abs=0.02)
    assert set(shut.steps["blocked_by"]) == {"", "narrow"}
    both = {"street": shapely.union(CLOSED["street"], box(113, 50, 117, 51))}
    nowhere = route(city, HERE, THERE, vehicle={"width_m": 2.0}, closed=both)
    assert nowhere.told == "no way for a vehicle: west is closed"
    assert nowhere.widest_m == 0.0
    # a gate leaves what it leaves
    gate = {"street": shapely.union(box(0, 50, 1.7, 50.2), box(4.0, 50, 6, 50.2))}
    assert "west is 2.3 m wide here" in route(city, HERE, THERE, closed=gate).told


def test_limits_above_cellars_hold_for_all_but_emergency_vehicles(city: City) -> None:
    cellars = frame({"vault": {"floor_m": 0.0, "crown_m": 1.5, "geometry": box(0, 60, 6, 66)}})
    above = city.with_layer("cellars", cellars)
    net = street_network(above)
    over = net.edges[net.edges["above_cellar_m"] > 0]
    assert set(over["name"]) == {"west"}
    assert over["above_cellar_m"].sum() == pytest.approx(6 + 2.3, abs=0.1)
    assert over[["axle_limit_t", "weight_limit_t", "width_limit_m"]].drop_duplicates().to_numpy().tolist() == [[2.0, 3.5, 2.3]]
    engine = route(above, HERE, THERE, streets=net)
    assert engine.found
    assert engine.above_cellar_m == pytest.approx(8.3, abs=0.1)
    assert "8 m of it above cellars" in engine.told
    lorry = route(above, HERE, THERE, vehicle="lorry", streets=net)
    assert not lorry.found
    net = street_network(above, closed={"street": box(113, 50, 117, 51)})
    light = {"width_m": 2.2, "axle_load_t": 1.9, "weight_t": 3.5}
    assert route(above, HERE, THERE, vehicle=light, streets=net).found
    for more, told in (
        ({"axle_load_t": 2.1}, "limited to 2 t on an axle above cellars"), ({"weight_t": 4}, "limited to 3.5 t in all"),
        ({"width_m": 2.4}, "at most 2.30 m"),
    ):  # fmt: skip
        assert told in route(above, HERE, THERE, vehicle=light | more, streets=net).told


def test_what_stands_in_a_street_makes_it_narrower(city: City) -> None:
    post = frame({"post": {"kind": "bollard", "height_m": 1.0, "z_m": 2.0, "geometry": shapely.Point(WEST + 3, SOUTH + 60)}})
    found = route(city.with_layer("furniture", post), HERE, THERE)
    assert found.narrowest_m == pytest.approx(2.9, abs=0.05)


@pytest.fixture(scope="module")
def quay() -> City:
    return places.quay()


def test_who_takes_no_steps_does_not_get_to_the_wharf(quay: City) -> None:
    down = spot(50, 2.5, level="wharf")
    walk = route(quay, spot(10, 15), down, vehicle="pedestrian")
    assert walk.found
    assert "stair" in set(walk.steps["name"])
    roll = route(quay, spot(10, 15), down, vehicle="wheelchair")
    assert roll.told == "no way for a wheelchair: stair has steps"
    assert route(quay, spot(10, 15), spot(50, 15), vehicle="wheelchair").found
    engine = route(quay, spot(10, 15), down)
    assert "stair has steps" in engine.told


def _lined(**columns: object) -> City:
    """Centre lines: a street to the east, a bridge with a limit on to the end, and a one-way street round it."""
    rows = {
        "a": {"kind": "residential", "name": "Lange straat", "width_m": 6.0, "geometry": _line((0, 30), (50, 30))},
        "b": {"kind": "residential", "name": "Brug", "width_m": 4.0, "bridge": True, "max_weight_t": 12.0,
              "geometry": _line((50, 30), (100, 30))},
        "c": {"kind": "residential", "name": "Omweg", "width_m": 5.0, "oneway": "yes",
              "geometry": _line((50, 30), (50, 60), (100, 60), (100, 30))},
        "d": {"kind": "footway", "name": "Pad", "width_m": 2.6, "geometry": _line((50, 30), (50, 10), (100, 10), (100, 30))},
        "e": {"kind": "rail", "width_m": 3.0, "geometry": _line((0, 5), (100, 5))},
    }  # fmt: skip
    return plain(120).with_layer("streets", frame(rows))


def test_centre_lines_of_a_city_are_its_network() -> None:
    city = _lined()
    net = street_network(city)
    assert set(net.edges["name"]) == {"Lange straat", "Brug", "Omweg", "Pad"}
    assert net.edges["length_m"].sum() == pytest.approx(50 + 50 + 110 + 90)
    assert net.edges["length_m"].max() <= 10.001
    over = route(city, spot(5, 30), spot(99, 30), vehicle="ambulance", streets=net)
    assert list(over.steps["name"]) == ["Lange straat", "Brug"]
    assert over.length_m == pytest.approx(95, abs=10)
    # a fire engine of 16 t is too heavy for the bridge, whoever it is; it goes round
    heavy = route(city, spot(5, 30), spot(99, 30), streets=net)
    assert list(heavy.steps["name"]) == ["Lange straat", "Omweg"]
    # and back against the one-way street, which a lorry must not
    assert list(route(city, spot(99, 30), spot(5, 30), streets=net).steps["name"]) == ["Omweg", "Lange straat"]
    lorry = route(city, spot(99, 30), spot(5, 30), vehicle="lorry", streets=net)
    assert lorry.told.startswith("no way for a lorry: Brug is limited to 12 t in all")
    assert "footway" in set(barred(net.edges, VEHICLES["lorry"]))
    # a stage on half of the street leaves the other half
    half = {"street": box(20, 28.5, 25, 34)}
    narrow = route(city, spot(5, 30), spot(99, 30), vehicle="ambulance", closed=half)
    assert not narrow.found
    assert "Lange straat is 1.5 m wide here" in narrow.told
    assert set(street_network(city, medial_axis=True).edges["name"]) == {""}


@pytest.mark.parametrize("west", [20.3, 21.0, 24.7])
def test_a_thin_fence_across_a_centre_line_is_in_the_way(west: float) -> None:
    city = _lined()
    across = {"street": box(west, 20, west + 0.1, 40)}
    assert not route(city, spot(5, 30), spot(99, 30), vehicle="ambulance", closed=across).found
    gate = {"street": box(west, 20, west + 0.1, 30.5)}
    found = route(city, spot(5, 30), spot(99, 30), vehicle="ambulance", closed=gate)
    assert found.narrowest_m == pytest.approx(2.5, abs=0.01)


def test_emergency_services_pass_a_bridge_beside_cellars_that_states_no_limit() -> None:
    city = _lined()
    free = city.streets.assign(max_weight_t=np.nan)
    cellar = frame({"cellar": {"z_floor_m": -3.0, "geometry": box(60, 24, 80, 36)}})
    city = city.with_layer("streets", free).with_layer("cellars", cellar)
    over = route(city, spot(5, 30), spot(99, 30))
    assert list(over.steps["name"]) == ["Lange straat", "Brug"]
    assert over.above_cellar_m > 20
    lorry = route(city, spot(5, 30), spot(75, 30), vehicle="lorry")
    assert "Brug is limited to 2 t on an axle above cellars" in lorry.told


def test_a_new_building_on_a_centre_line_is_in_the_way() -> None:
    before = Site(_lined())
    ends = {"start": spot(5, 30), "end": spot(99, 30)}
    asked = RoutesAnalysis(stations=(spot(5, 30),), vehicle="ambulance", routes=({"id": "east", **ends},))
    old = analyse(before, asked)
    assert old.features["routes"].loc["east", "found"]
    after = dataclasses.replace(before, city=block(before.city, "new", 20, 25, 30, 35, 9))
    new = analyse(after, asked, (before, old))
    assert new.features["routes"].loc["east", "told"] == "no way for an ambulance: Lange straat is closed"


def test_widths_that_are_not_known_are_told() -> None:
    city = _lined()
    net = street_network(city.with_layer("streets", city.streets.drop(columns="width_m")))
    assert set(net.edges["width_m"]) == {4.0}
    assert any("4 without a width are taken to be 4 m wide" in one for one in net.notes)


def test_a_real_network_has_the_length_of_its_streets(real_data: Path) -> None:
    city = twin.read_city(real_data / "osm" / "West-Oakland.osm.bz2")
    net = street_network(city)
    rails = city.streets["kind"].isin(["rail", "light_rail", "subway", "tram"])
    assert net.edges["length_m"].sum() == pytest.approx(city.streets[~rails].length.sum(), rel=1e-6)
    assert net.edges["length_m"].max() <= 10.001
    assert (net.edges["width_m"] > 0).all()


def test_buildings_that_a_fire_engine_no_longer_gets_near_are_told(city: City) -> None:
    asked = RoutesAnalysis(stations=(HERE,), routes=({"id": "far", "start": HERE, "end": THERE},))
    before = Site(city)
    old = analyse(before, asked)
    after = dataclasses.replace(before, obstacles=CLOSED)
    new = analyse(after, asked, (before, old))
    houses = old.features["buildings"]
    assert houses["within"].all()
    assert houses.loc["near", "drive_min"] < houses.loc["far", "drive_min"]
    assert (houses["distance_m"] < 3).all()
    assert list(new.features["lost"].index) == ["far"]
    far = new.features["lost"].loc["far", "after_m"]
    # it stands at the lane, from where it is walked: nobody passes the closed street
    assert far == pytest.approx(56 + 64, abs=4)
    assert new.figure("routes_lost").verdict == "exceeds"
    assert new.figure("routes_within").value == 50.0
    assert new.figure("routes_gone").value == 1.0
    told = new.features["routes"].loc["far"]
    assert "lane is 2.1 m wide here" in told["told"]
    assert told["before_min"] == pytest.approx(old.features["routes"].loc["far", "time_min"])
    for result in (old, new):
        shown = impact_section(result, {}, ENGLISH)
        assert "fire engine" in shown
    assert "not at all" in impact_section(new, {}, ENGLISH)
    # worked out anew, whatever came before: as in a full run
    assert new.fields.identical(analyse(after, asked).fields)
    table = vehicle_reach(city, [HERE], closed=CLOSED)
    assert table.loc["far", "distance_m"] == pytest.approx(far)
    slim = vehicle_reach(city, [HERE], vehicle={"width_m": 1.9}, closed=CLOSED)
    assert slim.loc["far", "distance_m"] < 3


def test_a_heavy_lorry_does_not_stand_above_cellars(city: City) -> None:
    under = city.with_layer("cellars", frame({"vault": {"floor_m": 0.0, "geometry": box(30, 80, 60, 86)}}))
    engine, lorry = (vehicle_reach(under, [HERE], vehicle=one)["distance_m"] for one in ("fire engine", "lorry"))
    assert engine["far"] < 3
    assert lorry["far"] > 8
    assert lorry["near"] < 3


def test_bad_values_are_told(city: City, streets: StreetNetwork) -> None:
    with pytest.raises(ParameterError, match=r"`vehicle`.*fire truck"):
        route(city, HERE, THERE, vehicle="fire truck", streets=streets)
    with pytest.raises(ParameterError, match="vehicle"):
        route(city, HERE, THERE, vehicle={"width_m": -1}, streets=streets)
    with pytest.raises(ParameterError, match="vehicle"):
        route(city, HERE, THERE, vehicle=None, streets=streets)
    with pytest.raises(ScenarioError, match="nowhere"):
        route(city, "nowhere", THERE, streets=streets)
    with pytest.raises(ScenarioError, match="no street is open to a crane"):
        vehicle_reach(city, [HERE], vehicle={"name": "crane", "width_m": 9})
    with pytest.raises(ScenarioError, match="nowhere"):
        possible(city, RoutesAnalysis(stations=(HERE,), routes=({"id": "a", "start": HERE, "end": "nowhere"},)))
    twice = "{id: a, start: a, end: b}, {id: a, start: a, end: b}"
    with pytest.raises(ScenarioError, match="two routes `a`"):
        scenario_from_text(f"title: x\nanalyses: {{routes: {{stations: [a], routes: [{twice}]}}}}")


def test_too_large_a_floor_is_told(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twin.impacts.streets.MOST_POINTS", 100)
    with pytest.raises(WalkableError, match=r"(?s)km of edges.*`area`"):
        street_network(city)


def test_it_is_there_already(city: City, streets: StreetNetwork) -> None:
    found = route(city, HERE, HERE, streets=streets)
    assert isinstance(found, Route)
    assert (found.length_m, found.told) == (0.0, "it is there already")
    assert found.line.is_empty


def test_places_far_from_any_street_are_told(city: City, streets: StreetNetwork) -> None:
    far = spot(60, 53)
    assert "the end lies 29 m from the nearest street" in route(city, HERE, far, streets=streets).told
    assert "nearest street" not in route(city, HERE, THERE, streets=streets).told
    asked = RoutesAnalysis(stations=(far,))
    assert any("lies 29 m from the nearest street" in one for one in analyse(Site(city), asked).assumptions)


def test_a_scenario_tells_what_a_closure_does_to_vehicles(city: City, tmp_path: Path) -> None:
    scenario = scenario_from_text(f"""\
title: Closed
changes:
  - {{id: works, type: closure, at: {{line: [[{WEST}, {SOUTH + 51}], [{WEST + 6}, {SOUTH + 51}]], width_m: 2}}}}
analyses:
  routes:
    stations: [{{point: [{WEST + 3}, {SOUTH + 23}]}}]
    time_limit_min: 5
    routes: [{{id: far, start: {{point: [{WEST + 3}, {SOUTH + 23}]}}, end: far}}]
""")
    both = twin.compare(scenario, city=city, progress=False)
    table = both.table()
    assert table.loc["routes_lost", ["baseline", "variant"]].tolist() == [0.0, 1.0]
    assert table.loc["routes_late", "verdict"] == "exceeds" or table.loc["routes_late", "variant"] == 0.0
    both.save(tmp_path / "out")
    kept = twin.open_result(tmp_path / "out" / "variant").impacts["routes"]
    assert kept.fields.identical(both.variant.impacts["routes"].fields)
    assert list(kept.features["lost"].index) == ["far"]
    for language, word in (("en", "blocked"), ("nl", "versperd")):
        axes = both.variant.impacts["routes"].plot_map(city=city, language=language)
        assert any(word in text.get_text() for text in axes.figure.findobj(lambda one: hasattr(one, "get_text")))
