// From the page's bytes to arrays: gzip and base64 undone, differences summed.
const TYPES = {
  int8: Int8Array, int16: Int16Array, int32: Int32Array, uint8: Uint8Array, uint16: Uint16Array,
  uint32: Uint32Array, float32: Float32Array,
};

export async function inflate(text) {
  const packed = atob(text.trim());
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

export function plainArray(buffer, where) {
  return new TYPES[where.type](buffer, where.at, where.n);
}

// Integers stored as differences, one column after another; gives an Int32Array in the same order.
export function integers(buffer, where) {
  const steps = plainArray(buffer, where);
  const columns = where.heads.length;
  const rows = columns ? steps.length / columns : 0;
  const out = new Int32Array(steps.length);
  for (let c = 0; c < columns; c++) {
    let value = where.heads[c];
    for (let r = 0; r < rows; r++) {
      value += steps[c * rows + r];
      out[c * rows + r] = value;
    }
  }
  return out;
}
