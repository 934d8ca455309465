"""The Dutch large-scale base map: levels of the floor, and where people change from one to another."""

from __future__ import annotations

import json

import pytest
import shapely
from numpy.testing import assert_allclose

from tests.geo.bgt_map import SOUTH, WEST, Put, box, canal, collection, one
from twin.geo.city import read_city
from twin.geo.walkable import make_walkable


def test_the_floor_has_the_levels_of_the_map(put: Put) -> None:
    city = read_city(put(json.dumps(collection(canal())), "map.geojson"))
    walkable = make_walkable(city)
    assert set(walkable.levels) == {"street", "level1", "level-1"}
    street = walkable.floors["street"]
    assert street.contains(shapely.Point(WEST + 30, SOUTH + 13))
    assert not street.intersects(box(101, 1, 119, 44))
    assert not street.intersects(box(26, 21, 32, 30))
    # the deck meets both quays; the wharf along the quay's wall does not
    bridge = [stair for stair in walkable.stairs if stair.upper == "level1"]
    assert [round(stair.up[1]) for stair in bridge] == [1, -1]
    # of each strip the upper 1.5 m is floor of the deck, the rest of the street
    assert_allclose(walkable.floors["level1"].area, 8 * (19 - 2 * 2.5), rtol=0.01)
    assert_allclose(walkable.floors["level-1"].intersection(box(0, 16, 60, 19)).area, 180, rtol=0.01)


def test_decks_over_a_street_do_not_join_it(put: Put) -> None:
    items = [
        one("wegdeel", "onder", box(0, 0, 100, 10), functie="rijbaan lokale weg", fysiek_voorkomen="open verharding"),
        one("wegdeel", "over", box(40, -30, 50, 40), functie="rijbaan lokale weg", fysiek_voorkomen="open verharding", level=1),
        one("wegdeel", "oprit", box(40, 40, 50, 80), functie="rijbaan lokale weg", fysiek_voorkomen="open verharding"),
        one("wegdeel", "rail", box(40, -60, 50, -30), functie="spoorbaan", fysiek_voorkomen="onverhard"),
    ]
    city = read_city(put(json.dumps(collection(items)), "map.geojson"))
    assert city.stairs.index.tolist() == ["G0344.over#joint-1"]
    row = city.stairs.iloc[0]
    assert_allclose(row["up_azimuth_deg"], 180)
    assert_allclose(row.geometry.bounds, box(40, 36, 50, 40).bounds, atol=0.05)
    assert len(make_walkable(city).stairs) == 1


def test_tunnels_lead_up_to_the_street(put: Put) -> None:
    items = [
        one("wegdeel", "weg", box(0, 0, 40, 6), functie="fietspad", fysiek_voorkomen="gesloten verharding"),
        one("wegdeel", "tunnel", box(40, 0, 90, 6), functie="fietspad", fysiek_voorkomen="gesloten verharding", level=-1),
    ]
    city = read_city(put(json.dumps(collection(items)), "map.geojson"))
    row = city.stairs.iloc[0]
    assert (row["bottom_level"], row["top_level"]) == ("level-1", "street")
    assert_allclose(row["up_azimuth_deg"], 270)
    walkable = make_walkable(city)
    assert walkable.floors["street"].intersection(walkable.floors["level-1"]).area == pytest.approx(1.5 * 6, rel=0.05)


@pytest.mark.parametrize(("wall", "joined"), [("kademuur", 0), ("hek", 0), (None, 1)])
def test_walls_close_an_edge(put: Put, wall: str | None, joined: int) -> None:
    items = [
        one("wegdeel", "weg", box(0, 0, 40, 6), functie="fietspad", fysiek_voorkomen="gesloten verharding"),
        one("wegdeel", "dek", box(40, 0, 90, 6), functie="fietspad", fysiek_voorkomen="gesloten verharding", level=1),
    ]
    if wall:
        line = shapely.LineString([(WEST + 40, SOUTH), (WEST + 40, SOUTH + 6)])
        items.append(one("scheiding", "muur", line, type=wall))
    assert len(read_city(put(json.dumps(collection(items)), "map.geojson")).stairs) == joined


def test_a_wharf_along_a_quay_is_not_reached_from_it(put: Put) -> None:
    items = [
        one("wegdeel", "kade", box(0, 0, 60, 6), functie="voetpad", fysiek_voorkomen="open verharding"),
        one("wegdeel", "werf", box(0, 6, 60, 9), functie="voetpad", fysiek_voorkomen="open verharding", level=-1),
    ]
    assert len(read_city(put(json.dumps(collection(items)), "map.geojson")).stairs) == 0
