"""Maps of impacts show what is changed, who is worse off, and the places that they are about by name."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.legend import Legend

from tests.places import SOUTH, WEST, frame, town
from twin.geo.city import City
from twin.impact_result import Classes, ImpactResult
from twin.plots.marks import MOST_LETTERED, Mark
from twin.scenario import Scenario, scenario_from_text
from twin.scenario.apply import apply_changes
from twin.scenario.marks import marks_of

CHANGES = f"""\
title: Changes
changes:
  - {{id: works, type: closure, label: Works, at: {{line: [[{WEST + 5}, {SOUTH + 30}], [{WEST + 15}, {SOUTH + 30}]], width_m: 4}}}}
  - {{id: rail, type: fence, label: Rail, line: [[{WEST + 2}, {SOUTH + 5}], [{WEST + 2}, {SOUTH + 15}]]}}
  - {{id: gone, type: building, label: Taken down, remove: house}}
  - {{id: tower, type: building, label: Tower, height_m: 30,
      footprint: [[{WEST + 40}, {SOUTH + 40}], [{WEST + 50}, {SOUTH + 40}], [{WEST + 50}, {SOUTH + 50}],
      [{WEST + 40}, {SOUTH + 50}]]}}
  - {{id: fell, type: trees, label: Felled, remove: [oak]}}
  - {{id: clear, type: trees, label: Cleared, remove_in: {{point: [{WEST + 50}, {SOUTH + 8}], radius_m: 4}}}}
  - {{id: young, type: trees, label: Young, height_m: 5, plant: [[{WEST + 6}, {SOUTH + 50}], [{WEST + 10}, {SOUTH + 50}]]}}
  - {{id: mast, type: antenna, label: Mast, at: [{WEST + 15}, {SOUTH + 55}], height_m: 12}}
  - {{id: lawn, type: paving, label: Lawn, surface: unpaved, at: {{point: [{WEST + 10}, {SOUTH + 10}], radius_m: 3}}}}
