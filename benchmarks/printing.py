"""What every benchmark ends with: its figures, as JSON or as lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson


def show(found: Mapping[str, Any], *, as_json: bool) -> int:
    """Print what was measured; return the exit code.

    Not with the `json` module: cjio changes how that spells numbers.
    """
    if as_json:
        print(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    else:
        for name, value in found.items():
            print(f"{name}: {value}")
    return 0
