// tops[row] = index of the greatest logit, the lowest among equals.
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read_write> tops: array<i32>;

struct Uniforms {
  vocabulary: u32,
}
@group(0) @binding(2) var<uniform> uniforms: Uniforms;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = group.x * uniforms.vocabulary;
  var best = -3e38;
  var bestColumn = 0u;
  for (var column = thread; column < uniforms.vocabulary; column += THREADS) {
    if (logits[row + column] > best) {
      best = logits[row + column];
      bestColumn = column;
    }
  }
  let top = greatestOfThreads(thread, best, bestColumn);
  if (thread == 0u) {
    tops[group.x] = i32(top);
  }
}
