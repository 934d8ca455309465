"""New buildings: the change that a council judges has its name and is seen whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twin.errors import TwinError
from viewer.scene import LabelLayer, Layer, MeshLayer
from viewer.words import readable_id

if TYPE_CHECKING:
    from twin.result import Result

OVER_M = 1.0
"""Names hang this far above a roof [m]."""


def names_of(added: Iterable[str] | Mapping[str, str], result: Result | None) -> dict[str, str]:
    """What is written over each new building, by id: its label, else its id as words.

    Parameters
    ----------
    added : iterable or mapping of str
        Ids, or labels by id; an empty label is none.
    result : Result, optional
        Where labels are not given, those of the scenario that it keeps are taken.
    """
    given = {str(key): str(value or "") for key, value in added.items()} if isinstance(added, Mapping) else {}
    ids = list(given) or [str(key) for key in added]
    stated = _labels_of_scenario(result) if not given or not all(given.values()) else {}
    return {key: given.get(key) or stated.get(key) or readable_id(key) for key in ids}


def _labels_of_scenario(result: Result | None) -> dict[str, str]:
    text = str(result.provenance.get("scenario") or "") if result is not None else ""
    if not text:
        return {}
    from twin.scenario import scenario_from_text

    try:
        changes = scenario_from_text(text).changes
    except TwinError:  # a result of another version: its names are not worth a picture
        return {}
    return {change.id: change.label for change in changes if change.label}


def corners_of(layers: Sequence[Layer], ids: Iterable[str]) -> dict[str, NDArray[np.float64]]:
    """Corners of each of some buildings as they are drawn, (N, 3) local, by id; without those that are not drawn."""
    wanted, found = set(ids), dict[str, NDArray[np.float64]]()
    for layer in layers:
        if not (isinstance(layer, MeshLayer) and layer.name == "buildings" and layer.owner is not None):
            continue
        for row, key in enumerate(layer.attributes["id"]):
            if key in wanted:
                used = np.unique(layer.triangles[layer.owner == row])
                if len(used):
                    found[str(key)] = layer.vertices[used]
    return found


def name_layer(corners: Mapping[str, NDArray[np.float64]], names: Mapping[str, str]) -> list[LabelLayer]:
    """At most one layer: the name of each new building over its highest point."""
    if not corners:
        return []
    spots = []
    for points in corners.values():
        middle = (points[:, :2].min(axis=0) + points[:, :2].max(axis=0)) / 2
        spots.append([*middle, points[:, 2].max() + OVER_M])
    texts = tuple(names[key] for key in corners)
    return [LabelLayer("building_names", "Names of new buildings", np.array(spots), texts)]
