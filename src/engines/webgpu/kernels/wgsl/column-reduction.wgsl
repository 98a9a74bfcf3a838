// Of each column what its terms come to over the rows of a band: an invocation a lane of columns and a band of rows. `term`
// and `combined` are put in for the measure.
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
