// y[row] = changes[row] * ((1 - weight) * (softmax - one-hot) + weight * T * (softmax at T - the teacher's at T)), 0 where the
// target is negative; an invocation a lane.
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (workgroup.y * workgroups.x + workgroup.x) * 64u + local;
  let lanes = uniforms.width / LANE_COLUMNS;
  let row = index / lanes;
  if (row >= uniforms.rows) {
    return;
  }
  let label = targets[row];
  if (label < 0) {
    y[index] = Lane();
    return;
  }
  let logit = logits[index];
  let hard = exp(logit - logPartitions[row * 3u]) - oneHot(index % lanes * LANE_COLUMNS, label);
  let student = exp(logit / uniforms.temperature - logPartitions[row * 3u + 1u]);
  let taught = exp(teacher[index] / uniforms.temperature - logPartitions[row * 3u + 2u]);
  let soft = uniforms.temperature * (student - taught);
  y[index] = changes[row] * ((1.0 - uniforms.weight) * hard + uniforms.weight * soft);
}
