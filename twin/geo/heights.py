"""The one place where the height of a building is decided, with where it came from.

In this order, each where those before it say nothing:

1. the geometry, of buildings that have one;
2. the column that the caller names;
3. columns that state the height above the ground, then ones that state the height of the roof in the vertical datum, in
   several languages;
4. a surface model (raster, or the highest points of a point cloud) over the footprint: the 70th percentile of the cells that
   lie in it as a whole;
5. the outline itself, where it lies in space, well above the ground: it is then the edge of the roof;
6. the number of storeys.

The ground is a column that states it, else the lowest terrain along the outline, else the surface around the building. Nothing
later guesses: an unknown height stays NaN with the source ``"unknown"``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import did_you_mean

if TYPE_CHECKING:
    import geopandas as gpd

    from twin.geo.city import City
    from twin.geo.readers.model import Findings

STOREY_M = 3.0
"""Height of a storey where only their number is known [m]; gross storey height of Dutch dwellings."""

FLAT_M = 0.1
"""A geometry lower than this is a footprint, not a volume [m]."""

ROOF_ABOVE_M = 1.0
"""A surface or an outline less than this above the ground is not the roof of a building [m]."""

HEIGHT_LIMIT_M = 1000.0
"""A height above the ground that is stated as more is not one: the highest building has 828 m [m]. What the geometry says stays:
it is drawn that high, and told by `twin.geo.quality.check`."""

FOOT_M = 0.3048
"""International foot (1959) [m]."""

HEIGHT_ATTRIBUTES = (
    "height_m", "measuredHeight", "measured_height", "building_height", "buildingheight", "bldg_height", "bldgheight", "height_ag",
    "relative_height", "render_height", "height", "height_ft",
    "hoogte_m", "gebouwhoogte", "bouwhoogte", "pandhoogte", "hoogte",
    "gebaeudehoehe", "gebäudehöhe", "gebaeudeho", "hoehe_m", "hoehe", "höhe",
    "hauteur", "altezza", "altura", "hojd", "höjd", "hoyde", "vyska",
)  # fmt: skip
"""Attributes that state the height above the ground [m], whatever their capitals, most trusted first."""

ROOF_ATTRIBUTES = (
    "roof_m", "b3_h_dak_max", "AbsoluteRidgeHeight", "b3_h_dak_70p", "b3_h_dak_50p", "b3_h_max", "h_dak_70p", "roof-0.75",
    "absolute_height", "nokhoogte_nap", "firsthoehe_nhn",
)  # fmt: skip
"""Attributes that state the height of the roof in the vertical datum [m], most trusted first."""

GROUND_ATTRIBUTES = ("ground_m", "b3_h_maaiveld", "TerrainHeight", "h_maaiveld", "ground-0.50", "maaiveld_nap", "gelaendehoehe")
"""Attributes that state the height of the ground in the vertical datum [m]."""

STOREY_ATTRIBUTES = (
    "storeysAboveGround", "storeys_above_ground", "b3_bouwlagen", "building:levels", "building_levels", "levels",
    "storeys", "stories", "num_floors", "numfloors", "floors", "bouwlagen", "aantal_bouwlagen", "verdiepingen",
    "geschosse", "anzahl_geschosse", "stockwerke", "vollgeschosse", "nb_etages", "etages", "vaningar",
)  # fmt: skip
"""Attributes that state the number of storeys above the ground."""

OUTLINE = "outline_z_m"
"""Column of footprints that lie in space: middle height of their corners in the vertical datum [m]."""

_LENGTH = re.compile(r"\s*([+-]?\d+(?:[.,]\d+)?)\s*(m|meter|metre|metres|meters|ft|feet|foot|')?\s*")


def numbers(attributes: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """A column as numbers; NaN where it is missing or is not a finite number."""
    if name not in attributes:
        return np.full(len(attributes), np.nan)
    column = pd.to_numeric(attributes[name], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(column), column, np.nan)


def lengths(column: pd.Series[Any]) -> NDArray[np.float64]:
    """A column as lengths [m]: numbers, or text such as ``"12.5"``, ``"12,5 m"`` and ``"41 ft"``; NaN for the rest."""
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        values = np.array([_length(one) for one in column.tolist()], dtype=np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def _length(value: object) -> float:
    if isinstance(value, str):
        match = _LENGTH.fullmatch(value)
        if match is None:
            return np.nan
        number = float(match[1].replace(",", "."))
        return number * FOOT_M if match[2] in ("ft", "feet", "foot", "'") else number
    return float(value) if isinstance(value, int | float | np.number) else np.nan


def _present(names: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Columns that are among the names, in the order of the names, whatever their capitals."""
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(column.lower(), column)
    exact = set(columns)
    found = [name if name in exact else by_name.get(name.lower()) for name in names]
    return list(dict.fromkeys(name for name in found if name is not None))


def says_height(columns: Sequence[str]) -> bool:
    """Whether one of the columns states the height of a building or its storeys."""
    return bool(_present((*HEIGHT_ATTRIBUTES, *ROOF_ATTRIBUTES, *STOREY_ATTRIBUTES), columns))


