// Where a plane cuts: the inside of solids and of the ground as triangles, so that nothing looks hollow.

// Two directions in a plane: `down` is the steepest, `along` level; for a level plane east and north.
export function axesOf(normal) {
  const flat = Math.hypot(normal[0], normal[1]);
  if (flat < 1e-3) return {along: [1, 0, 0], up: [0, 1, 0]};
  const along = [-normal[1] / flat, normal[0] / flat, 0];
  const up = [
    normal[1] * along[2] - normal[2] * along[1], normal[2] * along[0] - normal[0] * along[2], normal[0] * along[1] - normal[1] * along[0],
  ];
  return up[2] < 0 ? {along: along.map((v) => -v), up: up.map((v) => -v)} : {along, up};
}

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

// The piece of each triangle that lies in the plane, as [u1, v1, u2, v2, whether its solid lies below it], by triangle number.
export function slice(position, plane, each) {
  const {point, normal} = plane, {along, up} = plane.axes;
  const h = [0, 0, 0], far = dot(point, normal);
  for (let i = 0; i < position.length; i += 9) {
    for (let c = 0; c < 3; c++) {
      const q = i + 3 * c;
      h[c] = position[q] * normal[0] + position[q + 1] * normal[1] + position[q + 2] * normal[2] - far;
    }
    if ((h[0] >= 0) === (h[1] >= 0) && (h[1] >= 0) === (h[2] >= 0)) continue;
    const ends = [];
    for (let c = 0; c < 3; c++) {
      const d = (c + 1) % 3;
      if ((h[c] >= 0) === (h[d] >= 0)) continue;
      const s = h[c] / (h[c] - h[d]);
      let u = 0, v = 0;
      for (let e = 0; e < 3; e++) {
        const a = position[i + 3 * c + e], x = a + s * (position[i + 3 * d + e] - a) - point[e];
        u += x * along[e];
        v += x * up[e];
      }
      ends.push(u, v);
    }
    const below = facing(position, i, up) > 0;
    each(i / 9, ends[0] <= ends[2] ? [...ends, below] : [ends[2], ends[3], ends[0], ends[1], below]);
  }
}

// How far a triangle faces a direction; the sign is what counts.
function facing(p, i, d) {
  const a = [0, 1, 2].map((e) => p[i + 3 + e] - p[i + e]), b = [0, 1, 2].map((e) => p[i + 6 + e] - p[i + e]);
  return (a[1] * b[2] - a[2] * b[1]) * d[0] + (a[2] * b[0] - a[0] * b[2]) * d[1] + (a[0] * b[1] - a[1] * b[0]) * d[2];
}

// The volume of each thing; negative where its faces look inward.
function volumesOf(p, of) {
  const out = new Map();
  for (let i = 0; i < p.length; i += 9) {
    const thing = of ? of[i / 9] : 0;
    if (!out.has(thing)) out.set(thing, {at: i, size: 0});
    const one = out.get(thing), a = [0, 1, 2].map((e) => p[i + e] - p[one.at + e]);
    one.size += facing(p, i, a);
  }
  return out;
}

// The pairs of lower and upper pieces of one strip, from the lowest up: each top is that of the bottom before it. Where
// faces look the wrong way the first and second are a pair, and so on; `floor` is the bottom of what has none.
function pairs(crossed, floor) {
  const open = [], out = [];
  let lost = 0;
  for (const piece of crossed) {
    if (!piece[4]) open.push(piece);
    else if (open.length) out.push([open.pop(), piece]);
    else if (floor) out.push([floor, piece]);
    else lost++;
  }
  if (out.length || lost + open.length !== crossed.length || crossed.length % 2) return out;
  return crossed.flatMap((piece, k) => (k % 2 ? [] : [[piece, crossed[k + 1]]]));
}

// Fill between the pieces of one solid, strip by strip between two ends; `floor` closes a solid that has no bottom.
// Gives quads [u1, low1, high1, u2, low2, high2].
export function fill(pieces, floor, quad) {
  const cuts = [...new Set(pieces.flatMap((p) => [round(p[0]), round(p[2])]))].sort((a, b) => a - b);
  const sorted = [...pieces].sort((a, b) => a[0] - b[0]);
  let active = [], next = 0;
  for (let k = 1; k < cuts.length; k++) {
    const left = cuts[k - 1], right = cuts[k], middle = (left + right) / 2;
    if (right - left < 2e-3) continue;
    while (next < sorted.length && sorted[next][0] < middle) active.push(sorted[next++]);
    active = active.filter((p) => p[2] > middle);
    const crossed = active.filter((p) => p[0] < middle).sort((a, b) => at(a, middle) - at(b, middle));
    for (const [low, high] of pairs(crossed, floor === null ? null : [left, floor, right, floor])) {
      quad(left, at(low, left), at(high, left), right, at(low, right), at(high, right));
    }
  }
}

