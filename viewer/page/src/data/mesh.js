// A mesh layer as arrays for the graphics card: three corners a triangle, so that faces stay flat.
import {integers, plainArray} from "./decode.js";

// position and normal; paint: colour and in its fourth byte which sides are creases; mark: number of the thing
// (three bytes) and how much sky each corner sees.
export function meshArrays(buffer, entry, step, base) {
  const v = integers(buffer, entry.vertices);
  const t = integers(buffer, entry.triangles);
  const colour = integers(buffer, entry.colour);
  const owner = entry.owner ? integers(buffer, entry.owner) : null;
  const sky = entry.baked ? plainArray(buffer, entry.baked) : null;
  const creases = entry.creases ? plainArray(buffer, entry.creases) : null;
  const count = v.length / 3;
  const position = new Float32Array(t.length * 3);
  const normal = new Int8Array(t.length * 4);
  const paint = new Uint8Array(t.length * 4);
  const mark = new Uint8Array(t.length * 4);
  for (let corner = 0; corner < t.length; corner++) {
    for (let e = 0; e < 3; e++) position[3 * corner + e] = v[e * count + t[corner]] * step;
  }
  for (let k = 0; k < t.length / 3; k++) {
    const n = normalOf(position, 9 * k);
    const number = owner && owner[k] >= 0 ? base + owner[k] + 1 : 0;
    for (let c = 0; c < 3; c++) {
      const at = 4 * (3 * k + c);
      for (let e = 0; e < 3; e++) {
        normal[at + e] = Math.round(127 * n[e]);
        paint[at + e] = entry.palette[3 * colour[k] + e];
        mark[at + e] = number >> (8 * e) & 255;
      }
      paint[at + 3] = creases ? creases[k] : 0;
      mark[at + 3] = sky ? sky[3 * k + c] : 255;
    }
  }
  // A thing of many pieces, such as a pipe, is cut piece by piece.
  const parts = entry.cut === "solid" && !entry.closed && entry.group === "underground" ? partsOf(v, t, owner) : null;
  return {position, normal, paint, mark, owner, parts, triangles: t.length / 3, box: boxOf(position)};
}

// A number for each triangle that is the same for those that hang together.
function partsOf(v, t, owner) {
  const count = v.length / 3, first = new Map(), up = new Int32Array(count).map((_, k) => k);
  const root = (k) => { while (up[k] !== k) k = up[k] = up[up[k]]; return k; };
  const corner = (k) => {
    const i = t[k], key = `${v[i]},${v[count + i]},${v[2 * count + i]},${owner ? owner[Math.floor(k / 3)] : 0}`;
    if (!first.has(key)) first.set(key, i);
    return root(first.get(key));
  };
  const out = new Int32Array(t.length / 3);
  for (let k = 0; k < out.length; k++) {
    const a = corner(3 * k);
    up[corner(3 * k + 1)] = a;
    up[corner(3 * k + 2)] = root(a);
    out[k] = a;
  }
  return out.map(root);
}

function normalOf(p, i) {
  const ax = p[i + 3] - p[i], ay = p[i + 4] - p[i + 1], az = p[i + 5] - p[i + 2];
  const bx = p[i + 6] - p[i], by = p[i + 7] - p[i + 1], bz = p[i + 8] - p[i + 2];
  const n = [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx];
  const length = Math.hypot(...n) || 1;
  return n.map((value) => value / length);
}

export function boxOf(position) {
  const low = [Infinity, Infinity, Infinity], high = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < position.length; i += 3) {
    for (let e = 0; e < 3; e++) {
      if (position[i + e] < low[e]) low[e] = position[i + e];
      if (position[i + e] > high[e]) high[e] = position[i + e];
    }
  }
  return {low, high};
}
