// y[b, m, (j, r)] = sum over k of left[b, m, k] * right[b, k, j, r], right with separate strides. One result per invocation.
fn element(index: u32) {
  let inner = index % uniforms.inner;
  let outer = index / uniforms.inner % uniforms.outer;
  let row = index / (uniforms.inner * uniforms.outer) % uniforms.rows;
  let batch = index / (uniforms.inner * uniforms.outer * uniforms.rows);
  var l = batch * uniforms.leftBatch + row * uniforms.leftRow;
  var r = batch * uniforms.rightBatch + outer * uniforms.rightOuter + inner * uniforms.rightInner;
  var sum = 0.0;
  for (var k = 0u; k < uniforms.terms; k++) {
    sum += left[l] * right[r];
    l += uniforms.leftTerm;
    r += uniforms.rightTerm;
  }
  y[index] = sum;
}
