"""The scenes of a run, and the files that are drawn of them."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from twin.commands.terminal import complain
from twin.errors import RenderingError

if TYPE_CHECKING:
    from twin.geo.city import City
    from twin.impact_result import ImpactResult
    from twin.result import Result
    from twin.scenario import Scenario
    from viewer.scene import Scene, View

PICTURE_SIZE = (1280, 720)


def draw_impacts(scenario: Scenario, city: City, before: Result | None, after: Result, out: Path) -> dict[str, str]:
    """Maps of the impacts, of what changes in them, and sections; returns the file name of each, by what it is."""
    from matplotlib.figure import Figure

    from twin.plots.canvas import size_for
    from twin.run import changed_city
    from twin.scenario.marks import marks_of

    made: dict[str, str] = {}
    changed = changed_city(scenario, city)
    marks = marks_of(changed, city)
    for key, impact in after.impacts.items():
        old = None if before is None else before.impacts.get(key)
        window = _window(impact)
        for name, variable, other in _maps(key, impact, old):
            figure = Figure(figsize=size_for(window), layout="constrained")
            impact.plot_map(variable, before=other, city=changed.city, changes=marks, ax=figure.subplots(), bounds=window)
            made[name] = f"{name.replace(' ', '_')}.png"
            out.mkdir(parents=True, exist_ok=True)
            figure.savefig(out / made[name], dpi=110)
        section = getattr(impact.kept, "section", None)
        if section is not None:
            figure = Figure(figsize=(11.0, 6.3), layout="constrained")
            section.plot(ax=figure.subplots())
            made[f"{key} section"] = f"{key}_section.png"
            figure.savefig(out / made[f"{key} section"], dpi=110)
    return made


AROUND_PITS_M = 100.0
"""Maps of pits show so much around them: beyond that it is all alike [m]."""


def _window(impact: ImpactResult) -> tuple[float, float, float, float]:
    """What a map of an impact shows: all of it, or what is around pits."""
    x, y = impact.fields["x"].to_numpy(), impact.fields["y"].to_numpy()
    half = 0.5 * float(impact.fields.attrs.get("cell_m") or 0.0)
    west, south, east, north = x.min() - half, y.min() - half, x.max() + half, y.max() + half
    pits = impact.features.get("stages")
    if impact.key != "pit" or pits is None or not len(pits):
        return float(west), float(south), float(east), float(north)
    left, low, right, high = pits.total_bounds
    around = AROUND_PITS_M
    return max(west, left - around), max(south, low - around), min(east, right + around), min(north, high + around)


def _maps(key: str, impact: ImpactResult, old: ImpactResult | None) -> list[tuple[str, str | None, ImpactResult | None]]:
    """Names of maps, the field of each, and what it is compared with. Without pits nothing moves: of them all fields are shown
    instead of what changes."""
    if key != "pit":
        return [(key, None, None), *([] if old is None else [(f"{key} change", None, old)])]
    first, *others = (one.variable for one in impact.classes)
    felt = [name for name in others if float(impact.fields[name].max()) >= impact.classes_of(name).borders[0]]
    return [(key, first, None), *((f"{key} {name}", name, None) for name in felt)]


NEAR = 0.6
"""Changes are small against a city when the camera that shows them stands so much nearer than the one that shows all of it."""


AROUND = 0.4
"""But it stands no nearer than this: an impact shows around a change, not on it."""


def near_changes(scene: Scene) -> View | None:
    """A view of the changes of a scene and what is around them, where they are small against the city; else None.

    None as well where there is a crowd: its views are chosen by where the people are.
    """
    views = {view.name: view for view in scene.views}
    crowd = any(layer.group == "people" or getattr(layer, "legend", "") == "density" for layer in scene.layers)
    if crowd or "changes" not in views or "overview" not in views:
        return None
    near, whole = (math.dist(views[name].eye, views[name].target) for name in ("changes", "overview"))
    if near >= NEAR * whole:
        return None
    back = max(1.0, AROUND * whole / near)
    x, y, z = (to + back * (away - to) for away, to in zip(views["changes"].eye, views["changes"].target, strict=True))
    return replace(views["changes"], eye=(x, y, z))


def draw_all(scenario: Scenario, city: City, before: Result | None, after: Result, out: Path) -> dict[str, str]:
    """Pictures of both sides and the scene with the changes; returns the file name of each, by what it is.

    Where no picture can be drawn that is said, and the scenes are written all the same.
    """
    import viewer
    from viewer.sides import compose_side, compose_sides

    out.mkdir(parents=True, exist_ok=True)
    scene = compose_side(scenario, city, after) if before is None else compose_sides(scenario, city, before, after)
    view = near_changes(scene)
    shown = scene if view is None else replace(scene, views=(view, *scene.views))
    names = ("after",) if before is None else ("before", "after")
    sides = {name: shown.on(name) if shown.sides else shown for name in names}
    made: dict[str, str] = {}
    files = ("scene.html", "scene.glb")
    # the renderer must stay on this thread; the files, which need none, are written beside it
    with ThreadPoolExecutor(1) as writer:
        written = [writer.submit(viewer.export, scene, out / name) for name in files]
        try:
            for name, side in sides.items():
                viewer.screenshot(side, out / f"{name}.png", size=PICTURE_SIZE)
                made[name] = f"{name}.png"
        except RenderingError as error:
            complain(f"no pictures: {error}")
        for name, job in zip(files, written, strict=True):
            try:
                job.result()
                made[name] = name
            except RenderingError as error:
                complain(f"no {name}: {error}")
    return made
