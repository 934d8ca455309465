// Mouse, touch and keys.
import {$} from "./dom.js";

const DRAG = 5;

export function bindPointer(page) {
  const canvas = $("picture"), held = new Map();
  let moved = 0, spread = 0;
  const gap = () => { const [a, b] = [...held.values()]; return Math.hypot(a.x - b.x, a.y - b.y); };
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("pointerdown", (event) => {
    try { canvas.setPointerCapture(event.pointerId); } catch { /* a pointer that is gone already */ }
    held.set(event.pointerId, {x: event.clientX, y: event.clientY});
    if (held.size === 1) moved = 0; else { moved = 99; spread = gap(); }
  });
  canvas.addEventListener("pointermove", (event) => {
    const last = held.get(event.pointerId);
    if (!last) return;
    const dx = event.clientX - last.x, dy = event.clientY - last.y, size = canvas.clientHeight, {orbit} = page;
    held.set(event.pointerId, {x: event.clientX, y: event.clientY});
    moved += Math.abs(dx) + Math.abs(dy);
    if (moved < DRAG) return;
    if (held.size === 2) {
      const now = gap();
      if (spread > 0 && now > 0) orbit.zoom(spread / now);
      spread = now;
      orbit.pan(-dx / size / 2, dy / size / 2);
    } else if (event.buttons & 6 || event.shiftKey) orbit.pan(-dx / size, dy / size);
    else orbit.turn(dx / size * 2.6, dy / size * 1.8);
  });
  const release = (event) => {
    const known = held.delete(event.pointerId);
    if (known && event.type === "pointerup" && moved < DRAG && event.button === 0) page.pickAt(event.offsetX, event.offsetY);
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    page.orbit.zoom(Math.exp(Math.max(-80, Math.min(80, event.deltaY)) * 0.0025), page.groundAt(event.offsetX, event.offsetY));
  }, {passive: false});
}

const TURNS = {ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]};
const MOVES = {a: [-1, 0], d: [1, 0], w: [0, 1], s: [0, -1]};

// Keys of the picture; S moves back there, and swaps sides everywhere else and where Shift is held.
function pictureKey(page, event, key) {
  const turn = TURNS[event.key], move = MOVES[key], {orbit} = page;
  if (turn && event.shiftKey) orbit.pan(-0.06 * turn[0], 0.06 * turn[1]);
  else if (turn) orbit.turn(0.08 * turn[0], 0.05 * turn[1]);
  else if (move && !event.shiftKey && !(key === "s" && page.data.sides.length)) orbit.pan(0.05 * move[0], 0.05 * move[1]);
  else if (event.key === "Enter") page.pickAt($("picture").clientWidth / 2, $("picture").clientHeight / 2);
  else if (event.key === " ") page.play(!page.state.playing);
  else return false;
  return true;
}

function pageKey(page, event, key) {
  const actions = {
    "+": () => page.orbit.zoom(0.88), "=": () => page.orbit.zoom(0.88), "-": () => page.orbit.zoom(1 / 0.88),
    r: () => page.go(0), home: () => page.go(0), p: () => page.plan(), "[": () => page.stepTime(-1), "]": () => page.stepTime(1),
    l: () => page.setLanguage(page.state.language === "en" ? "nl" : "en"), h: () => page.help(), "?": () => page.help(),
    x: () => page.toggleCut(), s: () => page.nextSide(), c: () => page.showSide("swipe"), escape: () => page.closeAll(),
  };
  if (/^[1-9]$/.test(key)) page.go(Number(key) - 1);
  else if (actions[key]) actions[key]();
  else return false;
  return true;
}

export function bindKeys(page) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toLowerCase(), on = event.target;
    const typing = on instanceof HTMLElement && on.matches("input:not([type=checkbox]), select, textarea");
    if (typing && key !== "escape") return;
    const inPicture = on === $("picture") || on === document.body;
    if ((inPicture && pictureKey(page, event, key)) || pageKey(page, event, key)) event.preventDefault();
  });
}
