// Rows in which each group of M weights keeps N: values [rows, width / M * N] and for each its index in the group.
@group(0) @binding(4) var<storage, read> indices: array<u32>;

struct Cursor {
  row: u32,
  firstSlot: u32,
  quad: u32,
}

fn openRow(row: u32, quad: u32) -> Cursor {
  return Cursor(row, row * SLOTS_IN_A_ROW, quad);
}

fn indexAt(slot: u32) -> u32 {
  return extractBits(indices[slot / INDICES_IN_A_WORD], (slot % INDICES_IN_A_WORD) * INDEX_BITS, INDEX_BITS);
}

fn nextQuad(cursor: ptr<function, Cursor>) -> vec4f {
  let row = (*cursor).row;
  let column = (*cursor).quad * 4u;
  (*cursor).quad += 1u;
  var quad = vec4f();
  if (M % 4u == 0u) {
    // The quad lies within one group.
    let firstSlot = (*cursor).firstSlot + column / M * N;
    let offset = column % M;
    for (var k = 0u; k < N; k++) {
      let index = indexAt(firstSlot + k) - offset;
      if (index < 4u) {
        quad[index] = valueAt(firstSlot + k, row, column + index);
      }
    }
    return quad;
  }
  for (var lane = 0u; lane < 4u; lane++) {
    let group = (column + lane) / M;
    if (column + lane < uniforms.width) {
      for (var k = 0u; k < N; k++) {
        let slot = (*cursor).firstSlot + group * N + k;
        if (indexAt(slot) == (column + lane) % M) {
          quad[lane] = valueAt(slot, row, column + lane);
        }
      }
    }
  }
  return quad;
}
