"""The window itself: events become commands, and what they change is drawn."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from twin.errors import TwinError
from viewer.backends.window import keys, marks, navigation
from viewer.backends.window.hud import Hud
from viewer.backends.window.picking import pick, point_at
from viewer.backends.window.stage import Stage
from viewer.backends.window.state import State
from viewer.scene import Scene, Section

CLICK_PX = 4.0
DOUBLE_CLICK_S = 0.35
WALK_M_S, RUN_M_S = 3.0, 12.0
SETTLE_S = 0.35
"""A section is filled, and edges and light are brought up to date, this long after the last change."""
MOST_TO_FILL = 600_000
"""More triangles than this are only clipped, not filled: that would take too long."""
MESSAGE_S = 4.0
SLOW_S = 0.12


class Window:
    """A scene in a window, on a screen or without one.

    Parameters
    ----------
    state : State
    plotter : pyvista.Plotter
    screenshots : Path
        Folder that pictures are written to.
    """

    def __init__(self, state: State, plotter: Any, screenshots: Path) -> None:
        self.state, self.plotter, self.screenshots = state, plotter, screenshots
        self.stage = Stage(plotter)
        self.hud = Hud(state)
        self.closed = False
        self._drag = ""
        self._from = self._last = (0.0, 0.0)
        self._clicked = (-1e9, 0.0, 0.0)
        self._held: set[str] = set()
        self._shift = False
        self._told_at = 0.0
        self._settle_at: float | None = None
        self._was_cut = False
        self._filled: Any = None
        self._samples = int(plotter.render_window.GetMultiSamples())
        self._slow = self._rough = False
        self._frames = 0
        self._drawn: Scene = state.shown()
        self.refresh()
        self.settle()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height [px]."""
        width, height = self.plotter.render_window.GetSize()
        return int(width), int(height)

    # drawing

    def refresh(self) -> bool:
        """Bring up to date what the last commands changed; says whether anything did."""
        state, stage = self.state, self.stage
        changed = state.take_changes()
        if not changed:
            return False
        if "meshes" in changed or "section" in changed:
            stage.cut(state.cut)
        if "meshes" in changed:
            self._take(state.shown())
        elif "light" in changed:
            self._drawn = replace(
                self._drawn, sun_azimuth_deg=state.shown().sun_azimuth_deg, sun_altitude_deg=state.shown().sun_altitude_deg
            )
            stage.show_light(self._drawn)
        if changed & {"section", "meshes"} and state.cut is not None:
            self._settle_at = time.monotonic() + SETTLE_S
        elif "section" in changed and "meshes" not in changed:
            self._take(state.shown())
        if "time" in changed:
            stage.show_fields(self._drawn, state.time)
            stage.show_people(state.time, state.visible, state.pose)
        elif "camera" in changed:
            stage.place_people(state.pose)
        if "marks" in changed or (state.picked is not None and state.picked.person >= 0 and "time" in changed):
            stage.show_marks(*marks.mark_lines(state, stage.packing, stage.moment.feet, stage.moment.ids))
        if "camera" in changed:
            stage.aim(state.pose, self.size)
            stage.thin_out(state.pose, walking=state.walking)
            self._settle_at = self._settle_at or time.monotonic() + SETTLE_S
        if changed & {"panels", "meshes", "light"}:
            self.hud.refresh()
            self._told_at = time.monotonic()
        stage.sheet.show(self.hud.draw(self.size, len(stage.moment.feet), self._drawn))
        self._answer()
        return True

    def _take(self, scene: Scene) -> None:
        """Draw other meshes: pack them unless they are the ones that are packed."""
        state, stage = self.state, self.stage
        names = [layer.name for layer in scene.layers]
        others = names != [layer.name for layer in self._drawn.layers] or scene.stage != self._drawn.stage
        if others or self._was_cut or not len(stage.packing.corners):
            stage.take(scene)
        self._was_cut, self._filled = False, None
        self._show(scene, state.visible)

    def _show(self, scene: Scene, visible: dict[str, bool]) -> None:
        """Show a scene that is packed, and all that moves in it."""
        state, stage = self.state, self.stage
        self._drawn = scene
        stage.show_meshes(scene, visible, underground=state.underground, place=np.array(state.pose.target))
        stage.show_fields(scene, state.time)
        stage.show_people(state.time, state.visible, state.pose)
        stage.show_marks(*marks.mark_lines(state, stage.packing, stage.moment.feet, stage.moment.ids))
        stage.aim(state.pose, self.size)
        stage.thin_out(state.pose, walking=state.walking)

    def settle(self) -> None:
        """Do what waits for a moment of rest: fill a section, draw the edges near the new place."""
        self._settle_at = None
        state, stage = self.state, self.stage
        stage.show_creases(state.visible, np.array(state.pose.target), faded=state.underground)
        if state.cut is None or len(stage.packing.corners) > MOST_TO_FILL or self._filled == (state.cut, self._key()):
            return
        try:
            scene = state.shown().cut(Section("window", "", state.cut.point, state.cut.normal))
        except TwinError:
            return
        shown = {one.name: state.visible.get(one.name.removesuffix("_cut"), one.visible) for one in scene.layers}
        scene = replace(scene, views=state.scene.views, layers=tuple(replace(one, visible=shown[one.name]) for one in scene.layers))
        stage.take(scene)
        stage.cut(None)
        self._was_cut, self._filled = True, (state.cut, self._key())
        self._show(scene, shown)

    def _key(self) -> tuple[Any, ...]:
        return tuple(self.state.visible.items()), self.state.side, self.state.underground, self.state.scene.stage

    def render(self) -> None:
        """Refresh and draw a frame."""
        self.refresh()
        self.draw()

    def draw(self, *, at_rest: bool = False) -> None:
        """Draw a frame as things are; where frames take long (no graphics card), smooth edges wait for a moment of rest."""
        window, creases = self.plotter.render_window, self.stage.shapes["creases"]
        self._rough = self._slow and not at_rest
        samples = 0 if self._rough else self._samples
        if window.GetMultiSamples() != samples:
            window.SetMultiSamples(samples)
        creases.actor.SetVisibility(not self._rough and creases.geometry.GetNumberOfCells() > 0)
        start = time.perf_counter()
        window.Render()
        window.WaitForCompletion()
        self._frames += 1
        if not self._rough and self._frames > 2:
            # the first frames hand everything to the graphics card, and say nothing of the next
            self._slow = time.perf_counter() - start > SLOW_S
        if self._rough:
            self._settle_at = time.monotonic() + SETTLE_S

    def picture(self) -> Any:
        """What the window shows, (H, W, 3) uint8."""
        self.refresh()
        if self._settle_at is not None:
            self.settle()
            self.stage.sheet.show(self.hud.draw(self.size, len(self.stage.moment.feet), self._drawn))
        self.draw(at_rest=True)
        return np.asarray(self.plotter.screenshot(None, return_img=True))

    def _answer(self) -> None:
        """Do what only a window can."""
        wanted, self.state.wanted = self.state.wanted, []
        for what in wanted:
            if what == "close":
                self.closed = True
            elif what == "picture":
                self._save_picture()

    def _save_picture(self) -> None:
        from viewer.backends.image import screenshot

        number = 1
        while (path := self.screenshots / f"stadstwin-{number:03d}.png").exists():
            number += 1
        state = self.state
        scene = (
            replace(state.shown(), views=(state.pose.view(),))
            if not self._was_cut
            else replace(self._drawn, views=(state.pose.view(),))
        )
        try:
            screenshot(replace(scene, time=state.time), path, size=self.size, language=state.language)
        except TwinError as error:
            state.tell("The picture was not saved: {0}", error)
        else:
            state.tell("Picture saved: {0}", path)

    # events

    def key(self, name: str) -> bool:
        """A key went down; says whether it does anything."""
        command = keys.command_of(name, walking=self.state.walking)
        if command is not None and command.held:
            self._held.add(command.name)
            return True
        return keys.press(self.state, name)

    def key_up(self, name: str) -> None:
        """A key went up."""
        command = keys.command_of(name, walking=True)
        if command is not None:
            self._held.discard(command.name)

    def press(self, button: str, x: float, y: float, *, shift: bool = False) -> None:
        """A mouse button went down at a pixel from the upper left: ``left``, ``middle`` or ``right``."""
        self._from = self._last = (x, y)
        self._shift = shift
        hit = self.hud.hit(x, y) if button == "left" and "help" not in self.state.panels else None
        if hit is not None and hit.act == "slide":
            self._drag = "slide"
            self._slide(x)
        else:
            self._drag = "panel" if hit is not None else "pan" if button != "left" or shift else "turn"

    def move(self, x: float, y: float) -> None:
        """The pointer moved."""
        if not self._drag:
            return
        dx, dy = x - self._last[0], y - self._last[1]
        far = np.hypot(x - self._from[0], y - self._from[1]) > CLICK_PX
        if self._drag == "slide":
            self._slide(x)
        elif far and self._drag in ("turn", "pan"):
            self._turn_or_pan(dx, dy)
        if far or self._drag == "slide":
            self._last = (x, y)

    def _turn_or_pan(self, dx: float, dy: float) -> None:
        state = self.state
        whole = max(self.size[1], 1)
        if state.walking:
            state.set_pose(navigation.look_round(state.pose, -70.0 * dx / whole, 60.0 * dy / whole))
        elif self._drag == "pan":
            state.set_pose(navigation.pan(state.pose, self.size, dx, dy))
        else:
            state.set_pose(navigation.orbit(state.pose, 180.0 * -dx / whole, 120.0 * dy / whole))

    def release(self, x: float, y: float) -> None:
        """The mouse button went up; a click when the pointer had hardly moved."""
        drag, self._drag = self._drag, ""
        if np.hypot(x - self._from[0], y - self._from[1]) > CLICK_PX or drag in ("", "slide"):
            return
        if "help" in self.state.panels:
            self.state.toggle_panel("help")
            return
        if drag == "panel":
            self._click_panel(x, y)
            return
        now = time.monotonic()
        if drag == "turn":
            last, self._clicked = self._clicked, (now, x, y)
            if now - last[0] < DOUBLE_CLICK_S and np.hypot(x - last[1], y - last[2]) < 2 * CLICK_PX and not self.state.tool:
                self._centre(x, y)
            else:
                self.state.pick(pick(self.state, self.stage, self.state.pose.camera(self.size), x, y))

    def _click_panel(self, x: float, y: float) -> None:
        hit = self.hud.hit(x, y)
        if hit is None:
            return
        if hit.act == "layer":
            self.state.toggle(hit.value)
        elif hit.act == "group":
            self.state.toggle_group(hit.value)
        elif hit.act == "panel":
            self.state.toggle_panel(hit.value)
        elif hit.act == "play":
            self.state.play_pause()

    def _centre(self, x: float, y: float) -> None:
        _, at = point_at(self.state, self.stage, self.state.pose.camera(self.size), x, y)
        if at is not None and not self.state.walking:
            self.state.set_pose(navigation.look_at(self.state.pose, at))

    def _slide(self, x: float) -> None:
        left, _, right, _ = self.hud.track
        first, last = self.state.span
        self.state.go_to(first + (last - first) * (x - left) / max(right - left, 1.0))

    def wheel(self, clicks: int, x: float, y: float) -> None:
        """The wheel was turned, away from one by positive clicks: nearer to the pointer, or through a list under it."""
        state = self.state
        hit = self.hud.hit(x, y)
        if hit is not None and hit.act in ("layer", "group"):
            state.choose(-clicks)
        elif state.walking:
            state.walk(1.5 * clicks, 0.0)
        else:
            _, at = point_at(state, self.stage, state.pose.camera(self.size), x, y)
            state.set_pose(navigation.zoom(state.pose, 0.85**clicks, at))

    def tick(self, seconds: float, *, fast: bool = False) -> bool:
        """Let real time pass [s]; says whether there is something new to draw."""
        state = self.state
        state.advance(seconds)
        if self._held:
            step = seconds * (RUN_M_S if fast else WALK_M_S)
            state.walk(
                step * (("ahead" in self._held) - ("back" in self._held)), step * (("right" in self._held) - ("left" in self._held))
            )
        now = time.monotonic()
        if state.message and now - self._told_at > MESSAGE_S:
            state.message = ""
            state.changed.add("panels")
        drawn = self.refresh()
        if not drawn and self._settle_at is not None and now >= self._settle_at and not self._drag:
            self.settle()
            self.draw(at_rest=True)
        return drawn
