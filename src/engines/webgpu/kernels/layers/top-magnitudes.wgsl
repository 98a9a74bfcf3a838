// Keeps the `kept` values of greatest magnitude in each row and sets the others to zero. One workgroup per row.
//
// Magnitudes order as the integers that their bits are. The threshold is the greatest integer that at least `kept` magnitudes
// reach; it is found bit by bit from the highest on.

const HIGHEST_BIT = 30u;

var<workgroup> reaching: atomic<u32>;
var<workgroup> threshold: u32;

fn magnitude(value: f32) -> u32 {
  return bitcast<u32>(value) & 0x7fffffffu;
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let begin = group.x * uniforms.width;
  for (var step = 0u; step <= HIGHEST_BIT; step++) {
    let candidate = workgroupUniformLoad(&threshold) | (1u << (HIGHEST_BIT - step));
    var count = 0u;
    for (var column = thread; column < uniforms.width; column += THREADS) {
      count += select(0u, 1u, magnitude(x[begin + column]) >= candidate);
    }
    atomicAdd(&reaching, count);
    workgroupBarrier();
    if (thread == 0u) {
      if (atomicExchange(&reaching, 0u) >= uniforms.kept) {
        threshold = candidate;
      }
    }
  }
  let least = workgroupUniformLoad(&threshold);
  for (var column = thread; column < uniforms.width; column += THREADS) {
    let value = x[begin + column];
    y[begin + column] = select(0.0, value, magnitude(value) >= least);
  }
}
