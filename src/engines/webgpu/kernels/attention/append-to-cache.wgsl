// Writes key and value of the newest token into the row of a cache that the length of its sequence tells.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= uniforms.width) {
    return;
  }
  let index = u32(lengths[0] - 1) * uniforms.width + id.x;
  keys[index] = qkv[uniforms.width + id.x];
  values[index] = qkv[2u * uniforms.width + id.x];
}
