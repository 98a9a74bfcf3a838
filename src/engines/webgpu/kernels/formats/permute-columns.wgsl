// GATHER: y[row, k] = finish(x[row, entry(k)]).  Otherwise: y[row, entry(k)] = x[row, k].
fn element(index: u32) {
  let column = index % uniforms.width;
  let permuted = index - column + entry(column);
  if (GATHER) {
    y[index] = finish(x[permuted], column, index);
  } else {
    y[permuted] = x[index];
  }
}
