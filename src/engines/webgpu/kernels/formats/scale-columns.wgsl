// y[row, column] = x[row, column] * scales[column]; one lane of a row per invocation.
fn element(index: u32) {
  y[index] = x[index] * scales[index % uniforms.lanes];
}
