// Colours of sun, sky and lamps for a height of the sun and a look of the scene.
import {direction} from "../data/sun.js";
import {shared} from "./common.js";

const DAY = {sun: [0.655, 0.630, 0.585], sky: [0.300, 0.325, 0.375], horizon: [0.76, 0.82, 0.86], zenith: [0.20, 0.42, 0.76], lamp: [0, 0, 0]};
const DUSK = {sun: [0.66, 0.40, 0.20], sky: [0.19, 0.20, 0.27], horizon: [0.84, 0.58, 0.42], zenith: [0.17, 0.26, 0.48], lamp: [0.05, 0.03, 0.012]};
const NIGHT = {sun: [0, 0, 0], sky: [0.075, 0.095, 0.160], horizon: [0.050, 0.066, 0.115], zenith: [0.008, 0.014, 0.040], lamp: [0.34, 0.215, 0.095]};
const PLAIN = {sun: [0.600, 0.600, 0.600], sky: [0.375, 0.375, 0.380], horizon: [0.955, 0.960, 0.965], zenith: [0.955, 0.960, 0.965], lamp: [0, 0, 0]};

const clamp = (x) => Math.min(1, Math.max(0, x));
const mixed = (a, b, f) => Object.fromEntries(Object.keys(a).map((key) => [key, a[key].map((value, k) => value + f * (b[key][k] - value))]));

// Sets the light; below the horizon, and in the look "night", the moon takes the sun's place.
export function setLight(sun, look) {
  let light = PLAIN, towards = direction(sun.azimuth, Math.max(sun.altitude, 0.5)), strength = 1;
  if (look !== "plain") {
    light = mixed(DUSK, DAY, clamp((sun.altitude - 2) / 18));
    light = mixed(NIGHT, light, look === "night" ? 0 : clamp((sun.altitude + 7) / 9));
    strength = look === "night" ? 0 : clamp((sun.altitude + 0.8) / 3);
    if (strength <= 0) {
      towards = direction(sun.azimuth, look === "night" ? Math.max(35, sun.altitude) : 40);
      light = {...light, sun: [0.050, 0.062, 0.095]};
      strength = 1;
    }
  }
  shared.uSun.value.set(...towards);
  shared.uSunColour.value.set(...light.sun.map((value) => value * strength));
  shared.uSkyColour.value.set(...light.sky);
  shared.uHorizon.value.set(...light.horizon);
  shared.uZenith.value.set(...light.zenith);
  shared.uLamp.value.set(...light.lamp);
  shared.uPale.value = look === "plain" ? 0.45 : 0;
  shared.uHaze.value.y = look === "plain" ? 0.35 : 1;
  return light;
}
