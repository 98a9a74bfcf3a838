// y[row] = changes[row] * (softmax(logits[row]) - one-hot of the target), 0 where the target is negative; an invocation a lane.
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
  let probability = exp(logits[index] - logPartitions[row]);
  y[index] = changes[row] * (probability - oneHot(index % lanes * LANE_COLUMNS, label));
}
