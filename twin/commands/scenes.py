"""``twin view`` and ``twin export``: a result or a city as a scene."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.commands.output_place import check_folder_of, check_not_its_source
from twin.commands.parser import add_command
from twin.commands.reading import named
from twin.commands.run_folder import city_of, kind_of, result_in, told_by
from twin.commands.terminal import DONE, say
from twin.errors import MissingFileError, OutputError, ParameterError

if TYPE_CHECKING:
    from twin.commands.parser import Commands
    from twin.result import Result
    from twin.scenario import Scenario
    from viewer.scene import Scene


SIDES = {"baseline": "before", "variant": "after", "difference": "difference"}
LOOKS = ("presentation", "plain", "night")
LANGUAGES = ("en", "nl")


def add_to(commands: Commands) -> None:
    """Declare ``view`` and ``export``."""
    view = add_command(
        commands,
        "view",
        "open a result (or a city) in a window, or write a picture of it",
        "twin view out/kings_day\n  twin view out/kings_day --screenshot square.png --view top --time 120 --size 1920x1080\n"
        "  twin view out/kings_day --movie square.mp4 --speed 10 --look night --language nl",
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
        sub.add_argument("--side", choices=SIDES, help="of a comparison: baseline, variant or their difference (default: variant)")
        sub.add_argument("--section", metavar="NAME", help="cut open: across, along or below; pit, where there is one")
        sub.add_argument("--stage", metavar="NAME", help="of a pit: when that stage of the work is done (default: the deepest)")
        sub.add_argument("--see-through", action="store_true", help="the ground half transparent, with what lies below it")
        sub.add_argument("--look", choices=LOOKS, help="house style (default: presentation)")
        sub.add_argument("--sun", type=_moment, metavar="WHEN", help="in the light of a moment, on its clocks: 2026-06-21T16:30")
    view.add_argument("--language", choices=LANGUAGES, default="en", help="of what is written on it (default: en)")
    view.add_argument("--screenshot", type=Path, metavar="FILE", help="write a picture (.png) instead; needs no screen")
    view.add_argument("--movie", type=Path, metavar="FILE", help="write a film (.mp4, .webm or .gif) instead; needs no screen")
    view.add_argument("--view", metavar="NAME", help="from where: the name of a view of the scene (default: its first)")
    view.add_argument("--size", type=_size, metavar="WxH", help="width and height in pixels (default: 1600x900; a film 1280x720)")
    view.add_argument("--transparent", action="store_true", help="no sky, to lay the picture over something else")
    view.add_argument("--bare", action="store_true", help="no title, legend, scale and credits on it")
    view.add_argument("--from", dest="start", type=float, metavar="S", help="of a film: first moment, seconds from the start")
    view.add_argument("--to", dest="end", type=float, metavar="S", help="of a film: last moment")
    view.add_argument("--speed", type=float, metavar="X", help="of a film: seconds of the run in one (default: a minute at most)")
    view.add_argument("--fps", type=float, metavar="N", help="of a film: pictures a second (default: 25, a GIF 10)")


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _size(text: str) -> tuple[int, int]:
    width, cross, height = text.lower().partition("x")
    if not (cross and width.isdecimal() and height.isdecimal() and 64 <= int(width) <= 8192 and 64 <= int(height) <= 8192):
        raise argparse.ArgumentTypeError(f"`{text}` is not a size such as 1920x1080, of 64 to 8192 pixels a side")
    return int(width), int(height)


def _moment(text: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"`{text}` is not a moment such as 2026-06-21T16:30") from None


_OF_A_PICTURE = ("size", "transparent", "bare")
_OF_A_FILM = ("start", "end", "speed", "fps")
_FLAGS = {"start": "from", "end": "to"}


def _view(options: argparse.Namespace) -> int:
    import viewer

    _check_flags(options)
    if options.movie is not None:
        return _film(options)
    out: Path | None = options.screenshot
    if out is None:
        viewer.show(_scene_of(options, None), view=options.view, language=options.language)
        return DONE
    if out.suffix.lower() != ".png":
        raise OutputError("a picture is a .png file", where=str(out), hint="`twin export` writes scenes as .html and .glb")
    check_folder_of(out)
    viewer.screenshot(
        _scene_of(options, out), out, view=options.view, size=options.size or (1600, 900), overlay=not options.bare,
        background="transparent" if options.transparent else "sky", language=options.language,
    )  # fmt: skip
    say(f"{out} ({out.stat().st_size / 1e6:.1f} MB)")
    return DONE


def _check_flags(options: argparse.Namespace) -> None:
    """See that nothing is asked of what is not made."""
    if options.movie is not None and options.screenshot is not None:
        raise ParameterError("--movie and --screenshot are two things", hint="call twice")
    given = [name for name in _OF_A_FILM if getattr(options, name) is not None]
    if options.movie is None and given:
        raise ParameterError(f"--{_FLAGS.get(given[0], given[0])} is of a film", hint="add --movie FILE.mp4")
    made = options.screenshot if options.movie is None else options.movie
    only = [name for name in _OF_A_PICTURE if getattr(options, name)]
    if made is None and only:
        raise ParameterError(f"--{only[0]} is of a picture", hint="add --screenshot FILE.png")
    if options.movie is not None and options.transparent:
        raise ParameterError("a film has a sky", hint="leave out --transparent, or write pictures with --screenshot")
    if options.movie is not None and options.time is not None:
        raise ParameterError("--time is of a picture", hint="a film goes --from one moment --to another")


def _film(options: argparse.Namespace) -> int:
    import viewer
    from viewer.backends.movie import check_suffix, find_encoder

    out: Path = options.movie
    check_suffix(out)
    check_folder_of(out)
    if out.suffix.lower() != ".gif":
        find_encoder(out.suffix.lower())  # before anything long is begun
    viewer.movie(
        _scene_of(options, out), out, view=options.view, size=options.size or (1280, 720), overlay=not options.bare,
        start=options.start, end=options.end, speed=options.speed, fps=options.fps, language=options.language,
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
    if options.side is not None and scene.sides:  # else nothing tells the sides apart
        scene = scene.on(SIDES[options.side])
    if options.look is not None:
        scene = scene.styled(options.look)
    if options.sun is not None:
        from viewer.sky import with_sun

        scene = with_sun(scene, options.sun)
    if options.stage is not None:
        scene = scene.at_stage(options.stage)
    if options.section is not None:
        scene = scene.shown().cut(options.section)
    if options.see_through:
        scene = scene.see_through()
    if options.show:
        cut = ("section",) if any(layer.group == "section" for layer in scene.layers) else ()
        scene = scene.show_only(*options.show, *cut)
    return scene.hide(*options.hide) if options.hide else scene


def _whole_scene(options: argparse.Namespace, out: Path | None) -> Scene:
    """The scene of a result or a city, which is to be written to `out`; see that this is none of the files it is made of."""
    import viewer
    from twin.geo.city import read_city
    from twin.scenario import scenario_from_text
    from viewer.sides import compose_side, compose_sides

    path: Path = options.result
    if not path.exists() and str(path) != "sample":
        raise MissingFileError(f"there is no `{path}`", hint="give a folder that `twin run` wrote, or a city file")
    given = [options.city] if options.city is not None else []
    if kind_of(path) != "result":
        if out is not None:
            check_not_its_source(out, [path, *given])
        if options.side is not None:
            raise ParameterError("a city has no sides", where=str(path), hint="give the folder of a `twin run` that compares")
        return viewer.compose(read_city(named(path)))
    if options.baseline and options.side is not None:
        raise ParameterError("--baseline and --side are two ways to say one thing", hint="give one of them")
    result = result_in(path, baseline=options.baseline)
    root = path if (path / "run.json").is_file() else path.parent
    known = told_by(root / "run.json")
    text = str(result.provenance.get("scenario", ""))
    if not text and not given:  # of people on a bare floor
        return viewer.compose(result, time=options.time)
    source = Path(known["scenario"]) if "scenario" in known else None
    scenario = scenario_from_text(text, source=source)
    if out is not None:
        check_not_its_source(out, [*given, *_files_of(scenario, known)])
    city = read_city(options.city, lod=scenario.lod) if options.city is not None else city_of(scenario, root, known)
    baseline = options.baseline or path.name == "baseline"
    end = float(result.series["time_s"].iloc[-1]) if len(result.series) else 0.0
    if options.time is not None and not 0.0 <= options.time <= end:
        raise ParameterError(f"--time {options.time:g} is not within the run", hint=f"it lasts from 0 to {end:g} s")
    if options.side is not None or (out is not None and out.suffix.lower() == ".html" and not options.baseline):
        other = _other_side(path, result)
        if other is not None:
            return compose_sides(scenario, city, *other, time=options.time)
        if options.side is not None:
            hint = "give the folder of a `twin run` that compares"
            raise ParameterError("this result has one side only", where=str(path), hint=hint)
    return compose_side(scenario, city, result, baseline=baseline, moment=options.time)


def _other_side(path: Path, result: Result) -> tuple[Result, Result] | None:
    """Baseline and variant of a run that has both, of which `result` was read; None where it is not the folder of one."""
    if not ((path / "baseline").is_dir() and (path / "variant").is_dir()):
        return None
    return result_in(path, baseline=True), result


def _files_of(scenario: Scenario, known: Mapping[str, Any]) -> list[Path]:
    """The files that a run was made of: its city, and the models in its changes."""
    from twin.scenario.changes import BuildingChange

    stated = known.get("city", [])
    cities = stated if isinstance(stated, list) else [stated]
    models = [change.folder / change.model for change in scenario.changes if isinstance(change, BuildingChange) and change.model]
    return [*(Path(str(one)) for one in cities), *models]
