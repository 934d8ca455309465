// Layers of the ground on cells: what a cut through it is filled with.
import {integers, plainArray} from "./decode.js";

export class Soil {
  constructor(given, buffer, step) {
    Object.assign(this, given);
    this.z = integers(buffer, given.heights).map((value) => value);
    this.step = step;
    this.known = plainArray(buffer, given.certainty);
  }

  // Heights of the boundaries at a place, between cells in a straight line, or null outside.
  at(x, y) {
    const {rows, columns, cell, west, north, z, step} = this;
    let u = (x - west) / cell - 0.5, v = (north - y) / cell - 0.5;
    if (u < -0.5 || v < -0.5 || u > columns - 0.5 || v > rows - 0.5) return null;
    u = Math.min(columns - 1, Math.max(0, u)); v = Math.min(rows - 1, Math.max(0, v));
    const j = Math.min(columns - 2, Math.floor(u)), i = Math.min(rows - 2, Math.floor(v)), a = u - j, b = v - i, out = [];
    for (let k = 0; k <= this.units.length; k++) {
      const p = (k * rows + i) * columns + j;
      out.push(step * ((1 - b) * ((1 - a) * z[p] + a * z[p + 1]) + b * ((1 - a) * z[p + columns] + a * z[p + columns + 1])));
    }
    return out;
  }

  // How well a layer is known at a place: 0 known, 1 inferred, 2 guessed, 3 unknown.
  howKnown(unit, x, y) {
    const {rows, columns, cell, west, north, known} = this;
    const j = Math.min(columns - 1, Math.max(0, Math.floor((x - west) / cell))), i = Math.min(rows - 1, Math.max(0, Math.floor((north - y) / cell)));
    const below = known[(unit * rows + i) * columns + j], above = unit ? known[((unit - 1) * rows + i) * columns + j] : 0;
    return Math.min(above, below);
  }

  guessed(unit, x, y) { return this.howKnown(unit, x, y) >= 2; }

  // The colour of a layer at a place: paler where it is known less well.
  colour(unit, x, y) {
    const {fade, ground, paper} = this, share = fade[this.howKnown(unit, x, y)], {colour} = this.units[unit];
    return colour.map((value, e) => Math.round((1 - paper[3]) * (share * value + (1 - share) * ground[e]) + paper[3] * paper[e]));
  }

  // What lies at a place below ground of a height: layers from the top down, as [unit, top, bottom]; -1 is not known.
  below(x, y, top, bottom) {
    const heights = this.at(x, y);
    if (!heights) return null;
    const over = top - heights[0], raised = heights.map((h) => (h >= heights[0] - 1e-3 && over >= 0 && over <= this.above ? top : Math.min(h, top)));
    const out = [[-1, top, raised[0]]];
    for (let k = 0; k < this.units.length; k++) out.push([this.units[k].name ? k : -1, Math.max(bottom, raised[k]), Math.max(bottom, raised[k + 1])]);
    out.push([-1, Math.max(bottom, raised[this.units.length]), bottom]);
    return out;
  }
}
