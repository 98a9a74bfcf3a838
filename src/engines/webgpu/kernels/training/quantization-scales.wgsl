// The scale and the zero point of each run of values, of the ranges of its bands. One group per invocation.
fn element(run: u32) {
  var least = 0.0;
  var greatest = 0.0;
  for (var band = 0u; band < uniforms.bands; band++) {
    let range = ranges[run * uniforms.bands + band];
    least = min(least, range.x);
    greatest = max(greatest, range.y);
  }
  let width = select(greatest - least, 2.0 * max(greatest, -least), SYMMETRIC);
  let scale = select(width / CODE_SPAN, 1.0, width == 0.0);
  grids[run] = vec2f(scale, select(round(-least / scale), 0.0, SYMMETRIC));
}
