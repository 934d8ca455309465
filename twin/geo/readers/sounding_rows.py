"""Soundings of any format as rows of one shape: where, how high, how deep, and the profile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.geo.readers.columns import table
from twin.geo.readers.model import Findings

if TYPE_CHECKING:
    import geopandas as gpd
    from pyproj import CRS

RD_BOUNDS = (-7_000.0, 289_000.0, 300_000.0, 629_000.0)
"""West, south, east, north of the Dutch grid (EPSG:28992), land and coastal waters [m]."""

DEGREE_BOUNDS = (3.0, 50.5, 7.5, 54.0)
"""West, south, east, north of the Netherlands, rounded outward [deg]."""

VOID_HEIGHT_M = 900.0
"""No ground is so high or low; voids are 999 and the like [m above NAP]."""

NO_LEVEL = "its layers have no level, and the ground is made without it. Give the height:"

NAMES = {
    "penetrationLength": "length_m",
    "depth": "depth_m",
    "elapsedTime": "time_s",
    "coneResistance": "qc_MPa",
    "correctedConeResistance": "qt_MPa",
    "netConeResistance": "qn_MPa",
    "localFriction": "fs_MPa",
    "frictionRatio": "rf_percent",
    "porePressureU1": "u1_MPa",
    "porePressureU2": "u2_MPa",
    "porePressureU3": "u3_MPa",
    "poreRatio": "pore_ratio",
    "inclinationResultant": "inclination_deg",
    "inclinationEW": "inclination_ew_deg",
    "inclinationNS": "inclination_ns_deg",
    "inclinationX": "inclination_x_deg",
    "inclinationY": "inclination_y_deg",
    "temperature": "temperature_degC",
    "electricalConductivity": "conductivity_S_m",
}
"""Column of a profile by the name that the Dutch standard (BRO, catalogue of cone penetration tests) has for it."""

MAX_INCLINATION_DEG = 60.0
"""A rod is never so far from upright [deg]; NEN-EN-ISO 22476-1 stops a test at 15."""


SHORT_M = 1.0
"""A test of which the records end so much above its stated depth lacks some [m]."""


def in_degrees(x: float, y: float, *, stated: bool) -> bool:
    """Whether coordinates that should be metres are degrees: of anywhere on Earth where a system in metres is stated, else of the
    Netherlands, in either order."""
    if stated:
        return max(abs(x), abs(y)) <= 180.0 and min(abs(x), abs(y)) <= 90.0 and (x, y) != (0.0, 0.0)
    west, south, east, north = DEGREE_BOUNDS
    return any(west <= one <= east and south <= other <= north for one, other in ((x, y), (y, x)))


def outside_grid(x: float, y: float, key: str) -> str:
    """What is wrong with a place that is not in the Dutch grid, in words."""
    west, south, east, north = RD_BOUNDS
    swapped = west <= y <= east and south <= x <= north
    told = "x and y are swapped." if swapped else "is it another system?"
    reach = f"x from {west:.0f} to {east:.0f} and y from {south:.0f} to {north:.0f} m"
    return f"({x:.10g}, {y:.10g}) in {key} is outside the Dutch grid ({reach}): {told} It has no place until that is mended"


@dataclass(slots=True)
class Sounding:
    """One sounding as its file has it.

    Parameters
    ----------
    id : str
    kind : {"cpt", "borehole", "soil-face"}
    x, y : float
        East and north (or longitude and latitude) in the CRS of the reading.
    surface_m : float or None
        Height of the ground [m above NAP].
    vertical_datum : str
        What the file counts heights from; empty when it does not say.
    profile : dict
        See `cpt_profile` and `layer_profile`.
    date : str
        Of the test, ISO 8601.
    depth_m, predrilled_m : float or None
        Final depth, and depth above which nothing was measured, below the ground [m].
    water_level_m : float or None
        Level of the groundwater in the datum of `surface_m` [m].
    quality_class : int or None
        Of a cone penetration test, 1 the best.
    attributes : dict
        What else the file states.
    """

    id: str
    kind: str
    x: float
    y: float
    surface_m: float | None
    vertical_datum: str
    profile: dict[str, Any]
    date: str = ""
    depth_m: float | None = None
    predrilled_m: float | None = None
    water_level_m: float | None = None
    quality_class: int | None = None
    attributes: dict[str, Any] = field(default_factory=dict)


def sounding_frame(rows: Sequence[Sounding], crs: CRS | None) -> gpd.GeoDataFrame:
    """The layer ``soundings`` of some soundings, with the columns that `twin.geo.city.LAYERS` names."""
    import geopandas as gpd
    import shapely

    def numbers(values: list[float | None]) -> NDArray[np.float64]:
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)

    reached = [row.depth_m if row.depth_m else _deepest(row.profile) for row in rows]
    profiles = np.empty(len(rows), dtype=object)
    profiles[:] = [row.profile for row in rows]
    columns: dict[str, Any] = {
        "kind": pd.array([row.kind for row in rows], dtype="str"),
        "surface_m": numbers([row.surface_m for row in rows]),
        "depth_m": numbers(reached),
        "vertical_datum": pd.array([row.vertical_datum for row in rows], dtype="str"),
        "quality_class": pd.array([pd.NA if row.quality_class is None else row.quality_class for row in rows], dtype="Int64"),
        "date": pd.array([row.date for row in rows], dtype="str"),
        "predrilled_m": numbers([row.predrilled_m for row in rows]),
        "water_level_m": numbers([row.water_level_m for row in rows]),
        "profile": profiles,
    }
    stated = table([row.attributes for row in rows], {*columns, "geometry", "id"})
    index = pd.Index([row.id for row in rows], name="id", dtype="str")
    frame = pd.DataFrame({**columns, **{key: value.array for key, value in stated.items()}}, index=index)
    points = [shapely.Point(row.x, row.y) if np.isfinite([row.x, row.y]).all() else shapely.Point() for row in rows]
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(points, index=index, crs=crs), crs=crs)


def _deepest(profile: Mapping[str, Any]) -> float | None:
    if profile.get("layers"):
        return max((layer["bottom_m"] for layer in profile["layers"]), default=None)
    depths = [value for value in profile.get("depth_m", []) if value is not None]
    return max(depths, default=None)


def note_depth(row: Sounding, file: str, findings: Findings) -> None:
    """Note a cone penetration test whose records end well above the depth that its file states: it may have been cut off."""
    reached = [value for key in ("depth_m", "length_m") for value in row.profile.get(key, []) if value is not None]
    if row.kind == "cpt" and row.depth_m is not None and reached and max(reached) < row.depth_m - SHORT_M:
        message = f"the file states a depth of {row.depth_m:g} m, its records end at {max(reached):g} m"
        findings.add("record-count", row.id, message, path=file)


def cpt_profile(values: Mapping[str, NDArray[np.float64]]) -> dict[str, Any]:
    """The profile of a cone penetration test: lists of one length, by column; None where nothing was measured.

    Parameters
    ----------
    values : mapping of str to (N,) float64
        By the name of the quantity, see `NAMES`; others keep theirs. NaN is missing.

    Returns
    -------
    dict
        ``depth_m`` (below the ground; corrected for the inclination of the rod where the file has the depth or the
        inclination), ``length_m`` (of penetration), ``qc_MPa`` (cone resistance), ``fs_MPa`` (local friction),
        ``rf_percent`` (friction ratio), ``u2_MPa`` (pore pressure) and what else was measured, from the top down; records
        without a depth are left out. ``depth_from`` says where the depth comes from: ``"file"``, ``"inclination"`` or
        ``"length"``.
    """
    columns = {name: np.array(column, dtype=np.float64) for name, column in values.items()}
    length = columns.get("penetrationLength")
    came_from = "file"
    if "depth" not in columns or np.isnan(columns["depth"]).all():
        assert length is not None
        inclination = columns.get("inclinationResultant")
        came_from = "length" if inclination is None or np.isnan(inclination).all() else "inclination"
        columns["depth"] = length if inclination is None else corrected_depth(length, inclination)
    elif length is not None:
        # Above the predrilled depth the correction is often not stated: there the rod is taken to be upright.
        columns["depth"] = np.where(np.isnan(columns["depth"]), length, columns["depth"])
    order = np.argsort(columns["depth"], kind="stable")
    order = order[np.isfinite(columns["depth"][order])]
    profile: dict[str, Any] = {"depth_from": came_from}
    names = ["depth", *(name for name in columns if name != "depth")]
    for name in names:
        column = columns[name][order]
        if name == "depth" or np.isfinite(column).any():
            profile[NAMES.get(name, name)] = [float(value) if np.isfinite(value) else None for value in column.round(6)]
    return profile


def corrected_depth(length_m: NDArray[np.float64], inclination_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    """Depth below the ground of a rod that leans.

    Each step of penetration counts by the cosine of the inclination at its lower end (NEN-EN-ISO 22476-1:2012, annex B). The
    rod is taken to be upright above the first record and wherever the inclination was not measured.

    Parameters
    ----------
    length_m : (N,) float64
        Length of penetration, from the top down [m].
    inclination_deg : (N,) float64
        From upright [deg]; NaN where it was not measured.

    Returns
    -------
    (N,) float64
        Depth [m].
    """
    if not len(length_m):
        return np.empty(0)
    lean = np.where(np.abs(inclination_deg) <= MAX_INCLINATION_DEG, inclination_deg, 0.0)
    steps = np.diff(length_m, prepend=0.0) * np.where(np.arange(len(lean)) == 0, 1.0, np.cos(np.radians(lean)))
    return np.asarray(np.cumsum(steps))


def layer_profile(layers: Sequence[Mapping[str, Any]], name: str, where: str, findings: Findings) -> dict[str, Any]:
    """The profile of a borehole.

    Parameters
    ----------
    layers : sequence of mapping
        Each with ``top_m`` and ``bottom_m`` (below the ground), ``soil`` (code or name), ``code_system``, ``description``.
    name, where : str
        Of the sounding and its file, for messages.
    findings : Findings

    Returns
    -------
    dict
        ``layers``, from the top down; those without two depths, or with the bottom above the top, are left out.
    """
    kept = []
    for layer in layers:
        top, bottom = layer.get("top_m"), layer.get("bottom_m")
        if isinstance(top, float) and isinstance(bottom, float) and np.isfinite([top, bottom]).all() and bottom > top:
            kept.append(dict(layer))
        else:
            message = f"a layer from {top} to {bottom} m is none; left out"
            findings.add("soil-layer", name, message, severity="error", path=where)
    return {"layers": sorted(kept, key=lambda layer: (layer["top_m"], layer["bottom_m"]))}
