// Attention of one new token over a cache that the kernel itself extends: one workgroup a head writes the head's key
// and value where the sequence ends, and its lanes then walk the keys in turn, each with an online softmax of its own (Milakov
// and Gimelshein 2018); at the end the parts are merged. What changes from token to token is read from `lengths`, so
// that the launch can be recorded once and replayed.
// Lines with a dollar sign stand once for each lane of a head (four columns, or one).
@group(0) @binding(0) var<storage, read> qkv: array<Lane>;
// Tokens of the sequence, the new one included.
@group(0) @binding(1) var<storage, read> lengths: array<i32>;
@group(0) @binding(2) var<storage, read_write> keys: array<Lane>;
@group(0) @binding(3) var<storage, read_write> values: array<Lane>;
@group(0) @binding(4) var<storage, read_write> y: array<Lane>;

struct Uniforms {
  // Lanes of a whole row of keys: those of all heads.
  rowLanes: u32,
  scale: f32,
}
@group(0) @binding(5) var<uniform> uniforms: Uniforms;

// Far below any score, yet finite: WGSL need not know infinity.
const MASKED = -1e30;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3u, LANE_INDEX thread: u32) {
  let start = workgroup.x * LANES;
  let length = u32(lengths[0]);
  let newRow = (length - 1u) * uniforms.rowLanes + start;
  for (var lane = thread; lane < LANES; lane += THREADS) {
    keys[newRow + lane] = qkv[uniforms.rowLanes + start + lane];
    values[newRow + lane] = qkv[2u * uniforms.rowLanes + start + lane];
  }
  storageBarrier();
  let q$ = qkv[start + $u] * uniforms.scale;
  var sum$ = Lane();
  var greatest = MASKED;
  var total = 0.0;
  for (var position = thread; position < length; position += THREADS) {
    let row = position * uniforms.rowLanes + start;
    var products = Lane();
    products += q$ * keys[row + $u];
    let score = horizontal(products);
    let newGreatest = max(greatest, score);
    let correction = exp(greatest - newGreatest);
    let weight = exp(score - newGreatest);
    total = total * correction + weight;
    greatest = newGreatest;
    sum$ = sum$ * correction + weight * values[row + $u];
  }
  MERGE
}
