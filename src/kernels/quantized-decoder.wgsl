// Rows of a dense matrix of codes; each row begins at a word of its own.
struct Cursor {
  row: u32,
  firstSlot: u32,
  quad: u32,
}

fn openRow(row: u32, quad: u32) -> Cursor {
  return Cursor(row, row * SLOTS_IN_A_ROW, quad);
}

fn nextQuad(cursor: ptr<function, Cursor>) -> vec4f {
  let column = (*cursor).quad * 4u;
  let row = (*cursor).row;
  (*cursor).quad += 1u;
  if (ALIGNED) {
    // The four codes share a word and a scale.
    let slot = (*cursor).firstSlot + column;
    let word = codes[slot / CODES_IN_A_WORD];
    let first = slot % CODES_IN_A_WORD;
    let scale = scaleOf(row, column);
    var quad = vec4f(codeIn(word, first), codeIn(word, first + 1u), codeIn(word, first + 2u), codeIn(word, first + 3u));
    if (HAS_ZERO_POINTS) {
      quad -= vec4f(zeroPointOf(scale));
    }
    return quad * scales[scale];
  }
  var quad = vec4f();
  for (var k = 0u; k < 4u; k++) {
    if (column + k < uniforms.width) {
      quad[k] = valueAt((*cursor).firstSlot + column + k, row, column + k);
    }
  }
  return quad;
}
