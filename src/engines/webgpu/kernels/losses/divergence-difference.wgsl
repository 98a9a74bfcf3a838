// losses[row] = KL(teacher || first) - KL(teacher || second) at temperature T. Included before row-threads.wgsl.
//
// The teacher's entropy cancels: with p the teacher's softmax it is sum(p (second - first)) / T + log(sum(exp(first / T)) /
// sum(exp(second / T))). Differences are taken before anything is summed, since the two rows may be nearly the same.

// Far below any logit, but finite, because WGSL may assume no infinities.
const LOWEST = -1e38;

fn ofRow(row: u32, thread: u32, local: u32) {
  let lanes = uniforms.width / LANE_COLUMNS;
  let start = row * lanes;
  let temperature = uniforms.temperature;
  var greatest = vec3f(LOWEST);
  for (var lane = thread; lane < lanes; lane += THREADS) {
    let index = start + lane;
    greatest = max(
      greatest,
      vec3f(greatestOf(teacher[index]), greatestOf(first[index]), greatestOf(second[index])),
    );
  }
  greatest = vec3f(
    greatestOverRow(local, greatest.x),
    greatestOverRow(local, greatest.y),
    greatestOverRow(local, greatest.z),
  );
  var teacherSum = Lane();
  var firstSum = Lane();
  var secondSum = Lane();
  var differenceSum = Lane();
  for (var lane = thread; lane < lanes; lane += THREADS) {
    let index = start + lane;
    let share = exp((teacher[index] - greatest.x) / temperature);
    teacherSum += share;
    firstSum += exp((first[index] - greatest.y) / temperature);
    secondSum += exp((second[index] - greatest.z) / temperature);
    differenceSum += share * (second[index] - first[index]);
  }
  let total = overRow(local, horizontal(teacherSum));
  let firstTotal = overRow(local, horizontal(firstSum));
  let secondTotal = overRow(local, horizontal(secondSum));
  let difference = overRow(local, horizontal(differenceSum)) / total;
  if (thread == 0u) {
    losses[row] = (difference + greatest.y - greatest.z) / temperature + log(firstTotal / secondTotal);
    moments[row * 2u] = log(total) + greatest.x / temperature;
    moments[row * 2u + 1u] = difference;
  }
}
