// y[row] = x[firstRow + row * step]: every step-th row from one on.
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

struct Uniforms {
  elements: u32,
  width: u32,
  step: u32,
  firstRow: u32,
}
@group(0) @binding(2) var<uniform> uniforms: Uniforms;

fn element(index: u32) {
  let row = index / uniforms.width;
  y[index] = x[(uniforms.firstRow + row * uniforms.step) * uniforms.width + index % uniforms.width];
}
