"""NIST Technical Note 1822, its seventeen verification tests: those that apply, and why the others do not.

Ronchi, Kuligowski, Reneke, Peacock & Nilsson 2013, The Process of Verification and Validation of Building Fire Evacuation Models,
doi:10.6028/NIST.TN.1822.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from twin.discretize import FLAT_M_S, STAIR_DOWN_M_S, STAIR_UP_M_S
from twin.verification.case import Case, Found, Measure, Trial
from twin.verification.choices import CABINS, EITHER_SIDE, LIFT, assigned_exits, by_lift, exit_that_closes, familiar_exit
from twin.verification.crowded import (
    EXIT_OF_A_METRE,
    ROOM_AND_STAIR,
    ROOMS_FACING,
    counter_flow,
    jam_at_the_stair,
    most_through_an_exit,
)
from twin.verification.single import (
    CORNER,
    WAITING_ROOM,
    corridor,
    corridor_time,
    normal_times,
    round_the_corner,
    stair,
    stair_time,
    starts_at,
    uniform_times,
)
from twin.verification.together import (
    GROUP_ROOM,
    LANES,
    RAMP_ROOMS,
    RUNS,
    group_stays_together,
    slow_person_ahead,
    walked_demographics,
)
from twin.verification.walking import JAM_PER_M2

STANDARD = "NIST TN 1822"
_SOURCE = "Ronchi et al. 2013, NIST Technical Note 1822, Verif.{} (doi:10.6028/NIST.TN.1822)"
NO_FIRE = "smoke and its gases are not part of this library: it is for crowds in the open air and for leaving places without a fire"
NO_SOCIAL_INFLUENCE = "nobody takes an exit because others do; there is a choice of the least crowded, which is the opposite"

CORRIDOR_40 = corridor(40.0)
STAIR_100 = stair(100.0)


def pre_evacuation(trial: Trial) -> Found:
    """Times from three distributions."""
    normal = normal_times(trial, 60.0, 20.0)
    return starts_at(
        trial,
        {"uniform 10 to 100 s": uniform_times(trial, 10.0, 100.0), "normal 60, 20 s": normal, "log-normal": _log_normal(normal)},
    )


def _log_normal(normal: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((30.0 * 2.0 ** ((normal - 60.0) / 20.0)).clip(0.0, 300.0))


def corridor_speed(trial: Trial) -> Found:
    """40 m at 1 m/s."""
    return Found((Measure("walking time", corridor_time(CORRIDOR_40, 1.0, trial), "s", 38.0, 42.0, 1),))


def _stairs(trial: Trial) -> Found:
    return Found(
        tuple(
            Measure(f"time {name}", stair_time(STAIR_100, up, FLAT_M_S / speed, trial), "s", 95.0, 105.0, 1)
            for name, up, speed in (("up", True, STAIR_UP_M_S), ("down", False, STAIR_DOWN_M_S))
        )
    )


def cases() -> tuple[Case, ...]:
    """All seventeen."""

    def absent(number: str, title: str, why: str) -> Case:
        return Case(f"nist-{number}", STANDARD, f"Verif.{number}", title, "", "", _SOURCE.format(number), None, not_applicable=why)

    ours = "(within 5 %, our tolerance)"
    return (
        Case(
            "nist-1.1",
            STANDARD,
            "Verif.1.1",
            "Pre-evacuation times",
            "Ten people in a room of 8 x 5 m with times of three distributions.",
            "Everybody starts at the own time (within 0.15 s, three steps).",
            _SOURCE.format("1.1"),
            pre_evacuation,
            WAITING_ROOM,
        ),
        Case(
            "nist-2.1",
            STANDARD,
            "Verif.2.1",
            "Speed in a corridor",
            "One person at 1 m/s, 40 m of a corridor 2 m wide.",
            f"40 s {ours}.",
            _SOURCE.format("2.1"),
            corridor_speed,
            CORRIDOR_40,
        ),
        Case(
            "nist-2.2",
            STANDARD,
            "Verif.2.2",
            "Speed on stairs",
            "One person who walks at 1 m/s on a stair of 100 m, up and down.",
            f"100 s each way {ours}.",
            _SOURCE.format("2.2"),
            _stairs,
            STAIR_100,
        ),
        Case(
            "nist-2.3",
            STANDARD,
            "Verif.2.3",
            "Round a corner",
            "Twenty people in a corridor 2 m wide with a left corner, at 1 m/s.",
            "All get round it, none through a wall.",
            _SOURCE.format("2.3"),
            lambda trial: round_the_corner(trial, 1.0),
            CORNER,
        ),
        Case(
            "nist-2.4",
            STANDARD,
            "Verif.2.4",
            "Assigned demographics",
            "100 people with normal speeds, 1.2 and 0.2 m/s, each on a lane.",
            "The speeds walked are of the distribution given: Kolmogorov and Smirnov's distance at most 0.136 (5 %), mean "
            "within three "
            "standard errors (our tests).",
            _SOURCE.format("2.4"),
            walked_demographics,
            LANES,
        ),
        absent("2.5", "Reduced visibility and walking speed", NO_FIRE),
        absent("2.6", "Incapacitation of occupants", NO_FIRE),
        Case(
            "nist-2.7",
            STANDARD,
            "Verif.2.7",
            "Use of a lift",
            "One person at 1 m/s on an upper floor that only a lift leads down from, which leaves every 10 s and takes 8 s. "
            "Lengths are ours.",
            "The person takes the lift and reaches the exit at the time reckoned by hand: 7 m to the lift, wait until 10 s, ride "
            "until 18 s, and 7 to 9 m from where it steps out; 25 to 27 s, and half a second for steps and cells.",
            _SOURCE.format("2.7"),
            by_lift,
            LIFT,
        ),
        Case(
            "nist-2.8",
            STANDARD,
            "Verif.2.8",
            "Counter-flow between rooms",
            "100 people from room 1 to room 2 through a corridor 2 m wide, with 0, 10, 50 and 100 the other way.",
            "The time of the last in room 2, the mean of four runs (our number), grows with the number of the others.",
            _SOURCE.format("2.8"),
            counter_flow,
            ROOMS_FACING,
        ),
        Case(
            "nist-2.9",
            STANDARD,
            "Verif.2.9",
            "Groups",
            "Group 1: four people at 1.25 and one at 0.5 m/s; ten at 0.2 m/s stand in their way.",
            f"Group 1 reaches the exit together: within 10 s, the median of {RUNS} runs (our number).",
            _SOURCE.format("2.9"),
            partial(group_stays_together, first=(1.25, 1.25, 1.25, 1.25, 0.5), second=0.2),
            GROUP_ROOM,
        ),
        Case(
            "nist-2.10",
            STANDARD,
            "Verif.2.10",
            "People with movement disabilities",
            "24 people at 1.25 m/s behind one at 0.8 "
            "m/s and 0.8 m "
            "wide, on a way 1.5 m wide that slopes; then behind one like them. Lengths of rooms are ours.",
            "It takes longer with the slow person.",
            _SOURCE.format("2.10"),
            slow_person_ahead,
            RAMP_ROOMS,
        ),
        Case(
            "nist-3.1",
            STANDARD,
            "Verif.3.1",
            "Allocation of exits",
            "23 people in twelve rooms, with the main or the second exit to take. Lengths of rooms are ours.",
            "Everybody leaves by the assigned exit.",
            _SOURCE.format("3.1"),
            assigned_exits,
            CABINS,
        ),
        absent("3.2", "Social influence", NO_SOCIAL_INFLUENCE),
        Case(
            "nist-3.3",
            STANDARD,
            "Verif.3.3",
            "Affiliation",
            "Sixteen people, twenty times, between two exits at the same distance; familiarity is the weight of a choice.",
            "Exits as familiar are used alike (within chance, three standard errors), the familiar one more.",
            _SOURCE.format("3.3"),
            familiar_exit,
            EITHER_SIDE,
        ),
        Case(
            "nist-4.1",
            STANDARD,
            "Verif.4.1",
            "Exits that close",
            "One person at 1 m/s on the way to exit 1, which shuts after 1 s.",
            "The person leaves by exit 2.",
            _SOURCE.format("4.1"),
            exit_that_closes,
            EITHER_SIDE,
        ),
        Case(
            "nist-5.1",
            STANDARD,
            "Verif.5.1",
            "Congestion",
            "100 people in a room of 5 x 8 m, a corridor 2 m wide, a stair.",
            "People jam before the corridor, and again at the foot of the stair; a jam is more than "
            f"{JAM_PER_M2} people per m2 over 10 s (our reading).",
            _SOURCE.format("5.1"),
            partial(jam_at_the_stair, people=100),
            ROOM_AND_STAIR,
        ),
        Case(
            "nist-5.2",
            STANDARD,
            "Verif.5.2",
            "Maximum flow",
            "100 people leave a room of 8 x 5 m by an exit of 1 m that is told to let 1.33 people a second through.",
            "The flow is that limit and no more: at most 1.33 /(m s) (IMO MSC.1/Circ.1238), at "
            "least 95 % of it "
            "(ours). What the model does without a limit is told.",
            _SOURCE.format("5.2"),
            most_through_an_exit,
            EXIT_OF_A_METRE,
        ),
    )
