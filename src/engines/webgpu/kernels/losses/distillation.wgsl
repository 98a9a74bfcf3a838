// losses[row] = (1 - weight) * cross-entropy + weight * T^2 * KL(teacher || student), both softened by the temperature T; 0
// where the target is negative. Included before row-threads.wgsl.
//
// With s and t the two rows of logits less their greatest, divided by T,
// KL = sum(exp(t) (t - s)) / sum(exp(t)) + log(sum(exp(s)) / sum(exp(t))).

// Far below any logit, but finite, because WGSL may assume no infinities.
const LOWEST = -1e38;

fn ofRow(row: u32, thread: u32, local: u32) {
  let lanes = uniforms.width / LANE_COLUMNS;
  let start = row * lanes;
  var greatest = LOWEST;
  var greatestOfTeacher = LOWEST;
  for (var lane = thread; lane < lanes; lane += THREADS) {
    greatest = max(greatest, greatestOf(logits[start + lane]));
    greatestOfTeacher = max(greatestOfTeacher, greatestOf(teacher[start + lane]));
  }
  greatest = greatestOverRow(local, greatest);
  greatestOfTeacher = greatestOverRow(local, greatestOfTeacher);
  var sum = Lane();
  var softSum = Lane();
  var teacherSum = Lane();
  var differenceSum = Lane();
  for (var lane = thread; lane < lanes; lane += THREADS) {
    let logit = logits[start + lane] - greatest;
    let s = logit / uniforms.temperature;
    let t = (teacher[start + lane] - greatestOfTeacher) / uniforms.temperature;
    let share = exp(t);
    sum += exp(logit);
    softSum += exp(s);
    teacherSum += share;
    differenceSum += share * (t - s);
  }
  let total = overRow(local, horizontal(sum));
  let softTotal = overRow(local, horizontal(softSum));
  let teacherTotal = overRow(local, horizontal(teacherSum));
  let difference = overRow(local, horizontal(differenceSum));
  if (thread == 0u) {
    let label = targets[row];
    let logPartition = log(total) + greatest;
    let hard = logPartition - logitsAt(row * uniforms.width + u32(max(label, 0)));
    // Rounding may bring it just below 0.
    let soft = max(difference / teacherTotal + log(softTotal / teacherTotal), 0.0);
    let softened = uniforms.weight * uniforms.temperature * uniforms.temperature * soft;
    losses[row] = select(0.0, (1.0 - uniforms.weight) * hard + softened, label >= 0);
    logPartitions[row * 3u] = logPartition;
    logPartitions[row * 3u + 1u] = log(softTotal) + greatest / uniforms.temperature;
    logPartitions[row * 3u + 2u] = log(teacherTotal) + greatestOfTeacher / uniforms.temperature;
  }
}
