// Softmax of attention scores over the keys that a query sees, and its gradient. One row of scores an invocation; the constant
// GRADIENT chooses. y = softmax(scale * scores), or y = scale * weights * (changes - sum of weights * changes).
// `keysSeen` comes from the text before this.
fn element(row: u32) {
  let start = row * uniforms.length;
  let end = start + keysSeen(row);
  if (GRADIENT) {
    var mean = 0.0;
    for (var key = start; key < end; key++) {
      mean += first[key] * second[key];
    }
    for (var key = start; key < end; key++) {
      y[key] = uniforms.scale * first[key] * (second[key] - mean);
    }
  } else {
    var greatest = first[start];
    for (var key = start + 1u; key < end; key++) {
      greatest = max(greatest, first[key]);
    }
    var sum = 0.0;
    for (var key = start; key < end; key++) {
      let weight = exp(uniforms.scale * (first[key] - greatest));
      y[key] = weight;
      sum += weight;
    }
    for (var key = start; key < end; key++) {
      y[key] /= sum;
    }
  }
  for (var key = end; key < start + uniforms.length; key++) {
    y[key] = 0.0;
  }
}
