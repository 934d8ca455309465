"""The page in a real browser without a network: what it shows, and what it does when one clicks, types and touches.

State and pictures are tested, not how fast it is: a browser that draws without a graphics card is slow.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.browser import drive
from tests.viewer.kinds import KINDS, every_kind, plain_ground
from viewer.export import export
from viewer.scene import (
    AnnotationLayer,
    FieldLayer,
    LabelLayer,
    Legend,
    LegendClass,
    MeshLayer,
    PeopleLayer,
    PointLayer,
    Scene,
    Section,
)

EVIL = "</script><img src=x onerror=alert(1)>"
PLACE = {"longitude_deg": 5.12, "latitude_deg": 52.09, "timezone": "Europe/Amsterdam", "date": "2026-06-21"}


@pytest.fixture(scope="module")
def told(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One visit to the page of a run, for all that is asked of it."""
    folder = tmp_path_factory.mktemp("page")
    section = Section("across", "Cross-section", (75.0, 0.0, 3.0), (1.0, 0.0, 0.0))
    page = export(replace(scene, title=EVIL, notes=(EVIL, *scene.notes), sections=(section,), **PLACE), folder / "scene.html")
    return drive(page, folder, _VISIT)


_VISIT = """
const out = {works: byId("works").hidden, layers: {...s.layers}, time: s.time, people: s.people, images: document.images.length};
for (const id of ["moment", "notes", "title"]) out[id] = byId(id).textContent;
out.swatches = document.querySelectorAll("#legend .swatch").length;
const colours = new Set(), first = shot();
for (let k = 0; k < first.data.length; k += 4) {
  colours.add(first.data[k] + 256 * first.data[k + 1] + 65536 * first.data[k + 2]);
}
out.colours = colours.size;
// time
const late = first;
set("slider", 3);
out.moved = s.time;
const early = shot();
out.timeChanges = differ(late, early);
document.querySelector('input[name="people"]').click();
const lateField = (set("slider", 20), shot()), earlyField = (set("slider", 3), shot());
out.densityChanges = differ(lateField, earlyField);
document.querySelector('input[name="density_street"]').click();
out.densityHides = differ(earlyField, shot());
out.hidden = {...s.layers};
document.querySelector('input[name="buildings"]').click();
out.buildingsHide = differ(earlyField, shot());
document.querySelector('input[name="buildings"]').click();
// sun
const noon = shot();
set("sun-hour", 8);
out.sunMorning = {...s.sun};
out.sunMoves = differ(noon, shot());
set("sun-hour", 13.65);
out.sunNoon = {...s.sun};
set("sun-hour", 1);
out.sunNight = {...s.sun};
const night = shot(); let dark = 0;
for (let k = 0; k < night.data.length; k += 4) dark += night.data[k] < 120 ? 1 : 0;
out.dark = dark / (night.data.length / 4);
set("sun-hour", 15);
// what is clicked
out.seen = {};
for (let x = 0.3; x < 0.98; x += 0.05) for (let y = 0.12; y < 0.9; y += 0.07) {
  p.pickAt(x * byId("picture").clientWidth, y * byId("picture").clientHeight);
  if (s.picked) out.seen[`${s.picked.layer}/${s.picked.id}`] = s.picked.height_m ?? null;
}
const evil = p.stage.layers.find((layer) => layer.entry.name === "buildings");
const row = evil.entry.attributes.use.findIndex((use) => use.startsWith("<" + "/script>"));
const before = shot();
p.showPicked({layer: evil, row, number: evil.base + row + 1});
out.evilText = byId("card").textContent;
out.evilTags = byId("card").querySelectorAll("img, script").length;
out.highlight = differ(before, shot());
press("Escape");
out.closed = byId("card").hidden && s.picked === null;
// sections
byId("sections").querySelector("button").click();
out.section = {...s.section};
out.below = s.layers.cellars;
p.orbit.now = p.orbit.flight.to;
p.orbit.flight = null;
const cut = shot();
const caps = p.stage.capObjects.slice();
for (const one of caps) p.stage.scene.remove(one);
out.capsShow = differ(cut, shot());
for (const one of caps) p.stage.scene.add(one);
// a click on the face of a thing finds that thing, and one on the cut ground finds nothing
const faces = caps[0].geometry, at = faces.attributes.position.array, numbers = faces.attributes.mark.array;
const pickFace = (k) => {
  const middle = [0, 1, 2].map((e) => (at[9 * k + e] + at[9 * k + 3 + e] + at[9 * k + 6 + e]) / 3);
  const seen = p.stage.camera.position.clone().set(...middle).project(p.stage.camera);
  if (Math.abs(seen.x) > 0.95 || Math.abs(seen.y) > 0.95) return undefined;
  p.pickAt((seen.x + 1) / 2 * byId("picture").clientWidth, (1 - seen.y) / 2 * byId("picture").clientHeight);
  return p.found ? p.found.number : 0;
};
out.faces = {right: 0, wrong: 0, ground: []};
for (let k = 0; k < at.length / 9 && out.faces.right + out.faces.wrong < 6; k++) {
  const number = numbers[12 * k] + 256 * numbers[12 * k + 1] + 65536 * numbers[12 * k + 2];
  const found = number ? pickFace(k) : undefined;
  if (found !== undefined) out.faces[found === number ? "right" : "wrong"]++;
}
for (let k = 0; k < at.length / 9 && out.faces.ground.length < 2; k++) {
  const [a, b] = [at[9 * k], at[9 * k + 3]], wide = Math.hypot(a - b, at[9 * k + 1] - at[9 * k + 4]) > 5;
  const found = !numbers[12 * k] && !numbers[12 * k + 1] && wide ? pickFace(k) : undefined;
  if (found !== undefined) out.faces.ground.push(found);
}
p.showPicked(null);
press("x");
out.uncut = s.section.on;
const whole = shot();
out.cutChanges = differ(whole, cut);
p.cut((section) => { section.level.on = true; section.level.height = 6; });
out.level = {...s.section};
p.cut((section) => { section.level.on = false; });
set("ghost", 70);
out.ghost = s.ghost;
out.ghostShows = differ(whole, shot());
set("ghost", 0);
// keys
const azimuth = p.orbit.now.azimuth, distance = p.orbit.now.distance, target = [...p.orbit.now.target];
press("ArrowLeft");
out.turned = p.orbit.now.azimuth - azimuth;
press("+");
out.nearer = p.orbit.now.distance / distance;
press("w");
out.walked = Math.hypot(p.orbit.now.target[0] - target[0], p.orbit.now.target[1] - target[1]);
press("]");
out.stepped = s.time;
press(" ");
out.playing = s.playing;
press(" ");
press("h");
out.help = !byId("help").hidden;
press("Escape");
out.helpClosed = byId("help").hidden;
// touch
const turned = p.orbit.now.azimuth;
const touch = {pointerType: "touch", isPrimary: true, buttons: 1};
point("pointerdown", 700, 400, touch); point("pointermove", 760, 400, touch); point("pointerup", 760, 400, touch);
out.dragged = p.orbit.now.azimuth - turned;
const apart = p.orbit.now.distance;
point("pointerdown", 600, 400, touch); point("pointerdown", 700, 400, {...touch, pointerId: 2});
point("pointermove", 800, 400, {...touch, pointerId: 2});
point("pointerup", 800, 400, {...touch, pointerId: 2}); point("pointerup", 600, 400, touch);
out.pinched = p.orbit.now.distance / apart;
out.tapped = s.picked;
// language
press("l");
out.language = s.language; out.lang = document.documentElement.lang;
out.dutch = {};
for (const id of ["layers-title", "panel", "moment"]) out.dutch[id] = byId(id).textContent;
for (const id of ["play", "picture"]) out.dutch[id] = byId(id).getAttribute("aria-label");
out.untranslated = [];
for (const one of document.querySelectorAll("[data-t], [data-label]")) {
  const {t, label} = one.dataset;
  if (t && one.textContent === t) out.untranslated.push(t);
  if (label && one.getAttribute("aria-label") === label) out.untranslated.push(label);
}
byId("language").click();
out.english = byId("layers-title").textContent;
return out;
"""


