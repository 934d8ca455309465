"""Wharf cellars: MEXE, how thin arches can be, parabolas in closed form, bridges that were loaded to their end, loads."""

from __future__ import annotations

import math

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.sim.impact.cellar import loads, screen, spread, thrust
from twin.sim.impact.cellar.arch import Arch, parabola, rows_of, segment, upright_semicircle
from twin.sim.impact.cellar.mexe import mexe, profile_factor, provisional_axle_load, quarter_rise
from twin.verification.case import Case, Chart, Curve, Found, Measure, Site, Trial

_SQUARE = Site({"street": shapely.box(0, 0, 12, 12)}, areas={"cellar": shapely.box(3.5, 1, 8.5, 12)})


def _near(name: str, value: float, known: float, unit: str = "", *, off: float = 0.001, digits: int = 3) -> Measure:
    return Measure(f"{name}; known {known:g}", float(value), unit, known * (1 - off), known * (1 + off), digits)


def _drawn(arch: Arch, state: thrust.Thrust) -> Chart:
    """Intrados, extrados and thrust line."""
    lines = (("intrados", arch.inner), ("extrados", arch.outer), ("thrust", state.line))
    west = float(arch.outer[0, 0])
    curves = [Curve(name, points[:, 0] - west, points[:, 1]) for name, points in lines]
    if state.hinges:
        at = np.array([(arch.outer if outside else arch.inner)[joint] for joint, outside in state.hinges])
        curves.append(Curve("hinges", at[:, 0] - west, at[:, 1]))
    return Chart(tuple(curves), "place across the span, from the left (m)", "height above the springing (m)")


def _mexe(trial: Trial) -> Found:
    found = mexe(5.23, 1.57, 0.34, 0.385, quarter=1.373, barrel=0.8, fill=0.7, width=0.9, pointing=1.0, mortar=0.9, condition=0.7)
    measures = (
        _near("span 5, ring 0.22, cover 0.35: PAL", float(provisional_axle_load(5.0, 0.57)), 29.7, "t", off=0.002),
        _near("worked example: PAL with h + d limited to 2 d", float(found.pal_t), 39.83, "t"),
        Measure("its span/rise factor", float(found.span_rise), "", 1.0, 1.0, 2),
        Measure("its profile factor", float(found.profile), "", 0.655, 0.665, 3),
        _near("its material factor", float(found.material), 0.75),
        _near("its joint factor", float(found.joint), 0.81),
        Measure("its modified axle load; known 11.2", float(found.axle_t), "t", 11.15, 11.25, 3),
        _near("its PAL without the limit", float(provisional_axle_load(5.23, 0.725)), 45.27, "t"),
        _near("profile of a segment, span 5, rise 1.3", float(profile_factor(1.3, quarter_rise(5.0, 1.3))), 0.8908),
        _near("profile of a semicircle", float(profile_factor(2.5, quarter_rise(5.0, 2.5))), 0.6886),
        Measure("span 3.6, h + d 0.72: at most", float(provisional_axle_load(3.6, 0.72)), "t", 70.0, 70.0, 1),
    )
    span = np.linspace(1.5, 18.0, 60)
    curves = [Curve(f"h + d = {depth:g} m", span, provisional_axle_load(span, depth)) for depth in (0.4, 0.57, 0.8, 1.2)]
    return Found(measures, Chart(tuple(curves), "span (m)", "provisional axle load (t)"))


def _ring(half_deg: float, ring: float, joints: int = 801) -> Arch:
    """A bare segment whose middle line has radius 1."""
    half, inside = math.radians(half_deg), 1.0 - ring / 2.0
    rise = inside if half_deg == 90.0 else inside * (1.0 - math.cos(half))
    return segment(2.0 * inside * math.sin(half), rise, ring, cover=None, joints=joints)


