// GATHER: y[row, k] = x[row, kept[k]].  Otherwise: y[row, kept[k]] = x[row, k], the other columns of y being zero before.
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> kept: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

struct Uniforms {
  elements: u32,
  count: u32,
  inputStride: u32,
  outputStride: u32,
}
@group(0) @binding(3) var<uniform> uniforms: Uniforms;

fn element(index: u32) {
  let row = index / uniforms.count;
  let k = index % uniforms.count;
  let inputColumn = select(k, kept[k], GATHER);
  let outputColumn = select(kept[k], k, GATHER);
  y[row * uniforms.outputStride + outputColumn] = x[row * uniforms.inputStride + inputColumn];
}
