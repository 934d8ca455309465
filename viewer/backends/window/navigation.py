"""Moving the camera: round a point, or on foot. North and up never tilt."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from viewer.backends.camera import Camera
from viewer.backends.window.footing import Footing
from viewer.scene import View

EYE_HEIGHT_M = 1.65
WALK_ANGLE_DEG = 58.0
STEEPEST_DEG = 89.0
NEAREST_M, FARTHEST_M = 2.0, 60_000.0


@dataclass(frozen=True)
class Pose:
    """Where the camera is and what it looks at; straight down is a plan without perspective."""

    eye: tuple[float, float, float]
    target: tuple[float, float, float]
    angle_deg: float = 30.0

    @classmethod
    def of(cls, view: View) -> Pose:
        """The pose of a named view."""
        return cls(view.eye, view.target, view.angle_deg)

    @property
    def distance(self) -> float:
        """From the eye to the target [m]."""
        return math.dist(self.eye, self.target)

    @property
    def heading_deg(self) -> float:
        """Direction of sight, from north clockwise; of a plan 0."""
        dx, dy = self.target[0] - self.eye[0], self.target[1] - self.eye[1]
        return math.degrees(math.atan2(dx, dy)) % 360.0 if math.hypot(dx, dy) > 1e-3 * self.distance else 0.0

    @property
    def pitch_deg(self) -> float:
        """Of the line of sight above the horizon."""
        return math.degrees(math.asin(max(-1.0, min(1.0, (self.target[2] - self.eye[2]) / max(self.distance, 1e-9)))))

    def camera(self, size: tuple[int, int]) -> Camera:
        """The camera that draws it in a window of a size."""
        return Camera.of(View("", "", self.eye, self.target, self.angle_deg), size)

    def view(self) -> View:
        """The pose as a view of a scene."""
        return View("window", "Window", self.eye, self.target, self.angle_deg)


def direction(heading_deg: float, pitch_deg: float) -> NDArray[np.float64]:
    """Unit vector of a line of sight."""
    heading, pitch = math.radians(heading_deg), math.radians(pitch_deg)
    flat = math.cos(pitch)
    return np.array([flat * math.sin(heading), flat * math.cos(heading), math.sin(pitch)])


def orbit(pose: Pose, turn_deg: float, tilt_deg: float) -> Pose:
    """Go round the target: to the right by `turn_deg`, up by `tilt_deg`; never over the top, never far under the ground."""
    heading = pose.heading_deg - turn_deg
    pitch = max(-STEEPEST_DEG, min(20.0, pose.pitch_deg - tilt_deg))
    eye = np.array(pose.target) - pose.distance * direction(heading, pitch)
    return replace(pose, eye=_tuple(eye))


def pan(pose: Pose, size: tuple[int, int], right_px: float, down_px: float) -> Pose:
    """Drag the ground along with the pointer."""
    camera = pose.camera(size)
    ahead = camera.up if camera.parallel else np.array([camera.forward[0], camera.forward[1], 0.0])
    ahead = ahead / max(float(np.linalg.norm(ahead)), 1e-9)
    # on the ground a pixel up is farther than a pixel aside, the flatter one looks the more so
    steep = 1.0 if camera.parallel else max(math.sin(math.radians(abs(pose.pitch_deg))), 0.25)
    shift = (-right_px * camera.right + down_px / steep * ahead) / camera.pixels_per_metre
    return Pose(_tuple(np.array(pose.eye) + shift), _tuple(np.array(pose.target) + shift), pose.angle_deg)


def zoom(pose: Pose, factor: float, about: tuple[float, float, float] | None = None) -> Pose:
    """Come nearer (`factor` below 1) to a point, which stays where it is in the picture; by default the target."""
    distance = min(max(pose.distance * factor, NEAREST_M), FARTHEST_M)
    factor = distance / pose.distance
    centre = np.array(pose.target if about is None else about, dtype=np.float64)
    eye = centre + factor * (np.array(pose.eye) - centre)
    return Pose(_tuple(eye), _tuple(eye + distance * _ahead(pose)), pose.angle_deg)


def look_at(pose: Pose, point: tuple[float, float, float]) -> Pose:
    """Make a point the one to go round, seen from the same side."""
    shift = np.array(point) - np.array(pose.target)
    return Pose(_tuple(np.array(pose.eye) + shift), _tuple(np.array(point)), pose.angle_deg)


def stand(pose: Pose, footing: Footing) -> Pose:
    """Stand on the floor near what is looked at, facing the same way."""
    x, y, z = pose.target
    x, y = footing.free_near(x, y)
    foot = footing.under(x, y, z + 2.0)
    return _standing(x, y, foot, pose.heading_deg, -3.0)


def walk(pose: Pose, footing: Footing, ahead_m: float, right_m: float) -> Pose:
    """Go some metres on foot; along a wall where one is in the way, up and down with the floor."""
    heading = math.radians(pose.heading_deg)
    dx = ahead_m * math.sin(heading) + right_m * math.cos(heading)
    dy = ahead_m * math.cos(heading) - right_m * math.sin(heading)
    x, y, z = pose.eye
    foot = z - EYE_HEIGHT_M
    steps = max(1, math.ceil(math.hypot(dx, dy) / 0.4))
    for _ in range(steps):
        for sx, sy in ((dx, dy), (dx, 0.0), (0.0, dy)):
            if footing.passable(x + sx / steps, y + sy / steps, foot):
                x, y = x + sx / steps, y + sy / steps
                foot = footing.under(x, y, foot)
                break
    return _standing(x, y, foot, pose.heading_deg, pose.pitch_deg)


def look_round(pose: Pose, turn_deg: float, tilt_deg: float) -> Pose:
    """Turn the head: to the right, and up."""
    pitch = max(-80.0, min(80.0, pose.pitch_deg + tilt_deg))
    ahead = direction(pose.heading_deg + turn_deg, pitch)
    return replace(pose, target=_tuple(np.array(pose.eye) + pose.distance * ahead))


def take_off(pose: Pose, height_m: float = 70.0) -> Pose:
    """From standing somewhere to looking at that place from above, the same way round."""
    foot = np.array(pose.eye) - [0.0, 0.0, EYE_HEIGHT_M]
    return Pose(_tuple(foot - direction(pose.heading_deg, -32.0) * height_m / math.sin(math.radians(32.0))), _tuple(foot), 30.0)


def _standing(x: float, y: float, foot: float, heading_deg: float, pitch_deg: float) -> Pose:
    eye = np.array([x, y, foot + EYE_HEIGHT_M])
    return Pose(_tuple(eye), _tuple(eye + 10.0 * direction(heading_deg, pitch_deg)), WALK_ANGLE_DEG)


def _ahead(pose: Pose) -> NDArray[np.float64]:
    return (np.array(pose.target) - np.array(pose.eye)) / max(pose.distance, 1e-9)


def _tuple(values: NDArray[np.float64]) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])
