// The drawing: layers as objects of three.js, drawn side by side when two are compared, only when something changed.
import * as THREE from "three";
import {shared} from "./gl/common.js";
import {plainArray} from "./data/decode.js";
import {Soil} from "./data/soil.js";
import {Fields} from "./gl/fields.js";
import {Shadow} from "./gl/shadow.js";
import {skyDome} from "./gl/marks.js";
import {setLight} from "./gl/light.js";
import {buildLayer} from "./layers.js";

// A graphics card that is a program draws few pixels a second: fewer of them are asked of it.
function isSoftware(renderer) {
  const gl = renderer.getContext(), more = gl.getExtension("WEBGL_debug_renderer_info");
  return /swiftshader|llvmpipe|software/i.test(more ? gl.getParameter(more.UNMASKED_RENDERER_WEBGL) : "");
}

export class Stage {
  constructor(canvas, data, buffer) {
    this.data = data;
    this.canvas = canvas;
    const renderer = this.renderer = new THREE.WebGLRenderer({canvas, antialias: true, powerPreference: "high-performance"});
    renderer.autoClear = false;
    this.slow = isSoftware(renderer);
    this.scene = new THREE.Scene();
    this.scene.matrixWorldAutoUpdate = false;
    this.layers = data.layers.map((entry) => ({entry, visible: entry.visible, objects: []}));
    this.soil = data.soil ? new Soil(data.soil, buffer, data.step) : null;
    this.work = data.stage; // the stage of the work that is seen
    this.fields = new Fields(this.layers, data.legends, buffer, data.step);
    let base = 0;
    for (const layer of this.layers) base = buildLayer(layer, {data, buffer, base, levels: this.fields.levels});
    this.sky = skyDome();
    this.add({entry: {side: ""}, visible: true, objects: [this.sky]});
    for (const layer of this.layers) this.add(layer);
    this.capLayer = {entry: {side: "", ghost: false}, visible: true, objects: []};
    this.shadow = new Shadow(data.bounds, this.slow ? 2048 : 4096);
    this.maps = Object.fromEntries(Object.entries(data.maps).map(([side, map]) => [side, lightMap(map, buffer)]));
    this.side = "";
    this.split = null;
    this.covered = 0;
    this.coarse = false;
    this.sun = data.sun;
    this.relight();
  }

  add(layer) {
    for (const object of layer.objects) {
      object.layer = layer;
      object.matrixAutoUpdate = false;
      object.material = object.materials.draw;
      this.scene.add(object);
    }
  }

  relight() {
    const look = this.data.look;
    const light = setLight(this.sun, look, this.data.lights);
    this.sky.materials.draw.uniforms.uDisc.value = look === "presentation" && this.sun.altitude > -1 ? 1 : 0;
    shared.uGround.value = this.data.bounds.ground;
    this.shadow.outdated();
    return light;
  }

  // How the sides differ is drawn on what stands after the changes, without people and densities.
  isShown(layer, side) {
    const {side: own, kind, stages} = layer.entry;
    if (!layer.visible || (stages?.length && !stages.includes(this.work))) return false;
    if (side !== "difference") return !own || own === side;
    return own === side || ((!own || own === "after") && kind !== "people" && kind !== "field");
  }

  // Who is looked for through glass is what lies behind it.
  isGlass(layer) { return (layer.entry.ghost && shared.uGhost.value < 0.5) || layer.entry.opacity < 0.5; }

  setTime(time, playing = false) {
    // With a divider how many there are on either side of it.
    const sides = this.split === null ? [this.side] : ["before", "after"], people = sides.map(() => 0);
    for (const layer of this.layers) {
      if (!layer.crowd) continue;
      layer.crowd.setTime(time);
      sides.forEach((side, k) => { if (this.isShown({...layer, visible: true}, side)) people[k] += layer.crowd.count; });
    }
    this.fields.setTime(time);
    // Where drawing is slow the shadows of people follow when they stand still again.
    if (!(this.slow && playing) && this.layers.some((layer) => layer.crowd && layer.visible)) this.shadow.outdated();
    return people;
  }

  setGhost(share) {
    shared.uGhost.value = share;
    for (const layer of this.layers) {
      if (!layer.entry.ghost) continue;
      for (const object of layer.objects) object.materials.draw.transparent = share < 1 || layer.entry.opacity < 1;
    }
  }

