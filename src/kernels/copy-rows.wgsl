// y[row] = x[firstRow + row * step]: every step-th row from one on.
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

struct Uniforms {
  width: u32,
  step: u32,
  firstRow: u32,
}
@group(0) @binding(2) var<uniform> uniforms: Uniforms;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < uniforms.width) {
    y[id.y * uniforms.width + id.x] = x[(uniforms.firstRow + id.y * uniforms.step) * uniforms.width + id.x];
  }
}
