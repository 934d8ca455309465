"""Normalisation, zones, unit weights and moduli of a cone, against published rows and a slow way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from tests.reference.soil import exponent
from twin.sim.impact.soil import cone, stiffness, stresses

ROWS = np.array([
    (40, 0.1, 150, 50), (1, 0.1, 150, 50), (10, 0.08, 100, 60), (15, 0.1, 190, 100), (2, 0.05, 100, 60), (0.5, 0.01, 60, 30),
    (0.3, 0.02, 40, 15),
])  # fmt: skip


def test_normalised_as_known() -> None:
    qt, fs, total, effective = ROWS.T
    found = cone.normalise(qt, fs, total, effective)
    assert_allclose(found.ic, [1.0055, 3.2035, 1.7606, 1.6703, 2.5860, 2.8180, 3.0681], atol=6e-5)
    assert_allclose(found.qtn, [476.56, 17.00, 131.17, 148.10, 29.56, 13.62, 17.33], atol=6e-3)
    assert_allclose(found.n, [0.2581, 1, 0.5508, 0.5364, 0.8653, 0.9387, 1], atol=6e-5)
    assert cone.zones(found.qtn, found.fr, found.ic).tolist() == [7, 3, 6, 6, 5, 4, 3]
    plain = cone.behaviour_index(qt, cone.friction_ratio(qt, fs))
    assert_allclose(plain, [1.065, 3.321, 1.850, 1.663, 2.706, 3.161, 3.624], atol=6e-4)


@given(st.floats(0.2, 60), st.floats(0.002, 0.5), st.floats(2, 800), st.floats(0.02, 1))
def test_the_exponent_is_that_of_the_slow_way(qt: float, fs: float, total: float, share: float) -> None:
    if 1000 * qt - total < 10:
        return
    found = cone.normalise([qt], [fs], [total], [share * total])
    assert_allclose([found.qtn[0], found.ic[0], found.n[0]], exponent(qt, fs, total, share * total), rtol=1e-8)


@given(st.lists(st.floats(0.01, 40), min_size=2, max_size=9), st.randoms())
def test_records_do_not_know_each_other(resistance: list[float], dice: object) -> None:
    qt = np.array(resistance)
    order = np.argsort(-qt)
    one, other = (cone.normalise(q, 0.01 * q, 0.1 + 0 * q, 0.05 + 0 * q) for q in (qt, qt[order]))
    assert_array_equal(one.ic[order], other.ic)


def test_what_has_no_place_on_the_chart_is_void() -> None:
    found = cone.normalise([0.0, 1.0, 1.0, np.nan, 0.05], [0.1, 0.0, 0.1, 0.1, 0.01], [10, 10, 10, 10, 90], [5, 5, -1, 5, 9])
    assert np.isnan(found.ic).all()
    assert not cone.zones(found.qtn, found.fr, found.ic).any()
    assert np.isnan(cone.friction_ratio([-1, 1], [1, -1])).all()
    assert np.isnan(cone.behaviour_index([0.0], [1.0])).all()
    assert np.isnan(stresses.lengkeek([1.0, 1.0, 0.0], [30.0, np.nan, 1.0])).all()


def test_zones_that_the_index_does_not_give() -> None:
    # by hand: 12 exp(-1.4) = 2.96 at 1 %; at 3 % the line of 8 and 9 lies at 1 / 0.0068 = 147, at 6 % at 1 / 0.0155 = 64.5
    qtn, fr = np.array([2.9, 3.0, 146.0, 148.0, 64.0, 65.0]), np.array([1.0, 1.0, 3.0, 3.0, 6.0, 6.0])
    ic = np.hypot(3.47 - np.log10(qtn), np.log10(fr) + 1.22)
    assert cone.zones(qtn, fr, ic).tolist() == [1, 3, 5, 8, 4, 9]
    assert cone.zones_by_index([1.30, 1.31, 2.05, 2.6, 2.95, 3.6, np.nan]).tolist() == [7, 6, 5, 4, 3, 2, 0]


def test_water_behind_the_cone() -> None:
    assert_allclose(cone.corrected([1.0, 1.0], [0.1, np.nan], 0.8), [1.02, 1.0])
    found = cone.normalise([1.0], [0.02], [100.0], [50.0], [50.0], [0.2])
    assert found.bq[0] == pytest.approx(150 / 900)


def test_unit_weights_as_known() -> None:
    qt, fs, _, _ = ROWS.T
    rf = cone.friction_ratio(qt, fs)
    known = [19.720, 18.305, 18.932, 19.344, 17.774, 15.391, 15.992]
    assert_allclose(stresses.robertson_cabal(qt, rf), known, atol=6e-4)
    assert_allclose(stresses.lengkeek(qt, rf), [20.790, 12.964, 19.788, 20.189, 17.481, 15.497, 11.293], atol=6e-4)
    assert stresses.mayne([0.25], [100.0], 10.25)[0] == pytest.approx(1.95 * 10.25 * 2.5**0.06)
    assert stresses.lengkeek([0.01], [9.0])[0] == 10.5


def test_stresses_of_a_column_by_hand() -> None:
    # 2 m of 18, then 16 from record to record; water at 1 m
    found = stresses.in_the_ground([2.0, 3.0, 5.0], [16.0, np.nan, 16.0], 18.0, 1.0)
    assert_allclose(found.total, [36.0, 52.0, 84.0])
    assert_allclose(found.pore, 9.81 * np.array([1.0, 2.0, 4.0]))
    assert_allclose(found.effective, found.total - found.pore)
    under = stresses.in_the_ground([1.0], [20.0], 20.0, -2.0)
    assert_allclose([under.total[0], under.effective[0]], [20 + 2 * 9.81, 20 - 9.81])


def test_weights_that_need_stresses_come_to_rest() -> None:
    depth, fs = np.arange(1.0, 20.0, 0.5), np.full(38, 0.08)
    found = stresses.iterated(depth, lambda effective: stresses.mayne(fs, effective), 18.0, 1.0)
    assert_allclose(found.unit_weight, stresses.mayne(fs, found.effective), atol=1e-5)
    assert np.all(np.diff(found.effective) > 0)


def test_moduli_as_known() -> None:
    found = cone.normalise(*ROWS.T)
    modulus = stiffness.constrained_modulus(found.qn, found.qtn, found.ic)
    assert_allclose(modulus[[2, 3, 4, 5, 0]], [82.81, 110.50, 26.60, 5.994, 128.11], atol=6e-3)
    young = stiffness.young_modulus(found.qn, found.ic)
    assert_allclose(young[[2, 3, 0]], [66.07, 88.17, 102.22], atol=6e-3)
    assert np.isnan(young[[1, 5]]).all()
    assert_allclose(stiffness.permeability(found.ic)[[2, 3, 4, 5, 0]], [3.98e-5, 7.49e-5, 1.23e-7, 2.43e-8, 7.86e-3], rtol=2e-3)
    speed = stiffness.shear_wave_velocity(9.8, 2.3)
    assert float(speed) == pytest.approx(293.84, abs=5e-3)
    assert float(stiffness.shear_modulus(speed, 19.62)) == pytest.approx(2 * 293.8414**2 / 1000, rel=1e-6)
    assert_allclose(stiffness.relative_density([87.5, 900, 10], [1.8, 1.2, 3.0]), [0.5, 1.0, np.nan])
    assert_allclose(stiffness.overconsolidation([16, 16], [3.0, 2.0]), [0.25 * 32, np.nan])
    assert_allclose(stiffness.undrained_strength([0.3, 0.3], [3.0, 2.0], 15.0), [20.0, np.nan])


def test_permeability_has_its_ends_and_its_step() -> None:
    assert_allclose(stiffness.permeability([0.5, 1.0, 4.0, 5.0]), 10.0 ** np.array([-2.088, -2.088, -10.0, -10.0]), rtol=1e-9)
    low, high = stiffness.permeability([3.27, 3.2701])
    assert high == pytest.approx(low, rel=0.03)
