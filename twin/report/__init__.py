"""The planner's report of a comparison: one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from twin.compare import Comparison
from twin.errors import ParameterError
from twin.report.page import Page
from twin.report.texts import LANGUAGES
from twin.result import Result

__all__ = ["write"]


def write(
    comparison: Comparison | Result,
    pictures: Mapping[str, bytes] | None = None,
    scene_href: str | None = None,
    *,
    language: str = "en",
) -> str:
    """Write the report.

    Parameters
    ----------
    comparison : Comparison or Result
        What was compared; a single result gives the same page with one side.
    pictures : mapping of str to bytes, optional
        PNG files: ``"before"`` and ``"after"`` (or ``"after"`` alone), and any other, by caption.
    scene_href : str, optional
        Relative address of the exported scene.
    language : {"en"}

    Returns
    -------
    str
        The page. It loads nothing from anywhere; every text from a file is escaped.

    Raises
    ------
    ParameterError
        For a language that is not there.
    """
    if language not in LANGUAGES:
        raise ParameterError(f"there is no report in `{language}`", hint=f"there is: {', '.join(LANGUAGES)}")
    return Page(comparison, dict(pictures or {}), scene_href, LANGUAGES[language]).html()
