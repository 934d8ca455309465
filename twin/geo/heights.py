"""The one place where the height of a building is decided, with where it came from.

Geometry first, then attributes that state a height above the ground, then attributes that state the height of the roof
in the vertical datum, then storeys. Nothing later guesses: an unknown height stays NaN with the source ``"unknown"``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    import geopandas as gpd

    from twin.geo.city import City

STOREY_M = 3.0
"""Height of a storey where only their number is known [m]; gross storey height of Dutch dwellings."""

FLAT_M = 0.1
"""A geometry lower than this is a footprint, not a volume [m]."""

HEIGHT_ATTRIBUTES = (
    "height_m",
    "measuredHeight",
    "measured_height",
    "building_height",
    "height",
    "hoogte",
    "bouwhoogte",
)
"""Attributes that state the height above the ground [m], most trusted first."""

ROOF_ATTRIBUTES = ("roof_m", "b3_h_dak_max", "AbsoluteRidgeHeight", "b3_h_dak_70p", "b3_h_dak_50p", "b3_h_max")
"""Attributes that state the height of the roof in the vertical datum [m], most trusted first."""

GROUND_ATTRIBUTES = ("ground_m", "b3_h_maaiveld", "TerrainHeight", "h_maaiveld")
"""Attributes that state the height of the ground in the vertical datum [m]."""

STOREY_ATTRIBUTES = ("storeysAboveGround", "storeys_above_ground", "b3_bouwlagen", "building:levels", "levels")
"""Attributes that state the number of storeys above the ground."""


def numbers(attributes: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """A column as numbers; NaN where it is missing or is not a finite number."""
    if name not in attributes:
        return np.full(len(attributes), np.nan)
    column = pd.to_numeric(attributes[name], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(column), column, np.nan)


def building_heights(
    ground_m: NDArray[np.float64], roof_m: NDArray[np.float64], attributes: pd.DataFrame
) -> pd.DataFrame:
    """Decide ground, roof and height of each building.

    Parameters
    ----------
    ground_m, roof_m : (N,) float64
        Lowest and highest point of the geometry in the vertical datum [m]; NaN without geometry.
    attributes : DataFrame
        One row a building, as the source has them.

    Returns
    -------
    DataFrame
        Index of `attributes`; ``ground_m``, ``roof_m``, ``height_m`` [m] and ``height_source``: ``"geometry"``,
        ``"attribute:NAME"``, ``"storeys:NAME"`` or ``"unknown"``.
    """
    ground = np.array(ground_m, dtype=np.float64)
    for name in GROUND_ATTRIBUTES:
        ground = np.where(np.isnan(ground), numbers(attributes, name), ground)
    measured = np.asarray(roof_m, dtype=np.float64) - ground
    solid = measured > FLAT_M
    height = np.where(solid, measured, np.nan)
    source = np.where(solid, "geometry", "unknown").astype(object)

    def take(stated: NDArray[np.float64], label: str) -> None:
        use = np.isnan(height) & (stated > 0)
        height[use] = stated[use]
        source[use] = label

    for name in HEIGHT_ATTRIBUTES:
        take(numbers(attributes, name), f"attribute:{name}")
    for name in ROOF_ATTRIBUTES:
        take(numbers(attributes, name) - ground, f"attribute:{name}")
    for name in STOREY_ATTRIBUTES:
        take(numbers(attributes, name) * STOREY_M, f"storeys:{name}")
    return pd.DataFrame(
        {
            "ground_m": ground,
            "roof_m": ground + height,
            "height_m": height,
            "height_source": pd.Series(source, index=attributes.index, dtype="str"),
        },
        index=attributes.index,
    )


def footprint_heights(frame: gpd.GeoDataFrame, city: City, *, height: str | None = None) -> pd.DataFrame:
    """Decide ground, roof and height of buildings of which only the footprint is known.

    The ground is a column that states it, else the terrain. The height is the column named, else a column that states it,
    else the surface model over the footprint, else storeys.

    Parameters
    ----------
    frame : GeoDataFrame
        Footprints with the columns of their source, in the CRS of the city.
    city : City
        Its terrain and surface model are looked at.
    height : str, optional
        Column that states the height above the ground [m].

    Returns
    -------
    DataFrame
        As `building_heights`.
    """
    attributes = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    if height is not None and height in attributes:
        attributes = attributes.assign(height_m=numbers(attributes, height))
    nothing = np.full(len(frame), np.nan)
    return building_heights(nothing, nothing, attributes)
