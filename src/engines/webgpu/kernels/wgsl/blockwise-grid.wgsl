// The least shift for which |value| ≤ 127 · 2^shift up to `greatest`; some shift for zero.
fn shiftFor(greatest: f32) -> i32 {
  if (greatest == 0.0) {
    return 0;
  }
  // Starts one too low, since the division may round.
  var shift = max(frexp(greatest / 127.0).exp - 1, -100);
  if (greatest > ldexp(127.0, shift)) {
    shift += 1;
  }
  return shift;
}

fn onGrid(value: f32, shift: i32) -> f32 {
  return ldexp(clamp(round(ldexp(value, -shift)), -127.0, 127.0), shift);
}
