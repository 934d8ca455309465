"""The report: what a planner must find on it, and that nothing from a file becomes HTML."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

import twin
from tests.places import at, box_of, town
from twin import report
from twin.compare import Comparison
from twin.errors import ParameterError
from twin.impacts.crowding import NOT_VERIFIED_FOR
from twin.report.chart import line_chart, nice_step
from twin.report.figures import unit
from twin.report.texts import ENGLISH, LANGUAGES
from twin.result import Figure, Result
from twin.scenario import scenario_from_text

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def both() -> Comparison:
    scenario = scenario_from_text(f"""\
title: "{HOSTILE}"
question: "{HOSTILE}"
changes:
  - id: party
    type: event
    label: "{HOSTILE}"
    in_baseline: true
    zones: [{{id: west, at: {{polygon: {box_of(2, 20, 16, 40)}}}, present: 150}}]
  - {{id: works, type: closure, at: {{polygon: {box_of(20, 37, 40, 60)}}}}}
crowd:
  duration_s: 60
  seeds: 2
  exits: {{"<i>east</i>": {{polygon: {box_of(56, 0, 60, 60)}}}}}
  lines: [{{id: "<u>line</u>", line: [{at(30, 0)}, {at(30, 22)}]}}]
analyses: {{crowding: {{density_limit_per_m2: 2, density_limit_source: "<em>source</em>", evacuation_limit_s: 50}}}}
""")
    return twin.compare(scenario, city=town(), progress=False)


class _Tags(HTMLParser):
    """Counts tags and checks that they close."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: dict[str, int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen[tag] = self.seen.get(tag, 0) + 1
        assert not [name for name, _ in attrs if name.startswith("on")]
        if tag not in ("meta", "img", "br", "line", "polyline"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen[tag] = self.seen.get(tag, 0) + 1

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_page_holds_what_a_planner_asks(both: Comparison) -> None:
    page = report.write(both, {"before": b"\x89PNG before", "after": b"\x89PNG after"}, "scene.html")
    text = re.sub(r"<[^>]+>", " ", page)
    for heading in (
        "before",
        "after",
        "figures",
        "limit",
        "densest",
        "exits",
        "changes",
        "assumptions",
        "not_verified",
        "provenance",
    ):
        assert ENGLISH[heading] in text
    for sentence in NOT_VERIFIED_FOR:
        assert sentence[:40] in text
    assert "exceeds" in text
    assert "no surface types" in text
    assert "Weidmann" in text
    staying = 150 - round(both.variant.figure("left").value)
    assert f"of those who left; {staying} had not left when the run ended" in text
    assert "People who left within the run: " in text
    assert "works (closure)" in text
    assert f"{ENGLISH['seeds']}</dt>" in page
    assert page.count("data:image/png;base64,") == 2
    assert 'href="scene.html"' in page
    value = both.table().loc["density_max", "variant"]
    assert f"{value:.1f} per m²" in page


def test_nothing_from_a_file_becomes_html(both: Comparison) -> None:
    hostile = replace(
        both.variant,
        provenance={
            **both.variant.provenance, "sources": [dict.fromkeys(("name", "format", "licence", "credit"), HOSTILE)],
            "quality": {HOSTILE: 1}, "scenario": "</pre>" + HOSTILE, "versions": {HOSTILE: "1"},
        },
    )  # fmt: skip
    page = report.write(replace(both, variant=hostile), {}, '"><script>alert(1)</script>')
    tags = _Tags()
    tags.feed(page)
    assert tags.open == []
    assert not {"script", "i", "u", "em", "img"} & tags.seen.keys()
    assert "default-src 'none'" in page
    assert not re.search(r"(src|href)=\"https?:", page)


def test_single_result_and_partial_and_empty(both: Comparison) -> None:
    page = report.write(replace(both.variant, partial=True))
    assert "interrupted" in page
    assert ENGLISH["before"] not in page
    nobody = scenario_from_text(f"title: Empty\ncrowd: {{duration_s: 20, exits: {{a: {{polygon: {box_of(56, 0, 60, 60)}}}}}}}\n")
    empty: Result = twin.run(nobody, city=town(), progress=False)
    page = report.write(empty)
    assert ENGLISH["nobody"] in page
    assert ENGLISH["answer_nobody"] in page
    assert ENGLISH["nobody_there"] in page
    assert not empty.figure("density_max").verdict


@pytest.mark.parametrize(("counts", "value", "digits", "told"), [
    ("places", 1.0, 0, "place"), ("places", 0.0, 0, "places"), ("places", 1.2, 0, "place"), ("people", 1.0, 0, "person"),
    ("people", 1.0, 1, "people"), ("m2", 1.0, 0, "m²"),
])  # fmt: skip
def test_one_thing_is_told_as_one(counts: str, value: float, digits: int, told: str) -> None:
    assert unit(Figure("some", "Some", value, counts, digits=digits), value) == told


def test_people_with_the_changes_only_are_judged_alone() -> None:
    scenario = scenario_from_text(f"""\
title: Party
changes: [{{id: party, type: event, zones: [{{id: west, at: {{polygon: {box_of(2, 20, 16, 40)}}}, present: 20}}]}}]
crowd: {{duration_s: 20, seeds: 1, exits: {{east: {{polygon: {box_of(56, 0, 60, 60)}}}}}}}
""")
    both = twin.compare(scenario, city=town(), progress=False)
    page = report.write(both)
    assert both.table().loc["density_max", "verdict"] == "meets"
    assert "it is met. Without them nobody takes part." in page
    assert ENGLISH["answer_nobody"] not in page


def test_people_who_are_due_after_the_end_prove_nothing() -> None:
    scenario = scenario_from_text(f"""\
title: Late
crowd:
  duration_s: 10
  exits: {{east: {{polygon: {box_of(56, 0, 60, 60)}}}}}
  flows: [{{id: late, at: {{polygon: {box_of(2, 20, 16, 40)}}}, people: 5, from_s: 50, until_s: 60}}]
analyses: {{crowding: {{evacuation_limit_s: 5}}}}
""")
    late = twin.run(scenario, city=town(), progress=False)
    assert late.figure("density_max").verdict == ""
    assert late.figure("density_max").note == "nobody had entered when the run ended"
    assert late.figure("evacuation").verdict == "exceeds"


def test_unknown_language_is_told(both: Comparison) -> None:
    with pytest.raises(ParameterError, match="nl"):
        report.write(both, language="nl")
    assert "en" in LANGUAGES


def test_chart_keeps_lines_inside() -> None:
    x = np.linspace(0, 7, 50)
    drawn = line_chart([("a", "#000", x, x**2), ("b", "#111", x, 3 * x)], x_label="x", y_label="<y>")
    assert "&lt;y&gt;" in drawn
    numbers = [tuple(map(float, point.split(","))) for line in re.findall(r'points="([^"]+)"', drawn) for point in line.split()]
    assert all(0 <= px <= 820 and 0 <= py <= 290 for px, py in numbers)
    assert nice_step(0.0) == 1.0
    assert nice_step(97.0, 5) == 20.0
