// Meshes: floors with the field on them, water, walls and roofs, leaves, what lies beyond.
import * as THREE from "three";
import {LIGHT, material} from "./common.js";

export const KINDS = {floor: 0, water: 1, solid: 2, leaf: 3, beyond: 4, cut: 5};

const VERTEX = `
in vec3 position; in vec4 normal, paint, mark;
#if WHOLE
in vec3 pivot;
#endif
flat out int vAway; out vec3 vPlace, vSides; flat out vec3 vPaint, vNormal, vMark; flat out int vCreases; out float vSky;
void main() {
  vPlace = position; vPaint = paint.rgb; vNormal = normal.xyz; vMark = mark.rgb; vSky = mark.a;
  vCreases = int(paint.a * 255.0 + 0.5);
  // Trees and furniture are not cut: each stays or goes as a whole.
#if WHOLE
  vAway = isCut(pivot) ? 1 : 0;
#else
  vAway = 0;
#endif
  int corner = gl_VertexID % 3;
  vSides = vec3(corner == 0, corner == 1, corner == 2);
  gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
}`;

// The field at this place of the floor, between the centres of its cells; numbers of things are those of the cell itself.
// The last value is 0 where there is none.
// A row of the table a level: box, size and scale, then the classes with their lower limits.
const FIELD = `
uniform sampler2DArray uField, uFloor; uniform sampler2D uTable; uniform uint uOn;
vec4 draped(vec3 p) {
  vec4 found = vec4(0.0);
  for (int level = 0; level < LEVELS; level++) {
    if ((uOn >> uint(level) & 1u) == 0u) continue;
    vec4 box = texelFetch(uTable, ivec2(0, level), 0), scale = texelFetch(uTable, ivec2(1, level), 0);
    vec4 more = texelFetch(uTable, ivec2(2, level), 0);
    vec2 at = vec2(p.x - box.x, box.y - p.y) / box.z - 0.5;
    ivec2 cell = ivec2(floor(at));
    vec2 f = at - floor(at);
    if (more.z > 0.5) f = step(0.5, f);
    float total = 0.0, weight = 0.0, none = 0.0;
    for (int k = 0; k < 4; k++) {
      ivec2 c = cell + ivec2(k & 1, k >> 1);
      if (c.x < 0 || c.y < 0 || c.x >= int(scale.x) || c.y >= int(scale.y)) continue;
      if (abs(texelFetch(uFloor, ivec3(c, level), 0).r - p.z) > 0.6) continue;
      float w = ((k & 1) == 1 ? f.x : 1.0 - f.x) * ((k >> 1) == 1 ? f.y : 1.0 - f.y);
      float s = texelFetch(uField, ivec3(c, level), 0).r;
      float value = more.x < 0.5 ? s * s * box.w : scale.z + (box.w - scale.z) * (s * 255.0 - 1.0) / 254.0;
      if (more.x > 0.5 && s < 0.002) { none += w; continue; }
      total += w * value;
      weight += w;
    }
    if (weight < 0.02 || none > weight) continue;
    float value = total / weight;
    if (more.x < 0.5 && value < 0.02) continue;
    vec3 c = texelFetch(uTable, ivec2(3, level), 0).rgb;
    float first = texelFetch(uTable, ivec2(4, level), 0).w;
    for (int k = 1; k < int(scale.w); k++) {
      vec4 entry = texelFetch(uTable, ivec2(3 + k, level), 0);
      if (value >= entry.w) c = entry.rgb;
    }
    float thin = more.x < 0.5 ? min(1.0, 0.45 + 0.55 * value / max(first, 0.000001)) * min(1.0, value / 0.05) : 1.0;
    float cover = thin * (1.0 - (1.0 - more.y) * (1.0 - more.y));
    if (cover >= found.a) found = vec4(c, cover);
  }
  return found;
}`;

const CUT = `
in vec3 vPlace; flat in int vAway;
bool isAway() { return WHOLE == 1 ? vAway == 1 : isCut(vPlace); }`;

