// A camera that turns round a point, moves over the ground and glides to named views; a plan is seen from very far.
import * as THREE from "three";

const RAD = Math.PI / 180;
// So many times as wide as high is what a view shows at least; that of a cut has texts at both its sides.
const WIDE = 1.35;
const LOWEST = -20 * RAD, HIGHEST = 89.9 * RAD, PLAN_ANGLE = 4;
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

export class Orbit {
  constructor(changed) {
    this.changed = changed;
    this.camera = new THREE.PerspectiveCamera(30, 1, 1, 10000);
    this.camera.up.set(0, 0, 1);
    this.now = {target: [0, 0, 0], azimuth: Math.PI, altitude: 0.6, distance: 100, angle: 30, wide: WIDE};
    this.flight = null;
    this.calm = window.matchMedia && window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  // A view of the scene (eye, target, angle) as a place on the orbit.
  placeOf(view) {
    const d = [0, 1, 2].map((k) => view.eye[k] - view.target[k]), distance = Math.hypot(...d) || 1;
    return {
      target: [...view.target], distance, angle: view.angle, wide: view.section ? 1.8 : WIDE, altitude: clamp(Math.asin(d[2] / distance), LOWEST, HIGHEST),
      azimuth: Math.hypot(d[0], d[1]) < 1e-3 * distance ? Math.PI : Math.atan2(d[0], d[1]),
    };
  }

  take(view, glide = true) {
    const to = this.placeOf(view);
    if (!glide || this.calm) { this.now = to; this.flight = null; } else this.fly(to);
    this.changed();
  }

  fly(to) {
    const turn = ((to.azimuth - this.now.azimuth + 3 * Math.PI) % (2 * Math.PI) + 2 * Math.PI) % (2 * Math.PI) - Math.PI;
    this.flight = {from: {...this.now, target: [...this.now.target]}, to: {...to, azimuth: this.now.azimuth + turn}, start: 0};
    this.changed();
  }

  // One step of a flight; true while it lasts.
  step(now) {
    const flight = this.flight;
    if (!flight) return false;
    flight.start ||= now;
    const share = Math.min(1, (now - flight.start) / 700), f = share * share * (3 - 2 * share);
    const mix = (a, b) => a + f * (b - a), {from, to} = flight;
    // What counts is how large things look: the wider the lens the nearer one stands.
    const size = (place) => place.distance * Math.tan(place.angle * RAD / 2);
    const angle = mix(from.angle, to.angle), wide = Math.exp(mix(Math.log(size(from)), Math.log(size(to))));
    this.now = {
      target: from.target.map((value, k) => mix(value, to.target[k])), azimuth: mix(from.azimuth, to.azimuth),
      altitude: mix(from.altitude, to.altitude), angle, wide: mix(from.wide ?? WIDE, to.wide ?? WIDE), distance: wide / Math.tan(angle * RAD / 2),
    };
    if (share >= 1) this.flight = null;
    return true;
  }

  // Between looking from the side and a plan.
  plan(on, angle) {
    const now = this.now, wide = now.distance * Math.tan(now.angle * RAD / 2), lens = on ? PLAN_ANGLE : angle;
    const to = {...now, angle: lens, distance: wide / Math.tan(lens * RAD / 2), altitude: on ? HIGHEST : 0.62, azimuth: on ? Math.PI : now.azimuth};
    if (this.calm) { this.now = to; this.changed(); } else this.fly(to);
  }

  get isPlan() { return this.now.altitude > 80 * RAD; }

  // `left` is the width of what lies over the picture there: the middle of the view is the middle of what is free.
  apply(width, height, left = 0) {
    const {target, azimuth, altitude, distance, angle} = this.now, camera = this.camera, flat = Math.cos(altitude);
    const toward = [flat * Math.sin(azimuth), flat * Math.cos(azimuth), Math.sin(altitude)];
    camera.position.set(...target.map((value, k) => value + distance * toward[k]));
    camera.aspect = width / height;
    // An upright screen shows as much to the left and right as a wide one would; on a narrow one texts give way to the thing itself.
    const wide = width > height ? this.now.wide ?? WIDE : WIDE;
    camera.fov = 2 * Math.atan(Math.tan(angle * RAD / 2) * Math.max(1, wide * height / (width - left))) / RAD;
    camera.near = Math.max(0.3, (angle < 10 ? 0.4 : 0.02) * distance);
    camera.far = angle < 10 ? distance + 8000 : Math.max(6000, 30 * distance);
    this.shift = left / 2;
    this.window(width, height);
    camera.lookAt(...target);
    camera.updateMatrixWorld();
    return camera;
  }

  // The part of the picture to draw: all of it, or one pixel.
  window(width, height, x = 0, y = 0, wide = width, tall = height) {
    this.camera.setViewOffset(width, height, x - this.shift, y, wide, tall);
  }

  // How far one sees before haze begins, whatever the lens [m].
  get reach() { return this.now.angle < 10 ? 1e6 : this.now.distance; }

  turn(dx, dy) {
    this.flight = null;
    this.now.azimuth += dx;
    this.now.altitude = clamp(this.now.altitude + dy, LOWEST, HIGHEST);
    if (this.now.angle < 10 && this.now.altitude < 75 * RAD) this.widen(30);
    this.changed();
  }

  widen(angle) {
    this.now.distance *= Math.tan(this.now.angle * RAD / 2) / Math.tan(angle * RAD / 2);
    this.now.angle = angle;
  }

  // Move over the ground by shares of what is seen.
  pan(right, ahead) {
    this.flight = null;
    const {azimuth, distance, angle} = this.now, s = Math.sin(azimuth), c = Math.cos(azimuth);
    const wide = 2 * distance * Math.tan(angle * RAD / 2);
    this.now.target[0] += wide * (-c * right - s * ahead);
    this.now.target[1] += wide * (s * right - c * ahead);
    this.changed();
  }

  // Nearer or farther; a place `at` on the ground stays where it is on the screen.
  zoom(factor, at = null) {
    this.flight = null;
    const now = this.now, before = now.distance, lens = Math.tan(now.angle * RAD / 2) / Math.tan(15 * RAD);
    now.distance = clamp(before * factor, 8 / lens, 12000 / lens);
    const share = 1 - now.distance / before;
    if (at) for (let k = 0; k < 2; k++) now.target[k] += share * (at[k] - now.target[k]);
    this.changed();
  }

  // Where north is on the screen, degrees clockwise from up.
  get north() { return -(this.now.azimuth / RAD + 180); }
}
