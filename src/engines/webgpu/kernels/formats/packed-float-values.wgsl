// Weight values as float32: their own codes.
fn codeAt(slot: u32) -> f32 {
  return values[slot];
}

// `codes` is zero where `present` is.
fn weightsOf(codes: vec4f, present: vec4f, row: u32, column: u32) -> vec4f {
  return codes;
}
