// y[row, column] = x[row, column] if the column belongs to the row's expert, else 0.
fn element(index: u32) {
  let expert = u32(experts[index / uniforms.width]);
  let isOwn = (index % uniforms.width) / uniforms.size == expert;
  y[index] = select(0.0, x[index], isOwn);
}
