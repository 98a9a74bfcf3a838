// Rows in which each group of M weights keeps N: values [rows, width / M * N] and for each its index in the group.
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
  let column = (*cursor).quad * 4u;
  (*cursor).quad += 1u;
  var codes = vec4f();
  var present = vec4f();
  if (M % 4u == 0u) {
    // The quad lies within one group.
    let firstSlot = (*cursor).firstSlot + column / M * N;
    let lanes = vec4u(0u, 1u, 2u, 3u) + column % M;
    for (var k = 0u; k < N; k++) {
      let here = select(vec4f(), vec4f(1.0), lanes == vec4u(indexAt(firstSlot + k)));
      codes += here * codeAt(firstSlot + k);
      present += here;
    }
  } else {
    let columns = vec4u(0u, 1u, 2u, 3u) + column;
    let groups = columns / M;
    // A quad touches the groups from its first lane's to its last one's.
    for (var slot = groups.x * N; slot < (groups.w + 1u) * N; slot++) {
      let kept = (*cursor).firstSlot + slot;
      let here = select(vec4f(), vec4f(1.0), columns == vec4u(slot / N * M + indexAt(kept)));
      codes += here * codeAt(kept);
      present += here;
    }
  }
  return weightsOf(codes, present, (*cursor).row, column);
}
