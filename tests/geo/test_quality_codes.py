"""Every code that a finding can have stands in `CODES` with its meaning, nothing else does, and the page says the same."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

import twin
from twin.cli import main
from twin.geo import quality, quality_codes
from twin.geo.city import City, Finding, Quality
from twin.geo.quality_codes import CODES, GROUPS, MENDED
from twin.geo.readers.assemble import FAULTS
from twin.geo.readers.citygml import NOTES
from twin.geo.triangulate import FAULT_BITS

ROOT = Path(twin.__file__).parent
PAGE = ROOT.parent / "docs" / "quality.md"

COLLECTOR = "geo/readers/model.py"
"""Where `Findings` is: its own calls hand on what it is given."""

STORED = ("geo/readers/cityfolder.py", "_quality")
"""Takes findings back that a city was saved with: whoever saved them told them first."""


class Helper(NamedTuple):
    """A function that hands a parameter on as a code: its name, that parameter, its module if private, whether a method."""

    name: str
    position: int
    parameter: str
    module: str
    method: bool

    def is_called(self, node: ast.AST, module: str) -> bool:
        """Whether an expression is this function."""
        there = self.module in ("", module) and _last(node) == self.name
        return there and (isinstance(node, ast.Attribute) or not self.method)


class Module:
    """Source of one module, with the function that each node is in."""

    def __init__(self, path: Path) -> None:
        self.name = path.relative_to(ROOT).as_posix()
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.above: dict[ast.AST, ast.AST] = {}
        for node in ast.walk(self.tree):
            self.above.update(dict.fromkeys(ast.iter_child_nodes(node), node))
        self.calls = [node for node in ast.walk(self.tree) if isinstance(node, ast.Call)]
        self.collectors = {"findings", "_findings"} | set(self.named("Findings"))
        self.tellers = set(self.named("Tell"))

    def named(self, kind: str) -> Iterator[str]:
        """Names of what is stated to be of a class, or is made by it."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.arg) and node.annotation is not None and kind in _names(node.annotation):
                yield node.arg
            elif isinstance(node, ast.AnnAssign) and kind in _names(node.annotation):
                yield _last(node.target)
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and _last(node.value.func) == kind:
                yield from map(_last, node.targets)

    def function(self, node: ast.AST) -> ast.FunctionDef | None:
        """The function that a node is in."""
        up: ast.AST | None = self.above.get(node)
        while up is not None and not isinstance(up, ast.FunctionDef):
            up = self.above.get(up)
        return up

    def owner(self, function: ast.FunctionDef) -> str:
        """Class that a function is a method of, or empty."""
        up = self.above[function]
        return up.name if isinstance(up, ast.ClassDef) else ""


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _last(node: ast.AST) -> str:
    """Last name of what is called or assigned: ``add`` of ``self.findings.add``."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


class Sources:
    """All that the library can tell, as its sources have it."""

    def __init__(self) -> None:
        self.modules = [Module(path) for path in sorted(ROOT.rglob("*.py"))]
        self.helpers: set[Helper] = set()
        self.codes: set[str] = set()
        self.unknown: list[str] = []
        todo: list[tuple[Module, ast.Call, ast.expr | None]] = list(self._direct())
        seen: set[ast.Call] = set()
        while todo:
            for module, call, code in todo:
                seen.add(call)
                self._take(module, call, code)
            todo = [one for one in self._by_helpers() if one[1] not in seen]

    def _direct(self) -> Iterator[tuple[Module, ast.Call, ast.expr | None]]:
        """Where a finding is made, or given to a collector."""
        for module in self.modules:
            for call in module.calls if module.name != COLLECTOR else ():
                function = module.function(call)
                if _last(call.func) == "Finding" and (module.name, function and function.name) != STORED:
                    yield module, call, _argument(call, 0, "code")
                elif _last(call.func) == "add" and isinstance(call.func, ast.Attribute):
                    known = _last(call.func.value) in module.collectors
                    # a collector under another name looks like one by what it is given
                    if known or len(call.args) == 3 or {"severity", "path"} & {one.arg for one in call.keywords}:
                        yield module, call, _argument(call, 0, "code") if known else None

    def _by_helpers(self) -> Iterator[tuple[Module, ast.Call, ast.expr | None]]:
        """Where a function is called that hands a code on."""
        for module in self.modules:
            for call in module.calls:
                if _last(call.func) in module.tellers:
                    yield module, call, _argument(call, 0, "code")
                for helper in self.helpers:
                    if helper.is_called(call.func, module.name):
                        yield module, call, _argument(call, helper.position, helper.parameter)

    def _take(self, module: Module, call: ast.Call, code: ast.expr | None) -> None:
        """Note the codes that an argument can be, or that it is a parameter of a function that is then a helper."""
        function = module.function(call)
        found = None if code is None else self._values(module, function, code)
        if found is not None:
            self.codes |= found
            return
        parameters = [] if function is None else [one.arg for one in function.args.args]
        if function is not None and isinstance(code, ast.Name) and code.id in parameters:
            owner = module.owner(function)
            position = parameters.index(code.id) - bool(owner)
            names, method = [function.name], bool(owner)
            if function.name == "__call__":
                names, method = list(module.named(owner)), False
            within = module.name if function.name.startswith("_") else ""
            self.helpers |= {Helper(name, position, code.id, within, method) for name in names}
            return
        self.unknown.append(f"{module.name}:{call.lineno}: {ast.unparse(call)[:120]}")

    def _values(self, module: Module, function: ast.FunctionDef | None, code: ast.expr) -> set[str] | None:
        """What an expression can be: a text, one of two, one of a row of tuples, or a key of a table of the module."""
        if isinstance(code, ast.Constant) and isinstance(code.value, str):
            return {code.value}
        if isinstance(code, ast.IfExp):
            both = [self._values(module, function, one) for one in (code.body, code.orelse)]
            return None if None in both else {value for one in both if one for value in one}
        if not isinstance(code, ast.Name) or function is None:
            return None
        for node in ast.walk(function):
            if isinstance(node, ast.For) and isinstance(node.target, ast.Tuple) and isinstance(node.iter, ast.Tuple):
                names = [_last(one) for one in node.target.elts]
                if code.id in names:
                    rows = [row.elts for row in node.iter.elts if isinstance(row, ast.Tuple) and len(row.elts) == len(names)]
                    found = {ast.literal_eval(row[names.index(code.id)]) for row in rows}
                    return found if len(rows) == len(node.iter.elts) else None
        for node in ast.walk(function):
            # what a table is asked with must be one of its keys
            if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name) and node.slice.id == code.id:
                keys = _table(module, _last(node.value))
                if keys is not None:
                    return keys
        return None


def _argument(call: ast.Call, position: int, name: str) -> ast.expr | None:
    if any(isinstance(one, ast.Starred) for one in call.args[: position + 1]):
        return None
    if len(call.args) > position:
        return call.args[position]
    return next((one.value for one in call.keywords if one.arg == name), None)


def _table(module: Module, name: str) -> set[str] | None:
    """Keys of a table of texts that a module has under a name."""
    for node in module.tree.body:
        if isinstance(node, ast.Assign) and [_last(one) for one in node.targets] == [name] and isinstance(node.value, ast.Dict):
            return {str(ast.literal_eval(key)) for key in node.value.keys if key is not None}
    return None


@cache
def sources() -> Sources:
    return Sources()


def test_every_code_that_can_be_told_has_a_meaning() -> None:
    found = sources()
    assert found.unknown == [], "the test cannot tell which codes these are: use a text, a table or a parameter called as one"
    assert sorted(found.codes - set(CODES)) == [], "codes without a meaning in twin/geo/quality_codes.py"
    assert sorted(set(CODES) - found.codes) == [], "codes that nothing tells"
    assert len(found.codes) > 150


def test_functions_that_hand_codes_on_are_called_by_name() -> None:
    """Such a function goes along as a value only to parameters that are stated to be one (`Tell`)."""
    found = sources()
    assert {one.name for one in found.helpers} == {"_by_face", "_by_row", "_note", "_tell", "tell"}
    for module in found.modules:
        called = {call.func for call in module.calls}
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Name | ast.Attribute) or node in called or not isinstance(node.ctx, ast.Load):
                continue
            if any(one.is_called(node, module.name) for one in found.helpers):
                assert _last(node) in {"tell", "_tell"}, f"{module.name}:{node.lineno}"
                assert isinstance(module.above[node], ast.Call), f"{module.name}:{node.lineno}"


def test_the_test_sees_what_hides_a_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hidden.py").write_text(
        "def read(found: Findings, other, code):\n"
        "    found.add('one' if code else 'two', '', 'm')\n"
        "    other.add('three', '', 'm')\n"
        "    found.add(f'four-{code}', '', 'm')\n"
        "    Finding(**code)\n"
        "def _say(findings, what):\n"
        "    findings.add(what, '', 'm')\n"
        "_say(findings, what='five')\n"
        "_say(findings, other())\n"
    )
    monkeypatch.setattr("tests.geo.test_quality_codes.ROOT", tmp_path)
    found = Sources()
    assert found.codes == {"one", "two", "five"}
    assert [line.split(":")[1] for line in found.unknown] == ["3", "4", "5", "9"]


def test_tables_have_no_code_that_nothing_notes() -> None:
    module = next(one for one in sources().modules if one.name == "geo/triangulate.py")
    rest = next(one for one in ast.walk(module.tree) if isinstance(one, ast.FunctionDef) and one.name == "_with_rest")
    assert set(FAULTS) == set(FAULT_BITS) | (sources()._values(module, rest, ast.Name("code", ast.Load())) or set())
    texts = [
        node.value
        for one in sources().modules
        if one.name.startswith("geo/readers/citygml")
        for node in ast.walk(one.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert [code for code in NOTES if texts.count(code) < 2] == []


def test_a_code_stands_in_one_group_and_its_meaning_in_one_line() -> None:
    assert sum(len(group) for group in GROUPS.values()) == len(CODES)
    assert quality.CODES is quality_codes.CODES
    for code, meaning in CODES.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code), code
        assert 10 < len(meaning) < 120, code
        assert not re.search(r"[\n|]|\.$", meaning), code
    # one meaning twice would be one code too many
    assert len(set(CODES.values())) == len(CODES)


def test_what_is_mended_leaves_a_code_of_a_repair() -> None:
    assert set(MENDED) <= set(CODES)
    assert set(MENDED.values()) == {code for code in CODES if code.startswith("repaired-")}


def _section(title: str, group: dict[str, str]) -> str:
    rows = [f"| `{code}` | {meaning} | {f'`{MENDED[code]}`' if code in MENDED else ''} |" for code, meaning in group.items()]
    return "\n".join([f"## {title}", "", "| code | what it means | mended |", "|---|---|---|", *rows]).replace("|  |", "| |")


@pytest.mark.parametrize("title", GROUPS)
def test_the_page_has_each_group_as_it_is(title: str) -> None:
    assert _section(title, dict(GROUPS[title])) + "\n" in PAGE.read_text(encoding="utf-8")


def test_the_page_lists_these_codes_and_no_others() -> None:
    listed = re.findall(r"^\| `([^`]+)` \|", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert listed == list(CODES)


def test_validate_says_what_every_code_means(
    sample: City, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = replace(sample, quality=Quality(tuple(Finding(code, "", "m", "info") for code in CODES)))
    monkeypatch.setattr("twin.geo.city.read_city", lambda *_, **__: told)
    assert main(["validate", "any.city.json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for code, meaning in CODES.items():
        assert any(re.fullmatch(rf" +\d+ {code} +{re.escape(meaning)}", line) for line in lines), code


def test_options_that_meanings_and_the_page_name_are_options(capsys: pytest.CaptureFixture[str]) -> None:
    there: set[str] = set()
    for command in ("validate", "convert"):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        there |= set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    named = {
        option
        for text in (*CODES.values(), PAGE.read_text(encoding="utf-8"))
        for option in re.findall(r"`?(--[a-z]+[a-z-]*)", text)
    }
    assert {"--as", "--planarity"} <= named
    assert sorted(named - there) == []
