"""``twin convert``: files read as one city and written in another format."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.commands.city_findings import tell_findings
from twin.commands.output_place import check_folder_of, check_not_its_source
from twin.commands.parser import add_command
from twin.commands.reading import add_reading_options, read
from twin.commands.terminal import DONE, say
from twin.errors import CRSError, OutputError, ParameterError, did_you_mean

if TYPE_CHECKING:
    from twin.commands.parser import Commands
    from twin.geo.city import City
    from twin.geo.writers import Writer

OUTPUT_OPTIONS = (("scale", "scale"), ("only", "layer"), ("raster", "raster"))
"""Options of ``twin convert`` that only some formats have, and the keyword of their writers."""

RASTERS = ("terrain", "dsm", "canopy")


def add_to(commands: Commands) -> None:
    """Declare ``convert``."""
    convert = add_command(
        commands,
        "convert",
        "read one or more files as one city and write it in another format",
        "twin convert den_haag.city.json den_haag.gpkg",
        _convert,
    )
    convert.add_argument("files", nargs="+", type=Path, metavar="IN", help="file(s) or a city folder; several are merged")
    convert.add_argument("out", type=Path, metavar="OUT", help="what to write; its suffix says as what, none is a city folder")
    convert.add_argument("--repair", action="store_true", help="mend shapes where that is safe, and say what was mended")
    convert.add_argument("--only", metavar="LAYER", help="for .parquet: the layer to write")
    convert.add_argument("--raster", metavar="RASTER", help="for .tif: terrain (the default), dsm or canopy")
    convert.add_argument("--scale", type=_model_scale, metavar="S", help="for .stl: model per reality, as 1:1000 or 0.001")
    add_reading_options(convert)


def _model_scale(text: str) -> float:
    """A scale as people write it: ``1:1000`` or 0.001."""
    one, colon, many = text.replace("/", ":").partition(":")
    try:
        value = float(one) / float(many) if colon else float(text)
    except (ValueError, ZeroDivisionError):
        value = 0.0
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"`{text}` is not a scale: write 1:1000, or 0.001")
    return value


def _convert(options: argparse.Namespace) -> int:
    """``twin convert IN ... OUT``; returns the exit code."""
    from twin.geo.writers import write, writer_for

    sources: list[Path] = options.files
    check_not_its_source(options.out, sources)
    writer = writer_for(options.out)
    given = _output_options(writer, options)
    check_folder_of(options.out)
    there = options.out.exists()
    city = read(sources, options)
    _check_lies_there(city, options)
    _check_holds(city, writer, given, options.out)
    if options.repair:
        before = len(city.quality)
        city = city.repaired()
        say(f"repaired: {len(city.quality) - before} objects")
    notes: Sequence[str] = ()
    if options.out.suffix.lower() == ".stl":
        target, notes = _print(city, options.out, given)
    else:
        target = write(city, options.out, **given)
    kind = "" if writer is None else writer.module
    say(f"{target}: {_written(city, kind, given)}; read back and compared")
    if there:
        say("  took the place of what was there under this name")
    for note in notes:
        say(f"  {note}")
    left = [name for name in RASTERS if getattr(city, name) is not None]
    if left and kind not in ("", "geotiff", "stl"):
        say(f"  not written in this format: {', '.join(left)} (a city folder or .tif holds them)")
    if len(city.surfaces) and kind in ("geopackage", "geoparquet"):
        say("  not written in this format: triangles, and parts that have no row (a city folder or .city.json holds them)")
    if city.quality or options.height is not None:
        tell_findings(city, sources, options)
    return DONE


def _output_options(writer: Writer | None, options: argparse.Namespace) -> dict[str, Any]:
    """What was said of the format, as its writer calls it; looked at before anything is read."""
    from twin.geo.layer_names import LAYERS

    given = {key: getattr(options, name) for name, key in OUTPUT_OPTIONS if getattr(options, name) is not None}
    for name, key in OUTPUT_OPTIONS:
        if key in given and (writer is None or key not in writer.options):
            what = writer.name if writer is not None else "a city folder"
            raise ParameterError(f"--{name} is not an option of {what}", hint=f"`twin convert --help` tells what --{name} is for")
    for name, key, known in (("raster", "raster", RASTERS), ("only", "layer", tuple(LAYERS))):
        if key in given and given[key] not in known:
            what = "raster" if name == "raster" else "layer"
            raise ParameterError(
                f"--{name} {given[key]}: a city has no such {what}{did_you_mean(given[key], known)}",
                hint=f"there are: {', '.join(known)}",
            )
    return given


def _check_lies_there(city: City, options: argparse.Namespace) -> None:
    """Refuse a system asked for that is not made for the place: its coordinates there would be taken for good ones.

    A file that is itself in that system, far off as it lies, is its maker's choice.
    """
    if options.crs is None:
        return
    moved = {one.path for one in city.quality.findings if one.code == "crs" and "reprojected" in one.message}
    for one in city.quality.findings:
        if one.code == "far-away" and one.path in moved:
            where = one.message.partition(" (")[0]  # without the area that the system is for
            raise CRSError(
                f"--crs {options.crs} is not made for this place: {where}, so coordinates would mean little",
                where=one.path,
                hint="leave out --crs, or give a system for that place",
            )


def _check_holds(city: City, writer: Writer | None, given: dict[str, Any], out: Path) -> None:
    """See that the city has what the format is for, and say which option chooses it.

    Raises
    ------
    OutputError
        When it has not, or has more than one of it.
    """
    from twin.geo.writers.tables import layers_with_rows

    if writer is not None and writer.module == "geotiff":
        there = [name for name in RASTERS if getattr(city, name) is not None]
        wanted = given.get("raster", "terrain")
        if wanted not in there:
            hint = "read a raster with it: twin convert CITY dtm.tif out.tif"
            hint = f"it has {', '.join(there)}: say `--raster {there[0]}`" if there else hint
            raise OutputError(f"the city has no {wanted}", where=str(out), hint=hint)
    if writer is not None and writer.module == "geoparquet":
        layers = list(layers_with_rows(city))
        what = ""
        if len(layers) > 1 and "layer" not in given:
            what = f"a GeoParquet file has one layer, the city {len(layers)} with rows"
        elif given.get("layer", "") not in ("", *layers):
            what = f"the city has no rows in its layer `{given['layer']}`"
        if what:
            raise OutputError(what, where=str(out), hint=f"say which, for example `--only {layers[0]}`; it has {', '.join(layers)}")


def _print(city: City, path: Path, given: dict[str, Any]) -> tuple[Path, Sequence[str]]:
    """Write a model for a 3D printer; what to know about it."""
    from twin.geo.printable import print_model
    from twin.geo.writers import writer_for
    from twin.geo.writers.stl import write_print_model

    writer = writer_for(path)
    for name in given:
        if writer is None or name not in writer.options:
            raise ParameterError(f"a model for a 3D printer has no option `{name}`")
    model = print_model(city, **given)
    width, depth, height = model.size_mm
    several = f"{len(model.solids)} closed solids that overlap, which slicers unite"
    solids = "one closed solid" if model.united else several if len(model.solids) > 1 else "closed bodies that do not touch"
    size = f"{width:.0f} x {depth:.0f} x {height:.0f} mm at 1:{1 / model.scale:g}, {solids}"
    return write_print_model(model, path), (size, *model.notes)


def _written(city: City, kind: str, given: dict[str, Any]) -> str:
    """What of a city stands in a file of a kind (the module of its writer, or empty for a city folder)."""
    rows = {name: len(frame) for name, frame in city.layers.items() if len(frame)}
    if kind == "geotiff":
        raster = getattr(city, given.get("raster") or "terrain")
        return f"a raster of {raster.grid.shape[0]:,} x {raster.grid.shape[1]:,} cells of {raster.grid.cell:g} m"
    if kind in ("geopackage", "geoparquet"):
        chosen = {name: count for name, count in rows.items() if given.get("layer") in (None, name)}
        return f"{_counted(sum(chosen.values()), 'row')} in {_counted(len(chosen), 'layer')}"
    return f"{_counted(len(city.objects), 'object')}, {_counted(len(city.surfaces), 'triangle')}"


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
