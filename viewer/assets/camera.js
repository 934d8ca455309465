// A camera that turns round a point on the ground, and the few matrices it needs.
const RADIAN = Math.PI / 180;
const ALTITUDE = [4 * RADIAN, 89.9 * RADIAN];

function multiply(a, b) {
  const out = new Float32Array(16);
  for (let c = 0; c < 4; c++) for (let r = 0; r < 4; r++) {
    let sum = 0;
    for (let k = 0; k < 4; k++) sum += a[4 * k + r] * b[4 * c + k];
    out[4 * c + r] = sum;
  }
  return out;
}

class Orbit {
  constructor() {
    this.target = [0, 0, 0];
    this.azimuth = Math.PI;
    this.altitude = 0.6;
    this.distance = 100;
    this.angle = 30 * RADIAN;
  }

  take(view) {
    const d = [0, 1, 2].map((k) => view.eye[k] - view.target[k]);
    this.target = [...view.target];
    this.distance = Math.hypot(...d);
    this.altitude = Math.min(ALTITUDE[1], Math.max(ALTITUDE[0], Math.asin(d[2] / this.distance)));
    this.azimuth = Math.hypot(d[0], d[1]) < 1e-3 * this.distance ? Math.PI : Math.atan2(d[0], d[1]);
    this.angle = view.angle * RADIAN;
  }

  frame(width, height) {
    const ca = Math.cos(this.altitude);
    const toward = [ca * Math.sin(this.azimuth), ca * Math.cos(this.azimuth), Math.sin(this.altitude)];
    const right = [-Math.cos(this.azimuth), Math.sin(this.azimuth), 0];
    const up = [toward[1] * right[2] - toward[2] * right[1], toward[2] * right[0] - toward[0] * right[2],
      toward[0] * right[1] - toward[1] * right[0]];
    const eye = this.target.map((value, k) => value + this.distance * toward[k]);
    const aspect = width / height;
    const half = Math.tan(this.angle / 2) * Math.max(1, 1.6 / aspect);
    const near = Math.max(0.3, 0.02 * this.distance), far = Math.max(6000, 30 * this.distance);
    const dot = (v) => v[0] * eye[0] + v[1] * eye[1] + v[2] * eye[2];
    const view = new Float32Array([right[0], up[0], toward[0], 0, right[1], up[1], toward[1], 0,
      right[2], up[2], toward[2], 0, -dot(right), -dot(up), -dot(toward), 1]);
    const lens = new Float32Array([1 / (half * aspect), 0, 0, 0, 0, 1 / half, 0, 0,
      0, 0, -(far + near) / (far - near), -1, 0, 0, -2 * far * near / (far - near), 0]);
    return {eye, right, up, forward: toward.map((value) => -value), half, aspect, matrix: multiply(lens, view)};
  }

  turn(dx, dy) {
    this.azimuth += dx;
    this.altitude = Math.min(ALTITUDE[1], Math.max(ALTITUDE[0], this.altitude + dy));
  }

  // Move over the ground by shares of the distance.
  pan(right, ahead) {
    const s = Math.sin(this.azimuth), c = Math.cos(this.azimuth);
    this.target[0] += this.distance * (-c * right - s * ahead);
    this.target[1] += this.distance * (s * right - c * ahead);
  }

  zoom(factor) { this.distance = Math.min(12000, Math.max(8, this.distance * factor)); }

  // Where north is on the screen, clockwise from up.
  get northDegrees() { return (this.azimuth / RADIAN + 180) * -1; }
}

// Pixel of a place, or null when it is behind the eye.
function project(matrix, place, width, height) {
  const at = (r) => matrix[r] * place[0] + matrix[4 + r] * place[1] + matrix[8 + r] * place[2] + matrix[12 + r];
  const w = at(3);
  return w <= 0 ? null : [(at(0) / w + 1) / 2 * width, (1 - at(1) / w) / 2 * height];
}
