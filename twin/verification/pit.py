"""Excavation pits: volume, uplift, seepage at a wall, drawdown by wells, and groundwater by finite differences."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.grid import GridSpec
from twin.impacts.pit_volume import pit_volume, pit_volume_of_raster, widened
from twin.sim.impact.pit import inflow, seepage, uplift, volume
from twin.sim.impact.pit import wells as w
from twin.verification.case import Case, Chart, Curve, Found, Measure, Site, Trial

_BASE = shapely.box(0, 0, 40, 25)
_DUG = Site({"top": widened(_BASE, 9.0)}, areas={"floor": _BASE})
_DRY = shapely.box(8, 0, 32, 4)
_FLOOR = Site({"clay": shapely.box(0, -4, 40, 4).difference(_DRY), "sand": shapely.box(0, -10, 40, -4.2)}, areas={"pit": _DRY})
_TOE = Site(
    {"outside": shapely.box(-12, -6, -0.2, 4), "front": shapely.box(0.2, -6, 12, 0)}, areas={"prism": shapely.box(0.2, -4, 2.2, 0)}
)
_AROUND = Site({"aquifer": shapely.Point(0, 0).buffer(500)}, areas={"well": shapely.Point(0, 0).buffer(12)})
_AT = ((10, 10), (10, -10), (-10, 10), (-10, -10))
_FOUR = Site(
    {"aquifer": shapely.box(-40, -40, 40, 40)},
    areas={f"well {k + 1}": shapely.Point(at).buffer(1.2) for k, at in enumerate(_AT)},
)
_CANAL = Site(
    {"aquifer": shapely.box(-15, -100, 200, 100)},
    areas={"canal": shapely.box(-15, -100, 0, 100), "well": shapely.Point(50, 0).buffer(4)},
)
_STRIP = Site(
    {"strip": shapely.box(-8, 0, 208, 30)}, areas={"canal": shapely.box(-8, 0, 0, 30), "canal 2": shapely.box(200, 0, 208, 30)}
)
_Q, _T = 1000.0, 500.0


def _near(name: str, value: float, known: float, unit: str, digits: int, off: float | None = None) -> Measure:
    """A value that must be the known one, to half of its last digit unless more is given."""
    room = 0.5 * 10.0**-digits * 1.0001 if off is None else off
    return Measure(name, value, unit, known - room, known + room, digits)


def _prismoid(trial: Trial) -> Found:
    dug = pit_volume(_BASE, floor_m=-6.0, top_m=0.0, slope=1.5)
    grid = GridSpec.from_bounds((-12, -12, 52, 37), 0.5)
    by_cells = pit_volume_of_raster(_BASE, np.zeros(grid.shape), grid, floor_m=-6.0, slope=1.5).total_m3
    lorries = volume.trips(volume_m3=dug.total_m3, payload_t=20.0, body_m3=12.0)
    heights = np.linspace(0.0, 6.0, 61)
    area = np.array([widened(_BASE, 1.5 * float(z)).area for z in heights])
    return Found((
        _near("volume", dug.total_m3, 10_158.0, "m3", 1),
        Measure("by cells of 0.5 m", by_cells, "m3", 10_158 * 0.999, 10_158 * 1.001, 1),
        _near("lorries of 20 t, by mass (1.8 t/m3)", lorries.by_mass, 915, "", 0, 0.0),
        _near("lorries of 12 m3, by room (0.88)", lorries.by_volume, 962, "", 0, 0.0),
    ), Chart((Curve("area", heights, area),), "height above the floor (m)", "area (m2)"))  # fmt: skip


def _clay(head_m: float) -> uplift.Uplift:
    return uplift.uplift(
        floor_m=0.0, top_m=[0.0, -4.0], bottom_m=[-4.0, -10.0], unit_weight_kn_m3=[17.0, 20.0], tight=[True, False],
        head_m=[np.nan, head_m],
    )  # fmt: skip


def _uplift(trial: Trial) -> Found:
    found = _clay(3.5)
    heads = np.linspace(1.0, 8.0, 71)
    course = np.array([_clay(float(head) - 4.0).lowest_factor for head in heads])
    asked = Curve("1.1", heads[[0, -1]], np.array([1.1, 1.1]))
    chart = Chart((Curve("factor", heads, course), asked), "head over the base (m)", "factor")
    return Found((
        _near("factor", found.lowest_factor, 0.907, "", 3),
        _near("highest head over the base at 1.1", float(found.highest_head_m[0]) + 4.0, 6.18, "m", 2),
        _near("highest head over the base, EN 1997-1", float(found.highest_head_en_m[0]) + 4.0, 6.12, "m", 2),
        _near("design weight over design pressure, EN 1997-1", 1.0 / float(found.en_use[0]), 0.816, "", 3),
    ), chart)  # fmt: skip


def _hyd(trial: Trial) -> Found:
    known = uplift.hydraulic_balance(seepage_kn_m=9.2, weight_kn_m=31.0)
    deep = np.linspace(0.5, 8.0, 76)

    def factor(embedment: float) -> float:
        return uplift.hydraulic_failure(head_difference_m=3.0, thickness_m=embedment, submerged_weight_kn_m3=10.0).factor

    chart = Chart((Curve("head of 3 m", deep, np.array([factor(float(d)) for d in deep])),), "embedment (m)", "factor")
    return Found((
        _near("use in effective stress (2.9b)", 100.0 * known.en_use, 44.0, "%", 1, 0.6),
        _near("use in total stress (2.9a)",
              100.0 * uplift.hydraulic_total_stress(pore_pressure_kpa=40.6, total_stress_kpa=62.4), 97.5, "%", 1, 0.1),
        _near("factor of a prism of 4 m under 3 m: (H + 2 D) / H", factor(4.0), 11 / 3, "", 3),
    ), chart)  # fmt: skip


def _theis(trial: Trial) -> Found:
    flow = {"distance_m": 100.0, "discharge_m3_d": _Q, "transmissivity_m2_d": _T, "storativity": 1e-4}
    times = np.geomspace(1e-3, 10, 60)
    exact, short = (f(**flow, time_d=times) for f in (w.theis, w.cooper_jacob))
    leaky = float(w.hantush(**flow, time_d=0.01, resistance_d=200.0))
    return Found((
        _near("W(0.0005)", float(w.well_function(5e-4)), 7.0242, "", 4),
        _near("Theis", float(w.theis(**flow, time_d=1.0)), 1.1179, "m", 4),
        _near("Cooper and Jacob", float(w.cooper_jacob(**flow, time_d=1.0)), 1.11815, "m", 5, 6e-6),
        _near("Hantush after 0.01 d, c 200 d, as ttim", leaky, 0.335015, "m", 6, 2e-6),
    ), Chart((Curve("Theis", times, exact), Curve("Cooper and Jacob", times, short)), "time (d)", "drawdown (m)"))  # fmt: skip


def _steady(trial: Trial) -> Found:
    flow = {"discharge_m3_d": _Q, "transmissivity_m2_d": _T}
    r = np.geomspace(5.0, 600.0, 60)
    one, two = w.thiem(distance_m=r, radius_of_influence_m=500.0, **flow), w.de_glee(distance_m=r, resistance_d=200.0, **flow)
    three = w.wells(x_m=[-30, 30, 0], y_m=[0, 0, 40], discharge_m3_d=[400.0, 600.0, 300.0])
    middle = float(w.drawdown_at(0, 0, three, transmissivity_m2_d=_T, resistance_d=200.0))
    return Found((
        _near("Thiem, R 500 m", float(w.thiem(distance_m=100.0, radius_of_influence_m=500.0, **flow)), 0.5123, "m", 4),
        _near("De Glee, lambda 316.2 m", float(w.de_glee(distance_m=100.0, resistance_d=200.0, **flow)), 0.42155, "m", 5),
        _near("three wells, as timml", middle, 0.998822, "m", 6),
    ), Chart((Curve("Thiem", r, one), Curve("De Glee", r, two)), "distance (m)", "drawdown (m)"))  # fmt: skip


def _sichardt(trial: Trial) -> Found:
    radius = float(inflow.sichardt_radius_m(drawdown_m=4.0, k_m_s=1e-4))
    french = float(inflow.sichardt_radius_m(drawdown_m=3.0, k_m_s=5e-4))
    flow = inflow.inflow_m3_d(drawdown_m=3, pit_radius_m=0.15, k_m_d=5e-4 * 86400, thickness_m=10, radius_of_influence_m=french)
    k = np.geomspace(1e-6, 1e-3, 40)
    radii = np.array([float(inflow.sichardt_radius_m(drawdown_m=4.0, k_m_s=float(one))) for one in k])
    chart = Chart((Curve("4 m lowered", k, radii),), "k (m/s)", "R (m)")
    return Found((
        _near("radius, 4 m, k 1e-4 m/s", radius, 120.0, "m", 0),
        _near("radius, 3 m, k 5e-4 m/s", french, 201.0, "m", 0),
        _near("inflow to a well of 0.15 m, 10 to 7 m of water", flow / 86_400, 0.0111, "m3/s", 4),
    ), chart)  # fmt: skip


def _dupuit(trial: Trial) -> Found:
    four = w.wells(x_m=[10, 10, -10, -10], y_m=[10, -10, 10, -10], discharge_m3_d=100.0)

    def height(x: NDArray[np.float64] | float) -> NDArray[np.float64]:
        linear = w.drawdown_at(x, 0.0, four, transmissivity_m2_d=100.0, radius_of_influence_m=200.0)
        return 10.0 - w.unconfined(linear, thickness_m=10.0)

    x = np.linspace(0, 60, 121)
    return Found((_near("height at the centre", float(height(0.0)), 8.1406, "m", 4),),
                 Chart((Curve("water table", x, height(x)),), "distance from the centre (m)", "height (m)"))  # fmt: skip


def _canal(trial: Trial) -> Found:
    well = w.with_images(w.wells(x_m=50.0, y_m=0.0, discharge_m3_d=_Q), (w.Line(0, 0, 0, 1),))
    known = {0: 0.0, 10: 0.12906, 25: 0.34970, 75: 0.51230, 100: 0.34970, 200: 0.16260}
    found = w.drawdown_at(np.array([*known], np.float64), 0.0, well, transmissivity_m2_d=_T)
    y = np.sinh(np.linspace(-12, 12, 20_001))
    out = float(np.trapezoid(_T * w.drawdown_at(1e-3, y, well, transmissivity_m2_d=_T) / 1e-3, y))
    x = np.linspace(0, 200, 201)
    course = Curve("drawdown", x, w.drawdown_at(x, 0.0, well, transmissivity_m2_d=_T))
    return Found((
        *(_near(f"drawdown at {at} m", float(s), v, "m", 5) for (at, v), s in zip(known.items(), found, strict=True)),
        _near("comes out of the canal", out, _Q, "m3/d", 0, 2.0),
    ), Chart((course,), "distance (m)", "drawdown (m)"))  # fmt: skip


def _differences(trial: Trial) -> Found:
    """A well beside a canal, on three sizes of cells, with the formula on the edge; and rain and leakage between two canals."""
    measures, curves, errors = [], [], []
    for n in (41, 81, 161):
        dx = 400.0 / (n - 1)
        at = dx * (np.arange(n, dtype=np.float64) - n // 2)
        x, y = np.meshgrid(at, at)
        well = w.with_images(w.wells(x_m=0.0, y_m=0.0, discharge_m3_d=_Q), (w.Line(300.0, 0, 300.0, 1),))
        known = -w.drawdown_at(x, y, well, transmissivity_m2_d=_T)
        fixed = np.where(np.maximum(np.abs(x), np.abs(y)) > 199.9, known, np.nan)
        pumped = np.where((x == 0) & (y == 0), _Q, 0.0)
        of = seepage.ground(cell_m=dx, transmissivity_m2_d=_T, shape=(n, n), fixed_head_m=fixed, pumped_m3_d=pumped)
        found = seepage.steady(of)
        errors.append(float(np.abs(found.head_m - known)[np.hypot(x, y) >= 30].max()))
        curves.append(Curve(f"cells of {dx:g} m", at[n // 2 :], -found.head_m[n // 2, n // 2 :]))
        balance = 1e9 * abs(found.balance.error) / _Q
        measures += [
            Measure(f"cells of {dx:g} m: greatest error beyond 30 m", 1000 * errors[-1], "mm", 0.0, 5.0 * (dx / 10.0) ** 2, 3),
            Measure(f"cells of {dx:g} m: error of the balance, 1e-9 of it", balance, "", 0.0, 10.0, 4),
        ]
    measures += [Measure(f"error falls, halving {k + 1}", errors[k] / errors[k + 1], "times", 3.5, 5.0) for k in (0, 1)]
    fixed = np.full((3, 41), np.nan)
    fixed[:, [0, -1]] = 1.5
    rained = seepage.ground(cell_m=5.0, transmissivity_m2_d=80.0, shape=(3, 41), fixed_head_m=fixed, recharge_m_d=2e-3)
    strip = seepage.steady(rained)
    along = 5.0 * np.arange(41, dtype=np.float64)
    off = float(np.abs(strip.head_m[1] - 1.5 - 2e-3 / 160 * along * (200 - along)).max())
    measures.append(Measure("rain between canals: error, 1e-9 m", 1e9 * off, "", 0.0, 1.0, 4))
    return Found(tuple(measures), Chart(tuple(curves), "distance towards the canal (m)", "drawdown (m)"))


def _series(trial: Trial) -> Found:
    t = np.repeat([[10.0] * 10 + [500.0] * 10], 3, axis=0)
    fixed, wall = np.full(t.shape, np.nan), np.zeros((3, 19))
    fixed[:, 0], fixed[:, -1] = 1.0, 0.0
    wall[:, 4] = 3.0
    found = seepage.steady(seepage.ground(cell_m=10.0, transmissivity_m2_d=t, fixed_head_m=fixed, wall_east_d_m=wall))
    known = 30.0 / (95.0 / 10 + 95.0 / 500 + 3.0)
    x = 10.0 * np.arange(20, dtype=np.float64)
    return Found((_near("flow", found.balance.fixed_in, known, "m3/d", 6),),
                 Chart((Curve("head", x, found.head_m[1].copy()),), "x (m)", "head (m)"))  # fmt: skip


def cases() -> tuple[Case, ...]:
    """Volume, uplift, seepage, wells, finite differences."""
    group = "Excavation pit"
    return (
        Case("pit-volume", group, "volume", "A pit with slopes is a prismoid",
             "A floor of 40 by 25 m, 6 m deep, slopes of 1:1.5 (V:H) with mitred corners.",
             "h / 6 (A1 + A2 + 4 Am) = 10,158 m3; 0.1 % by cells of 0.5 m (that bound is ours); lorries by mass and by room.",
             "Known answer: prismoid; bulking of sand: CROW, Handboek Zandboek", _prismoid, _DUG),
        Case("pit-uplift", group, "uplift", "Four metres of clay are too light",
             "4 m of 17 kN/m3 below the floor, over a head of 7.5 m; water 10 kN/m3.",
             "Factor 0.907, below 1.1; highest head 6.18 m at 1.1 and 6.12 m by the factors of EN 1997-1 (table A.15).",
             "Known answer; EN 1997-1, 2.4.7.4", _uplift, _FLOOR),
        Case("pit-hyd", group, "seepage", "Seepage at the toe of a wall",
             "A force of seepage of 9.2 kN on a prism of 31 kN; pore pressure 40.6 kPa on a total stress of 62.4 kPa.",
             "44 % of what EN 1997-1 allows in effective stress and 97.5 % in total stress: its two forms do not agree.",
             "Bond and Harris, Decoding Eurocode 7 (2008)", _hyd, _TOE),
        Case("pit-theis", group, "Theis", "Drawdown after a day",
             "1000 m3/d from an aquifer of 500 m2/d and storativity 1e-4, 100 m from the well.",
             "W 7.0242, drawdown 1.1179 m after a day; with leakage as ttim 0.8.0 has it.",
             "Theis 1935; Hantush and Jacob 1955; ttim 0.8.0", _theis, _AROUND),
        Case("pit-steady", group, "Thiem, De Glee", "Steady drawdown",
             "The same well without end: nothing beyond 500 m, or under a layer of 200 d.",
             "0.5123 m and 0.42155 m at 100 m; three wells as timml 6.9.0 has them.",
             "Thiem 1906; De Glee 1930; timml 6.9.0", _steady, _AROUND),
        Case("pit-sichardt", group, "Sichardt", "Radius of influence",
             "4 m lowered in ground of 1e-4 m/s; 3 m in 5e-4 m/s and what then flows to a well.",
             "120 m; 201 m and 0.0111 m3/s.",
             "Sichardt 1928; Dupuit 1863", _sichardt, _AROUND),
        Case("pit-dupuit", group, "Dupuit", "A water table between four wells",
             "Four wells at (+-10, +-10), 100 m3/d each, k 10 m/d, 10 m of water, R 200 m.",
             "8.1406 m of water at the centre.",
             "Dupuit 1863; Forchheimer 1886", _dupuit, _FOUR),
        Case("pit-canal", group, "image", "A canal feeds a well",
             "A well 50 m from a straight canal: its image puts in what it pumps.",
             "s = Q / (2 pi T) ln(r' / r), and all water comes out of the canal (within 2 m3/d, the line being cut off).",
             "Known answer: method of images", _canal, _CANAL),
        Case("pit-differences", group, "finite differences", "Finite differences beside formulas",
             "The well beside the canal on cells of 10, 5 and 2.5 m, with the formula on the edge; rain between two canals.",
             "The error falls by four when cells are halved (3.5 to 5, bounds ours); rain gives an exact parabola; water balances.",
             "Known answer: images; parabola of recharge", _differences, _CANAL),
        Case("pit-series", group, "sheet pile", "Resistances in series",
             "A strip of 10 and 500 m2/d with a sheet pile of 3 d/m across it, 1 m of head.",
             "The flow is head over the sum of resistances, to 1e-6.",
             "Known answer: Darcy", _series, _STRIP),
    )  # fmt: skip
