// W[(i, p), (j, q)] = Σ_k A[i, k, j] · B[k, p, q]. One element per invocation.
fn element(index: u32) {
  let columns = uniforms.aColumns * uniforms.bColumns;
  let row = index / columns;
  let column = index % columns;
  var ofA = row / uniforms.bRows * uniforms.terms * uniforms.aColumns + column / uniforms.bColumns;
  var ofB = row % uniforms.bRows * uniforms.bColumns + column % uniforms.bColumns;
  var sum = 0.0;
  for (var k = 0u; k < uniforms.terms; k++) {
    sum += a[ofA] * b[ofB];
    ofA += uniforms.aColumns;
    ofB += uniforms.bRows * uniforms.bColumns;
  }
  y[index] = sum;
}
