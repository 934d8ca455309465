"""What impacts cost: ``python -m benchmarks.impact --json [--peers PYTHON] [--large] [--size 2000] [--repeat 7]``.

The relief of the sample district is laid out beside itself until it has 2000 x 2000 cells of 1 m (4 million). Each task is done
several times; the median is told, with the least and the most. What is compared is done in this same run on the same relief:
embreex (Intel's Embree, extra `bench`) casts one ray from the middle of each cell against the same relief as triangles, for a part
of it, which is told as time for 4 million rays; UMEP casts the same shadows, SOLWEIG finds sky view factors and xarray-spatial a
viewshed, in an environment of their own (`benchmarks.peers`). Errors stand beside the times, of both sides: those of shadows and
viewsheds are against an exact traversal of all rays, those of sky view factors against horizons in 256 directions and against
streets that are known. `--large` works on a city of 8 x 8 km too, see `benchmarks.large_city`.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from benchmarks.crowd.measuring import machine
from benchmarks.large_city import measured
from benchmarks.peers import beside, summed_up
from benchmarks.printing import show
from twin.geo.city import read_city
from twin.geo.rasterize import rasterize
from twin.geo.samples import sample_folder
from twin.sim.impact import cover, fill_spill, green, heat, inertial, noise, shadow, sight, signal, sky, traverse
from twin.sim.impact.utci import utci

AZIMUTHS = (20.0, 70.0, 115.0, 160.0, 205.0, 250.0, 300.0, 345.0)
ALTITUDE = 30.0
TARGETS = {
    "shadow_ms": 10.0, "sky_s": 3.0, "shadow_against_embree": 100.0, "shadow_against_umep": 200.0, "sky_two_threads": 1.7,
    "sky_against_solweig": 40.0, "viewshed_against_xarray_spatial": 40.0,
}  # fmt: skip
STREETS = ((10, 20), (20, 20), (10, 10))
"""Heights of walls and widths of streets of which the sky view is known [m]."""
LARGE = ("shadow", "sun", "sky")
ABOVE_M, EYES_M = 40.0, 1.6
"""How high the point of the viewshed is above the surface, and eyes above the ground [m]."""


def relief(size: int) -> tuple[NDArray[np.float32], shadow.Crowns]:
    """Surface and crowns of the district beside itself, (size, size) [m]."""
    one = rasterize(read_city(sample_folder()), 1.0)
    rows, columns = one.grid.shape
    times = math.ceil(size / rows), math.ceil(size / columns)
    tiled = [np.tile(part, times)[:size, :size] for part in (one.surface, one.crown_base, one.crown_top)]
    return tiled[0], shadow.Crowns(tiled[1], tiled[2])


def timed(task: Callable[[], Any], repeat: int) -> dict[str, float]:
    """Median, least and most of several times [s]; the first call, which may compile, is not counted."""
    task()
    taken = []
    for _ in range(repeat):
        started = time.perf_counter()
        task()
        taken.append(time.perf_counter() - started)
    return {"median_s": statistics.median(taken), "least_s": min(taken), "most_s": max(taken)}


def with_threads(count: int, task: Callable[[], Any], repeat: int) -> dict[str, float]:
    """As `timed`, on so many threads."""
    before = numba.get_num_threads()
    numba.set_num_threads(min(count, numba.config.NUMBA_NUM_THREADS))
    try:
        return timed(task, repeat)
    finally:
        numba.set_num_threads(before)


def shadows(size: int, repeat: int, peers: str | None) -> dict[str, Any]:
    """One place of the sun after the other, on one thread."""
    z, crowns = relief(size)
    bare, leafy = shadow.surface(z, 1.0), shadow.surface(z, 1.0, crowns)
    each = [with_threads(1, lambda a=azimuth: shadow.cast(bare, a, ALTITUDE), repeat)["median_s"] for azimuth in AZIMUTHS]
    behind = [with_threads(1, lambda a=azimuth: shadow.cast(leafy, a, ALTITUDE), 3)["median_s"] for azimuth in AZIMUTHS[::3]]
    exact = [traverse.cast_exactly(bare, azimuth, ALTITUDE) for azimuth in AZIMUTHS]
    off = [percent(shadow.cast(bare, azimuth, ALTITUDE) != known) for azimuth, known in zip(AZIMUTHS, exact, strict=True)]
    found = {
        "cells": size * size, "altitude_deg": ALTITUDE, "ready": timed(lambda: shadow.surface(z, 1.0), 3), "threads": 1,
        "one_place_s": statistics.median(each), "one_place_least_s": min(each), "one_place_most_s": max(each),
        "with_trees_s": statistics.median(behind), "exact": timed(lambda: traverse.cast_exactly(bare, 160.0, ALTITUDE), 3),
        "cells_other_than_exact_percent": max(off),
    }  # fmt: skip
    hung = {"crown_base": np.nan_to_num(crowns.base), "crown_top": np.nan_to_num(crowns.top)}
    told, made = beside(peers, "umep", {"z": z, "cell": 1.0, "azimuths": AZIMUTHS, "altitude": ALTITUDE, **hung})
    found["umep"] = umep = summed_up(told)
    if made:
        umep["cells_other_than_exact_percent"] = max(
            percent(lit == (known != shadow.LIT)) for lit, known in zip(made["lit"], exact, strict=True)
        )
        found["against_umep"] = umep["median_s"] / found["one_place_s"]
        found["against_umep_with_trees"] = umep["with_trees_s"] / found["with_trees_s"]
    return found


def percent(of: NDArray[np.bool_]) -> float:
    """Share that is true [%]."""
    return 100.0 * float(of.mean())


def embree(size: int) -> dict[str, Any] | None:
    """Rays of embreex on the same relief, as two triangles a cell; None where it is not installed."""
    try:
        from embreex.mesh_construction import TriangleMesh
        from embreex.rtcore_scene import EmbreeScene
    except ImportError:
        return None
    z, _ = relief(size)
    rows, columns = z.shape
    x, y = np.meshgrid(np.arange(columns, dtype=np.float32), -np.arange(rows, dtype=np.float32))
    corners = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    number = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns)
    a, b, c, d = number[:-1, :-1], number[:-1, 1:], number[1:, :-1], number[1:, 1:]
    faces = np.concatenate([np.stack([a, c, b], -1).reshape(-1, 3), np.stack([b, c, d], -1).reshape(-1, 3)])
    scene = EmbreeScene()
    started = time.perf_counter()
    TriangleMesh(scene, corners, faces)
    way = np.array([math.sin(math.radians(160.0)), math.cos(math.radians(160.0)), math.tan(math.radians(ALTITUDE))], np.float32)
    way /= np.linalg.norm(way)
    chosen = np.random.default_rng(1).permutation(rows * columns)[: min(rows * columns, 1_000_000)]
    begin = corners[np.sort(chosen)] + np.float32(0.01) * np.array([0, 0, 1], np.float32)
    ways = np.broadcast_to(way, begin.shape).copy()
    scene.run(begin[:1000], ways[:1000], query="OCCLUDED")
    built = time.perf_counter() - started
    taken = timed(lambda: scene.run(begin, ways, query="OCCLUDED"), 3)
    return {"rays": len(begin), "build_s": built, "s_for_all_cells": taken["median_s"] * rows * columns / len(begin)}


def street(height: float, width: int) -> tuple[NDArray[np.float64], float]:
    """A long street between walls, and how much of the sky its cell (50, 400) sees."""
    canyon = np.full((101, 801), float(height))
    canyon[50 - width // 2 : 50 + width // 2] = 0.0
    return canyon, sum(math.cos(math.atan(height / (width / 2 + side))) for side in (-0.5, 0.5)) / 2


def sky_errors(sky_of: NDArray[np.float32], known: NDArray[np.float32], streets: list[float]) -> dict[str, float]:
    """Errors of sky view factors: against horizons on a part of the relief, and in the middle of streets."""
    off = sky_of[: known.shape[0], : known.shape[1]] - known
    in_streets = [abs(one - street(*which)[1]) for one, which in zip(streets, STREETS, strict=True)]
    return {"error_in_streets": max(in_streets), "mean_error": float(off.mean()), "spread_of_error": float(off.std())}


def skies(size: int, repeat: int, peers: str | None) -> dict[str, Any]:
    """Sky view factors in 64 directions."""
    z, _ = relief(size)
    of = shadow.surface(z, 1.0)
    one, two = (with_threads(count, lambda: sky.sky_view(of, 64), repeat) for count in (1, 2))
    known = sky.sky_view_of_horizons(shadow.surface(z[:1100, :1100], 1.0), 256)[:500, :600]
    canyons = [street(*which)[0] for which in STREETS]
    middles = [float(sky.sky_view(shadow.surface(canyon, 1.0), 64)[50, 400]) for canyon in canyons]
    found = {
        "cells": size * size, "directions": 64, "levels": sky.LEVELS, "one_thread": one, "two_threads": two,
        "two_threads_are_faster": one["median_s"] / two["median_s"],
        "of_horizons_one_thread": with_threads(1, lambda: sky.sky_view_of_horizons(of, 64), 1),
        **sky_errors(sky.sky_view(of, 64), known, middles),
    }  # fmt: skip
    told, made = beside(peers, "solweig", {"z": z, "cell": 1.0, "streets": np.array(canyons), "repeat": 3})
    found["solweig"] = solweig = summed_up(told)
    if made:
        solweig |= sky_errors(made["sky"], known, [float(middle) for middle in made["streets"][:, 50, 400]])
        alike = one if solweig["threads"] == 1 else two
        found["against_solweig"] = solweig["median_s"] / alike["median_s"]
    return found


def sights(size: int, repeat: int, peers: str | None) -> dict[str, Any]:
    """What is seen from a point 40 m up in the middle, by eyes on the ground."""
    z, _ = relief(size)
    of = shadow.surface(z, 1.0)
    middle = size // 2
    eye = float(z[middle, middle]) + ABOVE_M
    one, two = (with_threads(n, lambda: sight.viewshed(of, middle, middle, eye, EYES_M), repeat) for n in (1, 2))
    fast, exact = (sight.viewshed(of, middle, middle, eye, EYES_M, exact=how) for how in (False, True))
    found = {
        "cells": size * size, "one_thread": one, "two_threads": two, "cells_other_than_exact_percent": percent(fast != exact),
    }  # fmt: skip
    place = {"row": middle, "column": middle, "eye": ABOVE_M, "target": EYES_M}
    told, made = beside(peers, "xarray-spatial", {"z": z, "cell": 1.0, **place, "repeat": 3})
    found["xarray_spatial"] = spatial = summed_up(told)
    if made:
        # it slopes from the middle of one cell to that of the next, where ours are blocks: other cells are no errors of its own
        spatial["cells_other_than_exact_blocks_percent"] = percent(made["seen"] != exact)
        found["against_xarray_spatial"] = spatial["median_s"] / one["median_s"]
    return found


def greens(repeat: int) -> dict[str, Any]:
    """Green in view of the open ground of the district (no roof), and canopy cover round each of its cells, within 100 m."""
    one = rasterize(read_city(sample_folder()), 1.0)
    of = shadow.surface(one.surface, 1.0, shadow.Crowns(one.crown_base, one.crown_top))
    known = np.isfinite(one.surface)
    ground, crowns = known & (one.building < 0), known & np.isfinite(one.crown_top)
    found: dict[str, Any] = {"cells": int(known.sum()), "cells_looked_from": int(ground.sum())}
    best = green.green_view(of, ground, 512)
    for directions in (32, 64):
        view = green.green_view(of, ground, directions)
        off = float(np.sqrt(np.nanmean((view - best) ** 2)))
        found[f"{directions}_directions"] = {
            "one_thread": with_threads(1, lambda n=directions: green.green_view(of, ground, n), repeat),
            "two_threads": with_threads(2, lambda n=directions: green.green_view(of, ground, n), repeat),
            "rms_error_against_512_directions": off,
        }
    found["canopy_cover"] = with_threads(1, lambda: green.share_within(crowns, known, 100.0), repeat)
    return found


def signals(size: int, repeat: int) -> dict[str, Any]:
    """Twenty antennas on posts of 6 m, each followed to 530 m as by default, or to the end; and a choice out of a hundred posts."""
    z, _ = relief(size)
    of, link = shadow.surface(z, 1.0), signal.Link("umi", 3.5)
    open_ = np.flatnonzero(z.ravel() < np.quantile(z, 0.3))
    places = np.random.default_rng(1).choice(open_, 100, replace=False)
    sent = 40.0 - 10.0 * math.log10(3276)
    posts = []
    for row, column in (divmod(int(one), size) for one in places):
        posts.append(signal.Antenna(row, column, (row, column), float(z[row, column]) + 6.0, 6.0, sent))
    near = math.ceil(signal.reach_m(link, 6.0, sent + 110.0))

    def strongest(reach: int) -> NDArray[np.float32]:
        best = np.full(z.shape, signal.NO_SIGNAL)
        for one in posts[:20]:
            cells, power, _ = signal.received(of, one, link, reach)
            np.maximum(best[cells], power, out=best[cells])
        return best

    def covered() -> list[NDArray[np.int32]]:
        made = []
        for one in posts:
            cells, power, _ = signal.received(of, one, link, near)
            rows, columns = np.nonzero(power >= -100.0)
            made.append(((rows + cells[0].start) * size + columns + cells[1].start).astype(np.int32))
        return made

    sets, none = covered(), np.zeros(z.size, bool)
    return {
        "cells": size * size, "antennas": 20, "followed_m": near,
        "one_thread": with_threads(1, lambda: strongest(near), repeat),
        "two_threads": with_threads(2, lambda: strongest(near), repeat),
        "followed_to_the_end_one_thread": with_threads(1, lambda: strongest(size), 1),
        "posts": len(posts), "what_posts_cover_one_thread": with_threads(1, covered, 1),
        "choice": timed(lambda: cover.greedy(sets, none, z.size, 50), 3),
        "chosen_cover_percent": 100.0 * float(cover.greedy(sets, none, z.size, 50)[1].sum()) / z.size,
    }  # fmt: skip


def noises(repeat: int, size: int = 1620) -> dict[str, Any]:
    """One source 4 m above the ground in the middle, eight bands, 2.6 million places 1.5 m above the surface."""
    one = rasterize(read_city(sample_folder()), 1.0)
    times = math.ceil(size / one.grid.rows), math.ceil(size / one.grid.columns)
    z, ground = (np.tile(part, times)[:size, :size] for part in (one.surface, one.ground))
    open_ = np.argwhere(z - ground < 0.3)
    row, column = (int(k) for k in open_[np.abs(open_ - size // 2).sum(axis=1).argmin()])
    place, through = noise.Place(z, ground, 1.0), noise.air()
    height = float(z[row, column]) + 4.0
    first, second = (
        with_threads(n, lambda: noise.transfer_map(place, row, column, height, 1.5, through), repeat) for n in (1, 2)
    )  # fmt: skip
    made = noise.transfer_map(place, row, column, height, 1.5, through)
    some = np.random.default_rng(1).choice(size * size, 20_000, replace=False)
    rows, columns = divmod(some, size)
    at = np.column_stack([columns, rows, z[rows, columns] + 1.5]).astype(np.float64)
    each = noise.transfer_to(place, (float(column), float(row), height), at, through)
    off = 10.0 * np.abs(np.log10(made[rows, columns] / each))
    return {
        "places": size * size, "bands": 8, "one_thread": first, "two_threads": second,
        "two_threads_are_faster": first["median_s"] / second["median_s"], "mean_error_db": float(np.nanmean(off)),
        "error_of_95_percent_db": float(np.nanpercentile(off, 95)),
    }  # fmt: skip


def walks(repeat: int) -> dict[str, Any]:
    """Walking times to two exits of the district on cells of half a metre, the floor made ready beforehand."""
    from twin.discretize import discretize
    from twin.sim.impact.access import walking_times

    city = read_city(sample_folder())
    ground = discretize(city, cell=0.5)
    goal = np.concatenate([ground.cells(city.find(name)[1].geometry, "street") for name in ("exit-east", "exit-north")])
    found: dict[str, Any] = {"cells_of_floor": int(ground.floor.mask.sum())}
    for threads, name in ((1, "one_thread"), (2, "two_threads")):
        found[name] = with_threads(threads, lambda: walking_times(ground.floor, goal, 1.34), repeat)
    return found


def large(side_m: int) -> dict[str, Any]:
    """A city that does not fit in one window: each task in a process of its own, in windows and as one."""
    if find_spec("psutil") is None:
        return {"absent": "pip install 'stadstwin[bench]'"}
    tasks = {what: {"in_windows": measured(what, side_m), "at_once": measured(what, side_m, at_once=True)} for what in LARGE}
    return {**tasks, "change": measured("change", side_m)}


def heats(size: int, repeat: int) -> dict[str, Any]:
    """Perceived temperature of one hour by each index, with sun and sky view at hand; tables beside the equations for each cell."""
    rng = np.random.default_rng(1)
    seen, lit = rng.random((size, size), np.float32), rng.random((size, size)) < 0.5
    ground = rng.integers(0, 3, (size, size)).astype(np.uint8)
    total, most = np.zeros((size, size), np.float32), np.zeros((size, size), np.float32)
    weather = heat.Weather(*(np.array([one]) for one in (33.0, 36.0, 1.0, 850.0, 170.0, 58.0)), np.array([[18.0, 9.0]]))
    found: dict[str, Any] = {"cells": size * size}
    for name, tables in (("pet", heat.pet_tables), ("utci", heat.utci_tables)):
        table = tables(weather)[0]
        found[name] = {"tables": timed(lambda made=tables: made(weather), repeat)}
        for threads, told in ((1, "one_thread"), (2, "two_threads")):
            found[name][told] = with_threads(threads, lambda t=table: heat.read(t, lit, seen, ground, total, most), repeat)
    some = np.linspace(0.0, 1.0, 100_001, dtype=np.float32)[None]
    bright, paved = np.ones(some.shape, bool), np.zeros(some.shape, np.uint8)
    radiant = heat.radiant_temperature(33.0, 36.0, 850.0, 170.0, 58.0, 18.0, some, lit=True)
    exact = utci(33.0, radiant, heat.WIND_AT_10M, 36.0)
    made = heat.read(heat.utci_tables(weather)[0], bright, some, paved, np.zeros_like(some), np.zeros_like(some))
    found["utci"]["greatest_error_of_tables_k"] = float(np.abs(made - exact).max())
    return found


def floods(repeat: int, size: int = 1000) -> dict[str, Any]:
    """A cloudburst on cells of 2 m: a minute of it, ten minutes after it began; and where it stands in the end."""
    surface, _ = relief(size)
    built = rasterize(read_city(sample_folder()), 1.0).building >= 0
    walls = np.tile(built, (math.ceil(size / built.shape[0]), math.ceil(size / built.shape[1])))[:size, :size]
    kind = np.pad(np.where(walls, inertial.WALL, 3).astype(np.uint8), 1, constant_values=inertial.OUTSIDE)
    supply, nothing = (kind > inertial.OUTSIDE).astype(np.float64), np.zeros(4)
    height = np.pad(surface.astype(np.float64), 1, mode="edge")
    ground = inertial.Ground(height, kind, supply, np.array([0.0, 0.02, 0.02, 0.02]), nothing, nothing, 2.0)
    rain = 0.07 / 3600.0
    first = inertial.advance(ground, inertial.dry(ground), 600.0, rain)
    found: dict[str, Any] = {"cells": height.size, "share_of_walls": float(walls.mean())}

    def minute() -> int:
        return inertial.advance(ground, inertial.dry(ground, first.depth), 60.0, rain).steps

    for threads, name in ((1, "one_thread"), (2, "two_threads")):
        found[name] = with_threads(threads, minute, repeat)
        found[name]["cells_steps_per_s"] = height.size * minute() / found[name]["median_s"]
    found["fill_and_spill"] = with_threads(1, lambda: fill_spill.stand(height, kind, 0.07 * supply), repeat)
    stood = fill_spill.stand(height, kind, 0.07 * supply)
    fell = 0.07 * float(supply.sum())
    found["fill_and_spill"]["error_of_the_balance"] = abs(float(stood.depth.sum()) + stood.left + stood.into_water - fell) / fell
    kept = math.fsum(first.depth.ravel()) * 4.0 + first.volume(inertial.LEFT)
    found["error_of_the_balance"] = abs(kept / first.volume(inertial.RAIN) - 1.0)
    return found


def streets(repeat: int) -> dict[str, Any]:
    """The network of streets of the district from its floor, and all ways of a fire engine from one exit."""
    from twin.impacts.routes import nodes_at, ways_from
    from twin.impacts.streets import street_network
    from twin.scenario.apply import locate
    from twin.scenario.place import Place
    from twin.scenario.routes import VEHICLES

    city = read_city(sample_folder())
    net = street_network(city)
    sources = nodes_at(net, locate(Place(object="exit-east"), city, "from")).tolist()
    engine = VEHICLES["fire engine"]
    return {
        "edges": len(net.edges), "length_m": float(net.edges["length_m"].sum()),
        "network": with_threads(1, lambda: street_network(city), repeat),
        "ways": with_threads(1, lambda: ways_from(net, engine, sources), repeat),
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.impact", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--size", type=int, default=2000, help="cells along a side (default: %(default)s)")
    parser.add_argument("--repeat", type=int, default=7, help="times each is done (default: %(default)s)")
    parser.add_argument(
        "--large", type=int, nargs="?", const=8000, metavar="SIDE_M", help="a city of so many metres too, in windows (8000)"
    )
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter of the environment that peers are in, see benchmarks.peers")
    options = parser.parse_args()
    found: dict[str, Any] = {"machine": machine("embreex"), "load": os.getloadavg()[0], "targets": TARGETS}
    found["shadow"] = shadows(options.size, options.repeat, options.peers)
    found["embree"] = embree(options.size)
    if found["embree"] is not None:
        found["shadow_against_embree"] = found["embree"]["s_for_all_cells"] / found["shadow"]["one_place_s"]
    found["sky_view"] = skies(options.size, max(3, options.repeat // 2), options.peers)
    found["viewshed"] = sights(options.size, options.repeat, options.peers)
    found["green_view"] = greens(max(3, options.repeat // 2))
    found["signal"] = signals(options.size, max(3, options.repeat // 2))
    found["noise"] = noises(max(3, options.repeat // 2))
    found["heat"] = heats(options.size, max(3, options.repeat // 2))
    found["rain"] = floods(max(3, options.repeat // 2))
    found["walking_time"] = walks(max(3, options.repeat // 2))
    if options.large:
        found["large"] = large(options.large)
    found["streets"] = streets(max(3, options.repeat // 2))
    show(found, as_json=options.json)


if __name__ == "__main__":
    main()
