// Scaled dot-product attention with an online softmax (Milakov and Gimelshein 2018): one invocation a query and
// head, keys read one after the other, no matrix of scores in memory.
@group(0) @binding(0) var<storage, read> queries: array<f32>;
@group(0) @binding(1) var<storage, read> keys: array<f32>;
@group(0) @binding(2) var<storage, read> values: array<f32>;
// Keys that each sequence of the batch has.
@group(0) @binding(3) var<storage, read> keyCounts: array<i32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

struct Uniforms {
  // Queries of each sequence.
  queryCount: u32,
  // Rows between the first keys of two sequences.
  keyRows: u32,
  // Position of the first query among the keys (the length of the cache before it).
  past: u32,
  heads: u32,
  // Elements from one token to the next, and where head 0 begins, in each tensor.
  queryStride: u32,
  queryOffset: u32,
  keyStride: u32,
  keyOffset: u32,
  valueStride: u32,
  valueOffset: u32,
  scale: f32,
}
@group(0) @binding(5) var<uniform> uniforms: Uniforms;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let head = id.y;
  let sequence = id.z;
  let query = id.x;
  if (query >= uniforms.queryCount) {
    return;
  }
  let token = sequence * uniforms.queryCount + query;
  var q: array<f32, HEAD_WIDTH>;
  let queryStart = token * uniforms.queryStride + uniforms.queryOffset + head * HEAD_WIDTH;
  for (var d = 0u; d < HEAD_WIDTH; d++) {
    q[d] = queries[queryStart + d] * uniforms.scale;
  }
  var keyCount = u32(keyCounts[sequence]);
  if (CAUSAL) {
    keyCount = min(keyCount, uniforms.past + query + 1u);
  }
  var greatest = -1e30;
  var total = 0.0;
  var sum: array<f32, HEAD_WIDTH>;
  for (var position = 0u; position < keyCount; position++) {
    let row = sequence * uniforms.keyRows + position;
    let keyStart = row * uniforms.keyStride + uniforms.keyOffset + head * HEAD_WIDTH;
    var score = 0.0;
    for (var d = 0u; d < HEAD_WIDTH; d++) {
      score += q[d] * keys[keyStart + d];
    }
    let newGreatest = max(greatest, score);
    let correction = exp(greatest - newGreatest);
    let weight = exp(score - newGreatest);
    total = total * correction + weight;
    greatest = newGreatest;
    let valueStart = row * uniforms.valueStride + uniforms.valueOffset + head * HEAD_WIDTH;
    for (var d = 0u; d < HEAD_WIDTH; d++) {
      sum[d] = sum[d] * correction + weight * values[valueStart + d];
    }
  }
  let start = (token * uniforms.heads + head) * HEAD_WIDTH;
  for (var d = 0u; d < HEAD_WIDTH; d++) {
    // A sequence without keys (padding) gives zeros.
    y[start + d] = select(0.0, sum[d] / total, total > 0.0);
  }
}
