"""Soil: cones normalised as published, their unit weights and moduli, layers of a known profile, the ground between soundings."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.sim.impact.soil import between, cone, layering, stiffness, stresses
from twin.verification.case import Case, Chart, Curve, Found, Measure, Site, Trial

_SPOT = Site({"street": shapely.box(0, 0, 12, 8)}, areas={"cone": shapely.Point(6, 4).buffer(0.6)})
_FIELD = Site(
    {"field": shapely.box(0, 0, 100, 60)},
    areas={name: shapely.Point(*place).buffer(2.0) for name, place in {"a": (20, 30), "b": (80, 30)}.items()},
)

_PUBLISHED = ((40.0, 0.1, 150.0, 50.0, 1.005), (1.0, 0.1, 150.0, 50.0, 3.203))
"""qt, fs [MPa], total and effective stress [kPa], Ic: two rows of the tests of groundhog."""

_ROWS = np.array([
    (40, 0.1, 150, 50), (1, 0.1, 150, 50), (10, 0.08, 100, 60), (15, 0.1, 190, 100), (2, 0.05, 100, 60), (0.5, 0.01, 60, 30),
])  # fmt: skip

_PROFILE = (("sand", 2.5), ("soft clay", 5.5), ("peat", 6.5), ("sand", 9.0), ("firm clay", 9.16), ("sand", 14.0))
"""Soils and the depth of their bottoms [m]."""
_CONES = {"sand": (12.0, 0.08, 6), "soft clay": (0.35, 0.016, 3), "firm clay": (0.9, 0.03, 3), "peat": (0.15, 0.016, 2)}
"""qc, fs [MPa] and the zone that the profile is made with."""


def _near(name: str, value: float, known: float, off: float, unit: str = "", digits: int = 3) -> Measure:
    return Measure(name, float(value), unit, known - off, known + off, digits)


def _index(trial: Trial) -> Found:
    measures = []
    for qt, fs, total, effective, known in _PUBLISHED:
        found = cone.normalise([qt], [fs], [total], [effective])
        measures.append(_near(f"Ic of qt {qt:g} MPa, fs {fs:g} MPa; published {known:g}", found.ic[0], known, 0.001, digits=4))
    found = cone.normalise(*_ROWS.T)
    left = np.minimum(1.0, 0.381 * found.ic + 0.05 * _ROWS[:, 3] / 100.0 - 0.15) - found.n
    off = 1e12 * float(np.abs(left).max())
    measures.append(Measure("what the exponent is off from its own equation, 1e-12", off, "", 0.0, 1.0))
    index = np.linspace(1.0, 4.0, 121)
    chart = Chart((Curve("zone by Ic", index, cone.zones_by_index(index).astype(np.float64)),), "index Ic", "zone")
    return Found(tuple(measures), chart)


def _weights(trial: Trial) -> Found:
    qt, fs = _ROWS[:, 0], _ROWS[:, 1]
    rf = cone.friction_ratio(qt, fs)
    first, second = stresses.robertson_cabal(qt, rf), stresses.lengkeek(qt, rf)
    known = ((19.720, 20.790), (18.305, 12.964), (18.932, 19.788), (19.344, 20.189), (17.774, 17.481), (15.391, 15.497))
    measures = []
    for k, (one, other) in enumerate(known):
        told = f"qt {qt[k]:g} MPa, Rf {rf[k]:.2f} %"
        measures.append(_near(f"{told}: Robertson and Cabal, by hand {one:.3f}", first[k], one, 0.001, "kN/m3"))
        measures.append(_near(f"{told}: Lengkeek et al., by hand {other:.3f}", second[k], other, 0.001, "kN/m3"))
    sleeve = stresses.mayne([0.25], [100.0], 10.25)[0]
    measures.append(_near("fs 0.25 MPa at 100 kPa in sea water: Mayne", sleeve, 1.95 * 10.25 * 2.5**0.06, 0.001, "kN/m3"))
    ratio = np.linspace(0.2, 12.0, 60)
    curves = tuple(
        Curve(f"{name}, {at:g} MPa", ratio, weigh(np.full(60, at), ratio))
        for at in (0.5, 5.0)
        for name, weigh in (("Robertson", stresses.robertson_cabal), ("Lengkeek", stresses.lengkeek))
    )
    return Found(tuple(measures), Chart(curves, "friction ratio (%)", "unit weight (kN/m3)"))


def _moduli(trial: Trial) -> Found:
    found = cone.normalise(*_ROWS.T)
    modulus = stiffness.constrained_modulus(found.qn, found.qtn, found.ic)
    young, flow = stiffness.young_modulus(found.qn, found.ic), stiffness.permeability(found.ic)
    known = {2: (82.81, 66.07, 3.98e-5), 3: (110.50, 88.17, 7.49e-5), 4: (26.60, np.nan, 1.23e-7), 5: (5.994, np.nan, 2.43e-8)}
    measures = []
    for k, (m, e, permeability) in known.items():
        told = f"qt {_ROWS[k, 0]:g} MPa"
        measures.append(_near(f"{told}: constrained modulus", modulus[k], m, 0.01, "MPa", 2))
        if np.isfinite(e):
            measures.append(_near(f"{told}: Young's modulus", young[k], e, 0.01, "MPa", 2))
        measures.append(_near(f"{told}: logarithm of k", np.log10(flow[k]), np.log10(permeability), 0.002, "m/s"))
    speed = float(stiffness.shear_wave_velocity(9.8, 2.3))
    measures.append(_near("qn 9.8 MPa, Ic 2.3: shear waves; published 293.84", speed, 293.84, 0.01, "m/s", 2))
    index = np.linspace(1.0, 4.0, 121)
    curve = Curve("k", index, -np.log10(stiffness.permeability(index)))
    return Found(tuple(measures), Chart((curve,), "index Ic", "powers of ten that k is below 1 m/s"))


def _met(trial: Trial) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Depth, qc and fs of a cone every 2 cm in the known profile, with scatter of 5 %."""
    rng = np.random.default_rng(trial.seed)
    depth = np.arange(0.01, 14.0, 0.02)
    of = np.searchsorted([bottom for _, bottom in _PROFILE], depth, side="right")
    qc, fs = (np.array([_CONES[name][k] for name, _ in _PROFILE])[of] for k in (0, 1))
    scatter = np.exp(0.05 * rng.standard_normal((2, len(depth))))
    return depth, qc * scatter[0], fs * scatter[1]


