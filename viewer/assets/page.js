// The page round the picture: layers, legend, time, views, what was clicked. Texts are set as text, never as HTML.
const $ = (id) => document.getElementById(id);
const state = {ready: false, error: "", layers: {}, time: 0, picked: null, people: 0, playing: false};
window.stadstwin = state;

function make(tag, text, parent, attributes = {}) {
  const element = document.createElement(tag);
  if (text !== "") element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (parent) parent.append(element);
  return element;
}

function fail(message) {
  state.error = message;
  document.documentElement.dataset.ready = "error";
  $("message").hidden = false;
  $("message").textContent = message;
}

const two = (n) => String(n).padStart(2, "0");
const clock = (s) => `${two(Math.floor(s / 3600) % 24)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;

function momentText(data, time) {
  const s = Math.max(0, Math.round(time));
  const since = s < 3600 ? `${two(Math.floor(s / 60))}:${two(s % 60)}` : clock(s);
  if (!data.clock_start) return `t = ${since}`;
  const [h, m, sec] = data.clock_start.split(":").map(Number);
  return `${clock(h * 3600 + m * 60 + (sec || 0) + s)} (t = ${since})`;
}

class Page {
  constructor(data, painter) {
    this.data = data;
    this.painter = painter;
    this.orbit = new Orbit();
    this.orbit.take(data.views[0]);
    this.dirty = true;
    this.writeHead();
    this.writeViews();
    this.writeLayers();
    this.writeLegend();
    this.writeLabels();
    this.bindTime();
    this.bindPointer();
    this.bindKeys();
    new ResizeObserver(() => this.resize()).observe($("picture"));
    this.resize();
    this.setTime(data.time);
    this.draw();
    requestAnimationFrame((now) => this.tick(now));
  }

  writeHead() {
    const {title, subtitle, notes, credits, crs, origin} = this.data;
    $("title").textContent = title;
    $("subtitle").textContent = subtitle;
    for (const line of notes) make("li", line, $("notes"));
    if (crs) make("li", `Coordinates: ${crs}, origin ${origin.map((v) => v.toFixed(1)).join(", ")}`, $("notes"));
    for (const line of credits) make("li", line, $("credits"));
  }

  writeViews() {
    for (const view of this.data.views) {
      make("button", view.label, $("views"), {type: "button"}).addEventListener("click", () => { this.orbit.take(view); this.dirty = true; });
    }
  }

  writeLayers() {
    for (const layer of this.painter.layers) {
      const label = make("label", "", $("layers"));
      const box = make("input", "", label, {type: "checkbox", name: layer.entry.name});
      box.checked = layer.visible;
      make("span", layer.entry.label, label);
      this.writeColours(layer.entry.name, label);
      state.layers[layer.entry.name] = layer.visible;
      box.addEventListener("change", () => {
        layer.visible = box.checked;
        state.layers[layer.entry.name] = box.checked;
        this.dirty = true;
      });
    }
  }

  // Beside its name the colours of a layer, with what they stand for where there is more than one.
  writeColours(name, label) {
    const entries = this.data.key.filter((one) => one.layer === name).slice(0, 8);
    for (const item of entries) {
      const mark = make("span", "", label, {class: "swatch dot", title: item.label});
      const colour = `rgb(${item.colour.join(",")})`;
      mark.style.background = item.stripe
        ? `repeating-linear-gradient(135deg, rgb(${item.stripe.join(",")}) 0 2px, ${colour} 2px 5px)`
        : colour;
      if (entries.length > 1) make("small", item.label, label);
    }
  }

  writeLegend() {
    for (const legend of this.data.legends) {
      make("h2", `${legend.title} [${legend.unit}]`, $("legend"));
      const list = make("ul", "", $("legend"), {class: "classes"});
      for (const item of legend.classes) {
        const row = make("li", "", list);
        make("span", "", row, {class: "swatch"}).style.background = `rgb(${item.colour.join(",")})`;
        make("b", item.label, row);
        make("span", item.range, row);
      }
      if (legend.note) make("p", legend.note, $("legend"), {class: "small"});
    }
    $("legend").hidden = !this.data.legends.length;
  }

  writeLabels() {
    this.labels = [];
    for (const layer of this.painter.layers) {
      if (layer.entry.kind !== "labels") continue;
      layer.entry.points.forEach((place, k) => this.labels.push({layer, place, element: make("span", layer.entry.texts[k], $("labels"))}));
      if (layer.entry.group === "scale") this.labels.forEach((label) => { label.beside ||= label.layer === layer; });
    }
  }

  bindTime() {
    const {moving, start, end} = this.data;
    $("time").hidden = !moving;
    const slider = $("slider");
    slider.min = start; slider.max = end; slider.step = Math.max(0.1, (end - start) / 2000);
    slider.addEventListener("input", () => this.setTime(Number(slider.value)));
    $("play").addEventListener("click", () => this.play(!state.playing));
  }

  play(on) {
    state.playing = on && this.data.moving;
    if (state.playing && state.time >= this.data.end - 1e-6) this.setTime(this.data.start);
    $("play").textContent = state.playing ? "Pause" : "Play";
    $("play").setAttribute("aria-pressed", String(state.playing));
    this.last = 0;
  }

  setTime(time) {
    state.time = Math.min(this.data.end, Math.max(this.data.start, time));
    this.painter.setTime(state.time);
    const crowds = this.painter.layers.filter((layer) => layer.ways);
    state.people = crowds.reduce((sum, layer) => sum + layer.count, 0);
    const people = crowds.length ? `, ${state.people.toLocaleString("en")} people` : "";
    const text = momentText(this.data, state.time) + people;
    $("slider").value = state.time;
    $("slider").setAttribute("aria-valuetext", text);
    $("moment").textContent = text;
    this.dirty = true;
  }

  tick(now) {
    if (state.playing) {
      if (this.last) {
        const time = state.time + (now - this.last) / 1000 * Number($("speed").value);
        this.setTime(time);
        if (time >= this.data.end) this.play(false);
      }
      this.last = now;
    }
    if (this.dirty) this.draw();
    requestAnimationFrame((next) => this.tick(next));
  }

  resize() {
    const canvas = $("picture"), ratio = Math.min(2, window.devicePixelRatio || 1);
    canvas.width = Math.max(1, Math.round(canvas.clientWidth * ratio));
    canvas.height = Math.max(1, Math.round(canvas.clientHeight * ratio));
    this.dirty = true;
  }

  draw() {
    this.dirty = false;
    const frame = this.painter.draw(this.orbit), canvas = $("picture");
    $("needle").style.transform = `rotate(${this.orbit.northDegrees.toFixed(1)}deg)`;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    for (const {layer, place, element, beside} of this.labels) {
      const at = layer.visible ? project(frame.matrix, place, width, height) : null;
      element.hidden = !at || at[0] < 0 || at[0] > width || at[1] < 0 || at[1] > height;
      if (element.hidden) continue;
      // A name is moved in from the edge of the picture rather than cut off; a mark of a scale stands left of its line.
      const wide = element.offsetWidth, tall = element.offsetHeight;
      const x = beside ? at[0] - wide - 3 : Math.max(2, Math.min(width - wide - 2, at[0] - wide / 2));
      const y = beside ? at[1] - tall / 2 : Math.max(2, at[1] - tall);
      element.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
    }
  }

  bindPointer() {
    const canvas = $("picture"), held = new Map();
    let moved = 0, spread = 0;
    const gap = () => { const [a, b] = [...held.values()]; return Math.hypot(a.x - b.x, a.y - b.y); };
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      held.set(event.pointerId, {x: event.clientX, y: event.clientY});
      if (held.size === 1) moved = 0; else { moved = 99; spread = gap(); }
    });
    canvas.addEventListener("pointermove", (event) => {
      const last = held.get(event.pointerId);
      if (!last) return;
      const dx = event.clientX - last.x, dy = event.clientY - last.y, size = canvas.clientHeight;
      held.set(event.pointerId, {x: event.clientX, y: event.clientY});
      moved += Math.abs(dx) + Math.abs(dy);
      if (held.size === 2) {
        const now = gap();
        if (spread > 0 && now > 0) this.orbit.zoom(spread / now);
        spread = now;
        this.orbit.pan(-dx / size / 4, dy / size / 4);
      } else if (event.buttons & 6 || event.shiftKey) this.orbit.pan(-dx / size / 1.8, dy / size / 1.8);
      else this.orbit.turn(dx / size * 2.6, dy / size * 1.8);
      this.dirty = true;
    });
    const release = (event) => {
      held.delete(event.pointerId);
      if (event.type === "pointerup" && moved < 5 && event.button === 0) this.pickAt(event.offsetX, event.offsetY);
    };
    canvas.addEventListener("pointerup", release);
    canvas.addEventListener("pointercancel", release);
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.orbit.zoom(Math.exp(Math.max(-80, Math.min(80, event.deltaY)) * 0.0025));
      this.dirty = true;
    }, {passive: false});
  }

  bindKeys() {
    const turns = {ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]};
    $("picture").addEventListener("keydown", (event) => {
      const turn = turns[event.key];
      if (turn && event.shiftKey) this.orbit.pan(-0.06 * turn[0], 0.06 * turn[1]);
      else if (turn) this.orbit.turn(0.08 * turn[0], 0.05 * turn[1]);
      else if (event.key === "+" || event.key === "=") this.orbit.zoom(0.88);
      else if (event.key === "-") this.orbit.zoom(1 / 0.88);
      else if (event.key === "Home") this.orbit.take(this.data.views[0]);
      else if (event.key === "Enter") { const c = $("picture"); this.pickAt(c.clientWidth / 2, c.clientHeight / 2); }
      else if (event.key === " ") this.play(!state.playing);
      else return;
      event.preventDefault();
      this.dirty = true;
    });
  }

  pickAt(x, y) {
    const canvas = $("picture"), ratio = canvas.width / canvas.clientWidth;
    const found = this.painter.pick(this.orbit, Math.floor(x * ratio), Math.floor(y * ratio));
    const box = $("picked");
    box.replaceChildren();
    state.picked = null;
    if (found) {
      const list = make("dl", "", box), attributes = found.layer.entry.attributes;
      state.picked = {layer: found.layer.entry.name};
      for (const [name, column] of Object.entries(attributes)) {
        const value = column[found.row];
        if (value === null || value === undefined) continue;
        state.picked[name] = value;
        make("dt", name.replace(/_m$/, " [m]").replaceAll("_", " "), list);
        make("dd", String(value), list);
      }
    } else make("p", "Nothing there. Click a building.", box);
    this.dirty = true;
  }
}

async function start() {
  const data = JSON.parse($("scene-data").textContent);
  if (!window.WebGL2RenderingContext) throw new Error("no-webgl2");
  if (!window.DecompressionStream) throw new Error("This browser is too old to open the scene; please use one of 2023 or later.");
  const buffer = await inflate($("scene-bytes").textContent);
  if (buffer.byteLength !== data.size) throw new Error("The file is damaged: its data has not the length it should have.");
  $("scene-bytes").remove();
  const page = new Page(data, new Painter($("picture"), data, buffer));
  state.page = page;
  state.ready = true;
  document.documentElement.dataset.ready = "1";
  document.documentElement.dataset.layers = Object.keys(state.layers).join(" ");
  $("message").hidden = true;
}

start().catch((error) => fail(error.message === "no-webgl2"
  ? "This scene needs WebGL2, which this browser or graphics card does not offer. Please open it in a current browser."
  : `The scene cannot be shown: ${error.message}`));
