"""Walking speed on stairs, up and down, beside what was measured."""

from __future__ import annotations

from functools import partial

from twin.verification.case import Case, Found, Measure, Trial
from twin.verification.single import stair, stair_time

_RUN_M = 10.0
_STAIR = stair(_RUN_M)
_SOURCE = "Weidmann 1993, Transporttechnik der Fussgaenger: 0.61 m/s up and 0.69 m/s down in plan, for 1.34 m/s on the flat"


def _speed(upwards: bool, known: float, trial: Trial) -> Found:
    speed = _RUN_M / stair_time(_STAIR, upwards, 1.34, trial)
    return Found((Measure("speed in plan", speed, "m/s", 0.95 * known, 1.05 * known, 3),))


def cases() -> tuple[Case, ...]:
    """Up and down."""
    return tuple(
        Case(
            f"stairs-{name}",
            "Stairs",
            name,
            f"Walking speed {name} stairs",
            "One person who walks at 1.34 m/s on the flat, on a stair of 10 m in plan.",
            f"{known:g} m/s in plan within 5 % (our tolerance, as RiMEA's test 1 has it for speeds).",
            _SOURCE,
            partial(_speed, name == "up", known),
            _STAIR,
        )
        for name, known in (("up", 0.61), ("down", 0.69))
    )
