// Buffers and helpers of both attention kernels; a lane is four columns of a head, or one.

// Far below any score, but finite, because WGSL may assume no infinities.
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
