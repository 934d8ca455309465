// The drawing itself: raw WebGL2, one program a kind of thing, drawn only when something changed.
const KINDS = {floor: 0, water: 1, solid: 2, leaf: 3, beyond: 4};

class Painter {
  constructor(canvas, data, buffer) {
    const gl = canvas.getContext("webgl2", {antialias: true, alpha: false, powerPreference: "high-performance"});
    if (!gl) throw new Error("no-webgl2");
    this.gl = gl;
    this.canvas = canvas;
    this.data = data;
    this.programs = {
      mesh: this.program(MESH_VERTEX, MESH_FRAGMENT), pick: this.program(MESH_VERTEX, PICK_FRAGMENT),
      line: this.program(LINE_VERTEX, LINE_FRAGMENT), person: this.program(PERSON_VERTEX, PERSON_FRAGMENT),
      sky: this.program(SKY_VERTEX, SKY_FRAGMENT),
    };
    this.mapBox = [0, 0, 0, 0];
    this.map = this.lightMap(data.map, buffer);
    this.layers = [];
    this.owners = [];
    let base = 0;
    for (const entry of data.layers) {
      const layer = {entry, visible: entry.visible};
      if (entry.kind === "mesh") {
        this.addMesh(layer, buffer, base);
        if (entry.owner) { this.owners.push({base, layer}); base += entry.attributes.id.length; }
      } else if (entry.kind === "people") this.addPeople(layer, buffer);
      else if (entry.kind === "lines") this.addLines(layer);
      this.layers.push(layer);
    }
    this.addFields(buffer);
    this.skyArray = this.vertexArray(this.programs.sky, {aPosition: [new Float32Array([-1, -1, 3, -1, -1, 3]), 2]});
    this.picked = [0, 0, 0];
  }

