// Of each column what its terms come to over the rows of a band: an invocation a lane of columns and a band of rows. `term`
// and `combined` are put in for the measure.
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (workgroup.y * workgroups.x + workgroup.x) * 64u + local;
  let band = index / uniforms.lanes;
  let firstRow = band * uniforms.bandRows;
  if (firstRow >= max(uniforms.rows, 1u)) {
    return;
  }
  let lane = index % uniforms.lanes;
  let end = min(firstRow + uniforms.bandRows, uniforms.rows);
  var result = Lane();
  for (var row = firstRow; row < end; row++) {
    result = combined(result, term(row, row * uniforms.lanes + lane));
  }
  y[index] = result;
}
