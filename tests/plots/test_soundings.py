"""Pictures of soundings: what is drawn is what was measured, in both languages."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import Rectangle
from numpy.testing import assert_allclose

from tests.soil.places import borehole, cone
from twin.errors import ParameterError
from twin.geo.city import City
from twin.soil import interpret, layers_of, plot_sounding

ROW = cone([("sand", 2.5), ("clay", 3.0), ("peat", 1.0), ("sand", 6.0)], vertical_datum="NAP", date="2020-01-02")


def test_lines_and_layers_are_those_of_the_tables() -> None:
    figure = plot_sounding(ROW, water_depth_m=1.0)
    figure.canvas.draw()
    table, layers = interpret(ROW, water_depth_m=1.0), layers_of(ROW, water_depth_m=1.0)
    lines = {line.get_gid(): line for ax in figure.axes for line in ax.lines}
    assert_allclose(lines["qc"].get_xdata(), table["qc_MPa"])
    assert_allclose(lines["qc"].get_ydata(), table["z_m"])
    assert_allclose(lines["ic"].get_xdata(), table["ic"])
    assert_allclose(lines["water"].get_ydata(), 1.0)
    drawn = [box for ax in figure.axes for box in ax.patches if isinstance(box, Rectangle)]
    boxes = [box for box in drawn if str(box.get_gid()).startswith("layer:")]
    assert_allclose([box.get_y() for box in boxes], layers["bottom_z_m"])
    assert_allclose([box.get_height() for box in boxes], layers["thickness_m"])
    assert [box.get_gid()[6:] for box in boxes] == layers["soil_class"].tolist()


def test_words_are_in_the_language_that_was_asked_for() -> None:
    told = {text.get_text() for ax in plot_sounding(ROW, language="nl").axes for text in ax.texts}
    assert {"zand", "klei", "veen", "grondwater, aangenomen", "maaiveld op 2,00 m NAP"} <= told
    with pytest.raises(ParameterError, match="no plots in `fr`"):
        plot_sounding(ROW, language="fr")


def test_where_the_stress_is_assumed_another_line_is_drawn() -> None:
    figure = plot_sounding(cone([("sand", 12.0)], start=3.0), language="nl")
    lines = {line.get_gid(): line for ax in figure.axes for line in ax.lines}
    both = np.isfinite(lines["isbt"].get_xdata()) & np.isfinite(lines["ic"].get_xdata())
    assert not both.any()
    assert np.isfinite(lines["isbt"].get_xdata()).any()


def test_without_a_height_depth_counts_down() -> None:
    figure = plot_sounding(cone([("sand", 4.0)], surface_m=np.nan))
    low, high = figure.axes[0].get_ylim()
    assert low > high
    assert "depth" in figure.axes[0].get_ylabel()


def test_a_borehole_and_a_figure_of_ones_own(sample: City) -> None:
    figure = plt.figure(layout="constrained")
    assert plot_sounding(sample.soundings.loc["borehole-1"], figure=figure) is figure
    assert any("rubble" in text.get_text() for text in figure.axes[0].texts)
    plot_sounding(borehole([("Ks2", 2.0)]))
    with pytest.raises(ParameterError, match="Figure of matplotlib"):
        plot_sounding(ROW, figure=3)
