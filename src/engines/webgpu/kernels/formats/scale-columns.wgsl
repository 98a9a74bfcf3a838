// y[row, column] = x[row, column] * scales[column]; an invocation takes a lane of one row.
@group(0) @binding(0) var<storage, read> x: array<Lane>;
@group(0) @binding(1) var<storage, read> scales: array<Lane>;
@group(0) @binding(2) var<storage, read_write> y: array<Lane>;

struct Uniforms {
  rows: u32,
  // Lanes of a row.
  lanes: u32,
}
@group(0) @binding(3) var<uniform> uniforms: Uniforms;

fn element(index: u32) {
  y[index] = x[index] * scales[index % uniforms.lanes];
}