def test_it_opens_without_a_network(told: dict[str, Any]) -> None:
    assert told["layers"]["buildings"]
    assert not told["layers"]["cellars"]
    assert told["moment"] == "14:30:20 (t = 00:20), 300 people"
    assert told["swatches"] == 6
    assert told["colours"] > 2000
    assert told["title"] == EVIL
    assert EVIL in told["notes"]
    assert told["images"] == 0


def test_time_moves_people_and_density(told: dict[str, Any]) -> None:
    assert told["moved"] == pytest.approx(3.0, abs=0.1)
    assert told["people"] == 300
    assert told["timeChanges"] > 0.002
    assert told["densityChanges"] > 0.001
    assert told["densityHides"] > 0.003


def test_a_face_of_a_cut_is_picked_as_what_was_cut(told: dict[str, Any]) -> None:
    assert told["faces"]["right"] > 0
    assert told["faces"]["wrong"] == 0
    assert set(told["faces"]["ground"]) <= {0}


def test_layers_can_be_hidden(told: dict[str, Any]) -> None:
    assert told["hidden"]["people"] is False
    assert told["hidden"]["density_street"] is False
    assert told["buildingsHide"] > 0.1


def test_the_sun_moves_its_shadow(told: dict[str, Any]) -> None:
    """At midsummer: by its tilt of 23.44 degrees, and six hours and twenty minutes after midnight by the sun."""
    assert told["sunNoon"]["altitude"] == pytest.approx(90 - 52.09 + 23.44, abs=0.15)
    assert told["sunNoon"]["azimuth"] == pytest.approx(179, abs=3)
    assert told["sunMorning"]["azimuth"] == pytest.approx(78.8, abs=1)
    assert told["sunMorning"]["altitude"] == pytest.approx(21.3, abs=1)
    assert told["sunNight"]["altitude"] < 0
    assert told["sunMoves"] > 0.08
    assert told["dark"] > 0.5


