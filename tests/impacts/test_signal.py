"""Radio signal in a city: antennas and lamp posts, before and after a change, and what cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import matplotlib.pyplot as plt
import numpy as np
import pytest
import shapely
from matplotlib.legend import Legend

import twin
from tests.impacts.places import CRS, SOUTH, WEST, block, plain
from twin.errors import CRSError, GeometryError, ParameterError, ScenarioError
from twin.geo.city import City
from twin.impact_result import ImpactResult
from twin.impacts import air
from twin.impacts.signal import analyse, coverage, possible, posts_needed
from twin.impacts.site import Site
from twin.report.impacts import impact_section
from twin.report.texts import ENGLISH
from twin.scenario import scenario_from_text
from twin.scenario.analyses import SignalAnalysis
from twin.scenario.apply import apply_changes
from twin.sim.impact import signal

WEAK = {"power_dbm": 30.0, "threshold_dbm": -90.0}
"""So that a post reaches some tens of metres."""


def at(x: float, y: float, *more: float) -> tuple[float, ...]:
    return (WEST + x, SOUTH + y, *more)


def furnished(city: City, rows: list[dict[str, Any]]) -> City:
    """The city with street furniture; ``x`` and ``y`` from the corner of the plain [m]."""
    points = [shapely.Point(at(row["x"], row["y"])) for row in rows]
    told = [{key: value for key, value in row.items() if key not in ("x", "y", "id")} for row in rows]
    frame = gpd.GeoDataFrame(told, index=[row["id"] for row in rows], geometry=points, crs=CRS)
    frame.index.name = "id"
    return city.with_layer("furniture", frame)


@pytest.fixture(scope="module")
def city() -> City:
    """A hall across a plain of 200 m, lamps on both sides of it, and one nobody could miss."""
    rows = [
        {"id": "west", "x": 40.0, "y": 100.0, "kind": "lamp", "height_m": 6.0},
        {"id": "beside", "x": 44.0, "y": 104.0, "kind": "lamp", "height_m": 6.0},
        {"id": "east", "x": 160.0, "y": 100.0, "kind": "Lichtmast", "height_m": 6.0},
        {"id": "bench", "x": 100.0, "y": 20.0, "kind": "bench", "height_m": 0.5},
        {"id": "facade", "x": 89.8, "y": 100.0, "kind": "lamp", "height_m": np.nan},
    ]
    return furnished(block(plain(200), "hall", 90, 0, 100, 200, 12.0), rows)


def test_signal_falls_as_the_report_says_and_more_behind_a_hall(city: City) -> None:
    found = coverage(city, [at(40, 100, 10.0)])
    link = signal.Link("umi", 3.5)
    sent = 40.0 - 10.0 * np.log10(3276)
    for x, seen in ((70.5, True), (120.5, False)):
        here = found.sel(x=WEST + x, y=SOUTH + 100.5, method="nearest")
        flat = np.hypot(x - 40.0, 0.5)
        assert float(here["signal_dbm"]) == pytest.approx(sent - float(signal.path_loss(link, flat, 10.0, seen)), abs=1e-4)
        assert bool(here["line_of_sight"]) == seen
        assert int(here["best_server"]) == 0
    roof = found.sel(x=WEST + 95, y=SOUTH + 100, method="nearest")
    assert np.isnan(roof["signal_dbm"])
    assert int(roof["best_server"]) == -1
    assert list(found["antenna"].to_numpy()) == ["antenna-1"]
    weaker = coverage(city, [at(40, 100, 10.0)], margin_db=7.0, subcarriers=1)
    drop = (weaker["signal_dbm"] - found["signal_dbm"]).to_numpy()
    near = found["signal_dbm"].to_numpy() > -100
    assert drop[near] == pytest.approx(10.0 * np.log10(3276) - 7.0, abs=1e-4)


def test_a_part_is_as_in_the_whole_and_the_stronger_antenna_serves(city: City) -> None:
    two = [at(40, 100, 6.0), at(160, 100, 6.0, 40.0)]
    whole = coverage(city, two, **WEAK)
    part = coverage(city, two, area=(WEST + 100, SOUTH + 50, WEST + 150, SOUTH + 150), **WEAK)
    assert part.equals(whole.sel(x=part["x"], y=part["y"]))
    alone = [coverage(city, [one], **WEAK)["signal_dbm"] for one in two]
    known = ~np.isnan(alone[0].to_numpy())
    assert np.array_equal(whole["signal_dbm"], np.maximum(*alone), equal_nan=True)
    server = np.where(alone[1] > alone[0], 1, 0)
    heard = whole["signal_dbm"].to_numpy() > signal.NO_SIGNAL
    assert np.array_equal(whole["best_server"].to_numpy(), np.where(known & heard, server, -1))
    twice = coverage(city, [two[0], two[0]], **WEAK)
    assert set(np.unique(twice["best_server"])) == {-1, 0}, "of two that are alike the first serves"
    frame = gpd.GeoDataFrame({"height_m": [6.0, 6.0], "power_dbm": [np.nan, 40.0]}, index=["a", "b"],
                             geometry=[shapely.Point(one[:2]) for one in two], crs=city.crs)  # fmt: skip
    again = coverage(city, frame, **WEAK)
    assert again.drop_vars("antenna").equals(whole.drop_vars("antenna"))
    assert list(again["antenna"].to_numpy()) == ["a", "b"]


def test_antennas_that_are_looked_at_one_by_one_give_the_same(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    many = [(60.0, 60.0, 6.0), (60.0, 140.0, 6.0), (140.0, 60.0, 6.0), (60.0, 60.0, 6.0)]
    many = [(city.bounds[0] + x, city.bounds[1] + y, height) for x, y, height in many]
    together = coverage(city, many)
    posts = gpd.GeoDataFrame({"height_m": [6.0] * 3}, geometry=gpd.points_from_xy(*np.array(many[:3]).T[:2]), crs=city.crs)
    chosen = posts_needed(city, posts, wanted_share=1.0)
    monkeypatch.setattr(air, "FAIR_CELLS", 100)
    apart = coverage(city, many)
    assert apart.identical(together)
    assert set(np.unique(apart["best_server"])) == {-1, 0, 1, 2}  # the fourth is as strong as the first
    assert posts_needed(city, posts, wanted_share=1.0).equals(chosen)


def test_posts_are_chosen_by_what_each_adds(city: City) -> None:
    posts = posts_needed(city, wanted_share=0.9, post_height_m=6.0, **WEAK)
    assert list(posts["order"]) == list(range(1, len(posts) + 1))
    assert (np.diff(posts["gained_share"]) <= 1e-12).all()
    assert {"west", "beside"} - set(posts.index), "of two that stand side by side one is enough"
    assert "east" in posts.index
    assert "bench" not in posts.index
    assert posts["covered_share"].to_numpy() == pytest.approx(np.cumsum(posts["gained_share"]))
    # what it says is covered is what a map of those posts covers
    chosen = posts.assign(height_m=6.0)
    power = coverage(city, chosen, **WEAK)["signal_dbm"].to_numpy()
    share = (power >= -90.0).sum() / (~np.isnan(power)).sum()
    assert share == pytest.approx(posts["covered_share"].iloc[-1], abs=1e-12)
    more = posts_needed(city, antennas=[at(40, 100, 6.0)], wanted_share=0.9, post_height_m=6.0, **WEAK)
    assert len(more) < len(posts) or more["covered_share"].iloc[-1] >= posts["covered_share"].iloc[-1]
    assert not len(posts_needed(city, wanted_share=1e-6, antennas=[at(40, 100, 6.0)], **WEAK))
    assert len(posts_needed(city, most_posts=1, **WEAK)) == 1
    own = city.furniture.loc[["east"]]
    assert list(posts_needed(city, own, **WEAK).index) == ["east"]


def test_a_lamp_on_a_facade_looks_from_beside_it_and_its_height_is_assumed(city: City) -> None:
    side = posts_needed(city, city.furniture.loc[["facade"]], **WEAK)
    assert side["height_m"].iloc[0] == 6.0
    assert 0.05 < side["covered_share"].iloc[0] < 0.9
    result = analyse(Site(city), SignalAnalysis(posts=("facade",), **WEAK))
    assert any("6 m is assumed" in one for one in result.assumptions)


def _both(city: City, changed: City, settings: SignalAnalysis) -> tuple[ImpactResult, ImpactResult]:
    before = Site(city)
    old = analyse(before, settings)
    return old, analyse(Site(changed), settings, (before, old))


def test_posts_stay_when_something_is_built_and_more_come(city: City) -> None:
    settings = SignalAnalysis(wanted_share=0.8, least_share=0.0, **WEAK)
    old, new = _both(city, block(city, "tower", 46, 70, 56, 130, 50.0), settings)
    assert old.figure("signal_lost").value == 0
    assert new.figure("signal_lost").value > 100
    assert new.figure("signal_covered").value < old.figure("signal_covered").value
    assert new.figure("signal_covered").limit == pytest.approx(80.0)
    kept = new.features["posts"]["kept"]
    assert list(new.features["antennas"].index) == list(old.features["antennas"].index) == list(kept.index[kept])
    assert new.figure("signal_posts").value >= old.figure("signal_posts").value
    change = new.difference(old)["signal_dbm_change"]
    assert float(change.max()) <= 1e-4, "a building takes signal only"
    assert float(change.min()) < -3.0
    assert np.isnan(change.sel(x=WEST + 50, y=SOUTH + 100, method="nearest"))
    assert "best_server_change" not in new.difference(old)
    page = impact_section(new, {}, ENGLISH)
    assert all(f"<td>{name}" in page for name in new.features["posts"].index)


def test_what_is_built_over_sends_nothing(city: City) -> None:
    settings = SignalAnalysis(antennas=({"id": "mast", "at": at(40, 100), "height_m": 8},), **WEAK)
    old, new = _both(city, block(city, "tower", 30, 90, 50, 110, 50.0), settings)
    assert old.figure("signal_covered").value > 5
    assert old.figure("signal_covered").limit is None
    assert new.figure("signal_covered").value == 0
    assert not new.features["antennas"]["sends"].iloc[0]
    assert any("mast" in one and "Built over" in one for one in new.assumptions)
    with pytest.raises(GeometryError, match="`mast` stands inside"):
        analyse(Site(block(city, "tower", 30, 90, 50, 110, 50.0)), settings)
    with pytest.raises(ParameterError, match="`antenna-1` stands inside"):
        coverage(block(city, "tower", 30, 90, 50, 110, 50.0), [at(40, 100, 8.0)])


def test_with_antennas_of_its_own_a_side_is_the_same_whether_the_other_is_known(city: City) -> None:
    settings = SignalAnalysis(antennas=({"id": "mast", "at": at(40, 100), "height_m": 15},), **WEAK)
    changed = block(city, "tower", 60, 90, 70, 110, 40.0)
    _, new = _both(city, changed, settings)
    assert new.fields.identical(analyse(Site(changed), settings).fields)


def test_an_antenna_is_a_change(city: City) -> None:
    text = """
