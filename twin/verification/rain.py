"""Rain: a lake at rest, uniform flow, a dam break beside Ritter's, a bowl of known volume, and the balance of a cloudburst."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.sim.impact import fill_spill, inertial
from twin.sim.impact.inertial import GRAVITY, INTO_WATER, LEFT, OUTSIDE, RAIN, SEWER, SOAKED, WALL, WATER, Ground
from twin.verification.case import Case, Chart, Curve, Found, Measure, Site, Trial

_PAVED, _SOFT = 3, 4
_LAKE = Site({"land": shapely.box(0, 0, 60, 60)}, areas={"lake": shapely.Point(30, 30).buffer(24)})
_STREET = Site({"street": shapely.box(0, 0, 600, 8)}, areas={"rain": shapely.box(0, 0, 300, 8)})
_DAM = Site({"bed": shapely.box(-500, 0, 500, 20)}, areas={"water": shapely.box(-500, 0, 0, 20)})
_BOWL = Site({"plain": shapely.box(0, 0, 50, 50)}, areas={"bowl": shapely.Point(25, 25).buffer(20)})
_HOUSES = [shapely.box(10 + 20 * i, 10 + 20 * j, 20 + 20 * i, 20 + 20 * j) for i in range(4) for j in range(4)]
_TOWN = Site(
    {"town": shapely.box(0, 0, 90, 90).difference(shapely.union_all(_HOUSES))}, areas={"canal": shapely.box(42, 0, 48, 90)}
)


def _ground(z: NDArray[np.float64], kind: NDArray[np.uint8] | None = None, *, edge: int = WALL, manning: float = 0.03,
            cell: float = 2.0) -> Ground:  # fmt: skip
    own = np.full(z.shape, _PAVED, np.uint8) if kind is None else kind
    height, what = np.pad(z.astype(np.float64), 1, mode="edge"), np.pad(own, 1, constant_values=edge)
    supply = ((what != WALL) & (what != OUTSIDE)).astype(np.float64)
    return Ground(height, what, supply, np.array([0.0, *[manning] * 3, 0.05]), np.zeros(5), np.zeros(5), cell)


def _at_rest(trial: Trial) -> Found:
    rng = np.random.default_rng(trial.seed)
    y, x = np.mgrid[-30:30, -30:30] / 10.0
    ground = _ground(0.4 * np.hypot(x, y) + 0.3 * rng.random(x.shape), cell=1.0)
    depth = np.maximum(0.8 - ground.z, 0.0)
    flood = inertial.dry(ground, depth)
    start = flood.depth.copy()
    inertial.advance(ground, flood, 3600.0)
    flows = max(float(np.abs(flood.flow_x).max()), float(np.abs(flood.flow_y).max()))
    return Found((
        Measure("steps", float(flood.steps), "", digits=0),
        Measure("greatest change of depth in an hour, 1e-12 m", 1e12 * float(np.abs(flood.depth - start).max()), "", 0.0, 1.0, 4),
        Measure("greatest flow, 1e-12 m2/s", 1e12 * flows, "", 0.0, 1.0, 4),
    ))  # fmt: skip


def _uniform(trial: Trial) -> Found:
    """Rain on the upper half of a street; lower down all of it flows by, and stands as deep as Manning says."""
    length, rain = 300, 1e-4
    measures, curves = [], []
    for slope, n in ((0.002, 0.03), (0.005, 0.05), (0.001, 0.02)):
        ground = _ground(-slope * 2.0 * np.arange(length)[None, :].astype(np.float64), manning=n)
        kind, supply = ground.kind.copy(), ground.supply.copy()
        kind[1, -1] = OUTSIDE
        supply[:, length // 2 :] = 0.0
        ground = replace(ground, kind=kind, supply=supply)
        flood = inertial.advance(ground, inertial.dry(ground), 3 * 3600.0, rain)
        flow = rain * float(supply.sum()) * 2.0
        known = (flow * n / math.sqrt(slope)) ** 0.6
        far = slice(length // 2 + 20, length - 80)
        off = 100.0 * np.abs(flood.depth[1, far] / known - 1.0)
        measures.append(Measure(f"slope {slope:g}, n {n:g}: error of the depth {known:.4f} m", float(off.max()), "%", 0.0, 0.5, 3))
        curves.append(Curve(f"slope {slope:g}, n {n:g}", 2.0 * np.arange(length, dtype=np.float64), flood.depth[1, 1:-1].copy()))
    return Found(tuple(measures), Chart(tuple(curves), "distance (m)", "depth (m)"))


def _dam_break(trial: Trial) -> Found:
    half, time, wave = 1000, 100.0, math.sqrt(GRAVITY)
    ground = _ground(np.zeros((1, 2 * half)), manning=0.0, cell=1.0)
    depth = np.zeros(ground.z.shape)
    depth[1, 1 : half + 1] = 1.0
    flood = inertial.advance(ground, inertial.dry(ground, depth), time)
    x = (np.arange(2 * half, dtype=np.float64) + 0.5 - half) / (wave * time)
    found = flood.depth[1, 1:-1]
    ritter = np.where(x < -1, 1.0, np.where(x > 2, 0.0, (2.0 - x) ** 2 / 9.0))
    fan = (x > -0.95) & (x < -0.80)
    measures = (
        Measure("error behind the dam against h = (x / t)^2 / g", float(np.abs(found[fan] - x[fan] ** 2).max()), "m", 0.0, 0.03, 3),
        Measure("water that is lost or made, 1e-12 of it", 1e12 * abs(float(found.sum()) / half - 1.0), "", 0.0, 1.0, 3),
        Measure("depth at the dam; Ritter 0.444", float(found[half]), "m", 0.55, 0.60, 3),
        Measure("front over the speed of waves; Ritter 2", float(x[found > 0.01].max()), "", 0.62, 0.70, 3),
        Measure("mean error against Ritter where he has water", float(np.abs(found - ritter)[(x > -1) & (x < 2)].mean()), "m"),
    )
    shown = (x > -1) & (x < 2.2)
    curves = Curve("found", x[shown] + 1, found[shown]), Curve("Ritter", x[shown] + 1, ritter[shown])
    return Found(measures, Chart(curves, "distance over speed of waves and time; the dam is at 1", "depth (m)"))


def _bowl(trial: Trial) -> Found:
    y, x = np.mgrid[-25:26, -25:26]
    z = np.minimum(0.05 * np.hypot(x, y), 1.0)
    room = float((1.0 - z).sum())
    ground = _ground(z, edge=OUTSIDE, cell=1.0)
    measures = []
    for part in (0.25, 1.0, 1.5):
        supply = np.zeros(ground.z.shape)
        supply[26, 26] = part * room
        stood = fill_spill.stand(ground.z, ground.kind, supply)
        level = (ground.z + stood.depth)[stood.depth > 0]
        held = min(part, 1.0) * room
        measures += [
            Measure(f"{100 * part:g} % poured in: error of what it holds, 1e-12", 1e12 * abs(float(stood.depth.sum()) / held - 1.0),
                    "", 0.0, 1.0, 3),
            Measure(f"{100 * part:g} %: difference of levels, 1e-12 m", 1e12 * float(np.ptp(level)), "", 0.0, 1.0, 3),
        ]  # fmt: skip
    return Found(tuple(measures))


def _balance(trial: Trial) -> Found:
    """A cloudburst on blocks, gardens, streets with sewers and a canal, with open edges."""
    rng = np.random.default_rng(trial.seed)
    y, x = np.mgrid[:45, :45] * 2.0
    kind = np.where((x < 30) & (y > 60), _SOFT, _PAVED).astype(np.uint8)
    kind[(x >= 42) & (x < 48)] = WATER
    kind[(x % 20 >= 10) & (y % 20 >= 10) & (kind != WATER)] = WALL
    z = 2.0 + 0.01 * np.abs(x - 45) + 0.05 * rng.random(x.shape)
    z[kind == WATER] = 0.6
    ground = _ground(z, kind, edge=OUTSIDE, manning=0.02)
    ground = replace(ground, soak=np.array([0, 0, 0, 0, 10.0]) / 3.6e6, sewer=np.array([0, 0, 0, 20.0, 0]) / 3.6e6)
    flood = inertial.dry(ground)
    inertial.advance(ground, flood, 3600.0, 0.07 / 3600.0)
    inertial.advance(ground, flood, 5400.0)
    area = ground.cell**2
    parts = [flood.volume(what) for what in (SOAKED, SEWER, INTO_WATER, LEFT)]
    stands = math.fsum(flood.depth.ravel()) * area
    fell = flood.volume(RAIN)
    known = 0.07 * float(ground.supply.sum()) * area
    named = zip(("soaked away", "in sewers", "in the canal", "over the edges"), parts, strict=True)
    return Found((
        Measure("rain", fell, "m3", known - 1e-9, known + 1e-9, 3),
        *(Measure(name, value, "m3", 0.0, math.inf) for name, value in named),
        Measure("stands in the end", stands, "m3", 0.0, math.inf),
        Measure("rain that is nowhere, 1e-12 of it", 1e12 * abs(fell - stands - math.fsum(parts)) / fell, "", 0.0, 1.0, 4),
        Measure("least depth", float(flood.depth.min()), "m", 0.0, math.inf, 3),
    ))  # fmt: skip


def cases() -> tuple[Case, ...]:
    """At rest, uniform flow, a dam break, a bowl, the balance."""
    return (
        Case("rain-at-rest", "Rain", "lake at rest", "A lake at rest stays at rest",
             "A lake of 48 m over rough ground, left alone for an hour.",
             "Depths and flows change by no more than rounding: 1e-12.",
             "Known answer: hydrostatics", _at_rest, _LAKE),
        Case("rain-uniform", "Rain", "uniform flow", "A street carries what Manning says",
             "Rain on the upper 300 m of a street, until nothing changes; three slopes and roughnesses.",
             "Lower down the depth is (q n / sqrt(S))^0.6, within 0.5 % (the bound is ours).",
             "Known answer: Manning 1891", _uniform, _STREET),
        Case("rain-dam-break", "Rain", "dam break", "A dam break, beside Ritter's",
             "1 m of water behind a dam on a level bed without friction, 100 s later.",
             "Without advection h = (x / t)^2 / g behind the dam, within 0.03 m. It is known to be off from Ritter's solution: "
             "deeper at the dam by a third, with a front a third as fast; those bounds tell what it gives.",
             "Ritter 1892; de Almeida and Bates 2013", _dam_break, _DAM),
        Case("rain-bowl", "Rain", "fill and spill", "A bowl holds what is poured into it, up to its brim",
             "A cone of 1 m in a plain, into which a quarter, all and one and a half of its volume is poured.",
             "It holds that, and no more than it can, to 1e-12; water lies level.",
             "Known answer: volume", _bowl, _BOWL),
        Case("rain-balance", "Rain", "balance", "No rain is lost",
             "70 mm in an hour on blocks, gardens, streets with sewers and a canal, and half an hour after it.",
             "What soaks away, goes into sewers, canal and over the edges and what stands is what fell, to 1e-12; none is below 0.",
             "Known answer: conservation", _balance, _TOWN),
    )  # fmt: skip
