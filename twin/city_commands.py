"""The commands ``twin info``, ``validate`` and ``convert`` on cities; `twin.cli` has the others and prints errors."""

from __future__ import annotations

import argparse
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.errors import CRSError, GeometryError, OutputError, ParameterError, TwinError, did_you_mean

if TYPE_CHECKING:
    from twin.geo.city import City, Quality
    from twin.geo.writers import Writer
    from twin.geo.writers.findings import Checked

SHOWN = 20
"""So many findings are listed unless all are asked for."""
WIDTH = 120

OUTPUT_OPTIONS = (("scale", "scale"), ("only", "layer"), ("raster", "raster"))
"""Options of ``twin convert`` that only some formats have, and the keyword of their writers."""

RASTERS = ("terrain", "dsm", "canopy")

TOLD_WHOLE = frozenset({"height-column", "option-unused", "far-away"})
"""Findings that say that an option had no effect, or that coordinates mean little: a count would hide that."""
FEW = 3
"""Findings of a code that are this few are printed with their whole message."""

DUTCH = frozenset({"rd", "rd new", "rdnew", "rijksdriehoek", "rijksdriehoeksstelsel", "amersfoort", "nap", "rd+nap", "rd/nap"})
"""What people call the Dutch system, which has no code in it."""


def say(text: str = "") -> None:
    """Print a line."""
    print(text, flush=True)


def complain(text: str) -> None:
    """Print a line to standard error."""
    print(text, file=sys.stderr, flush=True)


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


def reading_options(options: argparse.Namespace) -> dict[str, Any]:
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
    settings = reading_options(options)
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


def asked_again(sources: Sequence[Path], options: argparse.Namespace) -> str:
    """The command that tells all findings of these files, read in the same way."""
    words = ["twin", "validate", *map(str, sources)]
    for name, value in (("--lod", options.lod), ("--crs", options.crs), ("--height", options.height)):
        words += [] if value is None else [name, value]
    words += [] if options.clip is None else ["--clip", *(f"{value:.12g}" for value in options.clip)]
    words += [word for pair in options.layer for word in ("--as", pair)]
    words += [word for pair in options.role for word in ("--role", pair)]
    return subprocess.list2cmdline(words)  # double quotes, which every shell takes


def tell_findings(city: City, sources: Sequence[Path], options: argparse.Namespace) -> None:
    """Print what was found while reading: whole where it is little or says that an option did nothing, else as a count."""
    quality = _with_unused_height(city, options.height)
    wrong = [one for one in quality.findings if one.severity != "info"]
    counts = Counter(one.code for one in wrong)
    remarks = Counter(one.code for one in quality.findings if one.severity == "info")
    if not counts:
        say("  found wrong    nothing")
    for code, count in counts.most_common():
        if code not in TOLD_WHOLE and count > FEW:
            say(f"  found wrong    {count:,} {code}")
            continue
        for one in (finding for finding in wrong if finding.code == code):
            where = " ".join(part for part in (one.object_id, f"({one.path})" if one.path else "") if part)
            text = f"{one.severity}: {code}{f' {where}' if where else ''}: {one.message}"
            say(textwrap.fill(text, WIDTH, initial_indent="  found wrong    ", subsequent_indent=" " * 17))
    if remarks:
        say(f"  remarks        {', '.join(f'{count:,} {code}' for code, count in remarks.most_common())}")
    if quality:
        say(f"  more of these  {asked_again(sources, options)}")


def _with_unused_height(city: City, column: str | None) -> Quality:
    """What was found, and that ``--height`` had no effect when no height came from it: files in 3D have no use for it."""
    from twin.geo.records import Finding, Quality

    source = city.buildings.get("height_source")
    used = source is not None and source.astype("str").eq(f"attribute:{column}").any()
    if column is None or used or any(one.code == "height-column" for one in city.quality.findings):
        return city.quality
    message = f"--height {column} had no effect: no building has its height from that column"
    return city.quality + Quality((Finding("option-unused", "", message),))


