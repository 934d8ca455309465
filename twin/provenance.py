"""With what a result was made."""

from __future__ import annotations

import datetime
import platform
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    pass


def versions() -> dict[str, Any]:
    """When it was made, and with which versions; goes into `Result.provenance`."""
    import numba

    from twin import __version__

    return {
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "versions": {
            "stadstwin": __version__, "python": platform.python_version(), "numpy": np.__version__, "numba": numba.__version__,
            "platform": platform.system(),
        },
    }  # fmt: skip
