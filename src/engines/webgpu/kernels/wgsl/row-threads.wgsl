@compute @workgroup_size(THREADS * ROWS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let group = workgroup.y * workgroups.x + workgroup.x;
  let row = min(group * ROWS + local / THREADS, uniforms.rows - 1u);
  ofRow(row, local % THREADS, local);
}
