"""The page of a pit in a real browser: stages of the work, the cut, what is written beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.browser import drive
from tests.viewer.test_groundwater import cone
from tests.viewer.test_stages import _change
from twin.geo.city import City
from viewer.compose import compose
from viewer.export import export
from viewer.scene import Scene, SoilBlock


def test_stages_of_the_work_have_a_slider(town: City, tmp_path: Path) -> None:
    staged = compose(town, cone(town), changes=[_change(town)])
    page = export(replace(staged, soil=layered(staged)), tmp_path / "pit.html")
    out = drive(page, tmp_path, _STAGES, "--force-prefers-reduced-motion")
    assert not out["hidden"]
    assert out["label"] == "Stages of the work"
    assert out["first"] == {"work": "poured", "name": "Poured", "dates": "from 6 Apr 2026", "count": "3 / 3"}
    assert out["begun"] == {"work": "first", "name": "First", "dates": "2 Mar 2026 – 15 Mar 2026", "count": "1 / 3"}
    assert out["said"] == "First, 2 Mar 2026 – 15 Mar 2026, 1 / 3"
    assert out["stages"] > 0.003
    # what is only there in other stages is not in the list of layers
    assert "Water in the pit" in out["wet"]
    assert "Water in the pit" not in out["poured"]
    assert out["dutch"] == ["Fasen van het werk", "2 mrt 2026 – 15 mrt 2026"]
    assert out["cut"]["on"]
    assert out["cut"]["faces"] > 50
    assert out["soil"] > 0.02
    assert {"Bovenkant wand: NAP +4,50 m", "Stempels, upper: NAP +3,00 m"} <= set(out["notes"])
    assert out["after"] == [False, False]
    assert out["typed"] == "wet"
    assert out["hatched"] == "Gearceerde grond is geschat: er staat geen sondering binnen 100 m. Bruine grond is niet onderzocht."
    assert out["guessed"] > 0.01
    assert out["estimated"].startswith("Waar niets is opgegeven")
    assert not out["closed"]
    assert any("geotechnisch ontwerp" in note for note in out["about"])
    # on a narrow picture levels stand without what they are of
    assert "NAP +4,50 m" in out["narrow"]
    assert not any(text.startswith("Bovenkant") for text in out["narrow"])


_STAGES = """
const out = {hidden: byId("works").hidden, label: document.querySelector("label[for=work]").textContent};
const text = (id) => byId(id).textContent;
const told = () => ({work: s.work, name: text("work-name"), dates: text("work-dates"), count: text("work-count")});
const listed = () => [...document.querySelectorAll("#layers label")].map((one) => one.textContent);
const number = (name) => p.data.views.findIndex((one) => one.name === name);
out.first = told();
out.poured = listed();
p.go(number("changes"));
const last = shot();
set("work", 0);
out.begun = told();
out.said = byId("work").getAttribute("aria-valuetext");
out.stages = differ(last, shot());
set("work", 1);
out.wet = listed();
// the keys of a slider are the browser's; the page has but to follow
byId("work").focus();
out.typed = document.activeElement === byId("work") ? s.work : "";
set("work", 0);
p.setLanguage("nl");
out.dutch = [document.querySelector("label[for=work]").textContent, byId("work-dates").textContent];
p.go(number("pit"));
out.cut = {...s.section};
const layered = shot();
out.notes = [...document.querySelectorAll("#labels span")].filter((one) => !one.hidden).map((one) => one.textContent);
out.hatched = document.getElementById("hatched").textContent;
out.estimated = document.getElementById("estimated").textContent;
out.about = [...document.querySelectorAll("#notes li")].map((one) => one.textContent);
const sure = p.stage.soil.known;
p.stage.soil.known = sure.map(() => 2);
p.cut(() => {});
out.guessed = differ(layered, shot());
p.stage.soil.known = sure;
p.cut(() => {});
p.labels.arrange(p.stage.camera, 480, 640);
out.narrow = [...document.querySelectorAll("#labels .level")].map((one) => one.textContent);
p.labels.arrange(p.stage.camera, 1000, 640);
p.stage.soil = null;
p.cut(() => {});
out.soil = differ(layered, shot());
p.go(0);
out.closed = Boolean(document.getElementById("hatched"));
out.after = [s.section.on, s.layers["pit_notes@first"]];
return out;
"""


def layered(scene: Scene) -> SoilBlock:
    """Sand over clay, below all of the town."""
    shape, ground = (2, 40, 40), 4.0 - scene.origin[2]
    heights = np.stack([np.full(shape[1:], ground + z, np.float32) for z in (0.0, -2.0, -30.0)])
    return SoilBlock(-100.0, 150.0, 10.0, ("Sand", "Clay"), heights, np.zeros(shape, np.uint8))
