"""Radio signal: path loss and chances of a line of sight at distances for which they are known, and signal behind a house."""

from __future__ import annotations

import numpy as np
import shapely

from twin.sim.impact import shadow, signal
from twin.verification.case import Case, Chart, Curve, Found, Measure, Site, Trial

_STREET = Site(
    {"street": shapely.box(0, 0, 120, 20)},
    areas={"post": shapely.Point(10, 10).buffer(1.0), "receiver": shapely.Point(110, 10).buffer(1.0)},
)
_BEHIND = Site(
    {"plain": shapely.difference(shapely.box(0, 0, 120, 40), shapely.box(55, 10, 65, 30))},
    areas={"post": shapely.Point(10, 20).buffer(1.0), "receiver": shapely.Point(110, 20).buffer(1.0)},
)
"""What is drawn of the cases: a post and a receiver 100 m off on the map."""

_KNOWN = {3.5: (85.31, 104.64), 28.0: (103.38, 123.88)}
"""Loss with a line of sight and without one at 100 m on the map, antenna at 10 m and receiver at 1.5 m, by frequency [dB]."""


def _near(name: str, value: float, known: float, unit: str = "dB", digits: int = 2) -> Measure:
    half = 0.5 * 10.0**-digits + 1e-9
    return Measure(name, value, unit, known - half, known + half, digits)


def _micro(trial: Trial) -> Found:
    measures = [_near("breakpoint at 3.5 GHz", signal.breakpoint_m(3.5, 10.0), 210.0, "m", 1)]
    ways = np.geomspace(10.0, 1000.0, 60)
    curves = []
    for ghz, known in _KNOWN.items():
        link = signal.Link("umi", ghz)
        for told, seen, loss in (("in sight", True, known[0]), ("out of sight", False, known[1])):
            measures.append(_near(f"loss {told}, {ghz:g} GHz", float(signal.path_loss(link, 100.0, 10.0, seen)), loss))
            curves.append(Curve(f"{ghz:g} GHz {told}", ways, signal.path_loss(link, ways, 10.0, seen)))
    return Found(tuple(measures), Chart(tuple(curves), "distance on the map (m)", "loss (dB)"))


def _macro(trial: Trial) -> Found:
    """28 + 22 lg d + 20 lg f, and 13.54 + 39.08 lg d + 20 lg f, d = sqrt(100^2 + 23.5^2) = 102.724 m."""
    link = signal.Link("uma", 3.5)
    seen, hidden = (float(signal.path_loss(link, 100.0, 25.0, how)) for how in (True, False))
    return Found((
        _near("breakpoint", signal.breakpoint_m(3.5, 25.0), 560.0, "m", 1),
        _near("loss in sight", seen, 83.14), _near("loss out of sight", hidden, 103.04),
    ))  # fmt: skip


def _chances(trial: Trial) -> Found:
    ways = np.linspace(1.0, 500.0, 200)
    curves = tuple(Curve(model, ways, signal.los_probability(model, ways)) for model in signal.MODELS)
    found = (
        _near("UMi, 100 m", float(signal.los_probability("umi", 100.0)), 0.231, "", 3),
        _near("UMi, 18 m", float(signal.los_probability("umi", 18.0)), 1.0, "", 3),
        # 0.18 + 0.82 exp(-100 / 63)
        _near("UMa, 100 m", float(signal.los_probability("uma", 100.0)), 0.348, "", 3),
    )
    return Found(found, Chart(curves, "distance on the map (m)", "chance of a line of sight"))


def _house(trial: Trial) -> Found:
    """What is received 100 m from a post, over open ground and behind a house of 12 m."""
    z = np.zeros((41, 121))
    measures = []
    for told, number in (("in sight", 0), ("behind a house", 1)):
        if number:
            z[10:31, 55:66] = 12.0
        antenna = signal.Antenna(20.0, 10.0, (20, 10), 10.0, 10.0, 0.0)
        _, power, _ = signal.received(shadow.surface(z, 1.0), antenna, signal.Link("umi", 3.5), 120)
        measures.append(_near(f"loss {told}", -float(power[20, 110]), _KNOWN[3.5][number]))
    return Found(tuple(measures))


def cases() -> tuple[Case, ...]:
    """Path loss, chances of a line of sight, and signal in a small city."""
    source = "3GPP TR 38.901 V17.0.0, table 7.4.1-1"
    return (
        Case("signal-umi", "Signal", "UMi", "Path loss in a street canyon",
             "An antenna at 10 m, a receiver at 1.5 m, 100 m apart on the map (100.36 m in space), 3.5 and 28 GHz.",
             "Breakpoint 210 m; 85.31 and 103.38 dB in sight, 104.64 and 123.88 dB out of it.", source, _micro, _STREET),
        Case("signal-uma", "Signal", "UMa", "Path loss of a mast over roofs",
             "An antenna at 25 m, a receiver at 1.5 m, 100 m apart on the map (102.72 m in space), 3.5 GHz.",
             "Breakpoint 560 m; 83.14 dB in sight, 103.04 dB out of it.", source, _macro, _STREET),
        Case("signal-chance", "Signal", "chance", "Chance of a line of sight where the city is not known",
             "Receiver at 1.5 m.", "0.231 at 100 m in street canyons (UMi), 0.348 for masts over roofs (UMa).",
             "3GPP TR 38.901 V17.0.0, table 7.4.2-1", _chances, _STREET),
        Case("signal-house", "Signal", "house", "Signal with and without a house in between",
             "A post of 10 m, a receiver 100 m off on the map, 3.5 GHz; then a house of 12 m halfway.",
             "The loss in sight without the house, that out of sight with it.", source, _house, _BEHIND),
    )  # fmt: skip
