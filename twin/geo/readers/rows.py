"""Rows of a file that have no faces of their own to the layers of a city; footprints of buildings become blocks."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from twin.geo import underground
from twin.geo.city import City
from twin.geo.extrude import add_buildings
from twin.geo.groundwater import joined_tubes
from twin.geo.heights import footprint_heights
from twin.geo.readers.decks import with_decks
from twin.geo.readers.model import Findings, Reading, ReadOptions


def with_rows(city: City, reading: Reading, options: ReadOptions, findings: Findings) -> City:
    """The city with the rows of one reading; of two with the same id the one there is is kept.

    Parameters
    ----------
    city : City
    reading : Reading
        Its layers are in the CRS of the city.
    options : ReadOptions
    findings : Findings
    """
    for name, frame in _lifted(reading, city).items():
        if not len(frame):
            continue
        there = city.layers[name]
        if name == "wells" and not reading.ready:
            city = city.with_layer(name, joined_tubes(there, frame, reading.source.name, findings))
            continue
        known = there.index
        if name == "buildings":
            # A block is an object of the city, and the ids of objects are unique over all layers.
            known = known.append([city.objects.index, *(other.index for other in city.layers.values() if len(other))])
        twice = frame.index.isin(known)
        for object_id in frame.index[twice]:
            message = f"another file has an object with this id too; the one in {reading.source.name} is left out"
            findings.add("duplicate-id", str(object_id), message, severity="error", path=reading.source.name)
        frame = frame[~twice]
        if reading.ready:
            city = city.with_layer(name, joined(there, frame))
            continue
        if name == "buildings":
            city = _with_footprints(city, frame, reading, options, findings)
        elif name in underground.LAYERS:
            city = underground.with_volumes(city, name, frame, reading.source.name, findings)
        else:
            city = city.with_layer(name, joined(there, frame))
    return city


FROM_GROUND = "z_from_ground"
"""Column of stairs whose heights a source gives above the ground, as OpenStreetMap does."""


def _lifted(reading: Reading, city: City) -> dict[str, gpd.GeoDataFrame]:
    """Layers with their stairs on the ground, and decks at the height of the stairs to them."""
    layers = dict(reading.layers)
    if "stairs" in layers and not reading.ready:
        layers["stairs"] = on_ground(layers["stairs"], city)
    return with_decks(layers)


def on_ground(frame: gpd.GeoDataFrame, city: City) -> gpd.GeoDataFrame:
    """Stairs with their heights in the vertical datum; those that count from the ground are put on it."""
    if FROM_GROUND not in frame:
        return frame
    middle = shapely.centroid(np.asarray(frame.geometry.array, dtype=object))
    ground = city.ground_at(shapely.get_x(middle), shapely.get_y(middle))
    above = frame[FROM_GROUND].fillna(False).to_numpy(dtype=bool)
    lifted = {name: frame[name].to_numpy(dtype=np.float64) + np.where(above, ground, 0.0) for name in ("bottom_z_m", "top_z_m")}
    return frame.assign(**lifted).drop(columns=FROM_GROUND)


def joined(there: gpd.GeoDataFrame, more: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Two frames of one layer, one below the other."""
    if not len(there):
        return more
    if not len(more):
        return there
    return gpd.GeoDataFrame(pd.concat([there, more]), geometry="geometry", crs=there.crs)


def _with_footprints(city: City, frame: gpd.GeoDataFrame, reading: Reading, options: ReadOptions, findings: Findings) -> City:
    """Footprints as blocks; one of unknown height stays a row without a block."""
    shapes = np.asarray(frame.geometry.array, dtype=object)
    decided = footprint_heights(frame, city, height=options.height, findings=findings)
    rows = frame.assign(**{str(name): decided[name].array for name in decided})
    usable = np.isin(shapely.get_type_id(shapes), (3, 6)) & shapely.is_valid(shapes) & ~shapely.is_empty(shapes)
    high = decided["height_m"].to_numpy() > 0
    for object_id in rows.index[usable & ~high]:
        seen = "roof_max_m" in rows and np.isfinite(rows.at[object_id, "roof_max_m"])
        why = "the surface model shows no roof above the ground there" if seen else "no column, storeys or surface model states it"
        message = f"the height is not known: {why}; no block is drawn"
        findings.add("height-unknown", str(object_id), message, path=reading.source.name)
    for object_id in rows.index[~usable]:
        message = "the footprint is not a valid polygon; no block is drawn"
        findings.add("footprint-invalid", str(object_id), message, severity="error", path=reading.source.name)
    if "type" not in rows:
        rows["type"] = pd.array(["Building"] * len(rows), dtype="str")
    block = usable & high
    city = add_buildings(city, rows[block])
    return city.with_layer("buildings", joined(city.buildings, rows[~block])) if (~block).any() else city
