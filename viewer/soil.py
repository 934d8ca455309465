"""The soil below what a scene shows: the soundings near it as one model, on cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.errors import TwinError
from twin.grid import GridSpec
from viewer.ground import local
from viewer.soil_block import SoilBlock

if TYPE_CHECKING:
    from twin.geo.city import City
    from twin.soil import SoilModel

NEAR_M = 250.0
"""A sounding or a well farther away says nothing of a place [m]."""
AROUND_M = 60.0
"""The ground is modelled so far round a pit, and round soundings where there is none [m]."""
MOST_SOUNDINGS = 40
MOST_CELLS = 120
"""Cells in each direction; none is smaller than a metre."""


class Soil(NamedTuple):
    """A model of the ground, what a scene keeps of it, and where local (0, 0) lies for the model (2,)."""

    model: SoilModel
    block: SoilBlock
    offset: NDArray[np.float64]


def soil_near(city: City, pits: Sequence[BaseGeometry]) -> Soil | None:
    """The ground round pits, or round all soundings where there are none; None where nothing tells of it.

    Parameters
    ----------
    city : City
    pits : sequence of shapely geometry
        Local.
    """
    from twin.soil import SoilModel

    frame = city.soundings
    if not len(frame):
        return None
    places = local(frame.geometry.values, city)
    there = np.array([place is not None and not place.is_empty for place in places])
    if not there.any():
        return None
    middle = shapely.union_all(list(pits)) if pits else shapely.MultiPoint([place.centroid for place in places[there]]).centroid
    apart = np.array([place.distance(middle) if ok else np.inf for place, ok in zip(places, there, strict=True)])
    near = np.flatnonzero(apart <= NEAR_M)
    near = near[np.argsort(apart[near], kind="stable")][:MOST_SOUNDINGS]
    if not len(near):
        return None
    try:
        model = SoilModel.from_city(replace(city, layers={**city.layers, "soundings": frame.iloc[np.sort(near)]}))
    except TwinError:  # the reader has told already what is wrong with them
        return None
    about = middle if pits else shapely.MultiPoint([places[k].centroid for k in near])
    return Soil(model, _block(model, city, about), np.asarray(city.origin[:2], dtype=np.float64))


def _block(model: SoilModel, city: City, about: BaseGeometry) -> SoilBlock:
    west, south, east, north = (float(v) for v in about.bounds)
    west, south, east, north = west - AROUND_M, south - AROUND_M, east + AROUND_M, north + AROUND_M
    cell = max(1.0, max(east - west, north - south) / MOST_CELLS)
    rows, columns = (max(2, int(np.ceil(size / cell))) for size in (north - south, east - west))
    x, y, z = (float(v) for v in city.origin)
    grid = GridSpec(west + x, north + y, cell, (rows, columns))
    found = model.boundaries(grid)
    heights = np.concatenate([found["top_z_m"].to_numpy(), found["bottom_z_m"].to_numpy()[-1:]]) - z
    units = tuple(kind.capitalize() for kind in model.units)
    return SoilBlock(west, north, cell, units, heights.astype(np.float32), found["certainty"].to_numpy().astype(np.uint8))
