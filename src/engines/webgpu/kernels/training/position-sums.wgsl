// y[position] = sum over the batch of x[sequence * length + position], 0 from length on; one lane of a position per invocation.
fn element(index: u32) {
  let ofSequence = uniforms.length * uniforms.lanes;
  var sum = Lane();
  if (index < ofSequence) {
    for (var sequence = 0u; sequence < uniforms.batch; sequence++) {
      sum += x[sequence * ofSequence + index];
    }
  }
  y[index] = sum;
}
