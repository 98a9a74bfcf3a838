// For each row: the Kullback-Leibler divergence KL(base || variant) of the two softmax distributions in nats, and
// whether both have the same greatest logit.
@group(0) @binding(0) var<storage, read> baseLogits: array<f32>;
@group(0) @binding(1) var<storage, read> variantLogits: array<f32>;
@group(0) @binding(2) var<storage, read_write> divergences: array<f32>;
@group(0) @binding(3) var<storage, read_write> sameTop: array<f32>;

struct Uniforms {
  vocabulary: u32,
}
@group(0) @binding(4) var<uniform> uniforms: Uniforms;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = group.x * uniforms.vocabulary;
  var bestBase = -3e38;
  var bestVariant = -3e38;
  var baseColumn = 0u;
  var variantColumn = 0u;
  for (var column = thread; column < uniforms.vocabulary; column += THREADS) {
    if (baseLogits[row + column] > bestBase) {
      bestBase = baseLogits[row + column];
      baseColumn = column;
    }
    if (variantLogits[row + column] > bestVariant) {
      bestVariant = variantLogits[row + column];
      variantColumn = column;
    }
  }
  let baseTop = greatestOfThreads(thread, bestBase, baseColumn);
  let variantTop = greatestOfThreads(thread, bestVariant, variantColumn);
  let baseGreatest = baseLogits[row + baseTop];
  let variantGreatest = variantLogits[row + variantTop];
  var baseSum = 0.0;
  var variantSum = 0.0;
  for (var column = thread; column < uniforms.vocabulary; column += THREADS) {
    baseSum += exp(baseLogits[row + column] - baseGreatest);
    variantSum += exp(variantLogits[row + column] - variantGreatest);
  }
  let baseTotal = sumOfThreads(thread, baseSum);
  let variantTotal = sumOfThreads(thread, variantSum);
  let logRatio = log(variantTotal) - log(baseTotal) + variantGreatest - baseGreatest;
  var divergence = 0.0;
  for (var column = thread; column < uniforms.vocabulary; column += THREADS) {
    let probability = exp(baseLogits[row + column] - baseGreatest) / baseTotal;
    divergence += probability * (baseLogits[row + column] - variantLogits[row + column] + logRatio);
  }
  let total = sumOfThreads(thread, divergence);
  if (thread == 0u) {
    divergences[group.x] = max(total, 0.0);
    sameTop[group.x] = select(0.0, 1.0, baseTop == variantTop);
  }
}
