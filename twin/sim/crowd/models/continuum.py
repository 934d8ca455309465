"""The continuum model by its name and plain numbers, as scenarios set it; it is solved in `twin.sim.crowd.continuum`."""

from __future__ import annotations

from typing import NamedTuple

from twin.sim.crowd.fundamental_diagram import FundamentalDiagram
from twin.sim.crowd.hughes import Hughes


class ContinuumModel(NamedTuple):
    """Parameters of the continuum model.

    Attributes
    ----------
    free_speed : float
        Speed of who walks alone [m/s]; nan for the mean of the people of the run.
    shape, jam : float
        Of the fundamental diagram [1/m2]: where people begin to be in each other's way, and where nobody moves.
    ways_every, informed, aside, passing : float
        As in `Hughes`.
    """

    free_speed: float = float("nan")
    shape: float = FundamentalDiagram().shape
    jam: float = FundamentalDiagram().jam
    ways_every: float = Hughes().ways_every
    informed: float = Hughes().informed
    aside: float = Hughes().aside
    passing: float = Hughes().passing

    def check(self) -> None:
        """Raise a ParameterError when a parameter is out of its range."""
        self.hughes(FundamentalDiagram().free_speed).check()

    def hughes(self, mean_speed: float) -> Hughes:
        """The model for people of a mean speed [m/s]."""
        free = mean_speed if self.free_speed != self.free_speed else self.free_speed
        diagram = FundamentalDiagram(free, self.shape, self.jam)
        return Hughes(diagram, self.ways_every, self.informed, self.aside, self.passing)