const round = (value) => Math.round(value * 1000) / 1000;
const at = (p, u) => (p[2] - p[0] < 1e-9 ? (p[1] + p[3]) / 2 : p[1] + (u - p[0]) / (p[2] - p[0]) * (p[3] - p[1]));

const NOTHING = [0, 0, 0];

// The rank of ground without hatching: hatched is soil that is guessed, and all ground where nothing is known of its layers.
const PLAIN = 255;

// Collects triangles in the plane with a colour each, and the lines round them.
export class Caps {
  constructor(plane, soil = null) {
    this.plane = plane;
    this.soil = soil;
    this.position = [];
    this.paint = [];
    this.marks = []; // the number of the thing that a face is of, in bytes
    this.mark = NOTHING;
    this.lines = [];
    this.surface = [];
  }

  place(u, v) {
    const {point, axes: {along, up}} = this.plane;
    return [0, 1, 2].map((e) => point[e] + u * along[e] + v * up[e]);
  }

  triangle(a, b, c, colour, rank) {
    this.position.push(...a, ...b, ...c);
    for (let k = 0; k < 3; k++) { this.paint.push(...colour, rank); this.marks.push(...this.mark, 255); }
  }

  quad(colour, rank, u1, low1, high1, u2, low2, high2) {
    const [a, b, c, d] = [this.place(u1, low1), this.place(u2, low2), this.place(u2, high2), this.place(u1, high1)];
    this.triangle(a, b, c, colour, rank);
    this.triangle(a, c, d, colour, rank);
  }

  line(piece) {
    this.lines.push(...this.place(piece[0], piece[1]), ...this.place(piece[2], piece[3]));
  }

  // Closed things, one by one; those that are `standing` may be without a bottom.
  solids(mesh, colourOf, rank, standing, sheets = []) {
    const things = new Map(), of = mesh.parts ?? mesh.owner;
    const hollow = new Set(sheets);
    mesh.volumes ??= volumesOf(mesh.position, of);
    slice(mesh.position, this.plane, (triangle, piece) => {
      const thing = of ? of[triangle] : 0;
      // Whose faces look inward is turned inside out.
      if (mesh.volumes.get(thing).size < 0) piece[4] = !piece[4];
      if (!things.has(thing)) things.set(thing, {pieces: [], triangle});
      things.get(thing).pieces.push(piece);
      this.line(piece);
    });
    for (const thing of hollow) things.delete(thing);
    const level = this.plane.level;
    for (const {pieces, triangle} of things.values()) {
      const low = pieces.reduce((least, p) => Math.min(least, p[1], p[3]), Infinity);
      this.mark = mesh.mark ? mesh.mark.subarray(12 * triangle, 12 * triangle + 3) : NOTHING;
      fill(pieces, standing && !level ? low : null, (...quad) => this.quad(colourOf(triangle), rank, ...quad));
    }
    this.mark = NOTHING;
  }

  // The ground under a surface, down to a depth below it or to a height; water down to the bed below it, where there is one.
  ground(mesh, colour, rank, {base, depth, beds = []}) {
    if (this.plane.level) { this.above(mesh, colour, rank); return; }
    const bottom = (base - this.plane.point[2]) / Math.max(0.2, this.plane.axes.up[2]);
    const soil = depth || Math.abs(this.plane.normal[2]) > 1e-3 ? null : this.soil;
    slice(mesh.position, this.plane, (_triangle, p) => {
      if (soil && p[2] - p[0] > 1e-4) { this.layers(p, bottom, colour, soil); this.line(p); this.surface.push(p); return; }
      const [l, r] = depth ? bedOf(p, beds) ?? [p[1] - depth, p[3] - depth] : [bottom, bottom];
      if (p[2] - p[0] > 1e-4) this.quad(colour, rank, p[0], Math.min(l, p[1]), p[1], p[2], Math.min(r, p[3]), p[3]);
      this.line(p);
      this.surface.push(p);
    });
  }

