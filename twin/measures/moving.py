"""Speed of people, and how many are in an area."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

from twin.errors import ParameterError
from twin.measures.cells import VoronoiCells
from twin.measures.frames import area_of, checked, rate_of


def individual_speed(trajectories: pd.DataFrame, *, frame_step: int = 5, frame_rate: float | None = None) -> pd.DataFrame:
    """Speed of each person over `frame_step` frames before and after each; those without both are left out.

    Parameters
    ----------
    trajectories : DataFrame
        ``id``, ``frame``, ``x``, ``y`` [m].
    frame_step : int
    frame_rate : float, optional
        Frames a second; by default ``trajectories.attrs["frame_rate"]``.

    Returns
    -------
    DataFrame
        ``id``, ``frame``, ``speed`` [m/s], ordered by id and frame.

    Raises
    ------
    ParameterError
        When columns are missing or the frame rate is not known.
    """
    rate = rate_of(trajectories, frame_rate)
    if not (isinstance(frame_step, int) and frame_step > 0):
        raise ParameterError(f"`frame_step` is {frame_step!r}", hint="give a whole number of frames, from 1")
    data = checked(trajectories).sort_values(["id", "frame"], kind="stable")
    ids, frames = data["id"].to_numpy(), data["frame"].to_numpy(np.int64)
    xy = data[["x", "y"]].to_numpy(np.float64)
    number = np.cumsum(np.append(0, ids[1:] != ids[:-1])) if len(ids) else np.empty(0, np.int64)
    # by person and frame in one number, so that the rows some frames away are found at once
    low = int(frames.min()) if len(frames) else 0
    width = (int(frames.max()) - low + 1 if len(frames) else 1) + 2 * frame_step
    key = number * width + frames - low + frame_step
    before, after = np.searchsorted(key, key - frame_step), np.searchsorted(key, key + frame_step)
    there = (key[np.minimum(before, len(key) - 1)] == key - frame_step) & (key[np.minimum(after, len(key) - 1)] == key + frame_step)
    moved = xy[after[there]] - xy[before[there]]
    speed = np.sqrt((moved**2).sum(axis=1)) / (2 * frame_step / rate)
    return pd.DataFrame({"id": ids[there], "frame": frames[there], "speed": speed})


def classic_density(trajectories: pd.DataFrame, measurement_area: shapely.Polygon) -> pd.DataFrame:
    """People in an area over its size, frame by frame.

    Returns
    -------
    DataFrame
        Indexed by ``frame``, every one from the first to the last: ``density`` [1/m2].
    """
    data, shape = checked(trajectories), area_of(measurement_area)
    shapely.prepare(shape)
    inside = shapely.contains_xy(shape, data["x"].to_numpy(np.float64), data["y"].to_numpy(np.float64))
    frames = data["frame"].to_numpy(np.int64)
    every = np.arange(frames.min(), frames.max() + 1) if len(frames) else np.empty(0, np.int64)
    counted = np.bincount(frames[inside] - every[0], minlength=len(every)) if len(frames) else np.empty(0)
    return pd.DataFrame({"density": counted / shape.area}, index=pd.Index(every, name="frame"))


def fundamental_diagram(
    trajectories: pd.DataFrame,
    measurement_area: shapely.Polygon,
    *,
    cells: VoronoiCells | None = None,
    frame_step: int = 5,
    frame_rate: float | None = None,
) -> pd.DataFrame:
    """Density in an area beside the mean speed of the people in it, frame by frame.

    Parameters
    ----------
    trajectories : DataFrame
        ``id``, ``frame``, ``x``, ``y`` [m].
    measurement_area : shapely Polygon
    cells : VoronoiCells, optional
        With them both are means over the area, each person with the share that its cell has of it (Steffen & Seyfried 2010);
        without them people in the area are counted, and their speeds averaged.
    frame_step : int
        As `individual_speed`.
    frame_rate : float, optional

    Returns
    -------
    DataFrame
        Indexed by ``frame``, those in which somebody with a speed is in the area: ``density`` [1/m2], ``speed`` [m/s], and
        ``flow`` [1/(m s)], their product.

    Raises
    ------
    ParameterError
        As `individual_speed`.
    """
    speed = individual_speed(trajectories, frame_step=frame_step, frame_rate=frame_rate)
    shape = area_of(measurement_area)
    if cells is None:
        data = checked(trajectories).merge(speed, on=["id", "frame"])
        shapely.prepare(shape)
        inside = data[shapely.contains_xy(shape, data["x"].to_numpy(np.float64), data["y"].to_numpy(np.float64))]
        grouped = inside.groupby("frame")
        found = pd.DataFrame({"density": grouped.size() / shape.area, "speed": grouped["speed"].mean()})
    else:
        rows = cells.table.assign(share=shapely.area(shapely.intersection(cells.polygons(), shape)))
        rows = rows[rows["share"] > 0].merge(speed, on=["id", "frame"])
        rows = rows.assign(people=rows["share"] * rows["density"], moved=rows["share"] * rows["speed"])
        grouped = rows.groupby("frame")[["share", "people", "moved"]].sum()
        found = pd.DataFrame({"density": grouped["people"] / shape.area, "speed": grouped["moved"] / shape.area})
    found.index.name = "frame"
    return found.assign(flow=found["density"] * found["speed"])
