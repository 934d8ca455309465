"""Moving ground: consolidation, settlement behind walls and above a tunnel, facades as deep beams, vibration, noise days."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.sim.impact.pit import behind_wall, consolidation, damage, noise_days, vibration
from twin.verification.case import Case, Chart, Curve, Found, Measure, Site, Trial

_PIT = np.array([[0.0, 0.0], [80.0, 0.0], [80.0, 30.0], [0.0, 30.0]])
_AROUND = Site({"ground": shapely.box(-45, -45, 125, 75)}, areas={"pit": shapely.Polygon(_PIT)})
_COLUMN = Site(
    {"section": shapely.box(0, -9, 8, 0)},
    areas={"peat": shapely.box(0, -1.9, 8, 0), "clay": shapely.box(0, -2.9, 8, -2), "lower peat": shapely.box(0, -6, 8, -3)},
)
_LAYER = Site({"section": shapely.box(0, -6, 8, 0)}, areas={"layer": shapely.box(0, -4.5, 8, -1.5)})
_DRAINED = Site({"section": shapely.box(0, -7, 8, 0)}, areas={"drained": shapely.box(0, -3, 8, -1)})
_TUNNEL = Site({"section": shapely.box(-30, -22, 30, 0)}, areas={"tunnel": shapely.Point(0, -15).buffer(3.0)})
_FACADE = Site({"facade": shapely.box(0, 0, 20, 10)})
_STREET = Site(
    {"street": shapely.box(-2, -12, 110, 12)},
    areas={"pile": shapely.Point(0, 0).buffer(1.0), "house": shapely.box(60.4, -8, 72, 8)},
)


def _near(name: str, value: float, known: float, off: float, unit: str = "", digits: int = 2) -> Measure:
    low = known - off if known else 0.0
    return Measure(name, float(value), unit, low, known + off, digits)


def _consolidation(trial: Trial) -> Found:
    strain = consolidation.bjerrum_strain
    rows = (
        ("3 m, CR 0.25, 40 to 60 kPa", 3.0, 0.25, 40.0, 60.0, 132.07),
        ("peat 2 m, CR 0.2, 5.75 to 25.75 kPa", 2.0, 0.2, 5.75, 25.75, 260.44),
        ("clay 1 m, CR 0.075, 8.25 to 38.25 kPa", 1.0, 0.075, 8.25, 38.25, 49.96),
        ("peat 3 m, CR 0.2, 13.25 to 43.25 kPa", 3.0, 0.2, 13.25, 43.25, 308.26),
        ("clay 0.5 m, CR 0.075, 4.125 to 14.125 kPa", 0.5, 0.075, 4.125, 14.125, 20.04),
    )
    zero = np.zeros(1)
    measures = [
        _near(name, 1000.0 * thick * strain(np.array([a]), np.array([b]), zero, zero, np.array([ratio]))[0], known, 0.05, "mm")
        for name, thick, ratio, a, b, known in rows
    ]
    stress = np.linspace(40.0, 100.0, 61)
    curves = []
    for held in (40.0, 60.0):
        settled = 3000.0 * strain(np.full(61, 40.0), stress, np.full(61, held), np.full(61, 0.05), np.full(61, 0.25))
        curves.append(Curve(f"once at {held:g} kPa", stress, settled))
    return Found(tuple(measures), Chart(tuple(curves), "effective stress (kPa), from 40", "settlement of 3 m (mm)"))


def _koppejan(trial: Trial) -> Found:
    def settled(days: float) -> float:
        first, last, cp, cs, cp1, cs1 = (np.array([value]) for value in (40.0, 60.0, 100.0, 400.0, 25.0, 100.0))
        return 3000.0 * float(consolidation.koppejan_strain(first, last, first, cp, cs, cp1, cs1, days)[0])

    known = {1.0: 48.656, 100.0: 72.984, 1e4: 97.312}
    measures = tuple(_near(f"after {days:g} days", settled(days), value, 0.001, "mm", 3) for days, value in known.items())
    log = np.linspace(0.0, 4.0, 41)
    curve = Curve("3 m, C'p 25, C's 100", log, np.array([settled(float(10.0**one)) for one in log]))
    return Found(measures, Chart((curve,), "log of days", "settlement (mm)"))


def _terzaghi(trial: Trial) -> Found:
    known = {0.05: 0.252313, 0.197: 0.500338, 0.2827: 0.596320, 0.848: 0.899979, 1.0: 0.931260}
    measures = [
        _near(f"time factor {factor:g}", consolidation.consolidated(np.array([factor]))[0], value, 1e-6, digits=6)
        for factor, value in known.items()
    ]
    hours = consolidation.time_factor(np.array([100.0 / (365.0 * 86400.0)]), 1e4, np.array([0.5]))
    measures.append(_near("cv 100 m2/year, 10,000 s, path 0.5 m", 100.0 * consolidation.consolidated(hours)[0], 40.2, 0.1, "%", 1))
    factor = np.linspace(0.0, 1.5, 151)
    exact, parts = consolidation.consolidated(factor), consolidation.consolidated_in_two_parts(factor)
    measures.append(Measure("greatest error of the two usual formulas", float(np.abs(exact - parts).max()), "", 0.0, 1e-3, 5))
    curves = Curve("series", factor, exact), Curve("two formulas", factor, parts)
    return Found(tuple(measures), Chart(curves, "time factor", "degree of consolidation"))


def _lowered(trial: Trial) -> Found:
    of = consolidation.column(np.array([0.0, -3.0]), np.array([-3.0, -7.0]), m=np.array([1e9, 1000.0]))
    before, after = consolidation.Water(np.array([-1.0])), consolidation.Water(np.array([-3.0]))
    slices = consolidation.sliced(of)
    first = consolidation.effective_stress(of, slices, before)
    rise = (consolidation.effective_stress(of, slices, after, weighed_at=before.phreatic) - first)[0]
    settled = consolidation.settlement(of, before, after, method="linear").total[0]
    measures = (
        _near("stress 2 m below the ground", float(np.interp(2.0, -slices.middle, rise)), 10.0, 0.01, "kPa"),
        _near("stress below the new level", rise[-1], 20.0, 0.01, "kPa"),
        _near("settlement of 4 m with M = 1 MPa", 1000.0 * settled, 80.0, 0.01, "mm"),
    )
    return Found(measures, Chart((Curve("rise", -slices.middle, rise),), "depth (m)", "rise of the effective stress (kPa)"))


def _behind(trial: Trial) -> Found:
    away = np.linspace(0.0, 45.0, 181)
    shown = ("concave", "spandrel", "soft clay")
    curves = tuple(Curve(shape, away, 30.0 * behind_wall.profile(shape, away / 10.0)) for shape in shown)
    walls = behind_wall.walls_of(_PIT, 10.0, 30.0)
    known = {0.0: 15.0, 5.0: 30.0, 10.0: 21.0, 20.0: 3.0, 40.0: 0.0}
    concave = behind_wall.profile("concave", np.array(list(known)) / 10.0)
    measures = [
        _near(f"concave, {at:g} m from the wall", 30.0 * share, value, 0.01, "mm", 2)
        for (at, value), share in zip(known.items(), concave, strict=True)
    ]
    spandrel = behind_wall.profile("spandrel", np.array([0.0, 2.0, np.nextafter(2.0, 3.0), 4.0]))
    measures += [
        _near(f"spandrel, {at}", share, value, 5e-4, digits=4)
        for at, share, value in zip(("wall", "2 depths, from here", "2 depths, from beyond", "4 depths"), spandrel,
                                    (1.0, 0.1006, 0.1002, 0.0), strict=True)
    ]  # fmt: skip
    soft = behind_wall.profile("soft clay", np.array([0.75, 1.375, 2.0]))
    measures += [_near(f"soft clay, {10 * at:g} m", share, value, 0.001, digits=3)
                 for at, share, value in zip((0.75, 1.375, 2.0), soft, (1.0, 0.5, 0.0), strict=True)]  # fmt: skip
    middle = behind_wall.ground_moves(np.column_stack([np.full(181, 40.0), -away]), walls).settlement
    off = float(np.abs(middle - curves[0].y).max())
    measures.append(Measure("field in the middle of a wall of 8 depths: off by", off, "mm", 0.0, 0.3, 3))
    return Found(tuple(measures), Chart(curves, "distance from the wall (m), depth 10 m", "settlement (mm)"))


def _corner(trial: Trial) -> Found:
    known = {0.0: 0.3408, 4.62: 0.5, 5.0: 0.5134, 10.0: 0.6834, 20.0: 0.9138, 40.0: 0.9992}
    found = behind_wall.corner_factor(np.array(list(known)), 80.0, 10.0)
    measures = [
        _near(f"{at:g} m from the corner", share, value, 1e-4, digits=4)
        for (at, value), share in zip(known.items(), found, strict=True)
    ]
    walls = behind_wall.walls_of(_PIT, 10.0, 30.0)
    x = np.linspace(0.0, 85.0, 341)
    along = behind_wall.ground_moves(np.column_stack([40.0 + x, np.full(341, -5.0)]), walls).settlement
    rng = np.random.default_rng(trial.seed)
    points = rng.uniform((-60, -60), (140, 90), (20_000, 2))
    field = behind_wall.ground_moves(points, walls).settlement
    away = shapely.distance(shapely.Polygon(_PIT), shapely.points(points))
    mirrored = behind_wall.ground_moves((80.0, 30.0) - points, walls).settlement
    measures += [
        Measure("largest around the pit", float(np.nanmax(field)), "mm", 0.0, 30.0, 3),
        Measure("beyond 4 depths", float(np.nanmax(field[away >= 40.0])), "mm", 0.0, 0.0, 3),
        Measure("mirrored: off by, 1e-9 mm", 1e9 * float(np.nanmax(np.abs(field - mirrored))), "", 0.0, 1.0, 4),
    ]
    chart = Chart((Curve("5 m from it", x, along),), "from the middle of the long wall (m), which ends at 40", "settlement (mm)")
    return Found(tuple(measures), chart)


def _trough(trial: Trial) -> Found:
    offset = np.linspace(0.0, 30.0, 121)
    found = behind_wall.tunnel_trough(offset, 6.0, 0.01, 7.5)
    volume = float(np.trapezoid(behind_wall.tunnel_trough(np.linspace(-90, 90, 3601), 6.0, 0.01, 7.5), np.linspace(-90, 90, 3601)))
    measures = (
        _near("above the axis", found.max(), 15.04, 0.005, "mm", 3),
        _near("area of the trough over the ground lost", volume / 1000.0 / (0.01 * np.pi * 9.0), 1.0, 1e-6, digits=6),
    )
    return Found(measures, Chart((Curve("trough", offset, found),), "from the axis (m)", "settlement (mm)"))


def _line(curve: NDArray[np.float64], stretch: NDArray[np.float64], along: NDArray[np.float64], e_over_g: float) -> damage.Strained:
    ends = np.array([0, len(along)], np.int64)
    return damage.strained(damage.Lines(ends, along, curve, stretch, np.array([10.0]), np.array([e_over_g])))


def _beam(trial: Trial) -> Found:
    along = np.linspace(0.0, 20.0, 33)
    bow, stretch = 80.0 * (along / 20.0) * (1.0 - along / 20.0), 0.5 * along
    rows = (
        ("hogging, E/G 2.6", 60.0 - bow, 2.6, 0.1724, 0.1035, 3),
        ("sagging, E/G 2.6", 60.0 + bow, 2.6, 0.2019, 0.0766, 3),
        ("hogging, E/G 12.5", 60.0 - bow, 12.5, 0.0804, 0.1179, 2),
    )
    measures = []
    for name, curve, e_over_g, bending, diagonal, known in rows:
        found = _line(curve, stretch, along, e_over_g)
        measures += [
            _near(f"{name}: bending", 100.0 * found.bending[0], bending, 1e-4, "%", 4),
            _near(f"{name}: diagonal", 100.0 * found.diagonal[0], diagonal, 1e-4, "%", 4),
            _near(f"{name}: category", float(damage.category(found.strain)[0]), known, 0.0, digits=0),
        ]
    tilted = _line(5.0 + 3.0 * along, np.zeros(33), along, 2.6)
    measures.append(Measure("a tilt of 3 mm/m: strain", 100.0 * float(tilted.strain[0]), "%", 0.0, 1e-9, 4))
    curves = Curve("hogging", along, 60.0 - bow), Curve("sagging", along, 60.0 + bow)
    return Found(tuple(measures), Chart(curves, "along the facade (m)", "settlement, downwards (mm)"))


def _vibration(trial: Trial) -> Found:
    at = np.array([30.0])
    known = {"steady": 2.275, "all": 3.196, "start and stop": 4.491}
    measures = [
        _near(f"vibrated, {stage}, 30 m, exceeded by 5 %", vibration.of_vibrated(at, 0.05, stage)[0], value, 0.001, "mm/s", 3)
        for stage, value in known.items()
    ]
    rows = {10.0: 1.23, 15.0: 1.53, 30.0: 2.45, 50.0: 3.68, 75.0: 4.29, 100.0: 4.90}
    measures += [
        _near(f"limit of a sensitive masonry building, piles that are hit, {hertz:g} Hz",
              vibration.limit(2, hertz, kind="repeated", condition="sensitive").allowed, value, 0.006, "mm/s")
        for hertz, value in rows.items()
    ]  # fmt: skip
    founded = vibration.foundation_limit(kind="repeated", condition="sensitive").allowed
    allowed = vibration.limit(2, 25.0, condition="sensitive").allowed
    measures += [
        _near("foundation on loose sand, the same", founded, 2.30, 0.006, "mm/s"),
        _near("limit of a monument, vibrated, 25 Hz", allowed, 1.287, 0.001, "mm/s", 3),
        _near("met from", vibration.safe_from_vibrated(allowed), 60.4, 0.05, "m", 2),
    ]
    away = np.linspace(5.0, 100.0, 96)
    curves = (Curve("exceeded by 5 %", away, vibration.of_vibrated(away)), Curve("limit", away, np.full(96, allowed)))
    return Found(tuple(measures), Chart(curves, "distance (m)", "peak velocity (mm/s)"))


def _noise_days(trial: Trial) -> Found:
    level = float(noise_days.day_level(np.array([80.0]), np.array([10.0])))
    measures = (
        _near("80 dB for ten hours", level, 79.21, 0.005, "dB", 3),
        _near("days of that", noise_days.allowed_days(level), 5.0, 0.0, digits=0),
        _near("left above 60 dB after five of them", float(noise_days.budget(np.full(5, level)).left[0]), 45.0, 0.0, digits=0),
        _near("left above 75 dB", float(noise_days.budget(np.full(5, level)).left[3]), 0.0, 0.0, digits=0),
    )
    hours = np.linspace(0.25, 12.0, 48)
    curve = Curve("80 dB", hours, np.array([float(noise_days.day_level(np.array([80.0]), np.array([one]))) for one in hours]))
    return Found(measures, Chart((curve,), "hours", "day value (dB)"))


def cases() -> tuple[Case, ...]:
    """Consolidation, water that falls, settlement behind walls, facades, vibration, noise days."""
    group = "Ground movement"
    return (
        Case("ground-consolidation", group, "consolidation", "Layers settle by the logarithm of stress",
             "Layers of peat and clay of 0.5 to 3 m, normally consolidated, loaded by 10 to 30 kPa.",
             "H CR log(s1 / s0), to 0.05 mm.",
             "NEN-Bjerrum; rows of a Dutch settlement program's own tests", _consolidation, _COLUMN),
        Case("ground-koppejan", group, "Koppejan", "A layer settles by Koppejan",
             "3 m, C'p 25, C's 100, from 40 to 60 kPa, after 1, 100 and 10,000 days.",
             "H (1 / C'p + log t / C's) ln(s1 / s0), to 0.001 mm.", "Koppejan 1948", _koppejan, _LAYER),
        Case("ground-terzaghi", group, "consolidation in time", "How far a layer has consolidated",
             "A layer under a stress that is the same all over.",
             "Terzaghi's series to 1e-6; the two usual formulas within 0.001 of it (the bound is ours); a program's 40.2 %.",
             "Terzaghi 1923; groundhog's own tests", _terzaghi, _LAYER),
        Case("ground-lowered", group, "lowered water", "Water that falls loads the soil",
             "Water from 1 to 3 m below the ground; 4 m with a modulus of 1 MPa below that.",
             "Stress rises by 10 kPa for each metre between the levels and by 20 kPa below: 80 mm.",
             "Known answer: hydrostatics", _lowered, _DRAINED),
        Case("ground-behind-wall", group, "settlement behind walls", "Curves behind a wall",
             "A pit of 80 x 30 m, 10 m deep, largest settlement 30 mm; and the curves by themselves.",
             "Hsieh and Ou: 15, 30, 21, 3, 0 mm at 0, 5, 10, 20, 40 m. The spandrel's two lines meet within 5e-4; its coefficients "
             "have one source. The field in the middle of a long wall is the curve within 1 %.",
             "Hsieh and Ou 1998; Clough and O'Rourke 1990; UFC 3-220-20", _behind, _AROUND),
        Case("ground-corner", group, "corners of a pit", "Settlement near corners of a pit, and all around it",
             "The same pit: along its long wall, and at 20,000 places.",
             "The complementary error function of Roboski and Finno, whose formula has one source; never above 30 mm, nothing "
             "beyond 4 depths, mirrored the same.",
             "Roboski and Finno 2006; laws of the field", _corner, _AROUND),
        Case("ground-trough", group, "tunnel", "The trough above a bored tunnel, which is none of a pit",
             "6 m across, 1 % of the ground lost, inflection at 7.5 m.",
             "15.04 mm above the axis; the trough has the volume that is lost.", "Peck 1969", _trough, _TUNNEL),
        Case("ground-deep-beam", group, "deep beam", "A facade that hogs and one that sags",
             "20 m long, 10 m high, deflection ratio 0.001, stretched by 0.05 %.",
             "Hogging: 0.1724 and 0.1035 %, category 3. Sagging and E/G 12.5 by the same formulas. A tilt strains nothing.",
             "Burland and Wroth 1974; Mair, Taylor and Burland 1996", _beam, _FACADE),
        Case("ground-vibration", group, "vibration", "Vibration of driving, and what a monument bears",
             "Sheet piles that are vibrated, and limits of masonry by frequency.",
             "TRL 429's figures at 30 m; SBR-A's limits with their factors, of which 1.7, 1.6 and those of foundations have one "
             "source.",
             "TRL 429, BS 5228-2; SBR-A 2017", _vibration, _STREET),
        Case("ground-noise-days", group, "noise days", "Days of construction noise",
             "80 dB before a facade for ten hours a day.",
             "79.21 dB over twelve hours: five days, which count below as well.",
             "Bbl article 7.17 (Bouwbesluit 2012 article 8.3)", _noise_days, _STREET),
    )  # fmt: skip