def _layers(trial: Trial) -> Found:
    """Whether the layers that a profile was made with come back; soft soil of much friction is peat, as in the library."""
    depth, qc, fs = _met(trial)
    rf = cone.friction_ratio(qc, fs)
    state = stresses.in_the_ground(depth, stresses.lengkeek(qc, rf), 18.0, 1.0)
    found = cone.normalise(qc, fs, state.total, state.effective)
    smooth = [10.0 ** layering.median_filter(depth, np.log10(values), 0.15) for values in (found.qtn, found.fr, rf)]
    index = np.hypot(3.47 - np.log10(smooth[0]), np.log10(smooth[1]) + 1.22)
    zone = cone.zones(smooth[0], smooth[1], index)
    zone = np.where(np.isin(zone, (1, 2, 3, 4)) & (smooth[2] > 5.0) & (qc < 1.0), 2, np.where(zone == 7, 6, zone))
    raw = layering.runs(depth, zone)
    member = layering.members(raw, depth)
    mean = [float(np.median(index[member == k])) for k in range(len(raw.top))]
    layers = layering.merge(raw, mean)
    lost = abs(float(layers.bottom[-1] - layers.top[0]) - 13.98)
    measures = [
        Measure("layers", len(layers.top), "", len(_PROFILE), len(_PROFILE), 0),
        Measure("thickness that is lost or made, 1e-12 m", 1e12 * lost, "", 0.0, 10.0, 3),
    ]
    for k, (name, bottom) in enumerate(_PROFILE[: len(layers.top)]):
        known = _CONES[name][2]
        measures.append(Measure(f"zone of layer {k + 1} ({name})", float(layers.zone[k]), "", known, known, 0))
        if k < len(_PROFILE) - 1:
            measures.append(_near(f"bottom of layer {k + 1}, made at {bottom:g} m", layers.bottom[k], bottom, 0.06, "m"))
    edges = np.repeat(np.append(layers.top, layers.bottom[-1]), 2)[1:-1]
    curves = Curve("Ic of records", depth, found.ic), Curve("zone of layers", edges, np.repeat(layers.zone, 2).astype(np.float64))
    return Found(tuple(measures), Chart(curves, "depth (m)", "index, zone"))


