"""What is wrong with the records of a GEF file, in the words of who has to mend it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise

from twin.errors import FormatError
from twin.geo.readers.gef_header import Column
from twin.geo.readers.model import Findings

_COMMA = re.compile(r"^[+-]?\d+,\d+$")


def see_records(body: str, separator: str, columns: int, where: str, *, text: bool) -> None:
    """Find out why a table cannot be read.

    Parameters
    ----------
    body : str
        All below the header.
    separator : str
        ``#COLUMNSEPARATOR``; empty for blanks.
    columns : int
        That the header describes.
    where : str
        For messages.
    text : bool
        Whether records hold words too.

    Raises
    ------
    FormatError
        When a reason is found.
    """
    lines = [line for line in body.splitlines() if line.strip()]
    if separator.strip() and columns > 1 and not any(separator in line for line in lines):
        raise FormatError(
            f"`#COLUMNSEPARATOR= {separator}` is stated, and no record holds {separator!r}", where=where,
            hint="state what stands between the numbers, or leave the line out where these are blanks",
        )  # fmt: skip
    for number, line in enumerate(lines, 1):
        for part in () if text else _parts(line, separator):
            if math.isnan(_number(part)):
                void = "the value of `#COLUMNVOID` stands for what was not measured"
                hint = "write numbers with a point: 1.25" if _COMMA.match(part) else void
                raise FormatError(f"record {number} holds {part[:40]!r}, which is no number", where=where, hint=hint)


def note_longer(pieces: Sequence[str], separator: str, columns: int, name: str, file: str, findings: Findings) -> None:
    """Note records with more values than the header has columns: which value is of which column is then not certain."""
    longer = [k for k, piece in enumerate(pieces, 1) if "'" not in piece and len(_parts(piece, separator)) > columns]
    if longer:
        message = f"{len(longer)} records (the first is {longer[0]}) hold more values than the {columns} columns of the header"
        findings.add("record-count", name, f"{message}; what is beyond these is not used", severity="error", path=file)


def note_repeated(columns: Sequence[Column], name: str, file: str, findings: Findings) -> None:
    """Note quantities that several columns have: the first of them counts."""
    for column in columns:
        first = next(one for one in columns if one.quantity == column.quantity)
        if first is not column and 0 < column.quantity < 100:
            both = f"columns {first.number} and {column.number} have the same quantity ({column.quantity})"
            findings.add("column-taken", name, f"{both}; the first of them counts", path=file)


def see_depths(
    body: str, separator: str, column: int, void: float | None, named: tuple[str, str], findings: Findings
) -> None:
    """See that records go down from the ground.

    Parameters
    ----------
    body, separator : str
        As in `see_records`.
    column : int
        That holds the length of penetration or the depth, from 0.
    void : float or None
        What stands for one that is not known.
    named : (str, str)
        The sounding and its file.
    findings : Findings
        ``record-order`` (error) where a record lies above the one before it; a file that counts upward throughout is told.

    Raises
    ------
    FormatError
        When some depths are above the ground and others below it.
    """
    name, file = named
    parts = (_parts(line, separator) for line in body.splitlines())
    read = [(number, _number(one[column])) for number, one in enumerate(parts, 1) if len(one) > column]
    depths = [(number, value) for number, value in read if math.isfinite(value) and value != (-9999.0 if void is None else void)]
    above = [one for one in depths if one[1] < 0.0]
    if above and any(value > 0.0 for _, value in depths):
        raise FormatError(
            f"record {above[0][0]} is at {above[0][1]:g} m, above the ground, and others lie below it", where=file,
            hint="depths count downward from the ground; `#COLUMNVOID` says what stands for one that is not known",
        )  # fmt: skip
    if above:
        message = "all depths are below 0: they are taken to count upward from the ground"
        findings.add("column-taken", name, message, severity="info", path=file)
    back = [(before, here) for before, here in pairwise(depths) if abs(here[1]) < abs(before[1]) - 1e-9]
    if back:
        (_, last), (number, depth) = back[0]
        message = (
            f"the records do not go down in {len(back)} places (record {number} is at {depth:g} m, the one before at {last:g} m); "
            "sorted by depth: are two tests in one file?"
        )
        findings.add("record-order", name, message, severity="error", path=file)


def _parts(line: str, separator: str) -> list[str]:
    plain = line.strip().rstrip("!;")
    parts = plain.split(separator) if separator.strip() else plain.split()
    return [part.strip() for part in parts if part.strip()]


def _number(part: str) -> float:
    try:
        return float(part)
    except ValueError:
        return math.nan
