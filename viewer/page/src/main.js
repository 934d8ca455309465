// Opens the scene that stands in the page.
import {inflate} from "./data/decode.js";
import {Page} from "./page.js";
import {Stage} from "./stage.js";
import {$} from "./ui/dom.js";

const state = {ready: false, error: "", layers: {}, time: 0, picked: null, people: 0, playing: false, side: "", work: "", section: null, sun: null, ghost: 1, language: "en"};
window.stadstwin = state;

function fail(message) {
  state.error = message;
  document.documentElement.dataset.ready = "error";
  $("message").hidden = false;
  $("message").textContent = message;
}

async function start() {
  const data = JSON.parse($("scene-data").textContent);
  if (!window.WebGL2RenderingContext || !document.createElement("canvas").getContext("webgl2")) throw new Error("no-webgl2");
  if (!window.DecompressionStream) throw new Error("This browser is too old to open the scene; please use one of 2023 or later.");
  const buffer = await inflate($("scene-bytes").textContent);
  if (buffer.byteLength !== data.size) throw new Error("The file is damaged: its data has not the length it should have.");
  $("scene-bytes").remove();
  state.language = data.language ?? "en";
  state.page = new Page(data, new Stage($("picture"), data, buffer), state);
  state.ready = true;
  document.documentElement.dataset.ready = "1";
  document.documentElement.dataset.layers = Object.keys(state.layers).join(" ");
  $("message").hidden = true;
}

start().catch((error) => {
  console.error(error);
  fail(error.message === "no-webgl2"
    ? "This scene needs WebGL2, which this browser or graphics card does not offer. Please open it in a current browser."
    : `The scene cannot be shown: ${error.message}`);
});
