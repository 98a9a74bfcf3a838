// y[token, columnOffset + output] = sum over inputs of x[token, input] * w[output, input].
// Each invocation makes TOKENS x OUTPUTS results in registers, so that a loaded lane is used several times.
@group(0) @binding(0) var<storage, read> x: array<Lane>;
@group(0) @binding(1) var<storage, read> w: array<Lane>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

struct Uniforms {
  tokens: u32,
  // Lanes in a row of x and of w.
  lanes: u32,
  outputs: u32,
  columnOffset: u32,
  // Columns of y.
  stride: u32,
}
@group(0) @binding(3) var<uniform> uniforms: Uniforms;

const TOKENS = 4u;
const OUTPUTS = 4u;

@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let firstOutput = id.x * OUTPUTS;
  let firstToken = id.y * TOKENS;
  if (firstOutput >= uniforms.outputs || firstToken >= uniforms.tokens) {
    return;
  }
  // Past the edge the last row is computed again and not written.
  var xRow: array<u32, TOKENS>;
  var wRow: array<u32, OUTPUTS>;
  for (var t = 0u; t < TOKENS; t++) {
    xRow[t] = min(firstToken + t, uniforms.tokens - 1u) * uniforms.lanes;
  }
  for (var o = 0u; o < OUTPUTS; o++) {
    wRow[o] = min(firstOutput + o, uniforms.outputs - 1u) * uniforms.lanes;
  }
  var sums: array<Lane, 16>;
  for (var lane = 0u; lane < uniforms.lanes; lane++) {
    let w0 = w[wRow[0] + lane];
    let w1 = w[wRow[1] + lane];
    let w2 = w[wRow[2] + lane];
    let w3 = w[wRow[3] + lane];
    for (var t = 0u; t < TOKENS; t++) {
      let value = x[xRow[t] + lane];
      sums[t * 4u] += value * w0;
      sums[t * 4u + 1u] += value * w1;
      sums[t * 4u + 2u] += value * w2;
      sums[t * 4u + 3u] += value * w3;
    }
  }
  for (var t = 0u; t < TOKENS; t++) {
    for (var o = 0u; o < OUTPUTS; o++) {
      let token = firstToken + t;
      let output = firstOutput + o;
      if (token < uniforms.tokens && output < uniforms.outputs) {
        y[token * uniforms.stride + uniforms.columnOffset + output] = horizontal(sums[t * 4u + o]);
      }
    }
  }
}
