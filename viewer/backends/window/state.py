"""What a window shows, and the commands that change it. Nothing here draws, so every command can be tried without a screen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from viewer.backends.window import navigation
from viewer.backends.window.footing import Footing
from viewer.backends.window.light_time import SunClock
from viewer.backends.window.measure import TOOLS, Measures, Point, measure
from viewer.backends.window.navigation import Pose
from viewer.backends.window.texts import say
from viewer.scene import FieldLayer, Layer, PeopleLayer, Scene, Section

UNDERGROUND = "underground"
FADED = ("ground", "street", "green", "water", "bridges", "surroundings")
"""Groups that are made glassy to look underground."""
FIRST = ("results", "people", "change", "annotations", "points", "buildings", "street", "green", "water", "bridges", "underground")
"""Groups in the order in which they are looked for."""
SPEEDS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0)
PANELS = ("layers", "legend", "help")
BELOW_M = 0.6
"""How far below the floor a horizontal section begins."""


@dataclass(frozen=True)
class Cut:
    """A section: what lies on the side that `normal` points to is taken away."""

    point: Point
    normal: Point

    @property
    def horizontal(self) -> bool:
        """Whether it is a cut at one height."""
        return abs(self.normal[2]) > 0.9

    @property
    def plane(self) -> tuple[float, float, float, float]:
        """(a, b, c, d): what has a x + b y + c z > d is taken away."""
        return (*self.normal, float(np.dot(self.normal, self.point)))


@dataclass(frozen=True)
class Picked:
    """What was clicked on.

    Parameters
    ----------
    layer : str
        Name of its layer; empty for nothing but a place.
    row : int
        Row of the attributes, or place in the list of people; -1 for none.
    point : tuple of float
        Where, local [m].
    title : str
    rows : tuple of (str, str)
        What is known of it.
    person : int
        Id of a person, -1 for none.
    """

    layer: str
    row: int
    point: Point
    title: str
    rows: tuple[tuple[str, str], ...] = ()
    person: int = -1


@dataclass
class State:
    """Everything that a window shows.

    Parameters
    ----------
    scene : Scene
    view : str, optional
        Name of the view to begin with.
    language : str
        ``"en"`` or ``"nl"``.
    speed : float
        Seconds of the scene in a second.

    Attributes
    ----------
    changed : set of str
        What has to be drawn again: ``meshes``, ``light``, ``time``, ``camera``, ``panels``, ``marks``, ``section``.
    """

    scene: Scene
    view: str | None = None
    language: str = "en"
    speed: float = 1.0
    time: float = field(init=False)
    playing: bool = field(init=False, default=False)
    visible: dict[str, bool] = field(init=False)
    side: str = field(init=False, default="")
    cut: Cut | None = field(init=False, default=None)
    underground: bool = field(init=False, default=False)
    walking: bool = field(init=False, default=False)
    pose: Pose = field(init=False)
    sun: SunClock = field(init=False)
    tool: str = field(init=False, default="")
    points: list[Point] = field(init=False, default_factory=list)
    picked: Picked | None = field(init=False, default=None)
    panels: set[str] = field(init=False)
    chosen: int = field(init=False, default=0)
    message: str = field(init=False, default="")
    wanted: list[str] = field(init=False, default_factory=list)
    changed: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self._whole = self.scene
        if self.scene.stages:
            self.scene = self.scene.at_stage(self.scene.stage)
        self.pose = Pose.of(self.scene.view(self.view))
        self.time = float(np.clip(self.scene.time, *self.span)) if self.moving else float(self.scene.time)
        self.visible = {layer.name: layer.visible for layer in self.scene.layers}
        self._names: dict[str, set[str]] = {}
        self._section = -1
        sides = self.sides
        self.side = "after" if "after" in sides else sides[0] if sides else ""
        self.sun = SunClock.of(self.scene)
        self.panels = {"layers", "legend"}
        self._footing: Footing | None = None
        self._before_walking: Pose | None = None
        self._before_looking: dict[str, bool] = {}
        self.changed = {"meshes", "light", "time", "camera", "panels", "marks", "section"}

    # what follows from it

    @property
    def moving(self) -> bool:
        """Whether the scene has a timeline."""
        return len(self.scene.times) > 1

    @property
    def span(self) -> tuple[float, float]:
        """First and last moment [s]."""
        return (float(self.scene.times[0]), float(self.scene.times[-1])) if len(self.scene.times) else (0.0, 0.0)

    @property
    def sides(self) -> tuple[str, ...]:
        """Sides of a comparison, empty where the scene shows one thing only."""
        return self.scene.sides

    def on_side(self, layer: Layer) -> bool:
        """Whether a layer belongs to the side that is shown."""
        if self.side and self.side not in self._names:
            self._names[self.side] = {one.name for one in self.scene.on(self.side).layers}
        return not self.side or layer.name in self._names[self.side]

    def listed(self) -> tuple[Layer, ...]:
        """Layers of the panel: those of this side, group by group, what came out and what changes first."""
        here = list({base_of(layer.name): layer for layer in reversed(self.scene.layers) if self.on_side(layer)}.values())[::-1]
        groups = list(dict.fromkeys([*FIRST, *(layer.group for layer in here)]))
        return tuple(sorted(here, key=lambda layer: groups.index(layer.group)))

    def shown(self) -> Scene:
        """The scene as it is now: layers, moment, light."""
        layers = tuple(replace(one, visible=self.visible[one.name], side="") for one in self.scene.layers if self.on_side(one))
        azimuth, altitude = self.sun.position()
        return replace(self.scene, layers=layers, time=self.time, sun_azimuth_deg=azimuth, sun_altitude_deg=altitude)

    @property
    def measures(self) -> Measures:
        """Of the points so far."""
        return measure(self.points)

    @property
    def footing(self) -> Footing:
        """Floors and walls of this side, made when somebody first walks."""
        if self._footing is None:
            self._footing = Footing(replace(self.scene, layers=tuple(one for one in self.scene.layers if self.on_side(one))))
        return self._footing

    def take_changes(self) -> set[str]:
        """What has to be drawn again; then nothing has."""
        changed, self.changed = self.changed, set()
        return changed

    def tell(self, text: str, *values: Any) -> None:
        """Write a line over the picture for a while."""
        self.message = say(text, self.language).format(*values)
        self.changed.add("panels")

    # time

    def play_pause(self) -> None:
        """Let time run, or stop it; at the end begin again."""
        if not self.moving:
            self.tell("Nothing moves in this scene")
            return
        if not self.playing and self.time >= self.span[1] - 1e-9:
            self.go_to(self.span[0])
        self.playing = not self.playing
        self.changed.add("panels")

    def go_to(self, time: float) -> None:
        """Show a moment [s]."""
        if self.moving:
            self.time = float(np.clip(time, *self.span))
            self.changed |= {"time", "panels"}

    def advance(self, seconds: float) -> None:
        """Let real time pass [s]; stops at the end."""
        if self.playing:
            self.go_to(self.time + seconds * self.speed)
            if self.time >= self.span[1] - 1e-9:
                self.playing = False

    def step(self, frames: int) -> None:
        """Go some frames on, or back."""
        if not self.moving:
            return
        self.playing = False
        times = self.scene.times
        if frames > 0:
            at = int(np.searchsorted(times, self.time + 1e-9, side="right")) - 1
        else:
            at = int(np.searchsorted(times, self.time - 1e-9, side="left"))
        self.go_to(float(times[int(np.clip(at + frames, 0, len(times) - 1))]))

    def change_speed(self, steps: int) -> None:
        """Let time run faster, or slower."""
        nearest = int(np.argmin([abs(np.log(one / self.speed)) for one in SPEEDS]))
        self.speed = SPEEDS[int(np.clip(nearest + steps, 0, len(SPEEDS) - 1))]
        self.tell("Speed x {0:g}", self.speed)

    # layers and sides

    def toggle(self, *names: str) -> None:
        """Show or hide layers: all of them unless all are shown."""
        # what differs between the sides of a comparison is a layer of its own, but one thing
        wanted = {base_of(name) for name in names}
        known = [name for name in self.visible if base_of(name) in wanted]
        want = not all(self.visible[name] for name in known)
        for name in known:
            self.visible[name] = want
        self._meshes_changed()

    def toggle_group(self, group: str) -> None:
        """Show or hide a group of layers."""
        self.toggle(*(layer.name for layer in self.listed() if layer.group == group))

    def choose(self, steps: int) -> None:
        """Move to another layer of the panel."""
        self.panels.add("layers")
        count = max(len(self.listed()), 1)
        self.chosen = (self.chosen + steps) % count
        self.changed.add("panels")

    def toggle_chosen(self) -> None:
        """Show or hide the layer that the panel is at."""
        layers = self.listed()
        if layers:
            self.toggle(layers[self.chosen % len(layers)].name)

    def next_side(self) -> None:
        """Baseline, variant, difference."""
        sides = self.sides
        if not sides:
            self.tell("This scene compares nothing")
            return
        self.side = sides[(sides.index(self.side) + 1) % len(sides)] if self.side in sides else sides[0]
        self._footing = None
        self.picked = None
        self._meshes_changed()
        self.changed |= {"light", "marks", "section"}

    def next_stage(self) -> None:
        """The next stage of the work; after the last one the first."""
        names = [stage.name for stage in self._whole.stages]
        if not names:
            self.tell("Nothing in this scene is done in stages")
            return
        self.scene = self._whole.at_stage(names[(names.index(self.scene.stage) + 1) % len(names)])
        for layer in self.scene.layers:
            self.visible.setdefault(layer.name, layer.visible)
        self._names = {}
        self._footing = None
        self.picked = None
        self._meshes_changed()
        self.changed |= {"light", "marks", "section"}

    def toggle_panel(self, name: str) -> None:
        """Open or close a panel."""
        self.panels ^= {name}
        self.changed.add("panels")

    def toggle_all_panels(self) -> None:
        """Nothing but the picture, or the panels again."""
        self.panels = set() if self.panels & {"layers", "legend"} else {"layers", "legend"}
        self.changed.add("panels")

    # under the ground

    def look_underground(self) -> None:
        """Make the ground glassy and show what lies below it, or as before."""
        if not any(layer.group == UNDERGROUND for layer in self.scene.layers):
            self.tell("Nothing is known of what lies underground here")
            return
        self._open_ground(self.cut is not None or not self.underground)
        self.underground = not self.underground
        self._meshes_changed()

    def _open_ground(self, opened: bool) -> None:
        """Show the layers below the ground, or as they were before they were shown."""
        below = [layer.name for layer in self.scene.layers if layer.group == UNDERGROUND]
        if opened and not self._before_looking:
            self._before_looking = {name: self.visible[name] for name in below}
            self.visible.update(dict.fromkeys(below, True))
        elif not opened and self._before_looking:
            self.visible.update(self._before_looking)
            self._before_looking = {}

    def cut_vertically(self, point: Point | None = None) -> None:
        """Cut upright through a point, the picked one by default, and take away what is before it; or undo it."""
        if self.cut is not None and not self.cut.horizontal:
            self._set_cut(None)
            return
        at = point or (self.picked.point if self.picked else self.pose.target)
        heading = np.radians(self.pose.heading_deg + 180.0)
        self._set_cut(Cut(at, (float(np.sin(heading)), float(np.cos(heading)), 0.0)))

    def cut_horizontally(self, point: Point | None = None) -> None:
        """Take away all that is above a height, just below the floor by default; or undo it."""
        if self.cut is not None and self.cut.horizontal:
            self._set_cut(None)
            return
        at = point or (self.picked.point if self.picked else self.pose.target)
        z = self.footing.under(at[0], at[1], at[2]) - BELOW_M
        self._set_cut(Cut((at[0], at[1], z), (0.0, 0.0, 1.0)))

    def move_cut(self, steps: int) -> None:
        """Move the section away from what is taken away (deeper), or back."""
        if self.cut is None:
            self.tell("There is no section to move")
            return
        by = -steps * (0.25 if self.cut.horizontal else 1.0)
        point = np.array(self.cut.point) + by * np.array(self.cut.normal)
        self._set_cut(replace(self.cut, point=(float(point[0]), float(point[1]), float(point[2]))))

    def flip_cut(self) -> None:
        """Take away the other side of the section."""
        if self.cut is not None:
            a, b, c = self.cut.normal
            self._set_cut(replace(self.cut, normal=(-a, -b, -c)))

    def _set_cut(self, cut: Cut | None) -> None:
        if (cut is None) != (self.cut is None):
            # a section is made to see what lies in the ground
            self._open_ground(cut is not None or self.underground)
            self.changed.add("meshes")
        self.cut = cut
        self.changed |= {"section", "panels"}

    def next_section(self) -> None:
        """The scene's own sections, one after another, seen from straight before; then none."""
        named = self.scene.sections
        if not named:
            self.tell("This scene has no sections of its own; X makes one")
            return
        self._section = (self._section + 1) % (len(named) + 1)
        if self._section == len(named):
            self._set_cut(None)
            self.reset_view()
            return
        one = named[self._section]
        self._cut_by(one)
        view = self.shown().cut(one).views[0]
        self.walking = False
        self.set_pose(Pose.of(view))
        self.tell(one.label)

    def _cut_by(self, section: Section) -> None:
        normal = np.array(section.normal) / np.linalg.norm(section.normal)
        self._set_cut(Cut(section.point, (float(normal[0]), float(normal[1]), float(normal[2]))))

    # the sun

    def move_sun(self, hours: float = 0.0, months: int = 0) -> None:
        """Another time of day, or of the year."""
        if not self.sun.known:
            self.tell("Where this scene lies is not known, so the sun stays where it is")
            return
        self.sun = self.sun.moved(hours, months)
        self.changed |= {"light", "panels"}

    def reset_sun(self) -> None:
        """Light as the scene has it."""
        self.sun = SunClock.of(self.scene)
        self.changed |= {"light", "panels"}

    # the camera

    def set_pose(self, pose: Pose) -> None:
        """Put the camera somewhere."""
        self.pose = pose
        self.changed.add("camera")

    def go_to_view(self, number: int) -> None:
        """A named view by its number, from 0."""
        if 0 <= number < len(self.scene.views):
            self.walking = False
            view = self.scene.views[number]
            for section in self.scene.sections:
                if section.name == view.section:
                    self._cut_by(section)
            self.set_pose(Pose.of(view))
            self.message = ""
            self.changed.add("panels")

    def reset_view(self) -> None:
        """The view one began with."""
        self.walking = False
        self.set_pose(Pose.of(self.scene.view(self.view)))
        self.changed.add("panels")

    def toggle_walking(self) -> None:
        """Stand on the floor where one looks, or rise again."""
        if self.walking:
            self.set_pose(navigation.take_off(self.pose))
        else:
            self.set_pose(navigation.stand(self.pose, self.footing))
        self.walking = not self.walking
        self.changed.add("panels")

    def walk(self, ahead_m: float, right_m: float) -> None:
        """Go some metres on foot."""
        if self.walking and (ahead_m or right_m):
            self.set_pose(navigation.walk(self.pose, self.footing, ahead_m, right_m))

    # picking and measuring

    def pick(self, picked: Picked | None) -> None:
        """Show what is known of a thing; with a tool in hand, measure to it."""
        if self.tool and picked is not None:
            self.points.append(picked.point)
        elif not self.tool:
            self.picked = picked
        self.changed |= {"panels", "marks"}

    def next_tool(self) -> None:
        """Measure distance, height, area, or nothing."""
        tools = ("", *TOOLS)
        self.tool = tools[(tools.index(self.tool) + 1) % len(tools)]
        self.points = []
        if self.tool:
            self.picked = None
        self.changed |= {"panels", "marks"}

    def drop_point(self) -> None:
        """Take back the last point."""
        if self.points:
            self.points.pop()
            self.changed |= {"panels", "marks"}

    def clear(self) -> None:
        """Put away what is open: help, then the measure, then what was picked, then the section."""
        if "help" in self.panels:
            self.panels.discard("help")
        elif self.tool or self.points:
            self.tool, self.points = "", []
        elif self.picked is not None:
            self.picked = None
        elif self.cut is not None:
            self._set_cut(None)
        self.message = ""
        self.changed |= {"panels", "marks"}

    def want(self, *what: str) -> None:
        """Ask the window for something that only it can do: ``picture``, ``close``."""
        self.wanted.extend(what)
        self.changed.add("panels")

    def _meshes_changed(self) -> None:
        self.changed |= {"meshes", "time", "panels", "marks"}


def base_of(name: str) -> str:
    """Name of a layer without the side of a comparison that it is of."""
    return name.split("@")[0]


def people_of(layers: Iterable[Layer]) -> list[PeopleLayer]:
    """The layers of people."""
    return [layer for layer in layers if isinstance(layer, PeopleLayer)]


def fields_of(layers: Iterable[Layer]) -> list[FieldLayer]:
    """The layers that are rasters."""
    return [layer for layer in layers if isinstance(layer, FieldLayer)]
