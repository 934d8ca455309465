"""What the movement of the ground does to buildings: categories of damage by footprint, height, structure and foundation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from twin.errors import CRSError, ParameterError
from twin.impacts.facade_lines import SIDES, numbered, sides_of
from twin.impacts.pit_ground import Ground, GroundMovement, chosen
from twin.sim.impact.pit import damage
from twin.sim.impact.pit.behind_wall import Moved


def damage_of(
    buildings: gpd.GeoDataFrame, ground: Ground | Mapping[str, Ground], *, height_m: float | None = None,
    structure: str = "masonry", foundation: str = "unknown", points: int = 32, cut_mm: float = damage.CUT_MM,
) -> gpd.GeoDataFrame:  # fmt: skip
    """What the movement of the ground does to buildings: each as up to four deep beams, see `twin.sim.impact.pit.damage`.

    Parameters
    ----------
    buildings : GeoDataFrame
        Footprints; ``height_m``, ``structure`` and ``foundation`` of each are taken from columns of that name where they have a
        value.
    ground : Ground, or mapping of str to Ground
        Movement. Parts by name are added up, and the settlement of each is told too.
    height_m, structure, foundation : float, str, str
        Of buildings that have none of their own. Keys of `damage.E_OVER_G` and of `damage.FOUNDATIONS`.
    points : int
        On each line.
    cut_mm : float
        Ends of a building where the ground settles less are left out.

    Returns
    -------
    GeoDataFrame
        With the index of `buildings`: ``category`` (0 to 4; 4 stands for 4 and 5; empty where a building could not be judged: it
        stands in the pit, or the ground is not known all along it), ``damage``, ``cracks``, ``strain_percent``,
        ``horizontal_strain_percent``, ``deflection_ratio``, ``mode``, ``line_number`` and ``line_kind`` of the line that governs
        (see `facade_lines`), ``settlement_mm``, ``tilt_mm_m``, ``distortion_category`` (by angular distortion), ``rotation_use``
        (of EN 1997-1 annex H; above 1 is too much), ``foundation``, ``assumed``. With a movement that has a range also
        ``category_low`` and ``category_high``.

    Raises
    ------
    CRSError
        When buildings and ground are in different systems.
    ParameterError
        When a value cannot be used.
    """
    if points < 3:
        raise ParameterError(f"a line of {points} points cannot bend", hint="take 8 or more; 32 is the default")
    parts = dict(ground) if isinstance(ground, Mapping) and not isinstance(ground, xr.Dataset) else {"": ground}
    _same_crs(buildings, parts.values())
    heights, stiffness, kinds = _of_each(buildings, height_m, structure, foundation)
    sides = sides_of(np.asarray(buildings.geometry.array, dtype=object))
    way = sides.ends[:, 1] - sides.ends[:, 0]
    length = np.hypot(way[:, 0], way[:, 1])
    share = np.linspace(0.0, 1.0, points)
    places = (sides.ends[:, :1] + share[None, :, None] * way[:, None]).reshape(-1, 2)
    direction = way / np.maximum(length, 1e-9)[:, None]
    base = [damage.FOUNDATIONS[kind] for kind in kinds]
    shares = np.array([(one.settlement, one.horizontal) for one in base], np.float64).reshape(-1, 2)
    down, sideways = (shares[sides.owner, k][:, None] for k in (0, 1))

    def lines_of(moved: Moved) -> damage.Lines:
        along = (length[:, None] * share).ravel()
        east, north = moved.horizontal.reshape(-1, points, 2).transpose(2, 0, 1)
        stretch = (east * direction[:, :1] + north * direction[:, 1:]) * sideways
        settled = (moved.settlement.reshape(-1, points) * down).ravel()
        first = np.arange(len(length) + 1, dtype=np.int64) * points
        height, stiff = heights[sides.owner], stiffness[sides.owner]
        return damage.Lines(first, along, settled, stretch.ravel(), height, stiff, moved.settlement)

    each = {name: _moved(part, places) for name, part in parts.items()}
    total = _added(list(each.values()))
    lines = lines_of(total)
    found = damage.strained(lines, cut_mm)
    lost = ~np.isfinite(lines.settlement + lines.stretch).reshape(-1, points).all(axis=1)
    judged = ~np.isin(sides.owner, sides.owner[lost])
    made = _by_building(buildings, sides.owner, sides.kind, found, judged, kinds)
    for name, moved in each.items():
        if name:
            most = (moved.settlement.reshape(-1, points) * down).max(axis=1)
            made[f"settlement_{name}_mm"] = _largest(len(buildings), sides.owner, most, judged)
    for end, of_part in _ends(parts).items():
        moved = _added([Moved(*(one * times for one in each[name])) for name, times in of_part.items()])
        strain = _largest(len(buildings), sides.owner, damage.strained(lines_of(moved), cut_mm).strain, judged)
        made[f"category_{end}"] = _categories(strain)
    return made


def _ends(parts: Mapping[str, Ground]) -> dict[str, dict[str, float]]:
    """Shares of the movement of each part at both ends of its range; none when no part has one."""
    ranges = {name: part.largest for name, part in parts.items() if isinstance(part, GroundMovement)}
    if not any(largest.low < largest.high for largest in ranges.values()):
        return {}

    def share(name: str, end: str) -> float:
        largest = ranges.get(name)
        return float(getattr(largest, end)) / largest.middle if largest is not None and largest.middle > 0.0 else 1.0

    return {end: {name: share(name, end) for name in parts} for end in ("low", "high")}


def _by_building(
    buildings: gpd.GeoDataFrame, owner: NDArray[np.int64], kind: NDArray[np.int64], found: damage.Strained,
    judged: NDArray[np.bool_], foundations: list[str],
) -> gpd.GeoDataFrame:  # fmt: skip
    """The line of each building that governs, and what is largest of all of its lines."""
    count = len(buildings)
    order = np.lexsort((np.arange(len(owner)), -found.settlement, -found.strain, owner))
    order = order[judged[order]]
    first = order[np.r_[True, np.diff(owner[order]) > 0]] if len(order) else order
    rows = owner[first]

    def of(values: NDArray[np.float64]) -> NDArray[np.float64]:
        out = np.full(count, np.nan)
        out[rows] = values[first]
        return out

    def words(texts: tuple[str, ...], codes: NDArray[np.int64]) -> Any:
        out = np.full(count, -1)
        out[rows] = codes[first]
        return pd.Categorical.from_codes(out.astype(np.int64), categories=pd.Index(texts))

    by_strain = damage.category(found.strain)
    number = pd.array(np.zeros(count, np.int64), dtype="Int64")
    number[:] = pd.NA
    number[rows] = numbered(owner)[first]
    made = gpd.GeoDataFrame(geometry=buildings.geometry, index=buildings.index)
    made["category"] = _categories(of(found.strain))
    made["damage"], made["cracks"] = words(damage.CATEGORIES, by_strain), words(damage.CRACKS, by_strain)
    made["strain_percent"], made["horizontal_strain_percent"] = 100.0 * of(found.strain), 100.0 * of(found.horizontal)
    made["deflection_ratio"] = of(found.deflection_ratio)
    made["mode"], made["line_number"], made["line_kind"] = words(damage.MODES, found.mode), number, words(SIDES, kind)
    made["settlement_mm"] = _largest(count, owner, found.settlement, judged)
    made["tilt_mm_m"] = 1000.0 * _largest(count, owner, np.abs(found.tilt), judged)
    made["distortion_category"] = _categories(_largest(count, owner, found.distorted, judged))
    made["rotation_use"] = _largest(count, owner, found.rotation, judged)
    made["foundation"] = pd.Categorical(foundations, categories=list(damage.FOUNDATIONS))
    made["assumed"] = [damage.FOUNDATIONS[kind].told for kind in foundations]
    made.attrs["not_judged"] = int(count - len(rows))
    return made


def _categories(strain: NDArray[np.float64]) -> Any:
    known = np.isfinite(strain)
    out = pd.array(damage.category(np.where(known, strain, 0.0)), dtype="Int64")
    out[~known] = pd.NA
    return out


def _largest(count: int, owner: NDArray[np.int64], values: NDArray[np.float64], judged: NDArray[np.bool_]) -> NDArray[np.float64]:
    out = np.full(count, -np.inf)
    np.maximum.at(out, owner[judged], values[judged])
    return np.where(np.isfinite(out), out, np.nan)


def _added(parts: list[Moved]) -> Moved:
    settlement, horizontal = parts[0]
    for other in parts[1:]:
        settlement, horizontal = settlement + other.settlement, horizontal + other.horizontal
    return Moved(settlement, horizontal)


def _moved(ground: Ground, points: NDArray[np.float64]) -> Moved:
    if isinstance(ground, GroundMovement):
        return ground.at(points)
    if isinstance(ground, xr.Dataset):
        names = [name for name in ("settlement", "drawdown_settlement") if name in ground]
        if not names:
            what = "a Dataset of the ground has `settlement` or `drawdown_settlement`"
            raise ParameterError(what, hint=f"this has {list(ground)}")
        none, beyond = np.zeros(len(points)), 0.0 if ground.attrs.get("still_beyond") else np.nan
        shifts = [_read(ground[name], points, beyond) if name in ground else none for name in ("shift_east", "shift_north")]
        settled = np.sum([_read(ground[name], points, beyond) for name in names], axis=0)
        return Moved(np.asarray(settled, np.float64), np.column_stack(shifts))
    found = ground(points)
    if isinstance(found, Moved):
        return found
    settlement = np.asarray(found, np.float64)
    if settlement.shape != (len(points),):
        raise ParameterError(
            f"the function of the ground gave {settlement.shape} for {len(points)} points", hint="give one number a point"
        )
    return Moved(settlement, np.zeros((len(points), 2)))


def _read(field: xr.DataArray, points: NDArray[np.float64], beyond: float) -> NDArray[np.float64]:
    """Values at points, between the middles of cells; cells without a value do not count, and NaN where there is none at all."""
    x, y, values = field["x"].to_numpy(), field["y"].to_numpy(), field.transpose("y", "x").to_numpy().astype(np.float64)
    if min(len(x), len(y)) < 2:
        raise ParameterError("a field of the ground has two cells or more either way")
    column, row = (points[:, 0] - x[0]) / (x[1] - x[0]), (points[:, 1] - y[0]) / (y[1] - y[0])
    outside = (column < -0.5) | (column > len(x) - 0.5) | (row < -0.5) | (row > len(y) - 0.5)
    column, row = np.clip(column, 0.0, len(x) - 1.0), np.clip(row, 0.0, len(y) - 1.0)
    c, r = np.minimum(column.astype(np.int64), len(x) - 2), np.minimum(row.astype(np.int64), len(y) - 2)
    total, weights = np.zeros(len(points)), np.zeros(len(points))
    for dr in (0, 1):
        for dc in (0, 1):
            weight = np.abs(1 - dr - (row - r)) * np.abs(1 - dc - (column - c))
            value = values[r + dr, c + dc]
            weight = np.where(np.isfinite(value), weight, 0.0)
            total, weights = total + weight * np.where(weight > 0.0, value, 0.0), weights + weight
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(outside, beyond, np.where(weights > 0.0, total / weights, np.nan))


def _of_each(
    buildings: gpd.GeoDataFrame, height_m: float | None, structure: str, foundation: str
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[str]]:
    """Heights, E/G and kinds of foundation of buildings."""
    height = np.full(len(buildings), np.nan)
    if "height_m" in buildings:
        height = pd.to_numeric(buildings["height_m"]).to_numpy(np.float64)
    height = np.where(np.isfinite(height) & (height > 0.0), height, np.nan if height_m is None else height_m)
    if not np.isfinite(height).all():
        where = buildings.index[np.flatnonzero(~np.isfinite(height))[0]]
        raise ParameterError("a building has no height", where=f"building {where}", hint="give `height_m=` for those without one")
    if (height <= 0.0).any():
        raise ParameterError(f"`height_m` cannot be {height_m}", hint="give the height of walls above 0")
    texts = []
    for name, fallback, known in (("structure", structure, damage.E_OVER_G), ("foundation", foundation, damage.FOUNDATIONS)):
        own = buildings[name].astype(object) if name in buildings else pd.Series(fallback, buildings.index, dtype=object)
        filled = own.where(own.notna(), fallback).astype(str)
        for value in filled.unique():
            chosen(name, value, known)
        texts.append(filled.tolist())
    return height, np.array([damage.E_OVER_G[kind] for kind in texts[0]], np.float64), texts[1]


def _same_crs(buildings: gpd.GeoDataFrame, grounds: Any) -> None:
    for one in grounds:
        crs = one.attrs.get("crs") if isinstance(one, xr.Dataset) else None
        if crs and buildings.crs is not None and not buildings.crs.equals(crs):
            what = f"buildings are in {buildings.crs.to_string()}, the ground is in {crs}"
            raise CRSError(what, hint="use `buildings.to_crs(...)`")
