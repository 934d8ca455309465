"""Decks of bridges get the height of the stairs that lead up to them."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np

DECK = "z_of_deck"
"""Column of roads and bridges: the deck that they are part of. Names of decks sort from the lowest layer up."""

BOTTOM_DECK, TOP_DECK = "z_of_bottom_deck", "z_of_top_deck"
"""Columns of stairs: the decks that they lead from and to."""


def with_decks(layers: Mapping[str, gpd.GeoDataFrame]) -> dict[str, gpd.GeoDataFrame]:
    """Layers in which decks are as high as the stairs to them reach, and those stairs end at one height.

    Parameters
    ----------
    layers : mapping of str to GeoDataFrame
        Stairs have their heights in the vertical datum. The columns that name decks are gone afterwards.
    """
    found = dict(layers)
    stairs = found.get("stairs")
    heights: dict[str, float] = {}
    if stairs is not None and TOP_DECK in stairs:
        low, top = (stairs[name].to_numpy(dtype=np.float64, copy=True) for name in ("bottom_z_m", "top_z_m"))
        below, above = (stairs[name].to_numpy(dtype=object) for name in (BOTTOM_DECK, TOP_DECK))
        for deck in sorted({one for one in above if isinstance(one, str)}):
            heights[deck] = float(top[above == deck].mean())
            top[above == deck] = heights[deck]
            further = below == deck
            top[further] += heights[deck] - low[further]
            low[further] = heights[deck]
        found["stairs"] = stairs.assign(bottom_z_m=low, top_z_m=top).drop(columns=[BOTTOM_DECK, TOP_DECK])
    for name in ("roads", "bridges"):
        frame = found.get(name)
        if frame is not None and DECK in frame:
            z = frame[DECK].map(heights).to_numpy(dtype=np.float64, na_value=np.nan)
            known = frame["z_m"].to_numpy(dtype=np.float64)
            found[name] = frame.assign(z_m=np.where(np.isfinite(z), z, known)).drop(columns=DECK)
    return found
