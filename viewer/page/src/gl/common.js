// What all shaders share: cutting planes, the sun's shadow, light, haze. Light is as in the still pictures: a flat
// floor in full sun keeps its own colour, so that the colours of a legend are true.
import * as THREE from "three";

export const shared = {
  uSun: {value: new THREE.Vector3(0, 0, 1)}, uSunColour: {value: new THREE.Vector3()}, uSkyColour: {value: new THREE.Vector3()},
  uHorizon: {value: new THREE.Vector3()}, uZenith: {value: new THREE.Vector3()}, uLamp: {value: new THREE.Vector3()},
  uBounce: {value: new THREE.Vector3()}, uMirror: {value: new THREE.Vector3()}, uGlow: {value: new THREE.Vector4()},
  uGround: {value: 0}, uHaze: {value: new THREE.Vector2(100, 1)},
  uPlanes: {value: [new THREE.Vector4(0, 0, 0, 1e9), new THREE.Vector4(0, 0, 0, 1e9)]},
  uShadow: {value: null}, uShadowMatrix: {value: new THREE.Matrix4()}, uShadowTexel: {value: new THREE.Vector3(1, 1 / 2048, 0)},
  uMap: {value: null}, uMapBox: {value: new THREE.Vector4()}, uPicked: {value: new THREE.Vector3()},
  uGhost: {value: 1}, uView: {value: new THREE.Vector3(1, 1, 1)}, uRatio: {value: 1}, uFine: {value: 1},
  uField: {value: null}, uFloor: {value: null}, uTable: {value: null}, uOn: {value: 0},
};

export const COMMON = `
precision highp float; precision highp int; precision highp sampler2DShadow; precision highp sampler2DArray;
uniform vec3 cameraPosition, uSun, uSunColour, uSkyColour, uHorizon, uZenith, uLamp, uBounce, uMirror, uView, uShadowTexel;
uniform float uGround, uRatio, uFine; uniform vec2 uHaze; uniform vec4 uPlanes[2], uMapBox, uGlow;
uniform mat4 uShadowMatrix; uniform sampler2DShadow uShadow; uniform sampler2D uMap;
vec3 linear(vec3 c) { return pow(c, vec3(2.2)); }
vec3 encode(vec3 c) {
  c = mix(c, 0.8 + 0.2 * (1.0 - exp(-(c - 0.8) / 0.2)), step(0.8, c));
  return pow(clamp(c, 0.0, 1.0), vec3(1.0 / 2.2));
}
// Where nothing is cut no pixel may be thrown away: then what is hidden need not be worked out at all.
bool isCut(vec3 p) {
#if CUT
  return dot(uPlanes[0].xyz, p) > uPlanes[0].w || dot(uPlanes[1].xyz, p) > uPlanes[1].w;
#else
  return false;
#endif
}
`;

export const LIGHT = `
vec4 mapped(vec3 p) { return texture(uMap, vec2((p.x - uMapBox.x) * uMapBox.z, (uMapBox.y - p.y) * uMapBox.w)); }
vec3 sky(float up) { return mix(uHorizon, uZenith, pow(min(1.0, max(0.0, up) / 0.40), 0.55)); }
// How much of the sun a place sees: a disc of tries in the map of the shadows.
float sunlit(vec3 p, vec3 n) {
  if (uSun.z <= 0.0 || uShadowTexel.z < 0.5) return 1.0;
  float facing = clamp(dot(n, uSun), 0.0, 1.0);
  vec4 q = uShadowMatrix * vec4(p + n * uShadowTexel.x * (1.0 + 1.8 * (1.0 - facing)) + uSun * uShadowTexel.x * 0.6, 1.0);
  if (any(lessThan(q.xyz, vec3(0.0))) || any(greaterThan(q.xyz, vec3(1.0)))) return 1.0;
  if (uFine < 0.5) return texture(uShadow, q.xyz);
  float turn = 6.2832 * fract(52.9829 * fract(dot(gl_FragCoord.xy, vec2(0.06711, 0.00584))));
  vec2 s = uShadowTexel.y * vec2(sin(turn), cos(turn));
  mat2 disc = mat2(s.y, s.x, -s.x, s.y);
  float sum = texture(uShadow, q.xyz);
  sum += texture(uShadow, vec3(q.xy + disc * vec2(0.9, 0.4), q.z)) + texture(uShadow, vec3(q.xy + disc * vec2(-0.4, 0.9), q.z));
  sum += texture(uShadow, vec3(q.xy + disc * vec2(-0.9, -0.4), q.z)) + texture(uShadow, vec3(q.xy + disc * vec2(0.4, -0.9), q.z));
  sum += texture(uShadow, vec3(q.xy + disc * vec2(1.5, -1.2), q.z)) + texture(uShadow, vec3(q.xy + disc * vec2(-1.2, -1.5), q.z));
  return sum / 7.0;
}
// Light of lamps: what falls on the ground below a place, less the higher it is; a wall is lit by what stands before it.
vec3 lamplight(vec3 p, vec3 n) {
  if (uLamp.r < 0.01) return vec3(0.0);
  float over = max(0.0, p.z - uGround);
  return uLamp * 2.55 * mapped(p + 1.5 * vec3(n.xy, 0.0)).b * exp(-over * over / 60.0) * (0.75 + 0.25 * n.z);
}
vec3 shade(vec3 albedo, vec3 n, float sun, float open, vec3 lamps) {
  float up = 0.5 + 0.5 * n.z;
  float direct = sun * max(dot(n, uSun), 0.0) / max(uSun.z, 0.5);
  return albedo * (uSunColour * direct + uSkyColour * open * up + (0.10 * (1.0 - up) + 0.03) * uBounce + lamps);
}
vec3 haze(vec3 c, float d, float beyond) {
  float far = max(0.0, d - 1.2 * uHaze.x) / max(6.0 * uHaze.x, 1500.0);
  float f = 1.0 - exp(-far * far);
  f = mix(f, max(f, min(1.0, 0.08 + max(0.0, d - 0.8 * uHaze.x) / (3.0 * uHaze.x))), beyond);
  return mix(c, uHorizon, f * uHaze.y);
}
`;

const materials = new Set();
let cutting = 0;

// Whether planes cut: all shaders are made anew when that changes.
export function setCutting(on) {
  if (cutting === Number(on)) return;
  cutting = Number(on);
  for (const one of materials) { one.defines.CUT = cutting; one.needsUpdate = true; }
}

export const MATRICES = "uniform mat4 projectionMatrix, modelViewMatrix;";

export function material(vertex, fragment, options = {}) {
  const {uniforms = {}, defines = {}, ...rest} = options;
  const made = new THREE.RawShaderMaterial({
    glslVersion: THREE.GLSL3, vertexShader: COMMON + MATRICES + vertex, fragmentShader: COMMON + fragment,
    uniforms: {...shared, ...uniforms}, defines: {CUT: cutting, ...defines}, side: THREE.DoubleSide, ...rest,
  });
  materials.add(made);
  made.addEventListener("dispose", () => materials.delete(made));
  return made;
}
