// y[b, m, n] = sum over k of left[b, m, k] * right[b, k, n], each side with separate strides. An invocation makes four rows of
// four columns, so that what it reads serves four products. Beyond the edge it reads the last row or column again.
fn writeRow(batch: u32, row: u32, column: u32, values: vec4f) {
  if (row >= uniforms.rows) {
    return;
  }
  let start = (batch * uniforms.rows + row) * uniforms.columns;
  for (var index = 0u; index < 4u; index++) {
    if (column + index < uniforms.columns) {
      y[start + column + index] = values[index];
    }
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let across = (uniforms.columns + 3u) / 4u;
  let down = (uniforms.rows + 3u) / 4u;
  let tile = (workgroup.y * workgroups.x + workgroup.x) * 64u + local;
  let batch = tile / (across * down);
  if (batch >= uniforms.batch) {
    return;
  }
  let row = tile / across % down * 4u;
  let column = tile % across * 4u;
  let rows = batch * uniforms.leftBatch
    + min(vec4u(row) + vec4u(0u, 1u, 2u, 3u), vec4u(uniforms.rows - 1u)) * uniforms.leftRow;
  let columns = batch * uniforms.rightBatch
    + min(vec4u(column) + vec4u(0u, 1u, 2u, 3u), vec4u(uniforms.columns - 1u)) * uniforms.rightColumn;
  var sum0 = vec4f(0.0);
  var sum1 = vec4f(0.0);
  var sum2 = vec4f(0.0);
  var sum3 = vec4f(0.0);
  for (var k = 0u; k < uniforms.terms; k++) {
    let l = rows + k * uniforms.leftTerm;
    let r = columns + k * uniforms.rightTerm;
    let factors = vec4f(right[r.x], right[r.y], right[r.z], right[r.w]);
    sum0 += left[l.x] * factors;
    sum1 += left[l.y] * factors;
    sum2 += left[l.z] * factors;
    sum3 += left[l.w] * factors;
  }
  writeRow(batch, row, column, sum0);
  writeRow(batch, row + 1u, column, sum1);
  writeRow(batch, row + 2u, column, sum2);
  writeRow(batch, row + 3u, column, sum3);
}
