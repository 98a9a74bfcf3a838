// Reductions over the rows of logits, one workgroup a row; included before each kernel that needs them.
// Every invocation goes over all parts: barriers cost more than that, on software adapters above all.
const THREADS = 64u;
var<workgroup> values: array<f32, THREADS>;
var<workgroup> indices: array<u32, THREADS>;

fn sumOfThreads(thread: u32, value: f32) -> f32 {
  values[thread] = value;
  workgroupBarrier();
  var total = 0.0;
  for (var part = 0u; part < THREADS; part++) {
    total += values[part];
  }
  workgroupBarrier();
  return total;
}

// Index of the greatest value; the lowest index among equals.
fn greatestOfThreads(thread: u32, value: f32, index: u32) -> u32 {
  values[thread] = value;
  indices[thread] = index;
  workgroupBarrier();
  var winner = 0u;
  for (var part = 1u; part < THREADS; part++) {
    if (values[part] > values[winner] || (values[part] == values[winner] && indices[part] < indices[winner])) {
      winner = part;
    }
  }
  let greatest = indices[winner];
  workgroupBarrier();
  return greatest;
}
