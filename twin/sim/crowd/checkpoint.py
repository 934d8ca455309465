"""The whole state of a crowd as plain arrays, and back: a run goes on after a break as if there had been none.

Not only where people are: also the order of the rows and the lists of who is near whom, since sums are taken in their order.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import ParameterError
from twin.sim.crowd.state import BLOCK

if TYPE_CHECKING:
    from twin.sim.crowd.engine import Crowd

State = dict[str, NDArray[Any]]

VERSION = 4


def fingerprint(crowd: Crowd) -> NDArray[np.uint8]:
    """Hash of what a crowd was made from: a state belongs to one of these only."""
    digest = hashlib.sha256()

    def add(value: Any) -> None:
        if isinstance(value, np.ndarray):
            digest.update(f"{value.dtype}{value.shape}".encode())
            digest.update(np.ascontiguousarray(value).tobytes())
        elif isinstance(value, tuple):
            digest.update(type(value).__name__.encode())
            for part in value:
                add(part)
        else:
            digest.update(repr(value).encode())

    referee = crowd.referee
    queues = None if referee.lines is None else tuple(referee.lines.queues)
    choices = None if referee.choices is None else tuple(referee.choices)
    rides = None if referee.carriage is None else tuple(referee.carriage.rides)
    add((
        VERSION, crowd.dt, crowd.seed, type(crowd.model).__name__, tuple(crowd.model), tuple(crowd.people), tuple(crowd.stages),
        tuple(crowd.goals), crowd.floor.mask, crowd.floor.walls, crowd.floor.cell, tuple(crowd.doors.hours), crowd.doors.line,
        tuple(referee.exits.hours), queues, choices, crowd.lines, rides, crowd.ways.made_from, crowd.ways_row,
    ))  # fmt: skip
    return np.frombuffer(digest.digest(), np.uint8)


def state_of(crowd: Crowd) -> State:
    """Everything that changes while a crowd walks.

    Returns
    -------
    dict of str to array
        Plain arrays (no objects), for instance for `numpy.savez`.
    """
    store, referee = crowd.store, crowd.referee
    out: State = {f"row_{name}": values[: store.n] for name, values in store.arrays.items()}
    used = (store.n + BLOCK - 1) // BLOCK * store.room
    out |= {
        "fingerprint": fingerprint(crowd), "step": np.array(crowd.step), "asked": np.array(crowd.asked),
        "rows": np.array(store.n), "room": np.array(store.room),
        "neighbour": store.neighbour[:used], "waiting": crowd.waiting_ids, "next": np.array(crowd.next_id),
        "stale": np.array(crowd.stale), "exit_time": crowd.exit_time, "exit_goal": crowd.exit_goal, "passed": crowd.passed,
    }  # fmt: skip
    for name, passage in (("doors", referee.doors), ("exits", referee.exits)):
        out |= {f"{name}_credit": passage.credit, f"{name}_by_hand": passage.by_hand, f"{name}_open": passage.open}
    if referee.lines is not None:
        out |= referee.lines.state()
    if referee.carriage is not None:
        out |= referee.carriage.state()
    out |= crowd.watch.state() | crowd.entries.state() | crowd.ways.state()
    return {name: np.array(values) for name, values in out.items()}


def restore(crowd: Crowd, state: State) -> None:
    """Put a crowd that was made from the same input into a state.

    Raises
    ------
    ParameterError
        When the state is not of such a crowd.
    """
    if "fingerprint" not in state or not np.array_equal(state["fingerprint"], fingerprint(crowd)):
        raise ParameterError(
            "the checkpoint is of another run", hint="go on with the same scenario, seed and version, or start from the beginning"
        )
    check_rows(crowd, state)
    store, referee = crowd.store, crowd.referee
    n = int(state["rows"])
    if n > store.capacity:
        store.grow(n)
    for name, values in store.arrays.items():
        values[:n] = state[f"row_{name}"]
    # what stands between the lists may be rows of people who were there before
    store.take_lists(int(state["room"]), np.clip(state["neighbour"], 0, max(n - 1, 0)))
    store.set_count(n)
    crowd.step, crowd.next_id, crowd.stale = int(state["step"]), int(state["next"]), bool(state["stale"])
    crowd.asked = int(state["asked"])
    crowd.waiting_ids = state["waiting"].copy()
    crowd.exit_time[:], crowd.exit_goal[:], crowd.passed[:] = state["exit_time"], state["exit_goal"], state["passed"]
    for name, passage in (("doors", referee.doors), ("exits", referee.exits)):
        passage.credit, passage.by_hand = state[f"{name}_credit"].copy(), state[f"{name}_by_hand"].copy()
        passage.take_open(state[f"{name}_open"])
    if referee.lines is not None:
        referee.lines.restore(state)
    if referee.carriage is not None:
        referee.carriage.restore(state)
    crowd.entries.restore(state)
    crowd.ways.restore(state, ~referee.doors.open)
    crowd.watch.restore(state)
    store.index_people()


def check_rows(crowd: Crowd, state: State) -> None:
    """Refuse a state whose numbers point at nothing: kernels do not look whether there is a row or a cell of a number.

    Raises
    ------
    ParameterError
        With the name of what is wrong.
    """
    n, people, room = int(state["rows"]), len(crowd.people.x), int(state["room"])
    routes, goals = crowd.ways.routes, len(crowd.goals.start) - 1
    most = 2 * BLOCK * max(people, 16)  # more no list is ever given
    limits = {
        "room": (1, most), "row_person": (0, people), "row_level": (0, len(crowd.floor.mask)),
        "row_stage": (0, len(crowd.stages.kind)),
        "row_node": (-1, routes.time.shape[1]), "row_ways": (0, len(routes.time) - goals + 1), "row_slot": (-1, len(crowd.places)),
        "row_left_goal": (-1, goals), "row_first": (0, len(state["neighbour"]) + 1), "row_number": (0, room + 1),
        "waiting": (0, people), "next": (0, people + 1), "rows": (0, people + 1), "exit_goal": (-1, goals),
    }  # fmt: skip
    wrong = [name for name, (low, high) in limits.items() if not _between(state[name], low, high)]
    wrong += [name for name, values in state.items() if name.startswith("row_") and values.shape != (n,)]
    if not wrong:
        first, block = state["row_first"], np.arange(n) // BLOCK
        end = first + state["row_number"]
        follows = np.where(np.arange(n) % BLOCK == 0, block * room, np.roll(end, 1))
        if len(np.unique(state["row_person"])) < n:
            wrong.append("row_person")
        elif len(state["neighbour"]) != (n + BLOCK - 1) // BLOCK * room:
            wrong.append("neighbour")
        elif (first != follows).any() or (end > (block + 1) * room).any():
            wrong.append("row_first")
        else:
            # the lists of a block stand together: which places are in one
            change = np.zeros(len(state["neighbour"]) + 1, np.int64)
            np.add.at(change, first, 1)
            np.add.at(change, end, -1)
            if not _between(state["neighbour"][np.cumsum(change)[:-1] > 0], 0, n):
                wrong.append("neighbour")
    if wrong:
        raise ParameterError(
            f"the checkpoint is damaged: `{wrong[0]}` points at what is not there",
            hint="start from the beginning, or from an earlier one",
        )


def _between(values: NDArray[Any], low: int, high: int) -> bool:
    """Whether all values are whole numbers from `low` on and below `high`."""
    return values.dtype.kind in "iu" and bool(((values >= low) & (values < high)).all())
