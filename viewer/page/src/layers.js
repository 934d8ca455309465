// A layer of the scene as what is drawn of it.
import * as THREE from "three";
import {plainArray} from "./data/decode.js";
import {meshArrays} from "./data/mesh.js";
import {Crowd} from "./gl/crowd.js";
import {lines, points} from "./gl/marks.js";
import {solidMaterials} from "./gl/solid.js";

// Builds the objects of a layer; numbers of its things start after `base`; gives where the next layer's start.
export function buildLayer(layer, {data, buffer, base, levels}) {
  const {entry} = layer;
  layer.base = base;
  if (entry.kind === "mesh") layer.objects = [meshOf(layer, buffer, data.step, base, levels)];
  else if (entry.kind === "people") { layer.crowd = new Crowd(entry, buffer); layer.objects = layer.crowd.objects; }
  else if (entry.kind === "points") layer.objects = [pointsOf(entry, buffer, base)];
  else if (entry.kind === "lines") layer.objects = [lines(piecesOf(entry.paths), entry.colour, entry.width, {uncut: entry.group.startsWith("section-")})];
  else if (entry.kind === "annotations") layer.objects = [lines(marksOf(entry), entry.colour, entry.own ? 1 : 1.6, {uncut: true})];
  return base + (entry.attributes?.id?.length ?? 0);
}

function meshOf(layer, buffer, step, base, levels) {
  const {entry} = layer;
  const arrays = layer.mesh = meshArrays(buffer, entry, step, base);
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute("position", new THREE.BufferAttribute(arrays.position, 3));
  for (const name of ["normal", "paint", "mark"]) geometry.setAttribute(name, new THREE.BufferAttribute(arrays[name], 4, true));
  if (entry.whole) geometry.setAttribute("pivot", new THREE.BufferAttribute(pivots(arrays), 3));
  geometry.computeBoundingSphere();
  const mesh = new THREE.Mesh(geometry);
  mesh.materials = solidMaterials(entry, levels);
  // Seen through, the ground is drawn last and from the top down, so that it is laid over things once.
  if (entry.ghost) mesh.renderOrder = entry.group === "ground" ? 52 : 50;
  return mesh;
}

// The middle of the thing that each corner is of.
function pivots({position, owner, triangles}) {
  const sums = new Map(), out = new Float32Array(position.length);
  for (let k = 0; k < triangles; k++) {
    const thing = owner ? owner[k] : 0, sum = sums.get(thing) ?? [0, 0, 0, 0];
    for (let e = 0; e < 3; e++) sum[e] += position[9 * k + e];
    sum[3]++;
    sums.set(thing, sum);
  }
  for (let corner = 0; corner < 3 * triangles; corner++) {
    const sum = sums.get(owner ? owner[Math.floor(corner / 3)] : 0);
    for (let e = 0; e < 3; e++) out[3 * corner + e] = sum[e] / sum[3];
  }
  return out;
}

// What a thing is filled with where it is cut: a dark shade of its colour, or a light one for a room.
export function capColour(layer) {
  const {mesh: {paint}, entry} = layer, [share, toward] = entry.hollow ? [0.45, [250, 226, 196]] : [0.42, [58, 44, 42]];
  return (triangle) => toward.map((value, e) => Math.round(share * paint[12 * triangle + e] + (1 - share) * value));
}

function pointsOf(entry, buffer, base) {
  const places = plainArray(buffer, entry.places).slice(), colours = plainArray(buffer, entry.colours);
  const count = places.length / 3, paint = new Uint8Array(4 * count), mark = new Uint8Array(4 * count);
  const known = entry.attributes?.id?.length ?? 0;
  for (let k = 0; k < count; k++) {
    const number = k < known ? base + k + 1 : 0;
    for (let e = 0; e < 3; e++) { paint[4 * k + e] = colours[3 * k + e]; mark[4 * k + e] = number >> (8 * e) & 255; }
  }
  return points(places, paint, mark, entry.size);
}

function piecesOf(paths) {
  const out = [];
  for (const path of paths) for (let k = 1; k < path.length; k++) out.push(...path[k - 1], ...path[k]);
  return out;
}

// Leaders are lines; a measure has a tick across at both ends.
function marksOf(entry) {
  const out = [];
  entry.starts.forEach((start, k) => {
    const end = entry.ends[k];
    out.push(...start, ...end);
    if (!entry.dimension) return;
    const d = [0, 1, 2].map((e) => end[e] - start[e]), flat = Math.hypot(d[0], d[1]), size = Math.min(1.2, 0.06 * Math.hypot(...d) + 0.2);
    const tick = flat > 1e-6 ? [-d[1] / flat * size, d[0] / flat * size, 0] : [size, 0, 0];
    for (const at of [start, end]) out.push(...at.map((v, e) => v - tick[e]), ...at.map((v, e) => v + tick[e]));
  });
  return out;
}
