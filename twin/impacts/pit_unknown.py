"""Water of pits of which nothing can be told: which figures that leaves without a value, and why."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from twin.result import Figure

if TYPE_CHECKING:
    from twin.impacts.pit_stages import Dug

ENDS = ("the head is lowered in stage {stage}{of} under layers that end in clay or peat: what that gives, lowers and settles is "
        "not known. Give layers that go on below it")  # fmt: skip
WELLS = ("the wells of the scenario pump more than stage {stage}{of} needs ({needed:,.0f} m3/d) from a layer that is not known: "
         "what that lowers and settles is not known. State less for them, or the `head_m` that they keep")  # fmt: skip

PUMPED = ("pit_inflow", "pit_pumped", "pit_wells", "pit_wells_capacity")
"""Figures that are not known where it is not known what the ground gives."""

FOLLOW = ("pit_settlement", "pit_sunk", "pit_wooden", "pit_trees_dry")
"""Figures that are not known where falls of the water are not."""

WORSE = ("pit_damage", "pit_damaged")
"""The same, unless what is known is beyond the limit, or more than none, already: water only adds to it."""


def ends_of(made: Sequence[Dug]) -> tuple[str, ...]:
    """Stages that lower a head in ground of which nothing is known, and what to do."""
    return tuple(
        ENDS.format(stage=row["stage"], of=_of(one, made))
        for one in made if one.soil.parted and math.isnan(one.soil.lower_m2_d)
        for row in one.stages if row["head_drawdown_m"] > 0.0
    )  # fmt: skip


def wells_of(made: Sequence[Dug]) -> tuple[str, ...]:
    """Stages whose wells pump more than they need from a layer that is not known, and what to do."""
    return tuple(
        WELLS.format(stage=row["stage"], of=_of(one, made), needed=row["needed_m3_d"])
        for one in made for row in one.stages if row["wells_do"] == "unknown"
    )  # fmt: skip


def without_unknown(figures: Iterable[Figure], made: Sequence[Dug]) -> list[Figure]:
    """Figures, those that hang on water of which nothing is known without a value (NaN) and with the reason in their note.

    Parameters
    ----------
    figures : iterable of Figure
    made : sequence of Dug

    Returns
    -------
    list of Figure
    """
    ends = ends_of(made)
    every = (*ends, *wells_of(made))
    out = []
    for one in figures:
        why = ends if one.key in PUMPED else every if one.key in (*FOLLOW, *WORSE) else ()
        beyond = one.key in WORSE and one.value > (one.limit or 0.0)
        if why and not beyond:
            rest = f"; of what is known: {one.note}" if one.note else ""
            one = replace(one, value=math.nan, told="", unknown=True, note=f"not known: {'; '.join(why)}{rest}")
        elif why:
            one = replace(one, note="; ".join((*([one.note] if one.note else []), "it may be worse: " + "; ".join(why))))
        out.append(one)
    return out


def _of(one: Dug, made: Sequence[Dug]) -> str:
    return f" of {one.pit.id}" if len(made) > 1 else ""
