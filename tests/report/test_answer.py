"""What the box of a report answers, and how figures are written."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
import xarray as xr

from twin import report
from twin.commands import figures as terminal
from twin.compare import Comparison
from twin.impact_result import ImpactResult
from twin.impacts.noise_report import figures_of, period, relieved_of
from twin.report.answer import _not_worked_out
from twin.report.figures import limit_with_unit, number, plain, with_unit
from twin.report.page import Page
from twin.report.texts import ENGLISH
from twin.result import Figure, Result, headlined
from twin.scenario.noise import NoiseAnalysis


def side(*figures: Figure, key: str = "heat", **features: gpd.GeoDataFrame) -> Result:
    impact = ImpactResult(key, "Heat", xr.Dataset(), features, figures)
    nothing = pd.DataFrame()
    return Result(xr.Dataset(), nothing, nothing, {}, figures, {}, impacts={key: impact})


def both(before: Result, after: Result) -> Comparison:
    rows = [pd.DataFrame({one.key: [one.value] for one in part.figures}) for part in (before, after)]
    return Comparison(before, after, rows[0], rows[1])


def box(subject: Comparison | Result) -> list[str]:
    """The sentences of the answer."""
    found = re.search(r'<section class="answer.*?</section>', report.write(subject), re.DOTALL)
    assert found
    return re.findall(r"<p>(.*?)</p>", found[0])


def figure(value: float, **given: Any) -> Figure:
    return replace(Figure("some", "Some share", value, "%", exact=True), **given)


def test_a_headline_without_a_limit_comes_first() -> None:
    limited = Figure("other", "Other", 5.0, "m", 4.0, better="lower", exact=True)
    said = box(both(side(limited, figure(42.6, headline=True)), side(limited, figure(38.7, headline=True))))
    assert said[0] == "Some share: 38.7 % with the changes, 42.6 % without them."
    assert said[1].startswith("Other reaches 5.0 m with the changes.")
    assert box(side(figure(38.7, headline=True)))[0] == "Some share: 38.7 %."


def test_what_stays_is_told_once() -> None:
    assert box(both(side(figure(3.0, headline=True)), side(figure(3.0, headline=True))))[0] == (
        "Some share: 3.0 %, with the changes and without them."
    )


def test_what_the_changes_do_is_not_held_against_nothing() -> None:
    lost: dict[str, Any] = {"headline": True, "of_changes": True}
    assert box(both(side(figure(0.0, **lost)), side(figure(7.0, **lost))))[0] == "Some share: 7.0 %."


def test_a_figure_with_a_sentence_of_its_own_is_told_by_that() -> None:
    said = box(both(side(figure(-3.0, headline=True, told="Down by 3")), side(figure(-2.0, headline=True, told="Down by 2"))))
    assert said[0] == "Down by 2. Without the changes: Down by 3."
    same = side(figure(-2.0, headline=True, told="Down by 2"))
    assert box(both(same, same))[0] == "Down by 2. Without the changes it is the same."


def test_a_time_that_is_not_reached_is_told_so() -> None:
    late = Figure("late", "Time", float("inf"), "s", digits=0, headline=True, exact=True)
    said = box(both(side(replace(late, value=180.0)), side(late)))
    assert said[0] == "Time: not reached by the end of the run with the changes, 3:00 min:s without them."


@pytest.mark.parametrize(("before", "after", "told"), [
    (50.0, 60.0, "Some share is 60.0 % with the changes. It should be at least 30.0 %: it is. Without them it is 50.0 %."),
    (50.0, 20.0, "It should be at least 30.0 %: it falls short. Without them it is 50.0 %."),
    (25.0, 20.0, "It should be at least 30.0 %: it falls short. It falls short without them too: 25.0 %."),
])  # fmt: skip
def test_a_least_is_told_as_a_least(before: float, after: float, told: str) -> None:
    least: dict[str, Any] = {"limit": 30.0, "better": "higher"}
    (said, *_) = box(both(side(figure(before, **least)), side(figure(after, **least))))
    assert said.endswith(told)
    assert "limit" not in said


def test_what_has_to_be_known_and_is_not_is_told_first_and_is_not_in_order() -> None:
    met = Figure("other", "Other", 3.0, "m", 4.0, better="lower", exact=True, headline=True)
    blind = figure(float("nan"), limit=1.1, better="higher", headline=True, unknown=True, note="not known: the layers end in clay")
    subject = both(side(met, figure(float("nan"))), side(met, blind))
    said = box(subject)
    assert said[0] == (
        "Some share is not known (the layers end in clay). It should be at least 1.1 %: "
        "it has to be known before anything is decided."
    )
    page = report.write(subject)
    assert 'class="answer bad"' in page
    assert '<span class="chip bad">not known</span>' in page
    # what does not apply is not told, and is no fault
    alone = both(side(met), side(met, replace(blind, unknown=False)))
    assert 'class="answer bad"' not in report.write(alone)


def test_a_most_that_was_exceeded_before_is_told_so() -> None:
    most: dict[str, Any] = {"limit": 30.0, "better": "lower"}
    (said, *_) = box(both(side(figure(40.0, **most)), side(figure(35.0, **most))))
    assert said.endswith("it is exceeded. It is exceeded without them too: 40.0 %.")


def test_what_counts_in_nothing_has_no_space_before_the_full_stop() -> None:
    none = Figure("none", "Cut off", 3.0, "", 0.0, better="lower", digits=0, exact=True)
    assert box(side(none))[0] == "Cut off: 3. There should be none."


def test_the_first_five_are_named() -> None:
    names = [f"place-{k}" for k in range(7)]
    frame = gpd.GeoDataFrame({"before_c": 42.6, "after_c": 38.7}, index=names, geometry=[shapely.Point()] * 7)
    said = box(side(figure(1.0, headline=True), changed=frame))[1]
    assert "place-0 (42.6 to 38.7 °C)" in said
    assert said.endswith("and 2 more.")
    assert "place-5" not in said


def test_all_posts_that_are_needed_are_named() -> None:
    names = [f"lamp-{k}" for k in range(12)]
    told = {"kept": False, "gained_share": 0.1, "covered_share": 0.9}
    frame = gpd.GeoDataFrame(told, index=names, geometry=[shapely.Point()] * 12)
    assert box(side(figure(1.0, headline=True), key="signal", posts=frame))[1].endswith("lamp-10, lamp-11.")


def test_a_note_that_is_of_one_side_stands_beside_its_value() -> None:
    page = report.write(both(side(figure(73.2, note="at house-0527")), side(figure(66.6, note="at house-0331"))))
    assert "73.2 %<small>at house-0527</small>" in page
    assert "66.6 %<small>at house-0331</small>" in page
    same = report.write(both(side(figure(73.2, note="mean")), side(figure(66.6, note="mean"))))
    assert same.count("<small>mean</small>") == 1


def limited(value: float, digits: int, of: Figure) -> tuple[str, str]:
    """Value and limit as the terminal has them."""
    return terminal.number(value, digits), terminal._limit(of)


def test_numbers_are_written_as_people_write_them() -> None:
    whole, part = Figure("a", "A", 0.0, "m", digits=0), Figure("b", "B", 0.0, "m", digits=2)
    assert number(-0.3, whole) == number(-0.0, whole) == "0"
    assert number(-0.001, part) == "0.00"
    assert number(-0.4, Figure("t", "T", 0.0, "s")) == "0:00"
    assert with_unit(3.0, Figure("n", "N", 0.0, "", digits=0)) == "3"
    assert limit_with_unit(Figure("d", "D", 1.0, "1/m2", 1.08)) == "1.08 per m²"
    assert limit_with_unit(Figure("d", "D", 1.0, "1/m2", 4.0)) == "4.0 per m²"
    assert limited(1.0, 0, Figure("d", "D", 1.0, "1/m2", 1.08)) == ("1", "1.08")
    assert limited(-0.3, 0, Figure("d", "D", 1.0, "1/m2", 4.0)) == ("0", "4.0")
    assert plain("`tower`: 5 m2, 3 kWh/m2, item2") == "tower: 5 m², 3 kWh/m², item2"


def test_seeds_are_not_told_where_nobody_walks() -> None:
    assert "Seeds" not in report.write(side(figure(1.0)))


def test_headlines_are_picked_by_key() -> None:
    one, two = headlined([figure(1.0), figure(2.0, key="two")], "two", "not there", of_changes=("some",))
    assert (one.headline, one.of_changes, two.headline, two.of_changes) == (False, True, True, False)


@pytest.mark.parametrize(("above", "told"), [
    (13.9, "All sources must be 13.9 dB weaker to keep to the limits"),
    (-3.0, "All sources could be 3.0 dB louder within the limits"),
])  # fmt: skip
def test_room_for_sound_is_told_in_a_sentence(above: float, told: str) -> None:
    settings = NoiseAnalysis.model_validate({
        "sources": [{"id": "stage", "at": {"point": [0, 0]}, "level_db": 95, "distance_m": 1, "hours": ["19:00", "23:00"]}],
    })  # fmt: skip
    columns = {f"{weighting}_{period(row)}": [70.0] for row in settings.rows for weighting in ("dba", "dbc")}
    buildings = gpd.GeoDataFrame({**columns, "judged": True, "above_db": [above]}, index=["a"], geometry=[shapely.Point(0, 0)])
    figures = {one.key: one for one in figures_of(buildings, None, buildings[:0], settings)}
    assert figures["noise_margin"].told == told
    assert figures["noise_margin"].headline
    labels = [one.label for key, one in figures.items() if key.startswith("noise_db")]
    assert len(set(labels)) == len(labels)
    assert all(label.startswith(("Loudest sound before a facade from", "Loudest bass before a facade from")) for label in labels)


def test_buildings_that_come_below_the_standard_value_are_listed_the_largest_gain_first() -> None:
    settings = NoiseAnalysis.model_validate({
        "roads": [{"id": "r", "along": [[0, 0], [9, 0]], "per_hour": {"light": [1, 1, 1]}, "speed_km_h": 30}],
    })  # fmt: skip
    at = [shapely.Point(k, 0) for k in range(4)]
    was = gpd.GeoDataFrame({"lden": [60.0, 54.0, 50.0, 60.0], "judged": True}, index=list("abcd"), geometry=at)
    now = was.assign(lden=[52.0, 40.0, 40.0, 58.0])
    assert list(relieved_of(now, was, settings).index) == ["b", "a"]
    assert not len(relieved_of(now, None, settings))
    assert not len(relieved_of(now.assign(judged=False), was, settings))


def _of_a_pit(stages: int) -> Result:
    frame = gpd.GeoDataFrame({"stage": ["deep"] * stages}, geometry=[shapely.Point(0, 0)] * stages, crs=28992)
    return side(figure(2.0, headline=True), key="pit", stages=frame)


def test_an_excavation_is_never_answered_without_that_its_walls_are_not_worked_out() -> None:
    told = ENGLISH["answer_no_design"]
    assert "is not worked out" in told
    for subject in (_of_a_pit(1), both(_of_a_pit(0), _of_a_pit(1))):
        assert _not_worked_out(Page(subject, {}, "", ENGLISH)) == [told]
    for other in (_of_a_pit(0), side(figure(2.0, headline=True))):
        assert _not_worked_out(Page(other, {}, "", ENGLISH)) == []
