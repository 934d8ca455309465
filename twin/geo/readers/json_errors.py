"""What is wrong with JSON that cannot be parsed, for somebody who has to mend it."""

from __future__ import annotations

import orjson

from twin.errors import FormatError


def broken_json(
    error: orjson.JSONDecodeError, content: bytes, name: str, *, start: int = 0, stop: int | None = None, first_line: int = 1
) -> FormatError:
    """The error to raise for a text that the parser refused.

    Parameters
    ----------
    error : JSONDecodeError
        What it said of ``content[start:stop]``.
    content : bytes
    name : str
        Of the file.
    start, stop : int
        The value that is broken, in `content`.
    first_line : int
        Number of the first line of `content` in its file.

    Returns
    -------
    FormatError
        With line and column. Text that is not UTF-8 is called so: the parser only says that a character is wrong.
    """
    try:
        content[start:stop].decode("utf-8")
    except UnicodeDecodeError as wrong:
        place = start + wrong.start
        line_start = content.rfind(b"\n", 0, place) + 1
        line = first_line + content.count(b"\n", 0, place)
        column = len(content[line_start:place].decode("utf-8", "replace")) + 1
        return FormatError(
            f"the text is not in UTF-8, which JSON has to be: byte 0x{content[place]:02x} is no part of a character",
            where=f"{name}:{line}:{column}",
            hint="save it as UTF-8; it may be in Latin-1 or Windows-1252 now",
        )
    line_start = content.rfind(b"\n", 0, start) + 1
    line = first_line + content.count(b"\n", 0, start) + error.lineno - 1
    before = len(content[line_start:start].decode("utf-8", "replace")) if error.lineno == 1 else 0
    return FormatError(f"broken JSON: {error.msg}", where=f"{name}:{line}:{error.colno + before}")
