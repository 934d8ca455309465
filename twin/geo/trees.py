"""How large trees are: what a source states, and what is taken where it states nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

if TYPE_CHECKING:
    from twin.geo.city import City

HEIGHT_M, DIAMETER_SHARE, BASE_SHARE = 9.0, 0.55, 0.3
"""Of a tree whose height is not known [m], and crown and stem of one whose are not, as parts of its height: those of a grown street
tree (the sample's estimates; no source)."""

LOWEST_BASE, HIGHEST_BASE = 0.1, 0.8
"""Parts of the height of a tree between which its crown begins; what a source states beyond is taken to this."""


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """The trees of a city that stand on a spot, with all their measures.

    Parameters
    ----------
    frame : GeoDataFrame
        Their rows of ``city.trees``.
    xy : (N, 2) float64
        In the CRS of the city [m].
    foot_m : (N,) float64
        Height of the foot in the vertical datum; NaN where not stated.
    height_m, base_m, diameter_m : (N,) float64
        Top and beginning of the crown above the foot, and how wide it is [m].
    assumed : int
        Trees of which at least one of the three is not stated.
    """

    frame: gpd.GeoDataFrame
    xy: NDArray[np.float64]
    foot_m: NDArray[np.float64]
    height_m: NDArray[np.float64]
    base_m: NDArray[np.float64]
    diameter_m: NDArray[np.float64]
    assumed: int

    def __len__(self) -> int:
        return len(self.xy)


def trees_of(city: City, without: set[str] | None = None) -> Trees:
    """The trees that are points, with what is assumed where nothing is stated.

    Parameters
    ----------
    city : City
    without : set of str, optional
        Ids to leave out.
    """
    frame = city.trees
    if without:
        frame = frame[~frame.index.astype(str).isin(without)]
    if len(frame):
        frame = frame[frame.geometry.geom_type == "Point"]
    height, diameter, base = (_known(frame, name) for name in ("height_m", "crown_diameter_m", "crown_base_m"))
    assumed = int((np.isnan(height) | np.isnan(diameter) | np.isnan(base)).sum())
    height = np.where(np.isnan(height), HEIGHT_M, height)
    diameter = np.where(np.isnan(diameter), DIAMETER_SHARE * height, diameter)
    base = np.clip(np.where(np.isnan(base), BASE_SHARE * height, base), LOWEST_BASE * height, HIGHEST_BASE * height)
    xy = shapely.get_coordinates(frame.geometry.values) if len(frame) else np.empty((0, 2))
    foot = _column(frame, "z_m")
    return Trees(frame, xy, np.where(np.isfinite(foot), foot, np.nan), height, base, diameter, assumed)


def _column(frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    if name not in frame:
        return np.full(len(frame), np.nan)
    return pd.to_numeric(frame[name], errors="coerce").to_numpy(np.float64, na_value=np.nan)


def _known(frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """A column of sizes; NaN where it is missing, not a number, or not above 0."""
    values = _column(frame, name)
    return np.where(np.isfinite(values) & (values > 0), values, np.nan)
