// y + factor · x in place of y; one lane of a tensor per invocation.
fn element(index: u32) {
  y[index] += uniforms.factor * x[index];
}
