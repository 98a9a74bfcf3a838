// GATHER: y[row, k] = finish(x[row, entry(k)]).  Otherwise: y[row, entry(k)] = x[row, k].
struct Uniforms {
  elements: u32,
  width: u32,
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (workgroup.y * workgroups.x + workgroup.x) * 64u + local;
  if (index >= uniforms.elements) {
    return;
  }
  let column = index % uniforms.width;
  let permuted = index - column + entry(column);
  if (GATHER) {
    y[index] = finish(x[permuted], column, index);
  } else {
    y[permuted] = x[index];
  }
}
