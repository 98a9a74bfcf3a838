// Keys that the query of a row of scores sees; rows are queries of heads of sequences. The text after this declares `keyCounts`
// and, as uniforms, `length`, `heads` and `causal`.
fn keysSeen(row: u32) -> u32 {
  let query = row % uniforms.length;
  let keys = u32(keyCounts[row / (uniforms.length * uniforms.heads)]);
  return select(keys, min(keys, query + 1u), uniforms.causal == 1u);
}
