"""Where people enter the floor: at their start, and again at the other end of a ride."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.sim.model import People


class Entries:
    """Where each person enters next.

    Parameters
    ----------
    people : People
    stage, node : (N,) int32
        Where each is in its journey when it first enters, and on which node it stands then.
    height : (N,) float64
        Of the floor there [m].
    change : bool
        Whether people enter more than once; otherwise the arrays of `people` are used as they are.
    """

    def __init__(
        self, people: People, stage: NDArray[np.int32], node: NDArray[np.int32], height: NDArray[np.float64], *, change: bool
    ) -> None:
        self.change = change
        self.x, self.y, self.level, self.stage, self.node, self.height = (
            np.array(values, copy=change or None) for values in (people.x, people.y, people.level, stage, node, height)
        )

    def put(self, person: int, x: float, y: float, level: int, node: int, height: float) -> None:
        """Have somebody enter at another place from now on."""
        self.x[person], self.y[person], self.level[person] = x, y, level
        self.node[person], self.height[person] = node, height

    def state(self) -> dict[str, NDArray[Any]]:
        """For a checkpoint."""
        if not self.change:
            return {}
        return {
            "enter_x": self.x, "enter_y": self.y, "enter_level": self.level, "enter_stage": self.stage, "enter_node": self.node,
            "enter_height": self.height,
        }  # fmt: skip

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """The other way round."""
        if self.change:
            self.x, self.y, self.level = (state[f"enter_{name}"].copy() for name in ("x", "y", "level"))
            self.stage, self.node, self.height = (state[f"enter_{name}"].copy() for name in ("stage", "node", "height"))
