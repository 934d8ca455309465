// Light as in the still pictures: a flat floor in full sun keeps its own colour.
const COMMON = `#version 300 es
precision highp float;
precision highp int;
uniform vec3 uEye, uSun;
uniform float uHaze;
vec3 linear(vec3 c) { return pow(c, vec3(2.2)); }
vec3 encode(vec3 c) {
  c = mix(c, 0.8 + 0.2 * (1.0 - exp(-(c - 0.8) / 0.2)), step(0.8, c));
  return pow(clamp(c, 0.0, 1.0), vec3(1.0 / 2.2));
}
vec3 sky(float up) {
  float f = pow(min(1.0, max(0.0, up) / 0.40), 0.55);
  return mix(vec3(0.76, 0.82, 0.86), vec3(0.20, 0.42, 0.76), f);
}
vec3 shade(vec3 albedo, vec3 n, float sun, float open) {
  float up = 0.5 + 0.5 * n.z;
  float direct = sun * max(dot(n, uSun), 0.0) / uSun.z;
  float bounce = 0.10 * (1.0 - up) + 0.03;
  return albedo * (vec3(0.655, 0.630, 0.585) * direct + vec3(0.300, 0.325, 0.375) * open * up + bounce * vec3(1.1, 1.0, 0.85));
}
vec3 haze(vec3 c, float d, float beyond) {
  float far = max(0.0, d - 1.2 * uHaze) / max(6.0 * uHaze, 1500.0);
  float f = 1.0 - exp(-far * far);
  f = mix(f, max(f, min(1.0, 0.08 + max(0.0, d - 0.8 * uHaze) / (3.0 * uHaze))), beyond);
  return mix(c, vec3(0.76, 0.82, 0.86), f);
}
`;

const MESH_VERTEX = COMMON + `
in vec3 aPosition; in vec4 aNormal, aPaint, aPick; in vec2 aLight;
uniform mat4 uMatrix;
out vec3 vPlace, vPaint; out vec2 vLight; flat out vec3 vNormal; flat out vec4 vPick;
void main() {
  vPlace = aPosition; vPaint = aPaint.rgb; vLight = aLight; vNormal = aNormal.xyz; vPick = aPick;
  gl_Position = uMatrix * vec4(aPosition, 1.0);
}`;

const MESH_FRAGMENT = COMMON + `
in vec3 vPlace, vPaint; in vec2 vLight; flat in vec3 vNormal; flat in vec4 vPick;
uniform sampler2D uMap; uniform vec4 uMapBox; uniform int uKind; uniform float uOpacity; uniform vec3 uPicked;
out vec4 colour;
void main() {
  vec3 ray = vPlace - uEye; float d = length(ray); ray /= d;
  vec3 n = normalize(vNormal);
  if (dot(n, ray) > 0.0) n = -n;
  vec4 map = texture(uMap, vec2((vPlace.x - uMapBox.x) * uMapBox.z, (uMapBox.y - vPlace.y) * uMapBox.w));
  vec2 light = vLight;
  if (uKind == 0 || uKind == 1) light = map.rg;
  else if (uKind == 2 && n.z > 0.6) light = map.ba;
  if (uKind == 0 && n.z < 0.3) light = map.rg;
  vec3 albedo = linear(vPaint);
  vec3 m = n;
  if (uKind == 3) m = normalize(n + 0.55 * uSun);
  if (uKind == 0 && n.z > 0.6) m = normalize(0.4 * n + vec3(0.0, 0.0, 0.6));
  vec3 c = shade(albedo, m, light.x, light.y);
  if (uKind == 1) {
    float wave = 0.02 * (sin(1.9 * vPlace.x + 0.7 * vPlace.y) + sin(1.1 * vPlace.y - 1.6 * vPlace.x + 2.0));
    float fresnel = 0.06 + 0.94 * pow(1.0 - max(0.02, -ray.z), 5.0);
    c = mix(0.8 * c, vec3(0.58, 0.62, 0.66) * (0.45 + 0.55 * light.y), min(0.85, 0.10 + fresnel + wave));
  }
  if (uKind == 4) c = shade(albedo, vec3(0.0, 0.0, 1.0), 1.0, 1.0);
  if (uPicked.x + uPicked.y + uPicked.z > 0.0 && all(lessThan(abs(vPick.rgb - uPicked), vec3(0.002))))
    c = mix(c, vec3(1.0, 0.45, 0.02), 0.65);
  colour = vec4(encode(haze(c, d, uKind == 4 ? 1.0 : 0.0)), uOpacity);
}`;

