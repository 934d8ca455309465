"""Slow twins of the kernels of rain: lakes that are grown one cell at a time, and the local-inertial scheme on whole arrays."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

from twin.sim.impact.inertial import DRY_M, GRAVITY, LONGEST_S, OUTSIDE, SLOW_M, WALL, WATER, Ground


class _Lakes:
    def __init__(self, z: NDArray[np.float64], kind: NDArray[np.uint8]) -> None:
        self.z, self.kind = z.ravel(), kind.ravel()
        self.rows, self.columns = z.shape
        order = sorted((c for c in range(z.size) if self.kind[c] != WALL), key=lambda c: (self.z[c], self.kind[c] >= 3, c))
        self.rank = {cell: k for k, cell in enumerate(order)}
        self.volume: dict[frozenset[int], float] = {}  # lakes by the cells that they drown when they are full, or their pit

    def near(self, cell: int) -> list[int]:
        r, c = divmod(cell, self.columns)
        around = [(r - 1, c), (r + 1, c), (r, c - 1), (r, c + 1)]
        inside = [(a, b) for a, b in around if 0 <= a < self.rows and 0 <= b < self.columns]
        return [a * self.columns + b for a, b in inside if a * self.columns + b in self.rank]

    def takes(self, cell: int) -> bool:
        return self.kind[cell] in (WATER, OUTSIDE)

    def down(self, cell: int) -> int:
        """The pit, or the cell that takes all water, at the foot of the way down from a cell."""
        while not self.takes(cell):
            lowest = min([cell, *self.near(cell)], key=lambda one: self.rank[one])
            if lowest == cell:
                return cell
            cell = lowest
        return cell

    def basin(self, lake: frozenset[int]) -> tuple[set[int], int | None, int]:
        """Cells below the lowest pass of a lake, the cell of that pass, and the cell beyond it towards which it spills."""
        seen, inside = set(lake), set(lake)
        heap: list[tuple[int, int, int]] = []
        for cell in lake:
            for other in self.near(cell):
                if other not in seen:
                    seen.add(other)
                    heapq.heappush(heap, (self.rank[other], other, cell))
        while heap:
            _, cell, _ = heapq.heappop(heap)
            if self.takes(cell):
                return inside, cell, cell
            lower = [one for one in self.near(cell) if one not in inside and self.rank[one] < self.rank[cell]]
            if lower:
                free = [one for one in lower if self.drains(one, self.rank[cell])]
                return inside, cell, min(free or lower, key=lambda one: self.rank[one])
            inside.add(cell)
            for other in self.near(cell):
                if other not in seen:
                    seen.add(other)
                    heapq.heappush(heap, (self.rank[other], other, cell))
        return inside, None, -1

    def drains(self, start: int, below: int) -> bool:
        """Whether a cell that takes all water is reached over cells of a lower rank."""
        seen, stack = {start}, [start]
        while stack:
            cell = stack.pop()
            if self.takes(cell):
                return True
            for other in self.near(cell):
                if other not in seen and self.rank[other] < below:
                    seen.add(other)
                    stack.append(other)
        return False


def stand(z: NDArray[np.float64], kind: NDArray[np.uint8], supply: NDArray[np.float64]) -> tuple[NDArray[np.float64], float, float]:
    """As `twin.sim.impact.fill_spill.stand`: lakes that are too full spill one after the other, until none does."""
    of = _Lakes(z, kind)
    gone = {WATER: 0.0, OUTSIDE: 0.0}
    lakes: dict[int, tuple[frozenset[int], float]] = {}
    member: dict[int, int] = {}  # which lake each pit is a part of

    def pour(foot: int, amount: float) -> int | None:
        if of.takes(foot):
            gone[int(of.kind[foot])] += amount
            return None
        number = member.setdefault(foot, foot)
        pits, held = lakes.get(number, (frozenset([foot]), 0.0))
        lakes[number] = (pits, held + amount)
        return number

    for cell in of.rank:
        pour(of.down(cell), float(supply.ravel()[cell]))
    full: set[int] = set()
    todo = list(lakes)
    while todo:
        number = todo.pop()
        if number not in lakes:
            continue
        pits, held = lakes[number]
        inside, gate, beyond = of.basin(pits)
        if gate is None:
            continue
        room = sum(of.z[gate] - of.z[cell] for cell in inside)
        if held < room or (held == room and number in full):
            continue
        lakes[number] = (pits, room)
        full.add(number)
        foot = of.down(beyond)
        target = None if of.takes(foot) else member.setdefault(foot, foot)
        if target is not None and target in lakes and target in full:
            there, more = lakes[target]
            _, gate_b, beyond_b = of.basin(there)
            if gate_b is not None and member.get(of.down(beyond_b)) == number and of.z[gate_b] == of.z[gate]:
                joined = frozenset(inside | of.basin(there)[0])
                del lakes[target]
                for pit in [one for one, lake in member.items() if lake == target]:
                    member[pit] = number
                lakes[number] = (joined, held + more)
                full.discard(number)
                full.discard(target)
                todo.append(number)
                continue
        if held > room:
            hit = pour(foot, held - room)
            if hit is not None:
                todo.append(hit)
    depth = np.zeros(z.size)
    for pits, held in lakes.values():
        if held <= 0.0:
            continue
        inside, _, _ = of.basin(pits)
        heights = sorted(of.z[cell] for cell in inside)
        level = heights[0]
        for k in range(1, len(heights) + 1):
            level = (held + sum(heights[:k])) / k
            if k == len(heights) or level <= heights[k]:
                break
        for cell in inside:
            depth[cell] = max(level - of.z[cell], 0.0)
    return depth.reshape(z.shape), gone[WATER], gone[OUTSIDE]


def flow(
    ground: Ground, depth: NDArray[np.float64], until: float, rain: float = 0.0, *, theta: float = 0.8, courant: float = 0.7,
    froude: float = 1.0,
) -> dict[str, NDArray[np.float64] | float]:  # fmt: skip
    """As `twin.sim.impact.inertial.advance` from rest: depth, largest depth and speed, and the volumes, on whole arrays."""
    z, kind, cell = ground.z, ground.kind, ground.cell
    h = np.where(kind > OUTSIDE, depth, 0.0)
    peak, speed = h.copy(), np.zeros(h.shape)
    qx, qy = np.zeros(h.shape), np.zeros(h.shape)
    friction, soak, sewer = (values[kind] for values in (ground.manning**2, ground.soak, ground.sewer))
    volumes = dict.fromkeys(("rain", "soaked", "sewer", "water", "left"), 0.0)
    time = 0.0

    def deepest() -> float:
        level, ground = z + h, kind != WALL
        found = [0.0]
        for a, b in ((np.s_[:-1, :], np.s_[1:, :]), (np.s_[:, :-1], np.s_[:, 1:])):
            deep = np.maximum(level[a], level[b]) - np.maximum(z[a], z[b])
            found.append(float(deep[ground[a] & ground[b]].max(initial=0.0)))
        return max(found)

    def side(q: NDArray[np.float64], other: NDArray[np.float64], axis: int, dt: float) -> NDArray[np.float64]:
        before, after = [(slice(None, -1), slice(None)), (slice(1, None), slice(None))] if axis == 0 else [
            (slice(None), slice(None, -1)), (slice(None), slice(1, None))
        ]  # fmt: skip
        out = np.zeros(q.shape)
        level = z + h
        deep = np.maximum(level[before], level[after]) - np.maximum(z[before], z[after])
        further = np.concatenate([q, np.zeros_like(q[:1] if axis == 0 else q[:, :1])], axis=axis)
        sides = (further[:-2] + further[2:]) if axis == 0 else (further[:, :-2] + further[:, 2:])
        turned = np.concatenate([other, np.zeros_like(other[:, :1] if axis == 0 else other[:1])], axis=1 - axis)
        pair = turned[:, :-1] + turned[:, 1:] if axis == 0 else turned[:-1] + turned[1:]
        across = 0.25 * (pair[before] + pair[after])
        own = q[after]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            push = theta * own + 0.5 * (1 - theta) * sides - GRAVITY * deep * dt * (level[after] - level[before]) / cell
            rough = 0.5 * (friction[before] + friction[after])
            push = push / (1 + GRAVITY * dt * rough * np.hypot(own, across) / deep ** (7 / 3))
            most = froude * deep * np.sqrt(GRAVITY * np.maximum(deep, 0.0))
            push = np.clip(push, -most, most)
        dry = (deep <= DRY_M) | (kind[before] == WALL) | (kind[after] == WALL) | (h[before] + h[after] <= 0.0)
        out[after] = np.where(dry, 0.0, push)
        return out

    known = deepest()
    while time < until:
        dt = min(LONGEST_S, courant * cell / np.sqrt(GRAVITY * known)) if known > 0 else LONGEST_S
        known = deepest()
        dt = min(dt, until - time)
        nx, ny = side(qx, qy, 1, dt), side(qy, qx, 0, dt)
        east = np.concatenate([nx[:, 1:], np.zeros((h.shape[0], 1))], axis=1)
        south = np.concatenate([ny[1:], np.zeros((1, h.shape[1]))], axis=0)
        out = np.maximum(east, 0) + np.maximum(-nx, 0) + np.maximum(south, 0) + np.maximum(-ny, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(dt * out > h * cell, h * cell / (dt * out), 1.0)
        qx, qy = nx.copy(), ny.copy()
        qx[:, 1:] *= np.where(nx[:, 1:] > 0, share[:, :-1], share[:, 1:])
        qy[1:] *= np.where(ny[1:] > 0, share[:-1], share[1:])
        east = np.concatenate([qx[:, 1:], np.zeros((h.shape[0], 1))], axis=1)
        south = np.concatenate([qy[1:], np.zeros((1, h.shape[1]))], axis=0)
        came = dt / cell * (qx - east + qy - south)
        wet = np.where(kind == WALL, 0.0, rain * dt * ground.supply)
        area = cell * cell
        volumes["rain"] += float(wet.sum()) * area
        volumes["water"] += float((came + wet)[kind == WATER].sum()) * area
        volumes["left"] += float((came + wet)[kind == OUTSIDE].sum()) * area
        h = np.where(kind > OUTSIDE, np.maximum(h + came, 0.0) + wet, 0.0)
        for name, rate in (("soaked", soak), ("sewer", sewer)):
            gone = np.minimum(h, np.where(kind > OUTSIDE, rate * dt, 0.0))
            volumes[name] += float(gone.sum()) * area
            h = h - gone
        peak = np.maximum(peak, h)
        with np.errstate(divide="ignore", invalid="ignore"):
            now = 0.5 * np.hypot(qx + east, qy + south) / h
        speed = np.where((h >= SLOW_M) & (kind > OUTSIDE), np.maximum(speed, now), speed)
        time += dt
    return {"depth": h, "peak": peak, "speed": speed, **volumes}
