// Fields on the floor as textures: values and floor heights a level each, and a table of where and in which colours.
import * as THREE from "three";
import {integers, plainArray} from "../data/decode.js";
import {shared} from "./common.js";

export const MOST_LEVELS = 24;
const WIDE = 20;

export class Fields {
  constructor(layers, legends, buffer, step) {
    this.layers = layers.filter((layer) => layer.entry.kind === "field").slice(0, MOST_LEVELS);
    const entries = this.layers.map((layer) => layer.entry), levels = Math.max(1, entries.length);
    this.columns = Math.max(1, ...entries.map((e) => e.columns));
    this.rows = Math.max(1, ...entries.map((e) => e.rows));
    const size = this.columns * this.rows;
    const floor = new Float32Array(size * levels).fill(-1e6), table = new Float32Array(4 * WIDE * levels);
    this.values = new Uint8Array(size * levels);
    this.parts = entries.map((entry, level) => {
      const heights = integers(buffer, entry.height);
      for (let i = 0; i < entry.rows; i++) for (let j = 0; j < entry.columns; j++) {
        const z = heights[i * entry.columns + j];
        if (z > -1000000) floor[level * size + i * this.columns + j] = z * step;
      }
      table.set(tableRow(entry, legends.find((legend) => legend.name === entry.legend)), 4 * WIDE * level);
      return {entry, values: plainArray(buffer, entry.values), shown: -1};
    });
    const array = (data, format, type) => {
      const made = new THREE.DataArrayTexture(data, this.columns, this.rows, levels);
      made.format = format;
      made.type = type;
      made.unpackAlignment = 1;
      made.needsUpdate = true;
      return made;
    };
    shared.uFloor.value = array(floor, THREE.RedFormat, THREE.FloatType);
    this.texture = shared.uField.value = array(this.values, THREE.RedFormat, THREE.UnsignedByteType);
    shared.uTable.value = new THREE.DataTexture(table, WIDE, levels, THREE.RGBAFormat, THREE.FloatType);
    shared.uTable.value.needsUpdate = true;
  }

  get levels() { return this.layers.length; }

  // The first interval that ends at or after a moment.
  setTime(time) {
    let changed = false;
    this.parts.forEach((part, level) => {
      const {times, rows, columns} = part.entry;
      let k = times.findIndex((end) => end >= time - 1e-6);
      if (k < 0) k = times.length - 1;
      if (k === part.shown) return;
      part.shown = k;
      changed = true;
      for (let i = 0; i < rows; i++) {
        const from = (k * rows + i) * columns;
        this.values.set(part.values.subarray(from, from + columns), (level * this.rows + i) * this.columns);
      }
    });
    if (changed) this.texture.needsUpdate = true;
  }

  show(isShown) {
    let on = 0;
    this.layers.forEach((layer, level) => { if (isShown(layer)) on |= 1 << level; });
    shared.uOn.value = on >>> 0;
  }
}

function tableRow(entry, legend) {
  const classes = legend ? legend.classes.slice(0, WIDE - 4) : [];
  const row = [entry.west, entry.north, entry.cell, entry.top, entry.columns, entry.rows, entry.low, classes.length,
    entry.scale === "linear" ? 1 : 0, entry.opacity, legend && legend.named ? 1 : 0, 0];
  for (const one of classes) row.push(...one.colour.map((c) => c / 255), one.low ?? -1e30);
  if (classes.length < 2) row.push(0, 0, 0, 1);
  return row;
}
