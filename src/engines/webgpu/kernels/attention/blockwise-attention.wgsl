// Attention whose scores and probabilities are codes of 8 bits by blocks of keys: one workgroup per query and head.

const MASKED = -1e30;

var<workgroup> row: array<f32, MOST_KEYS>;

// Brings the blocks of the row to their grids; each invocation takes every THREADS-th block.
fn roundRow(thread: u32, count: u32) {
  for (var first = thread * uniforms.blockSize; first < count; first += THREADS * uniforms.blockSize) {
    let end = min(first + uniforms.blockSize, count);
    var greatest = 0.0;
    for (var key = first; key < end; key++) {
      greatest = max(greatest, abs(row[key]));
    }
    let shift = shiftFor(greatest);
    for (var key = first; key < end; key++) {
      row[key] = onGrid(row[key], shift);
    }
  }
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let query = group.x;
  let head = group.y;
  let sequence = group.z;
  let token = sequence * uniforms.queryCount + query;
  let firstRow = sequence * uniforms.keyRows;
  let present = u32(keyCounts[sequence]);
  let count = select(present, min(present, uniforms.past + query + 1u), CAUSAL);
  let q = token * uniforms.queryStride + uniforms.queryOffset + head * uniforms.headWidth;
  for (var key = thread; key < count; key += THREADS) {
    let k = (firstRow + key) * uniforms.keyStride + uniforms.keyOffset + head * uniforms.headWidth;
    var score = 0.0;
    for (var column = 0u; column < uniforms.headWidth; column++) {
      score += queries[q + column] * keys[k + column];
    }
    row[key] = score * uniforms.scale;
  }
  workgroupBarrier();
  roundRow(thread, count);
  workgroupBarrier();
  var greatest = MASKED;
  for (var key = 0u; key < count; key++) {
    greatest = max(greatest, row[key]);
  }
  var total = 0.0;
  for (var key = 0u; key < count; key++) {
    total += exp(row[key] - greatest);
  }
  workgroupBarrier();
  for (var key = thread; key < count; key += THREADS) {
    row[key] = exp(row[key] - greatest) / total;
  }
  workgroupBarrier();
  roundRow(thread, count);
  workgroupBarrier();
  for (var column = thread; column < uniforms.headWidth; column += THREADS) {
    var sum = 0.0;
    for (var key = 0u; key < count; key++) {
      let v = (firstRow + key) * uniforms.valueStride + uniforms.valueOffset + head * uniforms.headWidth;
      sum += row[key] * values[v + column];
    }
    y[(token * uniforms.heads + head) * uniforms.headWidth + column] = sum;
  }
}
