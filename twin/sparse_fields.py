"""Fields over time of which only the cells in use are kept, and their look as full arrays: in memory, or made when asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xarray as xr
from numpy.typing import DTypeLike, NDArray
from xarray.backends import BackendArray
from xarray.core import indexing

from twin.errors import ResultError
from twin.spool import ScratchFile

FULL_BYTES = 256 * 1024**2
"""Up to this size altogether fields are made full arrays at once; larger ones stay as they are until a part is asked for [B]."""


class SparseFields:
    """Values of cells by frame.

    Parameters
    ----------
    spooled : (Table, None) or (None, ScratchFile)
        From `twin.spool.Spool.close`: ``frame`` (rising), ``cell`` (flat index) and one float32 column a name.
    names : sequence of str
    frames : int
    shape : (int, int, int)
        Levels, rows and columns of cells.
    """

    def __init__(
        self, spooled: tuple[pa.Table, None] | tuple[None, ScratchFile], names: Sequence[str], frames: int,
        shape: tuple[int, int, int],
    ) -> None:  # fmt: skip
        self._table: pa.Table | None = spooled[0]
        self._file: ScratchFile | None = spooled[1]
        self.names, self.frames, self.shape = tuple(names), frames, shape

    def __deepcopy__(self, memo: object) -> SparseFields:
        return self  # never changes

    def __reduce__(self) -> tuple[Any, ...]:
        # a scratch file goes with this object: what travels elsewhere takes the rows along
        table = self._table if self._file is None else pq.read_table(self._file.path)
        return (SparseFields, ((table, None), self.names, self.frames, self.shape))

    @property
    def in_memory(self) -> bool:
        """Whether it has no file."""
        return self._file is None

    def rows(self, name: str, first: int, last: int) -> Iterator[tuple[int, NDArray[np.int32], NDArray[np.float32]]]:
        """Frame, cells and values of each frame from `first` up to `last` in which there are any.

        Raises
        ------
        ResultError
            When the file is not there any more.
        """
        if self._file is None:
            assert self._table is not None
            table = self._table.select(["frame", "cell", name])
        else:
            limits = [("frame", ">=", first), ("frame", "<", last)]
            try:
                table = pq.read_table(self._file.path, columns=["frame", "cell", name], filters=limits)
            except OSError as error:
                raise ResultError(f"the fields cannot be read: {error}", where=str(self._file.path), hint="run it again") from error
        frame, cell, value = (table[column].to_numpy() for column in ("frame", "cell", name))
        edges = np.searchsorted(frame, np.arange(first, last + 1))
        for k in range(first, last):
            begin, end = edges[k - first], edges[k - first + 1]
            if end > begin:
                yield k, cell[begin:end], value[begin:end]

    def variable(self, name: str, rows: slice, columns: slice, *, empty: float) -> Any:
        """One field over a window of cells, (T, L, h, w), with `empty` where nothing was kept.

        A full array when all fields together are below `FULL_BYTES`, otherwise one that is made as far as it is asked for.
        """
        array = _Window(self, name, rows, columns, empty)
        if array.nbytes * len(self.names) <= FULL_BYTES:
            return array.part((slice(None),) * 4)
        return indexing.CopyOnWriteArray(indexing.LazilyIndexedArray(array))


class _Window(BackendArray):
    """A window of a field, as xarray asks arrays of a file."""

    def __init__(self, fields: SparseFields, name: str, rows: slice, columns: slice, empty: float) -> None:
        self._fields, self._name, self._rows, self._columns, self._empty = fields, name, rows, columns, empty
        self.shape = (fields.frames, fields.shape[0], rows.stop - rows.start, columns.stop - columns.start)
        self.dtype: DTypeLike = np.dtype(np.float32)

    @property
    def nbytes(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64)) * 4

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self.part)

    def part(self, key: tuple[int | slice, ...]) -> NDArray[np.float32]:
        """The part at whole numbers and slices."""
        wanted = np.arange(self.shape[0])[key[0]]
        frames = np.atleast_1d(wanted)
        full = np.empty(self.shape[1:], np.float32)
        parts = np.full((len(frames), *full[key[1:]].shape), self._empty, np.float32)
        place = {int(frame): k for k, frame in enumerate(frames)}
        if len(frames):
            for k, cells, values in self._fields.rows(self._name, int(frames.min()), int(frames.max()) + 1):
                if k in place:
                    self._fill(full, cells, values)
                    parts[place[k]] = full[key[1:]]
        return parts if np.ndim(wanted) else parts[0]

    def _fill(self, full: NDArray[np.float32], cells: NDArray[np.int32], values: NDArray[np.float32]) -> None:
        _, height, width = self._fields.shape
        level = cells // (height * width)
        row, column = cells // width % height - self._rows.start, cells % width - self._columns.start
        inside = (row >= 0) & (row < full.shape[1]) & (column >= 0) & (column < full.shape[2])
        full.fill(self._empty)
        full[level[inside], row[inside], column[inside]] = values[inside]


def slabs(array: xr.DataArray) -> Iterator[NDArray[Any]]:
    """A field moment after moment, so that one that is made when asked is never in memory as a whole."""
    for k in range(array.sizes["time"]):
        yield array.isel(time=k).to_numpy()