def test_a_click_names_the_thing(told: dict[str, Any], scene: Scene) -> None:
    layer = scene.layer("buildings")
    assert isinstance(layer, MeshLayer)
    table = dict(zip(layer.attributes["id"], layer.attributes["height_m"], strict=True))
    houses = {key.split("/", 1)[1]: height for key, height in told["seen"].items() if key.startswith("buildings/")}
    assert len(houses) > 5
    assert all(table[key] == pytest.approx(height) for key, height in houses.items())
    assert {key.split("/")[0] for key in told["seen"]} >= {"buildings", "water", "trees"}


def test_hostile_attributes_are_text(told: dict[str, Any]) -> None:
    assert EVIL in told["evilText"]
    assert told["evilTags"] == 0
    assert told["highlight"] > 0.0005
    assert told["closed"]


def test_a_section_takes_away_and_fills(told: dict[str, Any]) -> None:
    assert told["section"]["on"]
    assert told["section"]["upright"]["azimuth"] == pytest.approx(90)
    assert told["section"]["faces"] > 50
    assert told["below"], "what lies in the ground is shown where it is cut"
    assert told["cutChanges"] > 0.1
    assert told["capsShow"] > 0.05
    assert not told["uncut"]
    assert told["level"]["faces"] > 20
    assert told["ghost"] == pytest.approx(0.3)
    assert told["ghostShows"] > 0.03


def test_keys_do_what_the_help_says(told: dict[str, Any]) -> None:
    assert told["turned"] == pytest.approx(0.08)
    assert told["nearer"] == pytest.approx(0.88)
    assert told["walked"] > 1
    assert told["stepped"] > 3.5
    assert told["playing"]
    assert told["help"]
    assert told["helpClosed"]


def test_fingers_turn_and_pinch(told: dict[str, Any]) -> None:
    assert told["dragged"] > 0.1
    assert told["pinched"] < 0.7
    assert told["tapped"] is None


def test_everything_is_there_in_dutch(told: dict[str, Any]) -> None:
    assert told["language"] == told["lang"] == "nl"
    assert told["dutch"]["layers-title"] == "Lagen"
    assert "Gebouwen" in told["dutch"]["panel"]
    assert "personen/m²" in told["dutch"]["panel"]
    assert told["dutch"]["play"] == "Afspelen"
    assert "mensen" in told["dutch"]["moment"]
    assert told["dutch"]["picture"].startswith("3D-beeld")
    assert set(told["untranslated"]) <= {"Menu"}, "words that are the same in both"
    assert told["english"] == "Layers"