"""


@pytest.fixture(scope="module")
def city() -> City:
    trees = {
        "oak": {"height_m": 9.0, "geometry": shapely.Point(10, 40)},
        "ash": {"height_m": 9.0, "geometry": shapely.Point(50, 8)},
        "elm": {"height_m": 9.0, "geometry": shapely.Point(51, 9)},
    }
    return town().with_layer("trees", frame(trees))


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return scenario_from_text(CHANGES)


@pytest.fixture(scope="module")
def marks(city: City, scenario: Scenario) -> tuple[Mark, ...]:
    return marks_of(apply_changes(city, scenario.changes), city)


def impact(**features: gpd.GeoDataFrame) -> ImpactResult:
    x, y = WEST + np.arange(0.5, 60.0), SOUTH + np.arange(59.5, 0.0, -1.0)
    fields = xr.Dataset({"sky_view": (("y", "x"), np.full((60, 60), 0.5))}, {"x": x, "y": y}, {"cell_m": 1.0})
    classes = Classes("sky_view", "Sky view", "share", (0.3,), ((9, 9, 9), (200, 200, 200)), ("low", "high"))
    return ImpactResult("sky", "Sky", fields, features, (), (classes,))


def gids(ax: Axes) -> set[str]:
    return {str(child.get_gid()) for child in ax.get_children() if child.get_gid()}


def in_keys(ax: Axes) -> list[str]:
    return [text.get_text() for one in ax.get_children() if isinstance(one, Legend) for text in one.get_texts()]


def test_every_change_with_a_place_has_a_mark_in_the_order_of_the_scenario(marks: tuple[Mark, ...]) -> None:
    assert [(mark.kind, mark.label) for mark in marks] == [
        ("closure", "Works"), ("fence", "Rail"), ("removed", "Taken down"), ("building", "Tower"), ("felled", "Felled"),
        ("felled", "Cleared"), ("planted", "Young"), ("antenna", "Mast"), ("paving", "Lawn"),
    ]  # fmt: skip
    shapes = {mark.label: mark.shape for mark in marks}
    assert shapes["Tower"].area == pytest.approx(100.0)
    assert shapely.get_num_geometries(shapes["Felled"]) == 1
    assert shapely.get_num_geometries(shapes["Cleared"]) == 2
    assert shapely.get_num_geometries(shapes["Young"]) == 2


def test_a_map_outlines_numbers_and_names_what_is_changed(city: City, scenario: Scenario, marks: tuple[Mark, ...]) -> None:
    ax = impact().plot_map(city=apply_changes(city, scenario.changes).city, changes=marks)
    assert {f"change:{k}" for k in range(1, 10)} | {f"tag:{k}" for k in range(1, 10)} <= gids(ax)
    told = in_keys(ax)
    assert {"Works", "Rail", "Taken down", "Tower", "Felled (×)", "Cleared (×)", "Young (○)", "Mast (▲)", "Lawn"} <= set(told)
    assert not gids(impact().plot_map(city=city)) & {"change:1", "tag:1"}


def test_numbers_do_not_cover_each_other_or_names(marks: tuple[Mark, ...]) -> None:
    spot = frame({"a": {"name": "spring", "geometry": shapely.Point(50, 40)}})
    near = [Mark("closure", f"hole {k}", shapely.box(WEST + 30 + k, SOUTH + 30, WEST + 30.5 + k, SOUTH + 31)) for k in range(6)]
    ax = impact(sources=spot).plot_map(changes=near)
    ax.figure.draw_without_rendering()
    tags = [one for one in ax.get_lines() if str(one.get_gid()).startswith("tag:")]
    xy = np.array([ax.transData.transform(np.column_stack(one.get_data()))[0] for one in tags])
    apart = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)) + 1e9 * np.eye(len(xy))
    assert len(xy) == 6
    assert apart.min() > 12.0 * ax.figure.dpi / 72.0
    (name,) = [text for text in ax.texts if text.get_gid() == "name:spring"]
    box = name.get_window_extent()
    assert not any(box.x0 < x < box.x1 and box.y0 < y < box.y1 for x, y in xy)


def test_changes_with_one_label_have_one_number_and_one_entry() -> None:
    gates = [Mark("fence", "Gate", shapely.box(WEST + x, SOUTH + 30, WEST + x + 3, SOUTH + 30.2)) for x in (5, 50)]
    ax = impact().plot_map(changes=gates)
    assert in_keys(ax).count("Gate") == 1
    assert sum(text.get_text() == "1" for text in ax.texts) == 2


def test_buildings_that_are_worse_off_are_painted_and_lettered() -> None:
    many = {f"h{k}": {"geometry": shapely.box(3 * k, 20, 3 * k + 2, 24)} for k in range(MOST_LETTERED + 2)}
    for language, told in (("en", "worse off: 10"), ("nl", "slechter af: 10")):
        ax = impact(lost=frame(many)).plot_map(language=language)
        assert {f"worse:h{k}" for k in range(10)} <= gids(ax)
        assert [line for line in in_keys(ax) if line.startswith("h") and line != "high"] == [f"h{k}" for k in range(MOST_LETTERED)]
        assert told in in_keys(ax)
    routes = frame({"far": {"geometry": shapely.LineString([(0, 0), (9, 9)])}})
    assert not any(name.startswith("worse:") for name in gids(impact(lost=routes).plot_map()))


def test_places_landmark_sources_antennas_and_routes_are_named(city: City) -> None:
    places = {
        "destinations": frame({0: {"name": "station", "geometry": shapely.box(0, 0, 5, 5)}}),
        "sources": frame({"stage": {"geometry": shapely.Point(30, 10)}}),
        "antennas": frame({"lamp-2": {"geometry": shapely.Point(10, 50)}}),
        "routes": frame({
            "market": {"geometry": shapely.LineString([(0, 20), (40, 20)])},
            "lorry": {"geometry": shapely.LineString([(0, 22), (40, 20.5)])},
        }),
    }  # fmt: skip
    found = impact(**places)
    ax = ImpactResult("sky", "Sky", found.fields, places, (), found.classes, settings={"landmark": "house"}).plot_map(city=city)
    written = {text.get_text() for text in ax.texts}
    assert {"station", "stage", "lamp-2", "market, lorry", "house"} <= written
    assert {"destinations:station", "landmark:house", "sources:stage", "antennas"} <= gids(ax)
    assert "antenna" in in_keys(ax)
