// y[r, c] = x[rowSources[r], columnSources[c]], and 0 where either source is negative. One element an invocation.
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> rowSources: array<i32>;
@group(0) @binding(2) var<storage, read> columnSources: array<i32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

struct Uniforms {
  elements: u32,
  columns: u32,
  sourceColumns: u32,
}
@group(0) @binding(4) var<uniform> uniforms: Uniforms;

fn element(index: u32) {
  let row = rowSources[index / uniforms.columns];
  let column = columnSources[index % uniforms.columns];
  if (row < 0 || column < 0) {
    y[index] = 0.0;
  } else {
    y[index] = x[u32(row) * uniforms.sourceColumns + u32(column)];
  }
}
