"""The published cases, each as a test, and the registry that holds them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from twin.errors import ParameterError, StartError
from twin.verification import PRESETS, Case, Found, Measure, Outcome, Trial, cases, check, chosen
from twin.verification.rimea import greatest_rise

RUN = [case for case in cases() if case.run is not None]


@pytest.mark.parametrize("case", [pytest.param(c, id=c.id, marks=[pytest.mark.slow] if c.slow else []) for c in RUN])
def test_case(case):
    outcome = check(case)
    assert not outcome.error
    missed = [f"{m.name} {m.text()}, not {m.bounds()}" for m in outcome.found.measures if not m.holds]
    if outcome.verdict == "known failure":
        pytest.xfail(f"{case.known_failure}: {'; '.join(missed)}")
    assert outcome.verdict == "pass", f"{case.title} ({case.source}): {'; '.join(missed)}"


def test_every_test_of_the_standards_is_there():
    names = {case.id for case in cases()}
    nist = ("1.1", *(f"2.{k}" for k in range(1, 11)), "3.1", "3.2", "3.3", "4.1", "5.1", "5.2")
    expected = {f"rimea-{k}" for k in range(1, 17)} | {f"iso-{k}" for k in range(1, 20)} | {f"nist-{number}" for number in nist}
    assert expected <= names
    assert len(cases()) == len(names)


def test_a_case_says_what_it_is():
    for case in cases():
        assert case.title
        assert case.source
        assert (case.run is None) == bool(case.not_applicable)
        assert case.run is None or (case.setup and case.criterion)
        # where the sun stands has no plan
        assert case.run is None or case.site is not None or case.id in ("sun-golden", "sun-noon")


def test_cases_are_found_by_name_and_by_family():
    assert [case.id for case in chosen(["stairs-up", "rimea-1"])] == ["rimea-1", "stairs-up"]
    assert [case.id for case in chosen(["stairs"])] == ["stairs-up", "stairs-down"]
    assert [case.id for case in chosen(["rimea-1"])] == ["rimea-1"]
    with pytest.raises(ParameterError, match="did you mean `rimea-1"):
        chosen(["rimea1"])


def test_presets_are_known_by_name():
    case = chosen(["rimea-1"])[0]
    assert check(case, preset="jupedsim", seed=3).trial == Trial("jupedsim", 3)
    assert check(case, preset="social-force").verdict == "pass"
    with pytest.raises(ParameterError, match="did you mean `jupedsim`"):
        check(case, preset="jupedsin")
    assert "default" in PRESETS


def of(*measures: Measure, **more: str) -> Outcome:
    case = Case("x-1", "X", "1", "title", "set-up", "criterion", "source", lambda trial: Found(measures), **more)
    return check(case)


def test_verdicts():
    assert of(Measure("a", 1.0, "s", 0.0, 1.0), Measure("b", 5.0)).verdict == "pass"
    assert of(Measure("a", 1.1, "s", 0.0, 1.0), Measure("b", 5.0, "s", 0.0)).verdict == "fail"
    assert of(Measure("a", 1.1, "s", 0.0, 1.0), known_failure="a reason").verdict == "known failure"
    assert of(Measure("a", 1.0, "s", 0.0, 1.0), known_failure="a reason").verdict == "pass"
    # what is not a number lies nowhere, and what is not judged is no ground to pass
    assert of(Measure("a", math.nan, "s", 0.0)).verdict == "fail"
    assert of(Measure("a", 1.0)).verdict == "fail"


def test_a_case_that_cannot_be_run_fails_and_says_why():
    def broken(trial):
        raise StartError("nobody can stand there", hint="move them")

    outcome = check(Case("x-1", "X", "1", "t", "s", "c", "source", broken, known_failure="another reason"))
    assert (outcome.verdict, outcome.found, outcome.why) == ("fail", None, "nobody can stand there move them")


def test_bounds_in_words():
    assert Measure("a", 1.0, "s", 0.5, 2.0, 1).bounds() == "0.5 to 2.0"
    assert Measure("a", 1.0, "", 3, 3, 0).bounds() == "3"
    assert Measure("a", 1234.5, "s", 1000.0, digits=1).bounds() == "at least 1,000.0"
    assert Measure("a", 1.0, "s", -math.inf, 2.0).bounds() == "at most 2.00"
    assert (Measure("a", 1.0).bounds(), Measure("a", math.nan, "s").text()) == ("", "none")


def test_the_same_seed_gives_the_same_figures():
    case = chosen(["rimea-12"])[0]
    first, again, other = (check(case, seed=seed).found.measures for seed in (5, 5, 6))
    assert first == again
    assert first != other


def test_speed_rises_only_between_densities_that_differ():
    density = np.array([1.0, 0.4, 5.42, 5.43, 2.0])
    assert greatest_rise(density, np.array([1.0, 1.2, 0.1, 0.12, 0.6])) == pytest.approx(-0.2)
    assert greatest_rise(density, np.array([1.0, 1.2, 0.1, 0.12, 1.1])) == pytest.approx(0.1)
