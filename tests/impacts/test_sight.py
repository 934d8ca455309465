"""Sight in a city: who sees what, what stands between, and from where a landmark is seen after a change."""

from __future__ import annotations

import re

import numpy as np
import pytest
import shapely

import twin
from tests.impacts.places import SOUTH, WEST, block, plain
from twin import report
from twin.errors import GeometryError, ParameterError
from twin.geo.city import City
from twin.impacts import site
from twin.impacts.sight import analyse, isovist, sightline, viewshed
from twin.impacts.site import Site
from twin.impacts.tops import tops_of
from twin.scenario import scenario_from_text
from twin.scenario.analyses import SightAnalysis
from twin.sim.impact import shadow


@pytest.fixture(scope="module")
def city() -> City:
    """A tower in the east, a long low hall in the middle."""
    return block(block(plain(200), "tower", 150, 96, 158, 104, 40.0), "hall", 90, 60, 100, 140, 12.0)


def at(x: float, y: float, *z: float) -> tuple[float, ...]:
    return (WEST + x, SOUTH + y, *z)


def test_a_hall_stands_between(city: City) -> None:
    line = sightline(city, at(20, 100), at(120, 100), target_m=1.6)
    assert not line["visible"].iloc[0]
    assert line["blocked_by"].iloc[0] == "hall"
    assert line["blocked_at_m"].iloc[0] == pytest.approx(70.0, abs=0.6)
    assert line["length_m"].iloc[0] == pytest.approx(100.0)
    over = sightline(city, at(20, 100), at(154, 100, 45.0))
    assert over["visible"].iloc[0], "a flag on the tower shows over the hall"
    assert over.geometry.iloc[0].coords[0][2] == pytest.approx(3.6)
    assert np.isnan(over["blocked_at_m"].iloc[0])
    free = sightline(city, shapely.Point(at(20, 20)), at(180, 20), target_m=1.6)
    assert free["visible"].iloc[0]
    assert free["blocked_by"].iloc[0] == ""


def test_a_viewshed_ends_behind_the_hall_and_an_isovist_is_its_open_ground(city: City) -> None:
    seen = viewshed(city, at(20, 100))
    assert seen.sel(x=WEST + 60, y=SOUTH + 100, method="nearest") == 1
    assert seen.sel(x=WEST + 120, y=SOUTH + 100, method="nearest") == 0
    part = viewshed(city, at(20, 100), area=(WEST + 50, SOUTH + 50, WEST + 150, SOUTH + 150))
    assert part.equals(seen.sel(x=part["x"], y=part["y"]))
    exact = viewshed(city, at(20, 100), exact=True)
    assert float((exact != seen).mean()) < 0.01
    shape = isovist(city, at(20, 100), cell=1.0)
    open_ground = 200 * 200 - 8 * 8 - 10 * 80
    assert shape["area_m2"].iloc[0] < open_ground
    assert shapely.contains_xy(shape.geometry.iloc[0], *at(60, 100))
    assert not shapely.contains_xy(shape.geometry.iloc[0], *at(120, 100))
    near = isovist(city, at(20, 100), cell=1.0, far_m=15.0)
    assert near["area_m2"].iloc[0] == pytest.approx(np.pi * 15**2, rel=0.03)
    assert near["farthest_m"].iloc[0] == pytest.approx(15.0, abs=0.5)


