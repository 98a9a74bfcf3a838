// softmax - one-hot; included before logits-gradient.wgsl.
fn gradient(row: u32, index: u32, hot: Lane) -> Lane {
  let probability = exp(logits[index] - logPartitions[row]);
  return probability - hot;
}
