"""The binary part of a GLB: arrays one after another, and the entries that say what lies where."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FLOAT, UINT32, UINT8 = 5126, 5125, 5121
ARRAY_BUFFER, ELEMENT_BUFFER = 34962, 34963


class Buffer:
    """The binary chunk: views aligned to eight bytes, as tables of attributes ask, and the accessors on them."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def view(self, content: bytes, **extra: Any) -> int:
        """Add bytes; gives the number of their view."""
        self.views.append({"buffer": 0, "byteOffset": self.size, "byteLength": len(content), **extra})
        padded = content + b"\0" * (-len(content) % 8)
        self.parts.append(padded)
        self.size += len(padded)
        return len(self.views) - 1

    def add(self, array: NDArray[Any], kind: str, component: int, target: int, **extra: Any) -> int:
        """Add an array of corners or indices; gives the number of its accessor."""
        number = self.view(np.ascontiguousarray(array).tobytes(), target=target)
        self.accessors.append({"bufferView": number, "componentType": component, "count": len(array), "type": kind, **extra})
        return len(self.accessors) - 1
