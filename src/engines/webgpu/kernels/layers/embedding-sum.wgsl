// y[token] = tokens[token] + positions[past + token % length] + types[typeIds[token]].
@group(0) @binding(0) var<storage, read> tokens: array<f32>;
@group(0) @binding(1) var<storage, read> positions: array<f32>;
@group(0) @binding(2) var<storage, read> types: array<f32>;
@group(0) @binding(3) var<storage, read> typeIds: array<i32>;
@group(0) @binding(4) var<storage, read> lengths: array<i32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

struct Uniforms {
  count: u32,
  width: u32,
  length: u32,
  past: u32,
}
@group(0) @binding(6) var<uniform> uniforms: Uniforms;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let column = id.x;
  let token = id.z * workgroups.y + id.y;
  if (column >= uniforms.width || token >= uniforms.count) {
    return;
  }
  var past = uniforms.past;
  if (HAS_LENGTHS) {
    past = u32(lengths[0]) - uniforms.length;
  }
  let position = past + token % uniforms.length;
  var value = tokens[token * uniforms.width + column] + positions[position * uniforms.width + column];
  if (HAS_TYPES) {
    value += types[u32(typeIds[token]) * uniforms.width + column];
  }
  y[token * uniforms.width + column] = value;
}
