"""What counting gives over time: flow over lines, people who have crossed, people in areas."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from twin.errors import ParameterError, ResultError, did_you_mean


def flow(series: pd.DataFrame, line: str, *, interval_s: float, width_m: float) -> pd.DataFrame:
    """Flow over a line by intervals; see `Result.flow`."""
    _known(series, line, "line", "_right")
    if not interval_s > 0:
        raise ParameterError(f"an interval of {interval_s!r} s is not possible", hint="give a number of seconds above 0")
    time = series["time_s"].to_numpy(np.float64)
    if len(time) < 2:
        return pd.DataFrame({name: np.empty(0) for name in ("time_s", "to_right", "to_left", "per_s", "per_m_s")})
    ends = np.arange(1, int(np.ceil(time[-1] / interval_s - 1e-9)) + 1) * interval_s
    ends[-1] = time[-1]  # the last may be shorter
    # what has been counted up to a moment between two rows is what the row before it says
    edges = np.searchsorted(time, np.append(time[0], ends) + 1e-9, side="right") - 1
    out = {"time_s": ends}
    for column, name in (("to_right", f"line_{line}_right"), ("to_left", f"line_{line}_left")):
        out[column] = np.diff(series[name].to_numpy(np.int64)[edges])
    seconds = np.diff(np.append(time[0], ends))
    out["per_s"] = (out["to_right"] + out["to_left"]) / seconds
    out["per_m_s"] = out["per_s"] / width_m if width_m > 0 else np.full(len(ends), np.nan)
    return pd.DataFrame(out)


def n_t(series: pd.DataFrame, line: str) -> pd.DataFrame:
    """People who have crossed a line by then; see `Result.n_t`."""
    _known(series, line, "line", "_people")
    return pd.DataFrame({
        "time": series["time_s"].to_numpy(np.float64), "cumulative_pedestrians": series[f"line_{line}_people"].to_numpy(np.int64)
    })  # fmt: skip


def occupancy(series: pd.DataFrame) -> pd.DataFrame:
    """People in each area; see `Result.occupancy`."""
    names = _names(series, "area", "")
    return pd.DataFrame({name: series[f"area_{name}"].to_numpy() for name in names}, index=pd.Index(series["time_s"]))


def _names(series: pd.DataFrame, kind: str, ending: str) -> list[str]:
    head = f"{kind}_"
    return [c[len(head) : len(c) - len(ending)] for c in map(str, series.columns) if c.startswith(head) and c.endswith(ending)]


def _known(series: pd.DataFrame, name: str, kind: str, ending: str) -> None:
    known: Sequence[str] = _names(series, kind, ending)
    if name not in known:
        told = ", ".join(known) or "none"
        raise ResultError(f"nobody was counted at a {kind} `{name}`{did_you_mean(name, known)}", hint=f"there are: {told}")
