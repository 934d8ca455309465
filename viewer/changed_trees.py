"""Trees that a scenario plants or fells, as changes to draw: a ring where one comes, a cross where one goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.scenario.changes import TreesChange
from twin.scenario.marks import felled_ids
from viewer.changes import ChangeShape

if TYPE_CHECKING:
    from twin.geo.city import City
    from twin.scenario import Change
    from twin.scenario.apply import Changed


def tree_changes(changes: Sequence[Change], changed: Changed, city: City) -> list[ChangeShape]:
    """One shape a tree, so that each lies on its own ground; of each change the one in the middle has the name.

    Parameters
    ----------
    changes : sequence of Change
    changed : Changed
        The city with them.
    city : City
        Without them: where the trees stood that are felled.
    """
    made: list[ChangeShape] = []
    for change in changes:
        if not isinstance(change, TreesChange):
            continue
        if change.plant is not None:
            places, kind, height = np.array(change.plant, dtype=np.float64), "planted", float(change.height_m or 0.0)
        else:
            felled = city.trees.geometry[city.trees.index.isin(felled_ids(change, changed, city))]
            places, kind, height = shapely.get_coordinates(felled.to_numpy()), "felled", 1.0
        named = _middle(places)
        for k, (x, y) in enumerate(places):
            label = (change.label or change.id) if k == named else ""
            made.append(ChangeShape(kind, label, shapely.Point(x, y), height_m=height))
    return made


def _middle(places: NDArray[np.float64]) -> int:
    return int(np.argmin(np.hypot(*(places - np.median(places, axis=0)).T))) if len(places) else -1
