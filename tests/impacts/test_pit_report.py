"""The shipped scenario of a garage beside the wharf: what a council reads of it, in the report, on maps and when it is kept."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

import twin
from twin import report
from twin.commands.pictures import draw_impacts
from twin.compare import Comparison
from twin.geo.city import City
from twin.geo.samples import sample_folder
from twin.impacts.pit_figures import STABLE
from twin.report.impacts import impact_section
from twin.report.pit import uplift_chart
from twin.report.texts import ENGLISH
from twin.scenario import Scenario

CUT = (136760.0, 455780.0, 136920.0, 455920.0)


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    found = twin.read_scenario(sample_folder().parent / "wharf_garage.yaml")
    return found.model_copy(update={"area": CUT})


@pytest.fixture(scope="module")
def both(sample: City, scenario: Scenario) -> Comparison:
    return twin.compare(scenario, city=sample, progress=False)


def test_not_everything_is_in_order(both: Comparison) -> None:
    table = both.table()
    assert table.loc["pit_damage", "verdict"] == "exceeds"
    assert table.loc["pit_uplift", "verdict"] == "falls short"
    assert table.loc["pit_vibration", "verdict"] == table.loc["pit_noise", "verdict"] == "exceeds"
    assert both.baseline.figure("pit_damaged").value == 0
    assert 3 <= both.variant.figure("pit_damaged").value <= 8
    assert both.variant.figure("pit_trees_felled").value == 5
    assert 11_000 < both.variant.figure("pit_volume").value < 13_000


def test_no_building_stands_in_the_pit_and_those_far_away_bear_it(both: Comparison) -> None:
    buildings = both.variant.impacts["pit"].features["buildings"]
    assert buildings["category"].notna().all()
    assert buildings["distance_m"].min() > 5.0
    assert (buildings.loc[buildings["distance_m"] > 40.0, "category"] == 0).all()
    low, high = (buildings[f"category_{end}"] for end in ("low", "high"))
    assert (low <= buildings["category"]).all()
    assert (buildings["category"] <= high).all()


def test_heavy_lorries_may_not_drive_above_the_cellars(both: Comparison) -> None:
    ways = both.variant.impacts["pit"].features["routes"]
    assert not ways.loc["garage lorry", "found"]
    assert "above cellars" in ways.loc["garage lorry", "told"]
    assert ways.loc["garage van", "found"]
    assert ways.loc["garage van", "above_cellar_m"] > 0
    assert ways.loc["garage van", "length_m"] > 200.0, "the way goes on beyond the area that is looked at"


def test_the_report_answers_with_limits_and_says_what_it_is_not(both: Comparison) -> None:
    page = report.write(both)
    assert "Worst category of damage to a building (0 to 4) reaches 3 with the changes. The limit is 1: it is exceeded." in page
    assert "soil leave in 1,164 lorries of 18 t, for which there is no way out (no way for a lorry: canal-street-east" in page
    assert "Buildings with more damage than is allowed: house-" in page
    assert "That needs a geotechnical design" in page
    assert STABLE in both.variant.impacts["pit"].assumptions
    barred = "canal-street-east is limited to 2 t on an axle"
    for word in ("Factor against uplift", "Lower head by (m)", "stands in the pit", barred):
        assert word in page, word
    assert "nan" not in impact_section(both.variant.impacts["pit"], {}, ENGLISH).lower()
    assert not impact_section(both.baseline.impacts["pit"], {}, ENGLISH).count("<table")


def test_a_floor_that_comes_up_is_red_in_the_chart(both: Comparison) -> None:
    stages = both.variant.impacts["pit"].features["stages"]
    chart = uplift_chart(stages, 1.1, ENGLISH)
    assert chart.count("<rect") == int(np.isfinite(stages["uplift_factor"]).sum()) == 2
    assert chart.count("#b3261e") == 1
    assert "asked: 1.1" in chart
    assert not uplift_chart(stages.assign(uplift_factor=math.inf), 1.1, ENGLISH)


def test_maps_show_each_field_around_the_pit(both: Comparison, sample: City, scenario: Scenario, tmp_path: Path) -> None:
    made = draw_impacts(scenario, sample, both.baseline, both.variant, tmp_path)
    assert [name for name in made if name.startswith("pit")] == ["pit", "pit drawdown_m", "pit head_drawdown_m"]
    assert all((tmp_path / name).stat().st_size > 20_000 for name in made.values())
    impact = both.variant.impacts["pit"]
    ax = Figure().subplots()
    impact.plot_map(city=sample, ax=ax, bounds=CUT, language="nl")
    damaged = [patch for patch in ax.patches if str(patch.get_gid()).startswith("damage:")]
    assert len(damaged) == int((impact.features["buildings"]["category"] > 0).sum())


def test_what_is_kept_can_be_opened_again(both: Comparison, tmp_path: Path) -> None:
    both.variant.save(tmp_path / "garage")
    again = twin.open_result(tmp_path / "garage").impacts["pit"]
    impact = both.variant.impacts["pit"]
    assert np.array_equal(again.fields["settlement_mm"], impact.fields["settlement_mm"], equal_nan=True)
    assert again.features["stages"]["uplift_factor"].tolist() == impact.features["stages"]["uplift_factor"].tolist()
    assert again.features["buildings"]["category"].tolist() == impact.features["buildings"]["category"].tolist()
    assert again.figure("pit_inflow").value == impact.figure("pit_inflow").value


def test_the_water_of_the_pit_is_on_both_sides(both: Comparison) -> None:
    before, after, change = both.impacts["pit"]
    level = before.fields["groundwater_m"].to_numpy()
    assert np.array_equal(level, np.full(level.shape, 0.7, np.float32))
    fall = after.fields["drawdown_m"].to_numpy()
    assert after.fields["groundwater_m"].to_numpy() == pytest.approx(level - fall, abs=1e-5)
    assert float(after.fields["groundwater_m"].min()) == pytest.approx(-2.6)
    assert set(change) == {"settlement_mm_change", "drawdown_m_change", "head_drawdown_m_change"}