  // The ground below a piece of its surface in the layers of its soil, cell by cell.
  layers([u1, v1, u2, v2], bottom, colour, soil) {
    const steps = Math.max(1, Math.ceil((u2 - u1) / soil.cell)), z0 = this.plane.point[2];
    const find = (k) => {
      const u = u1 + k / steps * (u2 - u1), v = v1 + k / steps * (v2 - v1), [x, y] = this.place(u, v);
      return {u, v, x, y, parts: soil.below(x, y, v + z0, bottom + z0)};
    };
    let last = find(0);
    for (let k = 1; k <= steps; k++) {
      const next = find(k);
      if (!last.parts || !next.parts) this.quad(colour, 0, last.u, bottom, last.v, next.u, bottom, next.v);
      else last.parts.forEach(([unit, top, low], n) => {
        const [, top2, low2] = next.parts[n];
        if (top - low < 1e-3 && top2 - low2 < 1e-3) return;
        const hatched = unit >= 0 && soil.guessed(unit, last.x, last.y);
        this.quad(unit < 0 ? colour : soil.colour(unit, last.x, last.y), hatched ? 0 : PLAIN, last.u, low - z0, top - z0, next.u, low2 - z0, top2 - z0);
        if (unit >= 0) this.line([last.u, low - z0, next.u, low2 - z0]);
      });
      last = next;
    }
  }

  // Where the plane goes through a surface of water in the ground; dashed, where that is how it was.
  water(mesh, dashed) {
    const pieces = [];
    slice(mesh.position, this.plane, (_triangle, [u1, v1, u2, v2]) => {
      const steps = dashed ? Math.max(1, Math.ceil((u2 - u1) / 0.2)) : 1, at = (k) => [u1 + k / steps * (u2 - u1), v1 + k / steps * (v2 - v1)];
      for (let k = 0; k < steps; k++) {
        const [a, b] = [at(k), at(k + 1)];
        if (!dashed || Math.floor((a[0] + b[0]) / 1.4) % 2 === 0) pieces.push(...this.place(...a), ...this.place(...b));
      }
    });
    return pieces;
  }

  // Terrain often has a hole under a building: there the ground goes on straight from one side to the other.
  gaps(colour, base, widest = 80) {
    const bottom = (base - this.plane.point[2]) / Math.max(0.2, this.plane.axes.up[2]);
    let last = null;
    for (const p of [...this.surface].sort((a, b) => a[0] - b[0])) {
      if (last && p[0] - last[2] > 0.05 && p[0] - last[2] < widest) {
        if (this.soil && Math.abs(this.plane.normal[2]) < 1e-3) this.layers([last[2], last[3], p[0], p[1]], bottom, colour, this.soil);
        else this.quad(colour, 0, last[2], bottom, last[3], p[0], bottom, p[1]);
      }
      if (!last || p[2] > last[2]) last = p;
    }
  }

  // A level plane through the ground: all that has ground above it.
  above(mesh, colour, rank) {
    const z = this.plane.point[2], p = mesh.position;
    for (let i = 0; i < p.length; i += 9) {
      const kept = [];
      for (let c = 0; c < 3; c++) {
        const a = i + 3 * c, b = i + 3 * ((c + 1) % 3), over = p[a + 2] >= z;
        if (over) kept.push([p[a], p[a + 1], z]);
        if (over === p[b + 2] >= z) continue;
        const s = (z - p[a + 2]) / (p[b + 2] - p[a + 2]);
        kept.push([p[a] + s * (p[b] - p[a]), p[a + 1] + s * (p[b + 1] - p[a + 1]), z]);
      }
      for (let k = 2; k < kept.length; k++) this.triangle(kept[0], kept[k - 1], kept[k], colour, rank);
    }
  }
}

// Heights at both ends of a piece of water of the ground below its middle; nothing where none lies below it.
function bedOf([left, y0, right, y1], beds) {
  const middle = (left + right) / 2, surface = (y0 + y1) / 2;
  let found = null, lowest = surface - 0.05;
  for (const [a, ya, b, yb] of beds) {
    if (b - a < 1e-6 || middle < a || middle > b) continue;
    const at = (x) => ya + (x - a) / (b - a) * (yb - ya);
    if (at(middle) < lowest) { lowest = at(middle); found = [Math.min(y0, at(left)), Math.min(y1, at(right))]; }
  }
  return found;
}
