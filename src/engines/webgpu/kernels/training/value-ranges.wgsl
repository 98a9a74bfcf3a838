// Least and greatest value of each band of each run of `span` values, 0 among them. One band per invocation.
fn element(index: u32) {
  let run = index / uniforms.bands;
  let first = index % uniforms.bands * BAND;
  let end = min(first + BAND, uniforms.span);
  var least = 0.0;
  var greatest = 0.0;
  for (var place = first; place < end; place++) {
    let value = values[run * uniforms.span + place];
    least = min(least, value);
    greatest = max(greatest, value);
  }
  ranges[index] = vec2f(least, greatest);
}
