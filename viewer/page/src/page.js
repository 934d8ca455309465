// The page round the picture: it holds what is chosen, and tells the drawing.
import * as THREE from "three";
import {$, momentText} from "./ui/dom.js";
import {SPEAK, locale, t, writeMarked} from "./ui/words.js";
import {writeHead, writeLayers, writeLegend, writeViews} from "./ui/panel.js";
import {SectionBox, SidesBox, SunBox, WorksBox} from "./ui/controls.js";
import {TimeBar} from "./ui/timebar.js";
import {bindKeys, bindPointer} from "./ui/input.js";
import {showCard} from "./ui/card.js";
import {Orbit} from "./camera.js";
import {Labels} from "./labels.js";
import {Picker} from "./pick.js";
import {Section} from "./section.js";

export class Page {
  constructor(data, stage, state) {
    Object.assign(this, {data, stage, state});
    this.orbit = new Orbit(() => this.touch());
    this.orbit.take(data.views[0], false);
    this.picker = new Picker(stage);
    this.section = new Section(stage);
    this.labels = new Labels($("labels"), stage.layers, (layer, place, share) => this.isSeenAt(layer, share) && !(this.section.on && this.section.hides(place)));
    stage.side = data.sides.includes("after") ? "after" : data.sides[0] ?? "";
    state.side = stage.side;
    for (const layer of stage.layers) state.layers[layer.entry.name] = layer.visible;
    this.sunBox = new SunBox(this);
    this.sectionBox = new SectionBox(this);
    this.sidesBox = new SidesBox(this);
    this.worksBox = new WorksBox(this);
    this.timeBar = new TimeBar(this);
    this.setLanguage(state.language);
    bindPointer(this);
    bindKeys(this);
    this.bindTools();
    $("picture").addEventListener("webglcontextrestored", () => this.shown());
    new ResizeObserver(() => this.resize()).observe($("stage"));
    this.resize();
    this.setSun(stage.sun);
    this.setTime(data.time);
    this.draw();
    requestAnimationFrame((now) => this.tick(now));
  }

  // Something changed: draw again.
  touch() { this.dirty = true; }

  isSeen(layer) {
    const {stage} = this;
    if (stage.split === null) return stage.isShown(layer, stage.side);
    return stage.isShown(layer, "before") || stage.isShown(layer, "after");
  }

  // At a share of the width: of two sides the one that is seen there.
  isSeenAt(layer, share) {
    const {split} = this.stage;
    return split === null ? this.isSeen(layer) : this.stage.isShown(layer, share < split ? "before" : "after");
  }

  bindTools() {
    // Whoever moves something wants to see it move; a finer picture can wait.
    this.handled = -1e9;
    for (const type of ["pointermove", "wheel", "keydown", "input"]) {
      document.addEventListener(type, (event) => { if (type !== "pointermove" || event.buttons) this.handled = performance.now(); }, {passive: true});
    }
    const on = (id, action) => $(id).addEventListener("click", action);
    on("language", () => this.setLanguage(this.state.language === "en" ? "nl" : "en"));
    on("help-open", () => this.help());
    on("help-close", () => this.help());
    on("card-close", () => this.closeAll());
    on("nearer", () => this.orbit.zoom(0.75));
    on("farther", () => this.orbit.zoom(1 / 0.75));
    on("home", () => this.go(0));
    on("compass", () => this.orbit.fly({...this.orbit.now, azimuth: Math.PI}));
    on("menu", () => this.menu(!document.body.classList.contains("open")));
  }

  menu(open) {
    document.body.classList.toggle("open", open);
    $("menu").setAttribute("aria-expanded", String(open));
  }

  setLanguage(language) {
    SPEAK.language = this.state.language = language;
    SPEAK.scene = this.data.words ?? {};
    writeMarked();
    $("language").textContent = language === "en" ? "Nederlands" : "English";
    $("language").lang = language === "en" ? "nl" : "en";
    writeHead(this.data);
    writeViews(this.data, this);
    writeLayers(this);
    writeLegend(this);
    this.sunBox.write();
    this.sectionBox.write();
    this.sidesBox.write();
    this.worksBox.write();
    this.labels.spoken();
    this.timeBar.write();
    this.showPicked(this.found);
    this.touch();
  }

  showLayer(layer, visible) {
    layer.visible = visible;
    this.state.layers[layer.entry.name] = visible;
    this.shown();
  }

  // Other things are seen than before: shadows, faces of sections and the legend follow.
  shown() {
    this.cut(() => {});
  }

  // A view of a cut opens it; one that is of the whole closes what such a view opened.
  go(number) {
    const view = this.data.views[number];
    if (!view) return;
    const section = this.data.sections.find((one) => one.name === view.section);
    if (section) this.cut((cutting) => cutting.take(section));
    else if (this.opened && this.section.on) this.cut((cutting) => { cutting.upright.on = cutting.level.on = false; });
    this.opened = Boolean(section);
    this.orbit.take(view);
  }

  showWork(name) {
    if (!this.data.stages.some((one) => one.name === name)) return;
    this.stage.work = this.state.work = name;
    this.worksBox.write();
    writeLayers(this);
    this.shown();
  }

  plan() { this.orbit.plan(!this.orbit.isPlan, this.data.views[0].angle); }

  setSun(sun) {
    this.stage.sun = this.state.sun = sun;
    const light = this.stage.relight();
    document.body.classList.toggle("dark", light.horizon[0] < 0.35);
    this.touch();
  }