def _thinnest(trial: Trial) -> Found:
    measures, found = [], []
    known = ((90, 0.1075), (80, 0.06865), (70, 0.04126), (60, 0.02285), (55, 0.01634), (50, 0.01129))
    for half, ratio in known:
        least = thrust.thinnest(lambda ring, half=half: _ring(half, ring), 0.005, 0.2)  # type: ignore[misc]
        measures.append(_near(f"half the angle {half} degrees: least t/R", least, ratio, off=0.002, digits=5))
        found.append(least)
    arch = _ring(90, found[0] + 1e-7)
    rows = rows_of(arch)
    rest = thrust.slack(rows)
    force = float(rest.v[0] * arch.dead) / (20.0 * found[0])
    joints = rows.joint[rest.tight]
    away = abs(90.0 - 180.0 * float(joints[(joints > 50) & (joints < 380)][0]) / 800.0)
    measures += [
        _near("semicircle: thrust over (weight by area, R, t)", force, 0.6209, off=0.002, digits=4),
        Measure("semicircle: hinge of the haunch, from the crown; known 54.5", away, "degrees", 54.2, 54.8, 1),
        _near("cut upright: least t/R", thrust.thinnest(upright_semicircle, 0.05, 0.2), 0.1095, off=0.001, digits=5),
    ]
    return Found(tuple(measures), _drawn(arch, thrust.load_factor(arch, np.zeros(12))))


def _point(arch: Arch, x: float) -> Arch:
    """With a narrow strip at a place for a load that is a line."""
    first, last = arch.strips[[0, -1]]
    return arch._replace(strips=np.array([first, x - 1e-5, x + 1e-5, last]))


def _parabolas(trial: Trial) -> Found:
    measures, drawn = [], None
    for span, rise, ring, dead in ((4.0, 1.0, 0.2, 10.0), (5.0, 1.25, 0.22, 20.0)):
        slim = ring / rise
        for name, x, known in (
            ("quarter", -span / 4.0, (25 / 18) * dead * span * slim / (1 - (16 / 9) * slim)),
            ("crown", 0.0, 2.0 * dead * span * slim / (1 - 4.0 * slim)),
        ):
            arch = _point(parabola(span, rise, ring, dead, joints=161), x)
            state = thrust.load_factor(arch, np.array([0.0, 5e4, 0.0]))
            measures.append(_near(f"span {span:g} m: load at the {name}", state.factor, known, "kN/m", digits=4))
            if drawn is None:
                drawn = _drawn(arch, state)
                measures.append(_near("its thrust", state.horizontal, 31.0345, "kN/m", digits=4))
    even = thrust.load_factor(parabola(4.0, 1.0, 0.2, 10.0), np.ones(12))
    measures.append(Measure("the same load everywhere: 1 / factor", even.use, "", 0.0, 1e-4, 5))
    return Found(tuple(measures), drawn)


def _bridges(trial: Trial) -> Found:
    """Prestwood: 3.8 m wide, a line load of 300 mm at the quarter; what is not known of it is left out or an estimate."""
    def prestwood(cover: float | None) -> thrust.Thrust:
        arch = segment(6.55, 1.428, 0.22, cover=cover, joints=101, brickwork=1800 * 9.81 / 1000.0, fill=20.0)
        first, last = arch.strips[[0, -1]]
        arch = arch._replace(strips=np.array([first, -6.55 / 4 - 0.15, -6.55 / 4 + 0.15, last]))
        return thrust.load_factor(arch, np.array([0.0, 1.0 / (0.3 * 3.8), 0.0]))

    bare, filled = prestwood(None), prestwood(0.165)
    # Preston: its ellipse as a segment of the same span and rise, which are not published with it: an arch of a third in 5.2 m
    preston = segment(5.18, 1.64, 0.36, cover=0.38, joints=101)
    first, last = preston.strips[[0, -1]]
    preston = preston._replace(strips=np.array([first, -5.18 / 6 - 0.15, -5.18 / 6 + 0.15, last]))
    end = thrust.load_factor(preston, np.array([0.0, 1.0 / (0.3 * 5.7), 0.0]))
    held = thrust.load_factor(preston, np.array([0.0, 1.0 / (0.3 * 5.7), 0.0]), strength=3000.0)
    arch = segment(6.55, 1.428, 0.22, cover=0.165, joints=101, brickwork=17.66, fill=20.0)
    return Found((
        Measure("Prestwood, bare ring; the bridge carried 228 kN", bare.factor, "kN", 0.0, 228.0, 1),
        Measure("with the weight of its ground", filled.factor, "kN", bare.factor, 228.0, 1),
        Measure("that over what it carried", filled.factor / 228.0, "", digits=3),
        Measure("its hinges", float(len(filled.hinges)), "", 4.0, 4.0, 0),
        Measure("Preston: crushing is flagged (1)", float(end.crushing), "", 1.0, 1.0, 0),
        Measure("Preston: load with a strength of 3 MPa over that without", held.factor / end.factor, "", 0.0, 0.9, 3),
    ), _drawn(arch, filled))  # fmt: skip


