"""The scenes of a run, and the files that are drawn of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.commands.terminal import complain
from twin.errors import RenderingError

if TYPE_CHECKING:
    from twin.geo.city import City
    from twin.result import Result
    from twin.scenario import Scenario
    from viewer.scene import Scene

PICTURE_SIZE = (1280, 720)


def draw_all(scenario: Scenario, city: City, before: Result | None, after: Result, out: Path) -> dict[str, str]:
    """Pictures of both sides and the scene with the changes; returns the file name of each, by what it is.

    Where no picture can be drawn that is said, and the scenes are written all the same.
    """
    import viewer

    out.mkdir(parents=True, exist_ok=True)
    scene = compose_side(scenario, city, after, baseline=False)
    sides = {"after": scene}
    if before is not None:
        sides = {
            "before": compose_side(scenario, city, before, baseline=True, views=scene.views, moment=scene.time),
            "after": scene,
        }
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
            job.result()
            made[name] = name
    return made


def compose_side(
    scenario: Scenario, city: City, result: Result | None, *, baseline: bool, views: Any = None, moment: float | None = None
) -> Scene:
    """One side of a scenario as a scene: the city with its changes, and the result when there is one.

    Parameters
    ----------
    scenario : Scenario
    city : City
        Without the changes.
    result : Result, optional
    baseline : bool
        The side without the changes (but with those that are in the baseline too).
    views : tuple of View, optional
        Cameras of the other side, so that both are seen from the same places.
    moment : float, optional
        Time to show [s].
    """
    import viewer
    from twin.scenario.apply import apply_changes
    from twin.scenario.changes import BuildingChange

    changes = scenario.baseline_changes() if baseline else scenario.changes
    changed = apply_changes(city, changes)
    shapes: list[viewer.ChangeShape] = []
    for obstacle in changed.obstacles:
        if obstacle.outline is not None:
            shapes.append(viewer.ChangeShape("excavation", obstacle.label, obstacle.outline, obstacle.z_m, obstacle.depth_m))
            shapes.append(viewer.ChangeShape("fence", "", obstacle.shape, obstacle.z_m, obstacle.height_m))
        else:
            shapes.append(viewer.ChangeShape(obstacle.kind, obstacle.label, obstacle.shape, obstacle.z_m, obstacle.height_m))
    return viewer.compose(
        changed.city,
        result,
        title=scenario.title,
        subtitle="Without the changes" if baseline else ("With the changes" if scenario.has_variant else ""),
        changes=shapes,
        added_buildings=[c.id for c in changes if isinstance(c, BuildingChange) and c.adds],
        view=views,
        time=moment,
        clock_start=scenario.crowd.clock_start,
    )