  cut(change) {
    const {section, stage, state} = this, was = section.on;
    change(section);
    if (section.on && !was) this.showBelow();
    if (!section.on) section.name = "";
    for (const layer of stage.layers) {
      if (!layer.entry.group.startsWith("section-")) continue;
      layer.visible = state.layers[layer.entry.name] = section.name !== "" && layer.entry.group === `section-${section.name}`;
    }
    section.update(stage.split === null ? [stage.side] : ["before", "after"]);
    state.section = {on: section.on, faces: section.faces, upright: {...section.upright}, level: {...section.level}};
    this.sectionBox.write();
    writeLegend(this);
    this.touch();
  }

  cutHere() {
    const {target, azimuth} = this.orbit.now;
    this.cut((section) => section.through(target, azimuth * 180 / Math.PI));
  }

  // Cuts by a section with a name, and looks at the cut.
  showSection(one) {
    this.cut((section) => section.take(one));
    const {upright, reach} = this.section, now = this.orbit.now;
    const angle = now.angle < 10 ? this.data.views[0].angle : now.angle, wide = Math.min(one.width ?? Infinity, 1.4 * reach);
    const distance = 0.45 * wide / Math.tan(angle * Math.PI / 360);
    const side = upright.on ? {azimuth: upright.azimuth * Math.PI / 180, altitude: 0.24} : {altitude: Math.max(0.9, now.altitude)};
    this.orbit.fly({...now, angle, target: [...one.point], distance, ...side});
  }

  toggleCut() {
    if (this.section.on) this.cut((section) => { section.upright.on = section.level.on = false; }); else this.cutHere();
  }

  setGhost(share) {
    this.stage.setGhost(share);
    this.state.ghost = share;
    if (share < 1) this.showBelow();
    this.shown();
  }

  // Who looks into the ground wants to see what is in it.
  showBelow() {
    const below = this.stage.layers.filter((layer) => layer.entry.group === "underground");
    if (!below.length || below.some((layer) => layer.visible)) return;
    for (const layer of below) { layer.visible = true; this.state.layers[layer.entry.name] = true; }
    writeLayers(this);
  }

  showSide(choice) {
    const {stage, sidesBox, state} = this;
    if (!sidesBox.choices.includes(choice)) return;
    if (choice === "swipe") stage.split ??= 0.5;
    else { stage.split = null; stage.side = choice; }
    state.side = choice;
    sidesBox.write();
    writeLayers(this);
    this.setTime(state.time);
    this.shown();
  }

  nextSide() {
    const {sides} = this.data;
    if (sides.length) this.showSide(sides[(sides.indexOf(this.stage.side) + 1) % sides.length]);
  }

  play(on) { this.timeBar.play(on); }

  stepTime(direction) { this.timeBar.step(direction); }

  setTime(time) {
    const {data, state} = this;
    state.time = Math.min(data.end, Math.max(data.start, time));
    const people = this.stage.setTime(state.time, state.playing);
    state.people = people[people.length - 1];
    const crowd = this.stage.layers.some((layer) => layer.crowd && this.isSeen({...layer, visible: true}));
    const many = people.map((number) => number.toLocaleString(locale())).join(" | ");
    this.timeBar.show(momentText(data.clock_start, state.time) + (crowd ? `, ${many} ${t("people")}` : ""));
    this.touch();
  }

  tick(now) {
    if (this.orbit.step(now)) this.touch();
    this.timeBar.tick(now);
    const moving = this.state.playing || this.orbit.flight || now - this.handled < 300;
    if (this.dirty || (this.stage.coarse && !moving)) this.draw(this.stage.slow && moving);
    requestAnimationFrame((next) => this.tick(next));
  }

  resize() {
    this.stage.resize();
    const panel = $("panel").getBoundingClientRect(), wide = window.innerWidth;
    this.stage.covered = wide > 720 && panel.right < 0.5 * wide ? panel.right : 0;
    this.labels.resized();
    this.touch();
  }

  // Coarsely where that is asked for; when nothing moves any more the picture is drawn again as it should be.
  draw(coarse = false) {
    this.dirty = false;
    this.stage.setCoarse(coarse);
    this.stage.draw(this.orbit);
    $("needle").style.transform = `rotate(${this.orbit.north.toFixed(1)}deg)`;
    this.labels.arrange(this.stage.camera, $("picture").clientWidth, $("picture").clientHeight, this.stage.covered);
    this.state.drawn = (this.state.drawn ?? 0) + 1;
  }

  // The place on the level of the point looked at that is under a pixel, or null.
  groundAt(x, y) {
    const {clientWidth, clientHeight} = $("picture"), {camera} = this.stage;
    const at = new THREE.Vector3(2 * x / clientWidth - 1, 1 - 2 * y / clientHeight, 0.5).unproject(camera).sub(camera.position).normalize();
    const share = (this.orbit.now.target[2] - camera.position.z) / at.z;
    if (!(share > 0) || share > 4 * this.orbit.now.distance) return null;
    return [camera.position.x + share * at.x, camera.position.y + share * at.y];
  }

  pickAt(x, y) {
    const {stage} = this, split = stage.split;
    const side = split === null ? stage.side : x < split * $("picture").clientWidth ? "before" : "after";
    this.showPicked(this.picker.at(x, y, side, this.orbit));
  }

  showPicked(found) {
    this.found = found ?? null;
    this.picker.mark(this.found);
    this.state.picked = showCard(this.found);
    this.touch();
  }

  help() {
    const box = $("help");
    box.hidden = !box.hidden;
    for (const one of document.querySelectorAll("main, aside, nav, footer, #card")) one.inert = !box.hidden;
    if (box.hidden) $("help-open").focus(); else $("help-close").focus();
  }

  closeAll() {
    this.showPicked(null);
    this.menu(false);
    if (!$("help").hidden) this.help();
  }
}
