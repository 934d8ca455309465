// What is known of the thing that was clicked.
import {$, make} from "./dom.js";
import {locale, t} from "./words.js";

const UNITS = {_m2: "m²", _m3: "m³", _m: "m", _deg: "°", _s: "s", _pct: "%"};

// The name of a column for people: its unit apart.
export function columnName(name) {
  const end = Object.keys(UNITS).find((one) => name.endsWith(one));
  const words = (end ? name.slice(0, -end.length) : name).replaceAll("_", " ");
  return {label: t(words), unit: end ? UNITS[end] : ""};
}

function valueText(value) {
  if (typeof value === "number") return value.toLocaleString(locale(), {maximumFractionDigits: 2, useGrouping: Math.abs(value) >= 10000});
  if (typeof value === "boolean") return value ? "✓" : "–";
  return String(value);
}

// Shows a thing and gives its attributes; null shows that there is none.
export function showCard(found) {
  const box = $("picked"), card = $("card");
  box.replaceChildren();
  if (!found) { card.hidden = true; return null; }
  const {entry} = found.layer, picked = {layer: entry.name};
  const columns = Object.entries(entry.attributes).filter(([, column]) => column[found.row] !== null && column[found.row] !== undefined && column[found.row] !== "");
  $("card-kind").textContent = t(entry.label);
  const named = entry.attributes.name?.[found.row] ?? entry.attributes.label?.[found.row];
  $("card-title").textContent = named ? String(named) : String(entry.attributes.id[found.row]);
  const list = make("dl", "", box);
  for (const [name, column] of columns) {
    const value = column[found.row], {label, unit} = columnName(name);
    picked[name] = value;
    make("dt", label, list);
    make("dd", unit ? `${valueText(value)} ${unit}` : valueText(value), list);
  }
  card.hidden = false;
  return picked;
}
