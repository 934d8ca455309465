"""Set-ups walked by JuPedSim 1.4.2 as well, with what it gave: the preset ``jupedsim`` is held against these.

``python -m benchmarks.beside_jupedsim`` walks them with both and prints the figures that are recorded here. All with the
defaults of JuPedSim's CollisionFreeSpeedModelV2 (T 1 s, A 8, D 0.1 m, A_w 5, D_w 0.02 m, 1.2 m/s, radius 0.2 m), dt 0.01 s, and the
same starting places on both sides. Ways differ a little: JuPedSim walks to the middle of an exit, past corners at 0.2 m.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.verification.case import Case, Found, Measure, Site, Trial
from twin.verification.presets import PRESETS
from twin.verification.scenes import Scene, crowd_in, exit_times, lattice

DT_S = 0.01
SPEED_M_S = 1.2
"""Everybody's free speed, JuPedSim's default."""

PRESET = PRESETS["jupedsim"]


class Recorded(NamedTuple):
    """A figure of JuPedSim's over seeds.

    Attributes
    ----------
    make : callable
        The scene of a seed.
    figure : callable
        From the times at which people left (sorted, those who did) to the figure.
    title, quantity, unit : str
    seeds : int
        From 1 on.
    mean, sd : float
        What JuPedSim gave: mean and standard deviation over the seeds.
    """

    make: Callable[[int], Scene]
    figure: Callable[[NDArray[np.float64]], float]
    title: str
    quantity: str
    unit: str
    seeds: int
    mean: float
    sd: float


def bottleneck(width: float, seed: int) -> Scene:
    """180 people in a room of 10 x 10 m with a neck 4 m long."""
    neck = shapely.box(10.0, 5.0 - 0.5 * width, 14.0, 5.0 + 0.5 * width)
    area = shapely.union_all([shapely.box(0, 0, 10, 10), neck, shapely.box(14, 0, 17, 10)])
    points = lattice((0.0, 0.0, 10.0, 10.0), 180, seed=seed)
    return Scene(area, (shapely.box(15, 0, 17, 10),), points, np.zeros(180, np.int32), 400.0)


def straight(seed: int) -> Scene:
    """80 people in the first half of a corridor of 40 x 2 m."""
    points = lattice((0.0, 0.0, 20.0, 2.0), 80, seed=seed)
    return Scene(shapely.box(0, 0, 41, 2), (shapely.box(40, 0, 41, 2),), points, np.zeros(80, np.int32), 200.0)


def corner(seed: int, people: int = 40) -> Scene:
    """People who walk round a left corner of a corridor 2 m wide."""
    area = shapely.union_all([shapely.box(0, 0, 12, 2), shapely.box(10, 0, 12, 12)])
    points = lattice((0.0, 0.0, 10.0, 2.0), people, seed=seed) if people > 1 else np.array([[1.0, 0.4 + 0.2 * seed]])
    return Scene(area, (shapely.box(10, 11, 12, 12),), points, np.zeros(people, np.int32), 200.0)


def head_on(seed: int) -> Scene:
    """Two people who meet in a corridor 3 m wide, a few centimetres to the side of each other's way."""
    aside = 0.02 * seed
    points = np.array([[1.5, 1.5], [18.5, 1.5 + aside]])
    return Scene(
        shapely.box(0, 0, 20, 3), (shapely.box(0, 0, 1, 3), shapely.box(19, 0, 20, 3)), points, np.array([1, 0], np.int32), 60.0
    )


def flow(width: float, times: NDArray[np.float64]) -> float:
    """Specific flow from the 30th to the 150th who leaves [1/(m s)]."""
    if len(times) < 150:
        return float("nan")
    return float(np.polyfit(times[29:150], np.arange(30, 151), 1)[0]) / width


def last(count: int, times: NDArray[np.float64]) -> float:
    """When the last has left [s]."""
    return float(times[-1]) if len(times) == count else float("nan")


def times_of(scene: Scene) -> NDArray[np.float64]:
    """When people left with the preset ``jupedsim``, sorted [s]."""
    return exit_times(crowd_in(scene, PRESET.model, speed=SPEED_M_S, radius=PRESET.radius, dt=DT_S), scene.duration)


def _bottleneck(width: float, mean: float, sd: float) -> Recorded:
    title = f"180 people through a bottleneck of {width:g} m"
    return Recorded(partial(bottleneck, width), partial(flow, width), title, "specific flow", "/(m s)", 6, mean, sd)


RECORDED: dict[str, Recorded] = {
    "bottleneck-1.2m": _bottleneck(1.2, 1.061, 0.061),
    "bottleneck-2m": _bottleneck(2.0, 1.115, 0.019),
    "bottleneck-3m": _bottleneck(3.0, 1.172, 0.018),
    "corridor": Recorded(
        straight, partial(last, 80), "80 people in a corridor of 40 x 2 m", "time of the last", "s", 8, 52.55, 0.59
    ),
    "corner": Recorded(corner, partial(last, 40), "40 people round a corner", "time of the last", "s", 8, 36.05, 1.06),
    "corner-alone": Recorded(
        partial(corner, people=1), partial(last, 1), "one person round a corner", "time", "s", 6, 15.415, 0.023
    ),
    "head-on": Recorded(head_on, partial(last, 2), "two people who meet in a corridor", "time of the last", "s", 8, 15.205, 0.027),
}
"""By name."""


def _found(recorded: Recorded, trial: Trial) -> Found:
    seeds = range(trial.seed, trial.seed + recorded.seeds)
    values = [recorded.figure(times_of(recorded.make(seed))) for seed in seeds]
    off = max(2.0 * recorded.sd, 0.01 * recorded.mean)
    low, high = recorded.mean - off, recorded.mean + off
    return Found(
        (
            Measure(f"{recorded.quantity}, mean of {recorded.seeds} seeds", float(np.mean(values)), recorded.unit, low, high),
            Measure("JuPedSim", recorded.mean, recorded.unit),
            Measure("standard deviation over the seeds", float(np.std(values, ddof=1)), recorded.unit, digits=3),
        )
    )


def _case(name: str, recorded: Recorded) -> Case:
    scene = recorded.make(1)
    start = shapely.MultiPoint(scene.points).envelope.buffer(0.25)
    site = Site(
        {"floor": scene.area}, {f"exit {k + 1}": (shape, "floor") for k, shape in enumerate(scene.exits)},
        {f"{len(scene.points)} people": (start, "floor")},
    )  # fmt: skip
    return Case(
        f"jupedsim-{name}",
        "JuPedSim 1.4.2",
        "beside it",
        recorded.title,
        "The same starts in JuPedSim and here, dt 0.01 s, parameters and radius those of JuPedSim, whatever the preset.",
        "JuPedSim's mean within twice its standard deviation over the seeds, and within 1 % where that is less: exits and ways "
        "differ by a cell.",
        "JuPedSim 1.4.2, CollisionFreeSpeedModelV2 with its defaults (benchmarks/beside_jupedsim.py)",
        partial(_found, recorded),
        site,
        slow=True,
    )


def cases() -> tuple[Case, ...]:
    """Bottlenecks, a corridor, a corner, one person alone, two who meet."""
    return tuple(_case(name, recorded) for name, recorded in RECORDED.items())
