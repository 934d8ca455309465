// People: small figures near the eye, points far from it, so that twenty thousand can be drawn.
import * as THREE from "three";
import {LIGHT, material} from "./common.js";
import {peopleAt, waysOf} from "../data/people.js";

const FIGURE = `
in vec3 position; in vec4 aWhere; out vec3 vPlace, vNormal; out float vTone, vHead;
void main() {
  float wide = clamp(2.2 * uView.z * length(aWhere.xyz - cameraPosition) / 0.5, 1.0, 1.6);
  float tall = 0.92 + 0.14 * fract(aWhere.w * 7.31);
  vTone = 0.70 + 0.75 * aWhere.w;
  vHead = step(1.46, position.z);
  vPlace = aWhere.xyz + position * vec3(wide, wide, sqrt(wide) * tall);
  vNormal = vec3(position.xy * 4.0, vHead > 0.5 ? (position.z - 1.61) * 5.0 : 0.15);
  gl_Position = projectionMatrix * modelViewMatrix * vec4(vPlace, 1.0);
}`;

const DOT = `
in vec4 position; out vec3 vPlace, vNormal; out float vTone, vHead;
void main() {
  vTone = 0.70 + 0.75 * position.w; vHead = 0.0; vNormal = vec3(0.0, 0.0, 1.0);
  vPlace = position.xyz + vec3(0.0, 0.0, 0.9);
  gl_Position = projectionMatrix * modelViewMatrix * vec4(vPlace, 1.0);
  gl_PointSize = uRatio * clamp(0.55 / (uView.z * length(vPlace - cameraPosition)), 1.5, 8.0);
}`;

const FRAGMENT = `
in vec3 vPlace, vNormal; in float vTone, vHead; uniform vec3 uPaint; out vec4 colour;
${LIGHT}
void main() {
  if (isCut(vPlace)) discard;
#if POINTS
  if (length(gl_PointCoord - 0.5) > 0.5) discard;
#endif
  float lit = sunlit(vPlace, vec3(0.0, 0.0, 1.0));
  vec3 n = normalize(normalize(vNormal) + 0.4 * uSun), albedo = linear(uPaint) * vTone;
  // People wear something light at night, else they would not be seen.
  if (uLamp.r > 0.3) albedo = mix(albedo, vec3(0.95, 0.80, 0.62), 0.65);
  albedo = mix(albedo, mix(albedo, vec3(0.62, 0.42, 0.30), 0.75), vHead);
  float d = length(vPlace - cameraPosition);
  colour = vec4(encode(haze(shade(albedo, n, 0.25 + 0.75 * lit, 0.9, lamplight(vPlace, vec3(0.0, 0.0, 1.0))), d, 0.0)), 1.0);
}`;

const DEPTH = "in vec3 vPlace; out vec4 colour; void main() { if (isCut(vPlace)) discard; colour = vec4(1.0); }";
const FIGURE_PIXELS = 5;

// A standing person: a tapering body, a neck and a head.
function body() {
  const profile = [[0.13, 0], [0.15, 0.5], [0.24, 1.05], [0.25, 1.32], [0.10, 1.45], [0.07, 1.47], [0.12, 1.56], [0.12, 1.66], [0.06, 1.75]];
  const sides = 6, out = [];
  const ring = profile.map(([r, z]) => Array.from({length: sides}, (_, k) => {
    const turn = 2 * Math.PI * k / sides;
    return [r * Math.cos(turn) * (z < 1.46 ? 1.15 : 1), r * Math.sin(turn) * (z < 1.46 ? 0.85 : 1), z];
  }));
  for (let k = 0; k < sides; k++) {
    const n = (k + 1) % sides;
    for (let p = 0; p + 1 < ring.length; p++) out.push(ring[p][k], ring[p][n], ring[p + 1][n], ring[p][k], ring[p + 1][n], ring[p + 1][k]);
  }
  return new Float32Array(out.flat());
}

export class Crowd {
  constructor(entry, buffer) {
    this.ways = waysOf(buffer, entry);
    const most = Math.max(1, this.ways.persons);
    this.all = new Float32Array(4 * most);
    this.count = 0;
    const uniforms = {uPaint: {value: new THREE.Vector3(...entry.colour.map((c) => c / 255))}};
    const near = new THREE.InstancedBufferGeometry();
    near.setAttribute("position", new THREE.BufferAttribute(body(), 3));
    this.near = new THREE.InstancedBufferAttribute(new Float32Array(4 * most), 4).setUsage(THREE.DynamicDrawUsage);
    near.setAttribute("aWhere", this.near);
    const far = new THREE.BufferGeometry();
    this.far = new THREE.BufferAttribute(new Float32Array(4 * most), 4).setUsage(THREE.DynamicDrawUsage);
    far.setAttribute("position", this.far);
    this.figures = new THREE.Mesh(near);
    this.figures.materials = {draw: material(FIGURE, FRAGMENT, {uniforms, defines: {POINTS: 0}}), depth: material(FIGURE, DEPTH), pick: null};
    this.dots = new THREE.Points(far);
    this.dots.materials = {draw: material(DOT, FRAGMENT, {uniforms, defines: {POINTS: 1}}), depth: null, pick: null};
    this.objects = [this.figures, this.dots];
    for (const one of this.objects) one.frustumCulled = false;
  }

  setTime(time) {
    this.count = peopleAt(this.ways, time, this.all);
    this.eye = null;
  }

  // Share them out among figures and points for an eye; `pixel` is the width of a pixel at one metre [m], `least` how
  // many pixels a figure is high at least.
  arrange(eye, pixel, least = FIGURE_PIXELS) {
    if (this.eye && this.eye.distanceToSquared(eye) < 0.25 && this.pixel === pixel && this.least === least) return;
    this.eye = eye.clone();
    this.pixel = pixel;
    this.least = least;
    const reach = 1.75 / (least * pixel), near = this.near.array, far = this.far.array;
    let a = 0, b = 0;
    for (let k = 0; k < 4 * this.count; k += 4) {
      const x = this.all[k] - eye.x, y = this.all[k + 1] - eye.y, z = this.all[k + 2] - eye.z;
      const close = x * x + y * y + z * z < reach * reach;
      (close ? near : far).set(this.all.subarray(k, k + 4), close ? a : b);
      if (close) a += 4; else b += 4;
    }
    this.figures.geometry.instanceCount = a / 4;
    this.dots.geometry.setDrawRange(0, b / 4);
    for (const [attribute, size] of [[this.near, a], [this.far, b]]) {
      attribute.clearUpdateRanges();
      attribute.addUpdateRange(0, size);
      attribute.needsUpdate = true;
    }
  }
}
