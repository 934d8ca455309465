"""Who crosses a line, and how many a second."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

from twin.errors import ParameterError
from twin.measures.frames import checked, rate_of

ON_LINE_M = 1e-5
"""A step that ends so near a line has not crossed it yet [m]."""


def crossings(trajectories: pd.DataFrame, line: shapely.LineString) -> pd.DataFrame:
    """The frames in which people cross a line: in which a step that met the line has ended off it.

    Parameters
    ----------
    trajectories : DataFrame
        ``id``, ``frame``, ``x``, ``y`` [m]. A step is from one frame to the next; over a gap there is none.
    line : shapely LineString

    Returns
    -------
    DataFrame
        ``id``, ``frame``; every crossing, ordered by frame and id.

    Raises
    ------
    ParameterError
        When columns are missing, or the line is none.
    """
    data = checked(trajectories).sort_values(["id", "frame"], kind="stable")
    if not isinstance(line, shapely.LineString) or line.is_empty:
        raise ParameterError("a measuring line is a shapely LineString", hint="for example shapely.LineString([(0, 0), (2, 0)])")
    ids, frames = data["id"].to_numpy(), data["frame"].to_numpy(np.int64)
    xy = data[["x", "y"]].to_numpy(np.float64)
    step = np.flatnonzero((ids[1:] == ids[:-1]) & (frames[1:] == frames[:-1] + 1)) if len(ids) else np.empty(0, np.int64)
    moves = shapely.linestrings(np.stack([xy[step], xy[step + 1]], axis=1)) if len(step) else np.empty(0, object)
    shapely.prepare(line)
    met = shapely.intersects(moves, line)
    met[met] &= shapely.distance(shapely.points(xy[step + 1][met]), line) >= ON_LINE_M
    at = step[met] + 1
    return pd.DataFrame({"id": ids[at], "frame": frames[at]}).sort_values(["frame", "id"], ignore_index=True)


def n_t(trajectories: pd.DataFrame, line: shapely.LineString, *, frame_rate: float | None = None) -> pd.DataFrame:
    """Number of people who have crossed a line up to each frame; everybody counts once, at the first crossing.

    Returns
    -------
    DataFrame
        Indexed by ``frame``, every one from the first to the last: ``cumulative_pedestrians`` and ``time`` [s] since frame 0.

    Raises
    ------
    ParameterError
        As `crossings`, or when the frame rate is not known.
    """
    rate = rate_of(trajectories, frame_rate)
    first = crossings(trajectories, line).groupby("id")["frame"].min()
    frames = trajectories["frame"]
    every = np.arange(int(frames.min()), int(frames.max()) + 1) if len(frames) else np.empty(0, np.int64)
    counted = np.bincount(first.to_numpy(np.int64) - every[0], minlength=len(every)) if len(every) else np.empty(0, np.int64)
    columns = {"cumulative_pedestrians": np.cumsum(counted), "time": every / rate}
    return pd.DataFrame(columns, index=pd.Index(every, name="frame"))


def flow(
    passed: pd.DataFrame,
    crossed: pd.DataFrame,
    speed: pd.DataFrame,
    *,
    delta_frame: int,
    frame_rate: float,
) -> pd.DataFrame:
    """Flow over a line in windows of some frames: from the first crossing of each to its last.

    Parameters
    ----------
    passed : DataFrame
        From `n_t`.
    crossed : DataFrame
        ``id``, ``frame`` of the first crossing of everybody.
    speed : DataFrame
        From `individual_speed`.
    delta_frame : int
        Length of a window.
    frame_rate : float
        Frames a second.

    Returns
    -------
    DataFrame
        One row a window in which somebody crossed: ``flow`` [1/s] and ``mean_speed`` [m/s] of those who did.

    Raises
    ------
    ParameterError
        When a window or the frame rate is not possible.
    """
    if not (isinstance(delta_frame, int) and delta_frame > 0):
        raise ParameterError(f"a window of {delta_frame!r} frames is not possible", hint="give a whole number, from 1")
    if not frame_rate > 0:
        raise ParameterError(f"a frame rate of {frame_rate!r} is not possible", hint="give frames a second")
    counted = passed["cumulative_pedestrians"].to_numpy()
    frames = passed.index.to_numpy()
    if not len(frames) or counted[-1] == 0:
        return pd.DataFrame({"flow": np.empty(0), "mean_speed": np.empty(0)})
    moving = crossed.groupby("id", as_index=False)["frame"].min().merge(speed, on=["id", "frame"])
    before, begun = 0, int(frames[np.argmax(counted > 0)])
    rows = []
    for frame in range(begun + delta_frame, int(frames[-1]), delta_frame):
        now = int(counted[frame - frames[0]])
        if now == before:
            continue
        # the frame after the last crossing of the window, where the next one begins
        ended = int(frames[np.argmax(counted == now)]) + 1
        there = moving["frame"].between(begun, ended)
        rows.append({"flow": (now - before) / (ended - begun) * frame_rate, "mean_speed": float(moving["speed"][there].mean())})
        before, begun = now, ended
    return pd.DataFrame(rows, columns=["flow", "mean_speed"])
