// Weight values as codes of BITS bits, several to a word: scale * (code - zero point).
@group(0) @binding(1) var<storage, read> codes: array<u32>;
@group(0) @binding(2) var<storage, read> scales: array<f32>;
@group(0) @binding(3) var<storage, read> zeroPoints: array<u32>;

const CODES_IN_A_WORD = 32u / BITS;

fn scaleOf(row: u32, column: u32) -> u32 {
  // No groups in a row: one scale for the whole matrix.
  return select(row * GROUPS_PER_ROW + column / GROUP_SIZE, 0u, GROUPS_PER_ROW == 0u);
}

fn zeroPointOf(scale: u32) -> f32 {
  return f32(extractBits(zeroPoints[scale / 4u], (scale % 4u) * 8u, 8u));
}

fn codeIn(word: u32, position: u32) -> f32 {
  if (SIGNED) {
    return f32(extractBits(bitcast<i32>(word), position * BITS, BITS));
  }
  return f32(extractBits(word, position * BITS, BITS));
}

fn valueAt(slot: u32, row: u32, column: u32) -> f32 {
  let scale = scaleOf(row, column);
  var code = codeIn(codes[slot / CODES_IN_A_WORD], slot % CODES_IN_A_WORD);
  if (HAS_ZERO_POINTS) {
    code -= zeroPointOf(scale);
  }
  return code * scales[scale];
}
