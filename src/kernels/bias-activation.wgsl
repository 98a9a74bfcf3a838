// y = activation(x + bias) + residual, in one pass.
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> bias: array<f32>;
@group(0) @binding(2) var<storage, read> residual: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

struct Uniforms {
  width: u32,
}
@group(0) @binding(4) var<uniform> uniforms: Uniforms;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  if (column >= uniforms.width) {
    return;
  }
  let index = id.y * uniforms.width + column;
  var value = activate(x[index] + bias[column]);
  if (HAS_RESIDUAL) {
    value += residual[index];
  }
  y[index] = value;
}
