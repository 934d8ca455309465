"""Collision-free speed model V2 (Tordeux, Chraibi, Seyfried 2016, doi:10.1007/978-3-319-33482-0_29; V2 as in JuPedSim).

A person turns away from neighbours and walls and walks no faster than the gap ahead allows::

    e = norm(e0 + sum_j -A exp((l - d) / D) n_ij + sum_w -A_w exp((r - d) / D_w) n_iw)
    v = min(max(s / T, 0), v0),   s = min over neighbours ahead (d - l)

where n points to the neighbour or wall, l = r_i + r_j, and a neighbour is ahead when e.n >= 0 and its lateral
distance to the line of walking is at most l.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from twin.errors import ParameterError

NEGLIGIBLE = 3e-3
"""A repulsion below this part of the desired direction is left out; it sets the reach of a person."""


class CollisionFreeSpeed(NamedTuple):
    """Parameters of the model.

    Attributes
    ----------
    time_gap : float
        Headway at which people slow down, T [s]. 0.5 gives measured flows through bottlenecks; JuPedSim's default is 1.
    strength, range : float
        Of the repulsion between people, A [1] and D [m].
    wall_strength, wall_range : float
        Of the repulsion by walls, A_w [1] and D_w [m].
    """

    time_gap: float = 0.5
    strength: float = 8.0
    range: float = 0.1
    wall_strength: float = 5.0
    wall_range: float = 0.02

    def check(self) -> None:
        """Raise a ParameterError when a parameter is out of its range."""
        for name, value in self._asdict().items():
            if not (math.isfinite(value) and value > 0):
                raise ParameterError(f"`{name}` of the collision-free speed model is {value}", hint="give a positive number")

    def reach(self, radius: float, other_radius: float, desired_speed: float) -> float:
        """Distance beyond which somebody else does not matter [m]."""
        contact = radius + other_radius
        turning = self.range * math.log(max(self.strength / NEGLIGIBLE, 1.0))
        return contact + max(turning, desired_speed * self.time_gap)

    def wall_reach(self, radius: float) -> float:
        """Distance beyond which a wall does not matter [m]."""
        return radius + self.wall_range * math.log(max(self.wall_strength / NEGLIGIBLE, 1.0))
