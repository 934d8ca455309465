"""Crowding: where and when people stand too close, how long it takes to get out, and what that is judged by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.geo.city import City
from twin.impacts.place_names import name_of_place
from twin.result import Figure, headlined
from twin.scenario.model import CrowdingAnalysis
from twin.sparse_fields import slabs

NOT_VERIFIED_FOR: tuple[str, ...] = (
    "densities above about 4 people per m2, where bodies touch and push: the model keeps people apart and shows no crushing",
    "panic, families and groups that stay together, wheelchairs, prams, luggage and bicycles",
    "route choice by habit, signs, stewards or what can be seen: people take the quickest way and do not avoid jams",
    "counter-flows in narrow passages: people form lanes, but how many get through is not held against what was measured",
    "stairs as single steps: they only slow people down",
)
"""What the crowd model has not been checked against; the report prints it."""

NOBODY = "nobody takes part"
"""What stands where a figure would be judged and nobody is there."""

NEAR_M = 12.0
"""Two places closer than this count as one hotspot [m]."""


def hotspots(fields: xr.Dataset, city: City | None, *, count: int = 5) -> gpd.GeoDataFrame:
    """The densest places of a run, at least 12 m apart.

    Parameters
    ----------
    fields : Dataset
        With ``density_max`` and ``density_max_time``.
    city : City, optional
        To name the places.
    count : int

    Returns
    -------
    GeoDataFrame
        Points with ``rank``, ``density_per_m2``, ``time_s``, ``level`` and ``place``, densest first.
    """
    highest = fields["density_max"].to_numpy()
    when = fields["density_max_time"].to_numpy()
    x, y, levels = fields["x"].to_numpy(), fields["y"].to_numpy(), fields["level"].to_numpy()
    order = np.argsort(highest, axis=None, kind="stable")[::-1]
    rows: list[dict[str, object]] = []
    taken: list[tuple[int, float, float]] = []
    for flat in order[:200_000]:
        level, r, c = (int(k) for k in np.unravel_index(flat, highest.shape))
        value = float(highest[level, r, c])
        if value < 0.1 or len(rows) == count:
            break
        if any(k == level and (x[c] - px) ** 2 + (y[r] - py) ** 2 < NEAR_M**2 for k, px, py in taken):
            continue
        taken.append((level, float(x[c]), float(y[r])))
        point = shapely.Point(x[c], y[r])
        rows.append({
            "rank": len(rows) + 1, "density_per_m2": value, "time_s": float(when[level, r, c]), "level": str(levels[level]),
            "place": name_of_place(city, point, str(levels[level])), "geometry": point,
        })  # fmt: skip
    columns = ["rank", "density_per_m2", "time_s", "level", "place", "geometry"]
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry="geometry", crs=fields.attrs.get("crs") or None)


def crowding_figures(
    fields: xr.Dataset,
    series: pd.DataFrame,
    *,
    people: int,
    exit_time: NDArray[np.float64],
    start_time: NDArray[np.float64],
    analysis: CrowdingAnalysis,
    spots: gpd.GeoDataFrame,
    finished: bool,
    ran_s: float,
    interval_s: float,
) -> tuple[Figure, ...]:
    """The figures of a run and the limits they are judged by.

    Parameters
    ----------
    fields : Dataset
    series : DataFrame
        As in `Result.series`.
    people : int
        Everybody who was to take part.
    exit_time, start_time : (N,) float64
        When each left (NaN: not) and entered [s].
    analysis : CrowdingAnalysis
    spots : GeoDataFrame
        From `hotspots`.
    finished : bool
        Whether everybody has left.
    ran_s : float
        How long was simulated [s]. A time that was not reached by then is inf; NaN when its limit lies later.
    interval_s : float
        Over which densities are averages [s].
    """
    highest = fields["density_max"].to_numpy()
    cell = float(abs(fields["x"][1] - fields["x"][0])) if fields.sizes["x"] > 1 else 1.0
    limit = analysis.density_limit_per_m2
    left = np.isfinite(exit_time)
    peak = float(highest.max(initial=0.0))
    when = float(spots["time_s"].iloc[0]) if len(spots) else float("nan")
    where = str(spots["place"].iloc[0]) if len(spots) else ""
    moments = [(bool((now > limit).any()), float(now[now >= 1.0 / 0.93].sum(dtype=np.float64))) for now in slabs(fields["density"])]
    over = [dense for dense, _ in moments]
    in_ef = sum(people_in_ef for _, people_in_ef in moments) * cell * cell * interval_s / 60.0
    tally = f"mean over {interval_s:g} s"
    last = float(exit_time[left].max()) if finished and people else float("inf") if people else float("nan")
    allowed = analysis.evacuation_limit_s
    if not finished and allowed is not None and ran_s < allowed:
        last = float("nan")  # the run is too short to tell
    most = _when_share_left(exit_time, 0.95)
    staying = max(0, round(float(people) - float(left.sum())))
    mean_time = float(np.mean(exit_time[left] - start_time[left])) if left.any() else float("nan")

    def last_of(column: str) -> float:
        return float(series[column].iloc[-1]) if len(series) else 0.0

    riding = last_of("riding") if "riding" in series else 0.0
    gone = last_of("left") if len(series) else float(left.sum())
    not_in = max(0.0, round(float(people) - gone - last_of("present") - riding, 6))

    return judged_with_people(headlined((
        Figure("people", "People", float(people), "people", digits=0),
        Figure(
            "density_max", "Highest density", peak, "1/m2", limit, analysis.density_limit_source, "lower", 1,
            f"{where} at {_clock(when)} ({tally})" if where else tally,
        ),
        Figure("density_max_time", "Time of the highest density", when, "s", digits=0),
        Figure("area_over_limit", f"Floor denser than {limit:g}/m2", float((highest > limit).sum()) * cell * cell, "m2", digits=0),
        Figure("time_over_limit", f"Time with some floor denser than {limit:g}/m2", float(sum(over)) * interval_s, "s", digits=0),
        Figure(
            "time_in_e_f", "Time spent at level of service E or F", in_ef, "person min", digits=0,
            note="more than 1.08 people per m2 (Fruin, walkways)",
        ),
        Figure("left", "People who left within the run", float(left.sum()), "people", digits=0),
        Figure("remaining", "People still there at the end", last_of("present"), "people", digits=0),
        Figure("not_entered", "People who had not entered at the end", not_in, "people", digits=0),
        Figure("evacuation_95", "Time until 95 % have left", most, "s", digits=0),
        Figure(
            "evacuation", "Time until everybody has left", last, "s", analysis.evacuation_limit_s,
            analysis.evacuation_limit_source if analysis.evacuation_limit_s else "", "lower", 0,
            "" if finished else "not everybody had left when the run ended",
        ),
        Figure(
            "travel_time", "Mean time from entering to leaving", mean_time, "s", digits=0,
            note="" if not staying else f"of those who left; {staying:,} had not left when the run ended",
        ),
    ), "left", "evacuation_95"))  # fmt: skip


def judged_with_people(figures: Sequence[Figure]) -> tuple[Figure, ...]:
    """The figures, without a value where it would be judged although there was nobody: no crowd is no proof that it fits."""
    value = {figure.key: figure.value for figure in figures}
    everybody = value.get("people", 1.0)
    if everybody - value.get("not_entered", 0.0) > 0:
        return tuple(figures)
    note = "nobody had entered when the run ended" if everybody else NOBODY
    return tuple(
        replace(figure, value=float("nan"), note=note)
        # that people who were to come have not left is known
        if figure.limit is not None and not (everybody and figure.key == "evacuation")
        else figure
        for figure in figures
    )


def _when_share_left(exit_time: NDArray[np.float64], share: float) -> float:
    """Time by which a share of everybody has left; inf when it was not reached."""
    if not len(exit_time):
        return float("nan")
    ordered = np.sort(np.where(np.isfinite(exit_time), exit_time, np.inf))
    value = float(ordered[min(len(ordered) - 1, int(np.ceil(share * len(ordered))) - 1)])
    return value


def _clock(seconds: float) -> str:
    return "-" if seconds != seconds else f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def exits_frame(shapes: Mapping[str, tuple[shapely.Geometry, str]], series: pd.DataFrame, crs: object) -> gpd.GeoDataFrame:
    """People and peak flow by exit.

    Returns
    -------
    GeoDataFrame
        Indexed by exit: ``level``, ``people``, ``share``, ``peak_per_min``.
    """
    rows = []
    total = max(1.0, sum(float(series[f"exit_{name}"].iloc[-1]) for name in shapes) if len(series) else 1.0)
    for name, (shape, level) in shapes.items():
        gone = series[f"exit_{name}"].to_numpy() if len(series) else np.zeros(1)
        rows.append({
            "id": name, "level": level, "people": round(float(gone[-1])), "share": float(gone[-1]) / total,
            "peak_per_min": _peak_per_minute(gone, series), "geometry": shape,
        })  # fmt: skip
    return _frame(rows, ["level", "people", "share", "peak_per_min"], crs)


def lines_frame(
    lines: Mapping[str, tuple[shapely.LineString, str, float]], series: pd.DataFrame, crs: object
) -> gpd.GeoDataFrame:
    """People and peak flow by counting line.

    Parameters
    ----------
    lines : mapping of name to (line, level, width)
        Width is the length of the line that lies on the floor [m].
    series : DataFrame
        As in `Result.series`.

    Returns
    -------
    GeoDataFrame
        Indexed by line: ``level``, ``width_m``, ``to_right``, ``to_left``, ``peak_per_min``, ``peak_per_m_min``.
    """
    rows = []
    for name, (line, level, width) in lines.items():
        right, left = (series[f"line_{name}_{side}"].to_numpy(np.int64) for side in ("right", "left"))
        peak = _peak_per_minute(right + left, series)
        rows.append({
            "id": name, "level": level, "width_m": width,
            "to_right": int(right[-1]) if len(right) else 0, "to_left": int(left[-1]) if len(left) else 0,
            "peak_per_min": peak, "peak_per_m_min": peak / width if width else 0.0, "geometry": line,
        })  # fmt: skip
    return _frame(rows, ["level", "width_m", "to_right", "to_left", "peak_per_min", "peak_per_m_min"], crs)


def areas_frame(
    areas: Mapping[str, tuple[BaseGeometry, str, float]], series: pd.DataFrame, crs: object
) -> gpd.GeoDataFrame:
    """People in areas.

    Parameters
    ----------
    areas : mapping of name to (shape, level, area)
        The last is the floor in it [m2].
    series : DataFrame
        As in `Result.series`.

    Returns
    -------
    GeoDataFrame
        Indexed by area: ``level``, ``area_m2``, ``people_max``, ``people_max_time_s``, ``people_mean``, ``per_m2_max``.
    """
    rows = []
    for name, (shape, level, area) in areas.items():
        people = series[f"area_{name}"].to_numpy(np.float64)
        at = int(people.argmax()) if len(people) else 0
        most = round(float(people[at])) if len(people) else 0
        rows.append({
            "id": name, "level": level, "area_m2": area, "people_max": most,
            "people_max_time_s": float(series["time_s"].iloc[at]) if most else float("nan"),
            "people_mean": float(people.mean()) if len(people) else 0.0, "per_m2_max": most / area if area else 0.0,
            "geometry": shape,
        })  # fmt: skip
    columns = ["level", "area_m2", "people_max", "people_max_time_s", "people_mean", "per_m2_max"]
    return _frame(rows, columns, crs)


def floor_frame(floors: Mapping[str, BaseGeometry], crs: object) -> gpd.GeoDataFrame:
    """What people can walk on.

    Returns
    -------
    GeoDataFrame
        Indexed by level: ``level``, ``area_m2``.
    """
    rows = [{"id": name, "level": name, "area_m2": float(shape.area), "geometry": shape} for name, shape in floors.items()]
    return _frame(list(rows), ["level", "area_m2"], crs)


def _frame(rows: list[dict[str, object]], columns: list[str], crs: object) -> gpd.GeoDataFrame:
    """Rows with an id and a geometry, indexed by id; typed when empty too."""
    frame = pd.DataFrame(rows, columns=["id", *columns, "geometry"]).astype({"id": "str", "level": "str"})
    return gpd.GeoDataFrame(frame.set_index("id"), geometry="geometry", crs=crs)


def _peak_per_minute(total: NDArray[np.generic], series: pd.DataFrame) -> float:
    """Largest number of people gone through within any minute."""
    if len(series) < 2:
        return 0.0
    time = series["time_s"].to_numpy()
    count = np.asarray(total, dtype=float)
    before = np.searchsorted(time, time - 60.0 - 1e-9, side="right") - 1
    earlier = np.where(before >= 0, count[np.maximum(before, 0)], 0.0)
    return float((count - earlier).max())
