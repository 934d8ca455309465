"""A population that walks by the continuum model, with the face of a crowd of persons as the loop and the measures need it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.discretize import Ground
from twin.errors import ScenarioError
from twin.population import Population
from twin.population.flowing import flowing
from twin.scenario.model import CrowdSettings
from twin.sim.crowd.continuum import Continuum
from twin.sim.crowd.watch import Watch
from twin.sim.model import Hours

STEP_S = 0.5
"""Step of the continuum [s]; it divides its steps itself where people would walk further than a cell."""


class FlowCrowd:
    """People as densities.

    Parameters
    ----------
    ground : Ground
    population : Population
    crowd : CrowdSettings
        Of the model ``continuum``.
    parallel : bool, optional
        As for `Continuum`.

    Attributes
    ----------
    gone : (G,) float64
        People who have left by each goal.
    exit_time : (N,) float64
        When so many had left, at the end of the run [s]; NaN for those who had not.

    Raises
    ------
    ScenarioError
        For what the model does not know.
    StartError, UnreachableError
        As for `Continuum`.
    """

    def __init__(self, ground: Ground, population: Population, crowd: CrowdSettings, *, parallel: bool | None = None) -> None:
        model: Any = crowd.walking_model()
        if crowd.avoid_jams is not None:
            set_ = {"informed", "ways_every"} & set(crowd.model_parameters)
            if set_:
                hint = "set one of them"
                raise ScenarioError(f"`avoid_jams` and `{min(set_)}` of the continuum say the same", where="crowd", hint=hint)
            model = model._replace(informed=crowd.avoid_jams.share, ways_every=crowd.avoid_jams.every_s)
        start = flowing(population, ground, jam=model.jam)
        self._flow = Continuum(
            ground.floor, population.goals, start.sources, model.hughes(start.mean_speed), dt=STEP_S, routes=population.routes,
            parallel=parallel,
        )  # fmt: skip
        for goal, density in start.placed:
            self._flow.place(goal, density)
        self._hours, self._standing = population.facilities.exit_hours, start.waiting
        self._people = len(population.people.x)
        self._standing_people = [float(group.density.sum()) * ground.floor.cell**2 for group in start.waiting]
        self.watch = Watch(0)
        self.dt = STEP_S

    @property
    def step(self) -> int:
        """Steps done."""
        return self._flow.step

    @property
    def time(self) -> float:
        """Time since the start [s]."""
        return self._flow.time

    @property
    def gone(self) -> NDArray[np.float64]:
        """People who have left by each goal, (G,)."""
        return self._flow.left

    @property
    def left(self) -> float:
        """People who have left."""
        return float(self._flow.left.sum())

    @property
    def present(self) -> float:
        """People on the floor, those who stand until they set out included."""
        return self._flow.present + sum(
            people for people, group in zip(self._standing_people, self._standing, strict=True) if group.until > self.time
        )

    @property
    def waiting(self) -> float:
        """People who are due but find no room."""
        return self._flow.waiting

    @property
    def finished(self) -> bool:
        """Whether everybody has come and gone."""
        return self._flow.finished

    @property
    def exit_time(self) -> NDArray[np.float64]:
        """When each number of people had left, (N,) [s]; the first is the time at which half a person had."""
        times, left = self._flow.history
        total = left.sum(axis=1)
        wanted = np.arange(self._people) + 0.5
        rising = np.concatenate([[True], np.diff(total) > 0.0])
        return np.interp(wanted, total[rising], times[rising], right=np.nan)

    def advance(self, steps: int) -> None:
        """Take a number of steps; exits open and close between them."""
        for _ in range(steps):
            if self._hours is not None:
                self._flow.capacity[:] = rates(self._hours, self.time)
            self._flow.advance(1)

    def seen(self) -> NDArray[np.float64]:
        """People to the square metre of each navigation cell, (L, H, W), those who stand until they set out included."""
        density = self._flow.density()
        for group in self._standing:
            if group.until > self.time:
                density.ravel()[group.cells] += group.density
        return density

    def state(self) -> dict[str, NDArray[Any]]:
        """For a checkpoint."""
        return self._flow.state()

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """The other way round; raises as `Continuum.restore`."""
        self._flow.restore(state)


def rates(hours: Hours, time: float) -> NDArray[np.float64]:
    """People a second that each lets through at a time, (M,)."""
    now = ((hours.opens <= time + 1e-9) & (time + 1e-9 < hours.closes)).any(axis=1)
    return np.where(now, hours.per_s, 0.0)
