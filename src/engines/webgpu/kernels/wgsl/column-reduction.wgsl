// Reduces the terms of each column over the rows of a band; one invocation per lane of columns and band of rows. The functions
// `term` and `combined` define the reduction.
fn element(index: u32) {
  let band = index / uniforms.lanes;
  let firstRow = band * uniforms.bandRows;
  let lane = index % uniforms.lanes;
  let end = min(firstRow + uniforms.bandRows, uniforms.rows);
  var result = Lane();
  for (var row = firstRow; row < end; row++) {
    result = combined(result, term(row, row * uniforms.lanes + lane));
  }
  y[index] = result;
}
