// Rows of a bitmask, a bit a weight, the first in the lowest; the values of the set bits follow each other from the
// row's first slot on.
struct Cursor {
  row: u32,
  slot: u32,
  quad: u32,
  bits: u32,
}

// The quad must be the first of a word of the mask: a multiple of eight.
fn openRow(row: u32, quad: u32) -> Cursor {
  var slot = firstSlots[row];
  for (var word = 0u; word < quad / 8u; word++) {
    slot += countOneBits(mask[row * MASK_WORDS_IN_A_ROW + word]);
  }
  return Cursor(row, slot, quad, 0u);
}

fn nextQuad(cursor: ptr<function, Cursor>) -> vec4f {
  let quad = (*cursor).quad;
  // A word of the mask covers eight quads.
  if (quad % 8u == 0u) {
    (*cursor).bits = mask[(*cursor).row * MASK_WORDS_IN_A_ROW + quad / 8u];
  }
  let bits = (*cursor).bits & 15u;
  (*cursor).bits >>= 4u;
  (*cursor).quad = quad + 1u;
  // Every lane reads, even those without a value: neighbouring lanes seldom take the same branch.
  let present = (vec4u(bits) >> vec4u(0u, 1u, 2u, 3u)) & vec4u(1u);
  let slotX = (*cursor).slot;
  let slotY = slotX + present.x;
  let slotZ = slotY + present.y;
  let slotW = slotZ + present.z;
  (*cursor).slot = slotW + present.w;
  let codes = vec4f(codeAt(slotX), codeAt(slotY), codeAt(slotZ), codeAt(slotW)) * vec4f(present);
  return weightsOf(codes, vec4f(present), (*cursor).row, quad * 4u);
}
