"""Hughes' continuum model (2002, doi:10.1016/S0191-2615(01)00015-7): a crowd as a fluid that thinks.

The density rho_g of those bound for goal g obeys::

    d rho_g / dt + div(rho_g f(rho) e_g) = 0,    e_g = -grad T_g / |grad T_g|,    |grad T_g| = 1 / f(rho)

with rho the sum over goals and f Weidmann's fundamental diagram. The times T_g are found anew every few seconds, so people go
round a jam; in between they step aside, across their way, to where it is emptier (as in Colombo, Garavello and Lecureux-Mercier
2012, doi:10.1142/S0218202511500230): without that, a door would be used at its corners only, where the shortest ways lead.

What it cannot tell: nobody is one person here, so speeds, groups and queues are those of a mean; and streams that cross where
both are dense block each other more than people do, who find gaps (two of them pass at about 0.6 of the capacity of one).
"""

from __future__ import annotations

from typing import NamedTuple

from twin.errors import ParameterError
from twin.sim.crowd.fundamental_diagram import FundamentalDiagram


class Hughes(NamedTuple):
    """Parameters of the model.

    Attributes
    ----------
    diagram : FundamentalDiagram
    ways_every : float
        How often people look for their way anew [s]; inf for never. They judge by the mean of what they saw before and see
        now, so that not all run from one jam into the next.
    informed : float
        Share of people who know of jams, 0 to 1; the others take the way that is best in an empty city.
    aside : float
        Tangent of the angle by which people turn across their way where the density falls by 1 /m2 in a metre, and at most.
    passing : float
        Speed at which people in a jam change places with those who come towards them [m/s]. Our own: at 0, two crowds that
        meet head on stand for ever; at 0.2, both together pass at nine tenths of the capacity of one.
    """

    diagram: FundamentalDiagram = FundamentalDiagram()
    ways_every: float = 10.0
    informed: float = 1.0
    aside: float = 0.5
    passing: float = 0.2

    def check(self) -> None:
        """Raise a ParameterError when a parameter is out of its range."""
        self.diagram.check()
        slowest = self.diagram.capacity / self.diagram.jam  # at which people leave a jam
        for name, least, most in (("informed", 0.0, 1.0), ("aside", 0.0, 1.0), ("passing", 0.0, slowest)):
            value = getattr(self, name)
            if not least <= value <= most:
                raise ParameterError(f"`{name}` of the continuum model is {value}", hint=f"give {least:g} to {most:.3g}")
        if not self.ways_every > 0:
            raise ParameterError(f"`ways_every` of the continuum model is {self.ways_every} s", hint="give a positive time, or inf")
