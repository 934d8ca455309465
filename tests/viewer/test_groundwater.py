"""Groundwater round a pit in a scene: its level with and without the pit, where it is seen, and lines of equal drawdown."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr

from tests.viewer.test_stages import _change
from twin.geo.city import City
from twin.impact_result import ImpactResult
from twin.result import Result
from viewer import style
from viewer.compose import compose
from viewer.groundwater import BEFORE, HEAD_BEFORE, NOW, heads_of, levels_of
from viewer.groundwater import HEAD as HEAD_NAME
from viewer.scene import AnnotationLayer, LineLayer, MeshLayer, Scene, Section

HEAD, LOW, REACH = 1.0, 3.0, 40.0
"""Level at rest, drawdown in the middle, and how far it goes [m]."""


def cone(town: City) -> Result:
    """A drawdown that falls in a straight line from the middle of the pit outward."""
    x0, y0 = float(town.origin[0]) + 20.0, float(town.origin[1]) + 15.0
    x, y = np.arange(x0 - 60.5, x0 + 61.0), np.arange(y0 + 60.5, y0 - 61.0, -1.0)
    away = np.hypot(*np.meshgrid(x - x0, y - y0))
    lowered = np.clip(LOW * (1.0 - away / REACH), 0.0, None)
    fields = xr.Dataset(
        {"groundwater_m": (("y", "x"), HEAD - lowered), "drawdown_m": (("y", "x"), lowered)}, {"x": x, "y": y}, {"cell_m": 1.0}
    )
    people = pd.DataFrame({name: [] for name in ("id", "frame", "x", "y", "level")})
    return Result(xr.Dataset(), people, {}, pd.DataFrame(), impacts={"pit": ImpactResult("pit", "Pit", fields)})


@pytest.fixture(scope="module")
def wet(town: City) -> Scene:
    return compose(town, cone(town), changes=[_change(town)])


def _mesh(scene: Scene, name: str) -> MeshLayer:
    layer = scene.layer(name)
    assert isinstance(layer, MeshLayer)
    return layer


def _lines(scene: Scene, name: str) -> LineLayer:
    layer = scene.layer(name)
    assert isinstance(layer, LineLayer)
    return layer


def test_levels_are_with_the_pit_and_without_it(town: City) -> None:
    now, before = levels_of(cone(town), town.origin)
    assert (now.label, before.label) == (NOW, BEFORE)
    spots = np.array([[20.0, 15.0], [30.0, 15.0], [75.0, 15.0]])
    np.testing.assert_allclose(now.at(spots) + town.origin[2], [HEAD - LOW, HEAD - LOW * 0.75, HEAD], atol=0.06)
    np.testing.assert_allclose(before.at(spots) + town.origin[2], HEAD, atol=1e-9)
    assert np.isnan(now.at(np.array([[200.0, 0.0]]))).all()
    assert levels_of(None, town.origin) == []


@pytest.mark.parametrize(("name", "level"), [
    ("groundwater", lambda away: HEAD - np.clip(LOW * (1 - away / REACH), 0, None)),
    ("groundwater_before", lambda away: HEAD + 0 * away),
])  # fmt: skip
def test_surfaces_lie_at_their_level_round_the_pit_and_not_in_it(
    town: City, wet: Scene, name: str, level: Callable[[np.ndarray], np.ndarray]
) -> None:
    layer = _mesh(wet, name)
    assert not layer.visible
    assert layer.group == "underground"
    assert 0.2 < layer.opacity < 0.8
    used = layer.vertices[np.unique(layer.triangles)]
    away = np.hypot(used[:, 0] - 20.0, used[:, 1] - 15.0)
    np.testing.assert_allclose(used[:, 2] + town.origin[2], level(away), atol=0.08)
    middle = layer.vertices[layer.triangles].mean(axis=1)
    assert not shapely.contains_xy(shapely.box(10.01, 10.01, 29.99, 19.99), middle[:, :2]).any()


def test_a_cut_shows_both_levels_as_lines(town: City, wet: Scene) -> None:
    cut = wet.cut(Section("m", "M", (0.0, 15.0, 0.0), (0.0, -1.0, 0.0)))
    assert _mesh(cut, "groundwater").visible
    now, before = _lines(cut, "groundwater_cut"), _lines(cut, "groundwater_before_cut")
    one, two = (sum(float(np.hypot(*np.ptp(path[:, [0, 2]], axis=0))) for path in layer.paths) for layer in (now, before))
    assert 0.35 < two / one < 0.65  # dashed
    spots = np.concatenate(now.paths)
    np.testing.assert_allclose(spots[:, 1], 15.0 - 0.04, atol=1e-6)
    away = np.abs(spots[:, 0] - 20.0)
    np.testing.assert_allclose(spots[:, 2] + town.origin[2], HEAD - np.clip(LOW * (1 - away / REACH), 0, None), atol=0.08)
    assert "groundwater_cut" in [layer.name for layer in cut.layers]


def test_faces_of_the_pit_show_where_water_stands_behind_them(town: City, wet: Scene) -> None:
    deep = wet.at_stage("wet")
    before, now = _lines(deep, "pit_water_before"), _lines(deep, "pit_water")
    heights = np.concatenate(before.paths)[:, 2] + town.origin[2]
    np.testing.assert_allclose(heights, HEAD, atol=1e-6)
    below = np.concatenate(now.paths)
    assert ((below[:, 2] + town.origin[2] > -2.0) & (below[:, 2] + town.origin[2] < HEAD)).all()
    # none of it is below the floor of the first stage
    assert "pit_water" not in [layer.name for layer in wet.at_stage("first").layers]


def test_lines_of_equal_drawdown_are_where_it_is_that_much(wet: Scene) -> None:
    layer = _lines(wet, "drawdown_lines")
    assert not layer.visible
    spots = np.concatenate(layer.paths)
    away = np.hypot(spots[:, 0] - 20.0, spots[:, 1] - 15.0)
    wanted = np.array([REACH * (1 - value / LOW) for value in (0.05, 0.1, 0.25, 0.5, 1.0, 2.0)])
    assert np.abs(away[:, None] - wanted).min(axis=1).max() < 0.25
    assert (np.abs(away[:, None] - wanted).min(axis=0) < 0.25).all()


def test_lines_of_equal_drawdown_lie_on_the_floor(town: City, wet: Scene) -> None:
    heights = np.concatenate(_lines(wet, "drawdown_lines").paths)[:, 2] + town.origin[2]
    assert np.isfinite(heights).all()
    # over the street for the most part, over wharf and water for the rest
    assert np.isclose(heights, 3.8, atol=0.05).mean() > 0.4
    assert heights.min() > 0.5


def test_without_a_drawdown_there_is_one_level(town: City) -> None:
    result = cone(town)
    impact = result.impacts["pit"]
    flat = ImpactResult("pit", "Pit", impact.fields.assign(drawdown_m=impact.fields["drawdown_m"] * 0.0))
    assert len(levels_of(Result(result.fields, result.trajectories, {}, result.series, impacts={"pit": flat}), town.origin)) == 1


STOOD, FALLS = -1.5, 4.0
"""Head below clay and peat at rest, and how far it falls below the pit [m]."""


def artesian(town: City, **settings: float) -> Result:
    """`cone` with a head below clay and peat that falls by the same cone, a little deeper."""
    result = cone(town)
    impact = result.impacts["pit"]
    fields = impact.fields.assign(head_drawdown_m=impact.fields["drawdown_m"] * (FALLS / LOW))
    return dataclasses.replace(result, impacts={"pit": dataclasses.replace(impact, fields=fields, settings=settings)})


def test_the_head_below_clay_is_with_the_pit_and_without_it(town: City) -> None:
    now, before = heads_of(artesian(town, head_m=STOOD), town.origin)
    assert (now.label, before.label) == (HEAD_NAME, HEAD_BEFORE)
    spots = np.array([[20.0, 15.0], [30.0, 15.0], [75.0, 15.0]])
    np.testing.assert_allclose(now.at(spots) + town.origin[2], [STOOD - FALLS, STOOD - FALLS * 0.75, STOOD], atol=0.08)
    np.testing.assert_allclose(before.at(spots) + town.origin[2], STOOD, atol=1e-9)


def test_a_head_that_nobody_said_is_not_drawn(town: City) -> None:
    assert heads_of(artesian(town), town.origin) == []
    assert heads_of(cone(town), town.origin) == []
    assert heads_of(None, town.origin) == []


def test_the_head_is_hidden_until_the_street_is_cut_and_has_a_colour_of_its_own(town: City) -> None:
    scene = compose(town, artesian(town, head_m=STOOD), changes=[_change(town)])
    surface = _mesh(scene, "groundwater_head")
    assert not surface.visible
    cut = scene.cut(Section("m", "M", (0.0, 15.0, 0.0), (0.0, -1.0, 0.0)))
    now, before = _lines(cut, "groundwater_head_cut"), _lines(cut, "groundwater_head_before_cut")
    assert now.colour == before.colour == style.HEAD_OF_WATER != style.GROUNDWATER
    spots = np.concatenate(now.paths)
    away = np.abs(spots[:, 0] - 20.0)
    np.testing.assert_allclose(spots[:, 2] + town.origin[2], STOOD - np.clip(FALLS * (1 - away / REACH), 0, None), atol=0.1)
    notes = scene.at_stage("wet").layer("pit_notes")
    assert isinstance(notes, AnnotationLayer)
    assert "Head under clay, before: NAP −1.50 m" in notes.texts
    assert len([text for text in notes.texts if text.startswith("Head under clay: ")]) == 1
