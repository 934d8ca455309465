"""The crowd as reporters see it."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

from twin.sim.crowd.engine import Crowd
from twin.sim.model import Snapshot


class Look:
    """The crowd at one moment. What several reporters need of it is made once.

    Parameters
    ----------
    crowd : Crowd
        Not to be changed while it is looked at.
    """

    def __init__(self, crowd: Crowd) -> None:
        self.crowd = crowd
        self.time = crowd.time

    @cached_property
    def now(self) -> Snapshot:
        """Who is where."""
        return self.crowd.snapshot()


class Reporter(Protocol):
    """Looks at the crowd at whole multiples of its stride."""

    stride: int

    def begin(self, look: Look) -> None:
        """See the crowd before its first step."""

    def report(self, look: Look) -> None:
        """Keep what is needed of the present moment."""
