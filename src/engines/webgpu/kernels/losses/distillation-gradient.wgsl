// (1 - weight) * (softmax - one-hot) + weight * T * (softmax at T - the teacher's at T); included before logits-gradient.wgsl.
fn gradient(row: u32, index: u32, hot: Lane) -> Lane {
  let logit = logits[index];
  let hard = exp(logit - logPartitions[row * 3u]) - hot;
  let student = exp(logit / uniforms.temperature - logPartitions[row * 3u + 1u]);
  let taught = exp(teacher[index] / uniforms.temperature - logPartitions[row * 3u + 2u]);
  let soft = uniforms.temperature * (student - taught);
  return (1.0 - uniforms.weight) * hard + uniforms.weight * soft;
}
