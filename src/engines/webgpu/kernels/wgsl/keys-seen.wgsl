// Which keys belong to a row of scores; rows are queries of heads of sequences. The text after this declares `keyCounts` and, as
// uniforms, `length`, `heads` and `causal`.

// Keys of the row's sequence.
fn keysOf(row: u32) -> u32 {
  return u32(keyCounts[row / (uniforms.length * uniforms.heads)]);
}

// Keys that are visible to the row's query.
fn keysSeen(row: u32) -> u32 {
  let keys = keysOf(row);
  return select(keys, min(keys, row % uniforms.length + 1u), uniforms.causal == 1u);
}