title: An antenna
changes:
  - {id: new-mast, type: antenna, at: [136150, 455050], height_m: 12, power_dbm: 33}
analyses: {signal: {posts: [], threshold_dbm: -95}}
"""
    scenario = scenario_from_text(text)
    changed = apply_changes(city, scenario.changes).city
    assert changed.furniture.loc["new-mast", "kind"] == "antenna"
    old, new = _both(city, changed, scenario.analyses.signal or SignalAnalysis())
    assert old.figure("signal_covered").value == 0
    assert not len(old.features["antennas"])
    assert old.fields["signal_dbm"].min() == old.fields["signal_dbm"].max() == -115.0
    assert (old.fields["best_server"] == -1).all()
    assert new.figure("signal_covered").value > 10
    assert list(new.features["antennas"].index) == ["new-mast"]
    assert new.features["antennas"]["power_dbm"].iloc[0] == 33
    assert float(new.difference(old)["signal_dbm_change"].max()) > 40
    own = posts_needed(city, antennas=[at(150, 50, 12.0, 33.0)], wanted_share=1e-6, threshold_dbm=-95)
    assert not len(own)
    with pytest.raises(ScenarioError, match="already"):
        apply_changes(changed, scenario.changes)
    with pytest.raises(ScenarioError, match=r"inside what is built there, which is 12.0 m high"):
        apply_changes(city, scenario_from_text(text.replace("136150, 455050", "136095, 455050")).changes)
    roof = scenario_from_text(text.replace("136150, 455050", "136095, 455050").replace("height_m: 12", "height_m: 15"))
    assert "new-mast" in apply_changes(city, roof.changes).city.furniture.index
    with pytest.raises(ScenarioError, match="outside the city"):
        apply_changes(city, scenario_from_text(text.replace("136150", "1")).changes)


def test_a_comparison_of_an_antenna_is_kept_with_its_result(city: City, tmp_path: Path) -> None:
    scenario = scenario_from_text(
        "title: A\nchanges: [{id: m, type: antenna, at: [136150, 455050], height_m: 12}]\nanalyses: {signal: {posts: []}}\n"
    )
    both = twin.compare(scenario, city=city, progress=False)
    row = both.table().loc["signal_covered"]
    assert row["change"] > 10
    both.variant.save(tmp_path / "out")
    both.baseline.save(tmp_path / "base")
    again = twin.open_result(tmp_path / "out").impacts["signal"]
    assert again.fields.equals(both.variant.impacts["signal"].fields)
    assert again.classes == both.variant.impacts["signal"].classes
    assert list(again.features["antennas"].index) == ["m"]
    ax = again.plot_map("best_server", city=city, language="nl")
    legend = next(child for child in ax.get_children() if isinstance(child, Legend))
    assert {text.get_text() for text in legend.get_texts()} == {"geen", "m", "antenne"}
    change = next(
        child for child in again.plot_map(before=both.baseline.impacts["signal"]).get_children() if isinstance(child, Legend)
    )
    assert "(dB)" in change.get_title().get_text()
    plt.close("all")


def test_many_servers_share_a_colour(city: City) -> None:
    masts = tuple({"id": f"m{k}", "at": at(5 + 10 * (k % 8), 10 + 20 * (k // 8)), "height_m": 8} for k in range(20))
    result = analyse(Site(city), SignalAnalysis(antennas=masts))
    server = result.classes_of("best_server")
    assert server.named
    assert server.labels[0] == "none"
    assert server.labels[-1] == "9 others"
    assert len(server.labels) == 13


def test_streets_alone_count_where_that_is_asked(city: City) -> None:
    street = shapely.box(*at(20, 90), *at(80, 110))
    roads = gpd.GeoDataFrame({"level": ["street"]}, index=["r"], geometry=[street], crs=CRS)
    roads.index.name = "id"
    paved = city.with_layer("roads", roads)
    result = analyse(Site(paved), SignalAnalysis(posts=("west",), ground="streets", wanted_share=1.0, **WEAK))
    assert result.figure("signal_covered").value == pytest.approx(100.0)
    assert result.figure("signal_posts").value == 1
    assert result.figure("signal_covered").label.startswith("Streets")
    with pytest.raises(GeometryError, match="no streets"):
        possible(city, SignalAnalysis(ground="streets"))


def test_what_cannot_be_used_is_told_by_name(city: City) -> None:
    with pytest.raises(ParameterError, match="cannot be used for `frequency_ghz`"):
        coverage(city, [at(40, 100, 6.0)], frequency_ghz=0.1)
    with pytest.raises(ParameterError, match="`model`"):
        coverage(city, [at(40, 100, 6.0)], model="rma")
    with pytest.raises(ParameterError, match="`height_m`"):
        coverage(city, [at(40, 100, 1.0)])
    for wrong in ((1.0, 2.0), "here", 5):
        with pytest.raises(ParameterError, match="not an antenna"):
            coverage(city, [wrong])
    with pytest.raises(GeometryError, match="outside the city"):
        coverage(city, [(0.0, 0.0, 6.0)])
    with pytest.raises(ParameterError, match="height_m"):
        coverage(city, city.furniture[["kind", "geometry"]])
    with pytest.raises(ParameterError, match="points"):
        posts_needed(city, city.buildings)
    with pytest.raises(CRSError):
        posts_needed(city, city.furniture.to_crs("EPSG:4326"))
    with pytest.raises(GeometryError, match="no street furniture `lanp`; did you mean `lamp`"):
        possible(city, SignalAnalysis(posts=("lanp",)))
    with pytest.raises(GeometryError, match="no points with a kind"):
        possible(plain(50), SignalAnalysis())
    antenna = "{id: a, at: [1, 2], height_m: 8}"
    with pytest.raises(ScenarioError, match="two antennas `a`"):
        scenario_from_text(f"title: T\nanalyses: {{signal: {{antennas: [{antenna}, {antenna}]}}}}\n")
    mast = furnished(city, [{"id": "a", "x": 10.0, "y": 10.0, "kind": "antenna", "height_m": 8.0}])
    with pytest.raises(GeometryError, match="in the city already"):
        possible(mast, SignalAnalysis(antennas=({"id": "a", "at": at(5, 5), "height_m": 8},)))
