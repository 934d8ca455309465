"""What commands say of the city to read, and reading it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.errors import CRSError, GeometryError, ParameterError

if TYPE_CHECKING:
    from twin.geo.city import City

DUTCH = frozenset({"rd", "rd new", "rdnew", "rijksdriehoek", "rijksdriehoeksstelsel", "amersfoort", "nap", "rd+nap", "rd/nap"})
"""What people call the Dutch system, which has no code in it."""


def named(path: Path) -> str | Path:
    """``sample`` is the embedded district, unless a file has that name."""
    return "sample" if str(path) == "sample" and not path.exists() else path


def add_reading_options(parser: argparse.ArgumentParser) -> None:
    """Options of every command that reads a city."""
    parser.add_argument("--lod", metavar="LOD", help="level of detail to take, e.g. 2.2 (default: the highest of each object)")
    parser.add_argument("--crs", metavar="CODE", help="coordinate system of the city, e.g. EPSG:7415 (default: from the files)")
    parser.add_argument(
        "--clip", nargs=4, type=float, metavar=("W", "S", "E", "N"), help="only what lies in this box, in the CRS of the city"
    )
    parser.add_argument("--height", metavar="COLUMN", help="column of footprints with the height above the ground in metres")
    help_text = "layer of the city that a GIS file (or a layer of it) is, e.g. pand=buildings (may be repeated)"
    parser.add_argument("--as", dest="layer", action="append", default=[], metavar="FILE=LAYER", help=help_text)
    help_text = "what a raster is: terrain, dsm or canopy (may be repeated)"
    parser.add_argument("--role", action="append", default=[], metavar="FILE=ROLE", help=help_text)


def _reading_options(options: argparse.Namespace) -> dict[str, Any]:
    """Keyword arguments for `read_city`.

    Raises
    ------
    ParameterError
        When a role is not of the form FILE=ROLE.
    CRSError
        When the system is given by a name that people know and no register has.
    """
    if options.crs is not None and options.crs.strip().casefold() in DUTCH:
        raise CRSError(
            f"{options.crs!r} is not a coordinate reference system by its code",
            hint="RD New is EPSG:28992, and EPSG:7415 with heights in NAP: give --crs EPSG:7415",
        )
    roles = _pairs(options.role, "--role", "ROLE", "heights.tif=dsm")
    layer = _pairs(options.layer, "--as", "LAYER", "pand.gpkg=buildings")
    return {
        "lod": options.lod, "crs": options.crs, "clip": options.clip, "height": options.height, "roles": roles, "layer": layer
    }  # fmt: skip


def _pairs(texts: Sequence[str], option: str, what: str, example: str) -> dict[str, str]:
    """What was said of files, by the names of the files."""
    found = {}
    for text in texts:
        name, equals, value = text.rpartition("=")
        if not equals:
            raise ParameterError(f"{option} {text} is not of the form FILE={what}", hint=f"e.g. {option} {example}")
        found[Path(name).name] = value
    return found


def read(sources: Sequence[Path], options: argparse.Namespace) -> City:
    """Read the city of a command, as its options say.

    Raises
    ------
    TwinError
        As `read_city`; of a box that nothing lies in it is told where the city is.
    """
    from twin.geo.city import read_city

    paths: Any = [named(path) for path in sources]
    paths = paths[0] if len(paths) == 1 else [Path(one) for one in paths]
    settings = _reading_options(options)
    try:
        return read_city(paths, **settings)
    except GeometryError as error:
        if settings["clip"] is None or error.hint is not None:
            raise
        # only what is asked for was read: where the city is takes a second look
        box = read_city(paths, **{**settings, "clip": None}).summary()["bounds"]
        if box is not None:
            error.hint = "the city reaches from {:.0f}, {:.0f} to {:.0f}, {:.0f}: give --clip W S E N within it".format(*box)
        raise
