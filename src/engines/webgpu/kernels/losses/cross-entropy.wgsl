// losses[row] = log(sum(exp(logits[row]))) - logits[row, target], 0 where the target is negative; included before
// row-threads.wgsl.

// Far below any logit, but finite, because WGSL may assume no infinities.
const LOWEST = -1e38;

fn ofRow(row: u32, thread: u32, local: u32) {
  let lanes = uniforms.width / LANE_COLUMNS;
  let start = row * lanes;
  var greatest = LOWEST;
  for (var lane = thread; lane < lanes; lane += THREADS) {
    greatest = max(greatest, greatestOf(logits[start + lane]));
  }
  greatest = greatestOverRow(local, greatest);
  var sum = Lane();
  for (var lane = thread; lane < lanes; lane += THREADS) {
    sum += exp(logits[start + lane] - greatest);
  }
  let logPartition = log(overRow(local, horizontal(sum))) + greatest;
  if (thread == 0u) {
    let label = targets[row];
    let logit = logitsAt(row * uniforms.width + u32(max(label, 0)));
    losses[row] = select(0.0, logPartition - logit, label >= 0);
    logPartitions[row] = logPartition;
  }
}
