"""Formats a city can be written to, told by the suffix; one file a format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from twin.errors import OutputError, ParameterError, did_you_mean
from twin.geo.city import City


@dataclass(frozen=True, slots=True)
class Writer:
    """One format of files.

    Parameters
    ----------
    name : str
        For people.
    suffixes : tuple of str
        Endings of file names, lower case, most telling first.
    module, function : str
        ``function(city, path, **options)`` of the module under `twin.geo.writers`; imported when it is needed.
    options : tuple of str
        Keywords that it takes.
    """

    name: str
    suffixes: tuple[str, ...]
    module: str
    function: str
    options: tuple[str, ...] = ()

    def write(self, city: City, path: Path, **options: Any) -> Path:
        """Write a city; OutputError when that fails, and nothing half-written is left."""
        function: Callable[..., Path] = getattr(import_module(f"twin.geo.writers.{self.module}"), self.function)
        return function(city, path, **options)


WRITERS: tuple[Writer, ...] = (
    Writer("CityJSONSeq 2.0", (".city.jsonl", ".jsonl"), "cityjsonseq", "write_cityjsonseq"),
    Writer("CityJSON 2.0", (".city.json", ".json"), "cityjson", "write_cityjson"),
    Writer("GeoPackage", (".gpkg",), "geopackage", "write_geopackage"),
    Writer("GeoParquet", (".parquet", ".geoparquet"), "geoparquet", "write_geoparquet", ("layer",)),
    Writer("GeoTIFF", (".tif", ".tiff"), "geotiff", "write_geotiff", ("raster",)),
    Writer("Wavefront OBJ", (".obj",), "obj", "write_obj", ("layers",)),
    Writer("PLY", (".ply",), "ply", "write_ply", ("layers",)),
    Writer("STL for 3D printing", (".stl",), "stl", "write_stl", ("scale", "base_mm", "margin_mm", "terrain", "layers", "unite")),
)
"""Every format that can be written; a name without a suffix is a city folder."""

SCENES = (".html", ".glb", ".png", ".mp4")


def writer_for(path: Path) -> Writer | None:
    """The writer that a name asks for; None for a city folder.

    Raises
    ------
    OutputError
        When no writer knows the suffix.
    """
    name = path.name.lower()
    for writer in WRITERS:
        if name.endswith(writer.suffixes):
            return writer
    if not path.suffix or path.is_dir():
        return None
    if path.suffix.lower() in SCENES:
        raise OutputError(
            f"{path.suffix} is a scene to look at, not a file of city objects", where=str(path), hint="use: twin export CITY FILE"
        )
    known = [suffix for writer in WRITERS for suffix in writer.suffixes]
    hint = f"known are: {', '.join(known)}, or a name without suffix for a city folder"
    raise OutputError(f"no writer knows the suffix {path.suffix!r}{did_you_mean(path.suffix, known)}", where=str(path), hint=hint)


def write(city: City, path: str | Path, **options: Any) -> Path:
    """Write a city in the format that the name asks for; a name without suffix is a city folder.

    Every file is written beside its place, read back, and put there when it holds what it should.

    Parameters
    ----------
    city : City
    path : str or Path
    **options
        Of the format, see the ``write_...`` function of its module.

    Raises
    ------
    OutputError
        When no writer knows the suffix, or the file cannot be written or does not come back as it should.
    ParameterError
        When the format has no such option.
    """
    path = Path(path)
    writer = writer_for(path)
    allowed = writer.options if writer is not None else ()
    for name in options:
        if name not in allowed:
            what = writer.name if writer is not None else "a city folder"
            raise ParameterError(f"{what} has no option `{name}`{did_you_mean(name, allowed)}")
    return city.save(path) if writer is None else writer.write(city, path, **options)


write_city = write
"""The name that `twin` has for it."""
