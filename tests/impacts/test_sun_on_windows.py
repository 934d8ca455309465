"""Sun on windows that a city has as surfaces: where their points lie, what is judged by them, and what a change does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import twin
from tests.impacts.places import SOUTH, WEST, block
from twin.geo.city import City
from twin.impacts.facades import obstacles_of
from twin.impacts.site import Site
from twin.impacts.sun_report import analyse
from twin.impacts.windows import windows_of
from twin.report.impacts import impact_section
from twin.report.texts import ENGLISH
from twin.scenario.analyses import SunAnalysis

DAYS = ("2026-02-19",)
SOUTH_WINDOWS = ((1.0, 1.0, 2.0, 1.4), (5.0, 1.0, 2.0, 1.4), (5.0, 4.0, 1.0, 1.2))
"""Left edge, lower edge, width and height of windows in the south wall [m]."""


def _house(
    west: float, south: float, windows: tuple[tuple[float, float, float, float], ...]
) -> tuple[list[Any], list[int], list[Any]]:
    """Faces of a house of 10 x 8 x 6 m as corners, with the surface that each is; windows are two panes and a bar in the wall."""
    x0, y0, x1, y1, z1 = west, south, west + 10.0, south + 8.0, 8.0
    z0 = 2.0
    faces = [
        [(x0, y0, z0), (x0, y1, z0), (x1, y1, z0), (x1, y0, z0)], [(x0, y0, z1), (x1, y0, z1), (x1, y1, z1), (x0, y1, z1)],
        [(x0, y0, z0), (x1, y0, z0), (x1, y0, z1), (x0, y0, z1)], [(x1, y0, z0), (x1, y1, z0), (x1, y1, z1), (x1, y0, z1)],
        [(x1, y1, z0), (x0, y1, z0), (x0, y1, z1), (x1, y1, z1)], [(x0, y1, z0), (x0, y0, z0), (x0, y0, z1), (x0, y1, z1)],
    ]  # fmt: skip
    kinds = [0, 1, 2, 2, 2, 2]
    for left, foot, width, height in windows:
        half = (width - 0.06) / 2
        for start, size in ((left, half), (left + half, 0.06), (left + half + 0.06, half)):
            a, b, low, high, y = x0 + start, x0 + start + size, z0 + foot, z0 + foot + height, y0 - 0.01
            faces.append([(a, y, low), (b, y, low), (b, y, high), (a, y, high)])
            kinds.append(3)
        a, b = x0 + left, x0 + left + width  # the sill looks up, and the head of the opening down
        faces.append([(a, y0 - 0.3, z0 + foot), (b, y0 - 0.3, z0 + foot), (b, y0, z0 + foot), (a, y0, z0 + foot)])
        kinds.append(3)
    return faces, kinds, [{"type": one} for one in ("GroundSurface", "RoofSurface", "WallSurface", "Window")]


@pytest.fixture
def city(tmp_path: Path) -> City:
    """A house with three windows to the south, and one beside it without any."""
    vertices: list[tuple[int, int, int]] = []
    objects = {}
    for name, west, windows in (("glass", 20.0, SOUTH_WINDOWS), ("blind", 40.0, ())):
        faces, kinds, surfaces = _house(WEST + west, SOUTH + 40.0, windows)
        rows = []
        for face in faces:
            rows.append([list(range(len(vertices), len(vertices) + 4))])
            vertices += [(round((x - WEST) * 1000), round((y - SOUTH) * 1000), round(z * 1000)) for x, y, z in face]
        semantics = {"surfaces": surfaces, "values": kinds}
        geometry = {"type": "MultiSurface", "lod": "3", "boundaries": rows, "semantics": semantics}
        objects[name] = {"type": "Building", "geometry": [geometry]}
    document = {
        "type": "CityJSON", "version": "2.0", "transform": {"scale": [0.001] * 3, "translate": [WEST, SOUTH, 0.0]},
        "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/7415"}, "CityObjects": objects,
        "vertices": vertices,
    }  # fmt: skip
    path = tmp_path / "houses.city.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return twin.read_city(path)


def test_panes_bars_and_sills_are_one_window_with_its_point_on_the_sill(city: City) -> None:
    found = windows_of(city, obstacles_of(city))
    frame = found.frame(city)
    assert list(frame["window"]) == ["glass/1", "glass/2", "glass/3"]
    assert frame["width_m"].to_numpy() == pytest.approx([2.0, 2.0, 1.0], abs=0.01)
    assert frame["height_m"].to_numpy() == pytest.approx([1.4, 1.4, 1.2], abs=0.01)
    assert frame["azimuth_deg"].to_numpy() == pytest.approx([180.0] * 3, abs=0.01)
    assert frame.geometry.x.to_numpy() - WEST == pytest.approx([22.0, 26.0, 25.5], abs=0.01)
    assert frame.geometry.y.to_numpy() - SOUTH == pytest.approx([40.0 - 0.06] * 3, abs=0.01)
    assert frame["above_m"].to_numpy() == pytest.approx([1.02, 1.02, 4.02], abs=0.01)
    west = windows_of(city, obstacles_of(city), (WEST, SOUTH, WEST + 24.0, SOUTH + 60.0))
    assert list(west.frame(city)["window"]) == ["glass/1"]
    # the edge of the part runs through two windows: one belongs to it as a whole, the other not at all
    east = windows_of(city, obstacles_of(city), (WEST + 25.75, SOUTH, WEST + 60.0, SOUTH + 60.0))
    assert list(east.frame(city)["window"]) == ["glass/2"]
    assert east.width_m == pytest.approx([2.0], abs=0.01)


def test_buildings_with_windows_are_judged_by_them_and_others_by_their_facades(city: City) -> None:
    settings = SunAnalysis(days=DAYS, facade_spacing_m=1.0, step_min=15)
    area = (WEST, SOUTH, WEST + 70.0, SOUTH + 60.0)
    before = Site(city, area)
    old = analyse(before, settings)
    assert old.figure("sun_windows_meeting").value == 100.0
    assert len(old.features["windows"]) == old.features["buildings"].loc["glass", "points"] == 3
    assert old.features["buildings"].loc["blind", "points"] > 3
    assert any("3 windows of 1 buildings are known" in told for told in old.assumptions)
    # a wall to the south takes the sun of what is low: 24 m away, 6.2 m above the lower windows at 14.5 degrees
    after = Site(block(city, "wall", 10, 14, 62, 16, 9.0), area)
    new = analyse(after, settings, (before, old))
    fresh = analyse(after, settings)
    names = [name for name in new.features["windows"] if name != "geometry"]
    assert new.features["windows"][names].equals(fresh.features["windows"][names]), "a part is as the whole, to the bit"
    lost = new.features["lost_windows"]
    assert set(lost.index) <= {"glass/1", "glass/2", "glass/3"}
    assert new.figure("sun_windows_lost").value == len(lost)
    # right before the western windows: they have no sun, and the third keeps its number
    shed = Site(block(city, "shed", 19, 36, 24.5, 39.7, 3.0), area)
    hidden = analyse(shed, settings, (before, old))
    assert list(hidden.features["windows"]["window"]) == ["glass/2", "glass/3"]
    assert hidden.features["lost_windows"].loc["glass/1", "after_h"] == 0.0
    page = impact_section(hidden, {}, ENGLISH)
    assert "Windows that no longer meet the norm" in page
    assert "glass/1" in page
    none = analyse(Site(city.without(["glass"]), area), settings, (before, old))
    assert len(none.features["windows"]) == len(none.features["lost_windows"]) == 0


def test_windows_of_a_real_house_are_found(real_data: Path) -> None:
    city = twin.read_city(real_data / "citygml" / "ingolstadt_4018147.gml")
    found = windows_of(city, obstacles_of(city))
    frame = found.frame(city)
    assert len(frame) == 15
    front = frame[np.abs(frame["azimuth_deg"] - 73.1) < 1.0]
    assert len(front) == 11, "three in each of three storeys, one in the gable and the shop"
    assert front["height_m"].round(2).value_counts().loc[1.35] == 9
