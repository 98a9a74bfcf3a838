// y + factor · x in place of y; an invocation a lane of a tensor.
fn element(index: u32) {
  y[index] += uniforms.factor * x[index];
}
