"""The sides of a scenario as scenes: baseline, variant, and both with their difference in one scene."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import ParameterError
from viewer import style
from viewer.changes import ChangeShape
from viewer.clip import compacted
from viewer.compose import compose
from viewer.scene import SIDE_LABELS, FieldLayer, Layer, Legend, MeshLayer, Scene, View

if TYPE_CHECKING:
    from twin.compare import Comparison
    from twin.geo.city import City
    from twin.result import Result
    from twin.scenario import Scenario


def compose_side(
    scenario: Scenario,
    city: City,
    result: Result | None,
    *,
    baseline: bool = False,
    views: Sequence[View] | None = None,
    moment: float | None = None,
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
    views : sequence of View, optional
        Cameras of the other side, so that both are seen from the same places.
    moment : float, optional
        Time to show [s].

    Raises
    ------
    TwinError
        As `viewer.compose`, and when a change cannot be made in this city.
    """
    from twin.scenario.apply import apply_changes
    from twin.scenario.changes import BuildingChange
    from viewer.changed_trees import tree_changes

    changes = scenario.baseline_changes() if baseline else scenario.changes
    changed = apply_changes(city, changes)
    shapes: list[ChangeShape] = []
    for obstacle in changed.obstacles:
        if obstacle.outline is not None:
            shapes.append(ChangeShape("excavation", obstacle.label, obstacle.outline, obstacle.z_m, obstacle.depth_m, obstacle.pit))
            shapes.append(ChangeShape("fence", "", obstacle.shape, obstacle.z_m, obstacle.height_m))
        else:
            shapes.append(ChangeShape(obstacle.kind, obstacle.label, obstacle.shape, obstacle.z_m, obstacle.height_m))
    shapes += tree_changes(changes, changed, city)
    return compose(
        changed.city,
        result,
        title=scenario.title,
        subtitle=SIDE_LABELS["before"] if baseline else (SIDE_LABELS["after"] if scenario.has_variant else ""),
        changes=shapes,
        added_buildings=[c.id for c in changes if isinstance(c, BuildingChange) and c.adds],
        view=views,
        time=moment,
        clock_start=scenario.crowd.clock_start,
    )


def compose_comparison(city: City, comparison: Comparison, scenario: Scenario | None = None, *, time: float | None = None) -> Scene:
    """Both sides of a comparison and their difference in one scene; `Scene.on` shows one of them.

    Parameters
    ----------
    city : City
        Without the changes.
    comparison : Comparison
    scenario : Scenario, optional
        By default the one that its results were made of.
    time : float, optional
        Moment to show [s].

    Raises
    ------
    ParameterError
        When the results do not hold their scenario: give it.
    TwinError
        As `viewer.compose`.
    """
    if scenario is None:
        from twin.scenario import scenario_from_text

        text = str(comparison.variant.provenance.get("scenario", ""))
        if not text:
            hint = "give it: viewer.compose(city, comparison, scenario=twin.read_scenario(...))"
            raise ParameterError("the results do not hold the scenario that they were made of", hint=hint)
        scenario = scenario_from_text(text)
    return compose_sides(scenario, city, comparison.baseline, comparison.variant, time=time)


def compose_sides(scenario: Scenario, city: City, before: Result, after: Result, *, time: float | None = None) -> Scene:
    """As `compose_comparison`, of two results."""
    variant = compose_side(scenario, city, after, moment=time)
    baseline = compose_side(scenario, city, before, baseline=True, views=variant.views, moment=variant.time)
    return merged(baseline, variant)


