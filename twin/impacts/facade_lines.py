"""Lines along which buildings are judged: the longest sides of a footprint, and the walls across them."""

from __future__ import annotations

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

SIDES = ("long side", "cross side")
"""Kinds of lines. Of a terraced house the cross sides are the fronts and the long sides the party walls."""

_STRAIGHT_M = 0.2
_LEAST_M = 2.0


class Sides(NamedTuple):
    """Straight sides of footprints, by building, in a building long ones first.

    Attributes
    ----------
    owner : (F,) int64
        Row of the building.
    kind : (F,) int64
        Index of `SIDES`.
    ends : (F, 2, 2) float64
        First and last point [m].
    """

    owner: NDArray[np.int64]
    kind: NDArray[np.int64]
    ends: NDArray[np.float64]


def sides_of(geometry: NDArray[np.object_]) -> Sides:
    """The two longest sides of each footprint, and the two longest of those across them.

    A side may have bends of 0.2 m, and counts when it is 2 m long. Where a footprint is of several parts, sides of all are
    compared.

    Parameters
    ----------
    geometry : (N,) array of shapely polygons
        Others have no sides.

    Returns
    -------
    Sides
    """
    areal = np.isin(shapely.get_type_id(geometry), (3, 6))
    parts, whose = shapely.get_parts(np.where(areal, geometry, np.array(None, dtype=object)), return_index=True)
    rings = shapely.simplify(shapely.get_exterior_ring(shapely.normalize(parts)), _STRAIGHT_M)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    inner = ring[1:] == ring[:-1]
    ends = np.stack([points[:-1], points[1:]], axis=1)[inner]
    owner = np.asarray(whose, np.int64)[ring[:-1][inner]]
    step = ends[:, 1] - ends[:, 0]
    length = np.hypot(step[:, 0], step[:, 1])
    ends, owner, step, length = (one[length >= _LEAST_M] for one in (ends, owner, step, length))
    order = np.lexsort((np.arange(len(owner)), -length, owner))
    ends, owner, step, length = (one[order] for one in (ends, owner, step, length))
    new = np.r_[True, owner[1:] != owner[:-1]] if len(owner) else np.zeros(0, bool)
    main = (step / length[:, None])[np.flatnonzero(new)][np.cumsum(new) - 1] if len(owner) else step
    kind = (np.abs((step * main).sum(axis=1)) < np.sqrt(0.5) * length).astype(np.int64)
    order = np.lexsort((np.arange(len(owner)), kind, owner))
    ends, owner, kind = ends[order], owner[order], kind[order]
    group = owner * 2 + kind
    starts = np.searchsorted(group, group, side="left")
    kept = np.arange(len(group)) - starts < 2
    return Sides(owner[kept], kind[kept], ends[kept])


def facade_lines(buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The lines that `twin.impacts.ground_movement.damage_of` judges, to look at.

    Parameters
    ----------
    buildings : GeoDataFrame
        Polygons.

    Returns
    -------
    GeoDataFrame
        ``building`` (of the index), ``line_number`` in it, ``line_kind``, ``length_m``.
    """
    sides = sides_of(np.asarray(buildings.geometry.array, dtype=object))
    lines = shapely.linestrings(sides.ends)
    return gpd.GeoDataFrame(
        {
            "building": buildings.index[sides.owner], "line_number": numbered(sides.owner),
            "line_kind": pd.Categorical.from_codes(sides.kind, categories=pd.Index(SIDES)), "length_m": shapely.length(lines),
        },
        geometry=lines, crs=buildings.crs,
    )  # fmt: skip


def numbered(owner: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number of each line in its building, where lines of a building stand together, (F,) int64."""
    return np.arange(len(owner)) - np.searchsorted(owner, owner, side="left")
