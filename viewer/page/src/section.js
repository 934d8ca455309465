// Cutting planes: an upright one that turns and moves, a level one, and the named sections of the scene.
import {setCutting, shared} from "./gl/common.js";
import {Caps, axesOf} from "./data/caps.js";
import {capFaces, lines} from "./gl/marks.js";
import {capColour} from "./layers.js";

const RAD = Math.PI / 180, AWAY = 1e9;
const BED = 1.6, DEEP = 60;
const SOIL = [168, 140, 108], WATER = [104, 150, 168], INK = [40, 32, 26];

export class Section {
  constructor(stage) {
    this.stage = stage;
    const {low, high, ground} = stage.data.bounds;
    this.middle = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, ground];
    this.reach = Math.hypot(high[0] - low[0], high[1] - low[1]) / 2;
    // `tilt` is 0 for an upright plane; sections with a name may lean.
    this.upright = {on: false, azimuth: 180, offset: 0, tilt: 0};
    this.level = {on: false, height: Math.min(high[2], ground + 6)};
    this.name = ""; // of the section that it is, where it is one of the scene's
  }

  get on() { return this.upright.on || this.level.on; }

  normal() {
    const {azimuth, tilt} = this.upright, flat = Math.cos(tilt * RAD);
    return [flat * Math.sin(azimuth * RAD), flat * Math.cos(azimuth * RAD), Math.sin(tilt * RAD)];
  }

  planes() {
    const out = [null, null];
    if (this.upright.on) {
      const normal = this.normal();
      out[0] = {normal, point: this.middle.map((value, k) => value + this.upright.offset * normal[k])};
    }
    if (this.level.on) out[1] = {normal: [0, 0, 1], point: [this.middle[0], this.middle[1], this.level.height]};
    return out;
  }

  // Through a place, taking away what is nearer to the eye.
  through(place, azimuth) {
    this.upright = {on: true, azimuth: (Math.round(azimuth / 5) * 5 + 360) % 360, offset: 0, tilt: 0};
    this.upright.offset = Math.round(this.offsetOf(place, this.normal()));
    this.name = "";
  }

  take({name, point, normal}) {
    this.name = name;
    const size = Math.hypot(...normal), n = normal.map((value) => value / size);
    if (n[2] > 0.97) { this.level = {on: true, height: point[2]}; this.upright.on = false; return; }
    const azimuth = (Math.atan2(n[0], n[1]) / RAD + 360) % 360, tilt = Math.asin(n[2]) / RAD;
    this.upright = {on: true, azimuth, tilt, offset: this.offsetOf(point, n)};
    this.level.on = false;
  }

  offsetOf(place, normal) { return normal.reduce((sum, value, k) => sum + value * (place[k] - this.middle[k]), 0); }

  // Whether a place is taken away.
  hides(place) {
    return this.planes().some((plane) => plane && plane.normal.reduce((sum, value, k) => sum + value * (place[k] - plane.point[k]), 0) > 0.05);
  }

  // Sets the planes and makes the faces of what they cut, for one side of a comparison.
  update(sides) {
    const planes = this.planes(), {stage} = this;
    setCutting(this.on);
    planes.forEach((plane, k) => {
      const {normal, point} = plane ?? {normal: [0, 0, 0], point: [0, 0, 0]};
      shared.uPlanes.value[k].set(...normal, plane ? normal.reduce((sum, value, e) => sum + value * point[e], 0) : AWAY);
    });
    for (const object of stage.capObjects ?? []) {
      stage.scene.remove(object);
      object.geometry.dispose();
      object.materials.draw.dispose();
    }
    stage.capObjects = [];
    this.faces = 0;
    for (const side of sides) planes.forEach((plane, k) => { if (plane) this.addFaces(plane, k, side); });
    stage.shadow.outdated();
  }

  addFaces(plane, k, side) {
    const {stage} = this;
    plane.level = plane.normal[2] > 0.97;
    plane.axes = axesOf(plane.normal);
    const caps = new Caps(plane, stage.soil), base = this.base();
    const waters = [];
    const cut = stage.layers.map((layer, number) => ({layer, number, entry: layer.entry}))
      .filter(({layer, entry}) => entry.kind === "mesh" && entry.cut && stage.isShown(layer, side));
    // water comes last: it stands on the ground below it
    cut.sort((one, two) => (one.entry.cut === "water") - (two.entry.cut === "water"));
    let beds = null;
    cut.forEach(({layer, number, entry}) => {
      if (entry.cut === "line") {
        if (!plane.level) waters.push(lines(caps.water(layer.mesh, entry.name.includes("_before")), [...layer.mesh.paint.subarray(0, 3)], 1.5, {uncut: true}));
      } else if (entry.cut === "solid") caps.solids(layer.mesh, capColour(layer), 2 + Math.min(60, number), !entry.closed && entry.group === "buildings", entry.sheets);
      else if (entry.cut === "water") {
        beds ??= [...caps.surface];
        caps.ground(layer.mesh, WATER, 1, {depth: BED, beds});
        caps.ground(layer.mesh, SOIL, 0, {base});
      }
      else caps.ground(layer.mesh, SOIL, 0, {base});
    });
    caps.gaps(SOIL, base);
    this.faces += caps.position.length / 9;
    const layer = {entry: {side, ghost: false}, visible: true};
    const made = [capFaces(caps, shared.uPlanes.value[1 - k]), lines(caps.lines, INK, 0.8, {opacity: 0.8}), ...waters];
    made[1].materials.draw.uniforms.uFade.value = 2;
    for (const object of made) { layer.objects = [object]; stage.add(layer); }
    stage.capObjects.push(...made);
  }

  // The ground is drawn far down, so that it reaches the foot of a picture.
  base() {
    const {bounds} = this.stage.data;
    return Math.min(bounds.low[2], bounds.ground) - DEEP;
  }
}