def test_the_page_shows_every_kind_of_layer(tmp_path: Path) -> None:
    """With each kind of layer alone on the plain ground; words stand above the picture, as elements of the page."""
    empty = plain_ground()
    page = export(replace(empty, layers=(*empty.layers, *every_kind().values())), tmp_path / "scene.html")
    told = drive(page, tmp_path, _EACH_KIND)
    for kind in KINDS:
        assert told["on"][kind], kind
        assert told["pixels"][kind] > 0.0005 or told["words"][kind], kind
    assert told["words"] == {kind: {"labels": "Here", "annotations": "There"}.get(kind, "") for kind in KINDS}


_EACH_KIND = """
const kinds = Object.keys(s.layers).filter((name) => name !== "ground");
const tick = (name) => document.querySelector(`input[name="${name}"]`);
const write = () => [...document.querySelectorAll("#labels *")].filter((one) => !one.hidden && !one.children.length)
  .map((one) => one.textContent).join(" ");
for (const name of kinds) if (tick(name).checked) tick(name).click();
const bare = shot(), out = {on: {}, pixels: {}, words: {}};
for (const name of kinds) {
  tick(name).click();
  out.on[name] = s.layers[name];
  out.pixels[name] = differ(bare, shot());
  out.words[name] = write();
  tick(name).click();
}
return out;
"""


def _compared(scene: Scene) -> Scene:
    """A comparison: people and density on both sides, what is built after, a difference; dots and remarks."""
    layers: list[Any] = []
    for layer in scene.layers:
        if layer.group == "change":
            layers.append(replace(layer, side="after"))
        elif isinstance(layer, PeopleLayer):
            layers += [replace(layer, side="after"), replace(layer, name="people_before", side="before", colour=(190, 30, 30))]
        elif isinstance(layer, FieldLayer):
            less = replace(layer, name=f"{layer.name}_difference", side="difference", legend="change", values=layer.values - 1.5)
            layers += [replace(layer, side="after"), less]
        else:
            layers.append(layer)
    classes = (LegendClass(-np.inf, 0.0, (30, 60, 200), "less"), LegendClass(0.0, np.inf, (210, 40, 30), "more"))
    at = np.array([[60.0, 20.0, 9.0]])
    known = {"id": ["s1"], "kind": ["noise"]}
    layers.append(PointLayer("sensors", "Sensors", at, np.array([[255, 0, 255]], np.uint8), 30.0, known))
    layers.append(AnnotationLayer("remarks", "Remarks", at, np.array([[60.0, 20.0, 29.0]]), ("Look here",)))
    legend = Legend("change", "Change of crowd density", "people/m²", classes)
    return replace(scene, layers=tuple(layers), legends=(*scene.legends, legend), longitude_deg=None, latitude_deg=None)


