"""Lines that sound and roads with traffic: pieces, the analytic line, Lden, closures, before and after a change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.impacts.places import CRS, SOUTH, WEST, block, plain
from twin.errors import ParameterError, ScenarioError
from twin.geo.city import City
from twin.impacts.noise import analyse, possible, sound_field
from twin.impacts.site import Site
from twin.impacts.sound_lines import Piece, centre_line, of_pieces, pieces_of
from twin.impacts.sound_paths import Paths
from twin.impacts.traffic import as_closed, emission, traffic_field
from twin.report.impacts import impact_section
from twin.report.texts import ENGLISH
from twin.result_io import read_impact, write_impact
from twin.scenario.noise import NoiseAnalysis
from twin.scenario.traffic import Road
from twin.sim.impact import noise


def _at(x: float, y: float) -> tuple[float, float]:
    return WEST + x, SOUTH + y


def _road(**more: Any) -> dict[str, Any]:
    told = {"id": "street", "along": (_at(10, 60), _at(110, 60)), "per_hour": {"light": (300, 150, 40), "heavy": (6, 2, 1)}}
    return {**told, "speed_km_h": 30, **more}


def _asked(*roads: dict[str, Any], **more: Any) -> NoiseAnalysis:
    return NoiseAnalysis.model_validate({"roads": roads or (_road(),), "facade_spacing_m": 10, **more})


def _street() -> City:
    return block(block(plain(120), "north", 20, 70, 100, 80, 9.0), "south", 20, 40, 100, 50, 9.0)


def _silent() -> noise.Air:
    return noise.air()._replace(absorption_db_m=np.zeros(8))


def test_a_line_in_the_open_is_the_formula() -> None:
    """Energy at a distance h of a line from a to b: power by the angle over 4 pi h; hard ground sends as much again."""
    paths = Paths.of(Site(plain(200)), NoiseAnalysis.model_validate({"roads": (_road(),), "receiver_m": 1.5}))
    line = shapely.LineString([_at(40, 100.5), _at(160, 100.5)])
    heard = of_pieces(paths, pieces_of(line, np.empty((0, 2)), 15.0), 0.05, _silent(), 300.0)
    for x, y in ((100.5, 101.5), (100.5, 103.5), (100.5, 110.5), (70.5, 140.5), (180.5, 120.5), (41.5, 100.5), (100.5, 180.5)):
        off = np.hypot(y - 100.5, 1.45)
        seen = np.arctan((x - 40.0) / off) + np.arctan((160.0 - x) / off)
        known = 2.0 * seen / (4.0 * np.pi * off)
        found = heard.share[199 - int(y), int(x), 4]
        assert 10.0 * np.log10(found / known) == pytest.approx(0.0, abs=0.1), (x, y)


def test_twice_as_far_from_a_long_line_is_three_decibels() -> None:
    paths = Paths.of(Site(plain(300)), NoiseAnalysis.model_validate({"roads": (_road(),)}))
    line = shapely.LineString([_at(0, 10.5), _at(300, 10.5)])
    heard = of_pieces(paths, pieces_of(line, np.empty((0, 2)), 25.0), 0.05, _silent(), 400.0)
    near, far = heard.share[299 - 16, 150, 4], heard.share[299 - 22, 150, 4]
    assert 10.0 * np.log10(near / far) == pytest.approx(3.0, abs=0.1)


@settings(max_examples=30, deadline=None)
@given(st.floats(5.0, 300.0), st.floats(1.0, 30.0), st.lists(st.tuples(st.floats(0, 300), st.floats(-50, 50)), max_size=5))
def test_pieces_are_all_of_a_line_and_short_near_places(long: float, most: float, places: list[tuple[float, float]]) -> None:
    line, near = shapely.LineString([(0, 0), (long, 0)]), np.array(places, dtype=float).reshape(-1, 2)
    pieces = pieces_of(line, near, most)
    assert sum(piece.long for piece in pieces) == pytest.approx(long)
    assert max(piece.long for piece in pieces) <= most + 1e-6
    for piece in pieces:
        if len(near):
            assert piece.long <= max(4.0, 2.0 * np.hypot(*(near - piece.middle).T).min()) + 1e-6


def test_the_middle_of_a_road() -> None:
    straight = centre_line(shapely.box(0, 0, 100, 8))
    assert straight.length == pytest.approx(95.0, abs=8.0)
    assert straight.hausdorff_distance(shapely.LineString([(4, 4), (96, 4)])) < 4.5
    bent = shapely.LineString([(0, 0), (60, 0), (60, 50)])
    assert centre_line(bent.buffer(4, cap_style="flat")).length == pytest.approx(110.0, abs=10.0)
    assert centre_line(bent).equals(bent)
    assert centre_line(shapely.MultiLineString([bent, shapely.LineString([(200, 0), (210, 0)])])).equals(bent)
    assert centre_line(shapely.box(0, 0, 2, 2)).length > 0.0


def test_lden_before_facades_is_by_the_hours() -> None:
    field = traffic_field(_street(), [_road()], facade_spacing_m=10)
    day, evening, night, den = (field.facade_level(period) for period in ("day", "evening", "night", "den"))
    known = 10.0 * np.log10((12 * 10 ** (day / 10) + 4 * 10 ** (evening / 10 + 0.5) + 8 * 10 ** (night / 10 + 1)) / 24)
    there = np.isfinite(day)
    assert den[there] == pytest.approx(known[there])
    assert (night < evening)[there].all()
    level = field.level()
    assert level.attrs["units"] == "dB"
    # 3 m from a long street: power of a metre, less 10 lg of four times the distance, and 3 dB of hard ground
    power = 10.0 * np.log10(12 * emission(Road.model_validate(_road()))[0].sum() / 12)
    by_day = traffic_field(plain(120), [_road()], reflections=0).level("day")
    middle = float(by_day.sel(x=WEST + 60.5, y=SOUTH + 63.5, method="nearest"))
    off = np.hypot(3.5, 1.45)
    seen = 2.0 * np.arctan(50.0 / off)
    assert middle == pytest.approx(power + 10.0 * np.log10(seen / (4.0 * np.pi * off)) + 3.0, abs=0.15)


def test_other_counts_need_no_new_way() -> None:
    other = _road(id="lane", along=(_at(60, 5), _at(60, 115)), per_hour={"light": (50, 20, 5)})
    field = traffic_field(_street(), [_road(), other], facade_spacing_m=10)
    change = {"street": {"per_hour": {"light": (600, 300, 80)}, "surface": "bricks-herringbone"}}
    busier = field.with_roads(change)
    assert busier.shares is field.shares
    again = traffic_field(_street(), [_road(**change["street"]), other], facade_spacing_m=10)
    assert busier.level().equals(again.level())
    assert np.array_equal(busier.facade_level("night"), again.facade_level("night"))
    with pytest.raises(ParameterError, match=r"no road `stret`.*street"):
        field.with_roads({"stret": {}})
    with pytest.raises(ParameterError, match="needs a new way"):
        field.with_roads({"street": {"along": ((0, 0), (1, 1))}})
    with pytest.raises(ParameterError, match="no period `week`"):
        field.level("week")


def test_near_a_crossing_and_off_walls_it_is_louder() -> None:
    plainly = traffic_field(_street(), [_road()], facade_spacing_m=10, reflections=0).facade_level()
    heavy = {"per_hour": {"heavy": (60, 30, 10)}}
    steady, stopping = (
        traffic_field(_street(), [_road(**heavy, **more)], facade_spacing_m=10, reflections=0).facade_level()
        for more in ({}, {"crossings": (_at(60, 60),)})
    )
    there = np.isfinite(steady)
    assert (stopping > steady)[there].all()
    walls = traffic_field(_street(), [_road()], facade_spacing_m=10).facade_level()
    assert 0.5 < np.median((walls - plainly)[there & (plainly > 60.0)]) < 3.5


def test_a_road_of_the_city_by_its_id() -> None:
    frame = gpd.GeoDataFrame({"geometry": [shapely.box(*_at(10, 56), *_at(110, 64))]}, index=["quay"], geometry="geometry", crs=CRS)
    frame.index.name = "id"
    city = _street().with_layer("roads", frame)
    by_id = _road(at="quay")
    del by_id["along"]
    found = traffic_field(city, [by_id], facade_spacing_m=10).facade_level()
    line = traffic_field(city, [_road()], facade_spacing_m=10).facade_level()
    there = np.isfinite(line) & (line > 50.0)
    assert found[there] == pytest.approx(line[there], abs=1.5)
    with pytest.raises(ScenarioError, match=r"no road `quai`.*quay"):
        possible(city, _asked({**by_id, "at": "quai"}))
    with pytest.raises(ScenarioError, match="lies outside"):
        possible(city, _asked(_road(along=((0.0, 0.0), (10.0, 0.0)))))


def test_a_closed_street_is_quiet_where_it_says_so() -> None:
    open_site = Site(_street())
    closed_site = Site(_street(), obstacles={"street": shapely.box(*_at(55, 55), *_at(65, 65))})
    quiet, kept = _asked(_road(stops_when_closed=True), road_standard_db=55), _asked(road_standard_db=55)
    before = analyse(open_site, quiet)
    assert before.figure("noise_lden").value > 60.0
    assert before.figure("noise_lden").limit == 70.0
    assert "5.78t" in before.figure("noise_lden").limit_source
    assert before.figure("noise_lden_standard").value == 2.0
    after = analyse(closed_site, quiet, (open_site, before))
    assert after.features["roads"].loc["street", "closed"]
    assert after.features["buildings"]["lden"].isna().all()
    assert after.figure("noise_lden_relieved").value == 2.0
    assert float(after.fields["sound_level_den"].max()) == 0.0
    assert sorted(after.features["relieved"].index) == ["north", "south"]
    (told,) = (one for one in after.assumptions if "closed by the scenario" in one)
    assert "instead of" in told
    assert "vehicles a day" in told
    assert any("within 100 m of lines and roads or 50 m of the place" in one for one in after.assumptions)
    assert 53.0 in after.classes_of("sound_level_den").borders
    assert float(after.difference(before)["sound_level_den_change"].min()) < -50.0
    same = analyse(closed_site, kept, (open_site, analyse(open_site, kept)))
    assert same.features["buildings"]["lden"].equals(before.features["buildings"]["lden"])
    assert len(same.features["lost"]) == 0
    back = analyse(open_site, quiet, (closed_site, after))
    assert sorted(back.features["lost"].index) == ["north", "south"]
    assert back.figure("noise_lost").value == 2.0
    assert "standard value counts, 55 dB" in back.figure("noise_lost").note
    assert back.features["buildings"]["meets"].all()
    strict = analyse(open_site, quiet.model_copy(update={"road_limit_db": 60.0}))
    assert not strict.features["buildings"]["meets"].any()


def test_what_is_closed_on_another_level_does_not_stop_traffic() -> None:
    below = Site(_street(), obstacles={"wharf": shapely.box(*_at(55, 55), *_at(65, 65))})
    assert as_closed(below, _asked(_road(stops_when_closed=True)))[1] == ()


def test_what_drives_below_a_building_is_not_on_its_roof() -> None:
    city = block(plain(120), "over", 50, 50, 60, 70, 30.0)
    asked = _asked(_road(along=(_at(10, 60), _at(100, 60))), reflections=0, line_piece_m=10)
    found = analyse(Site(city), asked)
    level = found.fields["sound_level_den"]
    roof = level.sel(x=slice(WEST + 52, WEST + 58), y=slice(SOUTH + 68, SOUTH + 52))
    beside = float(level.sel(x=WEST + 30.5, y=SOUTH + 70.5, method="nearest"))
    assert float(roof.max()) < beside - 10.0
    assert any("10 m of it lie below buildings" in one for one in found.assumptions)


def test_a_road_all_below_a_building_is_silent_and_too_many_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    city = block(plain(120), "over", 5, 50, 115, 70, 30.0)
    assert np.isneginf(traffic_field(city, [_road()]).facade_level()).all()
    monkeypatch.setattr("twin.impacts.traffic.MOST_BYTES", 1_000)
    with pytest.raises(ScenarioError, match=r"(?s)roads.*GB of memory.*road_reach_m"):
        traffic_field(plain(120), [_road()])


def test_a_road_without_a_middle_line_is_told() -> None:
    shapes = {"square": shapely.Point(*_at(60, 60)).buffer(20), "spot": shapely.Point(*_at(60, 60)), "none": shapely.Polygon()}
    frame = gpd.GeoDataFrame({"surface": "street"}, index=list(shapes), geometry=list(shapes.values()), crs=CRS)
    frame.index.name = "id"
    city = plain(120).with_layer("roads", frame)
    for name, told in (("square", "no strip"), ("spot", "no shape"), ("none", "no shape")):
        road = {key: value for key, value in _road(at=name).items() if key != "along"}
        with pytest.raises(ScenarioError, match=rf"(?s)roads\[0\]\.at.*{told}.*along"):
            possible(city, _asked(road))


def test_a_ring_sounds_as_long_as_it_is() -> None:
    ring = shapely.Point(*_at(60, 60)).buffer(8.0, quad_segs=16).exterior
    pieces = pieces_of(ring, np.empty((0, 2)), 100.0)
    assert sum(piece.long for piece in pieces) == pytest.approx(ring.length)
    assert min(np.hypot(*np.subtract(one.start, one.end)) / one.long for one in pieces) > 0.85
    paths = Paths.of(Site(plain(120)), NoiseAnalysis.model_validate({"roads": (_road(),)}))
    whole = [Piece((one := pieces[0].start), one, one, ring.length)]
    far = [of_pieces(paths, some, 0.05, _silent(), 200.0).share[10, 60, 4] for some in (pieces, whole)]
    assert 10.0 * np.log10(far[0] / far[1]) == pytest.approx(0.0, abs=2.0)


def test_a_closure_needs_no_new_way_and_is_the_same_to_the_bit() -> None:
    city, other = _street(), _road(id="lane", along=(_at(15, 30), _at(105, 30)))
    asked = _asked(_road(stops_when_closed=True), other)
    obstacles = {"street": shapely.box(*_at(55, 55), *_at(65, 65))}
    before = analyse(Site(city), asked)
    after = analyse(Site(city, obstacles=obstacles), asked, (Site(city), before))
    alone = analyse(Site(city, obstacles=obstacles), asked)
    assert after.kept is before.kept
    assert alone.kept is not before.kept
    for name in ("sound_level_den", "sound_level_night"):
        assert after.fields[name].equals(alone.fields[name])
    assert after.features["facades"]["lden"].equals(alone.features["facades"]["lden"])
    assert after.features["roads"]["closed"].tolist() == [True, False]


def test_a_tower_screens_behind_it_and_sends_sound_back() -> None:
    city = block(plain(120), "north", 20, 80, 100, 90, 9.0)
    tower = block(city, "tower", 50, 66, 70, 76, 40.0)
    across = block(city, "tower", 50, 40, 70, 50, 40.0)
    old = analyse(Site(city), _asked())
    screened, mirrored = (analyse(Site(one), _asked(), (Site(city), old)) for one in (tower, across))
    points, behind, before_it = (one.features["facades"] for one in (old, screened, mirrored))
    middle = (points["building"] == "north") & (points["azimuth_deg"] == 180.0) & (np.abs(points.geometry.x - WEST - 60.0) < 6.0)
    place = points[middle].geometry.iloc[0]
    loud, less, more = (
        frame[(frame["building"] == "north") & (frame.geometry.distance(place) < 0.1)]["lden"].iloc[0]
        for frame in (points, behind, before_it)
    )
    assert less < loud - 1.0
    assert loud + 0.1 < more < loud + 3.0


def test_an_event_along_a_line() -> None:
    line = {"id": "parade", "along": (_at(10, 60), _at(110, 60)), "power_db_m": 80.0, "hours": ("12:00", "18:00")}
    asked = NoiseAnalysis.model_validate({"lines": (line,), "facade_spacing_m": 10})
    found = analyse(Site(_street()), asked)
    assert found.figure("noise_dba_0700_2300").value > 60.0
    assert found.features["sources"].geom_type.tolist() == ["LineString"]
    louder = analyse(Site(_street()), asked.model_copy(update={"lines": (asked.lines[0].model_copy(update={"power_db_m": 83.0}),)}))
    change = louder.features["buildings"]["dba_0700_2300"] - found.features["buildings"]["dba_0700_2300"]
    assert change.to_numpy() == pytest.approx(3.0, abs=0.02)
    both = sound_field(
        _street(), [{"id": "stage", "at": {"point": _at(60, 60)}, "level_db": 90.0}], lines=(line,), facade_spacing_m=10
    )
    softer = both.level("A", ["parade"]) - both.with_levels({"parade": 70.0}).level("A", ["parade"])
    assert float(softer.mean()) == pytest.approx(10.0, abs=1e-3)


def test_what_cannot_be_is_told() -> None:
    with pytest.raises(ParameterError, match="nothing that sounds"):
        sound_field(_street(), [])
    with pytest.raises(ParameterError, match="either the road"):
        traffic_field(_street(), [_road(at="quay")])
    with pytest.raises(ParameterError, match="bicycle"):
        traffic_field(_street(), [_road(per_hour={"bicycle": (1, 1, 1)})])
    with pytest.raises(ParameterError, match="no length"):
        traffic_field(_street(), [_road(along=(_at(1, 1), _at(1, 1)))])
    with pytest.raises(ParameterError, match="given twice"):
        traffic_field(_street(), [_road(), _road()])


def test_it_is_kept_and_told(tmp_path: Path) -> None:
    line = {"id": "parade", "along": (_at(10, 60), _at(110, 60)), "power_db_m": 80.0}
    asked = _asked(_road(), lines=(line,), sources=({"id": "stage", "at": {"point": _at(60, 60)}, "level_db": 90.0},))
    before = analyse(Site(plain(120)), asked)
    found = analyse(Site(_street()), asked, (Site(plain(120)), before))
    write_impact(found, tmp_path / "noise")
    again = read_impact(tmp_path / "noise")
    assert again.figures == found.figures
    assert again.fields["sound_level_den"].equals(found.fields["sound_level_den"])
    assert again.features["roads"].geometry.iloc[0].equals(found.features["roads"].geometry.iloc[0])
    assert [one.variable for one in again.classes] == ["sound_level_a", "sound_level_c", "sound_level_den", "sound_level_night"]
    assert "Sound" in impact_section(found, {}, ENGLISH)
    assert any("vehicles a day" in one for one in found.assumptions)
