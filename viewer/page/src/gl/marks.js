// Lines of a width in pixels, leaders and measures, points, the sky, and the faces of a section.
import * as THREE from "three";
import {LIGHT, material} from "./common.js";

const LINE = `
in vec3 position, aStart, aEnd; uniform float uWidth; out vec3 vPlace;
void main() {
  vec4 a = projectionMatrix * modelViewMatrix * vec4(aStart, 1.0), b = projectionMatrix * modelViewMatrix * vec4(aEnd, 1.0);
  // What lies behind the eye is cut off first, else the line would come out on the wrong side.
  float near = 0.01;
  if (a.w < near && b.w > near) a = mix(a, b, (near - a.w) / (b.w - a.w));
  if (b.w < near && a.w > near) b = mix(b, a, (near - b.w) / (a.w - b.w));
  vec2 along = (b.xy / b.w - a.xy / a.w) * uView.xy;
  vec2 side = normalize(vec2(-along.y, along.x) + 1e-9) * uWidth * position.y / uView.xy;
  vec4 p = mix(a, b, position.x);
  vPlace = mix(aStart, aEnd, position.x);
  gl_Position = vec4(p.xy + side * p.w, p.z - 0.0003 * p.w, p.w);
}`;
const LINE_FRAGMENT = `
in vec3 vPlace; uniform vec4 uInk; uniform float uFade; out vec4 colour;
void main() {
  if (uFade < 1.5 && isCut(vPlace)) discard;
  colour = vec4(uInk.rgb, uInk.a * (uFade > 0.5 ? 1.0 : clamp(2.4 * uHaze.x / length(vPlace - cameraPosition) - 0.4, 0.0, 1.0)));
}`;

// `pieces` holds six numbers a piece. With `uncut` sections leave it whole.
export function lines(pieces, colour, width, {uncut = false, opacity = 1, depthTest = true} = {}) {
  const geometry = new THREE.InstancedBufferGeometry();
  geometry.setAttribute("position", new THREE.BufferAttribute(new Float32Array([0, -1, 0, 1, -1, 0, 1, 1, 0, 0, -1, 0, 1, 1, 0, 0, 1, 0]), 3));
  const data = new THREE.InstancedInterleavedBuffer(new Float32Array(pieces), 6);
  geometry.setAttribute("aStart", new THREE.InterleavedBufferAttribute(data, 3, 0));
  geometry.setAttribute("aEnd", new THREE.InterleavedBufferAttribute(data, 3, 3));
  geometry.instanceCount = pieces.length / 6;
  const uniforms = {uInk: {value: new THREE.Vector4(...colour.map((c) => c / 255), opacity)}, uWidth: {value: width}, uFade: {value: uncut ? 2 : 1}};
  const mesh = new THREE.Mesh(geometry);
  mesh.materials = {draw: material(LINE, LINE_FRAGMENT, {uniforms, transparent: true, depthWrite: false, depthTest}), depth: null, pick: null};
  mesh.frustumCulled = false;
  mesh.renderOrder = 60;
  return mesh;
}

const POINT = `
in vec3 position; in vec4 paint, mark; uniform float uSize; out vec3 vPlace; flat out vec3 vPaint, vMark;
void main() {
  vPlace = position; vPaint = paint.rgb; vMark = mark.rgb;
  gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
  gl_PointSize = uSize * uRatio;
}`;
const POINT_FRAGMENT = `
in vec3 vPlace; flat in vec3 vPaint, vMark; uniform vec3 uPicked; out vec4 colour;
void main() {
  float far = length(gl_PointCoord - 0.5);
  if (far > 0.5 || isCut(vPlace)) discard;
#if PICK
  colour = vec4(vMark, 1.0);
#else
  bool picked = dot(uPicked, vec3(1.0)) > 0.0 && all(lessThan(abs(vMark - uPicked), vec3(0.002)));
  colour = vec4(far > 0.40 ? vec3(0.12) : picked ? vec3(1.0, 0.6, 0.1) : vPaint, 1.0);
#endif
}`;

export function points(places, paint, mark, size) {
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute("position", new THREE.BufferAttribute(places, 3));
  geometry.setAttribute("paint", new THREE.BufferAttribute(paint, 4, true));
  geometry.setAttribute("mark", new THREE.BufferAttribute(mark, 4, true));
  const made = new THREE.Points(geometry), uniforms = {uSize: {value: size}};
  made.materials = {
    draw: material(POINT, POINT_FRAGMENT, {uniforms, defines: {PICK: 0}}), depth: null,
    pick: material(POINT, POINT_FRAGMENT, {uniforms, defines: {PICK: 1}}),
  };
  made.frustumCulled = false;
  return made;
}

