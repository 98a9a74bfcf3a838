// y[row, column] = x[row, column] * scales[column]; an invocation takes a lane of one row.
fn element(index: u32) {
  y[index] = x[index] * scales[index % uniforms.lanes];
}
