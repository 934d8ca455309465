"""The small part of TOML that a city folder needs, written; Python reads it itself."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_BARE = re.compile(r"^[A-Za-z0-9_-]+$")


def _text(value: str) -> str:
    # JSON escapes all that TOML wants escaped, but for the delete character; lone surrogates are in neither.
    clean = value.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(clean, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, Sequence):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    raise TypeError(f"{type(value).__name__} cannot be written as TOML")


def _key(key: str) -> str:
    return key if _BARE.match(key) else _text(key)


def dumps(document: Mapping[str, Any]) -> str:
    """TOML of a mapping of values, in order; a list of mappings becomes an array of tables, which come last."""
    tables = {
        key: value
        for key, value in document.items()
        if isinstance(value, list) and value and isinstance(value[0], dict)
    }
    lines = [f"{_key(key)} = {_value(value)}" for key, value in document.items() if key not in tables]
    for key, rows in tables.items():
        for row in rows:
            lines.append(f"\n[[{_key(key)}]]")
            for name, value in row.items():
                if isinstance(value, list) and value and isinstance(value[0], dict):
                    inner = ",\n".join(f"    {_value(one)}" for one in value)
                    lines.append(f"{_key(name)} = [\n{inner},\n]")
                else:
                    lines.append(f"{_key(name)} = {_value(value)}")
    return "\n".join(lines) + "\n"
