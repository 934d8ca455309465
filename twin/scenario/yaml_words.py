"""What to tell of text that is not YAML: in the words of somebody who edits one file, with what to type instead."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from twin.errors import ScenarioError

if TYPE_CHECKING:
    from ruamel.yaml.error import MarkedYAMLError, StringMark

_TWO_COLONS = re.compile(r"""^(?P<key>[\s-]*[\w-]+:\s+)(?P<text>[^\s"'\[{|>&*!#].*?:(?:\s.*|$))""")
_IN_DOUBLE = re.compile(r'"(?P<text>[^"]*\\[^"]*)"?')

_BACKSLASH = "write `/` instead of `\\`"


def told(error: MarkedYAMLError, text: str, name: str) -> ScenarioError:
    """The error of a scenario for one of YAML.

    Parameters
    ----------
    error : MarkedYAMLError
    text : str
        What was read.
    name : str
        Of the file.
    """
    mark = error.problem_mark
    problem = error.problem or "cannot be read"
    lines = text.splitlines()
    started = error.context_mark
    what, hint = _words(problem, error, lines)
    if started is not None and _belongs_to_start(problem):
        mark = started
    where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
    return ScenarioError(f"is not valid YAML: {what}", where=where, hint=hint)


def _belongs_to_start(problem: str) -> bool:
    """Whether the mistake is where something began, not where reading gave up."""
    return problem.startswith(("could not find expected ':'", "expected ',' or", "found unexpected end of stream"))


def _line(lines: list[str], mark: StringMark | None) -> str:
    return lines[mark.line] if mark is not None and mark.line < len(lines) else ""


def _words(problem: str, error: MarkedYAMLError, lines: list[str]) -> tuple[str, str]:
    """What is wrong, and what to do."""
    line, start = _line(lines, error.problem_mark), _line(lines, error.context_mark)
    quoted = "double-quoted" in (error.context or "") or "quoted scalar" in (error.context or "")
    if quoted and "\\" in (start or line):
        return "a `\\` in double quotes is not taken as it stands", _backslash_hint(start or line)
    if problem.startswith("found duplicate key"):
        key = problem.split('"')[1] if '"' in problem else ""
        return _twice(key, error.problem_mark, lines), "give each key once: leave one of the two out, or join what they hold"
    if problem.startswith("mapping values are not allowed"):
        found = _TWO_COLONS.match(line)
        if found:
            key, value = found["key"].strip(), _in_quotes(found["text"])
            return "a text with a colon in it is not in quotes", f"put the text in quotes: {key} {value}"
        return "a key is indented further than the one above it, which has a value already", _INDENT
    return next(
        ((said, hint) for start_of, said, hint in _PROBLEMS if problem.startswith(start_of)),
        (problem, "check the indentation, the colons and the quotes"),
    )


def _backslash_hint(line: str) -> str:
    found = _IN_DOUBLE.search(line)
    if found is None:
        return f"{_BACKSLASH}, or use single quotes"
    path = found["text"]
    return f'{_BACKSLASH}: "{path.replace(chr(92), "/")}"; or use single quotes: \'{path}\''


def _in_quotes(text: str) -> str:
    text = re.sub(r"\s+#.*$", "", text).rstrip()
    return f'"{text}"' if '"' not in text and "\\" not in text else "'{}'".format(text.replace("'", "''"))


def _twice(key: str, mark: StringMark | None, lines: list[str]) -> str:
    """Where a key stands first, when that can be seen from the text."""
    said = f"the key `{key}` is given twice"
    if mark is None:
        return said
    indent = " " * mark.column
    for number in range(mark.line - 1, -1, -1):
        if re.match(rf"{indent}[\"']?{re.escape(key)}[\"']?\s*:", lines[number]):
            return f"{said}, in line {number + 1} too"
    return said


_INDENT = "indent with spaces, and begin keys that belong together in the same column"
_TEXT_IN_QUOTES = "put the text in quotes: title: \"...\""
_PROBLEMS = (
    ("found character '\\t'", "there is a tab here", "indent with spaces, not with tabs"),
    ("found character", "a text begins with a sign that has a meaning of its own in YAML", _TEXT_IN_QUOTES),
    ("found undefined alias", "a text begins with `*`, which has a meaning of its own in YAML", _TEXT_IN_QUOTES),
    ("expected a comment or a line break", "after `|` or `>` a text begins on the next line", _TEXT_IN_QUOTES),
    ("expected <block end>, but found '<scalar>'", "there is something after the closing quote",
     "put the whole text in one pair of quotes; a quote in it is of the other kind"),
    ("expected <block end>, but found '-'", "an entry of a list is not in line with the others", _INDENT),
    ("expected <block end>", "a key is not in line with the others", _INDENT),
    ("could not find expected ':'", "a line is no key with a value", "write `key: value`, with a colon and a space after it"),
    ("expected ',' or ']'", "a list that begins with `[` here is not ended, or a text in it has a colon",
     "end it with `]`, and put a text with a colon in quotes"),
    ("expected ',' or '}'", "what begins with `{` here is not ended, or a text in it has a colon",
     "end it with `}`, and put a text with a colon in quotes"),
    ("found unexpected end of stream", "a quote that is opened here is not closed", "close it with the same kind of quote"),
    ("but found another document", "there is a second document after a line `---`",
     "leave out that line: a scenario is one document"),
)  # fmt: skip
"""How ruamel.yaml's problems begin, what they mean, and what to do."""
