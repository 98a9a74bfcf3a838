// Rows of which each block of BLOCK_SIZE columns is an entry of the codebook; several indices to a word.
struct Cursor {
  row: u32,
  quad: u32,
}

fn openRow(row: u32, quad: u32) -> Cursor {
  return Cursor(row, quad);
}

fn indexAt(row: u32, block: u32) -> u32 {
  let word = indices[row * WORDS_IN_A_ROW + block / INDICES_IN_A_WORD];
  return extractBits(word, block % INDICES_IN_A_WORD * INDEX_BITS, INDEX_BITS);
}

fn nextQuad(cursor: ptr<function, Cursor>) -> vec4f {
  let column = (*cursor).quad * 4u;
  (*cursor).quad += 1u;
  return quadAt((*cursor).row, column);
}