const PICK_FRAGMENT = COMMON + `
in vec3 vPlace, vPaint; in vec2 vLight; flat in vec3 vNormal; flat in vec4 vPick;
out vec4 colour;
void main() { colour = vec4(vPick.rgb, 1.0); }`;

const LINE_VERTEX = COMMON + `
in vec3 aPosition; uniform mat4 uMatrix; out vec3 vPlace;
void main() { vPlace = aPosition; gl_Position = uMatrix * vec4(aPosition, 1.0); gl_Position.z -= 0.0004 * gl_Position.w; }`;

const LINE_FRAGMENT = COMMON + `
in vec3 vPlace; uniform vec4 uPaint; out vec4 colour;
void main() { float d = length(vPlace - uEye); colour = vec4(uPaint.rgb, uPaint.a * clamp(2.2 * uHaze / d - 0.6, 0.0, 1.0)); }`;

const PERSON_VERTEX = COMMON + `
in vec3 aPosition, aWhere; uniform mat4 uMatrix; uniform float uPixel;
out vec3 vPlace, vNormal;
void main() {
  float wide = clamp(2.6 * uPixel * length(aWhere - uEye) / 0.5, 1.0, 2.2);
  vPlace = aWhere + aPosition * vec3(wide, wide, sqrt(wide));
  vNormal = vec3(aPosition.xy * 4.0, aPosition.z > 1.6 ? 1.0 : 0.15);
  gl_Position = uMatrix * vec4(vPlace, 1.0);
}`;

const PERSON_FRAGMENT = COMMON + `
in vec3 vPlace, vNormal; uniform sampler2D uMap; uniform vec4 uMapBox; uniform vec3 uPaint; out vec4 colour;
void main() {
  float lit = texture(uMap, vec2((vPlace.x - uMapBox.x) * uMapBox.z, (uMapBox.y - vPlace.y) * uMapBox.w)).r;
  vec3 n = normalize(normalize(vNormal) + 0.4 * uSun);
  float d = length(vPlace - uEye);
  colour = vec4(encode(haze(shade(linear(uPaint), n, 0.25 + 0.75 * lit, 0.9), d, 0.0)), 1.0);
}`;

const FIELD_VERTEX = COMMON + `
in vec3 aPosition; uniform mat4 uMatrix; out vec3 vPlace;
void main() { vPlace = aPosition; gl_Position = uMatrix * vec4(aPosition.xy, aPosition.z + 0.05, 1.0); }`;

const FIELD_FRAGMENT = COMMON + `
in vec3 vPlace; uniform sampler2D uField, uMap; uniform vec4 uMapBox, uFieldBox;
uniform float uTop, uOpacity; uniform float uLow[9]; uniform vec3 uColour[9]; uniform int uClasses;
out vec4 colour;
void main() {
  float s = texture(uField, vec2((vPlace.x - uFieldBox.x) * uFieldBox.z, (uFieldBox.y - vPlace.y) * uFieldBox.w)).r;
  float value = s * s * uTop;
  if (value < 0.02) discard;
  vec3 c = uColour[0];
  for (int k = 1; k < 9; k++) if (k < uClasses && value >= uLow[k]) c = uColour[k];
  float thin = min(1.0, 0.45 + 0.55 * value / max(uLow[1], 0.000001)) * min(1.0, value / 0.05);
  float lit = texture(uMap, vec2((vPlace.x - uMapBox.x) * uMapBox.z, (uMapBox.y - vPlace.y) * uMapBox.w)).r;
  vec3 shaded = encode(linear(c) * mix(0.74, 1.0, lit));
  colour = vec4(shaded, (1.0 - (1.0 - uOpacity) * (1.0 - uOpacity)) * thin);
}`;

const SKY_VERTEX = COMMON + `
in vec2 aPosition; uniform vec3 uForward, uRight, uUp; out vec3 vRay;
void main() { vRay = uForward + aPosition.x * uRight + aPosition.y * uUp; gl_Position = vec4(aPosition, 0.99999, 1.0); }`;

const SKY_FRAGMENT = COMMON + `
in vec3 vRay; out vec4 colour;
void main() { colour = vec4(encode(sky(normalize(vRay).z)), 1.0); }`;
