"""The folder that ``twin run`` writes: may it be used, whose is it, what is in it."""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.errors import MissingFileError, OutputError, ResultError

if TYPE_CHECKING:
    from twin.geo.city import City
    from twin.result import Result
    from twin.scenario import Scenario


def check_out(out: Path) -> None:
    """See that a run may write in a folder, before anything is worked out.

    Raises
    ------
    OutputError
        When it is a file, holds what is not ours, or cannot be written in.
    """
    if out.exists() and not out.is_dir():
        raise OutputError(f"`{out}` is a file", hint="give a folder after --out")
    ours = ("run.json", "result.json")
    if out.is_dir() and any(out.iterdir()) and not any((out / name).is_file() for name in ours):
        raise OutputError(f"`{out}` is not empty, and not from an earlier run", hint="give a new folder after --out")
    _try_folder(out)


def _try_folder(out: Path) -> None:
    """Make the folder, write in it and take it away again: what cannot be written is told now, not after the calculation."""
    made: list[Path] = []
    try:
        for folder in [one for one in (out, *out.absolute().parents) if not one.exists()][::-1]:
            folder.mkdir()
            made.append(folder)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise OutputError(
            f"the folder `{out}` {'cannot be written in' if out.is_dir() else 'cannot be made'}: {error.strerror or error}",
            hint="give another folder after --out",
        ) from None
    finally:
        with suppress(OSError):
            for folder in made[::-1]:
                folder.rmdir()


def mark(scenario: Scenario, path: Path, out: Path) -> None:
    """Say that the folder is ours, before anything else is in it: a run cut short may then be run again there."""
    from twin.result_io import write_text
    from twin.run import city_places

    places = city_places(scenario)
    city = [name if name == "sample" else str(place.resolve()) for name, place in zip(scenario.city, places, strict=True)]
    # where `twin view` and `twin export` find the city again; stays on this machine, not part of the result
    write_text(out / "run.json", json.dumps({"scenario": str(path.resolve()), "city": city}, indent=1))


def clear_leftovers(out: Path, made: Collection[str], sides: Collection[str]) -> None:
    """Remove what an earlier run left here and this one did not make, so that nothing old is taken for new."""
    for name in ("before.png", "after.png", "scene.html", "scene.glb", "comparison.csv"):
        if name not in made:
            (out / name).unlink(missing_ok=True)
    for name in ("baseline", "variant"):
        if name not in sides and (out / name / "result.json").is_file():
            shutil.rmtree(out / name)


def kind_of(path: Path) -> str:
    """``scenario``, ``result`` or ``city``."""
    if path.suffix.lower() in (".yaml", ".yml"):
        return "scenario"
    if (path / "result.json").is_file() or (path / "run.json").is_file():
        return "result"
    return "city"


def result_in(path: Path, *, baseline: bool) -> Result:
    """The result in a folder: its own, else that of one side of the run in it.

    Raises
    ------
    ResultError
        When the run has no such side, or the result is broken.
    """
    from twin.result import open_result

    if (path / "result.json").is_file():
        return open_result(path)
    side = path / ("baseline" if baseline else "variant")
    if not side.is_dir():
        raise ResultError(f"`{path}` holds no {'baseline' if baseline else 'variant'}", hint="give a folder that `twin run` wrote")
    return open_result(side)


def told_by(path: Path) -> dict[str, Any]:
    """What ``run.json`` says of a run; nothing where there is none."""
    if not path.is_file():
        return {}
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        known = None
    if not isinstance(known, dict):
        raise ResultError("it is broken", where=str(path), hint="run it again, or give the city with --city")
    return known


def city_of(scenario: Scenario, root: Path, known: Mapping[str, Any]) -> City:
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


def seeds_compared(path: Path) -> int | None:
    """Number of seeds that the comparison beside a result has; None where there is none."""
    for folder in (path, path.parent):
        table = folder / "comparison.csv"
        if (folder / "run.json").is_file() and table.is_file():
            with table.open(encoding="utf-8", newline="") as file:
                row = next(csv.DictReader(file), {})
            return int(row["seeds"]) if row.get("seeds", "").isdigit() else None
    return None
