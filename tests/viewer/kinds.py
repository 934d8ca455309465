"""One small layer of every kind above a plain ground: what each back-end has to draw."""

from __future__ import annotations

import numpy as np
import shapely

from viewer import shapes, style
from viewer.scene import (
    AnnotationLayer,
    FieldLayer,
    LabelLayer,
    Layer,
    LineLayer,
    MeshLayer,
    PeopleLayer,
    PointLayer,
    Scene,
    View,
    VolumeLayer,
)

KINDS = ("mesh", "volumes", "points", "people", "field", "lines", "labels", "annotations")


def every_kind() -> dict[str, Layer]:
    """A layer of each of `KINDS`, by the name of its kind, around the origin."""
    vertices, triangles = shapes.prism(shapely.box(-6, -6, 6, 6), 0.0, 6.0)
    solid = (vertices, triangles, np.full((len(triangles), 3), 120, np.uint8), np.zeros(len(triangles), np.int32), {"id": ["a"]})
    at = np.array([[0.0, 0.0, 8.0]])
    flat = np.full((12, 12), 0.02, np.float32)
    return {
        "mesh": MeshLayer("mesh", "Mesh", *solid, "buildings"),
        "volumes": VolumeLayer("volumes", "Volumes", *solid, "underground"),
        "points": PointLayer("points", "Points", at, np.array([[255, 0, 0]], np.uint8), 30.0),
        "people": PeopleLayer("people", "People", np.zeros(1), np.array([0, 1]), np.array([1]), at.astype(np.float32), (200, 0, 0)),
        "field": FieldLayer("field", "Field", -6.0, 6.0, 1.0, flat, np.zeros(1), np.full((1, 12, 12), 3.0, np.float32), "density"),
        "lines": LineLayer("lines", "Lines", (np.array([[-9.0, 0, 8], [9, 0, 8]]),), (200, 0, 0), 6.0),
        "labels": LabelLayer("labels", "Labels", at, ("Here",)),
        "annotations": AnnotationLayer("annotations", "Remarks", at, at + np.array([8.0, 0.0, 0.0]), ("There",)),
    }


def plain_ground() -> Scene:
    """A scene of a flat ground of 120 m by 120 m at 0 m, with one view and the legend of densities."""
    plate = shapes.plate(shapely.box(-60, -60, 60, 60), 0.0)
    ground = MeshLayer("ground", "Ground", *plate, np.full((len(plate[1]), 3), 200, np.uint8), group="ground")
    return Scene("All", (ground,), (View("v", "V", (0.0, -40.0, 30.0), (0.0, 0.0, 0.0)),), legends=(style.fruin_legend(),))