const SKY = `
in vec3 position; uniform mat4 uBack; out vec3 vRay;
void main() { vec4 p = uBack * vec4(position.xy, 1.0, 1.0); vRay = p.xyz / p.w - cameraPosition; gl_Position = vec4(position.xy, 0.99999, 1.0); }`;
const SKY_FRAGMENT = `
in vec3 vRay; uniform float uDisc; out vec4 colour;
${LIGHT}
void main() {
  vec3 ray = normalize(vRay);
  float near = max(0.0, dot(ray, uSun));
  vec3 c = sky(ray.z) + uDisc * uSunColour * (0.30 * pow(near, 60.0) + 2.0 * smoothstep(0.99992, 0.99997, near));
  colour = vec4(encode(c), 1.0);
}`;

export function skyDome() {
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute("position", new THREE.BufferAttribute(new Float32Array([-1, -1, 0, 3, -1, 0, -1, 3, 0]), 3));
  const mesh = new THREE.Mesh(geometry), uniforms = {uBack: {value: new THREE.Matrix4()}, uDisc: {value: 1}};
  mesh.materials = {draw: material(SKY, SKY_FRAGMENT, {uniforms, depthTest: false, depthWrite: false}), depth: null, pick: null};
  mesh.frustumCulled = false;
  mesh.renderOrder = -10;
  return mesh;
}

const CAP = `
in vec3 position; in vec4 paint; out vec3 vPlace; flat out vec4 vPaint;
void main() {
  vPlace = position; vPaint = paint;
  gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
  gl_Position.z -= 0.00004 * (1.0 + (paint.a > 0.998 ? 0.0 : paint.a * 255.0)) * gl_Position.w;
}`;
// A cut face is not lit: it is a drawing, with the hatching of its kind. Rank: 0 soil, 1 water, 2 what is built.
const CAP_FRAGMENT = `
in vec3 vPlace; flat in vec4 vPaint; uniform vec4 uOther; uniform vec3 uAlong, uUp; out vec4 colour;
${LIGHT}
void main() {
  if (dot(uOther.xyz, vPlace) > uOther.w) discard;
  float rank = vPaint.a * 255.0;
  bool plain = rank > 254.5;
  if (plain) rank = 0.0;
  vec2 at = vec2(dot(vPlace, uAlong), dot(vPlace, uUp));
  float run = (rank < 0.5 ? (at.x + at.y) / 2.4 : (at.x - at.y) / 0.9), wide = fwidth(run);
  float hatch = (1.0 - smoothstep(0.07, 0.07 + 1.5 * wide, abs(fract(run) - 0.5))) * clamp(1.4 - 3.0 * wide, 0.0, 1.0);
  if (plain || (rank > 0.5 && rank < 1.5)) hatch = 0.0;
  vec3 c = linear(vPaint.rgb) * (rank < 0.5 ? 1.0 - 0.22 * hatch : 1.0 - 0.30 * hatch);
  float light = clamp(0.25 + dot(uSkyColour + 0.6 * uSunColour, vec3(0.34)), 0.25, 0.92);
  c = haze(c * light, length(vPlace - cameraPosition), 0.0);
  // Deep ground is not known: it fades.
  if (rank < 0.5) c = mix(c, uHorizon, smoothstep(8.0, 50.0, uGround - vPlace.z));
  colour = vec4(encode(c), 1.0);
}`;

// As what it hides: a face of a thing is picked as that thing, the ground as nothing.
const CAP_MARK = `
in vec3 position; in vec4 paint, mark; out vec3 vPlace; flat out vec3 vMark;
void main() {
  vPlace = position; vMark = mark.rgb;
  gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
  gl_Position.z -= 0.00004 * (1.0 + (paint.a > 0.998 ? 0.0 : paint.a * 255.0)) * gl_Position.w;
}`;
const CAP_PICK = `
in vec3 vPlace; flat in vec3 vMark; uniform vec4 uOther; out vec4 colour;
void main() { if (dot(uOther.xyz, vPlace) > uOther.w) discard; colour = vec4(vMark, 1.0); }`;

export function capFaces(caps, other) {
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute("position", new THREE.BufferAttribute(new Float32Array(caps.position), 3));
  geometry.setAttribute("paint", new THREE.BufferAttribute(new Uint8Array(caps.paint), 4, true));
  geometry.setAttribute("mark", new THREE.BufferAttribute(new Uint8Array(caps.marks), 4, true));
  const {along, up} = caps.plane.axes;
  const uniforms = {uOther: {value: other}, uAlong: {value: new THREE.Vector3(...along)}, uUp: {value: new THREE.Vector3(...up)}};
  const mesh = new THREE.Mesh(geometry);
  const pick = material(CAP_MARK, CAP_PICK, {uniforms: {uOther: uniforms.uOther}, blending: THREE.NoBlending});
  mesh.materials = {draw: material(CAP, CAP_FRAGMENT, {uniforms}), depth: null, pick};
  mesh.frustumCulled = false;
  return mesh;
}
