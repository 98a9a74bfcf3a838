// Reductions over the rows of logits, one workgroup a row; included before each kernel that needs them.
const THREADS = 128u;
var<workgroup> values: array<f32, THREADS>;
var<workgroup> indices: array<u32, THREADS>;

fn sumOfThreads(thread: u32, value: f32) -> f32 {
  values[thread] = value;
  workgroupBarrier();
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    if (thread < half) {
      values[thread] += values[thread + half];
    }
    workgroupBarrier();
  }
  let total = values[0];
  workgroupBarrier();
  return total;
}

// Index of the greatest value; the lowest index among equals.
fn greatestOfThreads(thread: u32, value: f32, index: u32) -> u32 {
  values[thread] = value;
  indices[thread] = index;
  workgroupBarrier();
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    if (thread < half) {
      let other = thread + half;
      if (values[other] > values[thread] || (values[other] == values[thread] && indices[other] < indices[thread])) {
        values[thread] = values[other];
        indices[thread] = indices[other];
      }
    }
    workgroupBarrier();
  }
  let winner = indices[0];
  workgroupBarrier();
  return winner;
}
