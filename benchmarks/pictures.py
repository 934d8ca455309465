"""What stills and films cost: ``python -m benchmarks.pictures --json [--only still|film] [--seconds N]``.

The sample district is laid out beside itself until it has 10,000 buildings, with its trees, water, streets and terrain, and 20,000
people walk about in its streets. A still of 1920 x 1080 is drawn as `viewer.screenshot` draws it, and a film of 1280 x 720 at 25
pictures a second as `viewer.movie` writes it. Both are drawn by the processor alone. The first call of each, in which kernels
are compiled or read, is not counted.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import twin
import viewer
from benchmarks.crowd.measuring import machine
from benchmarks.printing import show
from viewer import style, views
from viewer.scene import FieldLayer, LabelLayer, Layer, MeshLayer, PeopleLayer, Scene

STILL_TARGET_S, FILM_TARGET_S = 10.0, 900.0
APART = (600.0, 500.0)


def tiled(scene: Scene, columns: int, rows: int) -> Scene:
    """The scene so many times beside itself."""
    layers: list[Layer] = []
    steps = np.array([[APART[0] * i, APART[1] * j, 0.0] for i in range(columns) for j in range(rows)])
    for layer in scene.layers:
        if isinstance(layer, LabelLayer) or not isinstance(layer, MeshLayer) or layer.group == "surroundings":
            continue
        size, count = len(layer.vertices), len(layer.attributes.get("id", []))
        owner = layer.owner
        if owner is not None:
            owner = np.concatenate([owner + k * count for k in range(len(steps))]).astype(np.int32)
        layers.append(
            replace(
                layer,
                vertices=np.concatenate([layer.vertices + step for step in steps]),
                triangles=np.concatenate([layer.triangles + k * size for k in range(len(steps))]).astype(np.int32),
                colours=np.tile(layer.colours, (len(steps), 1)),
                owner=owner,
                attributes={name: column * len(steps) for name, column in layer.attributes.items()},
            )
        )
    east, north = APART[0] * columns, APART[1] * rows
    everything = np.array([[x, y, z] for x in (0.0, east) for y in (0.0, north) for z in (0.0, 15.0)])
    camera = replace(views._fit(everything, views._direction(215.0, 38.0), 30.0, 1.6, 1.05), name="overview", label="Overview")
    return replace(scene, layers=tuple(layers), views=(camera,), title=f"{columns} x {rows} districts")


def peopled(scene: Scene, people: int, seconds: float) -> Scene:
    """The scene with people who walk back and forth on its streets, and how dense they are."""
    rng = np.random.default_rng(1)
    streets = [layer for layer in scene.layers if isinstance(layer, MeshLayer) and layer.name == "roads_mesh"]
    corners = streets[0].vertices[streets[0].triangles]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    chosen = corners[rng.choice(len(corners), people, p=area / area.sum())]
    share = rng.dirichlet(np.ones(3), people)
    start = np.einsum("nk,nkj->nj", share, chosen)
    turn, speed = rng.uniform(0, 2 * np.pi, people), rng.uniform(0.6, 1.5, people)
    times = np.arange(0.0, seconds + 1.0)
    swing = 8.0 * np.sin(times[:, None] * speed / 8.0)
    x, y = start[:, 0] + swing * np.cos(turn), start[:, 1] + swing * np.sin(turn)
    at = np.stack([x, y, np.broadcast_to(start[:, 2], swing.shape)], axis=-1)
    rows = people * np.arange(len(times) + 1, dtype=np.int64)
    ids = np.tile(np.arange(people, dtype=np.int32), len(times))
    crowd = PeopleLayer("people", "People", times, rows, ids, at.reshape(-1, 3).astype(np.float32), style.PERSON)
    field = density(crowd)
    layers, middle = (*scene.layers, field, crowd), float(times[-1]) / 2
    return replace(scene, layers=layers, legends=(style.fruin_legend(),), times=times, time=middle)


def density(crowd: PeopleLayer, cell: float = 4.0, every: int = 5) -> FieldLayer:
    """People counted in squares, every few seconds."""
    low, high = crowd.positions.min(axis=0), crowd.positions.max(axis=0)
    shape = (int((high[1] - low[1]) / cell) + 1, int((high[0] - low[0]) / cell) + 1)
    height = np.full(shape, np.nan, np.float32)
    values = []
    for time_s in crowd.times[every::every]:
        at = crowd.frame(float(time_s))
        i, j = ((high[1] - at[:, 1]) / cell).astype(int), ((at[:, 0] - low[0]) / cell).astype(int)
        count = np.zeros(shape, np.float32)
        np.add.at(count, (i, j), 1.0 / cell**2)
        height[i, j] = at[:, 2]
        values.append(np.where(count > 0.05, count, np.float32(np.nan)))
    times = crowd.times[every::every]
    return FieldLayer("density_street", "Density", float(low[0]), float(high[1]), cell, height, times, np.stack(values), "density")


def measure_still(scene: Scene, repeats: int) -> dict[str, Any]:
    """Seconds that a still of 1920 x 1080 takes."""
    viewer.screenshot(scene, size=(320, 180))
    seconds = []
    for _ in range(repeats):
        begun = time.perf_counter()
        viewer.screenshot(scene, size=(1920, 1080))
        seconds.append(time.perf_counter() - begun)
    return {
        "seconds_median": round(statistics.median(seconds), 2), "seconds": [round(s, 2) for s in sorted(seconds)],
        "target_seconds": STILL_TARGET_S,
    }  # fmt: skip


def measure_film(scene: Scene, seconds: float) -> dict[str, Any]:
    """Seconds that a film of 1280 x 720 takes, as a whole, with all that is made ready first."""
    with tempfile.TemporaryDirectory() as folder:
        viewer.movie(scene, Path(folder) / "short.mp4", size=(320, 180), end=float(scene.times[1]), fps=2)
        begun = time.perf_counter()
        made = viewer.movie(scene, Path(folder) / "film.mp4", speed=float(scene.times[-1]) / seconds)
        taken = time.perf_counter() - begun
        size = made.stat().st_size
    pictures = int(25 * seconds) + 1
    return {
        "film_seconds": seconds, "pictures": pictures, "seconds": round(taken, 1), "seconds_a_picture": round(taken / pictures, 3),
        "megabytes": round(size / 1e6, 1), "target_seconds_for_60": FILM_TARGET_S,
    }  # fmt: skip


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", choices=("still", "film"))
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the film")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="folder for a picture of each, to look at")
    options = parser.parse_args()
    district = viewer.compose(twin.read_city("sample"))
    buildings = len(district.layer("buildings").attributes["id"])  # type: ignore[union-attr]
    columns = int(np.ceil(np.sqrt(10_000 / buildings)))
    city = tiled(district, columns, int(np.ceil(10_000 / buildings / columns)))
    found: dict[str, Any] = {"machine": machine()}
    whole = city.layer("buildings")
    assert isinstance(whole, MeshLayer)
    triangles = sum(len(layer.triangles) for layer in city.layers if isinstance(layer, MeshLayer) and layer.visible)
    if options.only != "film":
        found["still"] = {"buildings": len(whole.attributes["id"]), "triangles": triangles, **measure_still(city, options.repeats)}
    crowded = peopled(tiled(district, 1, 1), options.people, 60.0)
    if options.only != "still":
        found["film"] = {"people": options.people, **measure_film(crowded, options.seconds)}
    if options.keep is not None:
        viewer.screenshot(city, options.keep / "still.png", size=(1920, 1080))
        viewer.screenshot(crowded, options.keep / "film.png", size=(1280, 720))
    return show(found, as_json=options.json)


if __name__ == "__main__":
    raise SystemExit(main())
