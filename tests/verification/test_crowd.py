"""The published cases of the crowd."""

from __future__ import annotations

import math

import pytest

from twin.errors import ParameterError
from twin.verification import Case, Outcome, cases, check, find_case


@pytest.mark.parametrize("case", [pytest.param(c, id=c.id, marks=[pytest.mark.slow] if c.slow else []) for c in cases()])
def test_case(case):
    outcome = check(case)
    assert outcome.passed, f"{case.title}: {outcome.value:g} {case.unit}, expected {case.low:g} to {case.high:g} ({case.source})"


def test_a_case_is_found_by_its_name():
    assert find_case("crowd/rimea-1").unit == "s"
    with pytest.raises(ParameterError, match="did you mean `crowd/rimea-1`"):
        find_case("crowd/rimea1")


def test_names_are_used_once():
    names = [case.id for case in cases()]
    assert len(set(names)) == len(names)


def test_what_is_not_a_number_does_not_pass():
    case = Case("x", "", "", "1", 0.0, 1.0, "", lambda: math.nan)
    assert not check(case).passed
    assert Outcome(case, 1.0).passed
    assert not Outcome(case, 1.1).passed
