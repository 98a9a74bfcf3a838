// y[token, columnOffset + output] for few tokens: one invocation a result, without a barrier.
@group(0) @binding(0) var<storage, read> x: array<Lane>;
@group(0) @binding(1) var<storage, read> w: array<Lane>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

struct Uniforms {
  tokens: u32,
  lanes: u32,
  outputs: u32,
  columnOffset: u32,
  stride: u32,
}
@group(0) @binding(3) var<uniform> uniforms: Uniforms;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let output = id.x;
  let token = id.y;
  if (output >= uniforms.outputs) {
    return;
  }
  let xRow = token * uniforms.lanes;
  let wRow = output * uniforms.lanes;
  var even = Lane();
  var odd = Lane();
  var lane = 0u;
  for (; lane + 1u < uniforms.lanes; lane += 2u) {
    even += x[xRow + lane] * w[wRow + lane];
    odd += x[xRow + lane + 1u] * w[wRow + lane + 1u];
  }
  if (lane < uniforms.lanes) {
    even += x[xRow + lane] * w[wRow + lane];
  }
  y[token * uniforms.stride + uniforms.columnOffset + output] = horizontal(even + odd);
}
