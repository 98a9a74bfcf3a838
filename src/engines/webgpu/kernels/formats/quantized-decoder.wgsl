// Rows of a dense matrix of codes; each row begins at a word of its own, so that a quad lies in one word where codes do not
// straddle. Codes past the last column are padding; the drivers leave them out.
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
  (*cursor).quad += 1u;
  let slot = (*cursor).firstSlot + column;
  var codes = vec4f();
  if (CODES_STRADDLE) {
    codes = vec4f(codeAt(slot), codeAt(slot + 1u), codeAt(slot + 2u), codeAt(slot + 3u));
  } else {
    let word = codeWords[slot / CODES_IN_A_WORD];
    let first = slot % CODES_IN_A_WORD;
    codes = vec4f(codeIn(word, first), codeIn(word, first + 1u), codeIn(word, first + 2u), codeIn(word, first + 3u));
  }
  return weightsOf(codes, vec4f(1.0), (*cursor).row, column);
}
