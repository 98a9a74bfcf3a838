// Scaled dot-product attention with an online softmax (Milakov and Gimelshein 2018): no matrix of scores in
// memory. One invocation takes two queries of a head, a and b, and four keys at a time: what it loads is used twice, and the
// greatest score moves once for four keys.
// Lines with a dollar sign stand once for each lane of a head.
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

fn greatestOf(scores: vec4f) -> f32 {
  return max(max(scores.x, scores.y), max(scores.z, scores.w));
}

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let head = id.y;
  let sequence = id.z;
  let query = id.x * 2u;
  if (query >= uniforms.queryCount) {
    return;
  }
  // Past the last query it is computed again and not written.
  let hasB = query + 1u < uniforms.queryCount;
  let tokenA = sequence * uniforms.queryCount + query;
  let tokenB = tokenA + u32(hasB);
  let startA = tokenA * uniforms.queryStride + uniforms.queryOffset + head * LANES;
  let startB = tokenB * uniforms.queryStride + uniforms.queryOffset + head * LANES;
  let a$ = queries[startA + $u] * uniforms.scale;
  let b$ = queries[startB + $u] * uniforms.scale;
  var sumA$ = Lane();
  var sumB$ = Lane();
  var countA = u32(keyCounts[sequence]);
  var countB = countA;
  if (CAUSAL) {
    countA = min(countA, uniforms.past + query + 1u);
    countB = min(countB, uniforms.past + query + 2u);
  }
  let firstRow = sequence * uniforms.keyRows;
  let keyStart = firstRow * uniforms.keyStride + uniforms.keyOffset + head * LANES;
  let valueStart = firstRow * uniforms.valueStride + uniforms.valueOffset + head * LANES;
  var greatestA = MASKED;
  var greatestB = MASKED;
  var totalA = 0.0;
  var totalB = 0.0;
  for (var first = 0u; first < countB; first += 4u) {
    let position = first + vec4u(0u, 1u, 2u, 3u);
    // Past the last key it is read again and masked.
    let p = min(position, vec4u(countB - 1u));
    let k = keyStart + p * uniforms.keyStride;
    var dotA0 = Lane();
    var dotA1 = Lane();
    var dotA2 = Lane();
    var dotA3 = Lane();
    var dotB0 = Lane();
    var dotB1 = Lane();
    var dotB2 = Lane();
    var dotB3 = Lane();
    { let x = keys[k.x + $u]; let y = keys[k.y + $u]; dotA0 += a$ * x; dotB0 += b$ * x; dotA1 += a$ * y; dotB1 += b$ * y; }
    { let x = keys[k.z + $u]; let y = keys[k.w + $u]; dotA2 += a$ * x; dotB2 += b$ * x; dotA3 += a$ * y; dotB3 += b$ * y; }
    let scoresA = vec4f(horizontal(dotA0), horizontal(dotA1), horizontal(dotA2), horizontal(dotA3));
    let scoresB = vec4f(horizontal(dotB0), horizontal(dotB1), horizontal(dotB2), horizontal(dotB3));
    let maskedA = select(vec4f(MASKED), scoresA, position < vec4u(countA));
    let maskedB = select(vec4f(MASKED), scoresB, position < vec4u(countB));
    let newA = max(greatestA, greatestOf(maskedA));
    let newB = max(greatestB, greatestOf(maskedB));
    let keepA = exp(greatestA - newA);
    let keepB = exp(greatestB - newB);
    let wA = exp(maskedA - newA);
    let wB = exp(maskedB - newB);
    totalA = totalA * keepA + dot(wA, vec4f(1.0));
    totalB = totalB * keepB + dot(wB, vec4f(1.0));
    greatestA = newA;
    greatestB = newB;
    let v = valueStart + p * uniforms.valueStride;
    sumA$ *= keepA;
    sumB$ *= keepB;
    { let x = values[v.x + $u]; let y = values[v.y + $u]; sumA$ += wA.x * x + wA.y * y; sumB$ += wB.x * x + wB.y * y; }
    { let x = values[v.z + $u]; let y = values[v.w + $u]; sumA$ += wA.z * x + wA.w * y; sumB$ += wB.z * x + wB.w * y; }
  }
  // A sequence without keys (padding) gives zeros.
  let factorA = select(0.0, 1.0 / totalA, totalA > 0.0);
  let factorB = select(0.0, 1.0 / totalB, totalB > 0.0);
  let writeA = (tokenA * uniforms.heads + head) * LANES;
  let writeB = (tokenB * uniforms.heads + head) * LANES;
  y[writeA + $u] = sumA$ * factorA;
  if (!hasB) {
    return;
  }
  y[writeB + $u] = sumB$ * factorB;
}
