// Writes key and value of the newest token into the row of a cache that the length of its sequence tells.
struct Uniforms {
  width: u32,
}
@group(0) @binding(0) var<storage, read> qkv: array<f32>;
@group(0) @binding(1) var<storage, read> lengths: array<i32>;
@group(0) @binding(2) var<storage, read_write> keys: array<f32>;
@group(0) @binding(3) var<storage, read_write> values: array<f32>;
@group(0) @binding(4) var<uniform> uniforms: Uniforms;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= uniforms.width) {
    return;
  }
  let index = u32(lengths[0] - 1) * uniforms.width + id.x;
  keys[index] = qkv[uniforms.width + id.x];
  values[index] = qkv[2u * uniforms.width + id.x];
}
