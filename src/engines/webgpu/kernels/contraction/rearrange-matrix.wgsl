// y[r, c] = x[rowSources[r], columnSources[c]], and 0 where either source is negative. One element per invocation.
fn element(index: u32) {
  let row = rowSources[index / uniforms.columns];
  let column = columnSources[index % uniforms.columns];
  if (row < 0 || column < 0) {
    y[index] = 0.0;
  } else {
    y[index] = x[u32(row) * uniforms.sourceColumns + u32(column)];
  }
}
