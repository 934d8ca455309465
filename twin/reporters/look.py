"""The crowd as reporters see it."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from twin.sim.model import Snapshot


class Look:
    """The crowd at one moment. What several reporters need of it is made once.

    Parameters
    ----------
    crowd : Crowd or FlowCrowd
        Not to be changed while it is looked at.
    """

    def __init__(self, crowd: Any) -> None:
        self.crowd = crowd
        self.time: float = crowd.time

    @cached_property
    def now(self) -> Snapshot:
        """Who is where."""
        now: Snapshot = self.crowd.snapshot()
        return now


class Reporter(Protocol):
    """Looks at the crowd at whole multiples of its stride."""

    stride: int
    keeps: str
    """What it keeps, in a word for people."""

    def begin(self, look: Look) -> None:
        """See the crowd before its first step."""

    def report(self, look: Look) -> None:
        """Keep what is needed of the present moment."""

    def state(self, folder: Path) -> dict[str, NDArray[Any]]:
        """All that was kept, as plain arrays; what is in files already goes to the folder as files."""

    def restore(self, state: dict[str, NDArray[Any]], folder: Path) -> None:
        """Be as when `state` was asked for. Nothing in the folder is changed."""