def describe(city: City, path: Path, options: argparse.Namespace) -> None:
    """Print what is in a city."""
    told = city.summary()
    say(f"  name           {told['name'] or '-'}")
    if told["synthetic"]:
        say("  synthetic      made up: not a survey of a real place")
    datum = vertical_name(city)
    say(f"  CRS            {told['crs']} ({city.crs.name}); heights: {datum}")
    if told["bounds"] is not None:
        west, south, east, north = told["bounds"]
        size = f"{east - west:.0f} x {north - south:.0f} m"
        say(f"  extent         x {west:.2f} to {east:.2f}, y {south:.2f} to {north:.2f} ({size})")
    low, high = told["height_range_m"]
    if low == low:
        say(f"  heights        {low:.2f} to {high:.2f} m")
    for what, count in told["objects"].items():
        say(f"  objects        {count:>7,} {what}")
    for what, count in told["layers"].items():
        names = f": {', '.join(map(str, city.layers[what].index))}" if count <= 12 else ""
        say(f"  layer          {count:>7,} {what}{names}")
        columns = told["attributes"][what]
        shown = [f"{name} ({kind}{'' if known == count else f', {known} known'})" for name, (kind, known) in columns.items()]
        if shown:
            indent = " " * 17
            say(textwrap.fill(", ".join(shown), WIDTH, initial_indent="    attributes   ", subsequent_indent=indent))
    say(f"  triangles      {told['triangles']:,}")
    for what, raster in told["rasters"].items():
        rows, columns = raster["shape"]
        say(f"  {what:14} {rows} x {columns} cells of {raster['cell_m']:g} m, {100 * raster['known']:.1f} % known")
    for source in told["sources"]:
        credit = f"; {source['credit']}" if source["credit"] else ""
        of = f"; {', '.join(source['layers'])}" if len(told["sources"]) > 1 and source["layers"] else ""
        say(f"  source         {source['name']}: {source['format']}; licence {source['licence'] or 'not stated'}{credit}{of}")
    tell_findings(city, [path], options)


def vertical_name(city: City) -> str:
    """Name of the vertical datum, or that there is none."""
    from twin.geo.crs import vertical

    part = vertical(city.crs)
    return part.name if part is not None else "vertical datum not stated"


def check_validation(options: argparse.Namespace) -> None:
    """See that the options of ``twin validate`` can be used, before anything is read.

    Raises
    ------
    ParameterError, OutputError
        When they cannot.
    """
    from twin.geo.writers.findings import SUFFIXES

    if options.planarity is not None and not options.planarity > 0:
        raise ParameterError(f"--planarity {options.planarity:g} is not a thickness", hint="give metres, above 0")
    if options.out is not None:
        suffix = options.out.suffix.lower()
        if suffix not in SUFFIXES:
            hint = f"give a name that ends in {', '.join(SUFFIXES)}"
            what = f"findings are not written as {suffix or 'a file without suffix'}"
            raise OutputError(what, where=str(options.out), hint=hint)
        check_folder_of(options.out)
        _check_not_its_source(options.out, [path for path in options.files if not path.is_dir()])


def validate_city(path: Path, options: argparse.Namespace) -> Checked:
    """Print what is wrong with a city.

    Raises
    ------
    TwinError
        When it cannot be read.
    """
    from twin.geo.city import Quality
    from twin.geo.quality import CODES, check
    from twin.geo.writers.findings import Checked

    city = read([path], options)
    known = {(one.code, one.object_id) for one in city.quality.findings}
    more = check(city, planarity_m=options.planarity).findings
    quality = city.quality + Quality(tuple(one for one in more if (one.code, one.object_id) not in known))
    warnings = sum(one.severity == "warning" for one in quality.findings)
    remarks = len(quality) - quality.errors - warnings
    say(f"{path}: {len(city.objects)} objects, {quality.errors} errors, {warnings} warnings, {remarks} remarks")
    for code, count in quality.counts().items():
        say(f"  {count:>7,} {code:20} {CODES.get(code, '')}".rstrip())
    _list(quality, options.all)
    return Checked(str(path), quality, city)


