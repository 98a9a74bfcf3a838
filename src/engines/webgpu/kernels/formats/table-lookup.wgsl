// y[token, row] = finish(sum over blocks of tables[token, block, indices[row, block]]); an invocation makes one row.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.x;
  let token = id.y;
  if (row >= uniforms.outputs) {
    return;
  }
  let firstWord = row * uniforms.words;
  var table = token * uniforms.blocks * uniforms.entries;
  let wholeWords = uniforms.blocks / INDICES_IN_A_WORD;
  var sum = 0.0;
  for (var word = 0u; word < wholeWords; word++) {
    sum += sumOfWord(table, indices[firstWord + word]);
    table += INDICES_IN_A_WORD * uniforms.entries;
  }
  for (var block = wholeWords * INDICES_IN_A_WORD; block < uniforms.blocks; block++) {
    let shift = block % INDICES_IN_A_WORD * INDEX_BITS;
    sum += tables[table + extractBits(indices[firstWord + wholeWords], shift, INDEX_BITS)];
    table += uniforms.entries;
  }
  let index = token * uniforms.outputs + row;
  y[index] = finish(sum, row, index);
}
