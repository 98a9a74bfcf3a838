// GATHER: y[row, k] = x[row, kept[k]].  Otherwise: y[row, kept[k]] = x[row, k], the other columns of y being zero before.
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> kept: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

struct Uniforms {
  count: u32,
  inputStride: u32,
  outputStride: u32,
}
@group(0) @binding(3) var<uniform> uniforms: Uniforms;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= uniforms.count) {
    return;
  }
  let inputColumn = select(id.x, kept[id.x], GATHER);
  let outputColumn = select(kept[id.x], id.x, GATHER);
  y[id.y * uniforms.outputStride + outputColumn] = x[id.y * uniforms.inputStride + inputColumn];
}
