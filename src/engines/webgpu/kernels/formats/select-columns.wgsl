// GATHER: y[row, k] = x[row, kept[k]].  Otherwise: y[row, kept[k]] = x[row, k], the other columns of y being zero before.
fn element(index: u32) {
  let row = index / uniforms.count;
  let k = index % uniforms.count;
  let inputColumn = select(k, kept[k], GATHER);
  let outputColumn = select(kept[k], k, GATHER);
  y[row * uniforms.outputStride + outputColumn] = x[row * uniforms.inputStride + inputColumn];
}
