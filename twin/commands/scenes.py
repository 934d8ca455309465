"""``twin view`` and ``twin export``: a result or a city as a scene."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.commands.output_place import check_folder_of, check_not_its_source
from twin.commands.parser import add_command
from twin.commands.reading import named
from twin.commands.run_folder import kind_of, result_in
from twin.commands.terminal import DONE, say
from twin.errors import MissingFileError, OutputError, ParameterError

if TYPE_CHECKING:
    from twin.commands.parser import Commands
    from twin.geo.city import City
    from twin.scenario import Scenario
    from viewer.scene import Scene


def add_to(commands: Commands) -> None:
    """Declare ``view`` and ``export``."""
    view = add_command(
        commands,
        "view",
        "open a result (or a city) in a window, or write a picture of it",
        "twin view out/kings_day\n  twin view out/kings_day --screenshot square.png --view top --time 120 --size 1920x1080",
        _view,
    )
    export = add_command(
        commands,
        "export",
        "write a result (or a city) as a scene: .html, .glb or .png",
        "twin export out/kings_day square.png --time 120",
        _export,
    )
    for sub in (view, export):
        sub.add_argument("result", type=Path, metavar="RESULT", help="folder of `twin run`, or a city file")
        if sub is export:
            sub.add_argument("file", type=Path, metavar="FILE", help="what to write; its suffix says as what")
        sub.add_argument("--time", type=float, metavar="S", help="moment to show, seconds from the start")
        sub.add_argument("--city", type=Path, metavar="FILE", help="the city, when it has moved since the run")
        sub.add_argument("--baseline", action="store_true", help="the side without the changes")
        sub.add_argument("--show", type=_names, default=(), metavar="LAYERS", help="only these layers or groups: buildings,people")
        sub.add_argument("--hide", type=_names, default=(), metavar="LAYERS", help="all layers and groups but these")
    view.add_argument("--screenshot", type=Path, metavar="FILE", help="write a picture (.png) instead; needs no screen")
    view.add_argument("--view", metavar="NAME", help="from where: the name of a view of the scene (default: its first)")
    view.add_argument("--size", type=_size, metavar="WxH", help="width and height in pixels (default: 1600x900)")
    view.add_argument("--transparent", action="store_true", help="no sky, to lay the picture over something else")
    view.add_argument("--bare", action="store_true", help="no title, legend, scale and credits on it")


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _size(text: str) -> tuple[int, int]:
    width, cross, height = text.lower().partition("x")
    if not (cross and width.isdecimal() and height.isdecimal() and 64 <= int(width) <= 8192 and 64 <= int(height) <= 8192):
        raise argparse.ArgumentTypeError(f"`{text}` is not a size such as 1920x1080, of 64 to 8192 pixels a side")
    return int(width), int(height)


def _view(options: argparse.Namespace) -> int:
    import viewer

    out: Path | None = options.screenshot
    if out is None:
        only = [name for name in ("size", "transparent", "bare") if getattr(options, name)]
        if only:
            raise ParameterError(f"--{only[0]} is of a picture", hint="add --screenshot FILE.png")
        viewer.show(_scene_of(options, None), view=options.view)
        return DONE
    if out.suffix.lower() != ".png":
        raise OutputError("a picture is a .png file", where=str(out), hint="`twin export` writes scenes as .html and .glb")
    check_folder_of(out)
    viewer.screenshot(
        _scene_of(options, out), out, view=options.view, size=options.size or (1600, 900), overlay=not options.bare,
        background="transparent" if options.transparent else "sky",
    )  # fmt: skip
    say(f"{out} ({out.stat().st_size / 1e6:.1f} MB)")
    return DONE


def _export(options: argparse.Namespace) -> int:
    import viewer
    from viewer.export import check_suffix

    check_suffix(options.file)
    check_folder_of(options.file)
    target = viewer.export(_scene_of(options, options.file), options.file)
    say(f"{target} ({target.stat().st_size / 1e6:.1f} MB)")
    return DONE


def _scene_of(options: argparse.Namespace, out: Path | None) -> Scene:
    """The scene that is asked for, with the layers that are asked for."""
    scene = _whole_scene(options, out)
    if options.show:
        scene = scene.show_only(*options.show)
    return scene.hide(*options.hide) if options.hide else scene


def _whole_scene(options: argparse.Namespace, out: Path | None) -> Scene:
    """The scene of a result or a city, which is to be written to `out`; see that this is none of the files it is made of."""
    import viewer
    from twin.geo.city import read_city
    from twin.scenario import scenario_from_text
    from viewer.sides import compose_side

    path: Path = options.result
    if not path.exists() and str(path) != "sample":
        raise MissingFileError(f"there is no `{path}`", hint="give a folder that `twin run` wrote, or a city file")
    given = [options.city] if options.city is not None else []
    if kind_of(path) != "result":
        if out is not None:
            check_not_its_source(out, [path, *given])
        return viewer.compose(read_city(named(path)))
    result = result_in(path, baseline=options.baseline)
    root = path if (path / "run.json").is_file() else path.parent
    known = json.loads((root / "run.json").read_text(encoding="utf-8")) if (root / "run.json").is_file() else {}
    text = str(result.provenance.get("scenario", ""))
    source = Path(known["scenario"]) if "scenario" in known else None
    scenario = scenario_from_text(text, source=source)
    if out is not None:
        check_not_its_source(out, [*given, *_files_of(scenario, known)])
    city = read_city(options.city, lod=scenario.lod) if options.city is not None else _city_of(scenario, root, known)
    baseline = options.baseline or path.name == "baseline"
    end = float(result.series["time_s"].iloc[-1]) if len(result.series) else 0.0
    if options.time is not None and not 0.0 <= options.time <= end:
        raise ParameterError(f"--time {options.time:g} is not within the run", hint=f"it lasts from 0 to {end:g} s")
    return compose_side(scenario, city, result, baseline=baseline, moment=options.time)


def _files_of(scenario: Scenario, known: Mapping[str, Any]) -> list[Path]:
    """The files that a run was made of: its city, and the models in its changes."""
    from twin.scenario.changes import BuildingChange

    stated = known.get("city", [])
    cities = stated if isinstance(stated, list) else [stated]
    models = [change.folder / change.model for change in scenario.changes if isinstance(change, BuildingChange) and change.model]
    return [*(Path(str(one)) for one in cities), *models]


def _city_of(scenario: Scenario, root: Path, known: Mapping[str, Any]) -> City:
    """The city as it was when the scenario was run, wherever that file is now; `known` is what ``run.json`` in `root` says."""
    from twin.run import load_city

    if "city" not in known:
        return load_city(scenario)
    stated = known["city"] if isinstance(known["city"], list) else [known["city"]]
    try:
        return load_city(scenario.model_copy(update={"city": tuple(map(str, stated))}))
    except MissingFileError as error:
        error.where, error.hint = str(root), "it has moved since the run: give it with --city FILE"
        raise
