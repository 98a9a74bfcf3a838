// y[i, k, j, l] = x[i, j, k, l]. One element of y per invocation; the outermost dimension needs no size.
fn element(index: u32) {
  let l = index % uniforms.sizeL;
  let j = index / uniforms.sizeL % uniforms.sizeJ;
  let k = index / (uniforms.sizeL * uniforms.sizeJ) % uniforms.sizeK;
  let i = index / (uniforms.sizeL * uniforms.sizeJ * uniforms.sizeK);
  y[index] = x[((i * uniforms.sizeJ + j) * uniforms.sizeK + k) * uniforms.sizeL + l];
}