class _Decision:
    """Heights decided so far; what comes first stays."""

    def __init__(self, ground: NDArray[np.float64]) -> None:
        self.ground = ground
        self.height = np.full(len(ground), np.nan)
        self.source = np.full(len(ground), "unknown", dtype=object)
        self.refused: dict[str, int] = {}

    def take(self, height: NDArray[np.float64], label: str, least: float = 0.0, most: float = HEIGHT_LIMIT_M) -> None:
        """Use heights above the ground where none is known yet."""
        open_ = np.isnan(self.height)
        absurd = open_ & (height > most)
        if absurd.any():
            self.refused[label] = int(absurd.sum())
        use = open_ & (height > least) & ~absurd
        self.height[use] = height[use]
        self.source[use] = label

    def attributes(self, table: pd.DataFrame) -> None:
        """Use what columns state."""
        columns = [str(name) for name in table.columns]
        for name in _present(HEIGHT_ATTRIBUTES, columns):
            factor = FOOT_M if name.lower().endswith("_ft") else 1.0
            self.take(lengths(table[name]) * factor, f"attribute:{name}")
        for name in _present(ROOF_ATTRIBUTES, columns):
            self.take(lengths(table[name]) - self.ground, f"attribute:{name}")

    def storeys(self, table: pd.DataFrame) -> None:
        """Use the number of storeys."""
        for name in _present(STOREY_ATTRIBUTES, [str(name) for name in table.columns]):
            self.take(lengths(table[name]) * STOREY_M, f"storeys:{name}")

    def table(self, index: pd.Index[Any]) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "ground_m": self.ground,
                "roof_m": self.ground + self.height,
                "height_m": self.height,
                "height_source": pd.Series(self.source, index=index, dtype="str"),
            },
            index=index,
        )


def _stated_ground(ground: NDArray[np.float64], table: pd.DataFrame) -> NDArray[np.float64]:
    ground = np.array(ground, dtype=np.float64)
    for name in _present(GROUND_ATTRIBUTES, [str(name) for name in table.columns]):
        ground = np.where(np.isnan(ground), lengths(table[name]), ground)
    return ground


def building_heights(
    ground_m: NDArray[np.float64], roof_m: NDArray[np.float64], attributes: pd.DataFrame
) -> pd.DataFrame:
    """Decide ground, roof and height of each building that has a geometry.

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
    decision = _Decision(_stated_ground(ground_m, attributes))
    decision.take(np.asarray(roof_m, dtype=np.float64) - decision.ground, "geometry", FLAT_M, np.inf)
    decision.attributes(attributes)
    decision.storeys(attributes)
    return decision.table(attributes.index)


def footprint_heights(
    frame: gpd.GeoDataFrame, city: City, *, height: str | None = None, findings: Findings | None = None
) -> pd.DataFrame:
    """Decide ground, roof and height of buildings of which only the footprint is known; the order is that of this module.

    Parameters
    ----------
    frame : GeoDataFrame
        Footprints with the columns of their source, in the CRS of the city.
    city : City
        Its terrain and surface model are looked at.
    height : str, optional
        Column that states the height above the ground [m].
    findings : Findings, optional
        Where to say what could not be used.

    Returns
    -------
    DataFrame
        As `building_heights`, with the sources ``"dsm:FILE"`` and ``"outline"`` besides, and with ``roof_max_m``, the highest
        cell of the surface model in the footprint [m], where there is a surface model.
    """
    from twin.geo.extrude import lowest_along_each

    table = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    shapes = np.asarray(frame.geometry.array, dtype=object)
    ground = _stated_ground(np.full(len(frame), np.nan), table)
    open_ = np.isnan(ground)
    if city.terrain is not None and open_.any():
        ground[open_] = lowest_along_each(shapes[open_], city.terrain)
    surface = None
    if city.dsm is not None:
        from twin.geo.surface_heights import surface_heights

        surface = surface_heights(shapes, city.dsm, around=bool(np.isnan(ground).any()))
        ground = np.where(np.isnan(ground), surface.around_m, ground)
    decision = _Decision(ground)
    if height is not None and height in table:
        stated = lengths(table[height])
        if findings is not None and len(table) and np.isnan(stated).all():
            findings.add("height-column", "", f"the column `{height}` holds no heights")
        decision.take(stated, f"attribute:{height}")
    elif height is not None and findings is not None:
        near = did_you_mean(height, [str(name) for name in table.columns])
        findings.add("height-column", "", f"the footprints have no column `{height}`{near}")
    decision.attributes(table)
    if surface is not None and city.dsm is not None:
        decision.take(surface.roof_m - ground, f"dsm:{city.dsm.name}" if city.dsm.name else "dsm", ROOF_ABOVE_M)
    if OUTLINE in table:
        decision.take(lengths(table[OUTLINE]) - ground, "outline", ROOF_ABOVE_M)
    decision.storeys(table)
    if findings is not None:
        for label, count in decision.refused.items():
            message = f"{count} heights of {label} are over {HEIGHT_LIMIT_M:g} m, which no building has; not used"
            findings.add("height-absurd", "", message)
    out = decision.table(frame.index)
    if "height_source" in table:
        # A file that this library wrote says where its heights came from.
        said = table["height_source"].astype("str")
        ours = (out["height_source"] == "attribute:height_m") & said.notna() & ~said.isin(["", "unknown"])
        out["height_source"] = out["height_source"].where(~ours, said)
    return out if surface is None else out.assign(roof_max_m=surface.roof_max_m)
