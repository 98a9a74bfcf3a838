// Rows of signs, 20 base-3 digits a word, the first the lowest; a digit is a sign plus 1.
struct Cursor {
  row: u32,
  quad: u32,
}

fn openRow(row: u32, quad: u32) -> Cursor {
  return Cursor(row, quad);
}

fn nextQuad(cursor: ptr<function, Cursor>) -> vec4f {
  let quad = (*cursor).quad;
  (*cursor).quad += 1u;
  // Five quads fill a word: 81⁰ … 81⁴.
  var powers = array(1u, 81u, 6561u, 531441u, 43046721u);
  let word = words[(*cursor).row * WORDS_IN_A_ROW + quad / 5u];
  let digits = word / powers[quad % 5u] % 81u;
  let signs = vec4f(vec4u(digits, digits / 3u, digits / 9u, digits / 27u) % 3u) - 1.0;
  return signs * scales[(*cursor).row];
}
