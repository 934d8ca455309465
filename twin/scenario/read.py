"""Reads a scenario from YAML; an error says file, line, path in the file and the nearest valid key."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from twin.errors import MissingFileError, ScenarioError, TwinError, did_you_mean
from twin.scenario.changes import BuildingChange, Change
from twin.scenario.model import Scenario

MAX_BYTES = 5_000_000


def read_scenario(path: str | Path) -> Scenario:
    """Read a scenario file.

    Parameters
    ----------
    path : str or Path
        Of a YAML file.

    Returns
    -------
    Scenario

    Raises
    ------
    MissingFileError
        When there is no such file.
    ScenarioError
        When it is not YAML or says something that is not valid: with line, path and remedy.
    """
    path = Path(path)
    if path.is_dir():
        inside = sorted(one.name for one in path.glob("*.y*ml"))[:5]
        hint = f"give the file, for example {path / inside[0]}" if inside else "give the path of a .yaml file"
        raise ScenarioError("is a folder, not a scenario", where=str(path), hint=hint)
    if not path.is_file():
        near = did_you_mean(path.name, (p.name for p in path.parent.glob("*.y*ml"))) if path.parent.is_dir() else ""
        raise MissingFileError(
            f"there is no scenario {path}{near}", hint="give the path of a .yaml file, or start from one of the samples"
        )
    _check_is_no_city(path)
    if path.stat().st_size > MAX_BYTES:
        raise ScenarioError(f"is larger than {MAX_BYTES // 1_000_000} MB: not a scenario", where=str(path))
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ScenarioError("is not text in UTF-8", where=str(path), hint="save the file as UTF-8") from None
    return scenario_from_text(text, source=path)


_NO_SCENARIO = re.compile(rb"[{<\[]|#GEFID|[^\n]{0,200}[\x00-\x08]")
"""How files begin that may be data: text that YAML seldom starts with, or bytes that no text has."""


def _check_is_no_city(path: Path) -> None:
    """Refuse a file of a city by what it is: as YAML a large one would take long to be refused."""
    with path.open("rb") as file:
        head = file.read(65536)
    if _NO_SCENARIO.match(head.removeprefix(b"\xef\xbb\xbf").lstrip()) is None:
        return
    from twin.geo.readers.formats import told_by

    packed = head.startswith((b"PK\x03\x04", b"\x1f\x8b", b"BZh"))
    kind = "an archive" if packed else told_by(head)
    if kind:
        raise ScenarioError(
            f"is a file with data ({kind}), not a scenario",
            where=str(path),
            hint=f"look at it with `twin info {path.name}`; a scenario is a YAML file that names it as its `city`",
        )


def scenario_from_text(text: str, *, source: Path | None = None) -> Scenario:
    """Make a scenario from YAML text; `source` names the file in errors and anchors relative paths.

    Raises
    ------
    ScenarioError
        As `read_scenario`.
    """
    name = str(source) if source else "scenario"
    tree = _load(text, name)
    try:
        scenario = Scenario.model_validate(_plain(tree))
    except ValidationError as error:
        raise _explain(error, tree, name) from None
    scenario = scenario.model_copy(update={"source": source, "text": text})
    if source is None:
        return scenario
    with told_with_lines(scenario):
        return _with_wind(_with_models(scenario, source.parent), source.parent)


def _with_models(scenario: Scenario, folder: Path) -> Scenario:
    """The scenario with its models looked for in its folder; that they are there is seen before anything is run."""
    if not any(isinstance(change, BuildingChange) and change.model for change in scenario.changes):
        return scenario
    from twin.scenario.apply import model_file

    changes: list[Change] = []
    for change in scenario.changes:
        if isinstance(change, BuildingChange) and change.model is not None:
            model_file(folder, change.model, f"changes[{change.id}].model")
            changes.append(change.beside(folder))
        else:
            changes.append(change)
    return scenario.model_copy(update={"changes": tuple(changes)})


def _with_wind(scenario: Scenario, folder: Path) -> Scenario:
    """The scenario with the files of its wind looked for in its folder, likewise."""
    wind = scenario.analyses.wind
    if wind is None:
        return scenario
    from twin.scenario.apply import file_beside

    for key, name in wind.files.items():
        file_beside(folder, name, f"analyses.wind.{key}")
    analyses = scenario.analyses.model_copy(update={"wind": wind.beside(folder)})
    return scenario.model_copy(update={"analyses": analyses})


@contextmanager
def told_with_lines(scenario: Scenario) -> Iterator[None]:
    """Errors raised inside that say where in the scenario get the file and the line as well.

    A path such as ``changes[party].zones[square].at`` names parts of a list by their id or number.
    """
    try:
        yield
    except TwinError as error:
        path = re.split(" to |, ", error.where or "")[0]
        if scenario.text and path.split("[")[0].split(".")[0] in Scenario.model_fields:
            line = _line_of(path, _load(scenario.text, "scenario"))
            error.where = f"{scenario.source or 'scenario'}:{line} {error.where}"
        raise


def _line_of(path: str, tree: Any) -> int:
    line, node = 1, tree
    for key, member in re.findall(r"([^.\[\]]+)|\[([^\]]*)\]", path):
        part: Any = key
        if member:
            if not isinstance(node, list):
                break
            named = [k for k, item in enumerate(node) if isinstance(item, dict) and str(item.get("id")) == member]
            part = named[0] if named else int(member) if member.isdigit() and int(member) < len(node) else None
        if part is None or (isinstance(node, dict) and part not in node) or not isinstance(node, dict | list):
            break
        marks = getattr(node, "lc", None)
        if marks is not None:
            line = (marks.item(part) if isinstance(node, list) else marks.key(part))[0] + 1
        node = node[part]
    return line


def _load(text: str, name: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    from twin.scenario.yaml_words import told

    yaml = YAML(typ="rt", pure=True)  # the round-trip loader knows lines; it makes no objects from tags
    try:
        if "&" in text and any(word.startswith("*") for word in text.split()):
            raise ScenarioError("uses YAML aliases (`*name`)", where=name, hint="write the values out")
        tree = yaml.load(text)
    except MarkedYAMLError as error:
        raise told(error, text, name) from None
    except (YAMLError, RecursionError, ValueError) as error:
        _check_days(text, name)
        raise ScenarioError(f"is not valid YAML: {str(error)[:200]}", where=name) from None
    if not isinstance(tree, dict):
        raise ScenarioError("is not a scenario: expected keys such as `title:` and `changes:`", where=name)
    return tree


def _check_days(text: str, name: str) -> None:
    """Tell a day that there is not: YAML makes dates of what looks like one, and says neither which nor where."""
    for found in re.finditer(r"\b\d{4}-\d{1,2}-\d{1,2}\b", text):
        try:
            year, month, day = map(int, found[0].split("-"))
            dt.date(year, month, day)
        except ValueError:
            line = text.count("\n", 0, found.start()) + 1
            what = f"`{found[0]}` is not a day: write year, month and day, such as 2026-02-19"
            raise ScenarioError(what, where=f"{name}:{line}") from None


def _plain(value: Any, depth: int = 0) -> Any:
    if depth > 30:
        raise ScenarioError("is nested more than 30 deep")
    if isinstance(value, dict):
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return str(value)


def _explain(error: ValidationError, tree: Any, name: str) -> ScenarioError:
    """Turn the first complaint into a sentence with its line; further ones follow, each with its own."""
    from twin.scenario.sentences import sentence, spot

    details = error.errors(include_url=False)
    details.sort(key=lambda d: d["type"] != "extra_forbidden")  # a misspelt key explains a missing one
    what, hint = sentence(details[0])
    place = spot(details[0]["loc"]).path
    path, line = _locate(list(place), tree)
    told = {place}
    more: list[str] = []
    for detail in details[1:]:
        other = spot(detail["loc"]).path
        if other not in told:
            told.add(other)
            at, row = _locate(list(other), tree)
            more.append(f"{name}:{row} {at}".rstrip() + f": {sentence(detail)[0]}")
    hints = "\n  ".join([*filter(None, [hint]), *more])
    return ScenarioError(what, where=f"{name}:{line} {path}".rstrip(), hint=hints or None)


def _locate(location: list[Any], tree: Any) -> tuple[str, int]:
    path, line, node = "", 1, tree
    for part in location:
        marks = getattr(node, "lc", None)
        try:
            if isinstance(part, int):
                line = marks.item(part)[0] + 1 if marks is not None else line
                path += f"[{part}]"
            else:
                if marks is not None and part in node:
                    line = marks.key(part)[0] + 1
                path += f".{part}" if path else str(part)
            node = node[part]
        except (KeyError, IndexError, TypeError, AttributeError):
            break
    return path, line
