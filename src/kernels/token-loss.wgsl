// loss[row] = log(sum(exp(logits[row]))) - logits[row, target], 0 where the target is negative.
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> targets: array<i32>;
@group(0) @binding(2) var<storage, read_write> losses: array<f32>;

struct Uniforms {
  vocabulary: u32,
}
@group(0) @binding(3) var<uniform> uniforms: Uniforms;

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
  let greatest = logits[row + greatestOfThreads(thread, best, bestColumn)];
  var sum = 0.0;
  for (var column = thread; column < uniforms.vocabulary; column += THREADS) {
    sum += exp(logits[row + column] - greatest);
  }
  let total = sumOfThreads(thread, sum);
  if (thread == 0u) {
    let label = targets[group.x];
    losses[group.x] = select(0.0, log(total) + greatest - logits[row + u32(max(label, 0))], label >= 0);
  }
}