def test_two_sides_are_compared(scene: Scene, tmp_path: Path) -> None:
    page = export(_compared(scene), tmp_path / "scene.html")
    out = drive(
        page,
        tmp_path,
        """
        const out = {side: s.side, sides: [...byId("sides").children].map((one) => one.textContent)};
        const names = () => [...document.querySelectorAll("#layers input")].map((one) => one.name);
        out.afterNames = names();
        const after = shot();
        press("s");
        out.difference = s.side; out.legend = byId("legend").textContent; out.differs = differ(after, shot());
        press("s");
        out.before = s.side; out.beforeNames = names();
        const before = shot();
        press("c");
        out.swipe = s.side;
        out.divider = byId("divider").hidden;
        p.sidesBox.split(0.6);
        const both = shot();
        out.leftIsBefore = [differ(both, before, 0, 0.59), differ(both, after, 0, 0.59)];
        out.rightIsAfter = [differ(both, after, 0.61, 1), differ(both, before, 0.61, 1)];
        const now = byId("divider").getAttribute("aria-valuenow");
        press("ArrowLeft", byId("divider"));
        out.pushed = Number(now) - Number(byId("divider").getAttribute("aria-valuenow"));
        p.showSide("after");
        const at = p.stage.camera.position.clone().set(60, 20, 9).project(p.stage.camera);
        p.pickAt((at.x + 1) / 2 * byId("picture").clientWidth, (1 - at.y) / 2 * byId("picture").clientHeight);
        out.dot = s.picked;
        out.remark = [...document.querySelectorAll("#labels .note")].map((one) => one.textContent);
        out.sunFree = !byId("sun-free").hidden;
        return out;
        """,
    )
    assert out["side"] == "after"
    assert out["sides"] == ["Before", "After", "Difference", "Swipe"]
    assert out["difference"] == "difference"
    assert out["before"] == "before"
    assert "Change of crowd density" in out["legend"]
    assert "Crowd density [" not in out["legend"]
    assert out["differs"] > 0.003
    assert "people_before" in out["beforeNames"]
    assert "people_before" not in out["afterNames"]
    assert out["swipe"] == "swipe"
    assert not out["divider"]
    for same, other in (out["leftIsBefore"], out["rightIsAfter"]):
        assert same < 0.002
        assert other > same + 0.0005
    assert out["pushed"] == 2
    assert out["dot"] == {"layer": "sensors", "id": "s1", "kind": "noise"}
    assert out["remark"] == ["Look here"]
    assert out["sunFree"]


def test_a_scene_without_stages_has_no_slider_for_them(told: dict[str, Any]) -> None:
    assert told["works"]


def test_on_a_phone_nothing_is_cut_off(scene: Scene, tmp_path: Path) -> None:
    names = ("Bridge 2 closed for a cable repair", "Stage", "Rijksdienstvoorhetcultureelerfgoedgebouwmetdeklok")
    corners = np.array([[x, y, 3.6] for x, y in ((20.0, 0.0), (75.0, 20.0), (130.0, 30.0))])
    layers = tuple(layer for layer in scene.layers if not isinstance(layer, LabelLayer))
    named = replace(scene, look="night", layers=(*layers, LabelLayer("labels", "Names", corners, names)))
    export(named, tmp_path / "scene.html")
    # A window narrower than 500 pixels cannot be asked of Chromium: the page stands in a frame of a phone's size.
    frame = '<!doctype html><html><body><iframe src="scene.html" width="390" height="844"></iframe></body></html>'
    (tmp_path / "phone.html").write_text(frame, encoding="utf-8")
    out = drive(
        tmp_path / "phone.html",
        tmp_path,
        """
        const inside = document.querySelector("iframe").contentDocument;
        const get = (id) => inside.getElementById(id), box = (one) => one.getBoundingClientRect();
        const out = {wide: inside.documentElement.scrollWidth};
        out.inside = ["tools", "time", "stage"].map((id) => box(get(id))).every((b) => b.left >= 0 && b.right <= 390);
        out.labels = [...inside.querySelectorAll("#labels span:not(.level)")].map((one) => ({
          text: one.textContent, hidden: one.hidden, left: box(one).left, right: 390 - box(one).right,
          spill: one.scrollWidth - one.clientWidth,
        }));
        get("menu").click();
        const panel = box(get("panel")), time = box(get("time"));
        out.panel = [panel.left, panel.right, panel.top, panel.bottom, time.top];
        out.open = get("menu").getAttribute("aria-expanded");
        out.dark = inside.body.classList.contains("dark");
        return out;
        """,
        "--allow-file-access-from-files",
        "--force-prefers-reduced-motion",
    )
    assert out["wide"] <= 390
    assert out["inside"]
    assert {one["text"] for one in out["labels"]} == set(names)
    shown = [one for one in out["labels"] if not one["hidden"]]
    assert len(shown) >= 2
    for one in shown:
        assert one["left"] >= 0, one
        assert one["right"] >= 0, one
        assert one["spill"] <= 0, one
    left, right, top, bottom, time = out["panel"]
    assert 0 <= left < right <= 390
    assert top > 150
    assert bottom <= time
    assert out["open"] == "true"
    assert out["dark"]
