"""How fast people walk on what the ground is made of, relative to paving."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

LAWN, SAND, RUBBLE, TALL_GRASS, BOG = 1 / 1.03, 1 / 1.19, 1 / 1.24, 1 / 1.35, 1 / 1.79
"""Speeds relative to that on asphalt: one over the velocity-based terrain coefficients of de Gruchy, Caswell, Edwards 2017
(Internet Archaeology 45, doi:10.11141/ia.45.4), as listed by Herzog 2020 (Spatial analysis based on cost functions)."""

SPEEDS: dict[str, float] = {
    # OpenStreetMap's key `surface`
    "grass": LAWN, "grass_paver": LAWN, "sand": SAND, "gravel": RUBBLE, "pebblestone": RUBBLE, "rock": RUBBLE, "stone": RUBBLE,
    "woodchips": RUBBLE, "mud": BOG,
    # the Dutch large-scale base map (BGT)
    "gras- en kruidachtigen": LAWN, "grasland overig": TALL_GRASS, "zand": SAND, "puin": RUBBLE, "grind": RUBBLE,
}  # fmt: skip
"""By what a source calls a surface, in lower case. Any other word counts as paved: trodden earth and fine gravel are as fast."""


def ground_speeds(roads: pd.DataFrame) -> NDArray[np.float64]:
    """Factor on the walking speed by row of the layer ``roads``, (N,): by its ``paving``, else its ``surface``; 1 on paving."""
    out: NDArray[np.float64] = np.ones(len(roads))
    for column in ("surface", "paving"):
        if column in roads:
            words = roads[column].fillna("").astype(str).str.strip().str.lower()
            found = words.map(SPEEDS).to_numpy(np.float64)
            out = np.where(np.isnan(found), out, found)
    return out
