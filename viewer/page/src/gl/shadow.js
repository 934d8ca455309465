// The shadow of the sun: depths seen from it, one map a side of a comparison, drawn again only when something changed.
import * as THREE from "three";
import {shared} from "./common.js";

const BIAS = new THREE.Matrix4().set(0.5, 0, 0, 0.5, 0, 0.5, 0, 0.5, 0, 0, 0.5, 0.5, 0, 0, 0, 1);

export class Shadow {
  constructor(box, size) {
    this.box = box;
    this.size = size;
    this.maps = new Map();
    this.camera = new THREE.OrthographicCamera();
    this.camera.up.set(0, 0, 1);
    this.stale = new Set();
    this.around = null;
    shared.uShadow.value = this.mapOf("").depthTexture;
  }

  mapOf(side) {
    if (!this.maps.has(side)) {
      const depthTexture = new THREE.DepthTexture(this.size, this.size, THREE.UnsignedIntType);
      depthTexture.compareFunction = THREE.LessEqualCompare;
      depthTexture.minFilter = depthTexture.magFilter = THREE.LinearFilter;
      this.maps.set(side, new THREE.WebGLRenderTarget(this.size, this.size, {depthTexture, generateMipmaps: false}));
      this.stale.add(side);
    }
    return this.maps.get(side);
  }

  outdated() { for (const side of this.maps.keys()) this.stale.add(side); }

  // The map covers what is near the point looked at, so that its cells are fine; it moves only when one looks elsewhere.
  follow(target, distance) {
    const {low, high} = this.box;
    const whole = Math.hypot(high[0] - low[0], high[1] - low[1], high[2] - low[2]) / 2;
    const middle = new THREE.Vector3(...[0, 1, 2].map((e) => (low[e] + high[e]) / 2));
    let radius = Math.min(whole, Math.max(90, 1.35 * distance));
    const wanted = radius > 0.8 * whole ? middle : new THREE.Vector3().copy(target);
    if (radius > 0.8 * whole) radius = whole;
    const last = this.around;
    if (last && last.centre.distanceTo(wanted) < 0.22 * last.radius && radius < 1.15 * last.radius && radius > 0.5 * last.radius) return;
    this.around = {centre: wanted, radius: radius === whole ? whole : 1.25 * radius};
    this.outdated();
  }

  aim() {
    const {centre, radius} = this.around, sun = shared.uSun.value, camera = this.camera;
    const tall = this.box.high[2] - this.box.low[2] + 20;
    const reach = radius + Math.min(3 * radius, tall / Math.max(0.1, sun.z));
    camera.position.copy(centre).addScaledVector(sun, reach + 5);
    camera.left = camera.bottom = -radius;
    camera.right = camera.top = radius;
    camera.near = 1;
    camera.far = 2 * reach + 10;
    camera.lookAt(centre);
    camera.updateMatrixWorld();
    camera.updateProjectionMatrix();
    shared.uShadowMatrix.value.multiplyMatrices(BIAS, camera.projectionMatrix).multiply(camera.matrixWorldInverse);
    shared.uShadowTexel.value.set(2 * radius / this.size, 1 / this.size, 1);
  }

  // `paint` draws what casts, through our camera.
  use(side, renderer, paint) {
    const target = this.mapOf(side);
    if (this.stale.has(side)) {
      this.stale.delete(side);
      this.aim();
      // The map that is drawn into may not be read in the same pass.
      shared.uShadow.value = null;
      renderer.setRenderTarget(target);
      renderer.clear();
      paint(this.camera);
      renderer.setRenderTarget(null);
    }
    shared.uShadow.value = target.depthTexture;
  }
}
