// Everybody's way, and where everybody is at a moment.
import {integers, plainArray} from "./decode.js";

export function waysOf(buffer, entry) {
  const first = integers(buffer, entry.first), count = integers(buffer, entry.count);
  const start = integers(buffer, entry.start), steps = plainArray(buffer, entry.steps);
  const rows = steps.length / 3, persons = first.length;
  const place = new Int32Array(rows * 3), offset = new Int32Array(persons);
  let at = 0;
  for (let p = 0; p < persons; p++) {
    offset[p] = at;
    let x = start[p], y = start[persons + p], z = start[2 * persons + p];
    for (let k = 0; k < count[p]; k++, at++) {
      x += steps[at]; y += steps[rows + at]; z += steps[2 * rows + at];
      place[3 * at] = x; place[3 * at + 1] = y; place[3 * at + 2] = z;
    }
  }
  return {first, count, offset, place, persons, step: entry.step, times: entry.times};
}

// The last of ascending times that is not after a moment, 0 when all are.
export function lastBefore(times, time) {
  let low = 0, high = times.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (times[middle] <= time + 1e-6) low = middle; else high = middle - 1;
  }
  return low;
}

// Writes x, y, z and a tone of each who is there, between two recorded frames; returns how many they are.
export function peopleAt(ways, time, out) {
  const {times, place, step} = ways;
  const frame = lastBefore(times, time), next = Math.min(frame + 1, times.length - 1);
  const share = next > frame ? Math.min(1, Math.max(0, (time - times[frame]) / (times[next] - times[frame]))) : 0;
  let n = 0;
  for (let p = 0; p < ways.persons; p++) {
    const k = frame - ways.first[p];
    if (k < 0 || k >= ways.count[p]) continue;
    const a = 3 * (ways.offset[p] + k), b = k + 1 < ways.count[p] ? a + 3 : a;
    for (let e = 0; e < 3; e++) out[4 * n + e] = step * (place[a + e] + share * (place[b + e] - place[a + e]));
    out[4 * n + 3] = ((p * 2654435761) >>> 0) % 1024 / 1023;
    n++;
  }
  return n;
}
