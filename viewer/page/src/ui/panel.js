// Layers with their colours, the legend, the views, and what is said about the scene.
import {$, make, swatch} from "./dom.js";
import {t} from "./words.js";

const ORDER = ["change", "people", "results", "buildings", "street", "bridges", "green", "water", "ground", "underground", "points", "annotations"];

// What both sides of a comparison have and what only one of them has are parts of one layer: "buildings", "buildings@after".
const base = (layer) => layer.entry.name.split("@")[0];

export function writeHead(data) {
  $("title").textContent = data.title;
  $("subtitle").textContent = data.subtitle;
  $("subtitle").hidden = !data.subtitle;
  document.title = data.title || "Scene";
  for (const [id, lines] of [["notes", data.notes], ["credits", data.credits]]) {
    $(id).replaceChildren();
    for (const line of lines) make("li", t(line), $(id));
  }
  if (data.crs) make("li", `${t("Coordinates")}: ${data.crs}, ${t("origin")} ${data.origin.map((v) => v.toFixed(1)).join(", ")}`, $("notes"));
  $("credits-title").hidden = !data.credits.length;
}

export function writeViews(data, page) {
  $("views").replaceChildren();
  data.views.forEach((view, k) => {
    const button = make("button", t(view.label), $("views"), {type: "button"});
    if (k < 9) button.title = String(k + 1);
    button.addEventListener("click", () => page.go(k));
  });
  // A scene with a plan of its own needs no other; the key P has one always.
  const steep = data.views.some(({eye, target}) => eye[2] - target[2] > 0.98 * Math.hypot(...eye.map((v, k) => v - target[k])));
  if (steep) return;
  const plan = make("button", t("Plan"), $("views"), {type: "button", id: "plan"});
  plan.addEventListener("click", () => page.plan());
}

export function writeLayers(page) {
  const box = $("layers"), {layers} = page.stage;
  const open = new Map([...box.querySelectorAll("details")].map((one) => [one.dataset.group, one.open]));
  box.replaceChildren();
  const groups = new Map();
  for (const layer of layers) {
    if (layer.entry.group.startsWith("section-") || !page.isSeen({...layer, visible: true})) continue;
    const name = layer.entry.group || "other";
    const members = groups.get(name) ?? [];
    if (!members.some((one) => base(one) === base(layer))) groups.set(name, [...members, layer]);
  }
  const rank = (name) => (ORDER.indexOf(name) + 1 || ORDER.length + 1);
  for (const [name, members] of [...groups].sort((a, b) => rank(a[0]) - rank(b[0]))) {
    const part = make("details", "", box, {"data-group": name});
    part.open = open.get(name) ?? true;
    make("summary", t(name === "people" ? "people (layers)" : name), part);
    for (const layer of members) writeLayer(page, layer, part);
  }
}

function writeLayer(page, layer, parent) {
  const {entry} = layer, label = make("label", "", parent, {class: "layer"});
  const box = make("input", "", label, {type: "checkbox", name: entry.name});
  box.checked = layer.visible;
  const entries = page.data.key.filter((one) => one.layer === base(layer)).slice(0, 8);
  const colour = entry.kind === "people" || entry.kind === "lines" || entry.kind === "annotations" ? entry.colour : null;
  if (entries.length === 1) swatch(label, entries[0].colour, entries[0].stripe, "dot");
  else if (colour) swatch(label, colour, null, "dot round");
  make("span", t(entry.label), label);
  box.addEventListener("change", () => {
    for (const part of page.stage.layers.filter((one) => base(one) === base(layer))) page.showLayer(part, box.checked);
  });
  if (entries.length < 2) return;
  const list = make("ul", "", parent, {class: "keys"});
  for (const item of entries) {
    const row = make("li", "", list);
    swatch(row, item.colour, item.stripe, "dot");
    make("span", t(item.label), row);
  }
}

export function writeLegend(page) {
  const box = $("legend"), {data, stage} = page;
  box.replaceChildren();
  for (const legend of data.legends) {
    const fields = stage.layers.filter((layer) => layer.entry.kind === "field" && layer.entry.legend === legend.name);
    if (fields.length && !fields.some((layer) => page.isSeen(layer))) continue;
    make("h2", legend.unit ? `${t(legend.title)} [${t(legend.unit)}]` : t(legend.title), box);
    const list = make("ul", "", box, {class: "classes"});
    for (const item of legend.classes) {
      const row = make("li", "", list);
      swatch(row, item.colour, null);
      make("b", t(item.label), row);
      make("span", item.thing ? item.range : t(item.range), row);
    }
    if (legend.note) make("p", t(legend.note), box, {class: "small"});
  }
  if (page.section.on && stage.soil) make("p", t("Hatched soil is guessed: no sounding stands within 100 m of it. Brown ground was not explored."), box, {class: "small", id: "hatched"});
  const built = stage.layers.some((layer) => ["pit_wall", "pit_supports", "pit_wells"].includes(base(layer)) && page.isSeen(layer));
  if (page.section.on && built) make("p", t("Where none is given, sheets and struts have usual sizes and wells an estimated depth."), box, {class: "small", id: "estimated"});
  box.hidden = !box.childElementCount;
}
