// y[token] = tokens[token] + positions[past + token % length] + types[typeIds[token]].
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
