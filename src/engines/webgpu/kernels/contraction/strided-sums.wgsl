// Partial sums, one per band and sum: y[band, sum] = Σ_t a[sum·stride + t·step] (times b there, where PAIRED), t within the band.
// One partial sum per invocation.
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
