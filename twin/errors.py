"""The one tree of errors: each says what is wrong, where, and what to do about it.

Every leaf is also a Python built-in, so ``except ValueError`` keeps working for people who do not
know this library, and ``except TwinError`` catches whatever is the user's to mend. The command line
prints a `TwinError` without a traceback; anything else is a bug of ours and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches
from itertools import takewhile


class TwinError(Exception):
    """Base of every error that the user can mend.

    Parameters
    ----------
    what : str
        What is wrong, in one sentence.
    where : str, optional
        File, line, path in the file or object id, as precise as is known.
    hint : str, optional
        What to do about it.
    """

    def __init__(self, what: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}\n  {self.hint}" if self.hint else text

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.what, self.where, self.hint))


def _rebuild(kind: type[TwinError], what: str, where: str | None, hint: str | None) -> TwinError:
    return kind(what, where=where, hint=hint)


class MissingFileError(TwinError, FileNotFoundError):
    """A file or folder that was asked for is not there."""


class FormatError(TwinError, ValueError):
    """A file is not what it says it is, or is broken as a whole."""


class CRSError(TwinError, ValueError):
    """A coordinate reference system is missing, unknown, or not in metres."""


class GeometryError(TwinError, ValueError):
    """A geometry cannot be used: empty, not closed, of the wrong kind."""


class GridError(TwinError, ValueError):
    """A grid has no cells, too many, or does not match another."""


class ScenarioError(TwinError, ValueError):
    """A scenario file says something that is not valid."""


class WalkableError(TwinError, ValueError):
    """The floor cannot be made: no level, nothing to stand on."""


class StairError(WalkableError):
    """A stair does not join two levels."""


class UnreachableError(TwinError, ValueError):
    """A goal cannot be reached from where people start."""


class StartError(TwinError, ValueError):
    """People would start where nobody can stand."""


class ParameterError(TwinError, ValueError):
    """A parameter is out of its range."""


class ResultError(TwinError, ValueError):
    """A folder does not hold a result, or results do not belong together."""


class InterruptedRunError(TwinError, RuntimeError):
    """A comparison was interrupted before it could compare; `result` holds what was done until then."""

    result: object = None


class OutputError(TwinError, OSError):
    """Something could not be written."""


class MissingExtraError(TwinError, ImportError):
    """An optional part is not installed; the message names the extra."""


class RenderingError(TwinError, RuntimeError):
    """Nothing can be drawn here: the system lacks what rendering needs."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean `x`?"`` for the nearest known word, or an empty string.

    A wrong suggestion is worse than none, so words have to be near: capitals do not count, the first letter nearly always
    holds in a slip of the pen, and words that begin alike (``closing``, ``closure``) may end differently.
    """
    by_fold: dict[str, str] = {}
    for one in known:
        by_fold.setdefault(one.casefold(), one)
    asked = word.casefold()
    for near in get_close_matches(asked, by_fold, n=5, cutoff=0.55):
        if _is_near(asked, near):
            return f"; did you mean `{by_fold[near]}`?"
    return ""


def _is_near(word: str, near: str) -> bool:
    ratio = SequenceMatcher(None, near, word).ratio()
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(word, near, strict=False)))
    if alike >= 4 and 2 * alike >= len(word):
        return True
    return ratio >= (0.7 if word.lstrip("._-")[:1] == near.lstrip("._-")[:1] else 0.8)
