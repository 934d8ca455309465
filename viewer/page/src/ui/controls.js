// The boxes for sun, section and ground, and the sides of a comparison.
import {$, make} from "./dom.js";
import {locale, t} from "./words.js";
import {instantOf, sunAt} from "../data/sun.js";

const number = (value, digits = 0) => value.toLocaleString(locale(), {maximumFractionDigits: digits, minimumFractionDigits: digits});

export class SunBox {
  constructor(page) {
    this.page = page;
    const {place, sun, date, clock_start: start} = page.data;
    this.known = Boolean(place);
    $("sun-known").hidden = !this.known;
    $("sun-free").hidden = this.known;
    $("sun-date").value = date || "2026-06-21";
    if (start) $("sun-hour").value = Number(start.split(":")[0]) + Number(start.split(":")[1]) / 60;
    $("sun-azimuth").value = sun.azimuth;
    $("sun-altitude").value = sun.altitude;
    for (const id of ["sun-date", "sun-hour", "sun-azimuth", "sun-altitude"]) $(id).addEventListener("input", () => this.change());
    if (this.known && date && start) this.change(); else this.write();
  }

  change() {
    this.chosen = true;
    if (this.known) {
      const {latitude, longitude, timezone} = this.page.data.place, date = $("sun-date").value;
      if (!date) return;
      this.page.setSun(sunAt(instantOf(date, Number($("sun-hour").value), timezone), latitude, longitude));
    } else this.page.setSun({azimuth: Number($("sun-azimuth").value), altitude: Number($("sun-altitude").value)});
    this.write();
  }

  write() {
    const {sun} = this.page.stage, hour = Number($("sun-hour").value);
    const time = `${String(Math.floor(hour)).padStart(2, "0")}:${String(Math.round(hour % 1 * 60)).padStart(2, "0")}`;
    const where = sun.altitude < -0.3 ? t("the sun is down") : `${number(sun.azimuth)}°, ${number(sun.altitude)}° ${t("high")}`;
    // What the scene says of the sun need not be of any day.
    const text = this.known && this.chosen ? `${time} · ${where}` : where;
    $("sun-text").textContent = text;
    for (const id of ["sun-hour", "sun-azimuth", "sun-altitude"]) $(id).setAttribute("aria-valuetext", text);
  }
}

export class SectionBox {
  constructor(page) {
    this.page = page;
    const {section, data} = page, {low, high} = data.bounds;
    for (const [id, low_, high_] of [["cut-offset", -section.reach, section.reach], ["cut-height", low[2] - 5, high[2]]]) {
      $(id).min = Math.floor(low_); $(id).max = Math.ceil(high_);
    }
    $("cut-upright").addEventListener("change", () => { if ($("cut-upright").checked) page.cutHere(); else page.cut(() => { section.upright.on = false; }); });
    $("cut-level").addEventListener("change", () => page.cut(() => { section.level.on = $("cut-level").checked; }));
    const set = (id, change) => $(id).addEventListener("input", () => page.cut(() => change(Number($(id).value))));
    set("cut-azimuth", (value) => { section.upright.azimuth = value; section.upright.tilt = 0; });
    set("cut-offset", (value) => { section.upright.offset = value; });
    set("cut-height", (value) => { section.level.height = value; });
    $("ghost").addEventListener("input", () => page.setGhost(1 - Number($("ghost").value) / 100));
    this.write();
  }

  write() {
    const {upright, level} = this.page.section;
    $("cut-upright").checked = upright.on;
    $("cut-level").checked = level.on;
    $("cut-upright-box").hidden = !upright.on;
    $("cut-level-box").hidden = !level.on;
    $("cut-azimuth").value = upright.azimuth;
    $("cut-offset").value = upright.offset;
    $("cut-height").value = level.height;
    const metres = level.height + this.page.data.origin[2];
    for (const [id, text] of [["cut-azimuth", `${number(upright.azimuth)}°`], ["cut-offset", `${number(upright.offset)} m`], ["cut-height", `${number(metres, 1)} m`]]) {
      $(id).setAttribute("aria-valuetext", text);
      $(`${id}-text`).textContent = text;
    }
    $("sections").replaceChildren();
    for (const one of this.page.data.sections) {
      make("button", t(one.label), $("sections"), {type: "button"}).addEventListener("click", () => this.page.showSection(one));
    }
    $("sections").hidden = !this.page.data.sections.length;
  }
}

// Which stage of the work is seen.
export class WorksBox {
  constructor(page) {
    this.page = page;
    const {stages} = page.data, slider = $("work");
    $("works").hidden = stages.length < 2;
    $("work-note").hidden = !page.data.legends.length;
    slider.max = Math.max(0, stages.length - 1);
    page.state.work = page.stage.work;
    slider.addEventListener("input", () => page.showWork(stages[Number(slider.value)].name));
  }

  write() {
    const {data: {stages}, stage} = this.page, number = stages.findIndex((one) => one.name === stage.work);
    if (number < 0) return;
    const {label, starts, ends} = stages[number];
    const day = (text) => new Date(`${text}T12:00:00Z`).toLocaleDateString(locale(), {day: "numeric", month: "short", year: "numeric", timeZone: "UTC"});
    const dates = starts && ends ? `${day(starts)} – ${day(ends)}` : starts ? `${t("from")} ${day(starts)}` : ends ? `${t("until")} ${day(ends)}` : "";
    $("work").value = number;
    $("work-name").textContent = label;
    $("work-dates").textContent = dates;
    $("work-count").textContent = `${number + 1} / ${stages.length}`;
    $("work").setAttribute("aria-valuetext", [label, dates, `${number + 1} / ${stages.length}`].filter(Boolean).join(", "));
  }
}

// Which side of a comparison is seen, or two with a divider between.
export class SidesBox {
  constructor(page) {
    this.page = page;
    const {sides} = page.data;
    this.choices = [...sides, ...(sides.includes("before") && sides.includes("after") ? ["swipe"] : [])];
    $("compare").hidden = !sides.length;
    const divider = $("divider");
    divider.addEventListener("pointerdown", (event) => { divider.setPointerCapture(event.pointerId); event.preventDefault(); divider.focus(); });
    divider.addEventListener("pointermove", (event) => { if (divider.hasPointerCapture(event.pointerId)) this.split(event.clientX / window.innerWidth); });
    divider.addEventListener("keydown", (event) => {
      const step = {ArrowLeft: -0.02, ArrowRight: 0.02, Home: -1, End: 1}[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      this.split(page.stage.split + step);
    });
  }

  split(share) {
    this.page.stage.split = Math.min(0.98, Math.max(0.02, share));
    this.place();
    this.page.touch();
  }

  place() {
    const {split} = this.page.stage;
    $("divider").hidden = $("side-left").hidden = $("side-right").hidden = split === null;
    if (split === null) return;
    $("divider").style.left = `${split * 100}%`;
    $("divider").setAttribute("aria-valuenow", String(Math.round(split * 100)));
    $("side-left").style.right = `calc(${100 - split * 100}% + 14px)`;
    $("side-right").style.left = `calc(${split * 100}% + 14px)`;
  }

  write() {
    const names = {before: "Before", after: "After", difference: "Difference", swipe: "Swipe"};
    $("sides").replaceChildren();
    for (const choice of this.choices) {
      const on = (this.page.stage.split === null ? this.page.stage.side : "swipe") === choice;
      const button = make("button", t(names[choice] ?? choice), $("sides"), {type: "button", "aria-pressed": String(on)});
      button.addEventListener("click", () => this.page.showSide(choice));
    }
    this.place();
  }
}
