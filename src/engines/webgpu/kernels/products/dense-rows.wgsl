// y[n, column] = w[ids[n] - firstRow, column], for those ids that fall into this block of rows.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let column = id.x;
  let n = id.z * workgroups.y + id.y;
  if (n >= uniforms.count) {
    return;
  }
  let row = ids[n] - uniforms.firstRow;
  if (column < uniforms.width && row >= 0 && row < uniforms.rows) {
    y[n * uniforms.width + column] = w[u32(row) * uniforms.width + column];
  }
}
