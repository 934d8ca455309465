"""When people enter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.rng import uniforms
from twin.scenario.apply import Changed
from twin.scenario.changes import Arrivals
from twin.scenario.model import Scenario


def expected_people(scenario: Scenario, changed: Changed) -> int:
    """How many people a scenario brings, without placing them."""
    arrivals = [*scenario.crowd.flows, *(a for event in changed.events for a in event.arrivals)]
    present = sum(zone.present for event in changed.events for zone in event.zones)
    return present + sum(len(entry_times(a, scenario.crowd.duration_s, 0)) for a in arrivals)


def entry_times(arrivals: Arrivals, duration: float, seed: int) -> NDArray[np.float64]:
    """When each person enters, rising: one in each equal share of the flow, at a random moment of it."""
    if arrivals.profile is not None:
        times = np.array([t for t, _ in arrivals.profile])
        rate = np.array([r for _, r in arrivals.profile]) / 60.0
        total = np.concatenate([[0.0], np.cumsum(0.5 * (rate[1:] + rate[:-1]) * np.diff(times))])
        count = round(total[-1])
        due = (np.arange(count) + uniforms(seed, f"{arrivals.id}/time", count)) * (total[-1] / max(count, 1))
        k = np.clip(np.searchsorted(total, due, side="right") - 1, 0, len(times) - 2)
        width = times[k + 1] - times[k]
        slope = (rate[k + 1] - rate[k]) / width
        more = due - total[k]
        root = np.sqrt(np.maximum(rate[k] ** 2 + 2.0 * slope * more, 0.0))
        into = 2.0 * more / np.maximum(rate[k] + root, 1e-12)
        return np.sort(times[k] + np.clip(into, 0.0, width))
    count = arrivals.people or 0
    until = arrivals.until_s if arrivals.until_s is not None else duration
    until = max(until, arrivals.from_s)
    share = (np.arange(count) + uniforms(seed, f"{arrivals.id}/time", count)) / max(count, 1)
    return arrivals.from_s + share * (until - arrivals.from_s)
