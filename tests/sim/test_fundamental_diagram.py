"""The fundamental diagram: Weidmann's figures, its shape, the table that kernels read."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sim.continuum_scenes import WEIDMANN
from twin.sim.crowd.fundamental_diagram import FundamentalDiagram


def test_the_diagram_is_weidmanns():
    np.testing.assert_allclose(WEIDMANN.speed([0.0, 1.0, 2.0, 4.0, 5.4, 9.0]), [1.34, 1.058, 0.606, 0.156, 0.0, 0.0], atol=5e-4)
    assert WEIDMANN.capacity == pytest.approx(1.225, abs=5e-4)
    assert WEIDMANN.critical == pytest.approx(1.75, abs=5e-3)


diagrams = st.builds(FundamentalDiagram, st.floats(0.3, 3.0), st.floats(0.3, 4.0), st.floats(3.0, 9.0))


@given(diagrams, st.floats(0.0, 1.0))
def test_the_flow_rises_to_one_maximum_and_the_wave_speed_is_its_slope(diagram, part):
    rho, step = 0.05 + part * (diagram.jam - 0.1), 1e-4
    slope = (diagram.flow(rho + step) - diagram.flow(rho - step)) / (2 * step)
    assert diagram.wave_speed(rho) == pytest.approx(slope, abs=1e-5)
    assert diagram.flow(rho) <= diagram.capacity + 1e-12
    assert (slope > 0) == (rho < diagram.critical) or abs(rho - diagram.critical) < 1e-3
    fastest = max(diagram.free_speed, diagram.free_speed * diagram.shape / diagram.jam)
    assert abs(diagram.wave_speed(rho)) <= fastest + 1e-12


@given(diagrams, st.floats(0.0, 1.0))
def test_the_table_is_the_curve(diagram, part):
    table, rho = diagram.table(), part * diagram.jam
    at = np.arange(len(table)) * diagram.jam / (len(table) - 2)
    assert np.interp(rho, at, table) == pytest.approx(float(diagram.speed(rho)), abs=2e-6 * diagram.free_speed)
