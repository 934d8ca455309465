// From the page's bytes to arrays the graphics card can take.
const TYPES = {
  int8: Int8Array, int16: Int16Array, int32: Int32Array, uint8: Uint8Array, uint16: Uint16Array,
  uint32: Uint32Array, float32: Float32Array,
};

async function inflate(text) {
  const packed = atob(text.trim());
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

function plainArray(buffer, where) {
  return new TYPES[where.type](buffer, where.at, where.n);
}

// Integers stored as differences, one column after another; gives an Int32Array in the same order.
function integers(buffer, where) {
  const steps = plainArray(buffer, where);
  const columns = where.heads.length;
  const rows = columns ? steps.length / columns : 0;
  const out = new Int32Array(steps.length);
  for (let c = 0; c < columns; c++) {
    let value = where.heads[c];
    for (let r = 0; r < rows; r++) {
      value += steps[c * rows + r];
      out[c * rows + r] = value;
    }
  }
  return out;
}

// Corners of a mesh: three a triangle, so that faces stay flat.
function meshArrays(buffer, entry, step, pickBase) {
  const v = integers(buffer, entry.vertices);
  const t = integers(buffer, entry.triangles);
  const colour = integers(buffer, entry.colour);
  const owner = entry.owner ? integers(buffer, entry.owner) : null;
  const baked = entry.baked ? plainArray(buffer, entry.baked) : null;
  const count = v.length / 3;
  const triangles = t.length / 3;
  const position = new Float32Array(t.length * 3);
  const normal = new Int8Array(t.length * 4);
  const paint = new Uint8Array(t.length * 4);
  const pick = new Uint8Array(t.length * 4);
  const light = new Uint8Array(t.length * 2);
  for (let k = 0; k < triangles; k++) {
    for (let c = 0; c < 3; c++) {
      const from = t[3 * k + c];
      const to = 9 * k + 3 * c;
      position[to] = v[from] * step;
      position[to + 1] = v[count + from] * step;
      position[to + 2] = v[2 * count + from] * step;
    }
    const p = 9 * k;
    const ax = position[p + 3] - position[p], ay = position[p + 4] - position[p + 1], az = position[p + 5] - position[p + 2];
    const bx = position[p + 6] - position[p], by = position[p + 7] - position[p + 1], bz = position[p + 8] - position[p + 2];
    let nx = ay * bz - az * by, ny = az * bx - ax * bz, nz = ax * by - ay * bx;
    const length = Math.hypot(nx, ny, nz) || 1;
    nx = Math.round(127 * nx / length); ny = Math.round(127 * ny / length); nz = Math.round(127 * nz / length);
    const number = owner && owner[k] >= 0 ? pickBase + owner[k] + 1 : 0;
    for (let c = 0; c < 3; c++) {
      const at = 4 * (3 * k + c);
      normal[at] = nx; normal[at + 1] = ny; normal[at + 2] = nz;
      for (let e = 0; e < 3; e++) paint[at + e] = entry.palette[3 * colour[k] + e];
      paint[at + 3] = 255;
      pick[at] = number & 255; pick[at + 1] = number >> 8 & 255; pick[at + 2] = number >> 16 & 255; pick[at + 3] = 255;
      const l = 2 * (3 * k + c);
      light[l] = baked ? baked[l] : 255;
      light[l + 1] = baked ? baked[l + 1] : 255;
    }
  }
  return {position, normal, paint, pick, light, corners: t.length};
}

// Edges where two faces of one thing meet at an angle, or where a face ends.
function creases(mesh) {
  const ids = new Map();
  const corner = new Int32Array(mesh.corners);
  const place = [];
  for (let i = 0; i < mesh.corners; i++) {
    const x = mesh.position[3 * i], y = mesh.position[3 * i + 1], z = mesh.position[3 * i + 2];
    const key = `${Math.round(x * 50)},${Math.round(y * 50)},${Math.round(z * 50)}`;
    let id = ids.get(key);
    if (id === undefined) { id = place.length / 3; ids.set(key, id); place.push(x, y, z); }
    corner[i] = id;
  }
  const total = place.length / 3;
  const edges = new Map();
  for (let i = 0; i < mesh.corners; i += 3) {
    for (let c = 0; c < 3; c++) {
      const a = corner[i + c], b = corner[i + (c + 1) % 3];
      if (a === b) continue;
      const key = a < b ? a * total + b : b * total + a;
      const known = edges.get(key);
      if (known === undefined) edges.set(key, {a, b, at: 4 * i, sharp: true, seen: 1});
      else {
        let cosine = 0;
        for (let e = 0; e < 3; e++) cosine += mesh.normal[known.at + e] * mesh.normal[4 * i + e] / 16129;
        known.sharp = known.seen > 1 ? known.sharp || cosine < 0.82 : Math.abs(cosine) < 0.82;
        known.seen++;
      }
    }
  }
  const out = [];
  for (const edge of edges.values()) {
    if (!edge.sharp) continue;
    for (const end of [edge.a, edge.b]) out.push(place[3 * end], place[3 * end + 1], place[3 * end + 2]);
  }
  return new Float32Array(out);
}

// Everybody's way: positions one person after another, in metres.
function peopleArrays(buffer, entry) {
  const first = integers(buffer, entry.first);
  const count = integers(buffer, entry.count);
  const start = integers(buffer, entry.start);
  const steps = plainArray(buffer, entry.steps);
  const rows = steps.length / 3;
  const persons = first.length;
  const place = new Float32Array(rows * 3);
  const offset = new Int32Array(persons);
  let at = 0;
  for (let p = 0; p < persons; p++) {
    offset[p] = at;
    let x = start[p], y = start[persons + p], z = start[2 * persons + p];
    for (let k = 0; k < count[p]; k++, at++) {
      x += steps[at]; y += steps[rows + at]; z += steps[2 * rows + at];
      place[3 * at] = x * entry.step; place[3 * at + 1] = y * entry.step; place[3 * at + 2] = z * entry.step;
    }
  }
  return {first, count, offset, place, persons};
}

// Where everybody is at a moment, between two recorded frames; returns how many there are.
function peopleAt(entry, ways, time, out) {
  const times = entry.times;
  let frame = 0;
  let high = times.length - 1;
  while (frame < high) { const middle = (frame + high + 1) >> 1; if (times[middle] <= time + 1e-6) frame = middle; else high = middle - 1; }
  const next = Math.min(frame + 1, times.length - 1);
  const share = next > frame ? Math.min(1, Math.max(0, (time - times[frame]) / (times[next] - times[frame]))) : 0;
  let n = 0;
  for (let p = 0; p < ways.persons; p++) {
    const k = frame - ways.first[p];
    if (k < 0 || k >= ways.count[p]) continue;
    const a = 3 * (ways.offset[p] + k);
    const b = k + 1 < ways.count[p] ? a + 3 : a;
    for (let e = 0; e < 3; e++) out[4 * n + e] = ways.place[a + e] + share * (ways.place[b + e] - ways.place[a + e]);
    out[4 * n + 3] = 0.7 + 0.75 * ((p * 2654435761 >>> 0) % 1024) / 1023;
    n++;
  }
  return n;
}

// All levels of the fields on one grid: values as bytes, floor heights as metres (far below where there is no floor).
function fieldGrid(buffer, entries, step) {
  const cell = entries[0].cell;
  const west = Math.min(...entries.map((e) => e.west)), north = Math.max(...entries.map((e) => e.north));
  const columns = Math.max(...entries.map((e) => Math.round((e.west - west) / cell) + e.columns));
  const rows = Math.max(...entries.map((e) => Math.round((north - e.north) / cell) + e.rows));
  const floor = new Float32Array(rows * columns * entries.length).fill(-1e6);
  const levels = entries.map((entry, level) => {
    const heights = integers(buffer, entry.height);
    const i0 = Math.round((north - entry.north) / cell), j0 = Math.round((entry.west - west) / cell);
    for (let i = 0; i < entry.rows; i++) for (let j = 0; j < entry.columns; j++) {
      const z = heights[i * entry.columns + j];
      if (z > -1000000) floor[(level * rows + i0 + i) * columns + j0 + j] = z * step;
    }
    return {entry, i0, j0, values: plainArray(buffer, entry.values), size: entry.rows * entry.columns, shown: -1};
  });
  return {west, north, cell, rows, columns, floor, levels};
}
