"""The equations of the model beside those of JuPedSim: flow through bottlenecks with the same parameters."""

from __future__ import annotations

from functools import partial

import numpy as np
import shapely

from twin.verification.case import Case, Chart, Curve, Found, Measure, Site, Trial
from twin.verification.presets import PRESETS
from twin.verification.walking import crowd_in, lattice, left_over_time, steady_flow, walk

SEEDS = 3
_ROOM = shapely.box(0, 0, 10, 10)


def bottleneck(width: float) -> Site:
    """A room of 10 x 10 m with a neck 4 m long."""
    neck = shapely.box(10, 5.0 - 0.5 * width, 14, 5.0 + 0.5 * width)
    area = shapely.union_all([_ROOM, neck, shapely.box(14, 0, 17, 10)])
    return Site({"floor": area}, {"exit": (shapely.box(15, 0, 17, 10), "floor")}, {"180 people": (_ROOM, "floor")})


def _flow(site: Site, width: float, known: float, speed: float, gap: float, trial: Trial) -> Found:
    model, radius = PRESETS["jupedsim"]
    model = model._replace(time_gap=gap)
    flows, curves = [], []
    for seed in range(trial.seed, trial.seed + SEEDS):
        points = lattice(_ROOM, 180, seed=seed)
        crowd = crowd_in(site, trial._replace(seed=seed), points, speed=speed, radius=radius, model=model, cell=0.1, dt=0.01)
        walk(crowd, 400.0)
        flows.append(steady_flow(crowd.exit_time, 30, 150) / width)
        curves.append(Curve(f"seed {seed}", *left_over_time(crowd)))
    mean = float(np.mean(flows))
    return Found(
        (Measure("specific flow", mean, "/(m s)", 0.9 * known, 1.1 * known),), Chart(tuple(curves), "time (s)", "people out")
    )


def _case(width: float, known: float, speed: float, gap: float) -> Case:
    site = bottleneck(width)
    return Case(
        f"cfsm-v2-{width:g}m-v{speed:g}-t{gap:g}",
        "JuPedSim 1.4.2",
        "CFSM-V2",
        f"Flow through a bottleneck of {width:g} m; v0 {speed:g} m/s, T {gap:g} s",
        f"180 people leave a room of 10 x 10 m by a neck 4 m long; dt 0.01 s; mean of {SEEDS} seeds from the one given. Parameters "
        "are those of JuPedSim, whatever the preset.",
        f"JuPedSim's {known:g} /(m s) within 10 %: for the noise over starting places, and for the set-up, of which the room "
        f"and the "
        "width are known.",
        "JuPedSim 1.4.2, CollisionFreeSpeedModelV2, same parameters, measured with dt 0.01 s",
        partial(_flow, site, width, known, speed, gap),
        site,
    )


def cases() -> tuple[Case, ...]:
    """Three widths with JuPedSim's defaults, two with shorter headways."""
    known = ((1.2, 1.06, 1.2, 1.0), (2.0, 1.09, 1.2, 1.0), (3.0, 1.17, 1.2, 1.0), (1.2, 1.79, 1.34, 0.5), (2.0, 1.85, 1.34, 0.5))
    return tuple(_case(*one) for one in known)