def _spreads(trial: Trial) -> Found:
    wheel = 9.81
    measures = [
        _near("circle, 100 kPa, radius and depth 2 m", float(spread.circle_stress(100.0, 2.0, 2.0)), 64.645, "kPa", off=1e-4),
        _near("corner of a rectangle, m = n = 1", float(spread.corner_factor(1.0, 1.0)), 0.17522, off=1e-4, digits=5),
        _near("point, 100 kN, 2 m below", float(spread.point_stress(100.0, 2.0, 0.0)), 11.937, "kPa", off=1e-4),
        _near("point, 3 m beside that", float(spread.point_stress(100.0, 2.0, 3.0)), 0.6269, "kPa", off=1e-3, digits=4),
        _near("strip, 100 kPa, 2 m wide, 1 m below", float(spread.strip_stress(100.0, 2.0, 1.0)), 81.83, "kPa", off=1e-3),
    ]
    depth = np.linspace(0.1, 1.5, 60)
    curves = []
    known = {"1:1": 3.394, "30 deg": 7.411, "2:1": 8.898, "boussinesq": 9.571}
    for method, value in known.items():
        at = spread.patch_stress(0.0, 0.0, wheel, (0.4, 0.4), depth, method)
        curves.append(Curve(method, depth, at))
        found = float(spread.patch_stress(0.0, 0.0, wheel, (0.4, 0.4), 0.65, method))
        measures.append(_near(f"wheel of 1 t, 0.65 m below, {method}", found, value, "kPa", off=1e-3))
    pad = float(spread.patch_stress(0.0, 0.0, 200.0, (1.0, 1.0), 0.65, "2:1"))
    measures.append(_near("outrigger of 200 kN on 1 m2, 2:1", pad, 73.5, "kPa", off=1e-3, digits=1))
    return Found(tuple(measures), Chart(tuple(curves), "depth (m)", "pressure under a wheel of 1 t (kPa)"))


def _crowds(trial: Trial) -> Found:
    span = np.linspace(3.0, 6.0, 13)
    made = screen.table(screen.vaults(span, 1.3, 0.22, 0.5))
    ways = np.broadcast_to(5.0 * screen.patterns(12), (len(span), 6, 12))
    uses = screen.use_of(made, np.ascontiguousarray(ways, dtype=np.float32))
    whole, half = uses[:, 0], uses[:, 1:3].max(axis=1)
    measures = [
        _near(f"{people:g} people/m2", float(loads.crowd_pressure(people)), known, "kN/m2", off=0.002)
        for people, known in ((4.0, 3.14), (5.0, 3.92), (6.5, 5.10))
    ]
    measures += [
        Measure("1 / factor under half a crowd, least of spans 3 to 6 m", float(half.min()), "", 0.001, digits=3),
        Measure("that under all of it over that, most", float((whole / half).max()), "", 0.0, 0.9, 3),
    ]
    curves = Curve("all of it", span, whole), Curve("half of it", span, half)
    return Found(tuple(measures), Chart(curves, "span (m)", "1 / load factor under 5 kN/m2"))


