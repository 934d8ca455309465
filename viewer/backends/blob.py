"""Arrays of the page as one block of bytes.

Integers are stored as differences to the one before, in the smallest type that holds them all: that is what gzip
likes best.
"""

from __future__ import annotations

import base64
import gzip
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(slots=True)
class Blob:
    """Arrays one after another, each aligned to four bytes."""

    parts: list[bytes] = field(default_factory=list)
    size: int = 0

    def raw(self, array: NDArray[Any]) -> dict[str, Any]:
        """Add an array as it is."""
        content = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
        where = {"at": self.size, "n": int(array.size), "type": array.dtype.name}
        self.parts.append(content + b"\0" * (-len(content) % 4))
        self.size += len(self.parts[-1])
        return where

    def deltas(self, values: NDArray[Any]) -> dict[str, Any]:
        """Add integers as differences; 2-D columns one after another."""
        columns = np.asarray(values, dtype=np.int64).reshape(len(values), -1)
        if not len(columns):
            return {**self.raw(np.empty(0, np.int8)), "heads": []}
        heads = columns[0].tolist()
        steps = np.diff(columns, axis=0, prepend=columns[:1])
        return {**self.raw(smallest(steps.T.ravel())), "heads": heads}

    def encoded(self) -> str:
        """All of it: gzip, then base64."""
        return base64.b64encode(gzip.compress(b"".join(self.parts), 6, mtime=0)).decode("ascii")


def smallest(values: NDArray[np.int64]) -> NDArray[Any]:
    """The same integers in the smallest signed type that holds them."""
    low, high = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    for kind in (np.int8, np.int16):
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return values.astype(kind)
    return values.astype(np.int32)
