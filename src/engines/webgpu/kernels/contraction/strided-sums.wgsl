// Of each band of each sum its part: y[band, sum] = Σ_t a[sum·stride + t·step] (times b there, where PAIRED), t within the band.
// One part per invocation. PAIRED and BAND are put in before.
fn element(index: u32) {
  let first = index / uniforms.sums * BAND;
  let end = min(first + BAND, uniforms.terms);
  var at = index % uniforms.sums * uniforms.stride + first * uniforms.step;
  var total = 0.0;
  for (var term = first; term < end; term++) {
    if (PAIRED) {
      total += a[at] * b[at];
    } else {
      total += a[at];
    }
    at += uniforms.step;
  }
  y[index] = total;
}
