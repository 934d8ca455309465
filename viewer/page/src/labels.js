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
        // a narrow picture has room for levels, not for what they are of: their lines tell that
        const full = () => (entry.own ? t(entry.texts[k]) : entry.texts[k]);
        const say = () => (this.narrow && element.className === "level" ? full().split(": ").pop() : full());
        element.textContent = say();
        if (entry.kind === "annotations") element.className = entry.dimension ? "measure" : entry.own ? "level" : "note";
        box.append(element);
        const thing = entry.kind === "annotations" && !entry.dimension ? entry.starts[k] : point;
        const level = element.className === "level";
        this.all.push({layer, point, thing, element, text: entry.texts[k], say, level, beside: entry.group === "scale", size: null});
      });
    }
  }

  // Nearer names win from farther ones. What lies over the picture at its left side hides none.
  arrange(camera, width, height, left = 0) {
    const taken = [], narrow = width < 500;
    if (narrow !== Boolean(this.narrow)) { this.narrow = narrow; this.spoken(); }
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
        // a level stands at the end of its line, on the side away from what it is of
        const away = one.level ? (this.across(one.thing, camera, width) <= at[0] ? 0 : -wide) : -wide / 2;
        const x = beside ? at[0] - wide - 3 : Math.max(left + 2, Math.min(width - wide - 2, at[0] + away));
        const middle = beside || one.level ? at[1] - tall / 2 : Math.max(2, at[1] - tall - 4);
        // levels have a line to what they are of, so they may move aside where the picture is small
        const moves = one.level ? [0, 0.5, -0.5, 1, -1] : [0];
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

  // How far right a place is in the picture [px].
  across(thing, camera, width) { return (place.set(...thing).project(camera).x + 1) / 2 * width; }

  // In another language.
  spoken() { for (const one of this.all) { one.element.textContent = one.say(); one.size = null; } }

  resized() { for (const one of this.all) one.size = null; }
}

function anchors(entry) {
  return entry.ends.map((end, k) => (entry.dimension ? end.map((value, e) => (value + entry.starts[k][e]) / 2) : end));
}
