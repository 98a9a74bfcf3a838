// Rows of a bitmask, a bit a weight, the first in the lowest; the values of the set bits follow each other from the
// row's first slot on.
@group(0) @binding(4) var<storage, read> mask: array<u32>;
@group(0) @binding(5) var<storage, read> firstSlots: array<u32>;

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
  if (bits == 0u) {
    return vec4f();
  }
  var weights = vec4f();
  var slot = (*cursor).slot;
  let row = (*cursor).row;
  let column = quad * 4u;
  if ((bits & 1u) != 0u) {
    weights.x = valueAt(slot, row, column);
    slot += 1u;
  }
  if ((bits & 2u) != 0u) {
    weights.y = valueAt(slot, row, column + 1u);
    slot += 1u;
  }
  if ((bits & 4u) != 0u) {
    weights.z = valueAt(slot, row, column + 2u);
    slot += 1u;
  }
  if ((bits & 8u) != 0u) {
    weights.w = valueAt(slot, row, column + 3u);
    slot += 1u;
  }
  (*cursor).slot = slot;
  return weights;
}
