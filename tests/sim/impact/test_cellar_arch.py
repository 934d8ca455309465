"""Vaults: the programme beside a general solver and beside all sets of four hinges, laws of load factors, and MEXE."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference import cellar as reference
from twin.sim.impact.cellar import screen, solve, thrust
from twin.sim.impact.cellar.arch import parabola, rows_of, segment
from twin.sim.impact.cellar.mexe import mexe, provisional_axle_load, quarter_rise

few = settings(max_examples=25, deadline=None)
spans, rings, covers = st.floats(3.0, 6.0), st.floats(0.2, 0.34), st.floats(0.2, 1.0)
shares = st.floats(0.2, 0.42)


def loads(seed: int, strips: int = 12) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.where(rng.random(strips) < 0.4, rng.uniform(0.0, 20.0, strips), 0.0)


@few
@given(spans, shares, rings, covers, st.integers(0, 10_000))
def test_it_finds_what_a_general_solver_finds(span: float, share: float, ring: float, cover: float, seed: int) -> None:
    rows = rows_of(segment(span, share * span, ring, cover=cover))
    q = loads(seed)
    found = thrust.load_factor(segment(span, share * span, ring, cover=cover), q)
    assert found.stands == (reference.lack(rows) < -1e-12)
    if found.stands and math.isfinite(found.factor):
        assert found.use == pytest.approx(reference.use_of(rows, q), rel=1e-6, abs=1e-9)
        assert found.factor == pytest.approx(reference.factor_of(rows, q), rel=1e-6)


@pytest.mark.parametrize("strength", [2000.0, 8000.0])
def test_a_strength_only_takes(strength: float) -> None:
    arch, q = segment(5.0, 1.3, 0.25, cover=0.5), np.eye(12)[2] * 30.0
    rows = rows_of(arch, strength=strength)
    held = thrust.load_factor(arch, q, strength=strength)
    assert held.use == pytest.approx(reference.use_of(rows, q), rel=1e-6)
    assert held.factor < thrust.load_factor(arch, q).factor
    # what it takes is carried: the thrust keeps N / 2f from the edge
    zone = 0.5 - held.normal / (2.0 * strength * 0.25)
    assert (np.abs(held.eccentricity) <= zone + 1e-9).all()


@pytest.mark.parametrize(("seed", "rise"), [(1, 1.3), (2, 1.0), (3, 1.6)])
def test_the_least_of_all_sets_of_four_hinges_is_it(seed: int, rise: float) -> None:
    arch, q = segment(5.0, rise, 0.24, cover=0.4, joints=15), loads(seed)
    assert thrust.load_factor(arch, q).factor == pytest.approx(reference.four_hinges(rows_of(arch), q), rel=1e-3)


@few
@given(spans, shares, rings, covers, st.integers(0, 10_000))
def test_laws_of_the_load_factor(span: float, share: float, ring: float, cover: float, seed: int) -> None:
    arch, q = segment(span, share * span, ring, cover=cover), loads(seed)
    base = thrust.load_factor(arch, q)
    use = base.use
    if not (base.stands and math.isfinite(base.factor)):
        return
    assert thrust.load_factor(arch, 2.5 * q).use == pytest.approx(2.5 * use, rel=1e-7, abs=1e-9)
    assert thrust.load_factor(arch, q[::-1]).use == pytest.approx(use, rel=1e-7, abs=1e-9)
    # more joints are more places for hinges
    assert thrust.load_factor(segment(span, share * span, ring, cover=cover, joints=61), q).use >= use * (1 - 1e-9) - 1e-9


@given(st.floats(0.08, 0.3), st.floats(5.0, 30.0), st.floats(1.0, 1.5))
@few
def test_a_parabola_carries_more_when_thicker_or_heavier(ring: float, dead: float, more: float) -> None:
    q = np.eye(12)[3]
    base = thrust.load_factor(parabola(4.0, 1.0, ring, dead), q).factor
    assert thrust.load_factor(parabola(4.0, 1.0, ring * more, dead), q).factor >= base * (1 - 1e-9)
    assert thrust.load_factor(parabola(4.0, 1.0, ring, dead * more), q).factor == pytest.approx(base * more, rel=1e-9)


def test_a_second_with_more_on_every_strip_may_be_less_hard() -> None:
    arch = segment(5.0, 1.3, 0.22, cover=0.4)
    half, whole = np.where(np.arange(12) < 6, 5.0, 0.0), np.full(12, 5.0)
    assert (whole >= half).all()
    assert thrust.load_factor(arch, whole).use < 0.5 * thrust.load_factor(arch, half).use


def test_a_thin_semicircle_is_not_shown_to_stand_and_its_backing_helps() -> None:
    thin = segment(5.0, 2.5, 0.22, cover=None)
    found = thrust.load_factor(thin, np.ones(12))
    assert not found.stands
    assert (found.factor, found.use) == (0.0, math.inf)
    assert thrust.geometric_factor(thin) < 1.0
    assert thrust.load_factor(segment(5.0, 2.5, 0.22, cover=None, backing=1.2), np.ones(12)).stands


def test_an_arch_that_hardly_stands_is_told_so() -> None:
    """The arch of Oliveira et al. 2010 (span 1.467, rise 0.593, ring 0.05 m): mortar carried it, and no thrust line does."""
    bare = segment(1.467, 0.593, 0.05, cover=None, brickwork=18.0, joints=201)
    assert 0.9 < thrust.geometric_factor(bare) < 1.2
    q = np.zeros(12)
    q[2] = 1.0
    found = thrust.load_factor(bare, q)
    assert not found.stands or found.factor * float(np.diff(bare.strips)[0]) * 0.45 < 0.2


def test_the_worst_second_is_that_of_all_seconds_solved() -> None:
    rng = np.random.default_rng(3)
    count, seconds = 12, 160
    made = screen.table(screen.vaults(rng.uniform(3, 6, count), rng.uniform(1.0, 1.4, count), 0.24, rng.uniform(0.3, 1.0, count)))
    owner = np.repeat(np.arange(count), 2)
    q = (rng.poisson(0.5, (2 * count, seconds, 12)) * 4.0).astype(np.float32)
    q[:, ::7] = 0.0
    q[5] = 0.0
    every = screen.use_of(made, q, owner)
    for parts in (1, 4):
        worst = screen.worst(made, owner, np.split(q, parts, axis=1))
        assert worst.use == pytest.approx(every.max(axis=1), rel=1e-9, abs=1e-12)
        assert worst.when[5] == -1
        busy = np.flatnonzero(worst.when >= 0)
        assert every[busy, worst.when[busy]] == pytest.approx(every[busy].max(axis=1), rel=1e-9)
        assert worst.solved < 0.7 * q.shape[0] * seconds
    for p, t in ((0, 3), (7, 40), (20, 159)):
        arch = made.arch(int(owner[p]))
        assert every[p, t] == pytest.approx(thrust.load_factor(arch, q[p, t] @ made.spreads[owner[p]]).use, rel=1e-6, abs=1e-3)


def test_it_is_the_same_on_any_number_of_threads() -> None:
    import numba

    made = screen.table(screen.vaults(np.linspace(3, 6, 9), 1.2, 0.24, 0.5))
    q = (np.random.default_rng(1).poisson(1.0, (9, 50, 12)) * 0.6).astype(np.float32)
    before = numba.get_num_threads()
    many = screen.worst(made, np.arange(9), [q])
    numba.set_num_threads(1)
    try:
        one = screen.worst(made, np.arange(9), [q])
    finally:
        numba.set_num_threads(before)
    assert (many.use == one.use).all()
    assert (many.when == one.when).all()


@pytest.mark.parametrize("rise", [1.3, 2.5])
def test_thickness_of_many_is_that_of_one(rise: float) -> None:
    made = screen.table(screen.vaults([4.0, 5.0], [min(rise, 2.0), rise], 0.25, 0.4))
    q = np.zeros((2, 12))
    q[:, 3] = 8.0
    found = screen.geometric_factors(made, q, street=False)
    for k in range(2):
        assert found[k] == pytest.approx(thrust.geometric_factor(made.arch(k), q[k]), rel=1e-6)


def test_a_mechanism_has_four_hinges_in_turn() -> None:
    found = thrust.load_factor(segment(5.0, 1.3, 0.22, cover=0.4), np.eye(12)[3] * 10.0)
    joints, outside = zip(*found.hinges, strict=True)
    assert len(found.hinges) == 4
    assert list(joints) == sorted(joints)
    assert all(a != b for a, b in pairwise(outside))
    at_hinges = found.eccentricity[list(joints)]
    assert at_hinges == pytest.approx(np.where(outside, 0.5, -0.5), abs=1e-6)
    assert (np.abs(found.eccentricity) <= 0.5 + 1e-9).all()


def test_kept_mechanisms_may_run_out() -> None:
    made = screen.table(screen.vaults([5.0], [1.3], [0.22], [0.4]))
    rng = np.random.default_rng(5)
    q = (rng.uniform(0, 8, (1, 400, 12)) * (rng.random((1, 400, 12)) < 0.3)).astype(np.float32)
    use, when, owner, count = np.zeros(1), np.full(1, -1, np.int64), np.zeros(1, np.int64), np.zeros(1, np.int64)
    seen = np.full((1, 3), -1, np.int64)
    solve.hardest(made.g, made.above, made.spare, made.units, owner, q, use, when, seen, np.zeros((1, 3)), count)
    assert use[0] == pytest.approx(screen.use_of(made, q).max(), rel=1e-9)


@given(spans, st.floats(0.2, 1.0), st.floats(0.2, 1.0), st.floats(1.0, 1.5))
def test_mexe_laws(span: float, ring: float, cover: float, more: float) -> None:
    base = mexe(span, span / 4, ring, cover, limit=False)
    assert provisional_axle_load(span, more * (ring + cover)) >= base.pal_t
    assert provisional_axle_load(more * span, ring + cover) <= base.pal_t
    for factor in (base.span_rise, base.profile, base.material, base.joint, base.condition):
        assert 0.0 < factor <= 1.5
    if provisional_axle_load(more * span, more * (ring + cover)) < 70.0 and base.pal_t < 70.0:
        assert provisional_axle_load(more * span, more * (ring + cover)) == pytest.approx(more**0.7 * base.pal_t)


def test_mexe_says_where_it_is_not_meant_for() -> None:
    found = mexe([5.0, 20.0, 5.0], [1.3, 5.0, 0.9], [0.22, 0.22, 0.3], [0.5, 0.5, 0.2])
    assert found.limited.tolist() == [True, True, False]
    assert found.shallow.tolist() == [True, True, False]
    assert found.outside.tolist() == [False, True, False]
    assert found.assumed.tolist() == [False, False, True]
    assert found.pal_t[0] == pytest.approx(740 * 0.44**2 / 5**1.3)
    assert quarter_rise(5.0, 2.5) == pytest.approx(2.5 * math.sqrt(3) / 2)
