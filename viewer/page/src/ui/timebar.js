// The slider of the moment, and playing.
import {$} from "./dom.js";
import {t} from "./words.js";

export class TimeBar {
  constructor(page) {
    this.page = page;
    const {moving, start, end} = page.data, slider = $("slider");
    $("time").hidden = !moving;
    document.body.classList.toggle("moving", moving);
    slider.min = start; slider.max = end; slider.step = Math.max(0.1, (end - start) / 2000);
    slider.addEventListener("input", () => page.setTime(Number(slider.value)));
    $("play").addEventListener("click", () => this.play(!page.state.playing));
    this.drawCurve();
  }

  // How many people there are over time, as a line behind the slider.
  drawCurve() {
    const {data, stage} = this.page, crowd = stage.layers.find((layer) => layer.crowd)?.crowd, bins = 120;
    if (!crowd || !data.moving) return;
    const {times} = crowd.ways, change = new Float64Array(times.length + 1);
    for (let p = 0; p < crowd.ways.persons; p++) { change[crowd.ways.first[p]]++; change[crowd.ways.first[p] + crowd.ways.count[p]]--; }
    const there = [];
    times.reduce((sum, _time, k) => (there[k] = sum + change[k]), 0);
    const most = there.reduce((high, number) => Math.max(high, number), 1), points = [];
    for (let k = 0; k <= bins; k++) {
      const frame = Math.min(times.length - 1, Math.round(k / bins * (times.length - 1)));
      points.push(`${k / bins * 100},${(22 - 20 * there[frame] / most).toFixed(2)}`);
    }
    $("curve-line").setAttribute("points", `0,24 ${points.join(" ")} 100,24`);
  }

  write() {
    const {playing} = this.page.state;
    $("play").setAttribute("aria-label", t(playing ? "Pause" : "Play"));
    $("play").title = t(playing ? "Pause" : "Play");
    $("play").classList.toggle("on", playing);
    // While it plays the moment is not read out time and again.
    $("moment").setAttribute("aria-live", playing ? "off" : "polite");
    if (this.page.state.ready) this.page.setTime(this.page.state.time);
  }

  play(on) {
    const {state, data} = this.page;
    state.playing = on && data.moving;
    if (state.playing && state.time >= data.end - 1e-6) this.page.setTime(data.start);
    this.write();
    this.last = 0;
  }

  step(direction) {
    const {data, state} = this.page;
    this.page.setTime(state.time + direction * Math.max(1, (data.end - data.start) / 60));
  }

  show(text) {
    const {state} = this.page;
    $("slider").value = state.time;
    $("slider").setAttribute("aria-valuetext", text);
    $("moment").textContent = text;
  }

  tick(now) {
    const {state, data} = this.page;
    if (!state.playing) return;
    if (this.last) {
      const time = state.time + (now - this.last) / 1000 * Number($("speed").value);
      this.page.setTime(time);
      if (time >= data.end) this.play(false);
    }
    this.last = now;
  }
}
