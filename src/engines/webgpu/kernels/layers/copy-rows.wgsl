// y[row] = x[firstRow + row * step]: every step-th row from `firstRow` on.
fn element(index: u32) {
  let row = index / uniforms.width;
  y[index] = x[(uniforms.firstRow + row * uniforms.step) * uniforms.width + index % uniforms.width];
}
