"""Charts over time as data: lines, limits, steps and bands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.compare import Comparison
from twin.ensemble import Ensemble
from twin.errors import ParameterError, ResultError
from twin.plots.series import band_of
from twin.plots.words import change_range, class_range, clock, number
from twin.result import Result


def line(ax, gid):
    return next(one for one in ax.lines if one.get_gid() == gid)


def test_people_present_and_gone(result: Result) -> None:
    ax = result.plot_series()
    np.testing.assert_array_equal(line(ax, "present").get_ydata(), result.series["present"])
    np.testing.assert_array_equal(line(ax, "have left").get_ydata(), result.series["left"])
    assert ax.get_xlabel() == "clock time"
    assert ax.get_ylim()[0] == 0.0
    assert line(result.plot_series(language="nl"), "aanwezig")


def test_densities_at_the_fullest_places_stand_under_the_limit(result: Result) -> None:
    ax = result.plot_series("density")
    assert line(ax, "limit").get_ydata()[0] == result.figure("density_max").limit == 4.0
    assert ax.get_ylim()[1] > 4.0
    spot = result.features["hotspots"].iloc[0]
    top = max(float(np.max(one.get_ydata())) for one in ax.lines if one.get_gid() != "limit")
    assert top == pytest.approx(spot["density_per_m2"], rel=1e-5)
    assert any("limit 4" in text.get_text() for text in ax.texts)


def test_counts_by_exit_and_by_line(result: Result) -> None:
    assert line(result.plot_series("exits"), "east").get_ydata()[-1] == result.series["exit_east"].iloc[-1]
    assert (
        line(result.plot_series("lines"), "north-side").get_ydata()[-1]
        == result.n_t("north-side")["cumulative_pedestrians"].iloc[-1]
    )


def test_what_is_not_there_is_refused(result: Result) -> None:
    with pytest.raises(ParameterError, match="did you mean `people`"):
        result.plot_series("peple")
    empty = result.with_(series=result.series.drop(columns="line_north-side_people"))
    with pytest.raises(ResultError, match="nobody by lines"):
        empty.plot_series("lines")
    with pytest.raises(ResultError, match="no series over time"):
        result.with_(series=result.series.iloc[:0]).plot_series()
    with pytest.raises(ResultError, match="did you mean `east`"):
        result.plot_flow("eats")
    with pytest.raises(ParameterError, match="above 0"):
        result.plot_flow(interval_s=0)


@pytest.mark.parametrize("interval_s", [10.0, 25.0, 60.0])
def test_flows_add_up_to_those_who_left(result: Result, interval_s: float) -> None:
    ax = result.plot_flow("east", interval_s=interval_s)
    steps = next(patch for patch in ax.patches if patch.get_gid() == "east")
    values, edges, _ = steps.get_data()
    assert float(np.sum(values * np.diff(edges)) / 60.0) == pytest.approx(float(result.series["exit_east"].iloc[-1]))
    ax = result.plot_flow("north-side", interval_s=interval_s)
    values, edges, _ = next(patch for patch in ax.patches if patch.get_gid() == "north-side").get_data()
    assert float(np.sum(values * np.diff(edges)) / 60.0) == pytest.approx(
        float(result.series[["line_north-side_right", "line_north-side_left"]].iloc[-1].sum())
    )


def test_both_sides_in_one_chart(both: Comparison) -> None:
    ax = both.plot_series()
    np.testing.assert_array_equal(line(ax, "baseline:present").get_ydata(), both.baseline.series["present"])
    np.testing.assert_array_equal(line(ax, "variant:present").get_ydata(), both.variant.series["present"])
    ax = both.plot_series("density", language="nl")
    assert float(np.max(line(ax, "variant").get_ydata())) == pytest.approx(both.variant.figure("density_max").value, rel=1e-5)
    assert line(ax, "limit").get_ydata()[0] == 4.0


def test_a_band_holds_its_median(many: Ensemble) -> None:
    ax = many.plot_series("left")
    time, (low, middle, high) = band_of(many.series, "left", 0.05, 0.95)
    assert (low <= middle).all()
    assert (middle <= high).all()
    np.testing.assert_allclose(line(ax, "median").get_ydata(), middle)
    assert middle[-1] == 60
    assert len(time) == max(len(series) for series in many.series.values())
    with pytest.raises(ParameterError, match="did you mean `present`"):
        many.plot_series("presnt")
    for band in ((0.9, 0.1), (0.1,), "wide"):
        with pytest.raises(ParameterError, match="band"):
            many.plot_series(band=band)


@given(st.lists(st.lists(st.integers(0, 500), min_size=1, max_size=12), min_size=1, max_size=6))
def test_a_band_of_everything_reaches_from_least_to_most(rows: list[list[int]]) -> None:
    tables = {k: pd.DataFrame({"time_s": np.arange(len(row), dtype=float), "present": row}) for k, row in enumerate(rows)}
    time, (low, _, high) = band_of(tables, "present", 0.0, 1.0)
    for row in rows:
        held = np.array([*row, *[row[-1]] * (len(time) - len(row))])
        assert (low <= held).all()
        assert (held <= high).all()


@given(st.integers(0, 200_000), st.integers(0, 23), st.integers(0, 59))
def test_clock_times_go_round(seconds: int, hour: int, minute: int) -> None:
    parts = [int(part) for part in clock(seconds, f"{hour:02d}:{minute:02d}", exact=True).split(":")]
    assert (parts[0] * 3600 + parts[1] * 60 + parts[2]) == (hour * 3600 + minute * 60 + seconds) % 86_400


def test_numbers_and_classes_in_words() -> None:
    assert number(1234.5, 1) == "1,234.5"
    assert number(1234.5, 1, "nl") == "1.234,5"
    assert clock(90) == "1:30"
    assert class_range(0.0, 0.5) == "< 0.50"
    assert class_range(0.5, float("inf"), "nl") == "> 0,50"


def test_an_interrupted_run_is_told(result: Result, many: Ensemble) -> None:
    short = result.with_(partial=True)
    for ax in (short.plot_series(), short.plot_series("exits"), short.plot_flow()):
        assert any("interrupted run" in text.get_text() for text in ax.texts)
    assert not any("interrupted" in text.get_text() for text in result.plot_series().texts)
    cut = replace(many, partial=True)
    assert any("onderbroken" in text.get_text() for text in cut.plot_series(language="nl").texts)
    assert any("interrupted run" in text.get_text() for text in cut.plot_map("mean").texts)


def test_ranges_of_a_change_are_told_from_the_smallest_change_on():
    far = float("inf")
    assert change_range(5.0, 10.0, digits=0) == "+5 to +10"
    assert change_range(10.0, far) == "more than +10.00"
    assert change_range(-far, -10.0, "nl") == "onder −10,00"
    assert change_range(-10.0, -5.0, "nl", 0) == "−5 tot −10"
