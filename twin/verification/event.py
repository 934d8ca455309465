"""Measured people beside the model: the corridor and the exits that the preset ``event`` was calibrated with, over other seeds.

The set-ups are those of `twin.verification.measured`; ``python -m benchmarks.calibrate_crowd`` prints them with their spread, and
has the search. People have the free speeds of the experiment.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import shapely

from twin.verification.case import Case, Chart, Curve, Found, Measure, Site, Trial
from twin.verification.measured import (
    LEAST_FLOW_OPEN,
    MEASURED_CORRIDOR,
    MEASURED_FLOW,
    Battery,
    Figures,
    Setup,
    corridor,
    door,
    figures_of,
    narrow_exit,
)
from twin.verification.presets import PRESETS, model_of, radius_of

PRESET = PRESETS["event"]
SEEDS, ROOMS = 12, 20
NEAR = 0.1
"""How far from what was measured a figure may be."""

_ZHANG = "Zhang, Klingsch, Schadschneider, Seyfried 2011, arXiv:1102.4766"
_ADRIAN = "Adrian, Seyfried, Sieben 2020, doi:10.1098/rsif.2019.0871"


def setups(seeds: Sequence[int]) -> tuple[list[Setup], list[int]]:
    """The corridor with all its entrances and exits, the narrow exit twice and a door of 0.8 m, for each seed; and the seeds."""
    widths = [(entrance, leave) for entrance, leave, _, _ in MEASURED_CORRIDOR] + [(1.8, 1.4), (1.8, 0.6)]
    ones = [*(corridor(*pair) for pair in widths), narrow_exit(), narrow_exit(), door(0.8)]
    every = [(setup, seed + 100 * (k == len(widths) + 1)) for seed in seeds for k, setup in enumerate(ones)]
    return [setup for setup, _ in every], [seed for _, seed in every]


@lru_cache(maxsize=1)
def _figures(trial: Trial) -> Figures:
    battery = Battery(*setups(range(trial.seed, trial.seed + SEEDS)))
    return figures_of(battery.setups, battery.run(model_of(trial.preset), radius=radius_of(trial.preset)))


def speeds(trial: Trial) -> Found:
    """Speed in the corridor at every density that was measured."""
    found = _figures(trial).speed
    measures = tuple(
        Measure(f"speed at {density:g} /m2", float(value), "m/s", (1.0 - NEAR) * measured, (1.0 + NEAR) * measured, digits=3)
        for (_, _, density, measured), value in zip(MEASURED_CORRIDOR, found, strict=True)
    )
    density, measured = np.array(MEASURED_CORRIDOR)[:, 2:].T
    curves = Curve("measured", density, measured), Curve("model", density, found)
    return Found(measures, Chart(curves, "people /m2", "speed (m/s)"))


def flows(trial: Trial) -> Found:
    """Specific flow by the width of the exit."""
    found = _figures(trial).flow
    measures = [
        Measure(f"flow at {width:g} m", found[width], "/(m s)", (1.0 - NEAR) * measured, (1.0 + NEAR) * measured)
        for width, measured in MEASURED_FLOW.items()
    ]
    return Found((*measures, Measure("flow at 1.8 m", found[1.8], "/(m s)", (1.0 - NEAR) * LEAST_FLOW_OPEN)))


def rooms(trial: Trial) -> Found:
    """Rooms with a door of 0.8 m that empty, of twenty."""
    battery = Battery([door(0.8)] * ROOMS, range(trial.seed, trial.seed + ROOMS))
    found = battery.run(model_of(trial.preset), radius=radius_of(trial.preset), duration=400.0)
    flow = float(np.nanmean([one.flow for one in found]))
    emptied = sum(one.passed >= 180 for one in found)
    return Found((Measure("rooms that empty", emptied, low=ROOMS, high=ROOMS, digits=0), Measure("specific flow", flow, "/(m s)")))


def _site(setup: Setup) -> Site:
    start = shapely.box(*setup.start)
    return Site(
        {"floor": setup.area}, {"exit": (setup.leave_by, "floor")}, {f"{setup.people} people": (start, "floor")},
        lines={"counted": (setup.line, "floor")},
    )  # fmt: skip


def cases() -> tuple[Case, ...]:
    """The corridor, the exits, and the door that nobody may be stuck at."""
    again = f"walked again with the free speeds of the experiment (1.55 m/s, sd 0.18); mean of {SEEDS} seeds from the one given."
    return (
        Case(
            "people-corridor", "Measured people", "corridor", "Speed by density in a corridor",
            f"150 people in a corridor of 1.8 m, with entrances and exits that bring about nine densities, {again}",
            "Each measured speed within 10 %.", _ZHANG, speeds, _site(corridor(1.8, 0.95)), seed=21, slow=True,
        ),
        Case(
            "people-exits", "Measured people", "exits", "Flow by the width of the exit",
            f"75 people before an exit of 0.5 m, 150 in the corridor before exits of 0.7, 0.95 and 1.8 m, {again}",
            "Each measured specific flow within 10 %; that of 1.8 m, not saturated, at least what was measured less 10 %.",
            f"{_ADRIAN}; {_ZHANG}", flows, _site(narrow_exit()), seed=21, slow=True,
        ),
        Case(
            "people-door", "Measured people", "door", "Nobody is stuck at a door",
            f"180 people leave a room of 10 x 10 m by a door of 0.8 m, with {ROOMS} seeds from the one given.",
            "Every room empties within 400 s.", "people do not hold each other up for good at a usual door", rooms,
            _site(door(0.8)), slow=True,
        ),
    )  # fmt: skip
