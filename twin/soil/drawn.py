"""The picture of a sounding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from twin.plots.sounding import plot_profile
from twin.plots.words import words
from twin.soil.interpret import interpret
from twin.soil.layers import layers_of
from twin.soil.water import Row, name_of, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_sounding(sounding: Row, *, language: str = "en", figure: Figure | None = None, **how: Any) -> Figure:
    """Draw a sounding: resistance and friction, friction ratio, Ic with its zones, layers, and the water table, over one height.

    Of a borehole its layers are drawn with their description.

    Parameters
    ----------
    sounding : Series or mapping
        A row of ``City.soundings``.
    language : {"en", "nl"}
    figure : matplotlib Figure, optional
        An empty one to draw in; a new one by default.
    **how
        Keywords of `twin.soil.layers_of`, and through it of `twin.soil.interpret`.

    Returns
    -------
    Figure

    Raises
    ------
    GeometryError, ParameterError
        See `twin.soil.layers_of`.
    """
    told = words(language)
    layers = layers_of(sounding, **how)
    cone = layers.attrs["kind"] == "cpt"
    of_layers = ("least_m", "least_soft_m", "window_m")
    table = interpret(sounding, **{key: value for key, value in how.items() if key not in of_layers}) if cone else None
    datum = sounding.get("vertical_datum")
    name = name_of(sounding)
    date = sounding.get("date")
    title = told["cone_test" if cone else "borehole"].format(id=name)
    return plot_profile(
        table, layers, title=f"{title} · {str(date)[:10]}" if isinstance(date, str | pd.Timestamp) and str(date) else title,
        datum=str(datum) if isinstance(datum, str) and datum else "NAP", surface_m=number(sounding.get("surface_m")),
        water_depth_m=layers.attrs["water_depth_m"] if cone or layers.attrs["water_stated"] else float("nan"),
        water_stated=layers.attrs["water_stated"], notes=_notes(layers, table), language=language, figure=figure,
    )  # fmt: skip


def _notes(layers: pd.DataFrame, table: pd.DataFrame | None) -> tuple[str, ...]:
    """What has to be said below, as keys of `twin.plots.words`."""
    doubted = any("water" in finding for finding in layers.attrs["findings"])
    unmeasured = table is not None and not table["u2_MPa"].notna().any()
    return (*(["water_doubted"] if doubted else []), *(["no_pore_pressure"] if unmeasured else []))
