"""``twin section``: a section along a line as a drawing on paper."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.commands.output_place import check_folder_of, check_not_its_source
from twin.commands.parser import add_command
from twin.commands.reading import named
from twin.commands.run_folder import city_of, kind_of, result_in, told_by
from twin.commands.terminal import DONE, say
from twin.errors import MissingFileError, OutputError, ParameterError, did_you_mean

if TYPE_CHECKING:
    from twin.commands.parser import Commands
    from twin.sections import Section

SUFFIXES = (".svg", ".pdf", ".png")
PAPERS = ("A4", "A3")
ONLY = ""
"""What ``--across`` and ``--along`` are without the name of a pit."""


def add_to(commands: Commands) -> None:
    """Declare ``section``."""
    section = add_command(
        commands,
        "section",
        "draw a section along a line, to scale: ground, soil, water, buildings, cellars, pits",
        "twin section sample --line 136740,455830 136840,455850 --out section.svg\n"
        "  twin section pit_garage.yaml --along garage-pit --out along.pdf --language nl\n"
        "  twin section out/pit_garage --across --out across.pdf",
        _section,
    )
    section.add_argument("where", type=Path, metavar="WHERE", help="a city, a scenario (.yaml), or the folder of `twin run`")
    section.add_argument("--out", type=Path, required=True, metavar="FILE", help="what to write: .svg, .pdf or .png")
    section.add_argument("--line", nargs="+", type=_place, metavar="X,Y", help="two places or more, in the CRS of the city")
    section.add_argument("--across", nargs="?", const=ONLY, metavar="PIT", help="across a pit (the default where there is one)")
    section.add_argument("--along", nargs="?", const=ONLY, metavar="PIT", help="along a pit")
    section.add_argument("--margin", type=float, metavar="M", help="how far it goes on beside the pit (default: 4 times its depth)")
    section.add_argument("--stage", metavar="NAME", help="stage of the pit that is drawn (default: the last of the deepest)")
    section.add_argument("--baseline", action="store_true", help="the side without the changes")
    section.add_argument("--city", type=Path, metavar="FILE", help="the city, when it has moved since the run")
    section.add_argument("--scale", type=_scale, metavar="S", help="1:200 or 200 (default: the largest that fits the paper)")
    section.add_argument("--paper", choices=PAPERS, help="default: A4 for what fits on it at 1:100, else A3")
    section.add_argument("--dpi", type=float, default=200.0, metavar="N", help="of a .png: pixels an inch (default: 200)")
    section.add_argument("--exaggeration", type=float, default=1.0, metavar="X", help="heights so many times larger (default: 1)")
    section.add_argument("--depth", type=float, metavar="M", help="how far below the lowest ground it goes")
    section.add_argument("--near", type=float, default=25.0, metavar="M", help="soundings and wells so near are turned into it")
    section.add_argument("--no-soil", action="store_true", help="leave out soil, soundings and groundwater")
    section.add_argument("--title", metavar="TEXT", help="default: that of the scenario")
    section.add_argument("--language", choices=("en", "nl"), default="en", help="default: en")


def _place(text: str) -> tuple[float, float]:
    x, comma, y = text.partition(",")
    try:
        place = float(x), float(y)
    except ValueError:
        place = (math.nan, math.nan)
    if not comma or not all(map(math.isfinite, place)):
        raise argparse.ArgumentTypeError(f"`{text}` is not a place such as 136740,455830, without a space")
    return place


def _scale(text: str) -> float:
    one, colon, many = text.partition(":")
    try:
        value = float(many) / float(one) if colon else float(text)
    except (ValueError, ZeroDivisionError):
        value = math.nan
    if not 1.0 <= value <= 1e6:
        raise argparse.ArgumentTypeError(f"`{text}` is not a scale such as 1:200")
    return value


def _section(options: argparse.Namespace) -> int:
    """``twin section WHERE``; returns the exit code."""
    out: Path = options.out
    if out.suffix.lower() not in SUFFIXES:
        near = did_you_mean(out.suffix.lower(), SUFFIXES)
        raise OutputError(
            f"a section is not written as `{out.suffix or out.name}`{near}", where=str(out), hint="give .svg, .pdf or .png"
        )
    check_folder_of(out)
    check_not_its_source(out, [one for one in (options.where, options.city) if one is not None and one.is_file()])
    lines = [name for name in ("line", "across", "along") if getattr(options, name) is not None]
    if len(lines) > 1:
        raise ParameterError(f"--{lines[0]} and --{lines[1]} are two lines", hint="give one of them")
    made = _made(options)
    target = made.save(
        out, language=options.language, exaggeration=options.exaggeration, scale=options.scale, paper=options.paper,
        depth_m=options.depth, dpi=options.dpi,
    )  # fmt: skip
    say(f"{target}: {made.length_m:.1f} m{_told(made)}")
    for note in made.notes:
        say(f"  {note}")
    return DONE


def _made(options: argparse.Namespace) -> Section:
    """The section that is asked for."""
    from twin.geo.city import read_city
    from twin.scenario import scenario_from_text
    from twin.sections import section

    path: Path = options.where
    if not path.exists() and str(path) != "sample":
        raise MissingFileError(f"there is no `{path}`", hint="give a city, a scenario, or the folder of `twin run`")
    how: dict[str, Any] = {
        "line": options.line, "across": options.across, "along": options.along, "stage": options.stage, "near_m": options.near,
        "margin_m": options.margin, "title": options.title, "soil": not options.no_soil,
    }  # fmt: skip
    kind = kind_of(path)
    if kind == "city" and options.baseline:
        raise ParameterError("a city has no sides", where=str(path), hint="leave out --baseline, or give a scenario")
    if kind == "city":
        return section(read_city(named(path)), **how)
    if kind == "scenario":
        return section(path, baseline=options.baseline, **how)
    result = result_in(path, baseline=options.baseline)
    text = str(result.provenance.get("scenario", ""))
    if not text:
        raise ParameterError("this result is of no city", where=str(path), hint="give the folder of a `twin run`")
    root = path if (path / "run.json").is_file() else path.parent
    known = told_by(root / "run.json")
    scenario = scenario_from_text(text, source=Path(known["scenario"]) if "scenario" in known else None)
    city = read_city(options.city, lod=scenario.lod) if options.city is not None else city_of(scenario, root, known)
    return section(scenario, city=city, result=result, baseline=options.baseline or path.name == "baseline", **how)


def _told(made: Section) -> str:
    kinds = [part.kind for part in made.drawn]
    counted = [(kinds.count(kind), kind) for kind in ("building", "cellar", "main", "sounding", "pit", "wall")]
    told = [f"{count} {kind}{'' if count == 1 else 's'}" for count, kind in counted if count]
    return f"; {', '.join(told)}" if told else ""
