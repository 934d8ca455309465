"""How far a run is: a bar on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress


class Bar(Protocol):
    """What a run tells its progress to, and where it hears that it must stop."""

    stopped: bool

    def advance(self, seconds: float) -> None:
        """Some more of the total is done: seconds of the simulated time, unless the bar is told to count something else."""


class Quiet:
    """Nobody watches."""

    stopped = False

    def advance(self, seconds: float) -> None:
        """Nobody watches."""


class _RichBar:
    stopped = False

    def __init__(self, progress: Progress, task: Any) -> None:
        self._progress, self._task = progress, task

    def advance(self, seconds: float) -> None:
        self._progress.advance(self._task, seconds)


@contextmanager
def progress_bar(total: float, label: str, show: bool | None, *, unit: str = "s simulated") -> Iterator[Bar]:
    """A bar on a terminal's standard error; nothing in a library, a pipe or a notebook."""
    if not (sys.stderr.isatty() if show is None else show):
        yield Quiet()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"), BarColumn(), TextColumn(f"{{task.completed:.0f}} of {{task.total:.0f}} {unit}"),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield _RichBar(progress, progress.add_task(label, total=total))
