// Of each column what its values come to, over all rows: an invocation a column. ofValue and combined are put in for the measure.
struct Uniforms {
  rows: u32,
  width: u32,
}
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> uniforms: Uniforms;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= uniforms.width) {
    return;
  }
  var result = 0.0;
  for (var row = 0u; row < uniforms.rows; row++) {
    result = combined(result, ofValue(x[row * uniforms.width + id.x]));
  }
  y[id.x] = result;
}
