"""What a frame of the window costs: ``python -m benchmarks.window --json [--buildings N] [--people N]``.

A made-up city of so many houses in blocks, with so many people in its streets, is drawn without a screen by the window itself:
opened, looked round in, walked in, played, clicked on, lit from elsewhere. Times are those of whole frames, with everything that
is written on them; how many actors a frame has is how many draw calls it takes. Without a graphics card all of it is done by the
processor.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.crowd.measuring import machine
from benchmarks.printing import show
from viewer import style
from viewer.backends import window
from viewer.backends.window import navigation
from viewer.scene import FieldLayer, MeshLayer, PeopleLayer, Scene, View

BLOCK, DEEP, WIDE = 10, 11.0, 6.5
STREET = 9.0


def make_scene(buildings: int, people: int, frames: int = 20) -> Scene:
    """A city of gabled houses in double rows, with people who walk along the streets and the crowding that they make."""
    rng = np.random.default_rng(5)
    columns = int(np.ceil(np.sqrt(buildings / 2.0)))
    number = np.arange(buildings)
    column, row = number % columns, number // columns
    x = column * WIDE + (column // BLOCK) * STREET
    y = row * DEEP + (row // 2) * STREET
    houses = _houses(x, y, rng.uniform(6.0, 14.0, buildings), rng.uniform(2.0, 4.5, buildings))
    ids = [f"house-{k}" for k in number]
    colours = np.repeat(style.pick(style.WALLS, style.seeds(ids)), 16, axis=0)
    colours[np.tile(np.arange(16) >= 10, buildings)] = np.repeat(style.pick(style.ROOFS_PITCHED, style.seeds(ids)), 6, axis=0)
    owner = np.repeat(number, 16).astype(np.int32)
    east, north = float(x.max() + WIDE), float(y.max() + DEEP)
    ground = MeshLayer(
        "ground", "Ground",
        np.array([[-50, -50, 0], [east + 50, -50, 0], [east + 50, north + 50, 0], [-50, north + 50, 0]], float),
        np.array([[0, 1, 2], [0, 2, 3]], np.int32), np.full((2, 3), 190, np.uint8), group="ground",
    )  # fmt: skip
    city = MeshLayer("buildings", "Buildings", *houses, colours, owner, {"id": ids}, "buildings", edges=True, casts_shadow=True)
    crowd = _crowd(people, frames, east, north, rng)
    eye, middle = (east / 2, north / 2 - 500.0, 320.0), (east / 2, north / 2, 0.0)
    return Scene(
        "A city to measure", (ground, city, _field(crowd, east, north), crowd), (View("over", "Over", eye, middle, 35.0),),
        legends=(style.fruin_legend(),), times=crowd.times, crs="EPSG:7415", longitude_deg=5.12, latitude_deg=52.09,
    )  # fmt: skip


def _houses(x: Any, y: Any, wall: Any, roof: Any) -> tuple[Any, Any]:
    n, zero = len(x), np.zeros(len(x))
    low = [(x, y, zero), (x + WIDE, y, zero), (x + WIDE, y + DEEP, zero), (x, y + DEEP, zero)]
    high = [(a, b, wall) for a, b, _ in low]
    ridge = [(x + WIDE / 2, y, wall + roof), (x + WIDE / 2, y + DEEP, wall + roof)]
    points = np.stack([np.column_stack(p) for p in (*low, *high, *ridge)], axis=1)
    faces = [(0, 1, 5), (0, 5, 4), (1, 2, 6), (1, 6, 5), (2, 3, 7), (2, 7, 6), (3, 0, 4), (3, 4, 7), (4, 5, 8), (6, 7, 9)]
    faces += [(5, 6, 9), (5, 9, 8), (7, 4, 8), (7, 8, 9), (0, 2, 1), (0, 3, 2)]
    triangles = np.array(faces)[None] + 10 * np.arange(n)[:, None, None]
    return points.reshape(-1, 3), triangles.reshape(-1, 3).astype(np.int32)


def _crowd(people: int, frames: int, east: float, north: float, rng: np.random.Generator) -> PeopleLayer:
    street = rng.integers(0, max(int(north / (2 * DEEP + STREET)), 1), people)
    y = street * (2 * DEEP + STREET) + 2 * DEEP + rng.uniform(0.5, STREET - 0.5, people)
    x, speed = rng.uniform(0, east, people), rng.normal(0, 1.2, people)
    at = np.stack([np.column_stack([x + speed * k, y, np.zeros(people)]) for k in range(frames)]).astype(np.float32)
    start = people * np.arange(frames + 1, dtype=np.int64)
    ids = np.tile(np.arange(people, dtype=np.int32), frames)
    return PeopleLayer("people", "People", np.arange(frames, dtype=float), start, ids, at.reshape(-1, 3), style.PERSON)


def _field(crowd: PeopleLayer, east: float, north: float, cell: float = 4.0) -> FieldLayer:
    shape = (int(north / cell) + 1, int(east / cell) + 1)
    values = []
    for frame in range(0, len(crowd.times), 5):
        at = crowd.frame(float(frame))
        i, j = ((shape[0] * cell - at[:, 1]) / cell).astype(int), (at[:, 0] / cell).astype(int)
        inside = (i >= 0) & (j >= 0) & (i < shape[0]) & (j < shape[1])
        count = np.zeros(shape, np.float32)
        np.add.at(count, (i[inside], j[inside]), 1.0 / cell**2)
        values.append(np.where(count > 0, count, np.nan))
    times = 5.0 * (1 + np.arange(len(values)))
    return FieldLayer(
        "density", "Density", 0.0, shape[0] * cell, cell, np.zeros(shape, np.float32), times, np.stack(values), "density"
    )


def timed(call: Callable[[], Any], repeats: int) -> dict[str, float]:
    """Median and spread of a call [ms]."""
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(1000.0 * (time.perf_counter() - start))
    return {"median_ms": round(statistics.median(times), 1), "min_ms": round(min(times), 1), "max_ms": round(max(times), 1)}


def measure(buildings: int, people: int, size: tuple[int, int], repeats: int) -> dict[str, Any]:
    """Open a window on the city and use it."""
    scene = make_scene(buildings, people)
    start = time.perf_counter()
    opened = window.build(scene, size=size)
    opened.render()
    out: dict[str, Any] = {
        "buildings": buildings, "people": people, "triangles": len(opened.stage.packing.corners), "size_px": list(size),
        "opened_s": round(time.perf_counter() - start, 1),
    }  # fmt: skip
    state = opened.state

    def frame() -> None:
        opened.render()
        # what the driver still has to do belongs to the frame
        opened.plotter.render_window.WaitForCompletion()

    def turn() -> None:
        state.set_pose(navigation.orbit(state.pose, 2.0, 0.0))
        frame()

    def play() -> None:
        state.go_to((state.time + 0.1) % state.span[1])
        frame()

    middle = (size[0] / 2, size[1] / 2)

    def click() -> None:
        opened.press("left", *middle)
        opened.release(*middle)

    for _ in range(4):
        turn()  # after a slow frame the window draws rougher ones while it moves
    opened.draw(at_rest=True)
    out["draw_calls_over_the_city"] = len(opened.stage.drawn)
    out["at_rest"] = timed(lambda: opened.draw(at_rest=True), repeats)
    out["turning"] = timed(turn, repeats)
    out["playing"] = timed(play, repeats)
    out["clicking"] = timed(click, repeats)
    out["moving_the_sun"] = timed(lambda: (state.move_sun(0.5), frame()), 3)
    state.toggle_walking()
    opened.render()
    opened.draw(at_rest=True)
    out["draw_calls_on_foot"] = len(opened.stage.drawn)
    out["walking"] = timed(lambda: (state.walk(0.5, 0.0), frame()), repeats)
    opened.plotter.close()
    return out


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--buildings", type=int, default=50_000)
    parser.add_argument("--people", type=int, default=50_000)
    parser.add_argument("--size", type=int, nargs=2, default=(1280, 720))
    parser.add_argument("--repeats", type=int, default=7)
    given = parser.parse_args()
    report = {"machine": machine(), **measure(given.buildings, given.people, (given.size[0], given.size[1]), given.repeats)}
    show(report, as_json=given.json)


if __name__ == "__main__":
    main()
