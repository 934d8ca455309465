// Elements are made and filled here: texts are set as text, never as HTML.
export const $ = (id) => document.getElementById(id);

export function make(tag, text, parent, attributes = {}) {
  const element = document.createElement(tag);
  if (text !== "") element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (parent) parent.append(element);
  return element;
}

// A swatch of a colour, striped where a thing is not what it seems.
export function swatch(parent, colour, stripe, kind = "swatch") {
  const mark = make("span", "", parent, {class: kind, "aria-hidden": "true"}), rgb = (c) => `rgb(${c.join(",")})`;
  mark.style.background = stripe ? `repeating-linear-gradient(135deg, ${rgb(stripe)} 0 2px, ${rgb(colour)} 2px 5px)` : rgb(colour);
  return mark;
}

const two = (n) => String(n).padStart(2, "0");
export const clock = (s) => `${two(Math.floor(s / 3600) % 24)}:${two(Math.floor(s / 60) % 60)}:${two(Math.floor(s % 60))}`;

// A moment as clock time, when that is known, and as time since the start.
export function momentText(start, time) {
  const s = Math.max(0, Math.round(time));
  const since = s < 3600 ? `${two(Math.floor(s / 60))}:${two(s % 60)}` : clock(s);
  if (!start) return `t = ${since}`;
  const [h, m, sec] = start.split(":").map(Number);
  return `${clock(h * 3600 + m * 60 + (sec || 0) + s)} (t = ${since})`;
}
