// Attention of few queries, as in decoding: one workgroup a query and head. Each invocation walks every THREADS-th key
// with an online softmax of its own; then the parts are merged.
// Lines with a dollar sign stand once for each lane of a head.
@group(0) @binding(0) var<storage, read> queries: array<Lane>;
@group(0) @binding(1) var<storage, read> keys: array<Lane>;
@group(0) @binding(2) var<storage, read> values: array<Lane>;
@group(0) @binding(3) var<storage, read> keyCounts: array<i32>;
@group(0) @binding(4) var<storage, read_write> y: array<Lane>;

// As in attention.wgsl.
struct Uniforms {
  queryCount: u32,
  keyRows: u32,
  past: u32,
  heads: u32,
  queryStride: u32,
  queryOffset: u32,
  keyStride: u32,
  keyOffset: u32,
  valueStride: u32,
  valueOffset: u32,
  scale: f32,
}
@group(0) @binding(5) var<uniform> uniforms: Uniforms;

const MASKED = -1e30;
var<workgroup> partGreatest: array<f32, THREADS>;
var<workgroup> partTotal: array<f32, THREADS>;
var<workgroup> partSum: array<Lane, THREADS * LANES>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let query = group.x;
  let head = group.y;
  let sequence = group.z;
  let token = sequence * uniforms.queryCount + query;
  let queryStart = token * uniforms.queryStride + uniforms.queryOffset + head * LANES;
  let q$ = queries[queryStart + $u] * uniforms.scale;
  var sum$ = Lane();
  var keyCount = u32(keyCounts[sequence]);
  if (CAUSAL) {
    keyCount = min(keyCount, uniforms.past + query + 1u);
  }
  let firstRow = sequence * uniforms.keyRows;
  var greatest = MASKED;
  var total = 0.0;
  for (var position = thread; position < keyCount; position += THREADS) {
    let k = (firstRow + position) * uniforms.keyStride + uniforms.keyOffset + head * LANES;
    var s = Lane();
    s += q$ * keys[k + $u];
    let score = horizontal(s);
    let newGreatest = max(greatest, score);
    let correction = exp(greatest - newGreatest);
    let w = exp(score - newGreatest);
    total = total * correction + w;
    greatest = newGreatest;
    let v = (firstRow + position) * uniforms.valueStride + uniforms.valueOffset + head * LANES;
    sum$ = sum$ * correction + w * values[v + $u];
  }
  partGreatest[thread] = greatest;
  partTotal[thread] = total;
  partSum[thread * LANES + $u] = sum$;
  workgroupBarrier();

  var all = MASKED;
  for (var part = 0u; part < THREADS; part++) {
    all = max(all, partGreatest[part]);
  }
  let start = (token * uniforms.heads + head) * LANES;
  for (var lane = thread; lane < LANES; lane += THREADS) {
    var merged = Lane();
    var mergedTotal = 0.0;
    for (var part = 0u; part < THREADS; part++) {
      let share = exp(partGreatest[part] - all);
      merged += share * partSum[part * LANES + lane];
      mergedTotal += share * partTotal[part];
    }
    // A sequence without keys (padding) gives zeros.
    y[start + lane] = merged * select(0.0, 1.0 / mergedTotal, mergedTotal > 0.0);
  }
}