def merged(before: Scene, after: Scene) -> Scene:
    """Two scenes of one place as one: what both have once, what they do not as layers of their sides, and how fields differ.

    Parameters
    ----------
    before, after : Scene
        Everything but the layers is taken from `after`.
    """
    if before.origin != after.origin:
        raise ParameterError("the two scenes have different origins", hint="compose both of one city")
    olds = {layer.name: layer for layer in before.layers}
    layers: list[Layer] = []
    for new in after.layers:
        layers += _both(olds.pop(new.name, None), new)
    layers += [_of_side(layer, "before") for layer in olds.values()]
    fields = [layer for layer in layers if isinstance(layer, FieldLayer)]
    things = {one.name: one for one in (*before.legends, *after.legends) if one.named}
    differences = _differences(one for one in fields if one.legend not in things)
    layers, others = _things_of_sides(layers, before.legends, things)
    legends = tuple({one.name: one for one in (*before.legends, *after.legends, *others, *_legend_of(differences))}.values())
    times = np.unique(np.concatenate([before.times, after.times]))
    notes = tuple(dict.fromkeys([*after.notes, *before.notes]))
    key = tuple(dict.fromkeys([*after.key, *before.key]))
    stages = tuple({one.name: one for one in (*before.stages, *after.stages)}.values())
    return replace(
        after, layers=(*layers, *differences), legends=legends, times=times, notes=notes, key=key, subtitle="", stages=stages,
        stage=after.stage or before.stage,
    )  # fmt: skip


def _things_of_sides(
    layers: list[Layer], before: tuple[Legend, ...], after: Mapping[str, Legend]
) -> tuple[list[Layer], list[Legend]]:
    """The same number may be another thing on the other side: then the baseline has a legend of its own."""
    others = {one.name: replace(one, name=f"{one.name}@before") for one in before if one.named and after[one.name] != one}
    made: list[Layer] = []
    for layer in layers:
        if isinstance(layer, FieldLayer) and layer.side == "before" and layer.legend in others:
            made.append(replace(layer, legend=others[layer.legend].name))
        else:
            made.append(layer)
    return made, list(others.values())


def _legend_of(differences: list[Layer]) -> tuple[Legend, ...]:
    return (style.difference_legend(),) if any(getattr(one, "legend", "") == "difference" for one in differences) else ()


def _of_side(layer: Layer, side: str) -> Layer:
    return replace(layer, name=f"{layer.name}@{side}", side=side)


def _both(old: Layer | None, new: Layer) -> list[Layer]:
    if old is None:
        return [_of_side(new, "after")]
    if same(old, new):
        return [new]
    if isinstance(old, MeshLayer) and isinstance(new, MeshLayer):
        return _split(old, new)
    return [_of_side(old, "before"), _of_side(new, "after")]


def same(old: Layer, new: Layer) -> bool:
    """Whether two layers are alike in everything."""
    if type(old) is not type(new):
        return False
    return all(_equal(mine, getattr(new, name)) for name, mine in vars(old).items())


def _equal(mine: Any, theirs: Any) -> bool:
    if isinstance(mine, np.ndarray) and isinstance(theirs, np.ndarray):
        return mine.shape == theirs.shape and np.array_equal(mine, theirs, equal_nan=mine.dtype.kind == "f")
    if isinstance(mine, tuple) and mine and isinstance(mine[0], np.ndarray):
        return len(mine) == len(theirs) and all(np.array_equal(a, b) for a, b in zip(mine, theirs, strict=True))
    if isinstance(mine, dict) and isinstance(theirs, dict):
        return repr(mine) == repr(theirs)  # what is not known is NaN, which equals nothing
    return type(mine) is type(theirs) and bool(mine == theirs)


def _split(old: MeshLayer, new: MeshLayer) -> list[Layer]:
    """What both meshes have, and what only one of them has: by triangle, so it is shared whatever it belongs to."""
    one, two = _triangle_keys(old), _triangle_keys(new)
    shared_old, shared_new = np.isin(one, two), np.isin(two, one)
    parts: list[Layer] = []
    if shared_new.any():
        parts.append(_part(new, shared_new, ""))
    if not shared_old.all():
        parts.append(_of_side(_part(old, ~shared_old, ""), "before"))
    if not shared_new.all():
        parts.append(_of_side(_part(new, ~shared_new, ""), "after"))
    return parts


