"""Vibration of driving against SBR-A: published figures and inverses."""

from __future__ import annotations

import numpy as np
import pytest

from twin.sim.impact.pit.vibration import (
    HIT,
    STAGES,
    VIBRATED,
    foundation_limit,
    limit,
    of_hit,
    of_vibrated,
    safe_from_hit,
    safe_from_vibrated,
)


@pytest.mark.parametrize(
    ("stage", "known"),
    [("steady", (0.513, 1.077, 2.275)), ("all", (0.721, 1.514, 3.196)), ("start and stop", (1.013, 2.127, 4.491))],
)
def test_thirty_metres_from_a_vibrated_pile(stage, known):
    found = [float(of_vibrated(np.array([30.0]), exceeded, stage)[0]) for exceeded in VIBRATED]
    assert found == pytest.approx(known, abs=6e-4)


def test_ten_metres_from_a_vibrated_pile():
    assert of_vibrated(np.array([10.0]), 0.5, "steady")[0] == pytest.approx(2.389, abs=6e-4)
    assert of_vibrated(np.array([0.1]))[0] == of_vibrated(np.array([1.0]))[0] == 266.0


@pytest.mark.parametrize(("hertz", "known"), [(5, 1.23), (10, 1.23), (15, 1.53), (30, 2.45), (50, 3.68), (75, 4.29), (100, 4.90)])
def test_what_a_monument_may_have_from_piles_that_are_hit(hertz, known):
    assert limit(2, hertz, kind="repeated", condition="sensitive").allowed == pytest.approx(known, abs=6e-3)


def test_other_limits():
    assert limit(1, 25.0, kind="short", measurement="extensive").allowed == pytest.approx(27.5)
    assert limit(2, 25.0, kind="short", measurement="extensive", place="top floor").allowed == 15.0
    assert foundation_limit(kind="repeated", condition="sensitive").allowed == pytest.approx(2.30, abs=5e-3)
    assert foundation_limit(depth_factor=9.0).characteristic == 20.0


def test_how_far_a_monument_must_be_from_a_vibrator():
    allowed = limit(2, 25.0, condition="sensitive").allowed
    assert allowed == pytest.approx(1.287, abs=5e-4)
    assert safe_from_vibrated(allowed) == pytest.approx(60.4, abs=0.05)


@pytest.mark.parametrize("allowed", [0.5, 2.0, 10.0])
def test_at_the_distance_the_limit_is_met(allowed):
    for stage in STAGES:
        for exceeded in VIBRATED:
            away = safe_from_vibrated(allowed, exceeded, stage)
            assert of_vibrated(np.array([away]), exceeded, stage)[0] == pytest.approx(allowed)
    for ground in HIT:
        away = safe_from_hit(allowed, 8.0, 30e3, ground)
        if away > 1.0:
            assert of_hit(np.array([away]), 8.0, 30e3, ground)[0] == pytest.approx(allowed)
        else:
            assert of_hit(np.array([1.0]), 8.0, 30e3, ground)[0] <= allowed


def test_it_falls_with_distance_and_grows_with_energy():
    away = np.linspace(1, 100, 50)
    assert (np.diff(of_hit(away, 5.0, 2e4)) < 0).all()
    assert (of_hit(away, 5.0, 4e4) == pytest.approx(np.sqrt(2) * of_hit(away, 5.0, 2e4)))
    assert safe_from_hit(1e6, 8.0, 1e4) == 0.0
