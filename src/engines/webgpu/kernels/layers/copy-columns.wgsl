// destination[destinationRow + row, column] = source[row, sourceColumn + column]: a range of columns of some rows.
fn element(index: u32) {
  let row = index / uniforms.columns;
  let column = index % uniforms.columns;
  destination[(uniforms.destinationRow + row) * uniforms.destinationStride + column] =
    source[row * uniforms.sourceStride + uniforms.sourceColumn + column];
}
