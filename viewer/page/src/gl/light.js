// Colours of sun, sky and lamps for a height of the sun and a house style; those of the styles come with the scene.
import {direction} from "../data/sun.js";
import {shared} from "./common.js";

const DUSK = {sun: [0.66, 0.40, 0.20], ambient: [0.19, 0.20, 0.27], horizon: [0.84, 0.58, 0.42], zenith: [0.17, 0.26, 0.48], mirror: [0.40, 0.36, 0.36]};
const MIXED = ["sun", "ambient", "horizon", "zenith", "mirror", "bounce", "lamp", "lamps", "windows", "legend", "glint", "line"];

const clamp = (x) => Math.min(1, Math.max(0, x));
const between = (a, b, f) => (Array.isArray(a) ? a.map((value, k) => value + f * (b[k] - value)) : a + f * (b - a));
const mixed = (a, b, f) => Object.fromEntries(MIXED.map((key) => [key, between(a[key], b[key], f)]));

// Sets the light; below the horizon, and in the style of the night, the moon stands where the sun would.
export function setLight(sun, look, lights) {
  let light = lights[look] ?? lights.presentation, towards = direction(sun.azimuth, Math.max(sun.altitude, 5));
  if (look === "night") towards = direction(sun.azimuth, Math.max(30, sun.altitude));
  else if (look === "presentation") {
    const {presentation: day, night} = lights;
    light = mixed({...day, ...DUSK}, day, clamp((sun.altitude - 2) / 18));
    light = mixed(night, light, clamp((sun.altitude + 7) / 8));
    if (sun.altitude < -0.8) { towards = direction(sun.azimuth, 40); light.sun = night.sun; } else {
      light.sun = between([0, 0, 0], light.sun, clamp((sun.altitude + 0.8) / 3));
      towards = direction(sun.azimuth, Math.max(sun.altitude, 0.5));
    }
  }
  shared.uSun.value.set(...towards);
  const set = (name, value) => shared[name].value.set(...value);
  set("uSunColour", light.sun);
  set("uSkyColour", light.ambient);
  set("uBounce", light.bounce);
  set("uHorizon", light.horizon);
  set("uZenith", light.zenith);
  set("uMirror", light.mirror);
  set("uLamp", light.lamp.map((value) => value * light.lamps));
  set("uGlow", [light.windows, light.legend, light.glint, light.line]);
  shared.uHaze.value.y = look === "plain" ? 0.6 : 1;
  return light;
}
