"""Keys of the window, and what they do, in English and Dutch: the one table that binds them and that the help shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from viewer.backends.window.state import State

Action = Callable[[State], None]


@dataclass(frozen=True)
class Command:
    """A command with its keys.

    Parameters
    ----------
    name : str
        Unique.
    keys : tuple of str
        Names of X11 key symbols, as VTK gives them.
    shown : str
        The keys as people write them.
    group : str
        Heading of the help, a key of `GROUPS`.
    en, nl : str
        What it does.
    act : callable
    when : str
        ``""`` always, else only in the mode ``"orbit"`` or ``"walk"``.
    held : bool
        Works for as long as the key is down (walking).
    """

    name: str
    keys: tuple[str, ...]
    shown: str
    group: str
    en: str
    nl: str
    act: Action
    when: str = ""
    held: bool = False


GROUPS = {
    "look": ("Look round", "Rondkijken"),
    "time": ("Time", "Tijd"),
    "show": ("What is shown", "Wat te zien is"),
    "under": ("Underground and sections", "Ondergrond en doorsneden"),
    "sun": ("Sun", "Zon"),
    "measure": ("Pick and measure", "Aanwijzen en meten"),
    "window": ("Window", "Venster"),
}
MOUSE = (
    ("look", "drag", "slepen", "Go round; on foot look round", "Ronddraaien; te voet rondkijken"),
    ("look", "right drag", "rechts slepen", "Shift the picture (or Shift + drag)", "Beeld schuiven (of Shift + slepen)"),
    ("look", "wheel", "wiel", "Nearer to, or farther from, the pointer", "Naar de aanwijzer toe, of ervan af"),
    ("measure", "click", "klik", "What is this? (measuring: a point)", "Wat is dit? (bij meten: een punt)"),
    ("measure", "double click", "dubbelklik", "Go round this point", "Om dit punt draaien"),
)
"""What the mouse does: heading, gesture in English and Dutch, meaning in English and Dutch."""


def _nothing(_: State) -> None:
    """Keys that are held are read while time passes."""


COMMANDS: tuple[Command, ...] = (
    Command("walk", ("Tab",), "Tab", "look", "Walk at eye height, or rise again", "Te voet op ooghoogte, of weer omhoog",
            State.toggle_walking),
    Command("ahead", ("w", "W", "Up"), "W ↑", "look", "On foot: ahead (with Shift: fast)", "Te voet: vooruit (met Shift: snel)",
            _nothing, "walk", True),
    Command("back", ("s", "S", "Down"), "S ↓", "look", "On foot: back", "Te voet: terug", _nothing, "walk", True),
    Command("left", ("a", "A", "Left"), "A ←", "look", "On foot: left", "Te voet: naar links", _nothing, "walk", True),
    Command("right", ("d", "D", "Right"), "D →", "look", "On foot: right", "Te voet: naar rechts", _nothing, "walk", True),
    Command("views", tuple("123456789"), "1 – 9", "look", "Views of the scene", "Aanzichten van de scène", _nothing),
    Command("reset", ("r", "Home"), "R", "look", "The first view again", "Terug naar het eerste aanzicht", State.reset_view),
    Command("play", ("space",), "Space", "time", "Play, pause", "Afspelen, pauze", State.play_pause),
    Command("step_back", ("bracketleft",), "[", "time", "A frame back", "Een beeld terug", lambda s: s.step(-1)),
    Command("step_on", ("bracketright",), "]", "time", "A frame on", "Een beeld verder", lambda s: s.step(1)),
    Command("slower", ("minus", "KP_Subtract"), "-", "time", "Slower", "Langzamer", lambda s: s.change_speed(-1)),
    Command("faster", ("plus", "equal", "KP_Add"), "+", "time", "Faster", "Sneller", lambda s: s.change_speed(1)),
    Command("previous", ("Up",), "↑", "show", "Layer above", "Vorige laag", lambda s: s.choose(-1), "orbit"),
    Command("next", ("Down",), "↓", "show", "Layer below", "Volgende laag", lambda s: s.choose(1), "orbit"),
    Command("toggle", ("Return", "KP_Enter"), "Enter", "show", "Show or hide that layer (or click it)",
            "Die laag tonen of verbergen (of klik erop)", State.toggle_chosen),
    Command("side", ("b",), "B", "show", "Baseline, variant, difference", "Nu, variant, verschil", State.next_side),
    Command("stage", ("t",), "T", "show", "Stages of the work, in turn", "Fasen van het werk, om beurten", State.next_stage),
    Command("layers", ("l",), "L", "show", "Panel of layers", "Lagenpaneel", lambda s: s.toggle_panel("layers")),
    Command("legend", ("k",), "K", "show", "Legend and colours", "Legenda en kleuren", lambda s: s.toggle_panel("legend")),
    Command("panels", ("i",), "I", "show", "All panels, or none", "Alle panelen, of geen", State.toggle_all_panels),
    Command("under", ("g",), "G", "under", "Look underground: glassy floor", "In de grond kijken: glazen vloer",
            State.look_underground),
    Command("cut", ("x",), "X", "under", "Section through what is picked, facing you", "Doorsnede door het aangewezen punt",
            lambda s: s.cut_vertically()),
    Command("level", ("z",), "Z", "under", "Cut level below the floor", "Vlak onder de vloer afsnijden",
            lambda s: s.cut_horizontally()),
    Command("sections", ("c",), "C", "under", "Sections of the scene, in turn", "Doorsneden van de scène, om beurten",
            State.next_section),
    Command("deeper", ("Next", "KP_Next"), "Page ↓", "under", "Section farther in, or deeper", "Doorsnede verder of dieper",
            lambda s: s.move_cut(1)),
    Command("shallower", ("Prior", "KP_Prior"), "Page ↑", "under", "Section back", "Doorsnede terug", lambda s: s.move_cut(-1)),
    Command("flip", ("f",), "F", "under", "Other side of the section", "Andere kant van de doorsnede", State.flip_cut),
    Command("earlier", ("comma",), ",", "sun", "Half an hour earlier", "Half uur vroeger", lambda s: s.move_sun(-0.5)),
    Command("later", ("period",), ".", "sun", "Half an hour later", "Half uur later", lambda s: s.move_sun(0.5)),
    Command("month_back", ("less",), "<", "sun", "A month earlier", "Een maand vroeger", lambda s: s.move_sun(months=-1)),
    Command("month_on", ("greater",), ">", "sun", "A month later", "Een maand later", lambda s: s.move_sun(months=1)),
    Command("sun_reset", ("o",), "O", "sun", "Light of the scene again", "Licht van de scène terug", State.reset_sun),
    Command("measure", ("m",), "M", "measure", "Measure distance, height, area", "Afstand, hoogte, oppervlakte meten",
            State.next_tool),
    Command("drop", ("BackSpace",), "Backspace", "measure", "Take back the last point", "Laatste punt terugnemen",
            State.drop_point),
    Command("clear", ("Escape",), "Esc", "measure", "Clear measure, pick, section", "Meting, keuze, doorsnede wissen",
            State.clear),
    Command("picture", ("p",), "P", "window", "Save a picture", "Afbeelding bewaren", lambda s: s.want("picture")),
    Command("help", ("h", "question", "F1"), "H  ?", "window", "This help", "Deze hulp", lambda s: s.toggle_panel("help")),
    Command("close", ("q",), "Q", "window", "Close the window", "Venster sluiten", lambda s: s.want("close")),
)  # fmt: skip


def command_of(key: str, *, walking: bool) -> Command | None:
    """The command of a key in a mode; letters count alike with Shift or Caps Lock."""
    mode = "walk" if walking else "orbit"
    for name in (key, key.lower()):
        for command in COMMANDS:
            if name in command.keys and command.when in ("", mode):
                return command
    return None


def press(state: State, key: str) -> bool:
    """Do what a key asks for; says whether there is such a key."""
    command = command_of(key, walking=state.walking)
    if command is None:
        return False
    if command.name == "views":
        state.go_to_view(int(key) - 1)
    else:
        command.act(state)
    return True
