"""The preset ``jupedsim`` goes where JuPedSim goes when both are shown the same ways."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from twin.verification.side_by_side import bottleneck, corner, head_on

pytest.importorskip("jupedsim", reason="JuPedSim is not installed")
steered_apart = pytest.importorskip("benchmarks.beside_jupedsim").steered_apart


@pytest.fixture(autouse=True)
def asked_each_step(monkeypatch):
    """JuPedSim is told the way of each step; usually what people want is asked again every few centimetres."""
    monkeypatch.setattr("twin.sim.crowd.engine.WAYS_M", 0.0)
    monkeypatch.setattr("twin.sim.crowd.engine.OPEN_WAYS_M", 0.0)


@pytest.mark.parametrize("make", [partial(corner, people=1), head_on])
@pytest.mark.parametrize("seed", [1, 3])
def test_one_alone_and_two_who_meet_stay_within_a_millimetre(make, seed):
    assert steered_apart(make(seed), 800).max() < 1e-3


@pytest.mark.parametrize("make", [corner, partial(bottleneck, 1.2), partial(bottleneck, 3.0)])
def test_a_crowd_stays_within_a_centimetre(make):
    """Most of it: who passes on which side of somebody is decided by the last digit."""
    apart = steered_apart(make(1), 200)
    assert np.median(apart) < 0.005
    assert np.quantile(apart, 0.9) < 0.03
