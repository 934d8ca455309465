"""What is drawn in the window: a dozen actors at most, however much there is to see."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewer import looks
from viewer.backends.window.actors import Shape, Sheet2D
from viewer.backends.window.baking import Baking
from viewer.backends.window.creases import Creases
from viewer.backends.window.crowd import Crowd, Moment, marks_of, split
from viewer.backends.window.drape import Drape
from viewer.backends.window.drawn_lines import layer_lines, layer_points
from viewer.backends.window.navigation import Pose
from viewer.backends.window.packing import PARTS, Packing
from viewer.backends.window.state import UNDERGROUND, Cut, fields_of, people_of
from viewer.kernels.arrays import BUILDING
from viewer.scene import Scene

MANY = 200_000
"""Triangles from which on a walk through them shows only those nearby."""
NEAR_M, STANDS_OUT_M = 500.0, 16.0
BEDROCK = (58, 50, 44)
ON_TOP_M = 0.08
"""How far fields lie above the floor."""


class Stage:
    """The actors of a window, and what they show.

    Parameters
    ----------
    plotter : pyvista.Plotter
    """

    def __init__(self, plotter: Any) -> None:
        self.plotter = plotter
        self.shapes = {name: Shape("triangles") for name in (*PARTS, "fields", "people", "people_far")}
        self.shapes |= {name: Shape("lines") for name in ("creases", "lines", "marks")}
        self.shapes["points"] = Shape("points")
        self.sheet = Sheet2D()
        for name, shape in self.shapes.items():
            plotter.add_actor(shape.actor, name=name, reset_camera=False, render=False, pickable=False)
        plotter.add_actor(self.sheet.actor, name="panels", reset_camera=False, render=False, pickable=False)
        self._finish()
        self.packing = Packing.of(Scene("", (), ()))
        self._shift: NDArray[np.float64] | None = None
        self.baking: Baking | None = None
        self.creases = Creases(self.packing)
        self.crowd = Crowd([])
        self.moment: Moment = self.crowd.at(0.0, {})
        self._parts: dict[str, NDArray[np.int64]] = {}
        self._colours = np.empty((0, 3, 3), np.uint8)
        self._opacity = np.empty(0, np.float32)
        self._lined_at = np.full(3, np.inf)
        self._sky: tuple[tuple[float, ...], tuple[float, ...]] = ((0.86, 0.89, 0.91), (0.46, 0.64, 0.86))
        self._thinned_at = np.full(3, np.inf)
        self._box = np.zeros((8, 3))
        self._baked_for: tuple[bool, ...] = ()
        self._drapes: dict[str, Drape] = {}

    def _finish(self) -> None:
        from vtkmodules.vtkRenderingCore import vtkMapper

        vtkMapper.SetResolveCoincidentTopologyToPolygonOffset()
        for name in ("solid", "glass"):
            self.shapes[name].add_haze()
        self.shapes["creases"].actor.GetProperty().SetLineWidth(1.0)
        self.shapes["creases"].mapper.SetRelativeCoincidentTopologyLineOffsetParameters(-0.5, -0.4)
        self.shapes["lines"].actor.GetProperty().SetLineWidth(2.5)
        self.shapes["lines"].mapper.SetRelativeCoincidentTopologyLineOffsetParameters(-1.0, -2.0)
        self.shapes["marks"].actor.GetProperty().SetLineWidth(3.0)
        # a measure is seen through whatever stands before it
        self.shapes["marks"].mapper.SetRelativeCoincidentTopologyLineOffsetParameters(-5.0, -60_000.0)
        self.shapes["fields"].mapper.SetRelativeCoincidentTopologyPolygonOffsetParameters(-0.5, -0.4)
        self.shapes["points"].actor.GetProperty().SetPointSize(6.0)
        self.shapes["points"].actor.GetProperty().SetRenderPointsAsSpheres(False)

    @property
    def shift(self) -> NDArray[np.float64]:
        """What is subtracted from coordinates before they are drawn."""
        return self.packing.shift

    @property
    def drawn(self) -> list[Any]:
        """Actors that are drawn now: each is one draw call."""
        every = [*(shape.actor for shape in self.shapes.values()), self.sheet.actor]
        return [actor for actor in every if actor.GetVisibility()]

    # the scene

    def take(self, scene: Scene) -> None:
        """Pack another scene."""
        # every packing is relative to the same place, so that nothing has to move when the meshes do
        self.packing = Packing.of(scene, self._shift)
        self._shift = self.packing.shift
        self.creases = Creases(self.packing)
        self._box = _box_of(self.packing)
        self.baking = None
        self.crowd = Crowd(people_of(scene.layers))
        self._drapes = {}
        self._lined_at[:] = np.inf

    def show_meshes(self, scene: Scene, visible: dict[str, bool], *, underground: bool, place: NDArray[np.float64]) -> None:
        """Show the layers that are to be seen."""
        casts = tuple(visible.get(one.name, one.visible) for one in self.packing.layers if one.group != UNDERGROUND)
        if self.baking is None or casts != self._baked_for:
            self.baking, self._baked_for = Baking(self.packing, visible, scene), casts
        self._parts = self.packing.parts(visible, underground=underground)
        self._opacity = self.packing.opacity(underground=underground)
        self._light(scene)
        for name, triangles in self._parts.items():
            corners = self.packing.corners[triangles].reshape(-1, 3)
            cells = np.arange(len(corners), dtype=np.int32).reshape(-1, 3)
            coordinates = self.baking.texture_coordinates(triangles)
            colours = self._part_colours(name)
            if name == "below" and underground and len(corners):
                corners, cells, colours, coordinates = self._with_bedrock(corners, cells, colours, coordinates)
            self.shapes[name].fill(corners, cells, colours, coordinates)
        self._lined_at[:] = np.inf
        self._thinned_at[:] = np.inf
        self.show_creases(visible, place, faded=underground)
        self.shapes["lines"].fill(*layer_lines(scene, self.shift))
        points, cells, colours, size = layer_points(scene, self.shift)
        self.shapes["points"].fill(points, cells, colours)
        self.shapes["points"].actor.GetProperty().SetPointSize(size)

    def thin_out(self, pose: Pose, *, walking: bool) -> None:
        """In a large city on foot draw what is near, and what stands out; the rest is behind houses. All of it from above."""
        triangles = self._parts.get("solid", np.empty(0, np.int64))
        eye = np.array(pose.eye) - self.shift
        if not walking or len(triangles) < MANY:
            if np.isfinite(self._thinned_at).all():
                self._thinned_at[:] = np.inf
                self.shapes["solid"].show_cells(np.arange(3 * len(triangles), dtype=np.int32).reshape(-1, 3))
            return
        if np.linalg.norm((eye - self._thinned_at)[:2]) < 80.0:
            return
        self._thinned_at = eye
        first = self.packing.corners[triangles, 0]
        near = np.hypot(first[:, 0] - eye[0], first[:, 1] - eye[1]) < NEAR_M
        floor = (self.packing.normal[triangles, 2] > 0.9) & (self.packing.kind[triangles] != BUILDING)
        keep = np.flatnonzero(near | floor | (self.packing.corners[triangles, :, 2].max(axis=1) > eye[2] + STANDS_OUT_M))
        self.shapes["solid"].show_cells((3 * keep[:, None] + np.arange(3)).astype(np.int32))

    def _with_bedrock(self, corners: Any, cells: Any, colours: Any, coordinates: Any) -> tuple[Any, Any, Any, Any]:
        """A dark floor under all that lies in the ground: one sees it through the glass, not the sky."""
        every = self.packing.corners.reshape(-1, 3)
        low, high = every.min(axis=0), every.max(axis=0)
        z = float(np.quantile(corners[:, 2], 0.01)) - 3.0
        square = np.array([[low[0], low[1], z], [high[0], low[1], z], [high[0], high[1], z], [low[0], high[1], z]], np.float32)
        colour = np.full((4, colours.shape[1]), 255, np.uint8)
        colour[:, :3] = BEDROCK
        faces = np.array([[0, 1, 2], [0, 2, 3]], np.int32) + len(corners)
        white = np.broadcast_to(coordinates[:1], (4, 2))
        return (
            np.vstack([corners, square]),
            np.vstack([cells, faces]),
            np.vstack([colours, colour]),
            np.vstack([coordinates, white]),
        )

    def show_light(self, scene: Scene) -> None:
        """Light for another place of the sun."""
        self._light(scene)
        for name in self._parts:
            if self.shapes[name].actor.GetVisibility():
                colours = self._part_colours(name)
                rest = self.shapes[name].geometry.GetNumberOfPoints() - len(colours)
                extra = np.full((rest, colours.shape[1]), 255, np.uint8)
                extra[:, :3] = BEDROCK
                self.shapes[name].recolour(np.vstack([colours, extra]))

    def _light(self, scene: Scene) -> None:
        assert self.baking is not None
        self._colours, floors = self.baking.light(scene.sun_azimuth_deg, scene.sun_altitude_deg, scene.look)
        for name in PARTS:
            self.shapes[name].set_texture(floors)
        self._sky = sky_colours(scene.sun_altitude_deg, scene.look)

    def _part_colours(self, name: str) -> NDArray[np.uint8]:
        triangles = self._parts[name]
        colours = self._colours[triangles].reshape(-1, 3)
        if name == "solid":
            return colours
        alpha = np.repeat(np.rint(255 * self._opacity[triangles]).astype(np.uint8), 3)
        return np.column_stack([colours, alpha])

    def show_creases(self, visible: dict[str, bool], place: NDArray[np.float64], *, faded: bool = False) -> None:
        """Edges; when there are too many for all, those near a place, again when it is far from the last one."""
        at = np.asarray(place, float) - self.shift
        if np.linalg.norm((at - self._lined_at)[:2]) < 150.0:
            return
        self._lined_at = at
        lines = self.creases.near(self.packing, visible, at)
        colours = np.broadcast_to(np.array([52, 42, 36, 40 if faded else 105], np.uint8), (2 * len(lines), 4))
        self.shapes["creases"].fill(lines.reshape(-1, 3), np.arange(2 * len(lines), dtype=np.int32).reshape(-1, 2), colours)

    def cut(self, cut: Cut | None) -> None:
        """Hide what lies before a plane at once, without filling what is cut."""
        plane = None
        if cut is not None:
            from vtkmodules.vtkCommonDataModel import vtkPlane

            plane = vtkPlane()
            plane.SetOrigin(*(np.array(cut.point) - self.shift))
            plane.SetNormal(*(-np.array(cut.normal)))
        for name, shape in self.shapes.items():
            if name != "marks":
                shape.clip(plane)

    # what moves

    def show_fields(self, scene: Scene, time: float) -> None:
        """Fields of a moment on their floors."""
        points, cells, colours, count = [], [], [], 0
        for layer in fields_of(scene.layers):
            if not layer.visible:
                continue
            if layer.name not in self._drapes:
                self._drapes[layer.name] = Drape(layer, ON_TOP_M)
            vertices, faces, colour = self._drapes[layer.name].mesh(scene.legend(layer.legend), time)
            points.append((vertices - self.shift).astype(np.float32))
            cells.append(faces + count)
            colours.append(colour)
            count += len(vertices)
        if not count:
            self.shapes["fields"].actor.SetVisibility(False)
            return
        self.shapes["fields"].fill(np.concatenate(points), np.concatenate(cells).astype(np.int32), np.concatenate(colours))

    def show_people(self, time: float, visible: dict[str, bool], pose: Pose) -> None:
        """People of a moment, as seen from a place."""
        self.moment = self.crowd.at(time, visible)
        self.place_people(pose)

    def place_people(self, pose: Pose) -> None:
        """Bodies for those near the camera, marks for the others."""
        near, far = split(self.moment.feet, np.array(pose.eye))
        self.shapes["people"].fill(*self.crowd.bodies(self.moment, near, self.shift))
        camera = pose.camera((16, 9))
        self.shapes["people_far"].fill(*marks_of(self.moment, far, self.shift, camera))

    def show_marks(self, lines: NDArray[np.float64], colours: NDArray[np.uint8]) -> None:
        """Lines of measures and of what was picked: (N, 2, 3) and a colour each, (N, 3)."""
        ends = (lines - self.shift).astype(np.float32).reshape(-1, 3)
        self.shapes["marks"].fill(ends, np.arange(len(ends), dtype=np.int32).reshape(-1, 2), np.repeat(colours, 2, axis=0))

    def aim(self, pose: Pose, size: tuple[int, int]) -> None:
        """Look from a place."""
        camera, target = pose.camera(size), self.plotter.camera
        target.position = tuple(camera.eye - self.shift)
        target.focal_point = tuple(camera.target - self.shift)
        target.up = tuple(camera.up)
        target.parallel_projection = bool(camera.parallel)
        if camera.parallel:
            target.parallel_scale = camera.tan_half * camera.distance
        else:
            target.view_angle = float(np.degrees(2 * np.arctan(camera.tan_half)))
        for name in ("solid", "glass"):
            self.shapes[name].set_haze(max(camera.distance, 120.0), self._sky[0])
        bottom, top = self._gradient(pose, camera)
        self.plotter.set_background(bottom, top=top)
        self._clip_range(camera)

    def _gradient(self, pose: Pose, camera: Any) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Colours of the lower and upper edge of the window, so that the sky is hazy at the horizon, wherever that is."""
        low, high = (np.array(colour) for colour in self._sky)
        horizon = 0.5 - np.tan(np.radians(pose.pitch_deg)) / (2 * camera.tan_half)
        if camera.parallel or horizon >= 0.98:
            return tuple(low), tuple(low)
        rise = pose.pitch_deg + float(np.degrees(np.arctan(camera.tan_half)))
        top = low + (high - low) * min(1.0, max(rise, 0.0) / 26.0) ** 0.6
        bottom = np.clip(low - (top - low) * max(horizon, 0.0) / (1.0 - horizon), 0.0, 1.0)
        return tuple(map(float, bottom)), tuple(map(float, top))

    def _clip_range(self, camera: Any) -> None:
        depth = (self._box + self.shift - camera.eye) @ camera.forward
        far = max(float(depth.max()) * 1.02 + 50.0, camera.distance * 2.0)
        # the nearer the near plane, the coarser the depth: on foot a hand's breadth, else a share of the way to the target
        at_least = max(0.12, 0.012 * camera.distance)
        near = float(depth.min()) - 50.0 if camera.parallel else max(at_least, min(float(depth.min()) * 0.8, 0.2 * camera.distance))
        self.plotter.camera.clipping_range = (near, far)


