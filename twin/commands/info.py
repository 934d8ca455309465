"""``twin info``: what is in a city, a scenario or a result."""

from __future__ import annotations

import argparse
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from twin.commands.city_findings import tell_findings
from twin.commands.figures import NOBODY, NOBODY_HINT, number, people_of
from twin.commands.parser import add_command
from twin.commands.reading import add_reading_options, read
from twin.commands.run_folder import kind_of, result_in, seeds_compared
from twin.commands.terminal import DONE, WIDTH, say
from twin.errors import ParameterError, did_you_mean

if TYPE_CHECKING:
    from twin.commands.parser import Commands
    from twin.geo.city import City

WHAT_IT_IS = ("name", "kind", "type", "surface", "use", "species", "level")
"""Columns that say of an object what it is."""


def add_to(commands: Commands) -> None:
    """Declare ``info``."""
    info = add_command(commands, "info", "tell what is in a city, a scenario or a result", "twin info den_haag.city.json", _info)
    info.add_argument("files", nargs="+", type=Path, metavar="FILE")
    info.add_argument(
        "--ids", metavar="LAYER", help="list the ids of a layer of a city instead, with what each is: buildings, roads, trees, ..."
    )
    add_reading_options(info)


def _info(options: argparse.Namespace) -> int:
    from twin.scenario import read_scenario

    for path in options.files:
        say(str(path))
        kind = kind_of(path)
        if kind == "scenario":
            scenario = read_scenario(path)
            say(f"  scenario       {scenario.title}\n  city           {', '.join(scenario.city)}")
            say(f"  question       {scenario.question}")
            for change in scenario.changes:
                say(f"  change         {change.id}: {change.type}{' (in the baseline too)' if change.in_baseline else ''}")
        elif kind == "result":
            _info_of_result(path)
        elif options.ids is not None:
            _list_ids(read([path], options), options.ids)
        else:
            _describe(read([path], options), path, options)
    return DONE


def _list_ids(city: City, layer: str) -> None:
    """Every id of a layer, with what it is as far as one of its columns says so."""
    if layer not in city.layers:
        there = ", ".join(name for name, frame in city.layers.items() if len(frame))
        near = did_you_mean(layer, list(city.layers))
        raise ParameterError(f"`{layer}` is not a layer of a city{near}", hint=f"there are: {there}")
    frame = city.layers[layer]
    told = [name for name in WHAT_IT_IS if name in frame]
    for name, row in zip(frame.index, frame[told].itertuples(index=False), strict=True):
        what = ", ".join(dict.fromkeys(value for value in row if isinstance(value, str) and value and value != str(name)))
        say(f"  {name}{f': {what}' if what else ''}")
    if not len(frame):
        say(f"  there is nothing in {layer}")


def _info_of_result(path: Path) -> None:
    """The figures of one run, and of which: a report has medians over several, which are other numbers."""
    result = result_in(path, baseline=False)
    side = "without the changes" if path.name == "baseline" else "with the changes"
    several = seeds_compared(path)
    seed = result.provenance.get("seed", "not known")
    say(f"  result         {result.provenance.get('title', '')}{' (partial)' if result.partial else ''}")
    say(f"  figures of     one run, seed {seed}{'' if several is None else f', {side}'}")
    if several is not None and several > 1:
        say(f"  report         has the median over {several} seeds: its figures differ from these")
    people = people_of(result.figures)
    for figure in result.figures:
        unit = f" {figure.unit}" if abs(figure.value) < float("inf") else ""
        say(f"  {figure.label:45} {number(figure.value, figure.digits, people)}{unit}")
    if people == 0:
        say(f"  {NOBODY}\n  {NOBODY_HINT}")


def _describe(city: City, path: Path, options: argparse.Namespace) -> None:
    told = city.summary()
    say(f"  name           {told['name'] or '-'}")
    if told["synthetic"]:
        say("  synthetic      made up: not a survey of a real place")
    datum = _vertical_name(city)
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


def _vertical_name(city: City) -> str:
    """Name of the vertical datum, or that there is none."""
    from twin.geo.crs import vertical

    part = vertical(city.crs)
    return part.name if part is not None else "vertical datum not stated"