  // Coarse is quick: for as long as something moves, where drawing is slow.
  setCoarse(coarse) {
    if (this.coarse === coarse) return;
    this.coarse = coarse;
    shared.uFine.value = coarse ? 0 : 1;
    this.resize();
  }

  resize() {
    const ratio = this.coarse ? 0.5 : this.slow ? 1 : Math.min(2, window.devicePixelRatio || 1);
    const width = Math.max(1, this.canvas.clientWidth), height = Math.max(1, this.canvas.clientHeight);
    this.renderer.setPixelRatio(ratio);
    this.renderer.setSize(width, height, false);
  }

  // What is drawn: every object in one of its ways, if its layer is shown on this side.
  prepare(way, side) {
    this.scene.traverse((object) => {
      if (!object.materials) return;
      const material = object.materials[way];
      object.visible = Boolean(material) && this.isShown(object.layer, side) && (way !== "depth" || object.layer.entry.casts)
        && (way !== "pick" || !this.isGlass(object.layer));
      if (material) object.material = material;
    });
    this.fields.show((layer) => this.isShown(layer, side));
  }

  draw(orbit) {
    const {renderer, canvas} = this, width = canvas.clientWidth, height = canvas.clientHeight;
    const camera = this.camera = orbit.apply(width, height, this.covered);
    const pixel = 2 * Math.tan(camera.fov * Math.PI / 360) / height;
    shared.uHaze.value.x = orbit.reach;
    shared.uView.value.set(width / 2, height / 2, pixel);
    const ratio = shared.uRatio.value = renderer.getPixelRatio();
    for (const layer of this.layers) if (layer.crowd && layer.visible) layer.crowd.arrange(camera.position, pixel / ratio, this.coarse ? 9 : undefined);
    this.shadow.follow(new THREE.Vector3(...orbit.now.target), orbit.reach > 1e5 ? 1e4 : orbit.now.distance);
    this.sky.materials.draw.uniforms.uBack.value.multiplyMatrices(camera.matrixWorld, camera.projectionMatrixInverse);
    renderer.setScissorTest(false);
    renderer.clear();
    if (this.split === null) { this.drawSide(this.side, camera); return; }
    const x = Math.round(this.split * width);
    renderer.setScissorTest(true);
    for (const [side, left, wide] of [["before", 0, x], ["after", x, width - x]]) {
      if (wide <= 0) continue;
      renderer.setScissor(left, 0, wide, height);
      this.drawSide(side, camera, () => { renderer.setScissorTest(true); renderer.setScissor(left, 0, wide, height); });
    }
    renderer.setScissorTest(false);
  }

  drawSide(side, camera, again = () => {}) {
    const {renderer, scene} = this;
    const map = this.maps[side] ?? this.maps[""];
    shared.uMap.value = map.texture;
    shared.uMapBox.value.copy(map.box);
    this.shadow.use(side, renderer, (sun) => {
      renderer.setScissorTest(false);
      this.prepare("depth", side);
      // The size of a person's pixel does not matter to the sun.
      renderer.render(scene, sun);
      again();
    });
    this.prepare("draw", side);
    renderer.render(scene, camera);
  }
}

// Share of the sky that floors and the highest surfaces see, and light of lamps.
function lightMap(map, buffer) {
  let texture, box = new THREE.Vector4();
  if (map) {
    const planes = plainArray(buffer, map.planes), size = map.rows * map.columns, pixels = new Uint8Array(size * 4);
    for (let k = 0; k < size; k++) for (let c = 0; c < 3; c++) pixels[4 * k + c] = planes[c * size + k];
    texture = new THREE.DataTexture(pixels, map.columns, map.rows, THREE.RGBAFormat);
    box.set(map.west, map.north, 1 / (map.columns * map.cell), 1 / (map.rows * map.cell));
  } else texture = new THREE.DataTexture(new Uint8Array([255, 255, 0, 255]), 1, 1, THREE.RGBAFormat);
  texture.minFilter = texture.magFilter = THREE.LinearFilter;
  texture.unpackAlignment = 1;
  texture.needsUpdate = true;
  return {texture, box};
}
