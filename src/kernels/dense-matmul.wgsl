// y[token, columnOffset + output] = sum over inputs of x[token, input] * w[output, input].
// Each invocation makes 4 x 4 results in registers, so that a loaded lane is used four times. The sums have names of their
// own because compilers keep an indexed array in memory.
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

fn write(token: u32, output: u32, value: Lane) {
  if (token < uniforms.tokens && output < uniforms.outputs) {
    y[token * uniforms.stride + uniforms.columnOffset + output] = horizontal(value);
  }
}

@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let o = id.x * 4u;
  let t = id.y * 4u;
  if (o >= uniforms.outputs || t >= uniforms.tokens) {
    return;
  }
  // Past the edge the last row is computed again and not written.
  let lastToken = uniforms.tokens - 1u;
  let lastOutput = uniforms.outputs - 1u;
  let x0 = t * uniforms.lanes;
  let x1 = min(t + 1u, lastToken) * uniforms.lanes;
  let x2 = min(t + 2u, lastToken) * uniforms.lanes;
  let x3 = min(t + 3u, lastToken) * uniforms.lanes;
  let w0 = o * uniforms.lanes;
  let w1 = min(o + 1u, lastOutput) * uniforms.lanes;
  let w2 = min(o + 2u, lastOutput) * uniforms.lanes;
  let w3 = min(o + 3u, lastOutput) * uniforms.lanes;
  var s00 = Lane();
  var s01 = Lane();
  var s02 = Lane();
  var s03 = Lane();
  var s10 = Lane();
  var s11 = Lane();
  var s12 = Lane();
  var s13 = Lane();
  var s20 = Lane();
  var s21 = Lane();
  var s22 = Lane();
  var s23 = Lane();
  var s30 = Lane();
  var s31 = Lane();
  var s32 = Lane();
  var s33 = Lane();
  for (var lane = 0u; lane < uniforms.lanes; lane++) {
    let a0 = x[x0 + lane];
    let a1 = x[x1 + lane];
    let a2 = x[x2 + lane];
    let a3 = x[x3 + lane];
    let b0 = w[w0 + lane];
    let b1 = w[w1 + lane];
    let b2 = w[w2 + lane];
    let b3 = w[w3 + lane];
    s00 += a0 * b0;
    s01 += a0 * b1;
    s02 += a0 * b2;
    s03 += a0 * b3;
    s10 += a1 * b0;
    s11 += a1 * b1;
    s12 += a1 * b2;
    s13 += a1 * b3;
    s20 += a2 * b0;
    s21 += a2 * b1;
    s22 += a2 * b2;
    s23 += a2 * b3;
    s30 += a3 * b0;
    s31 += a3 * b1;
    s32 += a3 * b2;
    s33 += a3 * b3;
  }
  write(t, o, s00);
  write(t, o + 1u, s01);
  write(t, o + 2u, s02);
  write(t, o + 3u, s03);
  write(t + 1u, o, s10);
  write(t + 1u, o + 1u, s11);
  write(t + 1u, o + 2u, s12);
  write(t + 1u, o + 3u, s13);
  write(t + 2u, o, s20);
  write(t + 2u, o + 1u, s21);
  write(t + 2u, o + 2u, s22);
  write(t + 2u, o + 3u, s23);
  write(t + 3u, o, s30);
  write(t + 3u, o + 1u, s31);
  write(t + 3u, o + 2u, s32);
  write(t + 3u, o + 3u, s33);
}
