// destination[destinationRow + row, column] = source[row, sourceColumn + column]: a stretch of columns of some rows.
@group(0) @binding(0) var<storage, read> source: array<f32>;
@group(0) @binding(1) var<storage, read_write> destination: array<f32>;

struct Uniforms {
  elements: u32,
  columns: u32,
  sourceStride: u32,
  sourceColumn: u32,
  destinationStride: u32,
  destinationRow: u32,
}
@group(0) @binding(2) var<uniform> uniforms: Uniforms;

fn element(index: u32) {
  let row = index / uniforms.columns;
  let column = index % uniforms.columns;
  destination[(uniforms.destinationRow + row) * uniforms.destinationStride + column] =
    source[row * uniforms.sourceStride + uniforms.sourceColumn + column];
}