def _triangle_keys(layer: MeshLayer) -> NDArray[Any]:
    """What tells a triangle: its corners to a millimetre, its colour and all that is known of what it is of, as one value, (T,)."""
    corners = np.rint(1000.0 * layer.vertices[layer.triangles].reshape(-1, 9)).astype(np.int64)
    numbers = np.zeros(len(corners), np.int64)
    known = [repr(row).encode("utf-8", "replace") for row in zip(*layer.attributes.values(), strict=True)]
    if layer.owner is not None and known:
        of_row = np.array([int.from_bytes(sha256(row).digest()[:7], "big") for row in known], dtype=np.int64)
        numbers = np.where(layer.owner >= 0, of_row[layer.owner], -1)
    rows = np.column_stack([corners, layer.colours.astype(np.int64), numbers])
    return np.ascontiguousarray(rows).view([("", np.int64)] * rows.shape[1]).ravel()


def _part(layer: MeshLayer, keep: NDArray[np.bool_], side: str) -> MeshLayer:
    vertices, triangles = compacted(layer.vertices, layer.triangles[keep])
    owner = None if layer.owner is None else layer.owner[keep]
    return replace(layer, vertices=vertices, triangles=triangles, colours=layer.colours[keep], owner=owner, side=side)


def _differences(fields: Iterable[FieldLayer]) -> list[Layer]:
    """After minus before of each field that the sides do not share, on cells that either covers, while both were run."""
    by_name: dict[str, dict[str, FieldLayer]] = {}
    for layer in fields:
        by_name.setdefault(layer.name.split("@")[0], {})[layer.side] = layer
    out: list[Layer] = []
    for name, sides in by_name.items():
        old, new = sides.get("before"), sides.get("after")
        if old is None and new is None:
            continue
        some = new if new is not None else old
        assert some is not None
        made = _difference(old, new, _while_both(old, new, some))
        out.append(replace(made, name=f"{name}@difference", side="difference"))
    return out


def _while_both(old: FieldLayer | None, new: FieldLayer | None, some: FieldLayer) -> FieldLayer:
    """A field with only the moments that both sides have."""
    if old is None or new is None:
        return some
    gaps = ((old.west - new.west) / new.cell, (old.north - new.north) / new.cell)
    if abs(old.cell - new.cell) > 1e-9 or any(abs(gap - round(gap)) > 1e-3 for gap in gaps):
        raise ParameterError(f"`{some.label}` lies on another grid on the other side", hint="run both sides with the same cells")
    last = min(float(old.times[-1]), float(new.times[-1])) + 1e-9
    keep = max(1, int((some.times <= last).sum()))
    return replace(some, times=some.times[:keep], values=some.values[:keep])


def _difference(old: FieldLayer | None, new: FieldLayer | None, some: FieldLayer) -> FieldLayer:
    layers = [layer for layer in (old, new) if layer is not None]
    west, north = min(layer.west for layer in layers), max(layer.north for layer in layers)
    east = max(layer.west + layer.height.shape[1] * layer.cell for layer in layers)
    south = min(layer.north - layer.height.shape[0] * layer.cell for layer in layers)
    shape = (round((north - south) / some.cell), round((east - west) / some.cell))
    height = np.full(shape, np.nan, np.float32)
    total = np.zeros((len(some.times), *shape), np.float32)
    moved = np.zeros(shape, dtype=bool)
    for layer, sign in ((old, -1.0), (new, 1.0)):
        if layer is None:
            continue
        i, j = round((north - layer.north) / some.cell), round((layer.west - west) / some.cell)
        here = (slice(i, i + layer.height.shape[0]), slice(j, j + layer.height.shape[1]))
        if layer is new and old is not None:
            moved[here] = ~(layer.height == height[here])  # built on, or dug away: not the same place
        height[here] = np.where(np.isfinite(layer.height), layer.height, height[here])
        for k, moment in enumerate(some.times):
            total[k][here] += np.float32(sign) * np.nan_to_num(layer.frame(float(moment)))
    crowd = some.legend == "density"
    same = np.isfinite(height) if crowd else np.isfinite(height) & ~moved
    values = np.where(same & (np.abs(total) >= (style.SAME_BELOW if crowd else 0.0)), total, np.float32(np.nan))
    label, legend = f"{some.label}, difference", "difference" if crowd else f"{some.legend}_change"
    return replace(some, label=label, west=west, north=north, height=height, values=values, legend=legend)
