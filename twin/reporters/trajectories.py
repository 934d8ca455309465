"""Positions of everybody present, written while the run goes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from twin.recording import Recording
from twin.reporters.look import Look
from twin.spool import Spool

STEPS_PER_M = 65_536.0
"""Positions are kept to 1/65,536 m: what lies below is noise that no compression takes out, and doubles the file."""


class TrajectoryReporter:
    """Keeps the positions of everybody present; from a quarter of a million rows on in a file.

    Parameters
    ----------
    stride : int
        Steps between frames.
    dt : float
        Of a step [s].
    origin : (2,) float64
        What the coordinates of the crowd are relative to [m].
    levels : sequence of str
    crs : str
    rows : int, optional
        Rows in memory; by default `twin.spool.ROWS_IN_MEMORY`.
    """

    keeps = "trajectories"

    def __init__(
        self, stride: int, *, dt: float, origin: NDArray[np.float64], levels: Sequence[str], crs: str = "", rows: int | None = None
    ) -> None:
        self.stride, self.frames = stride, 0
        self._origin, self._levels = np.asarray(origin, np.float64), tuple(levels)
        self._attrs = {"frame_rate": 1.0 / (stride * dt), "crs": crs}
        self._spool = Spool(
            _schema(self._attrs, self._levels), "trajectories.parquet", words={"level": self._levels}, split=("x", "y", "z"),
            rising=("id",), rows=rows,
        )  # fmt: skip

    @property
    def rows_in_memory(self) -> int:
        """Rows that are not in a file."""
        return self._spool.rows_in_memory

    def begin(self, look: Look) -> None:
        """The first moment is one of the series."""
        self.report(look)

    def report(self, look: Look) -> None:
        """Keep the present moment as the next frame."""
        now = look.now
        self._spool.add({
            "id": now.id,
            "frame": np.full(len(now.id), self.frames, np.int32),
            "x": _rounded(now.x + self._origin[0]),
            "y": _rounded(now.y + self._origin[1]),
            "z": _rounded(now.z),
            "level": now.level,
        })  # fmt: skip
        self.frames += 1

    def state(self, folder: Path) -> dict[str, NDArray[Any]]:
        """Number of frames, and rows that are not in files of the folder."""
        return {"frames": np.array(self.frames), **self._spool.state(folder)}

    def restore(self, state: dict[str, NDArray[Any]], folder: Path) -> None:
        """Go on after those frames.

        Raises
        ------
        KeyError, ValueError, OSError
            When they are not of this reporter, or a file is not there.
        """
        self.frames = int(state["frames"])
        self._spool.restore(state, folder)

    def close(self) -> Recording:
        """What was kept; nothing can be reported any more.

        Raises
        ------
        OutputError
            When the file cannot be written.
        """
        table, file = self._spool.close()
        if file is not None:
            return Recording(file)
        assert table is not None
        frame: pd.DataFrame = table.to_pandas()
        frame.attrs.update(self._attrs)
        return Recording(frame)


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.rint(values * STEPS_PER_M) / STEPS_PER_M


def _schema(attrs: dict[str, object], levels: Sequence[str]) -> pa.Schema:
    """Of the file, with what pandas needs to read it back as it was."""
    empty = pd.DataFrame({
        "id": np.empty(0, np.int32), "frame": np.empty(0, np.int32), "x": np.empty(0), "y": np.empty(0),
        "z": np.empty(0, np.float32), "level": pd.Categorical.from_codes(np.empty(0, np.int8), categories=pd.Index(list(levels))),
    })  # fmt: skip
    schema = pa.Schema.from_pandas(empty, preserve_index=False)
    at = schema.get_field_index("level")
    schema = schema.set(at, pa.field("level", pa.dictionary(pa.int8(), pa.string())))
    return schema.with_metadata({**schema.metadata, b"PANDAS_ATTRS": json.dumps(attrs).encode()})
