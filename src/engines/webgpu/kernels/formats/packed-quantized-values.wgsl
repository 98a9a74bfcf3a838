// Weight values as codes of BITS bits, one after the other without gaps: scale * (code - zero point).
const CODES_IN_A_WORD = 32u / BITS;
const CODES_STRADDLE = 32u % BITS != 0u;

fn codeIn(word: u32, position: u32) -> f32 {
  if (SIGNED) {
    return f32(extractBits(bitcast<i32>(word), position * BITS, BITS));
  }
  return f32(extractBits(word, position * BITS, BITS));
}

fn codeAt(slot: u32) -> f32 {
  if (CODES_STRADDLE) {
    let bit = slot * BITS;
    let word = bit / 32u;
    // In two steps, because a shift by 32 acts as a shift by 0.
    let fromNext = (codeWords[word + 1u] << 1u) << (31u - bit % 32u);
    return codeIn((codeWords[word] >> (bit % 32u)) | fromNext, 0u);
  }
  return codeIn(codeWords[slot / CODES_IN_A_WORD], slot % CODES_IN_A_WORD);
}

fn scaleOf(row: u32, column: u32) -> u32 {
  if (GROUPS_PER_ROW == 0u) {
    // One scale for the whole matrix.
    return 0u;
  }
  return row * GROUPS_PER_ROW + column / GROUP_SIZE;
}

// The weights of four codes from `column` on; where `present` is zero there is no code, and the weight is zero.
fn weightsOf(codes: vec4f, present: vec4f, row: u32, column: u32) -> vec4f {
  if (SCALE_A_QUAD) {
    let scale = scaleOf(row, column);
    if (HAS_ZERO_POINTS) {
      return (codes - zeroPointOf(scale) * present) * scales[scale];
    }
    return codes * scales[scale];
  }
  let s = vec4u(scaleOf(row, column), scaleOf(row, column + 1u), scaleOf(row, column + 2u), scaleOf(row, column + 3u));
  let quadScales = vec4f(scales[s.x], scales[s.y], scales[s.z], scales[s.w]);
  if (HAS_ZERO_POINTS) {
    let zeros = vec4f(zeroPointOf(s.x), zeroPointOf(s.y), zeroPointOf(s.z), zeroPointOf(s.w));
    return (codes - zeros * present) * quadScales;
  }
  return codes * quadScales;
}
