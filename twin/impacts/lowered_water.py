"""Settlement of columns of soil, given as tables, when the water in them falls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from twin.errors import ParameterError
from twin.impacts.pit_ground import chosen
from twin.sim.impact.pit import consolidation
from twin.variables import variable

Array: TypeAlias = NDArray[np.float64]

_GAP_M = 0.01
_MANY, _TABLE = 20_000, 4_001
_COLUMNS = {
    "dry": "unit_weight_kn_m3", "saturated": "saturated_kn_m3", "rr": "rr", "cr": "cr", "ca": "ca", "m": "m_mpa", "cp": "cp",
    "cs": "cs", "cp1": "cp1", "cs1": "cs1", "ocr": "ocr", "pop": "pop_kpa", "cv": "cv_m2_s",
}  # fmt: skip
_ALSO = {"modulus_MPa": "m_mpa", "c_alpha": "ca"}
"""As tables of layers of soundings have them."""


def drawdown_settlement(
    columns: pd.DataFrame | Mapping[tuple[float, float], pd.DataFrame], drawdown: xr.DataArray | NDArray[np.float64] | float, *,
    water_m: float, lowest_m: float | None = None, head_m: float | None = None,
    head_drawdown: xr.DataArray | NDArray[np.float64] | float | None = None, aquitard: tuple[float, float] | None = None,
    method: str = "bjerrum", days: float | None = None, drains: str = "both", drained_is_lighter: bool = False,
) -> Any:  # fmt: skip
    """What the soil settles when the water in it falls.

    Parameters
    ----------
    columns : DataFrame, or mapping of (x, y) to DataFrame
        Layers from top to bottom: ``top_z_m, bottom_z_m`` [m], ``unit_weight_kn_m3, saturated_kn_m3`` [kN/m3], ``cr, rr, ca`` (or
        ``c_alpha``) or ``m_mpa`` (or ``modulus_MPa``) [MPa], and where known ``ocr``, ``pop_kpa``, ``cv_m2_s``, and Koppejan's
        ``cp, cs, cp1, cs1``. Without ``rr`` it is as large as ``cr``, which is on the safe side. Of several columns each place has
        the nearest.
    drawdown : DataArray (y, x), array or float
        Fall of the water table [m]; below 0 where it rises.
    water_m, head_m : float
        Levels of the water table and of the head below the aquitard before [m].
    lowest_m : float, optional
        Lowest water table of the past [m]: up to there the soil is stiffer.
    head_drawdown : like drawdown, optional
        Fall of the head below the aquitard [m].
    aquitard : (top, bottom), optional
        Levels of the aquitard [m]; needed with `head_drawdown`.
    method : {"bjerrum", "koppejan", "linear"}
        See `twin.sim.impact.pit.consolidation`.
    days : float, optional
        Since the fall [d]. Without it the end, without creep.
    drains : {"both", "one"}
        Sides to which layers drain.
    drained_is_lighter : bool

    Returns
    -------
    DataArray or (...) float64
        [mm], like `drawdown`; NaN where that is. Above 20,000 places with one fall the answer is read from a table of 4,001 falls.

    Raises
    ------
    ParameterError
        For layers that overlap, leave gaps or lack values, and for levels that cannot be.
    """
    chosen("method", method, consolidation.METHODS)
    chosen("drains", drains, ("both", "one"))
    if (head_drawdown is None) != (aquitard is None) or (aquitard is not None and head_m is None):
        raise ParameterError("a fall of the head needs `head_m`, `head_drawdown` and `aquitard`, all three")
    if aquitard is not None and not aquitard[0] > aquitard[1]:
        raise ParameterError(f"the aquitard is upside down: {aquitard[0]} to {aquitard[1]} m", hint="give its top first")
    if days is not None and not days > 0.0:
        raise ParameterError(f"`days` cannot be {days}", hint="give the days since the water fell, above 0")
    placed = {(0.0, 0.0): columns} if isinstance(columns, pd.DataFrame) else dict(columns)
    if not placed:
        raise ParameterError("there is no column of soil")
    fall = np.asarray(drawdown, np.float64)
    second = None if head_drawdown is None else np.broadcast_to(np.asarray(head_drawdown, np.float64), fall.shape).ravel()
    nearest = _nearest_column(list(placed), drawdown, fall)
    out = np.full(fall.size, np.nan)
    for number, (place, frame) in enumerate(placed.items()):
        of = _column(frame, method, f"column at {place[0]:g}, {place[1]:g}")
        if water_m > of.top[0] + _GAP_M:
            raise ParameterError(f"the water table {water_m} m is above the ground {of.top[0]} m", hint="levels are in the datum")

        def settled(low: Array, deep: Array | None, of: consolidation.Column = of) -> Array:
            level = np.full(len(low), water_m)
            before, after = consolidation.Water(level), consolidation.Water(level - low)
            if deep is not None and aquitard is not None and head_m is not None:
                before = consolidation.Water(level, np.full(len(low), head_m), *aquitard)
                after = consolidation.Water(level - low, head_m - deep, *aquitard)
            past = None if lowest_m is None else np.full(len(low), lowest_m)
            done = consolidation.settlement(
                of, before, after, lowest=past, method=method, days=days, drains=drains, drained_is_lighter=drained_is_lighter
            )
            return 1000.0 * done.total

        here = np.flatnonzero((nearest == number) & np.isfinite(fall.ravel()))
        falls = fall.ravel()[here]
        if second is None and len(here) > _MANY:
            nodes = np.linspace(falls.min(), falls.max(), _TABLE)
            out[here] = np.interp(falls, nodes, settled(nodes, None))
            continue
        for k in range(0, len(here), _MANY):
            some = slice(k, k + _MANY)
            out[here[some]] = settled(falls[some], None if second is None else second[here[some]])
    return _like(drawdown, out.reshape(fall.shape))


def _column(frame: pd.DataFrame, method: str, where: str) -> consolidation.Column:
    """A column of soil from a table, checked."""
    for name in ("top_z_m", "bottom_z_m"):
        if name not in frame:
            here = ", ".join(map(str, frame.columns))
            raise ParameterError(f"a column of soil has `{name}`", where=where, hint=f"this has {here}")
    top, bottom = (frame[name].to_numpy(np.float64) for name in ("top_z_m", "bottom_z_m"))
    if not len(top):
        raise ParameterError("a column of soil has no layers", where=where)
    thin = np.flatnonzero(~(top > bottom))
    if len(thin):
        k = int(thin[0])
        raise ParameterError(f"layer {k + 1} has its top {top[k]} m not above its bottom {bottom[k]} m", where=where)
    off = np.flatnonzero(np.abs(top[1:] - bottom[:-1]) > _GAP_M)
    if len(off):
        k = int(off[0])
        raise ParameterError(
            f"layers {k + 1} and {k + 2} overlap or leave a gap: the one ends at {bottom[k]} m, the next begins at {top[k + 1]} m",
            where=where, hint="list layers from top to bottom",
        )  # fmt: skip
    frame = frame.rename(columns={name: key for name, key in _ALSO.items() if name in frame and key not in frame})
    values = {key: frame[name].to_numpy(np.float64) for key, name in _COLUMNS.items() if name in frame}
    if "m" in values:
        values["m"] = 1000.0 * values["m"]
    for key, value in values.items():
        below = np.flatnonzero(value < 0.0 if key in ("rr", "ca", "pop") else value <= 0.0)
        if len(below):
            raise ParameterError(f"layer {below[0] + 1}: `{_COLUMNS[key]}` cannot be {value[below[0]]}", where=where)
    missing = np.full(len(top), np.nan)
    if "cr" in values:
        own = values.get("rr", missing)
        values["rr"] = np.where(np.isnan(own), values["cr"], own)
    for before, beyond in (("cp", "cp1"), ("cs", "cs1")):
        if method == "koppejan" and beyond in values and before not in values:
            values[before] = missing
    of = consolidation.column(top, bottom, **values)
    soft = {"bjerrum": of.cr, "koppejan": of.cp1 + of.cs1, "linear": missing}[method]
    stiff = np.flatnonzero(np.isnan(soft) & np.isnan(of.m))
    if len(stiff):
        need = {"bjerrum": "`cr` (and `rr`)", "koppejan": "`cp1` and `cs1`", "linear": "`m_mpa`"}[method]
        what = f"layer {stiff[0] + 1} has neither {need} nor `m_mpa`"
        raise ParameterError(what, where=where, hint="give one of them for each layer")
    return of


def _nearest_column(places: list[tuple[float, float]], drawdown: Any, fall: NDArray[np.float64]) -> NDArray[np.int64]:
    if len(places) == 1:
        return np.zeros(fall.size, np.int64)
    if not (isinstance(drawdown, xr.DataArray) and drawdown.dims == ("y", "x")):
        raise ParameterError("several columns of soil need a drawdown with places", hint="give a DataArray with dimensions y and x")
    x, y = np.meshgrid(drawdown["x"].to_numpy(), drawdown["y"].to_numpy())
    least, nearest = np.full(fall.size, np.inf), np.zeros(fall.size, np.int64)
    for number, (px, py) in enumerate(places):
        away = np.hypot(x - px, y - py).ravel()
        nearer = away < least
        least[nearer], nearest[nearer] = away[nearer], number
    return nearest


def _like(drawdown: Any, found: NDArray[np.float64]) -> Any:
    if not isinstance(drawdown, xr.DataArray):
        return found if found.ndim else float(found)
    if drawdown.dims == ("y", "x"):
        made = xr.DataArray(variable("drawdown_settlement").array(found), coords=drawdown.coords)
        return made.assign_attrs({name: drawdown.attrs[name] for name in ("crs", "cell_m") if name in drawdown.attrs})
    return drawdown.copy(data=found).assign_attrs(units="mm").rename("drawdown_settlement")
