// What is under a pixel: one pixel drawn again with numbers for colours.
import * as THREE from "three";
import {shared} from "./gl/common.js";

export class Picker {
  constructor(stage) {
    this.stage = stage;
    this.target = new THREE.WebGLRenderTarget(1, 1, {generateMipmaps: false, minFilter: THREE.NearestFilter, magFilter: THREE.NearestFilter});
  }

  // The layer and row at a place of the canvas (CSS pixels), or null.
  at(x, y, side, orbit) {
    const {stage} = this, {renderer, scene, canvas} = stage, camera = stage.camera;
    orbit.window(canvas.clientWidth, canvas.clientHeight, Math.floor(x), Math.floor(y), 1, 1);
    stage.prepare("pick", side);
    renderer.setRenderTarget(this.target);
    renderer.setScissorTest(false);
    renderer.setClearColor(0, 0);
    renderer.clear();
    renderer.render(scene, camera);
    const pixel = new Uint8Array(4);
    renderer.readRenderTargetPixels(this.target, 0, 0, 1, 1, pixel);
    renderer.setRenderTarget(null);
    orbit.window(canvas.clientWidth, canvas.clientHeight);
    const number = pixel[0] + 256 * pixel[1] + 65536 * pixel[2];
    if (!number) return null;
    const known = stage.layers.filter((layer) => layer.entry.attributes?.id && number > layer.base);
    const layer = known[known.length - 1];
    return layer ? {layer, row: number - layer.base - 1, number} : null;
  }

  mark(found) {
    const number = found ? found.number : 0;
    shared.uPicked.value.set((number & 255) / 255, (number >> 8 & 255) / 255, (number >> 16 & 255) / 255);
  }
}
