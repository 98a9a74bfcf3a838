// What both attention kernels read and write; a lane is four columns of a head, or one.
@group(0) @binding(0) var<storage, read> queries: array<Lane>;
@group(0) @binding(1) var<storage, read> keys: array<Lane>;
@group(0) @binding(2) var<storage, read> values: array<Lane>;
// Keys that each sequence of the batch has.
@group(0) @binding(3) var<storage, read> keyCounts: array<i32>;
@group(0) @binding(4) var<storage, read_write> y: array<Lane>;

struct Uniforms {
  // Queries of each sequence.
  queryCount: u32,
  // Rows between the first keys of two sequences.
  keyRows: u32,
  // Position of the first query among the keys (the length of the cache before it).
  past: u32,
  heads: u32,
  // Lanes from one token to the next, and where head 0 begins, in each tensor.
  queryStride: u32,
  queryOffset: u32,
  keyStride: u32,
  keyOffset: u32,
  valueStride: u32,
  valueOffset: u32,
  scale: f32,
}
@group(0) @binding(5) var<uniform> uniforms: Uniforms;

// Far below any score, yet finite: WGSL need not know infinity.
const MASKED = -1e30;

fn queryStart(token: u32, head: u32) -> u32 {
  return token * uniforms.queryStride + uniforms.queryOffset + head * LANES;
}

fn keyStart(row: u32, head: u32) -> u32 {
  return row * uniforms.keyStride + uniforms.keyOffset + head * LANES;
}

fn valueStart(row: u32, head: u32) -> u32 {
  return row * uniforms.valueStride + uniforms.valueOffset + head * LANES;
}

// Keys that a query may see, of those its sequence has.
fn visibleKeys(query: u32, keyCount: u32) -> u32 {
  if (CAUSAL) {
    return min(keyCount, uniforms.past + query + 1u);
  }
  return keyCount;
}