def test_heights_are_laid_window_by_window(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Site(city)
    grid = place.grid(1.0)
    whole = place.all_of(grid)
    relief = place.relief(grid, whole, trees=False)
    at_once = shadow.surface(relief.surface, 1.0)
    monkeypatch.setattr(site, "FAIR_CELLS", 1000)
    laid = tops_of(place, grid, whole)
    assert np.array_equal(laid.rows, at_once.rows)
    assert (laid.low, laid.high) == (float(at_once.rows[at_once.rows > shadow.KNOWN_ABOVE].min()), float(at_once.rows.max()))


def test_what_a_new_building_takes_of_a_landmark(city: City) -> None:
    settings = SightAnalysis(landmark="tower")
    before = Site(city)
    old = analyse(before, settings)
    share = old.fields["landmark_seen"]
    assert float(share.sel(x=WEST + 130, y=SOUTH + 100, method="nearest")) == pytest.approx(1.0, abs=0.07)
    # from 20 m the hall of 12 m hides the tower up to 1.6 + 10.4 * 134 / 70 = 21.5 m of its 40
    assert float(share.sel(x=WEST + 20, y=SOUTH + 100, method="nearest")) == pytest.approx(1 - 21.5 / 40, abs=0.07)
    assert float(share.sel(x=WEST + 102, y=SOUTH + 100, method="nearest")) > 0.9
    angle = old.fields["landmark_angle"]
    near, far = (float(angle.sel(x=WEST + x, y=SOUTH + 100, method="nearest")) for x in (130, 20))
    assert near == pytest.approx(np.degrees(np.arctan(38.4 / 20) + np.arctan(1.6 / 20)), abs=2.0)
    assert far == pytest.approx(np.degrees(np.arctan(38.4 / 130) - np.arctan(19.9 / 130)), abs=0.7)
    assert float(angle.sel(x=WEST + 154, y=SOUTH + 100, method="nearest")) == 0.0
    new = analyse(Site(block(city, "new", 60, 40, 70, 160, 60.0)), settings, (before, old))
    assert new.figure("sight_lost").value > 1000
    assert new.figure("sight_seen").value < old.figure("sight_seen").value
    change = new.difference(old)["landmark_seen_change"]
    assert float(change.min()) < -0.3
    assert not (change > 1e-6).any()
    assert np.isnan(change.sel(x=WEST + 65, y=SOUTH + 100, method="nearest"))
    assert old.figure("sight_lost").value == 0


def test_a_scenario_tells_what_it_takes_and_of_a_landmark_that_there_is_not(city: City) -> None:
    text = """\
title: A slab
changes:
  - {{id: slab, type: building, height_m: 60, footprint: {shape}}}
analyses: {{sight: {{landmark: {name}}}}}
"""
    shape = [[WEST + 60, SOUTH + 40], [WEST + 70, SOUTH + 40], [WEST + 70, SOUTH + 160], [WEST + 60, SOUTH + 160]]
    both = twin.compare(scenario_from_text(text.format(shape=shape, name="tower")), city=city, progress=False)
    page = report.write(both)
    assert re.search(r"Open ground that no longer sees tower: [0-9,]+ m²\.", page)
    assert "Landmark in sight" in page
    with pytest.raises(GeometryError, match="did you mean `tower`") as caught:
        twin.compare(scenario_from_text(text.format(shape=shape, name="towr")), city=city, progress=False)
    assert caught.value.where == "scenario:4 analyses.sight"


SLAB = """\
title: A slab
changes:
  - {{id: slab, type: building, {what}}}
analyses: {{sight: {{landmark: {name}}}}}
"""
PLACE = f"height_m: 60, footprint: {[[WEST + x, SOUTH + y] for x, y in ((60, 40), (70, 40), (70, 160), (60, 160))]}"


def test_who_comes_to_see_a_planned_building(city: City) -> None:
    both = twin.compare(scenario_from_text(SLAB.format(what=PLACE, name="slab")), city=city, progress=False)
    before, after, change = both.impacts["sight"]
    assert not before.fields["landmark_seen"].any()
    assert before.figure("sight_seen").value == 0
    assert after.figure("sight_come").value == after.figure("sight_seen").value > 10_000
    assert after.figure("sight_lost").value == 0
    # at 60 m of height that is up to some 180 m from it
    assert 0 < after.figure("sight_near").value < after.figure("sight_seen").value
    assert [one.better for one in after.classes] == ["lower", "lower"]
    assert float(change["landmark_angle_change"].max()) > 45
    assert "Open ground that comes to see slab: " in report.write(both)


def test_a_landmark_may_be_taken_away(city: City) -> None:
    both = twin.compare(scenario_from_text(SLAB.format(what="remove: tower", name="tower")), city=city, progress=False)
    before, after, _ = both.impacts["sight"]
    assert before.figure("sight_seen").value == after.figure("sight_lost").value > 10_000, "where it stood nobody saw it"
    assert not after.fields["landmark_seen"].any()


def test_streets_are_told_apart(sample: City) -> None:
    made = analyse(Site(sample, (136800.0, 455780.0, 136960.0, 455900.0)), SightAnalysis(landmark="tower", points=4, cell_m=2.0))
    assert 10.0 < made.figure("sight_streets").value < 100.0


def test_places_and_landmarks_that_are_none_are_told(city: City) -> None:
    with pytest.raises(ParameterError, match="outside the city"):
        viewshed(city, (0.0, 0.0))
    with pytest.raises(ParameterError, match="outside the city"):
        isovist(city, (0.0, 0.0))
    for wrong in ("here", (1.0,), (np.nan, 1.0), 5):
        with pytest.raises(ParameterError, match="not a place"):
            sightline(city, wrong, at(1, 1))
    with pytest.raises(GeometryError, match="towr"):
        analyse(Site(city), SightAnalysis(landmark="towr"))


def test_a_report_is_by_exact_rays_and_says_so_where_it_is_not(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = SightAnalysis(landmark="tower", points=4, cell_m=1.0)
    exact = analyse(Site(city), settings)
    assert "each by a ray of its own" in exact.assumptions[0]
    monkeypatch.setattr("twin.impacts.sight.EXACT_CELLS", 100)
    near = analyse(Site(city), settings)
    assert "by rays that pass near their middles" in near.assumptions[0]
    seen, like = (one.fields["landmark_seen"].to_numpy() for one in (exact, near))
    assert 0.0 < np.mean(np.abs(seen - like) > 0.01) < 0.03
