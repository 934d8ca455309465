"""What a section shows of the result of the impact ``pit``: groundwater before and after, settlement, damage of buildings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.plots.course import Course
from twin.plots.parts import KNOWN, Part, finite

if TYPE_CHECKING:
    import xarray as xr

    from twin.impact_result import ImpactResult
    from twin.result import Result

FIELDS = ("settlement_mm", "groundwater_m", "drawdown_m", "head_drawdown_m")
"""Fields of the impact that are columns of a section."""


def pit_impact(result: Result | ImpactResult | None) -> ImpactResult | None:
    """The impact ``pit`` of a result, or itself; None where it was not worked out."""
    if result is None or not hasattr(result, "impacts"):
        return result
    return result.impacts.get("pit")


def profiles(impact: ImpactResult | None, places: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Fields of the impact along a line, linear between the middles of cells; NaN where they do not reach.

    Parameters
    ----------
    impact : ImpactResult, optional
    places : (N, 2) float64
        [m, CRS of the city]

    Returns
    -------
    dict of str to (N,) float64
        `FIELDS`, ``groundwater_before_m``, and where the head is given ``head_before_m`` and ``head_after_m``.
    """
    if impact is None:
        return {}
    found = {name: _along(impact.fields[name], places) for name in FIELDS if name in impact.fields}
    if "groundwater_m" in found and "drawdown_m" in found:
        found["groundwater_before_m"] = found["groundwater_m"] + np.nan_to_num(found["drawdown_m"])
    head = finite(impact.settings.get("head_m"))
    if "head_drawdown_m" in found and math.isfinite(head):
        found["head_before_m"] = np.where(np.isfinite(found["head_drawdown_m"]), head, np.nan)
        found["head_after_m"] = head - found["head_drawdown_m"]
    return found


def given_layers(impact: ImpactResult | None, where: Any) -> list[dict[str, Any]]:
    """Layers by hand that an impact was worked out with, or that a scenario states for it; none where soundings tell the soil."""
    if impact is not None:
        rows = impact.settings.get("layers") or ()
    else:
        asked = getattr(getattr(where, "analyses", None), "pit", None)
        rows = [one.model_dump() for one in getattr(asked, "layers", None) or ()]
    return [{key: value for key, value in row.items() if value is not None} for row in rows]


def levels_of(impact: ImpactResult | None, course: Course, levels: list[Part]) -> list[Part]:
    """Levels of groundwater beside those that were worked out: the phreatic one is among these, the head may be given."""
    if impact is None or "groundwater_m" not in impact.fields:
        return levels
    head = finite(impact.settings.get("head_m"))
    if not math.isfinite(head) or "head_drawdown_m" in impact.fields:
        levels = [part for part in levels if part.kind != "head" or not math.isfinite(head)]
        return [part for part in levels if part.kind != "phreatic"]
    line = shapely.LineString([(0.0, head), (course.length, head)])
    return [Part("head", "given", line, "", KNOWN, {"level_m": head, "from": "given"})]


def _along(field: xr.DataArray, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear where all four cells around have a value, else that of the nearest cell."""
    values = np.asarray(field.transpose("y", "x").values, dtype=np.float64)
    x, y = (field[name].to_numpy() for name in ("x", "y"))
    if len(x) < 2 or len(y) < 2:
        return np.full(len(places), np.nan)
    column, row = ((places[:, k] - axis[0]) / (axis[1] - axis[0]) for k, axis in enumerate((x, y)))
    inside = (column >= -0.5) & (column <= len(x) - 0.5) & (row >= -0.5) & (row <= len(y) - 0.5)
    i, j = (np.clip(one, 0.0, len(axis) - 1.0) for one, axis in ((row, y), (column, x)))
    i0, j0 = (np.minimum(one.astype(np.int64), len(axis) - 2) for one, axis in ((i, y), (j, x)))
    u, v = i - i0, j - j0
    made = (1 - u) * ((1 - v) * values[i0, j0] + v * values[i0, j0 + 1]) + u * (
        (1 - v) * values[i0 + 1, j0] + v * values[i0 + 1, j0 + 1]
    )
    nearest = values[np.rint(i).astype(np.int64), np.rint(j).astype(np.int64)]
    return np.where(inside, np.where(np.isfinite(made), made, nearest), np.nan)


def damage(impact: ImpactResult | None) -> dict[str, Mapping[str, Any]]:
    """Category, settlement and strain of each building, by its id."""
    frame = impact.features.get("buildings") if impact is not None else None
    if frame is None or "category" not in frame:
        return {}
    named = frame.set_index("id") if "id" in frame.columns else frame
    wanted = [name for name in ("category", "category_low", "category_high", "settlement_mm", "strain_percent") if name in named]
    return {
        str(key): {name: row[name] for name in wanted} for key, row in named.iterrows() if np.isfinite(finite(row["category"]))
    }  # fmt: skip
