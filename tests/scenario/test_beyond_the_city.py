"""What a scenario puts beyond its city is told before anything runs; a change moves no sun."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import twin
from tests.places import at, box_of, town
from twin.errors import ScenarioError
from twin.geo.on_earth import where_on_earth
from twin.run import prepare
from twin.scenario import scenario_from_text
from twin.scenario.apply import apply_changes

FAR = 20_000.0


@pytest.mark.parametrize(("change", "key"), [
    (f"{{id: a, type: building, height_m: 60, footprint: {box_of(FAR, 10, FAR + 10, 20)}}}", "changes[a].footprint"),
    (f"{{id: a, type: fence, line: [{at(FAR, 10)}, {at(FAR, 20)}]}}", "changes[a].line"),
    ("{id: a, type: building, height_m: 60, footprint: [[5.12, 52.09], [5.13, 52.09], [5.13, 52.1]]}", "changes[a].footprint"),
])  # fmt: skip
def test_a_change_beyond_the_city_is_told(change: str, key: str) -> None:
    scenario = scenario_from_text(f"title: Plan\nchanges: [{change}]\n")
    with pytest.raises(ScenarioError, match="lies outside the city") as caught:
        apply_changes(town(), scenario.changes)
    assert caught.value.where == key
    assert "the city reaches from" in str(caught.value.hint)


def test_an_area_beyond_the_city_is_told_with_its_line() -> None:
    scenario = scenario_from_text("title: Plan\nanalyses: {sky: {}}\narea: [1, 2, 3, 4]\n")
    with pytest.raises(ScenarioError, match="lies outside the city") as caught:
        prepare(scenario, city=town())
    assert "area" in str(caught.value.where)
    with pytest.raises(ScenarioError, match="lies outside the city"):
        twin.run(scenario, city=town(), progress=False)


def test_an_outline_that_crosses_itself_is_no_empty_one() -> None:
    crossing = [at(10, 10), at(20, 20), at(20, 10), at(10, 20)]
    scenario = scenario_from_text(f"title: Plan\nchanges: [{{id: a, type: building, height_m: 6, footprint: {crossing}}}]\n")
    with pytest.raises(ScenarioError, match="is not a valid polygon: Self-intersection"):
        apply_changes(town(), scenario.changes)


def test_a_building_at_the_edge_moves_no_sun() -> None:
    city = town()
    beside = box_of(-3000, 10, 5, 20)
    scenario = scenario_from_text(f"title: Plan\nchanges: [{{id: a, type: building, height_m: 6, footprint: {beside}}}]\n")
    larger = apply_changes(city, scenario.changes).city
    assert larger.bounds[0] < city.bounds[0] - 2000
    assert where_on_earth(larger) == where_on_earth(city)


def test_a_city_with_its_origin_elsewhere_lies_in_its_middle() -> None:
    city = town()
    place, moved = where_on_earth(city), where_on_earth(replace(city, origin=np.zeros(3)))
    assert place is not None
    assert moved is not None
    assert (moved.longitude_deg, moved.latitude_deg) == pytest.approx((place.longitude_deg, place.latitude_deg), abs=0.011)