def _between(trial: Trial) -> Found:
    places, heights = np.array([[20.0, 30.0], [80.0, 30.0]]), np.array([-2.0, -5.0])
    at = np.array([[20.0, 30.0], [50.0, 30.0], [35.0, 30.0], [80.0, 30.0]])
    weight = between.distance_weights(between.distances(at, places))
    found = weight @ heights
    line = np.column_stack([np.linspace(0.0, 100.0, 201), np.full(201, 30.0)])
    apart = between.distances(line, places)
    curves = (
        Curve("inverse distance", line[:, 0], between.distance_weights(apart) @ -heights),
        Curve("nearest", line[:, 0], between.nearest_weights(apart) @ -heights),
    )
    return Found((
        _near("at the first sounding", found[0], -2.0, 1e-12, "m"), _near("half way", found[1], -3.5, 1e-12, "m"),
        _near("at a quarter: 0.9 and 0.1", found[2], -2.3, 1e-12, "m"), _near("at the second sounding", found[3], -5.0, 1e-12, "m"),
        Measure("weights off from 1, 1e-12", 1e12 * float(np.abs(weight.sum(axis=1) - 1.0).max()), "", 0.0, 1.0),
    ), Chart(curves, "along the line through both (m)", "depth of the boundary (m)"))  # fmt: skip


def cases() -> tuple[Case, ...]:
    """The index, unit weights, moduli, layers, between soundings."""
    return (
        Case("soil-index", "Soil", "behaviour type", "The index of the soil behaviour type is as published",
             "Two records of a cone with their stresses, and the exponent of the stress of six.",
             "Ic is that of the tests of groundhog, within 0.001; the exponent meets its own equation to 1e-12.",
             "Robertson 2009; groundhog, test_pcpt_correlations", _index, _SPOT),
        Case("soil-weights", "Soil", "unit weight", "Unit weights are what their equations give",
             "Six records of a cone, by three correlations.",
             "Within 0.001 kN/m3 of what is worked out by hand.",
             "Robertson and Cabal 2010; Lengkeek et al. 2018; Mayne 2014", _weights, _SPOT),
        Case("soil-moduli", "Soil", "stiffness", "Stiffness and permeability are what their equations give",
             "Four records of a cone, worked out by hand, and the shear waves of one published row.",
             "Moduli within 0.01 MPa, permeability within 0.5 %, the velocity within 0.01 m/s.",
             "Robertson 2009, 2010; groundhog, test_pcpt_correlations", _moduli, _SPOT),
        Case("soil-layers", "Soil", "layers", "The layers that a cone went through come back",
             "A record every 2 cm, with scatter of 5 %, in sand, clay, peat and sand with a seam of clay of 16 cm.",
             "Six layers of those zones, with boundaries within 6 cm (the bound is ours); the seam is kept, and no thickness lost.",
             "Known answer: the profile that it was made with", _layers, _SPOT),
        Case("soil-between", "Soil", "between soundings", "Between two soundings a boundary is as far as its weights say",
             "A boundary at -2 m and at -5 m, 60 m apart.",
             "Exact at both, -3.5 m half way, -2.3 m at a quarter, where weights are 0.9 and 0.1; weights sum to 1.",
             "Known answer: inverse distance to the power 2", _between, _FIELD),
    )  # fmt: skip