const FRAGMENT = `
${CUT}
in vec3 vSides; flat in vec3 vPaint, vNormal, vMark; flat in int vCreases; in float vSky;
uniform vec3 uPicked; uniform float uGhost, uOpacity;
out vec4 colour;
${LIGHT}
#if LEVELS > 0
${FIELD}
#endif
// 1 within a window that is lit, of rows of windows on a wall; decoration, as in the still pictures.
float window(vec3 p, vec3 n) {
  vec2 at = vec2(n.x * p.y - n.y * p.x, p.z) / vec2(2.4, 3.1), cell = floor(at), f = at - cell;
  if (f.x < 0.28 || f.x > 0.72 || f.y < 0.30 || f.y > 0.78) return 0.0;
  uint thing = uint(vMark.r * 255.0 + 0.5) + 256u * uint(vMark.g * 255.0 + 0.5);
  uint mixed = (thing * 73856093u) ^ (uint(int(cell.x)) * 19349663u) ^ (uint(int(cell.y)) * 83492791u);
  return (mixed >> 5) % 100u < 26u ? 1.0 : 0.0;
}
float crease(float d) {
  vec3 wide = fwidth(vSides), away = vSides / max(wide, vec3(1e-6));
  float nearest = 9.0;
  if ((vCreases & 1) != 0) nearest = min(nearest, away.x);
  if ((vCreases & 2) != 0) nearest = min(nearest, away.y);
  if ((vCreases & 4) != 0) nearest = min(nearest, away.z);
  return (1.0 - smoothstep(0.35, 1.25, nearest)) * clamp(2.4 * uHaze.x / d - 0.5, 0.0, 1.0);
}
void main() {
  if (isAway()) discard;
  vec3 ray = vPlace - cameraPosition; float d = length(ray); ray /= d;
  vec3 n = normalize(vNormal);
  if (dot(n, ray) > 0.0) n = -n;
  vec4 map = mapped(vPlace);
  float open = vSky;
#if KIND < 2
  open = map.r;
#elif KIND == 2
  if (n.z > 0.6) open = map.g;
#endif
  vec3 m = n;
#if KIND == 3
  m = normalize(n + 0.55 * uSun);
#elif KIND == 0
  if (n.z > 0.6) m = normalize(0.4 * n + vec3(0.0, 0.0, 0.6));
#endif
  vec3 albedo = linear(vPaint);
  float lit = 1.0;
#if KIND == 5
  vec3 c = albedo * clamp(0.25 + dot(uSkyColour + 0.6 * uSunColour, vec3(0.34)), 0.25, 0.92);
#elif KIND == 4
  vec3 c = shade(albedo, vec3(0.0, 0.0, 1.0), 1.0, 1.0, vec3(0.0));
#else
  lit = dot(m, uSun) > 0.0 ? sunlit(vPlace, n) : 0.0;
  vec3 shine = vec3(0.0);
#if LEVELS > 0
  if (n.z > ROOF) {
    vec4 field = draped(vPlace);
    albedo = mix(albedo, linear(field.rgb), field.a);
    lit = mix(lit, 1.0, 0.55 * field.a);
    open = mix(open, 1.0, 0.5 * field.a);
    shine = vec3(field.a * uGlow.y);
  }
#endif
#if KIND == 1
  lit = 0.55 + 0.45 * lit;
#endif
  vec3 c = shade(albedo, m, lit, open, lamplight(vPlace, n) + shine);
#if WINDOWS
  if (uGlow.x > 0.0 && abs(n.z) < 0.2) c += uLamp / max(0.3, uLamp.r) * uGlow.x * window(vPlace, n);
#endif
#endif
#if KIND == 1
  vec2 wave = 0.013 * vec2(sin(1.9 * vPlace.x + 0.7 * vPlace.y) + sin(1.1 * vPlace.y - 1.6 * vPlace.x + 2.0) + 0.6 * sin(4.1 * vPlace.x + 3.3 * vPlace.y),
    sin(1.4 * vPlace.y - 0.9 * vPlace.x) + sin(2.3 * vPlace.x + 1.7 * vPlace.y + 1.0));
  wave *= clamp(160.0 / d, 0.0, 1.0);
  float fresnel = 0.04 + 0.90 * pow(1.0 - max(0.02, -ray.z), 5.0);
  vec3 mirror = reflect(ray, normalize(vec3(2.0 * wave, 1.0)));
  vec3 seen = mix(uMirror, sky(max(0.03, mirror.z)), 0.5) * (0.35 + 0.65 * open);
  c = mix(0.82 * c, seen, min(0.85, 0.10 + fresnel));
  c += uSunColour * lit * pow(max(0.0, dot(mirror, uSun)), 220.0) * 1.6 * uGlow.z;
#endif
#if EDGES
  c *= 1.0 - min(0.8, 0.42 * uGlow.w) * crease(d);
#endif
  if (dot(uPicked, vec3(1.0)) > 0.0 && all(lessThan(abs(vMark - uPicked), vec3(0.002)))) c = mix(c, vec3(1.0, 0.36, 0.02) * (0.35 + 0.65 * lit), KIND == 0 ? 0.4 : 0.7);
  colour = vec4(encode(haze(c, d, KIND == 4 ? 1.0 : 0.0)), uOpacity * (GHOST == 1 ? uGhost : 1.0));
}`;

const DEPTH = `
${CUT}
out vec4 colour;
void main() { if (isAway()) discard; colour = vec4(1.0); }`;

const PICK = `
${CUT}
flat in vec3 vMark; out vec4 colour;
void main() { if (isAway()) discard; colour = vec4(vMark, 1.0); }`;

// The three ways a mesh is drawn: seen, from the sun, and as the number of its thing.
export function solidMaterials(entry, levels) {
  const kind = KINDS[entry.light] ?? KINDS.solid;
  const defines = {KIND: kind, LEVELS: entry.floor ? levels : 0, ROOF: entry.windows ? "0.25" : "0.5", EDGES: entry.creases ? 1 : 0, GHOST: entry.ghost ? 1 : 0, WHOLE: entry.whole ? 1 : 0, WINDOWS: entry.windows ? 1 : 0};
  return {
    draw: material(VERTEX, FRAGMENT, {defines, transparent: entry.opacity < 1, uniforms: {uOpacity: {value: entry.opacity}}}),
    depth: material(VERTEX, DEPTH, {defines}),
    pick: material(VERTEX, PICK, {defines, blending: THREE.NoBlending}),
  };
}