  program(vertex, fragment) {
    const gl = this.gl;
    const program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
      gl.attachShader(program, shader);
    }
    // The same attribute has the same place in every program, so that one array serves drawing and picking.
    ["aPosition", "aNormal", "aPaint", "aLight", "aPick", "aWhere"].forEach((name, k) => gl.bindAttribLocation(program, k, name));
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
    const at = {};
    const count = gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS);
    for (let k = 0; k < count; k++) {
      const name = gl.getActiveUniform(program, k).name;
      at[name.replace("[0]", "")] = gl.getUniformLocation(program, name);
    }
    return {program, at};
  }

  vertexArray(program, attributes) {
    const gl = this.gl;
    const array = gl.createVertexArray();
    gl.bindVertexArray(array);
    for (const [name, [values, size, normalised]] of Object.entries(attributes)) {
      const place = gl.getAttribLocation(program.program, name);
      gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
      gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
      const type = values instanceof Float32Array ? gl.FLOAT : values instanceof Int8Array ? gl.BYTE : gl.UNSIGNED_BYTE;
      if (place < 0) continue;
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, size, type, Boolean(normalised), 0, 0);
    }
    gl.bindVertexArray(null);
    return array;
  }

  texture(format, inner, width, height, values) {
    const gl = this.gl;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.texImage2D(gl.TEXTURE_2D, 0, inner, width, height, 0, format, gl.UNSIGNED_BYTE, values);
    for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
    for (const way of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, way, gl.LINEAR);
    return texture;
  }

  lightMap(map, buffer) {
    const gl = this.gl;
    if (!map) return this.texture(gl.RGBA, gl.RGBA8, 1, 1, new Uint8Array([255, 255, 255, 255]));
    const planes = plainArray(buffer, map.planes);
    const size = map.rows * map.columns;
    const pixels = new Uint8Array(size * 4);
    for (let k = 0; k < size; k++) for (let c = 0; c < 4; c++) pixels[4 * k + c] = planes[c * size + k];
    this.mapBox = [map.west, map.north, 1 / (map.columns * map.cell), 1 / (map.rows * map.cell)];
    return this.texture(gl.RGBA, gl.RGBA8, map.columns, map.rows, pixels);
  }

  addMesh(layer, buffer, base) {
    const arrays = meshArrays(buffer, layer.entry, this.data.step, base);
    layer.corners = arrays.corners;
    layer.array = this.vertexArray(this.programs.mesh, {
      aPosition: [arrays.position, 3], aNormal: [arrays.normal, 4, true], aPaint: [arrays.paint, 4, true],
      aLight: [arrays.light, 2, true], aPick: [arrays.pick, 4, true],
    });
    if (layer.entry.edges) {
      const lines = creases(arrays);
      layer.edgeCount = lines.length / 3;
      layer.edgeArray = this.vertexArray(this.programs.line, {aPosition: [lines, 3]});
    }
  }

  addPeople(layer, buffer) {
    const gl = this.gl;
    layer.ways = peopleArrays(buffer, layer.entry);
    layer.out = new Float32Array(4 * Math.max(1, layer.ways.persons));
    const body = capsule();
    layer.bodyCount = body.length / 3;
    layer.array = this.vertexArray(this.programs.person, {aPosition: [body, 3]});
    gl.bindVertexArray(layer.array);
    layer.where = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, layer.where);
    gl.bufferData(gl.ARRAY_BUFFER, layer.out.byteLength, gl.DYNAMIC_DRAW);
    const place = gl.getAttribLocation(this.programs.person.program, "aWhere");
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, 4, gl.FLOAT, false, 0, 0);
    gl.vertexAttribDivisor(place, 1);
    gl.bindVertexArray(null);
    layer.count = 0;
  }

  addFields(buffer) {
    const gl = this.gl;
    this.fields = this.layers.filter((layer) => layer.entry.kind === "field").slice(0, 8);
    const entries = this.fields.map((layer) => layer.entry);
    this.grid = entries.length ? fieldGrid(buffer, entries, this.data.step) : null;
    const {rows, columns, floor} = this.grid || {rows: 1, columns: 1, floor: new Float32Array(1)};
    this.floorTexture = this.arrayTexture(gl.R32F, columns, rows, Math.max(1, entries.length));
    gl.texSubImage3D(gl.TEXTURE_2D_ARRAY, 0, 0, 0, 0, columns, rows, Math.max(1, entries.length), gl.RED, gl.FLOAT, floor);
    this.fieldTexture = this.arrayTexture(gl.R8, columns, rows, Math.max(1, entries.length));
    this.low = new Float32Array(9).fill(1e9);
    this.colours = new Float32Array(27);
    this.classes = 0;
    if (!entries.length) return;
    const classes = this.data.legends.find((legend) => legend.name === entries[0].legend).classes.slice(0, 9);
    classes.forEach((item, k) => { this.low[k] = item.low; item.colour.forEach((c, e) => { this.colours[3 * k + e] = c / 255; }); });
    this.classes = classes.length;
    this.tops = new Float32Array(8).map((_, k) => (k < entries.length ? entries[k].top : 0));
  }

  arrayTexture(format, width, height, levels) {
    const gl = this.gl, texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, texture);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.texStorage3D(gl.TEXTURE_2D_ARRAY, 1, format, width, height, levels);
    for (const way of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D_ARRAY, way, gl.NEAREST);
    return texture;
  }

  addLines(layer) {
    const out = [];
    for (const path of layer.entry.paths) for (let k = 1; k < path.length; k++) out.push(...path[k - 1], ...path[k]);
    layer.corners = out.length / 3;
    layer.array = this.vertexArray(this.programs.line, {aPosition: [new Float32Array(out), 3]});
  }

  // Move people and fields to a moment.
  setTime(time) {
    const gl = this.gl;
    for (const layer of this.layers) {
      if (layer.ways) {
        layer.count = peopleAt(layer.entry, layer.ways, time, layer.out);
        gl.bindBuffer(gl.ARRAY_BUFFER, layer.where);
        gl.bufferSubData(gl.ARRAY_BUFFER, 0, layer.out.subarray(0, 4 * layer.count));
      }
    }
    if (!this.grid) return;
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.fieldTexture);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    this.grid.levels.forEach((part, level) => {
      const {times, rows, columns} = part.entry;
      let k = times.findIndex((end) => end >= time - 1e-6);
      if (k < 0) k = times.length - 1;
      if (k === part.shown) return;
      part.shown = k;
      gl.texSubImage3D(gl.TEXTURE_2D_ARRAY, 0, part.j0, part.i0, level, columns, rows, 1, gl.RED, gl.UNSIGNED_BYTE,
        part.values.subarray(k * part.size, (k + 1) * part.size));
    });
  }

  use(name, frame, orbit) {
    const gl = this.gl, {program, at} = this.programs[name];
    gl.useProgram(program);
    gl.uniform3fv(at.uEye, frame.eye);
    gl.uniform3fv(at.uSun, this.data.sun);
    gl.uniform1f(at.uHaze, orbit.distance);
    gl.uniformMatrix4fv(at.uMatrix, false, frame.matrix);
    gl.uniform4fv(at.uMapBox, this.mapBox);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.map);
    gl.uniform1i(at.uMap, 0);
    return at;
  }

  draw(orbit) {
    const gl = this.gl, canvas = this.canvas;
    const frame = orbit.frame(canvas.width, canvas.height);
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.disable(gl.BLEND);
    gl.depthMask(true);
    gl.enable(gl.DEPTH_TEST);
    gl.depthFunc(gl.LEQUAL);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    this.drawSky(frame, orbit);
    this.drawMeshes(frame, orbit);
    this.drawPeople(frame, orbit);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
    gl.depthMask(false);
    this.drawLines(frame, orbit);
    gl.depthMask(true);
    return frame;
  }

  drawSky(frame, orbit) {
    const gl = this.gl, at = this.use("sky", frame, orbit);
    gl.uniform3fv(at.uForward, frame.forward);
    gl.uniform3fv(at.uRight, frame.right.map((v) => v * frame.half * frame.aspect));
    gl.uniform3fv(at.uUp, frame.up.map((v) => v * frame.half));
    gl.depthMask(false);
    gl.bindVertexArray(this.skyArray);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    gl.depthMask(true);
  }

  drawMeshes(frame, orbit) {
    const gl = this.gl, at = this.use("mesh", frame, orbit);
    gl.uniform3fv(at.uPicked, this.picked);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.fieldTexture);
    gl.uniform1i(at.uField, 1);
    gl.activeTexture(gl.TEXTURE2);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.floorTexture);
    gl.uniform1i(at.uFloor, 2);
    if (this.grid) {
      gl.uniform3f(at.uFieldBox, this.grid.west, this.grid.north, this.grid.cell);
      gl.uniform1fv(at.uTop, this.tops);
      gl.uniform1fv(at.uOn, new Float32Array(8).map((_, k) => (k < this.fields.length && this.fields[k].visible ? 1 : 0)));
      gl.uniform1fv(at.uLow, this.low);
      gl.uniform3fv(at.uColour, this.colours);
      gl.uniform1i(at.uClasses, this.classes);
      gl.uniform1f(at.uOpacity, this.fields[0].entry.opacity);
    }
    for (const layer of this.layers) {
      if (layer.entry.kind !== "mesh" || !layer.visible) continue;
      gl.uniform1i(at.uKind, KINDS[layer.entry.light] ?? 2);
      gl.uniform1i(at.uLevels, layer.entry.floor ? this.fields.length : 0);
      gl.bindVertexArray(layer.array);
      gl.drawArrays(gl.TRIANGLES, 0, layer.corners);
    }
  }

  drawPeople(frame, orbit) {
    const gl = this.gl;
    for (const layer of this.layers) {
      if (!layer.ways || !layer.visible || !layer.count) continue;
      const at = this.use("person", frame, orbit);
      gl.uniform1f(at.uPixel, 2 * frame.half / this.canvas.height);
      gl.uniform3fv(at.uPaint, layer.entry.colour.map((c) => c / 255));
      gl.bindVertexArray(layer.array);
      gl.drawArraysInstanced(gl.TRIANGLES, 0, layer.bodyCount, layer.count);
    }
  }

  drawLines(frame, orbit) {
    const gl = this.gl, at = this.use("line", frame, orbit);
    for (const layer of this.layers) {
      if (!layer.visible) continue;
      if (layer.edgeArray) {
        gl.uniform4fv(at.uPaint, [0.16, 0.12, 0.1, 0.34]);
        gl.bindVertexArray(layer.edgeArray);
        gl.drawArrays(gl.LINES, 0, layer.edgeCount);
      } else if (layer.entry.kind === "lines") {
        gl.uniform4fv(at.uPaint, [...layer.entry.colour.map((c) => c / 255), 1]);
        gl.bindVertexArray(layer.array);
        gl.drawArrays(gl.LINES, 0, layer.corners);
      }
    }
  }

  // The thing under a pixel of the canvas: its layer and row, or null.
  pick(orbit, x, y) {
    const gl = this.gl, {width, height} = this.canvas;
    const target = gl.createFramebuffer(), colour = gl.createRenderbuffer(), depth = gl.createRenderbuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, target);
    gl.bindRenderbuffer(gl.RENDERBUFFER, colour);
    gl.renderbufferStorage(gl.RENDERBUFFER, gl.RGBA8, width, height);
    gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.RENDERBUFFER, colour);
    gl.bindRenderbuffer(gl.RENDERBUFFER, depth);
    gl.renderbufferStorage(gl.RENDERBUFFER, gl.DEPTH_COMPONENT24, width, height);
    gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.DEPTH_ATTACHMENT, gl.RENDERBUFFER, depth);
    gl.viewport(0, 0, width, height);
    gl.disable(gl.BLEND);
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(x, height - 1 - y, 1, 1);
    gl.clearColor(0, 0, 0, 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    this.use("pick", orbit.frame(width, height), orbit);
    for (const layer of this.layers) {
      if (layer.entry.kind !== "mesh" || !layer.visible) continue;
      gl.bindVertexArray(layer.array);
      gl.drawArrays(gl.TRIANGLES, 0, layer.corners);
    }
    const pixel = new Uint8Array(4);
    gl.readPixels(x, height - 1 - y, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
    gl.disable(gl.SCISSOR_TEST);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.deleteFramebuffer(target); gl.deleteRenderbuffer(colour); gl.deleteRenderbuffer(depth);
    const number = pixel[0] + 256 * pixel[1] + 65536 * pixel[2];
    this.picked = [pixel[0] / 255, pixel[1] / 255, pixel[2] / 255];
    if (!number) return null;
    for (const {base, layer} of [...this.owners].reverse()) if (number > base) return {layer, row: number - base - 1};
    return null;
  }
}

// A standing person: a tapering body and a round top.
function capsule() {
  const profile = [[0.155, 0], [0.25, 1.085], [0.23, 1.4], [0.13, 1.66]], sides = 6, top = [0, 0, 1.75], out = [];
  const ring = profile.map(([r, z]) => Array.from({length: sides}, (_, k) => {
    const turn = 2 * Math.PI * k / sides;
    return [r * Math.cos(turn), r * Math.sin(turn), z];
  }));
  for (let k = 0; k < sides; k++) {
    const n = (k + 1) % sides;
    for (let p = 0; p + 1 < ring.length; p++) out.push(ring[p][k], ring[p][n], ring[p + 1][n], ring[p][k], ring[p + 1][n], ring[p + 1][k]);
    out.push(ring[ring.length - 1][k], ring[ring.length - 1][n], top);
  }
  return new Float32Array(out.flat());
}
