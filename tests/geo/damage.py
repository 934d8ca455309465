"""Damage to files and documents, and reading what is left: a City, or an error that says what is wrong and where."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from twin.errors import TwinError
from twin.geo.city import City, read_city


def damaged(
    content: bytes, chance: random.Random, *, times: int = 4, cut: int = 200, letters: bytes = b"", longest: int = 0
) -> bytes:
    """Bytes of which some are gone or another.

    Parameters
    ----------
    times : int
        Most places that are damaged.
    cut : int
        Most bytes that go at one place.
    letters : bytes
        What may be put in between, as often as bytes go or change; nothing without.
    longest : int
        Most letters that are put in at one place.
    """
    out = bytearray(content)
    for _ in range(chance.randint(1, times)):
        if not out:
            break
        place = chance.randrange(len(out))
        case = chance.randrange(3) if letters else int(chance.random() >= 0.3)
        match case:
            case 0:
                del out[place : place + chance.randint(1, cut)]
            case 1:
                out[place] = chance.randrange(256)
            case _:
                out[place:place] = bytes(chance.choices(letters, k=chance.randint(1, longest)))
    return bytes(out)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths to everything in a document."""
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += places(inner, (*path, key))
    return found


def holder_of(document: Any, path: list[Any]) -> Any:
    """What a path in a document leads to."""
    for key in path:
        document = document[key]
    return document


def read_or_told(path: Path) -> City | None:
    """The city, or None when an error said what is wrong and where."""
    told: TwinError | None = None
    try:
        return read_city(path)
    except TwinError as error:
        told = error
    assert told.what
    assert told.where
    return None
