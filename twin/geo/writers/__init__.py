"""Formats a city can be written to, one file a format."""

from __future__ import annotations

from pathlib import Path

from twin.errors import OutputError
from twin.geo.city import City


def write(city: City, path: str | Path) -> Path:
    """Write a city in the format that the name asks for: ``.json`` is CityJSON, no suffix a city folder.

    Raises
    ------
    OutputError
        When no writer knows the suffix, or the file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() == ".json":
        from twin.geo.writers.cityjson import write_cityjson

        return write_cityjson(city, path)
    if not path.suffix or path.is_dir():
        return city.save(path)
    hint = "give a name that ends in .city.json, or a folder"
    raise OutputError(f"no writer knows the suffix {path.suffix!r}", where=str(path), hint=hint)
