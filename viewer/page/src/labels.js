// Names at places, as text over the picture: moved in from its edges, and left out where they would lie over another.
import * as THREE from "three";
import {t} from "./ui/words.js";

const place = new THREE.Vector3();

export class Labels {
  constructor(box, layers, isShown) {
    this.box = box;
    this.isShown = isShown;
    this.all = [];
    for (const layer of layers) {
      const {entry} = layer;
      const at = entry.kind === "labels" ? entry.points : entry.kind === "annotations" ? anchors(entry) : [];
      at.forEach((point, k) => {
        const element = document.createElement("span");
        const say = () => (entry.own ? t(entry.texts[k]) : entry.texts[k]);
        element.textContent = say();
        if (entry.kind === "annotations") element.className = entry.dimension ? "measure" : entry.own ? "level" : "note";
        box.append(element);
        const thing = entry.kind === "annotations" && !entry.dimension ? entry.starts[k] : point;
        this.all.push({layer, point, thing, element, text: entry.texts[k], say, beside: entry.group === "scale", size: null});
      });
    }
  }

  // Nearer names win from farther ones.
  arrange(camera, width, height) {
    const taken = [];
    for (const one of this.all) {
      place.set(...one.point).project(camera);
      one.depth = place.z;
      one.at = place.z < 1 && place.z > -1 ? [(place.x + 1) / 2 * width, (1 - place.y) / 2 * height] : null;
    }
    for (const one of [...this.all].sort((a, b) => a.depth - b.depth)) {
      const {at, element, beside} = one;
      let shown = at && this.isShown(one.layer, one.thing, at[0] / width) && at[0] >= 0 && at[0] <= width && at[1] >= 0 && at[1] <= height;
      if (shown) {
        element.hidden = false;
        one.size ||= [element.offsetWidth, element.offsetHeight];
        const [wide, tall] = one.size;
        const x = beside ? at[0] - wide - 3 : Math.max(2, Math.min(width - wide - 2, at[0] - wide / 2));
        const middle = beside ? at[1] - tall / 2 : Math.max(2, at[1] - tall - 4);
        // levels have a line to what they are of, so they may move aside where the picture is small
        const moves = element.className === "level" ? [0, 0.5, -0.5, 1, -1] : [0];
        const free = (y) => (y >= 2 || y === middle) && !taken.some(([a, b, c, d]) => x < c && x + wide > a && y < d && y + tall > b);
        const y = moves.map((move) => middle + move * (tall + 1)).find(free);
        shown = y !== undefined;
        if (shown) {
          taken.push([x, y, x + wide, y + tall]);
          element.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
        }
      }
      element.hidden = !shown;
    }
  }

  // In another language.
  spoken() { for (const one of this.all) { one.element.textContent = one.say(); one.size = null; } }

  resized() { for (const one of this.all) one.size = null; }
}

function anchors(entry) {
  return entry.ends.map((end, k) => (entry.dimension ? end.map((value, e) => (value + entry.starts[k][e]) / 2) : end));
}
