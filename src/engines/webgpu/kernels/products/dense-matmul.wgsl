// y[token, columnOffset + output] = finish(sum over inputs of x[token, input] * w[output, input]).
// A workgroup makes 64 tokens x 64 outputs: it brings four lanes of 64 rows of each matrix to workgroup memory, and each
// invocation makes 4 x 4 results of them in registers. The sums have names of their own because compilers keep an
// indexed array in memory. Where a row of w begins for a tile of tokens, in lanes, the text before this says: `rowStart`.
const TILE = 64u;
// Lanes of a row that are in workgroup memory at once.
const DEPTH = 4u;
const THREADS = 256u;

// One lane more than needed, so that neighbouring rows lie in different banks.
var<workgroup> tileX: array<Lane, TILE * (DEPTH + 1u)>;
var<workgroup> tileW: array<Lane, TILE * (DEPTH + 1u)>;

fn write(token: u32, output: u32, value: Lane) {
  if (token < uniforms.tokens && output < uniforms.outputs) {
    let column = uniforms.columnOffset + output;
    let index = token * uniforms.stride + column;
    y[index] = finish(horizontal(value), column, index);
  }
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) local: u32) {
  let lanes = uniforms.width / LANE_COLUMNS;
  let firstOutput = workgroup.x * TILE;
  let firstToken = workgroup.y * TILE;
  // Sixteen invocations apart, so that neighbouring invocations read neighbouring rows.
  let o = local % 16u;
  let t = local / 16u;
  var s00 = Lane();
  var s01 = Lane();
  var s02 = Lane();
  var s03 = Lane();
  var s10 = Lane();
  var s11 = Lane();
  var s12 = Lane();
  var s13 = Lane();
  var s20 = Lane();
  var s21 = Lane();
  var s22 = Lane();
  var s23 = Lane();
  var s30 = Lane();
  var s31 = Lane();
  var s32 = Lane();
  var s33 = Lane();
  for (var first = 0u; first < lanes; first += DEPTH) {
    for (var index = local; index < TILE * DEPTH; index += THREADS) {
      let row = index / DEPTH;
      let lane = index % DEPTH;
      let inside = first + lane < lanes;
      let xRow = min(firstToken + row, uniforms.tokens - 1u) * lanes;
      let wRow = rowStart(min(firstOutput + row, uniforms.outputs - 1u), workgroup.y);
      // Zeros past the last lane.
      var a = Lane();
      var b = Lane();
      if (inside) {
        a = x[xRow + first + lane];
        b = w[wRow + first + lane];
      }
      tileX[row * (DEPTH + 1u) + lane] = a;
      tileW[row * (DEPTH + 1u) + lane] = b;
    }
    workgroupBarrier();
    for (var lane = 0u; lane < DEPTH; lane++) {
      let a0 = tileX[t * (DEPTH + 1u) + lane];
      let a1 = tileX[(t + 16u) * (DEPTH + 1u) + lane];
      let a2 = tileX[(t + 32u) * (DEPTH + 1u) + lane];
      let a3 = tileX[(t + 48u) * (DEPTH + 1u) + lane];
      let b0 = tileW[o * (DEPTH + 1u) + lane];
      let b1 = tileW[(o + 16u) * (DEPTH + 1u) + lane];
      let b2 = tileW[(o + 32u) * (DEPTH + 1u) + lane];
      let b3 = tileW[(o + 48u) * (DEPTH + 1u) + lane];
      s00 += a0 * b0;
      s01 += a0 * b1;
      s02 += a0 * b2;
      s03 += a0 * b3;
      s10 += a1 * b0;
      s11 += a1 * b1;
      s12 += a1 * b2;
      s13 += a1 * b3;
      s20 += a2 * b0;
      s21 += a2 * b1;
      s22 += a2 * b2;
      s23 += a2 * b3;
      s30 += a3 * b0;
      s31 += a3 * b1;
      s32 += a3 * b2;
      s33 += a3 * b3;
    }
    workgroupBarrier();
  }
  let token = firstToken + t;
  let output = firstOutput + o;
  write(token, output, s00);
  write(token, output + 16u, s01);
  write(token, output + 32u, s02);
  write(token, output + 48u, s03);
  write(token + 16u, output, s10);
  write(token + 16u, output + 16u, s11);
  write(token + 16u, output + 32u, s12);
  write(token + 16u, output + 48u, s13);
  write(token + 32u, output, s20);
  write(token + 32u, output + 16u, s21);
  write(token + 32u, output + 32u, s22);
  write(token + 32u, output + 48u, s23);
  write(token + 48u, output, s30);
  write(token + 48u, output + 16u, s31);
  write(token + 48u, output + 32u, s32);
  write(token + 48u, output + 48u, s33);
}
