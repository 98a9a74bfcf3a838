// Attention of few queries, as in decoding: one workgroup per query and head. Each invocation walks every THREADS-th key
// with its own online softmax; then the partial results are merged.
// Lines with a dollar sign are repeated for each lane of a head.
var<workgroup> partGreatest: array<f32, THREADS>;
var<workgroup> partTotal: array<f32, THREADS>;
var<workgroup> partSum: array<Lane, THREADS * LANES>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let query = group.x;
  let head = group.y;
  let sequence = group.z;
  let token = sequence * uniforms.queryCount + query;
  let start = queryStart(token, head);
  let q$ = queries[start + $u] * uniforms.scale;
  var sum$ = Lane();
  let keyCount = visibleKeys(query, u32(keyCounts[sequence]));
  let firstRow = sequence * uniforms.keyRows;
  var greatest = MASKED;
  var total = 0.0;
  for (var position = thread; position < keyCount; position += THREADS) {
    let k = keyStart(firstRow + position, head);
    var s = Lane();
    s += q$ * keys[k + $u];
    let score = horizontal(s);
    let newGreatest = max(greatest, score);
    let correction = exp(greatest - newGreatest);
    let w = exp(score - newGreatest);
    total = total * correction + w;
    greatest = newGreatest;
    let v = valueStart(firstRow + position, head);
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
  let writeStart = (token * uniforms.heads + head) * LANES;
  for (var lane = thread; lane < LANES; lane += THREADS) {
    var merged = Lane();
    var mergedTotal = 0.0;
    for (var part = 0u; part < THREADS; part++) {
      let share = exp(partGreatest[part] - all);
      merged += share * partSum[part * LANES + lane];
      mergedTotal += share * partTotal[part];
    }
    // A sequence without keys (padding) gives zeros.
    y[writeStart + lane] = merged * select(0.0, 1.0 / mergedTotal, mergedTotal > 0.0);
  }
}
