// y[position] = sum over the batch of x[sequence * length + position], 0 from length on; an invocation a lane of one position.
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