def _box_of(packing: Packing) -> NDArray[np.float64]:
    """Corners of the box round everything, (8, 3), relative to the shift."""
    every = packing.corners.reshape(-1, 3)
    low, high = (every.min(axis=0), every.max(axis=0)) if len(every) else (np.zeros(3), np.ones(3))
    ends = np.array([low, high], dtype=np.float64)
    return np.array([[ends[i, 0], ends[j, 1], ends[k, 2] + 5.0 * k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])


def sky_colours(altitude_deg: float, look: str = "presentation") -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Sky at the horizon and above, by the height of the sun: night, dawn, day; other house styles have one of their own."""
    if look != "presentation":
        light = looks.LIGHTS[look]
        return tuple(v ** (1 / 2.2) for v in light.horizon), tuple(v ** (1 / 2.2) for v in light.zenith)
    heights = [-12.0, -3.0, 3.0, 15.0]
    low = [(0.07, 0.09, 0.14), (0.38, 0.34, 0.40), (0.92, 0.78, 0.66), (0.86, 0.89, 0.91)]
    high = [(0.02, 0.03, 0.07), (0.14, 0.19, 0.34), (0.42, 0.54, 0.74), (0.46, 0.64, 0.86)]
    both = [tuple(float(np.interp(altitude_deg, heights, column)) for column in zip(*rows, strict=True)) for rows in (low, high)]
    return both[0], both[1]
