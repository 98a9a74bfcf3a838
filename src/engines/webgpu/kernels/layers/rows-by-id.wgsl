// y[segment] = sum of the rows x[order[n]], n from starts[segment] up to starts[segment + 1]; one lane of a segment per invocation.
fn element(index: u32) {
  let segment = index / uniforms.lanes;
  let lane = index % uniforms.lanes;
  var sum = Lane();
  for (var n = starts[segment]; n < starts[segment + 1u]; n++) {
    sum += x[order[n] * uniforms.lanes + lane];
  }
  y[index] = sum;
}
