// y[row, column] = x[row, column] where the column is one of the row's expert, else 0.
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> experts: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

struct Uniforms {
  elements: u32,
  width: u32,
  // Columns of one expert.
  size: u32,
}
@group(0) @binding(3) var<uniform> uniforms: Uniforms;

fn element(index: u32) {
  let expert = u32(experts[index / uniforms.width]);
  let isOwn = (index % uniforms.width) / uniforms.size == expert;
  y[index] = select(0.0, x[index], isOwn);
}