def refused(path: Path, error: TwinError) -> Checked:
    """A file that could not be read, as its one finding."""
    from twin.geo.city import Finding, Quality
    from twin.geo.writers.findings import Checked

    finding = Finding("refused", "", " ".join(str(error).split()), severity="error", path=path.name)
    return Checked(str(path), Quality((finding,)), None)


def write_checked(found: Sequence[Checked], out: Path) -> None:
    """Write what was found in all files as one table."""
    from twin.geo.writers.findings import write_findings_of

    say(f"  written: {write_findings_of(found, out)}")


def _list(quality: Quality, everything: bool) -> None:
    order = {"error": 0, "warning": 1, "info": 2}
    findings = sorted(quality.findings, key=lambda one: order.get(one.severity, 3))
    shown = findings if everything else findings[:SHOWN]
    for finding in shown:
        where = " ".join(part for part in (finding.object_id, f"({finding.path})" if finding.path else "") if part)
        say(f"  {finding.severity:7} {finding.code:22} {where}: {finding.message}")
    if len(findings) > len(shown):
        say(f"  and {len(findings) - len(shown)} more; --all lists them")


def check_folder_of(out: Path) -> None:
    """See that there is a folder to write in, before anything is worked out.

    Raises
    ------
    OutputError
        When there is not.
    """
    if not out.parent.is_dir():
        what = f"there is no folder {out.parent} to write it in"
        raise OutputError(what, where=str(out), hint="make the folder first, or correct its name")


def _check_not_its_source(out: Path, sources: Sequence[Path]) -> None:
    """See that what is written does not take the place of what is read."""
    place = out.resolve()
    for source in sources:
        if not source.exists():
            continue
        origin = source.resolve()
        if place == origin or (out.exists() and out.samefile(source)) or origin.is_relative_to(place):
            what = f"`{out}` would take the place of its own source `{source}`"
            raise OutputError(what, hint=f"give another name, for example {_other_name(out)}")
        if origin.is_dir() and place.is_relative_to(origin):
            what = f"`{out}` lies in `{source}`, which is read: it would take the place of its own source, or be read with it"
            raise OutputError(what, hint="give a name outside that folder")


def _other_name(out: Path) -> Path:
    stem, dot, suffix = out.resolve().name.partition(".")
    return out.parent / f"{stem}-new{dot}{suffix}"


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


def _check_lies_there(city: City, options: argparse.Namespace) -> None:
    """Refuse a system asked for that is not made for the place: its coordinates there would be taken for good ones.

    A file that is itself in that system, far off as it lies, is its maker's choice.
    """
    if options.crs is None:
        return
    moved = {one.path for one in city.quality.findings if one.code == "crs" and "reprojected" in one.message}
    for one in city.quality.findings:
        if one.code == "far-away" and one.path in moved:
            where = one.message.partition(" (")[0]  # without the list of countries that the system is for
            raise CRSError(
                f"--crs {options.crs} is not made for this place: {where}, so coordinates would mean little",
                where=one.path,
                hint="leave out --crs, or give a system for that place",
            )


def convert(options: argparse.Namespace) -> int:
    """``twin convert IN ... OUT``; returns the exit code."""
    from twin.geo.writers import write, writer_for

    sources: list[Path] = options.files
    _check_not_its_source(options.out, sources)
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
    return 0


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


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


def model_scale(text: str) -> float:
    """A scale as people write it: ``1:1000`` or 0.001."""
    one, colon, many = text.replace("/", ":").partition(":")
    try:
        value = float(one) / float(many) if colon else float(text)
    except (ValueError, ZeroDivisionError):
        value = 0.0
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"`{text}` is not a scale: write 1:1000, or 0.001")
    return value


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


def complain_of(path: Path, error: TwinError) -> None:
    """Print an error with the file it is about, once."""
    complain(f"{path}: {error}" if not str(error).startswith((str(path), path.name)) else str(error))
