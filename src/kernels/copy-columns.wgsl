// destination[destinationRow + row, column] = source[row, sourceColumn + column]: a stretch of columns of some rows.
@group(0) @binding(0) var<storage, read> source: array<f32>;
@group(0) @binding(1) var<storage, read_write> destination: array<f32>;

struct Uniforms {
  columns: u32,
  sourceStride: u32,
  sourceColumn: u32,
  destinationStride: u32,
  destinationRow: u32,
}
@group(0) @binding(2) var<uniform> uniforms: Uniforms;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < uniforms.columns) {
    destination[(uniforms.destinationRow + id.y) * uniforms.destinationStride + id.x] =
      source[id.y * uniforms.sourceStride + uniforms.sourceColumn + id.x];
  }
}
