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
uniform sampler2D uMap; uniform vec4 uMapBox; uniform int uKind; uniform vec3 uPicked;
uniform highp sampler2DArray uField, uFloor; uniform vec3 uFieldBox; uniform int uLevels, uClasses;
uniform float uTop[8], uOn[8], uLow[9]; uniform vec3 uColour[9]; uniform float uOpacity;
out vec4 colour;
// The field at this place of the floor, between the centres of its cells; below 0 where there is none.
float draped() {
  vec2 at = vec2(vPlace.x - uFieldBox.x, uFieldBox.y - vPlace.y) / uFieldBox.z - 0.5;
  ivec2 cell = ivec2(floor(at)), size = textureSize(uFloor, 0).xy;
  vec2 f = at - floor(at);
  float best = -1.0;
  for (int level = 0; level < uLevels; level++) {
    if (uOn[level] < 0.5) continue;
    float total = 0.0, weight = 0.0;
    for (int k = 0; k < 4; k++) {
      ivec2 c = cell + ivec2(k & 1, k >> 1);
      if (c.x < 0 || c.y < 0 || c.x >= size.x || c.y >= size.y) continue;
      if (abs(texelFetch(uFloor, ivec3(c, level), 0).r - vPlace.z) > 0.6) continue;
      float w = ((k & 1) == 1 ? f.x : 1.0 - f.x) * ((k >> 1) == 1 ? f.y : 1.0 - f.y);
      float s = texelFetch(uField, ivec3(c, level), 0).r;
      total += w * s * s * uTop[level];
      weight += w;
    }
    if (weight > 0.02) best = max(best, total / weight);
  }
  return best;
}
void main() {
  vec3 ray = vPlace - uEye; float d = length(ray); ray /= d;
  vec3 n = normalize(vNormal);
  if (dot(n, ray) > 0.0) n = -n;
  vec4 map = texture(uMap, vec2((vPlace.x - uMapBox.x) * uMapBox.z, (uMapBox.y - vPlace.y) * uMapBox.w));
  vec2 light = vLight;
  if (uKind == 0 || uKind == 1) light = map.rg;
  else if (uKind == 2 && n.z > 0.6) light = map.ba;
  if (uKind == 1) light.x = 0.55 + 0.45 * light.x;
  vec3 albedo = linear(vPaint);
  if (uLevels > 0 && n.z > 0.5) {
    float value = draped();
    if (value >= 0.02) {
      vec3 c = uColour[0];
      for (int k = 1; k < 9; k++) if (k < uClasses && value >= uLow[k]) c = uColour[k];
      float thin = min(1.0, 0.45 + 0.55 * value / max(uLow[1], 0.000001)) * min(1.0, value / 0.05);
      float cover = thin * (1.0 - (1.0 - uOpacity) * (1.0 - uOpacity));
      albedo = mix(albedo, linear(c), cover);
      light = mix(light, vec2(1.0), vec2(0.55, 0.5) * cover);
    }
  }
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
  colour = vec4(encode(haze(c, d, uKind == 4 ? 1.0 : 0.0)), 1.0);
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
in vec3 aPosition; in vec4 aWhere; uniform mat4 uMatrix; uniform float uPixel;
out vec3 vPlace, vNormal; out float vTone;
void main() {
  float wide = clamp(2.2 * uPixel * length(aWhere.xyz - uEye) / 0.5, 1.0, 1.6);
  vTone = aWhere.w;
  vPlace = aWhere.xyz + aPosition * vec3(wide, wide, sqrt(wide));
  vNormal = vec3(aPosition.xy * 4.0, aPosition.z > 1.6 ? 1.0 : 0.15);
  gl_Position = uMatrix * vec4(vPlace, 1.0);
}`;

const PERSON_FRAGMENT = COMMON + `
in vec3 vPlace, vNormal; in float vTone; uniform sampler2D uMap; uniform vec4 uMapBox; uniform vec3 uPaint; out vec4 colour;
void main() {
  float lit = texture(uMap, vec2((vPlace.x - uMapBox.x) * uMapBox.z, (uMapBox.y - vPlace.y) * uMapBox.w)).r;
  vec3 n = normalize(normalize(vNormal) + 0.4 * uSun);
  float d = length(vPlace - uEye);
  colour = vec4(encode(haze(shade(linear(uPaint) * vTone, n, 0.25 + 0.75 * lit, 0.9), d, 0.0)), 1.0);
}`;

const SKY_VERTEX = COMMON + `
in vec2 aPosition; uniform vec3 uForward, uRight, uUp; out vec3 vRay;
void main() { vRay = uForward + aPosition.x * uRight + aPosition.y * uUp; gl_Position = vec4(aPosition, 0.99999, 1.0); }`;

const SKY_FRAGMENT = COMMON + `
in vec3 vRay; out vec4 colour;
void main() { colour = vec4(encode(sky(normalize(vRay).z)), 1.0); }`;
