"""What a notebook shows of a thing: a table and a small picture, readable on light and on dark."""

from __future__ import annotations

import base64
import logging
import math
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any

from twin.decimals import decimals

_FRAME = "display:flex;flex-wrap:wrap;gap:18px;align-items:flex-start;font-size:0.92em;line-height:1.4"
_CELL = (
    "padding:2px 10px 2px 0;text-align:left;vertical-align:top;background:none;border:none;"
    "border-bottom:1px solid rgba(128,128,128,.3)"
)
_NUMBER = _CELL.replace("text-align:left", "text-align:right")
_SOFT = "opacity:.72"

LONGEST = 160
"""Characters of a text in a table; what is longer is cut: it may come from a file of any length."""


def short(text: object, most: int = LONGEST) -> str:
    """A text of at most so many characters, escaped for HTML."""
    told = " ".join(str(text).split())
    return escape(told if len(told) <= most else told[: most - 1] + "…")


def figure_text(value: object, digits: int = 1) -> str:
    """A number for people: thousands apart, ``"not reached"`` for infinity, a dash where it is not known."""
    if not isinstance(value, int | float) or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if math.isinf(value):
        return "not reached"
    return decimals(float(value), digits)


def pairs(rows: Iterable[tuple[str, object]]) -> str:
    """A table of names and values; empty values are left out."""
    body = "".join(
        f'<tr><th style="{_CELL};font-weight:600">{short(name)}</th><td style="{_CELL}">{short(value)}</td></tr>'
        for name, value in rows if value not in ("", None)
    )  # fmt: skip
    return f'<table style="border-collapse:collapse;margin:0">{body}</table>'


def grid(columns: Sequence[str], given: Iterable[Sequence[object]]) -> str:
    """A table with a head; columns of numbers stand at the right."""
    rows = [[str(value) for value in row] for row in given]
    numbers = [all(_is_number(row[k]) for row in rows) for k in range(len(columns))]
    styles = [_NUMBER if number else _CELL for number in numbers]
    head = "".join(f'<th style="{style};font-weight:600">{short(name)}</th>' for style, name in zip(styles, columns, strict=True))
    body = "".join(
        "<tr>" + "".join(f'<td style="{style}">{short(value)}</td>' for style, value in zip(styles, row, strict=True)) + "</tr>"
        for row in rows
    )
    return f'<table style="border-collapse:collapse;margin:0"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _is_number(text: str) -> bool:
    return text in ("", "–", "not reached") or text.lstrip("+-").replace(",", "").replace(".", "").isdigit()


def card(
    kind: str, title: object, tables: Iterable[str], picture: Callable[[], bytes | None] | None = None, *, alt: str = ""
) -> str:
    """Put a card together.

    Parameters
    ----------
    kind : str
        What it is, e.g. ``"City"``.
    title : str
        Its name; any text.
    tables : iterable of str
        HTML, of `pairs` and `grid`.
    picture : callable, optional
        Gives a PNG file, or None for none. If it fails the card has its tables, and says why there is no picture.
    alt : str
        What the picture shows.

    Returns
    -------
    str
        HTML; every text of a file is escaped.
    """
    shown = ""
    try:
        image = picture() if picture is not None else None
        if image:
            code = base64.b64encode(image).decode("ascii")
            style = "max-width:100%;border-radius:6px;border:1px solid rgba(128,128,128,.35)"
            shown = f'<img alt="{escape(alt, quote=True)}" style="{style}" src="data:image/png;base64,{code}">'
    except Exception as error:
        # a picture is an extra: a notebook must still show the object, and why there is no picture
        logging.getLogger(__name__).debug("no picture of a %s", kind, exc_info=True)
        shown = f'<span style="{_SOFT}">no picture: {short(f"{type(error).__name__}: {error}")}</span>'
    name = f"<strong>{short(title)}</strong>" if title else ""
    head = f'<div style="margin-bottom:4px"><span style="{_SOFT}">{escape(kind)}</span> {name}</div>'
    left = f'<div style="flex:0 1 auto;max-width:44em">{head}{"".join(tables)}</div>'
    return f'<div class="stadstwin" style="{_FRAME}">{left}{shown}</div>'


def safe(make: Callable[[], str], plain: Callable[[], Any]) -> str:
    """What `make` gives; should it fail, the plain text of the object with the reason, as showing a thing must not raise."""
    try:
        return make()
    except Exception as error:
        logging.getLogger(__name__).debug("no table", exc_info=True)
        try:
            text = str(plain())
        except Exception:
            text = "an object that cannot be shown"
        return f"<pre>{short(text, 600)}\n(no table: {short(f'{type(error).__name__}: {error}')})</pre>"