def _rule(trial: Trial) -> Found:
    def verdict(axle: float, weight: float, width: float, *, emergency: bool = False) -> float:
        return float(("not allowed", "allowed", "exempt").index(loads.rule(axle, weight, width, emergency=emergency)))

    ways = (
        ("2 t, 3.5 t, 2.30 m: allowed", (2.0, 3.5, 2.30), 1.0), ("axle of 2.01 t", (2.01, 3.5, 2.30), 0.0),
        ("3.51 t in all", (2.0, 3.51, 2.30), 0.0), ("2.31 m wide", (2.0, 3.5, 2.31), 0.0),
    )  # fmt: skip
    measures = [Measure(f"{name} (1 allowed, 0 not)", verdict(*one), "", known, known, 0) for name, one, known in ways]
    measures.append(Measure("fire engine, 10 t on an axle (2 exempt)", verdict(10.0, 16.0, 2.55, emergency=True), "", 2.0, 2.0, 0))
    vault = screen.table(screen.vaults(5.0, 1.3, 0.22, 0.35))
    axles, places = loads.axles_of(10.0, 16.0)
    push, at = loads.vehicle_loads(loads.Vehicle("fire engine", axles, places), vault.arches.strips, np.array([0.35]))
    use: NDArray[np.float64] = screen.use_of(vault, push.astype(np.float32), street=False)[0]
    measures.append(Measure("1 / factor of a vault of 5 m under it all the same", float(use.max()), "", 0.01, digits=2))
    many = use.size // 2
    way = at[0, :many] - at[0, 0]
    return Found(tuple(measures), Chart((Curve("fire engine", way, use[:many]),), "way over the vault (m)", "1 / load factor"))


def cases() -> tuple[Case, ...]:
    """Cases of wharf cellars."""
    return (
        Case("cellars-mexe", "Wharf cellars", "MEXE", "Allowable axle load of an arch",
             "A vault of 5 m, and a worked example of a bridge of 5.23 m with all its factors.",
             "29.7 t unfactored; 11.2 t at the end of the example, and each factor on the way.",
             "BA 16/97 with Amendment 2, ch. 3; a published proforma", _mexe, _SQUARE),
        Case("cellars-thinnest", "Wharf cellars", "least thickness", "How thin an arch can be",
             "Bare rings of a circle, half of which is 50 to 90 degrees, with radial joints; a semicircle cut upright.",
             "t/R of the semicircle 0.1075, cut upright 0.1095, each within 0.2 %; the segments by three hinges in closed form.",
             "Milankovitch 1907; Alexakis and Makris 2013; segments: own derivation", _thinnest, _SQUARE),
        Case("cellars-parabola", "Wharf cellars", "parabola", "A line load on a parabola",
             "A dead load that is the same everywhere; loads at the quarter and at the crown, on two parabolas.",
             "P = 25/18 w L (t/f) / (1 - 16/9 t/f) and 2 w L (t/f) / (1 - 4 t/f), within 0.1 %; one everywhere is never too much.",
             "Known answer: four hinges, own derivation", _parabolas, _SQUARE),
        Case("cellars-bridges", "Wharf cellars", "bridges", "Bridges that were loaded until they fell",
             "Prestwood (brick, ring 0.22 m) and an arch like Preston (ring 0.36 m), with line loads.",
             "Without the push of ground Prestwood stays below the 228 kN that it carried, and has four hinges; Preston crushed,"
             " and crushing is flagged. Cover and unit weights of Prestwood and the shape of Preston are estimates.",
             "TRL RR110 (Page 1987)", _bridges, _SQUARE),
        Case("cellars-spread", "Wharf cellars", "spread", "Loads spread through the ground",
             "Circle, rectangle, point and strip on an elastic half-space; a wheel and a pad by four ways of spreading.",
             "64.645 kPa, 0.17522, 11.937 kPa, and 81.83 kPa below a strip, within 0.1 %.",
             "Boussinesq 1885; Newmark 1935; Das", _spreads, _SQUARE),
        Case("cellars-crowd", "Wharf cellars", "crowd", "Pressure of crowds; half a crowd is worse than all of it",
             "People of 80 kg; vaults of 3 to 6 m under 5 kN/m2 on all and on half of the span.",
             "3.14, 3.92 and 5.10 kN/m2; the half uses more.",
             "Known answer; EN 1991-1-1 C5", _crowds, _SQUARE),
        Case("cellars-rule", "Wharf cellars", "rule", "What may go over cellars is one thing, what it takes of them another",
             "Vehicles at the limits and just beyond them; a fire engine.",
             "2 t on an axle, 3.5 t, 2.30 m; emergency services are exempt, and load the vault all the same.",
             "Municipality of Utrecht", _rule, _SQUARE),
    )  # fmt: skip
