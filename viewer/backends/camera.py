"""A pinhole (or, straight down, parallel) camera: pixels to rays and places to pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewer.scene import View


@dataclass(frozen=True, eq=False)
class Camera:
    """Where a picture is taken from.

    Parameters
    ----------
    eye, target : (3,) float64
        Local metres.
    forward, right, up : (3,) float64
        Unit vectors.
    tan_half : float
        Tangent of half the vertical angle.
    width, height : int
        Size of the picture [px].
    parallel : bool
        True for a plan: no perspective, one scale everywhere.
    """

    eye: NDArray[np.float64]
    target: NDArray[np.float64]
    forward: NDArray[np.float64]
    right: NDArray[np.float64]
    up: NDArray[np.float64]
    tan_half: float
    width: int
    height: int
    parallel: bool

    @classmethod
    def of(cls, view: View, size: tuple[int, int]) -> Camera:
        """The camera of a view, for a picture of a size; one that looks straight down is parallel, north up.

        A picture that is narrower than 16:10 takes a wider angle, so that what the view frames stays in it.
        """
        eye, target = np.array(view.eye, float), np.array(view.target, float)
        forward = (target - eye) / max(float(np.linalg.norm(target - eye)), 1e-9)
        plan = math.hypot(forward[0], forward[1]) < 1e-3
        upward = np.array([0.0, 1.0, 0.0]) if plan else np.array([0.0, 0.0, 1.0])
        right = np.cross(forward, upward)
        right /= np.linalg.norm(right)
        width, height = size
        tan_half = math.tan(math.radians(view.angle_deg) / 2) * max(1.0, 1.6 * height / width)
        return cls(eye, target, forward, right, np.cross(right, forward), tan_half, width, height, plan)

    @property
    def distance(self) -> float:
        """From the eye to the target [m]."""
        return float(np.linalg.norm(self.target - self.eye))

    @property
    def pixels_per_metre(self) -> float:
        """Scale at the distance of the target (in a plan: everywhere)."""
        return self.height / (2 * self.tan_half * self.distance)

    @property
    def north_deg(self) -> float:
        """Direction of north in the picture, clockwise from up [deg]."""
        return math.degrees(math.atan2(self.right[1], self.up[1] if self.parallel else self.forward[1]))

    def project(self, points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Pixels (N, 2) of points (N, 3), and their depth (N,) [m]; depth below 0 is behind the eye."""
        rel = np.asarray(points, dtype=np.float64) - self.eye
        depth = rel @ self.forward
        scale = np.full(len(rel), self.distance) if self.parallel else np.maximum(depth, 1e-6)
        half = self.height / 2 / self.tan_half
        x = self.width / 2 + rel @ self.right / scale * half
        y = self.height / 2 - rel @ self.up / scale * half
        return np.column_stack([x, y]), depth
